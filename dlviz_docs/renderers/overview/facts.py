"""The experiment as a whole, at a glance."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from dlviz_docs import words
from dlviz_docs.model import Experiment, Run
from dlviz_docs.renderers.overview.numbers import best, length, seconds
from dlviz_docs.renderers.overview.tabular import table
from dlviz_docs.view import Cell, Column, Figure

__all__ = ["facts"]


def facts(experiment: Experiment) -> Figure | None:
    """What the files say; a fact nobody recorded has no row."""
    runs = experiment.runs
    told = [
        *_best(experiment),
        ("Runs", f"{len(runs):,}" if runs else ""),
        ("Status", _tally(run.status for run in runs if run.status != "unknown")),
        ("Seeds", _seeds(runs)),
        ("Length", _length(runs)),
        ("Training time", _time(runs)),
        ("Recorded", _days(runs)),
        ("Written by", ", ".join(sorted({s.writer for run in runs for s in run.sources if s.writer}))),
        ("Checkpoints", _checkpoints(runs)),
        ("In the logs, not shown", _media(runs)),
    ]
    known = [(label, fact) for label, fact in told if fact]
    columns = [
        (Column("Fact"), [Cell(label) for label, _ in known]),
        (Column("Value"), [Cell(fact) for _, fact in known]),
    ]
    return table("facts", "At a glance", "What the files say about the experiment as a whole.", "At a glance", columns)


def _best(experiment: Experiment) -> Iterator[tuple[str, str]]:
    objective = experiment.objective
    found = [
        (value, step, run) for run in experiment.runs for value, step in [best(run, experiment)] if value is not None
    ]
    if objective is None or not found or not experiment.has_one_scale:
        return
    value, step, run = (min if objective.direction == "min" else max)(found, key=lambda one: one[0])
    series = run.get(objective.metric)
    where = f"{series.axis} {words.number(step)}" if series else ""
    of = f"{run.name}, {where}" if len(experiment.runs) > 1 else f"at {where}"
    yield f"Best {objective.metric}", f"{words.number(value)} ({of})"


def _tally(status: Iterable[str]) -> str:
    return ", ".join(f"{amount:,} {word}" for word, amount in Counter(status).most_common())


def _seeds(runs: Sequence[Run]) -> str:
    grouped = [run for run in runs if run.group and run.seed is not None]
    if not grouped:
        return ""
    seeds, groups = {run.seed for run in grouped}, {run.group for run in grouped}
    return f"{words.count(len(seeds), 'seed')}, {words.count(len(groups), 'configuration')}"


def _length(runs: Sequence[Run]) -> str:
    lengths = [found for run in runs if (found := length(run))]
    if not lengths:
        return ""
    axis = Counter(axis for _, axis in lengths).most_common(1)[0][0]
    ends = [end for end, counted in lengths if counted == axis]
    low, high = words.number(min(ends)), words.number(max(ends))
    return f"to {axis} {low}" if low == high else f"to {axis} {low}–{high}"


def _time(runs: Sequence[Run]) -> str:
    times = [time for run in runs if (time := seconds(run))]
    if not times:
        return ""
    whole = words.duration(sum(times))
    return whole if len(times) == 1 else f"{whole} in all, {words.duration(statistics.median(times))} per run (median)"


def _days(runs: Sequence[Run]) -> str:
    first = words.date(min((run.started for run in runs if run.started is not None), default=None))
    last = words.date(max((run.ended for run in runs if run.ended is not None), default=None))
    return " to ".join(day for day in dict.fromkeys((first, last)) if day != "–")


def _checkpoints(runs: Sequence[Run]) -> str:
    sizes = [artifact.size for run in runs for artifact in run.artifacts if artifact.kind == "checkpoint"]
    return f"{len(sizes):,} ({words.size(sum(sizes))})" if sizes else ""


def _media(runs: Sequence[Run]) -> str:
    """By the readers' words, "pr_curve"; what stands in a log and on no page is at least counted."""
    amounts = sum((Counter(run.media) for run in runs), Counter[str]())
    return ", ".join(f"{kind.replace('_', ' ')} ({amount:,})" for kind, amount in sorted(amounts.items()))
