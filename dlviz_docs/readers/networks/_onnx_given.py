"""One ONNX node with what is known of its inputs: what rules for shapes and for costs look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from dlviz_docs.model import Dim, Shape
from dlviz_docs.readers.networks._onnx_types import OnnxNode

__all__ = ["Known", "Number", "Rules", "Seen", "whole"]

Number: TypeAlias = int | float | str
"""An element of a small array; the name of a length that varies."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one value."""

    shape: Shape | None = None
    dtype: str = ""
    elements: tuple[Number, ...] | None = None
    """Of a small array that makes shapes, in rows."""
    weight: bool = False
    """Whether it is stored in the file."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A node and its inputs."""

    node: OnnxNode
    inputs: Sequence[Known]
    opset: int = 0
    outputs: Sequence[Known] = field(default=())
    """Once they are known."""

    def known(self, place: int) -> Known:
        """What is known of an input; nothing, where it is left out."""
        return self.inputs[place] if -len(self.inputs) <= place < len(self.inputs) else Known()

    def given(self, place: int) -> bool:
        """Whether there is such an input."""
        return place < len(self.node.inputs) and bool(self.node.inputs[place])

    def shape(self, place: int = 0) -> Shape:
        """Of an input; TypeError where it is not known, which ends the rule."""
        shape = self.known(place).shape
        if shape is None:
            raise TypeError("shape")
        return shape

    def integer(self, name: str, default: int = 0) -> int:
        """An attribute."""
        value = self.node.attributes.get(name, default)
        return value if isinstance(value, int) else default

    def number(self, name: str, default: float) -> float:
        """An attribute."""
        value = self.node.attributes.get(name, default)
        return float(value) if isinstance(value, int | float) else default

    def word(self, name: str, default: str = "") -> str:
        """An attribute."""
        value = self.node.attributes.get(name, default)
        return value if isinstance(value, str) else default

    def integers(self, name: str, default: Sequence[int] = ()) -> tuple[int, ...]:
        """An attribute."""
        value = self.node.attributes.get(name)
        if not isinstance(value, tuple) or not all(isinstance(one, int) for one in value):
            return tuple(default)
        return tuple(one for one in value if isinstance(one, int))

    def listed(self, name: str, place: int) -> tuple[int, ...] | None:
        """What was an attribute in old sets of operators, and is an input in new ones; None where it is not known."""
        if name in self.node.attributes:
            return self.integers(name)
        if not self.given(place):
            return ()
        elements = self.known(place).elements
        return whole(elements) if elements is not None else None

    def dims(self, place: int) -> tuple[Dim, ...] | None:
        """Elements of an input that is a shape; "?" for those that are no lengths."""
        elements = self.known(place).elements
        if elements is None:
            return None
        return tuple(one if isinstance(one, int | str) else int(one) for one in elements)


def whole(elements: Sequence[Number]) -> tuple[int, ...] | None:
    """All as whole numbers; None where one is only a name."""
    numbers = [one for one in elements if not isinstance(one, str)]
    return tuple(int(one) for one in numbers) if len(numbers) == len(elements) else None


Rules: TypeAlias = Mapping[str, Callable[[Seen], Sequence[Known]]]
