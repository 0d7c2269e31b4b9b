"""JSON lines, and JSON that holds records: a list of them, a mapping of columns, or either inside one more mapping.

What is nested is flattened one level; deeper values are kept as text. Lists of numbers, all of one length, are arrays.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Feature, Problem, Sheet
from dlviz_docs.readers._json import Rows, load, peeked_rows
from dlviz_docs.readers._text import Damaged, clean, counted, open_lines, read_text
from dlviz_docs.readers.samples._features import feature_of, feature_of_array, number, words_series
from dlviz_docs.readers.samples._limits import Limits
from dlviz_docs.readers.samples._sequences import ragged

__all__ = [
    "columns_of",
    "conversation",
    "is_lines",
    "plain_row",
    "read_ids",
    "read_json",
    "read_json_lines",
    "read_lines",
]

_LONGEST_LINE = 16_000_000
_REMEDY = "Write the file again, one JSON object a line."
_TALKS = ("messages", "conversations", "conversation")
_SIDES = {"human": "user", "gpt": "assistant", "bot": "assistant", "model": "assistant"}


def read_json_lines(path: Path, source: str, limits: Limits) -> tuple[Sheet, ...]:
    """One object a line; lines that are none are counted and left out."""
    problems = []
    with open_lines(path, limits.max_json_bytes, _LONGEST_LINE) as lines:
        rows = Rows(lines)
        columns = _Columns(limits)
        for row in rows:
            columns.add(row)
            if columns.length >= limits.max_rows:
                break
    if rows.bad or rows.cut_bytes:
        left_out = counted(rows.bad + bool(rows.cut_bytes), "line")
        problems.append(Problem("json-lines", source, f"{left_out} that are no JSON object left out", _REMEDY))
    if lines.stopped:
        what = "larger than is read of such a file; its first rows are shown"
        problems.append(Problem("too-large", source, what, "Save a sample of the rows, chosen at random."))
    if columns.length >= limits.max_rows:
        what = f"the first {limits.max_rows:,} rows are read"
        problems.append(Problem("too-many-rows", source, what, "Save a sample of the rows, chosen at random."))
    if not columns.length:
        raise ReadError("holds no JSON object", _REMEDY)
    return (columns.sheet(source, "JSON lines", path.stat().st_size, problems),)


def read_json(path: Path, source: str, limits: Limits) -> tuple[Sheet, ...]:
    """Records, or columns; what stood before the damage where it breaks off."""
    text, problems = read_text(path, limits.max_json_bytes)
    if is_lines(text):
        del text
        return read_json_lines(path, source, limits)
    problems = tuple(Problem(one.code, source, one.what, one.remedy) for one in problems)
    try:
        value = load(text)
    except Damaged as error:
        value = error.value
        problems = (*problems, Problem("json", source, error.what, error.remedy))
    del text
    rows = columns_of(value)
    if rows is None:
        if problems:
            raise ReadError(problems[-1].what, problems[-1].remedy)
        raise ReadError("holds no records", "Save a list of objects, or an object of lists.")
    columns = _Columns(limits)
    for row in rows:
        columns.add(row)
    return (columns.sheet(source, "JSON", path.stat().st_size, problems),)


def read_ids(path: Path, source: str, limits: Limits) -> tuple[Sheet, ...]:
    """A text of one name a line: the column "id"."""
    text, problems = read_text(path, limits.max_json_bytes)
    names = [line.strip() for line in text.splitlines() if line.strip()]
    if not names:
        raise ReadError("is empty", "Write one name a line, or delete the file.")
    column = words_series(names)
    feature = feature_of("id", column)
    found = tuple(Problem(one.code, source, one.what, one.remedy) for one in problems)
    return (Sheet(source, "text", len(names), (feature,), octets=path.stat().st_size, problems=found),)


def is_lines(text: str) -> bool:
    """Whether a .json holds one object a line: `datasets` and pandas write such files."""
    first, end, rest = text.lstrip().partition("\n")
    if not end or not first.rstrip().endswith("}") or not rest.lstrip().startswith("{"):
        return False
    return next(peeked_rows(first), None) is not None


def read_lines(path: Path, source: str, limits: Limits) -> tuple[Sheet, ...]:
    """A text of one answer, or one label, a line; an empty line is one that says nothing."""
    text, problems = read_text(path, limits.max_json_bytes)
    lines = text.removesuffix("\n").split("\n") if text else []
    if not any(line.strip() for line in lines):
        raise ReadError("is empty", "Write one answer a line, or delete the file.")
    cells = [line.strip() for line in lines]
    feature = feature_of(path.stem, words_series([cell or None for cell in cells]))
    found = tuple(Problem(one.code, source, one.what, one.remedy) for one in problems)
    return (Sheet(source, "text", len(cells), (feature,), octets=path.stat().st_size, problems=found),)


def columns_of(value: object) -> Iterable[Mapping[str, object]] | None:
    """The rows that a JSON value holds; None where it holds none."""
    if isinstance(value, list):
        rows = [row for row in value if isinstance(row, dict)]
        return rows if rows and len(rows) > len(value) / 2 else None
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):  # pandas' orient="split"
        names = [str(name) for name in value["columns"]]
        return [dict(zip(names, row, strict=False)) for row in value["data"] if isinstance(row, list)]
    if (questions := _questions(value)) is not None:
        return questions
    if len(value) > 1 and all(isinstance(answer, str) for answer in value.values()):
        return [{"id": key, "prediction": answer} for key, answer in value.items()]
    lists = {key: column for key, column in value.items() if isinstance(column, list) and len(column) > 1}
    inner = max((one for one in lists.values() if isinstance(one[0], dict)), key=len, default=None)
    if inner is not None:
        return columns_of(inner)
    if lists:
        return list(_transposed(lists))
    return _of_mappings(value)


def _questions(value: Mapping[str, object]) -> list[Mapping[str, object]] | None:
    """Questions about paragraphs, as SQuAD nests them, each with its first answer."""
    articles = value.get("data")
    if not isinstance(articles, list) or not articles:
        return None
    if not all(isinstance(one, dict) and isinstance(one.get("paragraphs"), list) for one in articles):
        return None
    rows: list[Mapping[str, object]] = []
    for article in articles:
        for paragraph in article["paragraphs"]:
            asked = paragraph.get("qas") if isinstance(paragraph, dict) else None
            for one in asked if isinstance(asked, list) else ():
                if isinstance(one, dict):
                    context = paragraph.get("context")
                    answer = _first_answer(one.get("answers"))
                    rows.append({"id": one.get("id"), "title": article.get("title"), "context": context,
                                 "question": one.get("question"), "answer": answer})  # fmt: skip
    return rows


def _first_answer(answers: object) -> object:
    first = answers[0] if isinstance(answers, list) and answers else None
    return first.get("text") if isinstance(first, dict) else None


def plain_row(row: Mapping[str, object]) -> Mapping[str, object]:
    """With a conversation told as what each side said: the columns "system", "user", "assistant" and "turns"."""
    for name in _TALKS:
        turns = row.get(name)
        if isinstance(turns, list) and turns and all(isinstance(turn, dict) for turn in turns):
            rest = {key: cell for key, cell in row.items() if key != name}
            return {**rest, **conversation(turns)}
    return row


def conversation(turns: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """What each side said, one paragraph a turn; roles as OpenAI or as ShareGPT spells them."""
    said: dict[str, list[str]] = {}
    for turn in turns:
        role, content = str(turn.get("role", turn.get("from", ""))), turn.get("content", turn.get("value"))
        if isinstance(content, str):
            said.setdefault(_SIDES.get(role, role or "unknown"), []).append(content)
    sides: dict[str, object] = {side: "\n\n".join(parts) for side, parts in said.items()}
    return {**sides, "turns": len(turns)}


def _transposed(lists: Mapping[str, list[object]]) -> Iterator[Mapping[str, object]]:
    """Columns as rows, as many as most columns have."""
    lengths = [len(column) for column in lists.values()]
    length = max(lengths, key=lambda one: (lengths.count(one), one))
    whole = {key: column for key, column in lists.items() if len(column) == length}
    for cells in zip(*whole.values(), strict=True):
        yield dict(zip(whole, cells, strict=True))


def _of_mappings(value: Mapping[str, object]) -> Iterable[Mapping[str, object]] | None:
    """Rows by their name; or columns whose cells are named, as pandas writes a frame."""
    inner = [one for one in value.values() if isinstance(one, dict)]
    if len(inner) < 2 or len(inner) < len(value):
        return None
    same = all(one.keys() == inner[0].keys() for one in inner)
    if same and len(inner[0]) > len(inner) and all(key.isdecimal() for key in inner[0]):
        return [{name: column[key] for name, column in zip(value, inner, strict=True)} for key in inner[0]]
    return [{"id": key, **one} for key, one in zip(value, inner, strict=True)]


class _Columns:
    """Cells by column while rows come in; a column that begins late has nothing in the rows before."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.length = 0
        self.cells: dict[str, list[object]] = {}
        self.refused = 0

    def add(self, row: Mapping[str, object]) -> None:
        for name, cell in plain_row(row).items():
            if isinstance(cell, dict) and cell:
                for inner, value in cell.items():
                    self._put(f"{name}.{inner}", value)
            else:
                self._put(name, cell)
        self.length += 1

    def _put(self, name: str, cell: object) -> None:
        column = self.cells.get(name)
        if column is None:
            if len(self.cells) >= self.limits.max_columns:
                self.refused += 1
                return
            column = self.cells[name] = []
        if len(column) < self.length:
            column.extend([None] * (self.length - len(column)))
        if len(column) == self.length:
            column.append(cell)

    def sheet(self, source: str, format: str, octets: int, problems: Sequence[Problem]) -> Sheet:  # noqa: A002
        found = list(problems)
        if self.refused:
            what = f"has more than {self.limits.max_columns:,} keys; the first are shown"
            found.append(Problem("too-many-columns", source, what, "Leave out the keys that are not needed."))
        features: list[Feature] = []
        arrays: dict[str, NDArray[Any]] = {}
        for raw in list(self.cells):
            cells, name = self.cells.pop(raw), clean(raw)
            cells.extend([None] * (self.length - len(cells)))
            value = _value(name, cells)
            if isinstance(value, Feature):
                features.append(value)
            else:
                arrays[name] = value
        return Sheet(source, format, self.length, tuple(features), arrays, octets=octets, problems=tuple(found))


def _value(name: str, cells: list[object]) -> Feature | NDArray[Any]:
    kinds = set(map(type, cells))
    if kinds <= {int, float, type(None)}:
        return _numbers(name, cells, whole=float not in kinds)
    if kinds == {bool}:
        return feature_of_array(name, np.array(cells, np.bool_))
    if kinds == {list} and (array := _array(name, cells)) is not None:
        return array
    return feature_of(name, words_series([_text(cell) for cell in cells]))


def _numbers(name: str, cells: Sequence[object], *, whole: bool) -> Feature:
    if whole and name and not any(isinstance(cell, int) and abs(cell) >= 1 << 62 for cell in cells):
        import polars as pl

        return feature_of(name, pl.Series(cells, dtype=pl.Int64))
    return number(name, np.array([math.nan if cell is None else _float(cell) for cell in cells], np.float64))


def _float(cell: Any) -> float:
    try:
        return float(cell)
    except OverflowError:
        return math.inf if cell > 0 else -math.inf


def _array(name: str, cells: Sequence[Any]) -> NDArray[Any] | None:
    """Shape (n, ...); None where lists differ in length, unless they are of tokens, or hold something else than
    numbers."""
    width = len(cells[0])
    if not width or any(len(cell) != width for cell in cells):
        return ragged(name, cells)
    try:
        array = np.array(cells)
    except (ValueError, OverflowError):
        return None
    return array if array.dtype.kind in "biuf" else None


def _text(cell: object) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, list) and cell and all(isinstance(one, str) for one in cell):
        return ", ".join(cell)
    return json.dumps(cell, ensure_ascii=False)
