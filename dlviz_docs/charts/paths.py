"""Curves as SVG path data on a grid of 1000 by 1000, with gaps where a value is no number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray

__all__ = ["GRID", "Odd", "allot", "area", "curve", "odd_places"]

GRID: Final = 1000
"""Grid units across and down: finer than a pixel, coarse enough for short numbers."""

OddKind = Literal["nan", "high", "low"]


@dataclass(frozen=True, slots=True)
class Odd:
    """A stretch along the axis where a curve cannot be drawn; `start` and `end` are places from 0 to 1."""

    kind: OddKind
    start: float
    end: float


def allot(counts: Sequence[int], budget: int, least: int = 40) -> list[int]:
    """Share out `budget` points: short curves keep all of theirs, long ones share the rest, never under `least`."""
    shares = [0] * len(counts)
    left = budget
    for rank, i in enumerate(sorted(range(len(counts)), key=lambda i: counts[i])):
        shares[i] = min(counts[i], max(least, left // (len(counts) - rank)))
        left -= shares[i]
    return shares


def curve(x: FloatArray, y: FloatArray) -> str:
    """Path of a curve through places from 0 to 1 (y upwards), shape (n,) each; broken where y is not finite.

    A point alone between two gaps becomes a dot: a line of no length with round ends.
    """
    whole = np.isfinite(y)
    if whole.all():
        return _piece(x, y) if len(x) else ""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], whole, [False])).astype(np.int8)))
    return "".join(_piece(x[a:b], y[a:b]) for a, b in zip(edges[::2], edges[1::2], strict=True))


def area(x: FloatArray, low: FloatArray, high: FloatArray) -> str:
    """Closed path between two curves of places from 0 to 1; points where either is not finite are left out."""
    whole = np.isfinite(low) & np.isfinite(high)
    if not whole.any():
        return ""
    x, low, high = x[whole], low[whole], high[whole]
    return _piece(np.concatenate((x, x[::-1])), np.concatenate((high, low[::-1]))) + "z"


def odd_places(x: FloatArray, y: FloatArray, *, nearest: float = 0.015) -> Iterator[Odd]:
    """Where along the axis `y` is NaN, +Inf or -Inf; points that follow each other or are `nearest` are one stretch."""
    kinds: tuple[tuple[OddKind, NDArray[np.bool_]], ...] = (
        ("nan", np.isnan(y)),
        ("high", y == np.inf),
        ("low", y == -np.inf),
    )
    for kind, where in kinds:
        indices = np.flatnonzero(where)
        places = x[indices]
        if len(places):
            apart = (np.diff(places) > nearest) & (np.diff(indices) > 1)
            for stretch in np.split(places, np.flatnonzero(apart) + 1):
                yield Odd(kind, float(stretch[0]), float(stretch[-1]))


def _piece(x: FloatArray, y: FloatArray) -> str:
    """One unbroken line, written as steps from point to point: two thirds the length of full positions."""
    points = np.empty((len(x), 2))
    points[:, 0], points[:, 1] = x, 1 - y
    grid = np.rint(points * GRID).astype(np.int64)
    start = f"M{grid[0, 0]} {grid[0, 1]}"
    if len(x) == 1:
        return f"{start}h0"
    steps = (grid[1:] - grid[:-1]).ravel().tolist()
    return f"{start}l{' '.join(map(str, steps))}".replace(" -", "-")
