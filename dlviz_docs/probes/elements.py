"""Weights as arrays in a type that NumPy has, exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ProbeError, ReadError
from dlviz_docs.readers.networks._stored import Stored, load

__all__ = ["elements_of"]

_MOST = 1 << 30
"""Bytes of one weight."""
_WHOLE = {"uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64"}
_FLOATS = {"float16", "float32", "float64"}


def elements_of(stored: Stored) -> NDArray[Any]:
    """A tensor's elements; those of types that NumPy has not are float32. `ProbeError` where they cannot be read."""
    try:
        values = load(stored, _MOST)
    except ReadError as error:
        raise ProbeError(f"The weight {stored.name!r} {error.what}.") from error
    if stored.quantised is None and stored.dtype in {*_WHOLE, *_FLOATS, "bool"}:
        return _exact(values, np.dtype(stored.dtype))
    return np.array(values, order="C")


def _exact(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Whole numbers that were read as fractions, whole again: 2 ** 63 is the largest there is, not the smallest."""
    if dtype.kind not in "iu":
        return np.array(values, dtype=dtype, order="C")
    largest = np.iinfo(dtype).max
    beyond = values >= float(largest)
    return np.where(beyond, largest, np.where(beyond, 0, values).astype(dtype)).astype(dtype)
