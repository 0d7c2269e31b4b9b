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
from dlviz_docs.readers._crc32c import Words

__all__ = ["Damage", "Window", "fetch", "read_windows"]

WINDOW = 4 << 20
"""Bytes decoded at once: large enough for NumPy, small enough for the caches of the processor."""
LARGEST = 32 << 20
"""A record of more bytes is checked in pieces and not opened: only pictures and graphs are that large."""

_HEADER = 12
_AROUND = _HEADER + 4
_PADDING = bytes(136)  # of the last record more may be fetched than it has: a tag as long as they get, in words
_WALK, _LONGEST_WALK = 64, 1024
_FIRST_LEAP = 1024
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
        return cls(kind, contents - _HEADER, size)


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
        data = b"".join((rest, chunk, _PADDING))
        length = len(data) - len(_PADDING)
        positions = _positions(data, length)
        starts, sizes, intact = _checked(data, length, positions)
        yield Window(data, base, starts, sizes)
        end = int(positions[len(starts)])
        if not intact:
            damage.append(Damage("length", base + end))
            return
        rest = data[end:length]
        base += end
        wanted = WINDOW
        if len(rest) >= _HEADER:
            missing = int.from_bytes(rest[:8], "little") + _AROUND - len(rest)
            if missing > LARGEST:
                base += _skip(stream, rest, damage, base)
                rest = b""
            else:
                wanted = max(WINDOW, missing)
    if rest:
        damage.append(Damage("truncated", base, len(rest)))


def fetch(data: bytes, positions: NDArray[np.int64], size: int) -> Words:
    """At least `size` bytes from each position on, as words: shape (ceil(size / 8), n)."""
    rows = -(-size // 8)
    if not rows:
        return np.empty((0, len(positions)), np.uint64)
    # A field of raw bytes may lie anywhere, so that one gather fetches all words of a record.
    anywhere: NDArray[np.void] = np.ndarray((len(data) - 8 * rows + 1,), f"V{8 * rows}", data, 0, (1,))
    return np.ascontiguousarray(anywhere[positions].view("<u8").reshape(-1, rows).T)


def _positions(data: bytes, length: int) -> NDArray[np.int64]:
    """Where each complete record begins, sizes believed, and where the last one ends: shape (n + 1,)."""
    found = [np.zeros(1, np.int64)]
    at, count = 0, _WALK
    while True:
        walked = _walk(data, length, at, count)
        found.append(np.array(walked[1:], np.int64))
        if len(walked) <= count:
            return np.concatenate(found)
        strides = np.diff(walked)
        leapt = _leap(data, length, walked[-1], strides[-_period(strides) :])
        # Where nothing repeats, walk farther before the next guess.
        count = _WALK if len(leapt) > count else min(2 * count, _LONGEST_WALK)
        found.append(leapt)
        at = int(leapt[-1]) if len(leapt) else walked[-1]


def _walk(data: bytes, length: int, at: int, limit: int) -> list[int]:
    """`at`, and where each of the next `limit` complete records ends."""
    positions, size_at = [at], struct.Struct("<Q").unpack_from
    with suppress(struct.error, OverflowError):  # raised where the bytes end
        for _ in range(limit):
            at += size_at(data, at)[0] + _AROUND
            positions.append(at)
    while positions[-1] > length:
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


def _leap(data: bytes, length: int, at: int, cycle: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the records after `at` end, for as long as their sizes repeat the cycle."""
    found, period = [], int(cycle.sum())
    repeats = max(2, _FIRST_LEAP // len(cycle))
    while True:
        strides = np.tile(cycle, min(repeats, (length - at) // period + 1))
        ends = at + np.cumsum(strides)
        inside = int(np.searchsorted(ends, length, side="right"))
        (sizes,) = fetch(data, ends[:inside] - strides[:inside], 8)
        wrong = sizes.view(np.int64) != strides[:inside] - _AROUND
        right = int(wrong.argmax()) if wrong.any() else inside
        found.append(ends[:right])
        if right < len(strides):
            return np.concatenate(found)
        at = int(ends[-1])
        repeats *= 4


def _checked(
    data: bytes, length: int, positions: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], bool]:
    """Starts and sizes of the records up to the first with a wrong header, and whether there is none such.

    The header of an incomplete last record is looked at too: a wrong size must not pass for a file that goes on.
    """
    complete = len(positions) - 1
    begun = complete + int(length - positions[-1] >= _HEADER)
    if not begun:
        return positions[:0], positions[:0], True
    sizes, stored = fetch(data, positions[:begun], _HEADER)
    changes = _crc32c.changes((sizes ^ sizes[0]).reshape(1, -1), 8, np.array([7]))
    wrong = _crc32c.mask(changes ^ np.uint32(_crc32c.of(sizes[:1].tobytes()))) != stored.astype(np.uint32)
    intact = int(wrong.argmax()) if wrong.any() else begun
    kept = min(intact, complete)
    return positions[:kept] + _HEADER, sizes[:kept].view(np.int64), intact == begun


def _skip(stream: BinaryIO, begun: bytes, damage: list[Damage], offset: int) -> int:
    """Check a record that is too large to hold, of which the bytes `begun` are read; its length in the file."""
    size = int.from_bytes(begun[:8], "little")
    checksum = _crc32c.of(begun[_HEADER:])
    left = size - (len(begun) - _HEADER)
    while left and (piece := stream.read(min(left, WINDOW))):
        checksum = google_crc32c.extend(checksum, piece)
        left -= len(piece)
    stored = stream.read(4) if not left else b""
    if len(stored) < 4:
        damage.append(Damage("truncated", offset, size - left + _HEADER + len(stored)))
    elif int(_crc32c.mask(np.array([checksum], np.uint32))[0]) != int.from_bytes(stored, "little"):
        damage.append(Damage("checksum", offset, size))
    return size + _AROUND
