"""ROC and precision-recall against scikit-learn's, DeLong's interval against the bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from dlviz_docs.stats import roc


def scored(n: int, *, digits: int | None = None, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    positive = rng.random(n) < 0.3
    scores = 1 / (1 + np.exp(-rng.normal(size=n) - positive))
    return (scores if digits is None else scores.round(digits)), positive


@pytest.mark.parametrize("digits", [None, 2, 1, 0])
def test_areas_with_and_without_ties(digits: int | None) -> None:
    scores, positive = scored(3000, digits=digits)
    found = roc.order(scores, positive)
    assert found is not None
    assert found.auc == pytest.approx(metrics.roc_auc_score(positive, scores), abs=1e-12)
    assert found.ap == pytest.approx(metrics.average_precision_score(positive, scores), abs=1e-12)
    ranked = roc.rank(scores, positive)
    assert roc.auc(ranked) == found.auc
    assert roc.average_precision(ranked) == found.ap
    assert roc.auc_interval(ranked) == found.auc_ends


@pytest.mark.parametrize("digits", [None, 3, 2])
def test_the_curve_is_the_same_at_every_threshold(digits: int | None) -> None:
    scores, positive = scored(500, digits=digits)
    ranked = roc.rank(scores, positive)
    alarms, hits, thresholds = metrics.roc_curve(positive, scores, drop_intermediate=False)
    kept = np.isin(thresholds, ranked.thresholds)
    assert kept.sum() == len(ranked.thresholds)
    assert ranked.hits / ranked.positives == pytest.approx(hits[kept])
    assert ranked.alarms / ranked.negatives == pytest.approx(alarms[kept])
    left = ~kept
    left[0] = False  # infinity
    assert np.array_equal(hits[left], hits[np.flatnonzero(left) - 1])  # only negatives are left out


def test_delong_is_what_drawing_rows_gives() -> None:
    scores, positive = scored(400)
    rng = np.random.default_rng(1)
    yes, no = np.flatnonzero(positive), np.flatnonzero(~positive)
    drawn = []
    for _ in range(500):
        rows = np.r_[rng.choice(yes, len(yes)), rng.choice(no, len(no))]
        drawn.append(roc.auc(roc.rank(scores[rows], positive[rows])))
    low, high = roc.auc_interval(roc.rank(scores, positive))
    assert (low, high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.01)


def test_order_without_a_fault_is_not_certain() -> None:
    positive = np.arange(40) < 20
    found = roc.order(np.where(positive, 0.9, 0.1), positive)
    assert found is not None
    assert (found.auc, found.ap) == (1.0, 1.0)
    assert found.auc_ends == (pytest.approx(1 - 3 / 20), 1.0)


def test_one_class_has_no_area() -> None:
    assert roc.order(np.ones(5), np.ones(5, np.bool_)) is None
    assert roc.order(np.zeros(0), np.zeros(0, np.bool_)) is None
    assert np.isnan(roc.auc(roc.rank(np.ones(5), np.zeros(5, np.bool_))))
    assert np.isnan(roc.average_precision(roc.rank(np.ones(5), np.zeros(5, np.bool_))))
    assert np.isnan(roc.auc_interval(roc.rank(np.array([0.1, 0.2, 0.3]), np.array([True, False, False])))).all()


def test_minus_zero_and_less_are_zero() -> None:
    ranked = roc.rank(np.array([0.0, -0.0, -1e-9, 0.5]), np.array([True, False, True, True]))
    assert np.array_equal(ranked.thresholds, [0.5, 0.0])
    assert np.array_equal(ranked.hits, [1, 3])


def test_few_points_are_points_of_the_curve() -> None:
    ranked = roc.rank(*scored(5000))
    short = roc.shortened(ranked, 100)
    assert len(short.hits) <= 100
    assert set(zip(short.hits, short.alarms, strict=True)) <= set(zip(ranked.hits, ranked.alarms, strict=True))
    assert (short.positives, short.negatives) == (ranked.positives, ranked.negatives)


def test_bands_hold_the_curve_and_shrink_with_rows() -> None:
    at = np.linspace(0.1, 0.9, 9)
    widths = []
    for n in (300, 30_000):
        ranked = roc.rank(*scored(n))
        low, high = roc.roc_band(ranked, at)
        curve = np.interp(at, ranked.alarms / ranked.negatives, ranked.hits / ranked.positives)
        assert ((low - 0.02 <= curve) & (curve <= high + 0.02)).all()
        precision = np.interp(at, ranked.hits / ranked.positives, ranked.hits / (ranked.hits + ranked.alarms))
        below, above = roc.pr_band(ranked, at)
        assert ((below - 0.05 <= precision) & (precision <= above + 0.05)).all()
        widths.append((high - low).mean())
    assert widths[1] < widths[0] / 5


@pytest.mark.parametrize("digits", [None, 2, 1])
def test_the_equal_error_lies_on_the_curve(digits: int | None) -> None:
    scores, positive = scored(800, digits=digits, seed=3)
    alarms, hits, _ = metrics.roc_curve(positive, scores)
    found = roc.equal_error(roc.rank(scores, positive))
    assert np.interp(found, alarms, 1 - hits) == pytest.approx(found, abs=2e-3)
    det_alarms, misses, _ = metrics.det_curve(positive, scores)
    near = int(np.abs(det_alarms - misses).argmin())
    assert found == pytest.approx((det_alarms[near] + misses[near]) / 2, abs=0.05 if digits == 1 else 0.01)


def test_equal_errors_at_the_ends() -> None:
    labels = np.array([False, False, True, True])
    assert roc.equal_error(roc.rank(np.array([0.1, 0.2, 0.8, 0.9]), labels)) == 0.0
    assert roc.equal_error(roc.rank(np.array([0.8, 0.9, 0.1, 0.2]), labels)) == 1.0
    assert roc.equal_error(roc.rank(np.full(4, 0.5), labels)) == 0.5
    assert np.isnan(roc.equal_error(roc.rank(np.array([0.5]), np.array([True]))))


def test_the_trade_of_a_good_model_is_drawn_and_its_equal_error_that_of_all_thresholds() -> None:
    """Few points that lie evenly along a ROC curve say next to nothing of the corner in which a good one turns."""
    rng = np.random.default_rng(8)
    positive = rng.random(20_000) < 0.3
    scores = 1 / (1 + np.exp(-rng.normal(np.where(positive, 2.5, -2.5), 1.0)))
    found = roc.order(scores, positive)
    assert found is not None
    ranked = roc.rank(scores, positive)
    assert found.equal_error == roc.equal_error(ranked) != roc.equal_error(found.curve)
    alarms, misses = found.traded
    there = {*zip(ranked.alarms / ranked.negatives, 1 - ranked.hits / ranked.positives, strict=True)}
    assert {*zip(alarms, misses, strict=True)} <= there
    corner = (found.curve.alarms < 0.01 * ranked.negatives) & (found.curve.hits > 0.99 * ranked.positives)
    assert np.count_nonzero((alarms < 0.01) & (misses < 0.01)) > 10 * np.count_nonzero(corner)
    assert len(alarms) <= 200
    assert (np.diff(alarms) >= 0).all()
    assert (np.diff(misses) <= 0).all()
