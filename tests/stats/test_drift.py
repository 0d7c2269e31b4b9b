"""Distances of splits against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn.datasets import load_diabetes, load_wine

from dlviz_docs.stats.drift import Drift, js_distance, level_drift, number_drift, psi
from dlviz_docs.stats.summary import order_of, running


def drifts(values: np.ndarray, split: np.ndarray, splits: int) -> list[Drift]:
    ordered = order_of(values)
    return number_drift(ordered, running(ordered, split, splits))


@pytest.mark.parametrize("column", range(0, 13, 2))
def test_distances_of_real_columns(column: int) -> None:
    values, split = load_wine().data[:, column], load_wine().target
    for drift in drifts(values, split, 3):
        base, other = values[split == 0], values[split == drift.split]
        assert drift.w1 == pytest.approx(stats.wasserstein_distance(base, other) / base.std(ddof=1))
        assert drift.ks == pytest.approx(stats.ks_2samp(base, other).statistic)
        assert drift.p == pytest.approx(stats.ks_2samp(base, other, method="asymp").pvalue, abs=0.02)
        assert drift.shift == pytest.approx((np.median(other) - np.median(base)) / base.std(ddof=1))
        assert (drift.n, drift.reference_n) == (len(other), len(base))


def test_ties_gaps_and_rows_of_no_split() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 5, 900).astype(float)
    values[rng.random(900) < 0.2] = np.nan
    split = rng.integers(-1, 2, 900)
    (drift,) = drifts(values, split, 2)
    base, other = (values[(split == s) & np.isfinite(values)] for s in (0, 1))
    assert drift.w1 == pytest.approx(stats.wasserstein_distance(base, other) / base.std(ddof=1))
    assert drift.ks == pytest.approx(stats.ks_2samp(base, other).statistic)


def test_splits_of_one_distribution_are_not_told_apart() -> None:
    values = load_diabetes().data[:, 2]
    split = np.random.default_rng(0).integers(0, 2, len(values))
    (drift,) = drifts(values, split, 2)
    assert drift.p > 0.05
    assert drift.psi < 0.15


def test_few_rows_are_not_compared() -> None:
    values, split = np.arange(100.0), np.repeat([0, 1], [80, 20])
    assert drifts(values, split, 2) == []
    assert drifts(values, 1 - split, 2) == []
    assert level_drift(np.array([[20, 5], [500, 20]])) == []


def test_a_constant_reference_has_no_unit() -> None:
    values = np.concatenate([np.full(50, 2.0), np.arange(50.0)])
    (drift,) = drifts(values, np.repeat([0, 1], 50), 2)
    assert np.isnan(drift.w1)
    assert drift.effect == drift.ks > 0.9
    (huge,) = drifts(values * 1e306, np.repeat([1, 0], 50), 2)
    assert np.isfinite(huge.effect)


def test_distances_of_categories() -> None:
    table = np.array([[400, 100, 0, 50], [90, 100, 10, 40]])
    (drift,) = level_drift(table)
    assert drift.js == pytest.approx(jensenshannon(table[0], table[1], base=2))
    used = table[:, table.sum(axis=0) > 0]
    assert drift.p == pytest.approx(stats.chi2_contingency(used).pvalue)
    assert (drift.level, drift.share) == (0, pytest.approx(90 / 240))
    assert js_distance(np.array([1, 0]), np.array([0, 1])) == 1
    assert np.isnan(js_distance(np.array([0, 0]), np.array([0, 1])))


def test_psi_by_hand() -> None:
    assert psi(np.array([50, 50]), np.array([80, 20])) == pytest.approx(0.3 * np.log(1.6) - 0.3 * np.log(0.4))
    assert psi(np.array([3, 4]), np.array([30, 40])) == pytest.approx(0)
    assert np.isnan(psi(np.array([0]), np.array([1])))
