"""A training loop that logs the same tags every step, decoded as a table of which each row is a step.

Where the sizes of records come in a cycle (`_tfrecord` finds it), the bytes of one turn are a row: each tag, time,
step and value has its columns of bytes, which are cut out of the file as they lie. One row is parsed, in Python, and
all others are compared with it in the bits that matter. Most scalars are logged in this way, and it is several times
faster than to find each event's place; what does not fit goes through `_tflayout`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from dlviz_docs.model import FloatArray
from dlviz_docs.readers._crc32c import Octets
from dlviz_docs.readers._tfcontents import Contents, Points, parse
from dlviz_docs.readers._tfevents import GRAPHS, TENSOR, Event, Slot
from dlviz_docs.readers._tfrecord import Cycle, Window, Words
from dlviz_docs.readers._wire import WireError

__all__ = ["Rows"]

FEWEST = 64
"""Fewer rows take longer than their events one by one."""
_MOST_TURNS = 128
_BLOCK = 1 << 16
"""Bytes compared at once."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One event of the row that was parsed; `at` is where it begins in the row."""

    at: int
    sample: bytes
    event: Event


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A regular part of the log."""

    octets: Octets
    """Shape (rows, bytes of one)."""
    begin: int
    """Where they begin in the file."""
    end: int
    """The record of the window behind them."""
    parts: tuple[_Part, ...]

    @classmethod
    def of(cls, window: Window, cycle: Cycle) -> Rows | None:
        """The rows of a cycle; None where they are few, hold more than plain scalars, or say it in different ways."""
        if cycle.rows < FEWEST:
            return None
        cycle = cycle.joined(_turns(window, cycle))
        if cycle.rows < FEWEST:
            return None
        octets = cycle.octets(window)
        sample = octets[cycle.rows // 2]
        parts = tuple(_parts(sample.tobytes(), cycle))
        alike = bool(parts) and _are_alike(octets, sample, _mask(len(sample), parts))
        return cls(octets, window.base + cycle.begin, cycle.end, parts) if alike else None

    def decode(self, contents: Contents) -> None:
        """Add all scalars."""
        count, width = self.octets.shape
        begins = self.begin + width * np.arange(count)
        for part in self.parts:
            event, positions = part.event, begins + part.at
            steps = np.zeros(count, np.int64) if event.step is None else self._varints(part, event.step).view(np.int64)
            times = self._floats(part, event.wall, np.nan)
            for value in event.values:
                tag, plugin = part.sample[slice(*value.tag)], part.sample[slice(*value.plugin)]
                points = Points(positions, times, steps, self._floats(part, value.number, 0.0))
                contents.put((tag, value.kind == TENSOR), points)
                contents.remember_plugin(tag, plugin, int(positions[0]))

    def _floats(self, part: _Part, slot: Slot | None, missing: float) -> FloatArray:
        count, width = self.octets.shape
        if slot is None:
            return np.full(count, missing)
        if slot.varint:
            return slot.floats(self._varints(part, slot))
        return slot.floats(np.ndarray((count,), f"<u{slot.width}", self.octets, part.at + slot.offset, (width,)))

    def _varints(self, part: _Part, slot: Slot) -> Words:
        first = part.at + slot.offset
        bits = (self.octets[:, first] & np.uint8(0x7F)).astype(np.uint64)
        for index in range(1, min(slot.size, 10)):
            octets = self.octets[:, first + index] & np.uint8(0x7F)
            bits |= octets.astype(np.uint64) << np.uint64(7 * index)
        return bits


def _turns(window: Window, cycle: Cycle) -> int:
    """After how many turns not only the sizes of records come again, but the tags too; 1 if it cannot be told."""
    begin, size = next(cycle.contents())
    events = (row[begin : begin + size].tobytes() for row in cycle.octets(window)[cycle.rows // 2 :])
    try:
        tags = ([event[slice(*value.tag)] for value in parse(event).values] for event in islice(events, _MOST_TURNS))
        first = next(tags)
        return next((turns for turns, found in enumerate(tags, 1) if found == first), 1)
    except WireError:
        return 1


def _parts(row: bytes, cycle: Cycle) -> Iterator[_Part]:
    """The events of a row; none when one of them is no plain scalar."""
    found = []
    for at, size in cycle.contents():
        sample = row[at : at + size]
        try:
            event = parse(sample)
        except WireError:
            return
        if event.starts or event.what in GRAPHS or not all(value.scalar for value in event.values):
            return
        found.append(_Part(at, sample, event))
    yield from found


def _mask(width: int, parts: Sequence[_Part]) -> Octets:
    """1-bits where a row must have the bits of any other to say the same of the same tags."""
    mask = bytearray(width)
    for part in parts:
        mask[part.at : part.at + len(part.sample)] = part.event.structure
        for value in part.event.values:
            for begin, end in (value.tag, value.plugin):
                mask[part.at + begin : part.at + end] = b"\xff" * (end - begin)
    return np.frombuffer(mask, np.uint8)


def _are_alike(octets: Octets, sample: Octets, mask: Octets) -> bool:
    count = max(1, _BLOCK // len(sample))
    blocks = (octets[at : at + count] for at in range(0, len(octets), count))
    return not any(((block ^ sample) & mask).any() for block in blocks)
