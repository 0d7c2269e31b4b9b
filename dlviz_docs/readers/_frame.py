"""Columns of numbers as curves: which column is the step, which the wall time, and which rows are whose.

A `Frame` is what a table or JSON lines come to: every column with the rows that hold a number, so that a cell nobody
wrote is not a point, and a NaN that somebody wrote is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import Axis, FloatArray, Hparam, Problem, Series
from dlviz_docs.names import split_of_folder

__all__ = [
    "EXAMPLE_WORDS",
    "Column",
    "Curves",
    "Frame",
    "Words",
    "axis_of",
    "curves",
    "is_step_like",
    "step_column",
    "wall_times",
]


def _known(words: str) -> tuple[str, ...]:
    return tuple(words.split())


# In the order of preference: what counts training as a whole before what counts within it.
_STEP_WORDS = _known(
    "global_step step steps current_steps total_timesteps timesteps_total num_env_steps_sampled_lifetime "
    "total_env_steps total_env_interacts env_steps env_step environment_steps timesteps timestep agent_steps "
    "training_iteration iteration iterations iter iters total_iters update updates num_updates gradient_step "
    "gradient_steps grad_steps batch_idx total_frames num_frames frames frame epoch epochs "
    "episode episodes episode_num num_episodes"
)
_AXES: Mapping[str, Axis] = {
    **dict.fromkeys(_known("epoch epochs"), "epoch"),
    **dict.fromkeys(_known("episode episodes episode_num num_episodes"), "episode"),
    **dict.fromkeys(_known("total_frames num_frames frames frame"), "frame"),
}
_TIME_WORDS = _known("timestamp timestamps wall_time walltime time time_stamp datetime date created_at logged_at")
_SPLIT_WORDS = _known("split phase mode stage subset")
_NUMBERED_GROUPS = _known("seed random_seed run run_id trial trial_id fold")
_NAMED_GROUPS = _NUMBERED_GROUPS + _known(
    "run_name name algo algorithm agent method variant env env_id environment task game experiment"
)
EXAMPLE_WORDS = frozenset(
    _known(
        "id label labels class class_id class_name category category_id categories target y y_true y_pred pred "
        "prediction predictions predicted prob probs probability proba image images image_id image_path img img_id "
        "file filename file_name filepath path video text prompt response question answer sentence bbox boxes "
        "segmentation annotations xmin ymin xmax ymax width height fpr tpr threshold thresholds"
    )
)
"""Names of columns and keys that speak of single examples: what has one is a data set or predictions, no metrics."""

_MOST_PARTS = 1_000
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SECONDS = (1e8, 1e10)
"""1973 to 2286, as seconds since 1970; a thousand times that is milliseconds."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The numbers of one column, shape (n,), and the rows they stand in, ascending."""

    rows: NDArray[np.intp]
    values: FloatArray

    def dense(self, length: int) -> FloatArray:
        """One value a row, NaN where there is none."""
        full = np.full(length, np.nan)
        full[self.rows] = self.values
        return full


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The texts of one column, and the rows they stand in."""

    rows: Sequence[int]
    texts: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """`length` rows of columns."""

    length: int
    numbers: Mapping[str, Column]
    words: Mapping[str, Words] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """What a frame comes to."""

    series: tuple[Series, ...]
    hparams: Mapping[str, Hparam] = field(default_factory=dict)
    """Columns that say the same in every row: seed, algorithm, task."""
    problems: tuple[Problem, ...] = ()


# --- which column is what ---------------------------------------------------------------------------------------------


def _plain(name: str) -> str:
    """A column's name in one spelling: "Total Env-Steps", "totalEnvSteps" and "_total_env_steps" are the same."""
    return re.sub(r"[\s\-]+", "_", _CAMEL.sub("_", name.strip())).lower().strip("_")


def step_column(names: Iterable[str]) -> str | None:
    """The column that counts the steps; a whole name before the last part of one ("misc/total_timesteps")."""
    plain = {name: _plain(name) for name in names}
    for spelled in (plain, {name: text.rpartition("/")[2] for name, text in plain.items()}):
        for word in _STEP_WORDS:
            for name, text in spelled.items():
                if text == word:
                    return name
    return None


def is_step_like(name: str) -> bool:
    """Whether a column of this name could count the steps."""
    return _plain(name) in _STEP_WORDS


def axis_of(name: str) -> Axis:
    """What a step column of this name counts."""
    return _AXES.get(_plain(name).rpartition("/")[2], "step")


def wall_times(name: str, frame: Frame) -> FloatArray | None:
    """Seconds since 1970 of every row (NaN where it has none), if the column of that name holds them."""
    if _plain(name) not in _TIME_WORDS:
        return None
    if name in frame.words:
        return _dates(frame.words[name], frame.length)
    column = frame.numbers[name]
    finite = column.values[np.isfinite(column.values)]
    for unit in (1.0, 1e3):
        if len(finite) and _SECONDS[0] * unit <= finite.min() and finite.max() < _SECONDS[1] * unit:
            return column.dense(frame.length) / unit
    return None


def _dates(words: Words, length: int) -> FloatArray | None:
    full = np.full(length, np.nan)
    try:
        for row, text in zip(words.rows, words.texts, strict=True):
            moment = datetime.fromisoformat(text.strip())
            full[row] = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return full


# --- curves -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose rows: a run within the file, and a split of its data."""

    part: str = ""
    split: str = ""


def curves(frame: Frame, step: str | None, *, source: str = "") -> Curves:
    """Every column of numbers beside `step` as a curve; without a step column, rows are counted from 1.

    Rows that name their seed, run or task become parts when the steps repeat, and rows that name their split ("phase",
    "mode") get it before the metric.
    """
    steps = np.arange(1.0, frame.length + 1) if step is None else frame.numbers[step].dense(frame.length)
    axis: Axis = "episode" if step is None else axis_of(step)
    times_name, times = _times(frame, step)
    epoch_name = None if axis == "epoch" else _epoch_column(frame, {step, times_name})
    epochs = frame.numbers[epoch_name].dense(frame.length) if epoch_name else None
    owners, which, used, constant = _owners(frame, steps)
    problems: tuple[Problem, ...] = ()
    if epochs is not None and step is not None:
        steps, problems = _continued(steps, epochs, which, step, source)
    taken = {step, times_name, epoch_name} | used
    series = [
        one
        for name, column in frame.numbers.items()
        if name not in taken
        for one in _split(name, column, steps, axis, owners, which)
    ]
    return Curves(tuple(_beside(one, rows, times, epochs) for one, rows in series), constant, problems)


def _times(frame: Frame, step: str | None) -> tuple[str | None, FloatArray | None]:
    for name in (*frame.numbers, *frame.words):
        if name != step and (times := wall_times(name, frame)) is not None:
            return name, times
    return None, None


def _epoch_column(frame: Frame, taken: set[str | None]) -> str | None:
    """The column of epochs, unless it is the only thing the file tells."""
    others = [name for name in frame.numbers if name not in taken]
    found = next((name for name in others if _plain(name) in ("epoch", "epochs")), None)
    return found if len(others) > 1 else None


def _split(
    name: str, column: Column, steps: FloatArray, axis: Axis, owners: Sequence[_Owner], which: NDArray[np.intp]
) -> Iterator[tuple[Series, NDArray[np.intp]]]:
    """The curve of each owner in one column, with the rows of its points."""
    placed = np.isfinite(steps[column.rows])
    for index, owner in enumerate(owners):
        chosen = placed if len(owners) == 1 else placed & (which[column.rows] == index)
        rows = column.rows[chosen]
        if len(rows):
            shown = f"{owner.split}/{name}" if owner.split else name
            yield Series(shown, name, steps[rows], column.values[chosen], axis=axis, part=owner.part), rows


def _beside(series: Series, rows: NDArray[np.intp], times: FloatArray | None, epochs: FloatArray | None) -> Series:
    """The curve with its wall times and epochs, where every one of its points has them."""
    found = {
        name: full[rows]
        for name, full in (("times", times), ("epochs", epochs))
        if full is not None and np.isfinite(full[rows]).all()
    }
    return replace(series, times=found.get("times"), epochs=found.get("epochs"))


# --- tables of several runs -------------------------------------------------------------------------------------------


def _owners(frame: Frame, steps: FloatArray) -> tuple[list[_Owner], NDArray[np.intp], set[str], Mapping[str, Hparam]]:
    """Who the rows belong to, the owner of each row, the columns that said so, and those that say one thing only."""
    split = _split_column(frame)
    groups: dict[str, list[str]] = {}
    constant: dict[str, Hparam] = {}
    for name in (*frame.numbers, *frame.words):
        labels = _labels(name, frame)
        if labels is not None and len(distinct := set(labels) - {""}) > 1:
            groups[name] = labels
        elif labels is not None and distinct:
            constant[name] = _setting(name, frame, distinct.pop())
    keys = list(zip(*groups.values(), strict=True)) if groups else []
    if keys and (not _repeats(steps, split) or len(set(keys)) > _MOST_PARTS):
        groups, keys = {}, []
    keys = keys or [()] * frame.length
    keys = _repeated(keys, steps) if groups else keys
    index: dict[tuple[tuple[str, ...], str], int] = {}
    which = np.fromiter(
        (index.setdefault(both, len(index)) for both in zip(keys, split or [""] * frame.length, strict=True)),
        np.intp,
        frame.length,
    )
    titles = [*groups, "repeat"]
    owners = [
        _Owner(", ".join(f"{title}={word}" for title, word in zip(titles, key, strict=False) if word), where)
        for key, where in index
    ]
    used = set(groups) | set(constant) & set(frame.numbers)
    return owners or [_Owner()], which, used, constant


def _split_column(frame: Frame) -> list[str] | None:
    """The split of every row, if a column of words says nothing but splits."""
    for name, words in frame.words.items():
        if _plain(name) in _SPLIT_WORDS and all(split_of_folder(text.strip()) for text in words.texts):
            full = [""] * frame.length
            for row, text in zip(words.rows, words.texts, strict=True):
                full[row] = split_of_folder(text.strip())
            return full
    return None


def _labels(name: str, frame: Frame) -> list[str] | None:
    """What the column says in each row, if it is one that names runs."""
    plain = _plain(name)
    full = [""] * frame.length
    if name in frame.words and plain in _NAMED_GROUPS:
        for row, text in zip(frame.words[name].rows, frame.words[name].texts, strict=True):
            full[row] = text.strip()
    elif name in frame.numbers and plain in _NUMBERED_GROUPS:
        column = frame.numbers[name]
        for index, value in zip(column.rows.tolist(), column.values.tolist(), strict=True):
            full[index] = f"{value:.15g}"
    else:
        return None
    return full


def _setting(name: str, frame: Frame, label: str) -> Hparam:
    if name in frame.words:
        return label
    value = float(frame.numbers[name].values[0])
    return int(value) if value.is_integer() else value


def _repeats(steps: FloatArray, split: list[str] | None) -> bool:
    """Whether a step stands in more than one row of the same split."""
    finite = np.isfinite(steps)
    keys = list(zip(steps[finite].tolist(), np.asarray(split or [""] * len(steps))[finite].tolist(), strict=True))
    return len(set(keys)) < len(keys)


def _repeated(keys: Sequence[tuple[str, ...]], steps: FloatArray) -> list[tuple[str, ...]]:
    """Keys told apart where the rows of one begin again, and again, at its first step: seeds without a seed column."""
    first: dict[tuple[str, ...], float] = {}
    last: dict[tuple[str, ...], float] = {}
    starts: dict[tuple[str, ...], int] = {}
    result = []
    for key, step in zip(keys, steps.tolist(), strict=True):
        if key not in first:
            first[key], starts[key] = step, 1
        elif step < last[key] and step == first[key]:
            starts[key] += 1
        last[key] = step
        result.append((*key, f"{starts[key]}"))
    # A group that never begins again needs no number.
    return [(*key[:-1], "") if starts[key[:-1]] == 1 else key for key in result]


def _continued(
    steps: FloatArray, epochs: FloatArray, which: NDArray[np.intp], step: str, source: str
) -> tuple[FloatArray, tuple[Problem, ...]]:
    """Steps that begin again with every epoch, counted on; others as they are."""
    result = steps.copy()
    changed = False
    for owner in np.unique(which):
        rows = np.flatnonzero((which == owner) & np.isfinite(steps) & np.isfinite(epochs))
        if _within_epochs(steps[rows], epochs[rows]):
            result[rows] = _counted_on(steps[rows], epochs[rows])
            changed = True
    if not changed:
        return steps, ()
    what = f"the column {step!r} begins again with every epoch; each epoch is taken to end at its last logged step"
    return result, (Problem("steps-within-epochs", source, what, "Log a step that counts the whole training."),)


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
