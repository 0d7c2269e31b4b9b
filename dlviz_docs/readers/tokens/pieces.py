"""Word pieces as BERT reads texts, and whole words: for vocabularies that are a plain list.

The rules of the former are those of Devlin et al., "BERT", NAACL 2019, and of the tokenizer that was published with it:
clean, set CJK characters apart, lower case and strip accents, split at punctuation, longest piece first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dlviz_docs.readers.tokens.text import LONGEST_TEXT, Tokenized, named

__all__ = ["WholeWords", "WordPieces", "is_of_pieces"]

_LONGEST_WORD = 100
"""Characters; a longer word is unknown."""
_CJK = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip
_WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
_MARKS = ("[CLS]", "[SEP]")


def is_of_pieces(numbers: Mapping[str, int]) -> bool:
    """Whether a vocabulary is one of BERT's kind."""
    return "[UNK]" in numbers and any(word.startswith("##") and len(word) > 2 for word in numbers)


@dataclass(frozen=True, slots=True)
class WordPieces:
    """BERT's way, with the vocabulary of a file."""

    numbers: dict[str, int]
    file: str = "vocab.txt"

    @property
    def name(self) -> str:
        return f"word pieces as BERT has them, by {self.file}"

    @property
    def pad(self) -> int | None:
        return named(self.numbers, "pad")

    @property
    def hidden(self) -> int | None:
        mask = named(self.numbers, "mask")
        return named(self.numbers, "unknown") if mask is None else mask

    @property
    def lower(self) -> bool:
        """Whether case is dropped: a vocabulary that has no capital letter was made of texts without."""
        return not any(word != word.lower() for word in self.numbers if not word.startswith(("[", "##[")))

    def __call__(self, texts: Sequence[str], longest: int) -> tuple[Tokenized, ...]:
        lower = self.lower
        return tuple(self._text(text[:LONGEST_TEXT], longest, lower) for text in texts)

    def _text(self, text: str, longest: int, lower: bool) -> Tokenized:
        framed = all(mark in self.numbers for mark in _MARKS)
        ids: list[int] = []
        places: list[int] = []
        words: list[str] = []
        room = longest - 2 * framed
        for shown, word, spaced in _split(text, lower):
            if len(ids) >= room:
                break
            found = self._pieces(word)[: room - len(ids)]
            ids += found
            places += [len(words)] * len(found)
            words.append(f" {shown}" if spaced and words else shown)
        if not framed or longest < 2:
            return Tokenized(tuple(ids), tuple(places), tuple(words))
        own, sep = len(words), [self.numbers[mark] for mark in _MARKS]
        return Tokenized(
            (sep[0], *ids, sep[1]),
            (0, *(place + 1 for place in places), own + 1),
            (_MARKS[0], *words, _MARKS[1]),
            frozenset((0, own + 1)),
        )

    def _pieces(self, word: str) -> list[int]:
        """Greedily the longest that the vocabulary has; unknown as a whole where any part is."""
        unknown = [self.numbers["[UNK]"]]
        if len(word) > _LONGEST_WORD:
            return unknown
        found, start = [], 0
        while start < len(word):
            begun = "##" if start else ""
            end = next((e for e in range(len(word), start, -1) if begun + word[start:e] in self.numbers), 0)
            if not end:
                return unknown
            found.append(self.numbers[begun + word[start:end]])
            start = end
        return found


@dataclass(frozen=True, slots=True)
class WholeWords:
    """Words and punctuation by the numbers of a list; nothing tells how the training took texts apart."""

    numbers: dict[str, int]
    file: str = "vocab.json"

    @property
    def name(self) -> str:
        case = "in lower case" if self.lower else "as they are spelled"
        return f"whole words {case}, by {self.file}: how the training took texts apart is a guess"

    @property
    def pad(self) -> int | None:
        return named(self.numbers, "pad")

    @property
    def hidden(self) -> int | None:
        unknown = named(self.numbers, "unknown")
        return named(self.numbers, "mask") if unknown is None else unknown

    @property
    def lower(self) -> bool:
        """Whether no word of the list has a capital letter."""
        return not any(word != word.lower() for word in self.numbers if word.isalpha())

    def __call__(self, texts: Sequence[str], longest: int) -> tuple[Tokenized, ...]:
        lower, unknown = self.lower, named(self.numbers, "unknown")
        return tuple(self._text(text[:LONGEST_TEXT], longest, lower, unknown) for text in texts)

    def _text(self, text: str, longest: int, lower: bool, unknown: int | None) -> Tokenized:
        found = [(m[0], m.start() > 0 and text[m.start() - 1].isspace()) for m in _WORD.finditer(text)]
        numbers = [self.numbers.get(word.lower() if lower else word, unknown) for word, _ in found]
        shown = [f" {word}" if spaced else word for word, spaced in found]
        kept = [(word, number) for word, number in zip(shown, numbers, strict=True) if number is not None][:longest]
        return Tokenized(tuple(n for _, n in kept), tuple(range(len(kept))), tuple(word for word, _ in kept))

    def known(self, texts: Sequence[str]) -> float:
        """Share of the texts' words that the list has; 0 for texts without words."""
        lower = self.lower
        words = [word.lower() if lower else word for text in texts for word in _WORD.findall(text[:LONGEST_TEXT])]
        return sum(word in self.numbers for word in words) / len(words) if words else 0.0


def _split(text: str, lower: bool) -> Iterator[tuple[str, str, bool]]:
    """Each word as it stands in the text, as it is looked up, and whether a space stands before it."""
    for chunk in "".join(_cleaned(text)).split():
        for place, shown in enumerate(_at_punctuation(chunk)):
            if word := _plain(shown) if lower else shown:
                yield shown, word, not place


def _plain(word: str) -> str:
    """Without accents, in lower case."""
    apart = unicodedata.normalize("NFD", word)
    return "".join(letter for letter in apart if unicodedata.category(letter) != "Mn").lower()


def _cleaned(text: str) -> Iterator[str]:
    for letter in text:
        code = ord(letter)
        if letter in "\t\n\r" or unicodedata.category(letter) == "Zs":
            yield " "
        elif code in (0, 0xFFFD) or unicodedata.category(letter) in ("Cc", "Cf", "Cn", "Co", "Cs"):
            continue
        elif any(low <= code <= high for low, high in _CJK):
            yield f" {letter} "
        else:
            yield letter


def _at_punctuation(chunk: str) -> Iterator[str]:
    start = 0
    for place, letter in enumerate(chunk):
        if _is_punctuation(letter):
            if start < place:
                yield chunk[start:place]
            yield letter
            start = place + 1
    if start < len(chunk):
        yield chunk[start:]


def _is_punctuation(letter: str) -> bool:
    """Also symbols of ASCII such as "$", which Unicode has apart."""
    code = ord(letter)
    ascii_ = 33 <= code <= 47 or 58 <= code <= 64 or 91 <= code <= 96 or 123 <= code <= 126
    return ascii_ or unicodedata.category(letter).startswith("P")
