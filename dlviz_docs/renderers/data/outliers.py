"""Values far from all others of their column, and the rows they stand in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dlviz_docs import words
from dlviz_docs.insights.data_columns import OUTLYING
from dlviz_docs.insights.data_words import percent
from dlviz_docs.renderers.data._profile import Profile, cell_text
from dlviz_docs.renderers.data._rows import facts, thumb, title
from dlviz_docs.stats.columns import ColumnStats
from dlviz_docs.stats.outliers import ROBUST_Z, TUKEY
from dlviz_docs.view import Cell, Column, Figure, Gallery, Item, Shown, Table

__all__ = ["outliers"]

ROWS = 25
CELLS = 6
"""Odd cells that are told of one row."""


@dataclass(frozen=True, slots=True)
class _Odd:
    """One cell."""

    column: ColumnStats
    score: float

    def text(self, row: int) -> str:
        unit = "σ" if self.column.outliers is not None and self.column.outliers.method == "robust z" else "IQR"
        score = words.number(float(f"{self.score:.2g}"))
        return f"{self.column.name} = {cell_text(self.column.feature, row)} ({score} {unit})"


def outliers(found: Profile) -> Iterator[Shown]:
    """Columns with outliers, and the rows with the farthest ones; nothing where there are none."""
    columns = [
        column
        for column in found.columns
        if column.feature.kind == "number" and column.outliers is not None and _count(column)
    ]
    if not columns:
        return
    group = found.place.group("Outliers")
    yield _columns(columns, found.place.id("outliers"), group)
    rare = [column for column in columns if _count(column) < OUTLYING * column.n]
    if found.samples and rare:
        yield _rows(found, rare, found.place.id("outliers-rows"), group)


def _count(column: ColumnStats) -> int:
    return column.outliers.below + column.outliers.above if column.outliers is not None else 0


def _columns(columns: list[ColumnStats], id: str, group: str) -> Figure:  # noqa: A002  (the figure's word)
    header = (
        Column("Column"),
        Column("Rows", True, "Beyond the fences"),
        Column("Share", True),
        Column("Below", True),
        Column("Above", True),
        Column("Fences", False, "Values between them are usual"),
        Column("Farthest", True, "Robust standard deviations from the median; interquartile ranges under Tukey"),
        Column("Method"),
    )
    rows = []
    for column in sorted(columns, key=lambda one: -abs(float(one.outliers.scores[0])) if one.outliers else 0.0):
        if (own := column.outliers) is None:
            continue
        low, high = (words.number(float(f"{fence:.4g}")) for fence in (own.low, own.high))
        farthest = float(own.scores[0])
        rows.append(
            (
                Cell(column.name),
                Cell(f"{_count(column):,}", _count(column)),
                Cell(percent(_count(column), column.n), _count(column) / column.n),
                Cell(f"{own.below:,}" if own.below else "–", own.below),
                Cell(f"{own.above:,}" if own.above else "–", own.above),
                Cell(f"{low} to {high}"),
                Cell(words.number(float(f"{farthest:.3g}")), abs(farthest)),
                Cell(own.method),
            )
        )
    caption = (
        f"Values more than {ROBUST_Z} robust standard deviations from the median (1.4826 MAD), or where half of the "
        f"values are equal, {TUKEY} interquartile ranges beyond the quartiles."
    )
    return Figure(id, "Outliers by column", caption, Table(header, tuple(rows), len(rows) > 10), group)


def _rows(found: Profile, columns: list[ColumnStats], id: str, group: str) -> Figure:  # noqa: A002
    odd: dict[int, list[_Odd]] = {}
    for column in columns:
        if column.outliers is not None:
            for row, score in zip(column.outliers.rows.tolist(), column.outliers.scores.tolist(), strict=True):
                odd.setdefault(row, []).append(_Odd(column, score))
    for cells in odd.values():
        cells.sort(key=lambda cell: -abs(cell.score))
    order = sorted(odd, key=lambda row: (-abs(odd[row][0].score), row))[:ROWS]
    total = sum(_count(column) for column in columns)
    caption = (
        f"The rows with the farthest cells, of {words.count(total, 'cell')} beyond the fences in columns where fewer "
        f"than {percent(OUTLYING, 1.0)} are."
    )
    if found.dataset.pictures is not None:
        items = tuple(_item(found, row, odd[row]) for row in order)
        spec: Gallery | Table = Gallery(items, len(odd), "the farthest cells first", first=12)
        return Figure(id, "Rows with outliers", caption, spec, group)
    groups = [one for one in (found.splits, found.classes) if one is not None]
    header = (
        Column("Row"),
        *(Column(one.what.capitalize()) for one in groups),
        Column("Odd cells"),
        Column("What is odd"),
        Column("Farthest", True),
    )
    rows = tuple(
        (
            Cell(title(found.dataset, row), row),
            *(Cell(one.name(row) or "–") for one in groups),
            Cell(f"{len(odd[row]):,}", len(odd[row])),
            Cell(_told(odd[row], row)),
            Cell(words.number(float(f"{odd[row][0].score:.2g}")), abs(odd[row][0].score)),
        )
        for row in order
    )
    return Figure(id, "Rows with outliers", caption, Table(header, rows, len(rows) > 10), group)


def _told(cells: list[_Odd], row: int) -> str:
    shown = ", ".join(cell.text(row) for cell in cells[:CELLS])
    return f"{shown} and {len(cells) - CELLS:,} more" if len(cells) > CELLS else shown


def _item(found: Profile, row: int, cells: list[_Odd]) -> Item:
    pictures = found.dataset.pictures
    picture = thumb(pictures, row) if pictures is not None else None
    own = facts(row, found.classes, found.splits)
    odd = tuple((cell.column.name, cell.text(row).partition(" = ")[2]) for cell in cells[:CELLS])
    return Item(title(found.dataset, row), (picture,) if picture else (), facts=(*own, *odd))
