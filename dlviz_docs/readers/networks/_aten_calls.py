"""What PyTorch's operators do, by name and arguments: for their cost, what they see, and the layer each stands for.

The names are those of torch.ops.aten, without overloads ("conv2d"); operators in place ("relu_") are as those that are
not. All that multiplies and adds is listed in PyTorch's own FlopCounterMode: any other operator of aten costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import TypeAlias

from dlviz_docs.model import Dim
from dlviz_docs.readers.networks import _layer_settings as layers
from dlviz_docs.readers.networks._aten_given import Given, Meaning
from dlviz_docs.readers.networks._aten_words import (
    ACTIVATIONS,
    COSTLY,
    MADE,
    MOVED,
    POINTWISE,
    REDUCTIONS,
    RESHAPES,
    SWEEPS,
)
from dlviz_docs.readers.networks._trace import Layer
from dlviz_docs.stats.calls import (
    Attention,
    Constant,
    Contraction,
    Convolution,
    Joining,
    Lookup,
    Mixing,
    Padding,
    Permutation,
    Pointwise,
    Pooling,
    Recurrence,
    Resampling,
    Reshaping,
    Slicing,
    Unknown,
    Window,
    adaptive,
    summation,
)

__all__ = ["Given", "Meaning", "base_of", "meaning"]


_Rule: TypeAlias = Callable[[Given], Meaning]


def base_of(target: str) -> str:
    """ "aten.relu_.default" as "relu"; "" for what is not of aten."""
    parts = target.split(".")
    if parts[0] != "aten" or len(parts) < 2:
        return ""
    return parts[1] if parts[1].startswith("__") else parts[1].rstrip("_")


def meaning(target: str, given: Given) -> Meaning:
    """Of one call; never fails: what makes no sense does something unknown."""
    name = base_of(target)
    if target.startswith(("_operator.", "math.", "torch.sym", "torch._sym")) or name.startswith("sym_"):
        return Meaning(Constant(), measures=True)
    if not name:
        return Meaning(Unknown())
    try:
        return _RULES[name](given) if name in _RULES else _otherwise(name, given)
    except (IndexError, ValueError, TypeError, ZeroDivisionError, AttributeError):
        return Meaning(Unknown(costs=name in COSTLY))


def _otherwise(name: str, given: Given) -> Meaning:
    """An operator that keeps the shape works element by element; of another, nobody knows what it sees."""
    if name in MADE:
        return Meaning(Constant())
    if name in COSTLY or name in MOVED:
        return Meaning(Unknown(costs=name in COSTLY), _EVERY)
    layer = Layer(ACTIVATIONS[name]) if name in ACTIVATIONS else Layer()
    shape = given.shape("input", "self")
    if name in POINTWISE or (shape is not None and shape == given.output):
        return Meaning(Pointwise(), _EVERY, layer)
    return Meaning(Unknown(costs=False), _EVERY, layer)


_EVERY = ("*",)
"""All arrays that are given, in order."""


def _convolution(axes: int | None, *, transposed: bool = False) -> _Rule:
    def rule(given: Given) -> Meaning:
        weight = given.shape("weight") or ()
        count = len(weight) - 2 if axes is None else axes
        turned = transposed or given.flag("transposed")
        stride, dilation = given.integers("stride", count, 1), given.integers("dilation", count, 1)
        reach = [(_int(size) - 1) * step for size, step in zip(weight[2:], dilation, strict=True)]
        padding = given.arguments.get("padding")
        told = given.integers("padding", count, 0)
        if padding == "same":
            told = tuple(size // 2 for size in reach)
        layer = layers.convolution(
            weight,
            stride,
            padding if isinstance(padding, str) else told,
            dilation,
            given.integer("groups", 1),
            bias=given.has("bias"),
            transposed=turned,
        )
        sizes = tuple(_int(size) for size in weight[2:])
        return Meaning(Convolution(weight, Window(sizes, stride, dilation, told), turned), layer=layer)

    return rule


def _int(length: Dim) -> int:
    if not isinstance(length, int):
        raise TypeError(length)
    return length


def _linear(given: Given) -> Meaning:
    weight = given.shape("weight") or ()
    inner = weight[-1]
    outer = weight[0] if len(weight) > 1 else 1
    return Meaning(Contraction(inner, -1), layer=layers.linear(inner, outer, bias=given.has("bias")))


def _product(left: str, right: str) -> _Rule:
    def rule(given: Given) -> Meaning:
        shape, other = given.shape(left), given.shape(right)
        if not shape:
            return Meaning(Unknown())
        return Meaning(Contraction(shape[-1], -1, -2 if other is None or len(other) > 1 else -1), (left, right))

    return rule


def _inner(given: Given) -> Meaning:
    shape = given.shape("self") or ()
    return Meaning(Contraction(shape[-1], -1, -1), ("self", "other"))


def _einsum(given: Given) -> Meaning:
    equation = str(given.arguments.get("equation", "")).replace(" ", "")
    names = given.listed("tensors")
    shapes = [given.sizes(name) for name in names]
    return Meaning(summation(equation, shapes, given.output), ("tensors",))


def _attention(given: Given) -> Meaning:
    return Meaning(Attention(), ("query", "key", "value"))


def _recurrent(gates: int) -> _Rule:
    def rule(given: Given) -> Meaning:
        weights = [given.sizes(name) or () for name in given.listed("params") or given.listed("weights")]
        first, inner = weights[0], weights[1]
        directions = 2 if given.flag("bidirectional") else 1
        hidden = _int(first[0]) // gates
        projected = _int(inner[1]) if inner[1] != hidden else 0
        depth = given.integer("num_layers", 1)
        shape = given.shape("input") or ()
        steps = prod(_int(length) for length in shape[:-1])
        does = Recurrence(gates, first[1], hidden, steps, depth, directions, projected)
        batch_first = given.flag("batch_first")
        return Meaning(
            does, layer=layers.recurrent(gates, first[1], hidden, depth, directions, batch_first=batch_first)
        )

    return rule


def _cell(gates: int) -> _Rule:
    def rule(given: Given) -> Meaning:
        weight, shape = given.shape("w_ih") or (), given.shape("input") or ()
        hidden = _int(weight[0]) // gates
        steps = prod(_int(length) for length in shape[:-1])
        name = {4: "LSTMCell", 3: "GRUCell", 1: "RNNCell"}[gates]
        layer = layers.simple(name, input_size=_int(weight[1]), hidden_size=hidden)
        return Meaning(Recurrence(gates, weight[1], hidden, steps), layer=layer)

    return rule


def _pool(kind: str, axes: int) -> _Rule:
    def rule(given: Given) -> Meaning:
        size = given.integers("kernel_size", axes, 1)
        stride, padding = given.integers("stride", axes, size), given.integers("padding", axes, 0)
        dilation = given.integers("dilation", axes, 1)
        layer = layers.pooling(kind, size, stride, padding, dilation)
        return Meaning(Pooling(Window(size, stride, dilation, padding)), layer=layer)

    return rule


def _adaptive(kind: str, axes: int) -> _Rule:
    def rule(given: Given) -> Meaning:
        wanted = given.integers("output_size", axes, ())
        layer = layers.simple(f"Adaptive{kind}{axes}d", output_size=wanted)
        before, after = given.shape("input", "self"), given.output
        if all(length == 1 for length in wanted):
            return Meaning(Mixing(tuple(range(-axes, 0))), layer=layer)
        window = adaptive(before[-axes:], after[-axes:]) if before and after else None
        return Meaning(Unknown(costs=False) if window is None else Pooling(window), layer=layer)

    return rule


def _reduced(name: str = "dim", *, dropped: bool = True) -> _Rule:
    """Sums and the like, along some axes or all."""

    def rule(given: Given) -> Meaning:
        shape, output = given.shape("input", "self") or (), given.output or ()
        if given.has("other"):  # the larger of two arrays
            return Meaning(Pointwise(), _EVERY)
        told = given.arguments.get(name)
        axes = None if told is None or told == () else given.integers(name, 1, 0)
        return Meaning(Mixing(axes, dropped and len(output) < len(shape)))

    return rule


def _softmax(kind: str) -> _Rule:
    def rule(given: Given) -> Meaning:
        return Meaning(Mixing(given.integers("dim", 1, -1)), layer=layers.simple(kind, dim=given.integer("dim", -1)))

    return rule


def _upsampled(interpolation: str) -> _Rule:
    def rule(given: Given) -> Meaning:
        words = {"nearest": "nearest", "linear": "linear", "cubic": "cubic"}
        does = Resampling(words[interpolation], given.flag("align_corners"))  # type: ignore[arg-type]
        return Meaning(does, layer=layers.simple("Upsample", mode=interpolation))

    return rule


def _joined(given: Given) -> Meaning:
    return Meaning(Joining(given.integer("dim", 0)), ("tensors",))


def _permuted(given: Given) -> Meaning:
    return Meaning(Permutation(given.integers("dims", 1, ())))


def _transposed(given: Given) -> Meaning:
    rank = len(given.shape("input", "self") or ())
    first, second = given.integer("dim0", 0) % rank, given.integer("dim1", 1) % rank
    order = list(range(rank))
    order[first], order[second] = order[second], order[first]
    return Meaning(Permutation(tuple(order)))


def _turned(given: Given) -> Meaning:
    return Meaning(Permutation(tuple(reversed(range(len(given.shape("input", "self") or ()))))))


def _reshaped(given: Given) -> Meaning:
    return Meaning(Reshaping())


def _flattened(given: Given) -> Meaning:
    settings = {"start_dim": given.integer("start_dim", 0), "end_dim": given.integer("end_dim", -1)}
    return Meaning(Reshaping(), layer=layers.simple("Flatten", **settings))


def _sliced(given: Given) -> Meaning:
    start = given.arguments.get("start")
    known = 0 if start is None else start if isinstance(start, int) else None
    return Meaning(Slicing(given.integer("dim", 0), known, given.integer("step", 1)))


def _selected(given: Given) -> Meaning:
    index = given.arguments.get("index")
    return Meaning(Slicing(given.integer("dim", 0), index if isinstance(index, int) else None, dropped=True))


def _parted(given: Given) -> Meaning:
    dropped = len(given.output or ()) < len(given.shape("input", "self") or ())
    return Meaning(Slicing(given.integer("dim", 0), None, dropped=dropped))


def _padded(given: Given) -> Meaning:
    """Amounts come from the last axis on: before, after, before, after, ..."""
    amounts = given.integers("pad" if "pad" in given.arguments else "padding", 1, ())
    return Meaning(Padding(tuple(reversed(amounts[::2]))))


def _shuffled(given: Given) -> Meaning:
    factor = given.integer("upscale_factor", 2)
    return Meaning(Resampling(), layer=layers.simple("PixelShuffle", upscale_factor=factor))


def _unshuffled(given: Given) -> Meaning:
    factor = given.integer("downscale_factor", 2)
    window = Window((factor,) * 2, (factor,) * 2, (1, 1), (0, 0))
    return Meaning(Pooling(window), layer=layers.simple("PixelUnshuffle", downscale_factor=factor))


def _embedded(given: Given) -> Meaning:
    return Meaning(Lookup(), ("indices",), layers.embedding(given.shape("weight") or ()))


def _batch_norm(given: Given) -> Meaning:
    weight = given.shape("weight", "running_mean") or (-1,)
    return Meaning(Pointwise(), layer=layers.batch_norm(given.shape("input"), weight[0], given.number("eps", 1e-5)))


def _instance_norm(given: Given) -> Meaning:
    shape = given.shape("input") or (0, -1)
    layer = layers.batch_norm(shape, shape[1], given.number("eps", 1e-5), instance=True)
    return Meaning(Pointwise(), layer=layer)


def _layer_norm(kind: str) -> _Rule:
    def rule(given: Given) -> Meaning:
        shape = given.integers("normalized_shape", 1, ())
        return Meaning(Pointwise(), layer=layers.layer_norm(kind, shape, given.number("eps", 1e-5)))

    return rule


def _group_norm(given: Given) -> Meaning:
    shape = given.shape("input") or (0, -1)
    channels = shape[1] if isinstance(shape[1], int) else -1
    settings = {"num_groups": given.integer("num_groups", 1), "num_channels": channels}
    return Meaning(Pointwise(), layer=layers.simple("GroupNorm", **settings))


def _dropped_out(given: Given) -> Meaning:
    return Meaning(Pointwise(), layer=layers.simple("Dropout", p=given.number("p", 0.5)))


_RULES: Mapping[str, _Rule] = {
    **{f"conv{axes}d": _convolution(axes) for axes in (1, 2, 3)},
    **{f"conv_transpose{axes}d": _convolution(axes, transposed=True) for axes in (1, 2, 3)},
    "convolution": _convolution(None),
    "_convolution": _convolution(None),
    "linear": _linear,
    "addmm": _product("mat1", "mat2"),
    "mm": _product("self", "mat2"),
    "bmm": _product("self", "mat2"),
    "baddbmm": _product("batch1", "batch2"),
    "matmul": _product("self", "other"),
    "mv": _product("self", "vec"),
    "dot": _product("self", "tensor"),
    "inner": _inner,
    "einsum": _einsum,
    "scaled_dot_product_attention": _attention,
    "_scaled_dot_product_flash_attention_for_cpu": _attention,
    "_scaled_dot_product_flash_attention": _attention,
    "_scaled_dot_product_efficient_attention": _attention,
    "lstm": _recurrent(4),
    "gru": _recurrent(3),
    "rnn_tanh": _recurrent(1),
    "rnn_relu": _recurrent(1),
    "lstm_cell": _cell(4),
    "gru_cell": _cell(3),
    "rnn_tanh_cell": _cell(1),
    "rnn_relu_cell": _cell(1),
    **{f"max_pool{axes}d": _pool("MaxPool", axes) for axes in (1, 2, 3)},
    **{f"max_pool{axes}d_with_indices": _pool("MaxPool", axes) for axes in (1, 2, 3)},
    **{f"avg_pool{axes}d": _pool("AvgPool", axes) for axes in (1, 2, 3)},
    **{f"adaptive_avg_pool{axes}d": _adaptive("AvgPool", axes) for axes in (1, 2, 3)},
    **{f"_adaptive_avg_pool{axes}d": _adaptive("AvgPool", axes) for axes in (1, 2, 3)},
    **{f"adaptive_max_pool{axes}d": _adaptive("MaxPool", axes) for axes in (1, 2, 3)},
    **dict.fromkeys(REDUCTIONS, _reduced()),
    **dict.fromkeys(SWEEPS, _reduced(dropped=False)),
    **dict.fromkeys(["softmax", "_softmax"], _softmax("Softmax")),
    **dict.fromkeys(["log_softmax", "_log_softmax"], _softmax("LogSoftmax")),
    **{f"upsample_nearest{axes}d": _upsampled("nearest") for axes in (1, 2, 3)},
    **{f"_upsample_nearest_exact{axes}d": _upsampled("nearest") for axes in (1, 2, 3)},
    **{f"upsample_{word}": _upsampled("linear") for word in ("linear1d", "bilinear2d", "trilinear3d")},
    "upsample_bicubic2d": _upsampled("cubic"),
    "_upsample_bilinear2d_aa": _upsampled("linear"),
    "cat": _joined,
    "concat": _joined,
    "permute": _permuted,
    "transpose": _transposed,
    "swapaxes": _transposed,
    "t": _turned,
    "numpy_T": _turned,
    **dict.fromkeys(RESHAPES, _reshaped),
    "flatten": _flattened,
    "slice": _sliced,
    "narrow": _sliced,
    "select": _selected,
    **dict.fromkeys(["split", "split_with_sizes", "chunk", "unbind", "tensor_split"], _parted),
    **dict.fromkeys(["pad", "constant_pad_nd"], _padded),
    **{f"{kind}_pad{axes}d": _padded for kind in ("reflection", "replication") for axes in (1, 2, 3)},
    "pixel_shuffle": _shuffled,
    "pixel_unshuffle": _unshuffled,
    "embedding": _embedded,
    "batch_norm": _batch_norm,
    "_native_batch_norm_legit_no_training": _batch_norm,
    "instance_norm": _instance_norm,
    "layer_norm": _layer_norm("LayerNorm"),
    "native_layer_norm": _layer_norm("LayerNorm"),
    "rms_norm": _layer_norm("RMSNorm"),
    "group_norm": _group_norm,
    "dropout": _dropped_out,
    "feature_dropout": _dropped_out,
    "alpha_dropout": _dropped_out,
}
"""One row for each operator whose shape or cost follows rules of its own."""
