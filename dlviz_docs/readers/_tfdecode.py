"""Event files: framing, checksums and decoding put together.

Short events are decoded as columns, layout after layout (`_tflayout`). Images and histograms come in too many sizes for
that: they are walked in step, all cursors at once, up to their tags, which is all we need of them. A few events of a
kind are parsed one by one.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import BoolArray
from dlviz_docs.readers._tfcontents import Contents, Index, parse
from dlviz_docs.readers._tfevents import (
    LARGEST_SCALAR,
    NOT_NUMBERS,
    STEP,
    SUMMARY,
    TAG,
    TENSOR,
    VALUE,
    WALL_TIME,
    Span,
)
from dlviz_docs.readers._tflayout import FEW, Records, decode_layouts, together
from dlviz_docs.readers._tfrecord import Window, read_windows
from dlviz_docs.readers._tfrows import Rows
from dlviz_docs.readers._wire import BYTES, FIXED64, VARINT, WireError

__all__ = ["read_contents"]

SHORT = 256
"""Bytes; longer events hold no single numbers, and are looked at for what they are first."""

_WALL_TIME_KEY = WALL_TIME << 3 | FIXED64
_STEP_KEY = STEP << 3 | VARINT
_SUMMARY_KEY = SUMMARY << 3 | BYTES
_VALUE_KEY = VALUE << 3 | BYTES
_TAG_KEY = TAG << 3 | BYTES


@np.errstate(invalid="ignore")  # signalling NaN
def read_contents(stream: BinaryIO) -> Contents:
    """Everything an event file holds, with what is damaged in it."""
    contents = Contents()
    for window in read_windows(stream, contents.damage):
        _decode(window, contents)
    return contents


def _decode(window: Window, contents: Contents) -> None:
    """In the order of the file as far as possible, so that little has to be sorted later."""
    begin, records = 0, Records(window, window.starts, window.sizes)
    for cycle in window.cycles:
        if rows := Rows.of(window, cycle):
            _decode_each(records.part(begin, cycle.first), contents)
            rows.decode(contents)
            begin = rows.end
    _decode_each(records.part(begin, len(records)), contents)


def _decode_each(records: Records, contents: Contents) -> None:
    """Records that need not have anything to do with each other."""
    if len(records) >= FEW:
        records = _decode_columns(records, contents)
    base = records.window.base
    for index, start in enumerate(records.starts.tolist()):
        contents.add(records.event(index), base + start)


def _decode_columns(records: Records, contents: Contents) -> Records:
    """Those with events enough like them; returns the others."""
    short = records.sizes <= SHORT
    rare = decode_layouts(records.where(short), contents)
    records = rare if short.all() else together([rare, records.where(~short)])
    if len(records) >= FEW:
        records = records.where(~_count_large(records, contents))
        records = decode_layouts(records, contents)
    return records


def _count_large(records: Records, contents: Contents) -> BoolArray:
    """Count the records that hold one value which is no number, and say which they are."""
    window, starts, ends = records.window, records.starts, records.starts + records.sizes
    data = window.data
    tag_from, tag_to, kinds = _heads(data, starts, ends)
    counted: BoolArray = kinds != 0
    columns = [column[counted].tolist() for column in (tag_from, tag_to, kinds, starts, ends)]
    places: dict[tuple[bytes, int], list[Span]] = defaultdict(list)
    for tag_begin, tag_end, kind, start, end in zip(*columns, strict=True):
        places[data[tag_begin:tag_end].tobytes(), kind].append((start, end))
    for key, spans in places.items():
        contents.counts[key] += len(spans)
        for start, end in (spans[0], spans[-1]):
            _look(contents, data[start:end].tobytes(), window.base + start)
    return counted


def _look(contents: Contents, event: bytes, position: int) -> None:
    """Keep what an event says of its tags, though not its values; what follows a value may be broken."""
    with suppress(WireError):
        for value in parse(event).values:
            contents.remember(event, value, position)


def _heads(octets: NDArray[np.uint8], starts: Index, ends: Index) -> tuple[Index, Index, Index]:
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


def _varints(octets: NDArray[np.uint8], at: Index, ends: Index) -> tuple[Index, Index]:
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
