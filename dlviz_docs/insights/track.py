"""A series prepared for judgement: finite points in order, as robust levels in which lower is better."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np

from dlviz_docs import names, words
from dlviz_docs.insights.thresholds import Thresholds
from dlviz_docs.model import Direction, FloatArray, Insight, Run, Series, Severity
from dlviz_docs.stats.robust import median, noise
from dlviz_docs.stats.smooth import block_medians, median_of_three

__all__ = ["Context", "Track", "live_points", "prepare"]

Kind: TypeAlias = Literal["loss", "quality", "return"]

LEVELS = 64
"""Levels of a long curve, at least: enough to place an onset within 2 %."""
_MEDIAN_ERROR = 1.2533
"""Standard error of a median of normal values over that of their mean."""

_BOOKKEEPING = {"Learning rate", "Speed and system", "Progress", "Gradients and weights"}
# Losses of two players, of a policy or of a learned value go up and down in good training.
_UNJUDGED = re.compile(
    r"(^|[/_.-])(g|d|gen|generator|disc|discriminator|critic|actor|policy|value|vf|pi|q|qf\d?|td|entropy|alpha|adv\w*|gan|"
    r"\w*kl|clip_?frac\w*)([/_.-]|\d*_?loss|$)",
    re.IGNORECASE,
)
_SPREAD = re.compile(r"(^|[^a-z])(std|stddev|stdev|stderr|sem|var|variance|shaded)(?![a-z])", re.IGNORECASE)
_RETURN = re.compile(
    r"(^|[^a-z])(ep|episode|episodic|mean|avg)?_?(rew|reward|rewards|return|returns|ret)_?(mean|max|min)?(?![a-z])",
    re.IGNORECASE,
)
_TOTALS = frozenset({"loss", "total_loss", "loss_total", "losses", "Loss", "total"})


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One judged series. Levels have shape (k,), k < 2 * LEVELS, and are costs: lower is better."""

    series: Series
    split: str
    metric: str
    direction: Direction
    places: np.ndarray
    """Index of each finite, live point in the series."""
    values: FloatArray
    """Those points, as recorded."""
    levels: FloatArray
    middles: np.ndarray
    """For each level the place, in `values`, of its middle."""
    noise: float
    """Of a point around the trend."""
    level_noise: float
    """Standard error of a level."""
    kind: Kind

    @property
    def name(self) -> str:
        return self.series.name

    @property
    def sign(self) -> int:
        return 1 if self.direction == "min" else -1

    @property
    def tail(self) -> int:
        """Levels in the last tenth; three at least."""
        return max(3, len(self.levels) // 10)

    @property
    def end(self) -> float:
        """Cost over the last tenth."""
        return median(self.levels[-self.tail :])

    @property
    def best_level(self) -> int:
        return int(self.levels.argmin())

    @property
    def best_cost(self) -> float:
        """Of the best level and its neighbours, so that one lucky level does not set the mark."""
        best = self.best_level
        return median(self.levels[max(best - 1, 0) : best + 2])

    @property
    def gained(self) -> float:
        """What the curve got better by, from its worst level before its best."""
        best = self.best_level
        return float(self.levels[: best + 1].max() - self.levels[best])

    @property
    def shares(self) -> FloatArray:
        """How far the run was at each level, from 0 to 1, by its steps: evaluations need not be evenly spaced."""
        steps = self.series.steps[self.places[self.middles]]
        return np.asarray((steps - steps[0]) / ((steps[-1] - steps[0]) or 1.0))

    @property
    def level_of_points(self) -> FloatArray:
        """For every point the value of its level."""
        width = max(1, len(self.values) // LEVELS)
        spread = np.repeat(self.sign * self.levels, width)
        short = len(spread) - len(self.values)  # the first block may be a short one
        return spread[short:]

    @property
    def best_point(self) -> int:
        """Place in `values`."""
        return int(self.values.argmin() if self.direction == "min" else self.values.argmax())

    def step(self, point: int) -> float:
        return float(self.series.steps[self.places[point]])

    def where(self, point: int) -> str:
        """A point on the axis in words: "step 4,200 (epoch 12)"."""
        place = int(self.places[point])
        text = f"{self.series.axis} {words.number(self.step(point))}"
        epochs = self.series.epochs
        if epochs is None or self.series.axis == "epoch" or not np.isfinite(epochs[place]):
            return text
        return f"{text} (epoch {words.number(round(float(epochs[place]), 2))})"

    def at(self, level: int) -> int:
        """The point in the middle of a level."""
        return int(self.middles[level])

    def shown(self, cost: float) -> str:
        """A cost as the value people know."""
        return words.number(self.sign * cost)


@dataclass(frozen=True, slots=True)
class Context:
    """One run's judged series, and what the judgements share."""

    run: Run
    tracks: tuple[Track, ...]
    limits: Thresholds
    reinforcement: bool

    def insight(
        self,
        track: Track,
        kind: str,
        severity: Severity,
        text: str,
        values: Mapping[str, float],
        *,
        point: int | None = None,
    ) -> Insight:
        """A sentence about one track, and about one of its points if there is one to name."""
        return Insight(
            kind=kind,
            severity=severity,
            text=text,
            figure=names.figure_id(track.metric),
            run=self.run.slug,
            metric=track.name,
            step=None if point is None else track.step(point),
            values=values,
        )

    def of(self, *splits: str) -> Iterator[Track]:
        """Tracks of these splits, split by split, plain names first."""
        for split in splits:
            yield from (track for track in self.tracks if track.split == split)

    def losses(self, *splits: str) -> Iterator[Track]:
        """Losses of these splits; of a split that tells their total, only that: parts of it may go their own ways."""
        for split in splits:
            found = [track for track in self.of(split) if track.kind == "loss"]
            yield from [track for track in found if track.metric in _TOTALS] or found

    def twin(self, track: Track) -> Track | None:
        """The training curve of the same metric; one that names no split will be it."""
        return next((t for t in self.of("train", "") if t.metric == track.metric and t is not track), None)

    @property
    def main(self) -> tuple[Track, ...]:
        """What the run is judged by: the best quality or return, and the loss, of the most held-out split that is more
        than a final test."""
        chosen: list[Track] = []
        for split in ("val", "test", "", "train"):
            for track in self.of(split):
                if len(track.values) > 1 and track.kind not in {other.kind for other in chosen}:
                    chosen.append(track)
            if chosen:
                break
        return tuple(chosen)


def prepare(run: Run, limits: Thresholds) -> Context:
    """Tracks of every series whose better direction is known, in the order in which they are spoken of."""
    roles = [(series, series.metric, _role(series.metric)) for series in run.series]
    reinforcement = any(_RETURN.search(metric) for _, metric, _ in roles)
    # The losses of an agent follow the returns it finds, not how well it does.
    judged = [(s, metric, *role) for s, metric, role in roles if role and (role[0] == "return" or not reinforcement)]
    tracks = [track for item in judged if (track := _track(*item))]
    objective = run.objective.metric if run.objective else ""
    tracks.sort(key=lambda track: (track.name != objective, track.metric not in _TOTALS, len(track.name), track.name))
    return Context(run, tuple(tracks), limits, reinforcement)


def live_points(series: Series) -> tuple[np.ndarray | None, FloatArray]:
    """Values without what a resumed session wrote again, and their places; None where nothing was."""
    if series.superseded is None:
        return None, series.values
    places = np.flatnonzero(~series.superseded)
    return places, series.values[places]


def _track(series: Series, metric: str, kind: Kind, direction: Direction) -> Track | None:
    places, values = live_points(series)
    finite = np.isfinite(values)
    if not finite.all():
        places = np.flatnonzero(finite) if places is None else places[finite]
        values = values[finite]
    if not len(values):
        return None
    places = np.arange(len(values)) if places is None else places
    medians, width, offset = block_medians(values, LEVELS)
    spread = noise(values)
    starts = np.arange(len(medians)) * width - (width - offset if offset else 0)
    return Track(
        series=series,
        split=series.split,
        metric=metric,
        direction=direction,
        places=places,
        values=values,
        levels=(1 if direction == "min" else -1) * median_of_three(medians),
        middles=np.maximum(starts + width // 2, 0),
        noise=spread,
        level_noise=_MEDIAN_ERROR * spread / (3 * width) ** 0.5,
        kind=kind,
    )


@lru_cache(maxsize=4096)
def _role(metric: str) -> tuple[Kind, Direction] | None:
    """What sort of judged metric it is, and which way is better; None where its curve alone cannot be judged."""
    direction = names.direction(metric)
    if names.group(metric) in _BOOKKEEPING or _SPREAD.search(metric):
        return None
    if _RETURN.search(metric):
        return "return", direction or "max"
    if direction is None:
        return None
    if direction == "max":
        return "quality", direction
    return None if _UNJUDGED.search(metric) else ("loss", direction)
