"""How columns run in time: seasons, gaps, shifts of level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights.data_words import quoted
from dlviz_docs.model import FloatArray, Insight
from dlviz_docs.stats import seasons

__all__ = [
    "SEASONAL",
    "Course",
    "Timeline",
    "course_of",
    "course_sentences",
    "gap_sentence",
    "season_name",
    "timeline_of",
]

SEASONAL = 0.64
"""Seasonal strength from which on a season is claimed: where Hyndman's `nsdiffs` asks for a seasonal difference."""
PERIODS = 4
"""Periods that have to be there."""
REGULAR = 0.8
"""Share of the steps that have the usual length, below which nothing is said of seasons."""
LEAST = 50
"""Times below which nothing is said."""
STEPS = 20_000
"""Steps in which a season is looked for."""
BLOCKS = 400
"""Means of blocks in which shifts are looked for."""
SHIFTED = 1.0
"""Standard deviations around the levels by which the largest shift moves the mean at least."""
SMOOTH = 0.3
"""Autocorrelation of what is left around the levels, beyond which a series drifts rather than shifts."""
MOST_SHIFTS = 5
_NAMES = (
    (60.0, "minutely"),
    (3600.0, "hourly"),
    (86_400.0, "daily"),
    (7 * 86_400.0, "weekly"),
    (365.25 * 86_400.0, "yearly"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """The times of a data set."""

    order: NDArray[np.intp]
    """Rows with a time, in its order."""
    times: FloatArray
    """Different times, ascending, shape (u,)."""
    place: NDArray[np.intp]
    """Place in `times` of each row of `order`."""
    step: float
    """The usual one; 0 for none."""
    gaps: NDArray[np.intp]
    """Places in `times` behind which steps are missing."""
    regular: bool
    dated: bool
    """Whether times are seconds since 1970, or numbers that only order."""

    def means(self, values: FloatArray) -> FloatArray:
        """Of a column at each time, NaN where it is missing at all of them; shape (u,)."""
        ordered = values[self.order]
        if len(ordered) == len(self.times):
            return np.where(np.isfinite(ordered), ordered, np.nan)
        known = np.isfinite(ordered)
        counts = np.bincount(self.place[known], minlength=len(self.times))
        sums = np.bincount(self.place[known], weights=ordered[known], minlength=len(self.times))
        found: FloatArray = np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0)
        return found

    def length(self, amount: float) -> str:
        """A stretch of time in words."""
        if self.dated:
            return words.duration(amount)
        return f"{words.number(round(amount / self.step))} steps" if self.step else words.number(amount)


def timeline_of(times: FloatArray, dated: bool) -> Timeline | None:
    """Rows in order of time; None for fewer than `LEAST` different times."""
    known = np.flatnonzero(np.isfinite(times))
    ordered = times[known]
    if (ordered[1:] < ordered[:-1]).any():
        known = known[np.argsort(ordered, kind="stable")]
        ordered = times[known]
    is_new = np.ones(len(ordered), np.bool_)
    is_new[1:] = ordered[1:] > ordered[:-1]
    distinct = ordered[is_new]
    if len(distinct) < LEAST:
        return None
    step, gaps = seasons.gaps(distinct)
    steps = np.diff(distinct)
    regular = bool(step > 0 and (np.abs(steps - step) <= 0.05 * step).mean() >= REGULAR)
    return Timeline(known, distinct, np.cumsum(is_new) - 1, step, gaps if regular else gaps[:0], regular, dated)


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What one column does in time."""

    values: FloatArray
    """At each time, shape (u,)."""
    correlations: FloatArray
    """Autocorrelation by lag; empty where steps are not regular."""
    period: int
    """In steps; 0 for none."""
    season: float
    """Its strength; NaN for none."""
    shifts: tuple[float, ...]
    """Times at which a new level begins."""
    levels: tuple[float, ...]
    """Means between them, one more."""
    kpss: float

    @property
    def keeps_level(self) -> bool | None:
        """By KPSS at 5 %; None where that cannot be said."""
        return None if np.isnan(self.kpss) else self.kpss <= seasons.KPSS_5


def course_of(timeline: Timeline, column: FloatArray) -> Course | None:
    """None for fewer than `LEAST` known values, or one value only."""
    values = timeline.means(column)
    known = np.isfinite(values)
    if known.sum() < LEAST or not values[known].min() < values[known].max():
        return None
    scaled = values / (float(np.abs(values[known]).max()) or 1.0)  # squares of any number are finite
    correlations, period, strength, season = np.zeros(0), 0, float("nan"), np.zeros(0)
    if timeline.regular:
        even = _evenly(timeline, scaled)
        correlations = seasons.autocorrelation(even, min(len(even) // PERIODS, 1000))
        if period := seasons.period_of(correlations):
            trend, season, rest = seasons.decompose(even, period)
            strength = seasons.strengths(trend, season, rest)[1]
            if not strength >= SEASONAL:
                period, strength = 0, float("nan")
    calm = scaled
    if period:
        places = np.round((timeline.times - timeline.times[0]) / timeline.step).astype(np.int64) % period
        calm = scaled - season[:period][places]
    shifts, levels, blocks = _shifts(timeline.times[known], calm[known], values[known])
    return Course(values, correlations, period, strength, shifts, levels, seasons.kpss(blocks))


def _evenly(timeline: Timeline, values: FloatArray) -> FloatArray:
    """The first steps at even times, gaps filled by straight lines."""
    times = (timeline.times - timeline.times[0]) / timeline.step
    known = np.isfinite(values) & (times < STEPS)
    if known.sum() < 2:
        return np.zeros(1)
    even: FloatArray = np.interp(np.arange(int(times[known][-1]) + 1), times[known], values[known])
    return even


def _shifts(
    times: FloatArray, calm: FloatArray, values: FloatArray
) -> tuple[tuple[float, ...], tuple[float, ...], FloatArray]:
    """Times and levels of shifts that are beyond doubt, and the block means they were looked for in."""
    starts = np.unique(np.linspace(0, len(calm), min(BLOCKS, len(calm)), endpoint=False).astype(np.intp))
    sizes = np.diff(np.append(starts, len(calm)))
    blocks = np.add.reduceat(calm, starts) / sizes
    found = seasons.change_points(blocks)
    if not 0 < len(found) <= MOST_SHIFTS:
        return (), (), blocks
    ends = [0, *found, len(blocks)]
    level = np.concatenate([np.full(b - a, blocks[a:b].mean()) for a, b in pairwise(ends)])
    rest = blocks - level
    moved = float(np.abs(np.diff(level)).max())
    if seasons.autocorrelation(rest, 1)[-1] > SMOOTH or moved < SHIFTED * float(rest.std()):
        return (), (), blocks
    rows = [*(int(starts[end]) for end in ends[:-1]), len(values)]
    levels = tuple(float(values[a:b].mean()) for a, b in pairwise(rows))
    return tuple(float(times[row]) for row in rows[1:-1]), levels, blocks


def course_sentences(timeline: Timeline, name: str, course: Course, figure: str) -> Iterator[Insight]:
    """Season and shift of one column, where they are beyond doubt."""
    if course.period:
        values = {"strength": course.season, "threshold": SEASONAL, "period": float(course.period)}
        what = season_name(timeline, course.period)
        text = f"{quoted(name)} has a {what} season (strength {course.season:.2f} of 1)."
        yield Insight(kind="season", severity="info", text=text, figure=figure, values=values)
    if course.shifts:
        moves = np.diff(course.levels)
        largest = int(np.abs(moves).argmax())
        more = f"; {len(moves):,} shifts in all" if len(moves) > 1 else ""
        text = (
            f"{quoted(name)} shifts from {words.number(course.levels[largest])} to "
            f"{words.number(course.levels[largest + 1])} at {_moment(timeline, course.shifts[largest])}{more}."
        )
        numbers = {"shifts": float(len(moves)), "threshold": SHIFTED}
        yield Insight(kind="level-shift", severity="info", text=text, figure=figure, values=numbers)


def season_name(timeline: Timeline, period: int) -> str:
    """ "weekly", "12-step"."""
    if timeline.dated:
        length = period * timeline.step
        for seconds, name in _NAMES:
            if abs(length - seconds) <= 0.02 * seconds:
                return name
        return f"{words.duration(length)}".replace(" ", "-", 1) if " " in words.duration(length) else f"{period}-step"
    return f"{period:,}-step"


def _moment(timeline: Timeline, moment: float) -> str:
    if not timeline.dated:
        return words.number(moment)
    return words.date(moment, time=timeline.step < 86_400)


def gap_sentence(timeline: Timeline, figure: str) -> Insight | None:
    """How many gaps the times have, and the longest; None of irregular times."""
    if not len(timeline.gaps):
        return None
    lengths = np.diff(timeline.times)[timeline.gaps]
    longest = int(lengths.argmax())
    told = words.count(len(lengths), "gap")
    text = (
        f"{told} in time: usually {timeline.length(timeline.step) if timeline.dated else 'one step'} apart, at most "
        f"{timeline.length(float(lengths[longest]))}, from {_moment(timeline, timeline.times[timeline.gaps[longest]])}."
    )
    values = {"gaps": float(len(lengths)), "longest": float(lengths[longest]), "step": timeline.step}
    return Insight(kind="time-gaps", severity="info", text=text, figure=figure, values=values)
