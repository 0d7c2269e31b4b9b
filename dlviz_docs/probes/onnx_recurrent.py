"""ONNX's recurrent layers, which PyTorch's kernels run after their gates are put in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlviz_docs.errors import ProbeError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["RECURRENT"]

_LSTM, _GRU = (0, 2, 3, 1), (1, 0, 2)
"""Places of PyTorch's gates (input, forget, cell, output; reset, update, new) among ONNX's (i, o, f, c; z, r, h)."""


def _weights(w: Tensor, r: Tensor, b: Tensor | None, gates: Sequence[int]) -> list[Tensor]:
    """For each direction: input weights, hidden weights, and both biases, gates in PyTorch's order."""
    import torch

    width = r.shape[-1]
    order = torch.cat([torch.arange(gate * width, (gate + 1) * width) for gate in gates])
    found: list[Tensor] = []
    for i in range(len(w)):
        both = torch.zeros(2 * len(order), dtype=w.dtype) if b is None else b[i]
        found += [w[i][order], r[i][order], both[: len(order)][order], both[len(order) :][order]]
    return found


def _checked(direction: str, layout: int, lengths: Tensor | None, given: Mapping[str, Any]) -> bool:
    """Whether there are two directions; `ProbeError` for what PyTorch's layers cannot do."""
    foreign = sorted(set(given) - {"hidden_size", "linear_before_reset", "activations"})
    if foreign or layout or lengths is not None or direction == "reverse":
        raise ProbeError(
            "A recurrent layer with sequence lengths, clipping or a direction of its own cannot be run here."
        )
    return direction == "bidirectional"


def _lstm(
    x: Tensor,
    w: Tensor,
    r: Tensor,
    b: Tensor | None = None,
    lengths: Tensor | None = None,
    h: Tensor | None = None,
    c: Tensor | None = None,
    peepholes: Tensor | None = None,
    *,
    direction: str = "forward",
    layout: int = 0,
    input_forget: int = 0,
    **given: Any,
) -> tuple[Tensor, Tensor, Tensor]:
    import torch

    two = _checked(direction, layout, lengths, given)
    if peepholes is not None or input_forget or given.get("activations") not in (None, *_usual("Sigmoid Tanh Tanh")):
        raise ProbeError("An LSTM with peepholes or other activations cannot be run here.")
    start = torch.zeros(len(w), x.shape[1], r.shape[-1], dtype=x.dtype)
    states = [start if h is None else h, start if c is None else c]
    y, h, c = torch.lstm(x, states, _weights(w, r, b, _LSTM), True, 1, 0.0, False, two, False)
    return _directions(y, len(w)), h, c


def _gru(
    x: Tensor,
    w: Tensor,
    r: Tensor,
    b: Tensor | None = None,
    lengths: Tensor | None = None,
    h: Tensor | None = None,
    *,
    direction: str = "forward",
    layout: int = 0,
    linear_before_reset: int = 0,
    **given: Any,
) -> tuple[Tensor, Tensor]:
    import torch

    two = _checked(direction, layout, lengths, given)
    if not linear_before_reset or given.get("activations") not in (None, *_usual("Sigmoid Tanh")):
        raise ProbeError("A GRU that resets before its linear part, or has other activations, cannot be run here.")
    start = torch.zeros(len(w), x.shape[1], r.shape[-1], dtype=x.dtype) if h is None else h
    y, h = torch.gru(x, start, _weights(w, r, b, _GRU), True, 1, 0.0, False, two, False)
    return _directions(y, len(w)), h


def _rnn(
    x: Tensor,
    w: Tensor,
    r: Tensor,
    b: Tensor | None = None,
    lengths: Tensor | None = None,
    h: Tensor | None = None,
    *,
    direction: str = "forward",
    layout: int = 0,
    **given: Any,
) -> tuple[Tensor, Tensor]:
    import torch

    two = _checked(direction, layout, lengths, given)
    names = set(given.get("activations") or ("Tanh",))
    if names not in ({"Tanh"}, {"Relu"}):
        raise ProbeError(f"A recurrent layer with the activations {sorted(names)} cannot be run here.")
    start = torch.zeros(len(w), x.shape[1], r.shape[-1], dtype=x.dtype) if h is None else h
    run = torch.rnn_tanh if names == {"Tanh"} else torch.rnn_relu
    y, h = run(x, start, _weights(w, r, b, (0,)), True, 1, 0.0, False, two, False)
    return _directions(y, len(w)), h


def _usual(names: str) -> tuple[tuple[str, ...], ...]:
    """The usual activations, of one direction or of two."""
    one = tuple(names.split())
    return one, one + one


def _directions(y: Tensor, count: int) -> Tensor:
    """From (steps, batch, directions x width) to ONNX's (steps, directions, batch, width)."""
    steps, batch, width = y.shape
    return y.reshape(steps, batch, count, width // count).transpose(1, 2)


RECURRENT: Mapping[str, Callable[..., Any]] = {"GRU": _gru, "LSTM": _lstm, "RNN": _rnn}
