"""What a search should know of a page: its words, without its pictures and its tables of numbers.

A host's search parses all that it is given, tag by tag: a page of twenty charts takes it longer than they took to draw.
"""

from __future__ import annotations

import re

__all__ = ["outline"]

# Our templates mark what to leave out, and never put an element into another of its kind there.
_LEFT_OUT = re.compile(
    r'<(table|ul|div|details)\b[^>]*\bdata-search-exclude>.*?</\1>|<svg class="dlviz-spark".*?</svg>', re.S
)


def outline(body: str) -> str:
    """A finished body without what its templates exclude from search; every heading and every id to link to stays."""
    return _LEFT_OUT.sub("", body)
