"""Associations against scipy, on real columns and on awkward ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.stats.contingency import association as scipy_association
from sklearn.datasets import load_iris, load_wine

from dlviz_docs.stats.association import (
    Grouping,
    contingency,
    correlation_p,
    correlation_ratio,
    correlations,
    cramers_v,
    group_means,
    leaf_order,
)
from dlviz_docs.stats.summary import centred_ranks, order_of

WINE = load_wine()


def test_spearman_is_that_of_scipy() -> None:
    columns = list(WINE.data.T)
    found, counts = correlations([centred_ranks(order_of(c)) for c in columns], [None] * len(columns))
    wanted = stats.spearmanr(WINE.data)
    assert found == pytest.approx(wanted.statistic, abs=1e-12)
    assert (counts == len(WINE.data)).all()
    for i, j in ((0, 1), (2, 7), (5, 6)):
        assert correlation_p(found[i, j], 178) == pytest.approx(wanted.pvalue[i, j], rel=1e-6)


def test_pearson_over_the_rows_that_both_have() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 100_000))
    y += x
    missing = rng.random(100_000) < 0.3
    found, counts = correlations([np.where(missing, 0, x), y], [~missing, None])
    assert found[0, 1] == pytest.approx(stats.pearsonr(x[~missing], y[~missing]).statistic)
    assert counts[0, 1] == (~missing).sum()


def test_a_column_that_does_not_vary_has_no_correlation() -> None:
    found, _ = correlations([np.full(9, 0.1), np.arange(9.0)], [None, None])
    assert np.isnan(found[0]).all()
    assert np.isnan(correlation_p(found[0, 1], 9))
    assert correlation_p(1.0, 9) == 0
    assert np.isnan(correlation_p(0.5, 2))
    assert correlations([], [])[0].shape == (0, 0)


def test_cramers_v_before_its_correction_is_that_of_scipy() -> None:
    """With n → ∞ the correction goes away; p is that of the χ² test without Yates."""
    table = np.array([[30, 20, 10], [5, 40, 25]])
    value, p = cramers_v(table)
    assert p == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)
    assert cramers_v(table * 1_000_000)[0] == pytest.approx(scipy_association(table, method="cramer"), abs=1e-6)
    assert value < scipy_association(table, method="cramer")


def test_unrelated_categories_have_a_v_near_zero_however_many_levels() -> None:
    rng = np.random.default_rng(0)
    table = contingency(rng.integers(0, 30, 2_000), 30, rng.integers(0, 30, 2_000), 30)
    assert cramers_v(table)[0] < 0.05 < scipy_association(table, method="cramer")


def test_equal_categories_have_a_v_of_one_and_empty_tables_none() -> None:
    assert cramers_v(np.diag([40, 50, 60]))[0] == pytest.approx(1)
    assert np.isnan(cramers_v(np.zeros((3, 2)))).all()
    assert np.isnan(cramers_v(np.array([[3, 4]]))).all()


def test_contingency_leaves_out_what_is_missing() -> None:
    assert contingency(np.array([0, 1, -1, 1]), 2, np.array([2, 2, 0, -1]), 3).tolist() == [[0, 0, 1], [0, 0, 1]]


@pytest.mark.parametrize("data", [load_iris(), WINE])
def test_the_correlation_ratio_has_the_p_of_an_analysis_of_variance(data: object) -> None:
    values, target = data.data, data.target  # type: ignore[attr-defined]
    for column in values.T:
        eta, p, n = correlation_ratio(column, Grouping.of(target, 3), None)
        wanted = stats.f_oneway(*(column[target == k] for k in range(3)))
        assert p == pytest.approx(wanted.pvalue, rel=1e-6, abs=1e-300)
        between = sum(
            50 * 0 + (target == k).sum() * (column[target == k].mean() - column.mean()) ** 2 for k in range(3)
        )
        assert eta == pytest.approx(np.sqrt(between / ((column - column.mean()) ** 2).sum()))
        assert n == len(column)


def test_the_correlation_ratio_with_gaps_on_either_side() -> None:
    rng = np.random.default_rng(0)
    values, codes = rng.normal(size=300), rng.integers(-1, 3, 300)
    present = rng.random(300) < 0.8
    used = present & (codes >= 0)
    eta, p, n = correlation_ratio(np.where(present, values, 0), Grouping.of(codes, 3), present)
    wanted = stats.f_oneway(*(values[used & (codes == k)] for k in range(3)))
    assert (p, n) == (pytest.approx(wanted.pvalue), used.sum())
    assert 0 < eta < 1


def test_the_correlation_ratio_is_not_defined_without_groups_or_spread() -> None:
    assert np.isnan(correlation_ratio(np.arange(4.0), Grouping.of(np.zeros(4, int), 1), None)[0])
    assert np.isnan(correlation_ratio(np.full(4, 0.1), Grouping.of(np.array([0, 0, 1, 1]), 2), None)[0])
    assert correlation_ratio(np.array([1.0, 1, 2, 2]), Grouping.of(np.array([0, 0, 1, 1]), 2), None)[:2] == (1, 0)
    means, _ = group_means(np.array([1.0, 3.0]), Grouping.of(np.array([0, 0]), 2), None)
    assert means[0] == 2
    assert np.isnan(means[1])


def test_columns_that_belong_together_stand_together() -> None:
    strength = np.eye(6)
    for a, b in ((0, 3), (3, 5), (0, 5), (1, 4)):
        strength[a, b] = strength[b, a] = 0.9
    order = leaf_order(strength)
    assert sorted(order) == list(range(6))
    places = [order.index(k) for k in (0, 3, 5)]
    assert max(places) - min(places) == 2
    assert abs(order.index(1) - order.index(4)) == 1
    assert leaf_order(np.zeros((0, 0))) == []
