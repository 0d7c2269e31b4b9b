from __future__ import annotations

import numpy as np
import pytest

from dlviz_docs.stats.average_precision import evaluate
from dlviz_docs.stats.matching import Set
from dlviz_docs.stats.operating import best_threshold, curves, operate, precision_at

Row = tuple[int, int, tuple[float, float, float, float]]
HERE = (100.0, 100.0, 100.0, 100.0)
AWAY = (400.0, 400.0, 50.0, 50.0)


def as_set(rows: list[Row]) -> Set:
    boxes = np.array([row[2] for row in rows], float).reshape(-1, 4)
    picture, category = (np.array([row[place] for row in rows], np.int32) for place in (0, 1))
    return Set(picture, category, boxes, boxes[:, 2] * boxes[:, 3], np.zeros(len(rows), bool))


TRUTH: list[Row] = [(0, 0, HERE), (0, 1, AWAY), (1, 0, HERE), (1, 1, AWAY)]
PREDICTED: list[Row] = [(0, 0, HERE), (0, 0, AWAY), (1, 0, HERE), (1, 1, HERE), (0, 1, (0, 0, 10, 10))]
SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.2])


def test_the_matrix_agrees_with_the_counts() -> None:
    evaluation = evaluate(as_set(PREDICTED), SCORES, as_set(TRUTH), 2)
    point = operate(evaluation, 0.5)
    # Down: annotated as 0, as 1, not at all; across: predicted as 0, as 1, missed. The second prediction sees class 0
    # where class 1 is; the fourth lies on a box that is found already, so nothing is left for it.
    assert point.confusion.tolist() == [[2, 0, 0], [1, 0, 1], [0, 1, 0]]
    assert point.precision == pytest.approx(2 / 4)
    assert point.recall == pytest.approx(2 / 4)
    assert point.confusion[:, :2].sum() == point.counted.sum()
    assert point.confusion[:2].sum() == point.asked.sum()


def test_the_best_threshold_is_the_best_of_all() -> None:
    rng = np.random.default_rng(0)
    scores = np.round(rng.random(200), 2)
    rows: list[Row] = [(int(rng.integers(40)), 0, (*rng.uniform(0, 20, 2), 40.0, 40.0)) for _ in range(200)]
    evaluation = evaluate(as_set(rows), scores, as_set(rows[:60]), 1)
    best = best_threshold(evaluation)
    each = [operate(evaluation, score).f1 for score in np.unique(scores)]
    assert operate(evaluation, best).f1 == max(each)
    right, counted, asked = curves(evaluation, np.unique(scores))
    np.testing.assert_allclose(2 * right / (counted + asked), each)


def test_precision_at_recalls_is_what_average_precision_is_the_mean_of() -> None:
    evaluation = evaluate(as_set(PREDICTED), SCORES, as_set(TRUTH), 3)
    for category in (0, 1):
        assert precision_at(evaluation, category).mean() == pytest.approx(evaluation.ap[0, category, 0])
    assert np.isnan(precision_at(evaluation, 2)).all()


def test_no_prediction_has_no_threshold() -> None:
    evaluation = evaluate(as_set([]), np.zeros(0), as_set(TRUTH), 2)
    assert np.isnan(best_threshold(evaluation))
    point = operate(evaluation, 0.5)
    assert np.isnan(point.precision)
    assert point.recall == 0
    assert point.confusion[:2, 2].tolist() == [2, 2]
    unsure = evaluate(as_set(PREDICTED), np.full(5, np.nan), as_set(TRUTH), 2)
    assert np.isnan(best_threshold(unsure))
