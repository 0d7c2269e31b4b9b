"""Tables."""

from __future__ import annotations

from dataclasses import dataclass

from dlviz_docs.model import FloatArray

__all__ = ["Cell", "Column", "Table"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    label: str
    numeric: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what is read, and what it is sorted by."""

    text: str
    sort: float | str | None = None
    href: str = ""
    """Relative to the page, made by us; empty for none."""
    color: int | None = None
    """A swatch of the palette."""
    spark: FloatArray | None = None
    """A small curve beside the text."""
    bar: tuple[float, float, float] | None = None
    """Low end, value and high end of an interval, from 0 to 1 along the column's axis: a small bar beside the text."""
    pick: tuple[str, str] | None = None
    """Row and column a click shows in the page's gallery, as `Matrix` does; "" for any."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that can be sorted, filtered and searched in the page."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    searchable: bool = False
