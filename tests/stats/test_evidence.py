from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dlviz_docs.model import FloatArray
from dlviz_docs.stats.evidence import box_share, frame_area, frame_share, half_of, mean_of

maps = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12),
    elements=st.floats(width=64, allow_nan=True, allow_infinity=True),
)


def test_an_even_map_needs_half_of_the_picture_and_one_cell_half_of_itself() -> None:
    assert half_of(np.ones((7, 5))) == pytest.approx(0.5)
    single = np.zeros((4, 4))
    single[1, 2] = 3
    assert half_of(single) == pytest.approx(0.5 / 16)
    assert half_of(np.array([[3.0, 1, -9]])) == pytest.approx(2 / 3 / 3)  # two thirds of the strongest cell


def test_an_even_map_has_as_much_along_the_border_as_the_border_has() -> None:
    for shape in ((7, 7), (10, 10), (3, 28), (1, 1)):
        assert frame_share(np.ones(shape)) == pytest.approx(frame_area())
    middle = np.zeros((7, 7))
    middle[3, 3] = 1
    assert frame_share(middle) == pytest.approx(0)
    corner = np.zeros((10, 10))
    corner[0, 0] = 1
    assert frame_share(corner) == pytest.approx(1)
    coarse = np.zeros((5, 5))
    coarse[0, 2] = 1
    assert frame_share(coarse) == pytest.approx(0.5)  # half of this cell lies in the frame


def test_nothing_has_no_place() -> None:
    for nothing in (np.zeros((3, 3)), -np.ones((2, 2)), np.full((2, 2), np.nan)):
        assert np.isnan(half_of(nothing))
        assert np.isnan(frame_share(nothing))
    assert mean_of([np.zeros((2, 2))]) is None
    assert mean_of([]) is None


def test_a_mean_gives_each_map_the_same_weight_and_leaves_out_other_shapes() -> None:
    strong, weak = np.array([[100.0, 0]]), np.array([[0, 0.01]])
    mean = mean_of([strong, weak, np.ones((5, 5)), np.zeros((1, 2))])
    assert mean is not None
    assert mean.tolist() == [[0.5, 0.5]]


@given(maps)
def test_shares_are_shares(values: FloatArray) -> None:
    half, frame = half_of(values), frame_share(values)
    assert np.isnan(half) == np.isnan(frame)
    if not np.isnan(half):
        assert 0 < half <= 0.5 + 1e-9
        assert -1e-9 <= frame <= 1 + 1e-9


@given(maps, st.floats(1e-3, 1e3))
def test_shares_do_not_depend_on_scale(values: FloatArray, factor: float) -> None:
    bounded = np.clip(np.nan_to_num(values, posinf=0, neginf=0), -1e6, 1e6).round(6)
    one, other = half_of(bounded), half_of(bounded * factor)
    assert one == pytest.approx(other, rel=1e-6, nan_ok=True)


def test_the_share_in_a_box_counts_parts_of_cells() -> None:
    even = np.ones((4, 8))
    assert box_share(even, (0.0, 0.0, 1.0, 1.0)) == pytest.approx(1)
    assert box_share(even, (0.1, 0.2, 0.4, 0.9)) == pytest.approx(0.3 * 0.7)
    assert box_share(even, (-1.0, 0.5, 0.5, 2.0)) == pytest.approx(0.25), "as far as the map reaches"
    one = np.zeros((4, 4))
    one[1, 2] = 3
    assert box_share(one, (0.5, 0.25, 0.75, 0.5)) == pytest.approx(1)
    assert box_share(one, (0.0, 0.0, 0.5, 1.0)) == 0
    assert np.isnan(box_share(-one, (0.0, 0.0, 1.0, 1.0)))
