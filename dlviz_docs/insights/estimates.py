"""Numbers beside their uncertainty, as sentences and tables put them."""

from __future__ import annotations

import math

from dlviz_docs import words

__all__ = ["decimal", "estimate", "pair", "plus_minus", "signed"]


def decimal(value: float, digits: int = 3) -> str:
    """A share or score with a fixed number of decimals: "0.914"; "–" where it is not defined."""
    return f"{value:.{digits}f}".replace("-", "−") if math.isfinite(value) else "–"


def estimate(value: float, low: float, high: float, digits: int = 3) -> str:
    """ "0.914 [0.902, 0.925]"; without an interval the value alone."""
    if not (math.isfinite(value) and math.isfinite(low) and math.isfinite(high)):
        return decimal(value, digits)
    return f"{decimal(value, digits)} [{decimal(low, digits)}, {decimal(high, digits)}]"


def pair(value: float, low: float, high: float) -> str:
    """The same with significant digits, for numbers of any size: "12.3 [11.9, 12.8]"; "–" where not defined."""
    if math.isnan(value):
        return "–"
    if math.isnan(low) or math.isnan(high):
        return words.number(value)
    return f"{words.number(value)} [{words.number(low)}, {words.number(high)}]"


def plus_minus(mean: float, deviation: float) -> str:
    """ "0.912 ± 0.014": both with the decimals that give the deviation two digits, more of the mean would be noise."""
    if not 1e-5 < deviation < 1e5:
        return f"{words.number(mean)} ± {words.number(deviation)}"
    decimals = max(0, 1 - math.floor(math.log10(deviation)))
    return f"{mean:,.{decimals}f} ± {deviation:,.{decimals}f}".replace("-", "−")


def signed(value: float, digits: int = 1) -> str:
    """With its sign: "+0.4", "−6.1"."""
    return f"{value:+.{digits}f}".replace("-", "−") if math.isfinite(value) else "–"
