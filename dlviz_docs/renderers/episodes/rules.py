"""What an agent decides by, in a few words: short rules that do nearly what it does, and how nearly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights import episode_rules as said
from dlviz_docs.insights.data_words import does, less_than_one
from dlviz_docs.model import FloatArray
from dlviz_docs.model.episodes import Episode, Recording
from dlviz_docs.renderers.episodes._stages import Stage, Task, agent_of
from dlviz_docs.stats.trees import Node, fidelity, grown, interval_of, leaves, round_bounds
from dlviz_docs.view import Cell, Column, Figure, Shown, Table

__all__ = ["rules"]

DEPTH = 3
"""Questions one after the other, at most."""
ENOUGH = 0.01
"""Fidelity that another question must add."""
GAIN = 0.05
"""Fidelity beyond that of the most frequent action alone, from which on a rule says something."""
LEAST = 0.7
"""Fidelity from which on a rule is told."""
LEAST_STEPS = 100
MOST_STEPS = 20_000
"""That a rule is fitted to; evenly taken."""
MOST_NUMBERS = 64
MOST_ACTIONS = 24
MOST_AGENTS = 8
SMALLEST = 0.02
"""Share of all steps that either side of a question must have."""


@dataclass(frozen=True, slots=True)
class _Found:
    """One agent's rule."""

    who: str
    told: str
    fidelity: float
    interval: tuple[float, float] | None
    same: tuple[str, float]
    """The most frequent action, and its share."""
    unit: str
    steps: int
    score: float
    """Mean return."""


def rules(task: Task, group: str) -> Iterator[Shown]:
    """Of the latest moment, a rule for each agent; the sentence is that of the agent with the highest return."""
    stage = task.stages[-1]
    kept = [(one, own) for one in task.recordings if (own := _of(one, stage))]
    found = [rule for one, own in kept[:MOST_AGENTS] if (rule := _found(one, own))]
    if not found:
        return
    id = task.id("rules")  # noqa: A001  (the figure's word)
    best = max(found, key=lambda one: one.score)
    who = best.who if len(kept) > 1 else ""
    when = f" at {stage.label}" if stage.label else ""
    yield from said.rule_sentence(
        who, when, best.told, (best.fidelity, best.interval), best.same, best.unit, best.steps, id
    )
    yield _table(found, len(kept), when, id, group)


def _of(recording: Recording, stage: Stage) -> list[Episode]:
    """Its episodes of this moment that tell what was seen and which action was taken."""
    now = set(map(id, stage.episodes))
    return [
        e
        for e in recording.episodes
        if id(e) in now and e.observations is not None and e.actions is not None and e.actions.ndim == 1
    ]


def _found(recording: Recording, episodes: Sequence[Episode]) -> _Found | None:
    names = recording.actions
    if not 2 <= len(names) <= MOST_ACTIONS:
        return None
    seen = np.concatenate([e.observations for e in episodes if e.observations is not None])
    actions = np.concatenate([e.actions for e in episodes if e.actions is not None]).astype(np.intp)
    turn = np.repeat(np.arange(len(episodes)), [len(e) for e in episodes])
    if seen.shape[1] > MOST_NUMBERS or (seen.shape[1] == 1 and _whole(seen[:, 0])):
        return None  # a place in a list of states is no number that a rule could have bounds of
    known = np.flatnonzero(np.isfinite(seen).all(axis=1) & (actions >= 0) & (actions < len(names)))
    kept = known[np.linspace(0, len(known) - 1, min(len(known), MOST_STEPS)).astype(int)]
    if len(kept) < LEAST_STEPS or len(np.unique(actions[kept])) < 2:
        return None
    alone = len(np.unique(turn[kept])) < 2
    # Steps beside each other are alike: of a single episode, whole fifths are held out.
    groups = np.arange(len(kept)) * 5 // len(kept) if alone else turn[kept]
    return _fitted(recording, seen[kept], actions[kept], groups, "held-out steps" if alone else "held-out episodes")


def _fitted(
    recording: Recording, seen: FloatArray, actions: NDArray[np.intp], groups: NDArray[np.intp], unit: str
) -> _Found | None:
    bounds = [round_bounds(column) for column in seen.T]
    least = max(1, int(SMALLEST * len(seen)))
    agrees, told = fidelity(seen, actions, groups, bounds, depth=DEPTH, least=least)
    shares = agrees[:, told].mean(axis=1)
    # The shortest of the rules that are as good as the best one.
    depth = next(deep for deep in range(DEPTH + 1) if shares[deep] >= shares.max() - ENOUGH)
    counts = np.bincount(actions, minlength=len(recording.actions))
    same = recording.actions[int(counts.argmax())], float(counts.max() / counts.sum())
    if shares[depth] < max(LEAST, same[1] + GAIN):
        return None
    tree = grown(seen, actions, bounds, depth=depth, least=least)
    totals = [e.total for e in recording.episodes if np.isfinite(e.total)]
    score = float(np.mean(totals)) if totals else -np.inf
    who = agent_of(recording)
    sure = interval_of(agrees[depth, told], groups[told])
    return _Found(who, _told(recording, tree, seen), float(shares[depth]), sure, same, unit, len(seen), score)


def _told(recording: Recording, tree: Node, seen: FloatArray) -> str:
    names = recording.observations
    cases = []
    for leaf in leaves(tree):
        conditions = [
            said.bounded(
                names[column] if column < len(names) else f"number {column}",
                low,
                high,
                whole=_whole(seen[:, column]) and _midway(low, high),
            )
            for column, low, high in leaf.ends
        ]
        cases.append((leaf.answer, conditions))
    return said.rule(recording.actions, cases)


def _midway(*ends: float) -> bool:
    """Whether bounds lie between whole numbers, as those of few whole numbers do."""
    return all(end % 1 == 0.5 for end in ends if np.isfinite(end))


def _whole(values: FloatArray) -> bool:
    return bool((values == np.round(values)).all())


def _table(found: Sequence[_Found], agents: int, when: str, id: str, group: str) -> Figure:  # noqa: A002
    caption = (
        f"Short rules that do nearly what the agent does{when}: trees of at most {DEPTH} questions (CART). Fidelity: "
        f"the share of steps in which rule and agent agree, in {found[0].unit} that the rule was not made from; last, "
        "that of always doing the most frequent action."
    )
    if any(one.interval for one in found):
        caption += " Brackets: 95 % intervals, by drawing episodes again."
    if len(found) < agents:
        caption += f" {len(found):,} of {words.count(agents, 'agent')} {does(len(found), 'have')} such a rule."
    columns = (
        Column("Agent"),
        Column("Fidelity", numeric=True),
        Column("Rule"),
        Column("Most frequent", numeric=True),
        Column("Steps", numeric=True),
    )
    rows = tuple(
        (
            Cell(one.who),
            Cell(said.sure(one.fidelity, one.interval), one.fidelity),
            Cell(one.told),
            Cell(less_than_one(one.same[1]), one.same[1]),
            Cell(f"{one.steps:,}", float(one.steps)),
        )
        for one in found
    )
    return Figure(id, "What it decides by", caption, Table(columns, rows), group)
