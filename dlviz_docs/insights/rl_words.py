"""Words and bounds that all sentences on learning agents share."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dlviz_docs import words

__all__ = ["FEWEST_SEEDS", "among", "few", "four", "measured", "percent", "seeds", "three"]

FEWEST_SEEDS = 5
"""Of fewer, an interval says little: resamples of three values are three values. Agarwal et al. (2021) use at least
three on many tasks; on one task, Colas et al. ("How Many Random Seeds?", 2018) ask for five and more."""


def seeds(amount: int) -> str:
    """ "5 seeds"."""
    return words.count(amount, "seed")


def few(amount: int) -> str:
    """What is said beside an interval of few seeds; "" where they are enough."""
    if amount >= FEWEST_SEEDS:
        return ""
    return "one seed, so no interval" if amount == 1 else f"interval unreliable: {amount} seeds"


def measured(measure: str, counts: Sequence[int], episodes: int, until: str = "") -> str:
    """What a score is: "mean of val/return over the last 10 % of training, 5 evaluations of 10 episodes a seed".

    `until` is told where some trainings go on behind it: "the first 100,000 steps".
    """
    low, high = min(counts), max(counts)
    amount = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    unit = "evaluation" if measure.startswith(("val/", "test/")) else "recorded point"
    each = f" of {words.count(episodes, 'episode')}" if episodes else ""
    points = f"{amount} {unit}{'' if high == 1 else 's'}{each} a seed"
    return f"mean of {measure} over the last 10 % of {until or 'training'}, {points}"


def percent(share: float) -> str:
    """ "83 %"."""
    return f"{100 * share:.0f} %"


def among(names: Sequence[str], most: int = 4) -> str:
    """Some names, and how many more."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def four(value: float) -> str:
    """A return with four significant digits, "–" where it is not defined."""
    return words.number(float(f"{value:.4g}")) if math.isfinite(value) else "–"


def three(step: float) -> str:
    """A step with three digits, and whole from ten on: more would claim what windows and interpolation do not give."""
    short = float(f"{step:.3g}")
    return words.number(round(short) if short >= 10 else short)
