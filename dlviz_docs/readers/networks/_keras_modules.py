"""Layers and their weights together: names, settings that follow from shapes, and what is trained.

Where no configuration is there, layers are made of the names of their weights, and their kinds are inferred.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dlviz_docs.model import Module, Operation, Setting, Tensor
from dlviz_docs.readers.networks._keras_graph import Structure
from dlviz_docs.readers.networks._keras_layers import CONVOLUTION, kind_of_snake
from dlviz_docs.readers.networks._keras_weights import Weight
from dlviz_docs.readers.networks._stored import Stored

__all__ = ["Trained", "trained", "with_weights"]

_Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Trained:
    """The weights of a model, and its operations with their names."""

    tensors: tuple[Tensor, ...] = ()
    stored: Mapping[str, Stored] = field(default_factory=dict)
    by_path: Mapping[str, Sequence[Weight]] = field(default_factory=dict)
    operations: tuple[Operation, ...] = ()


def trained(structure: Structure, found: Sequence[tuple[Weight, Stored]]) -> Trained:
    """All weights, as tensors and as what can be read."""
    by_path: dict[str, list[Weight]] = {}
    for weight, _ in found:
        if weight.role != "optimizer":
            by_path.setdefault(weight.path, []).append(weight)
    tensors = [_tensor(weight, stored, structure) for weight, stored in found]
    kinds = {module.path: module.kind for module in structure.modules}
    turned = {w.name: _turned(replace(s, name=w.name), w, kinds.get(w.path) or _told(w)) for w, s in found}
    names = {path: tuple(weight.name for weight in weights) for path, weights in by_path.items()}
    inside = dict(names)
    for path in names:  # an operation stands for a wrapper, the weights lie in what it wraps
        parent = path.rpartition(".")[0]
        if parent and kinds.get(parent) in ("Bidirectional", "TimeDistributed", "SpectralNormalization"):
            inside[parent] = (*inside.get(parent, ()), *names[path])
    operations = (replace(one, tensors=inside.get(one.module, ())) for one in structure.operations)
    return Trained(tuple(tensors), turned, by_path, tuple(operations))


def with_weights(structure: Structure, weights: Trained) -> tuple[Module, ...]:
    """The modules with the names of their tensors, and with the settings that only shapes tell."""
    if len(structure.modules) < 2:
        kind = structure.modules[0].kind if structure.modules else ""
        return tuple(_made(weights.by_path, kind))
    return tuple(_completed(module, weights.by_path.get(module.path, ())) for module in structure.modules)


def _tensor(weight: Weight, stored: Stored, structure: Structure) -> Tensor:
    array = weight.array
    missing = not array.there or stored.why_not.startswith("breaks off")
    trainable = _is_trainable(weight.path, structure) if weight.role == "parameter" else None
    return Tensor(
        weight.name, array.shape, array.dtype or "unknown", array.octets, weight.role, trainable, missing=missing
    )


def _is_trainable(path: str, structure: Structure) -> bool | None:
    """Whether the layer and all blocks around it are; None where nobody says."""
    layers = structure.layers
    above = [path[:place] for place, letter in enumerate(path) if letter == "."] + [path]
    told = [layers[one].config.get("trainable") for one in above if one in layers]
    return None if not told or None in told else all(told)


def _turned(stored: Stored, weight: Weight, kind: str) -> Stored:
    """With the axis that counts filters, or outputs, first, then that of the channels it takes in."""
    order = _order(weight.variable, kind, len(stored.shape))
    if order is None or not stored.strides:
        return stored
    shape, strides = ([values[axis] for axis in order] for values in (stored.shape, stored.strides))
    return replace(stored, shape=tuple(shape), strides=tuple(strides))


def _order(variable: str, kind: str, axes: int) -> tuple[int, ...] | None:
    if "kernel" not in variable or axes < 2 or kind == "EinsumDense" or kind.endswith("Attention"):
        return None
    window = tuple(range(axes - 2))
    if "depthwise" in variable or kind.startswith("Depthwise"):
        return (axes - 2, axes - 1, *window)
    # Transposed ones are (..., out, in), and PyTorch has (in, out, ...).
    return (axes - 1, axes - 2, *window)


# --- what shapes tell ---


def _completed(module: Module, weights: Sequence[Weight]) -> Module:
    shapes = {weight.variable: weight.array.shape for weight in weights}
    told = _settings(module.kind, shapes, module.settings)
    return replace(module, settings={**told, **module.settings}, tensors=tuple(weight.name for weight in weights))


def _settings(kind: str, shapes: _Shapes, known: Mapping[str, Setting]) -> dict[str, Setting]:
    kernel = shapes.get("kernel") or shapes.get("depthwise_kernel") or ()
    if match := CONVOLUTION.match(kind):
        return _convolution(match, kernel, shapes, known) if len(kernel) > 2 else {}
    if kind == "Dense" and len(kernel) == 2:
        return {"in_features": kernel[0], "out_features": kernel[1]}
    if (table := shapes.get("embeddings")) and len(table) == 2:
        return {"num_embeddings": table[0], "embedding_dim": table[1]}
    if (inner := shapes.get("recurrent_kernel")) and kernel:
        return {"input_size": kernel[0], "hidden_size": inner[0]}
    if norm := shapes.get("gamma") or shapes.get("beta") or shapes.get("moving_mean") or shapes.get("scale"):
        return {"num_features": norm[0]} if len(norm) == 1 else {}
    return {}


def _convolution(
    match: re.Match[str], kernel: tuple[int, ...], shapes: _Shapes, known: Mapping[str, Setting]
) -> dict[str, Setting]:
    *window, before, after = kernel
    size: dict[str, Setting] = {"kernel_size": tuple(window)}
    if match[3]:
        return {"in_channels": after, "out_channels": before, **size}
    if match[1] == "Depthwise":
        return {"in_channels": before, "out_channels": before * after, "groups": before, **size}
    if match[1] == "Separable":
        point = shapes.get("pointwise_kernel") or (0,)
        return {"in_channels": before, "out_channels": point[-1], **size}
    groups = known.get("groups", 1)
    return {"in_channels": before * (groups if isinstance(groups, int) else 1), "out_channels": after, **size}


# --- layers without a configuration ---


def _made(by_path: Mapping[str, Sequence[Weight]], kind: str) -> Iterator[Module]:
    """A tree of the paths of weights, a block before what is in it."""
    paths = dict.fromkeys([""])
    for path in by_path:
        parts = path.split(".") if path else []
        paths |= dict.fromkeys(".".join(parts[:length]) for length in range(1, len(parts) + 1))
    for path in paths:
        weights = by_path.get(path, ())
        shapes = {weight.variable: weight.array.shape for weight in weights}
        found = _kind(path, weights, shapes) if path else kind
        names = tuple(weight.name for weight in weights)
        yield Module(path, found, bool(path and found), _settings(found, shapes, {}), names)


def _kind(path: str, weights: Sequence[Weight], shapes: _Shapes) -> str:
    """The class, as the name that Keras gave the layer tells, or else the names and shapes of its weights."""
    told = next((found for weight in weights if (found := _told(weight))), "") or kind_of_snake(path.rpartition(".")[2])
    return told or _by_variables(shapes)


def _told(weight: Weight) -> str:
    """What the names that Keras gives tell of a layer's class."""
    return weight.kind or kind_of_snake(weight.path.rpartition(".")[2])


def _by_variables(shapes: _Shapes) -> str:
    kernel = shapes.get("kernel", ())
    if "moving_mean" in shapes:
        return "BatchNormalization"
    if (depth := shapes.get("depthwise_kernel")) and 2 < len(depth) < 6:
        return f"{'Separable' if 'pointwise_kernel' in shapes else 'Depthwise'}Conv{len(depth) - 2}D"
    if (inner := shapes.get("recurrent_kernel")) and kernel and inner[0]:
        return {4: "LSTM", 3: "GRU", 1: "SimpleRNN"}.get(kernel[-1] // inner[0], "")
    if 2 < len(kernel) < 6:
        bias = shapes.get("bias")
        turned = bias is not None and bias != kernel[-1:] and bias == kernel[-2:-1]
        return f"Conv{len(kernel) - 2}D{'Transpose' if turned else ''}"
    if len(kernel) == 2:
        return "Dense"
    if "embeddings" in shapes:
        return "Embedding"
    return "LayerNormalization" if "gamma" in shapes else ""
