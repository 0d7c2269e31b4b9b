"""Columns in numbers against numpy, scipy and real data."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_breast_cancer, load_wine

from dlviz_docs.stats.histogram import MOST, bins_of, log_bins_of
from dlviz_docs.stats.summary import centred_ranks, describe, describe_levels, entropy, order_of, quantile, running


def real_columns() -> list[np.ndarray]:
    return [*load_wine().data.T, *load_breast_cancer().data.T]


@pytest.mark.parametrize("values", real_columns()[::3])
def test_moments_and_quantiles_of_real_columns(values: np.ndarray) -> None:
    found = describe(order_of(values), values)
    assert found.mean == pytest.approx(values.mean())
    assert found.sd == pytest.approx(values.std(ddof=1))
    assert found.skew == pytest.approx(stats.skew(values))
    assert found.kurtosis == pytest.approx(stats.kurtosis(values))
    wanted = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95])
    assert [found.q05, found.q25, found.median, found.q75, found.q95] == pytest.approx(wanted.tolist())
    assert found.distinct == len(np.unique(values))
    assert found.zeros == (values == 0).sum()


def test_what_is_not_finite_is_counted_apart() -> None:
    values = np.array([3.0, np.nan, np.inf, -np.inf, 0.0, 3.0, np.nan])
    found = describe(order_of(values), values)
    assert (found.n, found.count, found.missing, found.infinite, found.zeros) == (7, 3, 2, 2, 1)
    assert (found.top, found.top_count, found.mean) == (3.0, 2, 2.0)


@pytest.mark.parametrize("values", [[], [np.nan], [5.0], [5.0, 5.0, 5.0], [1e308, -1e308, 0], [1e-310, 3e-310, 5e-310]])
def test_odd_columns_neither_fail_nor_warn(values: list[float]) -> None:
    column = np.array(values, np.float64)
    found = describe(order_of(column), column)
    assert found.count + found.missing + found.infinite == len(values)
    if len(values) == 3 and values[0] != values[1]:
        assert found.skew == pytest.approx(0, abs=1e-6)


def test_ranks_are_those_of_scipy() -> None:
    rng = np.random.default_rng(0)
    for values in (rng.normal(size=500), rng.integers(0, 9, 500).astype(float)):
        wanted = stats.rankdata(values)
        assert (centred_ranks(order_of(values)) == 2 * wanted - 501).all()
    gaps = np.array([2.0, np.nan, 1.0, 2.0])
    assert centred_ranks(order_of(gaps)).tolist() == [1, 0, -2, 1]


def test_levels() -> None:
    found = describe_levels(np.array([0, 2, 2, -1, 2]), 4)
    assert (found.count, found.missing, found.distinct, found.top, found.top_count) == (4, 1, 2, 2, 3)
    assert found.counts.tolist() == [1, 0, 3, 0]
    assert found.effective == pytest.approx(np.exp(stats.entropy([1, 3])))
    assert describe_levels(np.zeros(0, np.int32), 0).top == -1
    assert entropy(np.array([5])) == 0


def test_a_quantile_of_nothing_is_not_defined() -> None:
    assert np.isnan(quantile(np.zeros(0), 0.5))


@pytest.mark.parametrize("values", real_columns()[::4])
def test_every_value_is_in_a_bin_or_said_to_be_outside(values: np.ndarray) -> None:
    groups = np.arange(len(values)) % 3 - 1
    bins = bins_of(order_of(values), running(order_of(values), groups, 2))
    assert bins is not None
    assert 1 <= len(bins.edges) - 1 <= MOST
    inside = (values >= bins.edges[0]) & (values <= bins.edges[-1])
    assert (values < bins.edges[0]).sum() == bins.below
    assert (values > bins.edges[-1]).sum() == bins.above
    for group in range(2):
        wanted, _ = np.histogram(values[inside & (groups == group)], bins.edges)
        assert bins.counts[group].tolist() == wanted.tolist()


def test_bins_follow_freedman_and_diaconis() -> None:
    values = np.random.default_rng(0).normal(size=3_000)
    bins = bins_of(order_of(values))
    assert bins is not None
    assert len(bins.edges) == pytest.approx(len(np.histogram_bin_edges(values, "fd")), abs=2)


def test_a_wild_value_does_not_flatten_the_rest() -> None:
    values = np.append(np.random.default_rng(0).normal(size=1_000), 1e6)
    bins = bins_of(order_of(values))
    assert bins is not None
    assert bins.above >= 1
    assert bins.edges[-1] < 10
    assert bins.counts.sum() + bins.below + bins.above == 1_001


def test_whole_numbers_stand_in_the_middle_of_their_bins() -> None:
    values = np.random.default_rng(0).integers(1, 7, 200).astype(float)
    bins = bins_of(order_of(values), whole=True)
    assert bins is not None
    assert bins.edges.tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5]


def test_no_bins_without_two_values() -> None:
    assert bins_of(order_of(np.array([1.0, 1.0, np.nan]))) is None
    assert bins_of(order_of(np.array([1e308, -1e308]))) is None
    assert log_bins_of(order_of(np.array([0.0, 1.0, 1e9]))) is None


def test_bins_of_equal_ratio() -> None:
    values = np.random.default_rng(0).lognormal(sigma=3, size=500)
    bins = log_bins_of(order_of(values))
    assert bins is not None
    assert bins.counts.sum() == 500
    ratios = bins.edges[1:] / bins.edges[:-1]
    assert ratios == pytest.approx(ratios.mean())
