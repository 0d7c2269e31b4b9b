"""Whether a run was resumed."""

from __future__ import annotations

import numpy as np

from dlviz_docs import names, words
from dlviz_docs.model import Insight, Run

__all__ = ["resumed"]


def resumed(run: Run) -> list[Insight]:
    """That later sessions wrote steps again, and that the earlier points are left out."""
    spliced = [(series, series.superseded) for series in run.series if series.superseded is not None]
    if not spliced:
        return []
    series, mask = max(spliced, key=lambda pair: int(pair[1].sum()))
    seams = np.flatnonzero(mask[:-1] & ~mask[1:]) + 1
    amount = int(mask.sum())
    steps = [float(series.steps[seam]) for seam in seams]
    shown = ", ".join(words.number(step) for step in steps[:3])
    more = f" and {len(steps) - 3} more" if len(steps) > 3 else ""
    afresh = len(steps) == 1 and steps[0] <= float(series.steps.min())
    how = "Started again" if afresh else "Resumed"
    at = f" at {series.axis} {shown}{more}" if steps else ""
    return [
        Insight(
            kind="resumed",
            severity="info",
            text=f"{how}{at}: {words.count(amount, 'point')} of {series.name} that a later session wrote again "
            f"{'is' if amount == 1 else 'are'} left out.",
            figure=names.figure_id(series.metric),
            run=run.slug,
            metric=series.name,
            step=steps[0] if steps else None,
            values={"superseded": float(amount), "series": float(len(spliced))},
        )
    ]
