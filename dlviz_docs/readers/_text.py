"""Text of a file nobody trusts: peeked at, bounded in size, in whatever encoding it was written."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Problem

__all__ = [
    "PEEK",
    "Damaged",
    "Lines",
    "clean",
    "counted",
    "decode",
    "natural_size",
    "open_lines",
    "peek",
    "read_text",
]

PEEK = 8192
"""Bytes that may be looked at to tell whether a file is of a format."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Damaged(ReadError):
    """Text that breaks off or breaks its own rules; `value` is what stood before that, or None."""

    def __init__(self, what: str, value: object = None) -> None:
        super().__init__(what, "Write the file again, or correct it where it breaks off.")
        self.value = value


def peek(path: Path, size: int = PEEK) -> str:
    """The first bytes as text, without a last line that may be cut; "" for a binary file."""
    with path.open("rb") as file:
        head = file.read(size)
    if not _is_utf16(head) and b"\0" in head:
        return ""
    return head.decode("utf-16" if _is_utf16(head) else "utf-8-sig", "replace")


def _is_utf16(head: bytes) -> bool:
    """Whether the byte order mark says so: what Windows PowerShell writes with `>`."""
    return head.startswith(_UTF16)


def read_text(path: Path, limit: int) -> tuple[str, tuple[Problem, ...]]:
    """The whole file; ReadError when it is larger than `limit` bytes."""
    with path.open("rb") as file:
        too_large = os.fstat(file.fileno()).st_size > limit
        data = b"" if too_large else file.read(limit)
    if too_large:
        what = f"larger than {natural_size(limit)}, the most that is read of such a file"
        raise ReadError(what, "Split the file, or raise the reader's option `max_bytes`.")
    return decode(data, path.name)


def decode(data: bytes, name: str) -> tuple[str, tuple[Problem, ...]]:
    """Byte order mark, then UTF-8, then Windows-1252 with a notice; a character cut at the end is left out."""
    try:
        return data.decode("utf-16" if _is_utf16(data) else "utf-8-sig"), ()
    except UnicodeDecodeError as error:
        if error.reason in ("unexpected end of data", "truncated data"):
            return data[: error.start].decode("utf-16" if _is_utf16(data) else "utf-8-sig"), ()
    what = "not UTF-8; read as Windows-1252"
    problem = Problem("encoding", name, what, "Save the file as UTF-8.")
    return data.decode("cp1252", "replace"), (problem,)


@dataclass(slots=True)
class Lines:
    """The lines of a file, none longer than `longest` characters, as far as `limit` characters allow."""

    file: TextIO
    limit: int
    longest: int
    last: str = ""
    """The line that was given last."""
    whole: bool = True
    """False when the last line of the file has no end."""
    stopped: bool = False
    """True when the file goes on behind the limit."""

    def __iter__(self) -> Iterator[str]:
        given = 0
        while line := self.file.readline(self.longest):
            given += len(line)
            if given > self.limit:
                self.stopped = True
                return
            self.last = line
            yield line
        self.whole = not self.last or self.last.endswith(("\n", "\r"))


@contextmanager
def open_lines(path: Path, limit: int, longest: int) -> Iterator[Lines]:
    """The file line by line; a byte that is not UTF-8 comes as a lone surrogate ("surrogateescape")."""
    with path.open("rb") as start:
        wide = _is_utf16(start.read(2))
    encoding, errors = ("utf-16", "replace") if wide else ("utf-8-sig", "surrogateescape")
    with path.open(encoding=encoding, errors=errors, newline="") as file:
        yield Lines(file, limit, longest)


def clean(text: str) -> str:
    """The text with lone surrogates, which cannot be written to any page, made visible as U+FFFD."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def natural_size(size: int) -> str:
    """Bytes for people: "10 MB"."""
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size:,} bytes"


def counted(number: int, thing: str) -> str:
    """ "1 row", "2 rows"."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
