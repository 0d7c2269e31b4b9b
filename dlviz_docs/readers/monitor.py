"""Stable-Baselines3's and OpenAI baselines' monitor.csv: one row an episode.

A line of JSON tells when the writer began (`t_start`), then come the columns: `r`, the return; `l`, the steps of the
episode; `t`, seconds since that begin; and whatever the environment tells at its end (`is_success`). Returns stand at
the environment steps that were taken until then. A file that several sessions or environments wrote into has several
such lines; their episodes are put in the order in which they ended. Sources: stable_baselines3/common/monitor.py,
baselines/bench/monitor.py.
"""

from __future__ import annotations

import csv
import json
import math
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from dlviz_docs.agent_names import EPISODES, LENGTH, RETURN, SUCCESS
from dlviz_docs.errors import ReadError
from dlviz_docs.model import BoolArray, FloatArray, Problem, Reading, Series
from dlviz_docs.readers._flatten import number
from dlviz_docs.readers._table import MOST_BYTES, head
from dlviz_docs.readers._text import Lines, clean, counted, natural_size, open_lines
from dlviz_docs.stats.interleave import interleaved

__all__ = ["Monitor"]

_WRITER = "Stable-Baselines3 Monitor"
_COLUMNS = frozenset({"r", "l", "t"})
_NAMES = {
    "r": f"train/{RETURN}",
    "l": f"train/{LENGTH}",
    "t": "time_elapsed",
    "is_success": f"train/{SUCCESS}",
    "success": f"train/{SUCCESS}",
}
_TRUTH = {"True": 1.0, "true": 1.0, "False": 0.0, "false": 0.0}
_LONGEST_LINE = 1_000_000
_NO_CLOCK = 1e8
"""Seconds since 1970, in 1973: a begin before that only tells sessions apart."""


@dataclass(frozen=True, slots=True)
class Monitor:
    """`*monitor.csv`, or any table that begins with a line of JSON and the columns `r,l,t`."""

    makes_run: ClassVar[bool] = True
    max_bytes: int = MOST_BYTES
    """Of a larger file, only so much is read."""

    def matches(self, path: Path) -> bool:
        if path.suffix.lower() != ".csv":
            return False
        named = path.name.lower().endswith("monitor.csv")
        first = head(path)
        if first is None:
            return named and (path.stat().st_size == 0 or _begins(path))
        own = named or first.comment.startswith("#{") or first.columns == ("r", "l", "t")
        return own and set(first.columns) >= _COLUMNS

    def read(self, path: Path) -> Reading:
        with open_lines(path, self.max_bytes, _LONGEST_LINE) as lines:
            log = _Log(path.name, lines)
            log.read()
        if not any(one.cells for one in log.sessions):
            what = "holds no episode: none has ended, or the run was stopped before"
            problem = Problem("no-episodes", path.name, what, "Wait for the first episode, or delete the file.")
            return Reading(_WRITER, hparams=log.settings(), problems=(*log.problems, problem))
        return Reading(_WRITER, tuple(log.series()), log.settings(), problems=tuple(log.problems))


def _begins(path: Path) -> bool:
    """Whether the file breaks off in or after its first line of JSON."""
    with path.open("rb") as file:
        return file.read(2) == b"#{"


@dataclass(slots=True)
class _Session:
    """What one writer wrote: from a line of JSON, or from where time begins again, to the next."""

    start: float | None
    """Seconds since 1970; None where the file does not tell."""
    environment: str
    appended: bool = False
    """Whether no line of JSON begins it."""
    cells: array[float] = field(default_factory=lambda: array("d"))
    """Row after row, one an episode; NaN where a cell holds no number."""


@dataclass(slots=True)
class _Log:
    """One pass over the lines."""

    name: str
    lines: Lines
    columns: tuple[str, ...] = ()
    sessions: list[_Session] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    bad: int = 0
    first_bad: int = 0
    at: tuple[int, int, int] = (0, 0, 0)
    """Places of the columns r, l and t."""
    longest: int = 0
    """Letters of the longest last cell of a row that is whole; 0 before there is one."""

    def read(self) -> None:
        refused = ""
        for at, line in enumerate(self.lines, start=1):
            if line.startswith("#"):
                self._open(line)
            elif line.strip() and not self._take(_cells(line)):
                self.bad, refused = self.bad + 1, line
                self.first_bad = self.first_bad or at
        if not self.columns:
            raise ReadError(
                "breaks off before its first episode" if self.sessions else "is empty",
                "Wait for the first episode, or delete the file.",
                partial=Reading(_WRITER, hparams=self.settings()),
            )
        self._end(refused)

    def _open(self, line: str) -> None:
        told = _header(line)
        environment = told.get("env_id")
        shown = clean(environment) if isinstance(environment, str) and environment != "None" else ""
        start = number(told.get("t_start"))
        self.sessions.append(_Session(start if start is not None and math.isfinite(start) else None, shown))

    def _take(self, cells: Sequence[str]) -> bool:
        """Whether the line is a header or a whole row."""
        if set(cells) >= _COLUMNS:
            if not self.columns:
                self.columns = tuple(map(clean, cells))
                self.at = (cells.index("r"), cells.index("l"), cells.index("t"))
            return tuple(cells) == self.columns
        if not self.columns or len(cells) != len(self.columns):
            return False
        row = [_number(cell) for cell in cells]
        if any(row[at] != row[at] and cells[at].lower() != "nan" for at in self.at[:2]):
            return False
        self._session(row[self.at[2]]).cells.extend(row)
        if self.lines.last.endswith(("\n", "\r")):
            self.longest = max(self.longest, len(cells[-1]))
        return True

    def _session(self, elapsed: float) -> _Session:
        """The session a row belongs to: a new one where time begins again without a line of JSON."""
        if not self.sessions:
            self.sessions.append(_Session(None, ""))
        last = self.sessions[-1]
        before = last.cells[self.at[2] - len(self.columns)] if last.cells else elapsed
        if elapsed < before:
            ended = None if last.start is None else last.start + before
            self.sessions.append(_Session(ended, last.environment, appended=True))
        return self.sessions[-1]

    def _end(self, refused: str) -> None:
        """The last row, if it may be cut; then what was wrong."""
        cut = not self.lines.whole and not self.lines.stopped
        if cut and refused is self.lines.last:
            self.bad -= 1
        elif cut and self.sessions and self.sessions[-1].cells:
            # "0.5" may be the beginning of "0.512".
            cut = not self.longest or len(_cells(self.lines.last)[-1]) < self.longest
            if cut:
                del self.sessions[-1].cells[-len(self.columns) :]
                if self.sessions[-1].appended and not self.sessions[-1].cells:
                    self.sessions.pop()  # time did not begin again: its number was cut
        if cut:
            what = "ends inside a row: its last episode is left out"
            self._tell("cut-off", what, "Wait if it is still being written; else delete the row.")
        if self.bad:
            what = f"left out: {counted(self.bad, 'row')} that are no episode, the first is line {self.first_bad}"
            self._tell("bad-lines", what, "Correct the rows, or delete them.")
        if self.lines.stopped:
            what = f"larger than {natural_size(self.lines.limit)}: the rest is left out"
            self._tell("too-large", what, "Raise the reader's option `max_bytes`.")
        self._judge_sessions()

    def _judge_sessions(self) -> None:
        environments = Counter(one.environment for one in self.sessions if one.cells and one.environment)
        if len(environments) > 1:
            shown = ", ".join(sorted(environments))
            what = f"holds episodes of {len(environments)} environments ({shown}), shown as one curve"
            self._tell("several-environments", what, "Write a file for each environment.")
        if appended := sum(one.appended for one in self.sessions):
            was, it, its = ("was", "it", "its") if appended == 1 else ("were", "they", "their")
            what = (
                f"{counted(appended, 'later session')} {was} appended without saying when {it} began: "
                f"{its} episodes are taken to follow those before {'it' if appended == 1 else 'them'}"
            )
            self._tell("appended", what, "Let every session write a file of its own.")

    # --- as curves ----------------------------------------------------------------------------------------------------

    def series(self) -> Iterator[Series]:
        """Every column of numbers, at the steps of the episodes' ends."""
        width = len(self.columns)
        sessions = [(one, np.array(one.cells).reshape(-1, width)) for one in self.sessions if one.cells]
        _, lengths, at = self.at
        ends = [(one.start or 0.0) + table[:, at] for one, table in sessions]
        complete = all(np.isfinite(end).all() for end in ends)
        told = all(one.start is not None for one, _ in sessions)
        timed = complete and all(one.start is not None and one.start > _NO_CLOCK for one, _ in sessions)
        if not complete or (not told and len(sessions) > 1):
            ends = [np.full(len(table), float(place)) for place, (_, table) in enumerate(sessions)]
        order, steps = interleaved(ends, [table[:, lengths] for _, table in sessions])
        whole = np.concatenate([table for _, table in sessions])[order]
        times = np.concatenate(ends)[order] if timed else None
        self._judge_numbers(whole)
        # A name that stands twice is that of its last column.
        for name, values in dict(zip(self.columns, whole.T, strict=True)).items():
            there = np.ones(len(values), bool) if name in _COLUMNS else np.isfinite(values)
            if there.any():
                yield _curve(name, steps, values, times, there)
        yield Series(f"train/{EPISODES}", EPISODES, steps, np.arange(1.0, len(steps) + 1), times=times)

    def _judge_numbers(self, whole: FloatArray) -> None:
        returns, lengths = whole[:, self.at[0]], whole[:, self.at[1]]
        if none := int((~(lengths > 0)).sum()):
            what = f"{counted(none, 'episode')} without a length: steps are counted without them"
            self._tell("episode-length", what, "Check the column `l`; an episode has one step or more.")
        if lost := int((~np.isfinite(returns)).sum()):
            what = f"{counted(lost, 'episode')} of {len(whole):,} with a return that is no finite number"
            self._tell("nan-return", what, "Look for rewards of the environment that are NaN or infinite.")

    def settings(self) -> Mapping[str, str]:
        environments = {one.environment for one in self.sessions if one.environment}
        return {"env_id": environments.pop()} if len(environments) == 1 else {}

    def _tell(self, code: str, what: str, remedy: str) -> None:
        self.problems.append(Problem(code, self.name, what, remedy))


def _curve(name: str, steps: FloatArray, values: FloatArray, times: FloatArray | None, there: BoolArray) -> Series:
    shown = _NAMES.get(name, f"train/{name}")
    return Series(shown, name, steps[there], values[there], times=None if times is None else times[there])


def _cells(line: str) -> list[str]:
    if '"' not in line:
        return [cell.strip() for cell in line.split(",")]
    try:
        return next(csv.reader([line], skipinitialspace=True), [])
    except csv.Error:
        return []


def _number(cell: str) -> float:
    """A cell as a number; truth values are 1 and 0, and what is none of these is NaN."""
    try:
        return float(cell)
    except ValueError:
        return _TRUTH.get(cell.strip(), math.nan)


def _header(line: str) -> Mapping[str, object]:
    try:
        header = json.loads(line.strip().removeprefix("#"))
    except (ValueError, RecursionError):
        return {}
    return header if isinstance(header, dict) else {}
