"""Curves of several seeds on one grid, against numpy.interp and means written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.stats.align import GRID, aligned, in_order, stretches, tail_mean, windowed


def test_few_points_are_interpolated_over_what_all_curves_have() -> None:
    a = (np.array([0.0, 10, 20, 30]), np.array([0.0, 1, 4, 9]))
    b = (np.array([5.0, 15, 40]), np.array([1.0, 2, 3]))
    grid, table = aligned([a, b])
    assert (grid[0], grid[-1], len(grid)) == (5, 30, 4)
    np.testing.assert_allclose(table, [np.interp(grid, *a), np.interp(grid, *b)])


def test_many_points_are_averaged_in_windows() -> None:
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(0, 100, 5000))
    y = rng.normal(size=5000)
    grid, table = aligned([(x, y)])
    half = (grid[1] - grid[0]) / 2
    expected = [y[(x >= g - half) & (x < g + half)].mean() for g in grid]
    assert len(grid) == GRID
    np.testing.assert_allclose(table[0], expected, atol=1e-12)


def test_means_of_many_points_weigh_what_they_stand_for() -> None:
    """Bins of a curve give what all of its points give, where windows end between bins."""
    y = np.arange(12, dtype=float)
    x = np.arange(12, dtype=float)
    centres, means, counts = x.reshape(4, 3).mean(1), y.reshape(4, 3).mean(1), np.full(4, 3.0)
    assert windowed(centres, means, np.array([2.5]), 6.0, counts)[0] == y[:6].mean()
    assert np.isnan(windowed(x, y, np.array([50.0]), 2.0)[0])


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(-9, 9)), min_size=1, max_size=30))
def test_points_at_one_place_are_their_mean(points: list[tuple[int, int]]) -> None:
    x, y = (np.array(part, np.float64) for part in zip(*points, strict=True))
    places, means, counts = in_order(x, y)
    assert places.tolist() == sorted(set(x.tolist()))
    np.testing.assert_allclose(means, [y[x == place].mean() for place in places])
    assert counts.sum() == len(x)


@pytest.mark.parametrize(
    "curves",
    [
        [],
        [(np.empty(0), np.empty(0))],
        [(np.arange(3.0), np.full(3, np.nan))],
        [(np.arange(3.0), np.arange(3.0)), (np.arange(5.0, 8.0), np.arange(3.0))],
        [(np.zeros(3), np.arange(3.0))],
    ],
)
def test_no_common_stretch_gives_nothing(curves: list[tuple[np.ndarray, np.ndarray]]) -> None:
    grid, table = aligned(curves)
    assert grid.shape == (0,)
    assert table.shape == (len(curves), 0)


def test_the_tail_is_the_last_tenth_of_the_way() -> None:
    x = np.arange(0.0, 101.0)
    assert tail_mean(x, x, 100, 0.1) == (95.5, 10)
    assert tail_mean(x, x, 50, 0.1) == (48.0, 5)
    assert tail_mean(np.array([0.0, 50, 100]), np.array([1.0, 2, 3]), 100, 0.1) == (3, 1)
    assert tail_mean(np.array([0.0, 50, 100]), np.array([1.0, 2, 3]), 90, 0.1) == (2, 1)
    assert tail_mean(np.array([0.0, 1]), np.array([1.0, np.nan]), 1, 0.1) == (1, 1)
    value, count = tail_mean(np.array([5.0]), np.array([1.0]), 1, 0.1)
    assert np.isnan(value)
    assert count == 0


def test_stretches_keep_every_point_in_their_means() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.permutation(np.arange(1000.0)), rng.normal(size=1000)
    y[7] = np.nan
    places, means, counts = stretches(x, y, 50)
    assert counts.sum() == 999
    assert np.average(means, weights=counts) == pytest.approx(np.nanmean(y))
    first = (x < 999 / 50) & np.isfinite(y)
    assert (places[0], means[0]) == (pytest.approx(x[first].mean()), pytest.approx(y[first].mean()))
    assert tail_mean(places, means, 999, 0.1, counts)[1] == pytest.approx(100, abs=2)


def test_stretches_without_points_are_left_out() -> None:
    places, means, _ = stretches(np.array([0.0, 1, 100]), np.array([1.0, 3, 5]), 10)
    assert (places.tolist(), means.tolist()) == ([0.5, 100], [2, 5])
    assert stretches(np.zeros(1), np.full(1, np.nan), 10)[0].shape == (0,)
    assert stretches(np.zeros(2), np.array([1.0, 3]), 10)[1].tolist() == [2]
