"""Which samples to explain: right, wrong and unsure ones of every class, without chance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray

__all__ = ["Reason", "choose"]

Reason: TypeAlias = Literal["wrong", "right", "unsure"]
EACH = 2
"""Of a class and a reason."""


def choose(
    truth: NDArray[np.integer] | None, predicted: NDArray[np.integer], sure: FloatArray, limit: int
) -> list[tuple[int, Reason]]:
    """At most `limit` rows and why, in the order they are worth a look.

    `truth` has shape (n,), class numbers, negative where it is not known; `predicted`, shape (n,), likewise; `sure`,
    shape (n,), probability of the predicted class. Of every class in turn: the most confident mistakes, the most
    confident right answers, and those it was least sure of; two of each. Without any truth all answers are "unsure",
    the least sure first.
    """
    known = np.zeros(len(predicted), bool) if truth is None else np.asarray(truth) >= 0
    if truth is None or not known.any():
        order = np.argsort(sure, kind="stable")[:limit]
        return [(int(row), "unsure") for row in order]
    rows = list(_ranked(np.asarray(truth), np.asarray(predicted), np.asarray(sure), known))
    return rows[:limit]


def _ranked(
    truth: NDArray[np.integer], predicted: NDArray[np.integer], sure: FloatArray, known: NDArray[np.bool_]
) -> Iterator[tuple[int, Reason]]:
    wrong = known & (truth != predicted)
    kinds: tuple[tuple[Reason, NDArray[np.bool_], FloatArray], ...]
    kinds = (("wrong", wrong, -sure), ("right", known & ~wrong, -sure), ("unsure", known, sure))
    seen: set[int] = set()
    for place in range(EACH):
        for reason, among, cost in kinds:
            for row in _of_each_class(truth, among, cost, place):
                if row not in seen:
                    seen.add(row)
                    yield row, reason


def _of_each_class(truth: NDArray[np.integer], among: NDArray[np.bool_], cost: FloatArray, place: int) -> Iterator[int]:
    """The row at that place in the order of cost, of every class that has so many."""
    for value in np.unique(truth[truth >= 0]):
        rows = np.flatnonzero((truth == value) & among)
        if place < len(rows):
            yield int(rows[np.argsort(cost[rows], kind="stable")[place]])
