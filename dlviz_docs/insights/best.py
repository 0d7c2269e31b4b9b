"""Where a run was at its best."""

from __future__ import annotations

from dlviz_docs import names, words
from dlviz_docs.insights.track import Context, Track
from dlviz_docs.model import Insight

__all__ = ["best_steps"]


def best_steps(context: Context) -> list[Insight]:
    """The best recorded value of each metric the run is judged by."""
    return [_best(context, track) for track in context.main]


def _best(context: Context, track: Track) -> Insight:
    point, last = track.best_point, len(track.values) - 1
    best, end = float(track.values[point]), float(track.values[-1])
    if best == end:
        level = bool((track.values == best).all())
        then = "the value throughout" if level else "reached again at the end"
    else:
        then = f"the last value is {words.number(end)}"
    return Insight(
        kind="best",
        severity="info",
        text=f"Best {track.name} is {words.number(best)} at {track.where(point)}; {then}."
        if point != last
        else f"Best {track.name} is the last value, {words.number(best)} at {track.where(point)}.",
        figure=names.figure_id(track.metric),
        run=context.run.slug,
        metric=track.name,
        step=track.step(point),
        values={"best": best, "last": end, "points": float(len(track.values))},
    )
