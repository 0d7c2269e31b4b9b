"""Where a run was at its best."""

from __future__ import annotations

from dlviz_docs import words
from dlviz_docs.insights.track import Context, Track
from dlviz_docs.model import Insight

__all__ = ["best_steps"]


def best_steps(context: Context) -> list[Insight]:
    """The best recorded value of each metric the run is judged by."""
    return [_best(context, track) for track in context.main]


def _best(context: Context, track: Track) -> Insight:
    point = track.best_point
    best, end = float(track.values[point]), float(track.values[-1])
    shown, where = words.number(best), track.where(point)
    if point == len(track.values) - 1:
        text = f"Best {track.name} is the last value, {shown} at {where}."
    elif best != end:
        text = f"Best {track.name} is {shown} at {where}; the last value is {words.number(end)}."
    else:
        again = "the value throughout" if (track.values == best).all() else "reached again at the end"
        text = f"Best {track.name} is {shown} at {where}; {again}."
    values = {"best": best, "last": end, "points": float(len(track.values))}
    return context.insight(track, "best", "info", text, values, point=point)
