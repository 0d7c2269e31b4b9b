"""How alike two texts are, and how much one repeats itself."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.bootstrap import draws_for, spread

__all__ = ["BETA", "ORDER", "chrf", "chrf_counts", "chrf_draws", "chrf_interval", "edit_distance", "repetition"]

Floats: TypeAlias = NDArray[np.float64]
Keys: TypeAlias = NDArray[np.uint64]

ORDER = 6
"""Characters of the longest n-grams."""
BETA = 2.0
"""How much more recall weighs than precision."""
REPEATED_WORDS = 4
_MIX = np.uint64(0x9E3779B97F4A7C15)
_STEP = np.uint64(0x100000001B3)


def chrf_counts(outputs: Sequence[str], references: Sequence[str]) -> Floats:
    """Of each pair and order: n-grams of characters in the output, in the reference, and in both; shape (n, 6, 3).

    Spaces do not count, nor, as in sacreBLEU, n-grams that are longer than the reference. N-grams are told apart by
    64-bit hashes.
    """
    counts = np.zeros((len(outputs), ORDER, 3))
    sides = [_codes(texts) for texts in (outputs, references)]
    for order in range(1, ORDER + 1):
        (mine, mine_count, mine_text), (other, other_count, other_text) = (_grams(*side, order) for side in sides)
        np.add.at(counts[:, order - 1, 0], mine_text, mine_count)
        np.add.at(counts[:, order - 1, 1], other_text, other_count)
        _, at, of = np.intersect1d(mine, other, assume_unique=True, return_indices=True)
        np.add.at(counts[:, order - 1, 2], mine_text[at], np.minimum(mine_count[at], other_count[of]))
    counts[..., 0][counts[..., 1] == 0] = 0
    return counts


def _codes(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """All characters that are no spaces, one text behind the other, and the text of each."""
    bare = ["".join(text.split()) for text in texts]
    codes = np.frombuffer("".join(bare).encode("utf-32-le", "surrogatepass"), np.uint32)
    return codes, np.repeat(np.arange(len(bare)), [len(text) for text in bare])


def _grams(
    codes: NDArray[np.uint32], text: NDArray[np.intp], order: int
) -> tuple[Keys, NDArray[np.intp], NDArray[np.intp]]:
    """Distinct n-grams of each text as keys, ascending, how often each occurs, and the text it is of."""
    length = max(len(codes) - order + 1, 0)
    inside = text[:length] == text[order - 1 :] if length else np.zeros(0, np.bool_)
    keys = (text[:length] + 1).astype(np.uint64) * _MIX
    for place in range(order):
        keys = (keys ^ codes[place : place + length]) * _STEP
        keys ^= keys >> np.uint64(29)
    keys = keys[inside] * _MIX
    found, first, counts = np.unique(keys, return_index=True, return_counts=True)
    return found, counts, text[:length][inside][first]


@np.errstate(all="ignore")
def chrf(counts: Floats) -> Floats:
    """chrF2 from 0 to 1 of counts of shape (..., 6, 3): of one pair, or of the sums of many.

    Popović, "chrF: character n-gram F-score for automatic MT evaluation" (2015). Orders that a side is too short for
    are left out, as sacreBLEU does (Post, 2018).
    """
    mine, other, both = np.moveaxis(counts, -1, 0)
    known = (mine > 0) & (other > 0)
    orders = known.sum(-1)
    precision, recall = (np.where(known, both / side, 0).sum(-1) / orders for side in (mine, other))
    score = (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)
    return np.where((orders > 0) & (precision + recall > 0), score, 0.0)


def chrf_interval(counts: Floats, *, seed: int = 0) -> tuple[float, float]:
    """95 % interval of the chrF of all texts together, by drawing texts again; NaN for fewer than two."""
    if len(counts) < 2:
        return float("nan"), float("nan")
    low, high = spread(chrf_draws(counts, seed=seed))
    return float(low), float(high)


def chrf_draws(counts: Floats, *, seed: int = 0) -> Floats:
    """chrF of texts drawn again, shape (draws,); of two models with equally many texts, of the same ones."""
    n = len(counts)
    if not n:
        return np.zeros(0)
    rng, flat, draws = np.random.default_rng(seed), counts.reshape(n, -1), draws_for(n)
    drawn = []
    for begin in range(0, draws, block := max(1, 2_000_000 // n)):
        weights = rng.multinomial(n, np.full(n, 1 / n), min(block, draws - begin))
        drawn.append(chrf((weights.astype(np.float64) @ flat).reshape(-1, ORDER, 3)))
    return np.concatenate(drawn)


def edit_distance(first: Sequence[Hashable], second: Sequence[Hashable]) -> int:
    """Fewest insertions, deletions and replacements from one to the other (Levenshtein, 1966).

    A column of the table at once, as bits of one number: Myers, "A fast bit-vector algorithm for approximate string
    matching" (1999), in the form of Hyyrö (2003).
    """
    if len(first) < len(second):
        first, second = second, first
    if not second:
        return len(first)
    at: dict[Hashable, int] = {}
    for place, item in enumerate(first):
        at[item] = at.get(item, 0) | 1 << place
    every, last = (1 << len(first)) - 1, 1 << (len(first) - 1)
    plus, minus, distance = every, 0, len(first)
    for item in second:
        equal = at.get(item, 0)
        diagonal = (((equal & plus) + plus) ^ plus) | equal | minus
        rises, falls = minus | (every & ~(diagonal | plus)), plus & diagonal
        distance += 1 if rises & last else -1 if falls & last else 0
        rises, falls = (rises << 1 | 1) & every, falls << 1 & every
        plus, minus = falls | (every & ~(diagonal | rises)), rises & diagonal
    return distance


def repetition(words: Sequence[str], length: int = REPEATED_WORDS) -> float:
    """Share of sequences of four words that occurred before in the text; NaN for a text that is shorter than ten.

    Welleck et al., "Neural Text Generation with Unlikelihood Training" (2019), seq-rep-4.
    """
    total = len(words) - length + 1
    if len(words) < 10:
        return float("nan")
    return 1 - len({tuple(words[place : place + length]) for place in range(total)}) / total
