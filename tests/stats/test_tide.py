from __future__ import annotations

import numpy as np
import pytest

from dlviz_docs.stats.average_precision import Evaluation, evaluate, mean
from dlviz_docs.stats.matching import Set
from dlviz_docs.stats.tide import KINDS, tide

Row = tuple[int, int, tuple[float, float, float, float]]


def as_set(rows: list[Row], crowd: tuple[bool, ...] = ()) -> Set:
    boxes = np.array([row[2] for row in rows], float).reshape(-1, 4)
    return Set(
        np.array([row[0] for row in rows], np.int32),
        np.array([row[1] for row in rows], np.int32),
        boxes,
        boxes[:, 2] * boxes[:, 3],
        np.array(crowd or [False] * len(rows), bool),
    )


def evaluated(predicted: list[Row], truth: list[Row], classes: int = 2, crowd: tuple[bool, ...] = ()) -> Evaluation:
    """Predictions in descending order of score."""
    scores = np.linspace(0.9, 0.1, len(predicted))
    return evaluate(as_set(predicted), scores, as_set(truth, crowd), classes)


HERE = (100.0, 100.0, 100.0, 100.0)
ASIDE = (140.0, 100.0, 100.0, 100.0)  # IoU 60 / 140 = 0.43 with HERE
AWAY = (400.0, 400.0, 50.0, 50.0)


@pytest.mark.parametrize(
    ("kind", "predicted", "truth"),
    [
        ("class", [(0, 1, HERE)], [(0, 0, HERE)]),
        ("location", [(0, 0, ASIDE)], [(0, 0, HERE)]),
        ("both", [(0, 1, ASIDE)], [(0, 0, HERE)]),
        ("duplicate", [(0, 0, HERE), (0, 0, HERE)], [(0, 0, HERE)]),
        ("background", [(0, 0, AWAY)], [(0, 0, HERE)]),
        ("background", [(1, 0, HERE)], [(0, 0, HERE)]),
    ],
)
def test_every_mistake_has_its_cause(kind: str, predicted: list[Row], truth: list[Row]) -> None:
    errors = tide(evaluated(predicted, truth))
    assert [KINDS[place] for place in errors.kind if place >= 0] == [kind]
    assert errors.counts["false"] == 1


def test_what_another_class_or_place_would_find_is_not_missed() -> None:
    found = tide(evaluated([(0, 0, ASIDE), (0, 1, AWAY)], [(0, 0, HERE), (0, 1, (0, 0, 9, 9))]))
    assert found.missed.tolist() == [False, True]
    assert found.counts["unfound"] == 2


def test_mending_the_place_makes_one_prediction_right_and_takes_its_rivals_away() -> None:
    errors = tide(evaluated([(0, 0, ASIDE), (0, 0, ASIDE)], [(0, 0, HERE)], classes=1))
    assert errors.ap == 0
    assert errors.costs["location"] == pytest.approx(1)
    assert errors.costs["missed"] == 0


def test_mending_costs_by_hand() -> None:
    # By score: a false alarm, then the one that is right. AP is 1/2; without the false alarm it is 1.
    errors = tide(evaluated([(0, 0, AWAY), (0, 0, HERE)], [(0, 0, HERE)], classes=1))
    assert errors.ap == pytest.approx(0.5)
    assert errors.costs["background"] == pytest.approx(0.5)
    assert errors.costs["false"] == pytest.approx(0.5)
    assert errors.costs["unfound"] == 0
    # One of two found: AP 51/101, and 1 if the other did not count.
    errors = tide(evaluated([(0, 0, HERE)], [(0, 0, HERE), (0, 0, AWAY)], classes=1))
    assert errors.costs["missed"] == pytest.approx(50 / 101)
    assert errors.costs["missed"] == pytest.approx(errors.costs["unfound"])


def test_a_wrong_class_is_mended_in_the_class_that_is_there() -> None:
    # Class 0 is found by a prediction of class 1 alone; class 1 has one of its own, below the wrong one.
    errors = tide(evaluated([(0, 1, HERE), (0, 1, AWAY)], [(0, 0, HERE), (0, 1, AWAY)]))
    assert errors.ap == pytest.approx((0 + 0.5) / 2)
    assert errors.costs["class"] == pytest.approx(1 - errors.ap)


def test_what_lies_in_a_crowd_is_no_mistake() -> None:
    errors = tide(evaluated([(0, 0, (110, 110, 20, 20))], [(0, 0, HERE), (0, 0, AWAY)], crowd=(True, False)))
    assert errors.counts["false"] == 0
    assert errors.counts["missed"] == 1


@pytest.mark.parametrize("seed", range(8))
def test_every_wrong_prediction_has_one_cause_and_ap_is_that_of_coco(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = [
        (int(rng.integers(5)), int(rng.integers(3)), (*rng.uniform(0, 60, 2), *rng.uniform(20, 60, 2)))
        for _ in range(30)
    ]
    predicted = [
        (p, int(rng.integers(3)) if rng.random() < 0.3 else c, (x + rng.normal(0, 6), y, w, h))
        for p, c, (x, y, w, h) in truth * 2
    ]
    evaluation = evaluated(predicted, truth, 3)
    errors = tide(evaluation)
    assert errors.ap == pytest.approx(mean(evaluation.ap[0, :, 0]))
    right = int(((evaluation.taken[0, 0] >= 0) & ~evaluation.left_out[0, 0]).sum())
    assert right + sum(errors.counts[kind] for kind in KINDS[:-1]) == len(evaluation.order)
    assert errors.costs["false"] >= max(errors.costs[kind] for kind in ("duplicate", "background", "both")) - 1e-12


def test_nothing_predicted_is_all_missed() -> None:
    errors = tide(evaluated([], [(0, 0, HERE)], classes=1))
    assert errors.ap == 0
    assert errors.counts["missed"] == 1
    assert tide(evaluated([(0, 0, HERE)], [], classes=1)).counts["background"] == 1
