"""Texts as numbers: their words, which words tell classes apart, what is damaged, and where two texts differ."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pieces", "differences", "is_damaged", "log_odds", "script_counts", "words_of"]

Floats: TypeAlias = NDArray[np.float64]
Pieces: TypeAlias = tuple[tuple[str, Literal["same", "only", ""]], ...]

_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*")
"""Letters and digits of any script; an apostrophe within belongs to the word."""
_PIECE = re.compile(r"\s+|[\w'’]+\s*|[^\w\s]\s*")
"""What differences are told in: a word or a sign, with the space behind it."""
_DAMAGE = re.compile(
    "�|Ã[\x80-\xbf©¨¶¼¤ŸœŠ±§³¡]|â€[™œ\x9d“”¢¦\x93\x94˜]|â\x80[\x93\x94\x98\x99\x9c\x9d¢¦]|Â[\xa0°£«»·©®]|ï»¿|Ð[\x80-\xbf°µ¾¸]Ñ"
)
"""The mark of a lost character, and UTF-8 that was read as Latin-1 or Windows-1252."""
_SCRIPTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(f"[{ranges}]"))
    for name, ranges in (
        ("Latin", "A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ"),
        ("Cyrillic", "Ѐ-ԯ"),
        ("Greek", "Ͱ-Ͽἀ-῿"),
        ("Hebrew", "֐-׿"),
        ("Arabic", "؀-ۿݐ-ݿ"),
        ("Devanagari", "ऀ-ॿ"),
        ("Thai", "฀-๿"),
        ("Kana", "぀-ヿ"),
        ("Hangul", "가-힯ᄀ-ᇿ"),
        ("Han", "㐀-䶿一-鿿"),
    )
)
COMPARED = 400
"""Words of each text that are compared at most; what follows is shown plain."""
_LEAST_WORK = 40_000
"""Pairs of equal words up to which the middle of two texts is compared word by word."""


def words_of(text: str) -> list[str]:
    """The words of a text, casefolded: runs of letters and digits of any script."""
    return _WORD.findall(text.casefold())


def is_damaged(text: str) -> bool:
    """Whether a text shows that it was read in a wrong encoding: U+FFFD, or UTF-8 read as Latin-1 ("Ã©", "â€™")."""
    return _DAMAGE.search(text) is not None


def script_counts(texts: Iterable[str]) -> dict[str, int]:
    """How many texts are mainly of each script, by Unicode block, most first; texts without a letter count for none."""
    found: Counter[str] = Counter()
    for text in texts:
        # A kana among Chinese characters is what makes a text Japanese: the larger count alone would not tell.
        counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS} if not text.isascii() else {}
        if text.isascii():
            counts = {"Latin": int(any(letter.isalpha() for letter in text))}
        if counts and (most := max(counts.values())):
            found[next(name for name, count in counts.items() if count == most)] += 1
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def log_odds(counts: Sequence[Mapping[str, int]], least: int = 5) -> tuple[tuple[str, ...], Floats]:
    """The words that occur `least` times or more, and for each class how far each stands out against all other classes.

    The second is the z of the log-odds ratio with an informative Dirichlet prior, shape (classes, words): the prior is
    the word's share in all classes together, with a tenth of the words of a mean class. Monroe, Colaresi and Quinn,
    "Fightin' Words", Political Analysis 16, 2008, eq. 15, 16, 22 and 23. One class alone has zeros.
    """
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    vocabulary = tuple(sorted(word for word, count in total.items() if count >= least))
    table = np.array([[one.get(word, 0) for word in vocabulary] for one in counts], dtype=np.float64)
    table = table.reshape(len(counts), len(vocabulary))
    if len(counts) < 2 or not vocabulary:
        return vocabulary, np.zeros_like(table)
    lengths = np.array([sum(one.values()) for one in counts], dtype=np.float64)[:, None]
    strength = lengths.mean() / 10
    prior = table.sum(axis=0) / lengths.sum() * strength
    inside, outside = table + prior, table.sum(axis=0) - table + prior
    rest = lengths.sum() - lengths
    # A word that is all there is has no odds; half a word keeps the logarithm finite.
    odds = np.log(inside / np.maximum(lengths + strength - inside, 0.5))
    odds -= np.log(outside / np.maximum(rest + strength - outside, 0.5))
    z: Floats = odds / np.sqrt(1 / inside + 1 / outside)
    return vocabulary, z


# --- where two texts differ -------------------------------------------------------------------------------------------


def differences(first: str, second: str) -> tuple[Pieces, Pieces]:
    """Both texts in pieces that are in the other too ("same") or not ("only"), word by word.

    Pieces joined give the text back. Words are compared as they stand, spaces are not; the first `COMPARED` words of
    each, what follows is one plain piece. Texts that repeat themselves very much are told apart by their ends alone.
    """
    left, right = _PIECE.findall(first), _PIECE.findall(second)
    a, b = [piece.strip() for piece in left[:COMPARED]], [piece.strip() for piece in right[:COMPARED]]
    start, end = _common_ends(a, b)
    same_left, same_right = _flags(len(a), start, end), _flags(len(b), start, end)
    middle_a, middle_b = a[start : len(a) - end], b[start : len(b) - end]
    if _work(middle_a, middle_b) <= _LEAST_WORK:
        for block in difflib.SequenceMatcher(None, middle_a, middle_b, autojunk=False).get_matching_blocks():
            same_left[start + block.a : start + block.a + block.size] = [True] * block.size
            same_right[start + block.b : start + block.b + block.size] = [True] * block.size
    return _joined(left, same_left), _joined(right, same_right)


def _common_ends(a: Sequence[str], b: Sequence[str]) -> tuple[int, int]:
    shorter = min(len(a), len(b))
    start = next((place for place in range(shorter) if a[place] != b[place]), shorter)
    end = next((place for place in range(shorter - start) if a[-1 - place] != b[-1 - place]), shorter - start)
    return start, end


def _flags(length: int, start: int, end: int) -> list[bool]:
    return [True] * start + [False] * (length - start - end) + [True] * end


def _work(a: Sequence[str], b: Sequence[str]) -> int:
    """What one search for the longest common block costs: pairs of equal words."""
    of_b = Counter(b)
    return sum(of_b[word] for word in a)


def _joined(pieces: Sequence[str], same: Sequence[bool]) -> Pieces:
    joined: list[tuple[str, Literal["same", "only", ""]]] = []
    start = 0
    for place in range(1, len(same) + 1):
        if place == len(same) or same[place] != same[start]:
            joined.append(("".join(pieces[start:place]), "same" if same[start] else "only"))
            start = place
    rest = "".join(pieces[len(same) :])
    return (*joined, (rest, "")) if rest else tuple(joined)
