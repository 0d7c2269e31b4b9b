from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dlviz_docs.charts.responses import response_sheet
from dlviz_docs.stats.tiles import GAP, TILE, response_size


def tile(sheet: np.ndarray, row: int, column: int) -> np.ndarray:
    top, left = row * (TILE + GAP), column * (TILE + GAP)
    return sheet[top : top + TILE, left : left + TILE]


def test_a_row_is_a_picture_and_its_maps() -> None:
    photographs = [np.full((10, 10, 3), (200, 10, 10), np.uint8), np.full((10, 10), 90, np.uint8)]
    maps = np.zeros((2, 2, 2, 2))
    maps[0, 1] = [[0, 1], [0, 0]]
    sheet = response_sheet(photographs, maps)
    assert sheet.shape[:2] == response_size(2, 2)[::-1]
    assert (tile(sheet, 0, 0) == (200, 10, 10)).all()
    assert (tile(sheet, 1, 0) == 90).all()
    bright = tile(sheet, 0, 2).astype(int).sum(axis=-1)
    assert bright[: TILE // 2, TILE // 2 :].min() > bright[TILE // 2 :].max()
    # The second picture does not excite the channel: on the channel's own scale it is dark.
    assert tile(sheet, 1, 2).max() == tile(sheet, 0, 1).max() < 60


def test_a_wide_picture_lies_in_the_middle() -> None:
    part = tile(response_sheet([np.zeros((10, 40), np.uint8)], np.zeros((1, 1, 2, 8))), 0, 0)
    assert (part[TILE // 2] == 0).all()
    assert (part[0] == part[-1]).all()
    assert part[0].min() > 0


@given(
    arrays(np.float32, st.tuples(*[st.integers(1, 7)] * 4), elements=st.floats(width=32)),
    st.integers(1, 90),
    st.integers(1, 90),
)
@pytest.mark.filterwarnings("error")
def test_anything_can_be_drawn(maps: np.ndarray, height: int, width: int) -> None:
    photographs = [np.zeros((height, width), np.uint8)] * len(maps)
    assert response_sheet(photographs, maps).shape[:2] == response_size(len(maps), maps.shape[1])[::-1]
