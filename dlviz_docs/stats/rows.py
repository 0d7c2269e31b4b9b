"""Rows by their content: which are the same in every column."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import Feature

__all__ = ["FEW_COLUMNS", "row_hashes"]

Hashes: TypeAlias = NDArray[np.uint64]

FEW_COLUMNS = 5
"""Columns up to which equal rows are no proof of a copy."""
_AT_ONCE = 1 << 20
"""Numbers of an array that are hashed at once."""
_ODD = np.uint64(0x9E3779B97F4A7C15)
_ABSENT = np.uint64(0x7FF8000000000001)


def row_hashes(features: Iterable[Feature], arrays: Iterable[NDArray[Any]] = ()) -> Hashes:
    """A 64-bit hash of each row over all these columns, the same for the same cells whatever the order of the levels,
    and over the rows of arrays beside them.

    Missing cells are equal to each other, and 0 is -0. Identifiers without texts are told apart by place. Shape (n,);
    empty without columns. Of a million different rows, two meet with a probability of 3e-8.
    """
    mixed: Hashes | None = None
    for bits in chain(map(_bits, features), map(_array_bits, arrays)):
        if mixed is None:
            mixed = np.full(len(bits), 0x243F6A8885A308D3, np.uint64)
        mixed ^= bits
        mixed *= _ODD  # wraps around, as it should
        mixed ^= mixed >> np.uint64(29)
    return np.zeros(0, np.uint64) if mixed is None else mixed


def _bits(feature: Feature) -> Hashes:
    if feature.kind in ("number", "time"):
        values = feature.values.astype(np.float64) + 0.0  # -0 becomes 0
        bits = values.view(np.uint64)
        if feature.missing or feature.invalid or np.isnan(values).any():
            bits[np.isnan(values)] = _ABSENT
        return bits
    if feature.texts is not None:
        return feature.texts.hashes
    if feature.levels:
        names = [_ABSENT, *(_hash(level) for level in feature.levels)]
        return np.array(names, np.uint64)[feature.values.astype(np.intp) + 1]
    return feature.values.astype(np.int64).view(np.uint64)


def _array_bits(array: NDArray[Any]) -> Hashes:
    """Of each row's bits: a sum of products with odd numbers that wraps around (Dietzfelbinger 1996)."""
    numbers = np.ascontiguousarray(array, None if array.dtype == np.uint64 else np.float64)
    rows = numbers.reshape(len(array), math.prod(array.shape[1:])).view(np.uint64)
    factors = np.random.default_rng(0).integers(0, 1 << 63, rows.shape[1], np.uint64) * np.uint64(2) + np.uint64(1)
    hashes = np.zeros(len(rows), np.uint64)
    step = max(1, _AT_ONCE // max(1, rows.shape[1]))
    for start in range(0, len(rows), step):
        bits = rows[start : start + step]
        sums = ((bits ^ (bits >> np.uint64(32))) * factors).sum(axis=1, dtype=np.uint64)
        hashes[start : start + step] = sums ^ (sums >> np.uint64(29))
    return hashes


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
