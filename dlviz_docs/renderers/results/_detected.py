"""Predicted and annotated boxes, matched once for all figures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import Boxes, FloatArray, Predictions
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results._detected_masks import runs_of
from dlviz_docs.stats.average_precision import (
    Draws,
    Evaluation,
    TooMany,
    as_cocoeval,
    evaluate,
    interval,
    mean,
    resampled,
)
from dlviz_docs.stats.matching import Set
from dlviz_docs.stats.operating import Point, best_threshold, operate
from dlviz_docs.stats.tide import Errors, tide

__all__ = ["Detected", "Estimate"]

Estimate: TypeAlias = tuple[float, float, float]
"""Value, low and high end of its 95 % interval; NaN where not defined."""
SHOWN_FROM = 0.5
"""Threshold where no prediction has a confidence."""


@dataclass(frozen=True, eq=False)  # no slots: what is asked for is computed once
class Detected:
    """One model's boxes beside the annotated ones."""

    predictions: Predictions
    place: Place

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of the classes; a number for one that has none."""
        given, boxes = self.predictions.classes, (self.predictions.boxes, self.predictions.true_boxes)
        most = max((int(some.category.max(initial=-1)) + 1 for some in boxes if some is not None), default=0)
        return (*given, *(f"class {k}" for k in range(len(given), most)))

    @cached_property
    def pictures(self) -> int:
        """How many there are, with those that have no box."""
        boxes = (self.predictions.boxes, self.predictions.true_boxes)
        most = max((int(some.picture.max(initial=-1)) + 1 for some in boxes if some is not None), default=0)
        return max(self.predictions.length, most)

    @cached_property
    def rows(self) -> NDArray[np.intp]:
        """Predictions that can be judged: of a picture and a class that exist."""
        return _usable(self.predictions.boxes)

    @cached_property
    def true_rows(self) -> NDArray[np.intp]:
        """Annotations that can be."""
        return _usable(self.predictions.true_boxes)

    @cached_property
    def unusable(self) -> int:
        """How many boxes of either side name no picture or no class that exists."""
        boxes = (self.predictions.boxes, self.predictions.true_boxes)
        return sum(len(some) for some in boxes if some is not None) - len(self.rows) - len(self.true_rows)

    @cached_property
    def scored(self) -> bool:
        """Whether predictions have confidences."""
        return self.predictions.boxes is not None and self.predictions.boxes.scores is not None

    @cached_property
    def evaluation(self) -> Evaluation:
        """At all IoUs and sizes."""
        return evaluate(*self._sides, len(self.names))

    @cached_property
    def _sides(self) -> tuple[Set, FloatArray, Set]:
        boxes = self.predictions.boxes
        scores = boxes.scores if boxes is not None and boxes.scores is not None else None
        given = np.ones(len(self.rows)) if scores is None else scores[self.rows]
        return _set(boxes, self.rows), given, _set(self.predictions.true_boxes, self.true_rows)

    @cached_property
    def masks(self) -> Evaluation | None:
        """The same of masks and outlines, judged by pixels; None where a side has none, or too many to compare."""
        pictures = self.predictions.pictures
        sizes = pictures.sizes if pictures is not None else np.zeros((0, 2), np.int32)
        mine, others = (runs_of(boxes, sizes) for boxes in (self.predictions.boxes, self.predictions.true_boxes))
        if mine is None or others is None:
            return None
        boxes, scores, truth = self._sides
        runs, true_runs = mine.taken(self.rows), others.taken(self.true_rows)
        told = self.predictions.true_boxes
        area = truth.area if told is not None and told.area is not None else true_runs.areas
        sides = replace(boxes, area=runs.areas), scores, replace(truth, area=area)
        try:
            return evaluate(*sides, len(self.names), (runs, true_runs))
        except TooMany:
            return None

    @cached_property
    def cocoeval(self) -> FloatArray | None:
        """AP as COCO's own code counts, where that differs: an annotation has the identifier 0."""
        told = self.predictions.true_boxes
        zero = told.zero[self.true_rows] if told is not None and told.zero is not None else None
        return as_cocoeval(self.evaluation, zero) if zero is not None and zero.any() else None

    def mask_ap(self, iou: int | slice = slice(None)) -> Estimate:
        """Mean AP of masks over classes, with its interval; NaN without any."""
        if self.masks is None:
            return np.nan, np.nan, np.nan
        return self._estimate(self.masks.ap[iou, :, 0], self._mask_draws.ap[:, iou, :, 0])

    @cached_property
    def _mask_draws(self) -> Draws:
        if self.masks is None:
            raise ValueError("there are no masks")
        return resampled(self.masks, max(self.pictures, 1), areas=1)

    @cached_property
    def draws(self) -> Draws:
        """What pictures drawn anew would give."""
        return resampled(self.evaluation, max(self.pictures, 1))

    @cached_property
    def errors(self) -> Errors:
        """What kinds of mistakes there are."""
        return tide(self.evaluation)

    @cached_property
    def point(self) -> Point:
        """At the best threshold."""
        best = best_threshold(self.evaluation)
        return operate(self.evaluation, best if np.isfinite(best) else SHOWN_FROM)

    @cached_property
    def annotated(self) -> NDArray[np.int64]:
        """Boxes to be found of each class."""
        return self.evaluation.annotated

    def ap(self, iou: int | slice = slice(None), category: int | slice = slice(None), area: int = 0) -> Estimate:
        """Mean AP over what is asked, with its interval: classes that are not annotated are left out."""
        return self._estimate(self.evaluation.ap[iou, category, area], self.draws.ap[:, iou, category, area])

    def recall(self, limit: int) -> Estimate:
        """Mean recall over classes and IoUs, with the first, second or third limit of predictions in a picture."""
        return self._estimate(self.evaluation.recall[:, :, 0, limit], self.draws.recall[:, :, limit])

    def _estimate(self, values: NDArray[np.floating], draws: NDArray[np.floating]) -> Estimate:
        drawn = draws.reshape(len(draws), -1).astype(np.float64)
        point = mean(np.atleast_1d(values).astype(np.float64))
        known = np.isfinite(drawn)
        count = known.sum(1)
        means = np.where(count > 0, np.where(known, drawn, 0).sum(1) / np.maximum(count, 1), np.nan)
        return point, *(interval(point, means) if self.pictures > 1 else (np.nan, np.nan))


def _usable(boxes: Boxes | None) -> NDArray[np.intp]:
    if boxes is None:
        return np.zeros(0, np.intp)
    return np.flatnonzero((boxes.picture >= 0) & (boxes.category >= 0))


def _set(boxes: Boxes | None, rows: NDArray[np.intp]) -> Set:
    if boxes is None:
        return Set(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.bool_))
    xywh = boxes.xywh[rows]
    with np.errstate(all="ignore"):
        area = xywh[:, 2] * xywh[:, 3] if boxes.area is None or boxes.scores is not None else boxes.area[rows]
    crowd = np.zeros(len(rows), np.bool_) if boxes.crowd is None else boxes.crowd[rows]
    return Set(boxes.picture[rows], boxes.category[rows], xywh, area, crowd)
