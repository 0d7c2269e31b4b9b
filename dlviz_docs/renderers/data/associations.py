"""Which columns hang together: all pairs, the strongest ones, and a picture of each of those."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights.data_relations import (
    bent_sentence,
    class_sentence,
    redundant,
    target_sentences,
    told,
)
from dlviz_docs.insights.data_words import association
from dlviz_docs.model import FloatArray
from dlviz_docs.renderers.data._profile import Profile
from dlviz_docs.renderers.data._rows import drawn
from dlviz_docs.stats.association import contingency, leaf_order
from dlviz_docs.stats.columns import ColumnStats
from dlviz_docs.stats.fdr import FALSE_SHARE
from dlviz_docs.stats.nonlinear import Bent, bent
from dlviz_docs.stats.relations import Pair
from dlviz_docs.stats.separators import Separator, separators
from dlviz_docs.stats.summary import quantile
from dlviz_docs.view import Cell, Column, Figure, Layer, Matrix, Plot, PlotAxis, Shown, Table

__all__ = ["associations"]

PAIRS = 50
PICTURES = 6
"""Pairs that have a picture."""
WORTH = 0.3
"""Association from which on a picture shows something: medium by Cohen 1988."""
CELLS = 40
DRAWN = 200_000
"""Rows of a two-dimensional histogram."""
LEVELS = 12


def associations(found: Profile) -> Iterator[Shown]:
    """Nothing where no two columns can be compared."""
    pairs = found.relations.pairs
    if not pairs:
        return
    names = [column.name for column in found.columns]
    matrix, table = found.place.id("associations"), found.place.id("associations-pairs")
    target = found.columns[found.target] if found.target >= 0 else None
    apart = separators(found.columns, target) if target is not None else []
    name = found.dataset.target
    yield from target_sentences(found.with_target, apart, names, name, found.dataset.length, table)
    if target is not None:
        yield from class_sentence(apart, names, name, target.feature.levels, _shown_of(found, apart, table))
    yield from redundant(pairs, names, found.target, table)
    curved = _bent(found)
    curve = found.place.id("association-nonlinear")
    if curved:
        rho = next((p.strength for p in pairs if (p.first, p.second) == (curved[0].first, curved[0].second)), 0.0)
        yield from bent_sentence(curved, rho, names, found.dataset.length, curve)
    group = found.place.group("Associations")
    if len(found.relations.places) > 2:
        yield _matrix(found, matrix, group)
    yield _pairs(found, table, group)
    if curved:
        yield _curve(found, curved, curve, group)
    for turn, pair in enumerate(_pictured(found)):
        yield _picture(found, pair, found.place.id(f"association-{turn + 1}"), group)


def _shown_of(found: Profile, apart: list[Separator], table: str) -> str:
    """Where a class that one column tells is seen: the picture of that column with the target, if it has one."""
    pictured = [(pair.first, pair.second) for pair in _pictured(found)]
    for turn, pair in enumerate(pictured):
        if apart and set(pair) == {apart[0].column, found.target}:
            return found.place.id(f"association-{turn + 1}")
    return table


def _bent(found: Profile) -> list[Bent]:
    """Not of what orders the rows: how columns run in time is seen elsewhere."""
    pairs = bent(found.columns, found.relations.places, found.relations.strength)
    time = found.dataset.time
    return [one for one in pairs if time not in (found.columns[one.first].name, found.columns[one.second].name)]


def _matrix(found: Profile, id: str, group: str) -> Figure:  # noqa: A002  (the figure's word)
    relations = found.relations
    order = leaf_order(relations.strength)
    names = tuple(found.columns[relations.places[i]].name for i in order)
    strength, pearson = (m[np.ix_(order, order)] for m in (relations.strength, relations.pearson))
    signed = bool((strength < 0).any())
    several = np.isfinite(pearson).any()
    caption = (
        "Spearman’s ρ between numbers, bias-corrected Cramér’s V between categories, correlation ratio η between the "
        f"two; columns that belong together stand together. n = {found.dataset.length:,}."
    )
    if relations.left:
        caption += f" {len(names):,} of {len(names) + relations.left:,} columns, the first ones."
    spec = Matrix(
        names,
        names,
        strength,
        _texts(strength),
        views=(("Pearson’s r", pearson, _texts(pearson)),) if several else (),
        view="ranks" if several else "",
        low=-1.0 if signed else 0.0,
        high=1.0,
        diverging=signed,
    )
    return Figure(id, "All pairs", caption, spec, group)


def _texts(values: FloatArray) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple("–" if math.isnan(value) else association(value) for value in row) for row in values.tolist())


def _pairs(found: Profile, id: str, group: str) -> Figure:  # noqa: A002
    pairs = found.relations.pairs
    columns = (
        Column("Column"),
        Column("and"),
        Column("Association", True),
        Column("Measure"),
        Column("Pearson’s r", True),
        Column("q", True, "Share of false findings among all pairs at least as sure (Benjamini and Hochberg)"),
        Column("Rows", True, "That have both"),
    )
    shown = _foremost(found)
    rows = tuple(
        (
            Cell(found.columns[pair.first].name),
            Cell(found.columns[pair.second].name),
            Cell(association(pair.strength, 3), abs(pair.strength)),
            Cell(pair.measure),
            Cell("–") if math.isnan(pair.pearson) else Cell(association(pair.pearson, 3), abs(pair.pearson)),
            Cell(_q(pair.q), pair.q),
            Cell(f"{pair.n:,}", pair.n),
        )
        for pair in shown
    )
    sure = sum(pair.q < FALSE_SHARE for pair in pairs)
    caption = f"{sure:,} of {words.count(len(pairs), 'pair')} hang together beyond chance (q < {FALSE_SHARE})."
    if len(shown) < len(pairs):
        caption += f" The {len(shown):,} strongest{', those of the target first' if found.with_target else ''}."
    return Figure(id, "Strongest pairs", caption, Table(columns, rows, searchable=len(rows) > 10), group)


def _q(q: float) -> str:
    return "–" if math.isnan(q) else "< 0.001" if q < 0.001 else f"{q:.3f}"


def _foremost(found: Profile) -> list[Pair]:
    """Half of the table is the target's, if it has so many."""
    own = sorted(found.with_target.values(), key=lambda pair: -abs(pair.strength))[: PAIRS // 2]
    others = [p for p in found.relations.pairs if not (found.with_target and found.target in (p.first, p.second))]
    return own + others[: PAIRS - len(own)]


def _pictured(found: Profile) -> list[Pair]:
    """The strongest pairs of the target, then of others; those that are simply the same are left out."""
    worth = [p for p in _foremost(found) if WORTH <= abs(p.strength) < 0.9999 and p.q < FALSE_SHARE and _fits(found, p)]
    own = [pair for pair in worth if found.target in (pair.first, pair.second)][: PICTURES // 2]
    others = [pair for pair in worth if found.target not in (pair.first, pair.second)]
    return own + others[: PICTURES - len(own)]


def _fits(found: Profile, pair: Pair) -> bool:
    """Whether there are bins for the numbers, and few levels of the categories."""
    columns = (found.columns[pair.first], found.columns[pair.second])
    return all(c.bins is not None if c.numbers is not None else len(c.feature.levels) <= LEVELS for c in columns)


# --- pictures ---------------------------------------------------------------------------------------------------------


def _picture(found: Profile, pair: Pair, id: str, group: str) -> Figure:  # noqa: A002
    first, second = found.columns[pair.first], found.columns[pair.second]
    part = ""
    if (first.numbers is None) == (second.numbers is None):
        rows = drawn(np.arange(first.n), DRAWN) if first.n > DRAWN else slice(None)
        plot = _cells(first, second, rows)
        part = f" Drawn: {DRAWN:,} rows, chosen at random (seed 0)." if first.n > DRAWN else ""
        if first.numbers is None:
            seen = f"Share of each level of {first.name}, by level of {second.name}."
        else:
            seen = "How many rows fall into each small rectangle: the darker, the more."
    else:
        number, category = (first, second) if second.numbers is None else (second, first)
        plot = _boxes(number, category)
        seen = f"Median, and the middle half, of {number.name} in each level of {category.name}."
    caption = f"{seen} {pair.measure[0].upper()}{told(pair)[1:]}, n = {pair.n:,}.{part}"
    return Figure(id, f"{first.name} and {second.name}", caption, plot, group)


def _curve(found: Profile, curved: list[Bent], id: str, group: str) -> Figure:  # noqa: A002
    first, second = found.columns[curved[0].first], found.columns[curved[0].second]
    rows = drawn(np.arange(first.n), DRAWN) if first.n > DRAWN else slice(None)
    caption = "How many rows fall into each small rectangle: the darker, the more."
    if first.n > DRAWN:
        caption += f" Drawn: {DRAWN:,} rows, chosen at random (seed 0)."
    if len(curved) > 1:
        others = ", ".join(
            f"{found.columns[one.first].name} and {found.columns[one.second].name}" for one in curved[1:9]
        )
        caption += f" Pairs of which the same is true: {others}{' and more' if len(curved) > 9 else ''}."
    return Figure(id, f"{first.name} and {second.name}", caption, _cells(first, second, rows), group)


def _cells(first: ColumnStats, second: ColumnStats, rows: NDArray[np.intp] | slice) -> Plot:
    """A two-dimensional histogram; of categories, shares within each level of the first."""
    codes, edges, axes = zip(*(_binned(column, rows) for column in (first, second)), strict=True)
    counts = contingency(codes[0], len(edges[0]) - 1, codes[1], len(edges[1]) - 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    of_levels = first.numbers is None
    i, j = np.nonzero(counts)
    # Roots, since a few full cells would hide all others.
    weights = shares[i, j] if of_levels else np.sqrt(counts[i, j] / counts.max(initial=1))
    notes = tuple(
        f"{int(counts[a, b]):,} rows{f', {100 * shares[a, b]:.0f} %' if of_levels else ''}"
        for a, b in zip(i, j, strict=True)
    )
    layer = Layer(
        "cell", edges[0][i], edges[1][j], x2=edges[0][i + 1], y2=edges[1][j + 1], weights=weights, notes=notes
    )
    return Plot((layer,), axes[0], axes[1], height=280)


def _binned(column: ColumnStats, rows: NDArray[np.intp] | slice) -> tuple[NDArray[np.intp], FloatArray, PlotAxis]:
    """The bin of each row (negative outside), the edges, and the axis."""
    if column.numbers is None or column.bins is None:
        k = len(column.feature.levels)
        axis = PlotAxis(column.name, "category", column.feature.levels)
        return column.feature.values[rows].astype(np.intp), np.arange(k + 1, dtype=np.float64) - 0.5, axis
    low, high = float(column.bins.edges[0]), float(column.bins.edges[-1])
    number = min(CELLS, len(column.bins.edges) - 1)
    edges: FloatArray = np.linspace(low, high, number + 1)
    with np.errstate(all="ignore"):
        places = np.nan_to_num(
            (column.feature.values[rows] - low) * (number / (high - low)), nan=-1, posinf=-1, neginf=-1
        )
    codes = np.where((places >= 0) & (places <= number), np.minimum(places, number - 1), -1).astype(np.intp)
    return codes, edges, PlotAxis(column.name, "time" if column.feature.kind == "time" else "linear")


def _boxes(number: ColumnStats, category: ColumnStats) -> Plot:
    """Quartiles of the numbers in each level."""
    values, codes = number.feature.values.astype(np.float64, copy=False), category.feature.values
    codes = codes if number.present is None else np.where(number.present, codes, -1)
    parts = [np.sort(values[codes == level]) for level in range(len(category.feature.levels))]
    present = [level for level, part in enumerate(parts) if len(part)]
    quartiles = np.array([[quantile(parts[level], share) for share in (0.25, 0.5, 0.75)] for level in present])
    layer = Layer(
        "interval",
        np.arange(len(present), dtype=np.float64),
        quartiles[:, 1],
        low=quartiles[:, 0],
        high=quartiles[:, 2],
        notes=tuple(
            f"median {words.number(float(f'{q[1]:.4g}'))}, middle half {words.number(float(f'{q[0]:.4g}'))} to "
            f"{words.number(float(f'{q[2]:.4g}'))}; {len(parts[level]):,} rows"
            for level, q in zip(present, quartiles, strict=True)
        ),
    )
    names = tuple(category.feature.levels[level] for level in present)
    up = PlotAxis(number.name, "time" if number.feature.kind == "time" else "linear")
    return Plot((layer,), PlotAxis(category.name, "category", names), up, height=220)
