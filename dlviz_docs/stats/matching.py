"""Which predicted box is which annotated one: overlaps, and the matching of the COCO evaluation.

Lin et al., "Microsoft COCO: Common Objects in Context" (2014), as `pycocotools.cocoeval` computes it: within a picture
and a class, from the most confident prediction down, each takes the annotation that it overlaps most and that is free.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["AREAS", "IOUS", "LEAST_OVERLAP", "MOST_BOXES", "Overlaps", "Set", "match", "overlaps", "ranks"]

Floats: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.intp]

IOUS = np.linspace(0.5, 0.95, 10)
"""The ten thresholds of AP@[.50:.95]."""
AREAS = ((0.0, 1e10), (0.0, 32.0**2), (32.0**2, 96.0**2), (96.0**2, 1e10))
"""All, small, medium and large, in px², ends included."""
MOST_BOXES = 100
"""Predictions of one class in one picture that count, the most confident ones."""
LEAST_OVERLAP = 0.1
"""Overlaps below it are nothing, as in TIDE."""
_CHUNK = 1 << 20
"""Pairs looked at at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Set:
    """Boxes of many pictures, shape (m,) each: predictions in order of descending score, or annotations."""

    picture: NDArray[np.int32]
    category: NDArray[np.int32]
    xywh: Floats
    area: Floats
    crowd: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.picture)


@dataclass(frozen=True, slots=True, eq=False)
class Overlaps:
    """Pairs of a prediction and an annotation of the same picture that overlap, ordered by prediction, then IoU."""

    box: Places
    truth: Places
    iou: Floats

    def where(self, chosen: NDArray[np.bool_]) -> Overlaps:
        """Some of the pairs."""
        return Overlaps(self.box[chosen], self.truth[chosen], self.iou[chosen])


def overlaps(boxes: Set, truth: Set, least: float = LEAST_OVERLAP) -> Overlaps:
    """All pairs with an IoU of at least `least`; against a crowd the share of the prediction that lies in it counts."""
    order = np.argsort(truth.picture, kind="stable")
    begins = np.searchsorted(truth.picture[order], boxes.picture, "left")
    counts = np.searchsorted(truth.picture[order], boxes.picture, "right") - begins
    ends = np.cumsum(counts)
    found: list[tuple[Places, Places, Floats]] = []
    first = 0
    while first < len(boxes):
        before = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + _CHUNK, "right")))
        some = np.repeat(np.arange(first, last), counts[first:last])
        within = np.arange(len(some)) - np.repeat(ends[first:last] - counts[first:last] - before, counts[first:last])
        others = order[begins[some] + within]
        iou = _iou(boxes.xywh[some], truth.xywh[others], truth.crowd[others])
        kept = iou >= least
        found.append((some[kept], others[kept], iou[kept]))
        first = last
    box, other, iou = (np.concatenate(parts) for parts in zip(*found, strict=True)) if found else _NO_PAIRS
    by = np.lexsort((other, iou, box))
    return Overlaps(box[by], other[by], iou[by])


_NO_PAIRS = (np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0))


def _iou(a: Floats, b: Floats, crowd: NDArray[np.bool_]) -> Floats:
    with np.errstate(all="ignore"):
        width = np.minimum(a[:, 0] + a[:, 2], b[:, 0] + b[:, 2]) - np.maximum(a[:, 0], b[:, 0])
        height = np.minimum(a[:, 1] + a[:, 3], b[:, 1] + b[:, 3]) - np.maximum(a[:, 1], b[:, 1])
        both = np.where((width > 0) & (height > 0), width * height, 0.0)
        own = a[:, 2] * a[:, 3]
        iou = both / np.where(crowd, own, own + b[:, 2] * b[:, 3] - both)
    return np.nan_to_num(iou, nan=0.0, posinf=0.0, neginf=0.0)


def ranks(groups: NDArray[np.int64]) -> Places:
    """How many earlier elements are of the same group, shape (m,)."""
    order = np.argsort(groups, kind="stable")
    sorted_groups = groups[order]
    begins = np.searchsorted(sorted_groups, sorted_groups, "left")
    ranked = np.empty(len(groups), np.intp)
    ranked[order] = np.arange(len(groups)) - begins
    return ranked


def match(
    boxes: Set, truth: Set, pairs: Overlaps, ious: Floats = IOUS, areas: tuple[tuple[float, float], ...] = AREAS
) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.bool_]]:
    """For each IoU, range of areas and prediction the annotation it takes (-1 for none), and whether it is left out.

    Shapes (t, a, m), (t, a, m), and (a, g): which annotations are left out in each range. Predictions have to come in
    descending order of score, at most 100 of a class and a picture.
    """
    taken_by = np.full((len(ious), len(areas), len(boxes)), -1, np.int32)
    unasked = np.array([truth.crowd | (truth.area < low) | (truth.area > high) for low, high in areas]).reshape(
        len(areas), len(truth)
    )
    outside = np.array([(boxes.area < low) | (boxes.area > high) for low, high in areas]).reshape(
        len(areas), len(boxes)
    )
    same = boxes.category[pairs.box] == truth.category[pairs.truth]
    pairs = pairs.where(same & (pairs.iou >= min(ious[0], 1 - 1e-10)))
    _take(taken_by, boxes, truth, pairs, ious, unasked)
    left_out = np.where(taken_by >= 0, _at(unasked, taken_by), outside[None])
    return taken_by, left_out, unasked


def _at(unasked: NDArray[np.bool_], taken_by: NDArray[np.int32]) -> NDArray[np.bool_]:
    if not unasked.shape[1]:
        return np.zeros(taken_by.shape, np.bool_)
    rows = np.arange(len(unasked))[None, :, None]
    found: NDArray[np.bool_] = unasked[rows, np.maximum(taken_by, 0)]
    return found


def _take(
    taken_by: NDArray[np.int32],
    boxes: Set,
    truth: Set,
    pairs: Overlaps,
    ious: Floats,
    unasked: NDArray[np.bool_],
) -> None:
    """All pictures and classes at once: first the most confident prediction of each, then the second, ..."""
    if not len(pairs.box):
        return
    free = np.ones((len(ious), len(unasked), len(truth)), np.bool_)
    deciding, first_pairs, counts = np.unique(pairs.box, return_index=True, return_counts=True)
    groups = boxes.picture[deciding].astype(np.int64) * (int(boxes.category.max(initial=0)) + 2)
    rank = ranks(groups + boxes.category[deciding])
    by_rank = np.argsort(rank, kind="stable")
    ends = np.searchsorted(rank[by_rank], np.arange(int(rank.max(initial=-1)) + 1), "right")
    lowest = np.minimum(ious, 1 - 1e-10)[:, None, None]
    for begin, end in zip([0, *ends[:-1]], ends, strict=True):
        turn = by_rank[begin:end]
        length = counts[turn]
        starts = np.cumsum(length) - length
        some = np.repeat(first_pairs[turn] - starts, length) + np.arange(int(length.sum()))
        other = pairs.truth[some]
        fits = (pairs.iou[some] >= lowest) & (free[:, :, other] | truth.crowd[other])
        # The last that fits is the best, since pairs ascend; what is left out is taken only where nothing else fits.
        place = np.where(fits, np.arange(1, len(some) + 1) + len(some) * ~unasked[:, other], 0)
        best = np.maximum.reduceat(place, starts, axis=2)
        chosen = other[(best - 1) % max(len(some), 1)]
        t, a, box = np.nonzero(best)
        taken = chosen[t, a, box]
        taken_by[t, a, deciding[turn][box]] = taken
        free[t, a, taken] = False
