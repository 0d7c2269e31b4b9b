"""JSON as loggers write it: with NaN and Infinity, numbers of any length, and ends that were cut off."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dlviz_docs.readers._text import Damaged, Lines

__all__ = ["Rows", "load", "peeked_rows", "prefix"]

_LONGEST_INT = 4300
"""Digits; Python refuses to read more, for reading takes time that grows with their square."""
_DEEPEST = 300
"""Levels of a part that is read; what is nested deeper ends it. Python reads about a thousand."""
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"|["\[\]{},]', re.DOTALL)
_CLOSING = {"[": "]", "{": "}"}


def load(text: str, *, long_int: Callable[[str], object] = float) -> object:
    """The value; `Damaged`, with the part before the damage, where it is not JSON.

    Integers of more than 4,300 digits go through `long_int`, which makes infinity of them unless told otherwise.
    """
    try:
        return _parse(text, long_int)
    except json.JSONDecodeError as error:
        what = f"not valid JSON from line {error.lineno}, column {error.colno} on"
        raise Damaged(what, prefix(text[: error.pos + 1], long_int=long_int)) from error
    except RecursionError as error:
        raise Damaged("nested too deep to be read", prefix(text, long_int=long_int)) from error


def prefix(text: str, *, long_int: Callable[[str], object] = float) -> object:
    """The value that a text cut off anywhere begins with: all that is complete; None if nothing is."""
    repaired = _closed(text)
    if repaired is None:
        return None
    try:
        return _parse(repaired, long_int)
    except (json.JSONDecodeError, RecursionError):
        return None


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INT else float(digits)


_DECODER = json.JSONDecoder(parse_int=_integer)


def _parse(text: str, long_int: Callable[[str], object] = float) -> object:
    if long_int is float:
        return _DECODER.decode(text)
    return json.loads(text, parse_int=lambda digits: int(digits) if len(digits) <= _LONGEST_INT else long_int(digits))


def _closed(text: str) -> str | None:
    """The text up to the last place where every value is complete, with what is open closed."""
    open_: list[str] = []
    cut = depth = 0
    for match in _STRUCTURE.finditer(text):
        mark = match[0]
        if mark == '"':  # a string that never ends
            break
        if mark in "[{":
            open_.append(mark)
            if len(open_) > _DEEPEST:
                break
        elif mark in "]}":
            if not open_ or _CLOSING[open_.pop()] != mark:
                break
        elif mark != ",":
            continue
        # Between here and the next such place only brackets can open: the first `depth` stay what they are.
        cut = match.start() if mark == "," else match.end()
        depth = len(open_)
    if not cut:
        return None
    return text[:cut] + "".join(_CLOSING[bracket] for bracket in reversed(open_[:depth]))


@dataclass(slots=True)
class Rows:
    """JSON lines, row by row; what could not be read is counted."""

    lines: Lines
    bad: int = 0
    first_bad: int = 0
    """Number of the first line, from 1, that is not a JSON object."""
    cut_bytes: int = 0
    """Length of a last line that breaks off."""

    def __iter__(self) -> Iterator[dict[str, object]]:
        refused = ""
        for number, line in enumerate(self.lines, start=1):
            if line.isspace():
                continue
            row = _row(line)
            if row is not None:
                yield row
                continue
            refused = line
            self.bad += 1
            self.first_bad = self.first_bad or number
        if refused and refused is self.lines.last and not self.lines.whole:
            self.bad -= 1
            self.cut_bytes = len(refused.encode("utf-8", "surrogateescape"))


def _row(line: str) -> dict[str, object] | None:
    try:
        value = _parse(line)
    except (json.JSONDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def peeked_rows(text: str) -> Iterator[dict[str, object]]:
    """The complete rows at the head of JSON lines, and the complete part of a row that is cut."""
    for line in text.split("\n"):
        row = _row(line) if line.rstrip().endswith("}") else prefix(line)
        if isinstance(row, dict):
            yield row
