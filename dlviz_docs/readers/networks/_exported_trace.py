"""An exported program as a trace: what its operators do, in the order in which they run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from dlviz_docs.model import Port, Setting, Shape, Tensor
from dlviz_docs.readers.networks._aten_calls import Given, Meaning, meaning
from dlviz_docs.readers.networks._exported_arguments import names_in
from dlviz_docs.readers.networks._exported_types import Argument, ExportedGraph, ExportedNode, ExportedValue, Ref, Word
from dlviz_docs.readers.networks._stored import Stored
from dlviz_docs.readers.networks._trace import Step, Trace, Value
from dlviz_docs.stats.calls import Call

__all__ = ["trace_of_exported"]

_AGAIN = re.compile(r"@\d+$")
"""PyTorch's mark for the second and later calls of one module."""
_LONGEST_SETTING = 32


def trace_of_exported(graph: ExportedGraph) -> Trace:
    """The program's operations, with weights apart from values. Costs are those of one example where the number of them
    varies."""
    values = {name: Value(told.shape, told.sizes or told.shape, told.dtype) for name, told in _single(graph).items()}
    for value, weight in graph.bound.items():
        if weight in graph.weights:
            stored = graph.weights[weight]
            values[value] = Value(stored.shape, stored.shape, stored.dtype)
    steps = tuple(_step(node, graph.bound, values) for node in graph.nodes)
    inputs = tuple(_port(name, name, values) for name in graph.inputs if name)
    outputs = tuple(
        (_port(label or name, name, values), name)
        for label, argument in graph.outputs
        for name in [next(names_in(argument), "")]
    )
    return Trace(
        steps,
        values,
        inputs,
        outputs,
        tuple(_tensors(graph)),
        graph.weights,
        facts=graph.facts,
        calls=graph.calls,
        problems=graph.problems,
        format="PyTorch export",
    )


def _single(graph: ExportedGraph) -> Mapping[str, ExportedValue]:
    """Values with one example in place of as many as the model was exported with: where the first axis of its inputs
    has a name, and that stands nowhere but as a factor of lengths."""
    given = [told for name in graph.inputs if (told := graph.values.get(name)) is not None and told.shape]
    names = {told.shape[0] for told in given if isinstance(told.shape[0], str)}
    counts = {told.sizes[0] for told in given if told.sizes and isinstance(told.shape[0], str)}
    if len(names) != 1 or len(counts) != 1 or 0 in counts:
        return graph.values
    (batch,), (count,) = names, counts
    found = {name: _divided(told, str(batch), count) for name, told in graph.values.items()}
    kept = {name: told for name, told in found.items() if told is not None}
    return kept if len(kept) == len(found) else graph.values


def _divided(told: ExportedValue, batch: str, count: int) -> ExportedValue | None:
    """None where the number of examples is no factor of a length that hangs on it."""
    if told.sizes is None:
        return told
    sizes = list(told.sizes)
    for axis, length in enumerate(told.shape):
        if isinstance(length, str) and re.search(rf"\b{re.escape(batch)}\b", length):
            if length.split("*").count(batch) != 1 or not re.fullmatch(r"\w+(\*\w+)*", length) or sizes[axis] % count:
                return None
            sizes[axis] //= count
    return replace(told, sizes=tuple(sizes))


def _port(label: str, name: str, values: Mapping[str, Value]) -> Port:
    value = values.get(name, Value())
    return Port(label, value.shape or (), value.dtype)


def _step(node: ExportedNode, bound: Mapping[str, str], values: Mapping[str, Value]) -> Step:
    arguments = node.arguments
    writes = tuple(name for made in node.outputs for name in (made if isinstance(made, tuple) else (made,)))
    named = [name for value in arguments.values() for name in names_in(value)]

    def sizes(name: str) -> Shape | None:
        return values[name].sizes if name in values else None

    does = meaning(node.target, Given(arguments, sizes, sizes(writes[0]) if writes else None))
    taken = _taken(does, arguments)
    call = Call(does.does, tuple(sizes(name) for name in taken), tuple(sizes(name) for name in writes))
    return Step(
        node.name,
        node.target,
        call,
        tuple((_AGAIN.sub("", path), kind) for path, kind in node.stack),
        tuple(dict.fromkeys(name for name in named if name not in bound)),
        tuple("" if name in bound else name for name in taken),
        writes,
        tuple(dict.fromkeys(bound[name] for name in named if name in bound)),
        dict(_settings(arguments)),
        does.layer,
        does.measures,
    )


def _taken(does: Meaning, arguments: Mapping[str, Argument]) -> list[str]:
    """Values of the deed's inputs, in its order."""
    if does.inputs == ("*",):
        return [name for value in arguments.values() for name in names_in(value)]
    found: list[str] = []
    for names in does.inputs:
        value = next((arguments[name] for name in names.split("|") if name in arguments), None)
        found.extend(names_in(value))
    return found


def _settings(arguments: Mapping[str, Argument]) -> Iterator[tuple[str, Setting]]:
    """What is given beside arrays; where a tensor is to lie, and what is not given, is left out."""
    for name, value in arguments.items():
        if isinstance(value, Word) and value.what == "dtype" and value.name:
            yield name, value.name
        elif isinstance(value, bool | int | float | str):
            yield name, value
        elif isinstance(value, tuple) and value and (plain := _plain(value)) is not None:
            yield name, plain


def _plain(values: tuple[Argument, ...]) -> Setting:
    """A list of one kind; of lengths that vary the names. None for arrays."""
    few = values[:_LONGEST_SETTING]
    if all(isinstance(one, int) for one in few):
        return tuple(one for one in few if isinstance(one, int))
    if all(isinstance(one, int | float) for one in few):
        return tuple(float(one) for one in few if isinstance(one, int | float))
    if all(isinstance(one, str) for one in few):
        return tuple(one for one in few if isinstance(one, str))
    if any(isinstance(one, int) for one in few) and all(isinstance(one, int | Ref) for one in few):
        return tuple(one.name if isinstance(one, Ref) else str(one) for one in few)
    return None


def _tensors(graph: ExportedGraph) -> Iterator[Tensor]:
    """Weights in the file's order; one that lies in the same memory as another before it says so."""
    first: dict[object, str] = {}
    for name, stored in graph.weights.items():
        role = graph.roles.get(name, "other")
        trainable = name in graph.trainable if role == "parameter" and graph.trainable else None
        tensor = Tensor(name, stored.shape, stored.dtype, stored.octets, role, trainable, missing=bool(stored.why_not))
        place = _memory(stored)
        tied = first.setdefault(place, name) if place is not None else name
        yield tensor if tied == name else replace(tensor, tied=tied)


def _memory(stored: Stored) -> object:
    if stored.place is None or not stored.octets:
        return None
    return stored.place.start, stored.offset, stored.shape, stored.strides
