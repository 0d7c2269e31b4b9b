"""HDF5, the lowest level: object headers, trees, heaps and links, in the form that h5py writes unless told otherwise.

"HDF5 File Format Specification", versions 1 to 3. Addresses and lengths have eight bytes, as on every machine today.
Groups and attributes that are so many that they were written "densely" are told, and not read. What points in circles
ends; what points outside the file is damage.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from dlviz_docs.errors import ReadError

__all__ = ["NOWHERE", "SIGNATURE", "Chunk", "File", "Link", "Message", "damaged"]

SIGNATURE = b"\x89HDF\r\n\x1a\n"
NOWHERE = (1 << 64) - 1
"""The address of what was never written."""
_AGAIN = "Save the model again; the file is damaged."
_MOST_BLOCKS = 4_096
_MOST_NODES = 1_000_000
"""Of all trees of a file."""
_LONGEST_NAME = 4_096
_LARGEST_BLOCK = 64 << 20
_CONTINUED, _SYMBOLS, _LINK, _LINK_INFO, _ATTRIBUTE_INFO = 0x10, 0x11, 0x06, 0x02, 0x15


@dataclass(frozen=True, slots=True)
class Message:
    """One part of an object's header."""

    kind: int
    body: bytes
    shared: bool = False
    """Whether the body only says where in the file it is."""
    at: int = 0
    """Where the body begins in the file."""


@dataclass(frozen=True, slots=True)
class Link:
    """A name in a group, and what it stands for."""

    name: str
    kind: str
    """ "hard", "soft", or what else it is, in words."""
    address: int = NOWHERE
    target: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of an array that lies in pieces."""

    offsets: tuple[int, ...]
    start: int
    size: int
    mask: int
    """Bit for each filter that was left out."""


def damaged(what: str = "is damaged, or cut off") -> ReadError:
    """What is said of a file that contradicts itself."""
    return ReadError(what, _AGAIN)


@dataclass(slots=True)
class File:
    """An open file, and how much of it was looked at."""

    file: IO[bytes]
    size: int
    left: int = _MOST_NODES

    def root(self) -> int:
        """Address of the outermost group; ReadError for a file that is none."""
        head = self.read(0, min(96, self.size))
        if not head.startswith(SIGNATURE):
            raise damaged("is no HDF5 file, or its beginning is damaged")
        version = head[8] if len(head) > 8 else 0
        wide = head[13:15] if version < 2 else head[9:11]
        place = {0: 64, 1: 68, 2: 36, 3: 36}.get(version)
        if wide != b"\x08\x08" or place is None or len(head) < place + 8:
            raise damaged("is HDF5 in a form that is not read")
        return int.from_bytes(head[place : place + 8], "little")

    def read(self, start: int, size: int) -> bytes:
        """So many bytes; ReadError where they are not all there."""
        if not 0 <= start <= self.size or not 0 <= size <= min(self.size - start, _LARGEST_BLOCK):
            raise damaged()
        self.file.seek(start)
        found = self.file.read(size)
        if len(found) < size:
            raise damaged()
        return found

    def _spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise damaged("has more parts than are looked at")

    # --- headers ---

    def header(self, address: int) -> list[Message]:
        """All messages of an object."""
        self._spend()
        head = self.read(address, min(16, max(0, self.size - address)))
        if head.startswith(b"OHDR"):
            return list(self._messages_2(address))
        if len(head) < 16 or head[0] != 1:
            raise damaged()
        return list(self._messages_1(address + 16, int.from_bytes(head[8:12], "little")))

    def _messages_1(self, start: int, size: int) -> Iterator[Message]:
        blocks, seen = [(start, size)], set[int]()
        while blocks and len(seen) < _MOST_BLOCKS:
            begin, length = blocks.pop(0)
            if begin in seen:
                raise damaged()
            seen.add(begin)
            body, place = self.read(begin, length), 0
            while place + 8 <= len(body):
                kind, octets, flags = struct.unpack_from("<HHB", body, place)
                message = Message(kind, body[place + 8 : place + 8 + octets], bool(flags & 2), begin + place + 8)
                if kind == _CONTINUED:
                    blocks.append(_two(message.body))
                yield message
                place += 8 + octets

    def _messages_2(self, address: int) -> Iterator[Message]:
        flags = self.read(address + 4, 2)[1]
        skip = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        size = int.from_bytes(self.read(address + skip, width), "little")
        blocks, seen = [(address + skip + width, size)], set[int]()
        wide = 6 if flags & 4 else 4
        while blocks and len(seen) < _MOST_BLOCKS:
            begin, length = blocks.pop(0)
            if begin in seen:
                raise damaged()
            seen.add(begin)
            body, place = self.read(begin, length), 0
            while place + wide <= len(body):
                octets = int.from_bytes(body[place + 1 : place + 3], "little")
                inner = body[place + wide : place + wide + octets]
                message = Message(body[place], inner, bool(body[place + 3] & 2), begin + place + wide)
                if message.kind == _CONTINUED:
                    more, long = _two(inner)
                    blocks.append((more + 4, long - 8))  # between "OCHK" and a checksum
                yield message
                place += wide + octets

    # --- groups ---

    def links(self, messages: list[Message]) -> Iterator[Link]:
        """Names in a group, in the order of the file."""
        for message in messages:
            if message.kind == _SYMBOLS:
                tree, heap = _two(message.body)
                yield from self._symbols(tree, heap)
            elif message.kind == _LINK:
                yield _link(message.body)

    def is_dense(self, messages: list[Message], kind: int) -> bool:
        """Whether links or attributes are so many that they lie elsewhere, in a form that is not read."""
        for message in messages:
            if message.kind == kind and len(message.body) > 2:
                place = 2 + (message.body[1] & 1) * (8 if kind == _LINK_INFO else 2)
                return int.from_bytes(message.body[place : place + 8], "little") != NOWHERE
        return False

    def has_dense_links(self, messages: list[Message]) -> bool:
        """Whether a group's names are not among its messages."""
        return self.is_dense(messages, _LINK_INFO)

    def has_dense_attributes(self, messages: list[Message]) -> bool:
        """Whether an object's attributes are not among its messages."""
        return self.is_dense(messages, _ATTRIBUTE_INFO)

    def _symbols(self, tree: int, heap: int) -> Iterator[Link]:
        head = self.read(heap, 32)
        if not head.startswith(b"HEAP"):
            raise damaged()
        size, _, start = struct.unpack_from("<QQQ", head, 8)
        names = self.read(start, size)
        for node in self._leaves(tree, 0, 8):
            yield from self._entries(node[1], names)

    def _entries(self, address: int, names: bytes) -> Iterator[Link]:
        head = self.read(address, 8)
        if not head.startswith(b"SNOD"):
            raise damaged()
        count = int.from_bytes(head[6:8], "little")
        body = self.read(address + 8, 40 * count)
        for place in range(0, len(body), 40):
            name, inner, cached, target = struct.unpack_from("<QQI4xI", body, place)
            if cached == 2:
                yield Link(_name_at(names, name), "soft", target=_name_at(names, target))
            else:
                yield Link(_name_at(names, name), "hard", inner)

    def _leaves(self, address: int, kind: int, key: int) -> Iterator[tuple[bytes, int]]:
        """Keys and addresses below a tree: of groups (0) or of chunks (1)."""
        waiting, seen = [address], set[int]()
        while waiting:
            place = waiting.pop()
            self._spend()
            if place in seen:
                raise damaged()
            seen.add(place)
            head = self.read(place, 24)
            if not head.startswith(b"TREE") or head[4] != kind:
                raise damaged()
            level, count = head[5], int.from_bytes(head[6:8], "little")
            body = self.read(place + 24, count * (key + 8))
            found = [(body[at : at + key], _word(body, at + key)) for at in range(0, len(body), key + 8)]
            if level:
                waiting += [child for _, child in reversed(found)]
            else:
                yield from found

    # --- arrays in chunks, texts of any length ---

    def chunks(self, tree: int, axes: int) -> Iterator[Chunk]:
        """Pieces of an array; `axes` counts one more than it has, which is that of the bytes of an element."""
        if tree == NOWHERE:
            return
        for key, start in self._leaves(tree, 1, 8 + 8 * axes):
            size, mask, *offsets = struct.unpack_from(f"<II{axes}Q", key)
            yield Chunk(tuple(offsets), start, size, mask)

    def global_text(self, address: int, index: int, size: int) -> bytes:
        """A text in a heap that all objects share; b"" where it is not there."""
        head = self.read(address, 16)
        if not head.startswith(b"GCOL"):
            raise damaged()
        place, end = address + 16, address + _word(head, 8)
        while place + 16 <= end:
            self._spend()
            number, _, length = struct.unpack("<HH4xQ", self.read(place, 16))
            if number == index:
                return self.read(place + 16, min(size, length))
            if number == 0:
                break
            place += 16 + -(-length // 8) * 8
        return b""


def _word(body: bytes, place: int) -> int:
    return int.from_bytes(body[place : place + 8], "little")


def _two(body: bytes) -> tuple[int, int]:
    if len(body) < 16:
        raise damaged()
    return _word(body, 0), _word(body, 8)


def _name_at(names: bytes, place: int) -> str:
    end = names.find(b"\0", place, place + _LONGEST_NAME)
    if not 0 <= place < len(names) or end < 0:
        raise damaged()
    return names[place:end].decode("utf-8", "replace")


def _link(body: bytes) -> Link:
    """A link as groups of the newer form have it."""
    if len(body) < 4:
        raise damaged()
    flags, place, kind = body[1], 2, 0
    if flags & 8:
        kind, place = body[2], 3
    place += (8 if flags & 4 else 0) + (1 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    length = int.from_bytes(body[place : place + width], "little")
    place += width
    name, rest = body[place : place + length].decode("utf-8", "replace"), body[place + length :]
    if kind == 0 and len(rest) >= 8:
        return Link(name, "hard", _word(rest, 0))
    if kind == 1 and len(rest) >= 2:
        return Link(name, "soft", target=rest[2 : 2 + int.from_bytes(rest[:2], "little")].decode("utf-8", "replace"))
    return Link(name, "a link to another file" if kind == 64 else "a link of a kind that is not followed")
