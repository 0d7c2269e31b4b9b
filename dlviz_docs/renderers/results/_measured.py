"""The rows of a regression that can be judged: finite truth and prediction, of one split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.model import Feature, FloatArray, Predictions
from dlviz_docs.model.samples import MISSING
from dlviz_docs.renderers._place import Place
from dlviz_docs.stats.slices import Facet, parts_of_numbers

__all__ = ["Measured", "facets", "judged_split", "measured"]

_MOST_LEVELS = 200


@dataclass(frozen=True, eq=False)  # no slots: what is asked for is computed once
class Measured:
    """m rows, shape (m,) each."""

    predictions: Predictions
    place: Place
    rows: NDArray[np.intp]
    """Of the predictions, ascending."""
    truth: FloatArray
    predicted: FloatArray
    split: str
    """"" where there is one."""
    left: int
    """Rows of the split that cannot be judged."""
    infinite: int
    """Of those, how many have an infinite prediction."""

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def errors(self) -> FloatArray:
        """Predicted less true."""
        with np.errstate(all="ignore"):
            return self.predicted - self.truth

    @cached_property
    def absolute(self) -> FloatArray:
        """Their sizes."""
        return np.abs(self.errors)

    @cached_property
    def groups(self) -> NDArray[np.intp] | None:
        """Rows that belong together have the same number; None where nobody says."""
        one = self.predictions
        feature = next((each for each in one.attributes if one.group and each.name == one.group), None)
        if feature is None:
            return None
        values = feature.values[self.rows]
        _, numbers = np.unique(values, return_inverse=True)
        alone = np.isnan(values) if values.dtype.kind == "f" else values == MISSING
        found = np.where(alone, numbers.max(initial=0) + 1 + np.arange(len(values)), numbers)
        numbered = np.unique(found, return_inverse=True)[1].astype(np.intp)
        return numbered if len(numbered) and numbered.max() > 0 else None

    @cached_property
    def of_split(self) -> str:
        """For captions: " of the test split"; "" where there is one."""
        return f" of the {self.split} split" if self.split else ""

    def title(self, row: int) -> str:
        """What a judged row is called: its identifier, or its number in the file, from 0."""
        at, ids = int(self.rows[row]), self.predictions.ids
        return ids[at] if at < len(ids) and ids[at] else f"row {at:,}"


def judged_split(one: Predictions) -> tuple[NDArray[np.bool_], str]:
    """Rows of the test split if there are several, else of validation, else of the first that is not train."""
    everywhere = np.ones(one.length, np.bool_)
    if one.split is None or not one.splits:
        return everywhere, ""
    counts = np.bincount(one.split + 1, minlength=len(one.splits) + 1)[1:]
    there = [place for place in range(len(one.splits)) if counts[place]]
    if not there:
        return everywhere, ""
    order = {"test": 0, "val": 1, "train": 3}
    best = min(there, key=lambda place: order.get(one.splits[place], 2))
    return one.split == best, one.splits[best]


def measured(one: Predictions, place: Place) -> Measured | None:
    """None where there are no numbers on both sides."""
    if one.truth is None or one.predicted is None:
        return None
    truth, predicted = (np.asarray(values, np.float64) for values in (one.truth, one.predicted))
    inside, split = judged_split(one)
    usable = inside & np.isfinite(truth) & np.isfinite(predicted)
    rows = np.flatnonzero(usable)
    infinite = int((inside & np.isinf(predicted)).sum())
    return Measured(one, place, rows, truth[rows], predicted[rows], split, int(inside.sum()) - len(rows), infinite)


def facets(one: Measured) -> Iterator[Facet]:
    """Ways to part the rows by what is known of them."""
    for feature in one.predictions.attributes:
        if facet := _facet(feature, one.rows):
            yield facet


def _facet(feature: Feature, rows: NDArray[np.intp]) -> Facet | None:
    if feature.kind in ("category", "boolean") and 1 < len(feature.levels) <= _MOST_LEVELS:
        levels = tuple(f"= {level}" for level in feature.levels)
        return Facet(feature.name, feature.values[rows].astype(np.int32), levels)
    if feature.kind != "number" or (parts := parts_of_numbers(np.asarray(feature.values[rows], np.float64))) is None:
        return None
    codes, begins, alone = parts
    texts = [words.number(float(begin)) for begin in begins]
    if alone:
        return Facet(feature.name, codes, tuple(f"= {text}" for text in texts))
    between = (f"from {low} to below {high}" for low, high in pairwise(texts))
    return Facet(feature.name, codes, (f"below {texts[0]}", *between, f"from {texts[-1]} on"))
