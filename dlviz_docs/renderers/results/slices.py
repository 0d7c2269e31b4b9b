"""Rows that have something in common and are got wrong more often than the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights import results_errors as say
from dlviz_docs.insights.results_words import brief, interval, score
from dlviz_docs.model import FloatArray
from dlviz_docs.model.samples import Feature, Pictures
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results._answers import Answers, linked
from dlviz_docs.stats.intervals import wilson
from dlviz_docs.stats.slices import LEAST_EFFECT, Facet, Slice, parts_of_numbers, weak_slices
from dlviz_docs.view import Cell, Column, Figure, Shown, Table

__all__ = ["slices"]

FACETS = 40
"""Attributes looked at, the first ones of very many."""
SHOWN = 30
_MOST_LEVELS = 1000


def slices(judged: Answers, place: Place) -> Iterator[Shown]:
    """The weakest in words, and a table of all that stand clear of chance; nothing without attributes."""
    facets = [facet for facet in _facets(judged) if not _tells_outcome(facet, judged)][:FACETS]
    if not facets:
        return
    found, tested = weak_slices(facets, ~judged.right)
    if not found:
        return
    first = found[0]
    yield from linked(
        say.slices(
            _named(first, facets), first.inside, first.outside, first.n, first.q, len(found) - 1, tested, LEAST_EFFECT
        ),
        judged,
        place,
    )
    columns = (
        Column("Slice"),
        Column("n", True),
        Column("Accuracy inside", True),
        Column("elsewhere", True),
        Column("Difference", True),
        Column("q", True, "Share of false findings among slices as certain as this: Benjamini and Hochberg"),
    )
    few = f", the {SHOWN} that cost most of {len(found):,}" if len(found) > SHOWN else ""
    caption = (
        f"Slices that are got wrong more often than the rest{few}; {tested:,} were tested over {len(facets):,} "
        "attributes alone and in pairs, and at most one in twenty of those listed is expected to be chance."
    )
    rows = tuple(_row(one, facets) for one in found[:SHOWN])
    yield Figure(place.id("slices"), "Where it fails", caption, Table(columns, rows), place.group("Slices"))


def _row(one: Slice, facets: Sequence[Facet]) -> tuple[Cell, ...]:
    low, high = (float(end) for end in wilson(one.n - one.wrong, one.n))
    return (
        Cell(_named(one, facets)),
        Cell(f"{one.n:,}", float(one.n)),
        Cell(interval(one.inside, low, high), one.inside, bar=(low, one.inside, high)),
        Cell(score(one.outside), one.outside),
        Cell(score(-one.effect), -one.effect),
        Cell("< 0.001" if one.q < 0.001 else f"{one.q:.2g}", one.q),
    )


def _named(one: Slice, facets: Sequence[Facet]) -> str:
    parts = [(facets[facet].name, facets[facet].levels[level]) for facet, level in one.conditions]
    return " and ".join(f"{brief(name, 30)} {brief(level, 40)}" for name, level in parts)


# --- ways to part the rows --------------------------------------------------------------------------------------------


def _facets(judged: Answers) -> Iterator[Facet]:
    one = judged.predictions
    for feature in one.attributes:
        if feature.kind in ("category", "boolean") and 1 < len(feature.levels) <= _MOST_LEVELS:
            levels = tuple(f"= {level}" for level in feature.levels)
            yield Facet(feature.name, judged.column(feature).astype(np.int32, copy=False), levels)
        elif feature.kind == "number" and (facet := _of_numbers(feature.name, _numbers(judged, feature))):
            yield facet
        elif feature.kind == "text" and feature.texts is not None:
            lengths = feature.texts.lengths[judged.rows].astype(np.float64)
            lengths[lengths < 0] = np.nan
            if facet := _of_numbers(f"length of {feature.name}", lengths):
                yield facet
    if one.inputs and len(one.inputs) == one.length:
        lengths = np.array([np.nan if text is None else len(text) for text in one.inputs])[judged.rows]
        if facet := _of_numbers("length of the input", lengths):
            yield facet
    if one.pictures is not None:
        yield from _of_pictures(judged, one.pictures)


def _numbers(judged: Answers, feature: Feature) -> FloatArray:
    return np.asarray(judged.column(feature), np.float64)


def _of_numbers(name: str, values: FloatArray) -> Facet | None:
    parts = parts_of_numbers(values)
    if parts is None:
        return None
    codes, begins, alone = parts
    texts = [words.number(float(one)) for one in begins]
    if alone:
        return Facet(name, codes, tuple(f"= {text}" for text in texts))
    between = (f"from {low} to below {high}" for low, high in pairwise(texts))
    return Facet(name, codes, (f"below {texts[0]}", *between, f"from {texts[-1]} on"))


def _of_pictures(judged: Answers, pictures: Pictures) -> Iterator[Facet]:
    """Brightness and the like of the pictures that were looked at, and size of all."""
    n = judged.predictions.length
    for name, measured in pictures.measures.items():
        values = np.full(n, np.nan)
        rows = pictures.measured
        inside = rows < n
        values[rows[inside]] = measured[inside]
        if facet := _of_numbers(f"{name} of the picture", values[judged.rows]):
            yield facet
    if pictures.array is None and len(pictures.sizes) == n:
        area = pictures.sizes.astype(np.float64).prod(axis=1)
        area[area == 0] = np.nan
        if facet := _of_numbers("pixels of the picture", area[judged.rows]):
            yield facet


def _tells_outcome(facet: Facet, judged: Answers) -> bool:
    """Whether an attribute is about the answers and not about the rows: it parts right from wrong, or is the truth."""
    size = len(facet.levels)
    codes = facet.codes + 1
    counts = np.bincount(codes, minlength=size + 1)
    misses = np.bincount(codes[~judged.right], minlength=size + 1)
    mixed = (misses > 0) & (misses < counts)
    if misses.any() and not mixed.any():
        return True
    k = len(judged.classes)
    if size < 2 or k < 2 or (size + 1) * k > 100_000:
        return False
    table = np.bincount(codes.astype(np.intp) * k + judged.truth, minlength=(size + 1) * k).reshape(-1, k)[1:]
    filled = table[table.sum(axis=1) > 0]
    return len(filled) > 1 and bool(((filled > 0).sum(axis=1) == 1).all())
