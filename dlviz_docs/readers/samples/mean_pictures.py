"""The mean of several pictures of one size, as one picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray, Pictures
from dlviz_docs.readers.samples._rasters import from_array
from dlviz_docs.readers.samples.thumbnails import encoded

__all__ = ["mean_picture"]

_AT_ONCE = 1 << 20
"""Numbers that are copied at once."""


def mean_picture(pictures: Pictures, rows: NDArray[np.intp], side: int) -> bytes | None:
    """WebP of the mean of those rows: of an array in its own colours and size, of files in grey at 32 px.

    None where no row can be looked at.
    """
    if pictures.array is not None:
        mean = _of_array(pictures.array, rows)
        return None if mean is None else encoded(from_array(mean, pictures.scale), side)
    mean = _of_small(pictures, rows)
    return None if mean is None else encoded(from_array(mean, (0.0, 255.0)), side)


def _of_array(array: NDArray[np.generic], rows: NDArray[np.intp]) -> FloatArray | None:
    total, count = np.zeros(array.shape[1:]), np.zeros(array.shape[1:])
    step = max(1, _AT_ONCE // max(1, total.size))
    for start in range(0, len(rows), step):
        block = array[rows[start : start + step]]
        if block.dtype.kind != "f":
            total += block.sum(axis=0, dtype=np.float64)
            count += len(block)
            continue
        known = np.isfinite(block)
        total += np.where(known, block, 0.0).sum(axis=0, dtype=np.float64)
        count += known.sum(axis=0)
    return total / np.maximum(count, 1) if count.any() else None


def _of_small(pictures: Pictures, rows: NDArray[np.intp]) -> FloatArray | None:
    """Of those whose pixels were looked at."""
    seen = np.flatnonzero(np.isin(pictures.measured, rows))
    return pictures.small[seen].mean(axis=0, dtype=np.float64) if len(seen) and len(pictures.small) else None
