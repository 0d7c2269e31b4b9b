"""What the rows of a cluster have in common that others have not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights.data_words import percent, quoted
from dlviz_docs.model import BoolArray, Insight
from dlviz_docs.stats.clusters import STRUCTURE, Clusters
from dlviz_docs.stats.columns import ColumnStats

__all__ = ["Trait", "cluster_sentence", "traits_of"]

APART = 0.8
"""Difference of means in standard deviations: large by Cohen 1988."""
MORE = 0.25
"""Difference of the shares of a level."""


@dataclass(frozen=True, slots=True)
class Trait:
    """One column in which a cluster differs from all other rows."""

    column: int
    """Place among the columns that were looked at."""
    size: float
    """How much, on a scale that orders numbers and levels together: 1 where the sentence may begin."""
    text: str
    """ "high “alcohol”", "“class” is 1 in 92 %"."""


def traits_of(member: BoolArray, columns: Sequence[ColumnStats], rows: NDArray[np.intp], most: int = 3) -> list[Trait]:
    """The columns in which the members differ most from the other rows of a sample, the clearest first."""
    found = []
    for place, column in enumerate(columns):
        values = column.feature.values[rows]
        trait = (
            _number(place, column, values.astype(np.float64), member)
            if column.levels is None
            else _level(place, column, values.astype(np.intp), member)
        )
        if trait is not None and trait.size >= 1:
            found.append(trait)
    return sorted(found, key=lambda trait: (-trait.size, trait.column))[:most]


@np.errstate(all="ignore")
def _number(place: int, column: ColumnStats, values: NDArray[np.float64], member: BoolArray) -> Trait | None:
    finite = np.isfinite(values)
    inside, outside = values[finite & member], values[finite & ~member]
    if len(inside) < 2 or len(outside) < 2:
        return None
    spread = float(values[finite].std())
    if not 0 < spread < np.inf:
        return None
    apart = float(inside.mean() - outside.mean()) / spread
    word = "high" if apart > 0 else "low"
    what, middle, other = "median", *(_spelled(float(np.median(side))) for side in (inside, outside))
    if middle == other:  # as of two values, of which one is rare
        what, middle, other = "mean", *(_spelled(float(side.mean())) for side in (inside, outside))
    return Trait(place, abs(apart) / APART, f"{word} {quoted(column.name)} ({what} {middle}, others {other})")


def _spelled(value: float) -> str:
    return words.number(float(f"{value:.3g}"))


def _level(place: int, column: ColumnStats, codes: NDArray[np.intp], member: BoolArray) -> Trait | None:
    k = len(column.feature.levels)
    inside, outside = (np.bincount(codes[side & (codes >= 0)], minlength=k) for side in (member, ~member))
    if not inside.sum() or not outside.sum():
        return None
    shares, others = inside / inside.sum(), outside / outside.sum()
    level = int((shares - others).argmax())
    more = float(shares[level] - others[level])
    told = (
        f"{quoted(column.name)} is {quoted(column.feature.levels[level])} in {percent(float(shares[level]), 1.0)} "
        f"(others {percent(float(others[level]), 1.0)})"
    )
    return Trait(place, more / MORE, told)


def cluster_sentence(found: Clusters, traits: Sequence[Sequence[Trait]], said: str, figure: str) -> Iterator[Insight]:
    """That there are clusters, and what the largest one that differs is."""
    sizes = np.bincount(found.members, minlength=found.count)
    named = next((place for place, own in enumerate(traits) if own), None)
    if named is None:
        return
    text = (
        f"Rows fall into {found.count} clusters (mean silhouette {found.silhouette:.2f}; {said}). Cluster {named + 1}, "
        f"{percent(int(sizes[named]), int(sizes.sum()))} of the rows: {', '.join(t.text for t in traits[named][:2])}."
    )
    values = {"silhouette": found.silhouette, "threshold": STRUCTURE, "clusters": float(found.count)}
    yield Insight(kind="clusters", severity="info", text=text, figure=figure, values=values)
