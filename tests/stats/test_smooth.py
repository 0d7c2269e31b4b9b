"""Levels of a noisy curve."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.stats.smooth import block_medians, median_of_three


@given(st.integers(1, 1_000), st.integers(4, 80))
def test_blocks_hold_every_point_once(n: int, least: int) -> None:
    medians, width, offset = block_medians(np.arange(n, dtype=float), least)
    assert offset < width
    assert offset + (len(medians) - bool(offset)) * width == n
    assert (np.diff(medians) > 0).all()


def test_short_curves_are_not_blocked() -> None:
    values = np.array([3.0, 1.0, 2.0])
    medians, width, _ = block_medians(values, 64)
    assert width == 1
    assert medians.tolist() == [3.0, 1.0, 2.0]


def test_median_of_three_takes_out_a_spike_and_keeps_a_step() -> None:
    assert median_of_three(np.array([1.0, 1, 9, 1, 1])).tolist() == [1, 1, 1, 1, 1]
    assert median_of_three(np.array([0.0, 0, 0, 5, 5, 5])).tolist() == [0, 0, 0, 5, 5, 5]


def test_a_lucky_last_point_does_not_become_the_level() -> None:
    assert median_of_three(np.array([4.0, 3, 2, 2, -9]))[-1] == 2


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_shortest_curves_keep_their_length(n: int) -> None:
    assert len(median_of_three(np.arange(n, dtype=float))) == n
