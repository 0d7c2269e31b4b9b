"""Where the bytes of a tensor lie, and reading them in pieces: no file is mapped, none is read whole."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from dlviz_docs.errors import ReadError

__all__ = ["AGAIN", "MOST_TIMES", "Place", "reading"]

AGAIN = "Save or copy the file again."
MOST_TIMES = 32
"""How many times larger than in the file bytes may be once they are unpacked: weights are seldom twice."""
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Place:
    """A run of bytes in a file."""

    path: Path
    start: int
    size: int
    """Bytes, once they are unpacked."""
    packed: int | None = None
    """Bytes that they take in the file if they are deflated; None for bytes that stand there as they are."""
    content: bytes | None = field(default=None, repr=False)
    """The bytes of the file, where it lies packed in another one."""


@contextmanager
def reading(place: Place, skip: int = 0) -> Iterator[Callable[[memoryview], None]]:
    """A function that fills a buffer with the next bytes, from `skip` on; ReadError where they end before."""
    if place.content is not None:
        from io import BytesIO

        with BytesIO(place.content) as inner:
            yield _filler(inner, place, skip)
    else:
        with place.path.open("rb", buffering=0) as file:
            yield _filler(file, place, skip)


def _filler(file: IO[bytes], place: Place, skip: int) -> Callable[[memoryview], None]:
    if place.packed is None:
        file.seek(place.start + skip)
        return lambda buffer: _fill(file, buffer)
    if place.size > MOST_TIMES * place.packed + _PIECE:
        raise ReadError(f"holds a part packed to less than 1/{MOST_TIMES} of its size, which is not unpacked", AGAIN)
    file.seek(place.start)
    inflated = _Inflated(file, place.packed)
    inflated.skip(skip)
    return inflated.fill


def _fill(file: IO[bytes], buffer: memoryview) -> None:
    place = 0
    while place < len(buffer):
        got = file.readinto(buffer[place:])  # type: ignore[attr-defined]
        if not got:
            raise ReadError("breaks off within its weights", AGAIN)
        place += got


class _Inflated:
    """Bytes of a deflated stream, a piece at a time."""

    def __init__(self, file: IO[bytes], packed: int) -> None:
        self._file = file
        self._left = packed
        self._engine = zlib.decompressobj(-zlib.MAX_WBITS)

    def fill(self, buffer: memoryview) -> None:
        place = 0
        while place < len(buffer):
            piece = self._next(len(buffer) - place)
            buffer[place : place + len(piece)] = piece
            place += len(piece)

    def skip(self, size: int) -> None:
        while size > 0:
            size -= len(self._next(min(size, _PIECE)))

    def _next(self, most: int) -> bytes:
        while True:
            waiting = self._engine.unconsumed_tail
            if not waiting:
                waiting = self._file.read(min(self._left, _PIECE))
                self._left -= len(waiting)
            try:
                piece = self._engine.decompress(waiting, min(most, _PIECE))
            except zlib.error as error:
                raise ReadError("holds packed weights that cannot be unpacked", AGAIN) from error
            if piece:
                return piece
            if self._engine.eof or not (waiting or self._left):
                raise ReadError("breaks off within its weights", AGAIN)
