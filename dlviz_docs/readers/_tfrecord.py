"""TFRecord framing: where the records of a file lie, window by window, in bounded memory.

A record is `uint64 size | uint32 crc(size) | size bytes | uint32 crc(bytes)`, little-endian, checksums masked CRC-32C.
Each record says where the next begins, so records have to be found one after the other. A training loop logs the
same tags every step, though, and so the sizes come in a cycle: after a short walk the last cycle is laid out over
thousands of records to come, and one look at all their sizes says how far it is right. A wrong guess costs time only:
by induction, a record is where it was expected if all before it had the expected size.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import SEEK_END
from typing import BinaryIO, Literal, TypeAlias

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from dlviz_docs.readers import _crc32c
from dlviz_docs.readers._crc32c import Octets

__all__ = ["Cycle", "Damage", "Window", "Words", "fetch", "read_windows"]

Words: TypeAlias = NDArray[np.uint64]

WINDOW = 4 << 20
"""Bytes decoded at once: large enough for NumPy, small enough for the caches of the processor."""
LARGEST = 32 << 20
"""A record of more bytes is checked in pieces and not opened: only pictures and graphs are that large."""

_SIZE = 8
_HEADER = _SIZE + 4
_AROUND = _HEADER + 4
_ROOM = 136  # of the last record more may be fetched than it has: a tag as long as they get, in words
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
class Cycle:
    """Records whose sizes come again and again."""

    first: int
    """Its first record, by its place in the window."""
    begin: int
    """Where that record begins in the data."""
    strides: NDArray[np.int64]
    """Bytes from each record of one turn to the next, shape (records of a turn,)."""
    rows: int
    """How many turns there are."""

    @property
    def end(self) -> int:
        """The record behind its last one."""
        return self.first + self.rows * len(self.strides)

    def octets(self, window: Window) -> Octets:
        """Its bytes, shape (rows, bytes of a turn)."""
        width = int(self.strides.sum())
        return window.data[self.begin : self.begin + self.rows * width].reshape(self.rows, width)

    def joined(self, turns: int) -> Cycle:
        """The same with so many turns as one."""
        return Cycle(self.first, self.begin, np.tile(self.strides, turns), self.rows // turns)

    def contents(self) -> Iterator[tuple[int, int]]:
        """Where the contents of each record lie in a turn, and their size."""
        starts = np.cumsum(self.strides) - self.strides + _HEADER
        return zip(starts.tolist(), (self.strides - _AROUND).tolist(), strict=True)


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Complete records, `data[starts[i]:starts[i] + sizes[i]]`, all of which had the right checksums."""

    data: Octets
    """With at least 136 bytes after the last record; the checksums between the records are overwritten."""
    base: int
    """Where `data` begins in the file."""
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    cycles: Sequence[Cycle] = ()
    """Where the records are regular, in the order of the file."""


def read_windows(stream: BinaryIO, damage: list[Damage]) -> Iterator[Window]:
    """All records of the file, in order; what is damaged, or ends the file early, is added to `damage`."""
    base, rest, wanted, size = 0, np.empty(0, np.uint8), WINDOW, _size(stream)
    while True:
        data, length = _read_on(stream, rest, min(wanted, max(size - base, _HEADER)))
        if length == len(rest):
            break
        positions, cycles = _positions(data, length)
        intact, goes_on = _checked(data, length, positions)
        end = int(positions[len(intact)])
        starts, sizes = _contents(positions[: len(intact) + 1])
        if not intact.all():
            damage += [Damage.of("checksum", base + int(starts[i]), int(sizes[i])) for i in np.flatnonzero(~intact)]
            starts, sizes = starts[intact], sizes[intact]
        yield Window(data, base, starts, sizes, cycles if len(starts) == len(positions) - 1 else ())
        if not goes_on:
            damage.append(Damage("length", base + end))
            return
        rest = data[end:length]
        base += end
        wanted = WINDOW
        if len(rest) >= _HEADER:
            missing = int.from_bytes(rest[:_SIZE], "little") + _AROUND - len(rest)
            if missing > LARGEST:
                base += _skip(stream, rest, damage, base)
                rest = rest[:0]
            else:
                wanted = max(WINDOW, missing)
    if len(rest):
        damage.append(Damage("truncated", base, len(rest)))


def _size(stream: BinaryIO) -> int:
    """Of the file; to ask for more than it has makes Python take memory for all that was asked for."""
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    return size


def _read_on(stream: BinaryIO, rest: Octets, wanted: int) -> tuple[Octets, int]:
    """`rest` and what follows it in the file, with room behind; and how many bytes there are of both."""
    data = np.empty(len(rest) + wanted + _ROOM, np.uint8)
    data[: len(rest)] = rest
    length = len(rest) + stream.readinto(data[len(rest) : -_ROOM])  # type: ignore[attr-defined]
    data[length:] = 0
    return data[: length + _ROOM], length


def fetch(data: Octets, positions: NDArray[np.int64], size: int) -> Words:
    """At least `size` bytes from each position on, as words: shape (ceil(size / 8), n)."""
    rows = -(-size // 8)
    if not rows:
        return np.empty((0, len(positions)), np.uint64)
    # A field of raw bytes may lie anywhere, so that one gather fetches all words of a record.
    anywhere: NDArray[np.void] = np.ndarray((len(data) - 8 * rows + 1,), f"V{8 * rows}", data, 0, (1,))
    return np.ascontiguousarray(anywhere[positions].view("<u8").reshape(-1, rows).T)


def _positions(data: Octets, length: int) -> tuple[NDArray[np.int64], list[Cycle]]:
    """Where each complete record begins, sizes believed, and where the last one ends: shape (n + 1,); and cycles."""
    found = [np.zeros(1, np.int64)]
    cycles: list[Cycle] = []
    at, count, records = 0, _WALK, 0
    while True:
        walked = _walk(data, length, at, count)
        found.append(np.array(walked[1:], np.int64))
        if len(walked) <= count:
            return np.concatenate(found), cycles
        records += count
        strides = np.diff(walked)
        period = _period(strides)
        leapt = _leap(data, length, walked[-1], strides[-period:])
        if len(leapt) >= period:
            before = _repeating(strides, period)
            turns = (before + len(leapt)) // period
            cycles.append(Cycle(records - before, walked[count - before], strides[count - before :][:period], turns))
        records += len(leapt)
        # Where nothing repeats, walk farther before the next guess.
        count = _WALK if len(leapt) > count else min(2 * count, _LONGEST_WALK)
        found.append(leapt)
        at = int(leapt[-1]) if len(leapt) else walked[-1]


def _repeating(strides: NDArray[np.int64], period: int) -> int:
    """How many of the last sizes belong to the cycle that they end with."""
    other = strides[period:] != strides[:-period]
    return len(strides) - (int(np.flatnonzero(other)[-1]) + 1 if other.any() else 0)


def _walk(data: Octets, length: int, at: int, limit: int) -> list[int]:
    """`at`, and where each of the next `limit` complete records ends."""
    positions, size_at, view = [at], struct.Struct("<Q").unpack_from, memoryview(data)  # type: ignore[arg-type]
    with suppress(struct.error, OverflowError):  # raised where the bytes end
        for _ in range(limit):
            at += size_at(view, at)[0] + _AROUND
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


def _leap(data: Octets, length: int, at: int, cycle: NDArray[np.int64]) -> NDArray[np.int64]:
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


def _contents(positions: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the contents of each record begin, and their sizes."""
    return positions[:-1] + _HEADER, np.diff(positions) - _AROUND


def _checked(data: Octets, length: int, positions: NDArray[np.int64]) -> tuple[NDArray[np.bool_], bool]:
    """Of each record before the first with a wrong size, whether its contents are right; and whether no size is wrong.

    The header of an incomplete last record is looked at too: a wrong size must not pass for a file that goes on.
    """
    end = int(positions[-1])
    goes_on = length - end < _HEADER or _crc32c.is_right(data, end, _SIZE)
    starts, sizes = _contents(positions)
    if _crc32c.are_right(data[:end], (positions[:-1] + _SIZE, np.full(1, _SIZE)), (starts + sizes, sizes)):
        return np.ones(len(starts), bool), goes_on
    intact: list[bool] = []
    for start, size in zip(starts.tolist(), sizes.tolist(), strict=True):
        if not _crc32c.is_right(data, start - _HEADER, _SIZE):
            goes_on = False
            break
        intact.append(_crc32c.is_right(data, start, size))
    return np.array(intact, bool), goes_on


def _skip(stream: BinaryIO, begun: Octets, damage: list[Damage], offset: int) -> int:
    """Check a record that is too large to hold, of which the bytes `begun` are read; its length in the file."""
    size = int.from_bytes(begun[:_SIZE], "little")
    checksum = _crc32c.of(begun[_HEADER:])
    left = size - (len(begun) - _HEADER)
    while left and (piece := stream.read(min(left, WINDOW))):
        checksum = google_crc32c.extend(checksum, piece)
        left -= len(piece)
    stored = stream.read(4) if not left else b""
    if len(stored) < 4:
        damage.append(Damage("truncated", offset, size - left + _HEADER + len(stored)))
    elif _crc32c.mask(checksum) != int.from_bytes(stored, "little"):
        damage.append(Damage("checksum", offset, size))
    return size + _AROUND
