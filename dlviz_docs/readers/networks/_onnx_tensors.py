"""ONNX's arrays and types: names, shapes and where elements lie. Only the few of small arrays are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dlviz_docs.model import Dim
from dlviz_docs.readers._text import clean
from dlviz_docs.readers._wire import BYTES, Field, WireError
from dlviz_docs.readers.networks._dtypes import BITS, octets_of
from dlviz_docs.readers.networks._onnx_types import OnnxSparse, OnnxValue
from dlviz_docs.readers.networks._outside import Outside
from dlviz_docs.readers.networks._pages import Pages, TooMuch, signed
from dlviz_docs.readers.networks._places import Place
from dlviz_docs.readers.networks._stored import Stored, can_be, strides_of

__all__ = ["pair", "parse_sparse", "parse_tensor", "parse_value"]

_TYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "string",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
    14: "complex64",
    15: "complex128",
    16: "bfloat16",
    17: "float8_e4m3fn",
    18: "float8_e4m3fnuz",
    19: "float8_e5m2",
    20: "float8_e5m2fnuz",
    21: "uint4",
    22: "int4",
    23: "float4_e2m1fn",
    24: "float8_e8m0fnu",
    25: "uint2",
    26: "int2",
    27: "float6_e2m3fn",
    28: "float6_e3m2fn",
}
"""TensorProto.DataType."""
_PACKED = {"uint4": 4, "int4": 4, "uint2": 2, "int2": 2}
_FLOATS, _DOUBLES = 4, 10
"""Fields of TensorProto whose numbers lie one after another, as raw bytes would."""
_SMALL = 1 << 10
"""Bytes of an array that is kept: shapes, axes and the like are shorter."""
_MOST_AXES = 64
_LONGEST_AXIS = 1 << 48
_DEEPEST_TYPE = 6
_NAMELESS = "?"


def type_name(number: int) -> str:
    """As PyTorch calls it; "" for none or one that is not known."""
    return _TYPES.get(number, "")


@dataclass(slots=True)
class _Array:
    """A TensorProto as it is filled."""

    shape: list[int] = field(default_factory=list)
    dtype: str = ""
    name: str = ""
    raw: Field | None = None
    chunks: list[Field] = field(default_factory=list)
    """Of the one list of numbers that holds the elements, where raw bytes do not."""
    outside: dict[str, str] = field(default_factory=dict)
    is_outside: bool = False


def parse_tensor(pages: Pages, start: int, end: int, outside: Outside) -> Stored:
    """TensorProto."""
    array = _Array()
    for part in pages.fields(start, end):
        match part.number:
            case 1:
                array.shape.extend(pages.integers(part))
            case 2:
                array.dtype = type_name(part.value)
            case 4 | 5 | 7 | 10 | 11:
                array.chunks.append(part)
            case 8:
                array.name = clean(pages.text(part))
            case 9:
                array.raw = part
            case 13:
                array.outside.update([pair(pages, part)])
            case 14:
                array.is_outside = part.value == 1
        if len(array.chunks) > _SMALL:
            raise TooMuch(f"an array in more than {_SMALL:,} pieces at byte {start}")
        _sensible(array.shape, start)
    return _weight(pages, array, outside)


def _sensible(shape: Sequence[int], start: int) -> tuple[int, ...]:
    if len(shape) > _MOST_AXES or any(not 0 <= length < _LONGEST_AXIS for length in shape):
        raise WireError(f"an array without a sensible shape at byte {start}")
    return tuple(shape)


def _weight(pages: Pages, array: _Array, outside: Outside) -> Stored:
    shape = tuple(array.shape)
    if not can_be(shape):
        return Stored(array.name, (), array.dtype, why_not="claims more weights than there can be")
    stored = Stored(array.name, shape, array.dtype, strides=strides_of(shape))
    if array.is_outside:
        place, why_not = outside.place(array.outside, _needed(stored))
        return replace(stored, place=place, why_not=why_not)
    if array.raw is not None:
        return _placed(pages, stored, array.raw, outside)
    one = array.chunks[0] if len(array.chunks) == 1 else None
    if one is not None and one.wire == BYTES and one.number in (_FLOATS, _DOUBLES):
        return _placed(pages, stored, one, outside)
    return _listed(pages, stored, array.chunks, outside)


def _placed(pages: Pages, stored: Stored, part: Field, outside: Outside) -> Stored:
    """Elements that lie in the file one after another; the few of a small array are kept."""
    needed, there = _needed(stored), part.end - part.start
    if needed != there:
        return replace(stored, why_not=f"has {there:,} bytes of weights where {needed:,} belong")
    if there > _SMALL:
        return replace(stored, place=Place(outside.path, part.start, there))
    return replace(stored, place=_kept(outside, pages.take(part.start, part.end)))


def _needed(stored: Stored) -> int:
    """Bytes that the elements take; ONNX packs those of less than a byte."""
    bits = _PACKED.get(stored.dtype)
    return max(0, octets_of(stored.dtype, stored.size)) if bits is None else -(-stored.size * bits // 8)


def _kept(outside: Outside, data: bytes) -> Place:
    return Place(outside.path, 0, len(data), content=data)


def _listed(pages: Pages, stored: Stored, chunks: Sequence[Field], outside: Outside) -> Stored:
    """Elements as a list of numbers, each in as many bytes as it takes."""
    known = stored.dtype in BITS
    data = b"".join(_elements(pages, part, stored.dtype) for part in chunks) if known else b""
    needed = _needed(stored)
    if len(data) != needed or not known:
        return replace(stored, why_not=f"has {len(data):,} bytes of weights where {needed:,} belong")
    return replace(stored, place=_kept(outside, data))


def _elements(pages: Pages, part: Field, dtype: str) -> bytes:
    if part.number in (_FLOATS, _DOUBLES):
        return pages.take(part.start, part.end)
    values = np.fromiter(pages.integers(part), np.int64)
    return values.astype(f"<i{max(8, BITS[dtype]) // 8}").tobytes()


def parse_sparse(pages: Pages, start: int, end: int, outside: Outside) -> OnnxSparse:
    """SparseTensorProto."""
    parts = {1: Stored("", (), ""), 2: Stored("", (), "")}
    shape: list[int] = []
    for part in pages.fields(start, end):
        if part.number in (1, 2):
            parts[part.number] = parse_tensor(pages, part.start, part.end, outside)
        elif part.number == 3:
            shape.extend(pages.integers(part))
    return OnnxSparse(parts[1], parts[2], _sensible(shape, start))


def parse_value(pages: Pages, start: int, end: int) -> OnnxValue:
    """ValueInfoProto."""
    name, told = "", OnnxValue("")
    for part in pages.fields(start, end):
        if part.number == 1:
            name = clean(pages.text(part))
        elif part.number == 2:
            told = parse_type(pages, part)
    return OnnxValue(name, told.shape, told.dtype, told.holds)


_HOLDS = {1: "tensor", 4: "sequence", 5: "map", 8: "sparse tensor", 9: "optional"}


def parse_type(pages: Pages, type_: Field, depth: int = 0) -> OnnxValue:
    """TypeProto: a tensor, or a list, a table or an optional of something."""
    for part in pages.fields(type_.start, type_.end):
        holds = _HOLDS.get(part.number, "")
        if holds in ("tensor", "sparse tensor"):
            return _tensor_type(pages, part, holds)
        if holds and depth < _DEEPEST_TYPE:
            number = 2 if holds == "map" else 1
            inner = [one for one in pages.fields(part.start, part.end) if one.number == number and one.wire == BYTES]
            held = parse_type(pages, inner[-1], depth + 1) if inner else OnnxValue("")
            return OnnxValue("", held.shape, held.dtype, f"{holds} of {held.holds}")
    return OnnxValue("")


def _tensor_type(pages: Pages, type_: Field, holds: str) -> OnnxValue:
    dtype, shape = "", None
    for part in pages.fields(type_.start, type_.end):
        if part.number == 1:
            dtype = type_name(part.value)
        elif part.number == 2:
            shape = tuple(_dims(pages, part))
    return OnnxValue("", shape, dtype, holds)


def _dims(pages: Pages, shape: Field) -> Iterator[Dim]:
    for count, part in enumerate(pages.fields(shape.start, shape.end)):
        if count >= _MOST_AXES:
            raise WireError(f"a shape of more than {_MOST_AXES} axes at byte {shape.start}")
        if part.number == 1:
            yield _dim(pages, part)


def _dim(pages: Pages, dim: Field) -> Dim:
    """A length, or its name: a negative length and an empty name are none."""
    told: Dim = _NAMELESS
    for part in pages.fields(dim.start, dim.end):
        if part.number == 1 and part.wire != BYTES:
            told = signed(part.value) if signed(part.value) >= 0 else _NAMELESS
        elif part.number == 2:
            told = clean(pages.text(part)) or _NAMELESS
    return told


def pair(pages: Pages, entry: Field) -> tuple[str, str]:
    """StringStringEntryProto."""
    texts = {1: "", 2: ""}
    for part in pages.fields(entry.start, entry.end):
        if part.number in texts and part.wire == BYTES:
            texts[part.number] = clean(pages.text(part))
    return texts[1], texts[2]
