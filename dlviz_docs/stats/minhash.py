"""Texts that are nearly alike: MinHash signatures of word shingles find them, exact overlap confirms them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["SIMILAR", "jaccard", "near_texts", "shingles"]

Hashes: TypeAlias = NDArray[np.uint64]
Rows: TypeAlias = NDArray[np.intp]

SIMILAR = 0.8
"""Jaccard similarity from which on two texts are near copies."""
PERMUTATIONS = 128
WORDS = 3
"""Words of a shingle; a text of fewer is one shingle."""
_BANDS, _ROWS = 25, 5
"""Two texts of similarity 0.8 meet in one of 25 bands of 5 with probability 0.9999; two of 0.3 with 0.06."""
_ALL_PAIRS = 12
"""Texts of one bucket up to which each meets each; of more, each meets the next and the first."""
_MIX = np.uint64(0x9E3779B97F4A7C15)
_MIX_AGAIN = np.uint64(0xBF58476D1CE4E5B9)


def shingles(texts: Sequence[Sequence[str]]) -> tuple[Hashes, Rows]:
    """Hashes of the distinct runs of three words of each text, and where those of each text begin, shape (n + 1,).

    Texts are lists of words. The same words have the same hash within one call only.
    """
    places: defaultdict[str, int] = defaultdict()
    places.default_factory = places.__len__
    lengths = np.array([len(words) for words in texts], np.intp)
    codes = np.fromiter((places[word] for words in texts for word in words), np.uint64, int(lengths.sum()))
    owner = np.repeat(np.arange(len(texts)), lengths)
    place = np.arange(len(codes)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    left = np.repeat(lengths, lengths) - place
    hashes = np.zeros(len(codes), np.uint64)
    for step in range(WORDS):
        following = np.zeros(len(codes), np.uint64)
        following[: len(codes) - step] = codes[step:]
        following[left <= step] = np.uint64(2**63)  # beyond the end: shorter texts are one shingle of what there is
        hashes = _mixed(hashes ^ (following + np.uint64(step + 1)))
    kept = (left >= WORDS) | (place == 0)
    hashes, owner = hashes[kept], owner[kept]
    order = np.lexsort((hashes, owner))
    hashes, owner = hashes[order], owner[order]
    distinct = np.ones(len(hashes), np.bool_)
    distinct[1:] = (hashes[1:] != hashes[:-1]) | (owner[1:] != owner[:-1])
    hashes, owner = hashes[distinct], owner[distinct]
    return hashes, np.searchsorted(owner, np.arange(len(texts) + 1))


def _mixed(values: Hashes) -> Hashes:
    """Every bit of the result depends on every bit that went in (the finaliser of SplitMix64)."""
    values = values * _MIX
    values = (values ^ (values >> np.uint64(30))) * _MIX_AGAIN
    mixed: Hashes = values ^ (values >> np.uint64(27))
    return mixed


def near_texts(hashes: Hashes, starts: Rows, limit: int = 50_000) -> tuple[Rows, Rows, NDArray[np.float64]]:
    """Pairs of texts whose shingles overlap by `SIMILAR` or more, and by how much, the most alike first.

    `hashes` and `starts` as `shingles` gives them; texts without a word have no partner. At most `limit` candidates are
    confirmed. Broder, "On the resemblance and containment of documents", 1997; bands after Leskovec, Rajaraman and
    Ullman, "Mining of Massive Datasets", chapter 3. Buckets of very many texts are not compared all with all.
    """
    counts = np.diff(starts)
    some = np.flatnonzero(counts > 0)
    if len(some) < 2:
        return np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0)
    signature = _signatures(hashes, starts[some])
    first, second = _candidates(signature)
    agreeing = (signature[first] == signature[second]).mean(axis=1)
    promising = np.flatnonzero(agreeing >= SIMILAR - 0.15)  # four standard errors of 128 draws
    promising = promising[np.argsort(-agreeing[promising], kind="stable")][:limit]
    a, b = some[first[promising]], some[second[promising]]
    similar = np.array([jaccard(hashes, starts, int(x), int(y)) for x, y in zip(a, b, strict=True)], np.float64)
    kept = np.flatnonzero(similar >= SIMILAR)
    kept = kept[np.lexsort((b[kept], a[kept], -similar[kept]))]
    return a[kept], b[kept], similar[kept]


def _signatures(hashes: Hashes, starts: Rows) -> Hashes:
    """The least of each text's hashes under each permutation, shape (n, 128)."""
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 2**63, PERMUTATIONS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    offsets = rng.integers(0, 2**63, PERMUTATIONS, dtype=np.uint64)
    signature = np.empty((len(starts), PERMUTATIONS), np.uint64)
    for one, (factor, offset) in enumerate(zip(factors, offsets, strict=True)):
        signature[:, one] = np.minimum.reduceat(hashes * factor + offset, starts)
    return signature


def _candidates(signature: Hashes) -> tuple[Rows, Rows]:
    """Pairs of places that meet in a band, each once, the lesser first."""
    n = len(signature)
    found = []
    for band in range(_BANDS):
        key = np.zeros(n, np.uint64)
        for row in range(band * _ROWS, (band + 1) * _ROWS):
            key = _mixed(key ^ signature[:, row])
        order = np.argsort(key, kind="stable")
        ordered = key[order]
        for step in range(1, _ALL_PAIRS):
            same = np.flatnonzero(ordered[step:] == ordered[:-step])
            if not len(same):
                break
            if step > 1:  # of a large bucket only neighbours
                sizes = np.searchsorted(ordered, ordered[same], "right") - np.searchsorted(ordered, ordered[same])
                same = same[sizes <= _ALL_PAIRS]
            found.append(np.minimum(order[same], order[same + step]) * n + np.maximum(order[same], order[same + step]))
        heads = order[np.searchsorted(ordered, ordered)]
        found.append(np.minimum(heads, order) * n + np.maximum(heads, order))
    pairs = np.unique(np.concatenate(found))
    first, second = pairs // n, pairs % n
    apart = first != second
    return first[apart], second[apart]


def jaccard(hashes: Hashes, starts: Rows, first: int, second: int) -> float:
    """Shingles two texts share, of all that either has; 0 where neither has any."""
    a, b = hashes[starts[first] : starts[first + 1]], hashes[starts[second] : starts[second + 1]]
    shared = len(np.intersect1d(a, b, assume_unique=True))
    together = len(a) + len(b) - shared
    return shared / together if together else 0.0
