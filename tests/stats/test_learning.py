"""The course of a curve, on curves whose course is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.stats.learning import Fall, average_height, collapses, drop, reached, standstill

X = np.arange(101.0)
RISING = np.minimum(X, 50.0)


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=20))
def test_the_area_is_numpys(values: list[float]) -> None:
    x = np.cumsum(np.arange(1.0, len(values) + 1))
    expected = np.trapezoid(values, x) / (x[-1] - x[0])
    assert average_height(x, np.array(values)) == pytest.approx(expected, abs=1e-9)


def test_a_single_point_has_no_area() -> None:
    assert np.isnan(average_height(np.zeros(1), np.ones(1)))


def test_a_level_is_reached_between_points() -> None:
    assert reached(np.array([0.0, 10, 20]), np.array([0.0, 4, 2]), 3) == 7.5
    assert reached(np.array([5.0, 10]), np.array([9.0, 1]), 3) == 5
    assert np.isnan(reached(np.array([5.0, 10]), np.array([1.0, 2]), 3))


def test_a_drop_is_from_the_peak_to_the_mean_of_the_last_tenth() -> None:
    y = np.concatenate([np.linspace(0, 100, 50), np.full(50, 60.0)])
    assert drop(y) == (40, 49)


def test_a_collapse_is_deep_and_lasts() -> None:
    y = RISING.copy()
    y[60:80] = 20
    assert collapses(X, y) == [Fall(60, 80, peak=50, low=20, lasting=False)]
    y[60:] = 20
    assert collapses(X, y) == [Fall(60, 100, peak=50, low=20, lasting=True)]


def test_what_is_short_or_shallow_or_noise_is_no_collapse() -> None:
    short, shallow = RISING.copy(), RISING.copy()
    short[60:68] = 0
    shallow[60:] = 40
    noisy = RISING + np.random.default_rng(0).normal(0, 15, 101)
    assert collapses(X, short) == collapses(X, shallow) == collapses(X, noisy) == []
    assert collapses(X[:2], RISING[:2]) == collapses(np.zeros(5), np.arange(5.0)) == []


def test_learning_stands_still_where_nearly_all_is_won() -> None:
    assert standstill(X, RISING, gain=0.02) == 49
    assert standstill(X, np.zeros(101), gain=0.02) == 0
    assert standstill(X, X, gain=0.02) == 98
