"""What lies near what among some rows: distances, nearest neighbours, and whether a map keeps them."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["NEIGHBOURS", "disagreement", "distances", "mean_distance", "nearest", "trustworthiness"]

Floats: TypeAlias = NDArray[np.float64]
Distances: TypeAlias = NDArray[np.float32]

NEIGHBOURS = 10


def distances(points: Floats) -> Distances:
    """Euclidean distance of every two points, shape (n, n), infinite from a point to itself. `points`: shape (n, d)."""
    x = (points - points.mean(axis=0)).astype(np.float32) if len(points) else points.astype(np.float32)
    squares = np.einsum("ij,ij->i", x, x)
    apart: Distances = squares[:, None] + squares[None] - 2 * (x @ x.T)
    np.maximum(apart, 0, out=apart)
    np.sqrt(apart, out=apart)
    np.fill_diagonal(apart, np.inf)
    return apart


def nearest(apart: Distances, k: int = NEIGHBOURS) -> NDArray[np.intp]:
    """Places of the k nearest others of each point, nearest first, shape (n, min(k, n - 1))."""
    k = max(0, min(k, len(apart) - 1))
    if not k:
        return np.zeros((len(apart), 0), np.intp)
    found = np.argpartition(apart, k - 1, axis=1)[:, :k]
    order = np.argsort(np.take_along_axis(apart, found, 1), axis=1, kind="stable")
    return np.take_along_axis(found, order, 1)


def mean_distance(apart: Distances, near: NDArray[np.intp]) -> Floats:
    """Mean distance to the nearest others: how alone a point is; NaN without others.

    Ramaswamy, Rastogi and Shim, "Efficient Algorithms for Mining Outliers from Large Data Sets", SIGMOD 2000.
    """
    if not near.shape[1]:
        return np.full(len(near), np.nan)
    means: Floats = np.take_along_axis(apart, near, 1).mean(axis=1, dtype=np.float64)
    return means


def trustworthiness(apart: Distances, mapped: Floats, k: int = NEIGHBOURS) -> float:
    """Whether neighbours on the map are neighbours in truth, 1 for all; NaN for too few points.

    Venna and Kaski, "Neighborhood Preservation in Nonlinear Projection Methods", ICANN 2001.
    """
    n = len(mapped)
    if n < 2 * k + 2:
        return math.nan
    on_map = nearest(distances(mapped), k)
    penalty = 0
    for column in on_map.T:
        to_it = apart[np.arange(n), column][:, None]
        ranks = (apart < to_it).sum(axis=1) + 1
        penalty += int(np.maximum(ranks - k, 0).sum())
    return 1 - penalty * 2 / (n * k * (2 * n - 3 * k - 1))


def disagreement(near: NDArray[np.intp], labels: NDArray[Any]) -> tuple[Floats, NDArray[np.intp]]:
    """Share of each point's neighbours that have one and the same other label, the commonest, and that label.

    Negative labels are missing: such a point disagrees with nobody, and as a neighbour counts for no label.
    """
    n, k = near.shape
    classes = int(labels.max(initial=-1)) + 1
    if not n or not k or not classes:
        return np.zeros(n), np.full(n, -1, np.intp)
    votes = np.zeros((n, classes + 1), np.int32)
    for column in near.T:
        votes[np.arange(n), labels[column]] += 1  # a missing label falls into the last place
    votes[:, -1] = 0
    votes[np.arange(n), labels] = 0
    other = votes.argmax(axis=1)
    share = votes[np.arange(n), other] / k
    return np.where(labels >= 0, share, 0.0), np.where((labels >= 0) & (share > 0), other, -1)
