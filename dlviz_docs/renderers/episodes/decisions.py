"""What the agent does: how often, where, and whether what it expects comes true."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights import episode_places as said
from dlviz_docs.insights.data_words import percent
from dlviz_docs.model import FloatArray
from dlviz_docs.model.episodes import Episode
from dlviz_docs.renderers.episodes._signals import signals
from dlviz_docs.renderers.episodes._stages import Stage, Task
from dlviz_docs.renderers.episodes.rules import rules
from dlviz_docs.stats.histogram import bins_of
from dlviz_docs.stats.summary import order_of
from dlviz_docs.stats.visits import most_telling
from dlviz_docs.view import Figure, Layer, Matrix, Plot, PlotAxis, Shown

__all__ = ["decisions"]

GROUP = "Decisions"
REGIONS = 6
MOST_ACTIONS = 24
CONTINUOUS = 4
"""Dimensions of continuous actions that have a histogram."""
BINS = 20


def decisions(task: Task) -> Iterator[Shown]:
    """Nothing where no actions were recorded."""
    group = task.group(GROUP)
    if 2 <= len(task.first.actions) <= MOST_ACTIONS:
        yield from rules(task, group)
        yield from _usage(task, group)
        if figure := _by_region(task, task.stages[-1], task.id("actions-by-region"), group):
            yield figure
    yield from _continuous(task, group)
    yield from _calibration(task, group)


def _actions(episodes: Sequence[Episode]) -> NDArray[np.int64]:
    found = [e.actions.astype(np.int64) for e in episodes if e.actions is not None and e.actions.ndim == 1]
    return np.concatenate(found) if found else np.zeros(0, np.int64)


# --- which ------------------------------------------------------------------------------------------------------------


def _usage(task: Task, group: str) -> Iterator[Shown]:
    names = task.first.actions
    stages = [stage for stage in task.stages if len(_actions(stage.episodes))]
    if not stages:
        return
    places = np.arange(len(names), dtype=float)
    layers, shares, switches = [], [], []
    for color, stage in enumerate(stages):
        actions = _actions(stage.episodes)
        counts = np.bincount(actions[(actions >= 0) & (actions < len(names))], minlength=len(names))
        share = counts / max(1, counts.sum())
        notes = tuple(f"{percent(int(c), int(counts.sum()))} ({int(c):,} steps)" for c in counts)
        layers.append(Layer("bar", places, share, label=stage.label, color=color, notes=notes))
        shares.append(share.tolist())
        switches.append(_switches(stage))
    id = task.id("actions")  # noqa: A001  (the figure's word)
    yield from said.actions_sentences(names, [stage.label for stage in stages], shares, id)
    told = ", ".join(
        f"{percent(rate, 1.0)}{f' ({stage.label})' if stage.label else ''}"
        for stage, rate in zip(stages, switches, strict=True)
        if np.isfinite(rate)
    )
    caption = "Share of steps in which each action is taken." + (
        f" From one step to the next it changes in {told} of the cases." if told else ""
    )
    axes = PlotAxis("action", "category", names), PlotAxis("share of steps", low=0.0)
    yield Figure(id, "Actions", caption, Plot(tuple(layers), *axes), group)


def _switches(stage: Stage) -> float:
    changed = [e.actions[1:] != e.actions[:-1] for e in stage.episodes if e.actions is not None and e.actions.ndim == 1]
    pooled = np.concatenate(changed) if changed else np.zeros(0)
    return float(pooled.mean()) if len(pooled) else float("nan")


# --- where ------------------------------------------------------------------------------------------------------------


def _by_region(task: Task, stage: Stage, id: str, group: str) -> Figure | None:  # noqa: A002
    """Shares of actions in equally full ranges of the observed number that tells most about them."""
    kept = [e for e in stage.episodes if e.observations is not None and e.actions is not None and e.actions.ndim == 1]
    if not kept:
        return None
    observed = np.concatenate([e.observations for e in kept if e.observations is not None])
    actions = _actions(kept)
    pair = most_telling(observed, actions) if observed.shape[1] > 1 else (0, 0)
    if pair is None:
        return None
    values = observed[:, pair[0]]
    known = np.isfinite(values)
    inner = _parts(values[known])
    if len(inner) < 3:
        return None
    regions = np.clip(np.searchsorted(inner, values[known], "right") - 1, 0, len(inner) - 2)
    names = task.first.actions
    counts = np.zeros((len(inner) - 1, len(names)))
    taken = actions[known]
    fits = (taken >= 0) & (taken < len(names))
    np.add.at(counts, (regions[fits], taken[fits]), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    name = task.first.observations[pair[0]] if pair[0] < len(task.first.observations) else f"number {pair[0]}"
    rows = tuple(_ranges(inner, whole=_whole(values[known])))
    texts = tuple(tuple(percent(float(share), 1.0) if share else "–" for share in row) for row in shares)
    when = f" at {stage.label}" if stage.label else ""
    caption = (
        f"Of the numbers it observes, {name} tells most about the action. Share of each action in equally full ranges "
        f"of it{when}; n = {int(counts.sum()):,} steps."
    )
    spec = Matrix(rows, names, shares, texts, row_label=name, column_label="action", low=0.0, high=1.0)
    return Figure(id, "Actions by what it sees", caption, spec, group)


def _parts(values: FloatArray) -> FloatArray:
    """Edges of equally full ranges, each of which reaches up to the next; those of whole numbers are whole."""
    if not len(values):
        return np.zeros(0)
    found = np.quantile(values, np.linspace(0, 1, REGIONS + 1))
    if _whole(values):
        found = np.ceil(found)
        found[-1] += 1
    return np.unique(found)


def _whole(values: FloatArray) -> bool:
    return bool((values == np.round(values)).all())


def _ranges(edges: FloatArray, *, whole: bool) -> Iterator[str]:
    """As long as it takes to tell them apart: a hundredth of all they span."""
    unit = 10.0 ** np.floor(np.log10(edges[-1] - edges[0])) / 100
    for low, high in pairwise(edges.tolist()):
        if whole:
            yield words.number(low) if high == low + 1 else f"{words.number(low)} to {words.number(high - 1)}"
        else:
            first, last = (words.number(float(f"{round(end / unit) * unit:.6g}")) for end in (low, high))
            yield f"{first} to {last}"


def _continuous(task: Task, group: str) -> Iterator[Shown]:
    width = max((e.actions.shape[1] for e in task.episodes if e.actions is not None and e.actions.ndim == 2), default=0)
    for place in range(min(width, CONTINUOUS)):
        pooled = [
            np.concatenate(
                [e.actions[:, place] for e in stage.episodes if e.actions is not None and e.actions.ndim == 2]
            )
            for stage in task.stages
            if any(e.actions is not None and e.actions.ndim == 2 for e in stage.episodes)
        ]
        values = np.concatenate(pooled).astype(np.float64)
        found = bins_of(order_of(values[np.isfinite(values)]))
        if found is None:
            continue
        layers = []
        for color, (stage, own) in enumerate(zip(task.stages, pooled, strict=False)):
            counts, _ = np.histogram(own[np.isfinite(own)], found.edges)
            share = counts / max(1, len(own))
            layers.append(Layer("step", found.edges[:-1], share, x2=found.edges[1:], label=stage.label, color=color))
        name = f"action {place}" if width > 1 else "action"
        caption = f"How strongly {name if width > 1 else 'the action'} is taken: {len(values):,} steps" + (
            f"; {width:,} dimensions in all, the first {CONTINUOUS} shown." if width > CONTINUOUS else "."
        )
        axes = PlotAxis(name), PlotAxis("share of steps", low=0.0)
        yield Figure(task.id(f"action-{place}"), name.capitalize(), caption, Plot(tuple(layers), *axes), group)


# --- whether it comes true --------------------------------------------------------------------------------------------


def _calibration(task: Task, group: str) -> Iterator[Shown]:
    """What it expected against what it then got; of episodes that ended by themselves, for others are cut short."""
    stage = task.stages[-1]
    whole = [(e, gamma) for e, gamma in zip(stage.episodes, stage.gammas, strict=True) if e.ending == "terminated"]
    pairs = [(found.worth, found.to_go) for e, gamma in whole for found in [signals(e, gamma)]]
    kept = [(worth, to_go) for worth, to_go in pairs if worth is not None and to_go is not None]
    if not kept:
        return
    worth = np.concatenate([one for one, _ in kept])
    to_go = np.concatenate([one for _, one in kept])
    known = np.isfinite(worth) & np.isfinite(to_go)
    worth, to_go = worth[known], to_go[known]
    if len(worth) < BINS:
        return
    id = task.id("values-calibration")  # noqa: A001  (the figure's word)
    bias, spread = float((worth - to_go).mean()), float(to_go.std())
    explained = 1 - float(np.var(to_go - worth)) / spread**2 if spread else float("nan")
    yield from said.calibration_sentence(bias, spread, explained, len(worth), id)
    yield _expected(worth, to_go, stage, len(kept), id, group)


def _expected(
    worth: FloatArray,
    to_go: FloatArray,
    stage: Stage,
    episodes: int,
    id: str,  # noqa: A002  (the figure's word)
    group: str,
) -> Figure:
    """Mean and quartiles of what came, in equally full ranges of what was expected."""
    order = np.argsort(worth, kind="stable")
    pieces = [piece for piece in np.array_split(order, BINS) if len(piece)]
    x = np.array([worth[piece].mean() for piece in pieces])
    low, middle, high = np.array([np.percentile(to_go[piece], [25, 50, 75]) for piece in pieces]).T
    ends = np.array([min(x.min(), low.min()), max(x.max(), high.max())])
    when = f" at {stage.label}" if stage.label else ""
    caption = (
        f"What came after a step, discounted (median and quartiles), against what the agent expected there{when}: "
        f"{len(worth):,} steps of {words.count(episodes, 'episode')} that ended by themselves. On the grey line both "
        "are equal; above it the agent got more than it expected."
    )
    layers = (
        Layer("rule", ends, ends, label="as expected"),
        Layer("interval", x, middle, low=low, high=high, label="what came", color=0),
    )
    axes = PlotAxis("expected"), PlotAxis("return to go")
    return Figure(id, "What it expects, and what it gets", caption, Plot(layers, *axes), group)
