"""ONNX's graph, as the reader found it, made into a program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from dlviz_docs.errors import ProbeError
from dlviz_docs.model import Port
from dlviz_docs.probes.elements import elements_of
from dlviz_docs.probes.onnx_ops import onnx_operator
from dlviz_docs.probes.program import Argument, Call, Program, Ref, needed
from dlviz_docs.readers.networks._onnx_inline import written_out
from dlviz_docs.readers.networks._onnx_paths import Stack, stacks
from dlviz_docs.readers.networks._stored import Stored
from dlviz_docs.readers.networks.onnx import OnnxGraph, OnnxModel, OnnxNode

__all__ = ["program_of_onnx"]


def program_of_onnx(model: OnnxModel) -> Program:
    """What has to be called, in the order of the file, and the weights; functions of the file are written out.

    Raises `ProbeError` for what may not run or cannot be read; nothing is run.
    """
    graph, opset = model.graph, model.opsets.get("", 0)
    if graph.sparse:
        raise ProbeError("The model has sparse weights, which cannot be computed with here.")
    nodes = written_out(graph.nodes, model.functions)
    for node in nodes:
        _check(node, opset)
    weights = {name: elements_of(stored) for name, stored in graph.initialisers.items()}
    around = stacks(nodes, frozenset(weights))
    calls = [_call(node, weights, stack) for node, stack in zip(nodes, around, strict=True)]
    ports = [Port(value.name, value.shape or (), value.dtype) for value in graph.inputs if value.name not in weights]
    outputs: tuple[tuple[str, Argument], ...] = tuple((value.name, Ref(value.name)) for value in graph.outputs)
    inputs = needed(ports, calls, [value for _, value in outputs])
    return Program("onnx", tuple(calls), inputs, outputs, weights, opset=opset)


def _check(node: OnnxNode, opset: int) -> None:
    """`ProbeError` for an operator that is not in the tables."""
    if node.domain or any(isinstance(value, OnnxGraph) for value in node.attributes.values()):
        raise ProbeError(f"The model calls {node.target!r}, which is not among the operators that files may call.")
    onnx_operator(node.kind, opset)


def _first(node: OnnxNode) -> str:
    return next((name for name in node.outputs if name), "")


def _call(node: OnnxNode, weights: dict[str, NDArray[Any]], stack: Stack) -> Call:
    kwargs = dict(_settings(node, weights))
    if node.kind == "Split":
        kwargs["wanted"] = len(node.outputs)
    args: tuple[Argument, ...] = tuple(Ref(name) if name else None for name in node.inputs)
    return Call(node.kind, args, kwargs, node.outputs, stack[-1][0] if stack else "", stack)


def _settings(node: OnnxNode, weights: dict[str, NDArray[Any]]) -> Iterator[tuple[str, Argument]]:
    """Attributes; arrays among them join the weights."""
    for name, value in node.attributes.items():
        if isinstance(value, Stored):
            made = f"{_first(node)}@{name}"
            weights[made] = elements_of(value)
            yield name, Ref(made)
        elif value is None or isinstance(value, int | float | str):
            yield name, value
        elif isinstance(value, tuple) and all(isinstance(one, int | float | str) for one in value):
            yield name, tuple(one for one in value if isinstance(one, int | float | str))
        else:
            raise ProbeError(f"The attribute {name!r} of {node.kind} cannot be used here.")
