"""Texts as numbers of tokens, and such numbers as words again: what lies in a folder of how its model reads texts.

    tokenizer = tokenizer_of([folder / "model", folder])
    found = tokenizer(("A good film.",), longest=128)

`tokenizer.json` is read by the package `tokenizers`, an extra; lists of words and of word pieces by readers of our own.
"""

from __future__ import annotations

from dlviz_docs.readers.tokens.found import FILES, Vocabulary, tokenizer_of, vocabulary_of
from dlviz_docs.readers.tokens.labels import labels_in
from dlviz_docs.readers.tokens.text import Tokenized, Tokenizer, named
from dlviz_docs.readers.tokens.words import marks_of, put_together

__all__ = [
    "FILES",
    "Tokenized",
    "Tokenizer",
    "Vocabulary",
    "labels_in",
    "marks_of",
    "named",
    "put_together",
    "tokenizer_of",
    "vocabulary_of",
]
