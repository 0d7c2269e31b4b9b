"""How far maps can be believed: against noise, against a model of random weights, and against each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from dlviz_docs.insights.probe_words import layer_name, method_name
from dlviz_docs.insights.results_words import brief, listed, percent, score
from dlviz_docs.model import Insight

__all__ = ["agreement", "chosen", "classless", "incomplete", "insane", "layer_matters"]

CLEAR = 2.0
"""Standard errors that a map's ROAD has to be above that of noise."""
ALIKE = 0.3
"""Mean rank correlation below which methods tell different stories."""
TWICE = 2.0
"""How much more the choice of the layer has to matter than that of the method."""
WhyNot: TypeAlias = Literal["chance", "alike", "classless", ""]
"""Why the maps with the highest ROAD are not those that are shown."""
_WHY_NOT: Mapping[WhyNot, str] = {
    "chance": "{one} have the highest, {road}: no higher than chance may make it.",
    "alike": "{one} have the highest, {road}, but stay alike when weights are random.",
    "classless": "{one} have the highest, {road}, but do not depend on the class.",
    "": "{one} have the highest, {road}.",
}
COMPLETE = 0.05
"""Part of the difference of the outputs that Integrated Gradients may miss."""


def chosen(
    method: str,
    layer: str,
    road: float,
    error: float | None,
    noise: float | None,
    n: int,
    highest: tuple[str, str, float, WhyNot] | None = None,
) -> Insight | None:
    """Which maps the page opens with, and whether they are better than noise at all.

    `highest` are method, layer and ROAD of others that are higher, and why they are not shown.
    """
    if not math.isfinite(road):
        return None
    wide = error if error is not None and math.isfinite(error) else 0.0
    fails = road <= (noise or 0.0) + CLEAR * wide
    spread = f" ± {score(wide)}" if wide else ""
    beside = "" if noise is None else f", noise {score(noise)}"
    name = f"{method_name(method)} at {brief(layer_name(layer))}"
    if fails:
        text = (
            f"Maps of {name} are not clearly better than noise: ROAD {score(road)}{spread}{beside} "
            f"(n = {n:,}). What the maps show may not be what the answers rest on."
        )
    elif highest is not None:
        other = f"{method_name(highest[0])} at {brief(layer_name(highest[1]))}"
        why = _WHY_NOT[highest[3]].format(one=f"Those of {other}", road=score(highest[2]))
        text = f"Maps of {name} are shown: ROAD {score(road)}{spread}{beside} (n = {n:,}). {why}"
    else:
        text = f"Maps of {name} are the most faithful: ROAD {score(road)}{spread}{beside} (n = {n:,})."
    return Insight(
        "map-unfaithful" if fails else "map-chosen",
        "warning" if fails else "info",
        text,
        figure="faithfulness",
        values={
            "road": road,
            "error": wide,
            "noise": noise if noise is not None else math.nan,
            "standard_errors_threshold": CLEAR,
        },
    )


def insane(methods: Sequence[tuple[str, float]], picked: str) -> Insight | None:
    """Methods whose maps stay alike when all weights are random; `methods` with their last similarity."""
    if not methods:
        return None
    names = listed([method_name(method) for method, _ in methods])
    worst = max(similarity for _, similarity in methods)
    own = any(method == picked for method, _ in methods)
    return Insight(
        "sanity-failed",
        "serious" if own else "info",
        f"{names} {'fail' if len(methods) > 1 else 'fails'} the sanity check: after all weights were made random, maps "
        f"are still like those before (rank correlation up to {score(worst)}): they show the picture more than what "
        "was learnt.",
        figure="sanity",
        values={"similarity": worst, "similarity_threshold": 0.5},
    )


def classless(methods: Sequence[tuple[str, float]], of: str = "the class") -> Insight | None:
    """Methods whose maps do not change when the head alone is random; `of` is what they then do not depend on."""
    if not methods:
        return None
    names = listed([method_name(method) for method, _ in methods])
    return Insight(
        "map-classless",
        "info",
        f"{names} {'do' if len(methods) > 1 else 'does'} not depend on {of}: maps stay the same (rank correlation "
        f"{score(min(similarity for _, similarity in methods))}) when the last layer is made random.",
        figure="sanity",
        values={"similarity": min(similarity for _, similarity in methods), "similarity_threshold": 0.95},
    )


def agreement(mean: float, least: tuple[str, str, float], n: int) -> Insight | None:
    """Methods contradict each other; `least` are the two that do most."""
    if not math.isfinite(mean) or mean >= ALIKE:
        return None
    one, other, rho = least
    return Insight(
        "maps-disagree",
        "warning",
        f"Methods tell different stories: the mean rank correlation of their maps is {score(mean)}, lowest between "
        f"{method_name(one)} and {method_name(other)} ({score(rho)}; n = {n:,}).",
        figure="agreement",
        values={"mean": mean, "mean_threshold": ALIKE, "least": rho},
    )


def layer_matters(method: str, best: tuple[str, float], worst: tuple[str, float], methods: float) -> Insight | None:
    """One method's ROAD differs more between layers than methods do at one layer; `methods` is that difference."""
    gap = best[1] - worst[1]
    if not gap > TWICE * methods or gap < 0.05:
        return None
    return Insight(
        "layer-matters",
        "info",
        f"The layer matters more than the method: ROAD of {method_name(method)} is {score(best[1])} at "
        f"{brief(layer_name(best[0]))} and {score(worst[1])} at {brief(layer_name(worst[0]))}; methods at one layer "
        f"differ by {score(methods)}.",
        figure="faithfulness",
        values={"layers": gap, "methods": methods, "ratio_threshold": TWICE},
    )


def incomplete(gap: float, over: int, n: int) -> Insight | None:
    """Integrated Gradients does not add up to what it explains."""
    if not over:
        return None
    return Insight(
        "gradients-incomplete",
        "info",
        f"Integrated Gradients misses more than {percent(COMPLETE)} of the difference it should add up to in {over:,} "
        f"of {n:,} maps, {percent(gap)} at most: the answer bends too much between its steps.",
        figure="maps",
        values={"gap": gap, "gap_threshold": COMPLETE, "maps": over, "n": n},
    )
