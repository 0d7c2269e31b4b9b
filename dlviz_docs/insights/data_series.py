"""How columns run in time: seasons, gaps, shifts of level."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights.data_words import less_than_one, listed, quoted
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
PERSISTENT = 0.9
"""Autocorrelation of means of stretches from which on they hardly come back."""
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
    """Place in `times` of each row of `order`; empty where no two rows have the same time."""
    step: float
    """The usual one; 0 for none."""
    gaps: NDArray[np.intp]
    """Places in `times` behind which steps are missing."""
    regular: bool
    dated: bool
    """Whether times are seconds since 1970, or numbers that only order."""
    in_order: bool
    """Whether the rows stand in order of time as they are, every one of them."""
    even: bool
    """Whether no step is missing or much off."""

    def means(self, values: FloatArray) -> FloatArray:
        """Of a column at each time, NaN where it is missing at all of them; shape (u,)."""
        ordered = values if self.in_order else values[self.order]
        if len(ordered) == len(self.times):
            return ordered if np.isfinite(ordered).all() else np.where(np.isfinite(ordered), ordered, np.nan)
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
    in_order = len(known) == len(times)
    ordered = times if in_order else times[known]
    if (ordered[1:] < ordered[:-1]).any():
        in_order = False
        known = known[np.argsort(ordered, kind="stable")]
        ordered = times[known]
    is_new = np.ones(len(ordered), np.bool_)
    is_new[1:] = ordered[1:] > ordered[:-1]
    distinct = ordered if is_new.all() else ordered[is_new]
    if len(distinct) < LEAST:
        return None
    step, gaps = seasons.gaps(distinct)
    steps = np.diff(distinct)
    regular = bool(step > 0 and (np.abs(steps - step) <= 0.05 * step).mean() >= REGULAR)
    even = bool(regular and np.abs(distinct - distinct[0] - step * np.arange(len(distinct))).max() < 0.25 * step)
    gaps = gaps if regular else gaps[:0]
    place = np.cumsum(is_new) - 1 if len(distinct) < len(ordered) else known[:0]
    return Timeline(known, distinct, place, step, gaps, regular, dated, in_order, even)


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
    """Of the means of stretches, without the season."""
    persistence: float
    """Autocorrelation of those from one to the next."""

    @property
    def wanders(self) -> bool:
        """Whether it keeps no level, and does not just shift from one to another.

        By KPSS at 5 % where stretches resemble the one before, as those of a random walk do; else at 1 %, so that of
        a hundred columns of noise one is named.
        """
        limit = seasons.KPSS_5 if self.persistence >= PERSISTENT else seasons.KPSS_1
        return self.kpss > limit and not self.shifts

    @property
    def remarkable(self) -> bool:
        """Whether a sentence is said of it."""
        return bool(self.period or self.shifts or self.wanders)

    @property
    def keeps_level(self) -> bool | None:
        """By KPSS at 5 %; None where that cannot be said."""
        return None if np.isnan(self.kpss) else self.kpss <= seasons.KPSS_5


def course_of(timeline: Timeline, column: FloatArray) -> Course | None:
    """None for fewer than `LEAST` known values, or one value only."""
    values = timeline.means(column)
    found = np.isfinite(values)
    known = None if found.all() else np.flatnonzero(found)
    some = values if known is None else values[known]
    if len(some) < LEAST or not (least := float(some.min())) < (most := float(some.max())):
        return None
    scale = max(abs(least), abs(most))  # squares of any number are finite in its units
    correlations, period, strength, season = np.zeros(0), 0, float("nan"), np.zeros(0)
    if timeline.regular:
        even = _evenly(timeline, values) / scale
        correlations = seasons.autocorrelation(even, min(len(even) // PERIODS, 1000))
        if period := seasons.period_of(correlations):
            trend, season, rest = seasons.decompose(even, period)
            strength = seasons.strengths(trend, season, rest)[1]
            if not strength >= SEASONAL:
                period, strength = 0, float("nan")
    starts = np.unique(np.linspace(0, len(some), min(BLOCKS, len(some)), endpoint=False).astype(np.intp))
    blocks = _means(some, starts, scale)
    if period:
        blocks = blocks - _seasonal_means(timeline, season[:period], known, starts)
    shifts, persistence = _shifts(blocks), float(seasons.autocorrelation(blocks, 1)[-1])
    times = timeline.times if known is None else timeline.times[known]
    rows = starts[shifts].tolist()
    ends = [0, *rows, len(some)]
    levels = tuple(float((some[a:b] / scale).mean() * scale) for a, b in pairwise(ends)) if rows else ()
    return Course(
        values, correlations, period, strength, tuple(times[rows].tolist()), levels, seasons.kpss(blocks), persistence
    )


def _means(values: FloatArray, starts: NDArray[np.intp], scale: float) -> FloatArray:
    """Of each block of values, in units of their greatest."""
    if not 1e-150 < scale < 1e150:
        values, scale = values / scale, 1.0
    sizes = np.diff(starts, append=len(values))
    means: FloatArray = np.add.reduceat(values, starts) / sizes / scale
    return means


def _seasonal_means(
    timeline: Timeline, season: FloatArray, known: NDArray[np.intp] | None, starts: NDArray[np.intp]
) -> FloatArray:
    """What the season adds to each block."""
    period = len(season)
    if timeline.even and known is None:
        ends = np.append(starts, len(timeline.times))
        whole, part = np.divmod(ends, period)
        sums = whole * season.sum() + np.append(0.0, np.cumsum(season))[part]
        means: FloatArray = np.diff(sums) / np.diff(ends)
        return means
    times = timeline.times if known is None else timeline.times[known]
    steps = np.round((times - timeline.times[0]) / timeline.step).astype(np.int64)
    return _means(season[steps % period], starts, 1.0)


def _evenly(timeline: Timeline, values: FloatArray) -> FloatArray:
    """The first steps at even times, gaps filled by straight lines."""
    last = int(np.searchsorted(timeline.times, timeline.times[0] + STEPS * timeline.step))
    values = values[:last]
    known = np.isfinite(values)
    if known.sum() < 2:
        return np.zeros(1)
    times = ((timeline.times[:last] - timeline.times[0]) / timeline.step)[known]
    even: FloatArray = np.interp(np.arange(int(times[-1]) + 1), times, values[known])
    return even


def _shifts(blocks: FloatArray) -> list[int]:
    """Blocks with which a new level begins, where that is beyond doubt."""
    found = seasons.change_points(blocks)
    if not 0 < len(found) <= MOST_SHIFTS:
        return []
    ends = [0, *found, len(blocks)]
    level = np.concatenate([np.full(b - a, blocks[a:b].mean()) for a, b in pairwise(ends)])
    rest = blocks - level
    moved = float(np.abs(np.diff(level)).max())
    if seasons.autocorrelation(rest, 1)[-1] > SMOOTH or moved < SHIFTED * float(rest.std()):
        return []
    return found


Told: TypeAlias = Sequence[tuple[str, Course, str]]
"""Columns by their name, with what they do and the figure that shows it."""


def course_sentences(timeline: Timeline, found: Told) -> Iterator[Insight]:
    """Seasons, shifts of level, and columns that keep no level: one sentence each, where that is beyond doubt."""
    yield from _season_sentence(timeline, found)
    yield from _shift_sentence(timeline, found)
    yield from _restless_sentence(found)


def _season_sentence(timeline: Timeline, found: Told) -> Iterator[Insight]:
    seasonal = sorted((one for one in found if one[1].period), key=lambda one: -one[1].season)
    if not seasonal:
        return
    name, course, figure = seasonal[0]
    strength = f"strength {less_than_one(course.season)} of 1"
    what = season_name(timeline, course.period)
    text = f"{quoted(name)} has {_a(what)} season ({strength})."
    if len(seasonal) > 1:
        text = (
            f"{len(seasonal):,} columns have a season: {listed([one[0] for one in seasonal])}; that of {quoted(name)} "
            f"is {what} ({strength})."
        )
    values = {
        "strength": course.season,
        "threshold": SEASONAL,
        "period": float(course.period),
        "columns": float(len(seasonal)),
    }
    yield Insight(kind="season", severity="info", text=text, figure=figure, values=values)


def _a(word: str) -> str:
    return f"an {word}" if word.startswith(("hourly", "8", "11", "18")) else f"a {word}"


def _shift_sentence(timeline: Timeline, found: Told) -> Iterator[Insight]:
    shifted = [one for one in found if one[1].shifts]
    if not shifted:
        return
    name, course, figure = shifted[0]
    moves = np.diff(course.levels)
    largest = int(np.abs(moves).argmax())
    more = f"; {len(moves):,} shifts in all" if len(moves) > 1 else ""
    before, after = (words.number(float(f"{course.levels[largest + side]:.4g}")) for side in (0, 1))
    text = f"{quoted(name)} shifts from {before} to {after} at {_moment(timeline, course.shifts[largest])}{more}."
    if len(shifted) > 1:
        text = f"{len(shifted):,} columns shift their level: {listed([one[0] for one in shifted])}. {text}"
    values = {"shifts": float(len(moves)), "threshold": SHIFTED, "columns": float(len(shifted))}
    yield Insight(kind="level-shift", severity="info", text=text, figure=figure, values=values)


def _restless_sentence(found: Told) -> Iterator[Insight]:
    """Shifts of level have a sentence of their own."""
    moving = sorted((one for one in found if one[1].wanders), key=lambda one: -one[1].kpss)
    if not moving:
        return
    name, course, figure = moving[0]
    amount = f"{words.number(float(f'{course.kpss:.2g}'))}; of steady columns 5 % are beyond {seasons.KPSS_5}"
    text = f"{quoted(name)} does not keep its level over time (KPSS = {amount}): later rows may not be like these."
    if len(moving) > 1:
        text = (
            f"{len(moving):,} columns do not keep their level over time: {listed([one[0] for one in moving])} (KPSS of "
            f"{quoted(name)} = {amount}): later rows may not be like these."
        )
    values = {"columns": float(len(moving)), "kpss": course.kpss, "threshold": seasons.KPSS_5}
    yield Insight(kind="non-stationary", severity="info", text=text, figure=figure, values=values)


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
