"""The trainings of an experiment as statistics take them: which algorithm learned which task, and how it came out."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from dlviz_docs import names
from dlviz_docs.agent_names import EPISODES, RETURN, SUCCESS
from dlviz_docs.model import Axis, Experiment, FloatArray, Run, Series
from dlviz_docs.stats.align import in_order, tail_mean

__all__ = ["MEASURES", "Cell", "Task", "Trial", "algorithms", "leading", "narrowed", "own_end", "tasks"]

LAST = 0.1
"""Of the training: scores are means over this last part of it."""
LONGER = 1.1
"""Times what all have, from which on a training is longer than others."""
SHORT = 0.5
"""Of the median length: a run that ended before is not compared with the others."""
MEASURES = tuple(f"{split}{metric}" for metric in (RETURN, SUCCESS) for split in ("val/", "test/", "", "train/"))
"""What agents are judged by: the first one that a task's runs have."""
COLORS = 10
_NO_VALUE = re.compile(r"(?:^|(?<=[/, ]))\w[\w ]*=(?=$|[/,])")
"""What is left of "env=Ant-v3" where the task goes."""


@dataclass(frozen=True)
class Trial:
    """One run, in which one agent learned."""

    run: Run

    def series(self, name: str) -> Series | None:
        """The curve of that name, if it has a finite value."""
        found = self.run.get(name)
        return found if found is not None and np.isfinite(found.values).any() else None

    def points(self, name: str) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Steps, values and how many points each is the mean of, from all points of the curve; empty without it."""
        found = self.series(name)
        if found is None:
            return np.empty(0), np.empty(0), np.empty(0)
        if found.means is not None:
            return found.means.steps, found.means.values, found.means.counts
        live = slice(None) if found.superseded is None else ~found.superseded
        return in_order(found.steps[live], found.values[live])

    def episodes_each(self, name: str) -> int:
        """Episodes that each point is the mean of; 0 where nothing tells."""
        found = self.series(name)
        return 0 if found is None or found.members is None else found.members.shape[1]

    def seconds(self, name: str) -> tuple[FloatArray, FloatArray] | None:
        """Steps of a curve, and the seconds since the run's start at which they were written."""
        found = self.series(name)
        if found is None or found.times is None or self.run.started is None:
            return None
        return _rising(found.steps, found.times - self.run.started)

    @cached_property
    def episodes(self) -> tuple[FloatArray, FloatArray] | None:
        """Steps, and how many episodes had ended by then."""
        found = self.series(f"train/{EPISODES}")
        return None if found is None else _rising(found.steps, found.values)


def _rising(steps: FloatArray, clock: FloatArray) -> tuple[FloatArray, FloatArray] | None:
    """A clock that can be read at any step; None where it stands still or goes back."""
    x, y, _ = in_order(steps, clock)
    return (x, y) if len(x) > 1 and (np.diff(y) >= 0).all() and y[-1] > y[0] else None


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One algorithm on one task: trainings that differ in their seed alone."""

    algorithm: str
    color: int
    trials: tuple[Trial, ...]
    scores: FloatArray
    """Of each trial, shape (n,)."""
    counts: tuple[int, ...]
    """Points of the curve, evaluations or episodes, that each score is the mean of."""
    episodes: int
    """Of each of these points; 0 where nothing tells."""

    def __len__(self) -> int:
        return len(self.trials)


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One task, and who learned it."""

    name: str
    """"" where nothing tells and all is one task."""
    measure: str
    """The curve that scores are from."""
    axis: Axis
    end: float
    """Where scores end: the last step that all compared runs have."""
    cells: tuple[Cell, ...]
    short: tuple[Run, ...]
    """Runs that ended too early to be compared."""
    without: int
    """Runs of this task that have no such curve."""
    longest: float
    """Where the longest of the compared runs ends."""

    @property
    def runs(self) -> int:
        """Runs that are compared."""
        return sum(map(len, self.cells))

    @property
    def is_cut(self) -> bool:
        """Whether some compared run goes on well behind where scores end."""
        return self.longest > LONGER * self.end

    @property
    def is_share(self) -> bool:
        """Whether scores are shares of solved episodes, which mean the same in every task."""
        return self.measure.endswith(SUCCESS)


def tasks(experiment: Experiment) -> list[Task]:
    """Every task that some run has a return or a success rate of, by name."""
    by_task: dict[str, list[Trial]] = defaultdict(list)
    for run in experiment.runs:
        trial = Trial(run)
        if any(trial.series(name) for name in MEASURES):
            by_task[run.task].append(trial)
    labels = _labels([trial for found in by_task.values() for trial in found])
    colors = _colors(labels, by_task.values())
    found = (_task(name, members, labels, colors) for name, members in by_task.items())
    return sorted((task for task in found if task.cells), key=lambda task: names.natural(task.name))


def own_end(trial: Trial, measure: str) -> tuple[float, float]:
    """Where the trial itself ends, and its mean over the last part of its own training."""
    x, y, counts = trial.points(measure)
    return float(x[-1]), tail_mean(x, y, float(x[-1]), LAST, counts)[0]


def algorithms(found: Sequence[Task]) -> dict[str, int]:
    """Every algorithm with its colour, in the order of names."""
    colors = {cell.algorithm: cell.color for task in found for cell in task.cells}
    return dict(sorted(colors.items(), key=lambda pair: names.natural(pair[0])))


def leading(found: Sequence[Task], most: int) -> list[str]:
    """The algorithms on most tasks, and of these the best by their mean rank; in the order of names."""
    ranks: dict[str, list[int]] = defaultdict(list)
    for task in found:
        for place, cell in enumerate(sorted(task.cells, key=lambda cell: -float(cell.scores.mean()))):
            ranks[cell.algorithm].append(place)
    best = sorted(ranks, key=lambda name: (-len(ranks[name]), float(np.mean(ranks[name]))))
    return sorted(best[:most], key=names.natural)


def narrowed(task: Task, wanted: Collection[str]) -> Task:
    """The task with these algorithms only."""
    return replace(task, cells=tuple(cell for cell in task.cells if cell.algorithm in wanted))


# --- who learned what -------------------------------------------------------------------------------------------------


def _labels(trials: Sequence[Trial]) -> dict[str, str]:
    """By slug of the run: its algorithm, with its group where runs of one algorithm on one task differ in more than
    their seed."""
    by_place: dict[tuple[str, str], dict[str, list[Run]]] = defaultdict(lambda: defaultdict(list))
    for trial in trials:
        run = trial.run
        by_place[run.task, run.algorithm][run.group or run.name].append(run)
    return {
        run.slug: _label(run.algorithm, group, run.task, several=len(groups) > 1)
        for groups in by_place.values()
        for group, runs in groups.items()
        for run in runs
    }


def _colors(labels: Mapping[str, str], tasks: Iterable[Sequence[Trial]]) -> dict[str, int]:
    """By algorithm, in the order of names: different ones for those that meet on a task, while there are enough."""
    beside: dict[str, set[str]] = defaultdict(set)
    for trials in tasks:
        met = {labels[trial.run.slug] for trial in trials}
        for label in met:
            beside[label] |= met
    colors: dict[str, int] = {}
    for place, label in enumerate(sorted(beside, key=names.natural)):
        taken = {colors[other] for other in beside[label] if other in colors}
        free = ((place + shift) % COLORS for shift in range(COLORS))
        colors[label] = next((color for color in free if color not in taken), place % COLORS)
    return colors


def _label(algorithm: str, group: str, task: str, *, several: bool) -> str:
    if algorithm and not several:
        return algorithm
    rest = _NO_VALUE.sub("", group.replace(task, "")).strip("/-_., ") if task and group != task else group
    if task and group != task and not (rest or algorithm):
        return "agent"  # the task is all that is told
    return f"{algorithm} ({rest})" if algorithm and rest and rest != algorithm else rest or algorithm or group


def _task(name: str, trials: Sequence[Trial], labels: Mapping[str, str], colors: Mapping[str, int]) -> Task:
    measure, axis = _measure(trials)
    known = [trial for trial in trials if (found := trial.series(measure)) and found.axis == axis]
    ends = {trial.run.slug: float(trial.points(measure)[0][-1]) for trial in known}
    least = SHORT * float(np.median(list(ends.values())))
    kept = [trial for trial in known if ends[trial.run.slug] >= least]
    own = [ends[trial.run.slug] for trial in kept]
    end = min(own)
    return Task(
        name,
        measure,
        axis,
        end,
        tuple(_cells(kept, measure, end, labels, colors)),
        tuple(trial.run for trial in known if trial not in kept),
        len(trials) - len(known),
        max(own),
    )


def _measure(trials: Sequence[Trial]) -> tuple[str, Axis]:
    """The first measure that all have, or else the one that most have; and what its steps mostly count."""
    counts = Counter(name for trial in trials for name in MEASURES if trial.series(name))
    most = max(counts.values())
    measure = next(name for name in MEASURES if counts[name] == most)
    axes = Counter(found.axis for trial in trials if (found := trial.series(measure)))
    return measure, axes.most_common(1)[0][0]


def _cells(
    trials: Sequence[Trial], measure: str, end: float, labels: Mapping[str, str], colors: Mapping[str, int]
) -> Iterator[Cell]:
    members: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        members[labels[trial.run.slug]].append(trial)
    for label in sorted(members, key=names.natural):
        scored = [(trial, *_score(trial, measure, end)) for trial in members[label]]
        kept = [(trial, score, count) for trial, score, count in scored if np.isfinite(score)]
        if kept:
            found, scores, counts = zip(*kept, strict=True)
            each = {trial.episodes_each(measure) for trial in found}
            episodes = each.pop() if len(each) == 1 else 0
            yield Cell(label, colors[label], tuple(found), np.array(scores, np.float64), tuple(counts), episodes)


def _score(trial: Trial, measure: str, end: float) -> tuple[float, int]:
    x, y, counts = trial.points(measure)
    return tail_mean(x, y, end, LAST, counts)
