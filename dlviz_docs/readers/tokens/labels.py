"""Names of classes as Hugging Face's config.json tells them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from dlviz_docs.errors import ReadError
from dlviz_docs.readers._json import load
from dlviz_docs.readers._text import clean, read_text

__all__ = ["labels_in"]

_LARGEST = 1 << 22
_LONGEST = 200
_NAMELESS = re.compile(r"^LABEL_\d+$")
"""What the library calls classes that nobody named."""


def labels_in(path: Path) -> tuple[str, ...]:
    """The names in `id2label`, or else those in `label2id`, that of class 0 first; () where it tells none."""
    try:
        config = load(read_text(path, _LARGEST)[0])
    except (ReadError, OSError):
        return ()
    if not isinstance(config, Mapping):
        return ()
    pairs = _pairs(config.get("id2label")) or {n: name for name, n in _flipped(config.get("label2id")).items()}
    names = [pairs[place] for place in range(len(pairs)) if place in pairs]
    fine = 1 < len(names) == len(pairs) == len(set(names)) and not all(map(_NAMELESS.match, names))
    return tuple(names) if fine else ()


def _pairs(told: object) -> dict[int, str]:
    if not isinstance(told, Mapping):
        return {}
    return {
        int(number): clean(name[:_LONGEST])
        for number, name in told.items()
        if isinstance(number, str) and number.isdecimal() and len(number) < 9 and isinstance(name, str)
    }


def _flipped(told: object) -> dict[str, int]:
    if not isinstance(told, Mapping):
        return {}
    return {clean(name[:_LONGEST]): n for name, n in told.items() if isinstance(name, str) and type(n) is int}
