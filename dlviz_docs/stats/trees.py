"""Small trees of decisions that answer as something larger does: which answer, by a few bounds of a few numbers.

Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees", 1984: the bound that leaves the least Gini
impurity, again in both halves. Bounds are given and not found, so that they can be round numbers: the tree that is
measured is the one that is read. A tree fitted to what a policy did is a surrogate of it, and how often both agree on
what the tree has not seen is its fidelity (Bastani, Pu and Solar-Lezama, "Verifiable Reinforcement Learning via Policy
Extraction", NeurIPS 2018).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Leaf", "Node", "answers_of", "fidelity", "grown", "interval_of", "leaves", "round_bounds"]

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.intp]

FINENESS = 10
"""Round numbers in one standard deviation, at least."""
MOST_BOUNDS = 200
"""Of one column."""
LEAST_GROUPS = 5
"""Groups from which on drawing them again says how far their share is sure."""
DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Node:
    """One question, or none: then all rows have one answer."""

    answer: int
    """Of most of its rows; the first of equals."""
    rows: int
    column: int = -1
    bound: float = float("nan")
    """Rows whose number is at most this are `below`."""
    below: Node | None = None
    above: Node | None = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """What holds of its rows: ends of some columns, and their answer."""

    answer: int
    rows: int
    ends: tuple[tuple[int, float, float], ...]
    """Column, lower end (not reached) and upper end (reached); infinite where there is none."""


def round_bounds(values: Floats) -> Floats:
    """Round numbers within the range, ascending; midway between whole numbers where all are whole."""
    known = values[np.isfinite(values)]
    if not len(known) or not (spread := float(known.std())):
        return np.zeros(0)
    low, high = float(known.min()), float(known.max())
    whole = bool((known == np.round(known)).all()) and high - low <= MOST_BOUNDS
    unit = 1.0 if whole else 10.0 ** np.floor(np.log10(spread)) / FINENESS
    # Of numbers that lie far out, the inner ones count: bounds beyond them split next to nothing off.
    inner = np.percentile(known, [0.5, 99.5]) if (high - low) / unit > MOST_BOUNDS else np.array([low, high])
    first, last = np.ceil(inner[0] / unit), np.floor(inner[1] / unit)
    if last - first > MOST_BOUNDS:
        unit *= np.ceil((last - first) / MOST_BOUNDS)
        first, last = np.ceil(inner[0] / unit), np.floor(inner[1] / unit)
    found = np.arange(first, last + 1) * unit + (0.5 if whole else 0.0)
    return np.asarray(found[(found >= low) & (found < high)], np.float64)


def grown(values: Floats, answers: Ints, bounds: Sequence[Floats], *, depth: int, least: int = 1) -> Node:
    """The tree of at most `depth` questions one after the other, with at least `least` rows on either side of each.

    `values` has shape (n, d), without NaN; `answers` are places from 0, shape (n,), n >= 1; `bounds` are those that a
    column may have, ascending. Of equally good questions the first column's lowest is asked.
    """
    codes = np.stack([np.searchsorted(bounds[i], values[:, i], "left") for i in range(values.shape[1])], axis=1)
    return _grown(codes, answers, bounds, depth, max(least, 1), int(answers.max(initial=0)) + 1)


def _grown(codes: Ints, answers: Ints, bounds: Sequence[Floats], depth: int, least: int, classes: int) -> Node:
    counts = np.bincount(answers, minlength=classes)
    plain = Node(int(counts.argmax()), len(answers))
    if depth == 0 or counts.max() == len(answers):
        return plain
    best = (_impurity(counts[None])[0] - 1e-9 * len(answers), -1, -1)
    for column, own in enumerate(bounds):
        if len(own) and (found := _best(codes[:, column], answers, len(own), least, classes)):
            best = min(best, (*found[:1], column, found[1]), key=lambda one: one[0])
    _, column, place = best
    if column < 0:
        return plain
    low = codes[:, column] <= place
    below, above = (_grown(codes[side], answers[side], bounds, depth - 1, least, classes) for side in (low, ~low))
    return Node(plain.answer, plain.rows, column, float(bounds[column][place]), below, above)


def _best(codes: Ints, answers: Ints, bounds: int, least: int, classes: int) -> tuple[float, int] | None:
    """Impurity that is left, and the place of the bound that leaves it; None where no bound parts enough rows."""
    table = np.bincount(codes * classes + answers, minlength=(bounds + 1) * classes).reshape(-1, classes)
    low = table.cumsum(axis=0)[:-1]
    high = table.sum(axis=0) - low
    left = _impurity(low) + _impurity(high)
    left[(low.sum(axis=1) < least) | (high.sum(axis=1) < least)] = np.inf
    place = int(left.argmin())
    return (float(left[place]), place) if np.isfinite(left[place]) else None


def _impurity(counts: Ints) -> Floats:
    """Gini's, times the number of rows; `counts` has shape (m, classes)."""
    rows = counts.sum(axis=1)
    return np.asarray(rows - (counts.astype(np.float64) ** 2).sum(axis=1) / np.maximum(rows, 1))


def answers_of(tree: Node, values: Floats, depth: int) -> Ints:
    """What the tree's first `depth` questions make of each row, shape (n,)."""
    if depth == 0 or tree.below is None or tree.above is None:
        return np.full(len(values), tree.answer, np.intp)
    low = values[:, tree.column] <= tree.bound
    found = np.empty(len(values), np.intp)
    found[low] = answers_of(tree.below, values[low], depth - 1)
    found[~low] = answers_of(tree.above, values[~low], depth - 1)
    return found


def leaves(tree: Node) -> tuple[Leaf, ...]:
    """From left to right; neighbours with one answer are one."""
    return tuple(_leaves(tree, {}))


def _leaves(tree: Node, ends: dict[int, tuple[float, float]]) -> Iterator[Leaf]:
    if tree.below is None or tree.above is None or len({leaf.answer for leaf in _plain(tree)}) == 1:
        yield Leaf(tree.answer, tree.rows, tuple((column, *pair) for column, pair in ends.items()))
        return
    low, high = ends.get(tree.column, (-np.inf, np.inf))
    yield from _leaves(tree.below, {**ends, tree.column: (low, min(high, tree.bound))})
    yield from _leaves(tree.above, {**ends, tree.column: (max(low, tree.bound), high)})


def _plain(tree: Node) -> Iterator[Node]:
    if tree.below is None or tree.above is None:
        yield tree
    else:
        yield from _plain(tree.below)
        yield from _plain(tree.above)


def fidelity(
    values: Floats, answers: Ints, groups: Ints, bounds: Sequence[Floats], *, depth: int, least: int, folds: int = 5
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where a tree agrees with rows of groups that it has not seen, by number of questions, shape (depth + 1, n); and
    which rows that could be said of. Groups of rows that hang together, such as episodes, are held out whole."""
    names, place = np.unique(groups, return_inverse=True)
    fold = np.arange(len(names)) % min(folds, len(names))
    agrees, told = np.zeros((depth + 1, len(values)), bool), np.zeros(len(values), bool)
    for turn in range(fold.max(initial=0) + 1):
        out = fold[place] == turn
        if not out.any() or out.all():
            continue
        tree = grown(values[~out], answers[~out], bounds, depth=depth, least=least)
        for deep in range(depth + 1):
            agrees[deep, out] = answers_of(tree, values[out], deep) == answers[out]
        told |= out
    return agrees, told


def interval_of(agrees: NDArray[np.bool_], groups: Ints) -> tuple[float, float] | None:
    """95 % of the share of rows that agree, by drawing whole groups again; None of fewer than five."""
    names, place = np.unique(groups, return_inverse=True)
    if len(names) < LEAST_GROUPS:
        return None
    hits, rows = np.bincount(place, agrees), np.bincount(place)
    drawn = np.random.default_rng(0).multinomial(len(names), np.full(len(names), 1 / len(names)), DRAWS)
    low, high = np.percentile((drawn @ hits) / (drawn @ rows), [2.5, 97.5])
    return float(low), float(high)
