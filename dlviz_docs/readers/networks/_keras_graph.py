"""The configuration of a Keras model, plain JSON, as modules and the operations between them.

Sequential, functional and nested models, as Keras 1 to 3 and tf.keras write them. Nothing named in a configuration is
looked up or made: a Lambda's code stays the text it is.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dlviz_docs.model import Module, Operation, Port, Shape
from dlviz_docs.readers._text import clean
from dlviz_docs.readers.networks._dims import UNKNOWN
from dlviz_docs.readers.networks._keras_config import Call, Layer, Model, Ref, is_model, model_of
from dlviz_docs.readers.networks._keras_fields import with_fields
from dlviz_docs.readers.networks._keras_layers import Config, settings_of
from dlviz_docs.readers.networks._keras_shapes import macs_of, output_of

__all__ = ["Structure", "structure_of"]

_UNTOLD = (UNKNOWN,)
"""Shape of an input or output of which not even the number of axes is known."""
_MOST_OPERATIONS = 50_000
_MOST_FLOWS = 2_000
"""Uses of models within models: even those without a layer take their time."""
_DEEPEST = 24
_LONGEST_DTYPE = 40


@dataclass(frozen=True, slots=True)
class Structure:
    """What a configuration says of a model."""

    modules: tuple[Module, ...] = ()
    """A block before what is in it; the first is the whole model."""
    operations: tuple[Operation, ...] = ()
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    layers: Mapping[str, Layer] = field(default_factory=dict)
    """By path of their module."""
    whole: bool = True
    """Whether every layer has found its place in the graph."""


@dataclass(frozen=True, slots=True)
class _Value:
    """What goes along a wire."""

    source: str
    """Name of the operation or port it comes from."""
    shape: Shape = ()


def structure_of(kind: str, config: object) -> Structure:
    """Modules and operations of a model of that class; a module alone where the configuration has no layers."""
    model = model_of(kind, config)
    builder = _Builder()
    builder.modules[""] = Module("", kind)
    if model is None:
        return Structure(tuple(builder.modules.values()))
    ends = builder.flow(model, "", None, 0)
    builder.note("", 0, outputs=tuple(value.shape for value in ends if value.shape))
    builder.note("", 0, inputs=tuple(port.shape for port in builder.ports if port.shape))
    modules, operations = with_fields(
        list(_counted(_nested(builder.modules), builder.operations)),
        list(builder.operations.values()),
        builder.ports,
        builder.layers,
    )
    return Structure(
        tuple(modules),
        tuple(operations),
        tuple(replace(port, shape=port.shape or _UNTOLD) for port in builder.ports),
        tuple(Port(value.source, value.shape or _UNTOLD) for value in ends),
        builder.layers,
        builder.whole,
    )


def _nested(modules: Mapping[str, Module]) -> list[Module]:
    """Each block followed by what is in it; layers keep their order."""
    inside: dict[str, list[str]] = {}
    for path in modules:
        if path:
            inside.setdefault(path.rpartition(".")[0], []).append(path)
    found, left = [], [""]
    while left:
        path = left.pop()
        found.append(modules[path])
        left += reversed(inside.get(path, ()))
    return found


def _counted(modules: Sequence[Module], operations: Mapping[str, Operation]) -> Iterator[Module]:
    """With the multiply-adds of all that is in each, where all are known, and the elements of what comes out."""
    totals: dict[str, float] = {}
    for operation in operations.values():
        path = operation.module
        while True:
            told = math.nan if operation.macs is None else operation.macs
            totals[path] = totals.get(path, 0.0) + told
            if not path:
                break
            path = path.rpartition(".")[0]
    for module in modules:
        total = totals.get(module.path)
        yield replace(
            module,
            macs=None if total is None or math.isnan(total) else total,
            activations=_elements(module.outputs),
        )


def _elements(shapes: Sequence[Shape]) -> int | None:
    """Of one sample; None where a length is not known."""
    whole = 0
    for shape in shapes:
        if not all(isinstance(length, int) for length in shape[1:]):
            return None
        whole += math.prod(length for length in shape[1:] if isinstance(length, int))
    return whole or None


@dataclass(slots=True)
class _Builder:
    """Grows the structure, model by model."""

    modules: dict[str, Module] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    layers: dict[str, Layer] = field(default_factory=dict)
    ports: list[Port] = field(default_factory=list)
    uses: Counter[str] = field(default_factory=Counter)
    """Of each layer so far, by path."""
    flows: int = 0
    whole: bool = True

    def flow(self, model: Model, path: str, given: Sequence[_Value] | None, depth: int) -> list[_Value]:
        """Send values through a model; what comes out of it. `given` is None for the outermost, which has ports."""
        self.flows += 1
        if depth > _DEEPEST or self.flows > _MOST_FLOWS or len(self.operations) > _MOST_OPERATIONS:
            self.whole = False
            return []
        for layer in model.layers:
            self._enter(layer, _joined(path, layer.name))
        values: dict[Ref, _Value] = {}
        entries = dict(zip(model.inputs, given or (), strict=False))
        done = set()
        for layer, place in _runnable(model):
            done.add((layer.name, place))
            call = layer.calls[place]
            inputs = [values[ref] for ref in call.refs if ref in values]
            if layer.is_input or not call.refs:
                found = self._entry(layer, path, entries.get(layer.name), outermost=given is None)
            else:
                found = self._call(layer, path, call, inputs, place, depth)
            for at, value in enumerate(found):
                values[Ref(layer.name, place, at)] = value
        self.whole = self.whole and len(done) == sum(len(layer.calls) for layer in model.layers)
        return [values[ref] for ref in model.outputs if ref in values]

    def _enter(self, layer: Layer, path: str) -> None:
        """Make the module of a layer, and those inside it."""
        if path in self.modules or layer.is_input:
            return
        self.layers[path] = layer
        self.modules[path] = Module(path, layer.kind, settings=settings_of(layer.kind, layer.config))
        for inner in layer.inner:
            self._enter(inner, _joined(path, inner.name))

    def _entry(self, layer: Layer, path: str, given: _Value | None, *, outermost: bool) -> list[_Value]:
        """What an input layer hands on."""
        if given is not None:
            return [given]
        shape = layer.told_shape
        if not outermost:
            return [_Value("", shape)]
        name = _joined(path, layer.name)
        self.ports.append(Port(name, shape, _dtype(layer.config)))
        return [_Value(name, shape)]

    def _call(self, layer: Layer, path: str, call: Call, inputs: list[_Value], place: int, depth: int) -> list[_Value]:
        own = _joined(path, layer.name)
        use = self.uses[own]
        self.uses[own] += 1
        told = zip(inputs, call.refs, strict=False)
        inputs = [replace(value, shape=value.shape or call.shapes.get(ref, ())) for value, ref in told]
        self.note(own, use, inputs=tuple(value.shape for value in inputs if value.shape))
        if is_model(layer.kind) and (model := model_of(layer.kind, layer.config)) is not None:
            found = self.flow(model, own, inputs, depth + 1)
        else:
            found = [self._operate(layer, own, layer.result(place), inputs, use)]
        self.note(own, use, outputs=tuple(value.shape for value in found if value.shape))
        return found

    def _operate(self, layer: Layer, own: str, told: Shape, inputs: list[_Value], use: int) -> _Value:
        shapes = [value.shape for value in inputs]
        output = told or _through(layer, shapes)
        name = f"{own}:{use}" if use else own  # a shared layer, or one of a model that is used again
        self.operations[name] = Operation(
            name,
            layer.kind,
            own,
            tuple(dict.fromkeys(value.source for value in inputs if value.source)),
            settings=self.modules[own].settings,
            outputs=(output,) if output else (),
            macs=_macs(layer, shapes, output),
        )
        return _Value(name, output)

    def note(self, path: str, use: int, **more: Any) -> None:
        """What the first use of a layer tells of it; later ones are counted."""
        module = self.modules[path]
        self.modules[path] = replace(module, **more) if use == 0 else replace(module, calls=use + 1)


def _runnable(model: Model) -> Iterator[tuple[Layer, int]]:
    """Calls of layers in an order in which they can run; those in a circle never come."""
    by_name = {layer.name: layer for layer in model.layers}
    order = {layer.name: place for place, layer in enumerate(model.layers)}
    waits: dict[tuple[str, int], int] = {}
    frees: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for layer in model.layers:
        for place, call in enumerate(layer.calls):
            needed = {(ref.layer, ref.call) for ref in call.refs}
            waits[layer.name, place] = len(needed)
            for one in needed:
                frees.setdefault(one, []).append((layer.name, place))
    ready = [(order[name], place, name) for (name, place), left in waits.items() if not left]
    heapq.heapify(ready)
    while ready:
        _, place, name = heapq.heappop(ready)
        yield by_name[name], place
        for follower in frees.get((name, place), ()):
            waits[follower] -= 1
            if not waits[follower]:
                heapq.heappush(ready, (order[follower[0]], follower[1], follower[0]))


def _through(layer: Layer, shapes: Sequence[Shape]) -> Shape:
    """The shape of a layer's result, looking into wrappers."""
    if not layer.inner:
        return output_of(layer.kind, layer.config, shapes)
    inner, shape = layer.inner[0], shapes[0] if shapes else ()
    if layer.kind == "TimeDistributed" and len(shape) > 2:
        after = output_of(inner.kind, inner.config, [(shape[0], *shape[2:])])
        return (after[0], shape[1], *after[1:]) if after else ()
    after = output_of(inner.kind, inner.config, shapes)
    if layer.kind == "Bidirectional" and after and layer.config.get("merge_mode", "concat") == "concat":
        return (*after[:-1], after[-1] * 2) if isinstance(after[-1], int) else ()
    return after


def _macs(layer: Layer, shapes: Sequence[Shape], output: Shape) -> float | None:
    if not layer.inner:
        return macs_of(layer.kind, layer.config, shapes, output)
    inner = layer.inner[0]
    if layer.kind == "TimeDistributed" and shapes and len(shapes[0]) > 2 and len(output) > 2:
        steps, shape = shapes[0][1], (shapes[0][0], *shapes[0][2:])
        once = macs_of(inner.kind, inner.config, [shape], (output[0], *output[2:]))
        return once * steps if once is not None and isinstance(steps, int) else None
    once = macs_of(inner.kind, inner.config, shapes, output)
    return 2 * once if layer.kind == "Bidirectional" and once is not None else once


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _dtype(config: Config) -> str:
    value = config.get("dtype")
    return clean(value[:_LONGEST_DTYPE]) if isinstance(value, str) else ""
