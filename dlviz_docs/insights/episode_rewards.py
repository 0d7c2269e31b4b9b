"""What rewards say of an agent, and of the task that pays them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights.data_words import association, does, listed, percent, quoted
from dlviz_docs.model import FloatArray, Insight
from dlviz_docs.stats.removal import spearman
from dlviz_docs.stats.rewards import decay, first_reward, nonzero_share

__all__ = [
    "density_sentence",
    "hacking_sentences",
    "length_sentence",
    "length_words",
    "loop_sentence",
    "term_sentences",
]

SPARSE = 0.02
"""Share of steps with a reward up to which rewards are sparse."""
DENSE = 0.9
OF_LENGTH = 0.95
"""Spearman's rho of return and length from which on one is the other."""
SOME = 0.3
"""Below it, neither longer nor shorter episodes are said to be paid more."""
LEAST_EPISODES = 10
MOST_OF = 0.8
"""Share of all reward, added up without signs, from which on one term is nearly all of it."""
LEAST_OF = 0.05
AGAINST = -0.3
"""Spearman's rho of return and success below which one is had at the cost of the other."""
LOOPS = 0.8
"""Peak of the autocorrelation from which on an episode goes in circles."""
MANY = 0.5
"""Share of episodes from which on that is told."""


def density_sentence(rewards: Sequence[FloatArray], gamma: float | None, figure: str) -> Iterator[Insight]:
    """Sparse, dense or in between, and how long until the first one; `rewards` are of the latest episodes."""
    share, steps = nonzero_share(rewards), sum(map(len, rewards))
    if not np.isfinite(share):
        return
    firsts = [first for one in rewards if (first := first_reward(one)) is not None]
    told = f"{percent(share, 1.0)} of {steps:,} steps have a reward that is not zero"
    values = {"share": share, "steps": float(steps)}
    if not firsts:
        text = f"None of {words.count(len(rewards), 'episode')} has any reward but zero: nothing tells what to do."
        yield Insight(kind="no-rewards", severity="warning", text=text, figure=figure, values=values)
        return
    median = float(np.median(firsts))
    sparse, dense = share <= SPARSE, share >= DENSE
    pooled = np.concatenate(rewards)
    if share == 1 and (pooled == pooled[0]).all():
        told = f"each of {steps:,} steps pays {words.number(float(pooled[0]))}"
    text = (
        f"Rewards are {'sparse' if sparse else 'dense'}: {told}."
        if sparse or dense
        else f"{told[0].upper()}{told[1:]}."
    )
    if not dense:
        text += f" The first one comes after {words.count(round(median), 'step')} (median)"
        never = len(rewards) - len(firsts)
        text += f", and never in {words.count(never, 'episode')} of {len(rewards):,}." if never else "."
        values["first"] = median
        if gamma is not None and 0 < gamma < 1 and median > 2 * decay(gamma):
            text += (
                f" With a discount of {words.number(gamma)} it counts {words.number(float(f'{gamma**median:.2g}'))} of "
                "its worth at the start: little to learn from."
            )
    yield Insight(
        kind="sparse-rewards" if sparse else "dense-rewards" if dense else "mixed-rewards",
        severity="info",
        text=text,
        figure=figure,
        values=values,
    )


def length_sentence(returns: FloatArray, lengths: FloatArray, figure: str) -> Iterator[Insight]:
    """Whether what an episode pays is how long it lasts."""
    known = np.isfinite(returns)
    if known.sum() < LEAST_EPISODES:
        return
    rho = spearman(returns[known], lengths[known])
    if not np.isfinite(rho) or abs(rho) < OF_LENGTH:
        return
    how = "longer episodes pay more" if rho > 0 else "shorter episodes pay more"
    text = f"Return and length go together (Spearman’s ρ = {association(rho)}, {known.sum():,} episodes); {how}."
    values = {"rho": rho, "threshold": OF_LENGTH, "episodes": float(known.sum())}
    yield Insight(kind="return-follows-length", severity="info", text=text, figure=figure, values=values)


def length_words(returns: FloatArray, lengths: FloatArray) -> str:
    """ " Longer ones are paid more (Spearman’s ρ = 0.84)."; nothing of too few, or where neither is so."""
    known = np.isfinite(returns)
    rho = spearman(returns[known], lengths[known]) if known.sum() >= LEAST_EPISODES else float("nan")
    if not abs(rho) >= SOME:
        return ""
    return f" Longer ones are paid {'more' if rho > 0 else 'less'} (Spearman’s ρ = {association(rho)})."


def term_sentences(sums: dict[str, FloatArray], figure: str) -> Iterator[Insight]:
    """Which terms the reward is; `sums` are each term's sums over each of the latest episodes."""
    sizes = {name: float(np.nanmean(np.abs(one))) for name, one in sums.items() if np.isfinite(one).any()}
    whole = sum(sizes.values())
    if len(sizes) < 2 or not whole:
        return
    most = max(sizes, key=lambda name: sizes[name])
    if sizes[most] < MOST_OF * whole:
        return
    small = [name for name, size in sizes.items() if 0 < size < LEAST_OF * whole]
    text = f"{percent(sizes[most], whole)} of all reward, added up without signs, is {quoted(most)}"
    if small:
        text += f"; {listed(small)} {does(len(small), 'are')} less than {percent(LEAST_OF, 1.0)}"
    values = {"share": sizes[most] / whole, "threshold": MOST_OF}
    text = f"{text}. The agent has little reason to care for the rest."
    yield Insight(kind="one-term-dominates", severity="info", text=text, figure=figure, values=values)


def hacking_sentences(
    returns: FloatArray,
    success: FloatArray,
    terms: dict[str, FloatArray],
    stages: Sequence[tuple[str, float, float, dict[str, float]]],
    figure: str,
) -> Iterator[Insight]:
    """Whether reward is had without what it stands for.

    `success` is 1, 0, or NaN where nothing tells; `terms` are sums over the same episodes, of the latest moment;
    `stages` are label, success rate, mean return and means of the terms of every moment of training.
    """
    known = np.isfinite(success) & np.isfinite(returns)
    if known.sum() >= 2 * LEAST_EPISODES and 0 < success[known].mean() < 1:
        rho = spearman(returns[known], success[known])
        if np.isfinite(rho) and rho <= AGAINST:
            text = (
                f"Episodes that fail pay more than those that succeed (Spearman’s ρ of return and success = "
                f"{association(rho)}, {int(known.sum()):,} episodes): the reward asks for something else."
            )
            values = {"rho": rho, "threshold": AGAINST, "episodes": float(known.sum())}
            yield Insight(kind="reward-hacking", severity="serious", text=text, figure=figure, values=values)
    told = [stage for stage in stages if np.isfinite(stage[1])]
    if len(told) < 2:
        return
    (early, before, low, old), (late, after, high, new) = told[0], told[-1]
    if after < before and high > low:
        grown = [name for name in new if name in old and new[name] - old[name] > (high - low) / 2]
        which = f", mostly {quoted(grown[0])}," if grown else ""
        text = (
            f"From {early} to {late} the mean return{which} grew from {_short(low)} to {_short(high)} while the share "
            f"of successes fell from {percent(before, 1.0)} to {percent(after, 1.0)}: look at an episode whether the "
            "reward is had some other way."
        )
        values = {"success_before": before, "success_after": after, "return_before": low, "return_after": high}
        yield Insight(kind="reward-hacking", severity="warning", text=text, figure=figure, values=values)


def loop_sentence(strengths: Sequence[tuple[float, int]], paying: bool, figure: str) -> Iterator[Insight]:
    """Whether episodes go in circles; `strengths` are peaks of autocorrelation and their lags, `paying` whether reward
    comes all the while."""
    loops = [lag for peak, lag in strengths if peak >= LOOPS]
    if len(strengths) < LEAST_EPISODES // 2 or len(loops) < MANY * len(strengths):
        return
    text = (
        f"{len(loops):,} of {len(strengths):,} episodes repeat themselves every {np.median(loops):.0f} steps or so "
        f"(autocorrelation of the observations from {LOOPS})"
    )
    text += ", and are paid all the while." if paying else "."
    values = {"loops": float(len(loops)), "episodes": float(len(strengths)), "threshold": LOOPS}
    yield Insight(kind="going-in-circles", severity="info", text=text, figure=figure, values=values)


def _short(value: float) -> str:
    return words.number(float(f"{value:.3g}"))
