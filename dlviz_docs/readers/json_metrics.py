"""Metrics as JSON: lines (detectron2, mmengine, Ray, SB3, own loggers), or one document.

A document may be a list of rows, a mapping of equal lists (Keras' `History.history`), Sacred's {"loss": {"steps": ...,
"values": ...}}, or the latest numbers beside their step (DVCLive's metrics.json): one point each. Final numbers without
a step are no curve and are left alone, and so are annotations and predictions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import ClassVar

import numpy as np

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Axis, FloatArray, Problem, Reading, Series
from dlviz_docs.names import canonical, direction, is_learning_rate
from dlviz_docs.readers import _json
from dlviz_docs.readers._curves import curves
from dlviz_docs.readers._flatten import leaves, number
from dlviz_docs.readers._frame import (
    EXAMPLE_WORDS,
    MOST_COLUMNS,
    Frame,
    Words,
    axis_of,
    is_step_like,
    step_column,
    unpivoted,
    wall_times,
)
from dlviz_docs.readers._known import written
from dlviz_docs.readers._rows import frame_of
from dlviz_docs.readers._text import PEEK, Damaged, clean, counted, natural_size, open_lines, peek, read_text

__all__ = ["JSONMetrics"]

_LINES = frozenset({".jsonl", ".ndjson"})
_LOGS = frozenset({".log", ".txt"})
"""Where MAE, DeiT, DINO and many after them write JSON lines: log.txt."""
_LATEST = frozenset({"metrics.json", "results.json", "scores.json"})
_LONGEST_LINE = 10_000_000
_PEEKED_ROWS = 8
_SACRED_KEYS = frozenset({"steps", "values", "timestamps", "name"})


@dataclass(frozen=True, slots=True)
class JSONMetrics:
    """Rows with a step, lists, or steps beside values."""

    makes_run: ClassVar[bool] = True
    max_bytes: int = 128_000_000
    """Of longer lines only so much is read; a document may have a quarter of it, for all of it is in memory at once."""

    def matches(self, path: Path) -> bool:
        suffix = path.suffix.lower()
        if suffix not in (".json", *_LINES, *_LOGS):
            return False
        text = peek(path)
        if suffix in _LOGS and not text.startswith("{"):
            return False
        rows = islice(_json.peeked_rows(text), _PEEKED_ROWS)
        if _is_lines(path, text):
            return any(_is_row(row) for row in rows)
        value = _told(_json.prefix(text), path.stem)
        return _is_document(value) or (path.name in _LATEST and isinstance(value, Mapping) and _is_row(value))

    def read(self, path: Path) -> Reading:
        try:
            if _is_lines(path, peek(path)):
                return _lines(path, self.max_bytes)
            text, problems = read_text(path, self.max_bytes // 4)
            reading = _document(text, path.name)
        except ReadError as error:
            raise ReadError(error.what, error.remedy, partial=Reading("JSON")) from error
        return replace(reading, problems=(*problems, *reading.problems))


# --- is it one? -------------------------------------------------------------------------------------------------------


def _is_lines(path: Path, text: str) -> bool:
    """Whether a file that begins so is JSON lines: its first line is an object, and is not the whole of it."""
    first, newline, _ = text.lstrip().partition("\n")
    if path.suffix.lower() in _LINES:
        return True
    if not newline:  # a line longer than what is looked at, such as Ray's with all settings in it
        return len(text) >= PEEK and path.name == "result.json"
    return first.rstrip().endswith("}") and isinstance(_json.prefix(first), dict)


def _is_row(row: Mapping[str, object]) -> bool:
    """Whether a mapping tells metrics of one step."""
    numbers = [name for name, value in leaves(row, "/") if number(value) is not None]
    step = step_column(numbers)
    return step is not None and len(numbers) > 1 and not EXAMPLE_WORDS.intersection(row)


def _is_document(value: object) -> bool:
    if isinstance(value, list):
        rows = [row for row in value[:_PEEKED_ROWS] if isinstance(row, Mapping)]
        return bool(rows) and len(rows) == len(value[:_PEEKED_ROWS]) and (all(map(_is_row, rows)) or _are_epochs(rows))
    if not isinstance(value, Mapping) or EXAMPLE_WORDS.intersection(value):
        return False
    return bool(_sacred(value)) or _is_history(_unwrapped(value))


def _unwrapped(value: Mapping[str, object]) -> Mapping[str, object]:
    """Lists of a history that stand in {"history": ..., "epoch": ...}, or in pandas' {"loss": {"0": 1.5, "1": 1.0}}."""
    inner = value.get("history")
    if isinstance(inner, Mapping):
        return {**inner, "epoch": value["epoch"]} if isinstance(value.get("epoch"), list) else inner
    columns = [list(column) for column in value.values() if isinstance(column, Mapping)]
    if columns and len(columns) == len(value) and all(rows == list(map(str, range(len(rows)))) for rows in columns):
        return {name: list(column.values()) for name, column in value.items() if isinstance(column, Mapping)}
    return value


def _are_epochs(rows: Sequence[Mapping[str, object]]) -> bool:
    """Whether rows without a step are moments of a training: numbers of training and validation, and nothing else."""
    names = {name for row in rows for name, _ in leaves(row, "/")}
    splits = {name.partition("/")[0] for name in canonical(sorted(names)).values()}
    return (
        len(rows) > 1
        and {"train", "val"} <= splits
        and all(direction(name) or is_learning_rate(name) for name in names)
        and all(number(value) is not None for row in rows for _, value in leaves(row, "/"))
    )


def _told(value: object, stem: str) -> object:
    """The rows or lists that a document holds beside other things, or that its file's name tells the metric of."""
    if (
        isinstance(value, list)
        and len(value) > 1
        and direction(stem)
        and all(number(item) is not None for item in value)
    ):
        return {stem: value}
    if not isinstance(value, Mapping) or EXAMPLE_WORDS.intersection(value):
        return value
    tables = [inner for inner in value.values() if isinstance(inner, list) and inner and isinstance(inner[0], Mapping)]
    return tables[0] if len(tables) == 1 and _is_document(tables[0]) else value


def _is_history(value: Mapping[str, object]) -> bool:
    """Whether there are lists of numbers, at least one under the name of a metric, and no lists of mappings."""
    if any(isinstance(leaf, list) and leaf and isinstance(leaf[0], Mapping) for _, leaf in leaves(value, "/")):
        return False
    return any(
        direction(name.rpartition("/")[2]) or is_learning_rate(name) or is_step_like(name) for name in _lists(value)
    )


def _lists(value: Mapping[str, object]) -> dict[str, list[object]]:
    """Lists of numbers by name."""
    return {
        name: leaf
        for name, leaf in leaves(value, "/")
        if isinstance(leaf, list) and leaf and all(number(item) is not None or item is None for item in leaf)
    }


def _sacred(value: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    """Metrics that carry their own steps, by name."""
    return {
        name: inner
        for name, inner in value.items()
        if isinstance(inner, Mapping) and isinstance(inner.get("steps"), list) and not set(inner) - _SACRED_KEYS
    }


# --- lines ------------------------------------------------------------------------------------------------------------


def _lines(path: Path, limit: int) -> Reading:
    with open_lines(path, limit, _LONGEST_LINE) as lines:
        rows = _json.Rows(lines)
        reading = _rows(rows, path.name)
    problems = list(reading.problems)
    if len(reading.series) >= MOST_COLUMNS - 1:
        what = f"more than {MOST_COLUMNS:,} keys: the others are left out"
        problems.append(Problem("too-large", path.name, what, "Log fewer metrics."))
    if rows.bad:
        what = f"left out: {counted(rows.bad, 'line')} that hold no JSON object, the first is line {rows.first_bad}"
        problems.append(Problem("bad-lines", path.name, what, "Correct the lines, or delete them."))
    if rows.cut_bytes:
        what = f"last line incomplete ({rows.cut_bytes} bytes): it is left out"
        problems.append(Problem("cut-off", path.name, what, "Wait if it is still being written; else delete the line."))
    if lines.stopped:
        what = f"larger than {natural_size(limit)}: the rest is left out"
        problems.append(Problem("too-large", path.name, what, "Raise the reader's option `max_bytes`."))
    writer = "JSON lines" if reading.writer == "JSON" else reading.writer
    return replace(reading, writer=writer, problems=tuple(problems))


def _rows(rows: Iterable[Mapping[str, object]], name: str) -> Reading:
    frame, settings = frame_of(rows)
    frame = unpivoted(frame)
    step = step_column(frame.numbers)
    if step is None:
        return Reading("JSON", hparams=settings)
    if (known := written(frame, name)) is not None:
        return replace(known, hparams={**settings, **known.hparams})
    found = curves(frame, step, source=name)
    return Reading("JSON", found.series, {**settings, **found.hparams}, problems=found.problems)


# --- one document -----------------------------------------------------------------------------------------------------


def _document(text: str, name: str) -> Reading:
    problems: tuple[Problem, ...] = ()
    try:
        value = _json.load(text)
    except Damaged as damage:
        value = damage.value
        problems = (Problem("cut-off", name, damage.what, damage.remedy),)
    if value is None:
        raise ReadError("holds nothing that could be read", "Run the training again, or delete the file.")
    reading = _shaped(_told(value, name.rpartition(".")[0]), name, cut=bool(problems))
    return replace(reading, problems=(*problems, *reading.problems))


def _shaped(value: object, name: str, *, cut: bool) -> Reading:
    """Whatever of the known shapes the value has."""
    if isinstance(value, list):
        rows = [row for row in value if isinstance(row, Mapping)]
        if _are_epochs(rows[:_PEEKED_ROWS]):
            rows = [{"epoch": epoch, **row} for epoch, row in enumerate(rows)]
        return _rows(rows, name)
    if not isinstance(value, Mapping):
        return Reading("JSON")
    if sacred := _sacred(value):
        return Reading("Sacred", tuple(_sacred_curve(metric, inner) for metric, inner in sacred.items()))
    if lists := _lists(_unwrapped(value)):
        return Reading("JSON", tuple(_history(lists, cut=cut)))
    return _rows([value], name)


def _sacred_curve(metric: str, inner: Mapping[str, object]) -> Series:
    steps, values = (_floats(inner.get(key)) for key in ("steps", "values"))
    stamps = inner.get("timestamps")
    stamps = stamps if isinstance(stamps, list) else []
    count = min(len(steps), len(values))
    words = Words(range(len(stamps)), [str(stamp) for stamp in stamps])
    times = wall_times("timestamps", Frame(len(stamps), {}, {"timestamps": words})) if len(stamps) >= count else None
    told = None if times is None or not count else times[:count]
    name = clean(metric)
    return Series(name, name, steps[:count], values[:count], times=told)


def _floats(values: object) -> FloatArray:
    """Numbers of a list; what is none of them becomes NaN, for it was logged."""
    items = values if isinstance(values, list) else []
    return np.array([np.nan if (found := number(item)) is None else found for item in items], np.float64)


def _history(lists: Mapping[str, Sequence[object]], *, cut: bool) -> Iterator[Series]:
    """A list a metric; x is the list of steps or epochs beside them, else the place in the list, from 0."""
    step = step_column(lists)
    longest = max(len(items) for items in lists.values())
    alike = all(len(items) == longest for items in lists.values())
    axis: Axis = axis_of(step) if step else ("epoch" if alike or cut else "step")
    for name, items in lists.items():
        if name == step:
            continue
        x = _floats(lists[step]) if step and len(lists[step]) == len(items) else np.arange(float(len(items)))
        there = np.array([item is not None for item in items]) & np.isfinite(x)
        yield Series(clean(name), clean(name), x[there], _floats(items)[there], axis=axis)
