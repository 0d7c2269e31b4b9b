"""What thinning must keep, on any curve hypothesis can think of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dlviz_docs.stats.thin import thin

VALUES = st.one_of(
    st.floats(-10, 10, width=16),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([np.nan, np.inf, -np.inf]),
)
CURVES = st.integers(1, 300).flatmap(lambda n: arrays(np.float64, n, elements=VALUES))
FINITE = st.integers(1, 300).flatmap(lambda n: arrays(np.float64, n, elements=st.floats(-1e6, 1e6)))
LIMITS = st.integers(1, 120)


def kept_of(values: np.ndarray, limit: int) -> np.ndarray:
    return thin(np.arange(len(values), dtype=float), values, limit)


@given(CURVES, LIMITS)
def test_indices_are_sorted_unique_within_the_bound_and_keep_both_ends(values: np.ndarray, limit: int) -> None:
    kept = kept_of(values, limit)
    assert kept.dtype == np.intp
    assert (np.diff(kept) > 0).all()
    assert len(kept) <= max(limit, 9)
    assert kept[0] == 0
    assert kept[-1] == len(values) - 1


@given(CURVES, LIMITS)
def test_no_kind_of_value_is_lost(values: np.ndarray, limit: int) -> None:
    shown = values[kept_of(values, limit)]
    assert np.isnan(shown).any() == np.isnan(values).any()
    assert (shown == np.inf).any() == (values == np.inf).any()
    assert (shown == -np.inf).any() == (values == -np.inf).any()


@given(CURVES, LIMITS)
def test_the_extremes_stay_at_their_first_place(values: np.ndarray, limit: int) -> None:
    kept = kept_of(values, limit)
    finite = np.flatnonzero(np.isfinite(values))
    if len(finite):
        assert finite[values[finite].argmin()] in kept
        assert finite[values[finite].argmax()] in kept


@given(FINITE, st.integers(16, 120))
def test_every_bucket_keeps_its_extremes(values: np.ndarray, limit: int) -> None:
    """Between neighbouring kept points no value leaves their bucket's range: what is drawn has the curve's outline."""
    kept = set(kept_of(values, limit).tolist())
    if len(kept) == len(values):
        return
    room = limit - 4
    width = -(-len(values) // ((room - room // 8) // 2))
    for start in range(0, len(values), width):
        bucket = values[start : start + width]
        assert start + int(bucket.argmin()) in kept
        assert start + int(bucket.argmax()) in kept


@given(st.integers(200, 2_000), st.integers(20, 100), st.floats(0.3, 0.9))
def test_the_largest_step_is_kept_where_a_resumed_run_goes_back(n: int, limit: int, back: float) -> None:
    steps = np.concatenate([np.arange(n), np.arange(n) - back * n])
    kept = thin(steps, np.zeros(2 * n), limit)
    assert n - 1 in steps[kept]
    assert steps.min() in steps[kept]


def test_short_curves_are_kept_whole() -> None:
    assert kept_of(np.array([np.nan, 1.0]), 2).tolist() == [0, 1]
    assert kept_of(np.array([]), 10).tolist() == []


def test_one_nan_in_a_million_is_kept_with_its_neighbours() -> None:
    values = np.sin(np.arange(1_000_000))
    values[123_456] = np.nan
    assert {123_455, 123_456, 123_457} <= set(kept_of(values, 2_000).tolist())


def test_infinities_beside_a_nan_in_one_bucket_are_kept() -> None:
    values = np.zeros(10_000)
    values[5_000:5_003] = np.nan, np.inf, -np.inf
    values[5_005:5_007] = 7, -7
    assert {5_000, 5_001, 5_002, 5_005, 5_006} <= set(kept_of(values, 100).tolist())


def test_turns_that_would_take_all_the_room_keep_one_of_each_kind_a_bucket() -> None:
    values = np.where(np.arange(100_000) % 2, np.nan, 1.0)
    kept = kept_of(values, 500)
    assert len(kept) <= 500
    assert np.isnan(values[kept]).sum() >= 90


@pytest.mark.parametrize("limit", [125, 500, 2_000])
def test_finite_curves_use_the_room(limit: int) -> None:
    kept = kept_of(np.random.default_rng(0).normal(size=100_000), limit)
    assert 0.8 * limit <= len(kept) <= limit
