"""Whether a run went on long after it had stopped getting better."""

from __future__ import annotations

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights.track import Context, Track
from dlviz_docs.model import FloatArray, Insight
from dlviz_docs.stats.robust import median

__all__ = ["plateau"]


def plateau(context: Context) -> list[Insight]:
    """No progress worth the name over a large last part of the run; returns of agents may stand at their maximum."""
    tracks = [track for track in context.main if track.kind != "return"]
    tracks.sort(key=lambda track: track.kind == "quality")
    return [insight for track in tracks[:1] if (insight := _is_stuck(context, track))]


def _is_stuck(context: Context, track: Track) -> Insight | None:
    limits, levels = context.limits, track.levels
    if len(track.values) < limits.least_for_shape or _is_perfect(track, limits.perfect):
        return None
    if track.level_noise > limits.plateau_noise * track.gained or not track.gained:
        return None
    # The first steps of a loss may dwarf all later progress, so it is measured against the level reached, too.
    enough = limits.plateau_gain * min(track.gained, abs(float(levels[-1])))
    start = _last_progress(levels, max(enough, 3 * track.level_noise))
    share = 1 - float(track.shares[start])
    if share < limits.plateau_share:
        return None
    point = track.at(start)
    return context.insight(
        track,
        "plateau",
        "info",
        f"No progress in the last {100 * share:.0f} % of the run: since {track.where(point)}, {track.name} has "
        f"stayed near {words.number(track.sign * median(levels[start:]))}.",
        {"share": share, "share_threshold": limits.plateau_share, "gain_threshold": limits.plateau_gain},
        point=point,
    )


def _last_progress(levels: FloatArray, enough: float) -> int:
    """The first level from which on no more than `enough` was still to be gained."""
    best = np.minimum.accumulate(levels)
    return int(np.flatnonzero(best - best[-1] <= enough)[0])


def _is_perfect(track: Track, mark: float) -> bool:
    """A share that has reached its ceiling cannot be called stuck."""
    return track.direction == "max" and mark <= float(track.values.max()) <= 1.0
