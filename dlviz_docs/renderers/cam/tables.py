"""What models of tables rest on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlviz_docs.insights.results_words import score
from dlviz_docs.model.probes import Columns
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.cam._read import Reading
from dlviz_docs.view import Figure, Layer, Plot, PlotAxis, Shown

__all__ = ["tables"]

GROUP = "What the answers rest on"
MOST = 30
"""Columns that have a bar."""
_MEASURES = {"accuracy": "accuracy lost", "r2": "R² lost", "changed answers": "share of answers that change"}


def tables(one: Reading, place: Place) -> Iterator[Shown]:
    """Columns of a table."""
    if one.probed.columns is not None and len(one.probed.columns.names):
        yield from _columns(one.probed.columns, place)


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
