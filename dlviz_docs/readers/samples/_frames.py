"""Columns of a data frame as a `Sheet`: one at a time, so that each is let go when it is converted.

Structures are flattened, lists of equal length become arrays; other lists are kept as text, where they hold text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import Feature, Problem, Sheet
from dlviz_docs.readers.samples._features import category, feature_of
from dlviz_docs.readers.samples._limits import Limits
from dlviz_docs.readers.samples._sequences import ragged_series
from dlviz_docs.readers.samples.jsonlines import conversation

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Waiting", "sheet_of"]

_DEEPEST = 4
_PEEK = 200
_WIDEST = 10_000
_TYPE = re.compile(r"(?:np|numpy)\.(?:float|int)\d+\(([^()]*)\)")
_MARKS = r"np\.|torch\.|tensor|array|dtype=\w+|device='[^']*'|[\[\](),]"
_LIST = re.compile(
    r"^(?:np\.|torch\.)?(?:tensor|array)?[(\[]+[-+\d.eEnaif,\s]+[)\]]+(?:, ?(?:dtype|device)=[^()]*\))?$"
)


class Waiting(Protocol):
    """A column that is put together when its turn comes."""

    def __len__(self) -> int: ...
    def now(self) -> pl.Series: ...


def sheet_of(
    columns: dict[str, pl.Series | Waiting],
    *,
    source: str,
    format: str,  # noqa: A002
    limits: Limits,
    octets: int = 0,
    classes: Mapping[str, Sequence[str]] | None = None,
    problems: Sequence[Problem] = (),
) -> Sheet:
    """All columns, each taken out of `columns`; `classes` names the levels of columns of whole numbers."""
    length = max(map(len, columns.values()), default=0)
    found = list(problems)
    if len(columns) > limits.max_columns:
        what = f"has {len(columns):,} columns; the first {limits.max_columns:,} are shown"
        found.append(Problem("too-many-columns", source, what, "Leave out the columns that are not needed."))
        for name in list(columns)[limits.max_columns :]:
            del columns[name]
    features: list[Feature] = []
    arrays: dict[str, NDArray[Any]] = {}
    refused: list[str] = []
    while columns:
        name = next(iter(columns))
        for inner, column in _flat(name, _now(columns.pop(name)), 0):
            if said := _conversation(column):
                columns |= {side: cells for side, cells in said.items() if side not in columns}
                continue
            value = _value(inner, column)
            if isinstance(value, Feature):
                levels = (classes or {}).get(inner)
                features.append(category(inner, _places(value), levels) if levels and value.whole else value)
            elif value is not None:
                arrays[inner] = value
            else:
                refused.append(inner)
    if refused:
        found.append(_refusal(source, refused))
    return Sheet(source, format, length, tuple(features), arrays, octets=octets, problems=tuple(found))


def _now(column: pl.Series | Waiting) -> pl.Series:
    import polars as pl

    return column if isinstance(column, pl.Series) else column.now()


def _places(feature: Feature) -> NDArray[Any]:
    return np.nan_to_num(feature.values, nan=-1, posinf=-1, neginf=-1).astype(np.int64)


def _refusal(source: str, names: Sequence[str]) -> Problem:
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    what = f"columns that hold no single value a row are left out: {shown}"
    remedy = "Save one value in each cell, or lists of equal length; save pictures as files and name them in a column."
    return Problem("nested-column", source, what, remedy)


def _flat(name: str, column: pl.Series, depth: int) -> Iterator[tuple[str, pl.Series]]:
    """The column, or those of its structure; of a picture inside a table, what it was called."""
    import polars as pl

    if column.dtype != pl.Struct or depth >= _DEEPEST:
        yield name, column
        return
    for field in column.struct.fields:
        inner = column.struct.field(field)
        if inner.dtype != pl.Binary:
            yield from _flat(f"{name}.{field}", inner, depth + 1)
        elif inner.null_count() < len(inner):
            yield f"{name}.{field}", inner


def _value(name: str, column: pl.Series) -> Feature | NDArray[Any] | None:
    import polars as pl

    if isinstance(column.dtype, (pl.List, pl.Array)):
        tokens = ragged_series(name, column)
        return (_array(column) if tokens is None else tokens) if len(column) else None
    if column.dtype == pl.String and (numbers := listed_numbers(column)) is not None:
        return numbers
    try:
        return feature_of(name, column)
    except TypeError:
        return None


def _array(column: pl.Series) -> NDArray[Any] | Feature | None:
    """Lists of numbers, all of one length, shape (n, ...); lists of words as text."""
    import polars as pl

    shape, inner = [len(column)], column
    while isinstance(inner.dtype, (pl.List, pl.Array)):
        if isinstance(inner.dtype, pl.Array):
            inner = inner.arr.to_list()
        lengths = inner.list.len()
        width = lengths.max()
        if inner.null_count() or not isinstance(width, int) or not width or lengths.n_unique() != 1:
            return _joined(column)
        shape.append(width)
        inner = inner.explode()
    if inner.dtype.is_float() and inner.null_count():
        inner = inner.fill_null(float("nan"))
    if not inner.dtype.is_numeric() or inner.null_count():
        return _joined(column)
    return inner.to_numpy().reshape(shape)


def _conversation(column: pl.Series) -> dict[str, pl.Series] | None:
    """Lists of turns, each with its role and content, as a column for each side."""
    import polars as pl

    inner = column.dtype.inner if isinstance(column.dtype, pl.List) else None
    if not isinstance(inner, pl.Struct):
        return None
    if not {field.name for field in inner.fields} >= {"role", "content"} and not (
        {field.name for field in inner.fields} >= {"from", "value"}
    ):
        return None
    rows = [conversation([turn for turn in turns or () if turn]) for turns in column.to_list()]
    sides = dict.fromkeys(side for row in rows for side in row)
    return {side: pl.Series(side, [row.get(side) for row in rows], strict=False) for side in sides}


def listed_numbers(column: pl.Series) -> NDArray[np.float64] | None:
    """Cells such as "[0.1, 0.9]", as pandas and NumPy write lists into text, as an array of shape (n, k); None where
    a cell is something else or another one longer."""
    present = column.drop_nulls()
    if not len(present) or len(present) < len(column):
        return None
    head = [_TYPE.sub(r"\1", cell.strip()) for cell in present.head(_PEEK).to_list()]
    if not all(map(_LIST.match, head)):
        return None
    plain = present.str.replace_all(_TYPE.pattern, "$1").str.replace_all(_MARKS, " ").str.strip_chars()
    counts = plain.str.count_matches(r"\S+")
    width = counts[0]
    if width < 2 or counts.n_unique() != 1 or width > _WIDEST:
        return None
    try:
        numbers = np.array(" ".join(plain.to_list()).split(), np.float64)
    except ValueError:
        return None
    return numbers.reshape(len(column), width)


def _joined(column: pl.Series) -> Feature | None:
    import polars as pl

    if isinstance(column.dtype, pl.List) and column.dtype.inner == pl.String:
        return feature_of(column.name, column.list.join(", ", ignore_nulls=True))
    return None
