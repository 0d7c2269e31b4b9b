"""Sentences about predicted numbers: how far off, against what, where worse, and whether intervals hold.

Each takes numbers that are computed, and gives a sentence, or None where the numbers do not carry one.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights.data_words import percent, quoted
from dlviz_docs.insights.estimates import decimal, estimate, pair
from dlviz_docs.insights.results_scores import seen_rows
from dlviz_docs.insights.results_words import chance
from dlviz_docs.model import Insight
from dlviz_docs.stats.intervals import wilson
from dlviz_docs.stats.regress import Bins

__all__ = ["baseline", "bias", "coverage", "driver", "headline", "leaked", "shrinkage", "spread", "unusable"]

Estimate: TypeAlias = tuple[float, float, float]

LEAST_ROWS = 30
LEAST_BIAS = 0.1
"""Of the mean absolute error."""
LEAK_EFFECT = 0.02
"""Share by which the error is larger without leaked rows, from which on that is a warning and no fact."""
LEAST_RATIO = 1.5
"""How much larger errors have to be at one end."""
CERTAIN = 0.01
"""p below which a dependence is said."""
LEAST_STRENGTH = 0.2
"""Spearman's ρ or η: 4 % of the spread of the ranks."""
FAR_FROM_NOMINAL = 0.02
LEAST_PULL = 0.1
"""Of the distance to the mean: how far the extremes are pulled in."""


def headline(mae: Estimate, r2: Estimate, n: int, unit: str, figure: str) -> Insight:
    """MAE and R² with intervals and n."""
    few = f" With {words.count(n, 'row')} the true values may be far from these." if n < LEAST_ROWS else ""
    r2_said = f", R² {estimate(*r2)}" if math.isfinite(r2[0]) else ", R² is not defined since the truth does not vary"
    return Insight(
        "regression-quality",
        "info",
        f"MAE {pair(*mae)}{r2_said} (n = {words.count(n, unit)}).{few}",
        figure,
        values={"mae": mae[0], "mae_low": mae[1], "mae_high": mae[2], "r2": r2[0], "n": float(n)},
    )


def baseline(mae: Estimate, always_mean: float, figure: str) -> Insight | None:
    """Against always saying the mean: a warning where the model is no better."""
    if not always_mean > 0 or not math.isfinite(mae[2]):
        return None
    share = 1 - mae[0] / always_mean
    if mae[2] < always_mean:
        than = f"that of always saying the mean (MAE {words.number(always_mean)})"
        text = f"The error is {percent(share, 1)} smaller than {than}."
        return Insight("regression-baseline", "info", text, figure, values={"gain": share, "baseline": always_mean})
    word = "not clearly smaller than" if mae[1] <= always_mean else "larger than"
    return Insight(
        "regression-baseline",
        "warning",
        f"The error (MAE {pair(*mae)}) is {word} that of always saying the mean ({words.number(always_mean)}).",
        figure,
        values={"gain": share, "baseline": always_mean},
    )


def leaked(with_them: float, without: Estimate, rows: int, nearly: int, figure: str) -> Insight:
    """What the error is without rows that the model has seen; NaN where none is left."""
    values = {"leaked": float(rows), "nearly": float(nearly), "with": with_them}
    if math.isnan(without[0]):
        text = f"All {rows:,} rows are in the training split too: this error says nothing about new data."
        return Insight("leakage", "serious", text, figure, values=values)
    matters = without[0] >= (1 + LEAK_EFFECT) * with_them
    return Insight(
        "leakage",
        "warning" if matters else "info",
        f"MAE {pair(*without)} without the {seen_rows(rows, nearly)}; {words.number(with_them)} with them.",
        figure,
        values=values | {"without": without[0], "effect_threshold": LEAK_EFFECT},
    )


def bias(mean: Estimate, mae: float, n: int, figure: str) -> Insight | None:
    """Whether predictions are too high or too low on average; predicted less true."""
    value, low, high = mean
    if n < LEAST_ROWS or not abs(value) >= LEAST_BIAS * mae or not low * high > 0:
        return None
    word = "high" if value > 0 else "low"
    return Insight(
        "regression-bias",
        "info",
        f"Predictions are too {word} by {pair(abs(value), *sorted((abs(low), abs(high))))} on average, "
        f"{percent(abs(value), mae)} of the mean absolute error (n = {n:,}).",
        figure,
        values={"bias": value, "bias_threshold": LEAST_BIAS},
    )


def spread(p: float, bins: Bins, n: int, figure: str) -> Insight | None:
    """Breusch and Pagan's test in words: at which end of the predictions errors are larger; bins of absolute errors."""
    if n < LEAST_ROWS or not p < CERTAIN or len(bins.mean) < 4:
        return None
    quarter = max(1, len(bins.mean) // 4)
    low, high = (
        float(np.average(bins.mean[part], weights=bins.count[part])) for part in (slice(quarter), slice(-quarter, None))
    )
    ratio = max(low, high) / min(low, high) if min(low, high) > 0 else 0.0
    if ratio < LEAST_RATIO:
        return None
    first, second = ("high", "low") if high > low else ("low", "high")
    return Insight(
        "regression-spread",
        "info",
        f"Errors {'grow' if high > low else 'shrink'} with the prediction: they are {decimal(ratio, 1)} times as large "
        f"for the {first}est quarter of predictions as for the {second}est (Breusch-Pagan {chance(p)}, n = {n:,}).",
        figure,
        values={"p": p, "ratio": ratio, "ratio_threshold": LEAST_RATIO},
    )


def shrinkage(bins: Bins, mean: float, n: int, figure: str) -> Insight | None:
    """Whether high values are predicted too low and low ones too high; bins of errors over the truth."""
    if n < 10 * LEAST_ROWS or len(bins.mean) < 5:
        return None
    low, high = float(bins.mean[0]), float(bins.mean[-1])
    pulls = low / (mean - float(bins.x[0])) if mean > bins.x[0] else 0.0, -high / (float(bins.x[-1]) - mean or math.inf)
    if not (bins.mean_low[0] > 0 > bins.mean_high[-1]) or min(pulls) < LEAST_PULL:
        return None
    return Insight(
        "regression-shrinkage",
        "info",
        f"Extremes are pulled to the middle: the lowest true values are predicted {words.number(low)} too high on "
        f"average, the highest {words.number(-high)} too low (n = {int(bins.count[0]):,} and {int(bins.count[-1]):,}).",
        figure,
        values={"pull_low": pulls[0], "pull_high": pulls[1], "pull_threshold": LEAST_PULL},
    )


def coverage(hits: int, n: int, nominal: float | None, figure: str) -> Insight | None:
    """How often the truth lies in the predicted intervals, against what they promise, where that is known."""
    if n < LEAST_ROWS:
        return None
    share = hits / n
    low, high = (float(end) for end in wilson(hits, n))
    text = (
        f"{percent(hits, n)} [{100 * low:.1f}, {100 * high:.1f}] of {n:,} true values lie in their predicted interval"
    )
    values = {"coverage": share, "low": low, "high": high}
    if nominal is None:
        return Insight(
            "interval-coverage", "info", f"{text}; what they should cover is not recorded.", figure, values=values
        )
    values |= {"nominal": nominal, "distance_threshold": FAR_FROM_NOMINAL}
    apart = not low <= nominal <= high and abs(share - nominal) >= FAR_FROM_NOMINAL
    if not apart:
        return Insight(
            "interval-coverage", "info", f"{text}, as the nominal {percent(nominal, 1)} promise.", figure, values=values
        )
    word = "narrow" if share < nominal else "wide"
    return Insight(
        "interval-coverage",
        "warning" if share < nominal else "info",
        f"{text}, where {percent(nominal, 1)} are promised: the intervals are too {word}.",
        figure,
        values=values,
    )


def driver(name: str, strength: float, q: float, signed: bool, rho: bool, n: int, figure: str) -> Insight:
    """One attribute that errors hang on: `signed` for their direction, else their size; `rho` for a number."""
    if rho and not signed:
        what = f"Errors {'grow' if strength > 0 else 'shrink'} with {quoted(name)}"
    elif rho:
        what = f"Predictions become too {'high' if strength > 0 else 'low'} as {quoted(name)} rises"
    else:
        what = f"{'The direction' if signed else 'The size'} of errors differs by {quoted(name)}"
    how = f"{'ρ' if rho else 'η'} = {decimal(strength, 2)}, q {'< 0.001' if q < 0.001 else f'= {q:.2g}'}"
    return Insight(
        "error-driver",
        "info",
        f"{what} ({how}, n = {n:,}).",
        figure,
        values={"strength": strength, "q": q, "strength_threshold": LEAST_STRENGTH},
    )


def unusable(missing: int, total: int, infinite: int, figure: str) -> Insight | None:
    """Rows without a finite number on either side, which no score counts."""
    if not missing:
        return None
    more = f", {infinite:,} of them since the prediction is infinite" if infinite else ""
    return Insight(
        "regression-unusable",
        "warning" if infinite else "info",
        f"{missing:,} of {words.count(total, 'row')} ({percent(missing, total)}) have no finite truth or prediction "
        f"and are "
        f"left out{more}.",
        figure,
        values={"rows": float(missing), "infinite": float(infinite)},
    )
