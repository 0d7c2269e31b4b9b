"""Sentences about generated texts: how near to what was wanted, and how they degenerate."""

from __future__ import annotations

import math
from typing import TypeAlias

from dlviz_docs import words
from dlviz_docs.insights.data_words import percent
from dlviz_docs.insights.estimates import decimal, estimate
from dlviz_docs.model import Insight, Severity
from dlviz_docs.stats.intervals import wilson

__all__ = ["MUCH_REPEATED", "copies", "echoes", "empty", "headline", "lengths", "repetition", "unscored"]

Estimate: TypeAlias = tuple[float, float, float]

LEAST_TEXTS = 10
MUCH_REPEATED = 0.5
"""Share of four-word sequences that occurred before, from which on a text is called degenerate. Texts that people
wrote have about 0.5 % (Welleck et al., 2019)."""
LEAST_SHARE = 0.02
"""Of all outputs: what concerns fewer is not said."""
LEAST_RATIO = 1.5
"""How many times as long, or as short, as the references."""


def headline(exact: int, n: int, chrf: Estimate, edit: Estimate, figure: str) -> Insight:
    """Exact matches, chrF and edit similarity, with intervals and n."""
    low, high = (float(end) for end in wilson(exact, n))
    few = f" With {words.count(n, 'text')} the true values may be far from these." if n < LEAST_TEXTS else ""
    said_chrf = estimate(*chrf, digits=1)
    return Insight(
        "text-quality",
        "info",
        f"Exact match {estimate(exact / n, low, high)}, chrF {said_chrf}, "
        f"edit "
        f"similarity {estimate(*edit)} (n = {words.count(n, 'text')}).{few}",
        figure,
        values={"exact": exact / n, "chrf": chrf[0], "similarity": edit[0], "n": float(n)},
    )


def unscored(n: int, figure: str) -> Insight:
    """Outputs without anything to hold them against, and what would unlock it."""
    return Insight(
        "text-unscored",
        "info",
        f"{words.count(n, 'output')} and no reference texts: no score is computed. A column “reference” or “target” "
        f"with "
        "the wanted text beside each output would unlock exact match, chrF, edit similarity and marked differences.",
        figure,
        values={"n": float(n)},
    )


def empty(count: int, n: int, figure: str) -> Insight | None:
    """Outputs without a character."""
    if not count:
        return None
    text = f"{count:,} of {words.count(n, 'output')} ({percent(count, n)}) {'is' if count == 1 else 'are'} empty."
    severity: Severity = "warning" if count >= LEAST_SHARE * n else "info"
    return Insight("empty-outputs", severity, text, figure, values={"share": count / n, "share_threshold": LEAST_SHARE})


def copies(largest: int, n: int, figure: str) -> Insight | None:
    """Whether different inputs get the same output."""
    if n < LEAST_TEXTS or largest < max(3, LEAST_SHARE * n):
        return None
    return Insight(
        "identical-outputs",
        "warning" if largest >= 0.1 * n else "info",
        f"{largest:,} of {words.count(n, 'output')} ({percent(largest, n)}) are the very same text, for different "
        f"inputs.",
        figure,
        values={"share": largest / n, "share_threshold": LEAST_SHARE},
    )


def echoes(count: int, n: int, figure: str) -> Insight | None:
    """Outputs that only repeat their input."""
    if n < LEAST_TEXTS or count < max(2, LEAST_SHARE * n):
        return None
    text = f"{count:,} of {words.count(n, 'output')} ({percent(count, n)}) repeat their input word for word."
    return Insight("echoes", "info", text, figure, values={"share": count / n, "share_threshold": LEAST_SHARE})


def repetition(many: int, n: int, figure: str) -> Insight | None:
    """Outputs that say the same again and again; of those with ten words at least."""
    if not many or many < LEAST_SHARE * n:
        return None
    return Insight(
        "degenerate-outputs",
        "warning",
        f"{many:,} of {words.count(n, 'output')} with ten words or more ({percent(many, n)}) "
        f"{'repeats itself' if many == 1 else 'repeat themselves'}: over "
        "half of the sequences of four words occurred before in the same text.",
        figure,
        values={"share": many / n, "repetition_threshold": MUCH_REPEATED},
    )


def lengths(ratio: float, n: int, figure: str) -> Insight | None:
    """Whether outputs are much longer or shorter than what was wanted; the median ratio of lengths."""
    if n < LEAST_TEXTS or not ratio > 0 or math.isinf(ratio) or 1 / LEAST_RATIO < ratio < LEAST_RATIO:
        return None
    said = f"{decimal(ratio, 1)} times as long" if ratio > 1 else f"only {percent(ratio, 1)} as long"
    return Insight(
        "output-length",
        "info",
        f"Outputs are {said} as their references (median, n = {n:,}).",
        figure,
        values={"ratio": ratio, "ratio_threshold": LEAST_RATIO},
    )
