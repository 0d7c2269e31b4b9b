"""Intervals against scipy's, and against coverage that can be counted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from dlviz_docs.stats.intervals import bootstrap, percentiles, resamples, wilson


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (10, 10), (3, 7), (914, 1000), (1, 100_000)])
def test_wilson_is_that_of_scipy(hits: int, n: int) -> None:
    wanted = binomtest(hits, n).proportion_ci(method="wilson")
    low, high = wilson(hits, n)
    assert (float(low), float(high)) == pytest.approx((wanted.low, wanted.high), abs=1e-12)


def test_wilson_of_many_at_once_and_of_nothing() -> None:
    low, high = wilson(np.array([[0, 5], [2, 0]]), np.array([10, 0]))
    assert low.shape == (2, 2)
    assert (low[0, 1], high[0, 1]) == (0, 1)
    assert low[1, 0] < 0.2 < high[1, 0]
    assert low[0, 0] == 0


def test_strata_keep_their_sizes() -> None:
    strata = np.array([1, 0, 1, 1, 0, 2])
    drawn = resamples(6, 50, strata=strata)
    assert drawn.shape == (50, 6)
    assert (np.sort(strata[drawn], axis=1) == np.sort(strata)).all()
    assert len({tuple(row) for row in drawn.tolist()}) > 20


def test_the_bootstrap_of_a_mean_is_about_its_standard_error() -> None:
    values = np.random.default_rng(1).normal(size=400)
    low, high = bootstrap(lambda rows: values[rows].mean(), 400, repeats=1000)
    assert float(high - low) == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)
    assert low < values.mean() < high


def test_rows_of_one_group_are_drawn_together() -> None:
    """Twenty groups of equal rows know no more than twenty rows."""
    values = np.repeat(np.random.default_rng(2).normal(size=20), 50)
    groups = np.repeat(np.arange(20), 50)
    alone = bootstrap(lambda rows: values[rows].mean(), 1000, repeats=300)
    together = bootstrap(lambda rows: values[rows].mean(), 1000, repeats=300, groups=groups)
    assert together[1] - together[0] > 4 * (alone[1] - alone[0])


def test_nothing_is_known_of_no_rows_and_of_undefined_draws() -> None:
    assert np.isnan(bootstrap(lambda rows: 0.0, 0)[0])
    low, high = percentiles(np.array([[np.nan, 1.0], [np.nan, np.nan], [np.nan, 3.0]]))
    assert np.isnan(low[0])
    assert np.isnan(high[0])
    assert 1 <= low[1] < high[1] <= 3
