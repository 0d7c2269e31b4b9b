"""What rewards come to: when they come, which of their terms they are, and what goes with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["decay", "first_reward", "mean_over_phases", "nonzero_share"]

Floats: TypeAlias = NDArray[np.float64]


def nonzero_share(rewards: Sequence[Floats]) -> float:
    """Share of all steps with a reward that is not zero; of finite ones; NaN without any."""
    pooled = np.concatenate([one[np.isfinite(one)] for one in rewards]) if rewards else np.zeros(0)
    return float((pooled != 0).mean()) if len(pooled) else float("nan")


def first_reward(rewards: Floats) -> int | None:
    """Steps until the first reward that is not zero, 1 for the first step; None where there is none."""
    places = np.flatnonzero(np.isfinite(rewards) & (rewards != 0))
    return int(places[0]) + 1 if len(places) else None


def mean_over_phases(tracks: Sequence[Floats], phases: int) -> Floats:
    """Mean per step in so many equal parts of an episode, shape (phases,), episodes of any length counted alike;
    NaN for a part that no step falls into."""
    sums, counts = np.zeros(phases), np.zeros(phases)
    for track in tracks:
        if not len(track):
            continue
        places = np.minimum((np.arange(len(track)) * phases) // len(track), phases - 1)
        known = np.isfinite(track)
        own = np.bincount(places[known], weights=track[known], minlength=phases)
        seen = np.bincount(places[known], minlength=phases)
        sums += np.divide(own, seen, out=np.zeros(phases), where=seen > 0)
        counts += seen > 0
    return np.asarray(np.divide(sums, counts, out=np.full(phases, np.nan), where=counts > 0))


def decay(gamma: float) -> float:
    """Steps after which a reward counts 1/e: the horizon of a discount; infinite for 1."""
    return float("inf") if gamma >= 1 else -1 / float(np.log(gamma)) if gamma > 0 else 0.0
