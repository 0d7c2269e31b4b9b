"""Protocol buffers in a file of any size: headers are read where they are looked at, payloads are passed by.

A model of 2 GB costs the megabyte that its graph takes. All that is taken is counted against one allowance, so that a
crafted file of a billion tiny messages ends as early as an honest one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from dlviz_docs.readers._wire import BYTES, Field, WireError, fields, varint

__all__ = ["CutOff", "Pages", "TooMuch", "signed"]

_PAGE = 1 << 17
_LONGEST_HEADER = 20
"""Bytes of a key and a length."""
_MOST_FIELDS = 3_000_000
"""A model of 20,000 nodes, each with all that exporters note beside it, has two million."""
_MOST_OCTETS = 96 << 20
"""Names, texts and small arrays that are kept, all together."""
_LONGEST_TEXT = 1 << 14
_LONGEST_MESSAGE = 1 << 31
"""Bytes that protocol buffers allow: a field that claims more is damaged, and not cut off."""


class CutOff(WireError):
    """The file ends within a message."""


class TooMuch(WireError):
    """More than is read of any file."""


def signed(value: int) -> int:
    """A varint as the int64 it stands for."""
    return value - (1 << 64) if value >> 63 else value


class Pages:
    """A file as messages within messages."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = size
        self._start = 0
        self._data = b""
        self._fields = 0
        self._octets = 0
        self._least = 0
        """Size that the file had at least before it was cut off."""

    def whole(self) -> Iterator[Field]:
        """Of the file itself, as `fields`; where it was cut off, the last one ends behind it, and so do some within."""
        yield from self._counted(self._large(0, self._size, beyond=True))

    def fields(self, start: int, end: int) -> Iterator[Field]:
        """Of the message in these bytes of the file, in their order; WireError where they make no sense."""
        small = end - start <= _PAGE and end <= self._size
        yield from self._counted(self._small(start, end) if small else self._large(start, end))

    def _counted(self, found: Iterator[Field]) -> Iterator[Field]:
        for field in found:
            self._fields += 1
            if self._fields > _MOST_FIELDS:
                raise TooMuch(f"more than {_MOST_FIELDS:,} fields")
            yield field

    def _small(self, start: int, end: int) -> Iterator[Field]:
        data, base = self._around(start, end)
        for number, wire, value, first, last in fields(data, start - base, end - base):
            yield Field(number, wire, value, first + base, last + base)

    def _large(self, start: int, end: int, *, beyond: bool = False) -> Iterator[Field]:
        """One header after the other; a payload is not read, and must end within the message, or `beyond` it."""
        at, cut = start, beyond or end > self._size
        while at < end:
            if at >= self._size:
                raise self._cut()
            try:
                field = self._header(at, min(end, self._size))
            except WireError:
                if cut and self._size - at < _LONGEST_HEADER:
                    raise self._cut() from None
                raise
            if field.end > (field.start + _LONGEST_MESSAGE if beyond else end):
                raise WireError(f"a field leaves its message at byte {field.start}")
            if beyond:
                self._least = field.end
            yield field
            at = field.end
        if at > self._size:
            raise self._cut()

    def _header(self, at: int, end: int) -> Field:
        """The field that begins here; its payload may end anywhere."""
        data, base = self._around(at, min(at + _LONGEST_HEADER, end))
        place = at - base
        key, after = varint(data, place, end - base)
        if key & 7 != BYTES:
            found = next(fields(data, place, min(end - base, place + _LONGEST_HEADER)))
            return Field(found.number, found.wire, found.value, found.start + base, found.end + base)
        size, after = varint(data, after, end - base)
        if key < 8:
            raise WireError(f"a field without a number at byte {at}")
        return Field(key >> 3, BYTES, 0, base + after, base + after + size)

    def _cut(self) -> CutOff:
        whole = f" of at least {self._least:,}" if self._least > self._size else ""
        return CutOff(f"at byte {self._size:,}{whole}")

    def _around(self, start: int, end: int) -> tuple[bytes, int]:
        """Bytes of the file that hold these, and the position of the first."""
        if end > self._size:
            raise self._cut()
        if not self._start <= start <= end <= self._start + len(self._data):
            self._file.seek(start)
            self._data, self._start = self._file.read(max(_PAGE, end - start)), start
            if len(self._data) < end - start:
                raise CutOff(f"at byte {start + len(self._data):,}, and was longer when it was opened")
        return self._data, self._start

    def take(self, start: int, end: int) -> bytes:
        """These bytes; at most a page. WireError once too much has been taken."""
        self.charge(end - start)
        data, base = self._around(start, end)
        return data[start - base : end - base]

    def charge(self, octets: int) -> None:
        """Count something that is kept."""
        self._octets += octets
        if self._octets > _MOST_OCTETS:
            raise TooMuch(f"more than {_MOST_OCTETS >> 20} MB beside the weights")

    def text(self, field: Field) -> str:
        """A name; what is longer than any name is cut."""
        return self.take(field.start, min(field.end, field.start + _LONGEST_TEXT)).decode("utf-8", "replace")

    def integers(self, field: Field) -> Iterator[int]:
        """Of a repeated int64: one, or many packed ones."""
        if field.wire != BYTES:
            yield signed(field.value)
            return
        at = field.start
        while at < field.end:
            data, base = self._around(at, min(at + _PAGE, field.end))
            place, stop = at - base, min(len(data), field.end - base)
            while place < stop and (stop - place >= 10 or base + stop == field.end):
                value, place = varint(data, place, stop)
                self.charge(16)
                yield signed(value)
            at = base + place
