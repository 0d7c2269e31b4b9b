"""A model as calls on named values: what `.pt2` and ONNX files are lowered to before they run.

A program is data. Which targets may run, and by what, is said by the tables in `aten` and `onnx_ops`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from numpy.typing import NDArray

from dlviz_docs.model import Port

__all__ = [
    "Argument",
    "Call",
    "Constant",
    "Program",
    "Ref",
    "Step",
    "needed",
    "references",
    "steps",
    "used_by",
]


@dataclass(frozen=True, slots=True)
class Ref:
    """A value by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """One of PyTorch's own, by its name: "float32", "contiguous_format"."""

    name: str


Argument: TypeAlias = "bool | int | float | str | Ref | Constant | tuple[Argument, ...] | None"


@dataclass(frozen=True, slots=True)
class Call:
    """One operation."""

    target: str
    """"aten.conv2d.default", or "Conv"."""
    args: tuple[Argument, ...]
    kwargs: Mapping[str, Argument] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    """Names of its results; "" for one that nobody uses."""
    module: str = ""
    """Path of the innermost module it stands in."""
    kinds: tuple[tuple[str, str], ...] = ()
    """Paths and classes of the modules it stands in, the outermost first."""


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A whole model."""

    dialect: Literal["aten", "onnx"]
    calls: tuple[Call, ...]
    """In an order in which they can run."""
    inputs: tuple[Port, ...]
    outputs: tuple[tuple[str, Argument], ...]
    """Names as the model has them, and values."""
    weights: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """By the name of the value."""
    dtypes: Mapping[str, str] = field(default_factory=dict)
    """Of the weights, where NumPy has no such type: "bfloat16"."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """By the name of the value, the name that the weight has in the model: "layer1.conv.weight"."""
    opset: int = 0
    """Version of ONNX's operators."""


@dataclass(frozen=True, slots=True)
class Step:
    """A call, and the values nobody needs after it."""

    place: int
    call: Call
    done: tuple[str, ...]


def references(argument: Argument) -> Iterator[str]:
    """The names of all values in an argument."""
    if isinstance(argument, Ref):
        yield argument.name
    elif isinstance(argument, tuple):
        for inner in argument:
            yield from references(inner)


def used_by(call: Call) -> set[str]:
    """The names of all values that a call takes."""
    return {name for argument in (*call.args, *call.kwargs.values()) for name in references(argument)}


def needed(ports: Sequence[Port], calls: Iterable[Call], outputs: Iterable[Argument]) -> tuple[Port, ...]:
    """The inputs that anything is made of: a second one, such as the truth of a training, may have no part in it."""
    used = {name for call in calls for name in used_by(call)} | {name for one in outputs for name in references(one)}
    return tuple(port for port in ports if port.name in used) or tuple(ports)


def steps(calls: Iterable[Call], given: Iterable[str], wanted: Iterable[str], kept: Iterable[int] = ()) -> list[Step]:
    """What has to run, in order, for `wanted` to be there when `given` are; calls at the places `kept` run in any case.

    Each step tells which values can be dropped after it, so that no more memory is held than one layer needs.
    """
    listed, have, always = list(calls), set(given), set(kept)
    needed = set(wanted) - have
    last: dict[str, int] = {}
    chosen: list[int] = []
    for place in reversed(range(len(listed))):
        call = listed[place]
        if place in always or any(name in needed for name in call.outputs if name):
            chosen.append(place)
            for name in used_by(call):
                last.setdefault(name, place)
                if name not in have:
                    needed.add(name)
            last.update({name: place for name in call.outputs if name and name not in last})
    stay = set(wanted)
    done: dict[int, list[str]] = {}
    for name, place in last.items():
        if name not in stay:
            done.setdefault(place, []).append(name)
    return [Step(place, listed[place], tuple(done.get(place, ()))) for place in reversed(chosen)]
