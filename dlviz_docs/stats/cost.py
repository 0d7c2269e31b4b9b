"""What a network costs: multiply-adds and elements. One multiply-add is two floating-point operations.

Counted are products that are summed: convolutions, linear layers, products of matrices, attention, recurrent layers.
What is done element by element (activations, normalisation, pooling) counts nothing, as in PyTorch's FlopCounterMode,
whose numbers are twice these.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from dlviz_docs.model import Dim, Shape
from dlviz_docs.stats.calls import Attention, Call, Contraction, Convolution, Recurrence, Summation, Unknown

__all__ = ["elements", "multiply_adds"]


def multiply_adds(call: Call) -> float | None:
    """Of one operation; None where a length it depends on is not known, or what it does is not."""
    match call.does:
        case Convolution(weight=weight, transposed=transposed):
            units = call.inputs[:1] if transposed else call.outputs[:1]
            return _times(elements(units), _product(weight[1:]))
        case Contraction(length=length) | Summation(length=length):
            return _times(elements(call.outputs[:1]), _product((length,)))
        case Attention():
            return _attention(call)
        case Recurrence() as layer:
            return _recurrence(layer)
        case Unknown(costs=costs):
            return None if costs else 0.0
        case _:
            return 0.0


def elements(shapes: Iterable[Shape | None]) -> int | None:
    """How many numbers arrays of these shapes hold together; None where one is not known."""
    counts = [None if shape is None else _product(shape) for shape in shapes]
    return None if not counts or None in counts else sum(count for count in counts if count is not None)


def _product(lengths: Iterable[Dim]) -> int | None:
    known = list(lengths)
    numbers = [length for length in known if isinstance(length, int)]
    return prod(numbers) if len(numbers) == len(known) else None


def _times(left: int | None, right: int | None) -> float | None:
    return None if left is None or right is None else float(left) * right


def _attention(call: Call) -> float | None:
    """Each query with each key, and each weight with its value: L_q L_k (d_k + d_v) for each head.

    Several heads may share keys and values: what is made of these is as wide as the result.
    """
    query, key = call.inputs[:2]
    result = call.outputs[0] if call.outputs else None
    if query is None or key is None or result is None or min(len(query), len(key), len(result)) < 2:
        return None
    features = _product((query[-1],)), _product((result[-1],))
    pairs = _times(_product(query[:-1]), _product(key[-2:-1]))
    if pairs is None or None in features:
        return None
    return pairs * sum(width for width in features if width is not None)


def _recurrence(layer: Recurrence) -> float | None:
    """Each gate multiplies the input and the state of the step before; an LSTM may project its output."""
    sizes = layer.inputs, layer.hidden, layer.steps
    first, hidden, steps = (_product((size,)) for size in sizes)
    if first is None or hidden is None or steps is None:
        return None
    state = layer.projected or hidden
    per_step = 0
    for number in range(layer.layers):
        width = first if number == 0 else state * layer.directions
        per_step += layer.directions * hidden * (layer.gates * (width + state) + layer.projected)
    return float(steps) * per_step
