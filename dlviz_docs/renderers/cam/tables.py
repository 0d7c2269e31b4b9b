"""What models of tables and of texts rest on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlviz_docs.insights.results_words import brief, score
from dlviz_docs.model.probes import Columns, Tokens
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.cam._read import Reading
from dlviz_docs.view import Cell, Column, Figure, Layer, Plot, PlotAxis, Shown, Table
from dlviz_docs.words import number

__all__ = ["tables"]

GROUP = "What the answers rest on"
MOST = 30
"""Columns that have a bar."""
WORDS = 6
"""Of a text, that speak for its answer, and against it."""
_MEASURES = {"accuracy": "accuracy lost", "r2": "R² lost", "changed answers": "share of answers that change"}


def tables(one: Reading, place: Place, samples: bool) -> Iterator[Shown]:
    """Columns of a table, words of texts."""
    if one.probed.columns is not None and len(one.probed.columns.names):
        yield from _columns(one.probed.columns, place)
    if samples and one.probed.texts:
        yield _texts(one, one.probed.texts, place)


def _columns(found: Columns, place: Place) -> Iterator[Figure]:
    order = np.argsort(-np.nan_to_num(found.importance, nan=-np.inf), kind="stable")[:MOST]
    names = tuple(found.names[i] for i in order)
    rows = np.arange(len(order), dtype=np.float64)
    cost, spread = found.importance[order], found.spread[order]
    axis = PlotAxis("", "category", names)
    notes = tuple(f"{score(float(c))} ± {score(float(s))}" for c, s in zip(cost, spread, strict=True))
    bars = Layer("bar", cost, rows, horizontal=True, notes=notes)
    ends = Layer(
        "interval", cost, rows, low=cost - spread, high=cost + spread, faint=True, horizontal=True, notes=notes
    )
    height = max(120, 24 * len(order) + 40)
    caption = (
        f"What shuffling a column costs, mean and standard deviation over repetitions{_of(found)}. Columns that hang "
        "together cover for each other."
    )
    plot = Plot((bars, ends), PlotAxis(_MEASURES[found.measure]), axis, height=height)
    yield Figure(place.id("column-importance"), "Columns the answers need", caption, plot, GROUP)
    if not len(found.attributions):
        return
    share = np.abs(found.attributions).mean(axis=0)[order]
    gap = float(np.nanmax(found.gap)) if np.isfinite(found.gap).any() else 0.0
    caption = (
        f"Integrated gradients of the answer from the mean row: mean size over {len(found.attributions):,} rows"
        f"{_of(found)}. Rows miss at most {score(gap)} of the difference they explain."
    )
    plot = Plot((Layer("bar", share, rows, horizontal=True),), PlotAxis("mean |attribution|"), axis, height=height)
    yield Figure(place.id("column-attributions"), "Columns the answers come from", caption, plot, GROUP)


def _of(found: Columns) -> str:
    return f"; the {MOST} largest of {len(found.names):,} columns" if len(found.names) > MOST else ""


def _texts(one: Reading, found: tuple[Tokens, ...], place: Place) -> Figure:
    columns = (
        Column("Text"),
        Column("Answer"),
        Column("Speaks for it"),
        Column("Speaks against it"),
        Column("Misses", True),
    )
    rows = tuple(
        (
            Cell(one.title(text.sample)),
            Cell(brief(one.said(text.target))),
            Cell(_words(text, 1)),
            Cell(_words(text, -1)),
            Cell(score(text.gap), text.gap),
        )
        for text in found
    )
    caption = (
        "Words by integrated gradients over their embeddings, the strongest first; the last column is the part of the "
        "difference that they miss."
    )
    return Figure(
        place.id("words"), "Words the answers rest on", caption, Table(columns, rows, searchable=len(rows) > 10), GROUP
    )


def _words(text: Tokens, sign: int) -> str:
    """The words of one sign, with their values."""
    signed = sign * np.nan_to_num(np.asarray(text.values, np.float64))
    order = [int(i) for i in np.argsort(-signed, kind="stable")[:WORDS] if signed[i] > 0]
    return ", ".join(f"{brief(text.words[i])} ({number(float(f'{text.values[i]:.2g}'))})" for i in order) or "–"
