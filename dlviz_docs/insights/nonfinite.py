"""Where numbers stopped being numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dlviz_docs import names, words
from dlviz_docs.insights.track import live_points
from dlviz_docs.model import FloatArray, Insight, Run, Series, Severity

__all__ = ["nonfinite"]


@dataclass(frozen=True, slots=True, eq=False)
class _Broken:
    """A series with NaN or infinities among the points that count."""

    series: Series
    values: FloatArray
    step: float
    """Of the first of them."""
    amount: int
    lost: bool
    """Finite at first, and not at the end: training did not recover."""

    @property
    def severity(self) -> Severity:
        if self.lost:
            return "serious"
        return "warning" if names.direction(self.series.metric) else "info"

    @property
    def course(self) -> str:
        series, n = self.series, len(self.values)
        if self.amount == n:
            return f"{series.name} has no finite value at all"
        what = "NaN" if np.isnan(self.values[~np.isfinite(self.values)][0]) else "Infinite"
        end = "and no finite value after that" if self.lost else "with finite values after that"
        where = f"{series.axis} {words.number(self.step)}"
        return f"{what} from {where} in {series.name}: {self.amount:,} of {words.count(n, 'value')}, {end}"


def nonfinite(run: Run) -> list[Insight]:
    """The first series whose numbers do not recover, or else the first that has any such; and how many others do."""
    broken = sorted(_broken(run), key=lambda one: (not one.lost, one.step, one.series.name))
    if not broken:
        return []
    first = broken[0]
    others = f"; {words.count(len(broken) - 1, 'other metric')} too" if len(broken) > 1 else ""
    return [
        Insight(
            kind="nonfinite",
            severity=first.severity,
            text=f"{first.course}{others}.",
            figure=names.figure_id(first.series.metric),
            run=run.slug,
            metric=first.series.name,
            step=first.step,
            values={
                "nonfinite": float(first.amount),
                "points": float(len(first.values)),
                "metrics": float(len(broken)),
            },
        )
    ]


def _broken(run: Run) -> Iterator[_Broken]:
    for series in run.series:
        places, values = live_points(series)
        finite = np.isfinite(values)
        if finite.all():
            continue
        first = int(finite.argmin())
        step = float(series.steps[first if places is None else places[first]])
        yield _Broken(series, values, step, int((~finite).sum()), bool(finite.any() and not finite[-1]))
