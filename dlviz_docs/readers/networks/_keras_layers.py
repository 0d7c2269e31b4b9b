"""What the configuration of a Keras layer says, under PyTorch's names; and what its variables are called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dlviz_docs.model import Setting
from dlviz_docs.readers._text import clean

__all__ = [
    "CONVOLUTION",
    "MERGED",
    "POOLED_WHOLE",
    "POOLING",
    "RESIZED",
    "Config",
    "activation_of",
    "channels_first",
    "is_known",
    "kind_of_snake",
    "settings_of",
    "snake",
    "variables_of",
]

Config = Mapping[str, Any]

_RENAMED: Mapping[str, str] = {
    "filters": "out_channels",
    "kernel_size": "kernel_size",
    "pool_size": "kernel_size",
    "strides": "stride",
    "padding": "padding",
    "output_padding": "output_padding",
    "dilation_rate": "dilation",
    "groups": "groups",
    "depth_multiplier": "depth_multiplier",
    "use_bias": "bias",
    "units": "out_features",
    "rate": "p",
    "epsilon": "eps",
    "momentum": "momentum",
    "axis": "axis",
    "axes": "axis",
    "num_heads": "num_heads",
    "num_query_heads": "num_heads",
    "num_key_value_heads": "num_key_value_heads",
    "key_dim": "head_dim",
    "head_dim": "head_dim",
    "value_dim": "value_dim",
    "size": "scale_factor",
    "interpolation": "mode",
    "target_shape": "shape",
    "dims": "dims",
    "n": "repeats",
    "cropping": "cropping",
    "return_sequences": "return_sequences",
    "go_backwards": "go_backwards",
    "merge_mode": "merge_mode",
    "alpha": "negative_slope",
    "negative_slope": "negative_slope",
    "equation": "equation",
    "scale": "scale",
    "offset": "offset",
    "max_tokens": "max_tokens",
}
"""Keras' key, and ours. What keeps its Keras name has none in PyTorch."""
_RECURRENT = re.compile(r"^(Simple)?(LSTM|GRU|RNN)(Cell)?$|^(CuDNN)(LSTM|GRU)$|^ConvLSTM\dD$")
CONVOLUTION = re.compile(r"^(Separable|Depthwise)?Conv(?:olution)?(\d)D(Transpose)?$")
POOLING = re.compile(r"^(?:Max|Average|Avg)Pool(?:ing)?(\d)D$")
POOLED_WHOLE = re.compile(r"^Global(?:Max|Average|Avg)Pool(?:ing)?(\d)D$")
RESIZED = re.compile(r"^(UpSampling|ZeroPadding|Cropping)(\d)D$")
MERGED = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"})
"""Layers that put arrays together element by element."""
_NORMALISATION = re.compile(r"^(Batch|Layer|Group|Instance|RMS)Normalization(V1|V2)?$|^SyncBatchNormalization$")
_LARGEST = 1 << 53
_LONGEST_TEXT = 200
_NO_ACTIVATION = frozenset({"", "linear"})

_WORDS = """
Activation ActivityRegularization Add AdditiveAttention AlphaDropout Attention AugMix AutoContrast Average
BatchNormalization Bidirectional CategoryEncoding CenterCrop Concatenate CuDNNGRU CuDNNLSTM CutMix Dense
Discretization Dot Dropout ELU EinsumDense Embedding Equalization Flatten Functional GRU GRUCell GaussianDropout
GaussianNoise GroupNormalization GroupQueryAttention GroupedQueryAttention HashedCrossing Hashing Highway Identity
InputLayer IntegerLookup LSTM LSTMCell Lambda LayerNormalization LeakyReLU Masking Maximum MaxoutDense MelSpectrogram
Merge Minimum MixUp Model MultiHeadAttention Multiply Normalization PReLU Permute Pipeline RMSNormalization RNN
RandAugment ReLU RepeatVector Rescaling Reshape Resizing ReversibleEmbedding STFTSpectrogram Sequential SimpleRNN
SimpleRNNCell SlicingOpLambda Softmax Solarization SpectralNormalization StackedRNNCells StringLookup Subtract
SyncBatchNormalization TFOpLambda TensorFlowOpLayer TextVectorization ThresholdedReLU TimeDistributed
TimeDistributedDense UnitNormalization
"""
_LAYERS = frozenset(_WORDS.split())
"""Every layer of Keras 1 to 3, beside families of them: any other class is somebody's own, or an operation."""
_FAMILIES = re.compile(
    r"^((Separable|Depthwise)?Conv(olution)?\dD(Transpose)?|(Global|Adaptive)?(Max|Average|Avg)Pool(ing)?\dD|ConvLSTM\dD|"
    r"(UpSampling|ZeroPadding|Cropping|SpatialDropout)\dD|Random[A-Z]\w+|LocallyConnected\dD)$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def is_known(kind: str) -> bool:
    """Whether a class is one that Keras brings."""
    return kind in _LAYERS or bool(_FAMILIES.match(kind))


def kind_of_snake(name: str) -> str:
    """The class that Keras names a layer after: "conv2d_3" is a Conv2D; "" where the name is somebody's own."""
    return _BY_SNAKE.get(re.sub(r"_\d+$", "", name), "")


def settings_of(kind: str, config: Config) -> dict[str, Setting]:
    """What shapes the layer, without initialisers, regularisers and names."""
    told: dict[str, Setting] = {}
    for key, value in config.items():
        name = _RENAMED.get(key)
        if name and (plain := _plain(value)) is not None and plain != ():
            told[name] = plain
    if _RECURRENT.match(kind) and "out_features" in told:
        told["hidden_size"] = told.pop("out_features")
    if _NORMALISATION.match(kind):
        told.pop("scale", None)  # whether there is a gamma, and no number
    if kind.endswith("Embedding") and isinstance(config.get("input_dim"), int):
        told["num_embeddings"] = _plain(config["input_dim"])
        told["embedding_dim"] = _plain(config.get("output_dim"))
    if kind == "RNN" and isinstance(cell := config.get("cell"), Mapping):
        inner = cell.get("config")
        told |= settings_of("RNNCell", inner) if isinstance(inner, Mapping) else {}
    if activation := activation_of(config):
        told["activation"] = activation
    return told


def activation_of(config: Config) -> str:
    """The activation that a layer applies to its result: "relu"; "" for none."""
    value = config.get("activation")
    if isinstance(value, Mapping):  # a registered function, or a class such as LeakyReLU
        inner = value.get("config")
        value = inner if isinstance(inner, str) else value.get("class_name")
    return clean(value[:_LONGEST_TEXT]) if isinstance(value, str) and value not in _NO_ACTIVATION else ""


def channels_first(config: Config) -> bool:
    """Whether shapes are (batch, channels, ...), as in PyTorch; Keras' own order has channels last."""
    return config.get("data_format") == "channels_first"


def variables_of(kind: str, config: Config, count: int) -> tuple[str, ...]:
    """Names of a layer's variables in the order in which Keras makes them; () where it is not known, or another
    number of them is there."""
    names = _variables(kind, config)
    if len(names) != count and names and names[-1] == "bias":
        names = names[:-1]  # a configuration is not always there to say that it has none
    return names if len(names) == count else ()


def _variables(kind: str, config: Config) -> tuple[str, ...]:
    bias = ("bias",) if config.get("use_bias", True) else ()
    if match := CONVOLUTION.match(kind):
        return (("depthwise_kernel", "pointwise_kernel") if match[1] == "Separable" else ("kernel",)) + bias
    if kind in ("Dense", "EinsumDense"):
        return ("kernel", *bias)
    if kind in ("Embedding", "ReversibleEmbedding"):
        return ("embeddings",)
    if _RECURRENT.match(kind):
        return ("kernel", "recurrent_kernel", *bias)
    if kind == "RMSNormalization":
        return ("scale",)
    if _NORMALISATION.match(kind):
        own = tuple(name for key, name in (("scale", "gamma"), ("center", "beta")) if config.get(key, True))
        return (*own, "moving_mean", "moving_variance") if "Batch" in kind else own
    return {"PReLU": ("alpha",), "Normalization": ("mean", "variance", "count")}.get(kind, ())


def _plain(value: object) -> Setting:
    """A setting as it is shown; None for what is none."""
    if isinstance(value, str):
        return clean(value[:_LONGEST_TEXT])
    if isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < _LARGEST):
        return value
    if isinstance(value, list | tuple) and len(value) <= 8:
        flat = [inner for one in value for inner in (one if isinstance(one, list | tuple) else (one,))]
        numbers = [one for one in flat if isinstance(one, int) and not isinstance(one, bool) and abs(one) < _LARGEST]
        if len(numbers) == len(flat):
            return tuple(numbers)
    return None


def snake(kind: str) -> str:
    """As Keras spells a class in the names of layers: "conv2d_transpose"."""
    return re.sub(r"(\d)_d(?=_|$)", r"\1d", _CAMEL.sub("_", kind).lower())


_BY_SNAKE: Mapping[str, str] = {
    snake(kind): kind
    for kind in (
        *sorted(_LAYERS),
        *(f"{head}Conv{n}D{tail}" for n in "123" for head, tail in (("", ""), ("", "Transpose"), ("Depthwise", ""))),
        *(f"SeparableConv{n}D" for n in "12"),
        *(f"{head}{pool}Pooling{n}D" for n in "123" for head in ("", "Global") for pool in ("Max", "Average")),
        *(f"{kind}{n}D" for n in "123" for kind in ("UpSampling", "ZeroPadding", "Cropping", "ConvLSTM")),
    )
}
