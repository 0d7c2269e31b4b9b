"""HDF5 as a container of arrays: what lies in it and where, by h5py, which reads only the directories and attributes.

Links are resolved here, so that none leads out of the file: external links, external storage and virtual data sets are
refused before the library follows them. Only filters that come with the library are undone, by us, with a limit.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import MissingExtra, ReadError

if TYPE_CHECKING:
    import h5py

__all__ = ["Array", "Directory", "assembled", "open_hdf5"]

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_MOST_OBJECTS = 200_000
_DEEPEST = 64
_LARGEST_ATTRIBUTE = 64 << 20
_MOST_HOPS = 8
"""Soft links that are followed one after the other."""
_LARGEST_CHUNK = 64 << 20
_DEFLATE, _SHUFFLE, _FLETCHER = 1, 2, 3
_AGAIN = "Save the model again; the file is damaged."


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
    """In the file, for elements that lie there in one piece; None for those in chunks or in the directory."""
    there: bool = True
    """Whether its elements were ever written."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Short texts."""
    why_not: str = ""
    """Why its elements are not read."""


@dataclass(slots=True)
class Directory:
    """What an open file holds."""

    file: h5py.File
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Path, and what it is that is not followed."""

    def has(self, path: str) -> bool:
        """Whether a group or data set of that path is in the file."""
        return self._at(path) is not None

    def children(self, path: str = "") -> tuple[str, ...]:
        """Names in a group, in the order of the file; none where there is no group."""
        group = self._at(path)
        return tuple(_names(group)) if _is_group(group) else ()

    def texts(self, path: str, name: str) -> tuple[str, ...]:
        """A text or a list of texts among the attributes; () where it is none.

        Keras cuts lists that are too long for one attribute: "layer_names0", "layer_names1", ...
        """
        node = self._at(path)
        if node is None:
            return ()
        if name in node.attrs:
            return tuple(_attribute(node, name))
        found: list[str] = []
        for place in range(_MOST_OBJECTS):
            if f"{name}{place}" not in node.attrs:
                break
            found += _attribute(node, f"{name}{place}")
        return tuple(found)

    def text(self, path: str, name: str) -> str:
        """A text among the attributes; "" where there is none."""
        return next(iter(self.texts(path, name)), "")

    def array(self, path: str) -> Array | None:
        """The data set of that path."""
        node = self._at(path)
        return None if node is None or _is_group(node) else _described(node, path)

    def arrays(self, path: str = "") -> Iterator[Array]:
        """Every data set at and below a group, by depth first, each once."""
        yield from self._below(path, set(), 0)

    def _below(self, path: str, seen: set[int], depth: int) -> Iterator[Array]:
        node = self._at(path)
        if node is None or depth > _DEEPEST or len(seen) > _MOST_OBJECTS:
            return
        address = _address(node)
        if address in seen:
            return
        seen.add(address)
        if not _is_group(node):
            yield _described(node, path)
            return
        for name in _names(node):
            yield from self._below(f"{path}/{name}" if path else name, seen, depth + 1)

    def _at(self, path: str) -> Any:
        """The group or data set; None where there is none, or where it lies elsewhere."""
        node: Any = self.file
        left = [part for part in path.split("/") if part][::-1]
        hops = 0
        while left:
            if not _is_group(node):
                return None
            name = left.pop()
            kind, target = self._link(node, name)
            if kind == "hard":
                node = node[name]
            elif kind == "soft" and (hops := hops + 1) <= _MOST_HOPS:
                node = self.file if target.startswith("/") else node
                left += [part for part in target.split("/") if part not in ("", ".")][::-1]
            else:
                if kind:
                    self.refused.append((path, kind))
                return None
        return node

    def _link(self, group: Any, name: str) -> tuple[str, str]:
        """What kind of link a name is, without following it."""
        import h5py

        try:
            link = group.get(name, getlink=True)
        except (KeyError, OSError, RuntimeError, TypeError, ValueError):
            return "", ""
        if isinstance(link, h5py.HardLink):
            return "hard", ""
        if isinstance(link, h5py.SoftLink):
            return "soft", str(link.path)
        return ("a link to another file", "") if isinstance(link, h5py.ExternalLink) else ("", "")


@contextmanager
def open_hdf5(file: IO[bytes]) -> Iterator[Directory]:
    """The directory of a file; ReadError where it is none or is damaged, also while it is read."""
    try:
        import h5py
    except ImportError as error:
        raise MissingExtra("h5py", "models") from error
    file.seek(0)
    if file.read(len(SIGNATURE)) != SIGNATURE:
        raise ReadError("is no HDF5 file, or its beginning is damaged", _AGAIN)
    try:
        with h5py.File(file, "r") as opened:
            yield Directory(opened)
    # What h5py raises for damage depends on where the library meets it.
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, UnicodeDecodeError, EOFError) as error:
        if isinstance(error, ReadError):
            raise
        raise ReadError("is damaged, or cut off", _AGAIN) from error


def assembled(directory: Directory, array: Array, limit: int) -> NDArray[Any]:
    """The elements of an array in chunks or in the directory, as unsigned bytes of shape (octets,); ReadError beyond
    `limit` bytes."""
    if array.octets > limit:
        raise ReadError("is too large to be put together from its chunks", _AGAIN)
    node = directory._at(array.path)
    if node is None or array.why_not:
        raise ReadError(array.why_not or "is not there", _AGAIN)
    try:
        if node.chunks is None:  # compact: at most 64 KiB within the directory
            return np.frombuffer(np.ascontiguousarray(node[()]).tobytes(), np.uint8)
        return _from_chunks(node)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, zlib.error) as error:
        raise ReadError("is damaged", _AGAIN) from error


def _from_chunks(node: Any) -> NDArray[Any]:
    size = node.dtype.itemsize
    whole = np.zeros((*node.shape, size), np.uint8)
    filters = [node.id.get_create_plist().get_filter(i)[0] for i in range(node.id.get_create_plist().get_nfilters())]
    for place in range(node.id.get_num_chunks()):
        info = node.id.get_chunk_info(place)
        if info.size > 2 * _LARGEST_CHUNK:
            raise ValueError("a chunk that is too large")
        mask, raw = node.id.read_direct_chunk(info.chunk_offset)
        # A filter whose bit is set in the mask was left out when the chunk was written.
        used = [kind for at, kind in enumerate(filters) if not mask >> at & 1]
        chunk = _unfiltered(bytes(raw), used, size, math.prod(node.chunks) * size).reshape(*node.chunks, size)
        ends = [min(o + c, s) for o, c, s in zip(info.chunk_offset, node.chunks, node.shape, strict=True)]
        inside = tuple(slice(o, e) for o, e in zip(info.chunk_offset, ends, strict=True))
        whole[inside] = chunk[tuple(slice(0, i.stop - i.start) for i in inside)]
    return whole.reshape(-1)


def _unfiltered(raw: bytes, filters: Sequence[int], size: int, octets: int) -> NDArray[Any]:
    for kind in reversed(filters):
        if kind == _FLETCHER:
            raw = raw[:-4]
        elif kind == _DEFLATE:
            raw = zlib.decompressobj().decompress(raw, octets + 4)
        elif kind == _SHUFFLE:
            raw = np.frombuffer(raw, np.uint8).reshape(size, -1).T.tobytes()
    if len(raw) != octets:
        raise ValueError("a chunk of another length than announced")
    return np.frombuffer(raw, np.uint8)


def _names(group: Any) -> list[str]:
    """In the file's order; a name that is no text is left out."""
    return [name for name in group if isinstance(name, str)]


def _is_group(node: Any) -> bool:
    return node is not None and hasattr(node, "keys") and not hasattr(node, "shape")


def _address(node: Any) -> int:
    import h5py

    return int(h5py.h5o.get_info(node.id).addr)


def _described(node: Any, path: str) -> Array:
    if not hasattr(node, "shape"):  # a named type
        return Array(path, (), "", 0, why_not="holds no numbers")
    shape = tuple(int(length) for length in node.shape or ())
    attributes = {name: next(iter(_attribute(node, name)), "") for name in list(node.attrs)[:16]}
    dtype = _word(node.dtype, attributes.get("dtype", ""))
    octets = math.prod(shape) * node.dtype.itemsize
    offset = node.id.get_offset() if node.chunks is None and node.shape is not None else None
    return Array(
        path,
        shape,
        dtype,
        octets,
        big_endian=node.dtype.byteorder == ">",
        offset=None if offset is None else int(offset),
        there=octets == 0 or offset is not None or node.id.get_storage_size() > 0,
        attributes=attributes,
        why_not=_refusal(node) or ("" if dtype else "holds no numbers"),
    )


def _word(dtype: np.dtype[Any], told: str) -> str:
    """PyTorch's name of a type; two bytes without one are bfloat16, as Keras writes it."""
    if dtype.kind == "V" and dtype.names is None and dtype.itemsize == 2:
        return told if told in ("bfloat16", "float16") else "bfloat16"
    if dtype.kind == "V" and dtype.itemsize == 1 and told.startswith("float8"):
        return told
    if dtype.kind in "iufc" and dtype.names is None:
        return dtype.newbyteorder("=").name
    return "bool" if dtype.kind == "b" else ""


def _refusal(node: Any) -> str:
    """Why the elements of a data set are not read; "" where they are."""
    if node.is_virtual:
        return "is put together from other files"
    if node.external:
        return "has its numbers in another file"
    if node.chunks is None:
        return ""
    plan = node.id.get_create_plist()
    kinds = {plan.get_filter(place)[0] for place in range(plan.get_nfilters())}
    if kinds - {_DEFLATE, _SHUFFLE, _FLETCHER}:
        return "is compressed in a way that is not read"
    if math.prod(node.chunks) * node.dtype.itemsize > _LARGEST_CHUNK:
        return "lies in chunks that are too large"
    return ""


def _attribute(node: Any, name: str) -> list[str]:
    """The texts of an attribute; none of one that holds something else, or too much."""
    import h5py

    try:
        if h5py.h5a.open(node.id, name.encode()).get_storage_size() > _LARGEST_ATTRIBUTE:
            return []
        value = node.attrs[name]
    except (KeyError, OSError, RuntimeError, TypeError, ValueError):
        return []
    listed = value.reshape(-1).tolist() if isinstance(value, np.ndarray) else [value]
    texts = [one.decode("utf-8", "replace") if isinstance(one, bytes) else one for one in listed]
    return [one for one in texts if isinstance(one, str)]
