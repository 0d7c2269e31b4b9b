"""Observations of several parts ("observations/position", "observations/goal") as one array."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.readers.episodes._arrays import Arrays, Span
from dlviz_docs.readers.episodes._keys import part_of
from dlviz_docs.readers.episodes._pictures import are_pictures

__all__ = ["composed", "names_of"]

_WHOLE = "observations"
_MOST = 64


def composed(arrays: Arrays, axes: int) -> Arrays:
    """With one more array, of all parts side by side, where there are parts alone; the first `axes` are not theirs."""
    names = arrays.names()
    if any(part_of(name) == "observations" for name in names):
        return arrays
    parts = [name for name in names if part_of(name.partition("/")[0]) == "observations" and "/" in name]
    lengths = [arrays.shape(name)[:axes] for name in parts]
    kept = [name for name, length in zip(parts, lengths, strict=True) if length == lengths[0] and length][:_MOST]
    kept = [name for name in kept if not are_pictures(arrays.shape(name)[axes:])]
    return _Composed(arrays, tuple(kept), axes) if kept else arrays


def names_of(arrays: Arrays) -> tuple[str, ...]:
    """Of each number of composed observations: "position", "goal[0]", "goal[1]"; () of all others."""
    if not isinstance(arrays, _Composed):
        return ()
    found = []
    for part in arrays.parts:
        name, width = part.partition("/")[2], arrays.width(part)
        found += [name] if width == 1 else [f"{name}[{place}]" for place in range(width)]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Composed:
    arrays: Arrays
    parts: tuple[str, ...]
    axes: int

    @property
    def wrong(self) -> list[str]:
        return self.arrays.wrong

    def names(self) -> list[str]:
        return [*self.arrays.names(), _WHOLE]

    def width(self, part: str) -> int:
        """Numbers of a step."""
        return math.prod(self.arrays.shape(part)[self.axes :])

    def shape(self, name: str) -> tuple[int, ...]:
        if name != _WHOLE:
            return self.arrays.shape(name)
        return (*self.arrays.shape(self.parts[0])[: self.axes], sum(map(self.width, self.parts)))

    def whole(self, name: str) -> NDArray[Any]:
        if name != _WHOLE:
            return self.arrays.whole(name)
        return self._joined([self.arrays.whole(part) for part in self.parts])

    def rows(self, name: str, spans: Sequence[Span]) -> Iterator[NDArray[Any]]:
        if name != _WHOLE:
            yield from self.arrays.rows(name, spans)
            return
        for pieces in zip(*(self.arrays.rows(part, spans) for part in self.parts), strict=True):
            yield self._joined(pieces)

    def _joined(self, pieces: Sequence[NDArray[Any]]) -> NDArray[Any]:
        flat = [piece.reshape(*piece.shape[: self.axes], -1) for piece in pieces]
        return np.concatenate(flat, axis=-1)
