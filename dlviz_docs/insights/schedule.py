"""The learning rate's course in words."""

from __future__ import annotations

import numpy as np

from dlviz_docs import names, words
from dlviz_docs.insights.thresholds import Thresholds
from dlviz_docs.insights.track import live_points
from dlviz_docs.model import FloatArray, Insight, Run, Series

__all__ = ["schedule"]


def schedule(run: Run, limits: Thresholds) -> list[Insight]:
    """Warm-up and decay of the first learning rate, where its course is one of the usual ones."""
    rates = [series for series in run.series if names.is_learning_rate(series.metric)]
    return [insight for series in rates[:1] if (insight := _schedule(run, series, limits))]


def _schedule(run: Run, series: Series, limits: Thresholds) -> Insight | None:
    places, values = live_points(series)
    steps = series.steps if places is None else series.steps[places]
    if len(values) < limits.least_points or not np.isfinite(values).all() or values.min() < 0:
        return None
    peak, high = int(values.argmax()), float(values.max())
    if (np.diff(values[: peak + 1]) < 0).any():
        return None
    rests = int(np.flatnonzero(values == high)[-1])  # a rate may stay at its peak before it falls
    fall = _fall(steps[rests:], values[rests:], limits)
    if fall is None:
        return None
    top = words.number(high)
    if peak:
        course = f"rises to {top} by {series.axis} {words.number(float(steps[peak]))}, then {fall or 'stays there'}"
    else:
        course = fall.replace("falls", f"falls from {top}") or f"stays at {top}"
    return Insight(
        kind="schedule",
        severity="info",
        text=f"Learning rate: {course}.",
        figure=names.figure_id(series.metric),
        run=run.slug,
        metric=series.name,
        step=float(steps[peak]) if peak else None,
        values={"peak": high, "last": float(values[-1]), "error_threshold": limits.schedule_error},
    )


def _fall(steps: FloatArray, values: FloatArray, limits: Thresholds) -> str | None:
    """How a learning rate falls after its peak: "" if it does not, None if in none of the usual ways."""
    high, low = float(values[0]), float(values[-1])
    if (values == high).all():
        return ""
    changes = np.diff(values)
    if (changes > 0).any() or steps[-1] <= steps[0]:
        return None
    drops = int(np.count_nonzero(changes))
    to = f"falls to {words.number(low)}"
    if drops <= max(1, len(values) // 10):
        return f"{to} in {words.count(drops, 'step')}"
    place, height = (steps - steps[0]) / (steps[-1] - steps[0]), (values - low) / (high - low)
    shapes = {
        "along a straight line": (1 - place, height),
        "along a cosine": ((1 + np.cos(np.pi * place)) / 2, height),  # Loshchilov and Hutter 2017
    }
    if low > 0:
        shapes["exponentially"] = 1 - place, np.log(values / low) / np.log(high / low)
    errors = {shape: float(np.abs(expected - seen).max()) for shape, (expected, seen) in shapes.items()}
    nearest = min(errors, key=lambda shape: errors[shape])
    return f"{to} {nearest}" if errors[nearest] <= limits.schedule_error else None
