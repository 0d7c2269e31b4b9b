"""One call of a PyTorch operator with what is known of its arguments, and what such a call means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from dlviz_docs.model import Shape
from dlviz_docs.readers.networks._exported_types import Argument, Ref
from dlviz_docs.readers.networks._trace import Layer
from dlviz_docs.stats.calls import Deed

__all__ = ["Given", "Meaning"]


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments of one call, and the shapes of what they refer to."""

    arguments: Mapping[str, Argument]
    sizes: Callable[[str], Shape | None]
    """Shape of a value, in numbers where the example tells them."""
    output: Shape | None = None

    def shape(self, *names: str) -> Shape | None:
        """Of the first of these parameters that is an array."""
        for name in names:
            value = self.arguments.get(name)
            if isinstance(value, Ref):
                return self.sizes(value.name)
        return None

    def has(self, name: str) -> bool:
        """Whether an array is given for the parameter."""
        return isinstance(self.arguments.get(name), Ref)

    def listed(self, name: str) -> tuple[str, ...]:
        """Names of the arrays in a list."""
        value = self.arguments.get(name)
        return tuple(one.name for one in value if isinstance(one, Ref)) if isinstance(value, tuple) else ()

    def integer(self, name: str, default: int = 0) -> int:
        """A whole number."""
        value = self.arguments.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else default

    def number(self, name: str, default: float) -> float:
        """Any number."""
        value = self.arguments.get(name)
        return float(value) if isinstance(value, int | float) else default

    def flag(self, name: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self.arguments.get(name)
        return value if isinstance(value, bool) else default

    def integers(self, name: str, count: int, default: int | Sequence[int]) -> tuple[int, ...]:
        """One whole number for each of `count` axes; a single one stands for all."""
        value = self.arguments.get(name)
        given = (value,) if isinstance(value, int) else value if isinstance(value, tuple) else ()
        found = tuple(one for one in given if isinstance(one, int))
        if not found or len(found) != len(given):
            found = (default,) if isinstance(default, int) else tuple(default)
        return found * count if len(found) == 1 else found


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an operator does."""

    does: Deed
    inputs: tuple[str, ...] = ("input|self",)
    """Parameters whose arrays the deed takes, each by the names it may have; a list counts as its arrays."""
    layer: Layer = field(default_factory=Layer)
    measures: bool = False
