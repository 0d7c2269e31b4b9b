"""Rows of mixed columns as points: standardised numbers beside indicators of levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Design", "design"]

Floats: TypeAlias = NDArray[np.float64]

FARTHEST = 4.0
"""Standard deviations a number may lie out: one wild value must not be a direction of its own."""
RAREST = 0.01
"""Share of the rows a level must have to be an indicator."""


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """n rows as points."""

    points: Floats
    """Shape (n, d), every column with mean 0."""
    sources: tuple[int, ...]
    """The place of the column each of the d is of: numbers first, then categories."""
    levels: tuple[int, ...]
    """The level each indicates; -1 for a number."""


@np.errstate(all="ignore")
def design(numbers: Sequence[Floats], categories: Sequence[NDArray[Any]]) -> Design:
    """Numbers by standard deviation, and levels as Pagès weighs them ("Analyse factorielle de données mixtes", 2004).

    Missing cells and infinities become the mean, so that they pull nowhere; columns that do not vary are left out.
    Numbers have shape (n,); categories too, as places of levels, negative where missing.
    """
    made: list[Floats] = []
    sources: list[int] = []
    levels: list[int] = []
    for place, values in enumerate(numbers):
        finite = np.isfinite(values)
        kept = values[finite]
        spread = kept.std() if len(kept) > 1 else 0.0
        if 0 < spread < np.inf:
            column = np.where(finite, np.clip((values - kept.mean()) / spread, -FARTHEST, FARTHEST), 0.0)
            made.append(column - column.mean())
            sources.append(place)
            levels.append(-1)
    for place, codes in enumerate(categories, len(numbers)):
        counts = np.bincount(codes[codes >= 0])
        total = counts.sum()
        for level in np.flatnonzero((counts >= max(2, RAREST * len(codes))) & (counts < total)):
            share = counts[level] / total
            column = np.where(codes >= 0, ((codes == level) - share) / np.sqrt(share), 0.0)
            made.append(column - column.mean())
            sources.append(place)
            levels.append(int(level))
    n = len(numbers[0]) if len(numbers) else len(categories[0]) if len(categories) else 0
    return Design(np.stack(made, axis=1) if made else np.zeros((n, 0)), tuple(sources), tuple(levels))
