"""Maps as they come: of every explained sample by method, for the page, and as arrays, for their judgement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from dlviz_docs.model.probes import Map
from dlviz_docs.probes.explain import Area, Found

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["FEW", "Collected", "Key"]

FEW = 4
"""Samples that a method of many passes explains before the clock is looked at again."""
Key: TypeAlias = tuple[str, str]
"""Method and layer."""


@dataclass(slots=True)
class Collected:
    """Maps of the samples that are explained, in their order."""

    classes: Tensor
    """Predicted."""
    areas: Sequence[Area]
    maps: list[list[Map]] = field(default_factory=list)
    """Of each sample."""
    _parts: dict[Key, list[Tensor]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.maps = [[] for _ in self.areas]

    def add(self, found: Found, start: int = 0) -> None:
        """Maps of the predicted classes, of the samples from `start` on."""
        for row in range(len(found.values)):
            place = start + row
            self.maps[place].append(found.of(row, int(self.classes[place]), self.areas[place]))
        shown = found.values.clamp(min=0) if found.signed else found.values
        self._parts.setdefault((found.method, found.layer), []).append(shown)

    def note(self, place: int, made: Map) -> None:
        """One further map of a sample, of another class."""
        self.maps[place].append(made)

    def done(self, method: str) -> int:
        """How many samples have been explained by it."""
        return sum(len(part) for key, parts in self._parts.items() if key[0] == method for part in parts)

    def first(self, count: int) -> Iterator[tuple[Key, Tensor]]:
        """The maps of the first samples, by every method and layer that has come so far; never negative."""
        import torch

        for key, parts in self._parts.items():
            values = torch.cat(parts)[:count]
            if len(values) == count:
                yield key, values
