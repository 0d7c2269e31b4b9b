"""Detections: how good they are, at which confidence, which sizes and classes are missed, and pictures of it all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights import detection as said
from dlviz_docs.insights.estimates import decimal, estimate
from dlviz_docs.insights.results_words import interval
from dlviz_docs.model import Insight, Predictions
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results import _detected_curves as curves
from dlviz_docs.renderers.results import _detected_mistakes as mistakes
from dlviz_docs.renderers.results._detected import Detected
from dlviz_docs.renderers.results._detected_gallery import worst_pictures
from dlviz_docs.stats.average_precision import mean
from dlviz_docs.stats.matching import AREAS
from dlviz_docs.view import Cell, Column, Fact, Figure, Gallery, Layer, Plot, PlotAxis, Shown, Table

__all__ = ["detected", "detection"]

FEW_BOXES = 100
"""Annotations of a class up to which AP is clearly too high on average."""
_EMPTY = Cell("–")


def detection(predictions: Predictions, place: Place, samples: bool) -> Iterator[Shown]:
    """Sentences, numbers, curves, mistakes, and the worst pictures; nothing is judged without annotations."""
    yield from detected(Detected(predictions, place), samples)


def detected(found: Detected, samples: bool) -> Iterator[Shown]:
    """The same of one that may be matched already."""
    if not int(found.annotated.sum()):
        yield from _unjudged(found)
        return
    yield Fact("AP", f"{interval(*found.ap())} (n = {words.count(found.pictures, 'picture')})")
    yield from _sentences(found)
    yield _headline(found)
    yield _classes(found)
    yield from curves.figures(found)
    shown = worst_pictures(found) if samples else None
    yield from mistakes.figures(found, picks=shown is not None and isinstance(shown.spec, Gallery))
    if shown:
        yield shown


def _sentences(found: Detected) -> Iterator[Insight]:
    place, evaluation, point = found.place, found.evaluation, found.point
    annotated = found.annotated
    many = int(annotated.sum()), int((annotated > 0).sum())
    each = [found.ap(category=k) if annotated[k] else (np.nan,) * 3 for k in range(len(found.names))]
    asked = point.asked
    judged = (
        said.headline(found.ap(), found.ap(iou=0), found.pictures, *many, place.id("detection-scores")),
        said.masks(found.mask_ap(), found.ap()[0], place.id("detection-scores")),
        said.best_point(point, place.id("detection-threshold")) if found.scored else None,
        said.costs(found.errors, place.id("detection-mistakes")),
        said.size_drop(point.found[asked], evaluation.truth.area[asked], AREAS[1][1], place.id("recall-by-size")),
        said.weakest_class(found.names, each, annotated, place.id("ap-by-class")),
        said.confusion(point, found.names, place.id("detection-confusion")),
        said.count_bias(mistakes.count_errors(found), place.id("count-errors")),
        said.location_bias(mistakes.shifts(found), place.id("location-bias")),
    )
    yield from (insight for insight in judged if insight)


# --- tables -----------------------------------------------------------------------------------------------------------


def _headline(found: Detected) -> Figure:
    """The twelve numbers of COCO, with intervals for averages of precision."""
    evaluation, n = found.evaluation, int(found.annotated.sum())
    rows = [
        ("AP", "mean over classes and IoU 0.5 to 0.95", found.ap(), n),
        ("AP50", "IoU at least 0.5", found.ap(iou=0), n),
        ("AP75", "IoU at least 0.75", found.ap(iou=5), n),
    ]
    sizes = ("small", "under 32² px"), ("medium", "32² to 96² px"), ("large", "over 96² px")
    for area, (name, meaning) in enumerate(sizes, start=1):
        asked = int((~evaluation.unasked[area]).sum())
        rows.append((f"AP {name}", meaning, found.ap(area=area), asked))
    for limit, most in enumerate((1, 10, 100)):
        meaning = f"recall with at most {words.count(most, 'prediction')} of a class in a picture, over IoU 0.5 to 0.95"
        rows.append((f"AR@{most}", meaning, found.recall(limit), n))
    if (other := found.cocoeval) is not None:
        why = "as pycocotools counts: it takes the annotation with id 0 for one that nothing finds"
        rows += [
            (f"{name}, pycocotools", why, (mean(other[iou, :, 0]), np.nan, np.nan), n)
            for name, iou in (("AP", slice(None)), ("AP50", 0), ("AP75", 5))
        ]
    if found.masks is not None:
        rows += [
            ("Mask AP", "judged by the pixels of masks, mean over IoU 0.5 to 0.95", found.mask_ap(), n),
            ("Mask AP50", "IoU of masks at least 0.5", found.mask_ap(0), n),
            ("Mask AP75", "IoU of masks at least 0.75", found.mask_ap(5), n),
        ]
    caption = (
        f"COCO's numbers with 95 % intervals, from {len(found.draws.ap):,} draws of the {found.pictures:,} pictures: "
        f"AP {estimate(*found.ap())}."
    )
    if n < FEW_BOXES * int((found.annotated > 0).sum()):
        caption += " AP of few boxes tends to be too high, which the intervals allow for."
    if found.unusable:
        caption += f" {words.count(found.unusable, 'box', 'boxes')} of an unknown picture or class left out."
    boxes = found.predictions.boxes
    if found.masks is None and boxes is not None and (boxes.masks or boxes.outlines):
        caption += " Boxes are judged here, not the masks that were predicted too."
    if not found.scored:
        caption += " The predictions have no confidence, so AP depends on their order in the file."
    return Figure(
        found.place.id("detection-scores"),
        "Average precision",
        caption,
        Table(
            (Column("Metric"), Column("Value", True), Column("95 % interval"), Column("Boxes", True), Column("What")),
            tuple(_row(*row) for row in rows),
        ),
        found.place.group("Scores"),
    )


def _row(name: str, meaning: str, value: tuple[float, float, float], n: int) -> tuple[Cell, ...]:
    return (Cell(name), *_value(value, n), Cell(f"{n:,}", n), Cell(meaning))


def _value(value: tuple[float, float, float], n: int) -> tuple[Cell, Cell]:
    if not n or not np.isfinite(value[0]):
        return Cell("not in this split"), _EMPTY
    point, low, high = value
    if not np.isfinite(low):
        return Cell(decimal(point), point), _EMPTY
    bar = (min(low, point), point, max(high, point))
    return Cell(decimal(point), point), Cell(f"{decimal(low)} to {decimal(high)}", low, bar=bar)


def _classes(found: Detected) -> Figure:
    """One row a class, the number of its boxes beside."""
    point, evaluation = found.point, found.evaluation
    columns = (
        Column("Class"),
        Column("AP", True),
        Column("95 % interval"),
        Column("AP50", True),
        Column("AP75", True),
        Column("AR@100", True),
        Column("Boxes", True, "Annotated"),
        Column("Found", True, f"At confidence {decimal(point.threshold)}"),
        Column("Missed", True, f"At confidence {decimal(point.threshold)}"),
        Column("False", True, f"Wrong predictions of this class at confidence {decimal(point.threshold)}"),
    )
    rows = []
    for k, name in enumerate(found.names):
        n = int(found.annotated[k])
        right = int(point.confusion[k, k])
        false = int(point.confusion[:, k].sum()) - right
        numbers = (evaluation.ap[0, k, 0], evaluation.ap[5, k, 0], mean(evaluation.recall[:, k, 0, 2]))
        rows.append(
            (
                Cell(name),
                *_value(found.ap(category=k) if n else (np.nan,) * 3, n),
                *(Cell(decimal(float(x)), float(x)) if n else _EMPTY for x in numbers),
                *(Cell(f"{x:,}", x) for x in (n, right, n - right, false)),
            )
        )
    absent = [name for k, name in enumerate(found.names) if not found.annotated[k]]
    caption = f"AP of each class, and what it finds at confidence {decimal(point.threshold)} with IoU 0.5."
    if absent:
        caption += f" {words.count(len(absent), 'class is', 'classes are')} not annotated in this split."
    return Figure(
        found.place.id("detection-classes"),
        "Every class",
        caption,
        Table(columns, tuple(rows), searchable=len(rows) > 10),
        found.place.group("Scores"),
    )


def _unjudged(found: Detected) -> Iterator[Shown]:
    """Predictions without annotations: how many there are, how confident, and which file would tell more."""
    boxes = found.predictions.boxes
    if boxes is None or not len(boxes):
        return
    yield Insight(
        "detection-unjudged",
        "info",
        f"{words.count(len(boxes), 'predicted box', 'predicted boxes')} and no annotations: no score is computed. A "
        "COCO file of annotations of the same pictures would unlock AP, recall and the kinds of mistakes.",
        found.place.id("detection-confidences"),
        values={"boxes": float(len(boxes))},
    )
    scores = boxes.scores[np.isfinite(boxes.scores)] if boxes.scores is not None else np.zeros(0)
    if not len(scores):
        return
    high = max(1.0, float(scores.max()))
    counts, edges = np.histogram(scores, 20, (min(0.0, float(scores.min())), high))
    yield Figure(
        found.place.id("detection-confidences"),
        "Confidence of predictions",
        f"Half of {words.count(len(scores), 'prediction')} have a confidence of {decimal(float(np.median(scores)))} or "
        "more.",
        Plot(
            (Layer("bar", edges[:-1], counts.astype(float), x2=edges[1:]),),
            PlotAxis("confidence"),
            PlotAxis("predictions"),
        ),
        found.place.group("Scores"),
    )
