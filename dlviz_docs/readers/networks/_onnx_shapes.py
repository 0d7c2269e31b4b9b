"""Shapes of all values of an ONNX graph, from those of its inputs: what `onnx.shape_inference` does, without ONNX.

Whatever does not follow stays unknown. A file may tell shapes of values in between: they fill what does not follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dlviz_docs.model import Shape
from dlviz_docs.readers.networks._dims import UNKNOWN
from dlviz_docs.readers.networks._onnx_constants import elements_of, evaluated
from dlviz_docs.readers.networks._onnx_given import Known, Seen
from dlviz_docs.readers.networks._onnx_rules import RULES
from dlviz_docs.readers.networks._onnx_types import OnnxGraph, OnnxNode, OnnxValue
from dlviz_docs.readers.networks._onnx_words import FOREIGN
from dlviz_docs.readers.networks._stored import Stored

__all__ = ["inferred", "seen_of"]

_MOST_AXES = 64
_LONGEST_AXIS = 1 << 62
"""ONNX's lengths are numbers of 64 bits; a crafted chain of products has others."""


def inferred(
    graph: OnnxGraph, nodes: Sequence[OnnxNode], opset: int, lengths: Mapping[str, int] | None = None
) -> dict[str, Known]:
    """What is known of each value, the nodes taken in this order; `lengths` gives numbers to names of lengths."""
    given = lengths or {}
    known = {name: _of_weight(stored) for name, stored in graph.initialisers.items()}
    known |= {name: Known(sparse.shape, sparse.values.dtype, weight=True) for name, sparse in graph.sparse.items()}
    for value in graph.inputs:
        known.setdefault(value.name, _told(value, given))
    told = {value.name: _told(value, given) for value in (*graph.values.values(), *graph.outputs)}
    for node in nodes:
        for name, found in zip(node.outputs, _outputs(node, known, opset), strict=False):
            if name and name not in known:
                known[name] = _completed(found, told.get(name))
        for name in node.outputs:
            if name and name not in known:
                known[name] = told.get(name, Known())
    return known


def _of_weight(stored: Stored) -> Known:
    return Known(stored.shape, stored.dtype, elements_of(stored), weight=True)


def _told(value: OnnxValue, lengths: Mapping[str, int]) -> Known:
    shape = value.shape
    if value.holds != "tensor":
        return Known(None, value.dtype)
    if shape is not None:
        shape = tuple(lengths.get(length, length) if isinstance(length, str) else length for length in shape)
    return Known(shape, value.dtype)


def _completed(found: Known, told: Known | None) -> Known:
    """What followed, and of the rest what the file tells."""
    if told is None:
        return found
    shape = told.shape if found.shape is None else found.shape
    if told.shape is not None and found.shape is not None and len(told.shape) == len(found.shape):
        shape = tuple(
            other if own == UNKNOWN or (isinstance(own, str) and isinstance(other, int)) else own
            for own, other in zip(found.shape, told.shape, strict=True)
        )
    return replace(found, shape=shape, dtype=found.dtype or told.dtype)


def seen_of(node: OnnxNode, known: Mapping[str, Known], opset: int) -> Seen:
    """A node with what is known of its inputs."""
    return Seen(node, [known.get(name, Known()) if name else Known() for name in node.inputs], opset)


def _outputs(node: OnnxNode, known: Mapping[str, Known], opset: int) -> list[Known]:
    """By the rule of its operator; a rule that fails knows nothing."""
    seen = seen_of(node, known, opset)
    rule = RULES.get(node.kind) if not node.domain or node.kind in FOREIGN else None
    found: list[Known] = []
    if rule is not None:
        try:
            found = list(rule(seen))
        except (TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError):
            found = []
    found = [replace(one, shape=_bounded(one.shape)) for one in found]
    elements = evaluated(seen)
    if elements is not None and node.outputs:
        first = found[0] if found else Known()
        shape: Shape | None = first.shape if first.shape is not None else (len(elements),)
        found[:1] = [replace(first, shape=shape, elements=elements)]
    return found


def _bounded(shape: Shape | None) -> Shape | None:
    if shape is None or len(shape) > _MOST_AXES:
        return None
    return tuple(UNKNOWN if isinstance(length, int) and not 0 <= length < _LONGEST_AXIS else length for length in shape)
