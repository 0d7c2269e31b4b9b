"""What one TensorBoard event says, as positions in its bytes, and which of its bytes decide that.

Schema: event.proto, summary.proto and tensor.proto of TensorFlow. Only what is needed is looked at: an image or a
histogram is one `Value` whose payload is never opened.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray
from dlviz_docs.readers._wire import BYTES, FIXED32, FIXED64, VARINT, Field, fields

__all__ = [
    "GRAPHS",
    "LARGEST_SCALAR",
    "NOT_NUMBERS",
    "STEP",
    "SUMMARY",
    "TAG",
    "TENSOR",
    "VALUE",
    "WALL_TIME",
    "Event",
    "Slot",
    "Span",
    "Value",
    "parse_event",
    "strings",
]

# Fields of Event
WALL_TIME, STEP, GRAPH_DEF, SUMMARY, SESSION_LOG, RUN_METADATA, META_GRAPH, SOURCE = 1, 2, 4, 5, 7, 8, 9, 10
GRAPHS = frozenset((GRAPH_DEF, RUN_METADATA, META_GRAPH))
# Fields of Summary and Summary.Value
VALUE, TAG, SIMPLE_VALUE, TENSOR, METADATA = 1, 1, 2, 8, 9
NOT_NUMBERS = {3: "histogram", 4: "image", 5: "histogram", 6: "audio"}
# Fields of TensorProto
DTYPE, SHAPE, CONTENT, STRINGS = 1, 2, 4, 8

_SESSION_START = 1
LARGEST_SCALAR = 128
"""Bytes; a tensor that takes more is no single number, and is not opened."""
_DTYPES = {
    1: "<f4", 2: "<f8", 3: "<i4", 4: "|u1", 5: "<i2", 6: "|i1", 9: "<i8", 10: "|b1",
    14: "bfloat16", 17: "<u2", 19: "<f2", 22: "<u4", 23: "<u8",
}  # fmt: skip
_STRUCTS = {
    dtype: struct.Struct("<" + np.dtype(dtype).char.replace("l", "q").replace("L", "Q"))
    for dtype in _DTYPES.values()
    if dtype != "bfloat16"
}
# The fields of TensorProto that hold values one by one: of fixed width, or as varints of which the low bytes are meant.
_FIXED_FIELDS = {5: 4, 6: 8}
_VARINT_FIELDS = frozenset((7, 10, 11, 13, 16, 17))

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a number lies: `size` bytes, `offset` after the start of its event."""

    offset: int
    size: int
    dtype: str
    """A NumPy dtype, or "bfloat16"."""
    varint: bool = False

    @property
    def width(self) -> int:
        """Bytes of the number itself, which a varint is longer or shorter than."""
        return 2 if self.dtype == "bfloat16" else np.dtype(self.dtype).itemsize

    def floats(self, bits: NDArray[np.unsignedinteger[Any]]) -> FloatArray:
        """The numbers that have these bits, of many events."""
        if self.dtype == "bfloat16":
            return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32).astype(np.float64)
        return bits.astype(f"<u{self.width}", copy=False).view(self.dtype).astype(np.float64)

    def read(self, event: bytes) -> int | float:
        """The number in one event, exactly."""
        raw = event[self.offset : self.offset + self.size]
        if self.varint:
            bits = 0
            for index, octet in enumerate(raw):
                bits |= (octet & 0x7F) << 7 * index
            raw = (bits & 0xFFFF_FFFF_FFFF_FFFF).to_bytes(8, "little")[: self.width]
        if self.dtype == "bfloat16":
            return cast(float, struct.unpack("<f", b"\0\0" + raw)[0])
        return cast(int | float, _STRUCTS[self.dtype].unpack(raw)[0])


@dataclass(slots=True)
class Value:
    """One value of a summary."""

    within: Span = (0, 0)
    """Where the contents of the summary begin, and of this value."""
    tag: Span = (0, 0)
    kind: int = 0
    """The field it is in: SIMPLE_VALUE, TENSOR, or that of an image, a histogram, audio; 0 for metadata alone."""
    payload: Span = (0, 0)
    scalar: bool = False
    number: Slot | None = None
    """Of a scalar; None stands for 0, which need not be written."""
    plugin: Span = (0, 0)
    """The name of the plugin that knows the value."""
    content: Span = (0, 0)
    """What that plugin keeps in the metadata."""


@dataclass(slots=True)
class Event:
    """One event; positions are relative to its start."""

    structure: bytearray
    """1 where another event must have the same bit to be parsed alike: keys, lengths, "goes on" bits of numbers."""
    wall: Slot | None = None
    step: Slot | None = None
    what: int = 0
    """The field that is set: SUMMARY, GRAPH_DEF, ..."""
    starts: bool = False
    """Whether a session says that it starts here."""
    values: list[Value] = field(default_factory=list)


def parse_event(event: bytes) -> Event:
    """Raises `WireError` if the bytes are no message."""
    parsed = Event(bytearray(len(event)))
    for part in fields(event, 0, len(event), parsed.structure):
        if part.number == WALL_TIME and part.wire == FIXED64:
            parsed.wall = Slot(part.start, 8, "<f8")
        elif part.number == STEP and part.wire == VARINT:
            parsed.step = _varint_slot(part, "<i8", parsed.structure)
        elif part.wire == BYTES and part.number != SOURCE:
            parsed.what = part.number
            if part.number == SUMMARY:
                parsed.values += _values(event, part, parsed.structure)
            elif part.number == SESSION_LOG:
                parsed.starts = _starts(event, part, parsed.structure)
    return parsed


def _varint_slot(part: Field, dtype: str, structure: bytearray) -> Slot:
    size = part.end - part.start
    structure[part.start : part.end] = b"\x80" * size
    return Slot(part.start, size, dtype, varint=True)


def _starts(event: bytes, session: Field, structure: bytearray) -> bool:
    states = [f.value for f in fields(event, session.start, session.end, structure) if f.number == 1]
    return states[-1:] == [_SESSION_START]


def _values(event: bytes, summary: Field, structure: bytearray) -> Iterator[Value]:
    for part in fields(event, summary.start, summary.end, structure):
        if part.number == VALUE and part.wire == BYTES:
            yield _value(event, part, summary.start, structure)


def _value(event: bytes, message: Field, summary: int, structure: bytearray) -> Value:
    value = Value(within=(summary, message.start))
    for part in fields(event, message.start, message.end, structure):
        span = (part.start, part.end)
        if part.number == SIMPLE_VALUE and part.wire == FIXED32:
            value.kind, value.scalar, value.number = SIMPLE_VALUE, True, Slot(part.start, 4, "<f4")
        elif part.wire != BYTES:
            continue
        elif part.number == TAG:
            value.tag = span
        elif part.number == METADATA:
            value.plugin, value.content = _plugin(event, span, structure)
        elif part.number in NOT_NUMBERS:
            value.kind, value.payload, value.scalar = part.number, span, False
        elif part.number == TENSOR:
            value.kind, value.payload, value.scalar = TENSOR, span, False
            if part.end - part.start <= LARGEST_SCALAR:
                value.scalar, value.number = _scalar(event, span, structure)
    return value


def _plugin(event: bytes, metadata: Span, structure: bytearray) -> tuple[Span, Span]:
    """Name and content of SummaryMetadata.plugin_data."""
    name = content = (0, 0)
    for part in fields(event, *metadata, structure):
        if part.number != 1 or part.wire != BYTES:
            continue
        for inner in fields(event, part.start, part.end, structure):
            if inner.wire == BYTES and inner.number == 1:
                name = (inner.start, inner.end)
            elif inner.wire == BYTES and inner.number == 2:
                content = (inner.start, inner.end)
    return name, content


def _scalar(event: bytes, tensor: Span, structure: bytearray) -> tuple[bool, Slot | None]:
    """Whether a TensorProto holds one number, and where; without any values it is 0, as for make_ndarray."""
    dtype, elements, payloads = "", 1, []
    for part in fields(event, *tensor, structure):
        if part.number == DTYPE and part.wire == VARINT:
            dtype = _DTYPES.get(part.value, "")
        elif part.number == SHAPE and part.wire == BYTES:
            elements = _elements(event, part, structure)
        elif part.number in _VARINT_FIELDS | _FIXED_FIELDS.keys() | {CONTENT} and part.end > part.start:
            payloads.append(part)
    if not dtype or elements != 1 or len(payloads) > 1:
        return False, None
    if not payloads:
        return True, None
    slot = _payload_slot(event, payloads[0], dtype, structure)
    return slot is not None, slot


def _elements(event: bytes, shape: Field, structure: bytearray) -> int:
    """How many elements a TensorShapeProto has room for."""
    count = 1
    for dim in fields(event, shape.start, shape.end, structure):
        if dim.number == 2 and dim.wire == BYTES:
            count *= next((f.value for f in fields(event, dim.start, dim.end, structure) if f.number == 1), 0)
    return count


def _payload_slot(event: bytes, payload: Field, dtype: str, structure: bytearray) -> Slot | None:
    """Where the only number of a tensor lies; None if there are several, or it is written in a way unknown to us."""
    if payload.number in _VARINT_FIELDS:
        slot = _varint_slot(payload, dtype, structure)
        ends = [octet < 0x80 for octet in event[payload.start : payload.end]]
        return slot if ends.index(True) == len(ends) - 1 and slot.width <= 8 else None
    slot = Slot(payload.start, payload.end - payload.start, dtype)
    right = payload.number == CONTENT or _FIXED_FIELDS[payload.number] == slot.width
    return slot if right and slot.size == slot.width else None


def strings(event: bytes, tensor: Span) -> list[bytes]:
    """The strings of a TensorProto."""
    return [event[f.start : f.end] for f in fields(event, *tensor) if f.number == STRINGS and f.wire == BYTES]
