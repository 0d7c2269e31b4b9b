"""Stable-Baselines3's evaluations.npz: how the agent did at every evaluation during its training.

`results` and `ep_lengths`, shape (evaluations, episodes), at `timesteps`, shape (evaluations,); `successes` where the
environment tells them. Each evaluation is a point, the mean over its episodes, which stay beside it as its members.
Source: EvalCallback in stable_baselines3/common/callbacks.py.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.agent_names import LENGTH, RETURN, SUCCESS
from dlviz_docs.errors import ReadError
from dlviz_docs.model import Axis, FloatArray, Hparam, Problem, Reading, Series
from dlviz_docs.readers._text import counted, natural_size
from dlviz_docs.readers.samples._npy import read_body, read_header

__all__ = ["Evaluations"]

_WRITER = "Stable-Baselines3 EvalCallback"
_MEASURES = {"results": RETURN, "ep_lengths": LENGTH, "successes": SUCCESS}
_STEPS = "timesteps"
_AGAIN = "Take the file from where it was written, or evaluate the agent again."
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, KeyError, OSError)
"""What a damaged archive raises once it is open, OSError for a place before its beginning among them."""
_MOST_MEMBERS = 100


@dataclass(frozen=True, slots=True)
class Evaluations:
    """`evaluations.npz`: returns, lengths and successes of every evaluation."""

    makes_run: ClassVar[bool] = True
    max_bytes: int = 64_000_000
    """Of all its arrays, unpacked."""

    def matches(self, path: Path) -> bool:
        return path.suffix.lower() == ".npz" and path.stem.lower().startswith("evaluations") and _is_ours(path)

    def read(self, path: Path) -> Reading:
        with path.open("rb") as file:
            try:
                with zipfile.ZipFile(file) as archive:
                    arrays, problems = _arrays(archive, self.max_bytes, path.name)
            except _BROKEN as error:
                what = "is no archive of arrays, or is cut off"
                raise ReadError(what, _AGAIN, partial=Reading(_WRITER)) from error
        evaluations = _Evaluations(path.name, arrays, problems)
        series = tuple(evaluations.series())
        if not series and not problems:
            what = "holds no evaluation"
            problems.append(Problem("no-evaluations", path.name, what, "Wait for the first one, or delete the file."))
        return Reading(_WRITER, series, evaluations.settings(), problems=tuple(problems))


def _is_ours(path: Path) -> bool:
    """Whether it holds results, or the steps they were at; a file that is damaged is ours by its name."""
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return not {"results.npy", f"{_STEPS}.npy"}.isdisjoint(archive.namelist())
        except _BROKEN:
            return True


def _arrays(archive: zipfile.ZipFile, limit: int, name: str) -> tuple[dict[str, NDArray[Any]], list[Problem]]:
    """The arrays this reader knows, and what is wrong with any of them."""
    arrays: dict[str, NDArray[Any]] = {}
    problems: list[Problem] = []
    for member in archive.infolist()[:_MOST_MEMBERS]:
        key = member.filename.removesuffix(".npy")
        if key not in (*_MEASURES, _STEPS):
            continue
        try:
            arrays[key] = _array(archive, member, limit)
            limit -= arrays[key].nbytes
        except ReadError as error:
            problems.append(Problem("array", name, f"{key} {error.what}", error.remedy))
        except _BROKEN:
            problems.append(Problem("array", name, f"{key} is damaged, and is left out", _AGAIN))
    return arrays, problems


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> NDArray[Any]:
    with archive.open(member) as file:
        header = read_header(file)
        if header.octets > limit:
            raise ReadError(f"holds {natural_size(header.octets)}, and is left out", "Raise the option `max_bytes`.")
        values = read_body(file, header, member.file_size - header.length)
    if values.dtype.kind not in "biuf":
        raise ReadError("holds no numbers, and is left out", _AGAIN)
    return values


@dataclass(frozen=True, slots=True)
class _Evaluations:
    """The arrays of one file, as curves."""

    name: str
    arrays: Mapping[str, NDArray[Any]]
    problems: list[Problem]

    def series(self) -> Iterator[Series]:
        """The mean of every measure over the episodes of each evaluation."""
        tables = {key: self._table(key) for key in _MEASURES if key in self.arrays}
        if not tables:
            return
        steps, axis = self._steps({len(table) for table in tables.values()})
        for key, table in tables.items():
            count = min(len(table), len(steps))
            if count and table.shape[1]:
                yield from _curves(key, steps[:count], table[:count], axis)

    def _table(self, key: str) -> FloatArray:
        values = np.asarray(self.arrays[key], np.float64)
        if key == "results" and (lost := int((~np.isfinite(values)).sum())):
            what = f"{counted(lost, 'episode')} with a return that is no finite number: means are over the others"
            self._tell("nan-return", what, "Look for rewards of the environment that are NaN or infinite.")
        if values.ndim == 2:
            return values
        return values.reshape(len(values), -1) if values.ndim else values.reshape(1, 1)

    def _steps(self, lengths: set[int]) -> tuple[FloatArray, Axis]:
        """Where the evaluations stand; counted where the file does not tell."""
        longest = max(lengths)
        told = self.arrays.get(_STEPS)
        if told is None or told.ndim != 1:
            what = "does not say after how many steps the evaluations were: they are counted instead"
            self._tell("no-steps", what, "Save `timesteps` with the results, one for each evaluation.")
            return np.arange(1.0, longest + 1), "epoch"
        if lengths != {len(told)}:
            shown = ", ".join(f"{len(self.arrays[key]):,} {key}" for key in (_STEPS, *_MEASURES) if key in self.arrays)
            what = f"holds arrays of different lengths ({shown}): the evaluations that all tell are shown"
            self._tell("lengths-disagree", what, _AGAIN)
        return np.asarray(told[: min(*lengths, len(told))], np.float64), "step"

    def settings(self) -> Mapping[str, Hparam]:
        results = self.arrays.get("results")
        return {"n_eval_episodes": results.shape[1]} if results is not None and results.ndim == 2 else {}

    def _tell(self, code: str, what: str, remedy: str) -> None:
        self.problems.append(Problem(code, self.name, what, remedy))


def _curves(key: str, steps: FloatArray, table: FloatArray, axis: Axis) -> Iterator[Series]:
    """The mean with its members; beside returns, how they spread."""
    metric = f"val/{_MEASURES[key]}"
    yield Series(metric, key, steps, _over(np.mean, table), axis=axis, members=table)
    if key == "results" and table.shape[1] > 1:
        yield Series(f"{metric}_std", f"{key} (std)", steps, _over(np.std, table), axis=axis)


def _over(measure: Any, table: FloatArray) -> FloatArray:
    """The measure of each row over its finite values; NaN where it has none."""
    rows = [row[np.isfinite(row)] for row in table]
    return np.array([measure(row) if len(row) else math.nan for row in rows], np.float64)
