"""What annotations of pictures lack: boxes that cannot be right, classes a split does not have, objects too small."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.insights.data_words import does, listed, of, percent, quoted
from dlviz_docs.model import BoolArray, Boxes, FloatArray, Insight, Pictures
from dlviz_docs.stats.boxes import beyond_edge, most_overlapping, size_classes
from dlviz_docs.stats.intervals import wilson

__all__ = ["Faults", "area_of", "class_sentences", "fault_sentences", "faults", "size_sentence", "sizes_of"]

Rows: TypeAlias = NDArray[np.intp]

SAME = 0.95
"""IoU with another box of the picture from which on both may be the same object, annotated twice."""
MANY_SMALL = 0.1
"""Share of small boxes that is worth a sentence."""
RARE = 20.0
"""How many times fewer boxes a class has than the most frequent one, to be called rare."""
LEAST = 30
"""Boxes, below which shares say little."""
OVERLAP_PICTURES = 20_000
"""Pictures in which boxes are compared with each other."""


@dataclass(frozen=True, slots=True, eq=False)
class Faults:
    """Boxes that cannot be right, by their place."""

    empty: Rows
    """Without a width or a height, or with a coordinate that is no number."""
    beyond: Rows
    """Reaching beyond their picture, the farthest first."""
    nameless: Rows
    """Of a class that is in no list."""
    twice: Rows
    """Nearly the same as another box of the same class in the picture; one of each two is right."""

    def __len__(self) -> int:
        return len(self.empty) + len(self.beyond) + len(self.nameless) + len(self.twice)


def area_of(boxes: Boxes) -> FloatArray:
    """As annotated, else width times height; COCO takes a mask's own area."""
    plain = boxes.xywh[:, 2] * boxes.xywh[:, 3]
    if boxes.area is None:
        return plain
    with np.errstate(invalid="ignore"):
        area: FloatArray = np.where(boxes.area > 0, boxes.area, plain)
    return area


def sizes_of(boxes: Boxes, pictures: Pictures) -> FloatArray:
    """Width and height of each box's picture, NaN where they are not known."""
    if pictures.array is not None:
        height, width = pictures.array.shape[1:3]
        return np.tile(np.array([width, height], np.float64), (len(boxes), 1))
    if len(pictures.sizes) != len(pictures):
        return np.full((len(boxes), 2), np.nan)
    sizes = pictures.sizes[boxes.picture].astype(np.float64)
    sizes[(sizes <= 0).any(axis=1)] = np.nan
    return sizes


def faults(boxes: Boxes, pictures: Pictures) -> Faults:
    """All that are found; boxes are compared with each other in a sample of very many pictures."""
    wide, tall = boxes.xywh[:, 2], boxes.xywh[:, 3]
    usable: BoolArray = np.isfinite(boxes.xywh.sum(axis=1)) & (wide > 0) & (tall > 0)
    over = np.nan_to_num(beyond_edge(boxes.xywh, sizes_of(boxes, pictures)))
    beyond = np.flatnonzero((over > 0) & usable)
    beyond = beyond[np.argsort(-over[beyond], kind="stable")]
    nameless = np.flatnonzero(boxes.category < 0)
    return Faults(np.flatnonzero(~usable), beyond, nameless, _twice(boxes, usable, len(pictures)))


def _twice(boxes: Boxes, usable: BoolArray, pictures: int) -> Rows:
    rows = np.flatnonzero(usable if boxes.crowd is None else usable & ~boxes.crowd)
    if pictures > OVERLAP_PICTURES:
        asked = np.random.default_rng(0).choice(pictures, OVERLAP_PICTURES, replace=False)
        rows = rows[np.isin(boxes.picture[rows], asked)]
    # Boxes of different classes may well coincide: a rider and his horse, two names of one thing.
    place = boxes.picture[rows].astype(np.int64) * (int(boxes.category.max(initial=0)) + 2) + boxes.category[rows] + 1
    return rows[most_overlapping(place, boxes.xywh[rows]) >= SAME]


def fault_sentences(found: Faults, total: int, figure: str) -> Iterator[Insight]:
    """One for each kind of fault."""
    for kind, rows, told in (
        ("empty", found.empty, "have no width or no height"),
        ("beyond", found.beyond, "lie partly outside the picture"),
        ("nameless", found.nameless, "are of a class that is in no list"),
        ("twice", found.twice, f"coincide almost with another of their class (IoU of {SAME} or more)"),
    ):
        if len(rows):
            values = {kind: float(len(rows)), "of": float(total)}
            if kind == "twice":
                values["threshold"] = SAME
            verb, _, rest = told.partition(" ")
            text = f"{of(len(rows), total, 'boxes')} {does(len(rows), verb)} {rest}."
            yield Insight(kind="faulty-boxes", severity="warning", text=text, figure=figure, values=values)


def size_sentence(area: FloatArray, figure: str) -> Insight | None:
    """How many are small as COCO counts it, where they are many."""
    classes = size_classes(area)
    n, small = int((classes >= 0).sum()), int((classes == 0).sum())
    if n < LEAST or small < MANY_SMALL * n:
        return None
    low, high = (float(end) for end in wilson(small, n))
    text = (
        f"{percent(small, n)} [{100 * low:.1f}, {100 * high:.1f}] of {n:,} boxes are smaller than 32² px (COCO's "
        "“small”): detectors find those worst."
    )
    values = {"small": small / n, "threshold": MANY_SMALL, "n": float(n)}
    return Insight(kind="small-boxes", severity="info", text=text, figure=figure, values=values)


def class_sentences(
    table: NDArray[np.int64], names: Sequence[str], splits: Sequence[str], figure: str
) -> Iterator[Insight]:
    """Classes that a split lacks, and that have far fewer boxes than the most frequent; boxes by class and split."""
    counts = table.sum(axis=1)
    if counts.sum() < LEAST:
        return
    for split, name in enumerate(splits):
        absent = np.flatnonzero((counts > 0) & (table[:, split] == 0))
        if len(splits) > 1 and table[:, split].any() and len(absent):
            one = len(absent) == 1
            told = listed([names[place] for place in absent.tolist()])
            text = f"{'Class' if one else 'Classes'} {told} {'has' if one else 'have'} no box in {name}."
            values = {"absent": float(len(absent)), "classes": float((counts > 0).sum())}
            yield Insight(kind="absent-class", severity="warning", text=text, figure=figure, values=values)
    unused = [name for name, count in zip(names, counts, strict=False) if not count]
    if unused:
        text = f"{'Class' if len(unused) == 1 else 'Classes'} {listed(unused)}: no box anywhere."
        yield Insight(kind="unused-class", severity="info", text=text, figure=figure, values={"count": len(unused)})
    present = np.flatnonzero(counts > 0)
    least, most = int(present[counts[present].argmin()]), int(present[counts[present].argmax()])
    if (times := counts[most] / counts[least]) >= RARE:
        text = (
            f"Class {quoted(names[least])} has {counts[least]:,} boxes, {times:,.0f} times fewer than "
            f"{quoted(names[most])} ({counts[most]:,})."
        )
        values = {"ratio": float(times), "threshold": RARE}
        yield Insight(kind="rare-class", severity="info", text=text, figure=figure, values=values)
