"""Intervals from counts of distinct outcomes are those that drawing rows gives."""

from __future__ import annotations

import numpy as np
import pytest

from dlviz_docs.stats.bootstrap import DRAWS, around, draws_for, mean_interval, redrawn, spread


def test_counts_keep_each_stratum_and_spread_as_a_binomial_does() -> None:
    drawn = redrawn(np.array([80, 20, 5, 5]), np.array([0, 0, 1, 1]))
    assert drawn.shape == (DRAWS, 4)
    assert (drawn[:, :2].sum(axis=1) == 100).all()
    assert (drawn[:, 2:].sum(axis=1) == 10).all()
    assert drawn[:, 0].mean() == pytest.approx(80, abs=0.5)
    assert drawn[:, 0].std() == pytest.approx(4.0, rel=0.06)


def test_it_is_the_same_every_time() -> None:
    counts = np.array([3, 4, 5])
    assert np.array_equal(redrawn(counts), redrawn(counts))


def test_groups_are_drawn_whole() -> None:
    outcome, group = np.repeat([0, 1], 50), np.repeat(np.arange(10), 10)  # each group has one outcome
    drawn = redrawn(np.array([50, 50]), members=(outcome, group))
    assert set(np.unique(drawn % 10)) == {0.0}
    assert drawn[:, 0].std() == pytest.approx(10 * np.sqrt(10 * 0.25), rel=0.06)


def test_many_groups_of_many_outcomes_are_drawn_too() -> None:
    rng = np.random.default_rng(1)
    outcome, group = rng.integers(0, 3000, 9000), rng.integers(0, 3000, 9000)
    drawn = redrawn(np.bincount(outcome, minlength=3000), members=(outcome, group))
    assert drawn.shape == (200, 3000)
    assert drawn.sum(axis=1).mean() == pytest.approx(9000, rel=0.01)


def test_many_outcomes_get_fewer_draws() -> None:
    assert (draws_for(100), draws_for(4000), draws_for(10**9)) == (2000, 1000, 200)


def test_spread_is_that_of_numpy_without_the_undefined() -> None:
    values = np.random.default_rng(0).normal(size=(999, 3))
    values[:100, 1] = np.nan
    values[:600, 2] = np.nan
    low, high = spread(values)
    assert (low[0], high[0]) == pytest.approx(tuple(np.quantile(values[:, 0], [0.025, 0.975])))
    assert (low[1], high[1]) == pytest.approx(tuple(np.nanquantile(values[:, 1], [0.025, 0.975])))
    assert np.isnan([low[2], high[2]]).all()
    assert all(np.isnan(end).all() for end in spread(np.zeros((0, 2))))


@pytest.mark.parametrize("n", [300, 5000])
def test_mean_of_few_and_of_many_rows(n: int) -> None:
    values = np.random.default_rng(0).exponential(size=n)
    low, high = mean_interval(values)
    error = 1.96 * values.std() / np.sqrt(n)
    assert low == pytest.approx(values.mean() - error, abs=0.2 * error)
    assert high == pytest.approx(values.mean() + error, abs=0.2 * error)


@pytest.mark.parametrize("n", [600, 6000])
def test_strata_that_explain_all_leave_nothing_open(n: int) -> None:
    strata = np.arange(n) % 3
    low, high = mean_interval(strata * 1.0, strata)
    assert low == pytest.approx(1.0)
    assert high == pytest.approx(1.0)


@pytest.mark.parametrize("groups", [50, 5000])
def test_rows_of_a_group_that_agree_count_once(groups: int) -> None:
    of_group = np.random.default_rng(0).normal(size=groups)
    rows = np.repeat(np.arange(groups), 20)
    low, high = mean_interval(of_group[rows], groups=rows)
    assert high - low == pytest.approx(2 * 1.96 * of_group.std() / np.sqrt(groups), rel=0.1)


def test_an_interval_holds_its_number() -> None:
    draws = np.random.default_rng(0).normal(0.4, 0.01, 2000)
    low, high = around(0.5, draws)
    assert (low, high) == pytest.approx((0.48, 0.52), abs=0.002)
    assert around(0.999, draws)[1] == 1.0
    assert np.isnan(around(0.5, np.full(9, 0.5))).all()


def test_one_row_has_no_interval() -> None:
    assert np.isnan(mean_interval(np.ones(1))).all()
    assert np.isnan(mean_interval(np.ones(5), groups=np.zeros(5, np.intp))).all()
