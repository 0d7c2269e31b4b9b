"""What happened in an episode, step by step, in sentences. Steps count from 0, as files have them."""

from __future__ import annotations

from collections.abc import Sequence

from dlviz_docs.words import count, number

__all__ = ["collapsed", "critical", "ended", "goes_on", "hesitated", "rewarded", "surprised", "unlikely"]


def surprised(error: float, value: float, *, end: bool) -> str:
    """A large error of temporal difference."""
    better = "better" if error > 0 else "worse"
    then = "the episode ended, and that" if end else "what followed"
    return (
        f"It expected {number(_short(value))}; {then} was {number(_short(abs(error)))} {better} "
        f"(TD error {number(_short(error))})."
    )


def critical(best: str, importance: float) -> str:
    """A state where much hangs on the action."""
    return f"Much hangs on this action: {best} is worth {number(_short(importance))} more than the mean of all actions."


def hesitated(first: tuple[str, float], second: tuple[str, float], *, shares: bool) -> str:
    """The two best actions are nearly even."""
    (one, a), (other, b) = first, second
    if shares:
        return f"It hesitates: {one} {_percent(a)}, {other} {_percent(b)}."
    less = f"{_small(a - b)} less" if a > b else "as much"
    return f"It hesitates: {one} is worth {number(_short(a))}, {other} {less}."


def unlikely(action: str, share: float, other: str) -> str:
    """It did what its policy hardly ever does."""
    return f"It did {action}, which its policy gives {_percent(share)}; {other} was likelier."


def rewarded(reward: float, usual: float, *, first: bool, terms: Sequence[tuple[str, float]] = ()) -> str:
    """A reward unlike the others; `terms` are what it is made of, the largest first."""
    of = f", mostly {terms[0][0]} ({number(_short(terms[0][1]))})" if terms else ""
    if first:
        return f"The first reward: {number(_short(reward))}{of}."
    return f"A reward of {number(_short(reward))}{of}, where {number(_short(usual))} is usual."


def collapsed(high: float, low: float, steps: int) -> str:
    """The agent's own estimate fell."""
    return f"What it expects falls from {number(_short(high))} to {number(_short(low))} within {count(steps, 'step')}."


def ended(how: str, total: float) -> str:
    """The last step."""
    of = "" if total != total else f", with a return of {number(_short(total))}"
    return f"The episode ends ({how}){of}."


def goes_on(total: float) -> str:
    """The last step that was read, of more."""
    of = "" if total != total else f"; up to here the return is {number(_short(total))}"
    return f"The episode goes on: the steps behind this one were not read{of}."


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 or share == 0 else "under 1 %"


def _small(value: float) -> str:
    """ "0.00004" rather than "3.81e-5": so small a difference is looked at, and not reckoned with."""
    if not 1e-6 <= value < 1e-3:
        return number(_short(value))
    return f"{float(f'{value:.1g}'):.6f}".rstrip("0")


def _short(value: float) -> float:
    """Three digits: a sentence is not a table."""
    return float(f"{value:.3g}")
