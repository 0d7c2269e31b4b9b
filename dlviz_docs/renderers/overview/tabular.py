"""Tables, built by columns: what nobody recorded leaves no trace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from dlviz_docs import words
from dlviz_docs.view import Cell, Column, Figure, Table

__all__ = ["EMPTY", "Columns", "table", "value"]

EMPTY = Cell("–")
"""Nothing was recorded."""

Columns: TypeAlias = Iterable[tuple[Column, Sequence[Cell]]]


def table(name: str, title: str, caption: str, group: str, columns: Columns, searchable: bool = False) -> Figure | None:
    """A figure of the columns that are not empty; None when there is no row."""
    kept = [(column, cells) for column, cells in columns if any(cell is not EMPTY for cell in cells)]
    rows = tuple(zip(*(cells for _, cells in kept), strict=True))
    if not rows:
        return None
    return Figure(name, title, caption, Table(tuple(column for column, _ in kept), rows, searchable), group)


def value(number: float | None) -> Cell:
    """A result, or EMPTY."""
    return EMPTY if number is None else Cell(words.number(number), float(number))
