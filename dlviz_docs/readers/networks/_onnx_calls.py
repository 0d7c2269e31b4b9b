"""What ONNX's operators do: for their cost, what they see, and the layer each stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from dlviz_docs.model import Dim
from dlviz_docs.readers.networks import _layer_settings as layers
from dlviz_docs.readers.networks._dims import UNKNOWN
from dlviz_docs.readers.networks._onnx_given import Seen
from dlviz_docs.readers.networks._onnx_rules import kernel, pads_of
from dlviz_docs.readers.networks._onnx_words import ACTIVATIONS, FOREIGN, NORMALISATIONS, PAIRWISE, SAME
from dlviz_docs.readers.networks._trace import Layer
from dlviz_docs.stats.calls import (
    Attention,
    Constant,
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
    Recurrence,
    Resampling,
    Reshaping,
    Slicing,
    Unknown,
    Window,
    summation,
)

__all__ = ["Meaning", "meaning"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a node does."""

    does: Deed
    takes: tuple[int, ...] | None = (0,)
    """Places of the inputs that the deed takes; None for all."""
    layer: Layer = field(default_factory=Layer)
    measures: bool = False


_Rule: TypeAlias = Callable[[Seen], Meaning]


def meaning(seen: Seen) -> Meaning:
    """Of one node; never fails: what makes no sense does something unknown."""
    kind = seen.node.kind
    if seen.node.domain and kind not in FOREIGN:
        return Meaning(Unknown(), None)
    try:
        return _RULES[kind](seen) if kind in _RULES else _otherwise(seen)
    except (TypeError, ValueError, IndexError, ZeroDivisionError, AttributeError):
        return Meaning(Unknown(costs=kind in _COSTLY), None)


_COSTLY = frozenset(
    {
        "Conv",
        "ConvInteger",
        "QLinearConv",
        "ConvTranspose",
        "DeformConv",
        "Gemm",
        "MatMul",
        "MatMulInteger",
        "Attention",
    }
    | {"QLinearMatMul", "FusedMatMul", "Einsum", "LSTM", "GRU", "RNN", "If", "Loop", "Scan", "STFT", "DFT", "Det"}
)
_REDUCTIONS = (
    *("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare"),
    *("ReduceLogSum", "ReduceLogSumExp", "ArgMax", "ArgMin"),
)


def _otherwise(seen: Seen) -> Meaning:
    kind = seen.node.kind
    layer = Layer(ACTIVATIONS[kind]) if kind in ACTIVATIONS else Layer()
    if kind in PAIRWISE:
        return Meaning(Pointwise(), None)
    if kind in SAME:
        return Meaning(Pointwise(), (0,), layer)
    return Meaning(Unknown(costs=kind in _COSTLY), None)


def _convolution(weight: int = 1, bias: int = 2, *, transposed: bool = False) -> _Rule:
    def rule(seen: Seen) -> Meaning:
        shape, form, size = seen.shape(), seen.shape(weight), kernel(seen, weight)
        stride, dilation = seen.integers("strides", (1,) * len(size)), seen.integers("dilations", (1,) * len(size))
        lengths = (
            (UNKNOWN,) * len(size) if transposed else shape[2:]
        )  # what "same" adds there is the same for all lengths
        before = tuple(pad for pad, _ in pads_of(seen, lengths, size))
        layer = layers.convolution(
            form, stride, before, dilation, seen.integer("group", 1), bias=seen.given(bias), transposed=transposed
        )
        return Meaning(Convolution(form, Window(size, stride, dilation, before), transposed), layer=layer)

    return rule


def _pooled(seen: Seen) -> Meaning:
    size = kernel(seen)
    stride, dilation = seen.integers("strides", (1,) * len(size)), seen.integers("dilations", (1,) * len(size))
    before = tuple(pad for pad, _ in pads_of(seen, seen.shape()[2:], size))
    kind = {"MaxPool": "MaxPool", "AveragePool": "AvgPool"}.get(seen.node.kind, "LPPool")
    return Meaning(Pooling(Window(size, stride, dilation, before)), layer=layers.pooling(kind, size, stride, before))


def _pooled_whole(seen: Seen) -> Meaning:
    axes = len(seen.shape()) - 2
    kind = "Max" if seen.node.kind == "GlobalMaxPool" else "Avg"
    layer = layers.simple(f"Adaptive{kind}Pool{axes}d", output_size=(1,) * axes)
    return Meaning(Mixing(tuple(range(-axes, 0))), layer=layer)


def _gemm(seen: Seen) -> Meaning:
    left, right = seen.shape(), seen.shape(1)
    first, second = (0 if seen.integer("transA") else 1), (1 if seen.integer("transB") else 0)
    layer = layers.linear(right[second], right[1 - second], bias=seen.given(2)) if seen.known(1).weight else Layer()
    return Meaning(Contraction(left[first], first, second), (0, 1), layer)


def _product(left: int = 0, right: int = 1) -> _Rule:
    def rule(seen: Seen) -> Meaning:
        shape, other = seen.shape(left), seen.known(right).shape or ()
        first, second = (
            (-2 if seen.integer("transA") else -1),
            (-1 if seen.integer("transB") or len(other) == 1 else -2),
        )
        matrix = len(other) == 2 and seen.known(right).weight
        layer = layers.linear(other[second], other[-3 - second], bias=False) if matrix else Layer()
        return Meaning(Contraction(shape[first], first, second), (left, right), layer)

    return rule


def _einsum(seen: Seen) -> Meaning:
    shapes = [one.shape for one in seen.inputs]
    equation = seen.word("equation").replace(" ", "")
    return Meaning(summation(equation, shapes, seen.outputs[0].shape if seen.outputs else None), None)


def _attended(seen: Seen) -> Meaning:
    """With heads and features in one axis, each head's part of both products is a part of the whole's.

    How long the keys of steps before are, which may be given too, is not known of their array alone.
    """
    return Meaning(Unknown() if seen.given(4) else Attention(), (0, 1, 2))


def _recurrent(gates: int) -> _Rule:
    def rule(seen: Seen) -> Meaning:
        shape, weight, hidden = seen.shape(), seen.shape(1), seen.integer("hidden_size")
        directions = weight[0] if isinstance(weight[0], int) else 1
        steps: Dim = UNKNOWN
        if isinstance(shape[0], int) and isinstance(shape[1], int):
            steps = shape[0] * shape[1]
        does = Recurrence(gates, weight[2], hidden, steps, 1, directions)
        batch_first = bool(seen.integer("layout"))
        layer = layers.recurrent(gates, weight[2], hidden, 1, directions, batch_first=batch_first)
        return Meaning(does, layer=layer)

    return rule


def _reduced(seen: Seen) -> Meaning:
    axes = seen.listed("axes", 1)
    if seen.node.kind.startswith("Arg"):
        axes = (seen.integer("axis"),)
    if axes is None:
        return Meaning(Unknown(costs=False))
    if not axes and seen.integer("noop_with_empty_axes"):
        return Meaning(Pointwise())
    return Meaning(Mixing(axes or None, not seen.integer("keepdims", 1)))


def _softmax(seen: Seen) -> Meaning:
    """Before set 13 it ran over all axes from `axis` on."""
    old = 0 < seen.opset < 13
    axis = seen.integer("axis", 1 if old else -1)
    axes = tuple(range(axis, len(seen.shape()))) if old and axis >= 0 else (axis,)
    kind = seen.node.kind
    return Meaning(Mixing(axes), layer=layers.simple(kind, dim=axis) if kind != "Hardmax" else Layer())


def _mixed(seen: Seen) -> Meaning:
    return Meaning(Mixing((seen.integer("axis", -1),)))


def _permuted(seen: Seen) -> Meaning:
    return Meaning(Permutation(seen.integers("perm", tuple(reversed(range(len(seen.shape())))))))


def _reshaped(seen: Seen) -> Meaning:
    layer = layers.simple("Flatten", start_dim=seen.integer("axis", 1)) if seen.node.kind == "Flatten" else Layer()
    return Meaning(Reshaping(), layer=layer)


def _joined(seen: Seen) -> Meaning:
    return Meaning(Joining(seen.integer("axis")), None)


def _split(seen: Seen) -> Meaning:
    return Meaning(Slicing(seen.integer("axis"), None))


def _sliced(seen: Seen) -> Meaning:
    """Of several axes the one that changes what units see: where only one is cut, exactly so."""
    axes, starts, steps = seen.listed("axes", 3), seen.listed("starts", 1), seen.listed("steps", 4)
    if starts is not None and axes is not None and not axes:
        axes = tuple(range(len(starts)))
    if not axes or not starts or steps is None or len(axes) != 1:
        return Meaning(Unknown(costs=False))
    length = seen.shape()[axes[0]]
    start = starts[0] + length if starts[0] < 0 and isinstance(length, int) else starts[0]
    return Meaning(Slicing(axes[0], start if start >= 0 else None, steps[0] if steps else 1))


def _gathered(seen: Seen) -> Meaning:
    """Of a stored table rows are looked up; of an array one place or several are taken."""
    if seen.known(0).weight:
        shape = seen.shape()
        return Meaning(Lookup(), (1,), layers.embedding(shape))
    elements, places = seen.known(1).elements, seen.shape(1)
    one = elements[0] if elements and len(elements) == 1 else None
    return Meaning(Slicing(seen.integer("axis"), one if isinstance(one, int) else None, dropped=places == ()))


def _padded(seen: Seen) -> Meaning:
    pads, rank = seen.listed("pads", 1), len(seen.shape())
    if pads is None or len(pads) != 2 * rank:
        return Meaning(Unknown(costs=False))
    return Meaning(Padding(pads[:rank]))


def _resized(seen: Seen) -> Meaning:
    word = seen.word("mode", "nearest")
    aligned = seen.word("coordinate_transformation_mode") == "align_corners"
    interpolation = "linear" if word in ("linear", "bilinear") else "cubic" if word == "cubic" else "nearest"
    return Meaning(Resampling(interpolation, aligned), layer=layers.simple("Upsample", mode=word))  # type: ignore[arg-type]


def _to_space(seen: Seen) -> Meaning:
    return Meaning(Resampling(), layer=layers.simple("PixelShuffle", upscale_factor=seen.integer("blocksize", 1)))


def _to_depth(seen: Seen) -> Meaning:
    size = (seen.integer("blocksize", 1),) * 2
    layer = layers.simple("PixelUnshuffle", downscale_factor=size[0])
    return Meaning(Pooling(Window(size, size, (1, 1), (0, 0))), layer=layer)


def _normalised(seen: Seen) -> Meaning:
    kind, shape, eps = seen.node.kind, seen.known(0).shape, seen.number("epsilon", 1e-5)
    scale = seen.known(1).shape or (-1,)
    if kind == "BatchNormalization":
        return Meaning(Pointwise(), layer=layers.batch_norm(shape, scale[0], eps))
    if kind == "InstanceNormalization":
        return Meaning(Pointwise(), layer=layers.batch_norm(shape, scale[0], eps, instance=True))
    if kind == "LayerNormalization":
        return Meaning(Pointwise(), layer=layers.layer_norm("LayerNorm", scale, eps))
    if kind in ("RMSNormalization", "SimplifiedLayerNormalization"):
        return Meaning(Pointwise(), layer=layers.layer_norm("RMSNorm", scale, eps))
    if kind == "GroupNormalization":
        return Meaning(Pointwise(), layer=layers.simple("GroupNorm", num_groups=seen.integer("num_groups", 1)))
    return Meaning(Pointwise())


def _dropped_out(seen: Seen) -> Meaning:
    ratio = seen.known(1).elements if seen.given(1) else None
    told = ratio[0] if ratio and isinstance(ratio[0], float) else seen.number("ratio", 0.5)
    return Meaning(Pointwise(), layer=layers.simple("Dropout", p=float(f"{told:.6g}")))


def _chosen(seen: Seen) -> Meaning:
    return Meaning(Pointwise(), None)


def _measured(seen: Seen) -> Meaning:
    return Meaning(Constant(), measures=True)


def _expanded(seen: Seen) -> Meaning:
    return Meaning(Pointwise())


_RULES: Mapping[str, _Rule] = {
    "Conv": _convolution(),
    "ConvInteger": _convolution(bias=4),  # it has none
    "QLinearConv": _convolution(3, 8),
    "ConvTranspose": _convolution(transposed=True),
    **dict.fromkeys(("MaxPool", "AveragePool", "LpPool"), _pooled),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"), _pooled_whole),
    "Gemm": _gemm,
    **dict.fromkeys(("MatMul", "MatMulInteger", "FusedMatMul"), _product()),
    "QLinearMatMul": _product(0, 3),
    "Einsum": _einsum,
    "Attention": _attended,
    "LSTM": _recurrent(4),
    "GRU": _recurrent(3),
    "RNN": _recurrent(1),
    **dict.fromkeys(_REDUCTIONS, _reduced),
    **dict.fromkeys(("Softmax", "LogSoftmax", "Hardmax"), _softmax),
    **dict.fromkeys(("CumSum", "TopK"), _mixed),
    "Transpose": _permuted,
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze"), _reshaped),
    "Concat": _joined,
    "Split": _split,
    "Slice": _sliced,
    "Gather": _gathered,
    "Pad": _padded,
    **dict.fromkeys(("Resize", "Upsample"), _resized),
    "DepthToSpace": _to_space,
    "SpaceToDepth": _to_depth,
    **dict.fromkeys(NORMALISATIONS, _normalised),
    "Dropout": _dropped_out,
    "Where": _chosen,
    **dict.fromkeys(("Expand", "Cast", "QuantizeLinear"), _expanded),
    "DequantizeLinear": _expanded,
    **dict.fromkeys(("Shape", "Size", "Constant"), _measured),
    **dict.fromkeys(("ConstantOfShape", "Range", "EyeLike", "RandomNormal", "RandomUniform"), _measured),
}
