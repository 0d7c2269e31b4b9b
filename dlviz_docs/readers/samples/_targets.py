"""The column to be predicted, where no name and nobody says: what the predictions of the experiment tell.

Their truth is a column of the data; a submission is called like it; a test set keeps it to itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import Dataset, Feature, Predictions, Problem
from dlviz_docs.readers.samples._columns import as_classes, distinct, is_of_classes
from dlviz_docs.readers.samples._joins import codes_in, rows_by_name, rows_by_place

__all__ = ["with_target", "with_truth"]

_LEAST_ROWS = 10
_LEAST_AGREEMENT = 0.99
_LEAST_JUDGED = 20
_FAIR = 0.21
"""Cohen's κ from which on agreement is called fair (Landis and Koch 1977)."""
_MOST_MISSING = 0.5
"""Share of the target that may be missing in training rows."""


def with_target(dataset: Dataset, predictions: Sequence[Predictions], named: Sequence[str]) -> Dataset:
    """`named` are columns of predictions in files of nothing else, such as submissions."""
    if dataset.target or not dataset.length:
        return dataset
    called = next((name for name in named if dataset.get(name) is not None), "")
    told = next((name for one in predictions if (name := _by_truth(dataset, one))), "")
    name = told or called or _kept_back(dataset)
    goal = dataset.get(name)
    if not name or goal is None or goal.kind in ("text", "time"):
        return dataset
    if goal.kind == "identifier" or is_of_classes(goal):
        goal = as_classes(goal)
    features = tuple(goal if one.name == name else one for one in dataset.features)
    return replace(dataset, features=features, target=name, classes=goal.levels or dataset.classes)


def with_truth(told: Predictions) -> Predictions:
    """Of a classification without truth, that column which has the same classes and agrees beyond chance, if it is the
    only one; said to be a guess."""
    if told.task != "classification" or told.truth is not None or told.predicted is None:
        return told
    found = [(one.name, codes) for one in told.attributes if (codes := _like_truth(one, told)) is not None]
    if len(found) != 1:
        return told
    name, codes = found[0]
    what = f"tells no truth; {name!r} is taken: it alone has the same classes, and agrees beyond chance"
    remedy = "Name it in experiment.yml: `results: {path: ..., truth: ...}`."
    problem = Problem("truth-by-classes", told.sources[0], what, remedy)
    rest = tuple(one for one in told.attributes if one.name != name)
    return replace(told, truth=codes, attributes=rest, problems=(*told.problems, problem))


def _like_truth(feature: Feature, told: Predictions) -> NDArray[np.int32] | None:
    assert told.predicted is not None  # noqa: S101
    if not is_of_classes(feature):
        return None
    classes = as_classes(feature)
    if set(classes.levels) != set(told.classes) or len(classes.levels) < 2:
        return None
    codes = codes_in(classes, told.classes)
    known = (codes >= 0) & (told.predicted >= 0)
    if np.count_nonzero(known) < _LEAST_JUDGED:
        return None
    return codes if _kappa(codes[known], told.predicted[known], len(told.classes)) >= _FAIR else None


def _kappa(one: NDArray[np.int32], other: NDArray[Any], k: int) -> float:
    """Agreement beyond chance (Cohen 1960)."""
    by_chance = float((np.bincount(one, minlength=k) / len(one)) @ (np.bincount(other, minlength=k) / len(one)))
    return (float((one == other).mean()) - by_chance) / (1 - by_chance) if by_chance < 1 else 0.0


def _by_truth(dataset: Dataset, told: Predictions) -> str:
    """The column that says of the predicted rows what their truth is."""
    if told.truth is None or told.task not in ("classification", "regression") or told.length < _LEAST_ROWS:
        return ""
    rows = rows_by_name(told.ids, dataset) if told.ids else None
    for tied in [rows] if rows is not None else rows_by_place(told, dataset):
        known = tied >= 0
        if told.task == "classification":
            known &= told.truth >= 0
        if np.count_nonzero(known) < _LEAST_ROWS or len(np.unique(told.truth[known])) < 2:
            continue
        for feature in dataset.features:
            if _is_same(feature, told, tied, known):
                return feature.name
    return ""


def _is_same(feature: Feature, told: Predictions, rows: NDArray[np.intp], known: NDArray[np.bool_]) -> bool:
    assert told.truth is not None  # noqa: S101
    at, truth = rows[known], told.truth[known]
    if told.task == "regression":
        if feature.kind != "number":
            return False
        same = np.isclose(feature.values[at], truth, rtol=1e-4, atol=1e-6)
    else:
        if not is_of_classes(feature) or len(distinct(feature)) < 2:
            return False
        same = codes_in(as_classes(feature), told.classes)[at] == truth
    return bool(same.mean() >= _LEAST_AGREEMENT)


def _kept_back(dataset: Dataset) -> str:
    """The only column that training rows have and test rows have not, as competitions hand out their data."""
    if dataset.split is None or not {"train", "test"} <= set(dataset.splits):
        return ""
    train, test = (dataset.split == dataset.splits.index(split) for split in ("train", "test"))
    if not train.any() or not test.any():
        return ""
    found = []
    for feature in dataset.features:
        gone = np.isnan(feature.values) if feature.kind in ("number", "time") else feature.values < 0
        if gone[test].all() and gone[train].mean() < _MOST_MISSING:
            found.append(feature.name)
    return found[0] if len(found) == 1 else ""
