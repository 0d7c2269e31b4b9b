"""What the maps of a model have in common: how much of a picture it needs, and whether it looks at the border."""

from __future__ import annotations

from collections.abc import Sequence

from dlviz_docs.insights.probe_words import layer_name, method_name
from dlviz_docs.insights.results_words import brief, percent
from dlviz_docs.model import Insight
from dlviz_docs.words import count

__all__ = ["border", "boxes", "empty", "spread"]

LEAST = 5
"""Samples below which nothing is said of all."""
MOST = 0.5
"""Share of the evidence along the border from which on most of it lies there."""
OFTEN = 0.7
"""Share of the samples for which that has to be so."""
ABOVE = 0.1
"""By how much the share of evidence in boxes has to exceed that of noise."""


def spread(half: float, n: int, least: tuple[str, float] | None, most: tuple[str, float] | None) -> Insight | None:
    """Mean share of the picture that holds half of the evidence; classes where it is least and most, where known."""
    if n < LEAST:
        return None
    ends = ""
    if least and most and percent(least[1]) != percent(most[1]):
        ends = f", from {percent(least[1])} for {brief(least[0])} to {percent(most[1])} for {brief(most[0])}"
    return Insight(
        "evidence-area",
        "info",
        f"Half of the evidence lies on {percent(half)} of the picture on average{ends} (n = {n:,}); of a map without "
        "any preference it would be 50 %.",
        figure="maps",
        values={"half": half, "n": n},
    )


def border(name: str, along: int, n: int, area: float, *, wrong: bool) -> Insight | None:
    """Most of the evidence for a class lies along the border: the background may be what was learnt."""
    if n < LEAST or along < OFTEN * n:
        return None
    answers = f"wrong answers {brief(name)}" if wrong else f"answers {brief(name)}"
    return Insight(
        "evidence-border",
        "warning",
        f"In {along:,} of {n:,} {answers} most of the evidence lies along the border of the picture, which has "
        f"{percent(area)} of the area: perhaps the background is what was learnt.",
        figure="maps",
        values={"along": along, "n": n, "share_threshold": MOST, "often_threshold": OFTEN},
    )


def boxes(method: str, inside: float, noise: float | None, pointing: float | None, n: int) -> Insight | None:
    """How much of the evidence lies in the boxes that somebody drew."""
    if n < LEAST:
        return None
    below = noise is not None and inside < noise + ABOVE
    beside = "" if noise is None else f"; of maps of noise {percent(noise)}"
    tip = "" if pointing is None else f" The strongest cell lies in one for {percent(pointing)} of the samples."
    verdict = " That is hardly more: the answers rest on something else." if below else ""
    return Insight(
        "evidence-in-boxes",
        "warning" if below else "info",
        f"{percent(inside)} of the evidence that {method_name(method)} shows lies in the annotated boxes{beside} "
        f"(n = {n:,}).{tip}{verdict}",
        figure="faithfulness",
        values={"inside": inside, "noise": noise if noise is not None else float("nan"), "margin_threshold": ABOVE},
    )


def empty(method: str, layer: str, reasons: Sequence[tuple[str, int]], n: int) -> Insight | None:
    """Maps of the chosen kind that show nothing, with why; `reasons` are sentences, the most frequent first."""
    total = sum(amount for _, amount in reasons)
    if not total:
        return None
    why = " ".join(f"{reason} ({amount:,})" if len(reasons) > 1 else reason for reason, amount in reasons[:3])
    maps = "1 map" if total == n == 1 else f"{total:,} of {count(n, 'map')}"
    return Insight(
        "map-empty",
        "warning" if total > n / 2 else "info",
        f"{maps} of {method_name(method)} at {brief(layer_name(layer))} {'is' if total == 1 else 'are'} empty. {why}",
        figure="maps",
        values={"empty": total, "n": n},
    )
