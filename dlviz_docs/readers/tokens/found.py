"""Which file tells how texts are read: the tokenizer itself, or the list of its words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dlviz_docs.errors import ReadError
from dlviz_docs.readers.tokens.hugging import read_file
from dlviz_docs.readers.tokens.pieces import WholeWords, WordPieces, is_of_pieces
from dlviz_docs.readers.tokens.text import Tokenizer
from dlviz_docs.readers.tokens.words import numbers_in, words_in

__all__ = ["FILES", "Vocabulary", "tokenizer_of", "vocabulary_of"]

FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "vocabulary.txt", "vocabulary.json", "words.txt", "words.json")
"""In the order of how much they tell."""
_INSIDE = ("", "tokenizer", "vocab")
"""Folders that are looked into."""
_LEAST_KNOWN = 0.5
"""Share of the words of texts that a list of whole words has to know."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What numbers of tokens stand for."""

    file: str
    words: tuple[str, ...]
    """By number, as people write them: pieces of words as the file marks them."""


def _there(folders: Sequence[Path]) -> Iterator[Path]:
    """Files that lie there, the nearest folder first."""
    for folder in dict.fromkeys(folders):
        for name in FILES:
            for inside in _INSIDE:
                path = folder / inside / name
                if path.is_file() and not path.is_symlink() and not path.parent.is_symlink():
                    yield path


def vocabulary_of(folders: Sequence[Path]) -> Vocabulary | None:
    """The first list of words that can be read; None where there is none."""
    for path in _there(folders):
        if words := words_in(path):
            return Vocabulary(path.name, words)
    return None


def tokenizer_of(folders: Sequence[Path], texts: Sequence[str]) -> Tokenizer | None:
    """The first way to read texts that a file tells; `texts` are some that it should be able to.

    None where there is no file. `ReadError` or `MissingExtra` where there is one that cannot be used.
    """
    refused: Exception | None = None
    for path in _there(folders):
        try:
            return _tokenizer(path, texts)
        except (ReadError, OSError) as error:
            refused = refused or error
    if isinstance(refused, ReadError):
        raise refused
    return None


def _tokenizer(path: Path, texts: Sequence[str]) -> Tokenizer:
    if path.name == "tokenizer.json":
        return read_file(path, path.name)
    numbers = numbers_in(path)
    if not numbers:
        raise ReadError(
            f"({path.name}) is no list of words", "Write one word a line, or an object of words and numbers."
        )
    if is_of_pieces(numbers):
        return WordPieces(numbers, path.name)
    if any(word.startswith(("Ġ", "▁", "##")) for word in numbers):
        what = f"({path.name}) holds pieces of words, and not how they are put together"
        raise ReadError(what, "Put the tokenizer.json beside it: tokenizer.save_pretrained(folder).")
    found = WholeWords(numbers, path.name)
    if (known := found.known(texts)) < _LEAST_KNOWN:
        what = f"({path.name}) has only {known:.0%} of the words of the texts"
        raise ReadError(what, "Save the tokens that the model was given: record.dataset(..., tokens=ids).")
    return found
