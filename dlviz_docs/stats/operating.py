"""Detections at one threshold of confidence: what is found, missed and false, and how the classes are confused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.average_precision import RECALLS, Evaluation
from dlviz_docs.stats.bootstrap import draws_for, spread
from dlviz_docs.stats.tide import FOUND_AT

__all__ = ["Point", "best_threshold", "curves", "f1_interval", "operate", "precision_at"]

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """What follows at one threshold, with an IoU of 0.5 at least; a crowd is nothing, nor is what lies in one."""

    threshold: float
    counted: NDArray[np.bool_]
    """Predictions at or above the threshold that are not left out, in the evaluation's order, shape (m,)."""
    right: NDArray[np.bool_]
    """Those that find an annotation of their class, shape (m,)."""
    asked: NDArray[np.bool_]
    """Annotations that have to be found, shape (g,)."""
    found: NDArray[np.bool_]
    """Those that are, shape (g,)."""
    confusion: NDArray[np.int64]
    """Shape (classes + 1, classes + 1): annotated classes down, predicted ones across; the last row is nothing there,
    the last column nothing found. Its diagonal are the right predictions, so that it agrees with all other counts."""
    cells: NDArray[np.int64]
    """Picture, row and column of each count in it, shape (counts, 3)."""

    @property
    def precision(self) -> float:
        """NaN without a prediction."""
        return _share(int(self.right.sum()), int(self.counted.sum()))

    @property
    def recall(self) -> float:
        """NaN without an annotation."""
        return _share(int(self.found.sum()), int(self.asked.sum()))

    @property
    def f1(self) -> float:
        """NaN where there is neither."""
        return _share(2 * int(self.right.sum()), int(self.counted.sum() + self.asked.sum()))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def best_threshold(evaluation: Evaluation) -> float:
    """The confidence with the highest F1 of all boxes together; the highest of several. NaN without a prediction."""
    scores, counted, right = _flags(evaluation)
    known = np.isfinite(scores)
    if not known.any():
        return float("nan")
    last = np.flatnonzero(known & np.append(scores[1:] != scores[:-1], True))  # of equal scores all or none are kept
    f1 = 2 * np.cumsum(right)[last] / np.maximum(np.cumsum(counted)[last] + int((~evaluation.unasked[0]).sum()), 1)
    return float(scores[last[np.argmax(f1)]])


def _flags(evaluation: Evaluation) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    counted = ~evaluation.left_out[0, 0]
    return evaluation.scores, counted, counted & (evaluation.taken[0, 0] >= 0)


def curves(evaluation: Evaluation, thresholds: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Right and counted predictions at each threshold, shape (t,), and annotations that have to be found."""
    scores, counted, right = _flags(evaluation)
    usable = np.nan_to_num(scores, nan=-np.inf)
    kept = len(usable) - np.searchsorted(usable[::-1], thresholds, "left")
    sums = np.concatenate([np.zeros((2, 1), np.int64), np.cumsum([right, counted], axis=1)], axis=1)
    return sums[0, kept], sums[1, kept], int((~evaluation.unasked[0]).sum())


def operate(evaluation: Evaluation, threshold: float) -> Point:
    """Predictions below the threshold are as if they had not been made."""
    scores, counted, right = _flags(evaluation)
    kept = np.nan_to_num(scores, nan=-np.inf) >= threshold
    counted, right = counted & kept, right & kept
    asked = ~evaluation.unasked[0]
    found = np.zeros(len(asked), np.bool_)
    found[evaluation.taken[0, 0][right]] = True
    cells = _cells(evaluation, counted, right, asked, found)
    classes = evaluation.ap.shape[1]
    places, size = cells[:, 1] * (classes + 1) + cells[:, 2], (classes + 1) ** 2
    confusion = np.bincount(places, minlength=size).reshape(classes + 1, classes + 1)
    return Point(threshold, counted, right, asked, found & asked, confusion, cells)


def _cells(
    evaluation: Evaluation,
    counted: NDArray[np.bool_],
    right: NDArray[np.bool_],
    asked: NDArray[np.bool_],
    found: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """What is left over on both sides is paired by the largest overlap, one to one."""
    classes = evaluation.ap.shape[1]
    truth, boxes, pairs = evaluation.truth.category, evaluation.boxes.category, evaluation.pairs
    free, alone = counted & ~right, asked & ~found
    pairs = pairs.where((pairs.iou >= FOUND_AT) & free[pairs.box] & alone[pairs.truth])
    chosen: list[int] = []
    for place in np.argsort(-pairs.iou, kind="stable"):
        box, other = pairs.box[place], pairs.truth[place]
        if free[box] and alone[other]:
            free[box] = alone[other] = False
            chosen.append(int(place))
    box, other = pairs.box[chosen], pairs.truth[chosen]
    in_boxes, in_truth = evaluation.boxes.picture, evaluation.truth.picture
    picture = np.concatenate([in_boxes[right], in_boxes[box], in_boxes[free], in_truth[alone]])
    down = np.concatenate([boxes[right], truth[other], np.full(int(free.sum()), classes), truth[alone]])
    across = np.concatenate([boxes[right], boxes[box], boxes[free], np.full(int(alone.sum()), classes)])
    return np.stack([picture, down, across], axis=1).astype(np.int64)


def precision_at(evaluation: Evaluation, category: int, iou: int = 0) -> Floats:
    """Precision at 101 recalls, made monotone, of one class; 0 beyond the highest recall, NaN if not annotated."""
    of_class = (evaluation.boxes.category == category) & ~evaluation.left_out[iou, 0]
    wanted = int(evaluation.annotated[category])
    if not wanted:
        return np.full(len(RECALLS), np.nan)
    hits = np.flatnonzero(evaluation.taken[iou, 0, of_class] >= 0)
    found = np.arange(1.0, len(hits) + 1)
    envelope = np.append(np.maximum.accumulate((found / (hits + 1))[::-1])[::-1], 0.0)
    values: Floats = envelope[np.searchsorted(found / wanted, RECALLS, "left")]
    return values


def f1_interval(counts: NDArray[np.int64], *, seed: int = 0) -> tuple[float, float]:
    """95 % interval of F1 at a threshold that stays, by drawing pictures again; NaN for fewer than two.

    `counts` are found, missed and false boxes of each picture, shape (n, 3).
    """
    n = len(counts)
    if n < 2:
        return float("nan"), float("nan")
    weights = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), draws_for(n))
    found, missed, false = (weights.astype(np.float64) @ counts.astype(np.float64)).T
    with np.errstate(all="ignore"):
        low, high = spread(2 * found / (2 * found + missed + false))
    return float(low), float(high)
