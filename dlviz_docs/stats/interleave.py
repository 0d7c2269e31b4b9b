"""Episodes of environments that run side by side, as the one agent in all of them lived through them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray

__all__ = ["interleaved", "steps_at"]


def steps_at(lengths: FloatArray) -> FloatArray:
    """Environment steps taken when each episode ended; an episode of no known length adds none."""
    known = np.where(np.isfinite(lengths), np.maximum(lengths, 0.0), 0.0)
    total: FloatArray = np.cumsum(known)
    return total


def interleaved(ends: Sequence[FloatArray], lengths: Sequence[FloatArray]) -> tuple[NDArray[np.intp], FloatArray]:
    """The order of all episodes by when they ended, and the steps of all environments together at each, in that order.

    `ends` and `lengths` hold an array for each environment; places in the order count through them one after the other.
    Source: `load_results` and `ts2xy` of Stable-Baselines3, common/monitor.py and common/results_plotter.py.
    """
    order = np.argsort(np.concatenate(ends), kind="stable")
    return order, steps_at(np.concatenate(lengths)[order])
