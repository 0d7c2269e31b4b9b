from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as oracle
from sklearn import metrics

from dlviz_docs.stats.regress import (
    breusch_pagan,
    explained,
    in_bins,
    mean_absolute,
    median_absolute,
    normal_quantiles,
    relative,
    root_mean_square,
)


def made(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.gamma(3, 2, n) + 0.5
    return truth, truth + rng.standard_t(5, n)


@pytest.mark.parametrize("n", [5, 300, 5000])
def test_scores_agree_with_scikit_learn(n: int) -> None:
    truth, predicted = made(n)
    errors = predicted - truth
    assert mean_absolute(errors)[0] == pytest.approx(metrics.mean_absolute_error(truth, predicted))
    assert root_mean_square(errors)[0] == pytest.approx(metrics.root_mean_squared_error(truth, predicted))
    assert median_absolute(errors)[0] == pytest.approx(metrics.median_absolute_error(truth, predicted))
    assert explained(truth, errors)[0] == pytest.approx(metrics.r2_score(truth, predicted))
    share, kept = relative(truth, errors)
    assert kept == n
    assert share[0] == pytest.approx(metrics.mean_absolute_percentage_error(truth, predicted))


@pytest.mark.parametrize("n", [400, 4000])
def test_intervals_agree_with_scipy_bootstrap(n: int) -> None:
    truth, predicted = made(n)
    errors = predicted - truth
    statistics = {
        mean_absolute(errors): lambda t, p: np.abs(p - t).mean(),
        root_mean_square(errors): lambda t, p: np.sqrt(((p - t) ** 2).mean()),
        median_absolute(errors): lambda t, p: np.median(np.abs(p - t)),
        explained(truth, errors): lambda t, p: 1 - ((p - t) ** 2).mean() / t.var(),
    }
    for (_, low, high), statistic in statistics.items():
        found = oracle.bootstrap(
            (truth, predicted),
            statistic,
            paired=True,
            vectorized=False,
            n_resamples=600,
            method="percentile",
            rng=np.random.default_rng(1),
        ).confidence_interval
        width = found.high - found.low
        assert low == pytest.approx(found.low, abs=0.2 * width)
        assert high == pytest.approx(found.high, abs=0.2 * width)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    whole, _ = made(200_000, seed=9)
    rng = np.random.default_rng(3)
    noise = rng.standard_t(5, 200_000)
    value = 1 - (noise**2).mean() / whole.var()
    hits = 0
    for _ in range(200):
        rows = rng.integers(0, len(whole), 300)
        _, low, high = explained(whole[rows], noise[rows])
        hits += low <= value <= high
    assert 0.88 <= hits / 200 <= 0.99


def test_groups_make_intervals_wider() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 30)
    truth = rng.normal(size=600)
    errors = rng.normal(size=20)[groups] + 0.1 * rng.normal(size=600)
    for score in (mean_absolute, root_mean_square):
        alone, together = score(errors), score(errors, groups)
        assert alone[0] == together[0]
        assert together[2] - together[1] > 2 * (alone[2] - alone[1])
    assert explained(truth, errors, groups)[2] - explained(truth, errors, groups)[1] > 0


def test_relative_errors_leave_out_true_values_near_zero() -> None:
    truth = np.array([0.0, 1e-9, 10.0, 20.0])
    (value, _, _), kept = relative(truth, np.ones(4))
    assert kept == 2
    assert value == pytest.approx((0.1 + 0.05) / 2)


def by_hand(fitted: np.ndarray, errors: np.ndarray) -> float:
    """Koenker's statistic from a regression with an intercept."""
    design = np.stack([np.ones_like(fitted), fitted], axis=1)
    squares = errors**2
    rest = squares - design @ np.linalg.lstsq(design, squares, rcond=None)[0]
    share = 1 - (rest**2).sum() / ((squares - squares.mean()) ** 2).sum()
    return float(oracle.chi2.sf(len(fitted) * share, 1))


@pytest.mark.parametrize("growth", [0.0, 0.05, 1.0])
def test_breusch_pagan_is_that_of_the_regression(growth: float) -> None:
    rng = np.random.default_rng(0)
    fitted = rng.uniform(0, 10, 500)
    errors = rng.normal(size=500) * (1 + growth * fitted)
    assert breusch_pagan(fitted, errors) == pytest.approx(by_hand(fitted, errors), rel=1e-6)
    assert (breusch_pagan(fitted, errors) < 0.001) == (growth > 0)


def test_bins_hold_every_row_and_keep_equal_values_together() -> None:
    rng = np.random.default_rng(0)
    x = np.round(rng.exponential(2, 1000))
    y = x + rng.normal(size=1000)
    bins = in_bins(x, y)
    assert bins.count.sum() == 1000
    assert (bins.low[1:] > bins.high[:-1]).all()
    inside = (x >= bins.low[2]) & (x <= bins.high[2])
    assert bins.mean[2] == pytest.approx(y[inside].mean())
    assert bins.median[2] == pytest.approx(np.median(y[inside]))
    low, high = oracle.t.interval(0.95, 10**6, y[inside].mean(), oracle.sem(y[inside]))
    assert (bins.mean_low[2], bins.mean_high[2]) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
    assert len(in_bins(x[:5], y[:5]).x) == 0
    assert in_bins(np.zeros(50), np.arange(50.0)).count.tolist() == [50]


def test_normal_values_lie_on_the_diagonal() -> None:
    values = np.random.default_rng(0).normal(5, 3, 20_000)
    theory, found = normal_quantiles(values)
    assert np.abs(theory - found)[5:-5].max() < 0.06
    np.testing.assert_allclose(theory, oracle.norm.ppf((np.arange(100) + 0.5) / 100))
    assert len(normal_quantiles(np.ones(100))[0]) == 0


def test_nothing_and_constants_are_no_numbers() -> None:
    none = np.zeros(0)
    for score in (mean_absolute(none), root_mean_square(none), median_absolute(none), explained(none, none)):
        assert np.isnan(score).all()
    assert np.isnan(relative(none, none)[0]).all()
    assert np.isnan(explained(np.full(9, 7.1), np.arange(9.0))).all()
    assert np.isnan(breusch_pagan(np.ones(50), np.arange(50.0)))
    assert np.isnan(breusch_pagan(none, none))
    one = np.ones(1)
    assert mean_absolute(one)[0] == 1
    assert np.isnan(mean_absolute(one)[1])
    huge = np.array([1e300, -1e300, 1e308])
    assert np.isinf(root_mean_square(huge)[0])
