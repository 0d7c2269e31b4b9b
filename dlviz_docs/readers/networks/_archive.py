"""Zip archives, as a list of what lies where: by their directory, or member by member where that is cut off.

Only sizes in the directory are believed, and only as far as the file reaches. PKWARE's APPNOTE 6.3, with zip64.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from dlviz_docs.errors import ReadError
from dlviz_docs.readers.networks._places import AGAIN, Place, reading

__all__ = ["Archive", "Member", "content", "place_of", "read_archive", "salvaged"]

_LOCAL, _CENTRAL, _END, _END64, _LOCATOR = b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\6\6", b"PK\6\7"
_DESCRIPTOR = b"PK\7\x08"
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _UTF8 = 1, 1 << 11
_MOST_MEMBERS = 200_000
_LARGEST_DIRECTORY = 64 << 20
_LONG = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive."""

    name: str
    header: int
    """Where its local header begins, in the file that holds the archive."""
    packed: int
    size: int
    deflated: bool = False
    readable: bool = True
    """False for what is encrypted, or packed in another way."""


@dataclass(frozen=True, slots=True)
class Archive:
    """What an archive holds."""

    members: Mapping[str, Member] = field(default_factory=dict)
    damage: str = ""
    """What is wrong, to be read after the file's name; "" for a whole archive."""


def read_archive(file: IO[bytes], start: int, size: int) -> Archive:
    """The directory of an archive that takes `size` bytes of a file from `start` on."""
    found = _end(file, start, size)
    if found is None:
        return Archive(damage="breaks off: its directory, which stands at the end, is not there")
    count, length, offset, end = found
    shift = end - length - offset
    if length > _LARGEST_DIRECTORY or count > _MOST_MEMBERS:
        return Archive(damage=f"holds {count:,} files, more than are listed")
    if shift < start or end - length < start:
        return Archive(damage="has a directory that points outside the file")
    file.seek(end - length)
    return _listed(file.read(length), shift, end - length)


def _end(file: IO[bytes], start: int, size: int) -> tuple[int, int, int, int] | None:
    """Number of members, length and stated place of the directory, and where it ends in the file."""
    tail_start = start + max(0, size - (1 << 16) - 22)
    file.seek(tail_start)
    tail = file.read(start + size - tail_start)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        return None
    count, length, offset = struct.unpack_from("<10xHII", tail, at)
    if at >= 20 and tail[at - 20 : at - 16] == _LOCATOR:
        return _end64(file, start, tail_start + at - 20, *struct.unpack_from("<8xQ", tail, at - 20))
    return count, length, offset, tail_start + at


def _end64(file: IO[bytes], start: int, locator: int, stated: int) -> tuple[int, int, int, int] | None:
    """The same of a zip64 archive; its end record stands where it is said to, or right before its locator."""
    for place in (start + stated, locator - 56):
        if start <= place <= locator - 56:
            file.seek(place)
            record = file.read(56)
            if record.startswith(_END64) and len(record) == 56:
                count, length, offset = struct.unpack_from("<32xQQQ", record)
                return count, length, offset, place
    return None


def _listed(directory: bytes, shift: int, limit: int) -> Archive:
    members: dict[str, Member] = {}
    damage = ""
    place = 0
    while place + 46 <= len(directory) and directory[place : place + 4] == _CENTRAL:
        member, place = _entry(directory, place, shift)
        if member.name in members:
            damage = f"holds two files of the name {member.name[:80]!r}"
        members[member.name] = member
        if member.header + 30 + member.packed > limit:
            damage = "holds files that reach beyond its end"
    if place < len(directory):
        damage = "has a directory that cannot be read to its end"
    return Archive(members, damage)


def _entry(directory: bytes, place: int, shift: int) -> tuple[Member, int]:
    """One entry of the directory, and where the next one begins."""
    flags, method, packed, size, name_length, extra_length, comment, header = struct.unpack_from(
        "<8xHH8xIIHHH8xI", directory, place
    )
    name_start = place + 46
    name = directory[name_start : name_start + name_length]
    extra = directory[name_start + name_length : name_start + name_length + extra_length]
    size, packed, header = _wide(extra, [size, packed, header])
    member = Member(
        name.decode("utf-8" if flags & _UTF8 else "cp437", "replace"),
        shift + header,
        packed,
        size if method == _DEFLATED else packed,
        method == _DEFLATED,
        method in (_STORED, _DEFLATED) and not flags & _ENCRYPTED,
    )
    return member, name_start + name_length + extra_length + comment


def _wide(extra: bytes, values: list[int]) -> list[int]:
    """Values of which those that did not fit in four bytes stand in the zip64 field."""
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, place)
        if kind == 1:
            wide = (int.from_bytes(extra[at : at + 8], "little") for at in range(place + 4, place + 4 + length, 8))
            return [next(wide, value) if value == _LONG else value for value in values]
        place += 4 + length
    return values


def place_of(file: IO[bytes], path: Path, member: Member) -> Place:
    """Where a member's bytes lie; ReadError where its local header is not there."""
    if not member.readable:
        raise ReadError(f"holds {member.name[:80]!r} encrypted or packed in a way that is not read", AGAIN)
    file.seek(member.header)
    header = file.read(30)
    if len(header) < 30 or not header.startswith(_LOCAL):
        raise ReadError(f"has no {member.name[:80]!r} where its directory says so", AGAIN)
    name, extra = struct.unpack_from("<26xHH", header)
    return Place(path, member.header + 30 + name + extra, member.size, member.packed if member.deflated else None)


def content(place: Place, limit: int) -> bytes:
    """The bytes of a place, which may be no more than `limit`."""
    if place.size > limit:
        raise ReadError(f"holds a part of {place.size:,} bytes, more than is read of such a part", AGAIN)
    held = bytearray(place.size)
    with reading(place) as fill:
        fill(memoryview(held))
    return bytes(held)


def salvaged(file: IO[bytes], start: int, size: int, sizes: Mapping[str, int]) -> Iterator[Member]:
    """Members of an archive without a directory, one after the other, as far as they are whole.

    PyTorch writes their sizes behind them. `sizes` has those that are known, by the name within the outermost folder
    ("data/0"), and is believed; others are passed over by looking for their end.
    """
    place, end = start, start + size
    for _ in range(_MOST_MEMBERS):
        file.seek(place)
        header = file.read(30 + (1 << 10))
        if not header.startswith(_LOCAL) or place + 30 > end:
            return
        flags, method, packed, name_length, extra_length = struct.unpack_from("<6xHH8xI4xHH", header)
        name = header[30 : 30 + name_length].decode("utf-8", "replace")
        body = place + 30 + name_length + extra_length
        if body > end:
            return
        known = sizes.get(name.partition("/")[2])
        length = known if known is not None else packed if packed not in (0, _LONG) else _gap(file, body, end)
        if body + length > end:
            return
        yield Member(name, place, length, length, method == _DEFLATED, method == _STORED and not flags & _ENCRYPTED)
        place = _after(file, body + length)


def _gap(file: IO[bytes], body: int, end: int) -> int:
    """Bytes to the next descriptor, for a member whose size nobody says; none beyond a megabyte are looked at."""
    file.seek(body)
    ahead = file.read(min(1 << 20, end - body))
    found = ahead.find(_DESCRIPTOR)
    return found if found >= 0 else end - body


def _after(file: IO[bytes], place: int) -> int:
    """Where the next member begins: behind the descriptor, if there is one, of either width."""
    file.seek(place)
    ahead = file.read(28)
    if not ahead.startswith(_DESCRIPTOR):
        return place
    return place + (16 if ahead[16:20] == _LOCAL else 24)
