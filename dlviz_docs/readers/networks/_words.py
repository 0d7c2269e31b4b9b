"""What the rows of an embedding stand for: vocabularies that lie beside the weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dlviz_docs.errors import ReadError
from dlviz_docs.model import FloatArray, Module
from dlviz_docs.readers.networks._opened import Opened
from dlviz_docs.readers.networks._stored import Stored, chunks, strides_of
from dlviz_docs.readers.tokens.words import words_in

__all__ = ["VOCABULARIES", "vectors_of"]

VOCABULARIES = ("vocab.txt", "vocab.json", "tokenizer.json")
"""Of BERT, of GPT-2 and its kin, and of the library tokenizers."""
_MOST_ROWS = 20_000
_LARGEST_VECTORS = 32 << 20
_PADDED = 0.9
"""Rows that must have a word: tables are often padded to a round number."""


def vectors_of(
    root: Path, modules: Sequence[Module], one: Opened
) -> tuple[dict[str, tuple[str, ...]], dict[str, FloatArray]]:
    """Words and vectors of the first rows, as float32, of every embedding that has as many rows as there are words."""
    words: dict[str, tuple[str, ...]] = {}
    vectors: dict[str, FloatArray] = {}
    path = dict(one.planned.beside).get("words")
    tables = [name for module in modules if module.kind.endswith("Embedding") for name in module.tensors[:1]]
    known = words_in(root / path) if path and tables else ()
    for name in tables:
        stored = one.weights.stored.get(name)
        if stored is None or len(stored.shape) != 2 or not _PADDED * stored.shape[0] <= len(known) <= stored.shape[0]:
            continue
        rows = min(len(known), _MOST_ROWS, _LARGEST_VECTORS // (4 * max(1, stored.shape[1])))
        if (found := _first_rows(stored, rows)) is not None:
            words[name], vectors[name] = known[:rows], found
    return words, vectors


def _first_rows(stored: Stored, rows: int) -> FloatArray | None:
    width = stored.shape[1]
    if not rows or stored.strides != strides_of(stored.shape):
        return None
    found: FloatArray = np.empty(rows * width, np.float32)  # enough to compare by
    place = 0
    try:
        for piece in chunks(stored):
            taken = piece[: len(found) - place]
            found[place : place + len(taken)] = taken
            place += len(taken)
            if place == len(found):
                break
    except (ReadError, OSError):
        return None
    found.flags.writeable = False
    return found.reshape(rows, width)
