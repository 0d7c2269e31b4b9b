"""Layers as PyTorch names them and their settings, from the shapes of weights and the numbers an operation is given."""

from __future__ import annotations

from collections.abc import Sequence

from dlviz_docs.model import Dim, Setting, Shape
from dlviz_docs.readers.networks._trace import Layer

__all__ = ["batch_norm", "convolution", "embedding", "layer_norm", "linear", "pooling", "recurrent", "simple"]

_RECURRENT = {4: "LSTM", 3: "GRU", 1: "RNN"}


def convolution(
    weight: Shape,
    stride: Sequence[int],
    padding: Sequence[int] | str,
    dilation: Sequence[int],
    groups: int,
    *,
    bias: bool,
    transposed: bool = False,
) -> Layer:
    """Conv1d to Conv3d, and ConvTranspose1d to 3d."""
    if len(weight) < 3:
        return Layer()
    first, second = _number(weight[0]), _number(weight[1])
    channels = (first, second * groups) if transposed else (second * groups, first)
    settings: dict[str, Setting] = {"in_channels": channels[0], "out_channels": channels[1]}
    settings["kernel_size"] = tuple(_number(length) for length in weight[2:])
    settings |= {"stride": tuple(stride), "padding": padding if isinstance(padding, str) else tuple(padding)}
    settings |= {"dilation": tuple(dilation), "groups": groups, "bias": bias}
    return Layer(f"Conv{'Transpose' if transposed else ''}{len(weight) - 2}d", settings)


def linear(inputs: Dim, outputs: Dim, *, bias: bool) -> Layer:
    """Linear."""
    return Layer("Linear", {"in_features": _number(inputs), "out_features": _number(outputs), "bias": bias})


def batch_norm(shape: Shape | None, features: Dim, eps: float, *, instance: bool = False) -> Layer:
    """BatchNorm1d to 3d, by the axes of what it normalises."""
    axes = max(1, len(shape) - 2) if shape else 2
    name = f"{'Instance' if instance else 'Batch'}Norm{axes}d"
    return Layer(name, {"num_features": _number(features), "eps": _rounded(eps)})


def layer_norm(kind: str, shape: Sequence[Dim], eps: float) -> Layer:
    """LayerNorm or RMSNorm."""
    return Layer(kind, {"normalized_shape": tuple(_number(length) for length in shape), "eps": _rounded(eps)})


def embedding(weight: Shape) -> Layer:
    """Embedding."""
    if len(weight) != 2:
        return Layer()
    return Layer("Embedding", {"num_embeddings": _number(weight[0]), "embedding_dim": _number(weight[1])})


def pooling(
    kind: str, size: Sequence[int], stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int] = ()
) -> Layer:
    """MaxPool1d to 3d, AvgPool1d to 3d."""
    settings: dict[str, Setting] = {"kernel_size": tuple(size), "stride": tuple(stride), "padding": tuple(padding)}
    if any(step != 1 for step in dilation):
        settings["dilation"] = tuple(dilation)
    return Layer(f"{kind}{len(size)}d", settings)


def recurrent(gates: int, inputs: Dim, hidden: Dim, layers: int, directions: int, *, batch_first: bool) -> Layer:
    """LSTM, GRU or RNN."""
    settings: dict[str, Setting] = {"input_size": _number(inputs), "hidden_size": _number(hidden)}
    settings |= {"num_layers": layers, "bidirectional": directions == 2, "batch_first": batch_first}
    return Layer(_RECURRENT.get(gates, ""), settings)


def simple(kind: str, **settings: Setting) -> Layer:
    """A layer with settings that need no thought."""
    return Layer(kind, settings)


def _number(length: Dim) -> int:
    """Lengths of weights do not vary; -1 for what is no number after all."""
    return length if isinstance(length, int) else -1


def _rounded(value: float) -> float:
    """A float32 as people write it: 1e-05, not 9.999999747378752e-06."""
    return float(f"{value:.6g}")
