"""Aggregates of scores against rliable (numbers in rliable.json), SciPy and brute force."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dlviz_docs.stats.aggregate import aggregates, normalised, strata_of
from dlviz_docs.stats.bootstrap import redrawn
from dlviz_docs.stats.improvement import improvement
from dlviz_docs.stats.profiles import profile, thresholds
from dlviz_docs.stats.trimmed import band_draws, iqm, iqm_band, redrawn_iqm

RLIABLE = json.loads((Path(__file__).parent / "rliable.json").read_text(encoding="utf-8"))
NAMES = ("iqm", "median", "mean", "gap")
BOOTSTRAP_ERROR = 0.06
"""Of an interval's width: how far its ends move between 2,000 resamples and as many others."""


def scores(name: str) -> list[np.ndarray]:
    return [np.array(task) for task in RLIABLE[name]]


@pytest.mark.parametrize("name", ["a", "b"])
def test_points_are_those_of_rliable(name: str) -> None:
    found = aggregates(scores(name))
    points = [getattr(found, one)[0] for one in NAMES]
    np.testing.assert_allclose(points, RLIABLE["aggregates"][name], rtol=1e-10)
    assert (found.runs, found.tasks, found.draws) == (35, 7, 2000)


@pytest.mark.parametrize("name", ["a", "b"])
def test_intervals_are_those_of_rliable_but_for_the_error_of_the_bootstrap(name: str) -> None:
    found = aggregates(scores(name))
    low, high = np.array(RLIABLE["intervals"][name])
    ends = np.array([getattr(found, one)[1:] for one in NAMES])
    np.testing.assert_array_less(np.abs(ends[:, 0] - low), BOOTSTRAP_ERROR * (high - low))
    np.testing.assert_array_less(np.abs(ends[:, 1] - high), BOOTSTRAP_ERROR * (high - low))


@pytest.mark.parametrize("name", ["a", "b"])
def test_profiles_are_those_of_rliable(name: str) -> None:
    middle, low, high = profile(scores(name), np.array(RLIABLE["tau"]))
    np.testing.assert_allclose(middle, RLIABLE["profile"][name], rtol=1e-10)
    np.testing.assert_allclose(np.stack([low, high]), RLIABLE["profile_intervals"][name], atol=1.01 / 35)


def test_the_probability_of_improvement_is_that_of_rliable() -> None:
    point, low, high = improvement(scores("a"), scores("b"))
    assert point == pytest.approx(RLIABLE["improvement"], rel=1e-10)
    np.testing.assert_allclose((low, high), RLIABLE["improvement_interval"], atol=0.015)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_the_interquartile_mean_is_scipys_trimmed_mean(values: list[float]) -> None:
    expected = stats.trim_mean(values, 0.25)
    assert float(iqm(np.array(values))) == pytest.approx(expected, rel=1e-9, abs=1e-6)


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=12), st.integers(0, 5))
def test_resamples_are_trimmed_as_if_they_were_sorted(values: list[int], seed: int) -> None:
    """Each resample is written out and given to SciPy."""
    given_values = np.array(values, np.float64)
    counts = redrawn(np.ones(len(values), np.intp), seed=seed)[:20]
    expected = [stats.trim_mean(np.repeat(given_values, row.astype(int)), 0.25) for row in counts]
    np.testing.assert_allclose(redrawn_iqm(given_values, counts), expected, atol=1e-12)


def test_a_band_is_the_percentile_bootstrap_of_scipy() -> None:
    values = np.random.default_rng(3).normal(size=(12, 1))
    middle, low, high = iqm_band(values)
    theirs = stats.bootstrap(
        (values[:, 0],),
        lambda x, axis: stats.trim_mean(x, 0.25, axis=axis),
        n_resamples=50_000,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    width = theirs.high - theirs.low
    assert middle[0] == pytest.approx(stats.trim_mean(values[:, 0], 0.25))
    np.testing.assert_allclose((low[0], high[0]), theirs, atol=BOOTSTRAP_ERROR * width)


def test_strata_are_drawn_apart() -> None:
    """Where the runs of each task agree, resamples cannot differ, however far the tasks are from each other."""
    found = aggregates([np.full(3, 0.0), np.full(5, 10.0)])
    assert strata_of([np.zeros(2), np.zeros(1)]).tolist() == [0, 0, 1]
    assert all(getattr(found, name)[1] == getattr(found, name)[0] == getattr(found, name)[2] for name in NAMES)


def test_a_single_run_a_task_has_no_interval() -> None:
    found = aggregates([np.array([0.2]), np.array([0.9]), np.array([2.0])])
    assert found.gap[0] == pytest.approx((0.8 + 0.1 + 0.0) / 3)
    assert all(np.isnan(getattr(found, name)[1:]).all() for name in NAMES)
    assert np.isnan(improvement([np.array([1.0])], [np.array([0.0])])[1:]).all()
    assert np.isnan(profile([np.array([1.0])], np.array([0.5]))[1]).all()
    assert np.isnan(iqm_band(np.ones((1, 4)))[1]).all()


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=6),
    st.lists(st.integers(0, 5), min_size=1, max_size=6),
)
def test_improvement_is_mann_whitneys_u(ours: list[int], theirs: list[int]) -> None:
    u = stats.mannwhitneyu(ours, theirs).statistic
    there = improvement([np.array(ours, float)], [np.array(theirs, float)])
    back = improvement([np.array(theirs, float)], [np.array(ours, float)])
    assert there[0] == pytest.approx(u / (len(ours) * len(theirs)))
    assert there[0] + back[0] == pytest.approx(1)


def test_normalised_scores_put_the_random_agent_at_nought_and_the_reference_at_one() -> None:
    """The human-normalised score of DQN on Breakout, from the extended data of Mnih et al. 2015: 1327 %."""
    assert normalised(np.array([1.7, 31.8, 401.2]), 1.7, 31.8).tolist() == pytest.approx([0, 1, 13.27], abs=0.01)


def test_thresholds_of_equal_scores_are_one() -> None:
    assert thresholds([np.array([2.0, 2.0])]).tolist() == [2.0]
    assert len(thresholds([np.array([0.0, 2.0])])) == 101


def test_a_band_of_many_curves_is_of_fewer_resamples() -> None:
    assert band_draws(5, 200) == band_draws(25, 200) == 2000
    assert band_draws(312, 50) == 641
    assert band_draws(100_000, 200) == 200


@pytest.mark.parametrize("size", [1, 2, 5, 6])
def test_the_median_of_one_task_is_that_of_its_runs(size: int) -> None:
    """Each resample is written out and given to NumPy."""
    values = np.random.default_rng(4).normal(size=size)
    found = aggregates([values])
    assert found.median[0] == pytest.approx(float(np.median(values)))
    counts = redrawn(np.ones(size, np.intp), np.zeros(size, np.intp))
    expected = [np.median(np.repeat(values, row.astype(int))) for row in counts]
    if size > 1:
        np.testing.assert_allclose(found.median[1:], np.quantile(expected, [0.025, 0.975]))
