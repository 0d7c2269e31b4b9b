"""Pictures of a data set: all headers, exact copies, and the pixels of a sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

from dlviz_docs.model import Problem
from dlviz_docs.model.samples import Pictures
from dlviz_docs.readers.samples._picture_file import faults_told
from dlviz_docs.readers.samples._pixels import (
    LOOKED_AT,
    MEASURES,
    Headers,
    Measured,
    contents,
    fingerprints,
    headers,
    look_at,
    measure,
    merge,
)
from dlviz_docs.readers.samples._rasters import bounds_of, from_array

__all__ = ["MOST_MEASURED", "look", "pictures_of", "pictures_of_array", "sample"]

MOST_MEASURED = 4_000
MOST_DECODED = 4_000_000_000
"""Pixels that are decoded in all to be measured: of photographs of 12 megapixels, fewer than 4,000."""

Measure = Callable[[Path, Sequence[str]], Measured]
Heads = Callable[[Path, Sequence[str]], Headers]


def pictures_of(root: Path, relative_paths: Sequence[str], measure: Measure = measure) -> Pictures:
    """Those files, in this order; `look` tells beside what is wrong with them.

    `measure` may spread its paths over several workers, as long as it gives what `merge` makes of their parts.
    """
    return look(root, relative_paths, measure=measure)[0]


def look(
    root: Path,
    relative_paths: Sequence[str],
    *,
    keys: Sequence[str] = (),
    measure: Measure = measure,
    headers: Heads = headers,
    most: int = MOST_MEASURED,
) -> tuple[Pictures, tuple[Problem, ...]]:
    """Pictures, and one problem for each kind of fault. A path of "" is a picture that is named but absent.

    At most `most` are measured, chosen at random (seed 0) from every folder in proportion.
    """
    heads = headers(root, relative_paths)
    readable = np.array([not fault for fault in heads.faults], np.bool_) & (heads.sizes[:, 0] > 0)
    rows = _chosen(relative_paths, heads, readable, most)
    measured = measure(root, [relative_paths[row] for row in rows.tolist()])
    faults = [(path, fault) for path, fault in zip(relative_paths, heads.faults, strict=True) if fault]
    faults += [(relative_paths[row], fault) for row, fault in zip(rows.tolist(), measured.faults, strict=True) if fault]
    decoded = np.array([not fault for fault in measured.faults], np.bool_)
    broken = set(rows[~decoded].tolist())
    sizes = np.where(np.isin(np.arange(len(relative_paths)), list(broken))[:, None], 0, heads.sizes)
    pictures = Pictures(
        keys=_unique(keys or relative_paths),
        sources=tuple(relative_paths),
        sizes=sizes.astype(np.int32),
        modes=tuple("" if row in broken else mode for row, mode in enumerate(heads.modes)) if broken else heads.modes,
        octets=heads.octets,
        measured=rows[decoded],
        measures=_by_name(measured, decoded),
        fingerprints=fingerprints(measured)[decoded],
        small=measured.small[decoded],
        contents=_copies(root, relative_paths, heads.octets),
    )
    return pictures, faults_told(faults)


def _by_name(measured: Measured, rows: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
    return {name: measured.values[rows, column] for column, name in enumerate(MEASURES)}


def _unique(keys: Sequence[str]) -> tuple[str, ...]:
    """A picture that is named twice gets a number behind its second name: "a.jpg#2"."""
    if len(set(keys)) == len(keys):
        return tuple(keys)
    seen: Counter[str] = Counter()
    taken = set(keys)
    unique = []
    for key in keys:
        seen[key] += 1
        new = key
        while seen[key] > 1 and new in taken:
            new = f"{key}#{seen[key]}"
            seen[key] += new in taken
        taken.add(new)
        unique.append(new)
    return tuple(unique)


def _copies(root: Path, paths: Sequence[str], octets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Hashes of the files that are as long as another; only those can be copies."""
    _, inverse, amounts = np.unique(octets, return_inverse=True, return_counts=True)
    rows = np.flatnonzero((amounts[inverse] > 1) & (octets > 0))
    hashes = np.zeros(len(paths), np.uint64)
    hashes[rows] = contents(root, [paths[row] for row in rows.tolist()])
    return hashes


def _chosen(paths: Sequence[str], heads: Headers, readable: NDArray[np.bool_], most: int) -> NDArray[np.intp]:
    rows = np.flatnonzero(readable)
    pixels = heads.sizes[rows].astype(np.float64).prod(axis=1)
    if pixels.sum() > MOST_DECODED:
        most = max(min(most, int(MOST_DECODED / pixels.mean())), 1)
    return rows[sample([paths[row].rpartition("/")[0] for row in rows.tolist()], most)]


def sample(strata: Sequence[str], most: int) -> NDArray[np.intp]:
    """Rows, ascending: all, or `most` of them at random (seed 0), from every stratum in proportion.

    Quotas are of largest remainders (Hamilton's method), so their sum is `most` exactly.
    """
    if len(strata) <= most:
        return np.arange(len(strata))
    _, inverse, amounts = np.unique(np.array(strata, dtype=object), return_inverse=True, return_counts=True)
    shares = amounts * (most / len(strata))
    quota = np.floor(shares).astype(np.intp)
    quota[np.argsort(quota - shares, kind="stable")[: most - int(quota.sum())]] += 1
    order = np.random.default_rng(0).permutation(len(strata))
    order = order[np.argsort(inverse[order], kind="stable")]
    starts = np.concatenate([[0], np.cumsum(amounts)[:-1]])
    rank = np.arange(len(order)) - np.repeat(starts, amounts)
    return np.sort(order[rank < np.repeat(quota, amounts)])


def pictures_of_array(name: str, array: NDArray[Any], most: int = MOST_MEASURED) -> Pictures:
    """Pictures of one array: (n, h, w), (n, h, w, c) or (n, c, h, w), with 1, 3 or 4 channels; ValueError for others.

    `scale` tells which numbers are shown as black and as white.
    """
    pixels = _channels_last(array)
    scale = bounds_of(pixels)
    rows = sample(["" for _ in range(len(pixels))], most)
    measured = _measured_of(pixels, rows, scale)
    sizes = np.tile(np.array([pixels.shape[2], pixels.shape[1]], np.int32), (len(pixels), 1))
    return Pictures(
        keys=tuple(f"{name}#{row}" for row in range(len(pixels))),
        array=pixels,
        scale=scale,
        sizes=sizes,
        measured=rows,
        measures=_by_name(measured, np.ones(len(rows), np.bool_)),
        fingerprints=fingerprints(measured),
        small=measured.small,
        contents=_hashed(pixels),
    )


def _channels_last(array: NDArray[Any]) -> NDArray[Any]:
    usual = array.ndim == 3 or (array.ndim == 4 and array.shape[3] in (1, 3, 4))
    if array.ndim == 4 and not usual and array.shape[1] in (1, 3, 4):
        array, usual = np.moveaxis(array, 1, 3), True
    if not usual or array.dtype.kind not in "buif" or not all(array.shape[1:]):
        raise ValueError(f"an array of shape {array.shape} and type {array.dtype} holds no pictures")
    return array[..., 0] if array.ndim == 4 and array.shape[3] == 1 else array


def _measured_of(pixels: NDArray[Any], rows: NDArray[np.intp], scale: tuple[float, float]) -> Measured:
    if not len(rows):
        return merge(())
    looks = []
    for row in rows:
        image = from_array(pixels[row], scale)
        image.thumbnail((LOOKED_AT, LOOKED_AT))
        looks.append(look_at(image))
    values, edges, small = zip(*looks, strict=True)
    return Measured(np.array(values), np.array(edges, np.uint64), np.stack(small), ("",) * len(rows))


def _hashed(pixels: NDArray[Any]) -> NDArray[np.uint64]:
    hashes = (xxh3_64_intdigest(np.ascontiguousarray(one).data) for one in pixels)
    return np.array([max(number, 1) for number in hashes], np.uint64)
