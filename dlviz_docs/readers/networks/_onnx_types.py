"""An ONNX file as it was found: nodes with typed attributes, and where its weights lie. Enough to run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from dlviz_docs.model import Problem, Shape
from dlviz_docs.readers.networks._stored import Stored

__all__ = [
    "Attribute",
    "Long",
    "OnnxFunction",
    "OnnxGraph",
    "OnnxModel",
    "OnnxNode",
    "OnnxSparse",
    "OnnxValue",
    "Refers",
]


@dataclass(frozen=True, slots=True)
class Long:
    """A list of numbers or words that is too long to be kept."""

    count: int


@dataclass(frozen=True, slots=True)
class Refers:
    """In a function: the attribute of the node that calls it."""

    name: str


@dataclass(frozen=True, slots=True)
class OnnxSparse:
    """An array of which only some elements are stored."""

    values: Stored
    indices: Stored
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OnnxValue:
    """What goes along an edge."""

    name: str
    shape: Shape | None = None
    """None where not even the number of axes is told; "?" for a length without a name."""
    dtype: str = ""
    """Of its elements, as PyTorch calls it; "string" too."""
    holds: str = "tensor"
    """Or "sequence", "map", "optional", "sparse tensor"; with what it holds: "sequence of tensor"."""


@dataclass(frozen=True, slots=True, eq=False)
class OnnxNode:
    """One call of an operator."""

    kind: str
    inputs: tuple[str, ...]
    """Names of values; "" for an optional one that is left out."""
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute]
    name: str = ""
    """Need not be there, nor be unique."""
    domain: str = ""
    """"" for ONNX's own operators (its other spelling, "ai.onnx", is read as "")."""
    overload: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    """What exporters note of modules: "namespace", "pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy", and
    "pkg.onnxscript.rewriter.rule_name". Traces of the author's source, which lie beside them, are not taken."""

    @property
    def target(self) -> str:
        """With its domain, where that is not ONNX's own."""
        return f"{self.domain}.{self.kind}" if self.domain else self.kind


@dataclass(frozen=True, slots=True, eq=False)
class OnnxGraph:
    """The main graph, or one that a node such as If holds."""

    nodes: tuple[OnnxNode, ...] = ()
    """In the order of the file."""
    inputs: tuple[OnnxValue, ...] = ()
    """With those that have an initialiser, which old files list here too."""
    outputs: tuple[OnnxValue, ...] = ()
    initialisers: Mapping[str, Stored] = field(default_factory=dict)
    sparse: Mapping[str, OnnxSparse] = field(default_factory=dict)
    values: Mapping[str, OnnxValue] = field(default_factory=dict)
    """Shapes that the file tells of values in between."""


@dataclass(frozen=True, slots=True, eq=False)
class OnnxFunction:
    """An operator that the file itself defines."""

    name: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes: tuple[OnnxNode, ...]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    """With their defaults; None for those without."""
    overload: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class OnnxModel:
    """A whole file."""

    path: str
    """Relative to the experiment."""
    graph: OnnxGraph = field(default_factory=OnnxGraph)
    opsets: Mapping[str, int] = field(default_factory=dict)
    """Version of each set of operators by its domain, "" for ONNX's own."""
    functions: tuple[OnnxFunction, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    """"IR version", "producer", "domain", "model version", "description", "graph name", "about the graph", a row for
    each set of operators, and what its author wrote as metadata."""
    problems: tuple[Problem, ...] = ()


Attribute: TypeAlias = (
    int
    | float
    | str
    | tuple[int, ...]
    | tuple[float, ...]
    | tuple[str, ...]
    | Stored
    | tuple[Stored, ...]
    | OnnxGraph
    | tuple[OnnxGraph, ...]
    | OnnxSparse
    | OnnxValue
    | Long
    | Refers
    | None
)
