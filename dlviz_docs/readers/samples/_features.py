"""One column as a `Feature`: which kind it is, and its values.

A cell counts as missing when it is empty, NaN, or a word in a column of numbers (the last are `invalid`, too).
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import MISSING, Feature, FloatArray, Texts
from dlviz_docs.names import natural
from dlviz_docs.readers._frame import plain_name
from dlviz_docs.readers._text import clean
from dlviz_docs.readers.samples._roles import is_identifier_name
from dlviz_docs.readers.samples._spelled_times import compact_dates, spelled_times

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "LONGEST_TEXT",
    "MOST_LEVELS",
    "MOST_STRINGS",
    "category",
    "feature_of",
    "feature_of_array",
    "number",
    "strings_of",
    "texts_of",
    "words_series",
]

MOST_STRINGS = 200_000
"""Rows of a column of texts whose strings are kept."""
LONGEST_TEXT = 100_000
"""Characters of one text that are kept; lengths and copies are told of the whole."""
_MOST_CHARACTERS = 400_000_000
"""Of all strings that are kept: a Parquet file of a few kB may hold a thousand times as many."""
_MOST_IDENTIFIERS = 1_000_000
"""The same where they name the rows: what is predicted is tied to what is known by them."""
_FEW_LEVELS = 50
_LEVELS_SHARE = 0.05
"""A column of words is a category with so many distinct ones, or such a part of the rows."""
MOST_LEVELS = 10_000
_NUMBER_SHARE = 0.95
"""A column of words is one of numbers when more of its cells than that are."""
_LONG = 30
"""Characters; a column of words whose median is longer is text."""
_PEEK = 2_000
_JUDGED = 1_000
"""Characters of a cell by which it is told what it is."""
_AT_ONCE = 1 << 23
"""Bytes of strings that are copied at once, and what each costs beside its letters."""
_OF_STRING = 16
_TRUE_FALSE = frozenset({"true", "false"})
_LEADING_ZERO = re.compile(r"^[+-]?0[0-9]")
_ISO = re.compile(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?( ?(Z|UTC|[+-]\d{2}:?\d{2}))?)?$")
_EPOCH_NAMES = frozenset(
    {"timestamp", "time", "datetime", "date", "created_at", "unix_time", "epoch_time", "epoch", "epoch_ms", "unix"}
    | {"ts", "timestamp_ms", "time_ms", "unix_timestamp", "unixtime", "timestamp_ns", "timestamp_us", "recorded_at"}
)
_DAY_NAMES = frozenset({"date", "day", "ds", "yyyymmdd", "datum", "date_key", "datekey", "timestamp", "trade_date"})
_EPOCH = (1e8, 1e10)
"""1973 to 2286 as seconds since 1970; a thousand times that is milliseconds, and so on."""


def feature_of(name: str, column: pl.Series) -> Feature:
    """The column as what it holds; TypeError for what is no single value a row, such as lists."""
    import polars as pl

    dtype = column.dtype
    if dtype == pl.Boolean:
        codes = column.cast(pl.Int8).fill_null(MISSING).to_numpy().astype(np.int32)
        return Feature(name, "boolean", codes, ("False", "True"), missing=column.null_count())
    if dtype == pl.Null:
        return number(name, np.full(len(column), np.nan))
    if dtype.is_integer() and is_identifier_name(name):
        return _counting(name, column) or _identifier(name, column.cast(pl.String))
    if dtype.is_numeric():
        return number(name, column.cast(pl.Float64).to_numpy(), whole=True if dtype.is_integer() else None)
    if dtype.is_temporal():
        return _temporal(name, column)
    if isinstance(dtype, (pl.Enum, pl.Categorical)):
        return _category_of(name, column)
    if dtype == pl.String:
        return _words(name, column)
    raise TypeError(str(dtype))


def feature_of_array(name: str, values: NDArray[Any]) -> Feature:
    """The same for a column of an array file, shape (n,)."""
    kind = values.dtype.kind
    if kind == "b":
        return Feature(name, "boolean", values.astype(np.int32), ("False", "True"))
    if kind in "iu" and is_identifier_name(name):
        import polars as pl

        return feature_of(name, pl.Series(np.ascontiguousarray(values)))
    if kind in "iuf":
        return number(name, values.astype(np.float64), whole=True if kind in "iu" else None)
    if kind == "M":
        seconds = values.astype("datetime64[us]").astype(np.int64) / 1e6
        return _time(name, np.where(np.isnat(values), np.nan, seconds))
    if kind == "m":
        seconds = values.astype("timedelta64[us]").astype(np.int64) / 1e6
        return number(name, np.where(np.isnat(values), np.nan, seconds))
    if kind == "S":
        return _words(name, words_series([cell.decode("utf-8", "replace") for cell in values.tolist()]))
    if kind == "U":
        return _words(name, words_series(values.tolist()))
    raise TypeError(str(values.dtype))


def number(name: str, values: FloatArray, *, whole: bool | None = None, invalid: int = 0) -> Feature:
    """A column of numbers; times where the name says so and the numbers are seconds of our days."""
    missing = int(np.count_nonzero(np.isnan(values)))
    plain = plain_name(name)
    seconds = _epoch_seconds(values) if plain in _EPOCH_NAMES else None
    if seconds is None and plain in _DAY_NAMES:
        seconds = compact_dates(values)
    if seconds is not None:
        return Feature(name, "time", seconds, missing=missing, invalid=invalid)
    if whole is None:
        whole = _all_whole(values)
    return Feature(name, "number", values, whole=whole, missing=missing, invalid=invalid)


def category(name: str, codes: NDArray[Any], levels: Sequence[str]) -> Feature:
    """A column of places in `levels`; what lies outside them is missing."""
    known = (codes >= 0) & (codes < len(levels))
    placed = np.where(known, codes, MISSING).astype(np.int32)
    return Feature(name, "category", placed, tuple(levels), missing=int(len(codes) - np.count_nonzero(known)))


def words_series(cells: Sequence[str | None]) -> pl.Series:
    """A column of strings, whatever letters they are made of."""
    import polars as pl

    try:
        return pl.Series(cells, dtype=pl.String)
    except UnicodeEncodeError:
        return pl.Series([None if cell is None else clean(cell) for cell in cells], dtype=pl.String)


def texts_of(column: pl.Series, *, most: int = MOST_STRINGS) -> Texts:
    """The strings, how long they are, and what they come to when spelling is set aside."""
    lengths = column.str.len_chars().cast(int).fill_null(-1).to_numpy().astype(np.int64)
    kept = np.cumsum(np.clip(lengths, 0, LONGEST_TEXT)) <= _MOST_CHARACTERS
    most = min(most, len(kept) if kept.all() else int(np.argmin(kept)))
    shown = column.head(most)
    strings = shown if (lengths <= LONGEST_TEXT).all() else shown.str.head(LONGEST_TEXT)
    return Texts(tuple(strings.to_list()), lengths, _hashes(column))


def strings_of(feature: Feature) -> tuple[str | None, ...]:
    """Each cell as text, None where missing; the first rows only where the column keeps no more."""
    if feature.texts is not None:
        return feature.texts.strings
    if feature.kind in ("category", "boolean"):
        names = (*feature.levels, None)
        return tuple(names[code] for code in feature.values.astype(int).tolist())
    if feature.kind == "identifier":
        return tuple(None if value < 0 else str(value) for value in feature.values.tolist())
    if feature.whole:
        return tuple(None if value != value else f"{value:.0f}" for value in feature.values.tolist())
    return tuple(None if value != value else f"{value:.12g}" for value in feature.values.tolist())


# --- numbers and times ------------------------------------------------------------------------------------------------


def _all_whole(values: FloatArray) -> bool:
    """Whether every number is whole; the first ones tell for most columns."""
    head = values[:_PEEK]
    head = head[np.isfinite(head)]
    if (head != np.rint(head)).any():
        return False
    finite = values[np.isfinite(values)]
    return bool(len(finite)) and not (finite != np.rint(finite)).any()


def _epoch_seconds(values: FloatArray) -> FloatArray | None:
    finite = values[np.isfinite(values)]
    for unit in (1.0, 1e3, 1e6, 1e9):
        if len(finite) and _EPOCH[0] * unit <= finite.min() and finite.max() < _EPOCH[1] * unit:
            return values / unit
    return None


def _time(name: str, seconds: FloatArray, invalid: int = 0) -> Feature:
    return Feature(name, "time", seconds, missing=int(np.count_nonzero(np.isnan(seconds))), invalid=invalid)


def _temporal(name: str, column: pl.Series) -> Feature:
    import polars as pl

    if isinstance(column.dtype, pl.Duration):
        return number(name, column.dt.total_microseconds().cast(pl.Float64).to_numpy() / 1e6)
    if column.dtype == pl.Time:
        return number(name, column.cast(pl.Int64).cast(pl.Float64).to_numpy() / 1e9)
    micros = column.cast(pl.Datetime("us")).cast(pl.Int64).cast(pl.Float64)
    return _time(name, micros.to_numpy() / 1e6)


def _dates(name: str, column: pl.Series, cells: Sequence[str]) -> Feature | None:
    """ISO 8601, with or without a time and a zone; None where the cells are something else."""
    matches = [_ISO.match(cell) for cell in cells]
    if not cells or sum(map(bool, matches)) <= _NUMBER_SHARE * len(cells):
        spelled = spelled_times(column, cells)
        return None if spelled is None else _moments(name, column, spelled)
    zoned = any(match and match[4] for match in matches)
    text = column.str.strip_chars().str.replace("T", " ", literal=True).str.replace(",", ".", literal=True)
    if zoned:
        text = text.str.replace(r" ?(Z|UTC)$", "+00:00").str.replace(r"^(.{10,}) ([+-]\d)", "$1$2")
        text = text.str.replace(r"([+-]\d{2}):?(\d{2})$", "$1$2")
    # One spelling for all: what is left out is zero.
    text = text.str.replace(r"^(\d{4}-\d{2}-\d{2})$", "$1 00:00")
    text = text.str.replace(r"^(.{16})($|[+-])", "$1:00$2").str.replace(r"^(.{19})($|[+-])", "$1.0$2")
    form = "%Y-%m-%d %H:%M:%S%.f"
    if zoned:
        text = text.str.replace(r"^([^+]{19}\.\d+)$", "$1+0000")
        parsed = text.str.to_datetime(form + "%z", time_unit="us", time_zone="UTC", strict=False)
    else:
        parsed = text.str.to_datetime(form, time_unit="us", strict=False)
    return _moments(name, column, parsed)


def _moments(name: str, column: pl.Series, parsed: pl.Series) -> Feature | None:
    """Times, if hardly a cell is none."""
    import polars as pl

    invalid = parsed.null_count() - column.null_count()
    if invalid > (1 - _NUMBER_SHARE) * max(1, len(column) - column.null_count()):
        return None
    return _time(name, parsed.cast(pl.Int64).cast(pl.Float64).to_numpy() / 1e6, invalid)


# --- words ------------------------------------------------------------------------------------------------------------


def _words(name: str, column: pl.Series) -> Feature:
    """Strings as numbers, truth values, times, categories, identifiers or texts, whatever fits first."""
    present = len(column) - column.null_count()
    distinct = column.unique().drop_nulls()
    if not len(distinct):
        return number(name, np.full(len(column), np.nan))
    head = [cell.strip() for cell in column.drop_nulls().head(_PEEK).str.head(_JUDGED).to_list()]
    few = len(distinct) <= min(MOST_LEVELS, max(_FEW_LEVELS, _LEVELS_SHARE * len(column)))
    if few:
        return _few(name, column, sorted(distinct.to_list(), key=natural), head, present)
    if (numbers := _numbers(name, column, head)) or (numbers := _dates(name, column, head)):
        return numbers
    if _is_prose(head):
        return _text(name, column)
    return _identifier(name, column)


def _few(name: str, column: pl.Series, raw: list[str], head: Sequence[str], present: int) -> Feature:
    import polars as pl

    places = column.cast(pl.Enum(raw)).to_physical().cast(pl.Int32).fill_null(len(raw)).to_numpy()
    stripped = [cell.strip() for cell in raw]
    values = np.array([*(_float(cell) for cell in stripped), np.nan])
    counts = np.bincount(places, minlength=len(raw) + 1)
    numeric = int(counts[~np.isnan(values)].sum())
    empty = int(counts[-1]) + sum(int(counts[place]) for place, cell in enumerate(stripped) if not cell)
    if numeric and numeric > _NUMBER_SHARE * (len(column) - empty):
        return number(name, values[places], invalid=len(column) - empty - numeric)
    levels = list(dict.fromkeys(cell for cell in stripped if cell))
    index = {level: place for place, level in enumerate(levels)}
    if levels and {level.lower() for level in levels} <= _TRUE_FALSE:
        levels, index = ["False", "True"], {level: int(level.lower() == "true") for level in levels}
        kind = "boolean"
    elif dates := _dates(name, column, head):
        return dates
    else:
        kind = "category"
        if len(raw) > present / 2 and _is_prose(head):
            return _text(name, column)
        if len(raw) == present and (present >= 10 or is_identifier_name(name)):
            return _identifier(name, column)
    lookup = np.array([*(index.get(cell, MISSING) for cell in stripped), MISSING], np.int32)
    return Feature(name, "boolean" if kind == "boolean" else "category", lookup[places], tuple(levels), missing=empty)


def _float(cell: str) -> float:
    """The number, NaN for a word; "007" and "1_000" are words."""
    if _LEADING_ZERO.match(cell) or "_" in cell:
        return np.nan
    try:
        return float(cell)
    except ValueError:
        return np.nan


def _numbers(name: str, column: pl.Series, head: Sequence[str]) -> Feature | None:
    import polars as pl

    numeric = sum(not np.isnan(_float(cell)) for cell in head)
    if numeric <= 0.9 * len(head):  # the first cells are few; all of them are asked below
        return None
    values = column.str.strip_chars().cast(pl.Float64, strict=False).to_numpy()
    words = int(np.count_nonzero(np.isnan(values))) - column.null_count()
    if len(column) - column.null_count() - words <= _NUMBER_SHARE * (len(column) - column.null_count()):
        return None
    return number(name, values, invalid=words)


def _is_prose(head: Sequence[str]) -> bool:
    """Whether cells are sentences: long, with spaces; a path or a hash is long without."""
    spaced = np.array([cell.count(" ") + cell.count("\n") for cell in head])
    lengths = np.array([len(cell) for cell in head])
    middle = float(np.median(spaced))
    return middle >= 4 or (middle >= 1 and float(np.median(lengths)) > _LONG) or _is_unspaced_prose(head, lengths)


def _is_unspaced_prose(head: Sequence[str], lengths: NDArray[Any]) -> bool:
    """Chinese, Japanese and Thai set no spaces."""
    letters = sum(not cell.isascii() for cell in head)
    return letters > len(head) / 2 and float(np.median(lengths)) > _LONG / 2


def _text(name: str, column: pl.Series) -> Feature:
    return Feature(name, "text", _first_rows(column), texts=texts_of(column), missing=column.null_count())


def _identifier(name: str, column: pl.Series) -> Feature:
    texts = texts_of(column, most=_MOST_IDENTIFIERS)
    return Feature(name, "identifier", _first_rows(column), texts=texts, missing=column.null_count())


def _counting(name: str, column: pl.Series) -> Feature | None:
    """0, 1, 2, ...: what it holds is known without a string for each row; None for anything else."""
    n = len(column)
    if column.null_count() or not n or column[0] != 0 or column[-1] != n - 1 or n > 2**31:
        return None
    places = np.arange(n, dtype=np.int32)
    return Feature(name, "identifier", places, whole=True) if (column.to_numpy() == places).all() else None


def _first_rows(column: pl.Series) -> NDArray[np.int32]:
    """Of each row, the first with the same content."""
    import polars as pl

    if column.n_unique() == len(column):
        return np.where(column.is_null().to_numpy(), MISSING, np.arange(len(column))).astype(np.int32)
    frame = column.rename("cell").to_frame().with_row_index("row")
    first = frame.select(pl.col("row").first().over("cell")).to_series().to_numpy()
    return np.where(column.is_null().to_numpy(), MISSING, first).astype(np.int32)


def _category_of(name: str, column: pl.Series) -> Feature:
    """Of a column that was a category where it was written, in its order; one of very many levels is words."""
    import polars as pl

    if isinstance(column.dtype, pl.Enum):
        levels = column.dtype.categories.to_list()
        if len(levels) <= MOST_LEVELS:
            codes = column.to_physical().cast(pl.Int32).fill_null(MISSING).to_numpy()
            return category(name, codes, levels)
    words = column.cast(pl.String)
    levels = sorted(words.unique().drop_nulls().to_list(), key=natural)
    if not levels or len(levels) > MOST_LEVELS:
        return _words(name, words)
    codes = words.cast(pl.Enum(levels)).to_physical().cast(pl.Int32).fill_null(MISSING).to_numpy()
    return category(name, codes, levels)


def _hashes(column: pl.Series) -> NDArray[np.uint64]:
    """Of each string, spelled plainly. Another release of Polars may give others: they are compared, never kept."""
    octets = np.cumsum(column.str.len_bytes().fill_null(0).to_numpy().astype(np.int64) + _OF_STRING)
    ends = [0, *(np.flatnonzero(np.diff(octets // _AT_ONCE)) + 1).tolist(), len(column)]
    return np.concatenate([_hashes_of(column[start:end]) for start, end in itertools.pairwise(ends)])


def _hashes_of(column: pl.Series) -> NDArray[np.uint64]:
    import polars as pl

    plain = column.str.replace_all(r"\s+", " ").str.strip_chars(" ").str.to_lowercase()
    wide = (column.str.len_bytes() != column.str.len_chars()).fill_null(False)
    if wide.any():
        told = [" ".join(unicodedata.normalize("NFKC", cell).casefold().split()) for cell in column.filter(wide)]
        plain = plain.scatter(wide.arg_true(), pl.Series(told, dtype=pl.String))
    hashes = plain.hash(seed=0).to_numpy().astype(np.uint64)
    return np.where(column.is_null().to_numpy(), 0, np.maximum(hashes, 1)).astype(np.uint64)
