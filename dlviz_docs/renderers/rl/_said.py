"""What agents came to, as facts and sentences, the gravest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from dlviz_docs.insights import rl_scores
from dlviz_docs.insights.rl_words import among, measured, seeds, three
from dlviz_docs.model import Insight
from dlviz_docs.renderers.rl._courses import courses
from dlviz_docs.renderers.rl._curves import COUNTED
from dlviz_docs.renderers.rl._found import Found, some
from dlviz_docs.renderers.rl._suites import Standing, Suite, alone
from dlviz_docs.renderers.rl._trials import LONGER, Task, own_end
from dlviz_docs.renderers.rl.aggregate import said
from dlviz_docs.renderers.rl.returns import place_of
from dlviz_docs.view import Fact

__all__ = ["facts", "insights"]

FACTS = 3
"""Algorithms on the front page, and tasks with a sentence of their own."""
SENTENCES = 2
"""Of one kind; of many algorithms and tasks, the first are told."""
_ORDER = {"serious": 0, "warning": 1, "info": 2}


def facts(found: Found) -> Iterator[Fact]:
    """The best algorithms of every suite, and the best one of each task that is in none."""
    for suite in found.suites:
        for one in suite.standings[:FACTS]:
            label = suite.scale[0].upper() + suite.scale[1:]
            label += f", {one.algorithm}" if len(suite.standings) > 1 else ""
            yield Fact(label, f"IQM {said(one.found.iqm, normal=suite.normal)} ({_over(one)})")
    for task in found.unscaled:
        best = alone(task).standings[0]
        label = f"{task.name or 'Unnamed task'}: best of {len(task.cells):,}" if len(task.cells) > 1 else task.name
        yield Fact(label or task.measure, f"{best.algorithm}, {said(best.found.iqm, normal=False)} ({_over(best)})")


def _over(one: Standing) -> str:
    """ "5 seeds", "65 tasks, 195 runs", and whether the interval can be trusted."""
    lone = len(one.tasks) == 1
    amount = seeds(one.found.runs) if lone else f"{len(one.tasks):,} tasks, {one.found.runs:,} runs"
    return amount if one.reliable or one.found.runs == 1 else f"{amount}; interval unreliable"


def insights(found: Found, vitals: Sequence[Insight]) -> Iterator[Insight]:
    """Scores, the course of learning, and what is told of the optimiser: scores first, then the most serious."""
    told = [*_scores(found), *_courses(found), *vitals]
    yield from sorted(told, key=lambda one: (one.kind != "agent-score", _ORDER[one.severity]))


def _scores(found: Found) -> Iterator[Insight]:
    yield from map(_headline, found.suites)
    if len(found.unscaled) <= FACTS:
        yield from (replace(_headline(alone(task)), figure="tasks") for task in found.unscaled)
    if len(found.unscaled) > 1:
        example = next((task.name for task in found.unscaled if task.name), "*")
        yield rl_scores.no_scale(len(found.unscaled), example)
    yield from some(rl_scores.unknown_scores(list(found.scores), [task.name for task in found.tasks]))
    yield from some(_too_few(found))
    yield from some(_better(found))
    short = [run.name for task in found.tasks for run in task.short]
    figure = place_of(found.shown[0], "returns", several=found.several) if found.shown else ""
    yield from some(rl_scores.short_runs(short, sum(task.without for task in found.tasks), figure))


def _too_few(found: Found) -> Insight | None:
    """Of several tasks only where most have a single seed: many tasks make up for few seeds, but not for one."""
    cells = [cell for task in found.tasks for cell in task.cells]
    sizes = [len(cell) for cell in cells]
    if found.several:
        return rl_scores.too_few(1, []) if float(np.median(sizes)) < 2 else None
    lacking = [cell.algorithm for cell in cells if len(cell) == min(sizes)] if len(cells) > 1 else []
    return rl_scores.too_few(min(sizes), lacking)


def _better(found: Found) -> Insight | None:
    """The best algorithm against the next: by their scores, or where these have no scale, by how often they win."""
    order = [] if found.unscaled else [one.algorithm for suite in found.suites[:1] for one in suite.standings]
    if len(order) < 2:
        wins: dict[str, list[float]] = {}
        for (one, _), (value, _) in found.chances.items():
            wins.setdefault(one, []).append(value[0])
        order = sorted(wins, key=lambda name: -float(np.mean(wins[name])))
    if len(order) < 2 or (chance := found.chances.get((order[0], order[1]))) is None:
        return None
    first, second = (_runs(found.tasks, name) for name in order[:2])
    return rl_scores.better(order[0], order[1], chance[0], (first, second), chance[1])


def _runs(tasks: Sequence[Task], algorithm: str) -> int:
    return sum(len(cell) for task in tasks for cell in task.cells if cell.algorithm == algorithm)


def _courses(found: Found) -> Iterator[Insight]:
    """Of every task that is shown; of each kind the first few."""
    counts: Counter[str] = Counter()
    for task in found.shown:
        for one in courses(task, found.bundles[task.name], several=found.several, whole=found.whole):
            counts[one.kind] += 1
            if counts[one.kind] <= SENTENCES:
                yield one
    told = (_longer(task, place_of(task, "returns", several=found.several)) for task in found.shown)
    yield from [one for one in told if one is not None][:SENTENCES]


def _until(suite: Suite) -> str:
    """How far scores go where some trainings go on; "" where all end there."""
    if not any(task.is_cut for task in suite.tasks):
        return ""
    if len(suite.tasks) > 1:
        return "what all runs of a task have"
    return f"the first {three(suite.tasks[0].end)} {COUNTED[suite.tasks[0].axis]}, which all have"


def _longer(task: Task, figure: str) -> Insight | None:
    """What those come to that went on behind where scores end."""
    if not task.is_cut:
        return None
    ends = {cell.algorithm: [own_end(trial, task.measure) for trial in cell.trials] for cell in task.cells}
    means = {name: np.array(own).mean(axis=0) for name, own in ends.items()}
    longer = {name: (float(x), float(y)) for name, (x, y) in means.items() if x > LONGER * task.end}
    return rl_scores.longer(task.name, task.end, longer, COUNTED[task.axis], figure) if longer else None


def _headline(suite: Suite) -> Insight:
    best = suite.standings[0]
    lone = len(suite.tasks) == 1
    cells = [cell for task in suite.tasks for cell in task.cells if cell.algorithm == best.algorithm]
    counts = [count for cell in cells for count in cell.counts]
    each = {cell.episodes for cell in cells}
    measure = suite.tasks[0].measure if lone else suite.scale
    counted = measured(measure, counts, each.pop() if len(each) == 1 else 0, _until(suite))
    first = [one.algorithm for one in suite.standings if one.found.iqm[0] == best.found.iqm[0]]
    who = best.algorithm
    if len(suite.standings) > 1:
        which = f"{among(first)} share" if len(first) > 1 else f"{who} has"
        who = f"{which} the highest score of {len(suite.standings):,} algorithms"
    what = f" on {suite.tasks[0].name}" if lone and suite.tasks[0].name else ""
    value = said(best.found.iqm, normal=suite.normal)
    point, low, high = best.found.iqm
    return rl_scores.headline(who, what, value, best.found.runs, len(suite.tasks), counted, point, (low, high))
