"""A number for each row of a table: equal for equal rows, whatever machine it runs on.

Columns are mixed one after another by the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom
Number Generators", OOPSLA 2014); two different rows of n meet with a chance of about n² / 2^65. Texts and names of
levels go through XXH3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import Feature

__all__ = ["row_hashes"]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_NOTHING = np.uint64(0x7FF8DEAD00000000)
"""Of a missing cell; two of them are equal."""


def row_hashes(features: Sequence[Feature], arrays: Sequence[NDArray[Any]] = (), length: int = 0) -> NDArray[np.uint64]:
    """One number a row, shape (n,), of columns in this order and of arrays of shape (n, ...).

    Levels count by their names and texts by their content, so that rows of two tables can be compared. `length` is for
    tables without columns, whose rows are all equal.
    """
    length = len(features[0]) if features else (len(arrays[0]) if arrays else length)
    mixed = np.zeros(length, np.uint64)
    for bits in (*map(_of_feature, features), *map(_of_array, arrays)):
        mixed = _mixed(mixed + _STEP, bits)
    return mixed


def _mixed(state: NDArray[np.uint64], bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser of both, in place of the state."""
    state ^= bits
    scratch = state >> np.uint64(30)
    state ^= scratch
    state *= _FIRST
    np.right_shift(state, np.uint64(27), out=scratch)
    state ^= scratch
    state *= _SECOND
    np.right_shift(state, np.uint64(31), out=scratch)
    state ^= scratch
    return state


def _of_feature(feature: Feature) -> NDArray[np.uint64]:
    if feature.texts is not None:
        return feature.texts.hashes
    if feature.kind in ("number", "time"):
        return _bits(feature.values.astype(np.float64, copy=False))
    from xxhash import xxh3_64_intdigest

    names = [xxh3_64_intdigest(level.encode("utf-8", "replace")) for level in feature.levels]
    table = np.array([*names, int(_NOTHING)], np.uint64)
    hashed: NDArray[np.uint64] = table[feature.values.astype(np.intp)]
    return hashed


def _bits(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Of equal numbers the same: -0 is 0, and any NaN is missing."""
    bits = (values + 0.0).view(np.uint64)
    missing = np.isnan(values)
    if missing.any():
        bits[missing] = _NOTHING
    return bits


def _of_array(array: NDArray[Any]) -> NDArray[np.uint64]:
    from xxhash import xxh3_64_intdigest

    rows = np.ascontiguousarray(array).reshape(len(array), -1)
    return np.fromiter((xxh3_64_intdigest(row.tobytes()) for row in rows), np.uint64, len(rows))
