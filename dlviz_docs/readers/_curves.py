"""Columns as curves: placed on their axis, and told apart by the run and the split that their rows name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import Axis, FloatArray, Hparam, Problem, Series
from dlviz_docs.names import split_of_folder
from dlviz_docs.readers._frame import Column, Frame, axis_of, known, plain_name, wall_times

__all__ = ["Curves", "curves"]

_SPLIT_WORDS = known("split phase mode stage subset")
_NUMBERED_GROUPS = known("seed random_seed run run_id trial trial_id fold")
_NAMED_GROUPS = _NUMBERED_GROUPS + known(
    "run_name name algo algorithm agent method variant model model_name arch architecture optimizer dataset env env_id "
    "environment task game experiment"
)
_FACTS = known("n_parameters num_parameters num_params world_size num_gpus pid")
"""Numbers that some loggers repeat in every row, and that are no curves."""
_BATCH_WORDS = known("batch batch_id batch_num batch_no batch_index minibatch")
_MOST_PARTS = 1_000
_CONFIG = "config/"
"""Ray writes its settings into every row of progress.csv."""


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """What a frame comes to."""

    series: tuple[Series, ...]
    hparams: Mapping[str, Hparam] = field(default_factory=dict)
    """Columns that say the same in every row: seed, algorithm, task, config/..."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose rows: a run within the file, and a split of its data."""

    part: str = ""
    split: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Owned:
    """Who the rows of a frame belong to."""

    owners: Sequence[_Owner]
    which: NDArray[np.intp]
    """Owner of each row, by its place in `owners`."""
    used: frozenset[str] = frozenset()
    """Columns of numbers that name runs, and so are no curves."""
    constant: Mapping[str, Hparam] = field(default_factory=dict)
    """Columns that name one run only."""


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Where the rows of one owner stand on the axis of their curves, shape (rows,)."""

    x: FloatArray
    axis: Axis


def curves(frame: Frame, step: str | None, *, source: str = "") -> Curves:
    """Every column of numbers beside `step` as a curve; without a step column, rows are counted from 1 as episodes.

    Rows that name their seed, run or task become parts when the steps repeat, and rows that name their split ("phase",
    "mode") get it before the metric. `source` is the file's name, for problems.
    """
    step = _batches(frame, step) or step
    steps = np.arange(1.0, frame.length + 1) if step is None else frame.numbers[step].dense(frame.length)
    axis: Axis = "episode" if step is None else axis_of(step)
    times_name, times = _times(frame, step)
    epoch_name = None if axis == "epoch" else _epoch_column(frame, {step, times_name})
    epochs = frame.numbers[epoch_name].dense(frame.length) if epoch_name else None
    owned = _owned(frame, steps)
    places = [_Place(steps, axis)] * len(owned.owners)
    problems: tuple[Problem, ...] = ()
    if epochs is not None and (continued := _continued(steps, epochs, owned)):
        places = continued
        what = f"the column {step!r} begins again with every epoch; each epoch is taken to end at its last logged step"
        problems = (Problem("steps-within-epochs", source, what, "Log a step that counts the whole training."),)
    settings = {name: _setting(name, frame) for name in (*frame.numbers, *frame.words) if name.startswith(_CONFIG)}
    settings |= {name: _setting(name, frame) for name in frame.numbers if _is_fact(name, frame)}
    taken = {step, times_name, epoch_name} | owned.used | set(settings)
    series = [
        _beside(one, rows, times, None if one.axis == "epoch" else epochs)
        for name, column in frame.numbers.items()
        if name not in taken
        for one, rows in _split(name, column, owned, places)
    ]
    told = {name.removeprefix(_CONFIG).replace("/", "."): value for name, value in settings.items()}
    return Curves(tuple(series), {**told, **owned.constant}, problems)


def _batches(frame: Frame, step: str | None) -> str | None:
    """The column that counts batches within the epochs of `step`, if there is one: "epoch, batch, loss"."""
    found = next((name for name in frame.numbers if plain_name(name) in _BATCH_WORDS), None)
    if step is None or found is None or axis_of(step) != "epoch":
        return None
    both = [frame.numbers[name].dense(frame.length) for name in (found, step)]
    return found if np.isfinite(both).all() and _within_epochs(*both) else None


def _is_fact(name: str, frame: Frame) -> bool:
    values = frame.numbers[name].values
    return plain_name(name) in _FACTS and bool((values == values[0]).all())


def _times(frame: Frame, step: str | None) -> tuple[str | None, FloatArray | None]:
    for name in (*frame.numbers, *frame.words):
        if name != step and (times := wall_times(name, frame)) is not None:
            return name, times
    return None, None


def _epoch_column(frame: Frame, taken: set[str | None]) -> str | None:
    """The column of epochs, unless it is the only thing the file tells."""
    others = [name for name in frame.numbers if name not in taken]
    found = next((name for name in others if plain_name(name) in ("epoch", "epochs")), None)
    return found if len(others) > 1 else None


def _split(
    name: str, column: Column, owned: _Owned, places: Sequence[_Place]
) -> Iterator[tuple[Series, NDArray[np.intp]]]:
    """The curve of each owner in one column, with the rows of its points."""
    for index, (owner, place) in enumerate(zip(owned.owners, places, strict=True)):
        chosen = np.isfinite(place.x[column.rows])
        if len(owned.owners) > 1:
            chosen &= owned.which[column.rows] == index
        rows = column.rows[chosen]
        if len(rows):
            shown = f"{owner.split}/{name}" if owner.split else name
            yield Series(shown, name, place.x[rows], column.values[chosen], axis=place.axis, part=owner.part), rows


def _beside(series: Series, rows: NDArray[np.intp], times: FloatArray | None, epochs: FloatArray | None) -> Series:
    """The curve with its wall times and epochs, where every one of its points has them."""
    found = {
        name: full[rows]
        for name, full in (("times", times), ("epochs", epochs))
        if full is not None and np.isfinite(full[rows]).all()
    }
    return replace(series, times=found.get("times"), epochs=found.get("epochs"))


# --- tables of several runs -------------------------------------------------------------------------------------------


def _owned(frame: Frame, steps: FloatArray) -> _Owned:
    """Who the rows belong to, as far as the table names runs and splits."""
    groups: dict[str, list[str]] = {}
    constant: dict[str, Hparam] = {}
    for name in (*frame.numbers, *frame.words):
        labels = _labels(name, frame)
        distinct = set(labels) - {""}
        if len(distinct) > 1:
            groups[name] = labels
        elif distinct:
            constant[name] = _setting(name, frame)
    split = _split_column(frame)
    if not groups and not any(split):
        return _Owned((_Owner(),), np.zeros(frame.length, np.intp), frozenset(constant), constant)
    parts = _parts(groups, steps, split)
    index: dict[_Owner, int] = {}
    which = [index.setdefault(_Owner(*both), len(index)) for both in zip(parts, split, strict=True)]
    used = frozenset(constant) | (frozenset(groups) if any(parts) else frozenset())
    return _Owned(tuple(index) or (_Owner(),), np.array(which, np.intp), used, constant)


def _split_column(frame: Frame) -> list[str]:
    """The split of every row, if a column of words says nothing but splits; else none for all."""
    full = [""] * frame.length
    for name, words in frame.words.items():
        found = [split_of_folder(text.strip()) for text in words.texts]
        if plain_name(name) in _SPLIT_WORDS and all(found):
            for row, split in zip(words.rows, found, strict=True):
                full[row] = split
            break
    return full


def _labels(name: str, frame: Frame) -> list[str]:
    """What the column says in each row, if it is one that names runs; else nothing."""
    full = [""] * frame.length
    plain = plain_name(name)
    if name in frame.words and plain in _NAMED_GROUPS:
        for row, text in zip(frame.words[name].rows, frame.words[name].texts, strict=True):
            full[row] = text.strip()
    elif name in frame.numbers and plain in _NUMBERED_GROUPS:
        column = frame.numbers[name]
        for row, value in zip(column.rows.tolist(), column.values.tolist(), strict=True):
            full[row] = f"{value:.15g}"
    return full


def _setting(name: str, frame: Frame) -> Hparam:
    if name in frame.words:
        return frame.words[name].texts[0].strip()
    value = float(frame.numbers[name].values[0])
    return int(value) if value.is_integer() else value


def _parts(groups: Mapping[str, Sequence[str]], steps: FloatArray, split: Sequence[str]) -> list[str]:
    """The part each row belongs to: "seed=1, task=run"; none for all when every step stands there once."""
    keys = list(zip(*groups.values(), strict=True))
    if not keys or not _repeats(steps, split) or len(set(keys)) > _MOST_PARTS:
        return [""] * len(steps)
    shown = {key: ", ".join(f"{g}={word}" for g, word in zip(groups, key, strict=True) if word) for key in set(keys)}
    return _repeated([shown[key] for key in keys], steps)


def _repeats(steps: FloatArray, split: Sequence[str]) -> bool:
    """Whether a step stands in more than one row of the same split."""
    there = [both for both in zip(steps.tolist(), split, strict=True) if np.isfinite(both[0])]
    return len(set(there)) < len(there)


def _repeated(parts: Sequence[str], steps: FloatArray) -> list[str]:
    """Parts told apart where one begins again at its first step: seeds in a table that does not name them."""
    first: dict[str, float] = {}
    last: dict[str, float] = {}
    begun: dict[str, int] = {}
    numbers = []
    for part, step in zip(parts, steps.tolist(), strict=True):
        if part not in first:
            first[part], begun[part] = step, 1
        elif step < last[part] and step == first[part]:
            begun[part] += 1
        last[part] = step
        numbers.append(begun[part])
    return [
        f"{part}, repeat={number}" if begun[part] > 1 else part for part, number in zip(parts, numbers, strict=True)
    ]


# --- steps that begin again with every epoch --------------------------------------------------------------------------


def _continued(steps: FloatArray, epochs: FloatArray, owned: _Owned) -> list[_Place] | None:
    """Places where steps within epochs are counted on, and evaluations stand at their epoch; None if no steps are."""
    places: list[_Place | None] = []
    for index in range(len(owned.owners)):
        rows = np.flatnonzero((owned.which == index) & np.isfinite(steps) & np.isfinite(epochs))
        counted = None
        if _within_epochs(steps[rows], epochs[rows]):
            counted = np.full(len(steps), np.nan)
            counted[rows] = _counted_on(steps[rows], epochs[rows])
        places.append(None if counted is None else _Place(counted, "step"))
    if not any(places):
        return None
    return [
        place or (_Place(epochs, "epoch") if owner.split in ("val", "test") else _Place(steps, "step"))
        for owner, place in zip(owned.owners, places, strict=True)
    ]


def _within_epochs(steps: FloatArray, epochs: FloatArray) -> bool:
    """Whether steps go back where, and only where, a new epoch begins."""
    new = np.diff(epochs) > 0
    return bool(new.any()) and np.array_equal(np.diff(steps) < 0, new) and not (np.diff(epochs) < 0).any()


def _counted_on(steps: FloatArray, epochs: FloatArray) -> FloatArray:
    starts = np.flatnonzero(np.diff(epochs) > 0) + 1
    from_zero = 1.0 if steps.min() == 0 else 0.0
    lengths = np.zeros(len(steps))
    lengths[starts] = steps[starts - 1] + from_zero
    result: FloatArray = steps + np.cumsum(lengths)
    return result
