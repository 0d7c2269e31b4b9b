"""What kind of layer has tensors of these names and shapes: rules in order, the surest first.

A rule says nothing where names and shapes do not tell. Kinds are called as PyTorch calls them; settings are only those
that follow from the shapes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dlviz_docs.model import Setting
from dlviz_docs.readers.networks._state_names import Group

__all__ = ["NOTHING", "Around", "Guess", "guess"]

_RECURRENT = re.compile(r"^weight_ih_l(\d+)(_reverse)?$")
_GATES = {4: "LSTM", 3: "GRU", 1: "RNN"}
_EMBEDDING = re.compile(
    r"emb|^w[tp]e$|^shared$|vocab|lookup|codebook|(^|_)(tok|token|pos|position|word)s?(_|$)|^relative_attention_bias$"
)
_TRANSPOSED = re.compile(r"(^|_)(de?conv|t_?conv|conv_?t|up_?conv|upsample|up)s?(_|\d|$)|transpose|deconv")
_GROUPED_NORM = re.compile(r"(^|_)gn\d*$|group_?norm")
_LAYER_NORM = re.compile(r"(^|_)ln(_|\d|$)|layer_?norm|layernorm")
_RMS = re.compile(r"rms")
_NORM = re.compile(r"norm|(^|_)(ln|bn|gn)(_|\d|$)")
_ACTIVATION = re.compile(r"prelu|(^|_)(act|relu|activation|nonlinearity)\d*$")
_CONV1D = re.compile(r"^c_(attn|proj|fc)$|^q_attn$")
"""Linear layers of GPT-2, which keep their weights as (in, out)."""
_SCALE = frozenset({"gamma", "scale", "weight"})


@dataclass(frozen=True, slots=True)
class Guess:
    """A kind, its settings, and what comes out of it."""

    kind: str = ""
    settings: Mapping[str, Setting] = field(default_factory=dict)
    features: int | None = None
    """Channels or features of its result."""
    axes: int = 0
    """Spatial axes; 0 for none."""


NOTHING = Guess()


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of a layer's surroundings."""

    before: Guess = NOTHING
    """The layer before it in the file, as far as it changes the number of features."""
    same_block: bool = False
    """Whether that lies in the same block."""
    after: tuple[int, ...] | None = None
    """Shape of the next weight with two axes or more."""
    convolutional: bool = False
    """Whether most weights of the model are convolutions, and none of attention."""
    block: bool = False
    """Whether there are layers in it."""
    transposed_linear: bool = False
    """Whether the model is one of those that keep linear weights as (in, out)."""


def guess(group: Group, around: Around) -> Guess:
    """The kind of a layer; NOTHING where its tensors are only parameters of a block."""
    return next((found for rule in _RULES if (found := rule(group, around)) is not None), NOTHING)


def _number(group: Group, leaf: str, axis: int = 0) -> int | None:
    shape = group.shape(leaf)
    return shape[axis] if shape is not None and len(shape) > axis else None


# --- packed in few bits ---


def _quantised(group: Group, around: Around) -> Guess | None:
    if group.has("qweight", "scales"):
        return _packed_in_integers(group)
    if group.has("weight", "SCB"):
        return _plain_linear("Linear8bitLt", group)
    if any(leaf.startswith("weight.quant_state") or leaf == "weight.absmax" for leaf in group.tensors):
        return Guess("Linear4bit", {}, _number(group, "bias"))
    if any(leaf.startswith("_packed_params") for leaf in group.tensors):
        return Guess("quantized.Linear", {})
    weight = group.weight
    if weight is not None and len(weight) == 2 and (group.has("weight_scale") or group.has("weight_scale_inv")):
        return _plain_linear("Linear", group)
    return None


def _packed_in_integers(group: Group) -> Guess | None:
    """GPTQ packs the input features of `qweight`, AWQ the output features."""
    packed, scales = group.shape("qweight"), group.shape("scales")
    if packed is None or scales is None or len(packed) != 2 or len(scales) != 2 or not scales[1] or not packed[1]:
        return None
    out = scales[1]
    index = _number(group, "g_idx")
    if packed[1] == out:
        known: dict[str, Setting] = {"in_features": index} if index else {}
        return Guess("QuantLinear", {**known, "out_features": out}, out)
    bits = 32 * packed[1] // out
    return Guess("WQLinear_GEMM", {"in_features": packed[0], "out_features": out, "bits": bits}, out)


def _plain_linear(kind: str, group: Group) -> Guess | None:
    weight = group.weight
    if weight is None or len(weight) != 2:
        return None
    return Guess(kind, {"in_features": weight[1], "out_features": weight[0], "bias": group.bias is not None}, weight[0])


# --- several tensors whose names are enough ---


def _recurrent(group: Group, around: Around) -> Guess | None:
    layers = [match for leaf in group.tensors if (match := _RECURRENT.match(leaf))]
    inner, outer = group.shape("weight_ih_l0"), group.shape("weight_hh_l0")
    if not layers or inner is None or outer is None or len(inner) != 2 or len(outer) != 2:
        return _cell(group)
    projected = _number(group, "weight_hr_l0")
    both = any(match[2] for match in layers)
    hidden = _number(group, "weight_hr_l0", 1) or outer[1]
    kind = _GATES.get(inner[0] // hidden) if hidden else None
    if kind is None:
        return None
    settings: dict[str, Setting] = {
        "input_size": inner[1],
        "hidden_size": hidden,
        "num_layers": len({match[1] for match in layers}),
        "bias": group.has("bias_ih_l0"),
        "bidirectional": both,
    }
    if projected:
        settings["proj_size"] = projected
    return Guess(kind, settings, (projected or hidden) * (2 if both else 1))


def _cell(group: Group) -> Guess | None:
    inner, outer = group.shape("weight_ih"), group.shape("weight_hh")
    if inner is None or outer is None or len(inner) != 2 or len(outer) != 2 or not outer[1]:
        return None
    kind = _GATES.get(inner[0] // outer[1])
    settings: dict[str, Setting] = {"input_size": inner[1], "hidden_size": outer[1], "bias": group.has("bias_ih")}
    return None if kind is None else Guess(f"{kind}Cell", settings, outer[1])


def _attention(group: Group, around: Around) -> Guess | None:
    """torch.nn.MultiheadAttention keeps its three projections as one, or as three where their widths differ."""
    width = _number(group, "in_proj_weight", 1) or _number(group, "q_proj_weight", 1)
    if width is None:
        return None
    settings: dict[str, Setting] = {"embed_dim": width, "bias": group.has("in_proj_bias")}
    for name, leaf in (("kdim", "k_proj_weight"), ("vdim", "v_proj_weight")):
        if (other := _number(group, leaf, 1)) is not None:
            settings[name] = other
    return Guess("MultiheadAttention", settings, width)


def _batch_norm(group: Group, around: Around) -> Guess | None:
    count = _number(group, "running_mean")
    if count is None:
        return None
    settings: dict[str, Setting] = {"num_features": count, "affine": group.has("weight")}
    before = around.before
    if before.features == count and before.kind:
        return Guess(f"BatchNorm{before.axes or 1}d", settings, count, before.axes)
    return Guess("BatchNorm", settings, count)


# --- one weight, by the number of its axes ---


def _window(group: Group, around: Around) -> Guess | None:
    weight = group.weight
    if weight is None or len(weight) not in (3, 4, 5) or not all(weight):
        return None
    axes = len(weight) - 2
    told: dict[str, Setting] = {"kernel_size": weight[2:], "bias": group.bias is not None}
    if _is_transposed(group, weight, around):
        known: dict[str, Setting] = {"in_channels": weight[0], "out_channels": weight[1]}
        out = weight[1]
        if group.bias and group.bias[0] != weight[1]:
            known |= {"out_channels": group.bias[0], "groups": group.bias[0] // weight[1]}
            out = group.bias[0]
        return Guess(f"ConvTranspose{axes}d", {**known, **told}, out, axes)
    groups = _groups(weight, around)
    first: dict[str, Setting] = {"in_channels": weight[1] * groups, "out_channels": weight[0]}
    return Guess(f"Conv{axes}d", {**first, **told, **({"groups": groups} if groups > 1 else {})}, weight[0], axes)


def _is_transposed(group: Group, weight: tuple[int, ...], around: Around) -> bool:
    """Its bias has as many elements as channels come out: for most, that decides."""
    into, out = weight[:2]
    if group.bias:
        if group.bias[0] != into:
            return group.bias[0] % out == 0
        if into != out:
            return False
    named = bool(_TRANSPOSED.search(group.name)) and not re.search(r"down", group.name)
    before = around.before.features if around.before.axes else None
    if not group.bias and into != out and before is not None and named:
        return before == into
    windows = weight[2:]
    return named and into >= out and all(length in (2, 3, 4) for length in windows) and _follows(weight, around)


def _follows(weight: tuple[int, ...], around: Around) -> bool:
    """Whether the layer before it can be what goes into a transposed convolution."""
    before = around.before
    return not before.axes or before.features is None or before.features == weight[0]


def _groups(weight: tuple[int, ...], around: Around) -> int:
    """More than one only where the layer before it has as many channels as come out; and lies in the same block, unless
    each filter sees a single channel."""
    before, out, each = around.before, weight[0], weight[1]
    if before.features != out or not before.axes or each >= out or out % each:
        return 1
    wide = any(length > 1 for length in weight[2:])
    return out // each if wide and (each == 1 or around.same_block) else 1


def _matrix(group: Group, around: Around) -> Guess | None:
    weight = group.weight
    if weight is None or len(weight) != 2:
        return None
    if around.transposed_linear and _CONV1D.match(group.name):
        return Guess("Conv1D", {"nx": weight[0], "nf": weight[1]}, weight[1])
    if group.bias is None and _is_table(group, weight, around):
        return Guess("Embedding", {"num_embeddings": weight[0], "embedding_dim": weight[1]}, weight[1])
    return _plain_linear("Linear", group)


def _is_table(group: Group, weight: tuple[int, ...], around: Around) -> bool:
    """Named for it; or the first weight, whose rows are as long as what the next one takes."""
    if _EMBEDDING.search(group.name) and not re.search(r"proj|linear|_fc|un_?emb|patch", group.name):
        return True
    first = around.before is NOTHING
    return first and around.after is not None and weight[0] not in around.after and around.after[1:2] == weight[1:]


def _vector(group: Group, around: Around) -> Guess | None:
    """A scale for each channel: which normalisation it is only names and neighbours tell."""
    weight = group.weight
    if weight is None or len(weight) != 1:
        return None
    count = weight[0]
    if group.bias is None:
        if _ACTIVATION.search(group.name) or (count == 1 and not _NORM.search(group.name)):
            return Guess("PReLU", {"num_parameters": count}, around.before.features, around.before.axes)
        return Guess("RMSNorm", {"normalized_shape": (count,)}, count)
    if _is_grouped(group, count, around):
        return Guess("GroupNorm", {"num_channels": count}, count, around.before.axes)
    axes = around.before.axes if around.before.features == count else 0
    return Guess("LayerNorm", {"normalized_shape": weight}, count, axes)


def _is_grouped(group: Group, count: int, around: Around) -> bool:
    """GroupNorm stands among convolutions, LayerNorm among linear layers."""
    if _LAYER_NORM.search(group.name) or _RMS.search(group.name):
        return False
    if _GROUPED_NORM.search(group.name):
        return True
    if _NORM.search(group.name) and around.after is not None and len(around.after) > 2:
        return around.after[1] == count
    return around.convolutional and around.before.axes > 0 and around.before.features == count


def _wide_norm(group: Group, around: Around) -> Guess | None:
    """LayerNorm over several axes: weight and bias of one shape."""
    weight = group.weight
    if weight is None or len(weight) < 2 or group.bias != weight:
        return None
    return Guess("LayerNorm", {"normalized_shape": weight}, weight[-1])


def _scale(group: Group, around: Around) -> Guess | None:
    """A learned factor for each channel, alone: LayerScale of CaiT and ConvNeXt, RMSNorm of JAX and T5."""
    if len(group.tensors) != 1 or around.block:
        return None
    ((leaf, tensor),) = group.tensors.items()
    if leaf not in _SCALE or len(tensor.shape) != 1:
        return None
    kind = "RMSNorm" if _NORM.search(group.name) else "LayerScale"
    return Guess(kind, {"normalized_shape" if kind == "RMSNorm" else "dim": tensor.shape}, tensor.shape[0])


_RULES: tuple[Callable[[Group, Around], Guess | None], ...] = (
    _quantised,
    _recurrent,
    _attention,
    _batch_norm,
    _wide_norm,
    _window,
    _matrix,
    _vector,
    _scale,
)
