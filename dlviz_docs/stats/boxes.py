"""Annotated boxes as numbers: sizes as COCO names them, where their centres lie, which overlap, which are faulty."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["LARGE", "SMALL", "beyond_edge", "centre_grid", "most_overlapping", "size_classes"]

Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.intp]

SMALL, LARGE = 32.0**2, 96.0**2
"""Areas in px² below which COCO calls a box small, and from which on large (Lin et al., "Microsoft COCO", 2014)."""
SLACK = 1.0
"""Pixels that a box may lie beyond the edge: coordinates are rounded."""
_PAIRS_A_PICTURE = 300
"""Boxes of one picture that are compared with each other at most."""


def size_classes(area: Floats) -> NDArray[np.int32]:
    """0 small, 1 medium, 2 large, shape (m,); -1 where the area is not finite or not positive."""
    with np.errstate(invalid="ignore"):
        sizes = (area >= SMALL).astype(np.int32) + (area >= LARGE)
        sizes[~((area > 0) & np.isfinite(area))] = -1
    return sizes


def beyond_edge(xywh: Floats, sizes: Floats) -> Floats:
    """How many px each box reaches beyond its picture, at most on one side, shape (m,); 0 for at most `SLACK`.

    `sizes` are width and height of each box's picture; NaN where they are not known.
    """
    ends = xywh[:, :2] + xywh[:, 2:]
    with np.errstate(invalid="ignore"):
        over = np.maximum(-xywh[:, :2], ends - sizes).max(axis=1) if len(xywh) else np.zeros(0)
        beyond: Floats = np.where(over > SLACK, over, 0.0)
    return np.where(np.isnan(sizes).any(axis=1), np.nan, beyond)


def centre_grid(xywh: Floats, sizes: Floats, cells: int = 20) -> NDArray[np.int64]:
    """How many centres lie in each cell of the picture, shape (cells, cells): rows from the top, columns from the left.

    Centres outside of their picture count for none.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        centres = (xywh[:, :2] + xywh[:, 2:] / 2) / sizes
        inside = ((centres >= 0) & (centres <= 1)).all(axis=1)
    places = np.minimum((centres[inside] * cells).astype(np.intp), cells - 1)
    grid: NDArray[np.int64] = np.bincount(places[:, 1] * cells + places[:, 0], minlength=cells * cells)
    return grid.reshape(cells, cells)


def most_overlapping(picture: NDArray[np.int32], xywh: Floats) -> Floats:
    """The largest IoU of each box with another of its picture, shape (m,); of very many in one, the first 300 count."""
    best = np.zeros(len(picture))
    if not len(picture):
        return best
    order = np.argsort(picture, kind="stable")
    starts = np.flatnonzero(np.concatenate(([True], picture[order][1:] != picture[order][:-1])))
    ends = np.append(starts[1:], len(order))
    for start, end in zip(starts, ends, strict=True):
        if end - start > 1:
            rows = order[start : min(end, start + _PAIRS_A_PICTURE)]
            best[rows] = _ious(xywh[rows]).max(axis=1)
    return best


def _ious(xywh: Floats) -> Floats:
    """Of all with all; 0 of each with itself."""
    low, high = xywh[:, :2], xywh[:, :2] + xywh[:, 2:]
    sides = np.minimum(high[:, None], high[None]) - np.maximum(low[:, None], low[None])
    shared = np.clip(sides, 0, None).prod(axis=2)
    area = np.clip(xywh[:, 2:], 0, None).prod(axis=1)
    union = area[:, None] + area[None] - shared
    ious: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    np.fill_diagonal(ious, 0)
    return np.nan_to_num(ious)
