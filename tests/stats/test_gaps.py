"""Missing cells against scipy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from dlviz_docs.stats.gaps import dependence, patterns_of, together


def test_gaps_that_meet() -> None:
    rng = np.random.default_rng(0)
    a = rng.random(500) < 0.3
    b = a ^ (rng.random(500) < 0.05)
    c = rng.random(500) < 0.5
    found = together([a, b, c, np.zeros(500, bool)])
    assert found[0, 1] == pytest.approx(stats.pearsonr(a, b).statistic)
    assert abs(found[0, 2]) < 0.15
    assert np.isnan(found[3]).all()


def test_sets_of_columns_that_are_missing_together() -> None:
    a = np.array([True, True, False, False, True])
    b = np.array([True, True, False, False, False])
    assert patterns_of([a, b]) == [((), 2), ((0, 1), 2), ((0,), 1)]
    assert patterns_of([]) == []


def test_gaps_that_depend_on_a_group() -> None:
    missing, sizes = np.array([30, 5, 0, 0]), np.array([100, 200, 50, 0])
    found = dependence(missing, sizes)
    assert found is not None
    table = np.array([missing[:3], sizes[:3] - missing[:3]])
    assert found.p == pytest.approx(stats.chi2_contingency(table).pvalue)
    assert (found.most, found.share, found.others, found.n) == (0, 0.3, pytest.approx(5 / 250), 100)


def test_nothing_to_compare() -> None:
    assert dependence(np.array([3, 0]), np.array([10, 0])) is None
    assert dependence(np.array([0, 0]), np.array([10, 5])) is None
    assert dependence(np.array([10, 5]), np.array([10, 5])) is None
