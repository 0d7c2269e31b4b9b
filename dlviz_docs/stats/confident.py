"""Confident learning: which given labels are probably wrong.

Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels", JAIR 70, 2021. Labels are
pruned by noise rate and ranked by self-confidence.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["confident_joint", "label_issues", "thresholds"]

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.intp]
Codes: TypeAlias = NDArray[np.int32]

_FUZZ = 1e-6
"""Probabilities closer than this are equal."""
_UNREACHABLE = 2.0
_CHUNK = 1_000_000


def thresholds(labels: Codes, probabilities: Floats) -> Floats:
    """Of each class, the mean probability it gets where it is the given label; beyond reach where it is none."""
    k = probabilities.shape[1]
    own = probabilities[np.arange(len(labels)), labels]
    sizes = np.bincount(labels, minlength=k)
    means = np.bincount(labels, own, k) / np.maximum(sizes, 1)
    return np.maximum(np.where(sizes > 0, means, _UNREACHABLE), 2 * _FUZZ)


def _confident_class(probabilities: Floats, limits: Floats) -> Ints:
    """The class each row confidently belongs to, the most probable one if several; -1 for none."""
    n, k = probabilities.shape
    step, guess = max(_CHUNK // k, 1), np.empty(n, np.intp)
    for start in range(0, n, step):
        part = probabilities[start : start + step]
        above = part >= limits - _FUZZ
        bins = above.sum(axis=1)
        found = np.where(bins > 1, part.argmax(axis=1), above.argmax(axis=1))
        guess[start : start + step] = np.where(bins > 0, found, -1)
    return guess


def confident_joint(labels: Codes, probabilities: Floats) -> Ints:
    """How many rows of each given label (rows) truly belong to each class (columns), calibrated to the labels' counts.

    At least one row of each class counts as right.
    """
    k = probabilities.shape[1]
    guess = _confident_class(probabilities, thresholds(labels, probabilities))
    sure = guess >= 0
    joint = np.bincount(labels[sure].astype(np.intp) * k + guess[sure], minlength=k * k).reshape(k, k)
    np.fill_diagonal(joint, np.maximum(joint.diagonal(), 1))
    sizes = np.bincount(labels, minlength=k)
    calibrated = (joint.T / joint.sum(axis=1) * sizes).T
    calibrated = calibrated / max(calibrated.sum(), 1e-100) * sizes.sum()
    return _rounded(calibrated)


def _rounded(table: Floats) -> Ints:
    """Whole numbers with the rows' totals, changed where rounding took most; one row at a time."""
    whole = table.round()
    totals = table.sum(axis=1).round()
    for row in np.flatnonzero(whole.sum(axis=1) != totals):
        floats, ints = table[row], whole[row]
        while (off := round(float(totals[row] - ints.sum()))) != 0:
            step = 1 if off > 0 else -1
            places = np.argsort(floats - ints)[::-step][: min(abs(off), len(ints))]
            ints[places] += step
    return whole.astype(np.intp)


def _to_prune(joint: Ints) -> Ints:
    """How many rows to prune by true class (rows) and given label (columns); one of each class is left as right."""
    counts = joint.T
    diagonal = counts.diagonal()
    kept = np.maximum(diagonal, 1)
    rates = np.maximum(np.count_nonzero(counts, axis=0) - 1.0, 1.0)
    pruned = np.maximum(counts - (kept - diagonal) / rates, 0)
    np.fill_diagonal(pruned, kept)
    return _rounded(pruned.astype(np.intp).astype(np.float64))


def label_issues(labels: Codes, probabilities: Floats) -> Ints:
    """Rows whose label is probably wrong, the most improbable label first.

    `labels` has shape (n,), `probabilities` (n, k): out of sample, or a model that has learned the errors hides them.
    """
    n, k = probabilities.shape
    if n < 2 or k < 2:
        return np.zeros(0, np.intp)
    prune = _to_prune(confident_joint(labels, probabilities))
    found = np.zeros(n, np.bool_)
    order = np.argsort(labels, kind="stable")
    ends = np.cumsum(np.bincount(labels, minlength=k))
    for given in np.flatnonzero(prune.sum(axis=0) - prune.diagonal() > 0):
        rows = order[ends[given - 1] if given else 0 : ends[given]]
        if len(rows) <= 1:
            continue
        own = probabilities[rows, given]
        for true in np.flatnonzero(prune[:, given]):
            if true != given:
                margin = probabilities[rows, true] - own
                found[rows[_greatest(margin, int(prune[true, given]))]] = True
    rows = np.flatnonzero(found)
    own = probabilities[rows, labels[rows]]
    # What the model itself answers stands, even if another class is within a hair.
    others = probabilities[rows].copy()
    others[np.arange(len(rows)), labels[rows]] += _FUZZ
    kept = others.argmax(axis=1) != labels[rows]
    rows, own = rows[kept], own[kept]
    ranked: Ints = rows[np.argsort(own, kind="stable")]
    return ranked


def _greatest(values: Floats, amount: int) -> Ints:
    if amount >= len(values):
        return np.arange(len(values))
    best: Ints = np.argpartition(-values, amount - 1)[:amount]
    return best
