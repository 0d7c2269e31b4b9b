"""Cross-validation: the score of every fold, their mean and spread, and all rows together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights import results_folds as say
from dlviz_docs.insights.estimates import pair, plus_minus
from dlviz_docs.insights.results_words import brief, interval, score
from dlviz_docs.model.samples import Task
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results._folds import MAIN, Fold, Folds, judged_alone, pooled
from dlviz_docs.stats.folds import across, unlike
from dlviz_docs.view import Cell, Column, Fact, Figure, Layer, Plot, PlotAxis, Shown, Table

__all__ = ["cross_validated", "folds_shown"]

LOWER = frozenset({"MAE", "RMSE", "log loss"})
"""Scores that are the better the lower they are."""


def cross_validated(found: Folds, place: Place, *, apart: bool) -> Iterator[Shown]:
    """All of predictions in files of their own; `apart` where every fold predicts rows of its own."""
    shown = list(folds_shown(found.task, list(judged_alone(found)), place, apart=apart))
    label = f" “{place.name}”" if place.name else ""
    for one in shown:
        yield replace(one, label=f"{one.label}{label}") if isinstance(one, Fact) else one


def folds_shown(task: Task, folds: Sequence[Fold], place: Place, *, apart: bool = True) -> Iterator[Shown]:
    """A sentence, a table of scores, each fold's main score with its interval, and every number."""
    metric = MAIN[task]
    values = np.array([fold.scores[metric] for fold in folds])
    mean, deviation = across(values)
    if not np.isfinite(deviation):
        return
    folds = [fold for fold, value in zip(folds, values, strict=True) if np.isfinite(value)]
    whole = pooled(task, folds) if apart else (np.nan, np.nan, np.nan)
    n = sum(fold.n for fold in folds)
    unit = "picture" if task == "segmentation" else "row"
    rows = f"n = {n:,} {unit}s" if apart else f"the same {folds[0].n:,} {unit}s"
    yield Fact(f"{metric[0].upper()}{metric[1:]} over {len(folds):,} folds", f"{plus_minus(mean, deviation)} ({rows})")
    yield from _sentences(task, folds, place, whole[0])
    yield _summary(task, folds, place, whole)
    yield _each(task, folds, place, mean)
    yield _numbers(folds, place)


def _sentences(task: Task, folds: Sequence[Fold], place: Place, overall: float) -> Iterator[Shown]:
    metric = MAIN[task]
    values = np.array([fold.scores[metric] for fold in folds])
    low, high = folds[int(values.argmin())], folds[int(values.argmax())]
    ends = [(_said(metric, fold.scores[metric]), fold.name) for fold in (low, high)]
    told = [say.folds(metric, *across(values), ends[0], ends[1], len(folds))]
    if task == "classification" and np.isfinite(overall):
        hits = np.array([np.count_nonzero(fold.part) for fold in folds], np.float64)
        sizes = np.array([fold.n for fold in folds], np.float64)
        odd = int(np.abs(values - overall).argmax())
        if tell := say.folds_unlike(folds[odd].name, float(values[odd]), overall, unlike(hits, sizes)):
            told.append(tell)
    for one in told:
        text = f"{place.name}: {one.text}" if place.name else one.text
        yield replace(one, text=text, figure=place.id(one.figure))


def _said(metric: str, value: float) -> str:
    return words.number(value) if metric in LOWER else score(value)


# --- figures ----------------------------------------------------------------------------------------------------------


def _summary(task: Task, folds: Sequence[Fold], place: Place, whole: tuple[float, float, float]) -> Figure:
    """Mean, deviation and ends of every score that all folds have."""
    metrics = [name for name in folds[0].scores if all(name in fold.scores for fold in folds)]
    columns = [Column("Score"), Column("Mean ± standard deviation", True), Column("Lowest"), Column("Highest")]
    rows = []
    for metric in metrics:
        values = np.array([fold.scores[metric] for fold in folds])
        if np.isfinite(values).sum() < 2:
            continue
        mean, deviation = across(values)
        ends = [folds[int(at)] for at in (np.nanargmin(values), np.nanargmax(values))]
        cells = [Cell(metric), Cell(plus_minus(mean, deviation), mean)]
        cells += [_end(metric, fold) for fold in ends]
        rows.append((*cells, *([_whole(task, whole)] if metric == MAIN[task] else [Cell("–")])))
    columns.append(
        Column("All rows together [95 % interval]", True, "Each row once, answered by the model of its fold")
    )
    known = np.isfinite(whole[0])
    spec = Table(tuple(columns if known else columns[:-1]), tuple(row if known else row[:-1] for row in rows))
    caption = (
        f"{len(folds):,} folds. The deviation is that of the folds, and no error of their mean: folds share most of "
        "what they were trained on."
    )
    if not known:
        caption += " All folds answer the same rows, so that they differ by their training alone."
    return Figure(place.id("folds"), "Cross-validation", caption, spec, place.group("Cross-validation"))


def _end(metric: str, fold: Fold) -> Cell:
    value = fold.scores[metric]
    return Cell(f"{_said(metric, value)} ({brief(fold.name)})", value)


def _whole(task: Task, value: tuple[float, float, float]) -> Cell:
    return Cell(pair(*value) if task == "regression" else interval(*value), value[0])


def _each(task: Task, folds: Sequence[Fold], place: Place, mean: float) -> Figure:
    """The main score of each fold with its interval, and the mean as a line."""
    metric = MAIN[task]
    middle = np.array([fold.scores[metric] for fold in folds])
    low, high = (np.array([fold.ends[end] for fold in folds]) for end in (0, 1))
    told = pair if task == "regression" else interval
    notes = tuple(
        f"{fold.name}: {told(*(float(x) for x in (value, a, b)))} (n = {fold.n:,})"
        for fold, value, a, b in zip(folds, middle, low, high, strict=True)
    )
    places = np.arange(len(folds), dtype=np.float64)
    low, high = (np.where(np.isfinite(end), end, middle) for end in (low, high))
    bars = Layer("interval", middle, places, low=low, high=high, notes=notes, horizontal=True)
    line = np.array([-0.5, len(folds) - 0.5])
    rule = Layer("rule", np.full(2, mean), line, label=f"mean {_said(metric, mean)}")
    names = PlotAxis("fold", "category", tuple(brief(fold.name, 24) for fold in folds))
    caption = f"{metric[0].upper()}{metric[1:]} of each fold with its 95 % interval; the line is their mean."
    plot = Plot((bars, rule), PlotAxis(metric), names, height=max(120, 22 * len(folds) + 50))
    return Figure(place.id("fold-scores"), "Score of each fold", caption, plot, place.group("Cross-validation"))


def _numbers(folds: Sequence[Fold], place: Place) -> Figure:
    """A row for each fold."""
    metrics = list(dict.fromkeys(name for fold in folds for name in fold.scores))
    columns = (Column("Fold"), Column("n", True), *(Column(metric, True) for metric in metrics))
    rows = tuple(
        (Cell(brief(fold.name)), Cell(f"{fold.n:,}", float(fold.n)), *(_number(metric, fold) for metric in metrics))
        for fold in folds
    )
    caption = "Every score of every fold."
    spec = Table(columns, rows, searchable=len(rows) > 10)
    return Figure(place.id("every-fold"), "Every fold", caption, spec, place.group("Cross-validation"))


def _number(metric: str, fold: Fold) -> Cell:
    value = fold.scores.get(metric, np.nan)
    return Cell(_said(metric, value), value) if np.isfinite(value) else Cell("–")
