"""Tensors where they lie: form, type and place of each, and their elements as floats, in pieces or whole."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import as_strided

from dlviz_docs.errors import ReadError
from dlviz_docs.readers._text import natural_size
from dlviz_docs.readers.networks._dtypes import Numbers, can_decode, decode, octets_of
from dlviz_docs.readers.networks._places import AGAIN, Place, reading

__all__ = ["PIECE", "Quantised", "Stored", "can_be", "chunks", "dense", "load", "strides_of"]

PIECE = 1 << 17
"""Elements that are decoded at a time: what they take, also as float64, stays in a core's cache."""
_SPAN = 1 << 20
"""Bytes that are read at a time of a tensor with gaps between its elements."""
_LARGEST_SPAN = 64 << 20
"""The same of one that cannot be read in parts."""
_MOST_ELEMENTS = 1 << 40
"""Of one array: a hundred times the largest there are. What is added up of all of a file still fits into 64 bits."""


@dataclass(frozen=True, slots=True)
class Quantised:
    """Integers that stand for (integer - zero) * scale."""

    scale: float | Stored
    """One for all, or one for each place along `axis`."""
    zero: float | Stored
    axis: int = 0


@dataclass(frozen=True, slots=True)
class Stored:
    """One tensor, and where its elements are."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    """As PyTorch calls it."""
    place: Place | None = None
    """The storage that it lies in, perhaps beside others; None where there is none, and `why_not` says why."""
    strides: tuple[int, ...] = ()
    """In elements."""
    offset: int = 0
    """Elements of the storage before the first one."""
    big_endian: bool = False
    quantised: Quantised | None = None
    why_not: str = ""
    """Why its elements cannot be read, to be read after the file's name: "breaks off before them"."""

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def octets(self) -> int:
        """Bytes that its elements take; 0 for a type that is not known."""
        return max(0, octets_of(self.dtype, self.size))

    @property
    def span(self) -> int:
        """Elements of the storage from the first to the last one."""
        if not self.size:
            return 0
        return sum((length - 1) * stride for length, stride in zip(self.shape, self.strides, strict=True)) + 1


def can_be(shape: Iterable[object]) -> bool:
    """Whether an array of such a shape can be; lengths without a number count as one."""
    count = 1
    for length in shape:
        count *= max(1, length) if isinstance(length, int) else 1
        if count > _MOST_ELEMENTS:
            return False
    return True


def strides_of(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Those of elements in C order."""
    strides = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        strides[axis] = strides[axis + 1] * max(1, shape[axis + 1])
    return tuple(strides)


def dense(stored: Stored) -> bool:
    """Whether the elements lie one after the other, in whatever order of the axes."""
    expected = 1
    axes = sorted(zip(stored.strides, stored.shape, strict=True))
    for stride, length in axes:
        if length != 1 and stride != expected:
            return False
        expected *= length
    return True


def chunks(stored: Stored, piece: int = PIECE) -> Iterator[Numbers]:
    """All elements as float32, float64 or complex, `piece` at a time, in the order in which they lie in the file.

    That is C order for all but whole tensors that were saved transposed ("channels last"). Each array is flat, and good
    until the next one is asked for. ReadError, with what was given before, where the file is damaged or the elements
    cannot be decoded.
    """
    place = _place(stored)
    if not stored.size:
        return
    if not dense(stored):
        yield from _apart(stored, piece)
        return
    restored = _restorer(stored)
    yield from (restored(values, start) for start, values in _runs(stored, place, piece))


def _apart(stored: Stored, piece: int) -> Iterator[Numbers]:
    """The elements of a tensor with gaps, in C order: as many at a time along the first axis as may be loaded."""
    span = octets_of(stored.dtype, max(stored.span, stored.size))
    rows = max(1, stored.shape[0] * _SPAN // max(1, span)) if _in_rows(stored) else stored.shape[0]
    for start in range(0, stored.shape[0], rows):
        count = min(rows, stored.shape[0] - start)
        offset = stored.offset + start * stored.strides[0]
        block = replace(stored, shape=(count, *stored.shape[1:]), offset=offset)
        values = load(block, _LARGEST_SPAN).reshape(-1)
        yield from (values[place : place + piece] for place in range(0, len(values), piece))


def _in_rows(stored: Stored) -> bool:
    """Whether what follows along the first axis also follows in the file, so that it can be read in parts."""
    return stored.strides[0] >= max(stored.strides) and stored.quantised is None


def load(stored: Stored, limit: int) -> Numbers:
    """The whole tensor in its shape; ReadError where it takes more than `limit` bytes as it lies in the file."""
    place = _place(stored)
    octets = max(octets_of(stored.dtype, stored.span), stored.octets)
    if octets > limit:
        what = f"holds {natural_size(octets)}, more than is read at once"
        raise ReadError(what, "Nothing has to be done: only its form is shown.")
    if not stored.size:
        return np.zeros(stored.shape, np.float32)
    flat = _together(stored.span, _runs(stored, place, PIECE))
    whole = as_strided(flat, stored.shape, tuple(stride * flat.itemsize for stride in stored.strides)).copy()
    return whole if stored.quantised is None else _unquantised(whole, stored.quantised)


def _together(size: int, runs: Iterator[tuple[int, Numbers]]) -> Numbers:
    flat = np.empty(0)
    for start, values in runs:
        if start == 0:
            flat = np.empty(size, values.dtype)
        flat[start : start + len(values)] = values
    return flat


def _place(stored: Stored) -> Place:
    """Where the elements are, if they are and can be decoded."""
    if stored.why_not or stored.place is None:
        raise ReadError(stored.why_not or "holds no elements", AGAIN)
    if not can_decode(stored.dtype):
        what = f"holds elements of type {stored.dtype or 'unknown'}, which are not decoded"
        raise ReadError(what, "Nothing has to be done: only their form is shown.")
    return stored.place


def _runs(stored: Stored, place: Place, piece: int) -> Iterator[tuple[int, Numbers]]:
    """What lies between the first and the last element, with its place from the first one on."""
    width = octets_of(stored.dtype, 1)
    total = stored.span
    buffer = np.empty(min(piece, total) * width, np.uint8)
    with reading(place, stored.offset * width) as fill:
        for start in range(0, total, piece):
            raw = buffer[: min(piece, total - start) * width]
            fill(raw.data)
            yield start, decode(raw, stored.dtype, big_endian=stored.big_endian)


def _restorer(stored: Stored) -> Callable[[Numbers, int], Numbers]:
    """What gives the numbers that quantised integers stand for, from their place in the run on."""
    quantised = stored.quantised
    if quantised is None:
        return lambda values, start: values
    scale, zero = _factors(quantised)
    if len(scale) == 1:
        return lambda values, start: (values - zero) * scale
    stride, length = stored.strides[quantised.axis], stored.shape[quantised.axis]

    def restored(values: Numbers, start: int) -> Numbers:
        places = np.arange(start, start + len(values)) // stride % length
        return (values - zero[places]) * scale[places]

    return restored


def _unquantised(values: Numbers, quantised: Quantised) -> Numbers:
    scale, zero = _factors(quantised)
    along = [1] * values.ndim
    if len(scale) > 1:
        along[quantised.axis] = len(scale)
    return (values - zero.reshape(along)) * scale.reshape(along)


def _factors(quantised: Quantised) -> tuple[Numbers, Numbers]:
    """Scale and zero, one value or one for each place."""
    return _factor(quantised.scale), _factor(quantised.zero)


def _factor(value: float | Stored) -> Numbers:
    return load(value, 1 << 22).astype(np.float64) if isinstance(value, Stored) else np.array([value], np.float64)
