"""Columns of numbers, and what their names say: the step, the wall time, the run, the split, or no metric at all.

A `Frame` is what a table or JSON lines come to: every column with the rows that hold a number, so that a cell nobody
wrote is not a point, and a NaN that somebody wrote is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import Axis, FloatArray

__all__ = [
    "EXAMPLE_WORDS",
    "MOST_COLUMNS",
    "Column",
    "Frame",
    "Words",
    "axis_of",
    "is_step_like",
    "known",
    "plain_name",
    "step_column",
    "unpivoted",
    "wall_times",
]


def known(words: str) -> tuple[str, ...]:
    """Words in plain spelling, in order."""
    return tuple(words.split())


# In the order of preference: what counts training as a whole before what counts within it.
_STEP_WORDS = known(
    "global_step step steps current_steps total_timesteps timesteps_total num_env_steps_sampled_lifetime "
    "total_env_steps total_env_interacts env_steps env_step environment_steps timesteps timestep agent_steps "
    "training_iteration iteration iterations iter iters total_iters update updates num_updates gradient_step "
    "gradient_steps grad_steps batch_idx total_frames num_frames frames frame epoch epochs "
    "epoche epochen schritt schritte total_steps steps_done actor_steps episode episodes episode_num num_episodes"
)
_AXES: Mapping[str, Axis] = {
    **dict.fromkeys(known("epoch epochs epoche epochen"), "epoch"),
    **dict.fromkeys(known("episode episodes episode_num num_episodes"), "episode"),
    **dict.fromkeys(known("total_frames num_frames frames frame"), "frame"),
}
_TIME_WORDS = known("timestamp timestamps wall_time walltime time time_stamp datetime date created_at logged_at ts")
_METRIC_WORDS = known("metric metric_name tag key name measure")
_VALUE_WORDS = known("value values")
EXAMPLE_WORDS = frozenset(
    known(
        "id label labels class class_id class_name category category_id categories y y_true y_pred pred "
        "prediction predictions predicted prob probs probability proba image images image_id image_path img img_id "
        "file filename file_name filepath prompt response question answer sentence bbox boxes "
        "segmentation annotations xmin ymin xmax ymax width height fpr tpr thresholds"
    )
)
"""Names of columns and keys that speak of single examples: what has one is a data set or predictions, no metrics."""

MOST_COLUMNS = 10_000
"""Columns or keys; what has more is data, or made to exhaust memory."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_REMARK = re.compile(r"(?<=\w)\s*(#|\([^()]*\)|\[[^\[\]]*\])$")
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


_LOOKED_AT = 1_000
"""Characters of a name; keys of JSON may be as long as their file."""

# --- which column is what ---------------------------------------------------------------------------------------------


def plain_name(name: str) -> str:
    """A column's name in one spelling: "Total Env-Steps", "totalEnvSteps" and "_total_env_steps" are the same.

    What stands behind it is no part of it: "Epoch #", "Time (s)", "step [1000]".
    """
    return re.sub(r"[\s\-]+", "_", _CAMEL.sub("_", _REMARK.sub("", name[:_LOOKED_AT].strip()))).lower().strip("_")


def step_column(names: Iterable[str]) -> str | None:
    """The column that counts the steps; a whole name before the last part of one ("misc/total_timesteps")."""
    plain = {name: plain_name(name) for name in names}
    for spelled in (plain, {name: text.rpartition("/")[2] for name, text in plain.items()}):
        for word in _STEP_WORDS:
            for name, text in spelled.items():
                if text == word:
                    return name
    return None


def is_step_like(name: str) -> bool:
    """Whether a column of this name could count the steps."""
    return plain_name(name) in _STEP_WORDS


def axis_of(name: str) -> Axis:
    """What a step column of this name counts."""
    return _AXES.get(plain_name(name).rpartition("/")[2], "step")


def wall_times(name: str, frame: Frame) -> FloatArray | None:
    """Seconds since 1970 of every row (NaN where it has none), if the column of that name holds them."""
    if plain_name(name) not in _TIME_WORDS:
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


# --- one row a number -------------------------------------------------------------------------------------------------


def unpivoted(frame: Frame) -> Frame:
    """A table of "step, metric, value" as one with a column for each metric; any other as it is."""
    label = next((name for word in _METRIC_WORDS for name in frame.words if plain_name(name) == word), None)
    value = next((name for name in frame.numbers if plain_name(name) in _VALUE_WORDS), None)
    if label is None or value is None:
        return frame
    column, words = frame.numbers[value], frame.words[label]
    names = np.full(frame.length, "", dtype=object)
    names[list(words.rows)] = words.texts
    of_column = names[column.rows]
    metrics = [name for name in dict.fromkeys(words.texts) if name.strip()]
    numbers = {name: other for name, other in frame.numbers.items() if name != value}
    for metric in metrics[:MOST_COLUMNS]:
        chosen = of_column == metric
        if chosen.any():
            numbers[metric.strip()] = Column(column.rows[chosen], column.values[chosen])
    return Frame(frame.length, numbers, {name: other for name, other in frame.words.items() if name != label})
