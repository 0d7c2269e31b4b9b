"""Several models on the same rows: which is better, and whether that is more than luck."""

from __future__ import annotations

from dlviz_docs import words
from dlviz_docs.insights.results_words import brief, chance, percent, score
from dlviz_docs.model import Insight

__all__ = ["all_wrong", "best_by_error", "best_of", "complementary", "versus"]

SIGNIFICANT = 0.05
"""After Holm's correction for all pairs that are tested."""
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
