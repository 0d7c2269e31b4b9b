"""Models beside the best one: a table of differences, and what makes a table, whatever the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dlviz_docs.insights.estimates import estimate
from dlviz_docs.insights.results_compare import LEAST_ITEMS
from dlviz_docs.insights.results_words import brief, chance, interval
from dlviz_docs.model import FloatArray
from dlviz_docs.renderers._place import Place
from dlviz_docs.stats.paired import by_draws, holm
from dlviz_docs.view import Cell, Column, Figure, Table

__all__ = ["Gap", "against_best", "differences", "score_cell"]

Estimate = tuple[float, float, float]
COARSE = 0.04
"""Width of an interval from which on a third decimal says nothing."""


@dataclass(frozen=True, slots=True)
class Gap:
    """By how much the best one is better than another, and the p-value that it is not, after Holm."""

    value: float
    low: float
    high: float
    p: float

    @property
    def span(self) -> Estimate:
        """With its 95 % interval."""
        return self.value, self.low, self.high


def against_best(values: Sequence[float], drawn: Sequence[FloatArray], n: int) -> list[Gap]:
    """One for each model but the first; `drawn` are scores of the same items drawn anew, shape (draws,)."""
    gaps = []
    for value, draws in zip(values[1:], drawn[1:], strict=True):
        many = min(len(drawn[0]), len(draws))
        gap = values[0] - value
        gaps.append((gap, *by_draws(gap, drawn[0][:many].astype(np.float64) - draws[:many], n)))
    return corrected(gaps)


def corrected(gaps: Sequence[tuple[float, float, float, float]]) -> list[Gap]:
    """Differences with intervals and p-values, the p-values corrected for their number."""
    adjusted = holm(np.array([gap[3] for gap in gaps]))
    return [Gap(*gap[:3], float(p)) for gap, p in zip(gaps, adjusted, strict=True)]


def score_cell(value: Estimate, *, bar: bool = False) -> Cell:
    """A score and its interval, sorted by the score; many stand beside each other, so two decimals if they suffice."""
    middle, low, high = value
    if not np.isfinite(middle):
        return Cell("–")
    known = bool(np.isfinite(low) and np.isfinite(high))
    text = estimate(*value, digits=2) if known and high - low >= COARSE else interval(*value)
    return Cell(text, middle, bar=(min(low, middle), middle, max(high, middle)) if bar and known else None)


def differences(names: Sequence[str], gaps: Mapping[str, Sequence[Gap]], items: str, n: int, place: Place) -> Figure:
    """A row a model but for the best; `gaps` by score, `items` what was drawn ("pictures")."""
    columns = [Column("Model")]
    for score in gaps:
        columns.append(Column(score, True, f"The best one's less its own, with the 95 % interval, paired by {items}"))
        columns.append(Column("p", True, "Two-sided, after Holm's correction"))
    rows = []
    for turn, name in enumerate(names[1:]):
        cells = [Cell(brief(name))]
        for of_score in gaps.values():
            gap = of_score[turn]
            cells.append(score_cell(gap.span))
            cells.append(
                Cell(chance(gap.p).removeprefix("p = ").removeprefix("p "), gap.p) if np.isfinite(gap.p) else Cell("–")
            )
        rows.append(tuple(cells))
    caption = (
        f"How far each is below {brief(names[0])} on the same {n:,} {items}, which are drawn anew together; tested: "
        "each against the best. The best was chosen on the same data, which favours it a little."
    )
    if n < LEAST_ITEMS:
        caption += f" {n:,} {items} are too few to tell models apart."
    table = Table(tuple(columns), tuple(rows), searchable=len(rows) > 10)
    return Figure(place.id("model-differences"), "Below the best", caption, table, place.group("Comparison"))
