"""The index of experiments, from entries that are kept between builds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from dlviz_docs import words
from dlviz_docs.compose.templating import render
from dlviz_docs.model import Experiment, FloatArray, Objective, Problem, Run
from dlviz_docs.view import IndexEntry, Page, Section

__all__ = ["compose_index", "index_entry"]

CURVE_STRETCHES = 32
"""A thumbnail keeps the lowest and the highest value of each stretch."""
MAIN_TOPICS = ("results", "rl")
"""What an experiment comes to; without these, the facts of another."""
FACTS = 3
"""Of one experiment; the others are counted."""
CHIPS = 16
"""Tags offered for filtering, the most frequent ones; the search field finds all."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A button that shows only experiments of one tag or status."""

    kind: Literal["tag", "status"]
    label: str
    amount: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `chips` are the places of its chips in the list of all."""

    entry: IndexEntry
    chips: tuple[int, ...]
    curve: FloatArray


def index_entry(experiment: Experiment, sections: Sequence[Section] = ()) -> IndexEntry:
    """The experiment's line in the index; `sections` are those of its data, predictions and models."""
    runs = experiment.runs
    shown = [insight for section in sections for insight in section.insights]
    by_topic = {section.topic: section.facts for section in sections if section.facts}
    main = (by_topic[topic] for topic in MAIN_TOPICS if topic in by_topic)
    facts = next(main, None) or next(reversed(by_topic.values()), ())
    statuses = Counter(run.status for run in runs if run.status != "unknown")
    found = [insight for run in runs for insight in run.insights] + shown
    entry = IndexEntry(
        slug=experiment.slug,
        title=experiment.title,
        description=experiment.description,
        tags=experiment.tags,
        runs=len(runs),
        statuses=tuple(statuses.most_common()),
        date=_date(runs),
        findings=len([insight for insight in found if insight.severity != "info"]),
        problems=len([*experiment.problems, *_problems(runs), *_problems(sections)]),
        facts=facts[:FACTS],
        more_facts=len(facts[FACTS:]),
    )
    judged = experiment.objective if experiment.has_one_scale else None
    return _with_best(entry, judged, runs) if judged else entry


def _problems(parts: Sequence[Run] | Sequence[Section]) -> Iterator[Problem]:
    for part in parts:
        yield from part.problems


def _with_best(entry: IndexEntry, objective: Objective, runs: Sequence[Run]) -> IndexEntry:
    """The entry with its main metric, from the run that has the best value."""
    entry = replace(entry, metric=objective.metric, direction=objective.direction)
    found = [
        (value, run, series)
        for run in runs
        if (series := run.get(objective.metric)) and (value := series.best(objective.direction)[0]) is not None
    ]
    if not found:
        return entry
    value, run, series = (min if objective.direction == "min" else max)(found, key=lambda one: one[0])
    last = series.recorded.last if series.recorded else None
    return replace(entry, best=value, best_run=run.name, color=run.color, last=last, curve=_thumbnail(series.values))


def _thumbnail(values: FloatArray) -> tuple[float, ...]:
    """Few enough points to keep, with the lowest and the highest of each stretch in their order."""
    finite = values[np.isfinite(values)]
    if len(finite) <= 2 * CURVE_STRETCHES:
        return tuple(finite.tolist())
    extremes: list[float] = []
    for stretch in np.array_split(finite, CURVE_STRETCHES):
        extremes += stretch[sorted((int(stretch.argmin()), int(stretch.argmax())))].tolist()
    return tuple(extremes)


def _date(runs: Sequence[Run]) -> float | None:
    ended = [run.ended for run in runs if run.ended is not None]
    return max(ended or [source.modified for run in runs for source in run.sources], default=None)


def compose_index(entries: Sequence[IndexEntry], *, title: str, problems: Sequence[Problem] = ()) -> Page:
    """All experiments, the latest first."""
    ordered = sorted(entries, key=lambda entry: (-(entry.date or 0.0), entry.title, entry.slug))
    chips = [*_tag_chips(ordered), *_status_chips(ordered)]
    runs = sum(entry.runs for entry in entries)
    summary = f"{words.count(len(entries), 'experiment')}, {words.count(runs, 'run')}"
    body = render(
        "pages/index.html.j2",
        title=title,
        summary=summary,
        rows=[_row(entry, chips) for entry in ordered],
        chips=chips,
        problems=problems,
    )
    return Page("index.html", title, f"{title}: {summary}.", str(body), topic="index")


def _tag_chips(entries: Sequence[IndexEntry]) -> Iterator[Chip]:
    tags = Counter(tag for entry in entries for tag in dict.fromkeys(entry.tags))
    yield from (Chip("tag", tag, amount) for tag, amount in tags.most_common(CHIPS))


def _status_chips(entries: Sequence[IndexEntry]) -> Iterator[Chip]:
    """None where they would not tell experiments apart."""
    statuses = Counter(status for entry in entries for status, _ in entry.statuses)
    if any(amount < len(entries) for amount in statuses.values()):
        yield from (Chip("status", status, amount) for status, amount in statuses.most_common())


def _row(entry: IndexEntry, chips: Sequence[Chip]) -> Row:
    own = {("tag", tag) for tag in entry.tags} | {("status", status) for status, _ in entry.statuses}
    places = tuple(place for place, chip in enumerate(chips) if (chip.kind, chip.label) in own)
    return Row(entry, places, np.array(entry.curve, dtype=np.float64))
