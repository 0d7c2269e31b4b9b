"""How many answers of a classifier are right: counts of truth and answer, and the scores that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.bootstrap import redrawn
from dlviz_docs.stats.intervals import wilson

__all__ = [
    "SCORES",
    "Confusion",
    "brier_of_rows",
    "class_scores",
    "confusion",
    "loss_of_rows",
    "rank_of_truth",
    "resampled",
    "scores",
    "spectral_order",
]

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.intp]
Codes: TypeAlias = NDArray[np.int32]

SCORES = ("accuracy", "balanced accuracy", "macro F1", "weighted F1", "MCC")
_DENSE = 4_000_000
"""Cells of a table that is counted in whole."""
_CHUNK = 1_000_000
"""Numbers worked on at once: they stay in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """How often each class was taken for which: only cells that are not empty, row by row. Shape (c,) each."""

    classes: int
    truth: Ints
    predicted: Ints
    counts: Ints

    @property
    def total(self) -> int:
        """All rows."""
        return int(self.counts.sum())

    @property
    def support(self) -> Ints:
        """How often each class is the truth, shape (classes,)."""
        return np.bincount(self.truth, self.counts, self.classes).astype(np.intp)

    @property
    def claimed(self) -> Ints:
        """How often each class is the answer, shape (classes,)."""
        return np.bincount(self.predicted, self.counts, self.classes).astype(np.intp)

    @property
    def hits(self) -> Ints:
        """How often each class is both, shape (classes,)."""
        same = self.truth == self.predicted
        return np.bincount(self.truth[same], self.counts[same], self.classes).astype(np.intp)

    def dense(self, chosen: Ints | None = None) -> Floats:
        """As a table, rows the truth, of all classes or of the chosen ones in their order."""
        picked = np.arange(self.classes) if chosen is None else chosen
        places = np.full(self.classes, -1)
        places[picked] = np.arange(len(picked))
        row, column = places[self.truth], places[self.predicted]
        inside = (row >= 0) & (column >= 0)
        table = np.zeros((len(picked), len(picked)))
        table[row[inside], column[inside]] = self.counts[inside]
        return table

    def mistakes(self) -> tuple[Ints, Ints, Ints]:
        """Truth, answer and count of the cells off the diagonal, the most frequent first."""
        wrong = np.flatnonzero(self.truth != self.predicted)
        order = wrong[np.argsort(-self.counts[wrong], kind="stable")]
        return self.truth[order], self.predicted[order], self.counts[order]


def confusion(truth: Codes, predicted: Codes, classes: int) -> Confusion:
    """Counts of rows that have both; every code lies in the classes."""
    cells = truth.astype(np.intp) * classes + predicted
    if classes * classes <= max(_DENSE, len(cells)):
        found = np.bincount(cells, minlength=classes * classes)
        places = np.flatnonzero(found)
        counts = found[places]
    else:
        places, counts = np.unique(cells, return_counts=True)
    return Confusion(classes, places // max(classes, 1), places % max(classes, 1), counts.astype(np.intp))


def resampled(
    table: Confusion, rows: tuple[Codes, Codes] | None = None, groups: NDArray[np.intp] | None = None
) -> Floats:
    """The counts of the same cells in resamples stratified by the true class, or of whole groups: (draws, c)."""
    if groups is None or rows is None:
        return redrawn(table.counts, table.truth)
    cells = rows[0].astype(np.intp) * table.classes + rows[1]
    outcome = np.searchsorted(table.truth * table.classes + table.predicted, cells)
    return redrawn(table.counts, members=(outcome, groups))


def _sums(table: Confusion, counts: Floats) -> tuple[Floats, Floats, Floats]:
    """Hits, support and claimed of each class: shape (draws, classes) each."""
    same = table.truth == table.predicted
    hits = np.zeros((len(counts), table.classes))
    hits[:, table.truth[same]] = counts[:, same]
    order = np.argsort(table.predicted, kind="stable")
    return (
        hits,
        _by(table.truth, counts, table.classes),
        _by(table.predicted[order], counts[:, order], table.classes),
    )


def _by(codes: Ints, counts: Floats, classes: int) -> Floats:
    """Sums over ascending codes."""
    found = np.zeros((len(counts), classes))
    if len(codes):
        starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
        found[:, codes[starts]] = np.add.reduceat(counts, starts, axis=1)
    return found


def _ratio(part: Floats, whole: Floats) -> Floats:
    empty = np.full(np.broadcast(part, whole).shape, np.nan)
    found: Floats = np.divide(part, whole, out=empty, where=whole > 0)
    return found


def scores(table: Confusion, counts: Floats | None = None) -> Mapping[str, Floats]:
    """Accuracy, balanced accuracy, macro and weighted F1, and Matthews's correlation, of each of several counts.

    `counts` has shape (draws, c); by default the true ones, one draw. A class that is neither true nor answered is left
    out of means, as is one without truth from the balanced accuracy. Correlation for any number of classes: Gorodkin,
    "Comparing two K-category assignments by a K-category correlation coefficient", 2004; NaN where it is 0 / 0.
    """
    drawn = table.counts[None].astype(np.float64) if counts is None else counts
    hits, support, claimed = _sums(table, drawn)
    n, right = support.sum(axis=1), hits.sum(axis=1)
    recall = _ratio(hits, support)
    f1 = _ratio(2 * hits, support + claimed)
    covariance = right * n - (support * claimed).sum(axis=1)
    spreads = (n * n - (claimed**2).sum(axis=1)) * (n * n - (support**2).sum(axis=1))
    return {
        "accuracy": _ratio(right, n),
        "balanced accuracy": _mean(recall),
        "macro F1": _mean(f1),
        "weighted F1": _ratio((np.nan_to_num(f1) * support).sum(axis=1), n),
        "MCC": _ratio(covariance, np.sqrt(np.maximum(spreads, 0))),
    }


def _mean(rates: Floats) -> Floats:
    known = ~np.isnan(rates)
    return _ratio(np.where(known, rates, 0).sum(axis=1), known.sum(axis=1).astype(np.float64))


def class_scores(table: Confusion) -> Mapping[str, tuple[Floats, Floats, Floats]]:
    """Precision, recall and F1 of each class: value, low end and high end, shape (classes,) each; NaN where undefined.

    Wilson's interval for shares. F1 is 2 J / (1 + J) of the share J that is both true and said of what is either, and
    its ends are those of J.
    """
    hits, support, claimed = (part[0] for part in _sums(table, table.counts[None].astype(np.float64)))
    found: dict[str, tuple[Floats, Floats, Floats]] = {}
    for name, whole in (("precision", claimed), ("recall", support)):
        low, high = (np.where(whole > 0, end, np.nan) for end in wilson(hits, whole))
        found[name] = _ratio(hits, whole), low, high
    f1 = _ratio(2 * hits, support + claimed)
    either = support + claimed - hits
    low, high = (np.where(either > 0, 2 * end / (1 + end), np.nan) for end in wilson(hits, either))
    return {**found, "F1": (f1, low, high)}


# --- rows -------------------------------------------------------------------------------------------------------------


def loss_of_rows(own: Floats) -> Floats:
    """−log of the probability of the truth, in nats; a probability of 0 counts as the least one that is told from 1."""
    losses: Floats = -np.log(np.clip(own, np.finfo(np.float64).eps, 1.0))
    return losses


def brier_of_rows(probabilities: Floats, own: Floats) -> Floats:
    """Squared distance between the probabilities and the truth; of two classes the half, as is usual for them.

    Brier, "Verification of forecasts expressed in terms of probability", 1950.
    """
    squares = np.einsum("ij,ij->i", probabilities, probabilities)
    distance = squares - 2 * own + 1
    found: Floats = np.maximum(distance / 2 if probabilities.shape[1] == 2 else distance, 0.0)
    return found


def rank_of_truth(probabilities: Floats, own: Floats) -> Ints:
    """Place of the true class among all by probability, from 1; of equal ones it counts as the last."""
    step = max(_CHUNK // max(probabilities.shape[1], 1), 1)
    ranks = np.empty(len(own), np.intp)
    for start in range(0, len(own), step):
        rows = slice(start, start + step)
        ranks[rows] = (probabilities[rows] >= own[rows, None]).sum(axis=1)
    return ranks


def spectral_order(mixed: Floats) -> Ints:
    """Order of classes in which those that are taken for each other stand side by side.

    `mixed` is a square table of counts. Second eigenvector of the normalised Laplacian of its symmetric part off the
    diagonal: Atkins, Boman and Hendrickson, "A spectral algorithm for seriation", SIAM J. Comput. 28, 1998.
    """
    k = len(mixed)
    weights = mixed + mixed.T
    np.fill_diagonal(weights, 0.0)
    if k < 3 or not weights.any():
        return np.arange(k)
    weights += 1e-6 * weights.max()  # ties classes that are never confused to the rest, in their own order
    np.fill_diagonal(weights, 0.0)
    scale = 1 / np.sqrt(weights.sum(axis=1))
    laplacian = np.eye(k) - scale[:, None] * weights * scale
    vector = np.linalg.eigh(laplacian)[1][:, 1] * scale
    vector = np.round(vector / np.abs(vector).max(), 9)
    first = int(np.flatnonzero(vector)[0]) if vector.any() else 0
    return np.argsort(vector * (-1 if vector[first] > 0 else 1), kind="stable")
