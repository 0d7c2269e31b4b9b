"""Pairs of numbers that hang together without rising or falling together, which no rank correlation sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import BoolArray
from dlviz_docs.stats.columns import ColumnStats
from dlviz_docs.stats.tails import chi2_tail

__all__ = ["FLAT", "TOLD", "Bent", "bent"]

Floats: TypeAlias = NDArray[np.float64]

FLAT = 0.1
"""|ρ| below which ranks see nothing: less than small by Cohen 1988."""
TOLD = 0.1
"""Normalised mutual information from which on a pair is told: with ten bins, as much as numbers of normal
distribution share at r = 0.6 (-ln(1 - r²) / 2 = 0.22 nats of 2.3)."""
BINS = 10
ROWS = 4000
"""Rows that are looked at."""
LEAST_ROWS = 200
CHANCE = 0.001
"""Probability of one such pair among all, if nothing were between any (Bonferroni)."""


@dataclass(frozen=True, slots=True)
class Bent:
    """Two columns, by their places among those given."""

    first: int
    second: int
    shared: float
    """Mutual information over the lesser of the two entropies, from 0 to 1."""
    n: int


def bent(columns: Sequence[ColumnStats], places: Sequence[int], strength: Floats) -> list[Bent]:
    """Pairs of numbers, |ρ| below 0.1, that share 0.1 of what they could, the most first; by a sample of 4,000 rows.

    Mutual information of ten bins of equally many rows each, less the bias of Miller ("Note on the bias of information
    estimates", 1955), normalised as by Kvålseth (IEEE Transactions on Systems, Man and Cybernetics 17, 1987); its G
    test is χ²'s. `strength` are the associations of the columns at `places`, shape (p, p).
    """
    kept = [i for i, place in enumerate(places) if _usable(columns[place])]
    if len(kept) < 2 or columns[places[0]].n < LEAST_ROWS:
        return []
    n = columns[places[0]].n
    rows: NDArray[np.intp] | slice = slice(None)
    if n > ROWS:
        rows = np.sort(np.random.default_rng(0).choice(n, ROWS, replace=False))
    hot = np.concatenate([_one_hot(columns[places[i]], rows) for i in kept])
    met = (hot @ hot.T).reshape(len(kept), BINS, len(kept), BINS).transpose(0, 2, 1, 3).astype(np.float64)
    flat = np.abs(strength[np.ix_(kept, kept)]) < FLAT
    a, b = np.nonzero(np.triu(flat, 1))
    shared, p, counts = _information(met[a, b])
    found = np.flatnonzero((shared >= TOLD) & (p * max(1, len(a)) < CHANCE) & (counts >= LEAST_ROWS))
    found = found[np.argsort(-shared[found], kind="stable")]
    return [Bent(places[kept[a[at]]], places[kept[b[at]]], float(shared[at]), int(counts[at])) for at in found.tolist()]


def _usable(column: ColumnStats) -> bool:
    """Numbers of several values, none of which is most of them: their bins would be empty."""
    return column.feature.kind == "number" and column.ranks is not None and column.distinct >= 5


def _one_hot(column: ColumnStats, rows: NDArray[np.intp] | slice) -> NDArray[np.float32]:
    """Whether each row is in each bin, shape (bins, rows); bins by rank, so that equal values are in one."""
    if column.ranks is None or column.numbers is None:
        return np.zeros((BINS, 0), np.float32)
    count = column.numbers.count
    # Twice the centred rank lies between -count and count.
    codes = ((column.ranks[rows] + count) * (BINS / (2.0 * count))).astype(np.int8)
    hot: BoolArray = np.clip(codes, 0, BINS - 1) == np.arange(BINS, dtype=np.int8)[:, None]
    if column.present is not None:
        hot &= column.present[rows]
    return hot.astype(np.float32, copy=False)


@np.errstate(all="ignore")
def _information(tables: Floats) -> tuple[Floats, Floats, Floats]:
    """Of each table of counts, shape (m, bins, bins): what is shared, its p, and its rows."""
    n = tables.sum(axis=(1, 2))
    down, across = tables.sum(axis=2), tables.sum(axis=1)
    expected = down[:, :, None] * across[:, None, :] / n[:, None, None]
    nats = np.where(tables > 0, tables * np.log(tables / expected), 0.0).sum(axis=(1, 2)) / n
    degrees = ((down > 0).sum(axis=1) - 1) * ((across > 0).sum(axis=1) - 1)
    least = np.minimum(_entropy(down, n), _entropy(across, n))
    shared = np.nan_to_num(np.clip((nats - degrees / (2 * n)) / least, 0, 1))
    likely = shared >= TOLD
    p = np.ones(len(n))
    p[likely] = [
        chi2_tail(2 * total * one, float(d)) if d > 0 else 1.0
        for total, one, d in zip(n[likely], nats[likely], degrees[likely], strict=True)
    ]
    return shared, p, n


def _entropy(counts: Floats, n: Floats) -> Floats:
    shares = counts / n[:, None]
    found: Floats = -np.where(shares > 0, shares * np.log(shares), 0.0).sum(axis=1)
    return found
