"""What the rows of an embedding stand for: vocabularies that lie beside the weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from dlviz_docs.errors import ReadError
from dlviz_docs.model import FloatArray, Module
from dlviz_docs.readers.networks._opened import Opened
from dlviz_docs.readers.networks._stored import Stored, chunks, strides_of
from dlviz_docs.readers.samples._class_names import class_names_in
from dlviz_docs.readers.tokens import labels_in, vocabulary_of
from dlviz_docs.readers.tokens.words import spoken

__all__ = ["vectors_of"]

_CLASSES = ("classes.txt", "class_names.txt", "labels.txt", "class_names.json", "id2label.json", "labels.json")
_MOST_ROWS = 20_000
_LARGEST_VECTORS = 32 << 20
_PADDED = 0.9
"""Rows that must have a word: tables are often padded to a round number."""


def vectors_of(
    root: Path, modules: Sequence[Module], one: Opened
) -> tuple[dict[str, tuple[str, ...]], dict[str, FloatArray]]:
    """Words and vectors of the first rows, as float32, of every embedding that has as many rows as there are words; or
    as there are classes, and perhaps one for none of them, as models that are told what to draw have it."""
    words: dict[str, tuple[str, ...]] = {}
    vectors: dict[str, FloatArray] = {}
    tables = [name for module in modules if module.kind.endswith("Embedding") for name in module.tensors[:1]]
    if not tables:
        return words, vectors
    folders = [root / parent for parent in PurePosixPath(one.planned.path).parents]
    vocabulary, labels = vocabulary_of(folders), _labels(folders)
    known = tuple(map(spoken, vocabulary.words)) if vocabulary else ()
    for name in tables:
        stored = one.weights.stored.get(name)
        if stored is None or len(stored.shape) != 2:
            continue
        told = _fitting(stored.shape[0], known, labels)
        rows = min(len(told), _MOST_ROWS, _LARGEST_VECTORS // (4 * max(1, stored.shape[1])))
        if told and (found := _first_rows(stored, rows)) is not None:
            words[name], vectors[name] = told[:rows], found
    return words, vectors


def _fitting(rows: int, known: tuple[str, ...], labels: tuple[str, ...]) -> tuple[str, ...]:
    """What the rows of a table stand for; nothing where neither words nor classes are as many."""
    if known and _PADDED * rows <= len(known) <= rows:
        return known
    return labels if labels and rows in (len(labels), len(labels) + 1) else ()


def _labels(folders: Sequence[Path]) -> tuple[str, ...]:
    """Names of classes in a config.json or in a file of their own, the nearest first."""
    for folder in folders:
        if found := labels_in(folder / "config.json"):
            return found
        for name in _CLASSES:
            if found := class_names_in(folder / name):
                return found
    return ()


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
