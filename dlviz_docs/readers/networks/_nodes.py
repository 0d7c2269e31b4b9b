"""What a pickle is made of, as data: nothing is looked up, imported or called.

Numbers, text, short bytes, lists, tuples and dicts stand for themselves (a set is a list); the rest are the nodes here.
A value may hold itself, and may hold another a million times: whoever walks it keeps what was seen, and a depth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Call", "Global", "Octets", "Opaque", "Persistent", "Value", "is_global", "mapping", "sequence"]

Value: TypeAlias = object


@dataclass(frozen=True, slots=True)
class Global:
    """A function or class by its name, which loading would import."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}" if self.module else self.name


@dataclass(slots=True, eq=False)
class Call:
    """What loading would call; and what it would then do to the result."""

    function: Value
    arguments: Value
    """Mostly a tuple; what a crafted file has there may be anything."""
    state: Value = None
    """What `__setstate__` would get, or the object's `__dict__`."""
    pairs: dict[Value, Value] | None = None
    """What would be set by key."""
    elements: list[Value] | None = None
    """What would be appended."""


@dataclass(frozen=True, slots=True, eq=False)
class Persistent:
    """A reference to something outside the pickle: in PyTorch's files a storage."""

    key: Value


@dataclass(frozen=True, slots=True)
class Octets:
    """Bytes or text too long to be kept: where they lie in the stream."""

    start: int
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class Opaque:
    """A value that is not needed or cannot be had: `what` says so."""

    what: str


def is_global(value: Value, module: str, *names: str) -> bool:
    """Whether a value is one of these functions or classes."""
    return isinstance(value, Global) and value.module == module and value.name in names


def mapping(value: Value) -> dict[Value, Value] | None:
    """The pairs of a dict, of an OrderedDict or of another class of the kind; None for what is none."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, Call):
        return None
    if value.pairs is not None:
        return value.pairs
    if is_global(value.function, "collections", "OrderedDict", "defaultdict", "Counter"):
        return _given(value.arguments)
    return None


def _given(arguments: Value) -> dict[Value, Value]:
    """What an OrderedDict is called with: Python 2 gave it a list of pairs."""
    first = arguments[0] if isinstance(arguments, tuple) and arguments else None
    if isinstance(first, dict):
        return first
    pairs = [pair for pair in first if isinstance(pair, list) and len(pair) == 2] if isinstance(first, list) else []
    return {key: item for key, item in pairs if isinstance(key, str | int)}


def sequence(value: Value) -> list[Value] | tuple[Value, ...] | None:
    """The elements of a list, tuple, set, or of a class of the kind; None for what is none."""
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, Call):
        if value.elements is not None:
            return value.elements
        if is_global(value.function, "torch", "Size") and isinstance(value.arguments, tuple) and value.arguments:
            return sequence(value.arguments[0]) if not isinstance(value.arguments[0], Call) else None
    return None
