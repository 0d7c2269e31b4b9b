"""The mean of several pictures of one size, as one picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray, Pictures
from dlviz_docs.readers.samples._rasters import from_array
from dlviz_docs.readers.samples.thumbnails import encoded

__all__ = ["mean_picture"]

MOST_NUMBERS = 30_000_000
"""Pixels that are read for one mean; of more pictures a sample is."""
_BLOCK = 256


def mean_picture(pictures: Pictures, rows: NDArray[np.intp], side: int) -> bytes | None:
    """WebP of the mean of those rows: of an array in its own colours and size, of files in grey at 32 px.

    None where no row can be looked at. Of very many rows a sample with seed 0.
    """
    if pictures.array is not None:
        mean = _of_array(pictures.array, rows)
        return None if mean is None else encoded(from_array(mean, pictures.scale), side)
    mean = _of_small(pictures, rows)
    return None if mean is None else encoded(from_array(mean, (0.0, 255.0)), side)


def _of_array(array: NDArray[np.generic], rows: NDArray[np.intp]) -> FloatArray | None:
    most = max(1, MOST_NUMBERS // max(1, int(np.prod(array.shape[1:]))))
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(0).choice(rows, most, replace=False))
    total, count = np.zeros(array.shape[1:]), np.zeros(array.shape[1:])
    for start in range(0, len(rows), _BLOCK):
        block = array[rows[start : start + _BLOCK]].astype(np.float64)
        known = np.isfinite(block)
        total += np.where(known, block, 0.0).sum(axis=0)
        count += known.sum(axis=0)
    return total / np.maximum(count, 1) if count.any() else None


def _of_small(pictures: Pictures, rows: NDArray[np.intp]) -> FloatArray | None:
    """Of those whose pixels were looked at."""
    seen = np.flatnonzero(np.isin(pictures.measured, rows))
    return pictures.small[seen].mean(axis=0, dtype=np.float64) if len(seen) and len(pictures.small) else None
