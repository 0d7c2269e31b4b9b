"""Whether training fell apart, jumped, or was measured too coarsely: divergence, spikes, noisy validation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights.track import Context, Track
from dlviz_docs.model import FloatArray, Insight
from dlviz_docs.stats.robust import NORMAL_MAD, row_medians

__all__ = ["divergence", "noisy_validation", "spikes"]

_WINDOW = 9  # points around one that is asked whether it stands out


# --- divergence -------------------------------------------------------------------------------------------------------


def divergence(context: Context) -> list[Insight]:
    """A loss that ends far above its best, or a quality or return that has lost much of what it had gained.

    Validation is asked only where there is no training curve of it: rising alone, it is overfitting.
    """
    losses = [*context.losses("train", ""), *(t for t in context.losses("val", "test") if not context.twin(t))]
    for track in [*losses, *(track for track in context.main if track.kind != "loss")]:
        if insight := _diverges(context, track):
            return [insight]
    return []


def _diverges(context: Context, track: Track) -> Insight | None:
    limits, levels = context.limits, track.levels
    if len(track.values) < limits.least_points or len(levels) - 1 - track.best_level < track.tail:
        return None
    base = track.best_cost
    rise = track.end - base
    least = max(limits.divergence_of_drop * track.gained, limits.divergence_significance * track.level_noise)
    if track.kind == "loss":
        least = max(least, limits.divergence_rise * abs(base))
    elif not track.gained:
        return None  # a quality that only fell was not trained for here
    if rise <= least:
        return None
    onset = int(np.flatnonzero(levels <= base + rise / 10)[-1])
    point = track.at(onset)
    lost = f", losing {100 * rise / track.gained:,.0f} % of what it had gained" if track.gained > rise / 10 else ""
    verb = "Diverges" if track.kind == "loss" else "Collapses"
    moves = "rises" if track.direction == "min" else "falls"
    return context.insight(
        track,
        "divergence",
        "serious" if track.kind == "loss" else "warning",
        f"{verb} after {track.where(point)}: {track.name} {moves} from {track.shown(base)} to "
        f"{track.shown(track.end)}{lost}.",
        {
            "best": track.sign * base,
            "end": track.sign * track.end,
            "rise": rise,
            "rise_threshold": least,
        },
        point=point,
    )


# --- spikes -----------------------------------------------------------------------------------------------------------


def spikes(context: Context) -> list[Insight]:
    """Single points of a training loss far above those around them; the series with the highest is told."""
    found = [spike for track in context.losses("train", "") for spike in _spikes(context, track)]
    return [max(found, key=lambda insight: insight.values["height"])] if found else []


def _spikes(context: Context, track: Track) -> Iterator[Insight]:
    limits, values = context.limits, track.values
    if len(values) < limits.least_for_spikes:
        return
    # Few points stand that high above their block: only their own neighbours are asked.
    rough = track.level_of_points
    asked = np.flatnonzero(values - rough > limits.spike_height * np.abs(rough))
    asked = asked[asked < len(values) - _WINDOW // 2]  # a jump that has had no time to come back may be a step
    if not len(asked) or len(asked) > len(values) // 4:
        return
    level, scale = _around(values, asked)
    above = values[asked] - level
    scale = np.maximum(scale, track.noise)
    high = (above > limits.spike_score * scale) & (above > limits.spike_height * np.abs(level))
    positive = level > 0
    spread = scale[positive] / level[positive]
    high[positive] &= np.log(values[asked[positive]] / level[positive]) > limits.spike_score_log * np.log1p(spread)
    places = asked[high]
    if not len(places) or len(places) > max(limits.spike_share * len(values), 3):
        return
    amount = 1 + int(np.count_nonzero(np.diff(places) > _WINDOW // 2))
    highest = int(np.where(high, above, -np.inf).argmax())
    worst, around = int(asked[highest]), float(level[highest])
    yield context.insight(
        track,
        "spikes",
        "warning" if amount > 1 else "info",
        f"{words.count(amount, 'spike')} in {track.name}"
        + (f", the highest at {track.where(worst)}" if amount > 1 else f" at {track.where(worst)}")
        + f": {words.number(float(values[worst]))} where its neighbours are near {words.number(around)}.",
        {
            "spikes": float(amount),
            "value": float(values[worst]),
            "around": around,
            "height": float(above[highest]),
            "score": float(above[highest] / max(scale[highest], above[highest] * 1e-6)),  # neighbours may be equal
            "score_threshold": limits.spike_score,
        },
        point=worst,
    )


def _around(values: FloatArray, asked: np.ndarray) -> tuple[FloatArray, FloatArray]:
    """Median of the points around each asked one, and the robust deviation of a wider stretch from it."""
    near, wide = (_windows(values, asked, width) for width in (_WINDOW, 4 * _WINDOW + 1))
    level = row_medians(near)
    return level, NORMAL_MAD * row_medians(np.abs(wide - level[:, None]))


def _windows(values: FloatArray, asked: np.ndarray, width: int) -> FloatArray:
    """The points around each asked one, shape (asked, width); at the ends, the outermost ones."""
    starts = np.minimum(np.maximum(asked - width // 2, 0), len(values) - width)
    windows: FloatArray = values[starts[:, None] + np.arange(width)]
    return windows


# --- noisy validation -------------------------------------------------------------------------------------------------


def noisy_validation(context: Context) -> list[Insight]:
    """Evaluations vary so much by chance that the best one is partly luck. Returns always do, and are not told."""
    tracks = [track for track in context.main if track.split == "val" and track.kind != "return"]
    return [insight for track in tracks[:1] if (insight := _is_noisy(context, track))]


def _is_noisy(context: Context, track: Track) -> Insight | None:
    limits = context.limits
    span = float(track.levels.max() - track.levels.min())
    if len(track.values) < limits.least_for_shape or not span or track.noise < limits.noise_share * span:
        return None
    return context.insight(
        track,
        "noisy-validation",
        "info",
        f"Noisy validation: one value of {track.name} varies by ±{words.number(float(f'{track.noise:.2g}'))} by "
        f"chance, {100 * track.noise / span:.0f} % of its whole trend. Its best step may be luck; a larger validation "
        "set or an average of weights would tell.",
        {"noise": track.noise, "share": track.noise / span, "share_threshold": limits.noise_share},
    )
