"""How well regions of classes agree, from counts of pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.bootstrap import draws_for, spread

__all__ = ["Overlap", "of_pictures", "overlap"]

Floats: TypeAlias = NDArray[np.float64]
Estimate: TypeAlias = tuple[float, float, float]
_BLOCK = 2_000_000
"""Numbers of one matrix product."""


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """Of all pixels together; NaN for a class that is not annotated. Shape (k,), intervals (2, k)."""

    iou: Floats
    """Everingham et al., "The PASCAL VOC Challenge" (2015): pixels of both over pixels of either."""
    iou_ends: Floats
    dice: Floats
    """Twice the pixels of both over the pixels of one and of the other, F1 of pixels."""
    dice_ends: Floats
    mean_iou: Estimate
    """Over annotated classes."""
    mean_dice: Estimate
    accuracy: Estimate
    """Share of pixels whose class is right."""
    present: NDArray[np.bool_]
    """Classes that are annotated."""
    draws: int
    """Resamples of the pictures that intervals are from."""
    drawn: Floats
    """Mean IoU of each, shape (draws,); those of two models are of the same pictures."""
    drawn_iou: Floats
    """IoU of each class in each, shape (draws, k)."""


@np.errstate(all="ignore")
def overlap(confusions: NDArray[np.int64], *, seed: int = 0) -> Overlap:
    """From pixels of each picture by class, shape (n, k, k), truth by prediction; intervals by drawing pictures "
    "again."""
    n, k = confusions.shape[:2]
    both = np.einsum("nkk->nk", confusions).astype(np.float64)
    sums = np.concatenate([both, confusions.sum(2), confusions.sum(1)], axis=1)  # of both, by truth, by prediction
    present = sums[:, k : 2 * k].sum(0) > 0
    iou, dice, accuracy = _scores(sums.sum(0)[None], k, present)
    draws = draws_for(n + k) if n > 1 else 0
    rng = np.random.default_rng(seed)
    drawn = [np.zeros((0, k)), np.zeros((0, k)), np.zeros(0)]
    for begin in range(0, draws, block := max(1, _BLOCK // max(n, 1))):
        weights = rng.multinomial(n, np.full(n, 1 / n), min(block, draws - begin))
        parts = _scores(weights.astype(np.float64) @ sums, k, present)
        drawn = [np.concatenate(pair) for pair in zip(drawn, parts, strict=True)]
    low, high = spread(drawn[2])
    return Overlap(
        iou[0],
        np.stack(spread(drawn[0])),
        dice[0],
        np.stack(spread(drawn[1])),
        _estimate(iou[0], drawn[0]),
        _estimate(dice[0], drawn[1]),
        (float(accuracy[0]), float(low), float(high)),
        present,
        draws,
        _means(drawn[0]),
        drawn[0],
    )


def _scores(sums: Floats, k: int, present: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """IoU and Dice, shape (m, k), and accuracy, shape (m,), of m rows of sums."""
    both, true, predicted = sums[:, :k], sums[:, k : 2 * k], sums[:, 2 * k :]
    asked = present & (true > 0)
    iou = np.where(asked, both / (true + predicted - both), np.nan)
    dice = np.where(asked, 2 * both / (true + predicted), np.nan)
    return iou, dice, both.sum(1) / true.sum(1)


def _estimate(values: Floats, drawn: Floats) -> Estimate:
    low, high = spread(_means(drawn))
    return float(_means(values[None])[0]), float(low), float(high)


def _means(rows: Floats) -> Floats:
    known = np.isfinite(rows)
    means: Floats = np.where(known.any(1), np.where(known, rows, 0).sum(1) / known.sum(1), np.nan)
    return means


@np.errstate(all="ignore")
def of_pictures(confusions: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """IoU of each class in each picture, shape (n, k), NaN where it is neither annotated nor predicted; and their "
    "mean."""
    both = np.einsum("nkk->nk", confusions).astype(np.float64)
    either = confusions.sum(2) + confusions.sum(1) - both
    iou = np.where(either > 0, both / either, np.nan)
    return iou, _means(iou)
