"""How far the probabilities of a classifier can be believed, and what follows from a threshold."""

from __future__ import annotations

import math

from dlviz_docs.insights.results_words import brief, percent, score
from dlviz_docs.model import Insight

__all__ = ["calibration", "declining", "perfect_order", "threshold"]

GAP = 0.01
"""Between mean confidence and accuracy."""
SURE = 4.0
"""In standard errors of that difference."""
FEW = 2000
"""Rows below which a binned error is mostly noise that only adds: Kumar, Liang and Ma, "Verified uncertainty
calibration", 2019."""
GAIN = 0.02
"""Of F1, above what the usual threshold gives."""
HELD = 0.5
"""Share of answers that must be left for declining to be of use."""
CUT = 0.5
"""By how much declining has to lower the share of mistakes."""


def calibration(
    confidence: float,
    accuracy: float,
    n: int,
    errors: tuple[float, float],
    heat: float | None,
) -> Insight | None:
    """Answers are right clearly less, or more, often than they say; `errors` is the ECE without and with T."""
    if n < 100:
        return None
    gap = confidence - accuracy
    spread = math.sqrt(max(accuracy * (1 - accuracy), confidence * (1 - confidence), 1e-12) / n)
    if abs(gap) < GAP or abs(gap) < SURE * spread:
        return None
    cure = ""
    if heat is not None and errors[1] < 0.8 * errors[0]:
        cure = f" T = {heat:.2g} would bring ECE from {score(errors[0])} to {score(errors[1])}."
    if n < FEW:
        cure += f" With n = {n:,} the ECE itself is too high by chance."
    over = gap > 0
    return Insight(
        "over-confident" if over else "under-confident",
        "warning" if over and gap >= 3 * GAP else "info",
        f"{'Over' if over else 'Under'}-confident: says {score(confidence)}, is right {score(accuracy)} of the time."
        f"{cure}",
        figure="reliability",
        values={
            "confidence": confidence,
            "accuracy": accuracy,
            "gap": gap,
            "gap_threshold": GAP,
            "ece": errors[0],
            "ece_after": errors[1],
            "temperature": heat if heat is not None else math.nan,
        },
    )


def threshold(name: str, best: float, f1: float, usual: float, positives: int) -> Insight | None:
    """Another threshold than 0.5 gives a clearly better F1."""
    if positives < 50 or f1 - usual < GAIN:
        return None
    return Insight(
        "threshold",
        "info",
        f"F1 of {brief(name)} is highest at a threshold of {best:.2f}: {score(f1)} instead of {score(usual)} at 0.5. "
        "Choose it on validation data, not on these rows.",
        figure="threshold",
        metric="F1",
        values={"threshold": best, "f1": f1, "usual": usual, "gain_threshold": GAIN},
    )


def declining(at: float, coverage: float, kept: float, overall: float, errors: int) -> Insight | None:
    """Leaving out unsure answers removes most mistakes."""
    if errors < 20 or coverage < HELD or kept > (1 - CUT) * overall:
        return None
    return Insight(
        "declining",
        "info",
        f"Declining to answer below a confidence of {at:.2f} keeps {percent(coverage)} of the rows and lowers the "
        f"share of mistakes from {percent(overall)} to {percent(kept)}.",
        figure="threshold",
        values={"threshold": at, "coverage": coverage, "kept": kept, "overall": overall, "coverage_threshold": HELD},
    )


def perfect_order(area: float, n: int) -> Insight | None:
    """Nothing is ever so good: the answer may stand among the inputs."""
    if n < 200 or area < 1:
        return None
    return Insight(
        "too-good",
        "warning",
        f"Every positive has a higher score than every negative (ROC AUC 1 over {n:,} rows): check that the answer is "
        "not among the inputs, and that these rows were not trained on.",
        figure="roc",
        values={"auc": area, "n": n},
    )
