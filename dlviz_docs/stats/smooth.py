"""A long noisy curve as a few robust levels."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.robust import median, row_medians

__all__ = ["block_medians", "median_of_three"]

Floats: TypeAlias = NDArray[np.float64]


def block_medians(values: Floats, least: int) -> tuple[Floats, int, int]:
    """Medians of blocks, the points in a block, and where the first full block starts.

    There are `least` to 2 * `least` blocks, or one a point where there are fewer points. They are counted from the end,
    where judgements look; what is left over at the start is a block of its own.
    """
    width = max(1, len(values) // least)
    offset = len(values) % width
    medians = row_medians(values[offset:].reshape(-1, width))
    if offset:
        medians = np.concatenate([[median(values[:offset])], medians])
    return medians, width, offset


def median_of_three(values: Floats) -> Floats:
    """Running median of three, ends by extrapolation (Tukey, "Exploratory Data Analysis", 1977, chapter 7)."""
    if len(values) < 3:
        return values
    before, here, after = values[:-2], values[1:-1], values[2:]
    middle = np.maximum(np.minimum(before, here), np.minimum(np.maximum(before, here), after))
    if len(middle) == 1:
        return np.concatenate([values[:1], middle, values[-1:]])
    first = sorted((values[0], middle[0], 3 * middle[0] - 2 * middle[1]))[1]
    last = sorted((values[-1], middle[-1], 3 * middle[-1] - 2 * middle[-2]))[1]
    return np.concatenate([[first], middle, [last]])
