"""What was done to a run: resumed, and with which learning-rate schedule."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from dlviz_docs import names, words
from dlviz_docs.insights.thresholds import Thresholds
from dlviz_docs.insights.track import live_points
from dlviz_docs.model import FloatArray, Insight, Run, Series

__all__ = ["resumed", "schedule"]


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


_DECAYS: Mapping[str, Callable[[FloatArray], FloatArray]] = {
    "linear": lambda u: 1 - u,
    "cosine": lambda u: (1 + np.cos(np.pi * u)) / 2,
}


def schedule(run: Run, limits: Thresholds) -> list[Insight]:
    """The learning rate's course in words, where it is one of the usual ones."""
    rates = [series for series in run.series if names.is_learning_rate(series.metric)]
    return [insight for series in rates[:1] if (insight := _schedule(run, series, limits))]


def _schedule(run: Run, series: Series, limits: Thresholds) -> Insight | None:
    places, values = live_points(series)
    steps = series.steps if places is None else series.steps[places]
    if len(values) < limits.least_points or not np.isfinite(values).all() or values.min() < 0:
        return None
    peak = int(values.argmax())
    high, last = float(values[peak]), float(values[-1])
    plateau = int(np.flatnonzero(values >= high * (1 - 1e-6))[-1])  # a rate may stay at its peak for a while
    decay = _decay(steps[plateau:], values[plateau:], limits)
    warm = peak > 0 and values[0] < 0.9 * high and bool((np.diff(values[: peak + 1]) >= 0).all())
    if decay is None or (peak > 0 and not warm):
        return None
    rise = f"rises to {words.number(high)} by {series.axis} {words.number(float(steps[peak]))}, then " if warm else ""
    if decay == "constant":
        course = f"{rise}stays at {words.number(high)}" if not rise else f"{rise}stays there"
    else:
        course = f"{rise}{decay.format(high=words.number(high), last=words.number(last))}"
    return Insight(
        kind="schedule",
        severity="info",
        text=f"Learning rate: {course}.",
        figure=names.figure_id(series.metric),
        run=run.slug,
        metric=series.name,
        step=float(steps[peak]) if warm else None,
        values={"peak": high, "last": last, "error_threshold": limits.schedule_error},
    )


def _decay(steps: FloatArray, values: FloatArray, limits: Thresholds) -> str | None:
    """How a learning rate goes on after its peak; None where it is none of the usual courses."""
    high, low = float(values[0]), float(values[-1])
    if len(values) < 2 or values.min() == high:
        return "constant"
    drops = np.flatnonzero(np.diff(values))
    if (np.diff(values) > 0).any() or steps[-1] <= steps[0]:
        return None
    if len(drops) <= max(1, len(values) // 10):
        return f"falls from {{high}} to {{last}} in {words.count(len(drops), 'step')}"
    place, height = (steps - steps[0]) / (steps[-1] - steps[0]), (values - low) / (high - low)
    errors = {name: float(np.abs(shape(place) - height).max()) for name, shape in _DECAYS.items()}
    name = min(errors, key=lambda one: errors[one])
    if errors[name] <= limits.schedule_error:
        return f"falls from {{high}} to {{last}} along a {'cosine' if name == 'cosine' else 'straight line'}"
    if low > 0:
        logs = np.log(values / low) / np.log(high / low)
        if np.abs(1 - place - logs).max() <= limits.schedule_error:
            return "falls exponentially from {high} to {last}"
    return None
