"""How many rows each class has, in each split."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights.data_classes import class_sentences
from dlviz_docs.insights.data_words import percent, quoted
from dlviz_docs.renderers.data._profile import Profile
from dlviz_docs.stats.balance import Balance, balance
from dlviz_docs.view import Cell, Column, Figure, Layer, Plot, PlotAxis, Shown, Table

__all__ = ["classes"]

DRAWN = 40
"""Classes in the picture: the largest and the smallest; all are in the table."""
LISTED = 1000


def classes(found: Profile) -> Iterator[Shown]:
    """Nothing unless the target is a category."""
    if found.classes is None or found.target < 0:
        return
    names = found.classes.names
    splits = found.splits.names if found.splits else ("",)
    column = found.columns[found.target]
    if column.levels is None:
        return
    if found.splits and found.groups and found.groups.what == "split" and column.table is not None:
        counts = column.table
    else:
        counts = column.levels.counts[None]
    result = balance(counts)
    bars, table = found.place.id("classes"), found.place.id("classes-table")
    yield from class_sentences(result, names, splits, bars)
    group = found.place.group("Classes")
    yield _bars(result, names, splits, bars, group)
    if len(names) > 6 or len(splits) > 1:
        yield _table(result, names, splits, table, group)


def _bars(found: Balance, names: tuple[str, ...], splits: tuple[str, ...], id: str, group: str) -> Figure:  # noqa: A002
    totals = found.counts.sum(axis=0)
    kept = np.arange(len(names))
    if len(names) > DRAWN:
        order = np.argsort(-totals, kind="stable")
        kept = np.concatenate([order[: DRAWN // 2], order[-DRAWN // 2 :]])
    sideways = len(kept) > 6 or max(len(names[place]) for place in kept) > 12
    layers = []
    for split, name in enumerate(splits):
        size = int(found.counts[split].sum())
        if not size:
            continue
        share, low, high = (100 * values[split, kept] for values in (found.shares, found.low, found.high))
        notes = tuple(f"{int(found.counts[split, place]):,} of {size:,}" for place in kept)
        places = np.arange(len(kept), dtype=np.float64)
        x, y = (share, places) if sideways else (places, share)
        layers.append(
            Layer("interval", x, y, low=low, high=high, label=name, color=split, notes=notes, horizontal=sideways)
        )
    along = PlotAxis("", "category", tuple(names[place] for place in kept))
    up = PlotAxis("share of the split, %" if len(splits) > 1 else "share, %", low=0.0)
    plot = (
        Plot(tuple(layers), up, along, height=max(160, 22 * len(kept))) if sideways else Plot(tuple(layers), along, up)
    )
    caption = f"Share of each class with its 95 % interval (Wilson); n = {int(totals.sum()):,}."
    if len(names) > DRAWN:
        caption += f" The {DRAWN // 2} largest and the {DRAWN // 2} smallest of {len(names):,} classes."
    if not np.isnan(found.ratio):
        caption += (
            f" Largest over smallest: {words.number(round(found.ratio, 1))}; as many as "
            f"{words.number(round(found.effective, 1))} equal classes. Always saying "
            f"{quoted(names[int(totals.argmax())])} is right in {percent(int(totals.max()), int(totals.sum()))}."
        )
    return Figure(id, "Classes", caption, plot, group)


def _table(found: Balance, names: tuple[str, ...], splits: tuple[str, ...], id: str, group: str) -> Figure:  # noqa: A002
    totals = found.counts.sum(axis=0)
    sizes = found.counts.sum(axis=1)
    columns = [Column("Class"), Column("Rows", True), Column("Share", True)]
    if len(splits) > 1:
        columns += [Column(split, True, "Rows, and their share of the split") for split in splits]
    order = np.argsort(-totals, kind="stable")[:LISTED]
    rows = []
    for place in order.tolist():
        cells = [
            Cell(names[place]),
            Cell(f"{int(totals[place]):,}", int(totals[place])),
            Cell(percent(int(totals[place]), int(totals.sum())), int(totals[place])),
        ]
        if len(splits) > 1:
            cells += [_cell(int(found.counts[split, place]), int(sizes[split])) for split in range(len(splits))]
        rows.append(tuple(cells))
    caption = "Every class, the largest first."
    if len(names) > LISTED:
        caption = f"The {LISTED:,} largest of {len(names):,} classes."
    return Figure(id, "Rows by class", caption, Table(tuple(columns), tuple(rows), len(rows) > 10), group)


def _cell(count: int, size: int) -> Cell:
    return Cell(f"{count:,} ({percent(count, size)})" if count else "none", count / size if size else None)
