"""Pictures with their boxes, the worst first."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.insights.estimates import decimal
from dlviz_docs.model import FloatArray, Pictures
from dlviz_docs.renderers.results._detected import Detected
from dlviz_docs.view import Cell, Column, Figure, Gallery, Item, Region, Table, Thumb

__all__ = ["worst_pictures"]

MOST_PICTURES = 60
MOST_BOXES = 60
"""Predictions of one picture, the most confident ones; a hundred false alarms hide all others."""
MOST_TRUTH = 120
LEAST_SHOWN = 0.25
"""Share of the best threshold down to which the slider goes: far below lies only noise."""
SIDE = 480
"""Longest side of a picture in px: boxes have to be told apart."""


def worst_pictures(found: Detected) -> Figure | None:
    """Pictures by how many boxes are missed or false; a table where the pictures themselves are not there."""
    facts = _facts(found)
    order = np.lexsort((np.arange(found.pictures), -facts[:, 0], -(facts[:, 1] + facts[:, 2])))
    order = order[facts[order].sum(1) > 0][:MOST_PICTURES]
    if not len(order):
        return None
    threshold = decimal(found.point.threshold)
    wrong = int((facts[:, 1:].sum(1) > 0).sum())
    caption = (
        f"Most missed and false boxes first, at confidence {threshold} and IoU 0.5: {wrong:,} of {found.pictures:,} "
        "pictures have one at least."
    )
    place = found.place
    pictures = found.predictions.pictures
    shown = [row for row in order.tolist() if _can_be_shown(found, row)]
    if pictures is None or not shown:
        table = _table(found, order, facts)
        return Figure(place.id("worst-pictures"), "Worst pictures", caption, table, place.group("Pictures"))
    lowest = LEAST_SHOWN * found.point.threshold
    by_picture = _grouped(found.evaluation.boxes.picture, found.pictures)
    true_by_picture = _grouped(found.evaluation.truth.picture, found.pictures)
    partner = _partners(found)
    items = tuple(
        Item(
            title=pictures.keys[row],
            pictures=(_thumb(pictures, row),),
            regions=_regions(found, by_picture[row], true_by_picture[row], partner, lowest),
            facts=tuple((name, f"{value:,}") for name, value in zip(_FACTS, facts[row].tolist(), strict=True)),
            wrong=bool(facts[row, 1:].sum()),
        )
        for row in shown
    )
    slider = (lowest, found.point.threshold) if found.scored else None
    gallery = Gallery(items, found.pictures, "most missed and false boxes first", slider=slider, sorts=_FACTS)
    return Figure(place.id("worst-pictures"), "Worst pictures", caption, gallery, place.group("Pictures"))


_FACTS = ("found", "missed", "false")


def _facts(found: Detected) -> NDArray[np.int64]:
    """Found, missed and false boxes of each picture at the best threshold, shape (pictures, 3)."""
    evaluation, point = found.evaluation, found.point
    parts = (
        evaluation.truth.picture[point.found],
        evaluation.truth.picture[point.asked & ~point.found],
        evaluation.boxes.picture[point.counted & ~point.right],
    )
    return np.stack([np.bincount(part, minlength=found.pictures) for part in parts], axis=1)


def _can_be_shown(found: Detected, row: int) -> bool:
    pictures = found.predictions.pictures
    if pictures is None or row >= len(pictures) or row >= len(pictures.sizes) or not pictures.sizes[row].all():
        return False
    return not pictures.sources or bool(pictures.sources[row])


def _thumb(pictures: Pictures, row: int) -> Thumb:
    width, height = (int(side) for side in pictures.sizes[row])
    return Thumb(pictures.keys[row], width, height, f"{pictures.keys[row]} with boxes", SIDE)


def _grouped(picture: NDArray[np.int32], count: int) -> list[NDArray[np.intp]]:
    order = np.argsort(picture, kind="stable")
    return np.split(order, np.cumsum(np.bincount(picture, minlength=count))[:-1])


def _partners(found: Detected) -> FloatArray:
    """Confidence of the prediction that finds each annotation, NaN for none."""
    evaluation = found.evaluation
    partner = np.full(len(evaluation.truth), np.nan)
    taken = evaluation.taken[0, 0]
    partner[taken[taken >= 0]] = evaluation.scores[taken >= 0]
    return partner


def _regions(
    found: Detected, boxes: NDArray[np.intp], truth: NDArray[np.intp], partner: FloatArray, lowest: float
) -> tuple[Region, ...]:
    """Annotations, then predictions down to the slider's lowest confidence; what lies in a crowd is left out."""
    evaluation, names = found.evaluation, found.names
    outlines = found.predictions.true_boxes.outlines if found.predictions.true_boxes is not None else ()
    regions = []
    for row in truth[:MOST_TRUTH].tolist():
        if np.isfinite(evaluation.truth.xywh[row]).all() and not evaluation.truth.crowd[row]:
            k = int(evaluation.truth.category[row])
            outline = outlines[int(found.true_rows[row])] if outlines else ()
            at = None if np.isnan(partner[row]) else float(partner[row])
            regions.append(
                Region(_corners(evaluation.truth.xywh[row]), "truth", names[k], None, k, outline=outline, partner=at)
            )
    scores = evaluation.scores[boxes]
    for row in boxes[~(scores < lowest)][:MOST_BOXES].tolist():
        if np.isfinite(evaluation.boxes.xywh[row]).all() and not evaluation.left_out[0, 0, row]:
            k, score = int(evaluation.boxes.category[row]), float(evaluation.scores[row])
            kind: Literal["match", "false"] = "match" if evaluation.taken[0, 0, row] >= 0 else "false"
            shown = score if found.scored and np.isfinite(score) else None
            regions.append(Region(_corners(evaluation.boxes.xywh[row]), kind, names[k], shown, k))
    return tuple(regions)


def _corners(xywh: FloatArray) -> tuple[float, float, float, float]:
    x, y, width, height = (round(float(value), 1) for value in xywh)
    return x, y, width, height


def _table(found: Detected, order: NDArray[np.intp], facts: NDArray[np.int64]) -> Table:
    pictures, ids = found.predictions.pictures, found.predictions.ids

    def name(row: int) -> str:
        if pictures is not None and row < len(pictures):
            return pictures.keys[row]
        return ids[row] if row < len(ids) else f"picture {row}"

    columns = (Column("Picture"), *(Column(fact.capitalize(), True) for fact in _FACTS))
    rows = tuple(
        (Cell(name(row)), *(Cell(f"{value:,}", value) for value in facts[row].tolist())) for row in order.tolist()
    )
    return Table(columns, rows, searchable=len(rows) > 10)
