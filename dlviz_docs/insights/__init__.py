"""Numbers to sentences: what the curves of a run say, each sentence with its evidence and its threshold.

A family of judgements a file; `track.py` prepares the curves, `thresholds.py` says when a sentence is worth saying.
A sentence is only said where the metric's name tells which way is better, and where it stands clear of the noise.
"""

from __future__ import annotations

import numpy as np

from dlviz_docs.insights.best import best_steps
from dlviz_docs.insights.fit import overfitting, underfitting, unfinished
from dlviz_docs.insights.nonfinite import nonfinite
from dlviz_docs.insights.plateau import plateau
from dlviz_docs.insights.resumed import resumed
from dlviz_docs.insights.schedule import schedule
from dlviz_docs.insights.stability import divergence, noisy_validation, spikes
from dlviz_docs.insights.thresholds import Thresholds
from dlviz_docs.insights.track import prepare
from dlviz_docs.model import Insight, Run

__all__ = ["Thresholds", "observe"]

_DEFAULT = Thresholds()


@np.errstate(all="ignore")  # logs may hold 1e308; what overflows compares as nothing worth saying
def observe(run: Run, limits: Thresholds = _DEFAULT) -> tuple[Insight, ...]:
    """All that is worth saying of one run at full resolution, the most serious first; only facts where it is healthy.

    A run that diverges is not also called overfit, nor one that overfits stuck: the first cause is said.
    """
    context = prepare(run, limits)
    broken = nonfinite(run)
    found = divergence(context) or [*overfitting(context), *underfitting(context)]
    if not found:
        found += noisy_validation(context)
        if not any(insight.severity == "serious" for insight in broken):
            found += unfinished(context) or plateau(context)
    found += [*broken, *spikes(context), *best_steps(context), *resumed(run), *schedule(run, limits)]
    order = {"serious": 0, "warning": 1, "info": 2}
    return tuple(sorted(found, key=lambda insight: order[insight.severity]))
