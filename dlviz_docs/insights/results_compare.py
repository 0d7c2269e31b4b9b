"""Several models on the same rows: which is better, and whether that is more than luck."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dlviz_docs import words
from dlviz_docs.insights.results_words import brief, chance, interval, percent, score
from dlviz_docs.model import Insight

__all__ = [
    "all_missed",
    "all_wrong",
    "beside",
    "best_by_error",
    "best_of",
    "better",
    "class_gains",
    "complementary",
    "cost_gap",
    "versus",
]

SIGNIFICANT = 0.05
"""After Holm's correction for all pairs that are tested."""
LEAST_ITEMS = 10
"""Pictures or texts from which on two models are told apart."""
LEAST_GAP = 0.05
"""Of a class's score."""
LEAST_COST_GAP = 0.02
"""Of AP at IoU 0.5."""
LEAST_OF_CLASS = 5
"""Items of a class from which on it is spoken of."""
ALL_WRONG = 3
"""Models from which on a row that all get wrong says more about the row."""


def versus(first: str, second: str, gap: tuple[float, float, float], p: float, n: int, measure: str) -> Insight:
    """One model against the best one. `gap` is how much worse it is, with its interval."""
    amount, low, high = gap
    sure = p < SIGNIFICANT
    verdict = f"{chance(p)}, paired" if sure else f"not significant ({chance(p)}, paired)"
    lead = (
        f"{brief(first)} and {brief(second)} are level"
        if amount == 0
        else (f"{brief(first)} is {score(abs(amount), low, high)} below {brief(second)} in {measure}")
    )
    return Insight(
        "model-comparison",
        "info",
        f"{lead}: {verdict}; 95 % interval of the difference {score(low, low, high)} to {score(high, low, high)} "
        f"(n = {n:,}).",
        figure="models",
        metric=measure,
        values={"difference": amount, "low": low, "high": high, "p": p, "p_threshold": SIGNIFICANT, "n": n},
    )


def best_of(best: str, models: int, level: int, measure: str) -> Insight:
    """How many of many models are as good as the best, as far as these rows can tell."""
    rest = (
        "it is better than every other beyond chance"
        if not level
        else f"{words.count(level, 'other is', 'others are')} not worse beyond chance"
    )
    return Insight(
        "model-comparison",
        "info",
        f"{brief(best)} is the best of {models:,} in {measure}; {rest} (paired tests against it, Holm's correction).",
        figure="models",
        metric=measure,
        values={"models": models, "level": level, "p_threshold": SIGNIFICANT},
    )


def best_by_error(best: str, models: int, level: int, n: int) -> Insight:
    """The same of models that predict numbers."""
    rest = (
        "it is better than every other beyond chance"
        if not level
        else f"{words.count(level, 'other is', 'others are')} not worse beyond chance"
    )
    return Insight(
        "model-comparison",
        "info",
        f"{brief(best)} has the lowest mean absolute error of {models:,} models (n = {n:,}); {rest}.",
        figure="models",
        metric="MAE",
        values={"models": models, "level": level, "n": n},
    )


def complementary(first: str, second: str, both: float, alone: float, n: int) -> Insight | None:
    """Two models whose mistakes are different ones."""
    if n < 100 or both > 0.5 * alone or alone <= 0:
        return None
    return Insight(
        "different-mistakes",
        "info",
        f"{brief(first)} and {brief(second)} make different mistakes: both are wrong on {percent(both)}, the better "
        f"one alone on {percent(alone)}. Together they could be better than either.",
        figure="agreement",
        values={"both": both, "alone": alone, "share_threshold": 0.5},
    )


def all_wrong(rows: int, same: int, models: int, n: int) -> Insight | None:
    """Rows that no model gets right."""
    if not rows or models < ALL_WRONG:
        return None
    agreed = f"; on {same:,} of them all give the same answer, so the label may be wrong" if same else ""
    return Insight(
        "all-wrong",
        "info",
        f"All {models:,} models are wrong on {words.count(rows, 'row')} ({percent(rows / n)}){agreed}.",
        figure="hardest",
        values={"rows": rows, "same": same, "models": models, "least_models": ALL_WRONG},
    )


# --- boxes, regions, texts --------------------------------------------------------------------------------------------


def better(
    best: str, other: str, gap: tuple[float, float, float], p: float, n: int, measure: str, items: str
) -> Insight | None:
    """The best one against another, paired by `items` ("pictures"); None where these are too few to tell."""
    amount, low, high = gap
    if n < LEAST_ITEMS or not math.isfinite(p):
        return None
    spread = f"{score(amount, low, high)} {measure} [{score(low, low, high)}, {score(high, low, high)}]"
    if p < SIGNIFICANT:
        text = f"{brief(best)} is better than {brief(other)} by {spread}, paired over {n:,} {items}, {chance(p)}."
    elif amount == low == high == 0:
        text = f"{brief(best)} and {brief(other)} are level in {measure} (n = {n:,} {items})."
    else:
        text = (
            f"{brief(best)} is ahead of {brief(other)} by {spread}, which {n:,} {items} do not tell from chance "
            f"({chance(p)}, paired)."
        )
    values = {"difference": amount, "low": low, "high": high, "p": p, "p_threshold": SIGNIFICANT, "n": float(n)}
    return Insight("model-comparison", "info", text, "model-differences", metric=measure, values=values)


def class_gains(
    best: str,
    other: str,
    names: Sequence[str],
    scores: Sequence[tuple[float, float]],
    gaps: Sequence[tuple[float, float, float, float]],
    counts: Sequence[int],
    measure: str,
    figure: str,
) -> Insight | None:
    """Classes on which the best one gains most, and on which it loses.

    `scores` are of both models, `gaps` differences with intervals and p-values after Holm, `counts` annotated items.
    """
    sure = [
        k
        for k, gap in enumerate(gaps)
        if gap[3] < SIGNIFICANT and abs(gap[0]) >= LEAST_GAP and counts[k] >= LEAST_OF_CLASS
    ]
    if not sure or len(names) < 2:
        return None
    most, least = max(sure, key=lambda k: gaps[k][0]), min(sure, key=lambda k: gaps[k][0])
    worse = sum(gaps[k][0] < 0 for k in sure)

    def told(k: int) -> str:
        first, second = scores[k]
        return (
            f"“{brief(names[k])}”: {measure} {score(first)} against {score(second)} "
            f"(difference {interval(*gaps[k][:3])}, n = {counts[k]:,})"
        )

    if gaps[most][0] > 0:
        text = f"{brief(best)} gains most over {brief(other)} on {told(most)}; "
        text += (
            f"it is worse on {words.count(worse, 'class', 'classes')}" if worse else "on no class is it clearly worse"
        )
        if worse:
            text += f", most on {told(least)}"
    else:
        text = f"{brief(best)} is worse than {brief(other)} on {told(least)}, though better over all"
    values = {"gain": gaps[most][0], "worse": float(worse), "p_threshold": SIGNIFICANT, "gap_threshold": LEAST_GAP}
    return Insight("class-differences", "info", f"{text}.", figure, metric=measure, values=values)


def cost_gap(best: str, other: str, kind: str, costs: tuple[float, float], figure: str) -> Insight | None:
    """The kind of mistake that costs one model much more than the other; costs are of AP at IoU 0.5."""
    first, second = costs
    if not abs(second - first) >= LEAST_COST_GAP:
        return None
    more = "less" if first < second else "more"
    return Insight(
        "cost-differences",
        "info",
        f"{brief(best)} loses {more} to {kind} than {brief(other)}: {100 * first:.1f} points of AP50 against "
        f"{100 * second:.1f}.",
        figure,
        values={"cost": first, "cost_other": second, "gap_threshold": LEAST_COST_GAP},
    )


def all_missed(missed: int, asked: int, models: int, figure: str) -> Insight | None:
    """Annotated boxes that no model finds."""
    if not missed or not asked:
        return None
    share = percent(missed / asked)
    who = "Both models" if models == 2 else f"All {models:,} models"
    return Insight(
        "all-missed",
        "info",
        f"{who} miss {missed:,} of {words.count(asked, 'annotated box', 'annotated boxes')} ({share}), each at its "
        "best confidence.",
        figure,
        values={"missed": float(missed), "asked": float(asked), "models": float(models)},
    )


def beside(first: str, second: str, same: int, similarity: tuple[float, float, float], n: int, figure: str) -> Insight:
    """Two models without references: how often they say the same, and how alike they are otherwise."""
    alike = ""
    if math.isfinite(similarity[0]):
        told = interval(*similarity) if n >= LEAST_ITEMS else score(similarity[0])
        alike = f"; edit similarity of their texts {told}"
    return Insight(
        "outputs-compared",
        "info",
        f"{brief(first)} and {brief(second)} write the same to {same:,} of {words.count(n, 'input')}{alike}.",
        figure,
        values={"same": float(same), "n": float(n)},
    )
