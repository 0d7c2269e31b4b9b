"""How the optimiser of an agent does: one sentence a metric, which depends on its numbers.

Bounds are rules of thumb of practice, named beside each, and no laws: a sentence that crosses one says "look", not
"wrong".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights.rl_words import four, percent
from dlviz_docs.model import FloatArray, Insight

__all__ = ["KINDS", "Vital", "highest_value", "judge", "replay"]

LOW_ENTROPY = 0.05
"""Of the entropy at the start, well before the end."""
STAYING = 0.95
"""Of the entropy at the start, at the end."""
HIGH_KL = 0.05
"""PPO's usual targets are 0.01 to 0.02 (Schulman et al., 2017; Stable-Baselines3's `target_kl`)."""
MUCH_CLIPPED, LITTLE_CLIPPED = 0.3, 0.01
"""Share of ratios that PPO clips; 0.1 to 0.2 is usual (Andrychowicz et al., 2021, and the logs of CleanRL)."""
POOR_FIT = 0.2
"""Of the returns' variance, explained by the value function at the end."""
EXPLORING = 0.2
"""Of actions by chance, at the end."""
OVER = 1.1
"""Times the largest possible value, which averages over noise may not exceed by more."""


@dataclass(frozen=True, slots=True)
class Vital:
    """What one metric of the optimiser says."""

    text: str
    told: Insight | None = None
    """Where it crosses a bound: the same as an insight, of no figure yet."""


def judge(metric: str, y: FloatArray, most: float | None) -> Vital:
    """The sentence of one metric, from its curve over training, mean of the seeds; `most` bounds values, if known."""
    found = KINDS[metric](y, most) if metric in KINDS else None
    return found or Vital(f"From {four(_start(y))} to {four(_end(y))}.")


def _start(y: FloatArray) -> float:
    return float(y[: max(1, len(y) // 20)].mean())


def _end(y: FloatArray) -> float:
    return float(y[-max(1, len(y) // 10) :].mean())


def _course(y: FloatArray) -> str:
    return f"from {four(_start(y))} to {four(_end(y))}"


def _entropy(y: FloatArray, _: float | None) -> Vital:
    """How undecided the policy is."""
    start, end = _start(y), _end(y)
    if start <= 0:
        # Of continuous actions the entropy is differential: it has no zero, and shares of it mean nothing.
        return Vital(f"The policy's entropy goes {_course(y)}: lower is more decided.")
    low = np.flatnonzero(y < LOW_ENTROPY * start)
    if len(low) and low[0] < len(y) // 2:
        text = (
            f"The policy's entropy falls {_course(y)}, below {percent(LOW_ENTROPY)} of its start within the first "
            f"{percent(max(low[0], 1) / len(y))} of the training: from there on it hardly explores."
        )
        values = {"share": end / start, "share_threshold": LOW_ENTROPY}
        return Vital(text, Insight("entropy-gone", "warning", text, values=values))
    if end > STAYING * start:
        return Vital(
            f"The policy's entropy stays near its start, {_course(y)}: it acts almost as much by chance as before."
        )
    left = percent(end / start)
    return Vital(f"The policy's entropy goes {_course(y)}, {left} of its start: it decides, and still explores.")


def _entropy_loss(y: FloatArray, most: float | None) -> Vital | None:
    """Stable-Baselines3 logs the negative of the entropy."""
    return _entropy(-y, most) if float(y.mean()) < 0 else None


def _kl(y: FloatArray, _: float | None) -> Vital:
    """How far one update moves the policy."""
    middle, high = float(np.median(y)), float(np.quantile(y, 0.99))
    if middle > HIGH_KL:
        text = (
            f"An update moves the policy by a KL divergence of {four(middle)} in the median, beyond {HIGH_KL:g}: steps "
            "are large. A lower learning rate, fewer epochs or a target KL make it steadier."
        )
        values = {"kl": middle, "kl_threshold": HIGH_KL}
        return Vital(text, Insight("large-updates", "warning", text, values=values))
    if high > 4 * HIGH_KL:
        return Vital(
            f"Most updates move the policy little (median KL {four(middle)}), some far (1 in 100 beyond {four(high)})."
        )
    return Vital(
        f"Updates move the policy by a KL divergence of {four(middle)} in the median, up to {four(high)}: small steps."
    )


def _clipped(y: FloatArray, _: float | None) -> Vital:
    """Share of samples whose ratio PPO clips."""
    middle = float(np.median(y[len(y) // 10 :]))
    if middle > MUCH_CLIPPED:
        text = f"PPO clips {percent(middle)} of its samples in the median: updates want to go farther than they may."
        values = {"share": middle, "share_threshold": MUCH_CLIPPED}
        return Vital(text, Insight("much-clipped", "warning", text, values=values))
    if middle < LITTLE_CLIPPED:
        return Vital(
            f"PPO clips {100 * middle:.1f} % of its samples in the median, hardly any: updates are small, and larger "
            "ones may learn faster."
        )
    return Vital(f"PPO clips {percent(middle)} of its samples in the median, which is usual.")


def _explained(y: FloatArray, _: float | None) -> Vital:
    """EV = 1 − Var(R − V) / Var(R)."""
    end = _end(y)
    if end < 0:
        text = (
            f"The value function explains less than nothing of the returns at the end ({four(end)}): it predicts worse "
            "than their mean would."
        )
        values = {"explained": end, "explained_threshold": 0.0}
        return Vital(text, Insight("value-fit", "warning", text, values=values))
    if end < POOR_FIT:
        return Vital(
            f"The value function explains {percent(end)} of the variance of returns at the end, which is little; "
            "it also is where returns hardly vary any more."
        )
    return Vital(
        f"The value function explains {percent(end)} of the variance of returns at the end, {percent(_start(y))} at "
        "the start."
    )


def _values(y: FloatArray, most: float | None) -> Vital:
    """Q-values beside what can be had."""
    high = float(y.max())
    if most is None:
        return Vital(f"Action values go {_course(y)}, at most {four(high)}; no bound is known to hold them against.")
    if high > OVER * most:
        text = (
            f"Action values reach {four(high)} on average, above {four(most)}, the most that can be had: they are over-"
            "estimated. Double Q-learning, a slower target network or a lower learning rate help."
        )
        values = {"highest": high, "bound": most, "factor_threshold": OVER}
        return Vital(text, Insight("over-estimated", "warning", text, values=values))
    return Vital(f"Action values go {_course(y)}, at most {four(high)}, within {four(most)}, the most that can be had.")


def _error(y: FloatArray, _: float | None) -> Vital:
    """Temporal-difference error: how far values are from the targets they are fitted to."""
    course = "better" if abs(_end(y)) < abs(_start(y)) else "worse"
    return Vital(f"The TD error goes {_course(y)}: values fit their targets {course} than at the start.")


def _exploration(y: FloatArray, _: float | None) -> Vital:
    """Share of actions by chance."""
    end = float(y[-1])
    if end > EXPLORING:
        return Vital(
            f"At the end {percent(end)} of actions are still by chance: returns in training are lower than those of "
            "the policy alone."
        )
    if np.ptp(y) == 0:
        return Vital(f"{percent(end)} of actions are by chance, all along.")
    reached = int(np.flatnonzero(y <= end + 0.01 * float(np.ptp(y)))[0]) / max(len(y) - 1, 1)
    return Vital(
        f"Actions by chance fall from {percent(float(y[0]))} to {100 * end:.3g} %, which is reached after "
        f"{percent(reached)} of the training."
    )


def _alpha(y: FloatArray, _: float | None) -> Vital:
    """Soft actor-critic's temperature, which it may tune."""
    course = "less" if _end(y) < _start(y) else "more"
    return Vital(f"The weight of entropy goes {_course(y)}: exploration counts for {course} with time.")


KINDS: Mapping[str, Callable[[FloatArray, float | None], Vital | None]] = {
    "entropy": _entropy,
    "entropy_loss": _entropy_loss,
    "approx_kl": _kl,
    "clip_fraction": _clipped,
    "explained_variance": _explained,
    "q_value": _values,
    "td_error": _error,
    "exploration_rate": _exploration,
    "ent_coef": _alpha,
}


def highest_value(returns: FloatArray, lengths: FloatArray | None, gamma: float | None) -> float | None:
    """The largest discounted return that the episodes seen allow; None where they tell none.

    Where every episode's return is the same multiple of its length, that is the reward of each step, and the bound is
    its geometric sum over the longest episode. Elsewhere discounting makes returns of rewards that are never negative
    smaller, so the highest return bounds them; where some return is negative, nothing does.
    """
    if not len(returns) or not np.isfinite(returns).all() or returns.min() < 0:
        return None
    if lengths is not None and gamma is not None and len(lengths) == len(returns) and lengths.min() > 0:
        rewards = returns / lengths
        if np.ptp(rewards) <= 1e-6 * abs(float(rewards.mean())):
            longest = float(lengths.max())
            return float(rewards.mean()) * ((1 - gamma**longest) / (1 - gamma) if gamma < 1 else longest)
    return float(returns.max()) or None


def replay(size: float, steps: float, starts: float | None) -> str:
    """How old the transitions are that a buffer of this size replays."""
    text = f"The replay buffer holds {words.number(size)} transitions, " + (
        f"more than the {words.number(steps)} steps of the training: nothing is forgotten, and the first, random "
        "actions are replayed to the end."
        if size >= steps
        else f"{percent(size / steps)} of the training: on average they are {words.number(size / 2)} steps old."
    )
    return text + (f" Learning starts after {words.number(starts)} steps." if starts else "")
