"""What answers on texts rest on, and how far that can be believed, in sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dlviz_docs.insights.results_words import brief, percent, score
from dlviz_docs.model import Insight

__all__ = ["believed", "framed", "insane", "strongest"]

CLEAR = 2.0
"""Standard errors that the order of words has to be better than chance by."""
UNLIKE = 0.5
"""Rank correlation that the values of a model of random weights have to be below."""
MUCH = 0.5
"""Part of all evidence that lies on words without meaning of their own."""


def believed(area: float, error: float | None, chance: float | None, n: int) -> Insight | None:
    """Whether taking words away in the order of their values moves answers more than an order by chance."""
    if not math.isfinite(area):
        return None
    wide = error if error is not None and math.isfinite(error) else 0.0
    base = chance if chance is not None and math.isfinite(chance) else 0.0
    fails = area - base <= CLEAR * wide
    told = f"{score(area)}{f' ± {score(wide)}' if wide else ''}, by chance {score(base)} (n = {n:,})"
    text = (
        f"The order that values of words tell is not clearly better than chance: the area between insertion and "
        f"deletion is {told}. What is coloured may not be what the answers rest on."
        if fails
        else f"Answers follow the words that are coloured: the area between insertion and deletion is {told}."
    )
    values = {"area": area, "error": wide, "chance": base, "standard_errors_threshold": CLEAR}
    return Insight("words-unfaithful" if fails else "words-faithful", "warning" if fails else "info", text,
                   figure="words-removed", values=values)  # fmt: skip


def insane(last: float, chance: float) -> Insight | None:
    """Values that stay as they were when all weights are random."""
    if not math.isfinite(last) or last < max(UNLIKE, 1.5 * chance):
        return None
    text = (
        f"Values of words are still alike when all weights are random (rank correlation {score(last)}): they show the "
        "text rather than what the model has learnt."
    )
    return Insight("words-insane", "warning", text, figure="words-random", values={"similarity": last})


def strongest(answer: str, words: Sequence[tuple[str, float]], texts: int) -> Insight | None:
    """What speaks most for an answer, over all texts that got it."""
    if not words:
        return None
    told = ", ".join(f"“{brief(word)}” ({value:+.2g})" for word, value in words)
    text = f"For {brief(answer)} speak most, where they stand: {told} (mean over {texts:,} texts with this answer)."
    return Insight("words-strongest", "info", text.replace("-", "−"), figure="words-of-answers",
                   values={"texts": float(texts)})  # fmt: skip


def framed(share: float, n: int) -> Insight | None:
    """Evidence that lies on punctuation and numbers."""
    if not math.isfinite(share) or share < MUCH:
        return None
    text = (
        f"{percent(share)} of the evidence lies on punctuation and numbers (mean over {n:,} texts): the answers may "
        "rest on how texts are written rather than on what they say."
    )
    return Insight("words-without-meaning", "warning", text, figure="words",
                   values={"share": share, "share_threshold": MUCH})  # fmt: skip
