"""ONNX's operators on tensors of PyTorch, so that gradients flow: inputs by place, attributes by name.

After https://onnx.ai/onnx/operators/. Control flow, sequences, strings, random numbers and whatever is not in the table
are refused. What moves elements about stands in `onnx_shapes`, convolution, pooling and resizing in `onnx_spatial`,
recurrent layers in `onnx_recurrent`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from dlviz_docs.errors import ProbeError
from dlviz_docs.probes.onnx_recurrent import RECURRENT
from dlviz_docs.probes.onnx_shapes import SHAPES, axes_of, flattened
from dlviz_docs.probes.onnx_spatial import SPATIAL

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["onnx_operator"]

Function: TypeAlias = Callable[..., Any]

_TYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    5: "int16",
    6: "int32",
    7: "int64",
    9: "bool",
    10: "float16",
    11: "float64",
    16: "bfloat16",
}


def onnx_operator(name: str, opset: int) -> Function:
    """The function of that operator as the opset has it; `ProbeError` for any that is not in the tables."""
    if opset < 13 and name in _BEFORE_13:
        return _BEFORE_13[name]
    found = _TABLE.get(name) or SHAPES.get(name) or SPATIAL.get(name) or RECURRENT.get(name)
    if found is None:
        raise ProbeError(f"The model calls ONNX's {name!r}, which is not among the operators that files may call.")
    return found


def _dtype(code: int) -> torch.dtype:
    import torch

    if code not in _TYPES:
        raise ProbeError(f"Elements of ONNX's type {code} cannot be computed with here.")
    found: torch.dtype = getattr(torch, _TYPES[code])
    return found


def _reduction(reduce: Callable[[Tensor, list[int], bool], Tensor]) -> Function:
    def reduced(
        x: Tensor,
        axes_in: Tensor | None = None,
        *,
        axes: Sequence[int] = (),
        keepdims: int = 1,
        noop_with_empty_axes: int = 0,
    ) -> Tensor:
        chosen = axes_of(axes if axes_in is None else axes_in, x)
        if not chosen and noop_with_empty_axes:
            return x
        return reduce(x, chosen or list(range(x.dim())), bool(keepdims))

    return reduced


def _product(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    for axis in sorted(axes, reverse=True):
        x = x.prod(axis, keepdim=keep)
    return x


def _gemm(a: Tensor, b: Tensor, c: Tensor | None = None, **given: Any) -> Tensor:
    import torch

    a = a.t() if given.get("transA") else a
    b = b.t() if given.get("transB") else b
    alpha, beta = given.get("alpha", 1.0), given.get("beta", 1.0)
    if c is not None and alpha == beta == 1.0:
        return torch.addmm(c, a, b)
    product: Tensor = a @ b * alpha
    return product if c is None else product + c * beta


def _divide(a: Tensor, b: Tensor) -> Tensor:
    return a / b if a.is_floating_point() else a.div(b, rounding_mode="trunc")


def _mod(a: Tensor, b: Tensor, *, fmod: int = 0) -> Tensor:
    return a.fmod(b) if fmod else a.remainder(b)


def _folded(pairwise: Callable[[Tensor, Tensor], Tensor]) -> Function:
    def folded(first: Tensor, *others: Tensor) -> Tensor:
        for other in others:
            first = pairwise(first, other)
        return first

    return folded


def _mean(*tensors: Tensor) -> Tensor:
    total: Tensor = _folded(lambda a, b: a + b)(*tensors)
    return total / len(tensors)


def _clip(x: Tensor, low_in: Tensor | None = None, high_in: Tensor | None = None, **given: float) -> Tensor:
    low = given.get("min") if low_in is None else low_in.item()
    high = given.get("max") if high_in is None else high_in.item()
    return x if low is None and high is None else x.clamp(low, high)


def _cast(x: Tensor, *, to: int, saturate: int = 1) -> Tensor:
    return x.to(_dtype(to))


def _cast_like(x: Tensor, like: Tensor, *, saturate: int = 1) -> Tensor:
    return x.to(like.dtype)


def _layer_norm(
    x: Tensor,
    scale: Tensor,
    bias: Tensor | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> Tensor:
    import torch

    return torch.nn.functional.layer_norm(x, x.shape[axis:], scale, bias, epsilon)


def _rms_norm(x: Tensor, scale: Tensor, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1) -> Tensor:
    import torch

    return torch.nn.functional.rms_norm(x, x.shape[axis:], scale, epsilon)


def _softmax_rows(log: bool) -> Function:
    """Before opset 13 everything from the axis on was one row."""

    def softmax(x: Tensor, *, axis: int = 1) -> Tensor:
        rows: Tensor = flattened(x, axis=axis)
        return (rows.log_softmax(-1) if log else rows.softmax(-1)).reshape(x.shape)

    return softmax


def _gelu(x: Tensor, *, approximate: str = "none") -> Tensor:
    import torch

    return torch.nn.functional.gelu(x, approximate=approximate)


def _functional(name: str) -> Function:
    def function(x: Tensor) -> Tensor:
        import torch

        found: Tensor = getattr(torch.nn.functional, name)(x)
        return found

    return function


def _prelu(x: Tensor, slope: Tensor) -> Tensor:
    return x.clamp(min=0) + slope * x.clamp(max=0)


def _hard_sigmoid(x: Tensor, *, alpha: float = 0.2, beta: float = 0.5) -> Tensor:
    return (x * alpha + beta).clamp(0, 1)


def _selu(x: Tensor, *, alpha: float = 1.6732632423543772, gamma: float = 1.0507009873554805) -> Tensor:
    return gamma * (x.clamp(min=0) + (alpha * (x.clamp(max=0).exp() - 1)))


def _arg(which: str) -> Function:
    def found(x: Tensor, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Tensor:
        if select_last_index:
            raise ProbeError(f"{which} of the last of several equals cannot be run here.")
        place: Tensor = getattr(x, which)(axis, keepdim=bool(keepdims))
        return place

    return found


def _top_k(
    x: Tensor,
    k: Tensor,
    *,
    axis: int = -1,
    largest: int = 1,
    sorted: int = 1,  # noqa: A002
) -> tuple[Tensor, Tensor]:
    values, places = x.topk(int(k.item()), axis, bool(largest), bool(sorted))
    return values, places


def _einsum(*tensors: Tensor, equation: str) -> Tensor:
    import torch

    return torch.einsum(equation, *tensors)


def _cumsum(x: Tensor, axis: Tensor, *, exclusive: int = 0, reverse: int = 0) -> Tensor:
    along = int(axis.item())
    x = x.flip(along) if reverse else x
    sums = x.cumsum(along) - x if exclusive else x.cumsum(along)
    return sums.flip(along) if reverse else sums


def _dropout(x: Tensor, *_ignored: Tensor, **_given: Any) -> Tensor:
    return x


def _where(condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return a.where(condition.bool(), b)


def _norm(x: Tensor, *, axis: int = -1, p: int = 2) -> Tensor:
    length: Tensor = x.norm(p, axis, keepdim=True)
    return x / length


_TABLE: Mapping[str, Function] = {
    "Abs": lambda x: x.abs(),
    "Acos": lambda x: x.acos(),
    "Add": lambda a, b: a + b,
    "And": lambda a, b: a & b,
    "ArgMax": _arg("argmax"),
    "ArgMin": _arg("argmin"),
    "Asin": lambda x: x.asin(),
    "Atan": lambda x: x.atan(),
    "Cast": _cast,
    "CastLike": _cast_like,
    "Ceil": lambda x: x.ceil(),
    "Celu": lambda x, *, alpha=1.0: x.clamp(min=0) + alpha * ((x.clamp(max=0) / alpha).exp() - 1),
    "Clip": _clip,
    "Cos": lambda x: x.cos(),
    "Cosh": lambda x: x.cosh(),
    "CumSum": _cumsum,
    "Div": _divide,
    "Dropout": _dropout,
    "Einsum": _einsum,
    "Elu": lambda x, *, alpha=1.0: x.clamp(min=0) + alpha * (x.clamp(max=0).exp() - 1),
    "Equal": lambda a, b: a == b,
    "Erf": lambda x: x.erf(),
    "Exp": lambda x: x.exp(),
    "Floor": lambda x: x.floor(),
    "Gelu": _gelu,
    "Gemm": _gemm,
    "Greater": lambda a, b: a > b,
    "GreaterOrEqual": lambda a, b: a >= b,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": lambda x: x * _hard_sigmoid(x, alpha=1 / 6, beta=0.5),
    "IsInf": lambda x, **_: x.isinf(),
    "IsNaN": lambda x: x.isnan(),
    "LayerNormalization": _layer_norm,
    "LeakyRelu": lambda x, *, alpha=0.01: x.clamp(min=0) + alpha * x.clamp(max=0),
    "Less": lambda a, b: a < b,
    "LessOrEqual": lambda a, b: a <= b,
    "Log": lambda x: x.log(),
    "LogSoftmax": lambda x, *, axis=-1: x.log_softmax(axis),
    "LpNormalization": _norm,
    "MatMul": lambda a, b: a @ b,
    "Max": _folded(lambda a, b: a.maximum(b)),
    "Mean": _mean,
    "Min": _folded(lambda a, b: a.minimum(b)),
    "Mish": _functional("mish"),
    "Mod": _mod,
    "Mul": lambda a, b: a * b,
    "Neg": lambda x: -x,
    "Not": lambda x: ~x,
    "Or": lambda a, b: a | b,
    "PRelu": _prelu,
    "Pow": lambda a, b: a.pow(b).to(a.dtype),
    "RMSNormalization": _rms_norm,
    "Reciprocal": lambda x: x.reciprocal(),
    "ReduceL1": _reduction(lambda x, axes, keep: x.abs().sum(axes, keep)),
    "ReduceL2": _reduction(lambda x, axes, keep: x.square().sum(axes, keep).sqrt()),
    "ReduceLogSum": _reduction(lambda x, axes, keep: x.sum(axes, keep).log()),
    "ReduceLogSumExp": _reduction(lambda x, axes, keep: x.logsumexp(axes, keep)),
    "ReduceMax": _reduction(lambda x, axes, keep: x.amax(axes, keep)),
    "ReduceMean": _reduction(lambda x, axes, keep: x.mean(axes, keep)),
    "ReduceMin": _reduction(lambda x, axes, keep: x.amin(axes, keep)),
    "ReduceProd": _reduction(_product),
    "ReduceSum": _reduction(lambda x, axes, keep: x.sum(axes, keep)),
    "ReduceSumSquare": _reduction(lambda x, axes, keep: x.square().sum(axes, keep)),
    "Relu": lambda x: x.relu(),
    "Round": lambda x: x.round(),
    "Selu": _selu,
    "Sigmoid": lambda x: x.sigmoid(),
    "Sign": lambda x: x.sign(),
    "Sin": lambda x: x.sin(),
    "Sinh": lambda x: x.sinh(),
    "Softmax": lambda x, *, axis=-1: x.softmax(axis),
    "Softplus": _functional("softplus"),
    "Softsign": lambda x: x / (1 + x.abs()),
    "Sqrt": lambda x: x.sqrt(),
    "Sub": lambda a, b: a - b,
    "Sum": _folded(lambda a, b: a + b),
    "Swish": lambda x, *, alpha=1.0: x * (alpha * x).sigmoid(),
    "Tan": lambda x: x.tan(),
    "Tanh": lambda x: x.tanh(),
    "ThresholdedRelu": lambda x, *, alpha=1.0: x * (x > alpha),
    "TopK": _top_k,
    "Where": _where,
    "Xor": lambda a, b: a ^ b,
}
_BEFORE_13: Mapping[str, Function] = {"Softmax": _softmax_rows(log=False), "LogSoftmax": _softmax_rows(log=True)}
