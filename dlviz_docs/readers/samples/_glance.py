"""What a table or an array file says of itself before it is read: its columns, and the shapes of its arrays."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from dlviz_docs.errors import ReadError
from dlviz_docs.readers._json import peeked_rows, prefix
from dlviz_docs.readers._text import peek
from dlviz_docs.readers.samples._npy import Header
from dlviz_docs.readers.samples.arrays import headers
from dlviz_docs.readers.samples.delimited import MOST_COLUMNS, sniff
from dlviz_docs.readers.samples.jsonlines import columns_of, is_lines, plain_row

__all__ = ["TABLES", "Glance", "glance", "holds_answers"]

_PEEK = 1 << 16
_FEW = 1_000
_MOST_PEEK = 1 << 23
_LEAST_LINES = 4
_TAGGED = re.compile(r"\s(O|[BIESLU]-\S+)$")
"""As CoNLL writes a word and its tags."""
_NUMBERS = re.compile(r"^[-+\d.eE,\s]+$")


@dataclass(frozen=True, slots=True)
class Glance:
    """Names of columns; empty for a file that holds no table, or a damaged one."""

    columns: tuple[str, ...] = ()
    arrays: Mapping[str, Header] = field(default_factory=dict)
    """Of array files, by column."""
    damaged: bool = False
    """Whether the file is of no kind that its ending says, or empty."""

    @property
    def length(self) -> int | None:
        """Rows, where the first bytes tell."""
        lengths = {header.shape[0] for header in self.arrays.values() if header.shape}
        return lengths.pop() if len(lengths) == 1 else None


def glance(path: Path) -> Glance:
    """The columns; none of a file that is damaged or of another kind."""
    look = TABLES.get(path.suffix.lower())
    try:
        found = look(path) if look else Glance()
        # What is too wide to be read is told when it is tried.
        return found if len(found.columns) <= MOST_COLUMNS else replace(found, columns=found.columns[:_FEW])
    except (ReadError, OSError, ValueError, zipfile.BadZipFile):
        return Glance(damaged=True)


def _delimited(path: Path) -> Glance:
    size, most = path.stat().st_size, _PEEK
    text = peek(path, most)
    if size > most and text.count("\n") < _LEAST_LINES:  # thousands of columns
        most = _MOST_PEEK
        text = peek(path, most)
    found = sniff(text, complete=size <= most)
    return Glance(found.columns) if found and found.columns else Glance(damaged=True)


def _json_lines(path: Path) -> Glance:
    rows = list(peeked_rows(peek(path, _PEEK)))[:20]
    return _records(rows) if rows else Glance(damaged=True)


def _json(path: Path) -> Glance:
    text = peek(path, _PEEK)
    rows = list(peeked_rows(text)) if is_lines(text) else columns_of(prefix(text))
    return _records(list(rows)[:20]) if rows else Glance(damaged=not text.strip())


def _records(rows: list[Mapping[str, object]] | list[dict[str, object]]) -> Glance:
    names: dict[str, None] = {}
    for row in rows:
        for name, cell in plain_row(row).items():
            inner = [f"{name}.{key}" for key in cell] if isinstance(cell, dict) and cell else [name]
            names.update(dict.fromkeys(inner))
    return Glance(tuple(names))


def _arrays(path: Path) -> Glance:
    found = {name or path.stem: one for name, one in headers(path).items()}
    return Glance(tuple(found), found, damaged=not found)


def _parquet(path: Path) -> Glance:
    import polars as pl

    try:
        with path.open("rb") as file:
            return Glance(tuple(pl.read_parquet_schema(file)))
    except pl.exceptions.PolarsError:
        return Glance(damaged=True)


def _arrow(path: Path) -> Glance:
    return Glance(("arrow",))  # what a stream holds is told by reading it


def _text(path: Path) -> Glance:
    """A table with tabs between its cells, as the Trainer of Hugging Face writes "predict_results.txt"; else names."""
    found = sniff(peek(path, _PEEK), complete=path.stat().st_size <= _PEEK)
    is_table = found and found.headed and found.delimiter == "\t" and len(found.columns) > 1 and found.rows
    if not found or not is_table or {len(row) for row in found.rows} != {len(found.columns)}:
        return Glance(("id",))
    return Glance(found.columns)


def holds_answers(path: Path, *, alone: bool) -> bool:
    """Whether the lines of a text are answers: not words with tags, and, with no truth beside them, not numbers."""
    lines = [line.strip() for line in peek(path, _PEEK).splitlines() if line.strip()]
    tagged = sum(bool(_TAGGED.search(line)) for line in lines)
    numbers = sum(bool(_NUMBERS.match(line)) for line in lines)
    return bool(lines) and 2 * tagged < len(lines) and not (alone and 2 * numbers > len(lines))


TABLES: Mapping[str, Callable[[Path], Glance]] = {
    ".csv": _delimited,
    ".tsv": _delimited,
    ".data": _delimited,
    ".parquet": _parquet,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json,
    ".npz": _arrays,
    ".npy": _arrays,
    ".arrow": _arrow,
    ".txt": _text,
}
