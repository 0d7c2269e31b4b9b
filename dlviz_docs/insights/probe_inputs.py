"""How samples became inputs, and what of a layer never answers."""

from __future__ import annotations

from collections.abc import Sequence

from dlviz_docs.insights.probe_words import layer_name
from dlviz_docs.insights.results_words import brief, percent, score
from dlviz_docs.model import Insight

__all__ = ["guessed", "silent"]

CLEAR = 0.02
"""Share of right answers by which one way to prepare pictures has to be better than the next."""
MANY = 0.1
"""Share of channels."""


def guessed(tried: Sequence[tuple[str, float]]) -> Insight | None:
    """No file says how pictures become inputs; `tried` are ways with their shares of right answers, the best first."""
    if not tried:
        return None
    (best, right), *others = tried
    close = bool(others) and right - others[0][1] < CLEAR
    beside = f", before {brief(others[0][0])} with {score(others[0][1])}" if others else ""
    doubt = " They differ too little to be sure: say it in experiment.yml." if close else ""
    return Insight(
        "input-guessed",
        "warning" if close else "info",
        f"No file says how pictures become inputs. Of {len(tried)} usual ways, {brief(best)} gives the most right "
        f"answers, {score(right)}{beside}.{doubt}",
        figure="prepared",
        values={"right": right, "next": others[0][1] if others else float("nan"), "gap_threshold": CLEAR},
    )


def silent(layer: str, amount: int, total: int, n: int, figure: str = "channels") -> Insight | None:
    """Channels that no sample excites."""
    if not total or amount < MANY * total:
        return None
    return Insight(
        "channels-silent",
        "info",
        f"{amount:,} of {total:,} channels of {brief(layer_name(layer))} ({percent(amount / total)}) say the same for "
        f"each of {n:,} samples: they are dead, or wait for something that is not among these.",
        figure=figure,
        values={"silent": amount, "channels": total, "share_threshold": MANY},
    )
