"""A program of `torch.export` as it was found: its operations with typed arguments, and where its weights lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from dlviz_docs.model import Problem, Role, Shape
from dlviz_docs.readers.networks._stored import Stored

__all__ = ["Argument", "ExportedGraph", "ExportedNode", "ExportedValue", "Ref", "Refused", "Word"]


@dataclass(frozen=True, slots=True)
class Ref:
    """A value by its name: what a node made, an input, or a weight."""

    name: str


@dataclass(frozen=True, slots=True)
class Word:
    """One of PyTorch's own constants."""

    what: str
    """"dtype", "device", "layout" or "memory format"."""
    name: str
    """As PyTorch calls it: "float32", "cpu", "strided", "channels_last"; "" for a number that is not known."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An argument that is code or needs code to be made: a graph, an operator, an object of a class."""

    what: str
    """"graph", "operator", "object", or the word that the file has for it."""
    name: str = ""


Argument: TypeAlias = (
    int | float | bool | str | complex | Ref | Word | Refused | tuple["Argument", ...] | Mapping[str, "Argument"] | None
)


@dataclass(frozen=True, slots=True)
class ExportedValue:
    """What one name stands for."""

    shape: Shape = ()
    """With the names of lengths that vary."""
    sizes: tuple[int, ...] | None = None
    """The same for the example that the model was exported with; None where the file does not tell."""
    dtype: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ExportedNode:
    """One call of an operator."""

    name: str
    target: str
    """"aten.conv2d.default": without "torch.ops." in front; anything else stands there as the file has it."""
    positional: tuple[tuple[str, Argument], ...]
    """Name of the parameter, and value, in order."""
    named: Mapping[str, Argument]
    outputs: tuple[tuple[str, ...] | str, ...]
    """Names of what it makes; a tuple for a list of arrays, and "" for what is dropped."""
    stack: tuple[tuple[str, str], ...] = ()
    """Path and class of each module it stands in, from the outermost: ("", "net.Net"), ("layer1", "net.Block")."""

    @property
    def arguments(self) -> dict[str, Argument]:
        """All of them by name; by place where an operator's parameters have no names."""
        positional = {name or str(place): value for place, (name, value) in enumerate(self.positional)}
        return {**positional, **self.named}


@dataclass(frozen=True, slots=True, eq=False)
class ExportedGraph:
    """One program of an archive."""

    path: str
    """Of the file, relative to the experiment."""
    nodes: tuple[ExportedNode, ...] = ()
    inputs: tuple[str, ...] = ()
    """Names of the values that the user gives, in order."""
    outputs: tuple[tuple[str, Argument], ...] = ()
    """Under what name, and what: names of a dict that the model returns, else of the values."""
    values: Mapping[str, ExportedValue] = field(default_factory=dict)
    weights: Mapping[str, Stored] = field(default_factory=dict)
    """By name in the state dict."""
    roles: Mapping[str, Role] = field(default_factory=dict)
    """Of weights; constants are "other"."""
    trainable: frozenset[str] = frozenset()
    bound: Mapping[str, str] = field(default_factory=dict)
    """Name of the weight by the name of the value that it is."""
    constants: Mapping[str, Argument] = field(default_factory=dict)
    """Inputs that are plain numbers or words, and were fixed when the model was exported."""
    facts: Mapping[str, str] = field(default_factory=dict)
    calls: tuple[str, ...] = ()
    """What `torch.export.load` would run of this file, beyond PyTorch's operators."""
    problems: tuple[Problem, ...] = ()
