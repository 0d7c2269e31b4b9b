"""Which axes are rows and columns."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.probes.spatial import Grid, grid_of

CASES = [
    ((2, 64, 7, 7), 224, 224, Grid("channels first", 7, 7, 64)),
    ((2, 64, 12, 20), 96, 160, Grid("channels first", 12, 20, 64)),
    ((2, 1280, 7, 8), 200, 225, Grid("channels first", 7, 8, 1280)),
    ((2, 7, 7, 768), 224, 224, Grid("channels last", 7, 7, 768)),
    ((2, 14, 14, 14), 224, 224, Grid("channels first", 14, 14, 14)),
    ((2, 196, 768), 224, 224, Grid("tokens", 14, 14, 768)),
    ((2, 197, 768), 224, 224, Grid("tokens", 14, 14, 768, 1)),
    ((2, 198, 768), 224, 224, Grid("tokens", 14, 14, 768, 2)),
    ((2, 201, 1024), 224, 224, Grid("tokens", 14, 14, 1024, 5)),
    ((2, 200, 1024), 224, 224, Grid("tokens", 14, 14, 1024, 4)),
    ((2, 257, 64), 256, 256, Grid("tokens", 16, 16, 64, 1)),
    ((2, 12 * 20 + 1, 64), 96, 160, Grid("tokens", 12, 20, 64, 1)),
    ((2, 512), 224, 224, None),
    ((2, 31, 64), 224, 224, None),
    ((2, 64, 300, 300), 224, 224, None),
    ((2, 64, 2, 50), 224, 224, None),
]


@pytest.mark.parametrize(("shape", "height", "width", "expected"), CASES)
def test_cases(shape: tuple[int, ...], height: int, width: int, expected: Grid | None) -> None:
    assert grid_of(shape, height, width) == expected


@given(st.integers(2, 30), st.sampled_from([0, 1, 2, 4, 5]))
def test_square_grids_of_tokens_are_found_whatever_stands_before(side: int, prefix: int) -> None:
    found = grid_of((1, side * side + prefix, 8), 480, 480)
    assert found is not None
    assert found.rows == found.columns
    assert found.rows * found.columns + found.prefix == side * side + prefix


def test_tokens_are_laid_out_row_by_row() -> None:
    x = torch.arange(2 * 7 * 3).reshape(2, 7, 3)
    found = Grid("tokens", 2, 3, 3, 1).spread(x)
    assert found.shape == (2, 3, 2, 3)
    assert torch.equal(found[0, :, 1, 0], x[0, 1 + 3])
    last = Grid("channels last", 2, 3, 3).spread(x[:, 1:].reshape(2, 2, 3, 3))
    assert torch.equal(found, last)
