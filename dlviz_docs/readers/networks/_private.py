"""What a file says of itself, without what it says of its author's machine."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["public"]

_LONGEST_NAME = 80
_LONGEST = 400
_PATHS = re.compile(r"(?<![\w.])(?:/(?:[\w.@+~ -]+/)+|~/|[A-Za-z]:[\\/]|\\\\[\w.]+\\)[^\s'\"]*|File \"[^\"]*\"")
"""Absolute paths of any system, and the places in a trace."""
_TRACES = ("stack_trace", "traceback", "source_fn", "from_node")
"""Words in names of entries that hold lines of the author's code."""


def public(facts: Mapping[str, str]) -> dict[str, str]:
    """Short texts as they are; long ones cut; paths as "~", and traces of source code not at all."""
    kept = {name: text for name, text in facts.items() if not any(word in name for word in _TRACES)}
    return {name[:_LONGEST_NAME]: _shortened(_PATHS.sub("~", text)) for name, text in kept.items()}


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
