"""States that are one number: how often each was seen, what the agent does there, and what it expects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights.data_words import percent
from dlviz_docs.model import FloatArray
from dlviz_docs.renderers.episodes._places import (
    GROUP,
    MOST_ACTIONS,
    cell_of,
    coverage,
    name_of,
    observed,
    pictured,
    when,
)
from dlviz_docs.renderers.episodes._signals import signals
from dlviz_docs.renderers.episodes._stages import Stage, Task
from dlviz_docs.stats.visits import cells_of
from dlviz_docs.view import Figure, Layer, Plot, PlotAxis, Shown

__all__ = ["along"]

LONGEST = 64
"""Cells."""


def along(task: Task, stages: Sequence[Stage]) -> Iterator[Shown]:
    """States that are one number: a row of cells, counted as planes are."""
    pooled = [np.concatenate([e.observations for e in s.episodes if e.observations is not None]) for s in stages]
    cells = cells_of([np.column_stack([one[:, 0], np.zeros(len(one))]) for one in pooled], LONGEST)
    yield from coverage(task, stages, cells, task.id("visits"))
    layers = []
    for turn in pictured(len(stages)):
        counts = cells.counts[turn].sum(axis=1)
        notes = tuple(f"{count:,} steps" for count in counts.tolist())
        share = counts / max(1, int(counts.sum()))
        label = stages[turn].label
        layers.append(Layer("step", cells.x[:-1], share, x2=cells.x[1:], label=label, color=turn, notes=notes))
    name = name_of(task.first.observations, 0)
    caption = f"How often each {name} was seen: {sum(map(len, pooled)):,} steps."
    axes = PlotAxis(name), PlotAxis("share of steps", low=0.0)
    yield Figure(task.id("visits"), "Visited states", caption, Plot(tuple(layers), *axes), task.group(GROUP))
    yield from _done(task, stages[-1], cells.x, name)
    yield from _expected(task, stages[-1], cells.x, name)


def _done(task: Task, stage: Stage, edges: FloatArray, name: str) -> Iterator[Figure]:
    """The policy as it was played: the share of each action in every state."""
    names = task.first.actions
    episodes = observed(stage.episodes)
    if not 2 <= len(names) <= MOST_ACTIONS or any(e.actions is None or e.actions.ndim != 1 for e in episodes):
        return
    taken = np.concatenate([e.actions for e in episodes if e.actions is not None]).astype(np.int64)
    seen = np.concatenate([e.observations[:, 0] for e in episodes if e.observations is not None])
    kept = np.isfinite(seen) & (taken >= 0) & (taken < len(names))
    table = np.zeros((len(edges) - 1, len(names)))
    np.add.at(table, (cell_of(seen[kept], edges), taken[kept]), 1)
    steps = table.sum(axis=1)
    known = steps > 0
    layers = [
        Layer(
            "step",
            edges[:-1][known],
            table[known, action] / steps[known],
            x2=edges[1:][known],
            label=label,
            color=action,
            notes=tuple(
                f"{label}: {percent(part, whole)} of {words.count(int(whole), 'step')}"
                for part, whole in zip(table[known, action], steps[known], strict=True)
            ),
        )
        for action, label in enumerate(names)
    ]
    caption = f"The share of each action{when(stage)}, by {name}; where it was never, nothing is drawn."
    axes = PlotAxis(name), PlotAxis("share of steps", low=0.0, high=1.0)
    yield Figure(task.id("policy-map"), "What it does where", caption, Plot(tuple(layers), *axes), task.group(GROUP))


def _expected(task: Task, stage: Stage, edges: FloatArray, name: str) -> Iterator[Figure]:
    """The value of every state, in the mean of the steps there."""
    episodes = observed(stage.episodes)
    worths = [signals(e, task.first.gamma).worth for e in episodes]
    if any(one is None for one in worths):
        return
    worth = np.concatenate([one for one in worths if one is not None])
    seen = np.concatenate([e.observations[:, 0] for e in episodes if e.observations is not None])
    kept = np.isfinite(seen) & np.isfinite(worth)
    cells = cell_of(seen[kept], edges)
    steps = np.bincount(cells, minlength=len(edges) - 1)
    sums = np.bincount(cells, weights=worth[kept], minlength=len(edges) - 1)
    known = steps > 0
    notes = tuple(words.count(int(n), "step") for n in steps[known])
    layer = Layer("step", edges[:-1][known], sums[known] / steps[known], x2=edges[1:][known], color=2, notes=notes)
    caption = f"What the agent expects to come{when(stage)}, in the mean, by {name}."
    plot = Plot((layer,), PlotAxis(name), PlotAxis("expected"))
    yield Figure(task.id("value-map"), "What it expects where", caption, plot, task.group(GROUP))
