"""Copies: rows with the same content, pictures that nearly look the same, and files whose names share a stem."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["BITS", "CORRELATION", "DETAIL", "LOOSE", "SOME_DETAIL", "NearPairs", "copies_of", "name_stem", "near_pairs"]

Rows: TypeAlias = NDArray[np.intp]
Hashes: TypeAlias = NDArray[np.uint64]

BITS = 6
"""Hamming distance of two 64-bit fingerprints up to which two pictures may be near copies. (Buchner's imagehash and
the tools built on it ask for 0 to 10; both fingerprints have to agree here.)"""
CORRELATION = 0.992
"""Pearson correlation of the 32 x 32 grey pictures beyond which a candidate is one. Of 80 photographs saved again at
quality 30 or 60, made half or a quarter as large, darker, or grey, 95 % lie above; the two most alike of scikit-learn's
1,797 different digits, at 28 px, have 0.990."""
SOME_DETAIL = 0.5
"""What a mean of 3 x 3 leaves of them correlates so far at least: two parts of a sky have one slope, and no more."""
LOOSE, DETAIL = 0.98, 0.97
"""Or beyond the first, where those details correlate beyond the second: brighter copies, whose light parts are cut off,
have 0.98 and 0.98; different digits of 8 px 0.98 and 0.85."""
FLATNESS = 2.0
"""Standard deviation of the 32 x 32 grey picture, of 255, below which it shows too little to be compared."""
CANDIDATES = 400_000
"""Pairs that are confirmed at most: a film of one scene has as many as its square."""
_BLOCK = 256
_BIT_COUNTS = np.array([bin(octet).count("1") for octet in range(256)], dtype=np.uint8)
_ROBOFLOW = re.compile(r"(_(jpe?g|png|webp|bmp))?\.rf\.[0-9a-f]{16,}$", re.IGNORECASE)
_NUMBER_AT_END = re.compile(r"[\s_.\-(]*\d+\)?$")


@dataclass(frozen=True, slots=True, eq=False)
class NearPairs:
    """Pairs of near copies, the most alike first."""

    first: Rows
    """Shape (p,)."""
    second: Rows
    """Greater than `first`."""
    correlation: NDArray[np.float64]
    capped: bool = False
    """Whether there were more candidates than are confirmed."""

    def __len__(self) -> int:
        return len(self.first)


def copies_of(contents: Hashes) -> Rows:
    """For each row the first row with the same hash, itself if it is the first; -1 for hash 0, which is unknown."""
    order = np.argsort(contents, kind="stable")
    ordered = contents[order]
    starts = np.concatenate(([True], ordered[1:] != ordered[:-1]))[: len(ordered)]
    first = np.empty(len(contents), dtype=np.intp)
    first[order] = order[np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))] if len(order) else order
    first[contents == 0] = -1
    return first


def near_pairs(fingerprints: Hashes, small: NDArray[np.uint8], limit: int = CANDIDATES) -> NearPairs:
    """Pairs whose two fingerprints, shape (m, 2), each differ by at most `BITS`, and whose grey pictures are alike.

    Those, shape (m, 32, 32), correlate beyond `CORRELATION`, and in their details beyond `SOME_DETAIL`; or beyond
    `LOOSE` and `DETAIL`. Flat pictures are no copies of anything.

    Every pair is compared, in blocks: 20,000 pictures take about a second and 50 MB. Fingerprints after Krawetz, "Kind
    of like that" (dHash, 2013) and Zauner, "Implementation and benchmarking of perceptual image hash functions" (2010).
    """
    flat = small.reshape(len(small), 32 * 32)
    lively = np.flatnonzero(_deviations(flat) >= FLATNESS)
    first, second, capped = _candidates(fingerprints[lively], limit)
    first, second = lively[first], lively[second]
    correlation = _correlations(flat, first, second)
    near = np.flatnonzero(correlation > LOOSE)
    detail = _correlations(small, first[near], second[near], _details)
    alike = near[(detail > DETAIL) | ((correlation[near] > CORRELATION) & (detail > SOME_DETAIL))]
    alike = alike[np.lexsort((second[alike], first[alike], -correlation[alike]))]
    return NearPairs(first[alike], second[alike], correlation[alike], capped)


def _deviations(flat: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Of each row, without a copy of all pixels as floats."""
    found = [flat[start : start + 4096].std(axis=1) for start in range(0, len(flat), 4096)]
    return np.concatenate(found) if found else np.zeros(0)


def _candidates(fingerprints: Hashes, limit: int) -> tuple[Rows, Rows, bool]:
    """Pairs of rows that are near in both fingerprints; the first `limit` of them."""
    first, second = np.ascontiguousarray(fingerprints[:, 0]), np.ascontiguousarray(fingerprints[:, 1])
    found: list[tuple[Rows, Rows]] = []
    left = limit
    for start in range(0, len(first), _BLOCK):
        rows, others = first[start : start + _BLOCK, None], first[None, start:]
        a, b = np.nonzero(_bit_counts(rows ^ others) <= BITS)
        later = b > a
        a, b = a[later] + start, b[later] + start
        near = _bit_counts(second[a] ^ second[b]) <= BITS
        a, b = a[near][:left], b[near][:left]
        found.append((a, b))
        left -= len(a)
        if left <= 0:
            return (*_stacked(found), True)
    return (*_stacked(found), False)


def _stacked(found: Sequence[tuple[Rows, Rows]]) -> tuple[Rows, Rows]:
    if not found:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    return np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])


def _bit_counts(values: Hashes) -> NDArray[np.uint8]:
    """How many bits are set in each."""
    if hasattr(np, "bitwise_count"):  # NumPy 2
        counts: NDArray[np.uint8] = np.bitwise_count(values)
        return counts
    octets: NDArray[Any] = np.ascontiguousarray(values).view(np.uint8).reshape(*values.shape, 8)
    of_octets: NDArray[np.uint8] = _BIT_COUNTS[octets].sum(axis=-1, dtype=np.uint8)
    return of_octets


def _details(small: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the mean of each inner pixel's 3 x 3 neighbours leaves, shape (p, 900); nothing of an even slope."""
    wide = small.astype(np.float32)
    rows = wide[:, :-2] + wide[:, 1:-1] + wide[:, 2:]
    mean = (rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]) / 9
    details: NDArray[np.float32] = (wide[:, 1:-1, 1:-1] - mean).reshape(len(small), 30 * 30)
    return details


def _correlations(
    pictures: NDArray[np.uint8],
    first: Rows,
    second: Rows,
    of: Callable[[NDArray[np.uint8]], NDArray[np.float32]] = lambda flat: flat.astype(np.float32),
) -> NDArray[np.float64]:
    """Pearson's r of the pixels of each pair, or of what `of` makes of them."""
    found = [np.zeros(0)]
    for start in range(0, len(first), 4096):
        a = of(pictures[first[start : start + 4096]])
        b = of(pictures[second[start : start + 4096]])
        a -= a.mean(axis=1, keepdims=True)
        b -= b.mean(axis=1, keepdims=True)
        norm = np.sqrt(np.einsum("ij,ij->i", a, a) * np.einsum("ij,ij->i", b, b))
        found.append((np.einsum("ij,ij->i", a, b) / np.maximum(norm, 1e-12)).astype(np.float64))
    return np.concatenate(found)


def name_stem(source: str) -> str:
    """What a file's name says of its recording: without the number at its end, "patient12_003.png" is "patient12".

    Lower-case; "" where the name is only a number. A hash that Roboflow puts behind a name is dropped too.
    """
    name = _ROBOFLOW.sub("", source.rsplit("/", 1)[-1].rsplit(".", 1)[0])
    return _NUMBER_AT_END.sub("", name).strip(" _.-").casefold()
