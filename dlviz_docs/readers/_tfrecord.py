"""TFRecord framing: where the records of a file lie, window by window, in bounded memory.

A record is `uint64 size | uint32 crc(size) | size bytes | uint32 crc(bytes)`, little-endian, checksums masked CRC-32C.
Each record says where the next begins, so records have to be found one after the other. A training loop logs the
same tags every step, though, and so the sizes come in a cycle: after a short walk the last cycle is laid out over
thousands of records to come, and one look at all their sizes says how far it is right. A wrong guess costs time only:
by induction, a record is where it was expected if all before it had the expected size.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, Literal

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from dlviz_docs.readers import _crc32c

__all__ = ["Damage", "Window", "read_windows"]

WINDOW = 4 << 20
"""Bytes decoded at once: large enough for NumPy, small enough for the caches of the processor."""
LARGEST = 32 << 20
"""A record of more bytes is checked in pieces and not opened: only pictures and graphs are that large."""

_HEADER = np.dtype([("size", "<u8"), ("crc", "<u4")])
_AROUND = _HEADER.itemsize + 4
_PADDING = bytes(136)  # of the last record more may be fetched than it has: a tag as long as they get, in words
_WALK = 64
_LONGEST_WALK = 1024
_CANDIDATES = 16


@dataclass(frozen=True, slots=True)
class Damage:
    """Something in the file that is not as it was written."""

    kind: Literal["length", "checksum", "truncated", "message"]
    offset: int
    """Where the record begins, in bytes from the start of the file."""
    size: int = 0

    @classmethod
    def of(cls, kind: Literal["checksum", "message"], contents: int, size: int) -> Damage:
        """A record left out, of which `size` bytes of contents begin at `contents`."""
        return cls(kind, contents - _HEADER.itemsize, size)


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Complete records, `data[starts[i]:starts[i] + sizes[i]]`: their sizes are checked, their contents not yet."""

    data: bytes
    """With at least 136 bytes after the last record and its checksum."""
    base: int
    """Where `data` begins in the file."""
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]


def read_windows(stream: BinaryIO, damage: list[Damage]) -> Iterator[Window]:
    """All records of the file, in order; what ends the file early is added to `damage`."""
    base, rest, wanted = 0, b"", WINDOW
    while chunk := stream.read(wanted):
        data = rest + chunk
        positions = _positions(data)
        starts, sizes, intact = _checked(data, positions)
        yield Window(data + _PADDING, base, starts, sizes)
        end = int(positions[len(starts)])
        if not intact:
            damage.append(Damage("length", base + end))
            return
        rest = data[end:]
        base += end
        wanted = WINDOW
        if len(rest) >= _HEADER.itemsize:
            missing = int.from_bytes(rest[:8], "little") + _AROUND - len(rest)
            if missing > LARGEST:
                skipped = _skip(stream, rest, damage, base)
                base, rest = base + skipped, b""
            else:
                wanted = max(WINDOW, missing)
    if rest:
        damage.append(Damage("truncated", base, len(rest)))


def _positions(data: bytes) -> NDArray[np.int64]:
    """Where each complete record begins, sizes believed, and where the last one ends: shape (n + 1,)."""
    found = [np.zeros(1, np.int64)]
    at, length = 0, _WALK
    while True:
        walked = _walk(data, at, length)
        found.append(np.array(walked[1:], np.int64))
        if len(walked) <= length:
            return np.concatenate(found)
        strides = np.diff(walked)
        leapt = _leap(data, walked[-1], strides[-_period(strides) :])
        # Where nothing repeats, walk farther before the next guess.
        length = _WALK if len(leapt) > length else min(2 * length, _LONGEST_WALK)
        found.append(leapt)
        at = int(leapt[-1]) if len(leapt) else walked[-1]


def _walk(data: bytes, at: int, limit: int) -> list[int]:
    """`at`, and where each of the next `limit` complete records ends."""
    positions, size_at = [at], struct.Struct("<Q").unpack_from
    with suppress(struct.error, OverflowError):  # raised where the bytes end
        for _ in range(limit):
            at += size_at(data, at)[0] + _AROUND
            positions.append(at)
    while positions[-1] > len(data):
        positions.pop()
    return positions


def _period(strides: NDArray[np.int64]) -> int:
    """After how many records the sizes come again, as far as the last ones show; 1 if they do not."""
    count = len(strides)
    recent = count - 1 - np.flatnonzero(strides[:-1] == strides[-1])[::-1]
    for period in recent[:_CANDIDATES].tolist():
        if 2 * period <= count and np.array_equal(strides[-period:], strides[-2 * period : -period]):
            return int(period)
    return 1


def _leap(data: bytes, at: int, cycle: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the records after `at` end, for as long as their sizes repeat the cycle."""
    sizes = _headers(data)["size"]
    found = []
    repeats = max(2, _WALK // len(cycle))
    while True:
        strides = np.tile(cycle, repeats)
        ends = at + np.cumsum(strides)
        inside = int(np.searchsorted(ends, len(data), side="right"))
        strides, ends = strides[:inside], ends[:inside]
        wrong = sizes[ends - strides] != (strides - _AROUND).view(np.uint64)
        right = int(wrong.argmax()) if wrong.any() else inside
        found.append(ends[:right])
        if right < len(cycle) * repeats:
            return np.concatenate(found)
        at = int(ends[-1])
        repeats *= 4


def _headers(data: bytes) -> NDArray[np.void]:
    """What would be the header of a record beginning at each byte."""
    return np.ndarray((len(data) - _HEADER.itemsize + 1,), _HEADER, data, 0, (1,))


def _checked(data: bytes, positions: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], bool]:
    """Starts and sizes of the records up to the first with a wrong header, and whether there is none such.

    The header of an incomplete last record is looked at too: a wrong size must not pass for a file that goes on.
    """
    complete = len(positions) - 1
    begun = complete + int(len(data) - positions[-1] >= _HEADER.itemsize)
    if not begun:
        return positions[:0], positions[:0], True
    headers = _headers(data)[positions[:begun]]
    sizes = np.ascontiguousarray(headers["size"])
    changes = _crc32c.changes((sizes ^ sizes[0]).reshape(1, -1), 8, np.array([7]))
    wrong = _crc32c.mask(changes ^ np.uint32(_crc32c.of(sizes[:1].tobytes()))) != headers["crc"]
    intact = int(wrong.argmax()) if wrong.any() else begun
    kept = min(intact, complete)
    return positions[:kept] + _HEADER.itemsize, sizes[:kept].view(np.int64), intact == begun


def _skip(stream: BinaryIO, begun: bytes, damage: list[Damage], offset: int) -> int:
    """Check a record that is too large to hold, of which the bytes `begun` are read; its length in the file."""
    size = int.from_bytes(begun[:8], "little")
    checksum = _crc32c.of(begun[_HEADER.itemsize :])
    left = size - (len(begun) - _HEADER.itemsize)
    while left and (piece := stream.read(min(left, WINDOW))):
        checksum = google_crc32c.extend(checksum, piece)
        left -= len(piece)
    stored = stream.read(4) if not left else b""
    if len(stored) < 4:
        damage.append(Damage("truncated", offset, size - left + _HEADER.itemsize + len(stored)))
    elif int(_crc32c.mask(np.array([checksum], np.uint32))[0]) != int.from_bytes(stored, "little"):
        damage.append(Damage("checksum", offset, size))
    return size + _AROUND
