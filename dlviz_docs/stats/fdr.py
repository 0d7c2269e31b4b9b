"""Many tests at once: how many of those that stand out do so by chance."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["FALSE_SHARE", "q_values"]

Floats: TypeAlias = NDArray[np.float64]

FALSE_SHARE = 0.05
"""Share of false findings that is accepted among all that are told."""


def q_values(p: ArrayLike) -> Floats:
    """For each p the least share of false findings at which it is one; NaN stays NaN and is not counted as a test.

    Benjamini and Hochberg, "Controlling the false discovery rate", JRSS B 57, 1995.
    """
    given = np.asarray(p, np.float64)
    q = np.full(given.shape, np.nan)
    known = np.flatnonzero(~np.isnan(given))
    order = known[np.argsort(given.ravel()[known], kind="stable")]
    scaled = given.ravel()[order] * (len(order) / np.arange(1, len(order) + 1))
    q.ravel()[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q
