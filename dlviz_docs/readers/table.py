"""Any other CSV or TSV of metrics: W&B exports, DVCLive, SB3 and OpenAI baselines, Tianshou, YOLO, timm, own loggers.

A table is taken for metrics when a column counts steps and really counts in its first rows, and when nothing in it
speaks of single examples (labels, predictions, files): a data set is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from dlviz_docs.errors import ReadError
from dlviz_docs.model import FloatArray, Reading, Series
from dlviz_docs.names import canonical, direction, is_learning_rate, split_of_folder
from dlviz_docs.readers._curves import curves
from dlviz_docs.readers._exports import exported, test_reward
from dlviz_docs.readers._frame import EXAMPLE_WORDS, Column, Frame, axis_of, is_step_like, step_column, unpivoted
from dlviz_docs.readers._table import MOST_BYTES, NO_NAME, Head, Table, head, read_table

__all__ = ["MetricsTable"]

_SUFFIXES = frozenset({".csv", ".tsv"})
_TEXT_NAMES = frozenset({"progress.txt", "results.txt", "scores.txt"})
_PFRL_NAMES = {
    "mean": "return",
    "median": "return_median",
    "stdev": "return_std",
    "max": "return_max",
    "min": "return_min",
}
_PFRL_COLUMNS = frozenset({"steps", "episodes", "elapsed", *_PFRL_NAMES})
"""PFRL's and ChainerRL's scores.txt: how the agent did at every evaluation."""
_NO_METRICS_NAME = re.compile(
    r"(^|[_\-.])(labels?|annotations?|predictions?|preds?|submission|ground_?truth|gt|boxes|detections|"
    r"features|dataset|manifest)([_\-.]|$)",
    re.IGNORECASE,
)
_DOWNLOAD = re.compile(r"run-(.+?)-tag-(.+)")
"""TensorBoard names a downloaded curve for its run and tag, with "_" for "/"."""
_RISING = 0.6
"""Share of first rows whose step is not below the one before; a random column has about a half."""
_MARGIN = 0.2
_FEWEST = 4
"""Rows that may tell an episode's own length from the steps so far."""


@dataclass(frozen=True, slots=True)
class MetricsTable:
    """A table with a column of steps; its other columns of numbers are the curves."""

    makes_run: ClassVar[bool] = True
    max_bytes: int = MOST_BYTES
    """Of a larger file, only so much is read."""

    def matches(self, path: Path) -> bool:
        if path.suffix.lower() not in _SUFFIXES and path.name.lower() not in _TEXT_NAMES:
            return False
        first = head(path)
        return first is not None and _is_metrics(first) and not _is_data(path, first)

    def read(self, path: Path) -> Reading:
        try:
            table = read_table(path, max_bytes=self.max_bytes)
        except ReadError as error:
            raise ReadError(error.what, error.remedy, partial=Reading("CSV")) from error
        return exported(table, path.stem) or _metrics(path, table)


# --- is it one? -------------------------------------------------------------------------------------------------------


def _is_metrics(first: Head) -> bool:
    step = step_column(first.columns)
    if step is None:
        return _is_history(first)
    if not first.rows:
        return True  # a run that has logged nothing yet
    if (episode := _episode_column(first.columns)) and episode != step:
        cells = ([row[first.columns.index(name)] for row in first.rows] for name in (step, episode))
        step = episode if _are_lengths(*map(_floats, cells)) else step
    return _counts([row[first.columns.index(step)] for row in first.rows]) and _has_numbers(first, step)


def _is_history(first: Head) -> bool:
    """Whether rows without a step are moments of a training: all columns are metrics, one a loss, and nothing else.

    Either pandas numbered the rows (`DataFrame(history).to_csv()`), or training and validation stand beside each other.
    """
    names = [name for name in first.columns if not NO_NAME.fullmatch(name)]
    numbered = len(names) == len(first.columns) - 1 and NO_NAME.fullmatch(first.columns[0]) is not None
    split = any(name.partition("/")[0] in ("train", "val") for name in canonical(names).values())
    return (
        len(first.rows) > 1
        and (numbered or split)
        and any("loss" in name.lower() for name in names)
        and all(direction(name) or is_learning_rate(name) for name in names)
        and all(_is_number(cell) for row in first.rows for cell in row if cell)
        and (not numbered or [row[0] for row in first.rows] == [str(n) for n in range(len(first.rows))])
    )


def _episode_column(names: Sequence[str]) -> str | None:
    return next((name for name in names if is_step_like(name) and axis_of(name) == "episode"), None)


def _are_lengths(steps: FloatArray, episodes: FloatArray) -> bool:
    """Whether what is called steps goes up and down while episodes are counted: each row's own length."""
    if len(steps) < _FEWEST or len(steps) != len(episodes) or (np.diff(episodes) <= 0).any():
        return False
    return float(np.mean(np.diff(steps) < 0)) > 1 - _RISING - _MARGIN


def _floats(cells: Sequence[str]) -> FloatArray:
    """The cells as numbers; none at all where one is none."""
    try:
        return np.array([float(cell.replace(",", ".")) for cell in cells if cell])
    except ValueError:
        return np.zeros(0)


def _counts(cells: Sequence[str]) -> bool:
    """Whether the cells count something: not negative (but -1 for "before the training"), mostly rising."""
    steps = _floats(cells)
    if not len(steps) or not np.isfinite(steps).all() or steps.min() < -1:
        return False
    return len(steps) < 2 or float(np.mean(np.diff(steps) >= 0)) >= _RISING


def _has_numbers(first: Head, step: str) -> bool:
    """Whether any other column has a number in the first rows, or all of them are empty so far."""
    cells = {cell for row in first.rows for name, cell in zip(first.columns, row, strict=True) if name != step and cell}
    return not cells or any(_is_number(cell) for cell in cells)


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", ".").removesuffix("%"))
    except ValueError:
        return False
    return True


def _is_data(path: Path, first: Head) -> bool:
    """Whether rows are examples, not moments of a training."""
    return bool(
        _NO_METRICS_NAME.search(path.stem) or EXAMPLE_WORDS.intersection(name.lower() for name in first.columns)
    )


# --- what is in it? ---------------------------------------------------------------------------------------------------


def _metrics(path: Path, table: Table) -> Reading:
    frame = unpivoted(table.frame)
    step = step_column(frame.numbers)
    if step is None and step_column(table.columns) is None:
        step, frame = _numbered(frame)
    if step is None:
        # The columns are there, and no row yet; or rows without a single step.
        return Reading("CSV", problems=table.problems)
    lengths, step = _counting(frame, step)
    found = curves(frame, step, source=path.name)
    series = tuple(replace(one, name="length") if one.raw_name == lengths else one for one in found.series)
    problems = (*table.problems, *found.problems)
    return Reading(_writer(path, table), _named(series, path), found.hparams, problems=problems)


def _counting(frame: Frame, step: str) -> tuple[str, str]:
    """The column of each episode's own steps, "" for none, and the one that counts."""
    episode = _episode_column(list(frame.numbers))
    if episode and episode != step:
        steps, episodes = (frame.numbers[name].dense(frame.length) for name in (step, episode))
        if _are_lengths(steps, episodes):
            return step, episode
    return "", step


def _numbered(frame: Frame) -> tuple[str, Frame]:
    """Rows counted from 0: as epochs where a validation stands in them, else as steps."""
    validated = any(name.startswith("val/") for name in canonical(list(frame.numbers)).values())
    step = "epoch" if validated else "step"
    counted = Column(np.arange(frame.length), np.arange(float(frame.length)))
    return step, Frame(frame.length, {step: counted, **frame.numbers}, frame.words)


def _writer(path: Path, table: Table) -> str:
    if _dvclive_place(path):
        return "DVCLive"
    if "time/total_timesteps" in table.columns:
        return "Stable-Baselines3"
    return "OpenAI baselines" if "misc/total_timesteps" in table.columns else "CSV"


def _named(series: tuple[Series, ...], path: Path) -> tuple[Series, ...]:
    """Names where the place of the file tells more than its column: DVCLive's folders, TensorBoard's own download."""
    if path.name == "scores.txt" and {"steps", *(one.raw_name for one in series)} >= _PFRL_COLUMNS:
        return tuple(
            replace(one, name=f"val/{_PFRL_NAMES[one.raw_name]}") if one.raw_name in _PFRL_NAMES else one
            for one in series
        )
    place = _dvclive_place(path)
    if len(place) > 1 and not split_of_folder(place[0]):
        return tuple(replace(one, name="/".join((*place[:-1], one.raw_name))) for one in series)
    if {one.raw_name.lower() for one in series} != {"value"}:
        return tuple(replace(one, name=test_reward(one.name, path.stem)) for one in series)
    if download := _DOWNLOAD.match(path.stem):
        run, tag = download[1], download[2]
        name = f"{run}/{tag}" if split_of_folder(run) else tag
        part = "" if split_of_folder(run) or run == "." else run
        return tuple(replace(one, name=name, raw_name=name, part=one.part or part) for one in series)
    return tuple(replace(one, name=canonical([path.stem])[path.stem]) for one in series)


def _dvclive_place(path: Path) -> tuple[str, ...]:
    """Folders and file below plots/metrics/, where DVCLive writes one metric a file; empty elsewhere."""
    parts = path.parts
    for index in range(len(parts) - 3, -1, -1):
        if parts[index : index + 2] == ("plots", "metrics") and path.suffix == ".tsv":
            return parts[index + 2 :]
    return ()
