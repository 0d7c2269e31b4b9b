"""The small arrays of whole numbers by which ONNX graphs compute shapes: what they hold, as far as that follows."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from math import floor, prod

import numpy as np

from dlviz_docs.model import Dim
from dlviz_docs.readers.networks._dims import UNKNOWN, added, divided, multiplied, product
from dlviz_docs.readers.networks._onnx_given import Number, Seen, whole
from dlviz_docs.readers.networks._stored import Stored

__all__ = ["elements_of", "evaluated"]

_MOST = 256
"""Elements of an array that is followed."""
_LARGEST = 1 << 63
_TYPES = {
    "int64": "<i8", "int32": "<i4", "int16": "<i2", "int8": "i1", "uint64": "<u8", "uint32": "<u4", "uint16": "<u2",
    "uint8": "u1", "bool": "?", "float32": "<f4", "float64": "<f8", "float16": "<f2",
}  # fmt: skip


def elements_of(stored: Stored) -> tuple[Number, ...] | None:
    """Of an array that was small enough to be kept; None for others."""
    place = stored.place
    if place is None or place.content is None or stored.dtype not in _TYPES or stored.size > _MOST:
        return None
    values: list[Number] = np.frombuffer(place.content, _TYPES[stored.dtype]).tolist()
    return tuple(int(value) if isinstance(value, bool) else value for value in values)


def evaluated(seen: Seen) -> tuple[Number, ...] | None:
    """The elements of the node's first output, where they follow from those of its inputs."""
    rule = _RULES.get(seen.node.kind)
    if rule is None or seen.node.domain:
        return None
    try:
        elements = rule(seen)
    except (TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError):
        return None
    if (
        elements is None
        or len(elements) > _MOST
        or any(isinstance(one, int) and abs(one) >= _LARGEST for one in elements)
    ):
        return None
    return elements


def _elements(seen: Seen, place: int = 0) -> tuple[Number, ...]:
    elements = seen.known(place).elements
    if elements is None:
        raise TypeError("elements")
    return elements


def _shape(seen: Seen) -> tuple[Number, ...]:
    shape = seen.shape()
    return shape[seen.integer("start") : seen.integer("end", len(shape))]


def _size(seen: Seen) -> tuple[Number, ...]:
    return (product(seen.shape()),)


def _same(seen: Seen) -> tuple[Number, ...]:
    return _elements(seen)


def _cast(seen: Seen) -> tuple[Number, ...]:
    kept = seen.integer("to") in (1, 10, 11, 16)
    return tuple(one if isinstance(one, str) or kept else int(one) for one in _elements(seen))


def _gathered(seen: Seen) -> tuple[Number, ...]:
    values, places = _elements(seen), whole(_elements(seen, 1))
    if len(seen.shape()) != 1 or places is None:
        raise TypeError("axes")
    return tuple(values[place] for place in places)


def _joined(seen: Seen) -> tuple[Number, ...]:
    return tuple(one for place in range(len(seen.inputs)) for one in _elements(seen, place))


def _sliced(seen: Seen) -> tuple[Number, ...]:
    starts, ends = seen.listed("starts", 1), seen.listed("ends", 2)
    steps = seen.listed("steps", 4) or (1,)
    if len(seen.shape()) != 1 or not starts or not ends:
        raise TypeError("axes")
    return _elements(seen)[starts[0] : ends[0] : steps[0]]


def _filled(seen: Seen) -> tuple[Number, ...]:
    """ConstantOfShape."""
    lengths = whole(_elements(seen)) if seen.inputs else ()
    value = seen.node.attributes.get("value")
    one = elements_of(value) if isinstance(value, Stored) else (0,)
    if lengths is None or one is None or prod(lengths) > _MOST:
        raise TypeError("lengths")
    return one * max(0, prod(lengths))


def _ranged(seen: Seen) -> tuple[Number, ...]:
    numbers = [whole(_elements(seen, place)) for place in range(3)]
    start, stop, step = (one[0] for one in numbers if one)
    if abs((stop - start) // step) > _MOST:
        raise TypeError("length")
    return tuple(range(start, stop, step))


def _pairwise(combine: Callable[[Number, Number], Number]) -> Callable[[Seen], tuple[Number, ...]]:
    def rule(seen: Seen) -> tuple[Number, ...]:
        left, right = _elements(seen), _elements(seen, 1)
        count = max(len(left), len(right))
        if {len(left), len(right)} - {1, count}:
            raise TypeError("shapes")
        pairs = zip(left * (count if len(left) == 1 else 1), right * (count if len(right) == 1 else 1), strict=True)
        return tuple(combine(*pair) for pair in pairs)

    return rule


def _plain(numbers: Callable[[float, float], Number], names: Callable[[Dim, Dim], Dim]) -> Callable[..., Number]:
    """Numbers are computed, names put together."""

    def combine(left: Number, right: Number) -> Number:
        if isinstance(left, str) or isinstance(right, str):
            fit = isinstance(left, int | str) and isinstance(right, int | str)
            return names(left, right) if fit else UNKNOWN  # type: ignore[arg-type]
        return numbers(left, right)

    return combine


def _subtracted(left: Dim, right: Dim) -> Dim:
    return added(left, -right) if isinstance(right, int) else 0 if left == right and left != UNKNOWN else UNKNOWN


def _quotient(left: float, right: float) -> Number:
    """ONNX divides whole numbers towards zero."""
    if isinstance(left, int) and isinstance(right, int):
        return abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
    return left / right


def _equal(left: Number, right: Number) -> Number:
    if isinstance(left, str) or isinstance(right, str):
        if right == -1 or left == -1:  # a length is never negative
            return 0
        raise TypeError("name")
    return int(left == right)


def _chosen(seen: Seen) -> tuple[Number, ...]:
    """Where."""
    parts = [_elements(seen, place) for place in range(3)]
    count = max(len(part) for part in parts)
    if {len(part) for part in parts} - {1, count}:
        raise TypeError("shapes")
    wide = [part * (count if len(part) == 1 else 1) for part in parts]
    return tuple(yes if truth else no for truth, yes, no in zip(*wide, strict=True))


def _multiplied(seen: Seen) -> tuple[Number, ...]:
    """ReduceProd over all of them."""
    return (product(seen.dims(0) or ()),)


def _each(change: Callable[[float], Number]) -> Callable[[Seen], tuple[Number, ...]]:
    return lambda seen: tuple(one if isinstance(one, str) else change(one) for one in _elements(seen))


def _constant(seen: Seen) -> tuple[Number, ...] | None:
    attributes = seen.node.attributes
    value = attributes.get("value")
    if isinstance(value, Stored):
        return elements_of(value)
    for name in ("value_int", "value_float"):
        one = attributes.get(name)
        if isinstance(one, int | float):
            return (one,)
    for name in ("value_ints", "value_floats"):
        many = attributes.get(name)
        if isinstance(many, tuple):
            return tuple(one for one in many if isinstance(one, int | float))
    return None


_RULES: Mapping[str, Callable[[Seen], tuple[Number, ...] | None]] = {
    "Shape": _shape,
    "Size": _size,
    "Constant": _constant,
    "ConstantOfShape": _filled,
    "Range": _ranged,
    "Gather": _gathered,
    "Concat": _joined,
    "Slice": _sliced,
    "Where": _chosen,
    "Cast": _cast,
    "ReduceProd": _multiplied,
    **dict.fromkeys(("Identity", "Unsqueeze", "Squeeze", "Reshape", "Flatten"), _same),
    "Add": _pairwise(_plain(operator.add, added)),
    "Sub": _pairwise(_plain(operator.sub, _subtracted)),
    "Mul": _pairwise(_plain(operator.mul, multiplied)),
    "Div": _pairwise(_plain(_quotient, divided)),
    "Equal": _pairwise(_equal),
    "Max": _pairwise(_plain(max, lambda left, right: left if right in (0, 1) else UNKNOWN)),
    "Min": _pairwise(_plain(min, lambda left, right: UNKNOWN)),
    "Floor": _each(floor),
    "Neg": _each(operator.neg),
}
