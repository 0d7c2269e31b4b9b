"""The runs beside each other, and what their seeds say together."""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from dlviz_docs import names, words
from dlviz_docs.insights.estimates import plus_minus
from dlviz_docs.model import Direction, Experiment, Run
from dlviz_docs.renderers.overview.numbers import best, last, length, recorded, seconds
from dlviz_docs.renderers.overview.settings import differing, setting
from dlviz_docs.renderers.overview.tabular import EMPTY, Columns, table, value
from dlviz_docs.view import Cell, Column, Figure

__all__ = ["runs", "seeds"]

ARROWS: Mapping[Direction, str] = {"min": "↓", "max": "↑"}
BETTER: Mapping[Direction, str] = {"min": "Lower is better", "max": "Higher is better"}
SEEDS_FOR_SPREAD = 3
"""Fewer values have no standard deviation worth showing."""
LETTERS = 40
"""Of a setting in the table of runs."""
_NOT_RESULTS = frozenset({"Learning rate", "Speed and system", "Progress", "Gradients and weights"})
_HELD_OUT_FIRST = ("val", "test", "", "train")


def runs(experiment: Experiment, metrics: int, settings: int) -> Figure | None:
    """One row per run: results, the settings that differ, then its history."""
    columns = [
        (Column("Run"), [Cell(run.name, color=run.color) for run in experiment.runs]),
        *_results(experiment, metrics),
        *_settings(experiment.runs, settings),
        *_history(experiment.runs),
    ]
    caption = "Results, what differs between the runs, and how long they took."
    return table("runs", "Runs", caption, "Runs", columns, searchable=True)


def _results(experiment: Experiment, limit: int) -> Columns:
    main = experiment.objective
    if main:
        found = [best(run, experiment) for run in experiment.runs]
        label = f"{main.metric} best {ARROWS[main.direction]}"
        yield Column(label, True, BETTER[main.direction]), [value(number) for number, _ in found]
        yield Column("at", True, "Where the best value was recorded"), [value(step) for _, step in found]
    for name in [*([main.metric] if main else []), *_further_metrics(experiment, limit)]:
        statistics_of = [recorded(run, name) for run in experiment.runs]
        yield Column(f"{name} last", True), [value(one.last) if one else EMPTY for one in statistics_of]


def _further_metrics(experiment: Experiment, limit: int) -> list[str]:
    """Results that most runs have, held-out before training."""
    main = experiment.objective.metric if experiment.objective else ""
    results = (s for run in experiment.runs for s in run.series if s.name != main and _is_result(s.metric))
    split = {series.name: series.split for series in results}
    counts = Counter(s.name for run in experiment.runs for s in run.series if s.name in split)
    return sorted(split, key=lambda name: (-counts[name], _HELD_OUT_FIRST.index(split[name]), name))[:limit]


def _is_result(metric: str) -> bool:
    return names.direction(metric) is not None and names.group(metric) not in _NOT_RESULTS


def _settings(runs: Sequence[Run], limit: int) -> Columns:
    keys = [key for key in differing(runs) if not all(_repeats(run, key) for run in runs)]
    for key in keys[:limit]:
        cells = [_shortened(setting(run.hparams[key])) if key in run.hparams else EMPTY for run in runs]
        yield Column(key, all(cell is EMPTY or cell.sort is not None for cell in cells)), cells


def _shortened(cell: Cell) -> Cell:
    """Long settings would make rows of a table of results as tall as paragraphs; they have tables of their own."""
    if len(cell.text) <= LETTERS:
        return cell
    return replace(
        cell, text=f"{cell.text[: LETTERS - 1].rstrip()}…", sort=cell.text if cell.sort is None else cell.sort
    )


def _repeats(run: Run, key: str) -> bool:
    """Whether a setting says only what another column does."""
    value = run.hparams.get(key)
    return value == run.seed or value in (run.name, run.name.rpartition("/")[2])


def _history(runs: Sequence[Run]) -> Columns:
    yield Column("Group"), [Cell(run.group) if run.group else EMPTY for run in runs]
    yield Column("Seed", True), [EMPTY if run.seed is None else Cell(str(run.seed), run.seed) for run in runs]
    yield Column("Status"), [Cell(run.status) if run.status != "unknown" else EMPTY for run in runs]
    lengths = [length(run) for run in runs]
    axes = {found[1] for found in lengths if found}
    label = f"Last {axes.pop()}" if len(axes) == 1 else "Last step"
    yield Column(label, True), [value(found[0]) if found else EMPTY for found in lengths]
    times = [seconds(run) for run in runs]
    took = Column("Time", True, "From the first to the last recorded point")
    yield took, [Cell(words.duration(time), time) if time else EMPTY for time in times]
    started = [words.date(run.started, time=True).removesuffix(" UTC") for run in runs]
    yield (
        Column("Started", True, "UTC"),
        [EMPTY if day == EMPTY.text else Cell(day, run.started) for day, run in zip(started, runs, strict=True)],
    )


def seeds(experiment: Experiment) -> Figure | None:
    """Mean and standard deviation of the main metric in every group with enough seeds."""
    groups: dict[str, list[Run]] = defaultdict(list)
    for run in experiment.runs:
        if run.group and run.seed is not None:
            groups[run.group].append(run)
    rows = [row for group, members in groups.items() if (row := _seed_row(group, members, experiment))]
    main = experiment.objective
    if not main or not rows:
        return None
    headings = (
        Column("Configuration"),
        Column("Seeds", True),
        Column(f"Best {ARROWS[main.direction]}", True, BETTER[main.direction]),
        Column("Last", True),
    )
    caption = f"{main.metric}: mean ± standard deviation over runs that differ only in their seed."
    return table("seeds", "Across seeds", caption, "Runs", zip(headings, zip(*rows, strict=True), strict=True))


def _seed_row(group: str, members: Sequence[Run], experiment: Experiment) -> tuple[Cell, ...] | None:
    tops = [number for run in members if (number := best(run, experiment)[0]) is not None]
    ends = [number for run in members if (number := last(run, experiment)) is not None and math.isfinite(number)]
    if len(tops) < SEEDS_FOR_SPREAD:
        return None
    return Cell(group, color=members[0].color), Cell(str(len(tops)), len(tops)), _spread(tops), _spread(ends, len(tops))


def _spread(numbers: Sequence[float], expected: int = 0) -> Cell:
    """Mean ± sample standard deviation; says so when some of the runs do not count."""
    if len(numbers) < SEEDS_FOR_SPREAD:
        return EMPTY
    mean, deviation = statistics.fmean(numbers), statistics.stdev(numbers)
    of = f" (n = {len(numbers)})" if expected > len(numbers) else ""
    return Cell(f"{plus_minus(mean, deviation)}{of}", mean)
