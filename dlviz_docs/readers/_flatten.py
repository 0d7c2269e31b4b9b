"""Nested settings and results as flat names."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from dlviz_docs.model import Hparam
from dlviz_docs.readers._text import clean

__all__ = ["DEEPEST", "MOST_KEYS", "hparams", "leaves", "number"]

DEEPEST = 64
MOST_KEYS = 5_000
_LONGEST_LIST = 64
_LONGEST_TEXT = 2_000


def leaves(value: object, separator: str, name: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """Every value that is not a mapping, under its keys joined by `separator`; deeper than 64 is left out."""
    if not isinstance(value, Mapping):
        yield name, value
    elif depth < DEEPEST:
        for key, inner in value.items():
            yield from leaves(inner, separator, f"{name}{separator}{key}" if name else clean(str(key)), depth + 1)


def number(value: object) -> float | None:
    """The value of a metric; None for what is not one. Loggers write non-finite numbers as words, too."""
    if isinstance(value, float):
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if isinstance(value, str) and value.lower() in ("nan", "inf", "-inf", "infinity", "-infinity"):
        return float(value)
    return None


def hparams(value: object) -> dict[str, Hparam]:
    """Settings under dotted names: lists of plain values as "a, b", lists of mappings by their index."""
    found: dict[str, Hparam] = {}
    for name, leaf in _settings(_unwrapped(value), "", 0):
        if len(found) >= MOST_KEYS:
            break
        found[name] = leaf
    return found


def _settings(value: object, name: str, depth: int) -> Iterator[tuple[str, Hparam]]:
    if depth > DEEPEST:
        yield name, "…"
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _settings(_unwrapped(inner), f"{name}.{key}" if name else clean(str(key)), depth + 1)
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            yield from _settings(_unwrapped(item), f"{name}.{index}" if name else str(index), depth + 1)
    elif name:
        yield name, _leaf(value)


def _unwrapped(value: object) -> object:
    """What jsonpickle wrapped: {"py/tuple": [1, 2]} is a list, a pickled array its values."""
    if isinstance(value, Mapping) and "py/tuple" in value:
        return value["py/tuple"]
    if isinstance(value, Mapping) and value.get("py/object") == "numpy.ndarray" and "values" in value:
        return value["values"]
    return value


def _leaf(value: object) -> Hparam:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        shown = ", ".join(_word(item) for item in value[:_LONGEST_LIST])
        return _short(shown if len(value) <= _LONGEST_LIST else f"{shown}, … ({len(value):,} values)")
    return _short(str(value))


def _word(value: object) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)[:_LONGEST_TEXT]


def _short(text: str) -> str:
    return clean(text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…")
