"""HDF5 as a container of arrays: what lies in it and where. Read without the library, which crashes on damaged files.

Nothing leads out of the file: links to others, elements in others, and arrays put together from others are refused. Of
filters deflate, shuffle and checksums are undone, with a limit.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.readers.networks._hdf5_parts import NOWHERE, Chunk, File, Link, Message, damaged
from dlviz_docs.readers.networks._hdf5_types import (
    Layout,
    Type,
    attribute_parts,
    filters_of,
    layout_of,
    shape_of,
    type_of,
)

__all__ = ["Array", "Directory", "assembled", "opened_hdf5"]

_MOST_OBJECTS = 200_000
_DEEPEST = 64
_MOST_HOPS = 8
"""Soft links that are followed one after the other."""
_MOST_TEXTS = 100_000
_LONGEST_TEXT = 64 << 20
_LARGEST_CHUNK = 64 << 20
_MOST_OCTETS = 1 << 60
_DEFLATE, _SHUFFLE, _FLETCHER = 1, 2, 3
_SPACE, _TYPE, _EXTERNAL, _LAYOUT, _FILTERS, _ATTRIBUTE = 0x01, 0x03, 0x07, 0x08, 0x0B, 0x0C
_OBJECTS = frozenset({_TYPE, _LAYOUT, 0x02, 0x06, 0x0A, 0x11})
"""Messages of which each object has some: a type, a layout, or one of the four of groups."""
_UNKNOWN = "lies in a form that is not read"


@dataclass(frozen=True, slots=True)
class Array:
    """One data set: its form, and where its elements are."""

    path: str
    """From the root: "model_weights/dense/dense/kernel:0"."""
    shape: tuple[int, ...]
    dtype: str
    """As PyTorch calls it; "" for what is no number."""
    octets: int
    big_endian: bool = False
    offset: int | None = None
    """In the file, for elements that lie there in one piece; None for those in chunks."""
    there: bool = True
    """Whether its elements were ever written."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Short texts."""
    why_not: str = ""
    """Why its elements are not read."""
    layout: Layout = field(default_factory=lambda: Layout(""))
    filters: tuple[int, ...] = ()


class _Node:
    """One group or array."""

    def __init__(self, file: File, address: int) -> None:
        self.file = file
        self.address = address
        self.messages = file.header(address)

    @cached_property
    def links(self) -> dict[str, Link]:
        """By name; none of what is no group. Damage, where the object is nothing that is known."""
        if not _OBJECTS & {message.kind for message in self.messages}:
            raise damaged()
        return {link.name: link for link in self.file.links(self.messages)}

    @property
    def is_array(self) -> bool:
        return self.body(_LAYOUT) is not None

    def body(self, kind: int) -> Message | None:
        return next((message for message in self.messages if message.kind == kind), None)

    @cached_property
    def attributes(self) -> dict[str, tuple[str, ...]]:
        """Texts by the name of the attribute; those that hold something else have none."""
        found = {}
        for message in self.messages:
            if message.kind == _ATTRIBUTE and not message.shared:
                name, kind, shape, body = attribute_parts(message.body)
                found[name] = tuple(self._texts(kind, shape, body)) if kind else ()
        return found

    def _texts(self, kind: bytes, shape: bytes, body: bytes) -> Iterator[str]:
        told, lengths = type_of(kind), shape_of(shape)
        count = 0 if lengths is None else math.prod(lengths)
        if told.kind not in ("text", "texts") or count > _MOST_TEXTS or not told.size:
            return
        if told.size * count > len(body):
            raise damaged()
        for place in range(0, told.size * count, told.size):
            yield self._text(told, body[place : place + told.size])

    def _text(self, told: Type, piece: bytes) -> str:
        if told.kind == "texts":
            size, address = int.from_bytes(piece[:4], "little"), int.from_bytes(piece[4:12], "little")
            if size > _LONGEST_TEXT or not size:
                return ""
            piece = self.file.global_text(address, int.from_bytes(piece[12:16], "little"), size)
        return piece.rstrip(b"\0").decode("utf-8", "replace")


class Directory:
    """What an open file holds. Methods raise ReadError where the file is damaged."""

    def __init__(self, file: File) -> None:
        self.file = file
        self.refused: list[tuple[str, str]] = []
        """Path, and what it is that is not followed."""
        self._nodes: dict[int, _Node] = {}
        self._root = self._node(file.root())

    def has(self, path: str) -> bool:
        """Whether a group or array of that path is in the file."""
        return self._at(path) is not None

    def texts(self, path: str, name: str) -> tuple[str, ...]:
        """A text or a list of texts among the attributes; () where it is none.

        Keras cuts lists that are too long for one attribute: "layer_names0", "layer_names1", ...
        """
        node = self._at(path)
        if node is None:
            return ()
        if self.file.has_dense_attributes(node.messages):
            self._refuse(path, "a group with more attributes than are read")
        found = node.attributes.get(name)
        if found is not None:
            return found
        return tuple(self._numbered(node, name))

    def _numbered(self, node: _Node, name: str) -> Iterator[str]:
        for number in range(len(node.attributes)):
            more = node.attributes.get(f"{name}{number}")
            if more is None:
                return
            yield from more

    def text(self, path: str, name: str) -> str:
        """A text among the attributes; "" where there is none."""
        return next(iter(self.texts(path, name)), "")

    def array(self, path: str) -> Array | None:
        """The array of that path; None for a group, and for nothing."""
        node = self._at(path)
        return _described(node, path) if node is not None and node.is_array else None

    def arrays(self, path: str = "") -> Iterator[Array]:
        """Every array at and below a group, by depth first, each once."""
        waiting, seen = [(path, 0)], set[int]()
        while waiting:
            place, depth = waiting.pop()
            node = self._at(place)
            if node is None or node.address in seen or len(seen) > _MOST_OBJECTS or depth > _DEEPEST:
                continue
            seen.add(node.address)
            if node.is_array:
                yield _described(node, place)
            else:
                self._check(node, place)
                waiting += [(f"{place}/{name}" if place else name, depth + 1) for name in reversed(node.links)]

    def _node(self, address: int) -> _Node:
        if address not in self._nodes:
            self._nodes[address] = _Node(self.file, address)
        return self._nodes[address]

    def _at(self, path: str) -> _Node | None:
        """The group or array; None where there is none, or where it lies elsewhere."""
        node, hops = self._root, 0
        left = [part for part in path.split("/") if part][::-1]
        while left:
            self._check(node, path)
            link = node.links.get(left.pop())
            if link is None:
                return None
            if link.kind == "hard":
                node = self._node(link.address)
            elif link.kind == "soft" and (hops := hops + 1) <= _MOST_HOPS:
                node = self._root if link.target.startswith("/") else node
                left += [part for part in link.target.split("/") if part not in ("", ".")][::-1]
            else:
                self._refuse(path, link.kind)
                return None
        return node

    def _check(self, node: _Node, path: str) -> None:
        if not node.links and self.file.has_dense_links(node.messages):
            self._refuse(path, "in a group with more names than are read")

    def _refuse(self, path: str, what: str) -> None:
        if (path, what) not in self.refused:
            self.refused.append((path, what))


def opened_hdf5(file: IO[bytes], size: int) -> Directory:
    """The directory of a file of so many bytes; ReadError where it is none or is damaged."""
    return Directory(File(file, size))


def _described(node: _Node, path: str) -> Array:
    told = {kind: message for kind in (_SPACE, _TYPE, _LAYOUT, _FILTERS, _EXTERNAL) if (message := node.body(kind))}
    if _SPACE not in told or _TYPE not in told or told[_TYPE].shared or told[_SPACE].shared:
        return Array(path, (), "", 0, why_not=_UNKNOWN)
    shape, kind = shape_of(told[_SPACE].body), type_of(told[_TYPE].body)
    layout = layout_of(told[_LAYOUT].body, told[_LAYOUT].at)
    filters = filters_of(told[_FILTERS].body) if _FILTERS in told else ()
    attributes = {name: texts[0][:200] for name, texts in list(node.attributes.items())[:16] if texts}
    octets = math.prod(shape) * kind.size if shape is not None else 0
    if octets > _MOST_OCTETS:
        return Array(path, (), "", 0, why_not="claims more elements than there can be")
    return Array(
        path,
        shape or (),
        _dtype(kind, attributes.get("dtype", "")),
        octets,
        kind.big_endian,
        layout.start if layout.kind in ("contiguous", "compact") and layout.start != NOWHERE else None,
        octets == 0 or layout.start != NOWHERE,
        attributes,
        _refusal(layout, filters, kind, _EXTERNAL in told),
        layout,
        filters,
    )


def _dtype(kind: Type, told: str) -> str:
    """Keras writes types that NumPy does not know as bytes, and says which in an attribute."""
    if kind.kind != "number":
        return ""
    same = {1: ("float8_e4m3fn", "float8_e5m2", "int8", "uint8"), 2: ("bfloat16", "float16")}.get(kind.size, ())
    return told if told in same and kind.dtype in ("uint8", "bfloat16") else kind.dtype


def _refusal(layout: Layout, filters: Sequence[int], kind: Type, external: bool) -> str:
    """Why the elements of an array are not read; "" where they are."""
    if layout.kind == "virtual":
        return "is put together from other files"
    if external:
        return "has its numbers in another file"
    if kind.kind != "number":
        return "holds no numbers"
    if set(filters) - {_DEFLATE, _SHUFFLE, _FLETCHER}:
        return "is compressed in a way that is not read"
    if math.prod(layout.chunk) * kind.size > _LARGEST_CHUNK:
        return "lies in chunks that are too large"
    return "" if layout.kind else _UNKNOWN


def assembled(directory: Directory, array: Array, limit: int) -> NDArray[Any]:
    """The elements of an array in chunks, as unsigned bytes of shape (octets,); ReadError beyond `limit` bytes."""
    if array.octets > limit:
        raise damaged("is too large to be put together from its chunks")
    if array.why_not or array.layout.kind != "chunked" or len(array.layout.chunk) != len(array.shape):
        raise damaged(array.why_not or _UNKNOWN)
    size = array.octets // max(1, math.prod(array.shape))
    whole = np.zeros((*array.shape, size), np.uint8)
    for chunk in directory.file.chunks(array.layout.start, len(array.shape) + 1):
        _put(whole, chunk, array, directory.file)
    return whole.reshape(-1)


def _put(whole: NDArray[Any], chunk: Chunk, array: Array, file: File) -> None:
    if chunk.size > 2 * _LARGEST_CHUNK or any(o >= n for o, n in zip(chunk.offsets, array.shape, strict=False)):
        raise damaged()
    lengths, size = array.layout.chunk, whole.shape[-1]
    # A filter whose bit is set in the mask was left out when the chunk was written.
    used = [kind for place, kind in enumerate(array.filters) if not chunk.mask >> place & 1]
    raw = _unfiltered(file.read(chunk.start, chunk.size), used, size, math.prod(lengths) * size)
    ends = [min(o + c, n) for o, c, n in zip(chunk.offsets, lengths, array.shape, strict=False)]
    inside = tuple(slice(o, e) for o, e in zip(chunk.offsets, ends, strict=False))
    whole[inside] = raw.reshape(*lengths, size)[tuple(slice(0, part.stop - part.start) for part in inside)]


def _unfiltered(raw: bytes, filters: Sequence[int], size: int, octets: int) -> NDArray[Any]:
    for kind in reversed(filters):
        if kind == _FLETCHER:
            raw = raw[:-4]
        elif kind == _DEFLATE:
            try:
                raw = zlib.decompressobj().decompress(raw, octets + 4)
            except zlib.error as error:
                raise damaged() from error
        elif len(raw) % size == 0:
            raw = np.frombuffer(raw, np.uint8).reshape(size, -1).T.tobytes()
    if len(raw) != octets:
        raise damaged()
    return np.frombuffer(raw, np.uint8)
