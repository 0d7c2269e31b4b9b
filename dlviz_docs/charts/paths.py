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
    if not whole.any():
        return ""
    across, down = _grid(x), _grid(1 - y)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], whole, [False])).astype(np.int8)))
    return "".join(_piece(across[a:b], down[a:b]) for a, b in zip(edges[::2], edges[1::2], strict=True))


def area(x: FloatArray, low: FloatArray, high: FloatArray) -> str:
    """Closed path between two curves of places from 0 to 1; points where either is not finite are left out."""
    whole = np.isfinite(low) & np.isfinite(high)
    if not whole.any():
        return ""
    x, low, high = x[whole], low[whole], high[whole]
    return _piece(_grid(np.concatenate((x, x[::-1]))), _grid(1 - np.concatenate((high, low[::-1])))) + "z"


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


def _grid(places: FloatArray) -> NDArray[np.int64]:
    with np.errstate(invalid="ignore"):
        return np.rint(np.clip(places, -1, 2) * GRID).astype(np.int64)


def _piece(across: NDArray[np.int64], down: NDArray[np.int64]) -> str:
    """One unbroken line, written as steps from point to point: two thirds the length of full positions."""
    start = f"M{across[0]} {down[0]}"
    if len(across) == 1:
        return f"{start}h0"
    steps = np.column_stack((np.diff(across), np.diff(down)))
    steps = steps[steps.any(axis=1)]
    if not len(steps):
        return f"{start}h0"
    return f"{start}l{' '.join(map(str, steps.ravel().tolist()))}".replace(" -", "-")
