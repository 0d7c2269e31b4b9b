"""The wire format of protocol buffers: the fields of a message as positions in its bytes; nothing is copied.

Source: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["BYTES", "FIXED32", "FIXED64", "VARINT", "Field", "WireError", "fields", "varint"]

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

_LONGEST_VARINT = 10


class WireError(ValueError):
    """The bytes are no protocol buffer message."""


class Field(NamedTuple):
    """One field of a message; its payload is `data[start:end]`, without the length in front of it."""

    number: int
    wire: int
    value: int
    """The number of a varint, unsigned; 0 for every other wire type."""
    start: int
    end: int


def fields(data: bytes, start: int, end: int, structure: bytearray | None = None) -> Iterator[Field]:
    """The fields of the message `data[start:end]`, in their order; raises `WireError` where the bytes make no sense.

    `structure` gets 1-bits for all that was looked at: keys, lengths, numbers that are varints.
    """
    at = start
    while at < end:
        first = at
        key, at = varint(data, at, end)
        wire, value, begin = key & 7, 0, at
        if wire == VARINT:
            value, at = varint(data, at, end)
        elif wire == FIXED64:
            at += 8
        elif wire == FIXED32:
            at += 4
        elif wire == BYTES:
            size, begin = varint(data, at, end)
            at = begin + size
        else:
            raise WireError(f"wire type {wire} at byte {at}")
        if at > end or key < 8:
            raise WireError(f"a field leaves its message at byte {begin}")
        if structure is not None:
            seen = at if wire == VARINT else begin
            structure[first:seen] = b"\xff" * (seen - first)
        yield Field(key >> 3, wire, value, begin, at)


def varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The unsigned number at `at`, modulo 2**64, and the position after it."""
    value = 0
    for shift in range(0, 7 * _LONGEST_VARINT, 7):
        if at >= end:
            break
        octet = data[at]
        at += 1
        value |= (octet & 0x7F) << shift
        if octet < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
    raise WireError(f"an unfinished number at byte {at}")
