"""Arrays of a file by name, of which only the rows that are wanted come into memory."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol, TypeAlias

from numpy.typing import NDArray

from dlviz_docs.errors import ReadError
from dlviz_docs.readers._text import clean, natural_size
from dlviz_docs.readers.samples._npy import Header, read_body, read_header

__all__ = ["AGAIN", "Arrays", "NpzArrays", "Span", "headers", "names_in"]

AGAIN = "Record the episodes again, or delete the file."
Span: TypeAlias = tuple[int, int]
_BLOCK = 1 << 22
_MOST_MEMBERS = 200_000
_WHOLE = 400_000_000
"""Bytes that are taken at once: of an array that is needed whole, or of one episode."""
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, KeyError)


class Arrays(Protocol):
    """What readers of episodes want of a file. Methods raise `ReadError` for an array that cannot be had."""

    def names(self) -> list[str]:
        """Of all arrays, in the order of the file."""
        ...

    def shape(self, name: str) -> tuple[int, ...]:
        """Of an array of that name."""
        ...

    def whole(self, name: str) -> NDArray[Any]:
        """All of it."""
        ...

    @property
    def wrong(self) -> list[str]:
        """Of arrays that are not among them."""
        ...

    def rows(self, name: str, spans: Sequence[Span]) -> Iterator[NDArray[Any]]:
        """The rows from the first to before the second number of each span, which rise and do not overlap.

        One after the other: none needs to be in memory with those before.
        """
        ...


def names_in(path: Path) -> list[str]:
    """Of all arrays of an NPZ, as its list of members has them; none of what is no archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if name.endswith(".npy")][:_MOST_MEMBERS]
    except _BROKEN:
        return []
    return [clean(name.removesuffix(".npy")) for name in members]


def headers(path: Path) -> tuple[dict[str, Header], list[str]]:
    """Of each array of an NPZ by its name, and what is wrong with others; none of what is no archive."""
    found: dict[str, Header] = {}
    wrong: list[str] = []
    try:
        with zipfile.ZipFile(path) as archive:
            for member in [one for one in archive.infolist() if one.filename.endswith(".npy")][:_MOST_MEMBERS]:
                name = clean(member.filename.removesuffix(".npy"))
                try:
                    with archive.open(member) as file:
                        found[name] = read_header(file)
                except ReadError as error:
                    wrong.append(f"{name} {error.what}")
                except _BROKEN:
                    wrong.append(f"{name} is damaged")
    except _BROKEN:
        return {}, []
    return found, wrong


class NpzArrays:
    """An NPZ file."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        self.path = path
        self.most_bytes = most_bytes
        self.headers, self._wrong = headers(path)
        if not self.headers:
            raise ReadError("is no archive of arrays, or is cut off", AGAIN)

    @property
    def wrong(self) -> list[str]:
        return self._wrong

    def names(self) -> list[str]:
        return list(self.headers)

    def shape(self, name: str) -> tuple[int, ...]:
        return self.headers[name].shape

    def whole(self, name: str) -> NDArray[Any]:
        with self._opened(name) as (file, header, there):
            if header.octets > _WHOLE:
                raise ReadError(
                    f"{name} holds {natural_size(header.octets)}, more than is read of such an array", AGAIN
                )
            return read_body(file, header, there)

    def rows(self, name: str, spans: Sequence[Span]) -> Iterator[NDArray[Any]]:
        header = self.headers[name]
        if header.fortran and len(header.shape) > 1:
            values = self.whole(name)
            yield from (values[start:stop] for start, stop in spans)
            return
        with self._opened(name) as (file, header, there):
            yield from self._rows(file, header, there, name, spans)

    def _rows(
        self, file: IO[bytes], header: Header, there: int, name: str, spans: Sequence[Span]
    ) -> Iterator[NDArray[Any]]:
        """One after the other, without going back: what lies between is unpacked in blocks and forgotten."""
        one = header.octets // max(header.shape[0], 1)
        end = max((stop for _, stop in spans), default=0) * one
        if end > there:
            raise ReadError(f"{name} breaks off before the end of its array", AGAIN)
        if end > self.most_bytes:
            raise ReadError(f"{name} unpacks to {natural_size(end)}, more than is read of an array", AGAIN)
        if max((stop - start for start, stop in spans), default=0) * one > _WHOLE:
            raise ReadError(f"{name} holds more of an episode than is read at once", AGAIN)
        place = 0
        for start, stop in spans:
            _passed(file, start * one - place)
            part = Header(header.dtype, (stop - start, *header.shape[1:]), False, 0)
            yield read_body(file, part, part.octets)
            place = stop * one

    @contextmanager
    def _opened(self, name: str) -> Iterator[tuple[IO[bytes], Header, int]]:
        """The member behind its header, and how many bytes of it there are."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                member = archive.getinfo(f"{name}.npy")
                with archive.open(member) as file:
                    header = read_header(file)
                    yield file, header, member.file_size - header.length
        except ReadError:
            raise
        except _BROKEN as error:
            raise ReadError(f"{name} is damaged", AGAIN) from error


def _passed(file: IO[bytes], octets: int) -> None:
    while octets > 0:
        got = file.read(min(octets, _BLOCK))
        if not got:
            raise ReadError("breaks off before the end of its array", AGAIN)
        octets -= len(got)
