"""Amounts, shapes and names of layers, as sentences and tables about models put them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from dlviz_docs import words
from dlviz_docs.insights.data_words import percent

__all__ = ["amount", "brief", "layer", "layers", "moved", "multiply_adds", "parameters", "shape", "share", "spaced"]

LONGEST = 60
"""Letters of a layer's name; of a longer one the end is kept, which tells it from others."""


def amount(value: float, billion: str = "G") -> str:
    """Three digits and a prefix: "912", "73.2 k", "11.7 M", "1.82 G"."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    for power, prefix in ((12, "T"), (9, billion), (6, "M"), (3, "k")):
        # What would be rounded up to 1,000 of one prefix is 1 of the next.
        if size >= 0.9995 * 10.0**power:
            return f"{_three(value / 10.0**power)} {prefix}"
    return _three(value)


def _three(value: float) -> str:
    if not math.isfinite(value):
        return words.number(value)
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:,.0f}"


def parameters(count: int) -> str:
    """ "73.2 k parameters", "7.24 B parameters"."""
    return f"{amount(count, 'B')} parameter{'' if count == 1 else 's'}"


def multiply_adds(count: float) -> str:
    """ "1.82 G multiply-adds"."""
    return f"{amount(count)} multiply-add{'' if count == 1 else 's'}"


def share(part: float, whole: float) -> str:
    """ "74 %": without digits nobody needs from 10 % on."""
    if whole and 0.0995 <= part / whole <= 0.995:
        return f"{100 * part / whole:.0f} %"
    return percent(part, whole)


def moved(relative: float) -> str:
    """A change beside what changed: "47 %", "4.5 times", "frozen"."""
    if not relative:
        return "frozen"
    if relative >= 1.995:
        return f"{_three(relative)} times"
    return f"{100 * relative:.0f} %" if relative >= 0.995 else share(relative, 1.0)


_MADE_UP = re.compile(r"[su]\d+")


def shape(lengths: Sequence[int | str]) -> str:
    """ "1 × 64 × 56 × 56"; "a number" without axes. Names of lengths that vary are cut if they are long, and those that
    PyTorch made up ("s31") are called n."""
    return " × ".join(_length(length) for length in lengths) if lengths else "a number"


def _length(length: int | str) -> str:
    return "n" if isinstance(length, str) and _MADE_UP.fullmatch(length) else brief(str(length), 16)


def spaced(lengths: Sequence[int | str]) -> str:
    """The shape without the first axis where that is the batch: 1, or a length that varies."""
    batch = len(lengths) > 1 and (lengths[0] == 1 or isinstance(lengths[0], str))
    return shape(lengths[1:] if batch else lengths)


def brief(name: str, most: int = LONGEST) -> str:
    """A name on one line, its beginning left out if it is long."""
    plain = " ".join(name.split())
    return plain if len(plain) <= most else f"…{plain[1 - most :]}"


def layer(path: str) -> str:
    """ "“layer4.1.bn2”"; the model itself has no name of its own."""
    return f"“{brief(path)}”" if path else "the model itself"


def layers(paths: Sequence[str], most: int = 3) -> str:
    """ "“a”, “b” and 4 more"."""
    shown = [layer(path) for path in paths[:most]]
    if more := len(paths) - len(shown):
        return f"{', '.join(shown)} and {more:,} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
