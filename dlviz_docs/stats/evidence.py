"""Where the mass of a map lies. Negative values speak against and are no mass; what is not finite is none either."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlviz_docs.model import FloatArray

__all__ = ["FRAME", "box_share", "frame_area", "frame_share", "half_of", "mean_of"]

FRAME = 0.1
"""Width of the frame along the border, as a share of each side."""


def _mass(values: FloatArray) -> FloatArray:
    """Shape of `values`, sums to 1; all zeros where nothing speaks for the answer."""
    mass = np.where(np.isfinite(values), values, 0.0).clip(min=0).astype(np.float64)
    mass /= mass.max(initial=0.0) or 1.0
    return np.asarray(mass / (mass.sum() or 1.0))


def half_of(values: FloatArray) -> float:
    """Share of the area that holds half of the mass, the strongest cells first: 0.5 for an even map, NaN for an empty
    one. Of the last cell only the part that is needed counts.
    """
    mass = np.sort(_mass(values).ravel())[::-1]
    if not mass.sum():
        return float("nan")
    total = np.cumsum(mass)
    last = int(np.searchsorted(total, 0.5))
    before = total[last - 1] if last else 0.0
    return float((last + (0.5 - before) / mass[last]) / len(mass))


def frame_share(values: FloatArray, width: float = FRAME) -> float:
    """Share of the mass along the border; cells that lie in the frame with a part count with that part. An even map has
    `frame_area`; NaN for an empty one.
    """
    mass = _mass(values)
    inner = np.outer(*(_inside(length, width) for length in mass.shape))
    return float(1 - (mass * inner).sum()) if mass.sum() else float("nan")


def _inside(cells: int, width: float) -> FloatArray:
    """Share of each of the cells of one side that lies off the frame, shape (cells,)."""
    edges = np.linspace(0, 1, cells + 1).clip(width, 1 - width)
    return np.asarray(np.diff(edges) * cells)


def box_share(values: FloatArray, box: tuple[float, float, float, float]) -> float:
    """Share of the mass in a box, whose left, top, right and bottom are shares of what the map covers; cells that lie
    in it with a part count with that part. NaN for an empty map.
    """
    mass = _mass(values)
    sides = zip(mass.shape, ((box[1], box[3]), (box[0], box[2])), strict=True)
    inner = np.outer(*(np.diff(np.linspace(0, 1, cells + 1).clip(*ends)) * cells for cells, ends in sides))
    return float((mass * inner).sum()) if mass.sum() else float("nan")


def frame_area(width: float = FRAME) -> float:
    """Share of the area that the frame has."""
    return 1 - (1 - 2 * width) ** 2


def mean_of(maps: Sequence[FloatArray]) -> FloatArray | None:
    """Mean of the maps that have the shape most of them have, each with a mass of 1; None where all are empty."""
    shapes = [one.shape for one in maps]
    usual = max(dict.fromkeys(shapes), key=shapes.count, default=None)
    masses = [_mass(one) for one in maps if one.shape == usual]
    masses = [one for one in masses if one.any()]
    return np.asarray(np.mean(masses, axis=0)) if masses else None
