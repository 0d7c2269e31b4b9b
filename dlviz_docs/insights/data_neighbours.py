"""What nearest neighbours say of classes that overlap, labels that look wrong, and rows that are alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights.data_words import does, of, percent, quoted
from dlviz_docs.model import Codes, FloatArray, Insight, Severity
from dlviz_docs.stats.images import robust_z
from dlviz_docs.stats.intervals import Z95, wilson

__all__ = [
    "Doubtful",
    "alone",
    "alone_sentence",
    "doubtful_labels",
    "doubtful_sentence",
    "overlap",
    "overlap_sentences",
]

Rows: TypeAlias = NDArray[np.intp]

NEIGHBOURS = 10
OVERLAP = 0.2
"""Share of the neighbours that are of one other class, from which on two classes overlap."""
LEAST_OF_CLASS = 20
AGREED = 0.8
"""Share of the rows whose class most of their neighbours share, below which neighbours say nothing about labels."""
OUTVOTED = 0.9
"""Share of the neighbours that are all of one other class, for a label to look wrong."""
DOUBTED = 0.01
"""Share of wrong labels that a warning is beyond, by the lower end of its interval: below, rows that lie on a border or
among others for good explain them."""
LEAST_DOUBTED = 5
ALONE = 3.5
"""Robust z of the logarithm of the mean distance to the neighbours (Iglewicz and Hoaglin 1993; Ramaswamy 2000)."""
LEAST_FOR_ALONE = 50


@dataclass(frozen=True, slots=True, eq=False)
class Doubtful:
    """Rows whose neighbours are of another class, the clearest first."""

    rows: Rows
    given: Codes
    likely: Codes
    share: FloatArray
    agreed: float
    """Share of all rows that agree with most of their neighbours."""


def overlap(shares: FloatArray, codes: Codes, classes: int) -> FloatArray:
    """Of the neighbours of each class (down), the share of each class (across); NaN for classes of too few rows.

    `shares` as `neighbour_classes` gives them.
    """
    found = np.full((classes, classes), np.nan)
    for one in range(classes):
        rows = codes == one
        if rows.sum() >= LEAST_OF_CLASS:
            found[one] = shares[rows].mean(axis=0)
    return found


def overlap_sentences(shares: FloatArray, codes: Codes, names: Sequence[str], figure: str) -> Iterator[Insight]:
    """The three pairs of classes that overlap most, each said once."""
    found = overlap(shares, codes, len(names))
    np.fill_diagonal(found, np.nan)
    usual = np.bincount(codes[codes >= 0], minlength=len(names)) / max(1, int((codes >= 0).sum()))
    with np.errstate(invalid="ignore"):
        # A class that is half of all rows is half of anybody's neighbours: that is no overlap.
        told = np.argwhere((found >= OVERLAP) & (found >= 1.5 * usual[None, :]))
    seen: set[frozenset[int]] = set()
    for one, other in sorted(told.tolist(), key=lambda pair: -found[pair[0], pair[1]]):
        if frozenset((one, other)) in seen or len(seen) == 3:
            continue
        seen.add(frozenset((one, other)))
        values = shares[codes == one, other]
        share, n = float(values.mean()), len(values)
        half = Z95 * float(values.std(ddof=1)) / n**0.5
        low, high = 100 * max(0.0, share - half), 100 * min(1.0, share + half)
        text = (
            f"{percent(share, 1)} [{low:.0f}, {high:.0f}] of the {NEIGHBOURS} nearest neighbours of "
            f"{quoted(names[one])} are {quoted(names[other])} (n = {n:,})."
        )
        numbers = {"share": share, "threshold": OVERLAP, "n": float(n)}
        yield Insight(kind="class-overlap", severity="info", text=text, figure=figure, values=numbers)


def doubtful_labels(shares: FloatArray, codes: Codes) -> Doubtful | None:
    """Labels that nearly all neighbours contradict with one voice; None where neighbours tell classes badly."""
    known = np.flatnonzero(codes >= 0)
    if len(known) < 2 * LEAST_OF_CLASS or shares.shape[1] < 2:
        return None
    likely = shares[known].argmax(axis=1).astype(np.int32)
    agreed = float((likely == codes[known]).mean())
    if agreed < AGREED:
        return None
    share = shares[known, likely]
    doubted = np.flatnonzero((likely != codes[known]) & (share >= OUTVOTED))
    doubted = doubted[np.argsort(-share[doubted], kind="stable")]
    return Doubtful(known[doubted], codes[known][doubted], likely[doubted], share[doubted], agreed)


def doubtful_sentence(found: Doubtful, looked_at: int, names: Sequence[str], figure: str) -> Insight | None:
    """How many labels look wrong, and the most frequent mistake."""
    if not len(found.rows):
        return None
    pairs, counts = np.unique(np.column_stack([found.given, found.likely]), axis=0, return_counts=True)
    most = int(counts.argmax())
    given, likely = (quoted(names[int(one)]) for one in pairs[most])
    count = len(found.rows)
    low, _ = wilson(count, looked_at)
    sure = count >= LEAST_DOUBTED and float(low) > DOUBTED
    verb = f"{does(count, 'look')} wrong" if sure else f"{does(count, 'are')} at odds with the rows around"
    often = f"Most often {given} that looks like {likely} ({int(counts[most]):,})."
    text = (
        f"{of(count, looked_at, 'labels')} {verb}: at least {round(OUTVOTED * NEIGHBOURS)} of {NEIGHBOURS} nearest "
        f"neighbours are of one other class. {f'It is {given} and looks like {likely}.' if count == 1 else often}"
    )
    values = {
        "count": float(len(found.rows)),
        "of": float(looked_at),
        "low": float(low),
        "threshold": DOUBTED,
        "agreed": found.agreed,
    }
    severity: Severity = "warning" if sure else "info"
    return Insight(kind="doubtful-labels", severity=severity, text=text, figure=figure, values=values)


def alone(distances: FloatArray) -> Rows:
    """Rows that are far from their neighbours, the farthest first; distances have shape (n, k)."""
    if len(distances) < LEAST_FOR_ALONE:
        return np.zeros(0, np.intp)
    mean = distances.mean(axis=1)
    z = robust_z(np.log(np.maximum(mean, 1e-12 * max(float(mean.max()), 1e-300))))
    far = np.flatnonzero(z > ALONE)
    return far[np.argsort(-z[far], kind="stable")]


def alone_sentence(far: Rows, distances: FloatArray, figure: str) -> Insight | None:
    """How many are far from all others, and how far the farthest is."""
    if not len(far):
        return None
    mean = distances.mean(axis=1)
    times = float(mean[far[0]] / np.median(mean)) if np.median(mean) > 0 else float("inf")
    text = (
        f"{of(len(far), len(distances), 'rows')} {does(len(far), 'are')} far from all others; the farthest is "
        f"{words.number(round(times, 1))} times as far from its {NEIGHBOURS} nearest neighbours as usual."
    )
    values = {"count": float(len(far)), "threshold": ALONE}
    return Insight(kind="outlying-rows", severity="info", text=text, figure=figure, values=values)
