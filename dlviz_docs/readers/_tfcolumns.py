"""Event files as columns: every scalar of a window decoded by NumPy, with no object for an event.

Two events have the same *layout* when all bits that say where things are (keys, lengths, the "goes on" bits of numbers)
are the same. They parse alike then, and their times, steps, tags and values lie at the same offsets. So:

1. records are grouped by size, and their bytes become columns: word k of all of them is row k;
2. both checksums hold, or the record is left out (`_crc32c`: one look-up a differing byte, for a whole column);
3. the first record is parsed, in Python; all of its layout are found by comparing the bits that matter;
4. they are split by tag, and time, step and value are cut out of the columns; whatever is left goes back to 3.

What a training logs has a few dozen layouts, however it is interleaved: Python runs once a layout, not once an event.
Images and histograms come in too many sizes for that: they are walked in step, all cursors at once, up to their tags,
which is all we need of them. A few records of a kind are parsed one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import nan
from typing import BinaryIO, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import BoolArray, FloatArray
from dlviz_docs.readers import _crc32c
from dlviz_docs.readers._crc32c import Words
from dlviz_docs.readers._tfevents import (
    GRAPHS,
    LARGEST_SCALAR,
    NOT_NUMBERS,
    STEP,
    SUMMARY,
    TAG,
    TENSOR,
    VALUE,
    WALL_TIME,
    Event,
    Slot,
    Span,
    Value,
    parse_event,
    strings,
)
from dlviz_docs.readers._tfrecord import Damage, Window, read_windows
from dlviz_docs.readers._wire import BYTES, FIXED64, VARINT, WireError

__all__ = ["Events", "Points", "read_events"]

_SHORT = 256
"""Bytes; records longer than this are checked one by one, and looked at for images and histograms first."""
_FEW = 32
"""Records; to set up columns for fewer takes longer than to parse them."""
_KNOWN = 8
"""Layouts remembered for each size."""
_MISSES = 8
"""How many layouts of one size may turn out to be rare before the rest is parsed one by one."""

_Index: TypeAlias = NDArray[np.int64]
_Key: TypeAlias = tuple[bytes, bool]

_WALL_TIME_KEY = WALL_TIME << 3 | FIXED64
_STEP_KEY = STEP << 3 | VARINT
_SUMMARY_KEY = SUMMARY << 3 | BYTES
_VALUE_KEY = VALUE << 3 | BYTES
_TAG_KEY = TAG << 3 | BYTES


class Points(NamedTuple):
    """Points of one tag, in the order of the file."""

    positions: _Index
    """Of their records, bytes from the start of the file."""
    times: FloatArray
    """NaN where an event has none."""
    steps: _Index
    values: FloatArray

    def take(self, which: _Index | slice) -> Points:
        return Points(self.positions[which], self.times[which], self.steps[which], self.values[which])

    @classmethod
    def of(cls, points: Sequence[tuple[int, float, int, float]]) -> Points:
        """Columns of points that are given one by one."""
        positions, times, steps, values = zip(*points, strict=True)
        return cls(np.array(positions), np.array(times, float), np.array(steps), np.array(values, float))

    @staticmethod
    def join(pieces: Sequence[Points]) -> Points:
        """All of them, in the order of the file."""
        positions, times, steps, values = zip(*pieces, strict=True)
        whole = Points(np.concatenate(positions), np.concatenate(times), np.concatenate(steps), np.concatenate(values))
        if (np.diff(whole.positions) >= 0).all():
            return whole
        return whole.take(np.argsort(whole.positions, kind="stable"))


@dataclass(slots=True)
class Events:
    """What an event file holds."""

    columns: dict[_Key, list[Points]] = field(default_factory=lambda: defaultdict(list))
    """Numbers, by tag and whether they were logged as tensors: then they are scalars only if the plugin says so."""
    points: dict[_Key, list[tuple[int, float, int, float]]] = field(default_factory=lambda: defaultdict(list))
    """More of them, one by one: position, time, step, value."""
    counts: dict[tuple[bytes, int], int] = field(default_factory=lambda: defaultdict(int))
    """How many values are no single numbers, by tag and field of Summary.Value."""
    plugins: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)
    """Position and name of the first plugin of a tag: later values need not repeat it."""
    notes: dict[tuple[bytes, bytes], tuple[int, bytes]] = field(default_factory=dict)
    """By tag and plugin, position and content of the last text or settings."""
    graphs: int = 0
    starts: list[tuple[int, int]] = field(default_factory=list)
    """Position and step of every session start."""
    damage: list[Damage] = field(default_factory=list)
    layouts: dict[int, list[tuple[int, int, Event]]] = field(default_factory=lambda: defaultdict(list))
    """Events parsed so far, by size, as far as they may serve for others: their structure, its bits, and the event."""

    def numbers(self) -> dict[_Key, Points]:
        """All points of each tag, in the order of the file."""
        lone = {key: [Points.of(points)] for key, points in self.points.items()}
        keys = dict.fromkeys([*self.columns, *lone])
        return {key: Points.join([*self.columns.get(key, ()), *lone.get(key, ())]) for key in keys}


def read_events(stream: BinaryIO) -> Events:
    """Everything an event file holds, with what is damaged in it."""
    events = Events()
    for window in read_windows(stream, events.damage):
        _decode(window, events)
    return events


def _decode(window: Window, events: Events) -> None:
    short = window.sizes <= _SHORT
    odd = [window.starts[~short]]
    for size, starts in _by_size(window.starts[short], window.sizes[short]):
        if len(starts) < _FEW:
            odd.append(starts)
            continue
        batch = _Batch.cut(window, starts, size)
        intact = _crc32c.mask(_crc32c.of_columns(batch.event(0), batch.differs)) == batch.word(size).astype(np.uint32)
        if not intact.all():
            events.damage += [Damage.of("checksum", window.base + start, size) for start in starts[~intact].tolist()]
            batch = batch.where(intact)
        _decode_columns(batch, events)
    _decode_odd(window, np.sort(np.concatenate(odd)), events)


def _by_size(starts: _Index, sizes: _Index) -> Iterator[tuple[int, _Index]]:
    """Records of one size at a time, in the order of the file."""
    # NumPy sorts 16-bit numbers in linear time.
    keys = sizes.astype(np.uint16) if sizes.max(initial=0) <= 0xFFFF else sizes
    order = np.argsort(keys, kind="stable")
    ordered = sizes[order]
    for begin, end in _stretches(ordered[1:] != ordered[:-1], len(ordered)):
        yield int(ordered[begin]), starts[order[begin:end]]


def _stretches(changes: BoolArray, count: int) -> Iterator[Span]:
    """From where to where `count` sorted things are alike, given which differ from the one before."""
    bounds = [0, *(np.flatnonzero(changes) + 1).tolist(), count]
    return pairwise(bounds) if count else iter(())


# --- columns: many records of one size --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Records of one size, n of them."""

    window: Window
    starts: _Index
    size: int
    words: Words
    """Shape (m, n): word k of record i is `words[k, i]`; the checksum follows the record."""
    differs: Words = field(init=False)
    """In which bits each word is unlike that of the first record."""
    varying: Words = field(init=False)
    """In which bits any record is unlike the first, word by word: shape (m,)."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "differs", self.words ^ self.words[:, :1])
        object.__setattr__(self, "varying", np.bitwise_or.reduce(self.differs, axis=1))

    @classmethod
    def cut(cls, window: Window, starts: _Index, size: int) -> _Batch:
        rows = -(-(size + 4) // 8)
        record = np.dtype(f"V{8 * rows}")
        anywhere: NDArray[np.void] = np.ndarray((len(window.data) - 8 * rows + 1,), record, window.data, 0, (1,))
        words = anywhere[starts].view("<u8").reshape(-1, rows)
        return cls(window, starts, size, np.ascontiguousarray(words.T))

    def where(self, chosen: BoolArray) -> _Batch:
        return _Batch(self.window, self.starts[chosen], self.size, self.words[:, chosen])

    def event(self, index: int) -> bytes:
        start = int(self.starts[index])
        return self.window.data[start : start + self.size]

    def word(self, offset: int) -> Words:
        """The 8 bytes from `offset` on, of every record; zeros where the words end."""
        row, shift = divmod(offset, 8)
        word: Words = self.words[row] >> np.uint64(8 * shift)
        if shift and row + 1 < len(self.words):
            word |= self.words[row + 1] << np.uint64(64 - 8 * shift)
        return word

    def integers(self, slot: Slot) -> _Index:
        """The varint in that place of every record."""
        return self._varints(slot).view(np.int64)

    def floats(self, slot: Slot) -> FloatArray:
        """The number in that place of every record, as float64."""
        bits = self._varints(slot) if slot.varint else self.word(slot.offset)
        if slot.dtype == "bfloat16":
            return (bits << 16).astype(np.uint32).view(np.float32).astype(np.float64)
        with np.errstate(invalid="ignore"):  # signalling NaN
            return bits.astype(f"<u{slot.width}").view(slot.dtype).astype(np.float64)

    def _varints(self, slot: Slot) -> Words:
        bits = np.zeros(len(self.starts), np.uint64)
        for index in range(min(slot.size, 10)):
            row, shift = divmod(slot.offset + index, 8)
            bits |= ((self.words[row] >> (8 * shift)) & 0x7F) << (7 * index)
        return bits


def _decode_columns(batch: _Batch, events: Events) -> None:
    """All records of a batch, one layout after the other."""
    misses = 0
    while len(batch.starts) >= _FEW and misses < _MISSES:
        first = _parsed(events, batch.event(0), batch.window.base + int(batch.starts[0]))
        alike = np.arange(len(batch.starts)) == 0 if first is None else _same_bits(batch, first.structure)
        count = int(alike.sum())
        if first is not None and count >= _FEW:
            _decode_layout(batch if count == len(batch.starts) else batch.where(alike), first, events)
        elif first is not None:
            _decode_each(batch.window, batch.starts[alike], batch.size, events)
        if count == len(batch.starts):
            return
        misses += count < max(_FEW, len(batch.starts) // 64)
        batch = batch.where(~alike)
    _decode_each(batch.window, batch.starts, batch.size, events)


def _same_bits(batch: _Batch, structure: bytearray) -> BoolArray:
    """Which records have the bits of the first one wherever `structure` has a 1."""
    same = np.ones(len(batch.starts), bool)
    masks = _as_words(structure, batch)
    for row in np.flatnonzero(masks & batch.varying).tolist():
        same &= batch.differs[row] & masks[row] == 0
    return same


def _as_words(octets: bytearray, batch: _Batch) -> Words:
    return np.frombuffer(octets.ljust(8 * len(batch.words), b"\0"), np.uint64)


def _decode_layout(batch: _Batch, event: Event, events: Events) -> None:
    """Records that are all parsed like `event`, the first of them."""
    count = len(batch.starts)
    positions = batch.starts + batch.window.base
    steps = np.zeros(count, np.int64) if event.step is None else batch.integers(event.step)
    times = np.full(count, np.nan) if event.wall is None else batch.floats(event.wall)
    events.graphs += count * (event.what in GRAPHS)
    if event.starts:
        events.starts += zip(positions.tolist(), steps.tolist(), strict=True)
    for value in event.values:
        numbers = np.zeros(count) if value.number is None else batch.floats(value.number)
        order, groups = _groups(batch, event.values)
        points = Points(positions, times, steps, numbers).take(order)
        for begin, end in groups:
            group = points.take(slice(begin, end))
            first, last = (batch.event(int(order[member])) for member in (begin, end - 1))
            _remember(events, first, value, int(group.positions[0]))
            _remember(events, last, value, int(group.positions[-1]))
            tag = first[slice(*value.tag)]
            if value.scalar:
                events.columns[tag, value.kind == TENSOR].append(group)
            elif value.kind:
                events.counts[tag, value.kind] += end - begin


def _groups(batch: _Batch, values: Sequence[Value]) -> tuple[_Index, list[Span]]:
    """An order that puts records with the same tags and plugins together, and where in it each group lies."""
    labels = bytearray(8 * len(batch.words))
    for begin, end in (span for value in values for span in (value.tag, value.plugin)):
        labels[begin:end] = b"\xff" * (end - begin)
    masks = _as_words(labels, batch)
    rows = [batch.words[row] & masks[row] for row in np.flatnonzero(masks & batch.varying).tolist()]
    count = len(batch.starts)
    if not rows:
        return np.arange(count), [(0, count)]
    order = np.lexsort(rows)
    changes = np.zeros(count - 1, bool)
    for row in rows:
        ordered = row[order]
        changes |= ordered[1:] != ordered[:-1]
    return order, list(_stretches(changes, count))


# --- records that are large, or few -----------------------------------------------------------------------------------


def _decode_odd(window: Window, starts: _Index, events: Events) -> None:
    sizes = window.sizes[np.searchsorted(window.starts, starts)]
    intact = _each_intact(window, starts, sizes)
    lost = zip(starts[~intact].tolist(), sizes[~intact].tolist(), strict=True)
    events.damage += [Damage.of("checksum", window.base + start, size) for start, size in lost]
    starts, sizes = starts[intact], sizes[intact]
    if len(starts) >= _FEW:
        counted = _count_large(window, starts, starts + sizes, events)
        starts, sizes = starts[~counted], sizes[~counted]
    for size, alike in _by_size(starts, sizes):
        if len(alike) < _FEW:
            _decode_each(window, alike, size, events)
        else:
            _decode_columns(_Batch.cut(window, alike, size), events)


def _each_intact(window: Window, starts: _Index, sizes: _Index) -> BoolArray:
    """Which records have the checksum that follows them, by the C library."""
    data, ends = window.data, starts + sizes
    spans = zip(starts.tolist(), ends.tolist(), strict=True)
    found = np.fromiter((_crc32c.of(data[start:end]) for start, end in spans), np.uint32, len(starts))
    stored = np.ndarray((len(data) - 3,), "<u4", data, 0, (1,))[ends]
    intact: BoolArray = _crc32c.mask(found) == stored
    return intact


def _count_large(window: Window, starts: _Index, ends: _Index, events: Events) -> BoolArray:
    """Count the records that hold one value which is no number, and say which they are."""
    data = window.data
    tag_from, tag_to, kinds = _heads(np.frombuffer(data, np.uint8), starts, ends)
    counted: BoolArray = kinds != 0
    columns = [column[counted].tolist() for column in (tag_from, tag_to, kinds, starts, ends)]
    places: dict[tuple[bytes, int], list[Span]] = defaultdict(list)
    for tag_begin, tag_end, kind, start, end in zip(*columns, strict=True):
        places[data[tag_begin:tag_end], kind].append((start, end))
    for key, spans in places.items():
        events.counts[key] += len(spans)
        for start, end in (spans[0], spans[-1]):
            if parsed := _parsed(events, data[start:end], window.base + start):
                _remember(events, data[start:end], parsed.values[0], window.base + start)
    return counted


def _heads(octets: NDArray[np.uint8], starts: _Index, ends: _Index) -> tuple[_Index, _Index, _Index]:
    """Where the tag of each event begins and ends, and the field its value is in: shape (n,) each.

    The field is 0 unless the event surely holds one value that is no number. All cursors move together; one that
    would leave its record stays at the end.
    """
    at = np.minimum(starts + 9, ends)
    sure = octets[starts] == _WALL_TIME_KEY
    at = np.where(octets[at] == _STEP_KEY, _varints(octets, at + 1, ends)[1], at)
    for key in (_SUMMARY_KEY, _VALUE_KEY):
        size, inside = _varints(octets, at + 1, ends)
        sure &= (octets[at] == key) & (inside + size == ends)
        at = inside
    size, begin = _varints(octets, at + 1, ends)
    sure &= octets[at] == _TAG_KEY
    end = np.minimum(begin + size, ends)
    size, inside = _varints(octets, end + 1, ends)
    kinds = (octets[end] >> 3).astype(np.int64)
    known = np.isin(kinds, list(NOT_NUMBERS)) | ((kinds == TENSOR) & (size > LARGEST_SCALAR))
    sure &= known & (octets[end] & 7 == BYTES) & (inside + size <= ends)
    return begin, end, np.where(sure, kinds, 0)


def _varints(octets: NDArray[np.uint8], at: _Index, ends: _Index) -> tuple[_Index, _Index]:
    """The number at each cursor, and the cursors after them; numbers of more than five bytes are cut short."""
    value = np.zeros(len(at), np.int64)
    goes_on = np.ones(len(at), bool)
    at = np.minimum(at, ends)
    for shift in range(0, 35, 7):
        octet = octets[at]
        value |= np.where(goes_on, octet & 0x7F, 0).astype(np.int64) << shift
        at = np.minimum(at + goes_on, ends)
        goes_on &= octet >= 0x80
        if not goes_on.any():
            break
    return value, at


def _decode_each(window: Window, starts: _Index, size: int, events: Events) -> None:
    """One record at a time."""
    for start in starts.tolist():
        event, position = window.data[start : start + size], window.base + start
        if parsed := _parsed(events, event, position):
            _add_one(events, event, parsed, position)


def _parsed(events: Events, event: bytes, position: int) -> Event | None:
    """Where things are in an event; None, and damage, if it is no message."""
    bits = int.from_bytes(event, "little")
    known = events.layouts[len(event)]
    for structure, same, parsed in known:
        if bits & structure == same:
            return parsed
    try:
        parsed = parse_event(event)
    except WireError:
        events.damage.append(Damage.of("message", position, len(event)))
        return None
    if len(event) <= _SHORT and len(known) < _KNOWN:
        structure = int.from_bytes(parsed.structure, "little")
        known.append((structure, bits & structure, parsed))
    return parsed


def _add_one(events: Events, event: bytes, parsed: Event, position: int) -> None:
    events.graphs += parsed.what in GRAPHS
    step = 0 if parsed.step is None else int(parsed.step.read(event))
    if parsed.starts:
        events.starts.append((position, step))
    time = nan if parsed.wall is None else parsed.wall.read(event)
    for value in parsed.values:
        tag = event[slice(*value.tag)]
        if value.scalar:
            number = 0.0 if value.number is None else value.number.read(event)
            events.points[tag, value.kind == TENSOR].append((position, time, step, number))
        elif value.kind:
            events.counts[tag, value.kind] += 1
        _remember(events, event, value, position)


# --- both -------------------------------------------------------------------------------------------------------------


def _remember(events: Events, event: bytes, value: Value, position: int) -> None:
    """Keep the first plugin of a tag, and its last text or settings."""
    tag, plugin = event[slice(*value.tag)], event[slice(*value.plugin)]
    if plugin and position < events.plugins.get(tag, (position + 1, b""))[0]:
        events.plugins[tag] = (position, plugin)
    if value.scalar:
        return
    plugin = plugin or events.plugins.get(tag, (0, b""))[1]
    content = b""
    if plugin == b"hparams":
        content = event[slice(*value.content)]
    elif plugin == b"text" and value.kind == TENSOR:
        content = _text(event, value.payload)
    if content and position >= events.notes.get((tag, plugin), (0, b""))[0]:
        events.notes[tag, plugin] = (position, content)


def _text(event: bytes, tensor: Span) -> bytes:
    try:
        return b"\n\n".join(strings(event, tensor))
    except WireError:
        return b""
