"""Whether probabilities mean what they say: of all answers given with 0.8, eight of ten should be right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.bootstrap import around, redrawn

__all__ = [
    "BINS",
    "Bins",
    "Classwise",
    "Scaled",
    "adaptive_error",
    "aurc",
    "binned",
    "calibration_error",
    "calibration_interval",
    "classwise",
    "risk_curve",
    "temperature",
]

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Codes: TypeAlias = NDArray[np.int32]

BINS = 15
"""Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", 2017."""
_PARTS = 8
"""Of a bin: within one of them all confidences count as their mean."""
_CHUNK = 500_000
_LEAST = 1e-30
_HOTTEST, _COLDEST = 20.0, 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """Answers by confidence, in bins of equal width, closed above. Shape (bins,) each; sums, not means."""

    counts: Floats
    confidence: Floats
    right: Floats

    @property
    def gaps(self) -> Floats:
        """Share that is right less mean confidence; NaN for an empty bin."""
        empty = np.full(len(self.counts), np.nan)
        found: Floats = np.divide(self.right - self.confidence, self.counts, out=empty, where=self.counts > 0)
        return found


def _bin(confidence: Floats, bins: int) -> NDArray[np.intp]:
    found: NDArray[np.intp] = np.clip(np.ceil(confidence * bins) - 1, 0, bins - 1).astype(np.intp)
    return found


def binned(confidence: Floats, right: Bools, bins: int = BINS) -> Bins:
    """Counts and sums of each bin; confidences from 0 to 1."""
    codes = _bin(confidence, bins)
    return Bins(
        np.bincount(codes, minlength=bins).astype(np.float64),
        np.bincount(codes, confidence, bins).astype(np.float64),
        np.bincount(codes[right], minlength=bins).astype(np.float64),
    )


def calibration_error(bins: Bins) -> tuple[float, float]:
    """Expected and greatest distance between confidence and accuracy over bins (ECE, MCE); NaN without rows.

    Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", 2015.
    """
    n = bins.counts.sum()
    if not n:
        return np.nan, np.nan
    gaps = np.abs(bins.gaps)
    return float(np.abs(bins.right - bins.confidence).sum() / n), float(np.nanmax(gaps))


def calibration_interval(
    confidence: Floats, right: Bools, groups: NDArray[np.intp] | None = None, bins: int = BINS
) -> tuple[float, tuple[float, float]]:
    """The expected error and its 95 % interval by bootstrap over outcomes: bin, part of the bin, right or wrong."""
    error = calibration_error(binned(confidence, right, bins))[0]
    if len(confidence) < 2:
        return error, (np.nan, np.nan)
    fine = _bin(confidence, bins * _PARTS)
    outcome = fine * 2 + right
    size = bins * _PARTS * 2
    counts = np.bincount(outcome, minlength=size)
    means = np.bincount(outcome, confidence, size) / np.maximum(counts, 1)
    drawn = redrawn(counts, members=None if groups is None else (outcome, groups))
    gaps = (drawn * (means - np.arange(size) % 2)).reshape(len(drawn), bins, -1).sum(axis=2)
    errors = np.abs(gaps).sum(axis=1) / np.maximum(drawn.sum(axis=1), 1)
    return error, around(error, errors)


def adaptive_error(confidence: Floats, right: Bools, bins: int = BINS) -> float:
    """The same over bins with equally many rows each; NaN without rows.

    Nixon, Dusenberry, Zhang, Jerfel and Tran, "Measuring calibration in deep learning", 2019.
    """
    n = len(confidence)
    if not n:
        return np.nan
    keys = (np.ascontiguousarray(confidence + 0.0).view(np.uint64) << np.uint64(1)) | right.view(np.uint8)
    keys.sort()  # as in `roc.rank`: the label rides in the sign bit
    starts = np.unique((np.arange(bins) * n) // bins)
    gaps = (keys >> np.uint64(1)).view(np.float64) - (keys & np.uint64(1))
    return float(np.abs(np.add.reduceat(gaps, starts)).sum() / n)


@dataclass(frozen=True, slots=True)
class Classwise:
    """Calibration over all classes, not only the answers."""

    error: float
    """Mean over classes of the ECE of the class's probability: Kull et al., "Beyond temperature scaling", 2019."""
    reliability: float
    """Part of the Brier score that comes from probabilities that are off: Murphy, "A new vector partition of the
    probability score", 1973."""
    resolution: float
    """Part that is gained by telling rows apart."""
    uncertainty: float
    """Brier score of always saying the classes' shares. The score is reliability − resolution + uncertainty, but for
    what probabilities differ within a bin."""


def classwise(probabilities: Floats, truth: Codes, bins: int = BINS) -> Classwise:
    """Calibration of each class's probability, shape (n, k); NaN without rows."""
    n, k = probabilities.shape
    if not n or not k:
        return Classwise(*(np.nan,) * 4)
    counts, sums, hits = (np.zeros(k * bins) for _ in range(3))
    offsets = (np.arange(k) * bins)[None]
    step = max(_CHUNK // k, 1)
    for start in range(0, n, step):
        part, true = probabilities[start : start + step], truth[start : start + step]
        codes = _bin(part, bins) + offsets
        counts += np.bincount(codes.ravel(), minlength=k * bins)
        sums += np.bincount(codes.ravel(), part.ravel(), k * bins)
        hits += np.bincount(codes[np.arange(len(true)), true], minlength=k * bins)
    gaps, shares = (sums - hits).reshape(k, bins), hits.reshape(k, bins).sum(axis=1) / n
    safe = np.maximum(counts, 1).reshape(k, bins)
    off = hits.reshape(k, bins) / safe - shares[:, None]
    half = 2 if k == 2 else 1
    return Classwise(
        float(np.abs(gaps).sum() / n / k),
        float((gaps**2 / safe).sum() / n / half),
        float((counts.reshape(k, bins) * off**2).sum() / n / half),
        float((shares * (1 - shares)).sum() / half),
    )


# --- temperature ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scaled:
    """What one temperature for all rows would change: logits are divided by it."""

    temperature: float
    before: float
    """Mean log loss."""
    after: float
    error_before: float
    """ECE of the most probable class."""
    error_after: float
    at_end: bool
    """The best temperature lies beyond what is tried, 0.05 to 20, or no answer is wrong: there is no sense in it."""


def temperature(probabilities: Floats, truth: Codes) -> Scaled | None:
    """The temperature that makes the truth most probable, by Newton's method; None for fewer than two rows or classes.

    Guo et al. 2017. It is fitted on the rows it is judged on, which for one number and thousands of rows is harmless.
    A part of the rows finds it nearly, all rows find it.
    """
    n, k = probabilities.shape
    if n < 2 or k < 2:
        return None
    start = 1.0
    few = max(20_000_000 // k // 100, 1000)
    if n > 2 * few:
        part = np.random.default_rng(0).choice(n, few, replace=False)
        start, _, _ = _newton(probabilities[part], truth[part], 1.0, 30)
    inverse, before, after = _newton(probabilities, truth, start, 3 if start != 1.0 else 30)
    (first, wrong), (second, _) = (_error_at(probabilities, truth, one) for one in (1.0, inverse))
    heat = 1 / inverse
    return Scaled(heat, before, after, first, second, not wrong or not 1.01 * _COLDEST < heat < 0.99 * _HOTTEST)


def _newton(probabilities: Floats, truth: Codes, inverse: float, turns: int) -> tuple[float, float, float]:
    """1 / T, and the loss at T = 1 and there."""
    before = _derivatives(probabilities, truth, 1.0)[0]
    loss = before
    for _ in range(turns):
        loss, slope, curvature = _derivatives(probabilities, truth, inverse)
        if not curvature > 0:
            break
        # In 1 / T the loss is convex; a step is held within a factor of two, or it could leave for good.
        better = float(np.clip(inverse - slope / curvature, inverse / 2, inverse * 2))
        better = float(np.clip(better, 1 / _HOTTEST, 1 / _COLDEST))
        if abs(better - inverse) <= 1e-5 * inverse:
            break
        inverse = better
    return inverse, before, loss


def _logs(probabilities: Floats) -> NDArray[np.float32]:
    return np.log(np.maximum(probabilities.astype(np.float32), np.float32(_LEAST)))


def _derivatives(probabilities: Floats, truth: Codes, inverse: float) -> tuple[float, float, float]:
    """Mean loss, and its first and second derivative by 1 / T."""
    n, k = probabilities.shape
    step, totals = max(_CHUNK // k, 1), np.zeros(3)
    for start in range(0, n, step):
        z = _logs(probabilities[start : start + step])
        true = z[np.arange(len(z)), truth[start : start + step]].astype(np.float64)
        weights = np.exp(np.float32(inverse) * z)
        whole = weights.sum(axis=1)
        first = np.einsum("ij,ij->i", weights, z) / whole
        weights *= z
        second = np.einsum("ij,ij->i", weights, z) / whole
        totals += (
            (np.log(whole) - inverse * true).sum(),
            (first - true).sum(),
            (second - first.astype(np.float64) ** 2).sum(),
        )
    loss, slope, curvature = totals / n
    return float(loss), float(slope), float(curvature)


def _error_at(probabilities: Floats, truth: Codes, inverse: float) -> tuple[float, int]:
    """ECE of the most probable class, and how often it is wrong."""
    n, k = probabilities.shape
    step = max(_CHUNK // k, 1)
    tops, hits = np.empty(n), np.empty(n, np.bool_)
    for start in range(0, n, step):
        rows = slice(start, start + step)
        part = probabilities[rows]
        best = part.argmax(axis=1)
        top = part[np.arange(len(part)), best]
        hits[rows] = best == truth[rows]
        if inverse != 1.0:
            z = _logs(part)
            highest = z[np.arange(len(part)), best]
            top = 1 / np.exp(np.float32(inverse) * (z - highest[:, None])).sum(axis=1)
        tops[rows] = top
    return calibration_error(binned(np.clip(tops, 0, 1), hits))[0], n - int(hits.sum())


# --- declining to answer ----------------------------------------------------------------------------------------------


def risk_curve(confidence: Floats, right: Bools) -> tuple[Floats, Floats]:
    """Share of rows that are answered, the most confident first, and the share of wrong answers among them; (n,) each.

    Rows of equal confidence share their mistakes evenly.
    """
    n = len(confidence)
    if not n:
        return np.zeros(0), np.zeros(0)
    keys = (np.ascontiguousarray(confidence + 0.0).view(np.uint64) << np.uint64(1)) | (~right).view(np.uint8)
    keys.sort()
    keys = keys[::-1]
    values, wrong = keys >> np.uint64(1), (keys & np.uint64(1)).astype(np.float64)
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    if len(starts) < n:
        sizes = np.diff(np.r_[starts, n])
        wrong = np.repeat(np.add.reduceat(wrong, starts) / sizes, sizes)
    answered = np.arange(1, n + 1)
    return answered / n, np.cumsum(wrong) / answered


def aurc(risks: Floats) -> float:
    """Mean risk over all coverages: Geifman and El-Yaniv, "Selective classification for deep neural networks", 2017."""
    return float(risks.mean()) if len(risks) else np.nan
