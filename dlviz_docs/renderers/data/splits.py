"""Where the splits differ: every column by its effect, the worst ones side by side, and all of them together."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights.data_splits import (
    FLAGGED,
    Shift,
    drift_sentences,
    few_rows,
    how,
    separation_sentence,
    shifts_of,
)
from dlviz_docs.renderers.data._profile import Profile
from dlviz_docs.renderers.data._rows import drawn
from dlviz_docs.renderers.data._sample import Sample
from dlviz_docs.stats.projection import Design, design
from dlviz_docs.stats.separability import Separation, separation
from dlviz_docs.view import Cell, Column, Figure, Layer, Plot, PlotAxis, Shown, Table

__all__ = ["splits"]

BARS = 30
JUDGED = 4000
"""Rows of two splits that a classifier is asked to tell apart."""
WEIGHTS = 100


def splits(found: Profile, sample: Sample | None) -> Iterator[Shown]:
    """Nothing without several splits."""
    if found.splits is None:
        return
    names, codes = found.splits.names, found.splits.codes
    sizes = np.bincount(codes[codes >= 0], minlength=len(names)).tolist()
    bars, table = found.place.id("drift"), found.place.id("drift-columns")
    group = found.place.group("Splits")
    shifts = shifts_of(found.columns)
    yield from few_rows(sizes, names, found.place.id("data-facts"))
    if not shifts or (found.classes and all(shift.column == found.target for shift in shifts)):
        return  # of classes alone the figure of classes tells
    yield from drift_sentences(shifts, found.columns, names, bars)
    yield from _together(found, sample, sizes, bars)
    yield _bars(found, shifts, bars, group)
    yield _table(found, shifts, table, group)


def _bars(found: Profile, shifts: list[Shift], id: str, group: str) -> Figure:  # noqa: A002  (the figure's word)
    """Effects of the columns that differ most, one bar a split."""
    names = found.splits.names if found.splits else ()
    worst = list(dict.fromkeys(shift.column for shift in shifts))
    places = {column: at for at, column in enumerate(worst[:BARS])}
    layers = []
    for split in sorted({shift.drift.split for shift in shifts}):
        own = [shift for shift in shifts if shift.drift.split == split and shift.column in places]
        layers.append(
            Layer(
                "bar",
                np.array([shift.drift.effect for shift in own]),
                np.array([float(places[shift.column]) for shift in own]),
                label=names[split],
                color=split,
                notes=tuple(how(shift, found.columns[shift.column]) for shift in own),
                horizontal=True,
            )
        )
    at = np.full(2, FLAGGED)
    layers.append(Layer("rule", at, np.array([-0.5, len(places) - 0.5]), label=f"flagged from {FLAGGED}", faint=True))
    caption = (
        f"How far each split lies from {names[0]}: Wasserstein’s distance in standard deviations for numbers, "
        f"Jensen-Shannon distance for categories. {sum(shift.flagged for shift in shifts):,} of "
        f"{words.count(len(shifts), 'comparison')} lie beyond {FLAGGED} and chance (q < 0.05)."
    )
    if len(worst) > BARS:
        caption += f" The {BARS} columns that differ most, of {len(worst):,}."
    categories = tuple(found.columns[column].name for column in places)
    plot = Plot(
        tuple(layers), PlotAxis("effect"), PlotAxis("", "category", categories), height=max(160, 24 * len(places))
    )
    return Figure(id, "Drift between splits", caption, plot, group)


def _table(found: Profile, shifts: list[Shift], id: str, group: str) -> Figure:  # noqa: A002
    names = found.splits.names if found.splits else ()
    columns = (
        Column("Column"),
        Column("Split"),
        Column("Effect", True, "W1 of numbers, JS of categories"),
        Column("W1", True, "Wasserstein’s distance over the standard deviation in the first split"),
        Column("KS", True, "Greatest distance of the cumulative distributions"),
        Column("JS", True, "Jensen-Shannon distance, 0 to 1"),
        Column("PSI", True, "Population stability index; numbers in ten bins of the first split"),
        Column("q", True, "Kolmogorov-Smirnov or χ² test, after Benjamini and Hochberg"),
        Column("Change"),
        Column("Rows", True),
    )
    rows = tuple(
        (
            Cell(found.columns[shift.column].name),
            Cell(names[shift.drift.split], color=shift.drift.split),
            _cell(shift.drift.effect),
            _cell(shift.drift.w1),
            _cell(shift.drift.ks),
            _cell(shift.drift.js),
            _cell(shift.drift.psi),
            Cell("< 0.001" if shift.q < 0.001 else f"{shift.q:.3f}", shift.q),
            Cell(how(shift, found.columns[shift.column])),
            Cell(f"{shift.drift.n:,}", shift.drift.n),
        )
        for shift in shifts[:500]
    )
    caption = f"Every column of every split against {names[0]}, the largest effect first."
    if len(shifts) > len(rows):
        caption += f" The first {len(rows):,} of {len(shifts):,}."
    return Figure(id, "Drift by column", caption, Table(columns, rows, searchable=len(rows) > 10), group)


def _cell(value: float) -> Cell:
    return Cell("–") if math.isnan(value) else Cell(words.number(round(value, 3)), value)


# --- all columns together ---------------------------------------------------------------------------------------------


def _together(found: Profile, sample: Sample | None, sizes: list[int], figure: str) -> Iterator[Shown]:
    """What a classifier makes of each split beside the first; of large splits, of a sample of either."""
    if sample is None or found.splits is None:
        return
    for split in range(1, len(found.splits.names)):
        halves = [drawn(np.flatnonzero(found.splits.codes == side), JUDGED // 2) for side in (0, split)]
        rows = np.concatenate(halves)
        made = design(
            [c.feature.values[rows].astype(np.float64) for c in sample.columns if c.levels is None],
            [c.feature.values[rows].astype(np.intp) for c in sample.columns if c.levels is not None],
        )
        points = made.points[:, :WEIGHTS]
        judged = separation(points, np.arange(len(rows)) >= len(halves[0]))
        if judged is None:
            continue
        names = [sample.columns[source].name for source in _heaviest(judged, made)]
        if insight := separation_sentence(judged, found.splits.names[split], found.splits.names[0], names, figure):
            yield insight


def _heaviest(judged: Separation, made: Design) -> list[int]:
    """Columns by their largest weight."""
    spread = made.points[:, : len(judged.weights)].std(axis=0)
    order = np.argsort(-np.abs(judged.weights) * spread, kind="stable")
    return list(dict.fromkeys(made.sources[at] for at in order))[:3]
