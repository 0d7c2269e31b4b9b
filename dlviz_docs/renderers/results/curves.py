"""What every threshold would give: ROC and precision-recall curves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dlviz_docs.insights import results_trust as say
from dlviz_docs.insights.results_words import brief, interval, percent, score
from dlviz_docs.model import FloatArray
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results._answers import Answers, linked
from dlviz_docs.stats import roc
from dlviz_docs.view import Figure, Layer, Plot, PlotAxis, Shown

__all__ = ["curves", "orders"]

DRAWN = 10
"""Classes up to which each has its curve; of more, the mean and the worst five."""
WORST = 5
BANDS = 2
"""Curves up to which they have bands: more of them would hide each other."""
RANKED = 100
"""Classes that are ranked; sorting all rows for each of very many takes too long."""
LEAST_TRADED = 200
"""Rows from which on the trade of misses for false alarms is more than a few steps."""
_GRID = np.linspace(0, 1, 101)


def orders(sure: Answers | None) -> Mapping[int, roc.Order]:
    """How well each class is put before the others, by its place; the most frequent classes of very many."""
    if sure is None or sure.probabilities is None or len(sure.classes) < 2:
        return {}
    counts = np.bincount(sure.truth, minlength=len(sure.classes))
    chosen = np.sort(np.argsort(-counts, kind="stable")[:RANKED])
    found = {int(c): roc.order(sure.probabilities[:, c], sure.truth == c) for c in chosen}
    return {c: one for c, one in found.items() if one is not None}


@dataclass(frozen=True, slots=True, eq=False)
class _Curve:
    name: str
    order: roc.Order


def curves(sure: Answers, ordered: Mapping[int, roc.Order], place: Place) -> Iterator[Shown]:
    """Of the positive class of two, of each class against the rest, or of the worst of many and the mean."""
    k = len(sure.classes)
    found = [_Curve(sure.classes[c], one) for c, one in ordered.items() if k > 2 or c == 1]
    if not found:
        return
    mean: FloatArray | None = None
    of_all, macro = len(found), float(np.mean([curve.order.auc for curve in found]))
    if k == 2:
        yield from linked(say.perfect_order(found[0].order.auc, len(sure)), sure, place)
    if len(found) > DRAWN:
        mean = np.mean([_at(curve.order.curve) for curve in found], axis=0)
        found = sorted(found, key=lambda curve: curve.order.auc)[:WORST]
    yield _roc(found, mean, macro, of_all, len(sure), k, place)
    yield _pr(found, of_all, len(sure), k, place)
    if len(sure) >= LEAST_TRADED and (traded := _det(found, of_all, len(sure), k, place)):
        yield traded


def _at(ranked: roc.Ranked) -> FloatArray:
    return np.interp(_GRID, np.r_[0, ranked.alarms / ranked.negatives], np.r_[0, ranked.hits / ranked.positives])


def _subject(curve_count: int, of_all: int, k: int, name: str) -> str:
    if k == 2:
        return f"of {brief(name)}"
    if curve_count < of_all:
        return f"of the {curve_count} worst of {of_all:,} classes, each against all others"
    return "of each class against all others"


def _roc(
    found: Sequence[_Curve], mean: FloatArray | None, macro: float, of_all: int, n: int, k: int, place: Place
) -> Figure:
    layers: list[Layer] = [Layer("rule", np.array([0.0, 1.0]), np.array([0.0, 1.0]), label="chance")]
    for color, curve in enumerate(found):
        if len(found) <= BANDS:
            low, high = roc.roc_band(curve.order.curve, _GRID)
            layers.append(Layer("area", _GRID, low, low=low, high=high, color=color, faint=True))
        short = curve.order.curve
        x, y = np.r_[0, short.alarms / short.negatives], np.r_[0, short.hits / short.positives]
        text = interval(curve.order.auc, *curve.order.auc_ends)
        notes = ("", *(f"threshold {score(float(t))}" for t in short.thresholds)) if k == 2 else ()
        notes = (
            tuple(
                f"{note or 'none'}: finds {b:.3f}, false alarms {a:.3f}" for note, a, b in zip(notes, x, y, strict=True)
            )
            if notes
            else ()
        )
        layers.append(Layer("line", x, y, color=color, label=f"{brief(curve.name, 20)}: AUC {text}", notes=notes))
    if mean is not None:
        label = f"mean of {of_all:,} classes: AUC {score(macro)}"
        layers.append(Layer("line", np.r_[0, _GRID], np.r_[0, mean], color=len(found), label=label, dash="dashed"))
    band = "; the band is its 95 % interval by bootstrap" if len(found) <= BANDS else ""
    caption = (
        f"ROC {_subject(len(found), of_all, k, found[0].name)}: share found against share of false alarms{band}. "
        f"Intervals of AUC by DeLong (n = {n:,})."
    )
    if k > 2 and mean is None:
        caption += f" Mean AUC {score(macro)}."
    x_axis, y_axis = PlotAxis("false alarms", low=0.0, high=1.0), PlotAxis("found (recall)", low=0.0, high=1.0)
    return Figure(
        place.id("roc"), "ROC curve", caption, Plot(tuple(layers), x_axis, y_axis, square=True), place.group("Curves")
    )


def _pr(found: Sequence[_Curve], of_all: int, n: int, k: int, place: Place) -> Figure:
    layers: list[Layer] = []
    for color, curve in enumerate(found):
        if len(found) <= BANDS:
            low, high = roc.pr_band(curve.order.curve, _GRID)
            layers.append(Layer("area", _GRID, low, low=low, high=high, color=color, faint=True))
        x, y = _recall_precision(curve.order.curve)
        text = interval(curve.order.ap, *curve.order.ap_ends)
        layers.append(Layer("line", x, y, color=color, label=f"{brief(curve.name, 20)}: AP {text}"))
    rates = [curve.order.curve.positives / n for curve in found]
    if len(found) == 1 or max(rates) - min(rates) < 0.01:
        rate = float(np.mean(rates))
        rule = Layer("rule", np.array([0.0, 1.0]), np.array([rate, rate]), label=f"chance {score(rate)}")
        layers.insert(0, rule)
    caption = (
        f"Precision against recall {_subject(len(found), of_all, k, found[0].name)}; AP without interpolation, its "
        f"interval is Wilson's over the positives (n = {n:,})."
    )
    x_axis, y_axis = PlotAxis("recall", low=0.0, high=1.0), PlotAxis("precision", low=0.0, high=1.0)
    plot = Plot(tuple(layers), x_axis, y_axis, square=True)
    return Figure(place.id("precision-recall"), "Precision and recall", caption, plot, place.group("Curves"))


def _det(found: Sequence[_Curve], of_all: int, n: int, k: int, place: Place) -> Figure | None:
    """Misses against false alarms, both logarithmic: where ROC curves of good models lie on one another.

    Martin et al., "The DET curve in assessment of detection task performance", 1997.
    """
    layers: list[Layer] = []
    for color, curve in enumerate(found):
        x, y = curve.order.traded
        if len(x) > 1:
            label = f"{brief(curve.name, 20)}: equal error {percent(curve.order.equal_error)}"
            layers.append(Layer("line", x, y, color=color, label=label))
    if not layers:
        return None
    ends = np.array([max(min(float(min(one.x.min(), one.y.min())) for one in layers), 1e-6), 1.0])
    rule = Layer("rule", ends, ends, label="as many misses as false alarms")
    caption = (
        f"Misses against false alarms {_subject(len(found), of_all, k, found[0].name)}, both on a logarithmic axis: "
        f"a threshold trades one for the other (n = {n:,})."
    )
    x_axis, y_axis = PlotAxis("false alarms", "log"), PlotAxis("missed", "log")
    plot = Plot((rule, *layers), x_axis, y_axis, square=True)
    return Figure(place.id("det"), "Misses and false alarms", caption, plot, place.group("Curves"))


def _recall_precision(ranked: roc.Ranked) -> tuple[FloatArray, FloatArray]:
    recall, precision = ranked.hits / ranked.positives, ranked.hits / (ranked.hits + ranked.alarms)
    some = ranked.hits > 0
    return recall[some], precision[some]
