"""Rows that are judged and whose sample the training split has too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model.samples import Predictions

__all__ = ["Seen", "seen"]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Of the judged rows, shape (m,)."""

    left: NDArray[np.bool_]
    """Rows without a copy there."""
    nearly: int
    """Of the others, how many only have one that is nearly the same."""

    @property
    def rows(self) -> int:
        """Those that have one."""
        return len(self.left) - int(self.left.sum())


def seen(one: Predictions, rows: NDArray[np.intp]) -> Seen | None:
    """None where copies are not known, or there is none."""
    if one.leaked is None:
        return None
    same = one.leaked[rows]
    nearly = np.zeros(len(same), np.bool_) if one.nearly_leaked is None else one.nearly_leaked[rows] & ~same
    found = Seen(~(same | nearly), int(nearly.sum()))
    return found if found.rows else None
