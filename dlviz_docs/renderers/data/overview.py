"""A data set at a glance, and a table of all its columns."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights.data_columns import column_sentences, flags_of
from dlviz_docs.insights.data_words import association, percent
from dlviz_docs.model import Kind
from dlviz_docs.renderers.data._profile import Profile
from dlviz_docs.renderers.data.duplicates import Equal
from dlviz_docs.stats.columns import ColumnStats
from dlviz_docs.view import Cell, Column, Figure, Shown, Table

__all__ = ["all_columns", "overview"]

_NOTHING = Cell("–")
_KINDS: Mapping[Kind, tuple[str, str]] = {
    "number": ("number", "numbers"),
    "category": ("category", "categories"),
    "boolean": ("boolean", "booleans"),
    "time": ("time", "times"),
    "text": ("text", "texts"),
    "identifier": ("identifier", "identifiers"),
}


def overview(found: Profile, equal: Equal) -> Iterator[Shown]:
    """Facts; a fact nobody knows has no row."""
    dataset = found.dataset
    told = [
        ("Rows", f"{dataset.length:,}"),
        ("Columns", _kinds(found)),
        ("Splits", _splits(found)),
        ("Target", _target(found)),
        ("Pictures", f"{len(dataset.pictures):,}" if dataset.pictures is not None else ""),
        ("Annotated regions", f"{len(dataset.boxes):,}" if dataset.boxes is not None else ""),
        ("Values a row", _width(found)),
        ("Missing cells", _missing(found)),
        ("Duplicate rows", _duplicates(equal.first)),
        ("Grouped by", dataset.group),
        ("Ordered by", dataset.time),
        ("Format", dataset.format),
        ("Size on disk", words.size(dataset.octets) if dataset.octets else ""),
        ("From", _sources(dataset.sources)),
    ]
    rows = tuple((Cell(label), Cell(fact)) for label, fact in told if fact)
    caption = f"What {dataset.name or 'the data set'} holds, over all its rows."
    table = Table((Column("Fact"), Column("Value")), rows)
    yield Figure(found.place.id("data-facts"), "At a glance", caption, table, found.place.name or "At a glance")


def _kinds(found: Profile) -> str:
    if not found.dataset.features:
        return ""
    counts = Counter(feature.kind for feature in found.dataset.features)
    parts = [words.count(counts[kind], *_KINDS[kind]) for kind in _KINDS if counts[kind]]
    return f"{len(found.dataset.features):,}: {', '.join(parts)}"


def _splits(found: Profile) -> str:
    if not found.splits:
        return found.dataset.splits[0] if len(found.dataset.splits) == 1 else ""
    codes = found.splits.codes
    counts = np.bincount(codes[codes >= 0], minlength=len(found.splits.names))
    total = int(counts.sum())
    parts = [
        f"{name} {int(count):,} ({percent(int(count), total)})"
        for name, count in zip(found.splits.names, counts, strict=True)
    ]
    if left := len(codes) - total:
        parts.append(f"none {left:,}")
    return ", ".join(parts)


def _target(found: Profile) -> str:
    if found.target < 0:
        return found.dataset.target
    column = found.columns[found.target]
    if column.levels is not None:
        return f"{column.name}, {words.count(column.distinct, 'class', 'classes')}"
    return f"{column.name}, {_KINDS[column.feature.kind][0]}"


def _width(found: Profile) -> str:
    shapes = [array.shape[1:] for array in (found.dataset.embeddings, found.dataset.series) if array is not None]
    return ", ".join(" × ".join(f"{side:,}" for side in shape) for shape in shapes)


def _missing(found: Profile) -> str:
    cells = sum(column.n for column in found.columns)
    if not cells:
        return ""
    missing = sum(column.missing for column in found.columns)
    return f"{missing:,} of {cells:,} ({percent(missing, cells)})" if missing else "none"


def _duplicates(first: NDArray[np.intp]) -> str:
    later = int(((first >= 0) & (first != np.arange(len(first)))).sum())
    return f"{later:,} ({percent(later, len(first))})" if later else "none" if len(first) else ""


def _sources(sources: tuple[str, ...]) -> str:
    shown = ", ".join("the folder itself" if source == "." else source for source in sources[:4])
    return f"{shown} and {len(sources) - 4:,} more" if len(sources) > 4 else shown


# --- all columns ------------------------------------------------------------------------------------------------------


def all_columns(found: Profile, figures: frozenset[str]) -> Iterator[Shown]:
    """What is odd about columns, and every column in a row; `figures` are the columns' figures that the page has."""
    if not found.columns:
        return
    alone = len(found.columns) == 1 and found.classes is not None  # whose figure tells all of them
    table = "" if alone else found.place.id("columns")
    ids = dict(zip((column.name for column in found.columns), found.ids, strict=True))
    yield from column_sentences(
        found.columns,
        lambda name: ids[name] if ids[name] in figures else table,
        table,
        skip=found.dataset.target,
    )
    if alone:
        return
    columns = (
        Column("Column"),
        Column("Kind"),
        Column("Missing", True, "Share of the rows, and of cells that hold something else than the column"),
        Column("Distinct", True),
        Column("Least", True),
        Column("5 %", True, "Quantile"),
        Column("Median", True),
        Column("95 %", True, "Quantile"),
        Column("Greatest", True),
        Column("Mean", True),
        Column("SD", True, "Standard deviation"),
        Column("Skew", True, "g1, third standardised moment: 0 for a symmetric column"),
        Column("Most frequent", False, "Value, and its share of the rows that have one"),
        *([Column("With target", True, _TARGET_HELP)] if found.with_target else []),
        Column("Remarks"),
    )
    rows = tuple(_row(found, at, column) for at, column in enumerate(found.columns))
    caption = f"Every column over all rows, n = {found.dataset.length:,}."
    if found.left:
        caption = (
            f"{len(found.columns):,} of {len(found.dataset.features):,} columns, n = {found.dataset.length:,} rows."
        )
    yield Figure(
        table, "All columns", caption, Table(columns, rows, searchable=len(rows) > 10), found.place.group("Columns")
    )


_TARGET_HELP = "Spearman’s ρ between numbers, Cramér’s V between categories, correlation ratio η between the two"


def _row(found: Profile, at: int, column: ColumnStats) -> tuple[Cell, ...]:
    share = column.missing / column.n if column.n else 0.0
    cells = [
        Cell(column.name),
        Cell(_KINDS[column.feature.kind][0]),
        Cell(percent(column.missing, column.n) if column.missing else "0 %" if column.n else "–", share),
        Cell(f"{column.distinct:,}", column.distinct),
        *_numbers(column),
        _top(column),
    ]
    if found.with_target:
        pair = found.with_target.get(at)
        cells.append(Cell("–") if pair is None else Cell(association(pair.strength, 3), abs(pair.strength)))
    return (*cells, Cell(", ".join(flags_of(column))))


def _numbers(column: ColumnStats) -> list[Cell]:
    if (n := column.numbers) is None:
        return [_NOTHING] * 8
    if column.feature.kind == "time":
        ends = [
            Cell(words.date(value), value) for value in (n.least, n.q05, n.median, n.q95, n.greatest) if value == value
        ]
        return [*(ends or [_NOTHING] * 5), _NOTHING, _NOTHING, _NOTHING]
    values = (n.least, n.q05, n.median, n.q95, n.greatest, n.mean, n.sd)
    return [*(_number(value) for value in values), _number(n.skew, 3)]


def _number(value: float, digits: int = 4) -> Cell:
    return _NOTHING if math.isnan(value) else Cell(words.number(float(f"{value:.{digits}g}")), value)


def _top(column: ColumnStats) -> Cell:
    if column.levels is not None and column.levels.top >= 0:
        name = column.feature.levels[column.levels.top]
    elif column.numbers is not None and column.numbers.top_count > 1 and column.feature.kind == "number":
        name = words.number(column.numbers.top)
    else:
        return _NOTHING
    return Cell(f"{name if len(name) <= 40 else name[:39] + '…'} ({percent(column.top_share, 1.0)})", column.top_share)
