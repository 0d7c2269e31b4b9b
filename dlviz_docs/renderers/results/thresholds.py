"""What a threshold trades: kinds of mistakes for each other, or answers for certainty."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlviz_docs.insights import results_trust as say
from dlviz_docs.insights.results_words import brief, percent, score
from dlviz_docs.model import FloatArray
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results._answers import Answers, Bools, linked
from dlviz_docs.stats import calibration as stats
from dlviz_docs.view import Figure, Layer, Plot, PlotAxis, Shown, Sweep

__all__ = ["thresholds"]

_STEPS = np.linspace(0, 1, 201)
_USUAL = 100
_BINS = 40
_POINTS = 200
_DECLINE_TO = 0.7
"""Share of rows that must still be answered at the threshold that is named."""


def thresholds(sure: Answers, place: Place) -> Iterator[Shown]:
    """A slider, how sure right and wrong answers are, and the mistakes among the surest answers."""
    if len(sure.classes) < 2 or sure.confidence is None or sure.probabilities is None:
        return
    confidence = np.clip(sure.confidence, 0, 1)
    if len(sure.classes) == 2:
        yield from _two(sure, np.clip(sure.probabilities[:, 1], 0, 1), place)
    else:
        yield from _many(sure, confidence, place)
    yield _histogram(confidence, sure.right, place)
    yield _risk(confidence, sure.right, place)


def _above(values: FloatArray) -> FloatArray:
    """How many values reach each step."""
    places = np.searchsorted(_STEPS, values, side="right") - 1
    counts = np.bincount(places, minlength=len(_STEPS))
    found: FloatArray = np.cumsum(counts[::-1])[::-1].astype(np.float64)
    return found


def _ratio(part: FloatArray, whole: FloatArray | float) -> FloatArray:
    whole = np.broadcast_to(np.asarray(whole, np.float64), part.shape)
    found: FloatArray = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return found


def _two(sure: Answers, scores: FloatArray, place: Place) -> Iterator[Shown]:
    positive = sure.truth == 1
    hits, alarms = _above(scores[positive]), _above(scores[~positive])
    positives, negatives = int(positive.sum()), int((~positive).sum())
    missed, rejected = positives - hits, negatives - alarms
    recall, calm = _ratio(hits, positives), _ratio(rejected, negatives)
    f1 = _ratio(2 * hits, hits + alarms + positives)
    marks = [("0.5", _USUAL)]
    if positives and negatives:
        best, youden = int(np.nanargmax(f1)), int(np.nanargmax(recall + calm))
        marks += [("best F1", best), ("best recall + specificity", youden)]
        tell = say.threshold(
            sure.classes[1], float(_STEPS[best]), float(f1[best]), float(np.nan_to_num(f1[_USUAL])), positives
        )
        yield from linked(tell, sure, place)
    spec = Sweep(
        f"probability of {brief(sure.classes[1], 30)}",
        _STEPS,
        {
            "precision": _ratio(hits, hits + alarms),
            "recall": recall,
            "F1": f1,
            "specificity": calm,
            "accuracy": _ratio(hits + rejected, float(len(sure))),
        },
        {"found": hits, "missed": missed, "false alarms": alarms, "rightly rejected": rejected},
        start=_USUAL,
        marks=tuple(marks),
    )
    caption = (
        f"What answering {brief(sure.classes[1])} from a threshold on would give (n = {len(sure):,}, {positives:,} of "
        f"them {brief(sure.classes[1])}). A threshold chosen here fits these rows: choose it on validation data."
    )
    yield Figure(place.id("threshold"), "Threshold", caption, spec, place.group("Thresholds"))


def _many(sure: Answers, confidence: FloatArray, place: Place) -> Iterator[Shown]:
    kept, right = _above(confidence), _above(confidence[sure.right])
    n = float(len(sure))
    coverage, accuracy = kept / n, _ratio(right, kept)
    wrong = kept - right
    marks = []
    for goal in (0.9, 0.95, 0.99):
        reached = np.flatnonzero(np.nan_to_num(accuracy) >= goal)
        if len(reached) and reached[0] > 0:
            marks.append((f"accuracy {goal}", int(reached[0])))
    enough = np.flatnonzero(coverage >= _DECLINE_TO)
    at = int(enough[-1]) if len(enough) else 0
    if at:
        overall = float(wrong[0] / n)
        tell = say.declining(float(_STEPS[at]), float(coverage[at]), 1 - float(accuracy[at]), overall, int(wrong[0]))
        yield from linked(tell, sure, place)
    spec = Sweep(
        "confidence",
        _STEPS,
        {"accuracy of what is answered": accuracy, "share answered": coverage},
        {"answered": kept, "right": right, "wrong": wrong, "declined": n - kept},
        marks=tuple(marks),
    )
    caption = f"What declining to answer below a confidence would give (n = {len(sure):,})."
    yield Figure(place.id("threshold"), "Declining to answer", caption, spec, place.group("Thresholds"))


def _histogram(confidence: FloatArray, right: Bools, place: Place) -> Figure:
    codes = np.minimum((confidence * _BINS).astype(np.intp), _BINS - 1)
    good, bad = (np.bincount(codes[part], minlength=_BINS).astype(np.float64) for part in (right, ~right))
    first = int(np.flatnonzero(good + bad)[0])
    x = np.arange(first, _BINS) / _BINS
    layers = (
        Layer("step", x, good[first:], x2=x + 1 / _BINS, label="right"),
        Layer("step", x, bad[first:], x2=x + 1 / _BINS, color=1, label="wrong"),
    )
    middle = [float(np.median(confidence[part])) if part.any() else np.nan for part in (right, ~right)]
    caption = (
        f"How sure right and wrong answers are: median confidence {score(middle[0])} and {score(middle[1])} "
        f"(n = {int(right.sum()):,} and {int((~right).sum()):,})."
    )
    plot = Plot(layers, PlotAxis("confidence"), PlotAxis("rows", logarithmic=True))
    return Figure(place.id("confidence"), "Confidence, right and wrong", caption, plot, place.group("Thresholds"))


def _risk(confidence: FloatArray, right: Bools, place: Place) -> Figure:
    coverage, risk = stats.risk_curve(confidence, right)
    n = len(coverage)
    kept = np.unique(np.r_[np.geomspace(1, n, _POINTS // 2), np.linspace(1, n, _POINTS)].round().astype(np.intp)) - 1
    rate = float(risk[-1])
    layers = (
        Layer("line", coverage[kept], risk[kept], label=f"AURC {stats.aurc(risk):.4f}"),
        Layer("rule", np.array([0.0, 1.0]), np.array([rate, rate]), label=f"all answered: {percent(rate)}"),
    )
    caption = (
        "Share of mistakes among the surest answers, by how many are answered; an order by chance would follow the "
        f"line. AURC, the mean over all shares, is {stats.aurc(risk):.4f} (n = {n:,})."
    )
    plot = Plot(layers, PlotAxis("share answered", low=0.0, high=1.0), PlotAxis("share wrong", low=0.0))
    return Figure(place.id("risk"), "Risk and coverage", caption, plot, place.group("Thresholds"))
