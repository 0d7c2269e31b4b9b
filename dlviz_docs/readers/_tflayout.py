"""Events of one layout, decoded as columns: no object for an event, and no Python for it either.

Two events have the same *layout* when all bits that say where things are (keys, lengths, the "goes on" bits of numbers)
are the same: they parse alike then, and times, steps and values lie at the same offsets. An event with one scalar may
also have a longer or shorter tag: what is before the tag is then aligned at the start of the event, what is after it at
its end, and the three lengths around the tag must have grown with it. That makes a handful of layouts of whatever a
training logs, in whatever order it is interleaved.

So: one event is parsed, in Python; all of its layout are found by comparing the bits that matter; they are sorted by
tag; and time, step and value are cut out of the columns. A column is one word
(8 bytes) of every event; the bytes of all events together have the shape (words, events).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dlviz_docs.model import BoolArray, FloatArray
from dlviz_docs.readers._tfcontents import Contents, Index, Points, parse
from dlviz_docs.readers._tfevents import GRAPHS, TENSOR, Event, Slot, Span
from dlviz_docs.readers._tfrecord import Window, Words, fetch
from dlviz_docs.readers._wire import WireError

__all__ = ["FEW", "Records", "decode_layouts", "together"]

FEW = 32
"""Events; to set up columns for fewer takes longer than to parse them."""
_MISSES = 8
"""How many layouts may turn out to be rare before all others are taken for rare, too."""
_LARGE = 0xFFFF
"""Bytes; events of this size and more are not told apart by it."""
_ONE_BYTE = 127
"""The largest length that is written in one byte."""
_KEEP = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)
"""Masks of the first bytes of a word."""
_MIX = np.uint64(0x9E37_79B9_7F4A_7C15)  # 2**64 / golden ratio: multiplying by it spreads bits upwards


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """Some records of a window, in the order of the file."""

    window: Window
    starts: Index
    sizes: Index

    def __len__(self) -> int:
        return len(self.starts)

    def where(self, chosen: BoolArray) -> Records:
        return self if chosen.all() else Records(self.window, self.starts[chosen], self.sizes[chosen])

    def part(self, begin: int, end: int) -> Records:
        return Records(self.window, self.starts[begin:end], self.sizes[begin:end])

    def event(self, index: int) -> bytes:
        start = int(self.starts[index])
        return self.window.data[start : start + int(self.sizes[index])].tobytes()


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """What events must have in common with `sample` to be parsed like it."""

    sample: bytes
    event: Event
    head: int
    """Bytes that are aligned at the start of the event; the others are at its end, but for the tag between them."""
    tail: int
    growing: tuple[int, ...]
    """Offsets of the lengths that grow with the tag; none where every event has the size of the sample."""

    @classmethod
    def of(cls, sample: bytes, event: Event) -> _Layout:
        size = len(sample)
        if size <= _ONE_BYTE and len(event.values) == 1 and event.values[0].scalar and event.values[0].tag[1]:
            begin, end = event.values[0].tag
            growing = (*(start - 1 for start in event.values[0].within), begin - 1)
            if all(
                sample[at - 1] <= _ONE_BYTE for at in growing
            ):  # else a length is written in more bytes than it needs
                return cls(sample, event, begin, size - end, growing)
        return cls(sample, event, size, 0, ())

    @property
    def labels(self) -> list[Span]:
        """What events are told apart by, where it is not the tag between head and tail."""
        return [] if self.growing else [span for value in self.event.values for span in (value.tag, value.plugin)]

    def masks(self) -> bytearray:
        """1-bits where an event must have the bits of the sample."""
        masks = bytearray(self.event.structure)
        for at in self.growing:
            masks[at] = 0xFF
        if self.growing:
            begin, end = self.event.values[0].plugin
            masks[begin:end] = b"\xff" * (end - begin)
        return masks

    def candidates(self, records: Records) -> BoolArray:
        """Which records are of a size that events of this layout may have."""
        if not self.growing:
            return np.equal(records.sizes, len(self.sample))
        begin, end = self.event.values[0].tag
        grown = records.sizes - len(self.sample)
        fits: BoolArray = (grown >= begin - end) & (grown <= _ONE_BYTE - self.sample[self.growing[0]])
        return fits


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """The bytes of n events of one layout, as words."""

    records: Records
    layout: _Layout
    head: Words
    """Shape (m, n), from the start of each event."""
    tail: Words
    """Shape (k, n), from the end of the tag to that of the event."""

    @classmethod
    def cut(cls, records: Records, layout: _Layout) -> _Columns:
        data, ends = records.window.data, records.starts + records.sizes
        head = fetch(data, records.starts, layout.head)
        return cls(records, layout, head, fetch(data, ends - layout.tail, layout.tail))

    def take(self, which: Index) -> _Columns:
        records = Records(self.records.window, self.records.starts[which], self.records.sizes[which])
        return _Columns(records, self.layout, self.head.take(which, axis=1), self.tail.take(which, axis=1))

    def alike(self) -> BoolArray:
        """Which events have all bits of the sample that matter."""
        layout, same = self.layout, np.ones(len(self.records), bool)
        masks, end = layout.masks(), len(layout.sample) - layout.tail
        grown = (self.records.sizes - len(layout.sample)).astype(np.uint64)
        for part, words, place in ((slice(layout.head), self.head, 0), (slice(end, None), self.tail, end)):
            wanted, matter = _as_words(layout.sample[part]), _as_words(masks[part])
            for row in np.flatnonzero(matter).tolist():
                column = words[row]
                for at in layout.growing:
                    if place == 0 and at // 8 == row:
                        column = column - (grown << np.uint64(8 * (at % 8)))
                same &= (column ^ wanted[row]) & matter[row] == 0
        return same

    def floats(self, slot: Slot | None, missing: float) -> FloatArray:
        """The number in that place of every event."""
        if slot is None:
            return np.full(len(self.records), missing)
        return slot.floats(self._varints(slot) if slot.varint else self._word(slot.offset))

    def steps(self) -> Index:
        slot = self.layout.event.step
        return np.zeros(len(self.records), np.int64) if slot is None else self._varints(slot).view(np.int64)

    def _strip(self, offset: int) -> tuple[Words, int]:
        """The words an offset of the sample lies in, and the offset in them."""
        end = len(self.layout.sample) - self.layout.tail
        return (self.head, offset) if offset < self.layout.head else (self.tail, offset - end)

    def _word(self, offset: int) -> Words:
        return _word(*self._strip(offset))

    def _varints(self, slot: Slot) -> Words:
        words, first = self._strip(slot.offset)
        bits = np.zeros(len(self.records), np.uint64)
        for index in range(min(slot.size, 10)):
            row, shift = divmod(first + index, 8)
            bits |= ((words[row] >> np.uint64(8 * shift)) & np.uint64(0x7F)) << np.uint64(7 * index)
        return bits


def _as_words(octets: bytes | bytearray) -> Words:
    return np.frombuffer(octets.ljust(-(-len(octets) // 8) * 8, b"\0"), np.uint64)


def _word(words: Words, offset: int) -> Words:
    """The 8 bytes from `offset` on; zeros where the words end."""
    row, shift = divmod(offset, 8)
    word: Words = words[row] >> np.uint64(8 * shift)
    if shift and row + 1 < len(words):
        word |= words[row + 1] << np.uint64(64 - 8 * shift)
    return word


def decode_layouts(records: Records, contents: Contents) -> Records:
    """Decode layout after layout, the most frequent size first; returns the records that are too few of their kind."""
    rare: list[Records] = []
    while len(records) >= FEW and len(rare) < _MISSES:
        sizes = np.minimum(records.sizes, _LARGE)
        usual = np.flatnonzero(sizes == np.bincount(sizes).argmax())
        one = int(usual[len(usual) // 2])  # the first steps are written in fewer bytes than most
        try:
            layout = _Layout.of(records.event(one), parse(records.event(one)))
        except WireError:
            alike = np.arange(len(records)) == one
        else:
            columns = _Columns.cut(records.where(candidates := layout.candidates(records)), layout)
            alike = candidates
            alike[candidates] = same = columns.alike()
            if int(same.sum()) >= FEW:
                _decode(columns if same.all() else columns.take(np.flatnonzero(same)), contents)
                records = records.where(~alike)
                continue
        rare.append(records.where(alike))
        records = records.where(~alike)
    return together([*rare, records])


def together(parts: Sequence[Records]) -> Records:
    """Records of one window, in the order of the file."""
    starts = np.concatenate([part.starts for part in parts])
    sizes = np.concatenate([part.sizes for part in parts])
    order = np.argsort(starts, kind="stable")
    return Records(parts[0].window, starts[order], sizes[order])


def _by_label(columns: _Columns) -> tuple[Index, list[int]]:
    """An order that puts events with the same labels together, and where in it each group begins; the end comes last.

    Within a group the order of the file is kept. Labels are sorted by a hash, and then compared: where two share a
    hash, a label may come in several groups, which does no harm.
    """
    count, labels = len(columns.records), list(_labels(columns))
    hashes = np.zeros(count, np.uint64)
    for label in labels:
        hashes = (hashes ^ label) * _MIX
    # The upper bits are the ones all others have an effect on. NumPy sorts 16-bit numbers in linear time.
    halves = hashes.view(np.uint16).reshape(count, 4)
    order = np.lexsort((halves[:, 2], halves[:, 3])) if labels else np.arange(count)
    changes = np.zeros(count - 1, bool)
    for label in labels:
        ordered = label[order]
        changes |= ordered[1:] != ordered[:-1]
    return order, [0, *(np.flatnonzero(changes) + 1).tolist(), count]


def _labels(columns: _Columns) -> Iterator[Words]:
    """What tells the events apart, word by word: their tags, and plugins where those may differ."""
    layout, records = columns.layout, columns.records
    if layout.growing:
        lengths = records.sizes - layout.head - layout.tail
        shortest = int(lengths.min())
        yield lengths.view(np.uint64)
        for row, word in enumerate(fetch(records.window.data, records.starts + layout.head, int(lengths.max()))):
            yield word if shortest >= 8 * (row + 1) else word & _KEEP[np.clip(lengths - 8 * row, 0, 8)]
    else:
        marks = bytearray(layout.head)
        for begin, end in layout.labels:
            marks[begin:end] = b"\xff" * (end - begin)
        masks = _as_words(marks)
        for row in np.flatnonzero(masks).tolist():
            yield columns.head[row] & masks[row]


def _decode(columns: _Columns, contents: Contents) -> None:
    """Add the values of events that are all parsed like the sample of their layout."""
    records, layout, event = columns.records, columns.layout, columns.layout.event
    order, bounds = _by_label(columns)
    steps = columns.steps()
    positions, times = records.starts + records.window.base, columns.floats(event.wall, np.nan)
    contents.graphs += len(records) * (event.what in GRAPHS)
    if event.starts:
        contents.starts += zip(positions.tolist(), steps.tolist(), strict=True)
    positions, times, steps = positions.take(order), times.take(order), steps.take(order)
    for value in event.values:
        points = Points(positions, times, steps, columns.floats(value.number, 0.0).take(order))
        for begin, end in pairwise(bounds):
            first = records.event(int(order[begin]))
            tag = first[value.tag[0] : value.tag[1] + len(first) - len(layout.sample)]
            if value.scalar:
                contents.put((tag, value.kind == TENSOR), points.take(slice(begin, end)))
                named = layout.sample if layout.growing else first
                contents.remember_plugin(tag, named[slice(*value.plugin)], int(positions[begin]))
                continue
            if value.kind:
                contents.counts[tag, value.kind] += end - begin
            contents.remember(first, value, int(positions[begin]))
            contents.remember(records.event(int(order[end - 1])), value, int(positions[end - 1]))
