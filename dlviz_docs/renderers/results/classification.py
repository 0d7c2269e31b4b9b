"""A classifier, from one number to single rows: scores first, then what is confused, trusted, and got wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from dlviz_docs.insights import results_scores as say
from dlviz_docs.insights.results_words import brief, interval, score
from dlviz_docs.model import FloatArray, Insight
from dlviz_docs.model.samples import Predictions
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results._answers import Answers, Bools, answers, answers_alone, likely, linked
from dlviz_docs.renderers.results._folds import parts_of_answers
from dlviz_docs.renderers.results._seen import seen
from dlviz_docs.renderers.results.calibration import calibration
from dlviz_docs.renderers.results.classes import classes
from dlviz_docs.renderers.results.confusion import confusion_figures
from dlviz_docs.renderers.results.curves import curves, orders
from dlviz_docs.renderers.results.errors import mistakes
from dlviz_docs.renderers.results.folds import folds_shown
from dlviz_docs.renderers.results.labels import labels
from dlviz_docs.renderers.results.slices import slices
from dlviz_docs.renderers.results.thresholds import thresholds
from dlviz_docs.stats import bootstrap, classify
from dlviz_docs.stats import calibration as calibrate
from dlviz_docs.stats.intervals import wilson
from dlviz_docs.view import Cell, Column, Fact, Figure, Layer, Plot, PlotAxis, Shown, Table

__all__ = ["classification"]

_HELP: Mapping[str, str] = {
    "accuracy": "Share of rows whose answer is the truth; the same as micro F1",
    "balanced accuracy": "Mean recall of all classes: each counts the same, however rare",
    "macro F1": "Mean F1 of all classes",
    "weighted F1": "Mean F1 of all classes, by how many rows they have",
    "MCC": "Matthews correlation of truth and answer: 1 is all right, 0 no better than chance",
    "log loss": "Mean −log of the probability of the truth, in nats; lower is better",
    "Brier score": "Mean squared distance of the probabilities from the truth; lower is better",
    "ECE": "Mean distance between confidence and accuracy over 15 bins; lower is better",
}
_RANKS = (3, 5)


def classification(predictions: Predictions, place: Place, samples: bool) -> Iterator[Shown]:
    """All that one model's answers show, of the test split where there are several; rows only if `samples`."""
    judged = answers(predictions)
    judged = replace(judged, picks=samples and not bool(judged.right.all()))
    source = predictions.sources[0] if predictions.sources else predictions.name
    if not len(judged):
        yield from _unjudged(judged, place, source)
        return
    table = classify.confusion(judged.truth, judged.predicted, len(judged.classes))
    drawn = classify.resampled(table, (judged.truth, judged.predicted), judged.groups)
    sure = likely(judged)
    yield from _headline(judged, sure, table, drawn, place)
    yield from _splits(judged, place)
    yield from folds_shown("classification", parts_of_answers(judged), place)
    if sure is None:
        yield from linked(say.no_probabilities(source, list(judged.classes)), judged, place)
    yield from linked(say.left_out(judged.left, judged.left + len(judged)), judged, place)
    yield from confusion_figures(judged, table, place)
    ordered = orders(sure)
    yield from classes(judged, ordered, table, place)
    if sure is not None:
        yield from curves(sure, ordered, place)
        yield from calibration(sure, place)
        yield from thresholds(sure, place)
    yield from slices(judged, place)
    yield from mistakes(judged, place, samples)
    if sure is not None:
        yield from labels(sure, place, samples)


# --- scores -----------------------------------------------------------------------------------------------------------


def _headline(
    judged: Answers, sure: Answers | None, table: classify.Confusion, drawn: FloatArray, place: Place
) -> Iterator[Shown]:
    support = table.support
    often = int(support.argmax())
    n, base = len(judged), float(support[often]) / len(judged)
    value = float(judged.right.mean())
    ends = _accuracy_ends(judged, drawn, table)
    name = judged.classes[often]
    rows = [_row("accuracy", (value, *ends), n, f"{_HELP['accuracy']}. Always {brief(name)}: {score(base)}")]
    rows += _leaked_rows(judged)
    if len(support) > 1:
        found, spreads = classify.scores(table), classify.scores(table, drawn)
        for metric in classify.SCORES[1:]:
            middle = float(found[metric][0])
            ends_of = bootstrap.around(middle, spreads[metric], -1.0 if metric == "MCC" else 0.0)
            rows.append(_row(metric, (middle, *ends_of), n, _HELP[metric]))
    if sure is not None:
        rows += _probability_rows(sure)
    draws = f"{len(drawn):,} resamples " + ("of whole groups" if judged.groups is not None else "stratified by class")
    columns = (Column("Score"), Column("Value [95 % interval]", True), Column("n", True), Column("What it is"))
    split = f" on {brief(judged.split)}" if judged.split else ""
    caption = f"Scores{split} with 95 % intervals: Wilson's for shares, bootstrap for others ({draws})."
    if judged.predictions.from_logits:
        caption += " The file holds logits: probabilities are their softmax."
    label = f"{judged.split} accuracy".capitalize() if judged.split else "Accuracy"
    yield Fact(label, f"{interval(value, *ends)} (n = {n:,})")
    yield from linked(say.accuracy(value, *ends, n, name, base, judged.split), judged, place)
    yield from linked(say.baseline(value, ends[1], n, name, base, int((support > 0).sum())), judged, place)
    yield from linked(_leak(judged, value), judged, place)
    yield Figure(place.id("scores"), "Scores", caption, Table(columns, tuple(rows)), place.group("Scores"))


def _accuracy_ends(judged: Answers, drawn: FloatArray, table: classify.Confusion) -> tuple[float, float]:
    if judged.groups is not None:
        low, high = bootstrap.spread(classify.scores(table, drawn)["accuracy"])
    else:
        low, high = wilson(int(judged.right.sum()), len(judged))
    return float(low), float(high)


def _row(name: str, value: tuple[float, float, float], n: int, text: str) -> tuple[Cell, ...]:
    middle, low, high = value
    known = bool(np.isfinite(value).all()) and 0 <= low <= high <= 1
    bar = (low, middle, high) if known else None
    sort = middle if np.isfinite(middle) else None
    return Cell(name), Cell(interval(*value), sort, bar=bar), Cell(f"{n:,}", float(n)), Cell(text)


def _unseen(judged: Answers, left: Bools) -> tuple[float, float, float]:
    """Accuracy of those rows alone."""
    n, hits = int(left.sum()), int(judged.right[left].sum())
    low, high = wilson(hits, n)
    return hits / n if n else np.nan, float(low), float(high)


def _leaked_rows(judged: Answers) -> list[tuple[Cell, ...]]:
    found = seen(judged.predictions, judged.rows)
    if found is None or not found.left.any():
        return []
    text = f"Without the {say.seen_rows(found.rows, found.nearly)}"
    return [_row("accuracy without leaked rows", _unseen(judged, found.left), int(found.left.sum()), text)]


def _leak(judged: Answers, value: float) -> Insight | None:
    found = seen(judged.predictions, judged.rows)
    if found is None:
        return None
    return say.leaked(value, _unseen(judged, found.left), found.rows, found.nearly, int(found.left.sum()))


def _probability_rows(sure: Answers) -> Iterator[tuple[Cell, ...]]:
    if sure.probabilities is None or sure.own is None or sure.confidence is None:
        return
    n, strata, groups = len(sure), sure.truth.astype(np.intp), sure.groups
    k = len(sure.classes)
    if ranks := [rank for rank in _RANKS if 2 * rank <= k]:
        places = classify.rank_of_truth(sure.probabilities, sure.own)
        for rank in ranks:
            hits = places <= rank
            low, high = wilson(int(hits.sum()), n)
            if groups is not None:
                low, high = (np.asarray(end) for end in bootstrap.mean_interval(hits.astype(float), groups=groups))
            text = f"The truth is among the {rank} most probable classes"
            yield _row(f"top-{rank} accuracy", (float(hits.mean()), float(low), float(high)), n, text)
    for name, values in (
        ("log loss", classify.loss_of_rows(sure.own)),
        ("Brier score", classify.brier_of_rows(sure.probabilities, sure.own)),
    ):
        ends = bootstrap.mean_interval(values, strata, groups)
        yield _row(name, (float(values.mean()), *ends), n, _HELP[name])
    error, ends = calibrate.calibration_interval(sure.confidence, sure.right, groups)
    yield _row("ECE", (error, *ends), n, _HELP["ECE"])


def _splits(judged: Answers, place: Place) -> Iterator[Shown]:
    """Accuracy of every split, where one file has several."""
    one = judged.predictions
    if one.split is None or len(one.splits) < 2:
        return
    rows, found = [], {}
    for name in one.splits:
        part = judged if name == judged.split else answers(one, split=name)
        if not len(part):
            rows.append((Cell(name), Cell("no rows with a truth"), Cell("0", 0.0)))
            continue
        hits = int(part.right.sum())
        low, high = wilson(hits, len(part))
        found[name] = (hits / len(part), float(low), float(high))
        value, *_ = found[name]
        bar = (float(low), value, float(high))
        rows.append(
            (Cell(name), Cell(interval(*found[name]), value, bar=bar), Cell(f"{len(part):,}", float(len(part))))
        )
    if "train" in found and judged.split in found and judged.split != "train":
        yield from linked(say.splits_apart(found["train"], found[judged.split], judged.split), judged, place)
    columns = (Column("Split"), Column("Accuracy [95 % interval]", True), Column("n", True))
    caption = f"Accuracy of each split of this file; all else on this page is of {brief(judged.split)}."
    yield Figure(place.id("splits"), "Splits", caption, Table(columns, tuple(rows)), place.group("Scores"))


# --- without a truth --------------------------------------------------------------------------------------------------


def _unjudged(judged: Answers, place: Place, source: str) -> Iterator[Shown]:
    """What was answered, how often."""
    one, k = judged.predictions, len(judged.classes)
    if not one.length or not k:
        return
    said = answers_alone(one, k)
    counts = np.bincount(said[said >= 0], minlength=k)
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] > 0]
    top = [(judged.classes[place_], int(counts[place_])) for place_ in order[:5]]
    yield from linked(say.no_truth(source, one.length, top), judged, place)
    if not len(order):
        return
    shown = order[:30]
    layer = Layer("bar", counts[shown].astype(float), np.arange(len(shown), dtype=float), horizontal=True)
    y = PlotAxis("answer", "category", tuple(brief(judged.classes[c]) for c in shown))
    few = f"; the {len(shown)} most frequent of {len(order):,}" if len(order) > len(shown) else ""
    caption = f"How often each class was the answer (n = {int(counts.sum()):,}){few}."
    plot = Plot((layer,), PlotAxis("rows"), y, height=max(120, 22 * len(shown) + 50))
    yield Figure(place.id("answers"), "Answers", caption, plot, place.group("Scores"))
