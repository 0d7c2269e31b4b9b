"""The header of NumPy's array format, and the array behind it, taken only when both agree.

Nothing is unpickled and nothing mapped: object arrays are refused, and memory is asked for only when the bytes are
there. The format: NEP 1, "A Simple File Format for NumPy Arrays", versions 1 to 3.
"""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass, replace
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ReadError
from dlviz_docs.readers._text import natural_size

__all__ = ["MAGIC", "Header", "read_body", "read_header"]

MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 1 << 16
_MOST_DIMENSIONS = 8
_AGAIN = "Save the array again with numpy.save or numpy.savez."


@dataclass(frozen=True, slots=True)
class Header:
    """What an array is, before it is read."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    length: int
    """Bytes of the header."""

    @property
    def octets(self) -> int:
        """Bytes that the array takes."""
        return math.prod(self.shape) * self.dtype.itemsize

    def first(self, rows: int) -> Header:
        """The header of the first so many rows, as far as they lie at the beginning of the file."""
        if not self.shape or self.shape[0] <= rows or (self.fortran and len(self.shape) > 1):
            return self
        return replace(self, shape=(rows, *self.shape[1:]))


def read_header(file: IO[bytes]) -> Header:
    """The header at the file's beginning; ReadError for what is none, and for objects."""
    start = file.read(len(MAGIC) + 2)
    if not start.startswith(MAGIC) or len(start) < len(MAGIC) + 2 or start[6] not in (1, 2, 3):
        raise ReadError("is no NumPy array" if start else "is empty", _AGAIN)
    width = 2 if start[6] == 1 else 4
    size = int.from_bytes(file.read(width), "little")
    text = file.read(min(size, _LONGEST_HEADER))
    if size > _LONGEST_HEADER or len(text) < size:
        raise ReadError("has a header that is cut off or far too long", _AGAIN)
    described = _described(text.decode("utf-8" if start[6] == 3 else "latin-1", "replace"))
    return _checked(described, len(start) + width + size)


def _described(text: str) -> dict[str, object]:
    try:
        described = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError) as error:
        raise ReadError("has a header that says nothing", _AGAIN) from error
    if not isinstance(described, dict) or not {"descr", "fortran_order", "shape"} <= set(described):
        raise ReadError("has a header that says nothing", _AGAIN)
    return described


def _checked(described: dict[str, object], length: int) -> Header:
    shape = described["shape"]
    if not isinstance(shape, tuple) or len(shape) > _MOST_DIMENSIONS:
        raise ReadError("has a header with no sensible shape", _AGAIN)
    if not all(isinstance(side, int) and not isinstance(side, bool) and 0 <= side < 1 << 48 for side in shape):
        raise ReadError("has a header with no sensible shape", _AGAIN)
    try:
        dtype = np.lib.format.descr_to_dtype(described["descr"])  # type: ignore[arg-type]
    except (ValueError, TypeError, KeyError, IndexError, SyntaxError, RecursionError, AttributeError) as error:
        raise ReadError("has a header with no known type of numbers", _AGAIN) from error
    if dtype.hasobject:
        what = "holds Python objects, which are code as much as data; it is not opened"
        raise ReadError(what, "Save numbers or strings: array.astype(float) or array.astype(str) before numpy.save.")
    if dtype.itemsize == 0 or dtype.subdtype is not None:
        raise ReadError("holds values without a size", "Save numbers or strings with numpy.save.")
    return Header(dtype, shape, bool(described["fortran_order"]), length)


def read_body(file: IO[bytes], header: Header, available: int) -> NDArray[Any]:
    """The array, of which `available` bytes are said to be there; numbers in this machine's order of bytes."""
    if header.octets > available:
        wanted, there = natural_size(header.octets), natural_size(max(0, available))
        raise ReadError(f"breaks off: {wanted} are announced and {there} are there", _AGAIN)
    flat = np.empty(header.octets, np.uint8)
    view, place = flat.data, 0
    while place < len(view):
        got = file.readinto(view[place : place + (1 << 24)])  # type: ignore[attr-defined]
        if not got:
            raise ReadError("breaks off before the end of its array", _AGAIN)
        place += got
    values = flat.view(header.dtype) if len(flat) else np.empty(0, header.dtype)
    values = values.reshape(header.shape[::-1]).transpose() if header.fortran else values.reshape(header.shape)
    return _plain(values)


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    """In native order; two bytes without a type are bfloat16, as ml_dtypes and JAX save it."""
    if values.dtype.kind == "V" and values.dtype.names is None and values.dtype.itemsize == 2:
        wide = np.ascontiguousarray(values).view(np.uint16).astype(np.uint32) << 16
        return wide.view(np.float32)
    if values.dtype.names is None and not values.dtype.isnative:
        return values.astype(values.dtype.newbyteorder("="))
    return values
