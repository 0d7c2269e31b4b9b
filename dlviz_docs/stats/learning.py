"""The course of one learning curve: how soon it rises, what it loses again, where it stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.robust import noise

__all__ = ["COLLAPSE_LASTS", "COLLAPSE_LOSS", "Fall", "average_height", "collapses", "drop", "reached", "standstill"]

Floats: TypeAlias = NDArray[np.float64]

COLLAPSE_LOSS = 0.3
"""Of the curve's range, below the highest value so far."""
COLLAPSE_LASTS = 0.1
"""Of the training: shorter ones are dips."""
_FEWEST_POINTS = 3
"""One bad evaluation of ten, or two, are chance."""
_NOISES = 3.0
"""Standard deviations of single points that a fall has to exceed: what noise alone loses is none."""


@dataclass(frozen=True, slots=True)
class Fall:
    """A stretch in which a curve lies far below what it had reached. Places are those of x."""

    start: float
    end: float
    peak: float
    """The highest value before."""
    low: float
    """The lowest value of the stretch."""
    lasting: bool
    """Whether the curve ends in it."""


def average_height(x: Floats, y: Floats) -> float:
    """Area under the curve over its width (trapezoids): the mean return over the whole training. NaN for one point."""
    width = x[-1] - x[0] if len(x) > 1 else 0.0
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2) / width) if width > 0 else np.nan


def reached(x: Floats, y: Floats, level: float) -> float:
    """Where the curve first is at `level` or above, between two points by interpolation; NaN where it never is."""
    above = np.flatnonzero(y >= level)
    if not len(above):
        return np.nan
    here = int(above[0])
    if not here or y[here] == y[here - 1]:
        return float(x[here])
    share = (level - y[here - 1]) / (y[here] - y[here - 1])
    return float(x[here - 1] + share * (x[here] - x[here - 1]))


def drop(y: Floats) -> tuple[float, int]:
    """How far the end, the mean of the last tenth, lies below the highest value, and the place of that."""
    peak = int(y.argmax())
    return float(y[peak] - y[-max(1, len(y) // 10) :].mean()), peak


def collapses(
    x: Floats, y: Floats, *, loss: float = COLLAPSE_LOSS, lasts: float = COLLAPSE_LASTS, least: float = 0.0
) -> list[Fall]:
    """Stretches of more than `lasts` of x in which y is more than `loss` of its range below its running maximum.

    `least` is what a fall is at least, whatever the range: an agent that never learned has nothing to lose.
    """
    if len(y) < 3 or not x[-1] > x[0]:
        return []
    best = np.maximum.accumulate(y)
    below = best - y > max(loss * (y.max() - y.min()), _NOISES * noise(y), least)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], below, [False]]).astype(np.int8)))
    found = []
    for start, end in edges.reshape(-1, 2).tolist():
        last = min(end, len(y) - 1)
        if end - start >= _FEWEST_POINTS and x[last] - x[start] > lasts * (x[-1] - x[0]):
            low = float(y[start:end].min())
            found.append(Fall(float(x[start]), float(x[last]), float(best[start]), low, lasting=end == len(y)))
    return found


def standstill(x: Floats, y: Floats, *, gain: float) -> float:
    """Where the curve last had more than `gain` of its range still to win: from there on it has learned no more.

    Its running maximum is asked, so that a curve that falls again stands still as well.
    """
    best = np.maximum.accumulate(y)
    left = best[-1] - best
    return float(x[np.flatnonzero(left <= gain * (best[-1] - y.min()))[0]])
