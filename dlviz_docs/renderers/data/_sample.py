"""Some rows of a data set as points, for what looks at rows beside each other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray
from dlviz_docs.renderers.data._profile import Profile
from dlviz_docs.renderers.data._rows import drawn
from dlviz_docs.stats.columns import ColumnStats
from dlviz_docs.stats.projection import Design, design
from dlviz_docs.stats.relations import MOST_LEVELS

__all__ = ["ROWS", "Sample", "sample_of"]

ROWS = 1500
"""Every row is compared with every other."""
LEAST = 30
COLUMNS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """m rows."""

    rows: NDArray[np.intp]
    """Ascending, shape (m,)."""
    columns: tuple[ColumnStats, ...]
    """What the points are made of: numbers first, then categories, as `points.sources` counts them."""
    design: Design
    of: int
    """Rows of the data set."""
    said: str
    """How it was chosen, in words."""

    @property
    def points(self) -> FloatArray:
        """Shape (m, d)."""
        return self.design.points

    def part(self, most: int) -> Sample:
        """Some of its rows, by the same columns."""
        if len(self.rows) <= most:
            return self
        kept = drawn(np.arange(len(self.rows)), most)
        return replace(
            self,
            rows=self.rows[kept],
            design=replace(self.design, points=self.design.points[kept]),
            said=_said(most, self.of),
        )


def sample_of(found: Profile) -> Sample | None:
    """Features without the target, and without what names, groups or orders rows; None for fewer than two columns."""
    dataset = found.dataset
    apart = {dataset.target, dataset.group, dataset.time}
    features = [column for column in found.columns if column.name not in apart]
    numbers = [c for c in features if c.feature.kind == "number" and c.ranks is not None][:COLUMNS]
    categories = [c for c in features if c.levels is not None and 1 < c.distinct <= MOST_LEVELS][:COLUMNS]
    if len(numbers) + len(categories) < 2 or dataset.length < LEAST:
        return None
    rows = drawn(np.arange(dataset.length), ROWS)
    made = design(
        [c.feature.values[rows].astype(np.float64) for c in numbers],
        [c.feature.values[rows].astype(np.intp) for c in categories],
    )
    if len(set(made.sources)) < 2:
        return None
    return Sample(rows, (*numbers, *categories), made, dataset.length, _said(len(rows), dataset.length))


def _said(rows: int, of: int) -> str:
    return f"{rows:,} of {of:,} rows, chosen at random (seed 0)" if rows < of else f"n = {rows:,}"
