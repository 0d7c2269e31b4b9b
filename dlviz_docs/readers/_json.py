"""JSON as loggers write it: with NaN and Infinity, numbers of any length, and ends that were cut off."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from dlviz_docs.readers._text import Damaged

__all__ = ["Lines", "load", "prefix", "rows"]

_LONGEST_INT = 4300
"""Digits; Python refuses to read more, for reading takes time that grows with their square."""
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
        raise Damaged("nested too deep to be read") from error


def prefix(text: str, *, long_int: Callable[[str], object] = float) -> object:
    """The value that a text cut off anywhere begins with: all that is complete; None if nothing is."""
    repaired = _closed(text)
    if repaired is None:
        return None
    try:
        return _parse(repaired, long_int)
    except (json.JSONDecodeError, RecursionError):
        return None


def _parse(text: str, long_int: Callable[[str], object]) -> object:
    def integer(digits: str) -> object:
        return int(digits) if len(digits) <= _LONGEST_INT else long_int(digits)

    return json.loads(text, parse_int=integer)


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


class Lines:
    """JSON lines, row by row; what could not be read is counted."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.bad = 0
        self.first_bad = 0
        """Number of the first line, from 1, that is not JSON."""
        self.cut_bytes = 0
        """Length of a last line that breaks off."""

    def __iter__(self) -> Iterator[dict[str, object]]:
        lines = self._text.split("\n")
        last = len(lines) - 1  # text after the last newline: a line still being written
        for number, line in enumerate(lines):
            if not line or line.isspace():
                continue
            row = _row(line)
            if row is not None:
                yield row
            elif number == last:
                self.cut_bytes = len(line.encode("utf-8", "replace"))
            else:
                self.bad += 1
                self.first_bad = self.first_bad or number + 1


def _row(line: str) -> dict[str, object] | None:
    try:
        value = _parse(line, float)
    except (json.JSONDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def rows(text: str) -> Iterator[dict[str, object]]:
    """The complete rows at the head of JSON lines, and the complete part of a row that is cut."""
    for line in text.split("\n"):
        row = _row(line) if line.rstrip().endswith("}") else prefix(line)
        if isinstance(row, dict):
            yield row
