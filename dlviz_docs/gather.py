"""Readings become runs, and runs an experiment.

One run: the files of one folder are put under common names, a curve that several files tell is told once, and a
resumed training is spliced: where the step goes back, the later session is kept from its first step.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from dlviz_docs import agents, names
from dlviz_docs.agent_names import RETURN, renamed
from dlviz_docs.model import (
    Artifact,
    BoolArray,
    Direction,
    Experiment,
    Hparam,
    Objective,
    Problem,
    Reading,
    Run,
    Series,
    SourceFile,
    Status,
    best_first,
)
from dlviz_docs.options import About
from dlviz_docs.scan import ExperimentFolder, RunFolder, Source
from dlviz_docs.seeds import group_of, regrouped, seed_told, settings_in
from dlviz_docs.side_by_side import at_steps, side_by_side
from dlviz_docs.splice import LOOKS, merge

__all__ = ["Told", "gather", "gather_runs"]

COLORS = 10
"""So many colours can be told apart."""
_ONE_TRAINING = frozenset({"tensorboard", "hf_trainer"})
"""Several files of these in one folder are sessions of, or looks at, one training."""
_SPLIT_NAMES = (re.compile(r"(?:^|[-_. ])([A-Za-z]+)$"), re.compile(r"^([A-Za-z]+)[-_. ]"))
_OF_A_BATCH = re.compile(r"batch[_/ ]", re.IGNORECASE)
"""Of what an agent learns from, which is not what it meets."""
_ENVIRONMENT = re.compile(r"^(\d+\.)+(?=monitor$)")
"""0.monitor.csv, 1.monitor.csv, and 0.0.monitor.csv of several processes: the environments of one agent."""
_STATUS_ORDER: tuple[Status, ...] = ("failed", "interrupted", "running", "finished")


@dataclass(frozen=True, slots=True)
class Told:
    """One file of a run folder, and what it gave."""

    source: Source
    reading: Reading


# --- one folder of files -> its runs ----------------------------------------------------------------------------------


def gather_runs(folder: RunFolder, told: Sequence[Told], root: str = "") -> tuple[Run, ...]:
    """The runs of one folder, at full resolution; `root` is what source paths are shown relative to."""
    told = _told_once(_without_lone_parts(told))
    shared = [one for one in told if not one.reading.series]
    with_curves = [one for one in told if one.reading.series]
    parcels = _by_run(_restarted(with_curves))
    if not parcels:
        return (_run(folder, "", shared, {}, root),) if _has_content(shared) else ()
    return tuple(
        _run(folder, label, [one for one in told if one in shared or one.source in files], series, root)
        for label, (files, series) in sorted(parcels.items(), key=lambda item: names.natural(item[0]))
    )


def _restarted(told: Sequence[Told]) -> list[Told]:
    """What a writer said it would write again is superseded in its earlier files, even where it never did."""
    result = list(told)
    for i, later in enumerate(told):
        if later.reading.restart is None:
            continue
        for j, earlier in enumerate(result[:i]):
            if (earlier.source.reader, earlier.source.part) == (later.source.reader, later.source.part):
                result[j] = _cut(earlier, later.reading.restart)
    return result


def _cut(told: Told, restart: float) -> Told:
    series = [replace(s, superseded=_or(s.superseded, s.steps >= restart)) for s in told.reading.series]
    return replace(told, reading=replace(told.reading, series=tuple(series)))


def _or(marked: BoolArray | None, more: BoolArray) -> BoolArray | None:
    both = more if marked is None else marked | more
    return both if both.any() else None


def _environment(one: Told) -> str:
    """What a monitor says of the environment it is of; "" for others."""
    return str(one.reading.hparams.get("env_id", "")) if one.source.reader == "monitor" else ""


def _without_lone_parts(told: Sequence[Told]) -> list[Told]:
    """A trainer's states tell of one training unless they name several: the one that its other loggers tell of."""
    parts = {(one.source.reader, series.part) for one in told for series in one.reading.series}
    lone = {reader for reader in LOOKS if sum(other == reader for other, _ in parts) == 1}
    return [_renamed(one) if one.source.reader in lone else one for one in told]


def _renamed(told: Told, part: str = "") -> Told:
    return replace(
        told, reading=replace(told.reading, series=tuple(replace(s, part=part) for s in told.reading.series))
    )


def _told_once(told: Sequence[Told]) -> list[Told]:
    """mmengine writes every line twice: to <time>.json, and to a scalars.json that all sessions of a folder share."""
    return [replace(one, reading=replace(one.reading, series=())) if _is_echo(one, told) else one for one in told]


def _is_echo(one: Told, told: Sequence[Told]) -> bool:
    """Whether a scalars.json holds what the files beside it hold, one after the other."""
    if one.source.relative.rpartition("/")[2] != "scalars.json":
        return False
    beside = [other.reading for other in told if other is not one and _place(other) == _place(one)]
    return bool(beside) and all(_follows(series, beside) for series in one.reading.series)


def _place(one: Told) -> tuple[str, str]:
    return one.source.reader, one.source.part


def _follows(series: Series, readings: Sequence[Reading]) -> bool:
    pieces = [other for reading in readings for other in reading.series if other.name == series.name]
    return (
        sum(map(len, pieces)) == len(series)
        and np.array_equal(np.concatenate([piece.steps for piece in pieces]), series.steps, equal_nan=True)
        and np.array_equal(np.concatenate([piece.values for piece in pieces]), series.values, equal_nan=True)
    )


Parcels: TypeAlias = dict[str, tuple[set[Source], dict[Source, list[Series]]]]
"""By name of the run: the files it is told in, and their curves by file, whose split may have come from its name."""


def _by_run(told: Sequence[Told]) -> Parcels:
    """Which run each curve belongs to: usually one for all; one a file for tables alike; one a part within a file."""
    alike: dict[_Shape, set[str]] = defaultdict(set)
    counts = Counter(_shape(one) for one in told)
    environments: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in told:
        if found := _environment(one):
            environments[_place(one)].add(found)
        alike[_shape(one)].add(_stem(one.source)[0])
    parcels: Parcels = {}
    for one in told:
        beside = counts[_shape(one)] > 1 and one.source.reader not in _ONE_TRAINING
        stem, split = _stem(one.source) if beside else ("", _only_split(one.source))
        if len(alike[_shape(one)]) == 1:
            stem = ""  # the monitors of one agent, the splits of one training
        if len(environments[_place(one)]) > 1:
            stem = _environment(one)  # nobody learns two tasks in one folder, but two agents may log there
        source = replace(one.source, split=one.source.split or split)
        for series in one.reading.series:
            label = "/".join(piece for piece in (stem, series.part) if piece)
            files, by_source = parcels.setdefault(label, (set(), {}))
            files.add(one.source)
            by_source.setdefault(source, []).append(series)
    return _without_lone_part(parcels)


def _without_lone_part(parcels: Parcels) -> Parcels:
    return {"": next(iter(parcels.values()))} if len(parcels) == 1 else parcels


_Shape: TypeAlias = tuple[str, str, frozenset[str]]


def _shape(one: Told) -> _Shape:
    """Files of one format in one folder with the same columns are runs beside each other."""
    return one.source.reader, one.source.part, frozenset(series.name for series in one.reading.series)


def _stem(source: Source) -> tuple[str, str]:
    """What a file's name says beside others alike: its run, and its split ("progress-train.csv")."""
    stem = source.relative.rpartition("/")[2].rpartition(".")[0]
    for pattern in _SPLIT_NAMES:
        if (match := pattern.search(stem)) and (split := names.split_of_folder(match[1])):
            return stem[: match.start()] + stem[match.end() :], split
    return _ENVIRONMENT.sub("", stem), ""


def _only_split(source: Source) -> str:
    """The split of a table that is called for nothing else: eval.csv beside a train.csv with other columns."""
    return names.split_of_folder(source.relative.rpartition("/")[2].rpartition(".")[0])


def _has_content(told: Iterable[Told]) -> bool:
    readings = [one.reading for one in told]
    return any(r.artifacts or r.hparams or r.media or r.problems or r.status != "unknown" for r in readings)


def _run(
    folder: RunFolder, label: str, told: Sequence[Told], series: Mapping[Source, Sequence[Series]], root: str
) -> Run:
    name = "/".join(part for part in ("" if folder.is_experiment and label else folder.name, label) if part)
    readings = [one.reading for one in told]
    merged = merge(side_by_side(at_steps(_commonly_named(_named(series, root)))))
    times = [s.times for s in merged if s.times is not None and len(s)]
    hparams = _settings(folder.name, told)
    seed, why = seed_told(name, hparams)
    return Run(
        name=name,
        slug=names.exact_slug(folder.name, label),
        series=merged,
        hparams=hparams,
        artifacts=_artifacts(told, root),
        media=dict(sum((Counter(reading.media) for reading in readings), Counter())),
        texts={tag: text for reading in readings for tag, text in reading.texts.items()},
        objective=next((reading.objective for reading in readings if reading.objective), None),
        status=next((s for s in _STATUS_ORDER if any(reading.status == s for reading in readings)), "unknown"),
        started=min([*(float(t.min()) for t in times), *(r.started for r in readings if r.started)], default=None),
        ended=max([*(float(t.max()) for t in times), *(r.ended for r in readings if r.ended)], default=None),
        seed=seed,
        evidence={"seed": why} if why else {},
        group=group_of(name, seed),
        sources=tuple(_source_file(one, root) for one in told),
        problems=tuple(problem for reading in readings for problem in reading.problems),
    )


def _settings(name: str, told: Sequence[Told]) -> dict[str, Hparam]:
    """Of all files, the later before the earlier; what a model was saved with, and a name, where no file says more."""
    saved, written = (
        {
            key: value
            for one in told
            if (one.source.reader == "checkpoint") is of_model
            for key, value in one.reading.hparams.items()
        }
        for of_model in (True, False)
    )
    return saved | settings_in(name) | written


def _artifacts(told: Sequence[Told], root: str) -> tuple[Artifact, ...]:
    found = [replace(a, path=_relative(one.source.relative, root)) for one in told for a in one.reading.artifacts]
    return tuple(sorted(found, key=lambda artifact: (artifact.kind, names.natural(artifact.path))))


def _source_file(one: Told, root: str) -> SourceFile:
    signature = one.source.signature
    modified = signature.mtime_ns / 1e9
    return SourceFile(
        _relative(one.source.relative, root), signature.size, modified, one.source.reader, one.reading.writer
    )


def _relative(path: str, root: str) -> str:
    return path.removeprefix(f"{root}/") if root and root != "." else path


# --- names, and one curve out of several files ------------------------------------------------------------------------


def _named(series: Mapping[Source, Sequence[Series]], root: str) -> list[tuple[Source, Series]]:
    """Every series with its name, and the file it came from. Names are agreed on within one format and folder."""
    beside: dict[tuple[str, str, str], list[tuple[Source, Series]]] = defaultdict(list)
    for source, found in series.items():
        beside[source.split, source.part, source.reader].extend((source, one) for one in found)
    result = []
    for (split, _, _), members in beside.items():
        raw = list(dict.fromkeys(one.raw_name for _, one in members if one.name == one.raw_name))
        canonical = names.canonical(raw, split)
        for source, one in members:
            name = canonical[one.raw_name] if one.name == one.raw_name else one.name
            name = _of_several(one.raw_name, source) or name
            result.append((source, replace(one, name=name, source=_relative(source.relative, root))))
    return result


def _commonly_named(named: Sequence[tuple[Source, Series]]) -> list[tuple[Source, Series]]:
    """Where an agent learns, its curves under the names that they have whoever wrote them."""
    own = [_monitored(source, series) for source, series in named]
    common = renamed(list(dict.fromkeys(s.name for _, s in own if not _OF_A_BATCH.match(s.raw_name))))
    by_raw = {series.raw_name: common[series.name] for _, series in own if series.name in common}

    def new(series: Series) -> str:
        """Ray's progress.csv knows no evaluation, and so no training: its curves are still those of result.json."""
        other = by_raw.get(series.raw_name, "")
        same = bool(other) and renamed([series.name]).get(series.name) == other
        return common.get(series.name) or (other if same else series.name)

    return [(source, replace(series, name=new(series))) for source, series in own]


def _monitored(source: Source, series: Series) -> tuple[Source, Series]:
    """The curve under the split of its folder: eval/monitor.csv is no training."""
    if source.reader == "monitor" and source.split and series.split:
        return source, replace(series, name=f"{source.split}/{series.metric}")
    return source, series


def _of_several(tag: str, source: Source) -> str:
    """The name of a curve that `add_scalars` put into a folder of its own: "loss_train loss/" holds train/loss."""
    head, place = f"{tag}_".replace("/", "_"), source.part.replace("/", "_")
    if source.reader != "tensorboard" or source.split or not place.startswith(head):
        return ""
    curve = place.removeprefix(head)
    split, slash, metric = names.canonical([curve])[curve].partition("/")
    if not (slash and names.split_of_folder(split)):
        return f"{tag}/{curve}"
    return f"{split}/{tag}" if metric.lower() in tag.lower() else f"{split}/{tag}/{metric}"


# --- runs -> experiment -----------------------------------------------------------------------------------------------


def gather(
    folder: ExperimentFolder, runs: Sequence[Run], about: About, story: str, problems: Iterable[Problem] = ()
) -> Experiment:
    """One experiment: its runs in natural order, each with its colour, and the metric they are judged by."""
    ordered = sorted(runs, key=lambda run: names.natural(run.name))
    ordered = agents.placed(regrouped(ordered), f"{folder.relative}/{folder.name}")
    groups = Counter(run.group for run in ordered)
    objective = _objective(about, ordered)
    colors = _colors(ordered, objective)
    placed = tuple(
        replace(run, color=color, group=run.group if groups[run.group] > 1 else "")
        for run, color in zip(ordered, colors, strict=True)
    )
    return Experiment(
        slug=folder.slug,
        title=about.title or folder.name,
        path=folder.relative,
        runs=placed,
        description=about.description,
        tags=about.tags,
        authors=about.authors,
        model=about.model,
        inputs=about.inputs,
        story=story,
        objective=objective,
        problems=tuple(problems),
        scores=about.scores,
    )


def _colors(runs: Sequence[Run], objective: Objective | None) -> list[int]:
    """Places in the palette: in order, but the best first where there are more runs than colours: those are drawn."""
    ordered = runs if len(runs) <= COLORS else best_first(runs, objective)
    places = {id(run): place for place, run in enumerate(ordered)}
    return [places[id(run)] for run in runs]


def _objective(about: About, runs: Sequence[Run]) -> Objective | None:
    if about.metric:
        direction: Direction = about.direction or names.direction(about.metric) or "max"
        return Objective(about.metric, direction, "experiment.yml")
    told = next((run.objective for run in runs if run.objective), None)
    return told or _guess(runs)


_LESSER = re.compile(r"(^|[/_])(precision|recall|max|min|best)([^a-z]|(?=[A-Z])|$)", re.IGNORECASE)
"""Half a judgement (precision is had for nothing at the cost of recall), or an extreme beside a mean."""


def _guess(runs: Sequence[Run]) -> Objective | None:
    """The series most runs are likely to be judged by: held-out before training, quality before loss."""
    counts = Counter(series.name for run in runs for series in run.series if len(series))
    candidates = [(name, better) for name in counts if (better := names.direction(name))]
    if not candidates:
        return None

    def rank(candidate: tuple[str, Direction]) -> tuple[int, int, int, int, str]:
        name = candidate[0]
        split = {"val": 0, "metrics": 0, "test": 1}.get(name.partition("/")[0], 2)  # YOLO validates "metrics/mAP50"
        kind = {"Quality": 0, "Reward": 0, "Loss": 2}.get(names.group(name), 3)
        if _LESSER.search(name):
            kind += 1
        if name.rpartition("/")[2] == RETURN:
            kind = -1  # before the means over windows of episodes that stand beside it
        return -(counts[name] * 2 >= len(runs)), split, kind, len(name), name

    name, better = min(candidates, key=rank)
    return Objective(name, better, "its name")
