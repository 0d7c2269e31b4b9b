"""What every tokenizer gives: numbers, and which words of the text they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["LONGEST_TEXT", "SPECIAL", "Tokenized", "Tokenizer", "named"]

LONGEST_TEXT = 20_000
"""Characters of a text that are looked at: no model here reads more."""
SPECIAL = {
    "pad": ("[PAD]", "<pad>", "<PAD>", "[pad]", "<|pad|>", "<blank>"),
    "unknown": ("[UNK]", "<unk>", "<UNK>", "[unk]", "<oov>", "<OOV>", "<|unk|>"),
    "mask": ("[MASK]", "<mask>", "<MASK>", "[mask]"),
}
"""What the tokens that are no words are called, the usual one first."""


@dataclass(frozen=True, slots=True)
class Tokenized:
    """One text."""

    ids: tuple[int, ...]
    places: tuple[int, ...]
    """Of each token the place of its word."""
    words: tuple[str, ...]
    """As they stand in the text, each with one space before it where there is any; what a tokenizer adds to the text by
    the name of the token."""
    special: frozenset[int] = frozenset()
    """Places of the words that the tokenizer added."""


class Tokenizer(Protocol):
    """A way to read texts. It is called with texts, and reads at most `longest` tokens of each."""

    @property
    def name(self) -> str:
        """How texts are read, in words, with the file."""

    @property
    def pad(self) -> int | None:
        """The token that fills up short texts; None where there is none."""

    @property
    def hidden(self) -> int | None:
        """The token that stands for a word that is taken away: the one for masked words, or for unknown ones."""

    def __call__(self, texts: Sequence[str], longest: int) -> tuple[Tokenized, ...]: ...


def named(numbers: dict[str, int], what: str) -> int | None:
    """The number of the token that is "pad", "unknown" or "mask"."""
    return next((numbers[word] for word in SPECIAL[what] if word in numbers), None)
