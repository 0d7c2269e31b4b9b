"""What a model says of each class, checked: rows that sum to one, logits after a softmax, rows of no use marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import BoolArray, FloatArray

__all__ = ["SUM_TOLERANCE", "Told", "check", "of_one_class"]

SUM_TOLERANCE = 1e-3
"""Half precision and rounded text leave sums this far from one; more is said."""
_PERCENT = 100.0
_LEAST_PERCENT = 20.0
"""A number for each row that is never negative and somewhere above this is a percentage: logits lie around 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Probabilities, and what was done to them."""

    values: FloatArray
    """Shape (n, classes); rows that are not usable are zero."""
    usable: BoolArray
    """Rows that hold numbers which are not all zero."""
    from_logits: bool = False
    normalised: int = 0
    """Rows that did not sum to one."""


@np.errstate(over="ignore", invalid="ignore")
def check(values: NDArray[Any]) -> Told:
    """Of shape (n, k), k at least 2: probabilities, weights or logits.

    Where most rows are probabilities, one that holds other numbers is of no use, and does not make logits of them all.
    """
    table = values.astype(np.float64)
    finite = np.isfinite(table)
    # -inf among logits is a class that was ruled out.
    ruled_out = np.isneginf(table)
    usable: BoolArray = np.logical_and((finite | ruled_out).all(axis=1), finite.any(axis=1))
    table[~usable] = 0.0
    if _are_percentages(table[usable]):
        table /= _PERCENT
    sums = table.sum(axis=1)
    off = usable & ~(np.abs(sums - 1) <= SUM_TOLERANCE)
    beyond = usable & ((table.min(axis=1) < -SUM_TOLERANCE) | (table.max(axis=1) > 1 + SUM_TOLERANCE))
    if beyond.any():
        if 2 * np.count_nonzero(usable & ~off & ~beyond) > np.count_nonzero(usable):
            usable &= ~beyond
        elif off.any():
            return Told(_softmax(table, usable), usable, from_logits=True)
    np.clip(table, 0.0, None, out=table)
    sums = table.sum(axis=1)
    usable &= sums > 0
    np.divide(table, sums[:, None], out=table, where=usable[:, None])
    table[~usable] = 0.0
    return Told(table, usable, normalised=int(np.count_nonzero(off & usable)))


def _are_percentages(table: FloatArray) -> bool:
    """Whether rows sum to 100; those of few decimals to 99 or 101."""
    if not len(table) or table.min() < 0 or table.max() <= 1 + SUM_TOLERANCE:
        return False
    off = np.abs(table.sum(axis=1) - _PERCENT)
    return bool(off.max() <= 1 and np.median(off) <= _PERCENT * SUM_TOLERANCE)


def _softmax(table: FloatArray, usable: BoolArray) -> FloatArray:
    shifted: FloatArray = table - table.max(axis=1, keepdims=True)
    np.exp(shifted, out=shifted)
    shifted /= shifted.sum(axis=1, keepdims=True)
    shifted[~usable] = 0.0
    return shifted


def of_one_class(values: FloatArray) -> NDArray[np.float64]:
    """Of shape (n,), what is said of the second of two classes: shape (n, 2), of logits by the logistic function."""
    inside = values[np.isfinite(values)]
    if len(inside) and inside.min() >= 0 and _LEAST_PERCENT < inside.max() <= _PERCENT:
        values = values / _PERCENT
    elif len(inside) and (inside.min() < 0 or inside.max() > 1):
        with np.errstate(over="ignore"):
            values = 1.0 / (1.0 + np.exp(-values))
    return np.stack([1.0 - values, values], axis=1)
