"""How agents learned: returns over seeds and tasks, how soon, how steadily, and how sure any of it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

import numpy as np

from dlviz_docs.agent_names import RETURN, SUCCESS
from dlviz_docs.insights import rl_course, rl_scores
from dlviz_docs.insights.rl_words import among, measured, seeds
from dlviz_docs.model import Experiment, Insight
from dlviz_docs.renderers.rl._curves import Bundle, bundle
from dlviz_docs.renderers.rl._suites import Suite, alone, suites
from dlviz_docs.renderers.rl._trials import LAST, Task, leading, narrowed, tasks
from dlviz_docs.renderers.rl.aggregate import aggregate, said
from dlviz_docs.renderers.rl.compare import Chances, chances, improvements, per_task, ranks
from dlviz_docs.renderers.rl.efficiency import LEVELS, efficiency, way
from dlviz_docs.renderers.rl.health import entropy_at, health
from dlviz_docs.renderers.rl.progress import together
from dlviz_docs.renderers.rl.returns import BOTH_SPLITS, falls, least_loss, place_of, returns
from dlviz_docs.renderers.rl.stability import each_training, spread
from dlviz_docs.stats.align import tail_mean
from dlviz_docs.stats.intervals import bootstrap
from dlviz_docs.view import Fact, Figure, Shown

__all__ = ["RL"]

T = TypeVar("T")

FACTS = 3
"""Algorithms on the front page."""
PLACES = (100, 60, 40)
"""Of a curve: on one or two tasks, on several, and where most curves stand in a table."""
DRAWN = 10
"""Algorithms with curves: as many as colours can tell apart."""
SENTENCES = 2
"""Of one kind: of many algorithms and tasks, the worst are told."""
_ORDER = {"serious": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class RL:
    """Learning agents: what they came to, and how."""

    title: ClassVar[str] = "Learning progress"

    tasks: int = 8
    """Tasks with curves of their own; of more, those on which algorithms differ most. All are in the table."""
    whole: int = 2
    """Up to so many tasks have all their curves here: by episode, by time, lengths, the optimiser."""

    def __call__(self, experiment: Experiment) -> Iterator[Shown]:
        """Insights and facts, then returns, statistics, sample efficiency, stability and the optimiser."""
        with np.errstate(all="ignore"):  # logs may hold 1e308
            yield from self._page(experiment)

    def _page(self, experiment: Experiment) -> list[Shown]:
        found = tasks(experiment)
        if not found:
            return []
        page = _Page(experiment, tuple(found), self.tasks, len(found) <= self.whole)
        figures = list(page.figures())
        places = {figure.id for figure in figures}
        told = (
            one if one.figure in places else replace(one, figure=figures[0].id if figures else "")
            for one in page.insights()
        )
        return [*page.facts(), *told, *figures]


class _Page:
    """What figures and sentences share, computed once."""

    def __init__(self, experiment: Experiment, found: Sequence[Task], limit: int, whole: bool) -> None:
        self.tasks, self.whole, self.several = found, whole, len(found) > 1
        self.scores = experiment.scores
        size = PLACES[0] if whole else PLACES[1] if len(found) <= limit else PLACES[2]
        self.bundles: Mapping[str, Sequence[Bundle]] = {task.name: _bundles(task, size) for task in found}
        self.suites, self.unscaled = suites(found, experiment.scores)
        self.chances: Chances = chances(found)
        self.shown = _telling([task for task in found if self.bundles[task.name]], self.bundles, limit)
        self.pairs = [(task, self.bundles[task.name]) for task in found if self.bundles[task.name]]
        self.drawn = {task.name: narrowed(task, leading([task], DRAWN)) for task in found}
        vital = self.drawn.values() if whole else ()
        self.vitals: list[Shown] = [one for task in vital for one in health(task, several=self.several)]

    # --- words --------------------------------------------------------------------------------------------------------

    def facts(self) -> Iterator[Fact]:
        """The best algorithms of every suite."""
        for suite in self.suites:
            for one in suite.standings[:FACTS]:
                label = suite.scale[0].upper() + suite.scale[1:]
                label += f", {one.algorithm}" if len(suite.standings) > 1 else ""
                over = (
                    seeds(one.found.runs)
                    if len(suite.tasks) == 1
                    else f"{len(one.tasks):,} tasks, {one.found.runs:,} runs"
                )
                doubt = "" if one.reliable or one.found.runs == 1 else "; interval unreliable"
                yield Fact(label, f"IQM {said(one.found.iqm, normal=suite.normal)} ({over}{doubt})")
        for task in self.unscaled:
            best = alone(task).standings[0]
            label = f"{task.name or 'Unnamed task'}: best of {len(task.cells):,}" if len(task.cells) > 1 else task.name
            doubt = "" if best.reliable or best.found.runs == 1 else "; interval unreliable"
            value = said(best.found.iqm, normal=False)
            yield Fact(label or task.measure, f"{best.algorithm}, {value} ({seeds(best.found.runs)}{doubt})")

    def insights(self) -> Iterator[Insight]:
        """The most serious first, scores before the rest."""
        found = [*self._scores(), *self._courses(), *(one for one in self.vitals if isinstance(one, Insight))]
        yield from sorted(found, key=lambda one: (one.kind != "agent-score", _ORDER[one.severity]))

    def _scores(self) -> Iterator[Insight]:
        for suite in self.suites:
            yield _headline(suite)
        for task in self.unscaled[: FACTS if len(self.unscaled) <= FACTS else 0]:
            yield _task_headline(task)
        if self.several and self.unscaled:
            example = next((task.name for task in self.unscaled if task.name), "*")
            yield rl_scores.no_scale(len(self.unscaled), example)
        yield from _some(self._too_few())
        yield from self._better()
        short = [run.name for task in self.tasks for run in task.short]
        without = sum(task.without for task in self.tasks)
        figure = place_of(self.shown[0], "returns", several=self.several) if self.shown else ""
        yield from _some(rl_scores.short_runs(short, without, figure))

    def _too_few(self) -> Insight | None:
        """Of several tasks only where most have a single seed: many tasks make up for few seeds, but not for one."""
        cells = [cell for task in self.tasks for cell in task.cells]
        sizes = [len(cell) for cell in cells]
        if self.several:
            return rl_scores.too_few(1, []) if float(np.median(sizes)) < 2 else None
        lacking = [cell.algorithm for cell in cells if len(cell) == min(sizes)] if len(cells) > 1 else []
        return rl_scores.too_few(min(sizes), lacking)

    def _better(self) -> Iterator[Insight]:
        """The best algorithm against the next, by the order that can be had."""
        order = [one.algorithm for one in self.suites[0].standings] if self.suites else []
        if self.unscaled or len(order) < 2:
            names = {name for pair in self.chances for name in pair}
            order = sorted(
                names, key=lambda name: -float(np.mean([v[0] for (a, _), (v, _) in self.chances.items() if a == name]))
            )
        if len(order) > 1 and (found := self.chances.get((order[0], order[1]))):
            runs = tuple(
                sum(len(cell) for task in self.tasks for cell in task.cells if cell.algorithm == name)
                for name in order[:2]
            )
            yield from _some(rl_scores.better(order[0], order[1], found[0], (runs[0], runs[1]), found[1]))

    def _courses(self) -> Iterator[Insight]:
        """Of every algorithm on every task that is shown; of each kind the first few."""
        counts: dict[str, int] = {}
        for task in self.shown:
            for one in _of_task(task, self.bundles[task.name], several=self.several, whole=self.whole):
                counts[one.kind] = counts.get(one.kind, 0) + 1
                if counts[one.kind] <= SENTENCES:
                    yield one

    # --- figures ------------------------------------------------------------------------------------------------------

    def figures(self) -> Iterator[Figure]:
        """In reading order."""
        for task in self.shown:
            drawn = self.drawn[task.name]
            if bundles := [one for one in self.bundles[task.name] if one.cell in drawn.cells]:
                yield from returns(drawn, bundles, several=self.several, whole=self.whole, of=len(task.cells))
        for suite in self.suites:
            yield from aggregate(suite)
        yield from _some(improvements(self.tasks, self.chances))
        if self.several:
            yield from _some(ranks(self.tasks))
            yield from _some(per_task(self.tasks, self.bundles))
        for suite in self.suites:
            yield from _some(together(suite, self.bundles, self.scores))
        yield from _some(efficiency([pair for pair in self.pairs if pair[0] in self.shown]))
        yield from _some(spread(list(self.drawn.values())))
        yield from _some(each_training(self.pairs))
        yield from (one for one in self.vitals if isinstance(one, Figure))


def _bundles(task: Task, size: int) -> list[Bundle]:
    return [one for cell in task.cells if (one := bundle(cell, task.measure, size=size))]


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


def _some(one: T | None) -> Iterator[T]:
    if one is not None:
        yield one


# --- sentences --------------------------------------------------------------------------------------------------------


def _task_headline(task: Task) -> Insight:
    """The best algorithm of a task that cannot be taken together with others."""
    return replace(_headline(alone(task)), figure="tasks")


def _headline(suite: Suite) -> Insight:
    best = suite.standings[0]
    lone = len(suite.tasks) == 1
    cells = [cell for task in suite.tasks for cell in task.cells if cell.algorithm == best.algorithm]
    counts = [count for cell in cells for count in cell.counts]
    each = {cell.episodes for cell in cells}
    counted = measured(suite.tasks[0].measure if lone else suite.scale, counts, each.pop() if len(each) == 1 else 0)
    first = [one.algorithm for one in suite.standings if one.found.iqm[0] == best.found.iqm[0]]
    who = best.algorithm
    if len(suite.standings) > 1:
        which = f"{among(first)} share" if len(first) > 1 else f"{who} has"
        who = f"{which} the highest score of {len(suite.standings):,} algorithms"
    what = f" on {suite.tasks[0].name}" if lone and suite.tasks[0].name else ""
    value = said(best.found.iqm, normal=suite.normal)
    point, low, high = best.found.iqm
    return rl_scores.headline(who, what, value, best.found.runs, len(suite.tasks), counted, point, (low, high))


def _of_task(task: Task, bundles: Sequence[Bundle], *, several: bool, whole: bool) -> Iterator[Insight]:
    figure = place_of(task, "returns", several=several)
    on = f" on {task.name}" if several and task.name else ""
    axis = {"step": "step", "frame": "frame", "episode": "episode"}.get(task.axis, "point")
    found = way(bundles)
    learned = found.goal - found.start if found else 0.0
    least = least_loss(bundles)
    for one in bundles:
        who = f"{one.cell.algorithm}{on}"
        fallen = [(one.cell.trials[place].run.name, fall) for place, fall in falls(one, least)]
        yield from _some(rl_course.collapsed(who, fallen, len(one.seeds), axis, figure))
        if tell := rl_scores.scattered(one.cell.algorithm, one.cell.scores, learned, on):
            yield replace(tell, figure=figure if several else tell.figure)
        yield from _some(rl_course.nothing_learned(who, one.x, one.table, figure))
        yield from _some(rl_course.sudden(who, one.x, one.middle, axis, figure, least))
        if not fallen:
            yield from _some(rl_course.lost(who, one.x, one.middle, axis, figure, least))
        if rising := rl_course.still_rising(who, one.x, one.middle, axis, figure, least):
            yield rising
        elif not task.is_share:
            told = rl_course.stalled(who, one.x, one.middle, axis, figure, least, None)
            if told and told.step is not None:
                entropy = entropy_at(one.cell, told.step)
                yield from _some(rl_course.stalled(who, one.x, one.middle, axis, figure, least, entropy))
        if tell := _gap(task, one, learned, who):
            both = len(bundles) <= BOTH_SPLITS and whole
            yield replace(tell, figure=place_of(task, "train-and-evaluation", several=several) if both else figure)
    if found and len(bundles) > 1:
        yield from _some(_sooner(on, bundles, found.steps, found.levels[-1], axis))


def _gap(task: Task, one: Bundle, learned: float, who: str) -> Insight | None:
    """Training against what is judged, seed by seed."""
    split = task.measure.partition("/")[0]
    trained = f"train/{SUCCESS if task.is_share else RETURN}"
    if split not in ("val", "test") or any(trial.series(trained) is None for trial in one.cell.trials):
        return None
    before = np.array([tail_mean(*_places(trial.points(trained)), task.end, LAST, trial.points(trained)[2])[0]
                       for trial in one.cell.trials])  # fmt: skip
    apart = before - one.cell.scores
    if not np.isfinite(apart).all():
        return None
    low, high = bootstrap(lambda rows: apart[rows].mean(), len(apart)) if len(apart) > 1 else (np.nan, np.nan)
    ends = float(apart.mean()), float(low), float(high)
    return rl_scores.gap(who, split, float(before.mean()), float(one.cell.scores.mean()), learned, len(apart), ends)


def _places(points: tuple[np.ndarray, np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return points[0], points[1]


def _sooner(on: str, bundles: Sequence[Bundle], steps: Sequence[np.ndarray], goal: float, axis: str) -> Insight | None:
    """The first and the second algorithm to go most of the way, where more than half of their seeds do."""
    medians = []
    for one, found in zip(bundles, steps, strict=True):
        known = found[-1][np.isfinite(found[-1])]
        if len(known) * 2 > found.shape[1]:
            medians.append((float(np.median(known)), one.cell.algorithm))
    if len(medians) < 2:
        return None
    (first, fast), (second, slow), *_ = sorted(medians)
    return rl_course.sooner(f"{fast}{on}", slow, (first, second), LEVELS[-1], goal, axis)
