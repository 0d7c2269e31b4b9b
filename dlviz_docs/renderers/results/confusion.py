"""Which class is taken for which."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.insights import results_errors as say
from dlviz_docs.insights.results_words import brief, percent
from dlviz_docs.model import FloatArray, Insight
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results._answers import Answers, linked
from dlviz_docs.stats import classify
from dlviz_docs.stats.intervals import wilson
from dlviz_docs.view import Cell, Column, Figure, Matrix, Shown, Table

__all__ = ["confusion_figures"]

IN_ORDER = 20
"""Classes up to which the matrix has the classes' own order; beyond, those that are confused stand side by side."""
WHOLE = 60
"""Classes up to which the matrix has all of them; beyond, it has the most confused ones."""
MOST_CONFUSED = 30
PAIRS = 50


def confusion_figures(judged: Answers, table: classify.Confusion, place: Place) -> Iterator[Shown]:
    """What stands out in the mistakes, the matrix, and where it would be too large the pairs of it."""
    if table.classes < 2:
        return
    yield from linked(_pair(judged, table), judged, place)
    if table.classes <= WHOLE:
        shown = np.arange(table.classes)
        caption = "Rows are the truth, columns the answers."
        if judged.picks:
            right = "right answers" if judged.own is None else "the right answers that were the least sure"
            caption += f" Click a cell to see its mistakes; on the diagonal, {right}."
        if table.classes > IN_ORDER:
            shown = classify.spectral_order(table.dense())
            caption += " Classes that are confused stand side by side."
    else:
        shown = _most_confused(table)
        caption = (
            f"The {len(shown)} most confused of {table.classes:,} classes, side by side where they are confused: rows "
            f"are the truth, columns the answers. It holds {percent(_held(table, shown))} of all mistakes."
        )
    matrix = _matrix(judged, table.dense(shown), shown, table)
    yield Figure(place.id("confusion"), "Confusion", caption, matrix, place.group("Confusion"))
    if table.classes > WHOLE and (pairs := _pairs(judged, table)):
        yield Figure(
            place.id("confused-pairs"),
            "Most confused pairs",
            f"The {len(pairs.rows)} pairs of truth and answer with the most mistakes.",
            pairs,
            place.group("Confusion"),
        )


def _pair(judged: Answers, table: classify.Confusion) -> Insight | None:
    truth, predicted, counts = table.mistakes()
    if not len(counts):
        return None
    errors, k = int(counts.sum()), table.classes
    first, said = int(truth[0]), int(predicted[0])
    if k > 2:
        ways = np.minimum(truth, predicted) * k + np.maximum(truth, predicted)
        pairs, place = np.unique(ways, return_inverse=True)
        both = np.bincount(place, counts)
        most = int(both.argmax())
        total = int(both[most])
        if 4 * int(counts[place == most].max()) <= 3 * total:  # neither way is the rule
            names = judged.classes[int(pairs[most]) // k], judged.classes[int(pairs[most]) % k]
            return say.mixed_up(*names, total, errors, float(wilson(total, errors)[0]))
    tell = say.one_sided if k == 2 else say.confused_pair
    low = float(wilson(int(counts[0]), errors)[0])
    return tell(judged.classes[first], judged.classes[said], int(counts[0]), errors, low)


def _most_confused(table: classify.Confusion) -> NDArray[np.intp]:
    truth, predicted, counts = table.mistakes()
    k = table.classes
    involved = np.bincount(truth, counts, k) + np.bincount(predicted, counts, k)
    chosen = np.sort(np.argsort(-involved, kind="stable")[:MOST_CONFUSED])
    return chosen[classify.spectral_order(table.dense(chosen))]


def _held(table: classify.Confusion, shown: NDArray[np.intp]) -> float:
    dense, (_, _, counts) = table.dense(shown), table.mistakes()
    return float((dense.sum() - np.trace(dense)) / counts.sum()) if len(counts) else np.nan


def _matrix(judged: Answers, dense: FloatArray, shown: NDArray[np.intp], table: classify.Confusion) -> Matrix:
    """Shares are of all rows of a class, also where only some columns are shown."""
    names = tuple(judged.classes[one] for one in shown)
    support, claimed = table.support[shown].astype(float), table.claimed[shown].astype(float)
    of_row = _shares(dense, support[:, None])
    of_column = _shares(dense, claimed[None, :])
    return Matrix(
        names,
        names,
        dense,
        tuple(tuple(f"{int(value):,}" for value in row) for row in dense),
        views=(("share of row", of_row, _texts(of_row)), ("share of column", of_column, _texts(of_column))),
        view="count",
        row_label="truth",
        column_label="predicted",
        off_diagonal=True,
        picks=judged.picks,
    )


def _shares(dense: FloatArray, whole: FloatArray) -> FloatArray:
    found: FloatArray = np.divide(dense, whole, out=np.full(dense.shape, np.nan), where=whole > 0)
    return found


def _texts(shares: FloatArray) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(percent(float(value)) for value in row) for row in shares)


def _pairs(judged: Answers, table: classify.Confusion) -> Table | None:
    truth, predicted, counts = table.mistakes()
    if not len(counts):
        return None
    errors, support = int(counts.sum()), table.support
    columns = (
        Column("Truth"),
        Column("Predicted"),
        Column("Rows", True),
        Column("of all mistakes", True),
        Column("of the truth's rows", True),
    )
    rows = []
    for true, said, count in zip(
        truth[:PAIRS].tolist(), predicted[:PAIRS].tolist(), counts[:PAIRS].tolist(), strict=True
    ):
        pick = judged.classes[true], judged.classes[said]
        part, share = count / errors, count / int(support[true])
        rows.append(
            (
                Cell(brief(pick[0])),
                Cell(brief(pick[1])),
                Cell(f"{count:,}", float(count), pick=pick if judged.picks else None),
                Cell(percent(part), part),
                Cell(percent(share), share),
            )
        )
    return Table(columns, tuple(rows), searchable=True)
