"""What the folds of a cross-validation come to, and whether one of them stands apart."""

from __future__ import annotations

import math

from dlviz_docs.insights.estimates import plus_minus
from dlviz_docs.insights.results_words import brief, chance, score
from dlviz_docs.model import Insight

__all__ = ["UNLIKE", "folds", "folds_unlike"]

UNLIKE = 0.001
"""p-value below which folds differ by more than chance: of rows that hang together it is somewhat too small."""
EFFECT = 0.02
"""Distance of a fold's accuracy from that of all rows, from which on the difference matters."""


def folds(metric: str, mean: float, deviation: float, low: tuple[str, str], high: tuple[str, str], k: int) -> Insight:
    """Mean and spread; `low` and `high` are the least and the greatest score, and the folds that have them."""
    name = metric[0].upper() + metric[1:]
    return Insight(
        "folds",
        "info",
        f"{name} {plus_minus(mean, deviation)} over {k:,} folds, from {low[0]} in {brief(low[1])} to {high[0]} in "
        f"{brief(high[1])}.",
        figure="folds",
        metric=metric,
        values={"mean": mean, "deviation": deviation, "folds": k},
    )


def folds_unlike(fold: str, value: float, overall: float, p: float) -> Insight | None:
    """The fold that is farthest from all rows together, where chance does not explain how folds differ."""
    if math.isnan(p) or p >= UNLIKE or abs(value - overall) < EFFECT:
        return None
    return Insight(
        "folds-unlike",
        "warning",
        f"The folds differ by more than chance ({chance(p)}): {brief(fold)} has accuracy {score(value)}, all rows "
        f"together {score(overall)}. Its rows may be of another kind, or its training may have gone wrong.",
        figure="fold-scores",
        metric="accuracy",
        values={"accuracy": value, "overall": overall, "p": p, "p_threshold": UNLIKE, "effect_threshold": EFFECT},
    )
