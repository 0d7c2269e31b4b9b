"""What an embedding has learnt of its words: which lie close to each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.insights.model_words import brief
from dlviz_docs.model import FloatArray
from dlviz_docs.renderers.architecture._known import Known
from dlviz_docs.stats.neighbours import principal
from dlviz_docs.view import Cell, Column, Figure, Layer, Plot, PlotAxis, Table

__all__ = ["embeddings"]

ASKED = 200
"""Words whose neighbours are listed, and of which the map is made."""
AMONG = 20_000
"""Words, the first of the vocabulary, among which neighbours are looked for."""
NEIGHBOURS = 5
LABEL = 30


def embeddings(known: Known) -> Iterator[Figure]:
    """A table of neighbours and a map for each embedding whose words are known."""
    for name, words in known.network.words.items():
        array = known.network.filters.get(name)
        if array is None or array.ndim != 2 or len(array) != len(words) or len(words) < NEIGHBOURS + 1:
            continue
        points = np.where(np.isfinite(array[:AMONG]), array[:AMONG], 0.0).astype(np.float64)
        asked = _asked(points, words)
        if len(asked) > 2:
            place = f"{known.place.id('words')}-{list(known.network.words).index(name) + 1}"
            yield _table(place, name, points, words, asked)
            yield _map(f"{place}-map", name, points, words, asked)


def _asked(points: FloatArray, words: tuple[str, ...]) -> NDArray[np.intp]:
    """The first words that are words: letters, and a vector that is not zero. Vocabularies begin with the frequent. All
    rows of a short list with names, which may be of classes."""
    named = any(one.isalpha() for word in words for one in word)  # numbers say nothing that the rows do not
    few = named and len(points) <= ASKED and any(not _is_word(word) for word in words)
    spelled = [at for at in range(len(points)) if points[at].any() and words[at] and (few or _is_word(words[at]))]
    return np.array(spelled[:ASKED], np.intp)


def _is_word(word: str) -> bool:
    return word.strip("▁Ġ# ").isalpha()


def _table(place: str, name: str, points: FloatArray, words: tuple[str, ...], asked: NDArray[np.intp]) -> Figure:
    lengths = np.linalg.norm(points, axis=1)
    units = points / np.where(lengths > 0, lengths, 1.0)[:, None]
    rows = tuple(_row(at, units @ units[at], words) for at in asked.tolist())
    columns = (Column("Word"), Column("Nearest, with cosine"), Column("Closest", True, "Cosine of the nearest"))
    caption = (
        f"Words whose vectors in {brief(name)} point the same way, the nearest first: the first {len(rows):,} words"
    )
    caption += f" among {len(points):,} of {len(words):,}." if len(points) < len(words) else f" of {len(words):,}."
    return Figure(place, "Neighbours of words", caption, Table(columns, rows, searchable=True), "Embeddings")


def _row(at: int, cosines: FloatArray, words: tuple[str, ...]) -> tuple[Cell, ...]:
    cosines[at] = -np.inf
    nearest = np.argpartition(-cosines, NEIGHBOURS)[:NEIGHBOURS]
    nearest = nearest[np.argsort(-cosines[nearest], kind="stable")]
    told = ", ".join(f"{brief(words[one], LABEL)} {cosines[one]:.2f}" for one in nearest.tolist())
    best = float(cosines[nearest[0]])
    return Cell(brief(words[at], LABEL)), Cell(told), Cell(f"{best:.2f}", best)


def _map(place: str, name: str, points: FloatArray, words: tuple[str, ...], asked: NDArray[np.intp]) -> Figure:
    coordinates, shares = principal(points[asked], 2)
    x, y = coordinates[:, 0], coordinates[:, 1] if coordinates.shape[1] > 1 else np.zeros(len(asked))
    dots = Layer("dot", x, y, notes=tuple(brief(words[at], LABEL) for at in asked.tolist()))
    held = f"{100 * shares.sum():.0f} % of their variance"
    caption = f"The same words on the first two principal components of {brief(name)}, which hold {held}."
    axes = PlotAxis("first component"), PlotAxis("second component")
    return Figure(place, "Map of words", caption, Plot((dots,), *axes, height=320), "Embeddings")
