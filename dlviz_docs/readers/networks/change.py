"""How far weights moved from one checkpoint to another: streamed in pairs, nothing held whole."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from dlviz_docs.errors import ReadError
from dlviz_docs.model import BoolArray, Change, Tensor
from dlviz_docs.readers.networks._dtypes import Numbers
from dlviz_docs.readers.networks._stored import Stored, chunks, dense, load
from dlviz_docs.readers.networks._weights import WeightsFile
from dlviz_docs.readers.networks.statistics import MOST_TIMES

__all__ = ["change_between", "movement"]

_LARGEST = 256 << 20
"""Bytes of a tensor that lies in another order of its axes in both files, and so is loaded."""


def change_between(before: WeightsFile, after: WeightsFile) -> Change:
    """Of the tensors that both have, of floats and of the same shape; those that cannot be read are left out."""
    names, relative, cosine = [], [], []
    left = MOST_TIMES * max(before.size, after.size)
    for tensor in before.tensors:
        left -= tensor.octets
        if left < 0 or not _compares(tensor, after):
            continue
        try:
            moved = movement(before.stored[tensor.name], after.stored[tensor.name])
        except (ReadError, OSError):
            continue
        names.append(tensor.name)
        relative.append(moved[0])
        cosine.append(moved[1])
    arrays = np.array(relative, np.float64), np.array(cosine, np.float64)
    for values in arrays:
        values.flags.writeable = False
    return Change(before.path, after.path, tuple(names), *arrays)


def _compares(tensor: Tensor, after: WeightsFile) -> bool:
    other = after.stored.get(tensor.name)
    floats = tensor.dtype.startswith(("float", "bfloat", "complex", "q"))
    model = tensor.role in ("parameter", "buffer")
    fits = other is not None and other.shape == tensor.shape
    return model and floats and fits and not tensor.tied and tensor.size > 0


def movement(before: Stored, after: Stored) -> tuple[float, float]:
    """|after - before| / |before| and the cosine between both; NaN where the first, or one, is all zeros.

    An element that is not finite in one of both is left out of both. ReadError as by `chunks`.
    """
    first = second = product = apart = 0.0
    pairs = zip(_flat(before, after), _flat(after, before), strict=True)
    with np.errstate(all="ignore"):
        for one, other in pairs:
            kept = np.isfinite(one) & np.isfinite(other)
            one, other = _wide(one, kept), _wide(other, kept)
            first += _product(one, one)
            second += _product(other, other)
            product += _product(one, other)
            moved = other - one
            apart += _product(moved, moved)
    relative = math.sqrt(apart / first) if first else math.nan
    lengths = math.sqrt(first) * math.sqrt(second)
    return relative, max(-1.0, min(1.0, product / lengths)) if lengths else math.nan


def _flat(stored: Stored, other: Stored) -> Iterator[Numbers]:
    """Its elements in an order that both share."""
    if stored.strides == other.strides and (dense(stored) or stored.dtype == other.dtype):
        return chunks(stored)
    return iter([load(stored, _LARGEST).reshape(-1)])


def _wide(values: Numbers, kept: BoolArray) -> Numbers:
    wide = values.astype(np.complex128 if np.iscomplexobj(values) else np.float64)
    return wide if kept.all() else np.where(kept, wide, 0)


def _product(one: Numbers, other: Numbers) -> float:
    """The real part of the inner product. Not by BLAS, whose threads wait for each other on such short arrays."""
    return float(np.einsum("i,i->", np.conj(one) if np.iscomplexobj(one) else one, other).real)
