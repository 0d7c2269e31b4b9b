"""What the models of an experiment are run on: its pictures, with their truth, and those that are worth explaining."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import MISSING, Dataset, FloatArray, Pictures, Predictions, Samples
from dlviz_docs.options import About
from dlviz_docs.stats.choice import choose

__all__ = ["Shown", "held_out", "pictures_for", "spread"]

MOST = 400
"""Pictures a model is run on."""
LONGEST = 384
"""Longest side in px at which they are read: what models of photographs take, and a margin."""
EXPLAINED = 24
Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom, as shares of the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """Pictures a model is to be run on. Arrays have one entry a picture."""

    keys: tuple[str, ...]
    pixels: tuple[NDArray[np.uint8], ...]
    truth: FloatArray | None
    """Class numbers, NaN where it is not known."""
    classes: tuple[str, ...]
    explain: tuple[int, ...]
    """Places of those that are to be explained; none where the model's own answers decide."""
    boxes: tuple[tuple[Box, ...], ...] = ()
    """Annotated regions of each picture, of any class; empty where no picture has one."""
    unknown: tuple[str, ...] = ()
    """What the author names for it and is no picture of these, or cannot be read."""


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Where pictures and their truth come from."""

    pictures: Pictures
    truth: NDArray[np.integer] | None
    classes: tuple[str, ...]
    explain: Sequence[int]
    ids: tuple[str, ...]
    among: NDArray[np.intp]
    """Rows to take pictures from."""


def pictures_for(run: str, samples: Samples, about: About, root: Path, named: tuple[str, ...] = ()) -> Shown | None:
    """What a model of that run is shown; None where the experiment has no pictures.

    Those that it answered, where its predictions are there; else those of a data set, of its validation split before
    others. `named` are names of classes that a file tells, for pictures without.
    """
    from dlviz_docs.readers.samples.thumbnails import pixels

    found = _of_predictions(run, samples.predictions) or _of_datasets(samples.datasets)
    if found is None:
        return None
    named_rows = _told(about.explain, found)
    wanted = list(named_rows.values()) or list(found.explain)
    rows = list(dict.fromkeys([*wanted, *spread(found.among, MOST - len(wanted))]))
    read = {row: pixels(root, found.pictures, row, LONGEST) for row in rows}
    kept = [row for row in rows if read[row] is not None]
    if not kept:
        return None
    places = {row: place for place, row in enumerate(kept)}
    keys = tuple(found.pictures.keys[row] for row in kept)
    return Shown(
        keys,
        tuple(picture for row in kept if (picture := read[row]) is not None),
        _truth(found.truth, kept),
        found.classes or named,
        tuple(places[row] for row in wanted if row in places),
        _boxes(keys, samples.datasets),
        tuple(name for name in about.explain if named_rows.get(name) not in places),
    )


def _of_predictions(run: str, predictions: Sequence[Predictions]) -> _Rows | None:
    """Of the run itself, before those of no run."""
    fits = [one for one in predictions if one.pictures is not None and one.task == "classification"]
    for one in sorted((p for p in fits if p.run in (run, "")), key=lambda p: p.run != run):
        if one.pictures is None or one.predicted is None:
            continue
        sure = np.ones(one.length) if one.probabilities is None else one.probabilities.max(axis=1)
        truth = None if one.truth is None else one.truth.astype(np.int64)
        explain = [row for row, _ in choose(truth, one.predicted.astype(np.int64), sure, EXPLAINED)]
        return _Rows(one.pictures, truth, one.classes, explain, one.ids, np.arange(one.length))
    return None


def _of_datasets(datasets: Sequence[Dataset]) -> _Rows | None:
    for one in datasets:
        if one.pictures is None or not len(one.pictures):
            continue
        target = one.get(one.target)
        labelled = target is not None and target.kind in ("category", "boolean")
        truth = target.values.astype(np.int64) if target is not None and labelled else None
        # Of boxes otherwise: whoever finds them tells these apart.
        classes = target.levels if target is not None and labelled else one.classes
        return _Rows(one.pictures, truth, classes, (), one.ids, held_out(one))
    return None


def _boxes(keys: Sequence[str], datasets: Sequence[Dataset]) -> tuple[tuple[Box, ...], ...]:
    """Of these pictures, whatever data set annotates them."""
    found: dict[str, list[Box]] = {key: [] for key in keys}
    for data in datasets:
        if data.boxes is None or data.pictures is None:
            continue
        for row, (left, top, width, height) in zip(data.boxes.picture.tolist(), data.boxes.xywh.tolist(), strict=True):
            across, down = data.pictures.sizes[row].tolist() if row < len(data.pictures.sizes) else (0, 0)
            if data.pictures.keys[row] in found and across > 0 and down > 0:
                box = (left / across, top / down, (left + width) / across, (top + height) / down)
                found[data.pictures.keys[row]].append(box)
    return tuple(tuple(found[key]) for key in keys) if any(found.values()) else ()


def held_out(data: Dataset) -> NDArray[np.intp]:
    """Rows of the split that the model was not trained on, as far as names tell."""
    for wanted in ("val", "test"):
        if data.split is not None and wanted in data.splits:
            rows = np.flatnonzero(data.split == data.splits.index(wanted))
            if len(rows):
                return rows
    return np.arange(data.length)


def _told(wanted: Sequence[str], found: _Rows) -> dict[str, int]:
    """Rows that the author names: by identifier, by path, or by the file's name."""
    places: dict[str, int] = {}
    for row, key in enumerate(found.pictures.keys):
        for name in (key, PurePosixPath(key).name, found.ids[row] if found.ids else key):
            places.setdefault(name, row)
    return {name: places[name] for name in wanted if name in places}


def spread(rows: NDArray[np.intp], most: int) -> list[int]:
    """At most so many, evenly over all."""
    if len(rows) <= most:
        return [int(row) for row in rows]
    return [int(rows[int(place)]) for place in np.linspace(0, len(rows) - 1, max(most, 0)).round()]


def _truth(truth: NDArray[np.integer] | None, rows: Sequence[int]) -> FloatArray | None:
    if truth is None:
        return None
    codes = truth[list(rows)].astype(np.float64)
    codes[codes == MISSING] = np.nan
    return None if np.isnan(codes).all() else codes
