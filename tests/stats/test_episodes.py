"""Numbers of episodes, beside scipy, identities and exhaustive search."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dlviz_docs.model import FloatArray
from dlviz_docs.stats.episodes import (
    entropies,
    farthest,
    importance,
    lead,
    returns_to_go,
    spread_out,
    td_errors,
    worst_fall,
)

FLOATS = st.floats(-100, 100)
EPISODES = st.integers(1, 60).flatmap(lambda n: arrays(np.float64, n, elements=FLOATS))
GAMMAS = st.floats(0, 1)


@given(EPISODES, GAMMAS)
def test_returns_to_go_are_a_filter_run_backwards(rewards: FloatArray, gamma: float) -> None:
    expected = scipy.signal.lfilter([1], [1, -gamma], rewards[::-1])[::-1]
    np.testing.assert_allclose(returns_to_go(rewards, gamma), expected, rtol=1e-9, atol=1e-9)


@given(EPISODES, GAMMAS, st.integers(0, 1000))
def test_td_errors_add_up_to_what_was_wrong_at_first(rewards: FloatArray, gamma: float, seed: int) -> None:
    """The sum of gamma^t delta(t) telescopes to G(0) - V(0) where nothing follows."""
    values = np.random.default_rng(seed).normal(0, 10, len(rewards))
    errors = td_errors(rewards, values, gamma, 0.0)
    total = (gamma ** np.arange(len(rewards)) * errors).sum()
    assert total == pytest.approx(returns_to_go(rewards, gamma)[0] - values[0], rel=1e-6, abs=1e-6)


def test_what_is_missing_spreads_no_farther_than_it_has_to() -> None:
    rewards, values = np.array([1.0, np.nan, 1.0, 1.0]), np.array([4.0, 3.0, 2.0, 1.0])
    np.testing.assert_array_equal(returns_to_go(rewards, 1.0), [np.nan, np.nan, 2, 1])
    np.testing.assert_array_equal(td_errors(rewards, values, 1.0, np.nan), [0, np.nan, 0, np.nan])
    np.testing.assert_array_equal(np.isnan(entropies(np.array([[0.5, 0.5], [np.nan, 1.0]]))), [False, True])


@given(st.integers(1, 8), st.integers(1, 5), st.integers(0, 1000))
def test_entropies_are_scipys(actions: int, steps: int, seed: int) -> None:
    shares = np.random.default_rng(seed).dirichlet(np.full(actions, 0.3), steps)
    np.testing.assert_allclose(entropies(shares), scipy.stats.entropy(shares, axis=1), atol=1e-12)


def test_a_sure_policy_has_no_entropy() -> None:
    found = entropies(np.array([[1.0, 0.0]]))
    assert found.tolist() == [0.0]
    assert not np.signbit(found[0])


@given(arrays(np.float64, (5, 3), elements=FLOATS))
def test_the_lead_is_of_the_first_over_the_second(scores: FloatArray) -> None:
    ordered = np.sort(scores, axis=1)
    np.testing.assert_array_equal(lead(scores), ordered[:, -1] - ordered[:, -2])
    np.testing.assert_allclose(importance(scores), (scores - scores.mean(axis=1, keepdims=True)).max(axis=1), atol=1e-9)


def test_one_action_has_no_lead() -> None:
    assert np.isnan(lead(np.ones((3, 1)))).all()


def test_the_farthest_are_far_and_apart() -> None:
    values = np.random.default_rng(0).normal(0, 1, 500)
    values[[100, 101, 300]] = 30, 40, -25
    values[400] = np.nan
    assert farthest(values, 5, 4) == [101, 300]
    assert farthest(values, 1, 4) == [101]
    assert farthest(values, 5, 1) == [101, 100, 300]


def test_among_equals_any_other_is_unusual_and_nothing_else_is() -> None:
    sparse = np.zeros(50)
    assert farthest(sparse, 3, 1) == []
    sparse[7] = 1
    assert farthest(sparse, 3, 1) == [7]
    assert farthest(np.array([1.0, np.inf, np.nan]), 3, 1) == []
    assert farthest(np.array([]), 3, 1) == []


@given(st.lists(st.integers(0, 30)), st.integers(0, 5), st.integers(1, 6))
def test_no_two_are_closer_than_they_may(places: list[int], most: int, apart: int) -> None:
    kept = spread_out(places, most, apart)
    assert len(kept) <= most
    assert all(abs(a - b) >= apart for i, a in enumerate(kept) for b in kept[:i])
    assert kept[:1] == places[: min(most, 1)]


@given(st.integers(2, 40), st.integers(1, 12), st.integers(0, 1000))
def test_no_fall_is_worse_than_the_worst(steps: int, within: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(0, 1, steps)
    falls = {(a, b): values[a] - values[b] for a in range(steps) for b in range(a + 1, min(a + within, steps - 1) + 1)}
    found = worst_fall(values, within)
    if found is None:
        assert max(falls.values()) <= 0
    else:
        assert falls[found] == pytest.approx(max(falls.values()))


def test_what_rises_does_not_fall() -> None:
    assert worst_fall(np.arange(5.0), 3) is None
    assert worst_fall(np.array([1.0]), 3) is None
    assert worst_fall(np.array([np.nan, 2.0, np.nan, 1.0]), 3) == (1, 3)
