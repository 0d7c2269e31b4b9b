"""Outliers against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_breast_cancer

from dlviz_docs.stats.outliers import absolute_deviation, outliers_of
from dlviz_docs.stats.summary import order_of

CANCER = load_breast_cancer()


@pytest.mark.parametrize("column", range(0, 30, 4))
def test_robust_z_of_real_columns(column: int) -> None:
    values = CANCER.data[:, column]
    found = outliers_of(order_of(values), 5)
    z = 0.674489 * (values - np.median(values)) / stats.median_abs_deviation(values)
    assert found.method == "robust z"
    assert (found.below, found.above) == ((z < -3.5).sum(), (z > 3.5).sum())
    assert found.scores == pytest.approx(z[found.rows], rel=1e-4)
    farthest = np.sort(np.abs(z[np.abs(z) > 3.5]))[::-1][:5]
    assert np.abs(found.scores) == pytest.approx(farthest, rel=1e-4)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 99, 1000])
@pytest.mark.parametrize("ties", [False, True])
def test_absolute_deviation_by_bisection(n: int, ties: bool) -> None:
    rng = np.random.default_rng(n)
    values = np.sort(rng.integers(0, 6, n).astype(float) if ties else rng.standard_cauchy(n))
    wanted = float(np.median(np.abs(values - np.median(values))))
    assert absolute_deviation(values, float(np.median(values))) == pytest.approx(wanted)


def test_tukeys_fences_where_half_the_values_are_equal() -> None:
    values = np.concatenate([np.zeros(60), np.linspace(1, 2, 40), [90.0]])
    found = outliers_of(order_of(values))
    q25, q75 = np.quantile(values, [0.25, 0.75])
    assert found.method == "Tukey"
    assert found.high == pytest.approx(q75 + 1.5 * (q75 - q25))
    assert found.rows.tolist() == [100]


def test_nothing_measures_the_spread_of_a_column_that_hardly_varies() -> None:
    assert outliers_of(order_of(np.append(np.zeros(99), 5.0))).method == ""
    assert outliers_of(order_of(np.array([1.0, np.nan]))).method == ""
