"""Channels, filters and units that do nothing."""

from __future__ import annotations

from collections.abc import Iterator

from dlviz_docs.insights import model_weights as said
from dlviz_docs.insights.model_words import brief, share
from dlviz_docs.renderers.architecture._known import Known, own_name
from dlviz_docs.stats.weights import DEAD, dead_rows
from dlviz_docs.view import Cell, Column, Figure, Shown, Table

__all__ = ["channels"]

LISTED = 200
"""Rows of the table."""


def channels(known: Known) -> Iterator[Shown]:
    """By the scales of normalisation, by the norms of filters, and by variances that normalisation kept."""
    scales, of_scales = _rows_off(known, _scales(known))
    # Not rows of a vocabulary: many of its words may never have come up.
    filters, of_filters = _rows_off(
        known, [(path, main.name) for path, main in known.weighted if known.rows_are_outputs(path, main)]
    )
    silent, of_silent = _rows_off(known, _variances(known))
    figure = known.place.id("off")
    yield from said.dead_sentence(scales, "channel", of_scales, figure)
    yield from said.dead_sentence(filters, "filter", of_filters, figure)
    yield from said.silent_sentence(silent, of_silent, figure)
    told = [("scale", scales), ("filter", filters), ("running variance", silent)]
    rows = [
        (Cell(brief(one.path)), Cell(what), Cell(f"{one.off:,}", one.off), Cell(f"{one.of:,}", one.of), _part(one))
        for what, found in told
        for one in found
    ]
    if not rows:
        return
    columns = (Column("Layer"), Column("By"), Column("Off", True), Column("Of", True), Column("Share", True))
    caption = f"Channels whose scale, norm or running variance is below {DEAD:g} of the median of their layer."
    caption += f" The first {LISTED:,} of {len(rows):,} rows." if len(rows) > LISTED else ""
    table = Table(columns, tuple(rows[:LISTED]), searchable=len(rows) > 20)
    yield Figure(figure, "Channels that are off", caption, table, "Weights")


def _part(one: said.Off) -> Cell:
    return Cell(share(one.off, one.of), one.off / one.of)


def _rows_off(known: Known, tensors: list[tuple[str, str]]) -> tuple[list[said.Off], int]:
    """Layers with rows of nearly nothing, and how many rows there are in all."""
    found, total = [], 0
    for path, name in tensors:
        rows = known.statistics[name].rows if name in known.statistics else None
        if rows is None or not len(rows):
            continue
        total += len(rows)
        if off := len(dead_rows(rows)):
            found.append(said.Off(path, off, len(rows)))
    return found, total


def _scales(known: Known) -> list[tuple[str, str]]:
    """The learnt scales of normalisation layers: "weight", or Keras' "gamma"."""
    found = (
        (path, one.name) for path in known.nodes if known.family(path) == "normalisation" for one in known.own(path)
    )
    return [(path, name) for path, name in found if own_name(name) in ("weight", "gamma", "scale")]


def _variances(known: Known) -> list[tuple[str, str]]:
    names = ("running_var", "moving_variance")
    return [(path, one.name) for path in known.nodes for one in known.own(path) if own_name(one.name) in names]
