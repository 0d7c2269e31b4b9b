"""An ONNX model as a trace: what its operators do, in an order in which they run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace

from dlviz_docs.model import Port, Role, Setting, Tensor
from dlviz_docs.readers.networks._dims import UNKNOWN
from dlviz_docs.readers.networks._onnx_calls import meaning
from dlviz_docs.readers.networks._onnx_given import Known
from dlviz_docs.readers.networks._onnx_inline import written_out
from dlviz_docs.readers.networks._onnx_paths import Stack, stacks
from dlviz_docs.readers.networks._onnx_shapes import inferred, seen_of
from dlviz_docs.readers.networks._onnx_types import (
    Attribute,
    Long,
    OnnxGraph,
    OnnxModel,
    OnnxNode,
    OnnxSparse,
    OnnxValue,
)
from dlviz_docs.readers.networks._onnx_words import FORMAL
from dlviz_docs.readers.networks._stored import Stored
from dlviz_docs.readers.networks._trace import Step, Trace, Value, ordered
from dlviz_docs.stats.calls import Call

__all__ = ["trace_of_onnx"]

_LONGEST_SETTING = 32
_LONGEST_TEXT = 200
_NUMBERED = re.compile(r"val_\d+")
_RECURRENT = ("LSTM", "GRU", "RNN")
_RUNNING = ("running_mean", "running_var", "moving_mean", "moving_variance", "num_batches_tracked")


def trace_of_onnx(model: OnnxModel, lengths: Mapping[str, int] | None = None) -> Trace:
    """The model's operations. `lengths` gives numbers to lengths that vary; the first axis of inputs is 1 without one.

    Shapes are told with the names of lengths; costs are counted with the numbers.
    """
    graph = model.graph
    nodes = _sorted(written_out(graph.nodes, model.functions))
    opset = model.opsets.get("", 0)
    assumed = {**_examples(graph), **(lengths or {})}
    named, numbered = inferred(graph, nodes, opset), inferred(_single(graph), nodes, opset, assumed)
    weights, copies = _weights(graph, nodes)
    inner = {node.outputs[0]: tuple(_inner(node, weights, named.keys())) for node in nodes if node.outputs}
    values = {name: Value(known.shape, numbered.get(name, known).shape, known.dtype) for name, known in named.items()}
    places = stacks(nodes, frozenset(weights))
    steps = tuple(
        _step(node, stack, numbered, weights, copies, inner[node.outputs[0]], opset)
        for node, stack in zip(nodes, places, strict=True)
        if node.outputs and node.outputs[0] not in weights and node.outputs[0] not in copies
    )
    inputs = tuple(_port(value) for value in graph.inputs if value.name not in graph.initialisers)
    outputs = tuple(
        (_completed(value, named.get(value.name, Known())), copies.get(value.name, value.name))
        for value in graph.outputs
    )
    made = {name for node in nodes if node.kind == "Constant" for name in node.outputs}
    tensors = tuple(_tensors(weights, steps, made))
    return Trace(
        steps, values, inputs, outputs, tensors, weights, facts=model.facts, problems=model.problems, format="ONNX"
    )


def _examples(graph: OnnxGraph) -> dict[str, int]:
    """One example: the first axis of each input, where its length has a name of its own."""
    inputs = [value for value in graph.inputs if value.name not in graph.initialisers and value.shape]
    firsts = [value.shape[0] for value in inputs if value.shape]
    others = {length for value in inputs if value.shape for length in value.shape[1:]}
    return {name: 1 for name in firsts if isinstance(name, str) and name != UNKNOWN and name not in others}


def _single(graph: OnnxGraph) -> OnnxGraph:
    """With one example along first axes that have no name."""
    inputs = (
        replace(value, shape=(1, *value.shape[1:])) if value.shape and value.shape[0] == UNKNOWN else value
        for value in graph.inputs
    )
    return replace(graph, inputs=tuple(inputs))


def _sorted(nodes: Sequence[OnnxNode]) -> list[OnnxNode]:
    """ONNX asks for an order in which nodes can run; where a file has another, one is made as far as that goes."""
    steps = [Step(str(place), "", Call(), reads=node.inputs, writes=node.outputs) for place, node in enumerate(nodes)]
    done, waiting = ordered(steps)
    return [nodes[int(step.name)] for step in (*done, *waiting)]


def _weights(graph: OnnxGraph, nodes: Sequence[OnnxNode]) -> tuple[dict[str, Stored], dict[str, str]]:
    """Stored arrays by the name of their value, constants among the nodes too; and names of values that are copies.

    Older exporters share equal weights by nodes that copy them (Identity): those are the weights they copy.
    """
    weights = {**graph.initialisers, **{name: sparse.values for name, sparse in graph.sparse.items()}}
    copies: dict[str, str] = {}
    for node in nodes:
        value = node.attributes.get("value") or node.attributes.get("sparse_value")
        if node.kind == "Constant" and node.outputs and isinstance(value, Stored | OnnxSparse):
            stored = value if isinstance(value, Stored) else value.values
            if stored.size > 1 and stored.dtype.startswith(("float", "bfloat")):
                weights[node.outputs[0]] = replace(stored, name=node.outputs[0])
        elif node.kind == "Identity" and node.inputs and node.outputs and node.inputs[0] in weights:
            copies[node.outputs[0]] = copies.get(node.inputs[0], node.inputs[0])
            weights[node.outputs[0]] = weights[node.inputs[0]]
    return {name: stored for name, stored in weights.items() if name not in copies}, copies


def _inner(node: OnnxNode, weights: dict[str, Stored], taken: Set[str]) -> Iterator[str]:
    """Names of the weights that graphs within a node bring with them, which are added to `weights`."""
    for graph in _graphs(node):
        for name, stored in _weights(graph, ())[0].items():
            own = f"{name}:{len(weights)}" if name in weights or name in taken else name
            weights[own] = replace(stored, name=own)
            yield own
        for one in graph.nodes:
            yield from _inner(one, weights, taken)


def _graphs(node: OnnxNode) -> Iterator[OnnxGraph]:
    for value in node.attributes.values():
        yield from (one for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, OnnxGraph))


def _step(
    node: OnnxNode,
    stack: Stack,
    known: Mapping[str, Known],
    weights: Mapping[str, Stored],
    copies: Mapping[str, str],
    inner: Sequence[str],
    opset: int,
) -> Step:
    outputs = [known.get(name, Known()) for name in node.outputs]
    does = meaning(replace(seen_of(node, known, opset), outputs=outputs))
    places = range(len(node.inputs)) if does.takes is None else does.takes
    taken = [node.inputs[place] if place < len(node.inputs) else "" for place in places]
    call = Call(
        does.does,
        tuple(known.get(name, Known()).shape for name in taken),
        tuple(one.shape for one in outputs),
    )
    told = dict(_told(node, known))
    plain = {node.inputs[place] for place in told}
    takes = (*node.inputs, *_captured(node))
    stored = {name: copies.get(name, name) for name in takes if name in weights or name in copies}
    return Step(
        node.name or node.outputs[0],
        node.target,
        call,
        stack,
        tuple(dict.fromkeys(name for name in takes if name and name not in stored)),
        tuple("" if name in stored else name for name in taken),
        node.outputs,
        tuple(dict.fromkeys([*(own for name, own in stored.items() if name not in plain), *inner])),
        {**dict(_settings(node.attributes)), **dict(told.values())},
        does.layer,
        does.measures,
        node.inputs,
    )


def _told(node: OnnxNode, known: Mapping[str, Known]) -> Iterator[tuple[int, tuple[str, Setting]]]:
    """Inputs that say how, not what: their values under the names that ONNX gives them."""
    for place, formal in enumerate(FORMAL.get(node.kind, ())):
        elements = known.get(node.inputs[place], Known()).elements if formal and place < len(node.inputs) else None
        if elements is not None and not any(isinstance(one, str) for one in elements):
            yield place, (formal, _several(elements) if len(elements) != 1 else elements[0])


def _captured(node: OnnxNode) -> Iterator[str]:
    """Values that graphs within a node take from outside of them."""
    for graph in _graphs(node):
        yield from _free(graph)


def _free(graph: OnnxGraph) -> Iterator[str]:
    own = {value.name for value in graph.inputs} | set(graph.initialisers) | set(graph.sparse)
    own |= {name for node in graph.nodes for name in node.outputs}
    for node in graph.nodes:
        yield from (name for name in (*node.inputs, *_captured(node)) if name and name not in own)


def _settings(attributes: Mapping[str, Attribute]) -> Iterator[tuple[str, Setting]]:
    """Attributes under ONNX's names; of an array its form, of a graph what it holds."""
    for name, value in sorted(attributes.items()):
        if isinstance(value, float):
            yield name, float(f"{value:.7g}")
        elif isinstance(value, str):
            yield name, value[:_LONGEST_TEXT]
        elif isinstance(value, int):
            yield name, value
        elif isinstance(value, Stored):
            yield name, _form(value)
        elif isinstance(value, OnnxGraph):
            yield name, _listed(value)
        elif isinstance(value, Long):
            yield name, f"{value.count:,} values"
        elif isinstance(value, OnnxSparse):
            yield name, f"sparse {_form(value.values)}"
        elif isinstance(value, OnnxValue):
            yield name, f"{value.holds} of {value.dtype}"
        elif isinstance(value, tuple):
            yield name, _several(value)


def _several(values: tuple[object, ...]) -> Setting:
    few = values[:_LONGEST_SETTING]
    if all(isinstance(one, int) for one in few):
        return tuple(one for one in few if isinstance(one, int))
    if all(isinstance(one, int | float) for one in few):
        return tuple(float(f"{one:.7g}") for one in few if isinstance(one, int | float))
    texts = (
        _listed(one) if isinstance(one, OnnxGraph) else _form(one) if isinstance(one, Stored) else str(one)
        for one in few
    )
    return tuple(text[:_LONGEST_TEXT] for text in texts)


def _form(stored: Stored) -> str:
    from dlviz_docs.readers.networks._onnx_constants import elements_of

    elements = elements_of(stored)
    if elements is not None and len(elements) <= 8:
        return ", ".join(f"{one:g}" if isinstance(one, float) else str(one) for one in elements)
    return f"{stored.dtype} {' x '.join(map(str, stored.shape))}"


def _listed(graph: OnnxGraph) -> str:
    """The operators of a graph within a node, in order."""
    kinds = list(dict.fromkeys(node.kind for node in graph.nodes))
    more = f", {len(kinds) - 8} more kinds" if len(kinds) > 8 else ""
    return f"{len(graph.nodes)} operations: {', '.join(kinds[:8])}{more}" if kinds else "no operations"


def _port(value: OnnxValue) -> Port:
    dtype = value.dtype if value.holds == "tensor" else f"{value.holds} of {value.dtype}"
    return Port(value.name, (UNKNOWN,) if value.shape is None else value.shape, dtype)


def _completed(value: OnnxValue, known: Known) -> Port:
    whole = replace(value, shape=known.shape if value.shape is None else value.shape, dtype=value.dtype or known.dtype)
    return _port(whole)


def _states(step: Step) -> tuple[str, ...]:
    """What a recurrent layer begins with, behind its input, weights and biases: lengths of sequences, then states."""
    return step.takes[4:7] if step.kind in _RECURRENT else ()


def _tensors(weights: Mapping[str, Stored], steps: Sequence[Step], made: Set[str]) -> Iterator[Tensor]:
    """What training changed is told apart from running statistics and from numbers that are no weights.

    What a node `made`, and what PyTorch's exporter made and only numbered, such as masks, are constants of the program,
    unless they are the weights of a layer.
    """
    used = {
        name
        for step in steps
        for name in step.tensors
        if (step.layer.kind and name not in _states(step)) or not (name in made or _NUMBERED.fullmatch(name))
    }
    for name, stored in weights.items():
        role: Role = "parameter" if name in used else "other"
        if not stored.dtype.startswith(("float", "bfloat", "complex")) and not _quantised(stored):
            role = "other"
        if name.endswith(_RUNNING):
            role = "buffer"
        yield Tensor(name, stored.shape, stored.dtype, stored.octets, role, missing=bool(stored.why_not))


def _quantised(stored: Stored) -> bool:
    return stored.dtype in ("int8", "uint8", "int4", "uint4") and stored.size > 1
