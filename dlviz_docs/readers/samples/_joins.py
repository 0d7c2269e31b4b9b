"""Predictions tied to the data set whose samples they are of: by names, or else by place in a split of the same length.

A tie by place is believed only if the labels on both sides agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import MISSING, Dataset, Feature, Predictions, Problem
from dlviz_docs.readers._frame import plain_name
from dlviz_docs.readers.samples._columns import as_classes, picked, taken
from dlviz_docs.readers.samples._features import strings_of
from dlviz_docs.readers.samples._leaks import Leaks, leaks
from dlviz_docs.readers.samples._roles import roles_of

__all__ = ["Known", "codes_in", "joined_with", "rows_by_name", "rows_by_place"]

Known: TypeAlias = "dict[int, Leaks | None]"
"""What `leaks` found, by place of the data set: looked for once, and only if predictions are tied to it."""

_LEAST_FOUND = 0.5
"""Share of names that must be known to the data set."""
_LEAST_AGREEMENT = 0.99
"""Share of labels that must be the same where only the place ties them."""
_LEAST_ROWS = 5
"""Labels of fewer rows agree by chance."""


_WORDS = ("text", "identifier", "category")
_WANTED = (
    *("reference", "references", "answer", "answers", "summary", "highlights", "completion", "response", "output"),
    *("assistant", "translation", "target", "target_text", "ground_truth", "gold", "expected", "label"),
)
"""What columns of texts that were to come out are called."""


@dataclass(frozen=True, slots=True, eq=False)
class _Tie:
    dataset: Dataset
    place: int
    """Of the data set among all."""
    rows: NDArray[np.intp]
    """Row of the data set for each prediction, -1 for none."""
    by_place: bool


def joined_with(predictions: Predictions, datasets: Sequence[Dataset], leaked: Known) -> Predictions:
    """With what the best fitting data set knows of each row; unchanged where none fits."""
    ties = [tie for place, dataset in enumerate(datasets) if (tie := _tie(predictions, dataset, place))]
    if not ties:
        return predictions
    tie = max(ties, key=lambda one: (not one.by_place, int(np.count_nonzero(one.rows >= 0))))
    if tie.by_place and len(ties) > 1 and predictions.truth is None:
        return predictions  # nothing tells which of them it is
    if tie.place not in leaked:
        leaked[tie.place] = leaks(tie.dataset)
    told = _with(predictions, tie)
    if (twins := leaked[tie.place]) is None:
        return told
    known = tie.rows >= 0
    return replace(told, leaked=twins.same[tie.rows] & known, nearly_leaked=twins.nearly[tie.rows] & known)


def _tie(predictions: Predictions, dataset: Dataset, place: int) -> _Tie | None:
    if predictions.task in ("detection", "segmentation") or not dataset.length or not predictions.length:
        return None
    if predictions.ids:
        rows = rows_by_name(predictions.ids, dataset)
        return None if rows is None else _Tie(dataset, place, rows, by_place=False)
    if predictions.length < _LEAST_ROWS:
        return None
    for rows in rows_by_place(predictions, dataset):
        if _agree(predictions, dataset, rows):
            return _Tie(dataset, place, rows, by_place=True)
    return None


def rows_by_name(ids: Sequence[str], dataset: Dataset) -> NDArray[np.intp] | None:
    """Row of the data set for each name, -1 for one it does not know; None where most are unknown."""
    names = dataset.ids or (dataset.pictures.sources if dataset.pictures is not None else ())
    if len(names) != dataset.length:
        return None
    for spelled in (_as_is, _base, _stem):
        keys: Sequence[str] = names if spelled is _as_is else [spelled(name) for name in names]
        place = dict(zip(reversed(keys), range(len(names) - 1, -1, -1), strict=True))
        if spelled is not _as_is and len(place) < len(names):
            return None  # names that are alike without their folders tell nothing
        place.pop("", None)
        rows = np.array([place.get(name, MISSING) for name in map(spelled, ids)], np.intp)
        if np.count_nonzero(rows >= 0) >= _LEAST_FOUND * len(ids):
            return rows
    return None


def _as_is(name: str) -> str:
    return name


def _base(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]


def _stem(name: str) -> str:
    base = _base(name)
    return base.rpartition(".")[0] or base


def rows_by_place(predictions: Predictions, dataset: Dataset) -> list[NDArray[np.intp]]:
    """Rows of the splits that have as many samples, the likeliest first."""
    if dataset.split is None:
        return [np.arange(dataset.length)] if dataset.length == predictions.length else []
    if len(predictions.splits) > 1 and predictions.split is not None:
        return _by_places(predictions, dataset)
    wanted = predictions.splits[0] if predictions.splits else ""
    order = [wanted] if wanted else ["test", "val", *dataset.splits]
    found = []
    for split in dict.fromkeys(order):
        if split in dataset.splits:
            rows = np.flatnonzero(dataset.split == dataset.splits.index(split))
            if len(rows) == predictions.length:
                found.append(rows)
    return found


def _by_places(predictions: Predictions, dataset: Dataset) -> list[NDArray[np.intp]]:
    """Each split to its own."""
    rows = np.full(predictions.length, -1, np.intp)
    for code, split in enumerate(predictions.splits):
        here = np.flatnonzero(predictions.split == code)
        if split not in dataset.splits:
            return []
        there = np.flatnonzero(dataset.split == dataset.splits.index(split))
        if len(here) != len(there):
            return []
        rows[here] = there
    return [rows]


def _agree(predictions: Predictions, dataset: Dataset, rows: NDArray[np.intp]) -> bool:
    """Whether the labels are the same; true where one side has none and the splits are of one name."""
    target = dataset.get(dataset.target)
    if target is None or predictions.truth is None:
        return bool(predictions.splits) or dataset.split is None or predictions.truth is None
    if predictions.task == "regression":
        if target.kind != "number":
            return False
        near = np.isclose(predictions.truth, target.values[rows], rtol=1e-4, atol=1e-6, equal_nan=True)
        return bool(near.mean() >= _LEAST_AGREEMENT)
    if predictions.task == "text":
        return True
    codes = codes_in(as_classes(target), predictions.classes)[rows]
    return bool((codes == predictions.truth).mean() >= _LEAST_AGREEMENT)


def codes_in(target: Feature, classes: Sequence[str]) -> NDArray[np.int32]:
    """The target as places in the predictions' classes: by name, or by number where one side has only those."""
    index = {name: place for place, name in enumerate(classes)}
    numbered = any(all(map(str.isdecimal, names)) for names in (target.levels, classes))
    if numbered and not set(target.levels) & set(index) and len(target.levels) == len(classes):
        index = {level: place for place, level in enumerate(target.levels)}
    table = np.array([*(index.get(level, MISSING) for level in target.levels), MISSING], np.int32)
    places: NDArray[np.int32] = table[target.values.astype(np.intp)]
    return places


def _with(predictions: Predictions, tie: _Tie) -> Predictions:
    dataset, rows = tie.dataset, tie.rows
    problems = list(predictions.problems)
    unknown = int(np.count_nonzero(rows < 0))
    if unknown:
        what = f"{unknown:,} of {len(rows):,} samples are not in {dataset.name}"
        problems.append(Problem("ids-unknown", predictions.sources[-1], what, "Use the names that the data set has."))
    known = {attribute.name for attribute in predictions.attributes}
    more = [
        taken(feature, rows)
        for feature in dataset.features
        if feature.name != dataset.target and feature.name not in known
    ]
    result = replace(predictions, attributes=(*predictions.attributes, *more), problems=tuple(problems))
    result = _with_truth(result, tie)
    result = _with_names(result, dataset)
    if not result.group and dataset.group in {feature.name for feature in more}:
        result = replace(result, group=dataset.group)
    if result.pictures is None and dataset.pictures is not None and not unknown:
        result = replace(result, pictures=picked(dataset.pictures, rows))
    if not result.inputs and result.pictures is None:
        result = replace(result, inputs=_strings(_texts(dataset), dataset, rows))
    if result.task == "text" and not any(result.references):
        result = replace(result, references=_strings(_wanted(dataset), dataset, rows))
    if not result.ids and dataset.ids and not unknown:
        result = replace(result, ids=tuple(dataset.ids[row] for row in rows.tolist()))
    if result.split is None and dataset.split is not None and not result.splits:
        result = _with_split(result, dataset, rows)
    return result


def _with_split(result: Predictions, dataset: Dataset, rows: NDArray[np.intp]) -> Predictions:
    assert dataset.split is not None  # noqa: S101
    codes = np.where(rows >= 0, dataset.split[rows], MISSING)
    present = sorted(set(codes[codes >= 0].tolist()))
    lookup = np.full(len(dataset.splits) + 1, MISSING, np.int32)
    lookup[present] = np.arange(len(present))
    return replace(result, split=lookup[codes], splits=tuple(dataset.splits[code] for code in present))


def _with_truth(result: Predictions, tie: _Tie) -> Predictions:
    """Of predictions that come without the truth, the data set's."""
    target = tie.dataset.get(tie.dataset.target)
    if result.truth is not None or target is None:
        return result
    if (goal := taken(target, tie.rows)).missing == len(goal):  # the labels of a test set that keeps them to itself
        return result
    if result.task == "regression":
        if target.kind != "number":
            return result
        return _said(replace(result, truth=taken(target, tie.rows).values.astype(np.float64)), tie)
    if result.task != "classification":
        return result
    classes = as_classes(target)
    if not set(classes.levels) <= set(result.classes) and not len(classes.levels) <= len(result.classes):
        result = _widened(result, classes.levels)
    codes: Any = taken(replace(classes, values=codes_in(classes, result.classes)), tie.rows).values
    return _said(replace(result, truth=codes.astype(np.int32)), tie)


def _widened(result: Predictions, levels: Sequence[str]) -> Predictions:
    """With classes that were never predicted."""
    if result.probabilities is not None or not set(result.classes) <= set(levels) or result.predicted is None:
        return result
    index = [levels.index(name) for name in result.classes]
    codes = np.array([*index, MISSING], np.int32)[result.predicted.astype(np.intp)]
    return replace(result, classes=tuple(levels), predicted=codes)


def _said(result: Predictions, tie: _Tie) -> Predictions:
    if not tie.by_place:
        return result
    what = f"tells no truth; that of {tie.dataset.name} is taken, row by row"
    problem = Problem("truth-by-place", result.sources[-1], what, "Save labels or names beside the predictions.")
    return replace(result, problems=(*result.problems, problem))


def _with_names(result: Predictions, dataset: Dataset) -> Predictions:
    """Numbers of classes under the names that the data set has."""
    names = dataset.classes
    numbered = result.classes == tuple(map(str, range(len(result.classes))))
    if result.task == "classification" and numbered and len(names) == len(result.classes):
        return replace(result, classes=tuple(names))
    return result


def _strings(feature: Feature | None, dataset: Dataset, rows: NDArray[np.intp]) -> tuple[str | None, ...]:
    """What a column says of each row; () where it does not tell of all."""
    strings = strings_of(feature) if feature is not None else ()
    if not strings or len(strings) < dataset.length:
        return ()
    return tuple(strings[row] if row >= 0 else None for row in rows.tolist())


def _texts(dataset: Dataset) -> Feature | None:
    """The column of texts that went in: one called so, or else the longest."""
    wanted = _wanted(dataset)
    texts = [one for one in dataset.features if one.kind == "text" and one is not wanted and one.name != dataset.target]
    asked = roles_of([one.name for one in texts]).prompt
    longest = max(texts, key=lambda one: float(one.texts.lengths.mean()) if one.texts else 0.0, default=None)
    return next((one for one in texts if one.name == asked), longest)


def _wanted(dataset: Dataset) -> Feature | None:
    """The column of texts that were to come out."""
    plain = {plain_name(one.name): one for one in reversed(dataset.features) if one.kind in _WORDS}
    return next((plain[word] for word in _WANTED if word in plain), None)
