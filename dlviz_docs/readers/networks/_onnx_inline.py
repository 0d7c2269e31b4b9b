"""Functions that an ONNX file defines, written out where they are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dlviz_docs.readers.networks._onnx_types import Attribute, OnnxFunction, OnnxNode, Refers

__all__ = ["written_out"]

_DEEPEST = 16
_MOST_NODES = 100_000


def written_out(nodes: Sequence[OnnxNode], functions: Sequence[OnnxFunction]) -> tuple[OnnxNode, ...]:
    """The nodes, those that call a function replaced by its own; names within are made unique by the call's.

    Functions that call themselves, or make too many nodes, stay calls.
    """
    if not functions:
        return tuple(nodes)
    known = {(one.domain, one.name, one.overload): one for one in functions}
    return tuple(_Writer(known).written(nodes, ()))


@dataclass(slots=True)
class _Writer:
    known: Mapping[tuple[str, str, str], OnnxFunction]
    count: int = 0
    names: dict[str, int] = field(default_factory=dict)

    def written(self, nodes: Sequence[OnnxNode], around: tuple[OnnxFunction, ...]) -> Iterator[OnnxNode]:
        for node in nodes:
            self.count += 1
            function = self.known.get((node.domain, node.kind, node.overload))
            within = function is not None and not any(one is function for one in around) and len(around) < _DEEPEST
            if function is None or not within or self.count > _MOST_NODES:
                yield node
                continue
            yield from self.written(self._renamed(node, function), (*around, function))

    def _renamed(self, call: OnnxNode, function: OnnxFunction) -> list[OnnxNode]:
        """The function's nodes with the call's values and attributes in place of its own."""
        prefix = self._prefix(call)
        names = dict(zip(function.inputs, call.inputs, strict=False))
        names |= dict.fromkeys(function.inputs[len(call.inputs) :], "")
        for own, given in zip(function.outputs, call.outputs, strict=False):
            if given:
                names[own] = given
        attributes = {**function.attributes, **call.attributes}
        return [
            replace(
                node,
                name=f"{prefix}/{node.name}" if node.name else "",
                inputs=tuple(_renamed(name, names, prefix) for name in node.inputs),
                outputs=tuple(_renamed(name, names, prefix) for name in node.outputs),
                attributes=dict(_filled(node.attributes, attributes)),
                notes=node.notes or call.notes,
            )
            for node in function.nodes
        ]

    def _prefix(self, call: OnnxNode) -> str:
        name = call.name or call.kind
        self.names[name] = self.names.get(name, -1) + 1
        return f"{name}.{self.names[name]}" if self.names[name] else name


def _renamed(name: str, names: Mapping[str, str], prefix: str) -> str:
    return names.get(name, f"{prefix}/{name}") if name else ""


def _filled(own: Mapping[str, Attribute], given: Mapping[str, Attribute]) -> Iterator[tuple[str, Attribute]]:
    """Attributes that refer to the call's; one that the call does not give is left out, as its default stands then."""
    for name, value in own.items():
        if not isinstance(value, Refers):
            yield name, value
        elif given.get(value.name) is not None:
            yield name, given[value.name]
