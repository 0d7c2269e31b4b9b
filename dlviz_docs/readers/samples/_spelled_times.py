"""Dates that are not spelled as ISO 8601 has them: "31/12/2024 23:59", "12/31/2024", "31.12.2024", "Dec 31, 2024"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlviz_docs.model import FloatArray

if TYPE_CHECKING:
    import polars as pl

__all__ = ["compact_dates", "spelled_times"]

_CLOCK = r"(?:[ T,]+(?P<clock>\d{1,2}:\d{2})(?P<second>:\d{2})?(?:\.\d+)?(?P<half> ?[AaPp][Mm])?)?$"
_NUMBERS = re.compile(r"^(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})" + _CLOCK)
_YEAR_FIRST = re.compile(r"^(\d{4})([/.])(\d{1,2})\2(\d{1,2})" + _CLOCK)
_MONTH = re.compile(r"^(\d{4})-(\d{2})$")
_WORDS = re.compile(r"^(?:(\d{1,2})[ -]([A-Za-z]{3,9})[ -](\d{4})|([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4}))" + _CLOCK)
_SHARE = 0.95
_YEARS = (1800, 2200)


def spelled_times(column: pl.Series, head: Sequence[str]) -> pl.Series | None:
    """The cells as moments, null for those that are none; None where they are something else, or where nobody can tell
    the day from the month."""
    if not head:
        return None
    for pattern, form_of in ((_NUMBERS, _of_numbers), (_YEAR_FIRST, _year_first), (_WORDS, _of_words), (_MONTH, None)):
        matches = [match for cell in head if (match := pattern.match(cell))]
        if len(matches) > _SHARE * len(head):
            if form_of is None:
                return (column.str.strip_chars() + "-01").str.to_datetime("%Y-%m-%d", time_unit="us", strict=False)
            return _parsed(column, matches, form_of)
    return None


def _parsed(
    column: pl.Series, matches: Sequence[re.Match[str]], form_of: Callable[[pl.Series, re.Match[str]], str]
) -> pl.Series | None:
    """By the form of the first cell, which all have to share."""
    first = matches[0]
    cells = column.str.strip_chars()
    if not (form := form_of(cells, first)):
        return None
    if not first["clock"]:
        return cells.str.to_date(form, strict=False).cast(_moments())
    hours = "%I:%M" if first["half"] else "%H:%M"
    form = f"{form} {hours}{':%S' if first['second'] else ''}{'%.f' if first['second'] else ''}"
    cells = cells.str.replace(r"[ T,]+(\d{1,2}:\d{2})", " $1")
    if first["half"]:
        cells, form = cells.str.replace(r" ?([AaPp][Mm])$", " $1"), f"{form} %p"
    return cells.str.to_datetime(form, time_unit="us", strict=False)


def _moments() -> pl.Datetime:
    import polars as pl

    return pl.Datetime("us")


def _of_numbers(cells: pl.Series, match: re.Match[str]) -> str:
    """Day first where one is above 12, or where full stops stand between; "" where both would do."""
    mark, year = match[2], "%Y" if len(match[4]) == 4 else "%y"
    parts = cells.str.extract_groups(r"^(\d{1,2})[/.-](\d{1,2})[/.-]").struct
    highest = [parts.field(name).cast(int, strict=False).max() for name in ("1", "2")]
    one, two = (value if isinstance(value, int) else 0 for value in highest)
    if one > 31 or two > 31 or (one > 12 and two > 12):
        return ""
    if one > 12 or (mark == "." and two <= 12):
        return f"%d{mark}%m{mark}{year}"
    return f"%m{mark}%d{mark}{year}" if two > 12 else ""


def _year_first(cells: pl.Series, match: re.Match[str]) -> str:
    return f"%Y{match[2]}%m{match[2]}%d"


def _of_words(cells: pl.Series, match: re.Match[str]) -> str:
    month = "%b" if len(match[2] or match[4]) == 3 else "%B"
    if match[1]:
        mark = "-" if "-" in match[0].partition(match[2])[0] else " "
        return f"%d{mark}{month}{mark}%Y"
    return f"{month} %d, %Y" if "," in match[0].partition(match[6])[0] else f"{month} %d %Y"


def compact_dates(values: FloatArray) -> FloatArray | None:
    """Numbers such as 20241231 as seconds since 1970; None where one of them is no date."""
    finite = np.isfinite(values)
    whole = values[finite]
    if not len(whole) or (whole != np.rint(whole)).any() or whole.min() < 10_000_000 or whole.max() > 99_999_999:
        return None
    days = whole.astype(np.int64)
    year, month, day = days // 10_000, days // 100 % 100, days % 100
    if year.min() < _YEARS[0] or year.max() > _YEARS[1] or month.min() < 1 or month.max() > 12 or day.min() < 1:
        return None
    if day.max() > 31:
        return None
    start = (year - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (month - 1)
    moments = start.astype("datetime64[D]") + (day - 1)
    seconds = np.full(len(values), np.nan)
    seconds[finite] = moments.astype("datetime64[s]").astype(np.int64)
    return seconds
