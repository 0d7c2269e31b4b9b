"""What the agent is paid, when, and for what."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights import episode_rewards as said
from dlviz_docs.insights.data_words import percent
from dlviz_docs.model import FloatArray
from dlviz_docs.model.episodes import Episode
from dlviz_docs.renderers.episodes._stages import Stage, Task
from dlviz_docs.stats.episodes import returns_to_go
from dlviz_docs.stats.histogram import bins_of
from dlviz_docs.stats.rewards import first_reward, mean_over_phases
from dlviz_docs.stats.summary import order_of
from dlviz_docs.stats.visits import loop_strength
from dlviz_docs.view import Fact, Figure, Layer, Plot, PlotAxis, Shown

__all__ = ["rewards"]

GROUP = "Rewards"
PHASES = 40
"""Equal parts of an episode."""
LEVELS = 12
"""Different rewards that have a bar each."""
WIDTH = 0.22
"""How far dots of one moment lie apart at most."""
AT_ONCE = 0.02
"""Part of the longest episode within which a first reward comes at once."""
TERMS = 8
"""Terms that have a colour; the largest ones."""


def rewards(task: Task) -> Iterator[Shown]:
    """Figures and sentences of one task, the latest moment of training before others."""
    last = task.stages[-1]
    id, group = task.id, task.group(GROUP)  # noqa: A001  (the figure's word)
    pays = [episode.rewards for episode in last.episodes]
    if not any(np.isfinite(one).any() for one in pays):
        return
    yield from _sentences(task)
    if len(task.episodes) > 1:
        yield _returns(task.stages, id("returns"), group)
    if figure := _per_step(task.stages, id("reward-steps"), group):
        yield figure
    if terms := _terms(task.stages):
        yield _term_shares(task.stages, terms, id("reward-terms"), group)
        yield _over_episode(last, terms, id("reward-over-episode"), group)
    elif len({value for e in last.episodes for value in np.unique(e.rewards).tolist()}) > 1:
        yield _over_episode(last, (), id("reward-over-episode"), group)
    if figure := _to_go(last, id("returns-to-go"), group):
        yield figure
    if figure := _with_length(task.stages, id("return-length"), group):
        yield figure
    if figure := _firsts(task.stages, id("first-reward"), group):
        yield figure


def _sentences(task: Task) -> Iterator[Shown]:
    last = task.stages[-1]
    id = task.id  # noqa: A001
    returns = _totals(last.episodes)
    yield Fact("Recorded return" + (f" on {task.heading}" if task.heading else ""), _median(returns))
    yield from said.density_sentence([e.rewards for e in last.episodes], last.gamma, id("reward-steps"))
    yield from said.length_sentence(
        _totals(task.episodes), np.array([len(e) for e in task.episodes], float), id("return-length")
    )
    terms = {name: _sums(last.episodes, name) for name in _terms(task.stages)}
    yield from said.term_sentences(terms, id("reward-terms"))
    stages = [_of_stage(stage, tuple(terms)) for stage in task.stages]
    figure = id("reward-terms") if terms else id("returns")
    yield from said.hacking_sentences(returns, _success(last.episodes), terms, stages, figure)
    loops = [loop_strength(e.observations) for e in last.episodes if e.observations is not None]
    paying = bool(np.nanmean(np.concatenate([e.rewards for e in last.episodes]) > 0) > 0.5)
    yield from said.loop_sentence(loops, paying, id("returns"))


def _median(returns: FloatArray) -> str:
    known = returns[np.isfinite(returns)]
    if not len(known):
        return "–"
    short = words.number(float(f"{np.median(known):.4g}"))
    return f"{short} (median of {words.count(len(known), 'episode')})"


def _totals(episodes: Sequence[Episode]) -> FloatArray:
    return np.array([episode.total for episode in episodes], float)


def _sums(episodes: Sequence[Episode], term: str) -> FloatArray:
    return np.array([e.terms[term].sum() if term in e.terms else np.nan for e in episodes], float)


def _success(episodes: Sequence[Episode]) -> FloatArray:
    return np.array([np.nan if e.success is None else float(e.success) for e in episodes])


def _of_stage(stage: Stage, terms: Sequence[str]) -> tuple[str, float, float, dict[str, float]]:
    success, returns = _success(stage.episodes), _totals(stage.episodes)
    sums = {name: _sums(stage.episodes, name) for name in terms}
    means = {name: float(np.nanmean(one)) for name, one in sums.items() if np.isfinite(one).any()}
    return stage.label, _mean(success), _mean(returns), means


def _mean(values: FloatArray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def _terms(stages: Sequence[Stage]) -> tuple[str, ...]:
    """Names, the largest first."""
    sizes: dict[str, float] = {}
    for stage in stages:
        for episode in stage.episodes:
            for name, values in episode.terms.items():
                sizes[name] = sizes.get(name, 0.0) + float(np.nansum(np.abs(values)))
    return tuple(sorted(sizes, key=lambda name: -sizes[name])[:TERMS])


# --- figures ----------------------------------------------------------------------------------------------------------


def _returns(stages: Sequence[Stage], id: str, group: str) -> Figure:  # noqa: A002  (the figure's word)
    """A dot for every episode, quartiles beside."""
    layers = []
    ends: list[FloatArray] = []
    for place, stage in enumerate(stages):
        totals = _totals(stage.episodes)
        known = np.isfinite(totals)
        notes = tuple(
            f"episode {e.name}, {words.count(len(e), 'step')}"
            for e, there in zip(stage.episodes, known, strict=True)
            if there
        )
        layers.append(Layer("dot", place + _beside(totals[known]), totals[known], color=0, notes=notes))
        ends.append(np.percentile(totals[known], [25, 50, 75]) if known.sum() > 2 else np.full(3, np.nan))
    low, middle, high = np.array(ends).T
    places = np.arange(len(stages), dtype=float)
    layers.append(Layer("interval", places + 0.36, middle, low=low, high=high, label="quartiles and median", color=1))
    names = tuple(stage.label or "recorded" for stage in stages)
    episodes = sum(len(stage.episodes) for stage in stages)
    caption = (
        f"Sum of all rewards of an episode, undiscounted: {words.count(episodes, 'episode')} of "
        f"{words.count(max(stage.agents for stage in stages), 'agent')}, by the moment of training."
    )
    x = PlotAxis("training", "category", names)
    return Figure(id, "Returns", caption, Plot(tuple(layers), x, PlotAxis("return")), group)


def _beside(values: FloatArray) -> FloatArray:
    """How far to the side each dot lies: equal ones would hide each other."""
    if len(values) < 2:
        return np.zeros(len(values))
    aside = np.linspace(-WIDTH, WIDTH, len(values))
    order = np.argsort(np.random.default_rng(0).permutation(len(values)))
    return np.asarray(aside[order])


def _per_step(stages: Sequence[Stage], id: str, group: str) -> Figure | None:  # noqa: A002
    pooled = [np.concatenate([e.rewards for e in stage.episodes]) for stage in stages]
    values = np.concatenate(pooled)
    known = values[np.isfinite(values)]
    distinct = np.unique(known)
    if len(distinct) < 2:
        return None  # every step pays the same: the sentence says it
    if len(distinct) <= LEVELS:
        return _levels(stages, pooled, distinct, id, group)
    found = bins_of(order_of(known))
    if found is None:
        return None
    layers = []
    for color, (stage, own) in enumerate(zip(stages, pooled, strict=True)):
        counts, _ = np.histogram(own[np.isfinite(own)], found.edges)
        share = counts / max(1, len(own))
        layers.append(Layer("step", found.edges[:-1], share, x2=found.edges[1:], label=stage.label, color=color))
    beyond = found.below + found.above
    caption = f"How much single steps pay: {len(known):,} rewards."
    caption += f" {beyond:,} lie beyond the ends of the axis." if beyond else ""
    plot = Plot(tuple(layers), PlotAxis("reward of a step"), PlotAxis("share of steps", low=0.0))
    return Figure(id, "Rewards of steps", caption, plot, group)


def _levels(
    stages: Sequence[Stage],
    pooled: Sequence[FloatArray],
    distinct: FloatArray,
    id: str,  # noqa: A002
    group: str,
) -> Figure:
    """Bars of rewards that have few values."""
    names = tuple(words.number(float(f"{value:.4g}")) for value in distinct.tolist())
    places = np.arange(len(distinct), dtype=float)
    layers = []
    for color, (stage, own) in enumerate(zip(stages, pooled, strict=True)):
        counts = np.array([(own == value).sum() for value in distinct])
        notes = tuple(f"{percent(int(c), len(own))} ({int(c):,} of {len(own):,} steps)" for c in counts)
        layers.append(Layer("bar", places, counts / max(1, len(own)), label=stage.label, color=color, notes=notes))
    caption = f"How much single steps pay: {sum(map(len, pooled)):,} rewards of {words.count(len(distinct), 'value')}."
    axes = PlotAxis("reward of a step", "category", names), PlotAxis("share of steps", low=0.0)
    return Figure(id, "Rewards of steps", caption, Plot(tuple(layers), *axes), group)


def _term_shares(
    stages: Sequence[Stage],
    terms: Sequence[str],
    id: str,  # noqa: A002
    group: str,
) -> Figure:
    """Mean sum over an episode of each term, at every moment."""
    places = np.arange(len(terms), dtype=float)
    layers = []
    for color, stage in enumerate(stages):
        means = np.array([_mean(_sums(stage.episodes, name)) for name in terms])
        layers.append(Layer("bar", places, np.nan_to_num(means), label=stage.label, color=color))
    caption = "What each term of the reward adds up to over an episode, in the mean"
    caption += ", by the moment of training." if len(stages) > 1 else "."
    axes = PlotAxis("term", "category", tuple(terms)), PlotAxis("sum over an episode")
    return Figure(id, "Terms of the reward", caption, Plot(tuple(layers), *axes), group)


def _over_episode(stage: Stage, terms: Sequence[str], id: str, group: str) -> Figure:  # noqa: A002
    x = (np.arange(PHASES) + 0.5) / PHASES
    layers = [Layer("line", x, mean_over_phases([e.rewards for e in stage.episodes], PHASES), label="reward", color=0)]
    for color, name in enumerate(terms, 1):
        tracks = [e.terms[name] for e in stage.episodes if name in e.terms]
        layers.append(Layer("line", x, mean_over_phases(tracks, PHASES), label=name, color=color))
    when = f" at {stage.label}" if stage.label else ""
    caption = (
        f"Mean reward of a step from the start of an episode (0) to its end (1), over "
        f"{words.count(len(stage.episodes), 'episode')}{when}; every episode counts alike, however long."
    )
    axes = PlotAxis("part of the episode", low=0.0, high=1.0), PlotAxis("reward of a step")
    return Figure(id, "Rewards over an episode", caption, Plot(tuple(layers), *axes), group)


def _to_go(stage: Stage, id: str, group: str) -> Figure | None:  # noqa: A002
    """Of the latest moment: each episode thin, the mean as long as all of them run; None where no return is known."""
    known = [(e, gamma) for e, gamma in zip(stage.episodes, stage.gammas, strict=True) if np.isfinite(e.total)]
    if not known:
        return None
    gammas = {gamma for _, gamma in known}
    tracks = [returns_to_go(e.rewards, 1.0 if gamma is None or None in gammas else gamma) for e, gamma in known]
    lengths = [len(track) for track in tracks]
    kept = np.unique(np.linspace(0, max(lengths) - 1, min(max(lengths), 200)).astype(int))
    layers = []
    for track in tracks[:20] if len(tracks) > 1 else ():
        places = kept[kept < len(track)]
        layers.append(Layer("line", places.astype(float), track[places], thin=True, color=0))
    # Of those that are left when others have ended, the mean would be that of the slow ones, and jump at each end.
    all_run = kept[kept < min(lengths)]
    means = np.array([np.mean([track[place] for track in tracks]) for place in all_run])
    label = "mean, while all episodes run" if len(tracks) > 1 else ""
    layers.append(Layer("line", all_run.astype(float), means, label=label, color=0))
    when = f" at {stage.label}" if stage.label else ""
    caption = (
        f"What is still to come after each step, {_discounted(gammas)}: {words.count(len(tracks), 'episode')}{when}"
    )
    caption += ", the first 20 of them thin." if len(tracks) > 20 else "."
    axes = PlotAxis("step of the episode"), PlotAxis("return to go")
    return Figure(id, "Return to go", caption, Plot(tuple(layers), *axes), group)


def _discounted(gammas: Collection[float | None]) -> str:
    told = sorted(gamma for gamma in gammas if gamma is not None)
    if len(told) < len(gammas):
        return f"undiscounted, since {'not every' if told else 'no'} file tells the discount"
    low, high = words.number(told[0]), words.number(told[-1])
    return f"discounted by {low}" if low == high else f"each discounted as it was trained, by {low} to {high}"


def _with_length(stages: Sequence[Stage], id: str, group: str) -> Figure | None:  # noqa: A002
    lengths = [np.array([len(e) for e in stage.episodes], float) for stage in stages]
    if len(np.unique(np.concatenate(lengths))) < 2:
        return None
    layers = []
    for color, (stage, own) in enumerate(zip(stages, lengths, strict=True)):
        totals = _totals(stage.episodes)
        known = np.isfinite(totals)
        notes = tuple(f"episode {e.name}" for e, there in zip(stage.episodes, known, strict=True) if there)
        layers.append(Layer("dot", own[known], totals[known], label=stage.label, color=color, notes=notes))
    caption = f"Each dot is an episode.{said.length_words(*_pooled(stages, lengths))}"
    axes = PlotAxis("steps"), PlotAxis("return")
    return Figure(id, "Return against length", caption, Plot(tuple(layers), *axes), group)


def _pooled(stages: Sequence[Stage], lengths: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    return np.concatenate([_totals(stage.episodes) for stage in stages]), np.concatenate(lengths)


def _firsts(stages: Sequence[Stage], id: str, group: str) -> Figure | None:  # noqa: A002
    """Share of episodes that have been paid by a step; nothing where one of the first steps always pays."""
    firsts = [[first_reward(e.rewards) for e in stage.episodes] for stage in stages]
    soon = AT_ONCE * max(len(e) for stage in stages for e in stage.episodes)
    if all(first is not None and first <= max(1, soon) for own in firsts for first in own):
        return None
    layers = []
    for color, (stage, own) in enumerate(zip(stages, firsts, strict=True)):
        known = np.sort(np.array([first for first in own if first is not None], float))
        longest = max(map(len, stage.episodes))
        x = np.concatenate([[0.0], np.repeat(known, 2), [float(longest)]])
        y = np.concatenate([[0.0], np.repeat(np.arange(len(known) + 1), 2)[1:-1], [len(known)]]) / len(own)
        layers.append(Layer("line", x, y, label=stage.label, color=color))
    caption = "Share of the episodes in which a reward other than zero has come by then."
    axes = PlotAxis("step of the episode"), PlotAxis("share of episodes", low=0.0, high=1.0)
    return Figure(id, "Time of the first reward", caption, Plot(tuple(layers), *axes), group)
