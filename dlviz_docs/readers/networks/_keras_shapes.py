"""Shapes that go through Keras' layers, and multiply-adds, from their configurations.

A length that is not known is named for what it counts; a result that depends on one is "?". Shapes begin with the
batch, multiply-adds are of one sample.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence

from dlviz_docs.model import Dim, Shape
from dlviz_docs.readers.networks._keras_layers import Config, channels_first

__all__ = ["UNKNOWN", "is_elementwise", "macs_of", "output_of", "shape_of"]

UNKNOWN = "?"
_LONGEST = 1 << 48
"""What is longer is no length of an axis."""
_LENGTHS = {3: ("length",), 4: ("height", "width"), 5: ("depth", "height", "width")}
_CONVOLUTION = re.compile(r"^(Separable|Depthwise)?Conv(?:olution)?(\d)D(Transpose)?$")
_POOLING = re.compile(r"^(Max|Average|Avg)Pool(ing)?(\d)D$")
_GLOBAL = re.compile(r"^Global(Max|Average|Avg)Pool(ing)?(\d)D$")
_RESIZED = re.compile(r"^(UpSampling|ZeroPadding|Cropping)(\d)D$")
_MERGED = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"})
_RECURRENT = re.compile(r"^(CuDNN)?(LSTM|GRU)$|^(SimpleRNN|RNN)$")
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
        return () if any(isinstance(length, int) and length >= _LONGEST for length in found) else found
    except (TypeError, ValueError, IndexError, KeyError, ZeroDivisionError, OverflowError):
        return ()  # a configuration that contradicts itself


def _output(kind: str, config: Config, inputs: Sequence[Shape]) -> Shape:
    shape = inputs[0]
    for pattern, rule in _RULES:
        if match := pattern.match(kind):
            return rule(match, config, shape)
    if _SAME.match(kind):
        return shape
    if kind in _MERGED:
        return _broadcast(inputs)
    if kind == "Concatenate":
        return _concatenated(inputs, int(config.get("axis", -1)))
    simple = _SIMPLE.get(kind)
    return simple(config, shape) if simple else ()


# --- windows: convolution, pooling, padding ---


def _window(length: Dim, kernel: int, stride: int, dilation: int, padding: str) -> Dim:
    if padding in ("same", "causal") and stride == 1:
        return length
    if not isinstance(length, int):
        return UNKNOWN
    reach = 1 if padding in ("same", "causal") else (kernel - 1) * dilation + 1
    return max(0, (length - reach) // stride + 1)


def _transposed(length: Dim, kernel: int, stride: int, padding: str) -> Dim:
    if not isinstance(length, int):
        return length if stride == 1 and padding == "same" else UNKNOWN
    return length * stride + (0 if padding == "same" else max(kernel - stride, 0))


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
        spatial = [_transposed(n, k, s, padding) for n, k, s in zip(lengths, kernel, stride, strict=True)]
    else:
        spatial = [_window(*one, padding) for one in zip(lengths, kernel, stride, dilation, strict=True)]
    out: Dim = config.get("filters", UNKNOWN)
    if match[1] == "Depthwise":
        out = channels * int(config.get("depth_multiplier", 1)) if isinstance(channels, int) else UNKNOWN
    return _together(config, shape, out, spatial)


def _pooled(match: re.Match[str], config: Config, shape: Shape) -> Shape:
    axes = int(match[3])
    channels, lengths = _apart(config, shape, axes)
    size = _each(config["pool_size"], axes)
    stride = _each(config.get("strides") or size, axes)
    padding = str(config.get("padding", "valid"))
    spatial = [_window(n, k, s, 1, padding) for n, k, s in zip(lengths, size, stride, strict=True)]
    return _together(config, shape, channels, spatial)


def _pooled_whole(match: re.Match[str], config: Config, shape: Shape) -> Shape:
    channels, lengths = _apart(config, shape, int(match[3]))
    if config.get("keepdims"):
        return _together(config, shape, channels, [1] * len(lengths))
    return (shape[0], channels)


def _resized(match: re.Match[str], config: Config, shape: Shape) -> Shape:
    axes = int(match[2])
    channels, lengths = _apart(config, shape, axes)
    if match[1] == "UpSampling":
        factors = _each(config.get("size", 2), axes)
        spatial = [n * f if isinstance(n, int) else UNKNOWN for n, f in zip(lengths, factors, strict=True)]
        return _together(config, shape, channels, spatial)
    told = config["padding" if match[1] == "ZeroPadding" else "cropping"]
    pairs = [_each(one, 2) for one in (told if isinstance(told, list | tuple) else [told] * axes)]
    if axes == 1 and len(pairs) == 2:
        pairs = [(pairs[0][0], pairs[1][0])]
    sign = 1 if match[1] == "ZeroPadding" else -1
    spatial = [n + sign * sum(p) if isinstance(n, int) else UNKNOWN for n, p in zip(lengths, pairs, strict=True)]
    return _together(config, shape, channels, spatial)


# --- everything else ---


def _recurrent(match: re.Match[str], config: Config, shape: Shape) -> Shape:
    units = config["cell"]["config"]["units"] if isinstance(config.get("cell"), Mapping) else config["units"]
    if len(shape) != 3 or not isinstance(units, int):
        raise ValueError
    return (shape[0], shape[1], units) if config.get("return_sequences") else (shape[0], units)


def _flat(config: Config, shape: Shape) -> Shape:
    return (shape[0], _product(shape[1:]))


def _reshaped(config: Config, shape: Shape) -> Shape:
    target = [int(length) for length in config["target_shape"]]
    whole = _product(shape[1:])
    rest = math.prod(length for length in target if length != -1)
    free = whole // rest if isinstance(whole, int) and rest else UNKNOWN
    return (shape[0], *(free if length == -1 else length for length in target))


def _product(lengths: Sequence[Dim]) -> Dim:
    whole = 1
    for length in lengths:
        if not isinstance(length, int):
            return UNKNOWN
        whole *= length
    return whole


def _broadcast(inputs: Sequence[Shape]) -> Shape:
    longest = max(map(len, inputs))
    padded = [(1,) * (longest - len(shape)) + shape for shape in inputs]
    return tuple(next((n for n in lengths if n != 1), 1) for lengths in zip(*padded, strict=True))


def _concatenated(inputs: Sequence[Shape], axis: int) -> Shape:
    shape = list(inputs[0])
    lengths = [one[axis] for one in inputs]
    shape[axis] = sum(n for n in lengths if isinstance(n, int)) if all(isinstance(n, int) for n in lengths) else UNKNOWN
    return tuple(shape)


def _attended(config: Config, shape: Shape) -> Shape:
    out = config.get("output_shape")
    if not out:
        return shape
    return (*shape[:-1], *(out if isinstance(out, list | tuple) else (out,)))


_Rule = Callable[[re.Match[str], Config, Shape], Shape]
_RULES: tuple[tuple[re.Pattern[str], _Rule], ...] = (
    (_CONVOLUTION, _convolved),
    (_POOLING, _pooled),
    (_GLOBAL, _pooled_whole),
    (_RESIZED, _resized),
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
        return _macs(kind, config, inputs[0], output)
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        return None


def _macs(kind: str, config: Config, shape: Shape, output: Shape) -> float | None:
    if match := _CONVOLUTION.match(kind):
        return _convolution_macs(match, config, shape, output)
    if kind == "Dense":
        return _number(_product(output[1:])) * _number(shape[-1])
    if kind in _GATES:
        steps, width, units = _number(shape[1]), _number(shape[2]), int(config["units"])
        return float(steps * _GATES[kind] * (width + units) * units)
    if kind == "MultiHeadAttention":
        return _attention_macs(config, shape)
    if kind == "Embedding" or _SAME.match(kind) or kind in ("Flatten", "Reshape", "Permute", "Concatenate"):
        return 0.0
    return 0.0 if kind in _MERGED or _POOLING.match(kind) or _GLOBAL.match(kind) or _RESIZED.match(kind) else None


def _convolution_macs(match: re.Match[str], config: Config, shape: Shape, output: Shape) -> float:
    axes = int(match[2])
    channels, before = _apart(config, shape, axes)
    out, after = _apart(config, output, axes)
    taps, into = math.prod(_each(config["kernel_size"], axes)), _number(channels)
    if match[3]:
        return float(_number(_product(before)) * taps * into * _number(out))
    places = _number(_product(after))
    if match[1] == "Depthwise":
        return float(places * taps * _number(out))
    if match[1] == "Separable":
        between = into * int(config.get("depth_multiplier", 1))
        return float(places * between * (taps + _number(out)))
    return float(places * taps * into // int(config.get("groups", 1)) * _number(out))


def _attention_macs(config: Config, shape: Shape) -> float:
    """Of self-attention: four projections, and two products of every pair of places."""
    length, width, heads = _number(shape[1]), _number(shape[-1]), int(config["num_heads"])
    key, value = int(config["key_dim"]), int(config.get("value_dim") or config["key_dim"])
    projections = length * width * heads * 2 * (key + value)
    return float(projections + length * length * heads * (key + value))


def _number(length: Dim) -> int:
    if not isinstance(length, int):
        raise ValueError
    return length
