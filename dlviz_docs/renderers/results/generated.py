"""Generated texts: how near to what was wanted, how long, how repetitive, and the texts themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights import generated as said
from dlviz_docs.insights.estimates import decimal, estimate
from dlviz_docs.model import FloatArray, Insight, Predictions
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results._clouds import ends, histogram
from dlviz_docs.renderers.results._texts import Texts, read_texts
from dlviz_docs.renderers.results._texts_shown import shown_texts
from dlviz_docs.stats.bootstrap import mean_interval
from dlviz_docs.stats.intervals import wilson
from dlviz_docs.stats.regress import Estimate
from dlviz_docs.view import Cell, Column, Fact, Figure, Layer, Plot, PlotAxis, Shown, Table

__all__ = ["generated"]

LEAST_TEXTS = 10
"""For a picture of a distribution."""


def generated(predictions: Predictions, place: Place, samples: bool) -> Iterator[Shown]:
    """Sentences, scores where there are references, lengths, repetition, and the texts, the worst first."""
    texts = read_texts(predictions, place)
    if texts is None:
        return
    figures = [*_scores(texts), *_similarities(texts), *_lengths(texts), *_repetition(texts)]
    if samples:
        figures.append(shown_texts(texts))
    there = {figure.id for figure in figures}
    if m := len(texts.compared):
        yield Fact("chrF", f"{estimate(*texts.chrf, digits=1)} (n = {words.count(m, 'text')})")
    for insight in _sentences(texts):
        yield insight if insight.figure in there else replace(insight, figure="")
    yield from figures


def _sentences(texts: Texts) -> Iterator[Insight]:
    at, n = texts.place.id, len(texts)
    scores = at("text-scores")
    judged = [
        _quality(texts, scores) if len(texts.compared) else said.unscored(n, at("outputs")),
        said.empty(texts.empty, n, scores),
        said.copies(texts.largest_copy, n, scores),
        said.echoes(texts.echoes, texts.with_input, scores),
        said.repetition(int((texts.repetition > said.MUCH_REPEATED).sum()), len(texts.repetition), at("repetition")),
    ]
    if len(texts.compared):
        with np.errstate(all="ignore"):
            ratios = texts.output_lengths[texts.compared] / texts.reference_lengths[texts.compared]
        known = ratios[np.isfinite(ratios)]
        middle = float(np.median(known)) if len(known) else float("nan")
        judged.append(said.lengths(middle, len(known), at("lengths")))
    yield from (insight for insight in judged if insight)


# --- scores -----------------------------------------------------------------------------------------------------------


def _mean(values: FloatArray) -> Estimate:
    return (float(values.mean()), *mean_interval(values)) if len(values) else (np.nan, np.nan, np.nan)


def _quality(texts: Texts, at: str) -> Insight:
    exact = int(texts.exact.sum())
    return said.headline(exact, len(texts.compared), texts.chrf, _mean(texts.by_character), at)


def _scores(texts: Texts) -> Iterator[Figure]:
    """A row a number, with intervals; without references only what can be counted."""
    m, n = len(texts.compared), len(texts)
    rows = []
    if m:
        rows += [
            _share("Exact match", int(texts.exact.sum()), m, "but for spaces at the ends"),
            _share("Match of words", int(texts.alike.sum()), m, "but for case, punctuation and spaces"),
        ]
        edits = len(texts.by_character)
        rows += [
            _row("chrF", texts.chrf, edits, "n-grams of 1 to 6 characters; 0 to 100"),
            _row("Edit similarity", _mean(texts.by_character), edits, "1 less edits over the longer text, characters"),
            _row("Edit similarity of words", _mean(texts.by_word), edits, "the same, word by word"),
        ]
    rows.append(_share("Empty outputs", texts.empty, n, "without a character that is no space"))
    rows.append(_share("Distinct outputs", texts.distinct, n - texts.empty, "of those that are not empty"))
    if texts.with_input:
        rows.append(_share("Echoes", texts.echoes, texts.with_input, "the same as the input"))
    if len(texts.repetition):
        rows.append(
            _row("Repetition", _mean(texts.repetition), len(texts.repetition), "four-word sequences told before")
        )
    columns = (Column("Number"), Column("Value", True), Column("95 % interval"), Column("Texts", True), Column("What"))
    if m:
        caption = f"chrF {estimate(*texts.chrf, digits=1)} on {words.count(m, 'text')}."
    else:
        caption = f"What can be counted of {words.count(n, 'output')} without references."
    yield Figure(
        texts.place.id("text-scores"),
        "Scores" if m else "Counts",
        f"{caption}{texts.of_split}{texts.sampled}",
        Table(columns, tuple(rows)),
        texts.place.group("Scores"),
    )


def _share(name: str, hits: int, n: int, meaning: str) -> tuple[Cell, ...]:
    low, high = (float(end) for end in wilson(hits, n))
    value = hits / n if n else float("nan")
    return _row(name, (value, low, high) if n else (value, np.nan, np.nan), n, meaning)


def _row(name: str, value: Estimate, n: int, meaning: str) -> tuple[Cell, ...]:
    point, low, high = value
    digits = 1 if abs(point) > 1 else 3
    known = np.isfinite(low) and np.isfinite(high)
    return (
        Cell(name),
        Cell(decimal(point, digits), point) if np.isfinite(point) else Cell("–"),
        Cell(f"{decimal(low, digits)} to {decimal(high, digits)}" if known else "–", low if known else None),
        Cell(f"{n:,}", n),
        Cell(meaning),
    )


# --- distributions ----------------------------------------------------------------------------------------------------


def _similarities(texts: Texts) -> Iterator[Figure]:
    values = texts.by_character
    if len(values) < LEAST_TEXTS:
        return
    counts, edges = np.histogram(values, 20, (0.0, 1.0))
    low, middle = (float(value) for value in np.quantile(values, (0.1, 0.5)))
    yield Figure(
        texts.place.id("similarity"),
        "How alike outputs and references are",
        f"Edit similarity of characters, 1 for the same text: median {decimal(middle, 2)}, one in ten under "
        f"{decimal(low, 2)} "
        f"(n = {len(values):,}).",
        Plot(
            (Layer("bar", edges[:-1], counts.astype(np.float64), x2=edges[1:]),),
            PlotAxis("edit similarity", low=0.0, high=1.0),
            PlotAxis("texts"),
        ),
        texts.place.group("Scores"),
    )


def _lengths(texts: Texts) -> Iterator[Figure]:
    mine, other = texts.output_lengths.astype(np.float64), texts.reference_lengths.astype(np.float64)
    m = len(texts.compared)
    if len(texts) < LEAST_TEXTS or (span := ends(np.concatenate([mine, other[texts.compared]]))) is None:
        return
    layers = [_outline(histogram(mine, span), "outputs", 0)]
    caption = f"Characters of {words.count(len(texts), 'output')}: median {words.number(float(np.median(mine)))}"
    if m:
        layers.append(_outline(histogram(other[texts.compared], span), "references", 1))
        caption += f", of their references {words.number(float(np.median(other[texts.compared])))}"
    yield Figure(
        texts.place.id("lengths"),
        "Lengths",
        f"{caption}.",
        Plot(tuple(layers), PlotAxis("characters"), PlotAxis("texts")),
        texts.place.group("Form"),
    )


def _outline(bars: Layer, label: str, color: int) -> Layer:
    return Layer("step", bars.x, bars.y, x2=bars.x2, label=label, color=color)


def _repetition(texts: Texts) -> Iterator[Figure]:
    values = texts.repetition
    if len(values) < LEAST_TEXTS:
        return
    counts, edges = np.histogram(values, 20, (0.0, 1.0))
    many = int((values > said.MUCH_REPEATED).sum())
    yield Figure(
        texts.place.id("repetition"),
        "Repetition",
        f"Share of four-word sequences of an output that occurred in it before: median "
        f"{decimal(float(np.median(values)), 2)}, "
        f"over {said.MUCH_REPEATED:g} in {many:,} of {words.count(len(values), 'output')} with ten words or more.",
        Plot(
            (Layer("bar", edges[:-1], counts.astype(np.float64), x2=edges[1:]),),
            PlotAxis("repeated sequences", low=0.0, high=1.0),
            PlotAxis("outputs"),
        ),
        texts.place.group("Form"),
    )
