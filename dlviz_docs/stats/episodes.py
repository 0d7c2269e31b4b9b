"""What the steps of an episode come to: returns to go, errors of temporal difference, and where to look first.

T steps and `a` actions; a number that is missing leaves missing what depends on it, and nothing else.
"""

from __future__ import annotations

import numpy as np

from dlviz_docs.model import FloatArray
from dlviz_docs.stats.robust import NORMAL_MAD

__all__ = ["entropies", "farthest", "importance", "lead", "returns_to_go", "spread_out", "td_errors", "worst_fall"]

UNUSUAL = 4.0
"""Robust standard deviations from the median."""


def returns_to_go(rewards: FloatArray, gamma: float) -> FloatArray:
    """G(t) = r(t) + gamma G(t + 1), shape (T,): what was still to come, of what was recorded."""
    found = np.empty(len(rewards))
    after = 0.0
    for t in range(len(rewards) - 1, -1, -1):
        found[t] = after = rewards[t] + gamma * after
    return found


def td_errors(rewards: FloatArray, values: FloatArray, gamma: float, after: float) -> FloatArray:
    """r(t) + gamma V(t + 1) - V(t), shape (T,); `after` is the value of what follows the last step: 0 at an end of the
    task, NaN where time ran out and nobody asked the agent."""
    return np.asarray(rewards + gamma * np.append(values[1:], after) - values)


def entropies(probabilities: FloatArray) -> FloatArray:
    """Of the policy at each step in nats, shape (T,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(
            probabilities > 0, probabilities * np.log(probabilities), np.where(probabilities == 0, 0.0, np.nan)
        )
    return np.asarray(np.abs(terms.sum(axis=1)))


def importance(action_values: FloatArray) -> FloatArray:
    """max Q - mean Q at each step, shape (T,): what is lost by acting at random there (Huang, Held, Abbeel and Dragan,
    "Enabling robots to communicate their objectives", 2018; HIGHLIGHTS of Amir and Amir, 2018, takes max - min)."""
    return np.asarray(action_values.max(axis=1) - action_values.mean(axis=1))


def lead(scores: FloatArray) -> FloatArray:
    """By how much the best action is ahead of the second, shape (T,)."""
    if scores.shape[1] < 2:
        return np.full(len(scores), np.nan)
    ordered = np.partition(scores, -2, axis=1)
    return np.asarray(ordered[:, -1] - ordered[:, -2])


def farthest(values: FloatArray, most: int, apart: int) -> list[int]:
    """Places of values beyond four robust standard deviations of the median, the farthest first and none closer than
    `apart` to a farther one. Where most values are alike, whatever is not is unusual."""
    known = values[np.isfinite(values)]
    if len(known) < 3:
        return []
    middle = float(np.median(known))
    away = np.where(np.isfinite(values), np.abs(values - middle), 0.0)
    limit = UNUSUAL * NORMAL_MAD * float(np.median(np.abs(known - middle)))
    limit = max(limit, 1e-9 * float(away.max()))
    return spread_out([int(t) for t in np.argsort(-away, kind="stable") if away[t] > limit], most, apart)


def spread_out(places: list[int], most: int, apart: int) -> list[int]:
    """The first of `places`, none closer than `apart` to one that comes before it."""
    kept: list[int] = []
    for place in places:
        if len(kept) == most:
            break
        if all(abs(place - other) >= apart for other in kept):
            kept.append(place)
    return kept


def worst_fall(values: FloatArray, within: int) -> tuple[int, int] | None:
    """Start and end of the greatest fall within so many steps; None where values never fall."""
    best, found = 0.0, None
    for width in range(1, min(within, len(values) - 1) + 1):
        falls = values[:-width] - values[width:]
        if np.isfinite(falls).any() and (most := float(np.nanmax(falls))) > best * (1 + 1e-9):
            start = int(np.nanargmax(falls))
            best, found = most, (start, start + width)
    return found
