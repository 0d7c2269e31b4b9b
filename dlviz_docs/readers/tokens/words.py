"""Lists of words by their numbers: as files have them, as people read them, and pieces put together again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Literal, TypeAlias

from dlviz_docs.errors import ReadError
from dlviz_docs.readers._json import load
from dlviz_docs.readers._text import clean, read_text

__all__ = ["Marks", "Pieces", "marks_of", "numbers_in", "put_together", "spoken", "words_in"]

_LARGEST = 64 << 20
_LONGEST_WORD = 60
_GAPS = 0.1
"""Share of the numbers that may stand for nothing: some are kept free for tokens that never came."""
_SPECIAL = re.compile(r"^(?:\[[A-Za-z_]+\d*\]|<\|?/?[A-Za-z_]+\|?>)$")
Marks: TypeAlias = Literal["continues", "begins", "ends", ""]
"""How pieces show where words are: "##ing" continues one, "▁the" and "Ġthe" begin one, "ing</w>" ends one."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Tokens put together."""

    words: tuple[str, ...]
    """Each with a space before it where one stands in the text, as far as the pieces tell."""
    places: tuple[int, ...]
    """Of each token the place of its word."""
    special: frozenset[int]
    """Places of the words that are none: "[CLS]"."""


def words_in(path: Path) -> tuple[str, ...]:
    """The words of a vocabulary by their number, "" for one that stands for nothing; none of a file that is none."""
    numbers = numbers_in(path)
    if not numbers:
        return ()
    words = [""] * (max(numbers.values()) + 1)
    for word, number in numbers.items():
        words[number] = clean(word[:_LONGEST_WORD])
    return tuple(words)


def numbers_in(path: Path) -> dict[str, int]:
    """Words as the file has them with their numbers, which are each another one and leave few out; {} otherwise."""
    try:
        text = read_text(path, _LARGEST)[0]
        numbered = _lines(text) if PurePosixPath(path).suffix == ".txt" else _numbered(load(text))
    except (ReadError, OSError):
        return {}
    values = set(numbered.values())
    fine = (
        values and min(values) >= 0 and len(values) == len(numbered) and len(values) >= (1 - _GAPS) * (max(values) + 1)
    )
    return dict(numbered) if fine else {}


def _lines(text: str) -> Mapping[str, int]:
    words = text.replace("\r\n", "\n").removesuffix("\n").split("\n")  # at nothing else: words may be separators
    return {word: place for place, word in enumerate(words)} if len(set(words)) == len(words) else {}


def _numbered(value: object) -> dict[str, int]:
    """Words with their numbers: {"the": 5}, {"5": "the"}, ["the", ...], or a tokenizer with its model and what was
    added to it."""
    if isinstance(value, Mapping) and isinstance(model := value.get("model"), Mapping):
        added = value.get("added_tokens")
        more = added if isinstance(added, list) else []
        own = [(one.get("content"), one.get("id")) for one in more if isinstance(one, Mapping)]
        return {**_numbered(model.get("vocab")), **_plain(own)}
    if isinstance(value, list):
        words = [one[0] if isinstance(one, list) and one else one for one in value]
        return _plain((word, place) for place, word in enumerate(words))
    if not isinstance(value, Mapping):
        return {}
    if value and all(isinstance(word, str) and number.isdecimal() for number, word in value.items()):
        return _plain((word, int(number)) for number, word in value.items() if len(number) < 12)
    return _plain(value.items())


def _plain(pairs: Iterable[tuple[object, object]]) -> dict[str, int]:
    return {
        word: place
        for word, place in pairs
        if isinstance(word, str) and isinstance(place, int) and not isinstance(place, bool)
    }


def marks_of(words: Sequence[str]) -> Marks:
    """How the pieces of a vocabulary show where words are; "" where each is a word."""
    if any(word.startswith("##") and len(word) > 2 for word in words):
        return "continues"
    if any(word.startswith(("▁", "Ġ")) and len(word) > 1 for word in words):
        return "begins"
    return "ends" if any(word.endswith("</w>") and len(word) > 4 for word in words) else ""


def put_together(pieces: Sequence[str], marks: Marks) -> Pieces:
    """The words that pieces spell."""
    words: list[str] = []
    places: list[int] = []
    special: set[int] = set()
    open_ = False
    for piece in pieces:
        aside = bool(_SPECIAL.match(piece))
        goes_on = (
            open_
            and not aside
            and (
                (marks == "continues" and piece.startswith("##"))
                or (marks == "begins" and not piece.startswith(("▁", "Ġ")))
                or marks == "ends"
            )
        )
        if goes_on:
            words[-1] += piece.removeprefix("##") if marks == "continues" else piece
        else:
            words.append(piece)
            special |= {len(words) - 1} if aside else set()
        places.append(len(words) - 1)
        open_ = not aside and not (marks == "ends" and piece.endswith("</w>"))
    shown = [_spaced(word, marks, begins=not place) for place, word in enumerate(words)]
    return Pieces(tuple(shown), tuple(places), frozenset(special))


def _spaced(word: str, marks: Marks, *, begins: bool) -> str:
    """As it is read, with the space that its mark stands for; where pieces do not tell, before all but punctuation."""
    plain = spoken(word).removesuffix("</w>").strip("▁ ") or word
    told = word.startswith(("▁", "Ġ")) if marks == "begins" else word[:1].isalnum() or len(word) > 1
    return f" {plain}" if told and not begins else plain


@lru_cache(maxsize=1)
def _bytes() -> Mapping[str, int]:
    """The letter that byte-level vocabularies write for each byte: itself where it can be seen, else one from U+0100
    on (Radford et al., GPT-2, 2019)."""
    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in seen]
    return {chr(byte): byte for byte in seen} | {chr(256 + place): byte for place, byte in enumerate(others)}


def spoken(word: str) -> str:
    """A piece of a byte-level vocabulary as it is read, "ĠcafÃ©" as "▁café"; any other as it is."""
    table = _bytes()
    if not word or not all(letter in table for letter in word) or (word.isascii()):
        return word
    try:
        return bytes(table[letter] for letter in word).decode("utf-8").replace(" ", "▁")
    except UnicodeDecodeError:
        return word  # a part of a letter
