"""The rows of a classification that can be judged: those with a truth and an answer, of one split."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray, Insight
from dlviz_docs.model.samples import MISSING, Codes, Feature, Predictions
from dlviz_docs.renderers._place import Place

__all__ = ["Answers", "Bools", "Rows", "answers", "answers_alone", "likely", "linked"]

Bools: TypeAlias = NDArray[np.bool_]
Rows: TypeAlias = NDArray[np.intp]

_PREFERRED = ("test", "val")
"""What a model is judged by, where its predictions on several splits stand in one file."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """m rows: what is true and what was said, places in `classes`. Shape (m,) each, or (m, classes)."""

    predictions: Predictions
    rows: Rows
    """Of the predictions, ascending."""
    classes: tuple[str, ...]
    truth: Codes
    predicted: Codes
    probabilities: FloatArray | None
    """None where there are none; `likely` has only rows whose probabilities are all numbers."""
    right: Bools
    confidence: FloatArray | None
    """Probability of the answer."""
    own: FloatArray | None
    """Probability of the truth."""
    groups: Rows | None
    """Rows that belong together have the same number."""
    split: str
    """"" where there is one."""
    left: int
    """Rows of the split without a truth or an answer."""
    picks: bool = False
    """Whether the page has a gallery of mistakes, in which a click on a class or a cell can show its rows."""

    def __len__(self) -> int:
        return len(self.rows)

    def title(self, row: int) -> str:
        """What a judged row is called: its identifier, or its number in the file, from 0."""
        place = int(self.rows[row])
        ids = self.predictions.ids
        return ids[place] if place < len(ids) and ids[place] else f"row {place:,}"

    def kept(self, keep: Bools) -> Answers:
        """Only some of the judged rows."""
        if keep.all():
            return self
        return replace(
            self,
            rows=self.rows[keep],
            truth=self.truth[keep],
            predicted=self.predicted[keep],
            probabilities=None if self.probabilities is None else self.probabilities[keep],
            right=self.right[keep],
            confidence=None if self.confidence is None else self.confidence[keep],
            own=None if self.own is None else self.own[keep],
            groups=None if self.groups is None else self.groups[keep],
        )

    def column(self, feature: Feature) -> FloatArray | Codes:
        """The feature's values of the judged rows."""
        return feature.values if len(self) == len(feature) else feature.values[self.rows]


def _codes(values: FloatArray | Codes | None, n: int, classes: int) -> Codes:
    """Places in the classes; `MISSING` for whatever is none."""
    if values is None:
        return np.full(n, MISSING, np.int32)
    if values.dtype.kind == "f":
        values = np.where(np.isfinite(values) & (np.abs(values) < 2**31), values, MISSING)
    codes = values.astype(np.int32)
    if len(codes) and (codes.min() < 0 or codes.max() >= classes):
        codes = np.where((codes >= 0) & (codes < classes), codes, np.int32(MISSING))
    return codes


def _classes(one: Predictions) -> tuple[str, ...]:
    if one.classes:
        return one.classes
    columns = [values for values in (one.truth, one.predicted) if values is not None and len(values)]
    highest = max((int(np.nanmax(np.nan_to_num(values, posinf=0))) for values in columns), default=-1)
    width = one.probabilities.shape[1] if one.probabilities is not None and one.probabilities.ndim == 2 else 0
    return tuple(str(place) for place in range(max(highest + 1, width))) if highest < 1_000_000 else ()


def _probabilities(one: Predictions, classes: int) -> FloatArray | None:
    found = one.probabilities
    if found is None or found.ndim not in (1, 2) or len(found) != one.length:
        return None
    if found.ndim == 1 or found.shape[1] == 1:
        flat = found.reshape(len(found))
        return np.stack([1 - flat, flat], axis=1) if classes == 2 else None
    return found if found.shape[1] == classes else None


def _judged_split(one: Predictions, known: Bools) -> tuple[Bools, str]:
    if one.split is None or not one.splits:
        return known, ""
    counts = np.bincount(one.split[known] + 1, minlength=len(one.splits) + 1)[1:]
    there = [place for place in range(len(one.splits)) if counts[place]]
    if not there:
        return known, ""

    def worth(place: int) -> tuple[bool, int]:
        name = one.splits[place]
        return name == "train", _PREFERRED.index(name) if name in _PREFERRED else len(_PREFERRED)

    best = min(there, key=worth)
    return known & (one.split == best), one.splits[best]


def _groups(one: Predictions, rows: Rows) -> Rows | None:
    feature = next((each for each in one.attributes if one.group and each.name == one.group), None)
    if feature is None:
        return None
    values = feature.values[rows]
    _, numbers = np.unique(values, return_inverse=True)
    alone = np.isnan(values) if values.dtype.kind == "f" else values == MISSING
    found: Rows = np.where(alone, numbers.max(initial=0) + 1 + np.arange(len(rows)), numbers)
    return found if len(np.unique(found)) > 1 else None


def answers(one: Predictions, *, split: str | None = None) -> Answers:
    """The rows that can be judged, of the test split if there are several, or of the one that is named."""
    classes = _classes(one)
    k = len(classes)
    probabilities = _probabilities(one, k)
    truth, predicted = _codes(one.truth, one.length, k), answers_alone(one, k)
    known = (truth >= 0) & (predicted >= 0)
    if split is None:
        keep, name = _judged_split(one, known)
    else:
        name = split
        keep = known & (one.split == one.splits.index(split)) if one.split is not None else known
    of_split = one.length if not name or one.split is None else int((one.split == one.splits.index(name)).sum())
    rows = np.flatnonzero(keep)
    if len(rows) < one.length:
        truth, predicted = truth[rows], predicted[rows]
        probabilities = probabilities[rows] if probabilities is not None else None
    every = np.arange(len(rows))
    return Answers(
        one,
        rows,
        classes,
        truth,
        predicted,
        probabilities,
        truth == predicted,
        None if probabilities is None else np.ascontiguousarray(probabilities[every, predicted]),
        None if probabilities is None else np.ascontiguousarray(probabilities[every, truth]),
        _groups(one, rows),
        name,
        of_split - len(rows),
    )


def answers_alone(one: Predictions, classes: int) -> Codes:
    """What was said of each row, truth or none; `MISSING` for what is no class."""
    if one.predicted is not None:
        return _codes(one.predicted, one.length, classes)
    return _most_probable(_probabilities(one, classes), one.length)


def _most_probable(probabilities: FloatArray | None, n: int) -> Codes:
    if probabilities is None or not probabilities.shape[1]:
        return np.full(n, MISSING, np.int32)
    whole = ~np.isnan(probabilities).any(axis=1)
    return np.where(whole, np.nan_to_num(probabilities).argmax(axis=1), MISSING).astype(np.int32)


def likely(judged: Answers) -> Answers | None:
    """The rows with probabilities; None where no row has."""
    if judged.probabilities is None or not len(judged):
        return None
    if np.isfinite(judged.probabilities.sum()):  # one pass, and no array of its size
        return judged
    keep = np.isfinite(judged.probabilities).all(axis=1)
    return judged.kept(np.asarray(keep)) if keep.any() else None


def linked(insight: Insight | None, judged: Answers, place: Place) -> list[Insight]:
    """The sentence with the figure's place on this page, the run, and the model's name where there are several."""
    if insight is None:
        return []
    text = f"{place.name}: {insight.text}" if place.name else insight.text
    figure = place.id(insight.figure) if insight.figure else ""
    return [replace(insight, text=text, figure=figure, run=judged.predictions.run)]
