"""Several models on the same rows: which is better, where they differ, and what none of them gets right."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights import results_compare as say
from dlviz_docs.insights.estimates import pair
from dlviz_docs.insights.results_words import brief, chance, interval, percent
from dlviz_docs.model import FloatArray, Insight
from dlviz_docs.model.samples import MISSING, Predictions
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results._aligned import places, translated
from dlviz_docs.renderers.results._answers import Answers, Bools, Rows, answers
from dlviz_docs.renderers.results.errors import item
from dlviz_docs.stats.bootstrap import mean_interval
from dlviz_docs.stats.intervals import wilson
from dlviz_docs.stats.paired import difference, holm, mcnemar, mean_difference
from dlviz_docs.view import Cell, Column, Fact, Figure, Gallery, Matrix, Shown, Table

__all__ = ["Models", "called", "compared", "comparison", "numbers_compared", "same_items"]

ALL_PAIRS = 6
"""Models up to which every pair is tested; of more each is tested against the best."""
IN_MATRIX = 20
SHOWN_HARDEST = 60
LEAST_COMMON = 0.5
"""Of the rows of the smaller one: with fewer in common they are not compared."""
LEAST_ROWS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Models:
    """m models on the same n rows, the best first."""

    predictions: tuple[Predictions, ...]
    names: tuple[str, ...]
    first: Answers
    """Of the best one, on the common rows: what is true, and what the rows are called."""
    classes: tuple[str, ...]
    """Those of the best one, then those that only others know."""
    said: NDArray[np.int32]
    """Answer of each model, as places in these classes; shape (m, n)."""
    right: Bools
    """Shape (m, n)."""
    own: int
    """Rows that the best one was judged on, of which the n are those that all have."""


# --- the same rows ----------------------------------------------------------------------------------------------------


def same_items(predictions: Sequence[Predictions]) -> list[list[Predictions]]:
    """Predictions that can be compared stand together: one task, and the same identifiers or the same truth.

    In the order given; those that stand alone are in no list. What is true of texts need not be known.
    """
    groups: list[list[Predictions]] = []
    for one in predictions:
        home = next((group for group in groups if _comparable(group[0], one)), None)
        if home is not None:
            home.append(one)
        else:
            groups.append([one])
    return [group for group in groups if len(group) > 1]


def _comparable(a: Predictions, b: Predictions) -> bool:
    if a.task != b.task:
        return False
    if a.task not in ("classification", "regression"):
        common = int((places(b, a) >= 0).sum())
        return common > 0 and common >= LEAST_COMMON * min(a.length, b.length)
    if a.truth is None or b.truth is None:
        return False
    if a.task == "classification" and not set(a.classes) & set(b.classes):
        return False
    if a.ids and b.ids:
        if a.length == b.length and a.ids == b.ids:
            return _is_true_alike(a, b)
        if len(set(a.ids)) < len(a.ids) or len(set(b.ids)) < len(b.ids):
            return False
        common = len(set(a.ids) & set(b.ids))
        return common >= max(LEAST_ROWS, LEAST_COMMON * min(a.length, b.length)) and _is_true_alike(a, b)
    if a.length != b.length:
        return False
    return np.array_equal(translated(b.truth, b.classes, a.classes), a.truth, equal_nan=a.truth.dtype.kind == "f")


def _is_true_alike(a: Predictions, b: Predictions) -> bool:
    """Whether the same is true of most of the common rows: several outputs of one model have the same names of rows."""
    assert a.truth is not None  # noqa: S101
    assert b.truth is not None  # noqa: S101
    at = _places(b, a)
    mine, other = a.truth[at >= 0], translated(b.truth, b.classes, a.classes)[at[at >= 0]]
    same = np.isclose(mine, other, rtol=1e-4, equal_nan=True) if a.task == "regression" else mine == other
    return bool(same.mean() >= LEAST_COMMON) if len(same) else False


def _places(one: Predictions, first: Predictions) -> Rows:
    """Row of each of the first one's rows, -1 where there is none."""
    if not (one.ids and first.ids) or one.ids == first.ids:
        return np.arange(first.length)
    where = {name: place for place, name in enumerate(one.ids)}
    return np.array([where.get(name, -1) for name in first.ids], np.intp)


def compared(predictions: Sequence[Predictions]) -> Models | None:
    """Models of a classification, the best first; None where too few rows are common to all."""
    judged = [answers(one) for one in predictions]
    first = max(zip(judged, predictions, strict=True), key=lambda pair: _accuracy(pair[0]))[0]
    n = first.predictions.length
    keep = np.zeros(n, np.bool_)
    keep[first.rows] = True
    classes = tuple(dict.fromkeys([*first.classes, *(name for one in judged for name in one.classes)]))
    true = np.full(n, MISSING, np.int32)
    true[first.rows] = first.truth
    said = np.full((len(judged), n), MISSING, np.int32)
    for row, one in enumerate(judged):
        answered, truth = np.full((2, one.predictions.length + 1), MISSING, np.int32)
        answered[one.rows] = translated(one.predicted, one.classes, classes)
        truth[one.rows] = translated(one.truth, one.classes, classes)
        at = _places(one.predictions, first.predictions)
        said[row] = answered[at]  # the last one, -1, is missing
        keep &= (said[row] >= 0) & (truth[at] == true)
    kept = keep[first.rows]
    if kept.sum() < LEAST_ROWS:
        return None
    common = first.kept(kept)
    said = said[:, keep]
    right = said == common.truth
    order = np.argsort(-right.sum(axis=1), kind="stable")
    sorted_ = tuple(predictions[place] for place in order)
    return Models(sorted_, called(sorted_), common, classes, said[order], right[order], len(first))


def _accuracy(judged: Answers) -> float:
    return float(judged.right.mean()) if len(judged) else -1.0


def called(predictions: Sequence[Predictions]) -> tuple[str, ...]:
    """As they are called, with a number where two are called the same."""
    found: list[str] = []
    for one in predictions:
        name, turn = one.name, 2
        while name in found:
            name, turn = f"{one.name} ({turn})", turn + 1
        found.append(name)
    return tuple(found)


# --- figures ----------------------------------------------------------------------------------------------------------


def comparison(models: Models, place: Place, samples: bool, detailed: int) -> Iterator[Shown]:
    """Sentences about the best ones, a table of all, who agrees with whom, and the rows that all get wrong.

    `detailed` is how many of them, the best ones, have figures of their own on the page.
    """
    wrong = ~models.right
    both = wrong.astype(np.float32) @ wrong.T.astype(np.float32)  # exact up to 16 million rows
    p = _tested(models, both)
    hits, n = int(models.right[0].sum()), models.right.shape[1]
    low, high = (float(end) for end in wilson(hits, n))
    yield Fact("Best accuracy", f"{interval(hits / n, low, high)} (n = {n:,}): {brief(models.names[0])}")
    yield from (replace(one, figure=place.id(one.figure)) for one in _sentences(models, both, p))
    yield _table(models, both, p, place, detailed)
    yield _agreement(models, both, place)
    yield from _hardest(models, place, samples)


def _tested(models: Models, both: NDArray[np.float32]) -> FloatArray:
    """p-values of all pairs after Holm, shape (m, m); NaN for a pair that was not tested."""
    m = len(models.names)
    errors = np.diag(both)
    pairs = [(i, j) for i in range(m) for j in range(i + 1, m) if i == 0 or m <= ALL_PAIRS]
    raw = np.array([mcnemar(int(errors[j] - both[i, j]), int(errors[i] - both[i, j])) for i, j in pairs])
    found = np.full((m, m), np.nan)
    for (i, j), p in zip(pairs, holm(raw), strict=True):
        found[i, j] = found[j, i] = p
    return found


def _sentences(models: Models, both: NDArray[np.float32], p: FloatArray) -> Iterator[Insight]:
    m, n = models.right.shape
    if m > 2:
        yield say.best_of(models.names[0], m, int((p[0, 1:] >= say.SIGNIFICANT).sum()), "accuracy")
    gap = difference(models.right[0], models.right[1], models.first.groups)
    yield say.versus(models.names[1], models.names[0], gap, float(p[0, 1]), n, "accuracy")
    alone = float(both[0, 0]) / n
    if tell := say.complementary(models.names[0], models.names[1], float(both[0, 1]) / n, alone, n):
        yield tell


def _table(models: Models, both: NDArray[np.float32], p: FloatArray, place: Place, detailed: int) -> Figure:
    m, n = models.right.shape
    columns = (
        Column("Model"),
        Column("Accuracy [95 % interval]", True),
        Column("Below the best", True, "Paired bootstrap of the difference, 95 % interval"),
        Column("p", True, "McNemar's exact test against the best, after Holm's correction"),
        Column("Only it is right", True, "Rows that this model gets right and the best one does not"),
    )
    rows = []
    for row, name in enumerate(models.names):
        hits = int(models.right[row].sum())
        low, high = (float(end) for end in wilson(hits, n))
        cells = [Cell(brief(name)), Cell(interval(hits / n, low, high), hits / n, bar=(low, hits / n, high))]
        if row:
            gap, bottom, top = difference(models.right[0], models.right[row], models.first.groups)
            only = int(both[0, 0] - both[0, row])
            value = float(p[0, row])
            cells += [
                Cell(interval(gap, bottom, top), gap),
                Cell(chance(value).removeprefix("p = ").removeprefix("p "), value),
                Cell(f"{only:,}", float(only)),
            ]
        else:
            cells += [Cell("–"), Cell("–"), Cell("–")]
        rows.append(tuple(cells))
    tests = "all pairs" if m <= ALL_PAIRS else "each against the best"
    caption = f"{m:,} models on the same {n:,} rows, the best first; tested: {tests}."
    if detailed < m:
        caption += f" The best {detailed} have figures of their own below."
    if n < models.own:
        caption += f" {models.own - n:,} rows are not in all of them, or with another truth, and are left out."
    if models.first.groups is not None:
        caption += " Intervals draw whole groups; the test takes rows for independent."
    spec = Table(columns, tuple(rows), searchable=m > 10)
    return Figure(place.id("models"), "Models compared", caption, spec, place.group("Comparison"))


def _agreement(models: Models, both: NDArray[np.float32], place: Place) -> Figure:
    m, n = models.right.shape
    shown = min(m, IN_MATRIX)
    shares = both[:shown, :shown].astype(np.float64) / n
    same = np.ones((shown, shown))
    for row in range(shown):
        for other in range(row):
            same[row, other] = same[other, row] = float((models.said[row] == models.said[other]).mean())
    names = tuple(brief(name, 24) for name in models.names[:shown])
    few = f" The best {shown} of {m:,}." if shown < m else ""
    caption = f"Share of the {n:,} rows that both models get wrong; the diagonal is each by itself.{few}"
    spec = Matrix(
        names,
        names,
        shares,
        _texts(shares),
        views=(("same answer", same, _texts(same)),),
        view="both wrong",
        off_diagonal=True,
    )
    return Figure(place.id("agreement"), "Agreement", caption, spec, place.group("Comparison"))


def _texts(shares: FloatArray) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(percent(float(value)) for value in row) for row in shares)


def _hardest(models: Models, place: Place, samples: bool) -> Iterator[Shown]:
    """Rows that no model gets right: those with one and the same answer first."""
    m, n = models.right.shape
    none = np.flatnonzero(~models.right.any(axis=0))
    if not len(none) or m < say.ALL_WRONG:
        return
    agreed = (models.said[:, none] == models.said[0, none]).all(axis=0)
    if tell := say.all_wrong(len(none), int(agreed.sum()), m, n):
        yield replace(tell, figure=place.id("hardest" if samples else "models"))
    if not samples:
        return
    order = none[np.argsort(~agreed, kind="stable")][:SHOWN_HARDEST]
    items = tuple(item(models.first, int(row), [("answers", _answers_of(models, int(row)))]) for row in order)
    caption = (
        f"Rows that all {m:,} models get wrong, those with one and the same answer first: their labels may be wrong. "
        f"{len(items):,} of {len(none):,}."
    )
    spec = Gallery(items, len(none), "all models are wrong; the same answer first")
    yield Figure(place.id("hardest"), "Wrong in all models", caption, spec, place.group("Comparison"))


def _answers_of(models: Models, row: int) -> str:
    codes, counts = np.unique(models.said[:, row], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:3]
    return ", ".join(f"{brief(models.classes[codes[one]], 20)} × {counts[one]}" for one in order)


# --- numbers ----------------------------------------------------------------------------------------------------------


def numbers_compared(predictions: Sequence[Predictions], place: Place) -> Generator[Shown, None, Sequence[Predictions]]:
    """Models of a regression on the same rows, by mean absolute error; gives the models, the best first."""
    first = predictions[0]
    if first.truth is None:
        return predictions
    truth = first.truth.astype(np.float64)
    errors = np.full((len(predictions), first.length), np.nan)
    for row, one in enumerate(predictions):
        if one.predicted is None or one.truth is None:
            continue
        at = _places(one, first)
        there = at >= 0
        same = one.truth.astype(np.float64)[at] == truth
        values = np.abs(one.predicted.astype(np.float64)[at] - truth)
        errors[row] = np.where(there & same, values, np.nan)
    rows = np.flatnonzero(np.isfinite(errors).any(axis=1))
    keep = np.isfinite(errors[rows]).all(axis=0)
    if len(rows) < 2 or keep.sum() < LEAST_ROWS:
        return predictions
    errors = errors[rows][:, keep]
    order = np.argsort(errors.mean(axis=1), kind="stable")
    best_first = [predictions[rows[turn]] for turn in order]
    yield from _of_numbers(errors[order], called(best_first), place)
    return best_first


def _of_numbers(errors: FloatArray, names: tuple[str, ...], place: Place) -> Iterator[Shown]:
    m, n = errors.shape
    columns = (
        Column("Model"),
        Column("MAE", True, "Mean absolute error"),
        Column("Above the best", True, "Difference row by row, with its 95 % interval by paired bootstrap"),
    )
    cells = [(Cell(brief(names[0])), _number(errors[0]), Cell("–"))]
    level = 0
    for row in range(1, m):
        gap, low, high = mean_difference(errors[row], errors[0])
        level += low <= 0
        cells.append((Cell(brief(names[row])), _number(errors[row]), Cell(_spread(gap, low, high), gap)))
    value = pair(float(errors[0].mean()), *mean_interval(errors[0]))
    yield Fact("Lowest MAE", f"{value} (n = {n:,}): {brief(names[0])}")
    tell = say.best_by_error(names[0], m, level, n)
    yield replace(tell, figure=place.id(tell.figure))
    caption = f"{m:,} models on the same {n:,} rows, the best first."
    spec = Table(columns, tuple(cells), searchable=m > 10)
    yield Figure(place.id("models"), "Models compared", caption, spec, place.group("Comparison"))


def _number(errors: FloatArray) -> Cell:
    return Cell(words.number(float(errors.mean())), float(errors.mean()))


def _spread(gap: float, low: float, high: float) -> str:
    return f"{words.number(gap)} [{words.number(low)}, {words.number(high)}]"
