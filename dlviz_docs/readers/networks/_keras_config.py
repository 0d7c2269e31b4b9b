"""Keras' JSON taken apart: which layers a model has, and which calls of which layers feed each.

A reference to what a layer returned is written in three ways: ["conv", 0, 0, {...}] by Keras 1 and 2, the same without
a list around it and with more of them among its keyword arguments by tf.keras, and as a "__keras_tensor__" with its
shape by Keras 3. One walk finds them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, NamedTuple

from dlviz_docs.model import Shape
from dlviz_docs.readers._text import clean
from dlviz_docs.readers.networks._keras_layers import Config
from dlviz_docs.readers.networks._keras_shapes import shape_of

__all__ = ["Call", "Layer", "Model", "Ref", "is_model", "model_of", "plain_name"]

_MOST_LAYERS = 20_000
_DEEPEST = 40
"""Levels of arguments in which references are looked for."""
_LONGEST_NAME = 200
_WRAPPED = ("layer", "backward_layer", "forward_layer")


class Ref(NamedTuple):
    """The `tensor`-th result of the `call`-th use of a layer."""

    layer: str
    call: int
    tensor: int


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a layer: what goes into it."""

    refs: tuple[Ref, ...] = ()
    shapes: Mapping[Ref, Shape] = field(default_factory=dict)
    """Of what goes in, where the configuration tells."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer, or a model within a model."""

    name: str
    """Without dots, so that it can stand in a path."""
    kind: str
    config: Config
    calls: tuple[Call, ...] = ()
    told_shape: Shape = ()
    """Of its input."""
    inner: tuple[Layer, ...] = ()
    """What a wrapper wraps."""
    registered: str = ""
    """Under which name somebody's own class was registered: "mine>Gate"."""
    module: str = ""
    """Of Python, where its class is."""
    results: Mapping[int, Shape] = field(default_factory=dict)
    """Shape of what a use of it returns, where those that take it tell."""

    @property
    def is_input(self) -> bool:
        """Whether it only stands for what is put into the model."""
        return self.kind == "InputLayer"

    @property
    def is_operation(self) -> bool:
        """Whether it is a function of Keras or TensorFlow in place of a layer."""
        return self.module.startswith("keras") or self.kind in ("TFOpLambda", "TensorFlowOpLayer", "SlicingOpLambda")

    def result(self, call: int) -> Shape:
        """What the configuration says of the result of a call; () for nothing."""
        return self.results.get(call, ())


@dataclass(frozen=True, slots=True)
class Model:
    """Layers, and where values enter and leave."""

    layers: tuple[Layer, ...]
    inputs: tuple[str, ...]
    """Names of the layers that take the model's inputs."""
    outputs: tuple[Ref, ...]


def is_model(kind: str) -> bool:
    """Whether a class is a model made of layers that its configuration lists."""
    return kind in ("Sequential", "Functional", "Model", "Container", "Network")


def model_of(kind: str, config: object) -> Model | None:
    """The model of a configuration; None where that lists no layers."""
    listed = config.get("layers") if isinstance(config, Mapping) else config  # Keras 1 and 2.0: the list itself
    if not isinstance(listed, list):
        return None
    layers = [layer for one in listed[:_MOST_LAYERS] if (layer := _layer(one)) is not None]
    unique = list({layer.name: layer for layer in layers}.values())
    if not unique:
        return None
    told = config if isinstance(config, Mapping) else {}
    return _sequential(unique, told) if kind == "Sequential" else _functional(unique, told, listed)


# --- one after the other ---


def _sequential(layers: Sequence[Layer], config: Config) -> Model:
    if not layers[0].is_input:
        shape = shape_of(config.get("build_input_shape")) or layers[0].told_shape
        layers = [Layer(_free(layers), "InputLayer", {}, (Call(),), shape), *layers]
    chain = [replace(layers[0], calls=(Call(),))]
    for before, layer in pairwise(layers):
        chain.append(replace(layer, calls=(Call((Ref(before.name, 0, 0),)),)))
    return Model(tuple(chain), (chain[0].name,), (Ref(chain[-1].name, 0, 0),))


def _free(layers: Sequence[Layer]) -> str:
    """A name for the input that no layer has."""
    names = {layer.name for layer in layers}
    return next(name for name in ("input", *(f"input_{n}" for n in range(len(names) + 1))) if name not in names)


# --- a graph ---


def _functional(layers: Sequence[Layer], config: Config, listed: Sequence[Any]) -> Model:
    names = {layer.name for layer in layers}
    nodes = {_name_of(one): one.get("inbound_nodes") for one in listed if isinstance(one, Mapping)}
    found = {layer.name: _calls(nodes.get(layer.name), names) for layer in layers}
    ends = tuple(_refs(config.get("output_layers"), names, {}))
    shift = _shifts([ref for calls in found.values() for call in calls for ref in call.refs] + list(ends), found)
    calls = {name: tuple(_moved(call, shift) for call in these) for name, these in found.items()}
    results: dict[str, dict[int, Shape]] = {}
    for these in calls.values():
        for ref, shape in ((ref, shape) for call in these for ref, shape in call.shapes.items()):
            if ref.tensor == 0:
                results.setdefault(ref.layer, {})[ref.call] = shape
    whole = [
        replace(layer, calls=calls[layer.name] or (Call(),), results=results.get(layer.name, {})) for layer in layers
    ]
    inputs = tuple(ref.layer for ref in _refs(config.get("input_layers"), names, {}))
    return Model(tuple(whole), inputs, tuple(_shifted(ref, shift) for ref in ends))


def _shifts(refs: Sequence[Ref], calls: Mapping[str, Sequence[Call]]) -> dict[str, int]:
    """By layer, the number of its first call: Keras 2 counts one that lies outside for models within models."""
    highest: dict[str, int] = {}
    for ref in refs:
        highest[ref.layer] = max(highest.get(ref.layer, 0), ref.call)
    return {name: max(0, top - max(len(calls[name]), 1) + 1) for name, top in highest.items() if name in calls}


def _shifted(ref: Ref, shift: Mapping[str, int]) -> Ref:
    return ref._replace(call=max(0, ref.call - shift.get(ref.layer, 0)))


def _moved(call: Call, shift: Mapping[str, int]) -> Call:
    shapes = {_shifted(ref, shift): shape for ref, shape in call.shapes.items()}
    return Call(tuple(_shifted(ref, shift) for ref in call.refs), shapes)


def _calls(nodes: object, names: set[str]) -> tuple[Call, ...]:
    if not isinstance(nodes, list):
        return ()
    calls = []
    for node in nodes:
        shapes: dict[Ref, Shape] = {}
        calls.append(Call(tuple(_refs(node, names, shapes)), shapes))
    return tuple(calls)


def _refs(value: object, names: set[str], shapes: dict[Ref, Shape], depth: int = 0) -> Iterator[Ref]:
    """Every reference in a value, in order; shapes are noted on the way."""
    if depth > _DEEPEST:
        return
    if (ref := _ref(value, names)) is not None:
        yield ref
        yield from _refs(value[3:], names, shapes, depth + 1)  # type: ignore[index]
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _refs(one, names, shapes, depth + 1)
    elif isinstance(value, Mapping) and value.get("class_name") == "__keras_tensor__":
        told = value.get("config")
        if isinstance(told, Mapping) and (ref := _ref(told.get("keras_history"), names)) is not None:
            if shape := shape_of(told.get("shape")):
                shapes[ref] = shape
            yield ref
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _refs(one, names, shapes, depth + 1)


def _ref(value: object, names: set[str]) -> Ref | None:
    """["conv", 0, 0] or ["conv", 0, 0, {...}]."""
    if not isinstance(value, list | tuple) or not 3 <= len(value) <= 4 or not isinstance(value[0], str):
        return None
    name = plain_name(value[0])
    numbers = all(isinstance(one, int) and not isinstance(one, bool) and one >= 0 for one in value[1:3])
    return Ref(name, value[1], value[2]) if numbers and name in names else None


# --- one layer ---


def _layer(value: object) -> Layer | None:
    if not isinstance(value, Mapping) or not isinstance(kind := value.get("class_name"), str):
        return None
    config = value.get("config")
    settings: Config = config if isinstance(config, Mapping) else {}
    built = value.get("build_config")
    shape = built.get("input_shape") if isinstance(built, Mapping) else None
    inner = [(key, one) for key in _WRAPPED if (one := _layer(settings.get(key))) is not None]
    return Layer(
        _name_of(value),
        clean(kind[:_LONGEST_NAME].rpartition(">")[2]),
        config if isinstance(config, list) else settings,  # type: ignore[arg-type]  # a Sequential of Keras 2.0
        told_shape=_input_shape(settings) or shape_of(shape),
        inner=tuple(_distinct(one) for one in inner),
        registered=_registered(value, kind),
        module=told if isinstance(told := value.get("module"), str) else "",
    )


def _distinct(inner: tuple[str, Layer]) -> Layer:
    """Both halves of a Bidirectional may have one name in the configuration of old."""
    key, layer = inner
    return replace(layer, name=f"backward_{layer.name.removeprefix('backward_')}") if key == "backward_layer" else layer


def _name_of(value: Mapping[str, Any]) -> str:
    config = value.get("config")
    inner = config.get("name") if isinstance(config, Mapping) else None
    found = value.get("name") or inner or value.get("class_name")
    return plain_name(str(found))


def plain_name(name: str) -> str:
    """In a path, dots are between layers: "tf.nn.relu" is called tf_nn_relu."""
    return clean(name[:_LONGEST_NAME]).replace(".", "_")


def _registered(value: Mapping[str, Any], kind: str) -> str:
    told = value.get("registered_name")
    found = told if isinstance(told, str) else kind
    return clean(found[:_LONGEST_NAME]) if ">" in found and not found.startswith("Keras") else ""


def _input_shape(config: Config) -> Shape:
    return shape_of(config.get("batch_shape")) or shape_of(config.get("batch_input_shape"))
