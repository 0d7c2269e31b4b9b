"""How well scores put the positives before the negatives, at every threshold at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.bootstrap import DRAWS, spread
from dlviz_docs.stats.intervals import Z95, wilson

__all__ = [
    "Order",
    "Ranked",
    "ap_interval",
    "auc",
    "auc_interval",
    "average_precision",
    "equal_error",
    "order",
    "pr_band",
    "rank",
    "roc_band",
    "shortened",
    "traded",
]

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Counts above each score that matters, the highest first: shape (t,) each, the last ones are all rows.

    Negatives that follow one another without a positive stand together, at the lowest score of them.
    """

    thresholds: Floats
    hits: Floats
    """Positives whose score is at least the threshold."""
    alarms: Floats
    """Negatives whose score is at least the threshold."""

    @property
    def positives(self) -> float:
        """How many there are."""
        return float(self.hits[-1]) if len(self.hits) else 0.0

    @property
    def negatives(self) -> float:
        """How many there are."""
        return float(self.alarms[-1]) if len(self.alarms) else 0.0

    @property
    def defined(self) -> bool:
        """Whether there are both."""
        return self.positives > 0 and self.negatives > 0


def rank(scores: Floats, positive: Bools) -> Ranked:
    """Scores of 0 or more, shape (n,), and which of them are positives, put in order; ties stay together. Lower ones
    count as 0.

    The bits of such numbers are in the numbers' order, and their sign is free to carry the label: one sort of integers
    does what sorting places and looking up labels would take ten times as long for.
    """
    if not len(scores):
        return Ranked(np.zeros(0), np.zeros(0), np.zeros(0))
    clean = np.add(scores, 0.0, order="C")  # a copy without a gap between its numbers, and without −0
    if clean.min() < 0:
        clean = np.maximum(clean, 0.0) + 0.0
    keys = clean.view(np.uint64)
    keys <<= np.uint64(1)
    keys |= positive.view(np.uint8)
    keys.sort()
    labels = (keys & np.uint64(1)).astype(np.bool_)
    keys >>= np.uint64(1)
    begins = np.flatnonzero(_begins(keys, labels))
    hits = np.count_nonzero(labels) - np.append(0, np.cumsum(labels, dtype=np.int32)[begins[1:] - 1])
    alarms = len(keys) - begins - hits
    return Ranked(keys[begins].view(np.float64)[::-1], hits[::-1].astype(np.float64), alarms[::-1].astype(np.float64))


def _begins(values: NDArray[np.uint64], labels: Bools) -> Bools:
    """Where a distinct score begins, ascending; not where negatives follow one another, for nothing changes there."""
    begins = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=begins[1:])
    lone = np.append(begins[1:], True)  # the score has one row; of equal ones the positives come last
    begins[1:] &= labels[1:] | labels[:-1] | ~lone[1:]
    return begins


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """How well one class is put before the others: areas with their 95 % intervals, and the curve in few points."""

    curve: Ranked
    auc: float
    auc_ends: tuple[float, float]
    ap: float
    ap_ends: tuple[float, float]
    equal_error: float
    traded: tuple[Floats, Floats]
    """Shares of false alarms and of misses, for axes that are logarithmic."""


def order(scores: Floats, positive: Bools) -> Order | None:
    """All of it from one sort; None where there are no positives, or no negatives."""
    ranked = rank(scores, positive)
    if not ranked.defined:
        return None
    steps = _steps(ranked)
    area, ap = _area(ranked, steps), _mean_precision(ranked, steps)
    ends = _auc_ends(ranked, steps, area)
    ap_ends = ap_interval(ap, ranked.positives)
    return Order(shortened(ranked), area, ends, ap, ap_ends, equal_error(ranked), traded(ranked))


def _steps(ranked: Ranked) -> tuple[Floats, Floats]:
    """Positives and negatives at each threshold."""
    return np.diff(ranked.hits, prepend=0), np.diff(ranked.alarms, prepend=0)


def _area(ranked: Ranked, steps: tuple[Floats, Floats]) -> float:
    positive, negative = steps
    beaten = positive @ (ranked.negatives - ranked.alarms) + positive @ negative / 2
    return float(beaten / (ranked.positives * ranked.negatives))


def auc(ranked: Ranked) -> float:
    """Chance that a positive has a higher score than a negative, ties half: Mann and Whitney's statistic. NaN alone.

    The area under the ROC curve: Fawcett, "An introduction to ROC analysis", 2006.
    """
    return _area(ranked, _steps(ranked)) if ranked.defined else np.nan


def equal_error(ranked: Ranked) -> float:
    """Rate at which as many positives are missed as negatives are false alarms, between thresholds along a straight
    line; NaN where there are not both."""
    if not ranked.defined:
        return np.nan
    alarms = np.r_[0.0, ranked.alarms / ranked.negatives]
    misses = np.r_[1.0, 1 - ranked.hits / ranked.positives]
    at = int(np.argmax(alarms >= misses))  # the last point misses nothing
    before, after = misses[at - 1] - alarms[at - 1], alarms[at] - misses[at]
    share = before / (before + after)
    return float(alarms[at - 1] + share * (alarms[at] - alarms[at - 1]))


def auc_interval(ranked: Ranked) -> tuple[float, float]:
    """95 % interval of the area, on the scale of its logit so that it stays between 0 and 1; NaN for fewer than two.

    Variance: DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated ROC curves", 1988.
    """
    steps = _steps(ranked)
    return _auc_ends(ranked, steps, _area(ranked, steps)) if ranked.defined else (np.nan, np.nan)


def _auc_ends(ranked: Ranked, steps: tuple[Floats, Floats], area: float) -> tuple[float, float]:
    (positive, negative), m, n = steps, ranked.positives, ranked.negatives
    if min(m, n) < 2:
        return np.nan, np.nan
    of_positive = (negative / 2 - ranked.alarms) / n + (1 - area)
    of_negative = (ranked.hits - positive / 2) / m - area
    variance = float(positive @ of_positive**2) / (m - 1) / m + float(negative @ of_negative**2) / (n - 1) / n
    return _logit_interval(area, float(np.sqrt(variance)), min(m, n))


def _logit_interval(share: float, error: float, n: float) -> tuple[float, float]:
    if 0 < share < 1 and error == 0:  # all are ties
        return share, share
    if not 0 < share < 1:  # all in order: three of n would have to be (Hanley and Lippman-Hand, 1983)
        return (max(0.0, 1 - 3 / n), 1.0) if share > 0.5 else (0.0, min(1.0, 3 / n))
    middle, reach = np.log(share / (1 - share)), Z95 * error / (share * (1 - share))
    low, high = 1 / (1 + np.exp(-np.clip(np.array([middle - reach, middle + reach]), -700, 700)))
    return float(low), float(high)


def average_precision(ranked: Ranked) -> float:
    """Mean over positives of the precision at their score, without interpolation between them; NaN without positives.

    Davis and Goadrich, "The relationship between precision-recall and ROC curves", 2006, say why not the trapezoids.
    """
    return _mean_precision(ranked, _steps(ranked)) if ranked.positives else np.nan


def _mean_precision(ranked: Ranked, steps: tuple[Floats, Floats]) -> float:
    return float(steps[0] @ (ranked.hits / (ranked.hits + ranked.alarms)) / ranked.positives)


def ap_interval(value: float, positives: float) -> tuple[float, float]:
    """95 % interval of the average precision; NaN for fewer than two positives.

    With the variance of a share of the positives, as Boyd, Eng and Page, "Area under the precision-recall curve: point
    estimates and confidence intervals", 2013, but Wilson's ends: theirs reach from 0 to 1 where the value is near 1.
    """
    if positives < 2 or np.isnan(value):
        return np.nan, np.nan
    low, high = wilson(value * positives, positives)
    return float(low), float(high)


def shortened(ranked: Ranked, points: int = 200) -> Ranked:
    """The same with at most so many thresholds, spread evenly along the ROC curve; the first and the last stay."""
    if len(ranked.hits) <= points:
        return ranked
    way = ranked.hits / max(ranked.positives, 1) + ranked.alarms / max(ranked.negatives, 1)
    places = np.searchsorted(way, np.linspace(way[0], way[-1], points - 1))
    kept = np.unique(np.r_[0, np.minimum(places, len(way) - 1), len(way) - 1])
    return Ranked(ranked.thresholds[kept], ranked.hits[kept], ranked.alarms[kept])


def traded(ranked: Ranked, points: int = 200) -> tuple[Floats, Floats]:
    """Shares of false alarms and of misses at the thresholds that have both: at most so many, evenly on a logarithmic
    axis of either, where `shortened` would leave next to none of a good model."""
    levels = [np.geomspace(1, count, points // 2) for count in (ranked.negatives, ranked.positives)]
    by_alarms = np.searchsorted(ranked.alarms, levels[0])
    by_misses = np.searchsorted(ranked.hits, ranked.positives - levels[1])
    kept = np.unique(np.minimum(np.r_[by_alarms, by_misses], len(ranked.hits) - 1))
    alarms, misses = ranked.alarms[kept] / ranked.negatives, 1 - ranked.hits[kept] / ranked.positives
    inside = (alarms > 0) & (misses > 0)
    return alarms[inside], misses[inside]


def _redrawn(ranked: Ranked, seed: int) -> tuple[Floats, Floats]:
    """Shares of positives and negatives above each threshold, in resamples stratified by class: (draws, t) each."""
    rng = np.random.default_rng(seed)
    shares = []
    for cumulated in (ranked.hits, ranked.alarms):
        total = int(cumulated[-1])
        drawn = rng.multinomial(total, np.diff(cumulated, prepend=0) / total, size=DRAWS)
        shares.append(np.cumsum(drawn, axis=1) / total)
    return shares[0], shares[1]


def roc_band(ranked: Ranked, at: Floats, *, seed: int = 0) -> tuple[Floats, Floats]:
    """95 % band of the share of positives found where a share `at` of the negatives raises an alarm, point by point."""
    short = shortened(ranked, 100)
    found, alarms = _redrawn(short, seed)
    rows = [np.interp(at, np.r_[0, x], np.r_[0, y]) for x, y in zip(alarms, found, strict=True)]
    return spread(np.asarray(rows))


def pr_band(ranked: Ranked, at: Floats, *, seed: int = 0) -> tuple[Floats, Floats]:
    """95 % band of the precision where a share `at` of the positives is found, point by point."""
    short = shortened(ranked, 100)
    found, alarms = _redrawn(short, seed)
    hits = found * short.positives
    said = hits + alarms * short.negatives
    precision = np.divide(hits, said, out=np.ones_like(hits), where=said > 0)
    rows = [np.interp(at, x, y) for x, y in zip(found, precision, strict=True)]
    return spread(np.asarray(rows))
