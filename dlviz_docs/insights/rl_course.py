"""How learning went: collapses, what was lost again, where it stood still, and whether it was still going on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlviz_docs.insights.rl_words import four, percent, seeds, three
from dlviz_docs.model import FloatArray, Insight
from dlviz_docs.stats.learning import COLLAPSE_LASTS, COLLAPSE_LOSS, Fall, drop, standstill
from dlviz_docs.stats.robust import noise

__all__ = ["collapsed", "lost", "nothing_learned", "sooner", "stalled", "still_rising", "sudden"]

LOST = 0.2
"""Of a curve's range, from its highest value to its end."""
STALL_SHARE = 0.4
"""Of the training, at least, without a gain."""
STALL_GAIN = 0.05
"""Of what was won: less is no progress."""
RISING = 0.1
"""Of what was won, in the last fifth of the training."""
SUDDEN_GAIN, SUDDEN_WITHIN = 0.6, 0.05
"""Of all that is won, within so much of the training."""
FASTER = 1.5
"""How many times sooner is worth a sentence."""
_EARLY = 0.05
"""Of the training: where the first value comes later, all may have been learned before it."""
_NOISES = 4.0
"""Standard errors that a change has to exceed."""


def collapsed(who: str, falls: Sequence[tuple[str, Fall]], n: int, axis: str, figure: str) -> Insight | None:
    """Of how many seeds the return fell and stayed down; `falls` names the run of each."""
    if not falls:
        return None
    runs = len({name for name, _ in falls})
    which = f"{runs:,} of {seeds(n)} of {who} collapse{'s' if runs == 1 else ''}" if n > 1 else f"{who} collapses"
    lasting = [one for one in falls if one[1].lasting]
    name, worst = max(lasting or falls, key=lambda one: one[1].peak - one[1].low)
    until = "and does not recover" if worst.lasting else f"and is back at {axis} {three(worst.end)}"
    text = (
        f"{which}: {name} falls from {four(worst.peak)} to {four(worst.low)} after {axis} {three(worst.start)} {until}."
    )
    values = {"seeds": float(runs), "peak": worst.peak, "low": worst.low, "loss_threshold": COLLAPSE_LOSS,
              "length_threshold": COLLAPSE_LASTS}  # fmt: skip
    return Insight("collapse", "warning", text, figure, step=worst.start, values=values)


def lost(who: str, x: FloatArray, y: FloatArray, axis: str, figure: str, least: float) -> Insight | None:
    """That the algorithm as a whole ends below what it had reached: the best checkpoint is not the last.

    Less than `least`, on the scale of what was learned on the task, is nothing lost.
    """
    fall, peak = drop(y)
    won = float(np.ptp(y))
    if len(y) < 10 or not won or fall <= max(LOST * won, _NOISES * noise(y), least):
        return None
    text = (
        f"{who} ends below its best: {four(float(y[peak]))} at {axis} {three(float(x[peak]))}, "
        f"{four(float(y[peak]) - fall)} at the end. Keep the best checkpoint, by evaluations, and not the last."
    )
    values = {"highest": float(y[peak]), "lost": fall, "share": fall / won, "share_threshold": LOST}
    return Insight("lost-again", "warning", text, figure, step=float(x[peak]), values=values)


def stalled(
    who: str, x: FloatArray, y: FloatArray, axis: str, figure: str, least: float, entropy: tuple[float, float] | None
) -> Insight | None:
    """Where learning stopped, if more than `least` was learned; with the policy's entropy at the start and there, why.

    That it stopped is no fault where the task is solved, which nobody can tell from returns: so it is an observation,
    and a warning only where the policy had stopped exploring by then.
    """
    gain, error = _gain(y)
    if len(y) < 20 or gain <= max(_NOISES * error, float(np.ptp(y)) / 2, least):
        return None  # what was there from the start was not learned here
    at = standstill(x, y, gain=STALL_GAIN)
    share = (x[-1] - at) / (x[-1] - x[0])
    if share < STALL_SHARE:
        return None
    text = f"{who} gains little after {axis} {three(at)}, in the last {percent(share)} of the training"
    values = {"share": share, "share_threshold": STALL_SHARE, "gain_threshold": STALL_GAIN}
    if entropy is None or not entropy[0] > 0 or entropy[1] >= 0.1 * entropy[0]:
        return Insight("stalled", "info", f"{text}.", figure, step=at, values=values)
    text += (
        f"; by then the policy's entropy had fallen from {four(entropy[0])} to {four(entropy[1])}. If the task is not "
        "solved, it stopped exploring too early: a higher entropy bonus would tell."
    )
    values |= {"entropy": entropy[1], "entropy_share_threshold": 0.1}
    return Insight("premature-convergence", "warning", text, figure, step=at, values=values)


def still_rising(who: str, x: FloatArray, y: FloatArray, axis: str, figure: str, least: float) -> Insight | None:
    """That the training ended while returns were still growing, by more than `least` in all."""
    if len(y) < 20:
        return None
    fifth = len(y) // 5
    now, before = float(y[-fifth // 2 :].mean()), float(y[-fifth : -fifth // 2 or None].mean())
    won = float(y.max() - y.min())
    earlier = float(y[-fifth - fifth // 2 : -fifth].mean())
    gain = now - earlier
    error = noise(y) / max(fifth // 2, 1) ** 0.5
    if won <= least or gain <= max(RISING * won, _NOISES * error) or now <= before:
        return None
    text = (
        f"{who} is still learning at the end: {four(gain)} of {four(won)} came in the last fifth of the training, up "
        f"to {axis} {three(float(x[-1]))}. Its final score is that of its budget."
    )
    values = {"gain": gain, "share": gain / won, "share_threshold": RISING}
    return Insight("still-learning", "info", text, figure, step=float(x[-1]), values=values)


def sudden(who: str, x: FloatArray, y: FloatArray, axis: str, figure: str, least: float) -> Insight | None:
    """That most of what was learned came at once, after a time without: rewards are found late, and then often."""
    gain, error = _gain(y)
    width = max(2, round(SUDDEN_WITHIN * len(y)))
    if len(y) < 40 or gain <= max(2 * _NOISES * error, least):
        return None
    steps = y[width:] - y[:-width]
    at = int(steps.argmax())
    before = y[: at + 1]
    early = at < len(y) // 10 or before.max() - before[0] > gain / 4
    if early or steps[at] < SUDDEN_GAIN * gain:
        return None
    text = (
        f"{who} learns at once: {percent(float(steps[at]) / gain)} of its gain comes within {percent(SUDDEN_WITHIN)} "
        f"of the training, from {axis} {three(float(x[at]))} on; before it, nothing much moved."
    )
    values = {"share": float(steps[at]) / gain, "share_threshold": SUDDEN_GAIN, "within_threshold": SUDDEN_WITHIN}
    return Insight("sudden-progress", "info", text, figure, step=float(x[at]), values=values)


def nothing_learned(who: str, x: FloatArray, table: FloatArray, figure: str) -> Insight | None:
    """That no seed came above where it began, beyond noise; `table` has a row a seed."""
    if table.shape[1] < 10 or x[0] > _EARLY * x[-1]:
        return None
    gains, errors = np.array([_gain(row) for row in table]).T
    if (gains > _NOISES * errors).any() or (gains > np.ptp(table, axis=1) / 2).any():
        return None  # of a steep curve of few points, the noise cannot be told
    text = f"{who} has not learned: no seed was ever above where it began, by more than its returns vary by chance."
    values = {"largest_gain": float(gains.max()), "error": float(errors.max())}
    return Insight("nothing-learned", "warning", text, figure, step=float(x[-1]), values=values)


def _gain(y: FloatArray) -> tuple[float, float]:
    """How far the best tenth of a curve lies above its first, and the standard error of that."""
    tenth = max(1, len(y) // 10)
    sums = np.concatenate([[0.0], np.cumsum(y)])
    means = (sums[tenth:] - sums[:-tenth]) / tenth
    return float(means.max() - means[0]), noise(y) * (2 / tenth) ** 0.5


def sooner(fast: str, slow: str, steps: tuple[float, float], share: float, goal: float, axis: str) -> Insight | None:
    """That one algorithm needs far fewer steps for the same."""
    first, second = steps
    if not first > 0 or not np.isfinite(second) or second < FASTER * first:
        return None
    text = (
        f"{fast} reaches {four(goal)}, {percent(share)} of the way to the best, after {axis} {three(first)}; {slow} "
        f"needs {second / first:.1f} times as many."
    )
    values = {"first": first, "second": second, "ratio": second / first, "ratio_threshold": FASTER}
    return Insight("learns-sooner", "info", text, "sample-efficiency", step=first, values=values)
