"""What a histogram of weights and the norms of its rows tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["DEAD", "dead_rows", "he_deviation", "quantiles_of", "rebinned"]

Floats: TypeAlias = NDArray[np.float64]

DEAD = 1e-3
"""Share of the median below which a channel's size counts as nothing."""


def dead_rows(sizes: Floats, share: float = DEAD) -> NDArray[np.intp]:
    """Places of rows, filters or scales that are nothing beside the others: below `share` of their median.

    Where at least half of them are exactly zero, the median of those that are not. None where all are zero: then the
    layer as a whole is, which is another matter.
    """
    sizes = np.abs(sizes)
    if not sizes.any():
        return np.empty(0, np.intp)
    middle = float(np.median(sizes)) or float(np.median(sizes[sizes > 0]))
    return np.flatnonzero(sizes < share * middle)


def quantiles_of(counts: Floats, low: float, high: float, shares: Sequence[float]) -> Floats:
    """Quantiles of what fell into equal bins from `low` to `high`, as if it lay evenly in each; NaN of nothing."""
    filled = np.flatnonzero(counts > 0)
    if not len(filled):
        return np.full(len(shares), np.nan)
    own = counts[filled] / counts[filled].sum()
    ends, asked = np.cumsum(own), np.asarray(shares, np.float64)
    at = np.minimum(np.searchsorted(ends, asked), len(filled) - 1)
    inside = np.clip((asked - ends[at] + own[at]) / own[at], 0.0, 1.0)
    found: Floats = low + (high - low) * (filled[at] + inside) / len(counts)
    return found


def rebinned(counts: Floats, most: int) -> Floats:
    """The same histogram in at most so many equal bins; what lay in a bin is spread evenly over its new ones."""
    if len(counts) <= most:
        return counts
    reached = np.concatenate([[0.0], np.cumsum(counts)])
    edges = np.linspace(0.0, len(counts), most + 1)
    return np.diff(np.interp(edges, np.arange(len(reached)), reached))


def he_deviation(shape: Sequence[int], *, last: bool = False) -> float:
    """Standard deviation that weights for ReLU begin with: sqrt(2 / fan-in), He et al. 2015; NaN below two axes.

    Fan-in is the product of all axes but the one of outputs: the first as PyTorch lays out linear layers and
    convolutions, the last as Keras does.
    """
    inside = shape[:-1] if last else shape[1:]
    fan_in = float(np.prod([float(length) for length in inside])) if len(shape) > 1 else 0.0
    return (2.0 / fan_in) ** 0.5 if fan_in else float("nan")
