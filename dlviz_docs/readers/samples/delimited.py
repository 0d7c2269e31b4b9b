"""Delimited text as a sheet: block by block, each whole lines, in whatever encoding it was written.

Rows that have another number of cells than the first line are counted and left out. A block whose cells are not what
those before it were is read once more: as wider numbers, then as words.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Problem, Sheet
from dlviz_docs.readers._text import clean, counted, natural_size
from dlviz_docs.readers.samples._frames import Waiting, sheet_of
from dlviz_docs.readers.samples._limits import Limits

if TYPE_CHECKING:
    import polars as pl

__all__ = ["MOST_COLUMNS", "head_size", "read_delimited", "sniff"]

_BLOCK = 1 << 22
_LONGEST_RECORD = 1 << 28
"""Bytes between two ends of line outside quotation marks; behind that the marks are taken for letters."""
_HEAD = 1 << 16
_LEAST_LINES = 4
_MOST_LINES = 200
_COUNTED = 5
"""Cells from which on 1, 2, 3, ... in the first line are no row by chance."""
_INFER = 10_000
MOST_COLUMNS = 50_000
"""Of more, every cell would cost more than it tells."""
_MOST_CODED = 200
"""Words of a block that a byte can number."""
_PEEKED = 2_000
_CODES = 200
"""Rows that are asked for numbers with leading zeros."""
_MISSING = ["", "NA", "N/A", "n/a", "<NA>", "#N/A", "null", "NULL", "None", "NaN", "nan", "-nan", "NaT"]
_LEADING_ZERO = re.compile(r"^[+-]?0\d+$")
_NUMBER = re.compile(r"^[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?$")
_COMMA_NUMBER = r"^\s*[-+]?\d+(,\d+)?([eE][-+]?\d+)?\s*$"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What the first bytes tell."""

    delimiter: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """Complete rows among them."""
    headed: bool
    """False where the first line is a row of numbers: then columns are numbered."""
    lead: int
    """Lines before the first row."""


def sniff(text: str, *, complete: bool = False) -> Sniffed | None:
    """The table that the text begins with; None for what is none. `complete` when nothing follows.

    ReadError for one of far too many columns.
    """
    lines = re.split(r"\r?\n" if "\n" in text else r"\r", text)
    if not complete and len(lines) > 1:
        lines.pop()
    lead = 0
    while lead < len(lines) and (not lines[lead].strip() or _is_comment(lines, lead)):
        lead += 1
    if lead == len(lines):
        return None
    span = _lines_of_first(lines[lead:])
    first = "\n".join(lines[lead : lead + span])
    first = first.removeprefix("#").strip(" ") if first.startswith("#") else first
    if (amount := max(map(first.count, "\t;,|"))) >= MOST_COLUMNS:
        what = f"has {amount + 1:,} columns; files of at most {MOST_COLUMNS:,} are read"
        raise ReadError(what, "Save them as one array: numpy.savez(path, x=..., y=...).")
    delimiter = max("\t;,|", key=lambda mark: (len(_cells(first, mark)), mark == ","))
    names = _cells(first, delimiter)
    rows = tuple(tuple(row) for row in _rows(lines[lead + span :], delimiter))
    headed = _is_headed([cell.strip() for cell in names], rows)
    if not headed:
        rows = (tuple(names), *rows)
        names = [f"column {number}" for number in range(1, len(names) + 1)]
    widths = {len(row) for row in rows}
    if headed and widths == {len(names) + 1}:  # rows have a name, as R writes them, or end in a delimiter
        names = [*names, ""] if all(not row[-1].strip() for row in rows) else ["", *names]
    return Sniffed(delimiter, _unique(names), rows, headed, lead + span * headed)


def _lines_of_first(lines: Sequence[str]) -> int:
    """How many lines the first record has: a name in quotation marks may hold ends of lines. 1 where none closes it."""
    marks = 0
    for span, line in enumerate(lines[:_MOST_LINES], 1):
        marks += line.count('"')
        if marks % 2 == 0:
            return span
    return 1


def _is_headed(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first line names columns: not if it is all numbers, unless they count the columns, and not if it is
    half of numbers and each of its words stands in its column again, as classes do."""
    numbers = [bool(_NUMBER.match(cell)) for cell in first]
    if all(numbers):
        from_0, from_1 = ([str(number + start) for number in range(len(first))] for start in (0, 1))
        return (len(first) > 1 and list(first) == from_0) or (len(first) >= _COUNTED and list(first) == from_1)
    if 2 * sum(numbers) < len(first):
        return True
    below = [{cell.strip() for cell in column} for column in zip(*rows, strict=False)]
    words = [place for place, number in enumerate(numbers) if not number]
    return not all(place < len(below) and first[place] in below[place] for place in words)


def _is_comment(lines: Sequence[str], place: int) -> bool:
    """A line that begins with "#", unless it has the columns of the rows below it."""
    if not lines[place].startswith("#"):
        return False
    below = next((line for line in lines[place + 1 :] if line.strip()), "")
    if below.startswith("#"):
        return True
    return not any(mark in below and lines[place].count(mark) == below.count(mark) for mark in "\t;,|")


def head_size(data: bytes) -> int:
    """Bytes that are looked at to tell the columns: some lines of them, however long these are."""
    end = -1
    for _ in range(_LEAST_LINES):
        end = data.find(b"\n", end + 1)
        if end < 0:
            return len(data)
    return max(_HEAD, end + 1)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return []


def _rows(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader((line + "\n" for line in lines), delimiter=delimiter) if row]
    except csv.Error:
        return []


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    """Names without padding, each once: a second "loss" is "loss (2)"."""
    counts: dict[str, int] = {}
    result = []
    for name in names:
        name = clean(name.strip())
        counts[name] = counts.get(name, 0) + 1
        result.append(name if counts[name] == 1 else f"{name} ({counts[name]})")
    return tuple(result)


def read_delimited(path: Path, source: str, limits: Limits) -> tuple[Sheet, ...]:
    """The file as one sheet; ReadError where it holds no table."""
    size = path.stat().st_size
    with path.open("rb") as file:
        return (_Reading(source, limits, size).sheet(file),)


@dataclass(slots=True)
class _Reading:
    """One pass over the blocks."""

    source: str
    limits: Limits
    octets: int
    problems: list[Problem] = field(default_factory=list)
    blocks: list[list[pl.Series | _Coded]] = field(default_factory=list)
    """Columns of each, the last first: the next one is taken from the end."""
    schema: dict[str, pl.DataType] = field(default_factory=dict)
    ragged: int = 0
    height: int = 0

    def sheet(self, file: BinaryIO) -> Sheet:
        stream = self._text(file)
        head = next(stream, b"")
        if b"\0" in head[:_HEAD]:
            raise ReadError("is no text", "Save the table as UTF-8 text.")
        size = head_size(head)
        found = sniff(head[:size].decode("utf-8", "replace"), complete=len(head) <= size)
        if found is None or not found.columns:
            raise ReadError("holds no table" if head else "is empty", "Write the file again, or delete it.")
        self._read(self._lines(head, stream, found), found)
        if self.ragged:
            what = f"{counted(self.ragged, 'line')} with another number of cells than the first one left out"
            self._tell("ragged", what, "Quote cells that hold the delimiter, and end every line.")
        columns = self._columns(found)
        return sheet_of(
            columns,
            source=self.source,
            format={"\t": "TSV"}.get(found.delimiter, "CSV"),
            limits=self.limits,
            octets=self.octets,
            problems=self.problems,
        )

    def _tell(self, code: str, what: str, remedy: str) -> None:
        if code not in {problem.code for problem in self.problems}:
            self.problems.append(Problem(code, self.source, what, remedy))

    # --- bytes to UTF-8, in pieces ---

    def _text(self, file: BinaryIO) -> Iterator[bytes]:
        """The file as UTF-8, in pieces that may end anywhere; an old encoding is said to be one."""
        left = self.limits.max_bytes
        start = file.read(3)
        wide = start[:2] in _UTF16
        encoding = "utf-16" if wide else "utf-8"
        decoder = codecs.getincrementaldecoder(encoding)("replace" if wide else "strict")
        data = b"" if start == codecs.BOM_UTF8 else start
        old_ends: bool | None = None
        while True:
            more = file.read(min(_BLOCK, left))
            left -= len(more)
            data += more
            if not data and not more:
                break
            try:
                plain = not wide and data.isascii() and not decoder.getstate()[0]
                piece = data if plain else decoder.decode(data).encode()
            except UnicodeDecodeError:
                pending = decoder.getstate()[0]
                self._tell("encoding", "not UTF-8; read as Windows-1252", "Save the file as UTF-8.")
                decoder = codecs.getincrementaldecoder("cp1252")("replace")
                piece = decoder.decode(pending + data).encode()
            if old_ends is None:
                old_ends = b"\r" in piece and b"\n" not in piece[:_HEAD]
            yield piece.replace(b"\r", b"\n") if old_ends else piece
            if not more:
                break
            data = b""
        if left <= 0 and file.read(1):
            what = f"larger than {natural_size(self.limits.max_bytes)}; the rows in its first part are read"
            self._tell("too-large", what, "Save a sample of the rows, chosen at random.")

    def _lines(self, head: bytes, stream: Iterator[bytes], found: Sniffed) -> Iterator[tuple[bytes, bool]]:
        """Whole records in large pieces, without the lines before the first; and whether quotation marks pair up."""
        rest = head
        for _ in range(found.lead):
            rest = rest[rest.find(b"\n") + 1 :] if b"\n" in rest else b""
        for piece in stream:
            if cut := _last_end(rest):
                yield rest[:cut], True
                rest = rest[cut:]
            elif len(rest) > _LONGEST_RECORD:
                yield rest, False
                rest = b""
            rest += piece
        cut = _last_end(rest)
        if cut:
            yield rest[:cut], True
        if rest[cut:].strip():
            # The last line needs no end; a quotation mark that is never closed has swallowed lines.
            yield rest[cut:], rest[cut:].count(b'"') % 2 == 0

    # --- text to columns ---

    def _read(self, lines: Iterator[tuple[bytes, bool]], found: Sniffed) -> None:
        for block, quoted in lines:
            if not quoted:
                self._tell(
                    "quotation-marks",
                    "a quotation mark is opened and never closed; read as a letter from there on",
                    "Write the file again with quotation marks doubled inside quoted cells.",
                )
            frame = self._block(block, found, quoted=quoted)
            if frame is not None and frame.height:
                self.height += frame.height
                self.blocks.append([_coded(column) for column in reversed(frame.get_columns())])
            if self.height > self.limits.max_rows:
                what = f"has more than {self.limits.max_rows:,} rows; the first {self.limits.max_rows:,} are read"
                self._tell("too-many-rows", what, "Save a sample of the rows, chosen at random.")
                break

    def _block(self, block: bytes, found: Sniffed, *, quoted: bool) -> pl.DataFrame | None:
        frame = self._parsed(block, found, quoted=quoted)
        if frame is not None and not (frame[:, -1].null_count()):
            return frame
        # Longer lines are refused; shorter ones, and empty ones, have nothing in their last column.
        kept, dropped = _even(block, found.delimiter, len(found.columns), quoted=quoted)
        if len(kept) == len(block) and frame is not None:
            return frame
        self.ragged += dropped
        if not kept:
            return None
        frame = self._parsed(kept, found, quoted=quoted)
        return self._block(block, found, quoted=False) if frame is None and quoted else frame

    def _parsed(self, block: bytes, found: Sniffed, *, quoted: bool) -> pl.DataFrame | None:
        """The block as the columns were so far, or as wider ones; None where its lines differ in length."""
        import polars as pl

        names = [f"{place}" for place in range(len(found.columns))]
        overrides = {} if self.schema else {names[place]: pl.String for place in _codes(found)}
        for schema in (self.schema, None, dict.fromkeys(names, pl.String())):
            if schema == {}:
                continue
            try:
                frame = pl.read_csv(
                    block,
                    has_header=False,
                    separator=found.delimiter,
                    quote_char='"' if quoted else None,
                    null_values=_MISSING,
                    new_columns=names,
                    schema=schema,
                    schema_overrides=overrides if schema is None else None,
                    infer_schema_length=_INFER,
                )
            except pl.exceptions.NoDataError:
                return None
            except pl.exceptions.PolarsError:
                continue
            if frame.width != len(names):
                continue
            self.schema = self.schema or dict(frame.schema)
            return frame
        return None

    def _columns(self, found: Sniffed) -> dict[str, pl.Series | Waiting]:
        import polars as pl

        columns: dict[str, pl.Series | Waiting] = {}
        length = min(self.height, self.limits.max_rows)
        for name in found.columns:
            parts = [block.pop() for block in self.blocks]
            columns[name] = (
                _Column(parts, length, comma=found.delimiter != ",") if parts else pl.Series(name, [], pl.Null)
            )
        unnamed = columns.get("")
        if isinstance(unnamed, _Column) and unnamed.is_empty:
            del columns[""]
        return columns


@dataclass(frozen=True, slots=True)
class _Coded:
    """A column of words that repeat, in a byte a row instead of sixteen."""

    levels: pl.Series
    codes: pl.Series


def _coded(column: pl.Series) -> pl.Series | _Coded:
    """The column, with its words by number if they are few."""
    import polars as pl

    if column.dtype != pl.String or column.head(_PEEKED).n_unique() > _MOST_CODED:
        return column
    levels = column.unique().drop_nulls()
    if not 0 < len(levels) <= _MOST_CODED:
        return column
    return _Coded(levels, column.cast(pl.Enum(levels)).to_physical().cast(pl.UInt8))


@dataclass(frozen=True, slots=True)
class _Column(Waiting):
    """A column in the pieces it was read in."""

    parts: list[pl.Series | _Coded]
    length: int
    comma: bool
    """Whether numbers may have a decimal comma."""

    def __len__(self) -> int:
        return self.length

    @property
    def is_empty(self) -> bool:
        """Whether no row has anything there."""
        return all(not isinstance(part, _Coded) and part.null_count() == len(part) for part in self.parts)

    def now(self) -> pl.Series:
        """In one; the pieces are let go."""
        import polars as pl

        pieces = [_decoded(part) for part in self.parts]
        self.parts.clear()
        column = _together(pieces).head(self.length)
        return _decimal_comma(column) if self.comma and column.dtype == pl.String else column


def _decoded(column: pl.Series | _Coded) -> pl.Series:
    return column if not isinstance(column, _Coded) else column.levels.gather(column.codes)


def _codes(found: Sniffed) -> list[int]:
    """Columns of digits that are no numbers: "007"."""
    rows = [row for row in found.rows[:_CODES] if len(row) == len(found.columns)]
    return [place for place, cells in enumerate(zip(*rows, strict=True)) if any(map(_LEADING_ZERO.match, cells))]


def _together(parts: Sequence[pl.Series]) -> pl.Series:
    """One column of blocks that may have seen it as numbers, and as words."""
    import polars as pl

    kinds = {part.dtype for part in parts}
    if len(kinds) > 1:
        wide = pl.Float64 if all(kind.is_numeric() for kind in kinds) else pl.String
        parts = [part.cast(wide) for part in parts]
    return pl.concat(parts) if len(parts) > 1 else parts[0]


def _decimal_comma(column: pl.Series) -> pl.Series:
    """Numbers with a decimal comma as numbers, if every cell agrees."""
    import polars as pl

    for cells in (column.head(_INFER), column):
        present = cells.drop_nulls()
        if not len(present) or not present.str.contains(_COMMA_NUMBER).all():
            return column
    if not column.str.contains(",", literal=True).any():
        return column
    return column.str.strip_chars().str.replace(",", ".", literal=True).cast(pl.Float64)


def _last_end(data: bytes) -> int:
    """Behind the last end of line outside quotation marks; 0 where there is none."""
    if b'"' not in data:
        return data.rfind(b"\n") + 1
    octets = np.frombuffer(data, np.uint8)
    marks, ends = np.flatnonzero(octets == ord('"')), np.flatnonzero(octets == ord("\n"))
    outside = ends[np.searchsorted(marks, ends) % 2 == 0]
    return int(outside[-1]) + 1 if len(outside) else 0


def _even(block: bytes, delimiter: str, width: int, *, quoted: bool) -> tuple[bytes, int]:
    """The lines that have `width` cells, and how many others there were, empty ones uncounted."""
    data = block if block.endswith(b"\n") else block + b"\n"
    octets = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(octets == ord("\n"))
    marks = np.flatnonzero(octets == ord(delimiter))
    if quoted and b'"' in data:
        quotes = np.flatnonzero(octets == ord('"'))
        ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
        marks = marks[np.searchsorted(quotes, marks) % 2 == 0]
    if not len(ends):
        return b"", 1
    starts = np.concatenate([[0], ends[:-1] + 1])
    cells = np.diff(np.searchsorted(marks, np.concatenate([starts, ends[-1:] + 1]))) + 1
    blank = ends - starts <= (octets[starts] == ord("\r"))
    good = (cells == width) & ~blank
    if good.all():
        return block, 0
    kept = octets[: ends[-1] + 1][np.repeat(good, ends + 1 - starts)].tobytes()
    return kept, int(np.count_nonzero(~good & ~blank))
