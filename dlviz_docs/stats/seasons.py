"""Time series: what repeats, where the level changes, where values are missing, and whether a level is kept at all."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.robust import NORMAL_MAD, median

__all__ = [
    "KPSS_1",
    "KPSS_5",
    "autocorrelation",
    "change_points",
    "decompose",
    "gaps",
    "kpss",
    "period_of",
    "strengths",
]

Floats: TypeAlias = NDArray[np.float64]

KPSS_5 = 0.463
"""Critical value of the KPSS statistic for a constant level at 5 % (Kwiatkowski et al. 1992, table 1)."""
KPSS_1 = 0.739
"""The same at 1 %."""
LEAST_PEAK = 0.3
"""Autocorrelation a season has at least."""
_PRUNED = 64
"""Ends after which starts that have lost are left out: less often than PELT asks for, since looking costs more."""
_GAP = 1.5
"""Steps between two times from which on something is missing."""


def autocorrelation(values: Floats, lags: int) -> Floats:
    """Of lags 0 to `lags`, with the mean and variance of the whole series (Box and Jenkins), by FFT; shape (lags + 1,).

    Missing values count as the mean, and shrink it; zeros beyond lag 0 for a constant series.
    """
    known = np.isfinite(values)
    n, lags = len(values), min(lags, len(values) - 1)
    found = np.zeros(max(lags, 0) + 1)
    if not known.any():
        return found
    centred = np.where(known, values - values[known].mean(), 0.0)
    scale = float(np.abs(centred).max())
    found[0] = 1.0
    if scale <= 1e-12 * max(1.0, float(np.abs(values[known]).max())):
        return found
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(centred / scale, size)
    products = np.fft.irfft(spectrum * spectrum.conj(), size)[: lags + 1]
    correlations: Floats = products / products[0]
    return correlations


def period_of(correlations: Floats, least: float = LEAST_PEAK) -> int:
    """The lag at which a series repeats itself: the first peak nearly as high as the highest; 0 where there is none.

    A peak is looked for behind the first lag below zero: what is smooth resembles itself at every short lag.
    """
    below = np.flatnonzero(correlations < 0)
    if not len(below):
        return 0
    start = int(below[0])
    middle = correlations[start + 1 : -1]
    is_peak = (middle >= correlations[start:-2]) & (middle > correlations[start + 2 :]) & (middle >= least)
    peaks = np.flatnonzero(is_peak) + start + 1
    if not len(peaks):
        return 0
    return int(peaks[correlations[peaks] >= 0.9 * correlations[peaks].max()][0])


def decompose(values: Floats, period: int) -> tuple[Floats, Floats, Floats]:
    """Trend, season and remainder that sum to the values, by classical additive decomposition; shape (n,) each.

    The trend is a centred moving average over one period, NaN for half a period at either end; the season is the mean
    of what is left at each place in the period, centred. Hyndman and Athanasopoulos, "Forecasting: principles and
    practice", 3rd edition, 3.4. Missing values are to be filled before.
    """
    n = len(values)
    trend = np.full(n, np.nan)
    half = period // 2
    if n > 2 * half:
        trend[half : n - half] = _moving(values, period)
    detrended = values - trend
    place = np.arange(n) % period
    known = np.isfinite(detrended)
    counts = np.bincount(place[known], minlength=period)
    sums = np.bincount(place[known], weights=detrended[known], minlength=period)
    figure = np.divide(sums, counts, out=np.zeros(period), where=counts > 0)
    season = (figure - figure.mean())[place]
    return trend, season, values - trend - season


def _moving(values: Floats, period: int) -> Floats:
    """Means of so many neighbours each; of an even number, of two such means in turn, so that they are centred."""
    middle = float(values.mean())
    sums = np.concatenate(([0.0], np.cumsum(values - middle)))  # less its mean, so that sums stay small
    means: Floats = (sums[period:] - sums[:-period]) / period + middle
    return means if period % 2 else (means[1:] + means[:-1]) / 2


def strengths(trend: Floats, season: Floats, remainder: Floats) -> tuple[float, float]:
    """Of trend and season: 1 - Var(R) / Var(T + R) and 1 - Var(R) / Var(S + R), 0 at least; NaN without variance.

    Wang, Smith and Hyndman, "Characteristic-based clustering for time series data", 2006.
    """
    known = np.isfinite(remainder)

    def strength(part: Floats) -> float:
        together = float((part[known] + remainder[known]).var()) if known.any() else 0.0
        return max(0.0, 1 - float(remainder[known].var()) / together) if together > 0 else float("nan")

    return strength(trend), strength(season)


def kpss(values: Floats) -> float:
    """The KPSS statistic of a constant level against a random walk; large where the level is not kept.

    Kwiatkowski, Phillips, Schmidt and Shin, Journal of Econometrics 54, 1992, eq. 13, with Bartlett weights and
    12 (n / 100)^(1/4) lags, their l12. NaN for fewer than 20 values or without variance.
    """
    n = len(values)
    if n < 20:
        return float("nan")
    residuals = values - values.mean()
    sums = np.cumsum(residuals)
    lags = min(int(12 * (n / 100) ** 0.25), n - 1)
    variance = float(residuals @ residuals)
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * float(residuals[lag:] @ residuals[:-lag])
    return float(sums @ sums) / (n * variance) if variance > 1e-12 * n else float("nan")


def change_points(values: Floats, penalty: float | None = None, least: int = 5) -> list[int]:
    """Where the mean shifts: the first place of each new level, ascending.

    PELT of Killick, Fearnhead and Eckley, JASA 107, 2012: the exact least of squared errors over all divisions plus
    `penalty` for each shift. By default 3 σ² ln n, that is BIC's for a mean, a place and the noise, with σ from
    first differences, which shifts hardly touch. Segments have `least` values or more. Neighbours that resemble each
    other are taken for shifts: thin such a series first.
    """
    n = len(values)
    if n < 2 * least:
        return []
    if penalty is None:
        steps = np.diff(values)
        sigma = NORMAL_MAD * median(np.abs(steps - median(steps))) / 2**0.5
        penalty = 3 * sigma**2 * float(np.log(n))
        if not penalty > 0:
            return []
    centred = values - values.mean()
    sums, squares = np.concatenate(([0.0], np.cumsum(centred))), np.concatenate(([0.0], np.cumsum(centred**2)))
    cost = np.full(n + 1, np.inf)
    cost[0] = -penalty
    last = np.zeros(n + 1, np.intp)
    starts, before = np.zeros(n, np.intp), np.zeros((2, n))  # with its sum, and what all up to it cost
    before[1, 0], m = -penalty, 1
    for end in range(least, n + 1):
        totals = before[0, :m] - sums[end]
        totals *= totals
        totals /= starts[:m] - end
        totals += before[1, :m]
        best = int(totals.argmin())
        cost[end], last[end] = totals[best] + squares[end] + penalty, starts[best]
        if m > _PRUNED and not end % _PRUNED:
            # A start that is worse than the best by more than a shift can never be the best again.
            kept = totals <= totals[best] + penalty
            m = int(kept.sum())
            starts[:m], before[:, :m] = starts[: len(kept)][kept], before[:, : len(kept)][:, kept]
        new = end - least + 1
        starts[m], before[0, m], before[1, m] = new, sums[new], cost[new] - squares[new]
        m += 1
    found: list[int] = []
    end = n
    while (end := int(last[end])) > 0:
        found.append(end)
    return found[::-1]


def gaps(times: Floats) -> tuple[float, NDArray[np.intp]]:
    """The usual step between ascending times, and the places behind which more than one and a half steps are missing.

    0 and none for fewer than three different times.
    """
    steps = np.diff(times)
    usual = float(np.median(steps[steps > 0])) if (steps > 0).sum() >= 2 else 0.0
    return usual, np.flatnonzero(steps > _GAP * usual) if usual > 0 else np.zeros(0, np.intp)
