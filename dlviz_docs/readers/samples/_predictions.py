"""A table with columns told apart: what is true, what was predicted, how likely, and what else is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import near_miss
from dlviz_docs.model import Feature, FloatArray, Predictions
from dlviz_docs.readers._frame import plain_name
from dlviz_docs.readers.samples._classes import Classed, classified
from dlviz_docs.readers.samples._columns import distinct, is_of_classes, picked
from dlviz_docs.readers.samples._datasets import ids_of, split_of
from dlviz_docs.readers.samples._features import feature_of_array, strings_of
from dlviz_docs.readers.samples._names import parts_of
from dlviz_docs.readers.samples._pictures_named import pictures_named
from dlviz_docs.readers.samples._probabilities import check, of_one_class
from dlviz_docs.readers.samples._result_tables import CLASS_COLUMNS, class_columns
from dlviz_docs.readers.samples._roles import GENERATED, Roles, generations, roles_of
from dlviz_docs.readers.samples._stack import Columns
from dlviz_docs.readers.samples._types import Found, Planned, ResultEntry

__all__ = ["predictions_of"]

_TEXTS = ("text", "identifier")
_LEAST_SURE = 8
"""Rows from which on numbers that are all above one half are no accident."""


def predictions_of(planned: Planned, columns: Columns, found: Found) -> Predictions | None:
    """None, with a problem in `columns`, where nothing is predicted."""
    entry = planned.result or ResultEntry(path="")
    roles, names = _roles(entry, columns), columns.names
    if any(part == CLASS_COLUMNS for _, part in planned.files):
        said = {entry.prediction, *roles.predicted, roles.truth, roles.id, roles.split}
        numbers = [name for name, one in columns.features.items() if one.kind == "number" and name not in said]
        roles = replace(roles, probabilities=class_columns(numbers), classes=class_columns(numbers))
    taken_out = _Taken.of(entry, roles, columns)
    if taken_out is None:
        columns.tell("no-prediction", "has no column of predictions or probabilities",
                     "Name it in experiment.yml: `results: {path: ..., prediction: ...}`.")  # fmt: skip
        return None
    for name in _of_other_models(names, entry.prediction):
        columns.features.pop(name, None)
    ids, _ = ids_of(entry.id or roles.id, columns)
    split_of(roles.split, columns)
    embeddings = _embeddings(roles, columns)
    base = Predictions(
        name=planned.name,
        run=planned.run,
        sources=columns.sources,
        task="classification",
        length=columns.length,
        ids=ids,
        split=columns.split,
        splits=columns.splits,
        group=group if (group := entry.group or roles.group) in columns.features else "",
        nominal=roles.nominal if taken_out.intervals is not None else None,
        embeddings=embeddings,
        octets=columns.octets,
        pictures=pictures_named(found, ids, columns.sources) if ids else None,
    )
    told = _truth_by_folder(taken_out.told(base, entry, columns), columns)
    kept = {name: feature for name, feature in columns.features.items() if name != ""}
    return replace(told, attributes=tuple(kept.values()), problems=tuple(columns.problems))


def _truth_by_folder(told: Predictions, columns: Columns) -> Predictions:
    """Of pictures that lie in a folder for each class, as their names say: "cat/17.jpg"."""
    if told.task != "classification" or told.truth is not None or not told.ids:
        return told
    place = {name: code for code, name in enumerate(told.classes)}
    folders = [PurePosixPath(name.replace("\\", "/")).parent.name for name in told.ids]
    if len(set(folders)) < 2 or not set(folders) <= place.keys():
        return told
    columns.tell("truth-by-folder", "tells no truth; the folders that the rows are named by are taken",
                 "Save labels beside the predictions.")  # fmt: skip
    return replace(told, truth=np.array([place[folder] for folder in folders], np.int32))


def _of_other_models(names: Sequence[str], mine: str) -> tuple[str, ...]:
    """Columns of what others predicted or wrote, where several stand side by side."""
    roles = roles_of(names)
    for several in (roles.predicted, tuple(generations(names)[1].values())):
        if mine in several:
            return (*several, *roles.truths)
    return ()


def _roles(entry: ResultEntry, columns: Columns) -> Roles:
    """By their names, unless the user or the plan says more."""
    roles = roles_of([name for name in columns.names if name not in columns.roles.values()])
    part = columns.roles
    truth, predicted = part.get("truth", roles.truth), roles.predicted
    probabilities, classes = roles.probabilities, roles.classes
    if "predicted" in part:
        predicted = (part["predicted"],)
    if "probabilities" in part:
        probabilities, classes = (part["probabilities"],), ()
    if not probabilities:
        probabilities = tuple(name for name in columns.arrays if parts_of(name).role == "probabilities")[:1]
    names = columns.names
    for key, name in (
        ("truth", entry.truth),
        ("prediction", entry.prediction),
        ("group", entry.group),
        ("id", entry.id),
    ):
        if name and name not in names and "." not in name:
            what = f"has no column {name!r}, which experiment.yml names as its {key}.{near_miss(name, names)}"
            columns.tell("no-column", what, "Correct the name in experiment.yml.")
    if entry.truth in names:
        truth = entry.truth
    if entry.prediction in names:
        predicted = (entry.prediction,)
        generated: tuple[str, ...] = (entry.prediction,)
    else:
        generated = roles.generated
    if not (predicted or probabilities or generated) and len(names) == 1:  # a lone column of a file that was named
        predicted = (names[0],)
    return replace(
        roles,
        truth=truth if truth not in predicted else "",
        predicted=predicted[:1],
        probabilities=probabilities,
        classes=classes,
        generated=generated,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Taken:
    """The columns that are no attributes."""

    truth: Feature | None
    predicted: Feature | None
    probabilities: NDArray[Any] | None
    names: tuple[str, ...]
    """Of the classes, as the columns of probabilities are called."""
    inputs: Feature | None
    references: Feature | None
    intervals: FloatArray | None
    wordy: bool = False
    """Whether what was predicted is written, and no class."""
    single: str = ""
    """The column of probabilities, if there is one for all classes."""

    @classmethod
    def of(cls, entry: ResultEntry, roles: Roles, columns: Columns) -> _Taken | None:
        predicted = _of_array(next(iter(roles.predicted or roles.generated), ""), columns)
        truth = _of_array(roles.truth, columns)
        probabilities = _probabilities(roles, columns)
        if predicted is None and probabilities is None:
            return None
        prompt = _of_array(roles.prompt, columns)
        references = _of_array(roles.reference, columns) if roles.reference != roles.truth else None
        wordy = predicted is not None and _is_text(predicted, prompt, truth or references)
        if truth is None:
            truth = references
        used = [predicted, truth, *([prompt] if wordy else [])]
        for feature in used:
            if feature is not None:
                columns.features.pop(feature.name, None)
        intervals = _intervals(roles, columns)
        return cls(
            truth,
            predicted,
            None if wordy else probabilities,
            roles.classes,
            prompt if wordy else None,
            truth if wordy else None,
            intervals,
            wordy,
            roles.probabilities[0] if probabilities is not None and probabilities.ndim == 1 else "",
        )

    def told(self, base: Predictions, entry: ResultEntry, columns: Columns) -> Predictions:
        if self.wordy:
            return self._texts(base, columns)
        if self._is_regression() and (self.probabilities is None or self.single):
            return self._regression(base)
        return self._classification(base, entry, columns)

    def _texts(self, base: Predictions, columns: Columns) -> Predictions:
        assert self.predicted is not None  # noqa: S101
        generated = strings_of(self.predicted)
        inputs = strings_of(self.inputs) if self.inputs else ()
        references = strings_of(self.references) if self.references else ()
        length = min(map(len, filter(None, (generated, inputs, references))), default=0)
        if length < base.length:
            columns.tell("too-many-texts", f"the first {length:,} of {base.length:,} texts are shown",
                         "Save a sample of the rows, chosen at random.")  # fmt: skip
            base = _first(base, length)
            columns.keep(np.arange(length))
        return replace(
            base,
            task="text",
            inputs=inputs[:length],
            references=references[:length],
            generated=generated[:length],
            pictures=base.pictures if length == base.length else None,
        )

    def _is_regression(self) -> bool:
        truth, predicted = self.truth, self.predicted
        if predicted is None or predicted.kind not in ("number", "time"):
            return False
        if truth is None:
            return not is_of_classes(predicted)
        if truth.kind != "number":
            return False
        return not (is_of_classes(truth) and is_of_classes(predicted)) and not self._is_share()

    def _is_share(self) -> bool:
        """Whether "predictions" between 0 and 1 of labels 0 and 1 are probabilities."""
        if self.truth is None or self.predicted is None or self.truth.kind != "number" or self.predicted.whole:
            return False
        values = self.predicted.values[np.isfinite(self.predicted.values)]
        return (
            set(distinct(self.truth).tolist()) == {0.0, 1.0}
            and bool(len(values))
            and values.min() >= 0
            and (values.max() <= 1)
        )

    def _regression(self, base: Predictions) -> Predictions:
        assert self.predicted is not None  # noqa: S101
        truth = None if self.truth is None else self.truth.values.astype(np.float64)
        values = self.predicted.values.astype(np.float64)
        return replace(base, task="regression", truth=truth, predicted=values, intervals=self.intervals)

    def _classification(self, base: Predictions, entry: ResultEntry, columns: Columns) -> Predictions:
        truth, predicted, table = self.truth, self.predicted, self.probabilities
        if table is None and predicted is not None and self._is_share():
            table, predicted = predicted.values, None
        told = None
        if table is not None and table.ndim == 1:
            if predicted is None and truth is not None and _is_confidence(table, truth):
                truth, predicted = None, truth
            table = self._binary(table, truth, predicted)
            if table is not None:
                columns.features.pop(self.single, None)
        if table is not None:
            told = check(table)
            if told.normalised:
                what = f"probabilities of {told.normalised:,} rows do not sum to one; they were divided by their sum"
                columns.tell("probabilities-sum", what, "Save the output of a softmax, or logits.")
        classed = classified(truth, predicted, told.values if told else None, self.names, entry.classes, columns)
        result = _classes_told(base, classed, from_logits=bool(told and told.from_logits))
        if told is not None and not told.usable.all():
            return self._without(result, told.usable, columns)
        return result

    def _binary(self, values: NDArray[Any], truth: Feature | None, predicted: Feature | None) -> NDArray[Any] | None:
        """One number a row as that of the second class; None where it is the confidence in what was predicted."""
        known = [set(map(float, distinct(f).tolist())) for f in (truth, predicted) if f is not None]
        if any(len(one) > 2 for one in known) or not known:
            return None
        if predicted is not None and not _agrees(values, predicted):
            return None
        return of_one_class(values.astype(np.float64))

    def _without(self, result: Predictions, usable: NDArray[np.bool_], columns: Columns) -> Predictions:
        gone = int(np.count_nonzero(~usable))
        columns.tell("probabilities-missing", f"{gone:,} rows without usable probabilities left out",
                     "Look for NaN in what the model puts out.")  # fmt: skip
        rows = np.flatnonzero(usable)
        columns.keep(rows)
        return _rows_of(result, rows)


def _of_array(name: str, columns: Columns) -> Feature | None:
    """The column; of an array with one 1 a row, the place of it."""
    if not name:  # an unnamed column only counts the rows
        return None
    feature = columns.features.get(name)
    values = columns.arrays.get(name)
    if feature is None and values is not None and values.ndim == 2 and len(values):
        if ((values == 0) | (values == 1)).all() and (values.sum(axis=1) == 1).all():
            del columns.arrays[name]
            return feature_of_array(name, values.argmax(axis=1))
        return None
    return feature


def _probabilities(roles: Roles, columns: Columns) -> NDArray[Any] | None:
    names = [name for name in roles.probabilities if name in columns.names]
    if not names and roles.predicted and roles.predicted[0] in columns.arrays:
        names = [roles.predicted[0]]  # "predictions" of several numbers a row
    if len(names) > 1:
        features = [columns.features.get(name) for name in names]
        if any(one is None or one.kind not in ("number", "boolean") for one in features):
            return None
        for name in names:
            del columns.features[name]
        return np.stack([one.values.astype(np.float64) for one in features if one is not None], axis=1)
    if not names:
        return None
    if (values := columns.arrays.get(names[0])) is not None:
        if values.ndim != 2:
            columns.tell("array", f"{names[0]} of shape {values.shape} holds no probabilities of single classes",
                         "Save probabilities of shape (n, classes).")  # fmt: skip
            return None
        return columns.arrays.pop(names[0])
    feature = columns.features[names[0]]
    return feature.values if feature.kind == "number" else None


def _is_confidence(values: NDArray[Any], said: Feature) -> bool:
    """Whether labels beside one number a row are predictions, as pipelines and timm write them: the number is never
    less than that of the likeliest class can be."""
    found, inside = distinct(said), values[np.isfinite(values)]
    if said.kind == "number" and not is_of_classes(said):
        return False
    if len(found) < 2 or len(inside) < _LEAST_SURE or inside.min() < 0 or inside.max() > 1:
        return False
    return len(found) > 2 or bool(inside.min() >= 1 / len(found))


def _agrees(values: NDArray[Any], predicted: Feature) -> bool:
    """Whether some threshold on the numbers gives what was predicted: then they are of the second class."""
    found = distinct(predicted)
    if len(found) < 2:
        return len(found) == 1 and found[0] in (0, 1) and bool(((values > 0.5) == bool(found[0])).mean() > 0.99)
    low, high = values[predicted.values == found[0]], values[predicted.values == found[1]]
    return bool(np.nanmax(low) <= np.nanmin(high)) if np.isfinite(low).any() and np.isfinite(high).any() else False


def _is_text(predicted: Feature, prompt: Feature | None, wanted: Feature | None) -> bool:
    """Whether what was predicted is written, and not the name of a class."""
    if predicted.kind == "text":
        return True
    asked = prompt is not None and prompt.kind in (*_TEXTS, "category")
    if asked and plain_name(predicted.name) in GENERATED and predicted.kind == "number":
        return True  # an answer that happens to be a number
    if predicted.kind in ("number", "boolean", "time"):
        return False
    if asked or (wanted is not None and wanted.kind == "text"):
        wordy = bool(predicted.levels) and sum(" " in level.strip() for level in predicted.levels)
        return (
            predicted.kind in _TEXTS
            or len(distinct(predicted)) > len(predicted) / 2
            or (2 * wordy > len(predicted.levels))
        )
    if wanted is not None or len(predicted) < _LEAST_SURE:
        return False
    sentences = sum(level.strip().count(" ") > 1 for level in predicted.levels)
    return 2 * len(distinct(predicted)) > len(predicted) or 2 * sentences > len(predicted.levels) > 0


def _intervals(roles: Roles, columns: Columns) -> FloatArray | None:
    ends = [columns.features.get(name) if name else None for name in (roles.lower, roles.upper)]
    if any(end is None or end.kind != "number" for end in ends):
        return None
    return np.stack([columns.features.pop(end.name).values for end in ends if end is not None], axis=1)


def _embeddings(roles: Roles, columns: Columns) -> FloatArray | None:
    name = columns.roles.get("embeddings", "") or roles.embeddings
    if name not in columns.arrays:
        name = next((one for one in columns.arrays if parts_of(one).role == "embeddings"), "")
    values = columns.arrays.get(name)
    return None if values is None else values.reshape(len(values), -1).astype(np.float64)


def _classes_told(base: Predictions, classed: Classed, *, from_logits: bool) -> Predictions:
    return replace(
        base,
        task="classification",
        classes=classed.classes,
        truth=classed.truth,
        predicted=classed.predicted,
        probabilities=classed.probabilities,
        from_logits=from_logits and classed.probabilities is not None,
    )


def _first(base: Predictions, length: int) -> Predictions:
    return _rows_of(base, np.arange(length))


def _rows_of(told: Predictions, rows: NDArray[np.intp]) -> Predictions:
    """Those rows alone."""

    def cut(values: NDArray[Any] | None) -> Any:
        return None if values is None else values[rows]

    return replace(
        told,
        length=len(rows),
        truth=cut(told.truth),
        predicted=cut(told.predicted),
        probabilities=cut(told.probabilities),
        intervals=cut(told.intervals),
        embeddings=cut(told.embeddings),
        split=cut(told.split),
        ids=tuple(told.ids[row] for row in rows.tolist()) if told.ids else (),
        pictures=None if told.pictures is None else picked(told.pictures, rows),
    )
