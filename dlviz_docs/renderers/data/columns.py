"""How each column is distributed, told apart by split or by class."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights.data_columns import flags_of
from dlviz_docs.insights.data_relations import told
from dlviz_docs.insights.data_words import percent
from dlviz_docs.model import FloatArray
from dlviz_docs.renderers.data._profile import Profile
from dlviz_docs.stats.columns import ColumnStats
from dlviz_docs.stats.histogram import Bins
from dlviz_docs.view import Figure, Layer, Plot, PlotAxis

__all__ = ["FIGURES", "LEVELS", "chosen_columns", "column_figures"]

FIGURES = 40
"""Columns that have a figure of their own; all of them are in the table."""
SKEWED = 1.0
"""g1 from which on a logarithmic axis is offered."""
LEVELS = 20
"""Bars of a category; the others are one bar together."""


def chosen_columns(found: Profile) -> list[int]:
    """Places of the columns that say most: a target of numbers, then by association, by drift, by what is odd."""
    drawable = [at for at in range(len(found.columns)) if _drawable(found, at)]
    order = sorted(drawable, key=lambda at: (-_says(found, at), at))[:FIGURES]
    return order if len(drawable) > FIGURES else sorted(order, key=lambda at: (at != found.target, order.index(at)))


def _drawable(found: Profile, at: int) -> bool:
    """Classes have a figure already."""
    column = found.columns[at]
    if at == found.target and found.classes is not None and column.levels is not None:
        return False
    if column.numbers is not None:
        return column.bins is not None
    return column.levels is not None and column.distinct > 1


def _says(found: Profile, at: int) -> float:
    if at == found.target:
        return math.inf
    column = found.columns[at]
    pair = found.with_target.get(at)
    strength = abs(pair.strength) if pair and pair.q < 0.05 else 0.0
    drift = max(
        (drift.effect for drift in column.drifts if drift.p < 0.01 and math.isfinite(drift.effect)), default=0.0
    )
    return strength + min(drift, 1.0) + 0.05 * len(flags_of(column))


def column_figures(found: Profile, chosen: list[int]) -> Iterator[Figure]:
    """A histogram of numbers and times, bars of categories and booleans."""
    drawable = sum(_drawable(found, at) for at in range(len(found.columns)))
    for turn, at in enumerate(chosen):
        column = found.columns[at]
        seen = _words(found, at)
        if drawable > len(chosen) and not turn:
            seen += f" {len(chosen):,} of {drawable:,} columns have a figure, those that say most first."
            seen += " All are in the table."
        if column.bins is not None:
            plot, also = _histogram(found, column, column.bins)
        else:
            plot, also = _bars(found, column)
        caption = " ".join(part for part in (seen, also) if part)
        yield Figure(found.ids[at], column.name, caption, plot, found.place.group("Distributions"))


def _words(found: Profile, at: int) -> str:
    """What there is to see, in a sentence or two."""
    column = found.columns[at]
    parts = []
    if (n := column.numbers) is not None:
        shown = words.date if column.feature.kind == "time" else lambda value: words.number(float(f"{value:.4g}"))
        parts.append(f"Median {shown(n.median)}; 90 % lie from {shown(n.q05)} to {shown(n.q95)}; n = {n.count:,}.")
    elif column.levels is not None and column.levels.top >= 0:
        top = column.feature.levels[column.levels.top]
        parts.append(
            f"{words.count(column.distinct, 'level')}; most frequent is {top} ({percent(column.top_share, 1.0)}); "
            f"n = {column.levels.count:,}."
        )
    if column.missing:
        parts.append(f"Missing in {percent(column.missing, column.n)} of the rows.")
    pair = found.with_target.get(at)
    if pair and pair.q < 0.05:
        parts.append(f"With {found.dataset.target}: {told(pair)}.")
    return " ".join(parts)


# --- numbers and times ------------------------------------------------------------------------------------------------


def _histogram(found: Profile, column: ColumnStats, bins: Bins) -> tuple[Plot, str]:
    """Equal bins, or bins of equal ratio where a column of positive numbers spans so much that few would be filled."""
    time = column.feature.kind == "time"
    log = not time and column.log_bins is not None and _crowded(bins)
    if log and column.log_bins is not None:
        bins = column.log_bins
    names = found.groups.names if found.groups else ("",)
    layers = tuple(_outlines(bins, names, found.groups.what if found.groups else "", time))
    skewed = column.numbers is not None and column.numbers.skew > SKEWED
    offered = bool(not time and skewed and bins.edges[0] >= 0)
    x = PlotAxis(column.name, "time" if time else "log" if log else "linear", logarithmic=offered)
    unit = f"share of {found.groups.what}, %" if found.groups else "share, %"
    y = PlotAxis("rows" if time else unit)
    beyond = []
    if bins.below:
        beyond.append(f"{bins.below:,} less than {words.number(float(bins.edges[0]))}")
    if bins.above:
        beyond.append(f"{bins.above:,} greater than {words.number(float(bins.edges[-1]))}")
    also = f"Outside the picture: {' and '.join(beyond)}." if beyond else ""
    return Plot(layers, x, y, height=200), also


def _crowded(bins: Bins) -> bool:
    """Whether nearly all values share a few bins."""
    counts = np.sort(bins.counts.sum(axis=0))[::-1]
    return bool(counts[:2].sum() > 0.8 * max(1, counts.sum())) or bins.above > 0.02 * max(1, counts.sum())


def _outlines(bins: Bins, names: tuple[str, ...], what: str, time: bool) -> Iterator[Layer]:
    low, high = bins.edges[:-1], bins.edges[1:]
    alone = len(names) == 1
    for color, (name, counts) in enumerate(zip(names, bins.counts, strict=True)):
        if total := int(counts.sum()):
            heights: FloatArray = counts.astype(np.float64) if time else 100 * counts / total
            notes = tuple(f"{count:,} of {total:,}{f' in {name}' if name else ''}" for count in counts.tolist())
            yield Layer("bar" if alone else "step", low, heights, x2=high, label=name, color=color, notes=notes)


# --- categories -------------------------------------------------------------------------------------------------------


def _bars(found: Profile, column: ColumnStats) -> tuple[Plot, str]:
    """Shares of each group, so that their sizes do not matter; natural order for few levels, else by frequency."""
    table = column.table if column.table is not None else np.zeros((1, len(column.feature.levels)), np.int64)
    total = table.sum(axis=0)
    present = np.flatnonzero(total > 0)
    order = present if len(present) <= LEVELS else np.sort(np.argsort(-total, kind="stable")[:LEVELS])
    if len(present) > LEVELS:
        order = order[np.argsort(-total[order], kind="stable")]
    counts = table[:, order]
    labels = [column.feature.levels[level] for level in order]
    also = ""
    if len(present) > LEVELS:
        counts = np.concatenate([counts, (table.sum(axis=1) - counts.sum(axis=1))[:, None]], axis=1)
        more = len(present) - LEVELS
        labels.append(f"other ({more:,})")
        also = f"The {LEVELS} most frequent of {len(present):,} levels."
    names = found.groups.names if found.groups else ("",)
    layers = tuple(_level_bars(counts, names))
    axis = PlotAxis("", "category", tuple(_short(label) for label in labels))
    share = PlotAxis(f"share of {found.groups.what}, %" if found.groups else "share, %")
    if len(labels) > 6 or max(map(len, labels), default=0) > 12:
        turned = tuple(
            Layer("bar", layer.y, layer.x, label=layer.label, color=layer.color, notes=layer.notes, horizontal=True)
            for layer in layers
        )
        return Plot(turned, share, axis, height=max(160, 22 * len(labels))), also
    return Plot(layers, axis, share, height=200), also


def _short(label: str) -> str:
    return label if len(label) <= 40 else f"{label[:39]}…"


def _level_bars(counts: np.ndarray, names: tuple[str, ...]) -> Iterator[Layer]:
    places = np.arange(counts.shape[1], dtype=np.float64)
    for color, (name, row) in enumerate(zip(names, counts, strict=True)):
        if total := int(row.sum()):
            notes = tuple(f"{count:,} of {total:,}{f' in {name}' if name else ''}" for count in row.tolist())
            yield Layer("bar", places, 100 * row / total, label=name, color=color, notes=notes)
