"""What removing pixels in the order of a map tells of it: orders, areas under curves, and how alike two maps are."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.summary import centred_ranks, order_of

__all__ = ["area_under", "mass_inside", "removal_order", "removed", "spearman"]

Floats: TypeAlias = NDArray[np.float64]


def removal_order(maps: NDArray[np.floating], seed: int = 0) -> NDArray[np.int64]:
    """For each pixel at which place it is removed when the largest go first; shape (n, h, w) as the maps.

    Equal values go in a random order: else a map of zeros would have one, from the top to the bottom.
    """
    flat = maps.reshape(len(maps), -1)
    ties = np.random.default_rng(seed).random(flat.shape)
    order = np.lexsort((ties, -np.nan_to_num(flat)), axis=1)
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(flat.shape[1])[None], axis=1)
    return places.reshape(maps.shape)


def removed(places: NDArray[np.int64], share: float, *, least: bool = False) -> NDArray[np.bool_]:
    """Which pixels are gone when that share is, the first of the order or, for `least`, the last."""
    total = int(np.prod(places.shape[1:]))
    count = round(share * total)
    return places >= total - count if least else places < count


def area_under(shares: Floats, values: Floats) -> float:
    """By the trapezoidal rule; both of shape (steps,), shares from 0 to 1."""
    return float(((values[1:] + values[:-1]) / 2 * np.diff(shares)).sum())


def spearman(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Spearman's rho of two arrays of one shape, equal values at their mean rank; NaN where one does not vary."""
    x, y = (centred_ranks(order_of(np.asarray(v, np.float64).ravel())).astype(np.float64) for v in (a, b))
    norm = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / norm if norm > 0 else float("nan")


def mass_inside(maps: NDArray[np.floating], inside: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
    """Share of each map's positive values that lies inside, and whether its largest does; shapes (n,).

    `maps` and `inside` have shape (n, h, w). Of a map without positive values: NaN and False.
    """
    positive = np.maximum(np.nan_to_num(maps).astype(np.float64), 0)
    total = positive.sum(axis=(1, 2))
    within = (positive * inside).sum(axis=(1, 2))
    shares = np.divide(within, total, out=np.full(len(maps), np.nan), where=total > 0)
    largest = positive.reshape(len(maps), -1).argmax(axis=1)
    hits = inside.reshape(len(maps), -1)[np.arange(len(maps)), largest] & (total > 0)
    return shares, hits
