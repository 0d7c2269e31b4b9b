"""How agents learned: returns over seeds and tasks, how soon, how steadily, and how sure any of it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from dlviz_docs.model import Experiment, Insight
from dlviz_docs.renderers.rl._found import Found, find, some
from dlviz_docs.renderers.rl._said import facts, insights
from dlviz_docs.renderers.rl.aggregate import aggregate
from dlviz_docs.renderers.rl.compare import improvements, per_task, ranks
from dlviz_docs.renderers.rl.efficiency import efficiency
from dlviz_docs.renderers.rl.health import health
from dlviz_docs.renderers.rl.progress import together
from dlviz_docs.renderers.rl.returns import returns
from dlviz_docs.renderers.rl.stability import each_training, spread
from dlviz_docs.view import Figure, Shown

__all__ = ["RL"]


@dataclass(frozen=True, slots=True)
class RL:
    """Learning agents: what they came to, and how."""

    title: ClassVar[str] = "Learning progress"

    tasks: int = 8
    """Tasks with curves of their own; of more, those on which algorithms differ most. All are in the table."""
    whole: int = 2
    """Up to so many tasks have all their curves here: by episode, by time, lengths, the optimiser."""

    def __call__(self, experiment: Experiment) -> Iterator[Shown]:
        """Facts and insights, then returns, statistics, sample efficiency, stability and the optimiser."""
        with np.errstate(all="ignore"):  # logs may hold 1e308
            if found := find(experiment, self.tasks, self.whole):
                yield from _page(found)


def _page(found: Found) -> list[Shown]:
    drawn = found.drawn.values() if found.whole else ()
    vitals = [one for task in drawn for one in health(task, several=found.several)]
    figures = [*_figures(found), *(one for one in vitals if isinstance(one, Figure))]
    told = insights(found, [one for one in vitals if isinstance(one, Insight)])
    return [*facts(found), *_linked(told, figures), *figures]


def _linked(told: Iterator[Insight], figures: Sequence[Figure]) -> Iterator[Insight]:
    """Insights at figures that the page has; at its first one where it has not theirs."""
    places = {figure.id for figure in figures}
    first = figures[0].id if figures else ""
    yield from (one if one.figure in places else replace(one, figure=first) for one in told)


def _figures(found: Found) -> Iterator[Figure]:
    """In reading order, but for those of the optimiser."""
    for task in found.shown:
        drawn = found.drawn[task.name]
        if bundles := [one for one in found.bundles[task.name] if one.cell in drawn.cells]:
            yield from returns(drawn, bundles, several=found.several, whole=found.whole, of=len(task.cells))
    for suite in found.suites:
        yield from aggregate(suite)
    yield from some(improvements(found.tasks, found.chances))
    if found.several:
        yield from some(ranks(found.tasks))
        yield from some(per_task(found.tasks, found.bundles))
    for suite in found.suites:
        yield from some(together(suite, found.bundles, found.scores))
    yield from some(efficiency([pair for pair in found.curved if pair[0] in found.shown]))
    yield from some(spread(list(found.drawn.values())))
    yield from some(each_training(found.curved))
