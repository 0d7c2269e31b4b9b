"""What single words come to over many texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dlviz_docs.model import FloatArray

__all__ = ["Word", "lexicon"]


@dataclass(frozen=True, slots=True)
class Word:
    """One word in the texts of one answer."""

    text: str
    mean: float
    """Of its values, one a text: what it adds to the answer where it stands."""
    error: float
    """Standard error of that over texts."""
    texts: int


def lexicon(texts: Iterable[tuple[Sequence[str], FloatArray]], least: int) -> list[Word]:
    """Every word that stands in at least `least` texts, the one with the largest mean first.

    Words are one whatever their case and the space around them. One that a text repeats has the sum there.
    """
    found: dict[str, list[float]] = defaultdict(list)
    for words, values in texts:
        own: dict[str, float] = defaultdict(float)
        for word, value in zip(words, values.tolist(), strict=True):
            own[word.strip().lower()] += value
        for word, value in own.items():
            found[word].append(value)
    listed = [_word(word, np.array(values)) for word, values in found.items() if len(values) >= least]
    return sorted(listed, key=lambda one: (-one.mean, one.text))


def _word(text: str, values: FloatArray) -> Word:
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")
    return Word(text, float(values.mean()), error, len(values))
