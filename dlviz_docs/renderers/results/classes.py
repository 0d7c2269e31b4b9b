"""Each class by itself: how often it is found, and how often its name is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.insights import results_errors as say
from dlviz_docs.insights.results_words import brief, interval, score
from dlviz_docs.model import FloatArray
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results._answers import Answers, linked
from dlviz_docs.renderers.results.curves import RANKED
from dlviz_docs.stats import classify, roc
from dlviz_docs.stats.intervals import wilson
from dlviz_docs.view import Cell, Column, Figure, Layer, Plot, PlotAxis, Shown, Table

__all__ = ["classes"]

ROWS = 300
"""Classes in the table; of more the worst by F1 are shown."""
BARS = 40
"""Classes in the plot of recall; of more the worst."""


def classes(
    judged: Answers, ordered: Mapping[int, roc.Order], table: classify.Confusion, place: Place
) -> Iterator[Shown]:
    """The weak ones in words, a table of all, and recall with its interval."""
    if table.classes < 2:
        return
    found = classify.class_scores(table)
    support, claimed = table.support, table.claimed
    yield from linked(
        say.never_predicted(
            [(judged.classes[c], int(support[c])) for c in np.flatnonzero((claimed == 0) & (support > 0))]
        ),
        judged,
        place,
    )
    yield from _weakest(judged, table, found, place)
    yield from _table(judged, ordered, table, found, place)
    yield from _recall(judged, table, found["recall"], place)


def _weakest(
    judged: Answers,
    table: classify.Confusion,
    found: Mapping[str, tuple[FloatArray, FloatArray, FloatArray]],
    place: Place,
) -> Iterator[Shown]:
    """By the upper end of the interval, so that a class with three rows is not called the weakest."""
    middle, low, high = found["recall"]
    if np.isnan(high).all():
        return
    worst = int(np.nanargmin(high))
    n, right = len(judged), int(judged.right.sum())
    ends = wilson(right, n)
    truth, predicted, _ = table.mistakes()
    taken = predicted[truth == worst]
    often = judged.classes[int(taken[0])] if len(taken) and table.classes > 2 else ""
    recall = float(middle[worst]), float(low[worst]), float(high[worst])
    overall = right / n, float(ends[0]), float(ends[1])
    tell = say.weak_class(judged.classes[worst], recall, int(table.support[worst]), overall, often)
    yield from linked(tell, judged, place)


def _table(
    judged: Answers,
    ordered: Mapping[int, roc.Order],
    table: classify.Confusion,
    found: Mapping[str, tuple[FloatArray, FloatArray, FloatArray]],
    place: Place,
) -> Iterator[Figure]:
    support, claimed = table.support, table.claimed
    there = np.flatnonzero((support > 0) | (claimed > 0))
    shown = there
    if len(there) > ROWS:
        worst = np.argsort(found["F1"][0][there], kind="stable")[:ROWS]
        shown = there[np.sort(worst)]
    columns = [
        Column("Class"),
        Column("n", True, "Rows whose truth it is"),
        Column("Predicted", True, "Rows whose answer it is"),
        Column("Precision", True, "Share of its answers that are right"),
        Column("Recall", True, "Share of its rows that are found"),
        Column("F1", True, "Harmonic mean of the two"),
    ]
    if ordered:
        columns += [
            Column("ROC AUC", True, "Against all other classes: chance that one of its rows has a higher probability"),
            Column("AP", True, "Average precision against all other classes, not interpolated"),
        ]
    rows = []
    for c in shown.tolist():
        cells = [
            Cell(brief(judged.classes[c]), pick=(judged.classes[c], "") if judged.picks else None),
            Cell(f"{support[c]:,}", float(support[c])),
            Cell(f"{claimed[c]:,}", float(claimed[c])),
            *(
                _cell(*(float(part[c]) for part in found[name]), bar=name == "F1")
                for name in ("precision", "recall", "F1")
            ),
        ]
        rows.append((*cells, *(_ranked(ordered.get(c)) if ordered else ())))
    absent = table.classes - len(there)
    caption = "Scores of each class with 95 % intervals."
    if len(there) > ROWS:
        caption = f"The {ROWS} classes with the lowest F1, of {len(there):,}, with 95 % intervals."
    if absent:
        caption += f" {absent:,} of {table.classes:,} classes are not in this split, neither as truth nor as answer."
    if ordered and len(there) > RANKED:
        caption += f" ROC AUC and AP are those of the {RANKED} most frequent classes."
    spec = Table(tuple(columns), tuple(rows), searchable=len(rows) > 10)
    yield Figure(place.id("classes"), "Classes", caption, spec, place.group("Classes"))


def _cell(value: float, low: float, high: float, *, bar: bool = False) -> Cell:
    """Only one column has bars: five would leave no room for the numbers."""
    if not np.isfinite(value):
        return Cell("–")
    known = bar and np.isfinite(low) and np.isfinite(high)
    return Cell(interval(value, low, high), value, bar=(low, value, high) if known else None)


def _ranked(one: roc.Order | None) -> tuple[Cell, Cell]:
    if one is None:
        return Cell("–"), Cell("–")
    return _cell(one.auc, *one.auc_ends), _cell(one.ap, *one.ap_ends)


def _recall(
    judged: Answers, table: classify.Confusion, recall: tuple[FloatArray, FloatArray, FloatArray], place: Place
) -> Iterator[Figure]:
    middle, low, high = recall
    there: NDArray[np.intp] = np.flatnonzero(table.support > 0)
    if len(there) < 2:
        return
    order = there[np.argsort(middle[there], kind="stable")][:BARS]
    places = np.arange(len(order), dtype=np.float64)
    names = tuple(brief(judged.classes[c], 24) for c in order)
    notes = tuple(
        f"{brief(judged.classes[c])}: {interval(float(middle[c]), float(low[c]), float(high[c]))} "
        f"(n = {int(table.support[c]):,})"
        for c in order
    )
    overall = float(judged.right.mean())
    layers = (
        Layer(
            "interval",
            middle[order],
            places,
            low=low[order],
            high=high[order],
            notes=notes,
            horizontal=True,
            picks=tuple((judged.classes[c], "") for c in order) if judged.picks else (),
        ),
        Layer("rule", np.full(2, overall), np.array([-0.5, len(order) - 0.5]), label=f"accuracy {score(overall)}"),
    )
    few = f"the {len(order)} lowest of {len(there):,} classes" if len(there) > len(order) else "lowest first"
    caption = f"Recall of each class with its 95 % interval, {few}; the line is the accuracy over all rows."
    axis = PlotAxis("recall", low=0.0, high=1.0)
    plot = Plot(layers, axis, PlotAxis("", "category", names), height=max(120, 20 * len(order) + 50))
    yield Figure(place.id("recall"), "Recall by class", caption, plot, place.group("Classes"))
