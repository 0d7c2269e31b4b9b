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
ABOVE, TIMES = 0.1, 1.5
"""How far on the way from noise to all of it, or how many times that of noise, the share of evidence in boxes is more
than noise alone would give."""


def spread(
    half: float, n: int, least: tuple[str, float] | None, most: tuple[str, float] | None, even: float = 0.5
) -> Insight | None:
    """Mean share of the picture that holds half of the evidence; classes where it is least and most, where known; the
    share for maps without any preference, which is less than half where a model sees the middle of pictures alone.
    """
    if n < LEAST:
        return None
    ends = ""
    if least and most and percent(least[1]) != percent(most[1]):
        ends = f", from {percent(least[1])} for {brief(least[0])} to {percent(most[1])} for {brief(most[0])}"
    return Insight(
        "evidence-area",
        "info",
        f"Half of the evidence lies on {percent(half)} of the picture on average{ends} (n = {n:,}); of a map without "
        f"any preference it would be {percent(even)}.",
        figure="maps",
        values={"half": half, "n": n},
    )


def border(name: str, along: int, n: int, area: float, *, wrong: bool, cut: bool = False) -> Insight | None:
    """Most of the evidence for a class lies along the border: the background may be what was learnt.

    `name` is "" where there are no classes; `cut` are pictures of which the model sees the middle alone.
    """
    if n < LEAST or along < OFTEN * n:
        return None
    answers = f"{'wrong ' if wrong else ''}answers{f' “{brief(name)}”' if name else ''}"
    of = "what the model sees" if cut else "the picture"
    return Insight(
        "evidence-border",
        "warning",
        f"In {along:,} of {n:,} {answers} most of the evidence lies along the border of {of}, which has "
        f"{percent(area)} of the area: perhaps the background is what was learnt.",
        figure="maps",
        values={"along": along, "n": n, "share_threshold": MOST, "often_threshold": OFTEN},
    )


def boxes(
    method: str,
    inside: float,
    noise: float | None,
    pointing: float | None,
    n: int,
    where: str = "the annotated boxes",
) -> Insight | None:
    """How much of the evidence lies in the boxes that somebody drew, or where else it should: in what was found."""
    if n < LEAST:
        return None
    below = noise is not None and inside < min(noise + ABOVE * (1 - noise), TIMES * noise)
    beside = "" if noise is None else f"; of maps of noise {percent(noise)}"
    tip = "" if pointing is None else f" The strongest cell lies there for {percent(pointing)} of the samples."
    verdict = " That is hardly more: the answers may rest on something else." if below else ""
    return Insight(
        "evidence-in-boxes",
        "warning" if below else "info",
        f"{percent(inside)} of the evidence that {method_name(method)} shows lies in {where}{beside} "
        f"(n = {n:,}).{tip}{verdict}",
        figure="faithfulness",
        values={"inside": inside, "noise": noise if noise is not None else float("nan"), "way_threshold": ABOVE},
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
