"""Whether a classifier can tell two samples apart, and by which columns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.intervals import Z95

__all__ = ["Separation", "auc", "logistic", "separation"]

Floats: TypeAlias = NDArray[np.float64]

FOLDS = 5
RIDGE = 1.0
_TURNS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Separation:
    """Of two samples by a classifier that has not seen the rows it judges."""

    auc: float
    """0.5 for the same, 1 for apart."""
    low: float
    high: float
    n: int
    weights: Floats
    """Of each column in standard deviations, fitted to all rows, shape (d,)."""


def separation(points: Floats, second: NDArray[np.bool_], *, seed: int = 0) -> Separation | None:
    """Five-fold cross-validated AUC of a logistic regression; None where a sample is too small to be split in five.

    Classifier two-sample test: Lopez-Paz and Oquab, ICLR 2017. `points`: shape (n, d), standardised.
    """
    if min(int(second.sum()), int((~second).sum())) < 2 * FOLDS or not points.shape[1]:
        return None
    fold = np.empty(len(points), np.intp)
    rng = np.random.default_rng(seed)
    for side in (second, ~second):
        places = rng.permutation(np.flatnonzero(side))
        fold[places] = np.arange(len(places)) % FOLDS
    scores = np.empty(len(points))
    for k in range(FOLDS):
        held = fold == k
        weights = logistic(points[~held], second[~held])
        scores[held] = points[held] @ weights[1:] + weights[0]
    value, low, high = auc(scores, second)
    return Separation(value, low, high, len(points), logistic(points, second)[1:])


@np.errstate(all="ignore")
def logistic(points: Floats, positive: NDArray[np.bool_]) -> Floats:
    """Intercept and weights, shape (d + 1,), by iteratively reweighted least squares with a small ridge.

    McCullagh and Nelder, "Generalized Linear Models", 1989, section 4.4.
    """
    x = np.concatenate([np.ones((len(points), 1)), points], axis=1)
    y = positive.astype(np.float64)
    weights = np.zeros(x.shape[1])
    ridge = np.full(x.shape[1], RIDGE)
    ridge[0] = 1e-6
    for _ in range(_TURNS):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        curvature = np.maximum(p * (1 - p), 1e-6)
        step = np.linalg.solve((x * curvature[:, None]).T @ x + np.diag(ridge), x.T @ (y - p) - ridge * weights)
        weights = weights + step
        if np.abs(step).max() < 1e-4:
            break
    return weights


def auc(scores: Floats, positive: NDArray[Any]) -> tuple[float, float, float]:
    """Area under the ROC curve with its 95 % interval; NaN where a side is empty.

    Interval of DeLong, DeLong and Clarke-Pearson (Biometrics 44, 1988) by midranks (Sun and Xu 2014).
    """
    above, below = scores[positive.astype(bool)], scores[~positive.astype(bool)]
    m, n = len(above), len(below)
    if not (m and n):
        return math.nan, math.nan, math.nan
    of_above = _midranks(np.concatenate([above, below]))
    v = (of_above[:m] - _midranks(above)) / n
    w = 1 - (of_above[m:] - _midranks(below)) / m
    value = float(v.mean())
    spread = Z95 * math.sqrt(
        (float(v.var(ddof=1)) if m > 1 else 0.25) / m + (float(w.var(ddof=1)) if n > 1 else 0.25) / n
    )
    return value, max(0.0, value - spread), min(1.0, value + spread)


def _midranks(values: Floats) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Floats = (ends - (counts - 1) / 2)[inverse]
    return ranks
