"""Scores, intervals and names of classes as sentences and tables about results put them."""

from __future__ import annotations

import math

from dlviz_docs import words

__all__ = ["brief", "chance", "interval", "listed", "percent", "score"]


def _decimals(low: float, high: float) -> int:
    half = (high - low) / 2
    if not math.isfinite(half) or half <= 0:
        return 3
    return min(max(1 - math.floor(math.log10(half)), 2), 4)


def score(value: float, low: float = math.nan, high: float = math.nan) -> str:
    """A score with the digits that its interval leaves meaning to, three without: "0.914"; "–" where undefined."""
    if not math.isfinite(value):
        return "–"
    return f"{value:.{_decimals(low, high)}f}".replace("-", "−")


def interval(value: float, low: float, high: float) -> str:
    """ "0.914 [0.902, 0.925]"; without brackets where the interval is not known."""
    if not (math.isfinite(low) and math.isfinite(high)) or not math.isfinite(value):
        return score(value)
    digits = _decimals(low, high)
    return "{} [{}, {}]".format(*(f"{one:.{digits}f}".replace("-", "−") for one in (value, low, high)))


def percent(share: float) -> str:
    """ "62 %", "3.1 %", "0.02 %"."""
    value = 100 * share
    if not math.isfinite(value):
        return "–"
    if value >= 9.95:
        return f"{value:.0f} %" if value < 99.5 or value == 100 else f"{value:.1f} %" if value < 99.95 else "> 99.9 %"
    return f"{value:.2g} %" if value > 0 else "0 %"


def chance(p: float) -> str:
    """A p-value: "p = 0.18", "p < 0.001"."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def brief(name: str, most: int = 40) -> str:
    """A name that fits in a sentence; an empty one is said to be empty."""
    plain = " ".join(name.split()) or "(empty)"
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


def listed(names: list[str], most: int = 5) -> str:
    """ "a, b and 3 more"."""
    shown = ", ".join(brief(name) for name in names[:most])
    return f"{shown} and {words.number(len(names) - most)} more" if len(names) > most else shown
