"""Predicted numbers: how far off, against what, where worse, what the errors hang on, and the worst rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights import regression as said
from dlviz_docs.insights.estimates import estimate, pair
from dlviz_docs.insights.results_scores import seen_rows
from dlviz_docs.model import FloatArray, Insight, Predictions
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results._folds import parts_of_numbers
from dlviz_docs.renderers.results._measured import Measured, measured
from dlviz_docs.renderers.results._residuals import residuals
from dlviz_docs.renderers.results._seen import seen
from dlviz_docs.renderers.results._where import where_it_fails, worst_rows
from dlviz_docs.renderers.results.folds import folds_shown
from dlviz_docs.stats.bootstrap import mean_interval
from dlviz_docs.stats.intervals import wilson
from dlviz_docs.stats.regress import (
    Estimate,
    explained,
    in_bins,
    mean_absolute,
    median_absolute,
    relative,
    root_mean_square,
)
from dlviz_docs.view import Cell, Column, Fact, Figure, Layer, Plot, PlotAxis, Shown, Table

__all__ = ["regression"]

MOST_PARTS_WITHOUT = 0.1
"""Share of true values near zero up to which relative errors are told."""


def regression(predictions: Predictions, place: Place, samples: bool) -> Iterator[Shown]:
    """Scores beside a baseline, pictures of the errors, intervals, what errors hang on, and the worst rows."""
    with np.errstate(all="ignore"):  # numbers near the ends of the range overflow to what is then not told
        shown = list(_shown(predictions, place, samples))
    yield from shown


def _shown(predictions: Predictions, place: Place, samples: bool) -> Iterator[Shown]:
    one = measured(predictions, place)
    if one is None:
        return
    at = place.id("regression-scores") if len(one) else ""
    if gone := said.unusable(one.left, one.left + len(one), one.infinite, at):
        yield gone
    if not len(one):
        return
    yield from _quality(one, at)
    yield from folds_shown("regression", parts_of_numbers(one), place)
    yield from residuals(one, samples)
    yield from _coverage(one)
    yield from where_it_fails(one)
    if samples:
        yield from worst_rows(one)


# --- scores -----------------------------------------------------------------------------------------------------------


def _quality(one: Measured, at: str) -> Iterator[Shown]:
    mae = mean_absolute(one.errors, one.groups)
    r2 = explained(one.truth, one.errors, one.groups)
    mean = (float(one.errors.mean()), *mean_interval(one.errors, groups=one.groups))
    off = np.abs(one.truth - one.truth.mean())
    judged = (
        said.headline(mae, r2, len(one), "row", at),
        said.baseline(mae, float(off.mean()), at),
        said.bias(mean, mae[0], len(one), one.place.id("residuals")),
        _leak(one, mae, at),
    )
    explains = f", R² {estimate(*r2)}" if np.isfinite(r2[0]) else ""
    yield Fact("MAE", f"{pair(*mae)}{explains} (n = {len(one):,})")
    yield from (insight for insight in judged if insight)
    yield _scores(one, mae, r2, mean, at)


def _scores(one: Measured, mae: Estimate, r2: Estimate, mean: Estimate, at: str) -> Figure:
    off = one.truth - one.truth.mean()
    share, kept = relative(one.truth, one.errors, one.groups)
    n = len(one)
    rows = [
        ("MAE", mae, float(np.abs(off).mean()), n, "mean absolute error"),
        (
            "RMSE",
            root_mean_square(one.errors, one.groups),
            float(np.sqrt((off * off).mean())),
            n,
            "root of mean square",
        ),
        (
            "Median absolute error",
            median_absolute(one.errors) if one.groups is None else (float(np.median(one.absolute)), np.nan, np.nan),
            float(np.median(np.abs(off))),
            n,
            "half of the errors are smaller",
        ),
        ("R²", r2, 0.0, n, "share of the truth's variance that is explained; 1 is all, below 0 worse than the mean"),
        ("Mean error", mean, 0.0, n, "predicted less true"),
    ]
    if (copies := seen(one.predictions, one.rows)) and copies.left.any():
        left = copies.left
        of_mean = float(np.abs(off[left]).mean())
        meaning = f"without the {seen_rows(copies.rows, copies.nearly)}"
        rows.append(("MAE without leaked rows", _unseen(one, left), of_mean, int(left.sum()), meaning))
    if kept >= (1 - MOST_PARTS_WITHOUT) * n:
        near = "" if kept == n else ", without true values within 1 % of their mean size from 0"
        always, _ = relative(one.truth, -off, one.groups)
        scaled = 100 * share[0], 100 * share[1], 100 * share[2]
        rows.append(("MAPE in %", scaled, 100 * always[0], kept, f"mean error relative to the truth{near}"))
    columns = (
        Column("Score"),
        Column("Value", True),
        Column("95 % interval"),
        Column("Always the mean", True, "The same score of a model that always says the mean of the true values"),
        Column("Rows", True),
        Column("What"),
    )
    how = "by drawing groups again" if one.groups is not None else "over rows"
    return Figure(
        at,
        "Scores",
        f"MAE {pair(*mae)} beside {words.number(float(np.abs(off).mean()))} of always saying the mean, on "
        f"{words.count(n, 'row')}{one.of_split}; 95 % intervals {how}.",
        Table(columns, tuple(_row(*row) for row in rows)),
        one.place.group("Scores"),
    )


def _unseen(one: Measured, left: NDArray[np.bool_]) -> Estimate:
    return mean_absolute(one.errors[left], None if one.groups is None else one.groups[left])


def _leak(one: Measured, mae: Estimate, at: str) -> Insight | None:
    copies = seen(one.predictions, one.rows)
    if copies is None:
        return None
    return said.leaked(mae[0], _unseen(one, copies.left), copies.rows, copies.nearly, at)


def _row(name: str, value: Sequence[float], always: float, n: int, meaning: str) -> tuple[Cell, ...]:
    point, low, high = value
    between = f"{words.number(low)} to {words.number(high)}" if np.isfinite(low) and np.isfinite(high) else "–"
    return (
        Cell(name),
        Cell(words.number(point), point) if not np.isnan(point) else Cell("–"),
        Cell(between, low if np.isfinite(low) else None),
        Cell(words.number(always), always) if not np.isnan(always) and not np.isnan(point) else Cell("–"),
        Cell(f"{n:,}", n),
        Cell(meaning),
    )


# --- predicted intervals ----------------------------------------------------------------------------------------------


def _coverage(one: Measured) -> Iterator[Shown]:
    told = one.predictions.intervals
    if told is None:
        return
    ends = told[one.rows]
    known = np.isfinite(ends).all(axis=1)
    if not known.any():
        return
    low, high = np.minimum(*ends[known].T), np.maximum(*ends[known].T)
    inside = (one.truth[known] >= low) & (one.truth[known] <= high)
    at, nominal = one.place.id("interval-coverage"), one.predictions.nominal
    if insight := said.coverage(int(inside.sum()), len(inside), nominal, at):
        yield insight
    if shown := _coverage_figure(one, one.predicted[known], inside, high - low, at):
        yield shown


def _coverage_figure(
    one: Measured, predicted: FloatArray, inside: np.ndarray, width: FloatArray, at: str
) -> Figure | None:
    bins = in_bins(predicted, inside.astype(np.float64), most=10, least=20)
    if not len(bins.count):
        return None
    hits = np.round(bins.mean * bins.count)
    low, high = wilson(hits, bins.count)
    notes = tuple(
        f"predictions {words.number(a)} to {words.number(b)}: {100 * share:.1f} % of {n:,} inside"
        for a, b, share, n in zip(bins.low.tolist(), bins.high.tolist(), bins.mean.tolist(), bins.count, strict=True)
    )
    layers = [Layer("interval", bins.x, bins.mean, low=low, high=high, notes=notes, label="share inside")]
    nominal = one.predictions.nominal
    if nominal is not None:
        layers.append(Layer("rule", bins.x[[0, -1]], np.full(2, nominal), label="promised"))
    return Figure(
        at,
        "How often the truth lies in the predicted interval",
        f"Overall {int(inside.sum()):,} of {len(inside):,}; the median interval is "
        f"{words.number(float(np.median(width)))} "
        "wide. Rows with equally high predictions together, Wilson's 95 % intervals.",
        Plot(tuple(layers), PlotAxis("predicted"), PlotAxis("share inside", low=0.0, high=1.0)),
        one.place.group("Intervals"),
    )
