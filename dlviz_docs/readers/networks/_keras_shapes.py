"""Shapes that go through Keras' layers, and multiply-adds, from their configurations.

A length that is not known is named for what it counts. Shapes begin with the batch, multiply-adds are of one sample.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import reduce

from dlviz_docs.model import Dim, Shape
from dlviz_docs.readers.networks._dims import UNKNOWN, added, broadcast, fitted, multiplied, product, scaled
from dlviz_docs.readers.networks._keras_layers import (
    CONVOLUTION,
    MERGED,
    POOLED_WHOLE,
    POOLING,
    RESIZED,
    Config,
    channels_first,
)

__all__ = ["is_elementwise", "macs_of", "output_of", "shape_of"]

_LONGEST = 1 << 48
"""What is longer is no length of an axis."""
_LONGEST_NAME = 60
_LENGTHS = {3: ("length",), 4: ("height", "width"), 5: ("depth", "height", "width")}
_RECURRENT = re.compile(r"^(CuDNN)?(LSTM|GRU)$|^(SimpleRNN|RNN)$")
_FREE = frozenset(
    {"CenterCrop", "Concatenate", "Embedding", "Flatten", "Permute", "RepeatVector", "Reshape", "Resizing"}
)
"""Layers that only look up, select or put in another place."""
_GATES = {"LSTM": 4, "CuDNNLSTM": 4, "GRU": 3, "CuDNNGRU": 3, "SimpleRNN": 1}
_SAME = re.compile(
    r"^(Activation|ActivityRegularization|AlphaDropout|BatchNormalization\w*|Dropout|ELU|Gaussian\w+|Identity|"
    r"(Group|Layer|RMS|Unit)?Normalization|LeakyReLU|Masking|PReLU|ReLU|Rescaling|Softmax|SpatialDropout\dD|"
    r"SpectralNormalization|SyncBatchNormalization|ThresholdedReLU|Random(Brightness|Contrast|Flip|Rotation|Zoom|Translation))$"
)


def is_elementwise(kind: str) -> bool:
    """Whether a layer's result has the shape of what goes in, and each element comes of the one at its place."""
    return bool(_SAME.match(kind))


def shape_of(value: object) -> Shape:
    """A shape as a configuration has it, [null, 64, 64, 3]; () where it is none."""
    if not isinstance(value, list | tuple) or not value or len(value) > 12:
        return ()
    names = _LENGTHS.get(len(value), ())
    shape: list[Dim] = []
    for place, length in enumerate(value):
        if isinstance(length, int) and not isinstance(length, bool) and 0 <= length < _LONGEST:
            shape.append(length)
        elif length is None:
            named = names[place - 1] if 0 < place <= len(names) else UNKNOWN
            shape.append("batch" if place == 0 else named)
        else:
            return ()
    return tuple(shape)


def output_of(kind: str, config: Config, inputs: Sequence[Shape]) -> Shape:
    """The shape of a layer's result; () where it is not known."""
    known = [shape for shape in inputs if shape]
    if not known or len(known) < len(inputs):
        return ()
    try:
        found = _output(kind, config, known)
        return found if all(map(_is_length, found)) else ()
    except (TypeError, ValueError, IndexError, KeyError, ZeroDivisionError, OverflowError):
        return ()  # a configuration that contradicts itself


def _is_length(length: object) -> bool:
    """A number, or a name or what was made of one."""
    if isinstance(length, str):
        return length.isprintable() and len(length) <= _LONGEST_NAME
    return isinstance(length, int) and 0 <= length < _LONGEST


def _output(kind: str, config: Config, inputs: Sequence[Shape]) -> Shape:
    shape = inputs[0]
    for pattern, rule in _RULES:
        if match := pattern.match(kind):
            return rule(match, config, shape)
    if _SAME.match(kind):
        return shape
    if kind in MERGED:
        return broadcast(inputs) or ()
    if kind == "Concatenate":
        return _concatenated(inputs, int(config.get("axis", -1)))
    simple = _SIMPLE.get(kind)
    return simple(config, shape) if simple else ()


# --- windows: convolution, pooling, padding ---


def _window(length: Dim, kernel: int, stride: int, dilation: int, padding: str) -> Dim:
    reach = 1 if padding in ("same", "causal") else (kernel - 1) * dilation + 1
    found = scaled(length, -reach, stride)
    return max(0, found) if isinstance(found, int) else found


def _transposed(length: Dim, kernel: int, stride: int, dilation: int, padding: str, more: int | None) -> Dim:
    """`more` is what is put behind, where the layer is told; without it, Keras makes the result fit."""
    reach = (kernel - 1) * dilation + 1
    if more is not None:
        return added(multiplied(length, stride), reach - stride - (2 * (reach // 2) if padding == "same" else 0) + more)
    return added(multiplied(length, stride), 0 if padding == "same" else max(reach - stride, 0))


def _each(value: object, axes: int) -> tuple[int, ...]:
    """A number for each axis."""
    told = value if isinstance(value, list | tuple) else (value,) * axes
    found = tuple(one for one in told if isinstance(one, int) and one >= 0)
    if len(found) != axes:
        raise ValueError
    return found


def _apart(config: Config, shape: Shape, axes: int) -> tuple[Dim, tuple[Dim, ...]]:
    """Channels and spatial lengths."""
    if len(shape) != axes + 2:
        raise ValueError
    return (shape[1], shape[2:]) if channels_first(config) else (shape[-1], shape[1:-1])


def _together(config: Config, shape: Shape, channels: Dim, spatial: Sequence[Dim]) -> Shape:
    return (shape[0], channels, *spatial) if channels_first(config) else (shape[0], *spatial, channels)


def _convolved(match: re.Match[str], config: Config, shape: Shape) -> Shape:
    axes = int(match[2])
    channels, lengths = _apart(config, shape, axes)
    kernel, stride = _each(config["kernel_size"], axes), _each(config.get("strides", 1), axes)
    dilation = _each(config.get("dilation_rate", 1), axes)
    padding = str(config.get("padding", "valid"))
    if match[3]:
        told = config.get("output_padding")
        more = (None,) * axes if told is None else _each(told, axes)
        each = zip(lengths, kernel, stride, dilation, more, strict=True)
        spatial = [_transposed(n, k, s, d, padding, behind) for n, k, s, d, behind in each]
    else:
        spatial = [_window(*one, padding) for one in zip(lengths, kernel, stride, dilation, strict=True)]
    out: Dim = config.get("filters", UNKNOWN)
    if match[1] == "Depthwise":
        out = multiplied(channels, int(config.get("depth_multiplier", 1)))
    return _together(config, shape, out, spatial)


def _pooled(match: re.Match[str], config: Config, shape: Shape) -> Shape:
    axes = int(match[1])
    channels, lengths = _apart(config, shape, axes)
    size = _each(config["pool_size"], axes)
    stride = _each(config.get("strides") or size, axes)
    padding = str(config.get("padding", "valid"))
    spatial = [_window(n, k, s, 1, padding) for n, k, s in zip(lengths, size, stride, strict=True)]
    return _together(config, shape, channels, spatial)


def _pooled_whole(match: re.Match[str], config: Config, shape: Shape) -> Shape:
    channels, lengths = _apart(config, shape, int(match[1]))
    if config.get("keepdims"):
        return _together(config, shape, channels, [1] * len(lengths))
    return (shape[0], channels)


def _resized(match: re.Match[str], config: Config, shape: Shape) -> Shape:
    axes = int(match[2])
    channels, lengths = _apart(config, shape, axes)
    if match[1] == "UpSampling":
        factors = _each(config.get("size", 2), axes)
        return _together(config, shape, channels, list(map(multiplied, lengths, factors)))
    told = config["padding" if match[1] == "ZeroPadding" else "cropping"]
    pairs = [_each(one, 2) for one in (told if isinstance(told, list | tuple) else [told] * axes)]
    if axes == 1 and len(pairs) == 2:
        pairs = [(pairs[0][0], pairs[1][0])]
    sign = 1 if match[1] == "ZeroPadding" else -1
    spatial = [added(length, sign * sum(pair)) for length, pair in zip(lengths, pairs, strict=True)]
    return _together(config, shape, channels, spatial)


# --- everything else ---


def _recurrent(match: re.Match[str], config: Config, shape: Shape) -> Shape:
    units = config["cell"]["config"]["units"] if isinstance(config.get("cell"), Mapping) else config["units"]
    if len(shape) != 3 or not isinstance(units, int):
        raise ValueError
    return (shape[0], shape[1], units) if config.get("return_sequences") else (shape[0], units)


def _flat(config: Config, shape: Shape) -> Shape:
    return (shape[0], product(shape[1:]))


def _reshaped(config: Config, shape: Shape) -> Shape:
    return (shape[0], *fitted(shape[1:], [int(length) for length in config["target_shape"]]))


def _concatenated(inputs: Sequence[Shape], axis: int) -> Shape:
    shape = list(inputs[0])
    shape[axis] = reduce(added, (one[axis] for one in inputs))
    return tuple(shape)


def _attended(config: Config, shape: Shape) -> Shape:
    out = config.get("output_shape")
    if not out:
        return shape
    return (*shape[:-1], *(out if isinstance(out, list | tuple) else (out,)))


_Rule = Callable[[re.Match[str], Config, Shape], Shape]
_RULES: tuple[tuple[re.Pattern[str], _Rule], ...] = (
    (CONVOLUTION, _convolved),
    (POOLING, _pooled),
    (POOLED_WHOLE, _pooled_whole),
    (RESIZED, _resized),
    (_RECURRENT, _recurrent),
)
_SIMPLE: Mapping[str, Callable[[Config, Shape], Shape]] = {
    "Dense": lambda config, shape: (*shape[:-1], config["units"]),
    "Flatten": _flat,
    "Reshape": _reshaped,
    "Permute": lambda config, shape: (shape[0], *(shape[int(place)] for place in config["dims"])),
    "RepeatVector": lambda config, shape: (shape[0], config["n"], shape[-1]),
    "Embedding": lambda config, shape: (*shape, config["output_dim"]),
    "MultiHeadAttention": _attended,
    "GroupQueryAttention": lambda config, shape: shape,
    "Attention": lambda config, shape: shape,
    "AdditiveAttention": lambda config, shape: shape,
    "Resizing": lambda config, shape: _together(
        config, shape, _apart(config, shape, 2)[0], (config["height"], config["width"])
    ),
    "CenterCrop": lambda config, shape: _together(
        config, shape, _apart(config, shape, 2)[0], (config["height"], config["width"])
    ),
}


def macs_of(kind: str, config: Config, inputs: Sequence[Shape], output: Shape) -> float | None:
    """Multiply-adds for one sample; None where they are not known, 0 for layers that only look up or select."""
    try:
        found = _macs(kind, config, inputs, output)
        return None if found is None or found < 0 else float(found)
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        return None


def _macs(kind: str, config: Config, inputs: Sequence[Shape], output: Shape) -> float | None:
    shape = inputs[0]
    if match := CONVOLUTION.match(kind):
        return _convolution_macs(match, config, shape, output)
    if kind == "Dense":
        return _number(product(output[1:-1])) * _number(output[-1]) * _number(shape[-1])
    if kind in _GATES:
        steps, width, units = _number(shape[1]), _number(shape[2]), _number(output[-1])
        return steps * _GATES[kind] * (width + units) * units
    if kind == "MultiHeadAttention":
        return _attention_macs(config, shape, inputs[1] if len(inputs) > 1 else shape, output)
    if kind in _FREE or kind in MERGED or _SAME.match(kind):
        return 0.0
    return 0.0 if POOLING.match(kind) or POOLED_WHOLE.match(kind) or RESIZED.match(kind) else None


def _convolution_macs(match: re.Match[str], config: Config, shape: Shape, output: Shape) -> int:
    axes = int(match[2])
    channels, before = _apart(config, shape, axes)
    out, after = _apart(config, output, axes)
    taps, into = math.prod(_each(config["kernel_size"], axes)), _number(channels)
    if match[3]:
        return _number(product(before)) * taps * into * _number(out)
    places = _number(product(after))
    if match[1] == "Depthwise":
        return places * taps * _number(out)
    if match[1] == "Separable":
        between = into * int(config.get("depth_multiplier", 1))
        return places * between * (taps + _number(out))
    return places * taps * into // int(config.get("groups", 1)) * _number(out)


def _attention_macs(config: Config, query: Shape, values: Shape, output: Shape) -> int:
    """Four projections, and two products of every place that asks with every place that is asked."""
    asks, width, out = _number(query[1]), _number(query[-1]), _number(output[-1])
    asked, wide = _number(values[1]), _number(values[-1])
    heads, key = int(config["num_heads"]), int(config["key_dim"])
    value = int(config.get("value_dim") or key)
    projections = asks * (width * key + value * out) + asked * wide * (key + value)
    return heads * (projections + asks * asked * (key + value))


def _number(length: Dim) -> int:
    if not isinstance(length, int):
        raise ValueError
    return length
