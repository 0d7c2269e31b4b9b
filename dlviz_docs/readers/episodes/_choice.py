"""Which of many episodes are read: chosen at random, with a fixed seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from dlviz_docs.readers.episodes._types import Limits

__all__ = ["SEED", "chosen"]

SEED = 0
"""The same episodes with every build."""

T = TypeVar("T")


def chosen(items: Sequence[T], lengths: Sequence[int], wide: int, limits: Limits) -> list[T]:
    """As many as the limits allow, in their own order; at least one. `wide` is the numbers seen in a step."""
    order = np.random.default_rng(SEED).permutation(len(items)).tolist()
    if _fits(sum(lengths), wide, len(items), limits):
        return list(items)
    kept: list[int] = []
    steps = 0
    for place in order:
        if kept and not _fits(steps + lengths[place], wide, len(kept) + 1, limits):
            break
        kept.append(place)
        steps += lengths[place]
    return [items[place] for place in sorted(kept)]


def _fits(steps: int, wide: int, episodes: int, limits: Limits) -> bool:
    return (
        episodes <= limits.most_episodes and steps <= limits.most_steps and steps * max(wide, 1) <= limits.most_numbers
    )
