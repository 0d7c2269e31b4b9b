"""Groups of points, and what tells them from all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["STRUCTURE", "Clusters", "best_clusters", "distances", "kmeans", "silhouette"]

Floats: TypeAlias = NDArray[np.float64]

STRUCTURE = 0.25
"""Mean silhouette up to which "no substantial structure" is found (Kaufman and Rousseeuw, "Finding Groups in Data",
1990)."""
_TURNS = 50
_GLANCE, _HOPEFUL = 8, STRUCTURE - 0.1
"""Turns of a first look, and the silhouette below which there is no second."""


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """A partition of n points."""

    members: NDArray[np.intp]
    """Cluster of each point, shape (n,): the largest is 0."""
    count: int
    silhouette: float
    """Mean over the points, -1 to 1."""


def distances(points: Floats) -> NDArray[np.float32]:
    """Euclidean distance of every two points, shape (n, n), to seven digits. `points`: shape (n, d)."""
    x = (points - points.mean(axis=0)).astype(np.float32) if len(points) else points.astype(np.float32)
    squares = np.einsum("ij,ij->i", x, x)
    apart: NDArray[np.float32] = squares[:, None] + squares[None] - 2 * (x @ x.T)
    np.maximum(apart, 0, out=apart)
    np.sqrt(apart, out=apart)
    np.fill_diagonal(apart, 0)
    return apart


def kmeans(
    points: Floats, k: int, *, starts: int = 2, seed: int = 0, turns: int = _TURNS
) -> tuple[NDArray[np.intp], float]:
    """Cluster of each point and the sum of squared distances to the centres: the best of some starts.

    Lloyd (1982) from the centres of Arthur and Vassilvitskii, "k-means++", SODA 2007. `points`: shape (n, d), n >= k.
    """
    rng = np.random.default_rng(seed)
    lengths = np.einsum("ij,ij->i", points, points)
    runs = [_lloyd(points, lengths, _centres(points, lengths, k, rng), turns) for _ in range(starts)]
    return min(runs, key=lambda run: run[1])


def _centres(points: Floats, lengths: Floats, k: int, rng: np.random.Generator) -> Floats:
    chosen = [int(rng.integers(len(points)))]
    nearest = _squared(points, lengths, points[chosen])[:, 0]
    while len(chosen) < k:
        total = nearest.sum()
        drawn = rng.random() * total
        place = int(np.searchsorted(np.cumsum(nearest), drawn)) if total > 0 else int(rng.integers(len(points)))
        chosen.append(min(place, len(points) - 1))
        nearest = np.minimum(nearest, _squared(points, lengths, points[chosen[-1:]])[:, 0])
    return points[chosen]


def _squared(points: Floats, lengths: Floats, centres: Floats) -> Floats:
    apart: Floats = lengths[:, None] - 2 * (points @ centres.T) + np.einsum("ij,ij->i", centres, centres)[None]
    np.maximum(apart, 0, out=apart)
    return apart


def _lloyd(points: Floats, lengths: Floats, centres: Floats, turns: int) -> tuple[NDArray[np.intp], float]:
    k = len(centres)
    members = np.full(len(points), -1, np.intp)
    for _ in range(turns):
        now = _squared(points, lengths, centres).argmin(axis=1)
        if (now == members).all():
            break
        members = now
        chosen = np.zeros((k, len(points)))
        chosen[members, np.arange(len(points))] = 1
        sizes = chosen.sum(axis=1)
        # An empty cluster keeps its centre.
        centres = np.where(sizes[:, None] > 0, chosen @ points / np.maximum(sizes, 1)[:, None], centres)
    inertia = float(_squared(points, lengths, centres)[np.arange(len(points)), members].sum())
    return members, inertia


def silhouette(apart: NDArray[Any], members: NDArray[np.intp], k: int) -> float:
    """Mean over the points of (b - a) / max(a, b): a to the own cluster, b to the nearest other; 0 for a lone point.

    Rousseeuw, Journal of Computational and Applied Mathematics 20, 1987. `apart`: shape (n, n), 0 on the
    diagonal.
    """
    n = len(members)
    chosen = np.zeros((n, k), apart.dtype)
    chosen[np.arange(n), members] = 1
    sizes = chosen.sum(axis=0)
    sums = apart @ chosen
    own = sums[np.arange(n), members] / np.maximum(sizes[members] - 1, 1)
    means = np.where(sizes > 0, sums / np.maximum(sizes, 1), np.inf)
    means[np.arange(n), members] = np.inf
    other = means.min(axis=1)
    longest = np.maximum(own, other)
    usable = (sizes[members] > 1) & np.isfinite(other) & (longest > 0)
    return float(np.where(usable, (other - own) / np.where(usable, longest, 1), 0).mean()) if n else 0.0


def best_clusters(points: Floats, apart: NDArray[Any], most: int = 8) -> Clusters | None:
    """The partition into 2 to 8 with the greatest silhouette, if it shows structure; else None.

    `apart`: `distances` of the points.
    """
    n = len(points)
    best: Clusters | None = None
    for k in range(2, min(most, n // 10) + 1):
        members, _ = kmeans(points, k, starts=1, turns=_GLANCE)
        if silhouette(apart, members, k) < _HOPEFUL:
            continue
        members, _ = kmeans(points, k)
        score = silhouette(apart, members, k)
        if score > max(STRUCTURE, best.silhouette if best else 0.0):
            order = np.argsort(-np.bincount(members, minlength=k), kind="stable")
            places = np.empty(k, np.intp)
            places[order] = np.arange(k)
            best = Clusters(places[members], k, score)
    return best
