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
from numpy.typing import NDArray

from dlviz_docs import names
from dlviz_docs.model import (
    Artifact,
    BoolArray,
    Direction,
    Experiment,
    FloatArray,
    Hparam,
    Objective,
    Problem,
    Reading,
    Recorded,
    Run,
    Series,
    SourceFile,
    Status,
)
from dlviz_docs.options import About
from dlviz_docs.scan import ExperimentFolder, RunFolder, Source

__all__ = ["Told", "gather", "gather_runs"]

MANY_RESTARTS = 20
"""More steps back than this are no resumed training but interleaved writers; the points are sorted instead."""

_ONE_TRAINING = frozenset({"tensorboard", "hf_trainer"})
"""Several files of these in one folder are sessions of, or looks at, one training."""
_SESSIONS = frozenset({"tensorboard"})
"""Files of these in one folder are one log, continued."""
_LOOKS = frozenset({"hf_trainer"})
"""Each file of these tells the training from its start: the longest is enough."""
_SPLIT_NAMES = (re.compile(r"(?:^|[-_. ])([A-Za-z]+)$"), re.compile(r"^([A-Za-z]+)[-_. ]"))
_ENVIRONMENT = re.compile(r"^\d+\.(?=monitor$)")
"""0.monitor.csv, 1.monitor.csv: the environments of one agent."""
_SEED_KEY = re.compile(r"(^|[._/])(random_?)?seed$", re.IGNORECASE)
_SEED_NAME = re.compile(r"(?:[-_/. ]|^)(?:seed|s)[-_=]?(\d+)(?=$|[-_/. ])", re.IGNORECASE)
_SEED_WORD = re.compile(r"(?:^|[-_/. ])seed[-_=]?(\d+)(?=$|[-_/. ])", re.IGNORECASE)
_STATUS_ORDER: tuple[Status, ...] = ("failed", "interrupted", "running", "finished")


@dataclass(frozen=True, slots=True)
class Told:
    """One file of a run folder, and what it gave."""

    source: Source
    reading: Reading


# --- one folder of files -> its runs ----------------------------------------------------------------------------------


def gather_runs(folder: RunFolder, told: Sequence[Told], root: str = "") -> tuple[Run, ...]:
    """The runs of one folder, at full resolution; `root` is what source paths are shown relative to."""
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


Parcels: TypeAlias = dict[str, tuple[set[Source], dict[Source, list[Series]]]]
"""By name of the run: the files it is told in, and their curves by file, whose split may have come from its name."""


def _by_run(told: Sequence[Told]) -> Parcels:
    """Which run each curve belongs to: usually one for all; one a file for tables alike; one a part within a file."""
    alike = Counter(_shape(one) for one in told)
    parcels: Parcels = {}
    for one in told:
        beside = alike[_shape(one)] > 1 and one.source.reader not in _ONE_TRAINING
        stem, split = _stem(one.source) if beside else ("", "")
        source = replace(one.source, split=one.source.split or split)
        for series in one.reading.series:
            label = "/".join(piece for piece in (stem, series.part) if piece)
            files, by_source = parcels.setdefault(label, (set(), {}))
            files.add(one.source)
            by_source.setdefault(source, []).append(series)
    return _without_lone_part(parcels)


def _without_lone_part(parcels: Parcels) -> Parcels:
    return {"": next(iter(parcels.values()))} if len(parcels) == 1 else parcels


def _shape(one: Told) -> tuple[str, str, frozenset[str]]:
    """Files of one format in one folder with the same columns are runs beside each other."""
    return one.source.reader, one.source.part, frozenset(series.raw_name for series in one.reading.series)


def _stem(source: Source) -> tuple[str, str]:
    """What a file's name says beside others alike: its run, and its split ("progress-train.csv")."""
    stem = source.relative.rpartition("/")[2].rpartition(".")[0]
    for pattern in _SPLIT_NAMES:
        if (match := pattern.search(stem)) and (split := names.split_of_folder(match[1])):
            return stem[: match.start()] + stem[match.end() :], split
    return _ENVIRONMENT.sub("", stem), ""


def _has_content(told: Iterable[Told]) -> bool:
    return any(t.reading.artifacts or t.reading.hparams or t.reading.media or t.reading.problems for t in told)


def _run(
    folder: RunFolder, label: str, told: Sequence[Told], series: Mapping[Source, Sequence[Series]], root: str
) -> Run:
    name = "/".join(part for part in ("" if folder.is_experiment and label else folder.name, label) if part)
    readings = [one.reading for one in told]
    merged = _merge(_named(series, root))
    times = [s.times for s in merged if s.times is not None and len(s)]
    hparams = {key: value for reading in readings for key, value in reading.hparams.items()}
    seed = _seed(name, hparams)
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
        started=min((float(t.min()) for t in times), default=None),
        ended=max((float(t.max()) for t in times), default=None),
        seed=seed,
        group=_SEED_NAME.sub("", name).strip("/-_. ") or "all seeds" if seed is not None else name,
        sources=tuple(_source_file(one, root) for one in told),
        problems=tuple(problem for reading in readings for problem in reading.problems),
    )


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


def _seed(name: str, hparams: Mapping[str, Hparam]) -> int | None:
    if match := _SEED_WORD.search(name):
        return int(match[1])  # closer to the run than settings it may share with its siblings
    for key, value in hparams.items():
        if _SEED_KEY.search(key) and isinstance(value, int) and not isinstance(value, bool):
            return value
    match = _SEED_NAME.search(name)
    return int(match[1]) if match else None


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
            result.append((source, replace(one, name=name, source=_relative(source.relative, root))))
    return result


def _merge(named: Sequence[tuple[Source, Series]]) -> tuple[Series, ...]:
    by_name: dict[str, dict[str, list[tuple[Source, Series]]]] = defaultdict(lambda: defaultdict(list))
    for source, series in named:
        by_name[series.name][source.reader].append((source, series))
    merged: list[Series] = []
    for by_reader in by_name.values():
        told = [_of_one_reader(reader, pieces) for reader, pieces in by_reader.items()]
        # Two loggers of one training (trainer_state.json and event files): the one that tells more.
        richest = max(told, key=lambda curves: len(curves[0]))
        merged += richest
    return tuple(sorted(merged, key=lambda series: names.natural(series.name)))


def _of_one_reader(reader: str, pieces: Sequence[tuple[Source, Series]]) -> list[Series]:
    """One curve, the longest first; more than one where files of a folder tell different curves by the same name."""
    by_place: dict[str, list[Series]] = defaultdict(list)
    for source, series in pieces:
        one_log = reader in _SESSIONS or series.axis == "episode"
        by_place[source.part if one_log else source.path].append(series)
    curves = sorted(_without_repetitions([_join(found) for found in by_place.values()]), key=len, reverse=True)
    first, *others = curves
    if reader in _LOOKS:
        return [first]
    return [first, *(replace(one, name=f"{one.name} ({one.source})") for one in others)]


def _join(pieces: Sequence[Series]) -> Series:
    """One curve out of the files of one format, in their order."""
    whole = pieces[0] if len(pieces) == 1 else _concatenate(pieces)
    if len(pieces) > 1 and whole.axis == "episode" and whole.times is not None:
        whole = _in_parallel(whole, whole.times)
    back = np.flatnonzero(np.diff(whole.steps) < 0) + 1
    if len(back) > MANY_RESTARTS:
        return replace(whole, recorded=_recorded(whole, whole.superseded)).take(np.argsort(whole.steps, kind="stable"))
    superseded = _superseded(whole, back)
    return replace(whole, superseded=superseded, recorded=_recorded(whole, superseded))


def _in_parallel(series: Series, times: FloatArray) -> Series:
    """Episodes of environments that ran side by side: in order of time, and counted anew."""
    ordered = series.take(np.argsort(times, kind="stable"))
    return replace(ordered, steps=np.arange(len(ordered), dtype=np.float64) + series.steps.min())


def _without_repetitions(curves: Sequence[Series]) -> list[Series]:
    return [curve for i, curve in enumerate(curves) if not _told_again(i, curves)]


def _told_again(index: int, pieces: Sequence[Series]) -> bool:
    """Whether another piece begins with all of this one: checkpoint-500/ beside checkpoint-1000/."""
    piece = pieces[index]
    n = len(piece)
    for other_index, other in enumerate(pieces):
        longer = len(other) > n or (len(other) == n and other_index > index)
        same = longer and np.array_equal(other.steps[:n], piece.steps)
        if same and np.array_equal(other.values[:n], piece.values, equal_nan=True):
            return True
    return False


def _concatenate(pieces: Sequence[Series]) -> Series:
    def optional(name: str) -> FloatArray | None:
        arrays = [getattr(piece, name) for piece in pieces]
        return None if any(array is None for array in arrays) else np.concatenate(arrays)

    marked = [np.zeros(len(p), bool) if p.superseded is None else p.superseded for p in pieces]
    return replace(
        pieces[0],
        steps=np.concatenate([piece.steps for piece in pieces]),
        values=np.concatenate([piece.values for piece in pieces]),
        times=optional("times"),
        epochs=optional("epochs"),
        superseded=np.concatenate(marked) if any(m.any() for m in marked) else None,
        source=", ".join(dict.fromkeys(piece.source for piece in pieces)),
    )


def _superseded(series: Series, back: NDArray[np.intp]) -> BoolArray | None:
    """Points that a later session wrote again: at every step back, all before it at or past that step."""
    if not len(back):
        return series.superseded
    steps = series.steps
    marked = np.zeros(len(steps), bool) if series.superseded is None else series.superseded.copy()
    for restart in back:
        marked[:restart] |= steps[:restart] >= steps[restart]
    return marked


def _recorded(series: Series, superseded: BoolArray | None) -> Recorded:
    values, steps = series.values, series.steps
    finite = np.flatnonzero(np.isfinite(values))
    known = values if len(finite) == len(values) else values[finite]
    low = finite[int(known.argmin())] if len(finite) else None
    high = finite[int(known.argmax())] if len(finite) else None
    return Recorded(
        count=len(values),
        nonfinite=len(values) - len(finite),
        first_step=float(steps[0]) if len(steps) else None,
        last_step=float(steps[-1]) if len(steps) else None,
        first=float(values[0]) if len(values) else None,
        last=float(values[-1]) if len(values) else None,
        min=None if low is None else float(values[low]),
        min_step=None if low is None else float(steps[low]),
        max=None if high is None else float(values[high]),
        max_step=None if high is None else float(steps[high]),
        superseded=0 if superseded is None else int(superseded.sum()),
    )


# --- runs -> experiment -----------------------------------------------------------------------------------------------


def gather(
    folder: ExperimentFolder, runs: Sequence[Run], about: About, story: str, problems: Iterable[Problem] = ()
) -> Experiment:
    """One experiment: its runs in natural order, each with its colour, and the metric they are judged by."""
    ordered = sorted(runs, key=lambda run: names.natural(run.name))
    groups = Counter(run.group for run in ordered)
    placed = tuple(
        replace(run, color=index, group=run.group if groups[run.group] > 1 else "") for index, run in enumerate(ordered)
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
        objective=_objective(about, placed),
        problems=tuple(problems),
    )


def _objective(about: About, runs: Sequence[Run]) -> Objective | None:
    if about.metric:
        direction: Direction = about.direction or names.direction(about.metric) or "max"
        return Objective(about.metric, direction, "experiment.yml")
    told = next((run.objective for run in runs if run.objective), None)
    return told or _guess(runs)


def _guess(runs: Sequence[Run]) -> Objective | None:
    """The series most runs are likely to be judged by: held-out before training, quality before loss."""
    counts = Counter(series.name for run in runs for series in run.series if len(series))
    candidates = [(name, better) for name in counts if (better := names.direction(name))]
    if not candidates:
        return None

    def rank(candidate: tuple[str, Direction]) -> tuple[int, int, int, int, str]:
        name = candidate[0]
        split = {"val": 0, "test": 1}.get(name.partition("/")[0], 2)
        kind = {"Quality": 0, "Reward": 0, "Loss": 1}.get(names.group(name), 2)
        return -(counts[name] * 2 > len(runs)), split, kind, len(name), name

    name, better = min(candidates, key=rank)
    return Objective(name, better, "its name")
