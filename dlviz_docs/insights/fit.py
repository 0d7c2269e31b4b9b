"""Whether a run learned too much from its training data, too little, or was stopped while it still learned."""

from __future__ import annotations

import numpy as np

from dlviz_docs import names, words
from dlviz_docs.insights.track import Context, Track
from dlviz_docs.model import Insight
from dlviz_docs.stats.robust import median

__all__ = ["overfitting", "underfitting", "unfinished"]


def overfitting(context: Context) -> list[Insight]:
    """Validation gets worse after its best point, lastingly and beyond the noise, while training gets better.

    Losses are asked first; accuracies only where there is no pair of losses, since they lag behind.
    """
    losses = [(val, twin) for val in context.losses("val", "test") if (twin := context.twin(val))]
    others = [(val, twin) for val in context.of("val", "test") if val.kind == "quality" and (twin := context.twin(val))]
    for val, train in losses or others:
        if insight := _overfits(context, val, train):
            return [insight]
    return []


def _overfits(context: Context, val: Track, train: Track) -> Insight | None:
    limits = context.limits
    k, best = len(val.levels), val.best_level
    if min(len(val.values), len(train.values)) < limits.least_points or k - 1 - best < val.tail:
        return None
    base = val.best_cost
    rise = val.end - base
    least = max(
        limits.overfit_rise * abs(base),
        limits.overfit_of_drop * val.gained,
        limits.significance * val.level_noise,
    )
    if rise < least or not _lasts(val.levels[best:], base + rise / 4, limits.overfit_lasting):
        return None
    before = _level_at(train, val, best)
    fall = before - train.end
    if fall < max(limits.overfit_train * abs(before), train.level_noise):
        return None
    point = val.at(best)
    share, train_share = _share(rise, base), _share(fall, before)
    if abs(fall) > 0.95 * abs(before):  # "falls 100 %" would say that nothing is left
        train_share = f"from {train.shown(before)} to {train.shown(train.end)}"
    worse, better = ("rises", "falls") if val.direction == "min" else ("falls", "rises")
    return context.insight(
        val,
        "overfitting",
        "warning",
        # Levels, not single points: beside the best value they would look like a mistake if the words did not say so.
        f"Overfits from {val.where(point)}: the level of {val.name} {worse} {share}, from {val.shown(base)} to "
        f"{val.shown(val.end)}, while {train.name} {better} {train_share}.",
        {
            "best_level": val.sign * base,
            "end_level": val.sign * val.end,
            "rise": rise / abs(base) if base else rise,
            "rise_threshold": least / abs(base) if base else least,
            "train_before": train.sign * before,
            "train_end": train.sign * train.end,
        },
        point=point,
    )


def _lasts(levels: np.ndarray, mark: float, share: float) -> bool:
    later = levels[len(levels) // 2 :]
    return bool((later > mark).mean() >= share)


def _level_at(train: Track, val: Track, level: int) -> float:
    """Training cost when validation was at a level: at the same step, or the same share of the run."""
    if train.series.axis == val.series.axis:
        ends = train.series.steps[train.places[train.middles]]
        place = int(np.searchsorted(ends, val.step(val.at(level))))
    else:
        place = round(level / (len(val.levels) - 1) * (len(train.levels) - 1))
    place = min(place, len(train.levels) - 1)
    return median(train.levels[max(place - 1, 0) : place + 2])


def underfitting(context: Context) -> list[Insight]:
    """The loss, or the return, hardly changes at all, in training as in validation."""
    limits = context.limits
    for track in context.main:
        together = [track, *([twin] if (twin := context.twin(track)) else [])]
        if track.kind == "quality" or not all(_is_flat(one, context) for one in together):
            continue
        low, high = float(track.levels.min()), float(track.levels.max())
        level = median(track.levels)
        within = f"within {_share(high - low, level)} of " if high > low else "at "
        also = f", and {together[1].name} as little" if len(together) > 1 else ""
        reading = "a learning rate far from right" if track.kind == "loss" else "an agent that has found no reward yet"
        return [
            context.insight(
                track,
                "underfitting",
                "warning",
                f"Learns little: {track.name} stays {within}{track.shown(level)} "
                f"over {_length(track)}{also}. This may be {reading}, or a model that had learned before.",
                {"level": track.sign * level, "range": high - low, "range_threshold": limits.flat_range},
            )
        ]
    return []


def _is_flat(track: Track, context: Context) -> bool:
    limits = context.limits
    if len(track.values) < limits.least_for_shape:
        return False
    span = float(track.levels.max() - track.levels.min())
    return span <= limits.flat_range * abs(median(track.levels))


def _length(track: Track) -> str:
    steps = track.series.steps[track.places]
    return f"{words.number(float(steps[-1] - steps[0]))} {track.series.axis}s"


def unfinished(context: Context) -> list[Insight]:
    """The run stopped while the loss, or the return, was still getting better at a fair pace."""
    if context.run.status == "running" or _schedule_was_finished(context):
        return []
    tracks = sorted(context.main, key=lambda track: track.kind == "quality")
    return [insight for track in tracks[:1] if (insight := _still_improves(context, track))]


def _still_improves(context: Context, track: Track) -> Insight | None:
    limits, k = context.limits, len(track.levels)
    if len(track.values) < limits.least_points or k - 1 - track.best_level > max(1, k // 10):
        return None
    if _met_a_ceiling(track, limits.ceiling_hits):
        return None
    shares = track.shares
    bounds = ((0.6, 0.8), (0.8, 1.0), (0.8, 0.9), (0.9, 1.0))
    stretches = [track.levels[(shares >= begin) & ((shares < end) | (end == 1.0))] for begin, end in bounds]
    if not all(map(len, stretches)):
        return None
    before, last, earlier, latest = map(median, stretches)
    gain, lately = before - last, earlier - latest
    if gain < max(limits.unfinished_gain * track.gained, limits.significance * track.level_noise) or gain <= 0:
        return None
    if lately < limits.unfinished_lately * gain:
        return None
    better = "fell" if track.direction == "min" else "rose"
    return context.insight(
        track,
        "stopped-early",
        "info",
        f"Still improving at the end: {track.name} {better} from {track.shown(before)} to {track.shown(last)} "
        f"between the fourth and the last fifth of the run, {_share(min(gain, track.gained), track.gained)} of all it "
        "gained. A longer run may get further.",
        {"gain": gain / track.gained, "gain_threshold": limits.unfinished_gain},
        point=len(track.values) - 1,
    )


def _met_a_ceiling(track: Track, hits: int) -> bool:
    """Whether the best value was reached to the bit again and again, as that of a game that ends at 500 points."""
    return track.kind != "loss" and int((track.values == track.values[track.best_point]).sum()) >= hits


def _schedule_was_finished(context: Context) -> bool:
    """A learning rate that has come down was planned to end here."""
    for series in context.run.series:
        if names.is_learning_rate(series.metric) and len(series) > 1:
            rates = series.values[np.isfinite(series.values)]
            if len(rates) and rates[-1] <= context.limits.finished_learning_rate * rates.max():
                return True
    return False


def _share(part: float, whole: float) -> str:
    """A percentage with two significant digits: "18 %"."""
    if not whole:
        return "far"
    percent = abs(100 * part / whole)
    return f"{percent:,.0f} %" if percent >= 10 else f"{percent:.2g} %"
