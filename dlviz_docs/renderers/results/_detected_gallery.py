"""Pictures with their boxes, the worst first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.insights.estimates import decimal
from dlviz_docs.model import FloatArray
from dlviz_docs.renderers.results._detected import Detected
from dlviz_docs.renderers.results._detected_mistakes import MISSED, NOTHING
from dlviz_docs.view import Cell, Column, Figure, Gallery, Item, Region, Table, Thumb

__all__ = ["can_be_shown", "counts_of", "regions_of", "thumb", "title_of", "worst_pictures"]

MOST_PICTURES = 48
FIRST = 12
MOST_BOXES = 50
"""Predictions of one picture, the most confident ones; a hundred false alarms hide all others."""
MOST_TRUTH = 120
MOST_REGIONS = 1000
"""Predictions of all pictures that the slider may reach below the best threshold."""
LEAST_SHOWN = 0.5
"""Share of the best threshold down to which the slider goes: far below lies only noise."""
SIDE = 480
"""Longest side of a picture in px: boxes have to be told apart."""
_FACTS = ("found", "missed", "false")


def worst_pictures(found: Detected) -> Figure | None:
    """Pictures by how many boxes are missed or false; a table where the pictures themselves are not there."""
    facts = counts_of(found)
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
    at, group = found.place.id("worst-pictures"), found.place.group("Pictures")
    shown = [row for row in order.tolist() if can_be_shown(found, row)]
    if not shown:
        return Figure(at, "Worst pictures", caption, _table(found, order, facts), group)
    by_picture = _grouped(found.evaluation.boxes.picture, found.pictures)
    true_by_picture = _grouped(found.evaluation.truth.picture, found.pictures)
    partner, cells = _partners(found), _cells(found)
    lowest = _lowest(found, [by_picture[row] for row in shown])
    if found.scored:
        caption += f" Predictions under confidence {decimal(lowest, 2)}"
        caption += f" and more than {MOST_BOXES} of a picture are left out."
    items = tuple(
        Item(
            title=title_of(found, row),
            pictures=(thumb(found, row),),
            regions=(
                *(one for _, one in _annotations(found, true_by_picture[row], partner)),
                *_predictions(found, by_picture[row], lowest),
            ),
            facts=tuple((name, f"{value:,}") for name, value in zip(_FACTS, facts[row].tolist(), strict=True)),
            cells=cells.get(row, ()),
            wrong=bool(facts[row, 1:].sum()),
        )
        for row in shown
    )
    gallery = Gallery(
        items,
        found.pictures,
        "most missed and false boxes first",
        first=FIRST,
        slider=(lowest, math.floor(found.point.threshold * 1e4) / 1e4) if found.scored else None,
        sorts=_FACTS,
        axes=("annotated", "predicted"),
    )
    return Figure(at, "Worst pictures", caption, gallery, group)


def _lowest(found: Detected, shown: list[NDArray[np.intp]]) -> float:
    """Where the slider begins: not so low that the pictures are full of noise, nor above the best threshold."""
    scores = found.evaluation.scores[np.concatenate(shown)]
    scores = np.sort(scores[np.isfinite(scores)])[::-1]
    threshold = found.point.threshold
    lowest = max(LEAST_SHOWN * threshold, float(scores[MOST_REGIONS]) if len(scores) > MOST_REGIONS else -np.inf)
    return math.floor(100 * min(lowest, threshold)) / 100


def counts_of(found: Detected) -> NDArray[np.int64]:
    """Found, missed and false boxes of each picture at the best threshold, shape (pictures, 3)."""
    evaluation, point = found.evaluation, found.point
    parts = (
        evaluation.truth.picture[point.found],
        evaluation.truth.picture[point.asked & ~point.found],
        evaluation.boxes.picture[point.counted & ~point.right],
    )
    return np.stack([np.bincount(part, minlength=found.pictures) for part in parts], axis=1)


def _cells(found: Detected) -> dict[int, tuple[tuple[str, str], ...]]:
    """Of each picture the cells of the confusion matrix that it adds to."""
    rows, columns = (*found.names, NOTHING), (*found.names, MISSED)
    cells: dict[int, tuple[tuple[str, str], ...]] = {}
    for picture, true, predicted in np.unique(found.point.cells, axis=0).tolist():
        cells[picture] = (*cells.get(picture, ()), (rows[true], columns[predicted]))
    return cells


def title_of(found: Detected, row: int) -> str:
    """What a picture is called."""
    pictures, ids = found.predictions.pictures, found.predictions.ids
    if pictures is not None and row < len(pictures):
        return pictures.keys[row]
    return ids[row] if row < len(ids) else f"picture {row}"


def can_be_shown(found: Detected, row: int) -> bool:
    """Whether the picture is there, and its size known."""
    pictures = found.predictions.pictures
    if pictures is None or row >= len(pictures) or row >= len(pictures.sizes) or not pictures.sizes[row].all():
        return False
    return not pictures.sources or bool(pictures.sources[row])


def thumb(found: Detected, row: int) -> Thumb:
    """Of a picture that can be shown."""
    width, height = _size(found, row)
    return Thumb(title_of(found, row), width, height, f"{title_of(found, row)} with boxes", SIDE)


def _size(found: Detected, row: int) -> tuple[int, int]:
    pictures = found.predictions.pictures
    if pictures is None or row >= len(pictures.sizes):
        return 0, 0
    width, height = pictures.sizes[row].tolist()
    return int(width), int(height)


def _grouped(picture: NDArray[np.int32], count: int) -> list[NDArray[np.intp]]:
    order = np.argsort(picture, kind="stable")
    return np.split(order, np.cumsum(np.bincount(picture, minlength=count))[:-1])


# --- regions ----------------------------------------------------------------------------------------------------------


def regions_of(found: Detected, row: int, missed: NDArray[np.bool_] | None = None) -> tuple[Region, ...]:
    """Boxes of one picture at the best threshold; or only its annotations, where it is told which are missed."""
    evaluation, point = found.evaluation, found.point
    truth = np.flatnonzero(evaluation.truth.picture == row)
    lost = point.asked & ~point.found if missed is None else missed
    never = np.full(len(evaluation.truth), np.nan)
    boxes = np.flatnonzero((evaluation.boxes.picture == row) & point.counted) if missed is None else truth[:0]
    kinds: dict[bool, Literal["missed", "truth"]] = {True: "missed", False: "truth"}
    told = (
        Region(one.xywh, kinds[bool(lost[place])], one.label, None, one.color, outline=one.outline)
        for place, one in _annotations(found, truth, never)
    )
    return (*told, *_predictions(found, boxes, -np.inf))


def _partners(found: Detected) -> FloatArray:
    """Confidence of the prediction that finds each annotation, NaN for none."""
    evaluation = found.evaluation
    partner = np.full(len(evaluation.truth), np.nan)
    taken = evaluation.taken[0, 0]
    partner[taken[taken >= 0]] = evaluation.scores[taken >= 0]
    return partner


def _annotations(found: Detected, truth: NDArray[np.intp], partner: FloatArray) -> Iterator[tuple[int, Region]]:
    """With their places; crowds are left out."""
    evaluation, true = found.evaluation, found.predictions.true_boxes
    outlines = true.outlines if true is not None else ()
    for row in truth[:MOST_TRUTH].tolist():
        if np.isfinite(evaluation.truth.xywh[row]).all() and not evaluation.truth.crowd[row]:
            k = int(evaluation.truth.category[row])
            outline = outlines[int(found.true_rows[row])] if outlines else ()
            at = None if np.isnan(partner[row]) else float(partner[row])
            corners = _corners(found, int(evaluation.truth.picture[row]), evaluation.truth.xywh[row])
            yield row, Region(corners, "truth", found.names[k], None, k, outline=outline, partner=at)


def _predictions(found: Detected, boxes: NDArray[np.intp], lowest: float) -> Iterator[Region]:
    """Down to a confidence; what lies in a crowd is left out."""
    evaluation = found.evaluation
    for row in boxes[~(evaluation.scores[boxes] < lowest)][:MOST_BOXES].tolist():
        if np.isfinite(evaluation.boxes.xywh[row]).all() and not evaluation.left_out[0, 0, row]:
            k, score = int(evaluation.boxes.category[row]), float(evaluation.scores[row])
            kind: Literal["match", "false"] = "match" if evaluation.taken[0, 0, row] >= 0 else "false"
            corners = _corners(found, int(evaluation.boxes.picture[row]), evaluation.boxes.xywh[row])
            yield Region(corners, kind, found.names[k], score if found.scored and np.isfinite(score) else None, k)


def _corners(found: Detected, row: int, xywh: FloatArray) -> tuple[float, float, float, float]:
    """Tenths of a pixel do not show in a picture that is made smaller."""
    digits = 0 if max(_size(found, row)) > SIDE else 1
    x, y, width, height = (round(float(value), digits) for value in xywh)
    return x, y, width, height


def _table(found: Detected, order: NDArray[np.intp], facts: NDArray[np.int64]) -> Table:
    columns = (Column("Picture"), *(Column(fact.capitalize(), True) for fact in _FACTS))
    rows = tuple(
        (Cell(title_of(found, row)), *(Cell(f"{value:,}", value) for value in facts[row].tolist()))
        for row in order.tolist()
    )
    return Table(columns, rows, searchable=len(rows) > 10)
