"""Copies within and across splits: pictures, texts, and recordings that lie in several splits by their names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights.data_words import does, of, quoted
from dlviz_docs.model import MISSING, BoolArray, Codes, Insight, Pictures, Severity
from dlviz_docs.stats.near_copies import NearPairs, copies_of, name_stem, near_pairs

__all__ = [
    "Copies",
    "Recordings",
    "conflict_sentence",
    "copies_of_pictures",
    "copy_matrix",
    "copy_sentences",
    "exact_pairs",
    "label_conflicts",
    "recording_sentence",
    "recordings",
]

Rows: TypeAlias = NDArray[np.intp]

SERIOUS = 0.01
"""Share of a split whose rows have a copy in the training split from which on its results are too good to be true:
a difference that papers report."""
LEAST_STEMS = 5
"""Recordings of two files or more, below which names are no evidence."""
LEAST_COVERED = 0.5
"""Share of the files whose names tell such a recording."""


@dataclass(frozen=True, slots=True, eq=False)
class Copies:
    """Pairs of rows that hold the same, or nearly."""

    first: Rows
    """Shape (p,)."""
    second: Rows
    exact: BoolArray
    """Of each pair: the same content, not only nearly."""
    correlation: NDArray[np.float64]
    """Of each pair, 1 for exact ones."""
    compared: int
    """Rows that near copies were looked for in."""
    capped: bool = False

    def __len__(self) -> int:
        return len(self.first)


def copies_of_pictures(pictures: Pictures) -> Copies:
    """Every picture with each of its near copies, and with the first of its exact ones."""
    near = NearPairs(np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0))
    if len(pictures.measured) and len(pictures.small) == len(pictures.fingerprints) == len(pictures.measured):
        near = near_pairs(pictures.fingerprints, pictures.small)
    a, b = pictures.measured[near.first], pictures.measured[near.second]
    contents = pictures.contents if len(pictures.contents) == len(pictures) else np.zeros(len(pictures), np.uint64)
    exact_a, exact_b = exact_pairs(contents)
    nearly = (contents[a] == 0) | (contents[a] != contents[b])
    first, second = np.concatenate([exact_a, a[nearly]]), np.concatenate([exact_b, b[nearly]])
    exact = np.arange(len(first)) < len(exact_a)
    correlation = np.concatenate([np.ones(len(exact_a)), near.correlation[nearly]])
    return Copies(first, second, exact, correlation, len(pictures.measured), near.capped)


def exact_pairs(contents: NDArray[np.uint64]) -> tuple[Rows, Rows]:
    """Each row that is a copy, with the first that holds the same."""
    first = copies_of(contents)
    later = np.flatnonzero((first >= 0) & (first != np.arange(len(first))))
    return first[later], later


# --- across splits ----------------------------------------------------------------------------------------------------


def _has_copy_in(contents: NDArray[np.uint64], codes: Codes, split: int) -> BoolArray:
    """Rows with the same content as some other row of that split."""
    inside = codes == split
    found = np.isin(contents, contents[inside & (contents != 0)])
    values, counts = np.unique(contents[inside], return_counts=True)
    alone = inside & np.isin(contents, values[counts == 1])
    has: BoolArray = found & (contents != 0) & ~alone
    return has


def _partnered(copies: Copies, contents: NDArray[np.uint64], codes: Codes, split: int) -> BoolArray:
    """Rows with an exact or near copy in that split, shape (n,)."""
    has = _has_copy_in(contents, codes, split) if len(contents) == len(codes) else np.zeros(len(codes), np.bool_)
    has = has.copy()
    has[copies.first[codes[copies.second] == split]] = True
    has[copies.second[codes[copies.first] == split]] = True
    return has


def copy_matrix(copies: Copies, contents: NDArray[np.uint64], codes: Codes, splits: int) -> NDArray[np.int64]:
    """How many rows of each split (down) have a copy in each split (across); on the diagonal, another row of it."""
    found = np.zeros((splits, splits), np.int64)
    for split in range(splits):
        has = _partnered(copies, contents, codes, split)
        found[:, split] = np.bincount(codes[has & (codes >= 0)], minlength=splits)[:splits]
    return found


def label_conflicts(copies: Copies, classes: Codes) -> Rows:
    """Pairs whose rows have different labels, by their place in `copies`."""
    a, b = classes[copies.first], classes[copies.second]
    return np.flatnonzero((a != b) & (a >= 0) & (b >= 0))


def conflict_sentence(copies: Copies, classes: Codes, noun: str, figure: str) -> Insight | None:
    """How many copies are labelled differently."""
    if not (pairs := label_conflicts(copies, classes)).size:
        return None
    exact = int(copies.exact[pairs].sum())
    known = int(((classes[copies.first] >= 0) & (classes[copies.second] >= 0)).sum())
    told = f", {exact:,} of them exactly alike" if exact < len(pairs) else ""
    text = (
        f"{of(len(pairs), known, f'pairs of {noun} that are copies')} {does(len(pairs), 'have')} different "
        f"labels{told}: one label of each pair is wrong, or both are right and the task has room for one only."
    )
    severity: Severity = "warning" if exact else "info"
    values = {"pairs": float(len(pairs)), "exact": float(exact)}
    return Insight(kind="label-conflict", severity=severity, text=text, figure=figure, values=values)


def copy_sentences(
    matrix: NDArray[np.int64], sizes: Sequence[int], splits: Sequence[str], noun: str, figure: str
) -> Iterator[Insight]:
    """Each split that shares rows with the first one, then what the others share, then what is repeated within.

    `matrix` as `copy_matrix` gives it, `sizes` are the rows of each split.
    """
    pairs = [(0, split) for split in range(1, len(splits))]
    pairs += [(a, b) for a in range(1, len(splits)) for b in range(a + 1, len(splits))]
    for home, split in pairs:
        if shared := int(matrix[split, home]):
            share = shared / sizes[split]
            trained = splits[home] == "train"
            severity: Severity = "serious" if trained and share >= SERIOUS else "warning"
            text = (
                f"{of(shared, sizes[split], f'{splits[split]} {noun}')} {does(shared, 'have')} a copy in {splits[home]}"
            )
            text += ": results on them are too good." if trained else "."
            values = {"shared": float(shared), "of": float(sizes[split]), "threshold": SERIOUS}
            yield Insight(kind="leakage", severity=severity, text=text, figure=figure, values=values)
    within = [(int(matrix[split, split]), split) for split in range(len(splits)) if matrix[split, split]]
    for repeated, split in sorted(within, reverse=True)[:1]:
        whole = f"{splits[split]} {noun}".strip()
        where = "in the same split" if len(splits) > 1 else "among the others"
        text = f"{of(repeated, sizes[split], whole)} {does(repeated, 'have')} a copy {where}."
        values = {"repeated": float(repeated), "of": float(sizes[split])}
        yield Insight(kind="copies", severity="info", text=text, figure=figure, values=values)


# --- recordings by name -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Recordings:
    """Files whose names say that they belong together."""

    codes: Codes
    """Shape (n,), places in `names`; `MISSING` where the name tells nothing."""
    names: tuple[str, ...]
    table: NDArray[np.int64]
    """Files of each recording (down) in each split (across)."""

    @property
    def divided(self) -> NDArray[np.intp]:
        """Recordings that lie in several splits, those of most files first."""
        several = np.flatnonzero((self.table > 0).sum(axis=1) > 1)
        return several[np.argsort(-self.table[several].sum(axis=1), kind="stable")]


def recordings(sources: Sequence[str], split: Codes, splits: int, classes: Codes | None = None) -> Recordings | None:
    """Files by the stem of their names, where stems are evidence: else None.

    At least `LEAST_STEMS` of them have two files or more, and together at least half of all files; no stem has most of
    the files; and stems do not just name classes: where classes are known, there are more than twice as many, and files
    of one stem are not simply those of one class.
    """
    stems = [name_stem(source) for source in sources]
    places: dict[str, int] = {}
    codes = np.array([places.setdefault(stem, len(places)) if stem else MISSING for stem in stems], dtype=np.int32)
    counts = np.bincount(codes[codes >= 0], minlength=len(places))
    several = counts >= 2
    if several.sum() < LEAST_STEMS or counts[several].sum() < LEAST_COVERED * len(sources):
        return None
    if counts.max() > 0.5 * len(sources) or (classes is not None and _name_classes(codes, classes, several)):
        return None
    table = np.zeros((len(places), splits), np.int64)
    known = (codes >= 0) & (split >= 0)
    np.add.at(table, (codes[known], split[known]), 1)
    return Recordings(codes, tuple(places), table)


def _name_classes(codes: Codes, classes: Codes, several: NDArray[Any]) -> bool:
    """Whether there are hardly more stems than classes, as in "cat_001.jpg"."""
    return int(several.sum()) <= 2 * len(np.unique(classes[classes >= 0]))


def recording_sentence(found: Recordings, splits: Sequence[str], figure: str, names: bool = True) -> Insight | None:
    """How many files of the other splits are of a recording that the first split has too; with one's name if wanted."""
    table = found.table
    shared = table[(table[:, 0] > 0), 1:].sum(axis=0)
    if not (divided := len(found.divided)) or not shared.any():
        return None
    worst = int(np.argmax(shared / np.maximum(table[:, 1:].sum(axis=0), 1))) + 1
    example = f", such as {quoted(found.names[int(found.divided[0])] + '…')}" if names else ""
    text = (
        f"By their names, {of(int(shared[worst - 1]), int(table[:, worst].sum()), f'{splits[worst]} files')} are of "
        f"recordings that {splits[0]} has too{example}; {divided:,} of "
        f"{words.count(int((table.sum(axis=1) > 1).sum()), 'recording')} lie in several splits. If they show the same "
        "scene or patient, results are too good."
    )
    values = {"shared": float(shared[worst - 1]), "divided": float(divided), "threshold": float(LEAST_STEMS)}
    return Insight(kind="group-leakage", severity="warning", text=text, figure=figure, values=values)
