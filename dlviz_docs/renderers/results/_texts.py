"""Generated texts beside what was wanted, measured once for all figures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.model import FloatArray, Predictions
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results._measured import judged_split
from dlviz_docs.stats.regress import Estimate
from dlviz_docs.stats.text_overlap import chrf, chrf_counts, chrf_interval, edit_distance, repetition
from dlviz_docs.stats.texts import words_of

__all__ = ["LONGEST", "MOST_CHARACTERS", "Estimate", "Texts", "read_texts", "similarity"]

MOST_SCORED = 10_000
"""Texts that are compared character by character; of more a sample, and that is said."""
MOST_CHARACTERS = 1_000_000
"""Of all of them together: some two CPU-seconds."""
LONGEST = 5000
"""Characters of one text that are compared."""


@dataclass(frozen=True, eq=False)  # no slots: what is asked for is computed once
class Texts:
    """Rows of one split."""

    predictions: Predictions
    place: Place
    rows: NDArray[np.intp]
    """Of the predictions, ascending; shape (n,)."""
    outputs: list[str]
    """ "" where nothing came out, shape (n,)."""
    references: list[str | None]
    """None where nobody says what was wanted, shape (n,)."""
    inputs: list[str | None]
    """Shape (n,)."""
    split: str

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def of_split(self) -> str:
        """For captions; "" where there is one split."""
        return f" Of the {self.split} split." if self.split else ""

    @cached_property
    def compared(self) -> NDArray[np.intp]:
        """Places of rows with a reference."""
        return np.flatnonzero([text is not None for text in self.references])

    @cached_property
    def scored(self) -> NDArray[np.intp]:
        """Those of them that are compared character by character: all, or a sample (seed 0)."""
        sizes = np.minimum(self.output_lengths, LONGEST) + np.minimum(self.reference_lengths, LONGEST)
        most = MOST_SCORED
        if (total := int(sizes[self.compared].sum())) > MOST_CHARACTERS:
            most = min(most, max(1, int(len(self.compared) * MOST_CHARACTERS / total)))
        if len(self.compared) <= most:
            return self.compared
        return np.sort(np.random.default_rng(0).permutation(self.compared)[:most])

    @cached_property
    def sampled(self) -> str:
        """For captions; "" where all are compared."""
        parts = []
        if len(self.scored) < len(self.compared):
            parts.append(f" chrF and edits of {len(self.scored):,} of them, chosen at random (seed 0).")
        if any(len(text) > LONGEST for _, text in self._pairs):
            parts.append(f" Of long texts the first {LONGEST:,} characters are compared.")
        return "".join(parts)

    @cached_property
    def _pairs(self) -> list[tuple[str, str]]:
        return [(self.outputs[row].strip(), (self.references[row] or "").strip()) for row in self.scored.tolist()]

    @cached_property
    def _cut(self) -> list[tuple[str, str]]:
        return [(mine[:LONGEST], other[:LONGEST]) for mine, other in self._pairs]

    @cached_property
    def chrf_counts(self) -> FloatArray:
        """Of the scored rows, shape (m, 6, 3)."""
        return chrf_counts([mine for mine, _ in self._cut], [other for _, other in self._cut])

    @cached_property
    def chrf(self) -> Estimate:
        """Of all scored texts together, from 0 to 100, with its interval."""
        low, high = chrf_interval(self.chrf_counts)
        return 100 * float(chrf(self.chrf_counts.sum(0))), 100 * low, 100 * high

    @cached_property
    def by_character(self) -> FloatArray:
        """Edit similarity of the scored rows, shape (m,)."""
        return np.array([similarity(mine, other) for mine, other in self._cut])

    @cached_property
    def by_word(self) -> FloatArray:
        """The same, word by word."""
        return np.array([similarity(mine.split(), other.split()) for mine, other in self._cut])

    @cached_property
    def exact(self) -> NDArray[np.bool_]:
        """Whether rows with a reference are the same but for spaces at the ends."""
        found = [self.outputs[row].strip() == (self.references[row] or "").strip() for row in self.compared.tolist()]
        return np.array(found, np.bool_)

    @cached_property
    def alike(self) -> NDArray[np.bool_]:
        """Whether they have the same words, or, without any, are the same."""
        found = [
            own or _same_words(self.outputs[row], self.references[row] or "")
            for row, own in zip(self.compared.tolist(), self.exact.tolist(), strict=True)
        ]
        return np.array(found, np.bool_)

    @cached_property
    def output_lengths(self) -> NDArray[np.int64]:
        """Characters, shape (n,)."""
        return np.array([len(text) for text in self.outputs], np.int64)

    @cached_property
    def reference_lengths(self) -> NDArray[np.int64]:
        """Characters, 0 where there is none, shape (n,)."""
        return np.array([len(text or "") for text in self.references], np.int64)

    @cached_property
    def empty(self) -> int:
        """How many outputs say nothing."""
        return sum(not text.strip() for text in self.outputs)

    @cached_property
    def _copies(self) -> Counter[str]:
        return Counter(text.strip() for text in self.outputs if text.strip())

    @cached_property
    def distinct(self) -> int:
        """How many different outputs there are, but for empty ones."""
        return len(self._copies)

    @cached_property
    def largest_copy(self) -> int:
        """How many different inputs get the most frequent output; rows, where inputs are not known."""
        if not self._copies:
            return 0
        text, count = self._copies.most_common(1)[0]
        if not any(one is not None for one in self.inputs):
            return count
        return len({self.inputs[row] for row in range(len(self)) if self.outputs[row].strip() == text})

    @cached_property
    def with_input(self) -> int:
        """Rows whose input is known."""
        return sum(bool(text) for text in self.inputs)

    @cached_property
    def echoes(self) -> int:
        """How many outputs are their input."""
        pairs = zip(self.inputs, self.outputs, strict=True)
        return sum(1 for given, text in pairs if given and given.strip() and given.strip() == text.strip())

    @cached_property
    def repetition_of(self) -> FloatArray:
        """Share of repeated sequences of each row, NaN for short ones, shape (n,)."""
        return np.array([repetition(words_of(text[:LONGEST])) for text in self.outputs])

    @cached_property
    def repetition(self) -> FloatArray:
        """Those that are known."""
        return self.repetition_of[~np.isnan(self.repetition_of)]

    def title(self, row: int) -> str:
        """What a row is called: its identifier, or its number in the file, from 0."""
        at, ids = int(self.rows[row]), self.predictions.ids
        return ids[at] if at < len(ids) and ids[at] else f"row {words.number(at)}"


def similarity(mine: str | list[str], other: str | list[str]) -> float:
    """1 less edits over the longer one's length; 1 for two empty ones."""
    longest = max(len(mine), len(other))
    return 1 - edit_distance(mine, other) / longest if longest else 1.0


def _same_words(mine: str, other: str) -> bool:
    found = words_of(mine)
    return bool(found) and found == words_of(other)


def read_texts(one: Predictions, place: Place) -> Texts | None:
    """None where nothing was generated."""
    n = len(one.generated)
    if not n:
        return None
    keep, split = judged_split(one)
    rows = np.flatnonzero(keep[:n] if len(keep) >= n else np.ones(n, np.bool_))
    if not len(rows):
        return None

    def taken(texts: tuple[str | None, ...]) -> list[str | None]:
        return [texts[row] if row < len(texts) else None for row in rows.tolist()]

    outputs = [text or "" for text in taken(one.generated)]
    return Texts(one, place, rows, outputs, taken(one.references), taken(one.inputs), split)
