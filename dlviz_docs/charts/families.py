"""What layers do, as colours and words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, get_args

from dlviz_docs.view import Family

__all__ = ["COLORS", "ORDER", "WORDS", "FamilyKey", "family_class", "family_keys"]

ORDER: Final[tuple[Family, ...]] = get_args(Family)
COLORS: Final[Mapping[Family, int]] = {
    "convolution": 0,
    "linear": 3,
    "attention": 4,
    "recurrent": 1,
    "embedding": 9,
    "normalisation": 5,
    "activation": 8,
    "pooling": 2,
    "combination": 6,
    "other": 7,
}
"""Places in the palette; the families that are not named are grey."""
WORDS: Final[Mapping[Family, str]] = {
    "convolution": "convolution",
    "linear": "linear",
    "attention": "attention",
    "recurrent": "recurrent",
    "embedding": "embedding",
    "normalisation": "normalisation",
    "activation": "activation",
    "pooling": "pooling",
    "combination": "combination",
    "shape": "change of shape",
    "port": "input or output",
    "block": "block",
    "other": "other",
}


@dataclass(frozen=True, slots=True)
class FamilyKey:
    """One entry of a legend."""

    place: int
    """In `ORDER`."""
    label: str
    style: str


def family_class(family: Family) -> str:
    """The class that sets `--dlviz-s`, the colour of the family, for everything inside."""
    return f"dlviz-s{COLORS[family]}" if family in COLORS else "dlviz-faint"


def family_keys(families: Iterable[Family]) -> tuple[FamilyKey, ...]:
    """Those that there are, in their own order; blocks are known by their form."""
    found = set(families) - {"block"}
    return tuple(FamilyKey(i, WORDS[one], family_class(one)) for i, one in enumerate(ORDER) if one in found)
