"""How returns grow: each seed thin and all together, by steps, episodes and time; training beside evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from dlviz_docs import names, words
from dlviz_docs.agent_names import LENGTH, RETURN, SUCCESS
from dlviz_docs.insights.rl_words import FEWEST_SEEDS, among, four, three
from dlviz_docs.renderers.rl._curves import (
    COUNTED,
    Bundle,
    Clock,
    bundle,
    by_episodes,
    by_seconds,
    curve_layers,
    curve_plot,
)
from dlviz_docs.renderers.rl._trials import Task
from dlviz_docs.renderers.rl.efficiency import way
from dlviz_docs.stats.learning import Fall, collapses
from dlviz_docs.view import Dash, Figure, Layer, Spec

__all__ = ["BOTH_SPLITS", "falls", "figure_of", "least_loss", "place_of", "returns"]

BOTH_SPLITS = 4
"""Algorithms drawn by training and by evaluation in one picture, at most."""
LEAST_LOSS = 0.1
"""Of what was learned on the task: a fall of less is none."""
_SPLITS = ("val", "test", "", "train")
_GROUP = "Returns"
_UNITS = (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0), ("seconds", 1.0))


def returns(task: Task, bundles: Sequence[Bundle], *, several: bool, whole: bool, of: int) -> Iterator[Figure]:
    """All figures of one task's curves; only the main one where there are many tasks (`whole` is false).

    `of` is how many algorithms there are; the task has those that are drawn.
    """
    yield _main(task, bundles, several, of)
    if not whole:
        return
    for clock, name in ((by_episodes, "episode"), (by_seconds, "time")):
        if figure := _by_clock(task, bundles, clock, name, several):
            yield figure
    if figure := _both(task, several):
        yield figure
    for metric, title in ((SUCCESS, "Success rate"), (LENGTH, "Episode length")):
        if figure := _beside(task, metric, title, several):
            yield figure


def place_of(task: Task, figure: str, *, several: bool) -> str:
    """A figure's identifier: with the task's name where there are several."""
    return f"{figure}-{names.slug(task.name or 'unnamed')}" if several else figure


def figure_of(
    task: Task,
    id: str,  # noqa: A002  (the figure's word)
    title: str,
    caption: str,
    spec: Spec,
    *,
    several: bool,
    group: str,
) -> Figure:
    """A figure that names its task where there are several."""
    head = f"{title}: {task.name or 'unnamed task'}" if several else title
    return Figure(place_of(task, id, several=several), head, caption, spec, group)


def least_loss(bundles: Sequence[Bundle]) -> float:
    """What a fall is at least, by what there was to learn on the task: 0 where nothing was."""
    found = way(bundles)
    return LEAST_LOSS * (found.goal - found.start) if found else 0.0


def falls(one: Bundle, least: float) -> list[tuple[int, Fall]]:
    """Every collapse of every seed, with the seed's place."""
    return [(place, fall) for place, (x, y) in enumerate(one.seeds) for fall in collapses(x, y, least=least)]


# --- the main curve ---------------------------------------------------------------------------------------------------


def _main(task: Task, bundles: Sequence[Bundle], several: bool, of: int) -> Figure:
    layers = [*curve_layers(bundles), *_marks(bundles)]
    title = "Success rate" if task.is_share else "Return"
    caption = f"{_best(task, bundles)} {_how(task, bundles)}"
    if of > len(task.cells):
        caption += f" Drawn are the best {len(task.cells)} of {of:,} algorithms; the table has all."
    plot = curve_plot(task, layers)
    return figure_of(task, "returns", title, caption, plot, several=several, group=_GROUP)


def _marks(bundles: Sequence[Bundle]) -> Iterator[Layer]:
    """Where collapses begin, on the seed's own curve."""
    least = least_loss(bundles)
    for one in bundles:
        if found := falls(one, least):
            x = np.array([fall.start for _, fall in found])
            y = np.array([np.interp(fall.start, *one.seeds[place]) for place, fall in found])
            notes = tuple(
                f"{one.cell.trials[place].run.name} collapses from {four(fall.peak)} to {four(fall.low)}"
                for place, fall in found
            )
            yield Layer("dot", x, y, color=one.cell.color, label="collapse begins", notes=notes)


def _best(task: Task, bundles: Sequence[Bundle]) -> str:
    best = max(bundles, key=lambda one: (one.middle[-1], one.middle[-1] - one.middle[0]))
    start, end = words.number(float(best.middle[0])), words.number(float(best.middle[-1]))
    whose = f" of {best.cell.algorithm}" if len(bundles) > 1 else ""
    return f"{task.measure}{whose} goes from {start} to {end}."


def _how(task: Task, bundles: Sequence[Bundle]) -> str:
    """What is drawn, from how many seeds."""
    sizes = [len(one.table) for one in bundles]
    amount = f"{min(sizes):,}" if min(sizes) == max(sizes) else f"{min(sizes):,} to {max(sizes):,}"
    seeds = f"{amount} seed{'' if max(sizes) == 1 else 's'}{' each' if len(sizes) > 1 else ''}"
    told = f"Interquartile mean over {seeds}, as far as all of them go" if max(sizes) > 3 else f"Mean over {seeds}"
    if max(sizes) == 1:
        told = "One seed" if len(sizes) == 1 else "One seed each"
    draws = max(one.draws for one in bundles)
    band = f"; the band is its pointwise 95 % interval ({draws:,} resamples of the seeds)" if draws else ""
    lacking = sorted({one.cell.algorithm for one in bundles if 1 < len(one.table) < FEWEST_SEEDS}, key=names.natural)
    none = f" No band for {among(lacking)}: of fewer than {FEWEST_SEEDS} seeds it would say little." if lacking else ""
    if lacking and len(lacking) == len(bundles):
        none = f" No band: of fewer than {FEWEST_SEEDS} seeds it would say little."
    thin = ", each seed thin" if max(sizes) > 1 else ""
    smooth = " Each place is the mean of a stretch of the training, where there are more points than can be drawn."
    short = f" {words.count(len(task.short), 'run')} that ended early left out." if task.short else ""
    return f"{told}{thin}{band}.{none}{smooth if _is_dense(task) else ''}{short}"


def _is_dense(task: Task) -> bool:
    return any(len(trial.points(task.measure)[0]) > 100 for cell in task.cells for trial in cell.trials)


# --- other clocks, other curves ---------------------------------------------------------------------------------------


def _by_clock(task: Task, bundles: Sequence[Bundle], clock: Clock, name: str, several: bool) -> Figure | None:
    """Only where every seed tells it: an algorithm would otherwise be judged by some of its seeds."""
    found = [bundle(one.cell, task.measure, clock) for one in bundles]
    kept = [one for one in found if one is not None]
    if len(kept) < len(bundles) or any(len(one.table) < len(b.table) for one, b in zip(kept, bundles, strict=True)):
        return None
    last = max(float(one.x[-1]) for one in kept)
    unit, size = next((u for u in _UNITS if last >= 2 * u[1]), _UNITS[-1]) if name == "time" else ("episodes", 1.0)
    kept = [replace(one, x=one.x / size, seeds=tuple((x / size, y) for x, y in one.seeds)) for one in kept]
    plot = curve_plot(task, list(curve_layers(kept)), unit)
    ends = three(min(float(one.x[-1]) for one in kept)), three(last / size)
    span = f"{ends[0]} {unit}" if ends[0] == ends[1] else f"between {ends[0]} and {ends[1]} {unit}"
    by = "wall time" if name == "time" else "episode"
    caption = f"The same by {by}: all seeds of an algorithm go as far as {span}."
    title = f"{'Success rate' if task.is_share else 'Return'} by {by}"
    return figure_of(task, f"returns-by-{name}", title, caption, plot, several=several, group=_GROUP)


def _both(task: Task, several: bool) -> Figure | None:
    """What is met while learning beside what is judged: exploration lowers the one, unseen levels the other."""
    metric = SUCCESS if task.is_share else RETURN
    found = [f"{split}/{metric}" if split else metric for split in _SPLITS]
    told = [name for name in found if all(t.series(name) for cell in task.cells for t in cell.trials)]
    if len(told) < 2 or len(task.cells) > BOTH_SPLITS:
        return None
    layers, ends = [], []
    for name in reversed(told[:3]):
        dash: Dash = "dashed" if name.startswith("train/") else "solid" if name == told[0] else "dotted"
        for cell in task.cells:
            if one := bundle(cell, name):
                label = f"{cell.algorithm}, {name}" if len(task.cells) > 1 else name
                layers.append(Layer("line", one.x, one.middle, label=label, color=cell.color, dash=dash))
                ends.append(f"{label} ends at {four(float(one.middle[-max(1, len(one.x) // 10) :].mean()))}")
    caption = (
        f"Means over {words.count(task.runs, 'run')}: {', '.join(ends[:4])}. While learning, an agent explores; what "
        "it is judged by may be on levels or starts it has not met."
    )
    plot = curve_plot(task, layers, up=metric)
    return figure_of(
        task, "train-and-evaluation", "Training and evaluation", caption, plot, several=several, group=_GROUP
    )


def _beside(task: Task, metric: str, title: str, several: bool) -> Figure | None:
    """Another curve of the episodes, of the split that is judged where it has one."""
    own = task.measure.rpartition("/")[0]
    wanted = [f"{own}/{metric}" if own else metric, f"train/{metric}", f"val/{metric}", metric]
    name = next((n for n in wanted if any(t.series(n) for cell in task.cells for t in cell.trials)), None)
    if name is None or name == task.measure:
        return None
    found = [one for cell in task.cells if (one := bundle(cell, name))]
    if not found:
        return None
    plot = curve_plot(task, list(curve_layers(found)), up=name, height=220)
    ends = ", ".join(f"{one.cell.algorithm} {four(one.middle[0])} to {four(one.middle[-1])}" for one in found[:4])
    caption = f"{name} over {COUNTED[task.axis]}, from start to end: {ends}."
    return figure_of(task, names.slug(metric), title, caption, plot, several=several, group=_GROUP)
