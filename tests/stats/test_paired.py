"""Paired tests against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from dlviz_docs.stats.paired import difference, fisher, holm, mcnemar, mean_difference, two_shares


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
