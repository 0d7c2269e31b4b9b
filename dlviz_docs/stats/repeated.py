"""Rows with the same content, by their hashes: which, across which groups, and with which labels."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["attainable", "crossings", "repeated"]

Hashes: TypeAlias = NDArray[np.uint64]


def repeated(hashes: Hashes) -> NDArray[np.intp]:
    """For each row that is not alone with its content, the first one that has it; -1 for all others. Shape (n,)."""
    first = np.full(len(hashes), -1, np.intp)
    ascending = np.sort(hashes)
    twice = ascending[1:] == ascending[:-1]
    if not twice.any():
        return first
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    new = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    starts = np.flatnonzero(new)
    sizes = np.diff(starts, append=len(hashes))
    shared = np.repeat(sizes > 1, sizes)
    first[order[shared]] = np.repeat(order[starts], sizes)[shared]
    return first


def crossings(first: NDArray[np.intp], groups: NDArray[Any], count: int) -> NDArray[np.int64]:
    """How many rows of each group (down) have the same content as a row of each group (across), itself left out.

    `first` is what `repeated` gives; `groups` are places from 0 to `count` - 1, negative for rows of none.
    """
    rows = np.flatnonzero((first >= 0) & (groups >= 0))
    _, content = np.unique(first[rows], return_inverse=True)
    member = groups[rows]
    table = np.zeros((int(content.max(initial=-1)) + 1, count), np.int64)
    np.add.at(table, (content, member), 1)
    found = np.zeros((count, count), np.int64)
    for across in range(count):
        others = table[content, across] - (member == across)
        found[:, across] = np.bincount(member[others > 0], minlength=count)[:count]
    return found


def attainable(first: NDArray[np.intp], labels: NDArray[Any]) -> tuple[int, int, NDArray[np.intp]]:
    """Rows that share all else with a row of another label: how many, how many of them any rule must get wrong, which.

    `first` is what `repeated` gives of the rows without their label; labels are whole numbers, negative where missing.
    A rule that answers each content with its commonest label gets the fewest wrong.
    """
    rows = np.flatnonzero((first >= 0) & (labels >= 0))
    if not len(rows):
        return 0, 0, rows
    _, content = np.unique(first[rows], return_inverse=True)
    _, label = np.unique(labels[rows], return_inverse=True)
    pairs, counts = np.unique(content * (int(label.max()) + 1) + label, return_counts=True)
    of_pair = pairs // (int(label.max()) + 1)
    sizes = np.bincount(of_pair, counts).astype(np.int64)
    commonest = np.zeros(len(sizes), np.int64)
    np.maximum.at(commonest, of_pair, counts)
    mixed = commonest < sizes
    return int(sizes[mixed].sum()), int((sizes - commonest).sum()), rows[mixed[content]]
