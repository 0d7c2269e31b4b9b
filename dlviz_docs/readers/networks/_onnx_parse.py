"""The messages of ONNX, field by field, as far as they tell of a model.

Source: onnx/onnx.proto of ONNX 1.23 (IR version 14). Elements of weights are placed, not read. A file that is damaged
gives what stands before the damage.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from dlviz_docs.readers._text import clean
from dlviz_docs.readers._wire import BYTES, Field
from dlviz_docs.readers.networks._onnx_tensors import pair, parse_sparse, parse_tensor, parse_type, parse_value
from dlviz_docs.readers.networks._onnx_types import (
    Attribute,
    Long,
    OnnxFunction,
    OnnxGraph,
    OnnxNode,
    OnnxSparse,
    OnnxValue,
    Refers,
)
from dlviz_docs.readers.networks._outside import Outside
from dlviz_docs.readers.networks._pages import Pages, TooMuch, signed
from dlviz_docs.readers.networks._stored import Stored

__all__ = ["Parser"]

_MOST_NODES = 100_000
_MOST_WEIGHTS = 100_000
_DEEPEST = 12
"""Graphs within graphs."""
_LONGEST_LIST = 1 << 16
_RULE = "pkg.onnxscript.rewriter.rule_name"
_NOTES = frozenset({"namespace", "pkg.torch.onnx.class_hierarchy", "pkg.torch.onnx.name_scopes", _RULE})
_TEXTS = {1: "ir", 2: "producer", 3: "producer version", 4: "domain", 5: "version", 6: "description"}


@dataclass(slots=True)
class _Graph:
    """A GraphProto as it is filled."""

    nodes: list[OnnxNode] = field(default_factory=list)
    inputs: list[OnnxValue] = field(default_factory=list)
    outputs: list[OnnxValue] = field(default_factory=list)
    initialisers: dict[str, Stored] = field(default_factory=dict)
    sparse: dict[str, OnnxSparse] = field(default_factory=dict)
    values: dict[str, OnnxValue] = field(default_factory=dict)

    def frozen(self) -> OnnxGraph:
        """As it stands."""
        ends = tuple(self.inputs), tuple(self.outputs)
        return OnnxGraph(tuple(self.nodes), *ends, self.initialisers, self.sparse, self.values)


@dataclass(slots=True)
class Parser:
    """A ModelProto; what was found until then is there whenever it stops."""

    pages: Pages
    outside: Outside
    graph: _Graph = field(default_factory=_Graph)
    texts: dict[str, str] = field(default_factory=dict)
    """"ir", "producer", "producer version", "domain", "version", "description", "graph", "about the graph"."""
    metadata: dict[str, str] = field(default_factory=dict)
    opsets: dict[str, int] = field(default_factory=dict)
    functions: list[OnnxFunction] = field(default_factory=list)
    nodes: int = 0
    weights: int = 0

    def model(self) -> None:
        """ModelProto."""
        for part in self.pages.whole():
            match part.number:
                case 7:
                    self._graph(part, self.graph, 0)
                case 8:
                    self.opsets.update([self._opset(part)])
                case 14:
                    self.metadata.update([pair(self.pages, part)])
                case 25:
                    self.functions.append(self._function(part))
                case number if number in _TEXTS:
                    self.texts[_TEXTS[number]] = self._text(part) if part.wire == BYTES else str(signed(part.value))

    def _text(self, part: Field) -> str:
        return clean(self.pages.text(part))

    def _opset(self, message: Field) -> tuple[str, int]:
        domain, version = "", 0
        for part in self.pages.fields(message.start, message.end):
            if part.number == 1:
                domain = _domain(self._text(part))
            elif part.number == 2:
                version = signed(part.value)
        return domain, version

    def _graph(self, message: Field, graph: _Graph, depth: int) -> None:
        """GraphProto."""
        if depth > _DEEPEST:
            raise TooMuch(f"graphs within graphs, more than {_DEEPEST} deep")
        pages = self.pages
        for part in pages.fields(message.start, message.end):
            match part.number:
                case 1:
                    graph.nodes.append(self._node(part, depth))
                case 2 | 10 if not depth:
                    self.texts["graph" if part.number == 2 else "about the graph"] = self._text(part)
                case 5:
                    self._count_weight()
                    weight = parse_tensor(pages, part.start, part.end, self.outside)
                    graph.initialisers.setdefault(weight.name, weight)
                case 11:
                    graph.inputs.append(parse_value(pages, part.start, part.end))
                case 12:
                    graph.outputs.append(parse_value(pages, part.start, part.end))
                case 13:
                    value = parse_value(pages, part.start, part.end)
                    graph.values[value.name] = value
                case 15:
                    sparse = parse_sparse(pages, part.start, part.end, self.outside)
                    graph.sparse.setdefault(sparse.values.name, sparse)
            pages.charge(64)

    def _count_weight(self) -> None:
        self.weights += 1
        if self.weights > _MOST_WEIGHTS:
            raise TooMuch(f"more than {_MOST_WEIGHTS:,} weights")

    def _node(self, message: Field, depth: int) -> OnnxNode:
        """NodeProto."""
        self.nodes += 1
        if self.nodes > _MOST_NODES:
            raise TooMuch(f"more than {_MOST_NODES:,} nodes")
        inputs, outputs, texts = [], [], {3: "", 4: "", 7: "", 8: ""}
        attributes: dict[str, Attribute] = {}
        notes: dict[str, str] = {}
        for part in self.pages.fields(message.start, message.end):
            match part.number:
                case 1:
                    inputs.append(self._text(part))
                case 2:
                    outputs.append(self._text(part))
                case 5:
                    attributes.update([self._attribute(part, depth)])
                case 9:
                    notes.update([entry for entry in [pair(self.pages, part)] if entry[0] in _NOTES])
                case number if number in texts:
                    texts[number] = self._text(part)
        name, kind, domain, overload = texts.values()
        return OnnxNode(kind, tuple(inputs), tuple(outputs), attributes, name, _domain(domain), overload, notes)

    def _attribute(self, message: Field, depth: int) -> tuple[str, Attribute]:
        """AttributeProto: its name and value, by the type that it says it has, else by what is there."""
        parts: dict[int, list[Field]] = {}
        for part in self.pages.fields(message.start, message.end):
            parts.setdefault(part.number, []).append(part)
            self.pages.charge(32)
        name = self._text(parts[1][-1]) if 1 in parts else ""
        if 21 in parts:
            return name, Refers(self._text(parts[21][-1]))
        told = parts[20][-1].value if 20 in parts else _told_by(parts)
        return name, self._valued(told, parts, depth)

    def _valued(self, type_: int, parts: dict[int, list[Field]], depth: int) -> Attribute:
        match type_:
            case 1:
                return self._floats(parts.get(2, []))[-1] if 2 in parts else 0.0
            case 2:
                return signed(parts[3][-1].value) if 3 in parts else 0
            case 3:
                return self._text(parts[4][-1]) if 4 in parts else ""
            case 4:
                return self._tensors(parts.get(5, []))[-1] if 5 in parts else None
            case 5:
                return self._graphs(parts.get(6, []), depth)[-1] if 6 in parts else None
            case 6:
                count = sum((part.end - part.start) // 4 for part in parts.get(7, []))
                return Long(count) if count > _LONGEST_LIST else self._floats(parts.get(7, []))
            case 7:
                return self._integers(parts.get(8, []))
            case 8:
                found = parts.get(9, [])
                return Long(len(found)) if len(found) > _LONGEST_LIST else tuple(self._text(part) for part in found)
            case 9:
                return self._tensors(parts.get(10, []))
            case 10:
                return self._graphs(parts.get(11, []), depth)
            case 11:
                found = parts.get(22, [])
                return parse_sparse(self.pages, found[-1].start, found[-1].end, self.outside) if found else None
            case 13:
                return parse_type(self.pages, parts[14][-1]) if 14 in parts else None
            case _:
                return None

    def _floats(self, parts: list[Field]) -> tuple[float, ...]:
        """Single ones, or many in one."""
        octets = b"".join(self.pages.take(part.start, part.end) for part in parts)
        return struct.unpack(f"<{len(octets) // 4}f", octets[: len(octets) // 4 * 4])

    def _integers(self, parts: list[Field]) -> tuple[int, ...] | Long:
        found: list[int] = []
        count = 0
        for part in parts:
            for value in self.pages.integers(part):
                count += 1
                if count <= _LONGEST_LIST:
                    found.append(value)
        return Long(count) if count > _LONGEST_LIST else tuple(found)

    def _tensors(self, parts: list[Field]) -> tuple[Stored, ...]:
        return tuple(parse_tensor(self.pages, part.start, part.end, self.outside) for part in parts)

    def _graphs(self, parts: list[Field], depth: int) -> tuple[OnnxGraph, ...]:
        graphs = []
        for part in parts:
            graph = _Graph()
            self._graph(part, graph, depth + 1)
            graphs.append(graph.frozen())
        return tuple(graphs)

    def _function(self, message: Field) -> OnnxFunction:
        """FunctionProto."""
        texts = {1: "", 10: "", 13: ""}
        names: dict[int, list[str]] = {4: [], 5: [], 6: []}
        nodes: list[OnnxNode] = []
        defaults: dict[str, Attribute] = {}
        for part in self.pages.fields(message.start, message.end):
            match part.number:
                case 7:
                    nodes.append(self._node(part, 0))
                case 11:
                    defaults.update([self._attribute(part, 0)])
                case number if number in texts:
                    texts[number] = self._text(part)
                case number if number in names:
                    names[number].append(self._text(part))
        name, domain, overload = texts.values()
        attributes = {**dict.fromkeys(names[6]), **defaults}
        ends = tuple(names[4]), tuple(names[5])
        return OnnxFunction(name, _domain(domain), *ends, tuple(nodes), attributes, overload)


def _told_by(parts: dict[int, list[Field]]) -> int:
    """The type of an attribute of an old file, which does not say it (IR version 1)."""
    kinds = {2: 1, 3: 2, 4: 3, 5: 4, 6: 5, 7: 6, 8: 7, 9: 8, 10: 9, 11: 10, 22: 11, 14: 13}
    return next((kind for number, kind in kinds.items() if number in parts), 0)


def _domain(name: str) -> str:
    return "" if name == "ai.onnx" else name
