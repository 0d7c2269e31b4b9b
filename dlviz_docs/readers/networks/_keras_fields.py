"""What units of a Keras model see of its input: its layers as calls, followed by `stats.receptive`.

Keras has channels last, and calls have them first: windows stand between two permutations, so that all else is as
Keras has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dlviz_docs.model import Dim, Field, Module, Operation, Port, Shape
from dlviz_docs.readers.networks._keras_config import Layer
from dlviz_docs.readers.networks._keras_layers import (
    CONVOLUTION,
    MERGED,
    POOLED_WHOLE,
    POOLING,
    RESIZED,
    Config,
    channels_first,
)
from dlviz_docs.readers.networks._keras_shapes import is_elementwise
from dlviz_docs.stats.calls import (
    Call,
    Contraction,
    Convolution,
    Deed,
    Joining,
    Lookup,
    Mixing,
    Padding,
    Permutation,
    Pointwise,
    Pooling,
    Resampling,
    Reshaping,
    Slicing,
    Window,
)
from dlviz_docs.stats.receptive import Seen, beginning, field_of, through

__all__ = ["with_fields"]

_MOST_INPUTS = 4
_OVER_TIME = re.compile(r"LSTM|GRU|RNN|Attention|Bidirectional")


def with_fields(
    modules: Sequence[Module], operations: Sequence[Operation], inputs: Sequence[Port], layers: Mapping[str, Layer]
) -> tuple[list[Module], list[Operation]]:
    """Both with their receptive fields, along the axes of the first input that a window slides along."""
    for port in inputs[:_MOST_INPUTS]:
        found = dict(_fields(port, operations, layers)) if len(port.shape) > 2 else {}
        if any(found.values()):
            last = {path: found[one.name] for one in operations for path in _around(one.module)}
            told = [replace(one, field=found[one.name]) for one in operations]
            return [replace(module, field=last.get(module.path)) for module in modules], told
    return list(modules), list(operations)


def _around(path: str) -> Iterator[str]:
    """The path and those of all blocks around it."""
    while path:
        yield path
        path = path.rpartition(".")[0]


def _fields(
    port: Port, operations: Sequence[Operation], layers: Mapping[str, Layer]
) -> Iterator[tuple[str, Field | None]]:
    seen: dict[str, Seen | None] = {port.name: beginning(port.shape)}
    shapes = {port.name: port.shape}
    for one in operations:
        shapes[one.name] = one.outputs[0] if one.outputs else ()
        layer = layers.get(one.module)
        known = [seen.get(name) for name in one.inputs]
        before = [shapes.get(name, ()) for name in one.inputs]
        seen[one.name] = _followed(layer, before, shapes[one.name], known) if layer else None
        yield one.name, field_of(seen[one.name])


def _followed(layer: Layer, before: Sequence[Shape], after: Shape, seen: Sequence[Seen | None]) -> Seen | None:
    if not after or not all(before) or not before:
        return None
    try:
        calls = list(_calls(layer, before, after))
    except (TypeError, ValueError, IndexError, KeyError, ZeroDivisionError, OverflowError):
        return None  # a configuration that contradicts itself
    found: Sequence[Seen | None] = seen
    for call in calls:
        found = [through(call, found)]
    return found[0] if calls else None


def _calls(layer: Layer, before: Sequence[Shape], after: Shape) -> Iterator[Call]:
    """What a layer does, one step after the other; nothing where that is not known."""
    kind, config, shape = layer.kind, layer.config, before[0]
    if match := CONVOLUTION.match(kind):
        yield from _windowed(config, shape, after, _convolved(match, config, shape, after))
    elif match := POOLING.match(kind):
        size = _each(config["pool_size"], int(match[1]))
        stride = _each(config.get("strides") or size, int(match[1]))
        yield from _windowed(config, shape, after, Pooling(_window(config, shape, after, size, stride)))
    elif match := POOLED_WHOLE.match(kind):
        places = range(2, len(shape)) if channels_first(config) else range(1, len(shape) - 1)
        yield Call(Mixing(tuple(places), not config.get("keepdims")), (shape,), (after,))
    elif match := RESIZED.match(kind):
        yield from _resized(match[1], config, shape, after)
    elif (deed := _simple(kind, config, shape)) is not None:
        yield Call(deed, tuple(before), (after,))


def _simple(kind: str, config: Config, shape: Shape) -> Deed | None:
    if kind == "Dense":
        return Contraction(shape[-1])
    if kind == "Concatenate":
        return Joining(int(config.get("axis", -1)))
    if kind in ("Flatten", "Reshape"):
        return Reshaping()
    if kind == "Permute":
        return Permutation((0, *(int(place) for place in config["dims"])))
    if kind == "Embedding":
        return Lookup()
    if _OVER_TIME.search(kind):
        return Mixing((1,))
    return Pointwise() if kind in MERGED or is_elementwise(kind) else None


# --- windows ---


def _windowed(config: Config, before: Shape, after: Shape, deed: Deed) -> Iterator[Call]:
    """A window, with channels brought to the front and back again."""
    if channels_first(config):
        yield Call(deed, (before,), (after,))
        return
    rank = len(before)
    first = (0, rank - 1, *range(1, rank - 1))
    inner, outer = _put(before, first), _put(after, first)
    yield Call(Permutation(first), (before,), (inner,))
    yield Call(deed, (inner,), (outer,))
    yield Call(Permutation((0, *range(2, rank), 1)), (outer,), (after,))


def _put(shape: Shape, order: Sequence[int]) -> Shape:
    return tuple(shape[place] for place in order)


def _spatial(config: Config, shape: Shape) -> Shape:
    return shape[2:] if channels_first(config) else shape[1:-1]


def _channels(config: Config, shape: Shape) -> Dim:
    return shape[1] if channels_first(config) else shape[-1]


def _convolved(match: re.Match[str], config: Config, before: Shape, after: Shape) -> Convolution:
    """A separable one sees what its first half sees: a depthwise convolution."""
    axes = int(match[2])
    size, stride = _each(config["kernel_size"], axes), _each(config.get("strides", 1), axes)
    dilation = _each(config.get("dilation_rate", 1), axes)
    into, out = _channels(config, before), _channels(config, after)
    if match[3]:
        window = _window(config, after, before, size, stride, dilation)
        return Convolution((into, out, *size), window, transposed=True)
    window = _window(config, before, after, size, stride, dilation)
    return Convolution((out, into if match[1] is None else 1, *size), window)


def _window(
    config: Config,
    before: Shape,
    after: Shape,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...] = (),
) -> Window:
    """With the padding that TensorFlow adds: for "same" as little as is needed, and less of it in front."""
    steps = dilation or (1,) * len(size)
    reaches = [(k - 1) * d + 1 for k, d in zip(size, steps, strict=True)]
    padding = str(config.get("padding", "valid"))
    if padding == "causal":
        return Window(size, stride, steps, tuple(reach - 1 for reach in reaches))
    front = [0] * len(size)
    if padding == "same":
        lengths = zip(_spatial(config, before), _spatial(config, after), reaches, stride, strict=True)
        front = [_in_front(*each) for each in lengths]
    return Window(size, stride, steps, tuple(front))


def _in_front(before: Dim, after: Dim, reach: int, stride: int) -> int:
    if not isinstance(before, int) or not isinstance(after, int):
        return max(reach - stride, 0) // 2  # that of full windows
    return max((after - 1) * stride + reach - before, 0) // 2


def _each(value: object, axes: int) -> tuple[int, ...]:
    told = value if isinstance(value, list | tuple) else (value,) * axes
    found = tuple(one for one in told if isinstance(one, int) and one > 0)
    if len(found) != axes:
        raise ValueError
    return found


def _resized(kind: str, config: Config, before: Shape, after: Shape) -> Iterator[Call]:
    if kind == "UpSampling":
        linear = config.get("interpolation") == "bilinear"
        yield from _windowed(config, before, after, Resampling("linear" if linear else "nearest"))
        return
    axes = len(before) - 2
    told = config["padding" if kind == "ZeroPadding" else "cropping"]
    pairs = told if isinstance(told, list | tuple) else [told] * axes
    front = [pair[0] if isinstance(pair, list | tuple) else pair for pair in (pairs[:1] if axes == 1 else pairs)]
    place = 2 if channels_first(config) else 1
    if kind == "ZeroPadding":
        whole = [0] * len(before)
        whole[place : place + axes] = [int(number) for number in front]
        yield Call(Padding(tuple(whole)), (before,), (after,))
        return
    for axis, start in enumerate(front):
        yield Call(Slicing(place + axis, int(start)), (before,), (after,))
