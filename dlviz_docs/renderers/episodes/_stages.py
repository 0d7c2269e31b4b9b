"""Recordings of one task, side by side over training: what several seeds did after as many steps belongs together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dlviz_docs import words
from dlviz_docs.model.episodes import Episode, Recording, ValueMap
from dlviz_docs.names import slug
from dlviz_docs.renderers.episodes._tasks import by_task

__all__ = ["Stage", "Task", "agent_of", "tasks"]

APART = 0.03
"""Share of the longest training from which on two moments are two."""
MOST = 6
"""Moments that are told apart; of more, as many evenly chosen ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """One moment of training."""

    label: str
    """ "20,000 steps", "≈ 20,000 steps"; "" where nothing tells when it was."""
    episodes: tuple[Episode, ...]
    """Of all agents that were recorded then; none is empty."""
    agents: int
    """How many these are."""
    gammas: tuple[float | None, ...]
    """Of each episode, the discount its agent was trained with; None where nothing tells."""

    @property
    def gamma(self) -> float | None:
        """The discount of all; None where they differ, or one is not told."""
        return self.gammas[0] if len(set(self.gammas)) == 1 else None


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Recordings whose actions and observations mean the same."""

    prefix: str
    """Of the figures' identifiers; "" where there is one task only."""
    heading: str
    """Before the name of a group of figures; "" where there is one task only."""
    recordings: tuple[Recording, ...]
    stages: tuple[Stage, ...]
    """In the order of training; at least one."""

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """Of all stages."""
        return tuple(episode for stage in self.stages for episode in stage.episodes)

    @property
    def first(self) -> Recording:
        """Whose names of actions and observations are everybody's."""
        return self.recordings[0]

    def id(self, name: str) -> str:
        """Of a figure."""
        return f"{self.prefix}-{name}" if self.prefix else name

    def group(self, name: str) -> str:
        """Of figures."""
        return f"{self.heading}: {name.lower()}" if self.heading else name


def tasks(recordings: Sequence[Recording]) -> Iterator[Task]:
    """Those with steps to look at."""
    for heading, members in by_task(recordings):
        played = tuple(one for one in members if any(map(len, one.episodes)))
        if played:
            yield Task(slug(heading) if heading else "", heading, played, _stages(played))


def agent_of(one: Recording | ValueMap) -> str:
    """How people call the agent: the name without the moment."""
    moment = f", {one.step:,.0f} steps" if one.step is not None else ""
    return one.name.removesuffix(moment) if moment and one.name.endswith(moment) else one.run or one.name


def _stages(recordings: Sequence[Recording]) -> tuple[Stage, ...]:
    known = sorted({one.step for one in recordings if one.step is not None})
    moments: list[list[float]] = []
    for step in known:
        if moments and step - moments[-1][-1] <= APART * known[-1]:
            moments[-1].append(step)
        else:
            moments.append([step])
    if len(moments) > MOST:
        moments = [moments[int(place)] for place in np.linspace(0, len(moments) - 1, MOST).round()]
    groups = [[one for one in recordings if one.step in moment] for moment in moments]
    labels = [_moment(moment) for moment in moments]
    if others := [one for one in recordings if one.step is None]:
        groups.insert(0, others)
        labels.insert(0, "no step told" if moments else "")
    return tuple(_stage(label, group) for label, group in zip(labels, groups, strict=True))


def _moment(steps: Sequence[float]) -> str:
    """ "20,000 steps"; "≈ 2,000 steps" of several that are about that."""
    middle = float(np.mean(steps))
    if len(set(steps)) == 1:
        return words.count(round(middle), "step")
    near = max((max(steps) - min(steps)) / 2, 0.01 * middle)
    short = next(one for digits in range(1, 17) if abs((one := float(f"{middle:.{digits}g}")) - middle) <= near)
    return f"≈ {short:,.0f} steps"


def _stage(label: str, recordings: Sequence[Recording]) -> Stage:
    played = [(episode, one.gamma) for one in recordings for episode in one.episodes if len(episode)]
    agents = len({one.run or agent_of(one) for one in recordings})
    return Stage(label, tuple(episode for episode, _ in played), agents, tuple(gamma for _, gamma in played))
