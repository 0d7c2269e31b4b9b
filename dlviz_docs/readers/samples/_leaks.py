"""Samples of other splits that the training split has too: the same, or nearly.

Nearly are pictures that look alike (dHash, pHash and a correlation of their pixels) and texts that share most runs of
three words, as the page of the data finds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import Dataset, Feature, Pictures, Texts
from dlviz_docs.stats.minhash import SIMILAR, near_texts, shingles
from dlviz_docs.stats.near_copies import near_pairs
from dlviz_docs.stats.rows import FEW_COLUMNS, row_hashes
from dlviz_docs.stats.texts import words_of

__all__ = ["Leaks", "leaks"]

Bools: TypeAlias = NDArray[np.bool_]
Rows: TypeAlias = NDArray[np.intp]

_WORDY = ("text", "category", "boolean")
_BY_CHANCE = 0.01
"""Share of the training rows that repeat others, from which on rows of few columns are alike by chance."""
_TEXTS = 40_000
"""Texts that are compared at most: those outside the training split first."""
_BEGINNING, _WORDS, _CONFIRMED = 2_000, 64, 250
"""Characters of a text, its words that candidates are found by, and those that confirm them."""


@dataclass(frozen=True, slots=True, eq=False)
class Leaks:
    """Rows outside the training split, shape (n,)."""

    same: Bools
    """Their content is that of a training row."""
    nearly: Bools
    """It is not, and nearly that of one."""


def leaks(dataset: Dataset) -> Leaks | None:
    """None where there is nothing to compare."""
    if dataset.split is None or "train" not in dataset.splits:
        return None
    train = dataset.split == dataset.splits.index("train")
    same = _same(dataset, train)
    if same is None:
        return None
    nearly = np.zeros(dataset.length, np.bool_)
    for a, b in _near(dataset, train):
        nearly[a[train[b] & ~train[a]]] = True
        nearly[b[train[a] & ~train[b]]] = True
    return Leaks(same, nearly & ~same)


# --- the same ---------------------------------------------------------------------------------------------------------


def _same(dataset: Dataset, train: Bools) -> Bools | None:
    """None of tables of few columns whose training rows are often alike too: that is chance."""
    features = [one for one in dataset.features if one.kind != "identifier" and one.name != dataset.target]
    others: list[NDArray[Any]] = [one for one in (dataset.embeddings, dataset.series) if one is not None]
    texts = [one.texts for one in features if one.kind == "text" and one.texts is not None]
    pictures = dataset.pictures
    pictured = pictures is not None and len(pictures.contents) == dataset.length
    if pictures is not None and pictured:
        others.append(pictures.contents)
    if not (features or others):
        return None
    hashes = row_hashes(features, others)
    if not (others or texts) and len(features) <= FEW_COLUMNS and _repeats(hashes[train]):
        return None
    same = _among(hashes, train)
    if pictures is not None and pictured:
        same &= pictures.contents != 0
    elif texts and not others:
        same &= np.any([one.lengths > 0 for one in texts], axis=0)  # that nothing is written is no copy
    return same


def _repeats(hashes: NDArray[np.uint64]) -> bool:
    """Whether more than one row in a hundred is told before."""
    return len(np.unique(hashes)) < (1 - _BY_CHANCE) * len(hashes)


def _among(hashes: NDArray[np.uint64], train: Bools) -> Bools:
    """Rows outside the training split whose content is in it."""
    known = np.sort(hashes[train])
    found = np.zeros(len(hashes), np.bool_)
    if len(known):
        rest = hashes[~train]
        found[~train] = known[np.minimum(np.searchsorted(known, rest), len(known) - 1)] == rest
    return found


# --- nearly the same --------------------------------------------------------------------------------------------------


def _near(dataset: Dataset, train: Bools) -> Iterator[tuple[Rows, Rows]]:
    """Pairs of rows with near pictures, or near texts, whose words in other columns are the same.

    A picture may be asked about twice. Numbers may differ, since many are measured from what is nearly the same.
    """
    others = [one for one in dataset.features if one.kind in _WORDY and one.name != dataset.target]
    texts = [one for one in others if one.kind == "text"]
    if dataset.pictures is not None and len(dataset.pictures) == dataset.length:
        yield _alike_in(others, *_near_pictures(dataset.pictures))
    elif len(texts) == 1 and texts[0].texts is not None:
        rest = [one for one in others if one is not texts[0]]
        yield _alike_in(rest, *_near_texts(texts[0].texts, train))


def _alike_in(features: list[Feature], a: Rows, b: Rows) -> tuple[Rows, Rows]:
    if not features or not len(a):
        return a, b
    hashes = row_hashes(features)
    equal = hashes[a] == hashes[b]
    return a[equal], b[equal]


def _near_pictures(found: Pictures) -> tuple[Rows, Rows]:
    if not len(found.small) == len(found.fingerprints) == len(found.measured):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    near = near_pairs(found.fingerprints, found.small)
    return found.measured[near.first], found.measured[near.second]


def _near_texts(stored: Texts, train: Bools) -> tuple[Rows, Rows]:
    """Candidates by the first words, confirmed by more of them."""
    rows = _compared(stored, train)
    words = [words_of((stored.strings[row] or "")[:_BEGINNING])[:_CONFIRMED] for row in rows]
    first, second, _ = near_texts(*shingles([one[:_WORDS] for one in words]))
    across = train[rows[first]] != train[rows[second]]
    first, second = first[across], second[across]
    alike = np.array([_overlap(words[a], words[b]) >= SIMILAR for a, b in zip(first, second, strict=True)], np.bool_)
    return rows[first[alike]], rows[second[alike]]


def _compared(stored: Texts, train: Bools) -> Rows:
    """All rows outside the training split, and one of each content inside it; of very many a sample, those outside
    first."""
    there = stored.lengths[: len(stored.strings)] > 0
    inside = np.flatnonzero(there & train[: len(there)])
    _, once = np.unique(stored.hashes[inside], return_index=True)
    rows = np.concatenate([np.flatnonzero(there & ~train[: len(there)]), inside[once]])
    if len(rows) > _TEXTS:
        rows = np.random.default_rng(0).permutation(rows)
        rows = rows[np.argsort(train[rows], kind="stable")][:_TEXTS]
    return np.sort(rows)


def _overlap(one: list[str], other: list[str]) -> float:
    """Runs of three words that both have, of all that either has (Jaccard)."""
    a, b = ({tuple(words[at : at + 3]) for at in range(max(1, len(words) - 2))} for words in (one, other))
    return len(a & b) / max(1, len(a | b))
