"""HDF5: the forms of arrays and attributes, out of the bytes of their messages."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from dlviz_docs.readers.networks._hdf5_parts import NOWHERE, damaged

__all__ = ["Layout", "Type", "attribute_parts", "filters_of", "layout_of", "shape_of", "type_of"]

_MOST_AXES = 32
_LONGEST_SIDE = 1 << 48
_COMPACT, _CONTIGUOUS, _CHUNKED, _VIRTUAL = range(4)


@dataclass(frozen=True, slots=True)
class Type:
    """What the elements are."""

    kind: str
    """ "number", "text", "texts" for those of any length, which lie elsewhere, or "" for all else."""
    dtype: str = ""
    """As PyTorch calls it."""
    size: int = 0
    big_endian: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the elements are."""

    kind: str
    """ "contiguous", "compact", "chunked", "virtual", or "" for a form that is not known."""
    start: int = NOWHERE
    """Of the elements, or of the tree of chunks."""
    size: int = 0
    chunk: tuple[int, ...] = ()
    """Elements of a chunk along each axis."""


def type_of(body: bytes) -> Type:
    """The type that a message describes."""
    if len(body) < 8:
        raise damaged()
    kind, flags, size = body[0] & 15, body[1], int.from_bytes(body[4:8], "little")
    big = bool(flags & 1)
    if kind == 0 and size in (1, 2, 4, 8):
        return Type("number", f"{'' if flags & 8 else 'u'}int{8 * size}", size, big)
    if kind == 1:
        exponent = body[13] if len(body) > 13 else 0
        dtype = {(2, 5): "float16", (2, 8): "bfloat16", (4, 8): "float32", (8, 11): "float64"}.get((size, exponent), "")
        return Type("number" if dtype else "", dtype, size, big)
    if kind == 3:
        return Type("text", "", size)
    if kind == 5:  # without a type of its own: what NumPy does not know
        return Type("number" if size in (1, 2) else "", {1: "uint8", 2: "bfloat16"}.get(size, ""), size)
    if kind == 8 and size == 1:
        return Type("number", "bool", 1)
    return Type("texts" if kind == 9 and flags & 15 == 1 else "", "", size)


def shape_of(body: bytes) -> tuple[int, ...] | None:
    """Lengths of the axes; None for no elements at all."""
    if len(body) < 4:
        raise damaged()
    version, axes = body[0], body[1]
    start = {1: 8, 2: 4}.get(version)
    if start is None or axes > _MOST_AXES or len(body) < start + 8 * axes:
        raise damaged()
    if version == 2 and body[3] == 2:
        return None
    shape = struct.unpack_from(f"<{axes}Q", body, start)
    if any(length > _LONGEST_SIDE for length in shape):
        raise damaged()
    return tuple(int(length) for length in shape)


def layout_of(body: bytes, at: int) -> Layout:
    """Where elements lie; `at` is where the message stands in the file."""
    if len(body) < 2:
        raise damaged()
    if body[0] in (1, 2):
        return _old_layout(body, at)
    kind = body[1]
    if kind == _COMPACT and len(body) >= 4:
        return Layout("compact", at + 4, int.from_bytes(body[2:4], "little"))
    if kind == _CONTIGUOUS and len(body) >= 18:
        return Layout("contiguous", *struct.unpack_from("<QQ", body, 2))
    if kind == _CHUNKED and body[0] == 3 and len(body) >= 11:
        axes = body[2]
        sizes = struct.unpack_from(f"<{axes}I", body, 11) if len(body) >= 11 + 4 * axes else ()
        return Layout("chunked", int.from_bytes(body[3:11], "little"), chunk=tuple(sizes[:-1]))
    return Layout("virtual" if kind == _VIRTUAL else "")


def _old_layout(body: bytes, at: int) -> Layout:
    axes, kind = body[1], body[2]
    start = int.from_bytes(body[8:16], "little")
    if kind == _COMPACT:
        place = 8 + 4 * axes
        return Layout("compact", at + place + 4, int.from_bytes(body[place : place + 4], "little"))
    if len(body) < 16 + 4 * axes:
        raise damaged()
    sizes = struct.unpack_from(f"<{axes}I", body, 16)
    return Layout("contiguous", start) if kind == _CONTIGUOUS else Layout("chunked", start, chunk=tuple(sizes[:-1]))


def filters_of(body: bytes) -> tuple[int, ...]:
    """Numbers of the filters that chunks went through, in order."""
    if len(body) < 2:
        raise damaged()
    version, count = body[0], body[1]
    place = 8 if version == 1 else 2
    found = []
    for _ in range(count):
        if len(body) < place + 6:
            raise damaged()
        number = int.from_bytes(body[place : place + 2], "little")
        named = version == 1 or number >= 256
        length = int.from_bytes(body[place + 2 : place + 4], "little") if named else 0
        place += 4 if named else 2
        values = int.from_bytes(body[place + 2 : place + 4], "little")
        place += 4 + (-(-length // 8) * 8 if version == 1 else length)
        place += 4 * (values + (values & 1 if version == 1 else 0))
        found.append(number)
    return tuple(found)


def attribute_parts(body: bytes) -> tuple[str, bytes, bytes, bytes]:
    """Name, type, shape and elements of an attribute; its type is b"" where it lies elsewhere."""
    if len(body) < 8:
        raise damaged()
    version = body[0]
    sizes = struct.unpack_from("<HHH", body, 2)
    place = 9 if version == 3 else 8
    parts = []
    for size in sizes:
        parts.append(body[place : place + size])
        place += -(-size // 8) * 8 if version == 1 else size
    name, kind, shape = parts
    shared = version > 1 and body[1] & 1
    return name.rstrip(b"\0").decode("utf-8", "replace"), b"" if shared else kind, shape, body[place:]
