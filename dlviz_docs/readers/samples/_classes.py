"""Truth, predictions and probabilities as places in one list of classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import MISSING, Codes, Feature, FloatArray
from dlviz_docs.names import natural
from dlviz_docs.readers.samples._columns import as_classes
from dlviz_docs.readers.samples._stack import Columns

__all__ = ["Classed", "classified", "fits"]

_AGREES = 0.99
"""Share of rows whose most probable class is the predicted one, if the order of the classes is the right one."""


@dataclass(frozen=True, slots=True, eq=False)
class Classed:
    """One list of classes, and everything as places in it."""

    classes: tuple[str, ...]
    truth: Codes | None
    predicted: Codes | None
    probabilities: FloatArray | None


def classified(
    truth: Feature | None,
    predicted: Feature | None,
    probabilities: FloatArray | None,
    names: Sequence[str],
    given: Sequence[str],
    columns: Columns,
) -> Classed:
    """`names` are those of the probabilities' columns, `given` those that the user tells."""
    told = [as_classes(one) for one in (truth, predicted) if one is not None]
    levels = sorted({level for one in told for level in one.levels}, key=natural)
    width = None if probabilities is None else probabilities.shape[1]
    if not given and not columns.classes and fits(columns.offered, levels, width):
        given = columns.offered
    classes, by_number = _classes(levels, width, names, tuple(given) or columns.classes, columns)
    if width is not None and len(classes) != width:
        what = f"there are {width:,} columns of probabilities, and {len(classes):,} classes; probabilities are left out"
        columns.tell("classes-differ", what, "Name all classes, in the order of the columns, in experiment.yml.")
        probabilities = None
    true = None if truth is None else _places(as_classes(truth), classes, by_number, "labels", columns)
    said = None if predicted is None else _places(as_classes(predicted), classes, by_number, "predictions", columns)
    if probabilities is not None and len(probabilities):
        likeliest = probabilities.argmax(axis=1).astype(np.int32)
        if said is None:
            said = likeliest
        if by_number is None and not names and not given and not columns.classes:
            _doubt(said, likeliest, given_predictions=predicted is not None, columns=columns)
    return Classed(classes, true, said, probabilities)


def _classes(
    levels: Sequence[str], width: int | None, names: Sequence[str], given: Sequence[str], columns: Columns
) -> tuple[tuple[str, ...], int | None]:
    """The classes; and the number of the first one where truth and predictions are numbers of classes."""
    numbers = [int(level) for level in levels] if levels and all(map(_is_number, levels)) else []
    known = tuple(given) or (tuple(names) if names and len(names) == width else ())
    if known and not (set(levels) <= set(known)) and numbers:
        return known, _first_number(numbers, len(known))
    if known:
        folded = {level.casefold() for level in levels}
        if not given and folded and not folded & {name.casefold() for name in known}:
            columns.tell("classes-differ", "columns of probabilities are named for other classes than the labels",
                         "Name the columns for the labels: prob_<label>.")  # fmt: skip
        return known, None
    if width is None:
        return tuple(levels), None
    if not levels:
        return tuple(map(str, range(width))), 0
    if numbers:
        first = _first_number(numbers, width)
        # Labels such as 3, 5, 8 or -1, 1: one for each column, as scikit-learn has them.
        if len(numbers) == width and not (min(numbers) >= 0 and max(numbers) < width + first):
            return tuple(map(str, sorted(numbers))), None
        return tuple(str(number + first) for number in range(width)), first
    # In the order of scikit-learn and of most label encoders: sorted as text.
    return tuple(sorted(levels)), None


def fits(names: Sequence[str], levels: Sequence[str], width: int | None) -> bool:
    """Whether these may be the names of all classes: as many as there are columns or numbers, or the same words."""
    if not names or (width is not None and width != len(names)):
        return False
    if not levels:
        return width is not None
    if not all(map(_is_number, levels)):
        return set(levels) <= set(names)
    numbers = [int(level) for level in levels]
    return min(numbers) >= 0 and max(numbers) - _first_number(numbers, len(names)) == len(names) - 1


def _is_number(level: str) -> bool:
    return level.removeprefix("-").isdecimal() and len(level) < 10


def _first_number(numbers: Sequence[int], width: int) -> int:
    """1 where classes are counted from there, as the last of them tells."""
    return int(bool(numbers) and min(numbers) >= 1 and max(numbers) == width)


def _places(
    feature: Feature, classes: Sequence[str], first: int | None, what: str, columns: Columns
) -> NDArray[np.int32]:
    index = {name: place for place, name in enumerate(classes)}
    index |= {name.casefold(): place for name, place in index.items() if name.casefold() not in index}
    table = []
    for level in feature.levels:
        place = index.get(level, index.get(level.casefold(), MISSING))
        if first is not None:
            number = int(level) - first if _is_number(level) else MISSING
            place = number if 0 <= number < len(classes) else MISSING
        table.append(place)
    places: NDArray[np.int32] = np.array([*table, MISSING], np.int32)[feature.values.astype(np.intp)]
    outside = int(np.count_nonzero(places < 0)) - int(np.count_nonzero(feature.values < 0))
    if outside:
        text = f"{outside:,} {what} are outside the {len(classes):,} classes; they count as unknown"
        columns.tell("labels-outside", text, "Name all classes, and count them from 0.")
    return places


def _doubt(said: Codes, likeliest: Codes, *, given_predictions: bool, columns: Columns) -> None:
    """Say that the order of named classes was assumed, unless the predictions bear it out."""
    known = said >= 0
    if given_predictions and known.any() and (said == likeliest)[known].mean() >= _AGREES:
        return
    what = "nobody says which class each column of probabilities is of; alphabetical order is assumed"
    columns.tell("class-order", what, "Name the classes, in the order of the columns, in experiment.yml.")
