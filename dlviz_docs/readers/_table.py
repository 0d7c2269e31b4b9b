"""Delimited text as a `Frame`: in batches, so that memory follows the numbers and not the text.

Every number is what Python's float() makes of its cell. Rows that are not whole are counted and left out. A last row
without an end of line is whole if it has as many cells as the first line, and the last of them as many letters as the
others of its column: many writers end no last line, but "0.12" may be the beginning of "0.1234".
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ReadError
from dlviz_docs.model import FloatArray, Problem
from dlviz_docs.readers._frame import MOST_COLUMNS, Column, Frame, Words
from dlviz_docs.readers._text import PEEK, Lines, clean, counted, natural_size, open_lines, peek

__all__ = ["MOST_BYTES", "NO_NAME", "Head", "Table", "head", "read_table"]

MOST_BYTES = 128_000_000
"""So much text becomes some 250 MB of numbers; more is an option of the reader."""
_BATCH = 4096
_LONGEST_LINE = 1_000_000
_MISSING = frozenset({"", "-", "--", "NA", "N/A", "<NA>", "n/a", "None", "none", "null", "NULL"})
NO_NAME = re.compile(r"(Unnamed: \d+)?")
"""What pandas calls the numbers of its rows."""
_COMMA_NUMBER = re.compile(r"[-+]?[0-9]+(,[0-9]+)?([eE][-+]?[0-9]+)?")
_NO_NUMBER_MEANT = re.compile(r"\s*(\[.*|[0-9]+(:[0-9]{2}){1,2}(\.[0-9]+)?|True|False|true|false)\s*", re.DOTALL)
"""Arrays, durations and truth values: right in a log, but not points of a curve."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first lines of a file that looks like a table."""

    delimiter: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """Complete rows among the first bytes."""
    comment: str = ""
    """Lines before the columns that begin with "#"."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """All of a file."""

    columns: tuple[str, ...]
    frame: Frame
    comment: str
    problems: tuple[Problem, ...]


# --- the first bytes --------------------------------------------------------------------------------------------------


def head(path: Path) -> Head | None:
    """The columns and first rows; None for what is no table of two columns or more."""
    text = peek(path)
    lines = text.splitlines()
    # The last line may go on behind what was looked at; the first one is the columns even then.
    if len(lines) > 1 and not text.endswith(("\n", "\r")):
        lines.pop()
    comments = [line for line in lines if line.startswith("#")]
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    if not lines:
        return None
    delimiter = _delimiter(lines[0])
    try:
        first, *rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    except csv.Error:
        return None
    if len(text) >= PEEK and len(lines) == 1:
        first.pop()
    whole = tuple(tuple(cell.strip() for cell in row) for row in rows if len(row) == len(first) and row != first)
    return Head(delimiter, _unique(first), whole, "\n".join(comments)) if len(first) > 1 else None


def _delimiter(line: str) -> str:
    return max("\t;,|", key=lambda mark: len(_cells(line, mark)))


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    """Names without padding, each once: a second "loss" is "loss (2)"."""
    counts: dict[str, int] = {}
    result = []
    for name in names:
        name = clean(name.strip())
        counts[name] = counts.get(name, 0) + 1
        result.append(name if counts[name] == 1 else f"{name} ({counts[name]})")
    return tuple(result)


# --- the whole file ---------------------------------------------------------------------------------------------------


def read_table(path: Path, *, max_bytes: int = MOST_BYTES) -> Table:
    """Every whole row of the file; ReadError when it has no columns."""
    with open_lines(path, max_bytes, _LONGEST_LINE) as lines:
        return _Reading(path.name, lines).table()


@dataclass(slots=True)
class _Cells:
    """One column while it is read: numbers by batch, and every cell that is none."""

    comma: bool
    rows: list[NDArray[np.intp]] = field(default_factory=list)
    values: list[FloatArray] = field(default_factory=list)
    words: list[tuple[int, str]] = field(default_factory=list)
    points: bool = False
    """Whether a number was written with a decimal point; watched only where a comma may be one."""

    def add(self, start: int, cells: Sequence[str]) -> None:
        rows: Sequence[int] = range(len(cells))
        try:
            values = np.fromiter(map(float, cells), np.float64, len(cells))
        except ValueError:
            rows, values = self._sift(start, cells)
        self.rows.append(np.asarray(rows, np.intp) + start)
        self.values.append(values)
        self.points = self.points or (self.comma and any("." in cell for cell in cells))

    def _sift(self, start: int, cells: Sequence[str]) -> tuple[list[int], FloatArray]:
        rows, values = [], []
        for row, cell in enumerate(cells):
            if cell and cell.strip() not in _MISSING:
                try:
                    values.append(float(cell.strip().removesuffix("%")))
                    rows.append(row)
                except ValueError:
                    self.words.append((start + row, cell.strip()))
        return rows, np.array(values, np.float64)

    def column(self) -> Column:
        rows = np.concatenate(self.rows) if self.rows else np.zeros(0, np.intp)
        values = np.concatenate(self.values) if self.values else np.zeros(0)
        if not (self.comma and self.words and not self.points and _all_commas(self.words)):
            return Column(rows, values)
        # A decimal comma, and every row agrees.
        more = np.array([row for row, _ in self.words], np.intp)
        extra = np.array([float(cell.replace(",", ".")) for _, cell in self.words])
        self.words = []
        rows, values = np.concatenate([rows, more]), np.concatenate([values, extra])
        order = np.argsort(rows, kind="stable")
        return Column(rows[order], values[order])


def _all_commas(words: Sequence[tuple[int, str]]) -> bool:
    return all(_COMMA_NUMBER.fullmatch(cell) for _, cell in words)


@dataclass(slots=True)
class _Reading:
    """One pass over the lines."""

    name: str
    lines: Lines
    problems: list[Problem] = field(default_factory=list)
    length: int = 0
    ragged: int = 0
    shortest: float = math.inf
    """Letters in the shortest cell of the last column."""

    def table(self) -> Table:
        lines = iter(self.lines)
        comment, first = self._header(lines)
        delimiter = _delimiter(first)
        raw = _cells(first, delimiter)
        if len(raw) < 2 or not self.lines.last.endswith(("\n", "\r")):
            raise ReadError("breaks off in its first line", "Run the training again, or delete the file.")
        if len(raw) > MOST_COLUMNS:
            what = f"has {len(raw):,} columns; no table of more than {MOST_COLUMNS:,} is read"
            raise ReadError(what, "Log fewer metrics, or leave the file out with the option `exclude`.")
        columns = _unique([_decoded(cell) for cell in raw])
        if any("\udc80" <= letter <= "\udcff" for letter in first):
            self._tell("encoding", "not UTF-8; read as Windows-1252", "Save the file as UTF-8.")
        cells = [_Cells(comma=delimiter == ";") for _ in columns]
        self._rows(csv.reader(lines, delimiter=delimiter, skipinitialspace=True), raw, cells)
        self._judge()
        return Table(columns, self._frame(columns, cells), comment, tuple(self.problems))

    def _header(self, lines: Iterator[str]) -> tuple[str, str]:
        comments: list[str] = []
        for line in lines:
            if line.startswith("#"):
                comments.append(line)
            elif line.strip():
                return "".join(comments), line
        raise ReadError("holds no table", "Delete the file, or leave it out with the option `exclude`.")

    def _rows(self, reader: Iterator[list[str]], raw: list[str], cells: list[_Cells]) -> None:
        held: list[str] | None = None  # the last row, until it is known to be whole
        while batch := self._batch(reader):
            rows = [held, *batch] if held is not None else batch
            held = rows.pop()
            self._add(rows, raw, cells)
        if held is not None:
            self._last(held, raw, cells)

    def _batch(self, reader: Iterator[list[str]]) -> list[list[str]]:
        """The next rows; an empty one stands for a line that is none, such as one of a million characters."""
        rows: list[list[str]] = []
        try:
            rows.extend(islice(reader, _BATCH))
        except csv.Error:
            self.ragged += 1
            rows.append([])
        return rows

    def _add(self, rows: list[list[str]], raw: list[str], cells: list[_Cells]) -> None:
        width = len(raw)
        whole = [fitted for row in rows if (fitted := self._fitted(row, width)) is not None and fitted != raw]
        if not whole:
            return
        for column, texts in zip(cells, zip(*whole, strict=True), strict=True):
            column.add(self.length, texts)
        self.length += len(whole)
        self.shortest = min([self.shortest, *(len(row[-1]) for row in whole if row[-1])])

    def _fitted(self, row: list[str], width: int) -> list[str] | None:
        """The row in the width of the table; None for an empty one and, counted, for one that does not fit."""
        if len(row) == width:
            return row
        if len(row) > width and not any(row[width:]):
            return row[:width]
        self.ragged += bool(row)
        return None

    def _last(self, row: list[str], raw: list[str], cells: list[_Cells]) -> None:
        complete = len(row) >= len(raw)
        if self.lines.whole or (complete and (len(row[-1]) >= self.shortest or self.lines.last.endswith('"'))):
            self._add([row], raw, cells)
            return
        size = len(self.lines.last.encode("utf-8", "surrogateescape"))
        what = f"ends inside a line: its last {size} bytes are no whole row, and are left out"
        if complete:
            self._add([[*row[:-1], ""]], raw, cells)
            what = "ends inside a line: its last value may not be complete, and is left out"
        self._tell("cut-off", what, "Wait if it is still being written; else end the last line.")

    def _judge(self) -> None:
        if self.ragged:
            what = f"left out: {counted(self.ragged, 'row')} with more or fewer cells than the first line"
            self._tell("bad-lines", what, "Write every row with the columns of the first line.")
        if self.lines.stopped:
            what = f"larger than {natural_size(self.lines.limit)}: the rest is left out"
            self._tell("too-large", what, "Raise the reader's option `max_bytes`, or log less often.")

    def _frame(self, columns: Sequence[str], cells: Sequence[_Cells]) -> Frame:
        numbers: dict[str, Column] = {}
        words: dict[str, Words] = {}
        for name, column in zip(columns, cells, strict=True):
            found = column.column()
            if NO_NAME.fullmatch(name):
                continue
            if len(found.rows) >= len(column.words) and len(found.rows):
                numbers[name] = found
                self._bad_cells(name, column.words)
            elif column.words:
                words[name] = _words(found, column.words)
        return Frame(self.length, numbers, words)

    def _bad_cells(self, name: str, words: Sequence[tuple[int, str]]) -> None:
        bad = [(row, cell) for row, cell in words if not _NO_NUMBER_MEANT.fullmatch(cell)]
        if bad:
            row, cell = bad[0]
            first = f"the first in row {row + 1}: {clean(cell)[:40]!r}"
            what = f"left out: {counted(len(bad), 'cell')} of the column {name!r} that hold no number, {first}"
            self._tell("bad-cells", what, "Write a number, or nothing.")

    def _tell(self, code: str, what: str, remedy: str) -> None:
        self.problems.append(Problem(code, self.name, what, remedy))


def _decoded(cell: str) -> str:
    """A name whose bytes are not UTF-8, as Windows-1252."""
    if not any("\udc80" <= letter <= "\udcff" for letter in cell):
        return cell
    return cell.encode("utf-8", "surrogateescape").decode("cp1252", "replace")


def _words(numbers: Column, words: Sequence[tuple[int, str]]) -> Words:
    """A column of texts; the few that look like numbers are texts, too."""
    pairs = [(row, f"{value:.15g}") for row, value in zip(numbers.rows.tolist(), numbers.values.tolist(), strict=True)]
    merged = sorted([*pairs, *((row, clean(_decoded(cell))) for row, cell in words)])
    return Words([row for row, _ in merged], [text for _, text in merged])
