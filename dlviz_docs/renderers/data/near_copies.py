"""Pictures that are in a data set twice, within a split, across splits, or under two labels.

| generator | yields |
|---|---|
| `near_copies(dataset, place, samples)` | split × split matrix, pairs to look at, recordings in several splits |
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights import data_copies as said
from dlviz_docs.insights.data_copies import Copies, Recordings
from dlviz_docs.insights.data_words import percent
from dlviz_docs.model import Dataset, Pictures
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.data._rows import Groups, by_class, by_split, thumb, title
from dlviz_docs.stats.near_copies import BITS, CORRELATION, DETAIL, LOOSE, SOME_DETAIL
from dlviz_docs.view import Cell, Column, Figure, Gallery, Item, Matrix, Shown, Table

__all__ = ["copies_matrix", "near_copies"]

SHOWN_ACROSS, SHOWN_LABELS, SHOWN_WITHIN = 36, 24, 12
"""Pairs in the gallery: of two splits, of two labels, and others."""
RECORDINGS = 100
_HEADING = "Copies"


def near_copies(dataset: Dataset, place: Place, samples: bool) -> Iterator[Shown]:
    """Copies among the pictures, and recordings that splits share by their names; nothing without either."""
    found = dataset.pictures
    if found is None or len(found) < 2:
        return
    group = place.group(_HEADING)
    copies, splits = said.copies_of_pictures(found), by_split(dataset)
    if len(copies):
        yield from _copies(dataset, found, copies, splits, place, group, samples)
    if splits and found.sources:
        yield from _recordings(dataset, found, splits, place.id("recordings"), group, samples)


def _copies(
    dataset: Dataset,
    found: Pictures,
    copies: Copies,
    splits: Groups | None,
    place: Place,
    group: str,
    samples: bool,
) -> Iterator[Shown]:
    classes, told = by_class(dataset), _told(found, copies)
    id = place.id("copies-pairs")  # noqa: A001  (the figure's word)
    shown = list(_pairs(dataset, found, copies, splits, classes, id, group, told)) if samples else []
    pairs = id if shown else ""
    codes = splits.codes if splits else np.zeros(len(found), np.int32)
    names = splits.names if splits else ("",)
    matrix = said.copy_matrix(copies, found.contents, codes, len(names))
    sizes = np.bincount(codes[codes >= 0], minlength=len(names)).tolist()
    figure = place.id("copies") if splits else pairs
    yield from said.copy_sentences(matrix, sizes, names, "pictures", figure)
    if classes and (conflict := said.conflict_sentence(copies, classes.codes, "pictures", pairs)):
        yield conflict
    if splits:
        yield copies_matrix(matrix, sizes, splits.names, "pictures", figure, group, told)
    yield from shown


def _told(found: Pictures, copies: Copies) -> str:
    exact = int(copies.exact.sum())
    near = len(copies) - exact
    parts = [words.count(exact, "exact copy", "exact copies")] if exact else []
    parts += [words.count(near, "near pair")] if near else []
    text = " and ".join(parts)
    if copies.compared < len(found):
        text += f", near ones among {copies.compared:,} of {words.count(len(found), 'picture')}"
    if copies.capped:
        text += "; there are more near pairs than were looked through"
    return (
        f"{text}. Near: dHash and pHash differ by at most {BITS} of 64 bits, and the 32 × 32 grey pictures correlate "
        f"beyond {CORRELATION}, and in their details beyond {SOME_DETAIL}; or beyond {LOOSE} and {DETAIL}."
    )


def copies_matrix(
    matrix: NDArray[np.int64],
    sizes: list[int],
    splits: tuple[str, ...],
    noun: str,
    id: str,  # noqa: A002  (the figure's word)
    group: str,
    told: str,
) -> Figure:
    """How many rows of each split have a copy in each split."""
    counts = tuple(tuple(f"{count:,}" for count in row) for row in matrix.tolist())
    shares = matrix / np.maximum(np.array(sizes, np.float64), 1)[:, None]
    told_shares = tuple(
        tuple(percent(count, size) for count in row) for row, size in zip(matrix.tolist(), sizes, strict=True)
    )
    spec = Matrix(
        splits,
        splits,
        matrix.astype(np.float64),
        counts,
        views=(("share of row", shares, told_shares),),
        view="count",
        row_label=f"{noun} of",
        column_label="have a copy in",
        low=0.0,
    )
    across = int(matrix.sum() - np.trace(matrix))
    said_across = "No copy lies in two splits." if not across else ""
    caption = " ".join(part for part in (said_across, told) if part)
    return Figure(id, "Copies within and across splits", caption, spec, group)


# --- pairs ------------------------------------------------------------------------------------------------------------


def _pairs(
    dataset: Dataset,
    found: Pictures,
    copies: Copies,
    splits: Groups | None,
    classes: Groups | None,
    id: str,  # noqa: A002  (the figure's word)
    group: str,
    told: str,
) -> Iterator[Figure]:
    order = _worth_seeing(copies, splits, classes)
    items = tuple(item for pair in order if (item := _pair(dataset, found, copies, int(pair), splits, classes)))
    if items:
        first = [*(["of two splits first"] if splits else []), *(["of two labels before others"] if classes else [])]
        chosen = ", ".join([*first, "the most alike of each" if first else "the most alike first"])
        yield Figure(id, "Pairs of copies", told, Gallery(items, len(copies), chosen, first=12), group)


def _worth_seeing(copies: Copies, splits: Groups | None, classes: Groups | None) -> NDArray[np.intp]:
    """Pairs of two splits, then of two labels, then others: some of each."""
    across = np.zeros(len(copies), np.bool_)
    if splits:
        across = splits.codes[copies.first] != splits.codes[copies.second]
    conflict = np.zeros(len(copies), np.bool_)
    if classes:
        conflict[said.label_conflicts(copies, classes.codes)] = True
    parts = [
        np.flatnonzero(across)[:SHOWN_ACROSS],
        np.flatnonzero(conflict & ~across)[:SHOWN_LABELS],
        np.flatnonzero(~conflict & ~across)[:SHOWN_WITHIN],
    ]
    return np.concatenate(parts)


def _pair(
    dataset: Dataset, found: Pictures, copies: Copies, pair: int, splits: Groups | None, classes: Groups | None
) -> Item | None:
    a, b = int(copies.first[pair]), int(copies.second[pair])
    thumbs = [thumb(found, row, alt=title(dataset, row)) for row in (a, b)]
    if not all(thumbs):
        return None
    alike = "exact" if copies.exact[pair] else f"{copies.correlation[pair]:.3f}"
    facts = [("correlation", alike)]
    for groups in (splits, classes):
        if groups:
            names = [groups.name(row) or "–" for row in (a, b)]
            facts.append((groups.what, names[0] if names[0] == names[1] else " / ".join(names)))
    return Item(
        f"{title(dataset, a)} and {title(dataset, b)}",
        tuple(picture for picture in thumbs if picture),
        facts=tuple(facts),
        row=splits.name(b) if splits else "",
        column=splits.name(a) if splits else "",
    )


# --- recordings -------------------------------------------------------------------------------------------------------


def _recordings(
    dataset: Dataset,
    found: Pictures,
    splits: Groups,
    id: str,  # noqa: A002  (the figure's word)
    group: str,
    samples: bool,
) -> Iterator[Shown]:
    """A sentence, and the names unless single rows are to be hidden: a name may be a patient's."""
    classes = by_class(dataset)
    known = said.recordings(found.sources, splits.codes, len(splits.names), classes.codes if classes else None)
    if not known:
        return
    if insight := said.recording_sentence(known, splits.names, id if samples else "", samples):
        yield insight
        if samples:
            told = _recordings_told(known)
            yield Figure(id, "Recordings in several splits", told, _table(known, splits.names), group)


def _recordings_told(known: Recordings) -> str:
    told = (
        f"{len(known.divided):,} of {words.count(int((known.table.sum(axis=1) > 1).sum()), 'recording')} of two files "
        "or more, as the names without the number at their end tell them apart."
    )
    return told + (f" The largest {RECORDINGS}." if len(known.divided) > RECORDINGS else "")


def _table(known: Recordings, splits: tuple[str, ...]) -> Table:
    columns = (Column("Name begins with"), *(Column(split, numeric=True) for split in splits))
    rows = tuple(
        (Cell(known.names[one]), *(Cell(f"{count:,}" if count else "–", count) for count in known.table[one].tolist()))
        for one in known.divided[:RECORDINGS]
    )
    return Table(columns, rows, searchable=len(rows) > 10)
