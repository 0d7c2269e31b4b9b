"""Paired tests against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from dlviz_docs.stats.paired import by_draws, difference, fisher, holm, mcnemar, mean_difference, student, two_shares


@pytest.mark.parametrize(("b", "c"), [(0, 0), (0, 6), (10, 25), (40, 39), (7, 7), (2000, 2100), (100_000, 101_000)])
def test_mcnemar_is_a_binomial_test(b: int, c: int) -> None:
    expected = stats.binomtest(b, b + c).pvalue if b + c else 1.0
    assert mcnemar(b, c) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("a", "n", "b", "m"), [(3, 40, 90, 400), (0, 30, 5, 30), (30, 30, 2, 30), (1, 35, 900, 100_000)]
)
def test_fisher(a: int, n: int, b: int, m: int) -> None:
    assert fisher(a, n, b, m) == pytest.approx(stats.fisher_exact([[a, n - a], [b, m - b]]).pvalue, rel=1e-6)


def test_many_rows_are_normal_and_few_are_exact() -> None:
    few = two_shares(1, 40, 10, 4000)
    assert few == fisher(1, 40, 10, 4000)
    chi = stats.chi2_contingency([[60, 340], [400, 3600]], correction=False).pvalue
    assert two_shares(60, 400, 400, 4000) == pytest.approx(chi)
    assert two_shares(0, 40, 0, 400) == two_shares(40, 40, 400, 400) == two_shares(0, 0, 3, 9) == 1.0


def test_holm() -> None:
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.5, np.nan, 0.9])) == pytest.approx([1.0, np.nan, 1.0], nan_ok=True)


def test_difference_is_paired() -> None:
    rng = np.random.default_rng(0)
    first = rng.random(2000) < 0.8
    second = first.copy()
    second[np.flatnonzero(first)[:30]] = False  # never better, worse in 30
    gap, low, high = difference(first, second)
    assert gap == pytest.approx(0.015)
    assert 0.009 < low < gap < high < 0.022  # unpaired, it would reach from -0.01 to 0.04
    assert np.isnan(difference(first[:0], second[:0])).all()
    same = np.repeat(np.arange(100), 20)
    assert difference(first, second, same)[0] == pytest.approx(gap)


def test_difference_of_means() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(size=5000)
    gap, low, high = mean_difference(base + 0.1 + rng.normal(scale=0.1, size=5000), base)
    assert gap == pytest.approx(0.1, abs=0.01)
    assert high - low == pytest.approx(2 * 1.96 * 0.1 / np.sqrt(5000), rel=0.1)


def test_a_mean_of_pairs_is_a_t_test() -> None:
    rng = np.random.default_rng(0)
    gaps = rng.normal(0.3, 1, 30)
    test = stats.ttest_1samp(gaps, 0)
    expected = (*test.confidence_interval(0.95), test.pvalue)
    error = float(gaps.std(ddof=1)) / 30**0.5
    assert student(float(gaps.mean()), error, 30) == pytest.approx(expected)
    draws = gaps[rng.integers(0, 30, (20_000, 30))].mean(1)
    assert by_draws(float(gaps.mean()), draws, 30) == pytest.approx(expected, rel=0.03)


def test_what_cannot_be_tested_is_not() -> None:
    same = np.zeros(100)
    assert by_draws(0.0, same, 20) == (0.0, 0.0, 1.0)
    assert np.isnan(by_draws(0.1, same, 1)).all()
    assert np.isnan(by_draws(0.1, np.r_[np.full(60, np.nan), np.arange(40.0)], 20)).all()
    assert np.isnan(by_draws(float("nan"), np.arange(40.0), 20)).all()
