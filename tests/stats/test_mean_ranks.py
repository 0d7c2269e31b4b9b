"""Ranks against scipy.stats.rankdata."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from dlviz_docs.stats.ranks import mean_ranks, ranked


@given(st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=1, max_size=6))
def test_ranks_are_scipys_with_the_highest_first(rows: list[list[int]]) -> None:
    means = np.array(rows, np.float64)
    np.testing.assert_allclose(ranked(means), rankdata(-means, axis=1))


def test_mean_ranks_are_drawn_task_by_task() -> None:
    sure = [np.array([5.0, 6]), np.array([1.0, 2]), np.array([3.0, 3.5])]
    points, low, high = mean_ranks([sure, sure])
    assert points.tolist() == low.tolist() == high.tolist() == [1, 3, 2]
    points, low, high = mean_ranks([[np.array([0.0, 4]), np.array([1.0, 2])]])
    assert points.tolist() == [1, 2]
    assert (low.tolist(), high.tolist()) == ([1, 1], [2, 2])
