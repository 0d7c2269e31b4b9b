"""What a layer or an operation does, in a few words, as its kind and settings tell.

Kinds are those of PyTorch, Keras, ONNX and ATen: "Conv2d", "Conv2D", "Conv", "aten.convolution.default" say the same.
What is not known says nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence

from dlviz_docs.insights.layer_words import FIXED
from dlviz_docs.model import Module, Operation, Setting, Tensor
from dlviz_docs.words import count, number

__all__ = ["describe", "describe_operation"]

Settings = Mapping[str, Setting]
_PREFIX = re.compile(r"^(?:torch\.ops\.)?(?:aten|prims|onnx|quantized)(?:\.|::)")
_OVERLOAD = re.compile(r"\.(?:default|Tensor|Scalar|int|dim\w*|input|vec|self|using)\w*$")
_AXES = re.compile(r"\dd(?=transpose|with|$)")


def describe(module: Module, tensors: Sequence[Tensor] = ()) -> str:
    """A sentence without a full stop: "64 filters of 3 × 3 over 3 channels"; "" for a kind that is not known."""
    return _sentence(module.kind, module.settings, tensors)


def describe_operation(operation: Operation, tensors: Sequence[Tensor] = (), *, shortcut: bool = False) -> str:
    """The same for a node of a graph; `shortcut` where one of its inputs comes from far before."""
    name = _plain(operation.kind)
    several = len(operation.inputs) > 1  # ONNX's Sum and Mean are of arrays, those of others along an axis
    if name == "mean" and several:
        return FIXED["average"]
    if (name == "add" or (name == "sum" and several)) and not operation.tensors:
        return "adds the shortcut" if shortcut else "adds its inputs"
    return _sentence(operation.kind, operation.settings, tensors)


def _plain(kind: str) -> str:
    """In small letters, without where it is from and the number of axes: "conv", "convtranspose", "batchnorm"."""
    name = "lora" if kind.startswith("lora.") else _OVERLOAD.sub("", _PREFIX.sub("", kind)).rpartition(".")[2]
    return _AXES.sub("", name.replace("_", "").lower())


def _sentence(kind: str, settings: Settings, tensors: Sequence[Tensor]) -> str:
    name = _plain(kind)
    if name in FIXED:
        return FIXED[name]
    if "nx" in settings:  # the linear layer of GPT-2 is called Conv1D
        name = "linear"
    rule = next((rule for pattern, rule in _RULES if pattern.fullmatch(name)), None)
    return rule(settings, _main(tensors), name) if rule else ""


def _main(tensors: Sequence[Tensor]) -> tuple[int, ...]:
    """Shape of the weight; () where there is none."""
    named = [tensor.shape for tensor in tensors if tensor.name.rpartition(".")[2].startswith(("weight", "kernel"))]
    return next(iter([*named, *(tensor.shape for tensor in tensors if len(tensor.shape) > 1)]), ())


# --- settings as numbers ---


def _int(settings: Settings, *names: str) -> int | None:
    """The first of these settings that is a number, or has one for every axis alike."""
    for name in names:
        value = settings.get(name)
        if isinstance(value, tuple) and value and len(set(value)) == 1:
            value = value[0]
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def _each(settings: Settings, *names: str) -> tuple[int, ...]:
    """The first of these settings, for each axis."""
    for name in names:
        value = settings.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return (value,)
        if isinstance(value, tuple) and value and all(isinstance(one, int) for one in value):
            return tuple(int(one) for one in value)
    return ()


def _by(lengths: Sequence[int]) -> str:
    return " × ".join(f"{length:,}" for length in lengths)


def _window(settings: Settings, *names: str) -> str:
    """ "3 × 3"; one number stands for both axes only where nobody says how many there are."""
    return _by(_each(settings, *names))


def _steps(settings: Settings) -> str:
    stride = _each(settings, "stride", "strides")
    if not stride or set(stride) == {1}:
        return ""
    return f", in steps of {stride[0]}" if len(set(stride)) == 1 else f", in steps of {_by(stride)}"


def _apart(settings: Settings) -> str:
    dilation = _each(settings, "dilation", "dilations")
    return f", {max(dilation)} apart" if dilation and max(dilation) > 1 else ""


# --- layers with weights ---


def _convolution(settings: Settings, weight: tuple[int, ...], name: str) -> str:
    out = _int(settings, "out_channels") or (weight[0] if len(weight) > 2 else None)
    window = _window(settings, "kernel_size", "kernel_shape") or (_by(weight[2:]) if len(weight) > 2 else "")
    groups = _int(settings, "groups", "group") or 1
    into = _int(settings, "in_channels") or (weight[1] * groups if len(weight) > 2 else None)
    if out is None:
        return f"filters of {window}" if window else ""
    said = count(out, "filter") + (f" of {window}" if window else "")
    return said + _over(into, groups) + _steps(settings) + _apart(settings) + _then(settings)


def _over(into: int | None, groups: int) -> str:
    if into is None:
        return ""
    if groups == into and groups > 1:
        return ", each over one channel"
    return f" over {count(into, 'channel')}" + (f", in {groups:,} groups" if groups > 1 else "")


def _depthwise(settings: Settings, weight: tuple[int, ...], name: str) -> str:
    window = _window(settings, "kernel_size")
    out = _int(settings, "out_channels")
    many = count(out, "filter") if out else "filters"
    return f"{many}{f' of {window}' if window else ''}, each over one channel" + _steps(settings)


def _separable(settings: Settings, weight: tuple[int, ...], name: str) -> str:
    window, out = _window(settings, "kernel_size"), _int(settings, "out_channels")
    mixed = f", then mixed into {out:,}" if out else ""
    return f"a filter{f' of {window}' if window else ''} over each channel{mixed}" + _steps(settings)


def _transposed(settings: Settings, weight: tuple[int, ...], name: str) -> str:
    into, out = _int(settings, "in_channels"), _int(settings, "out_channels")
    if not (into and out) and len(weight) > 2:
        into, out = weight[:2]
    window = _window(settings, "kernel_size", "kernel_shape") or (_by(weight[2:]) if len(weight) > 2 else "")
    stride = _int(settings, "stride", "strides")
    finer = f" to a grid {stride} times as fine" if stride and stride > 1 else ""
    if not (into and out):
        return f"spreads its input{finer}"
    return f"spreads {count(into, 'channel')} by {out:,} filters{f' of {window}' if window else ''}{finer}"


def _linear(settings: Settings, weight: tuple[int, ...], name: str) -> str:
    into, out = _int(settings, "in_features", "nx"), _int(settings, "out_features", "nf")
    if not (into and out) and len(weight) == 2:
        turned = name == "addmm" or (name == "gemm" and not settings.get("transB"))
        into, out = weight if turned else weight[::-1]
    if into and out:
        return f"{count(out, 'weighted sum')} of {count(into, 'feature')}" + _then(settings)
    return f"{count(out, 'weighted sum')}" + _then(settings) if out else ""


def _then(settings: Settings) -> str:
    activation = settings.get("activation")
    return f", then {activation}" if isinstance(activation, str) and activation else ""


def _embedding(settings: Settings, weight: tuple[int, ...], name: str) -> str:
    many, wide = _int(settings, "num_embeddings"), _int(settings, "embedding_dim")
    if not (many and wide) and len(weight) == 2:
        many, wide = weight
    return f"a vector of {count(wide, 'number')} for each of {count(many, 'entry', 'entries')}" if many and wide else ""


def _batch_norm(settings: Settings, weight: tuple[int, ...], name: str) -> str:
    each = _each_of(_int(settings, "num_features") or (weight[0] if len(weight) == 1 else None), "channel")
    return f"normalises {each} by the mean and spread that training measured, then scales and shifts"


def _layer_norm(settings: Settings, weight: tuple[int, ...], name: str) -> str:
    shape = _each(settings, "normalized_shape", "num_features")
    many = f" over {count(math.prod(shape), 'feature')}" if shape else ""
    return f"normalises every position{many}, then scales and shifts"


def _group_norm(settings: Settings, weight: tuple[int, ...], name: str) -> str:
    groups, many = _int(settings, "num_groups", "groups"), _int(settings, "num_channels", "num_features")
    channels = f" {count(many, 'channel')}" if many else " channels"
    return f"normalises{channels} in {f'{groups:,} ' if groups else ''}groups, then scales and shifts"


def _rms_norm(settings: Settings, weight: tuple[int, ...], name: str) -> str:
    shape = _each(settings, "normalized_shape", "num_features")
    many = f" {count(math.prod(shape), 'feature')}" if shape else " features"
    return f"divides{many} by their root mean square, then scales"


def _instance_norm(settings: Settings, weight: tuple[int, ...], name: str) -> str:
    return f"normalises {_each_of(_int(settings, 'num_features'), 'channel')} of every sample"


def _each_of(many: int | None, noun: str) -> str:
    return f"each of {count(many, noun)}" if many else f"each {noun}"


def _recurrent(settings: Settings, weight: tuple[int, ...], name: str) -> str:
    hidden, into = _int(settings, "hidden_size"), _int(settings, "input_size")
    layers = _int(settings, "num_layers") or 1
    stacked = f"{layers} layers that read" if layers > 1 else "reads"
    features = f" {count(into, 'feature')}" if into else ""
    kept = f", with {count(hidden, 'number')} of memory" if hidden else ""
    both = ", in both directions" if settings.get("bidirectional") else ""
    return f"{stacked}{features} step by step{kept}{both}"


def _attention(settings: Settings, weight: tuple[int, ...], name: str) -> str:
    heads, wide = _int(settings, "num_heads"), _int(settings, "embed_dim")
    how = [f"with {count(heads, 'head')}" if heads else "", f"over {count(wide, 'feature')}" if wide else ""]
    told = " ".join(part for part in how if part)
    return "every position gathers from the others what it needs" + (f", {told}" if told else "")


def _adapter(settings: Settings, weight: tuple[int, ...], name: str) -> str:
    rank = _int(settings, "r")
    return f"a layer, and what was learned on top of it: a product of rank {rank:,}" if rank else ""


# --- layers without ---


def _pooled(settings: Settings, weight: tuple[int, ...], name: str) -> str:
    verb = "keeps the largest of" if "max" in name else "averages"
    if name.startswith(("global", "adaptive")):
        size = _each(settings, "output_size")
        if size and set(size) != {1}:
            return f"{verb} what falls into each of {_by(size)} cells"
        return f"{verb} all positions of each channel" if "max" not in name else "keeps the largest of each channel"
    window = _window(settings, "kernel_size", "kernel_shape", "pool_size")
    return f"{verb} every {window}{_steps(settings)}" if window else f"{verb} neighbours"


def _dropout(settings: Settings, weight: tuple[int, ...], name: str) -> str:
    share = settings.get("p")
    told = f" a share of {number(float(share))}" if isinstance(share, int | float) else " some values"
    return f"sets{told} to zero while training, and does nothing after"


def _leaky(settings: Settings, weight: tuple[int, ...], name: str) -> str:
    slope = settings.get("negative_slope", settings.get("alpha"))
    told = (
        f" {number(float(slope))} of"
        if isinstance(slope, int | float) and not isinstance(slope, bool)
        else " a share of"
    )
    return f"keeps{told} negative values, and all of the others"


def _finer(settings: Settings, weight: tuple[int, ...], name: str) -> str:
    factor = _int(settings, "scale_factor", "size")
    return f"makes the grid {factor} times as fine" if factor and factor > 1 else "resizes the grid"


def _activated(settings: Settings, weight: tuple[int, ...], name: str) -> str:
    """Keras' Activation, by the function it applies."""
    activation = settings.get("activation")
    if not isinstance(activation, str):
        return ""
    return FIXED.get(_plain(activation), f"applies {activation}")


_Rule = Callable[[Settings, tuple[int, ...], str], str]
_RULES: tuple[tuple[re.Pattern[str], _Rule], ...] = tuple(
    (re.compile(pattern), rule)
    for pattern, rule in (
        (r"depthwiseconv", _depthwise),
        (r"separableconv", _separable),
        (r"conv(olution)?transpose|deconvolution", _transposed),
        (r"(lazy)?conv(olution)?(relu)?", _convolution),
        (r"linear|dense|gemm|addmm|einsumdense|linear8bitlt|nondynamicallyquantizablelinear|linearrelu", _linear),
        (r"(scaled)?(word)?embedding(bag)?|reversibleembedding", _embedding),
        (r"(sync)?batchnorm(al)?(ization)?|batchnorm\w*|nativebatchnorm\w*|cudnnbatchnorm", _batch_norm),
        (r"(native)?layernorm(alization)?", _layer_norm),
        (r"(native)?groupnorm(alization)?", _group_norm),
        (r"instancenorm(alization)?", _instance_norm),
        (r"(\w*)rms(norm|normalization)", _rms_norm),
        (r"(lstm|gru|rnn|simplernn|cudnnlstm|cudnngru)(cell)?", _recurrent),
        (r"(multihead|groupedquery|groupquery)?attention", _attention),
        (r"(\w+)attention", _attention),
        (r"lora", _adapter),
        (r"(global|adaptive)?(max|average|avg)pool(ing)?(withindices)?", _pooled),
        (r"(spatial|alpha|feature|native|gaussian)?dropout|droppath", _dropout),
        (r"leakyrelu", _leaky),
        (r"upsampl\w*|resize|interpolate|resizing", _finer),
        (r"activation", _activated),
    )
)
