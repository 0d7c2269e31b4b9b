"""Masks as runs of pixels: outlines filled as COCO fills them, areas, and how far two masks overlap.

Pixels are counted column by column, as in the run lengths of the COCO API (Lin and Dollár, 2015, maskApi.c).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.matching import LEAST_OVERLAP, Overlaps, Set

__all__ = ["MOST_WORK", "Filled", "Runs", "filled", "mask_overlaps", "of_counts", "together"]

Ints: TypeAlias = NDArray[np.int64]
Filled: TypeAlias = tuple[Ints, Ints]
"""Where runs of foreground start and end, ascending; no two of one mask overlap."""

MOST_WORK = 60_000_000
"""Runs that are held against another mask, all together: some three CPU-seconds."""
_SCALE = 5.0
"""Outlines are drawn so many times larger, then made smaller."""


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """m masks, one behind the other."""

    starts: Ints
    ends: Ints
    first: NDArray[np.intp]
    """Place of each mask's first run, and the number of all runs: shape (m + 1,)."""

    def __len__(self) -> int:
        return len(self.first) - 1

    @property
    def areas(self) -> NDArray[np.float64]:
        """In px², shape (m,)."""
        summed = np.concatenate([[0], np.cumsum(self.ends - self.starts)])
        areas: NDArray[np.float64] = (summed[self.first[1:]] - summed[self.first[:-1]]).astype(np.float64)
        return areas

    def places(self, masks: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Places of all runs of these masks, and where each mask's begin among them."""
        lengths = self.first[masks + 1] - self.first[masks]
        begins = np.cumsum(lengths) - lengths
        return np.repeat(self.first[masks] - begins, lengths) + np.arange(int(lengths.sum())), begins

    def taken(self, masks: NDArray[np.intp]) -> Runs:
        """Some of them, in this order."""
        places, _ = self.places(masks)
        lengths = self.first[masks + 1] - self.first[masks]
        return Runs(self.starts[places], self.ends[places], np.concatenate([[0], np.cumsum(lengths)]).astype(np.intp))


def together(masks: Sequence[Filled]) -> Runs:
    """Masks one behind the other."""
    first = np.concatenate([[0], np.cumsum([len(starts) for starts, _ in masks])]).astype(np.intp)
    nothing = np.zeros(0, np.int64)
    starts = np.concatenate([nothing, *(starts for starts, _ in masks)])
    return Runs(starts, np.concatenate([nothing, *(ends for _, ends in masks)]), first)


def of_counts(counts: Sequence[int]) -> Filled:
    """Of run lengths, background first."""
    bounds = np.cumsum(np.array(counts, np.int64))
    starts, ends = bounds[0:-1:2], bounds[1::2]
    kept = ends > starts
    return starts[kept], ends[kept]


def filled(outline: Sequence[Sequence[float]], height: int, width: int) -> Filled:
    """Pixels within at least one of the polygons x, y, x, y, ...; what is no polygon, or not finite, is left out."""
    parts = [
        _polygon(np.array(polygon, np.float64).reshape(-1, 2), height, width)
        for polygon in outline
        if _is_polygon(polygon)
    ]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    starts, ends = (np.concatenate(side) for side in zip(*parts, strict=True))
    steps = np.concatenate([np.ones(len(starts), np.int64), -np.ones(len(ends), np.int64)])
    places = np.concatenate([starts, ends])
    order = np.lexsort((-steps, places))
    depth, places = np.cumsum(steps[order]), places[order]
    before = np.concatenate([[0], depth[:-1]])
    return places[(before == 0) & (depth > 0)], places[(before > 0) & (depth == 0)]


def _is_polygon(polygon: Sequence[float]) -> bool:
    return len(polygon) >= 6 and len(polygon) % 2 == 0 and bool(np.abs(polygon).max() < 1e6)  # not NaN either


def _polygon(points: NDArray[np.float64], height: int, width: int) -> Filled:
    """rleFrPoly: the boundary in small steps, and where it crosses the middle of a column of pixels."""
    x, y = np.trunc(_SCALE * points + 0.5).astype(np.int64).T
    u, v = _boundary(x, y)
    change = u[1:] != u[:-1]
    column = np.where(u[1:] < u[:-1], u[1:], u[1:] - 1)[change]
    row = np.minimum(v[1:], v[:-1])[change]
    at = (column + 0.5) / _SCALE - 0.5
    inside = (np.floor(at) == at) & (at >= 0) & (at <= width - 1)
    down = np.ceil(np.clip((row[inside] + 0.5) / _SCALE - 0.5, 0, height)).astype(np.int64)
    crossings = np.sort(at[inside].astype(np.int64) * height + down)
    if len(crossings) % 2:
        crossings = np.append(crossings, height * width)
    starts, ends = crossings[::2], crossings[1::2]
    kept = ends > starts
    return starts[kept], ends[kept]


def _boundary(x: Ints, y: Ints) -> tuple[Ints, Ints]:
    """All points on the edges of a closed polygon, one step along the longer side at a time."""
    others = np.roll(x, -1), np.roll(y, -1)
    dx, dy = np.abs(others[0] - x), np.abs(others[1] - y)
    flat = dx >= dy
    flip = np.where(flat, x > others[0], y > others[1])
    xs, xe = np.where(flip, others[0], x), np.where(flip, x, others[0])
    ys, ye = np.where(flip, others[1], y), np.where(flip, y, others[1])
    steps = np.maximum(dx, dy)
    slope = np.where(flat, ye - ys, xe - xs) / np.maximum(steps, 1)
    edge = np.repeat(np.arange(len(x)), steps + 1)
    walked = np.arange(len(edge)) - np.repeat(np.cumsum(steps + 1) - steps - 1, steps + 1)
    t = np.where(flip[edge], steps[edge] - walked, walked)
    short = np.trunc(np.where(flat, ys, xs)[edge] + slope[edge] * t + 0.5).astype(np.int64)
    long = np.where(flat, xs, ys)[edge] + t
    return np.where(flat[edge], long, short), np.where(flat[edge], short, long)


def mask_overlaps(mine: Runs, others: Runs, boxes: Set, truth: Set, least: float = LEAST_OVERLAP) -> Overlaps | None:
    """All pairs of masks of one picture with an IoU of at least `least`; None where that would take too long.

    Against a crowd the share of the prediction that lies in it counts. `mine` are the masks of `boxes` in their order.
    """
    by_picture = np.argsort(boxes.picture, kind="stable")
    begins = np.searchsorted(boxes.picture[by_picture], truth.picture, "left")
    ends = np.searchsorted(boxes.picture[by_picture], truth.picture, "right")
    sizes, own = mine.areas, others.areas
    nothing = np.zeros(0, np.intp)
    found = [(nothing, nothing, np.zeros(0))]
    work = 0
    for g in np.flatnonzero((ends > begins) & (own > 0)).tolist():
        starts, stops = (side[others.first[g] : others.first[g + 1]] for side in (others.starts, others.ends))
        near = by_picture[begins[g] : ends[g]]
        near = near[sizes[near] > 0]
        near = near[(mine.starts[mine.first[near]] < stops[-1]) & (mine.ends[mine.first[near + 1] - 1] > starts[0])]
        if not len(near):
            continue
        places, first = mine.places(near)
        if (work := work + len(places)) > MOST_WORK:
            return None
        summed = np.cumsum(stops - starts)
        bounds = np.stack([starts, stops], axis=1).ravel()
        heights = np.stack([summed - (stops - starts), summed], axis=1).ravel().astype(np.float64)
        shared = np.interp(mine.ends[places], bounds, heights) - np.interp(mine.starts[places], bounds, heights)
        both = np.add.reduceat(shared, first)
        iou = both / (sizes[near] if truth.crowd[g] else sizes[near] + own[g] - both)
        kept = iou >= least
        found.append((near[kept], np.full(int(kept.sum()), g), iou[kept]))
    box, other, iou = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((other, iou, box))
    return Overlaps(box[order], other[order], iou[order])
