"""What all figures and sentences of the page share, computed once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from dlviz_docs.model import Experiment
from dlviz_docs.renderers.rl._curves import Bundle, bundle
from dlviz_docs.renderers.rl._suites import Suite, suites
from dlviz_docs.renderers.rl._trials import Task, leading, narrowed, tasks
from dlviz_docs.renderers.rl.compare import Chances, chances

__all__ = ["Found", "find", "some"]

T = TypeVar("T")

PLACES = (100, 60, 40)
"""Of a curve: on one or two tasks, on several, and where most curves stand in a table."""
DRAWN = 10
"""Algorithms with curves on one task: as many as colours can tell apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Tasks, their curves, and who is compared with whom."""

    tasks: tuple[Task, ...]
    whole: bool
    """Whether the tasks are few enough to have all of their curves."""
    bundles: Mapping[str, Sequence[Bundle]]
    """By task: the curves of its algorithms, without those that have none."""
    suites: Sequence[Suite]
    """Tasks that may be taken together ..."""
    unscaled: Sequence[Task]
    """... and those that may not."""
    chances: Chances
    shown: Sequence[Task]
    """Those with curves of their own."""
    drawn: Mapping[str, Task]
    """By task: the same with the algorithms that are drawn."""
    scores: Mapping[str, tuple[float, float]]
    """By task: what a random agent and a reference get, where somebody told."""

    @property
    def several(self) -> bool:
        return len(self.tasks) > 1

    @property
    def curved(self) -> list[tuple[Task, Sequence[Bundle]]]:
        """Every task that has curves, with them."""
        return [(task, self.bundles[task.name]) for task in self.tasks if self.bundles[task.name]]


def find(experiment: Experiment, limit: int, whole: int) -> Found | None:
    """None where no run has a return or a success rate; `limit` and `whole` are the options of the topic."""
    found = tasks(experiment)
    if not found:
        return None
    size = PLACES[0] if len(found) <= whole else PLACES[1] if len(found) <= limit else PLACES[2]
    bundles = {
        task.name: [one for cell in task.cells if (one := bundle(cell, task.measure, size=size))] for task in found
    }
    together, unscaled = suites(found, experiment.scores)
    return Found(
        tuple(found),
        len(found) <= whole,
        bundles,
        together,
        unscaled,
        chances(found),
        _telling([task for task in found if bundles[task.name]], bundles, limit),
        {task.name: narrowed(task, leading([task], DRAWN)) for task in found},
        experiment.scores,
    )


def _telling(found: Sequence[Task], bundles: Mapping[str, Sequence[Bundle]], limit: int) -> list[Task]:
    """All tasks, or those on which the algorithms' scores differ most, of what was learned; in the order of names."""
    if len(found) <= limit:
        return list(found)

    def differs(task: Task) -> float:
        means = [float(cell.scores.mean()) for cell in task.cells]
        curves = [one.middle for one in bundles[task.name]]
        height = max(float(y.max()) for y in curves) - min(float(y.min()) for y in curves)
        return (max(means) - min(means)) / height if height > 0 else 0.0

    chosen = sorted(found, key=differs, reverse=True)[:limit]
    return [task for task in found if task in chosen]


def some(one: T | None) -> Iterator[T]:
    """The thing, if there is one."""
    if one is not None:
        yield one
