"""A `.pt2`'s graph, as the reader found it, made into a program."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from dlviz_docs.errors import ProbeError
from dlviz_docs.model import Port
from dlviz_docs.probes.aten import operator_of
from dlviz_docs.probes.elements import elements_of
from dlviz_docs.probes.program import Argument, Call, Constant, Program, Ref, needed, used_by
from dlviz_docs.readers.networks import exported

__all__ = ["program_of_exported"]

_WORDS = {"layout", "device"}
"""What decides where elements lie, and not what they are."""


def program_of_exported(graph: exported.ExportedGraph) -> Program:
    """What has to be called, in the order of the file, and the weights.

    Raises `ProbeError` for what may not run or cannot be read, before any weight is; nothing is run.
    """
    calls = tuple(_call(node) for node in graph.nodes)
    outputs = tuple((name, _argument(value)) for name, value in graph.outputs)
    used = {name for call in calls for name in used_by(call)}
    weights: dict[str, NDArray[Any]] = {}
    dtypes: dict[str, str] = {}
    for value, name in graph.bound.items():
        if value in used:
            stored = graph.weights.get(name)
            if stored is None:
                raise ProbeError(f"The file does not hold the weight {name!r}.")
            weights[value] = elements_of(stored)
            dtypes[value] = stored.dtype
    ports = [_port(graph, name) for name in graph.inputs if name not in graph.constants]
    inputs = needed(ports, calls, [value for _, value in outputs])
    return Program("aten", calls, inputs, outputs, weights, dtypes, dict(graph.bound))


def _port(graph: exported.ExportedGraph, name: str) -> Port:
    value = graph.values.get(name, exported.ExportedValue())
    return Port(name, value.shape, value.dtype)


def _call(node: exported.ExportedNode) -> Call:
    operator_of(node.target)
    outputs = tuple(name for one in node.outputs for name in ((one,) if isinstance(one, str) else one))
    args = tuple(_argument(value) for _, value in node.positional)
    kwargs = {name: _argument(value) for name, value in node.named.items()}
    return Call(node.target, args, kwargs, outputs, node.stack[-1][0] if node.stack else "", node.stack)


def _argument(value: exported.Argument) -> Argument:
    if isinstance(value, exported.Ref):
        return Ref(value.name)
    if isinstance(value, exported.Word):
        return _word(value)
    if isinstance(value, tuple):
        return tuple(_argument(inner) for inner in value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    told = value.what if isinstance(value, exported.Refused) else type(value).__name__
    raise ProbeError(f"The graph hands on an argument that is not run here: {told}.")


def _word(word: exported.Word) -> Argument:
    if word.what in _WORDS:
        return None
    return Constant(word.name)
