"""Calibration: known bins, known temperatures, and parts that add up."""

from __future__ import annotations

import numpy as np
import pytest

from dlviz_docs.stats import calibration
from dlviz_docs.stats.classify import brier_of_rows, loss_of_rows


def softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def drawn(n: int, k: int, heat: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Truths drawn from the probabilities of logits, and the probabilities of logits that are `heat` times as large."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, k)) * 1.5
    true = softmax(logits)
    truth = (true.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(max=k - 1)
    return softmax(logits * heat), truth.astype(np.int32)


def test_bins_are_closed_above() -> None:
    bins = calibration.binned(np.array([0.0, 0.2, 0.21, 1.0]), np.array([False, True, True, True]), 5)
    assert np.array_equal(bins.counts, [2, 1, 0, 0, 1])
    assert np.array_equal(bins.right, [1, 1, 0, 0, 1])
    error, worst = calibration.calibration_error(bins)
    assert error == pytest.approx((0.8 + 0.79) / 4)
    assert worst == pytest.approx(0.79)


def test_adaptive_bins_have_equally_many_rows() -> None:
    rng = np.random.default_rng(0)
    confidence, right = rng.random(100), rng.random(100) < 0.5
    order = np.argsort(confidence)
    parts = [order[20 * i : 20 * (i + 1)] for i in range(5)]
    expected = sum(abs(confidence[part].mean() - right[part].mean()) * 20 for part in parts) / 100
    assert calibration.adaptive_error(confidence, right, 5) == pytest.approx(expected)


@pytest.mark.parametrize("k", [2, 4])
def test_brier_score_is_the_sum_of_its_parts(k: int) -> None:
    rng = np.random.default_rng(0)
    few = rng.dirichlet(np.ones(k), 12)  # few distinct probabilities: nothing differs within a bin
    probabilities = few[rng.integers(0, 12, 3000)]
    truth = rng.integers(0, k, 3000).astype(np.int32)
    parts = calibration.classwise(probabilities, truth, bins=100_000)
    brier = brier_of_rows(probabilities, probabilities[np.arange(3000), truth]).mean()
    assert parts.reliability - parts.resolution + parts.uncertainty == pytest.approx(brier, abs=1e-9)


def test_classwise_error_is_the_mean_of_the_classes() -> None:
    probabilities, truth = drawn(2000, 3, 2.0)
    each = [calibration.calibration_error(calibration.binned(probabilities[:, c], truth == c))[0] for c in range(3)]
    assert calibration.classwise(probabilities, truth).error == pytest.approx(np.mean(each))


@pytest.mark.parametrize("heat", [0.5, 1.0, 2.5])
@pytest.mark.parametrize(("n", "k"), [(20_000, 3), (300_000, 10)])
def test_the_temperature_that_was_put_in_is_found(heat: float, n: int, k: int) -> None:
    probabilities, truth = drawn(n, k, heat)
    found = calibration.temperature(probabilities, truth)
    assert found is not None
    assert found.temperature == pytest.approx(heat, rel=0.03)
    assert found.before == pytest.approx(loss_of_rows(probabilities[np.arange(n), truth]).mean(), rel=1e-4)
    assert found.after <= found.before + 1e-6
    assert found.error_after < 0.01
    assert not found.at_end


def test_no_temperature_where_nothing_is_wrong() -> None:
    sure = np.tile([0.9, 0.1], (50, 1))
    found = calibration.temperature(sure, np.zeros(50, np.int32))
    assert found is not None
    assert found.at_end
    assert calibration.temperature(sure[:1], np.zeros(1, np.int32)) is None
    assert calibration.temperature(np.tile([1.0, 0.0], (50, 1)), np.ones(50, np.int32)) is not None


def test_the_interval_holds_the_error() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1, 4000)
    right = rng.random(4000) < confidence - 0.1
    error, (low, high) = calibration.calibration_interval(confidence, right)
    assert low < error < high
    assert low < 0.1 < high
    assert np.isnan(calibration.calibration_interval(confidence[:1], right[:1])[1]).all()


def test_risk_falls_with_confidence_and_ties_share() -> None:
    coverage, risk = calibration.risk_curve(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, False, True, False]))
    assert np.array_equal(coverage, [0.25, 0.5, 0.75, 1])
    assert risk == pytest.approx([0, 0.25, 1 / 3, 0.5])
    assert calibration.aurc(risk) == pytest.approx(np.mean([0, 0.25, 1 / 3, 0.5]))
    assert np.isnan(calibration.aurc(calibration.risk_curve(np.zeros(0), np.zeros(0, np.bool_))[1]))


def test_no_rows_have_no_calibration() -> None:
    empty = calibration.binned(np.zeros(0), np.zeros(0, np.bool_))
    assert np.isnan(calibration.calibration_error(empty)).all()
    assert np.isnan(calibration.adaptive_error(np.zeros(0), np.zeros(0, np.bool_)))
    assert np.isnan(calibration.classwise(np.zeros((0, 3)), np.zeros(0, np.int32)).error)
