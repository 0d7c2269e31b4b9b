"""The line from a folder on disk to a site, and the one place that knows what runs where and what comes from the cache.

    scan ─► digest (a run's files, read once, in a worker) ─► present (an experiment's pages, in a worker) ─► Site

Only what changed is done again: a digest is kept by the content of its files, an experiment's pages by its digests.
Here, and only here, an exception becomes a `Problem`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeVar

from dlviz_docs import cache as caching
from dlviz_docs import report
from dlviz_docs.cache import Cache, Ledger
from dlviz_docs.compose import IndexEntry, assets, compose_experiment, compose_index, index_entry
from dlviz_docs.errors import DlvizError, ReadError
from dlviz_docs.gather import Told, gather, gather_runs
from dlviz_docs.model import Experiment, Insight, Problem, Reading, Run, Series
from dlviz_docs.options import Options, Selection
from dlviz_docs.readers import Reader
from dlviz_docs.registry import load_readers, load_renderers
from dlviz_docs.renderers import Renderer
from dlviz_docs.scan import ExperimentFolder, RunFolder, Scan, Source, scan
from dlviz_docs.view import Asset, Figure, NavItem, Page, Section, Site
from dlviz_docs.workers import Failure, Limits, run_jobs

__all__ = ["Progress", "build", "find", "survey"]

J = TypeVar("J")

POINTS = ((50, 2000), (400, 500))
"""Points a curve keeps for its pictures, by the number of run folders in the experiment."""
FEWEST_POINTS = 125


class Progress(Protocol):
    """Told what is being done; the command line draws it."""

    def __call__(self, step: str, done: int, total: int) -> None: ...


def _silent(step: str, done: int, total: int) -> None:
    """Progress nobody watches."""


def build(root: Path, options: Options, cache_dir: Path, progress: Progress = _silent) -> Site:
    """The site of everything under `root`. Never writes there; results are kept in `cache_dir`."""
    engine = _Engine(options, Cache(cache_dir), progress)
    found, problems = find(root, options)
    shown = [p for p in engine.present(found, engine.digest(found)) if p is not None]
    entries = [presentation.entry for presentation in shown]
    problems += tuple(problem for presentation in shown for problem in presentation.problems)
    index = compose_index(entries, title=options.section, problems=problems)
    document = report.document([json.loads(presentation.report) for presentation in shown])
    data = [Asset(path, engine.cache.path(name, ".js")) for p in shown for path, name in p.scripts]
    return Site(
        pages=(index, *(page for presentation in shown for page in presentation.pages)),
        assets=(*assets(), *data, Asset("experiments.json", json.dumps(document, indent=1).encode())),
        nav=tuple(_nav(presentation.pages) for presentation in shown),
        problems=problems,
    )


def find(root: Path, options: Options) -> tuple[Scan, tuple[Problem, ...]]:
    """What the folder holds by its names, and which readers could not be loaded."""
    readers, problems = load_readers(options.readers)
    if not root.is_dir():
        raise DlvizError(f"{root} is not a folder. Name the folder that holds your runs.")
    return scan(root, readers, options.exclude), problems


def survey(root: Path, options: Options, cache_dir: Path, progress: Progress = _silent) -> Iterator[Experiment]:
    """Every experiment read and gathered, nothing drawn."""
    engine = _Engine(options, Cache(cache_dir), progress)
    found, _ = find(root, options)
    digests = engine.digest(found)
    for folder in found.experiments:
        yield _gathered(folder, *_load(engine.cache, digests, folder))


def _nav(pages: Sequence[Page]) -> NavItem:
    first, *rest = pages
    return NavItem(first.title, first.path, tuple(NavItem(page.title, page.path) for page in rest))


# --- the steps as jobs ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _DigestJob:
    """One run folder to read."""

    experiment: str
    root: str
    folder: RunFolder
    readers: Selection
    points: int
    cache: str

    def name(self, contents: Sequence[str]) -> str:
        sources = [
            (s.relative, s.reader, s.split, s.part, c) for s, c in zip(self.folder.sources, contents, strict=True)
        ]
        return caching.key("digest", self.experiment, self.root, self.folder.name, self.readers, self.points, sources)


@dataclass(frozen=True, slots=True)
class _Digest:
    """The runs of one folder, thinned, and where every point of each lies in the cache."""

    runs: tuple[Run, ...]
    scripts: tuple[tuple[str, str], ...]
    """Slug of the run, name in the cache."""


@dataclass(frozen=True, slots=True)
class _Digested:
    """What a worker says when a digest lies in the cache."""

    name: str
    contents: tuple[str, ...]
    settled: bool
    """False when a file changed while it was read: the digest holds for now, but not for the next build."""


@dataclass(frozen=True, slots=True)
class _PresentJob:
    """One experiment to draw."""

    folder: ExperimentFolder
    digests: tuple[str, ...]
    problems: tuple[Problem, ...]
    renderers: Selection
    cache: str
    name: str


@dataclass(frozen=True, slots=True)
class _Presentation:
    """All that the site needs of one experiment."""

    pages: tuple[Page, ...]
    entry: IndexEntry
    report: str
    scripts: tuple[tuple[str, str], ...]
    """Path in the site, name in the cache."""
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class _Digests:
    """By experiment: names in the cache, and what went wrong on the way."""

    names: dict[str, list[str]] = field(default_factory=dict)
    problems: dict[str, list[Problem]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Engine:
    """The line with its options, cache and workers."""

    options: Options
    cache: Cache
    progress: Progress

    def digest(self, found: Scan) -> _Digests:
        """Every run folder read, or found in the cache."""
        ledger = self.cache.load_ledger()
        jobs = [(e, self._digest_job(e, folder)) for e in found.experiments for folder in e.runs]
        known = [self._known(job, ledger) for _, job in jobs]
        todo = [i for i, name in enumerate(known) if name is None]
        digests = _Digests()
        failures: dict[int, Failure] = {}
        for i, outcome in self._run(_digest, [jobs[i][1] for i in todo], "Reading"):
            if isinstance(outcome, Failure):
                failures[todo[i]] = outcome
                continue
            known[todo[i]] = outcome.name
            if outcome.settled:
                for source, content in zip(jobs[todo[i]][1].folder.sources, outcome.contents, strict=True):
                    ledger.contents[source.path] = (source.signature, content)
        for i, (experiment, job) in enumerate(jobs):
            if (name := known[i]) is not None:
                digests.names.setdefault(experiment.slug, []).append(name)
            else:
                digests.problems.setdefault(experiment.slug, []).append(_not_read(job.folder, failures[i]))
        self.cache.save_ledger(ledger)
        return digests

    def present(self, found: Scan, digests: _Digests) -> list[_Presentation | None]:
        """Every experiment drawn, or found in the cache; None for one that could not be."""
        jobs = [self._present_job(folder, digests) for folder in found.experiments]
        shown = [self.cache.get(job.name, _Presentation) for job in jobs]
        todo = [i for i, presentation in enumerate(shown) if presentation is None]
        for i, outcome in self._run(_present, [jobs[i] for i in todo], "Drawing"):
            job = jobs[todo[i]]
            if isinstance(outcome, Failure):
                outcome = _store(replace(job, problems=(*job.problems, _not_drawn(job.folder, outcome)), digests=()))
            shown[todo[i]] = self.cache.get(outcome, _Presentation)
        return shown

    def _digest_job(self, experiment: ExperimentFolder, folder: RunFolder) -> _DigestJob:
        settings = tuple(source for source in experiment.shared if source.reader == "hparams")
        points = next((points for runs, points in POINTS if len(experiment.runs) <= runs), FEWEST_POINTS)
        whole = replace(folder, sources=(*settings, *folder.sources))
        return _DigestJob(
            experiment.slug, experiment.relative, whole, self.options.readers, points, str(self.cache.folder)
        )

    def _known(self, job: _DigestJob, ledger: Ledger) -> str | None:
        contents = [ledger.known(source.path, source.signature) for source in job.folder.sources]
        if any(content is None for content in contents):
            return None
        name = job.name([content for content in contents if content])
        return name if self.cache.path(name).exists() else None

    def _present_job(self, folder: ExperimentFolder, digests: _Digests) -> _PresentJob:
        names, problems = digests.names.get(folder.slug, []), digests.problems.get(folder.slug, [])
        about = [(source.relative, caching.content_hash(source.path)) for source in folder.about]
        place = (folder.slug, folder.name, folder.relative)
        name = caching.key("present", place, about, names, problems, self.options.renderers)
        return _PresentJob(folder, tuple(names), tuple(problems), self.options.renderers, str(self.cache.folder), name)

    def _run(self, function: Callable[[J], R], jobs: Sequence[J], step: str) -> Iterator[tuple[int, R | Failure]]:
        limits = Limits(self.options.file_timeout, self.options.memory_limit)
        self.progress(step, 0, len(jobs))
        outcomes = run_jobs(function, jobs, workers=self.options.workers, limits=limits)
        for done, outcome in enumerate(outcomes, 1):
            self.progress(step, done, len(jobs))
            yield outcome


R = TypeVar("R")


# --- what a worker does -----------------------------------------------------------------------------------------------


def _digest(job: _DigestJob) -> _Digested:
    """Read one run folder, unless a digest of the same content is there already."""
    cache = Cache(Path(job.cache))
    contents = tuple(caching.content_hash(source.path) for source in job.folder.sources)
    name = job.name(contents)
    if not cache.path(name).exists():
        cache.put(name, _make_digest(job, cache))
    return _Digested(name, contents, all(_unchanged(source) for source in job.folder.sources))


def _make_digest(job: _DigestJob, cache: Cache) -> _Digest:
    from dlviz_docs.charts.transport import run_script
    from dlviz_docs.insights import observe

    readers, _ = load_readers(job.readers)
    told = [_read(source, readers[source.reader]) for source in job.folder.sources]
    runs, scripts = [], []
    for run in gather_runs(job.folder, told, job.root):
        script = run_script(f"{job.experiment}/{run.slug}", run)
        name = caching.key("script", job.experiment, run.slug, script.hex())
        cache.put_bytes(name, script, ".js")
        scripts.append((run.slug, name))
        observed = replace(run, insights=observe(run))
        runs.append(replace(observed, series=tuple(_thinned(series, job.points) for series in run.series)))
    return _Digest(tuple(runs), tuple(scripts))


def _read(source: Source, reader: Reader) -> Told:
    """One file, with whatever could be read of it; nothing it does is let through as an exception."""
    try:
        reading = reader.read(Path(source.path))
    except ReadError as error:
        partial = error.partial or Reading(writer="")
        told = Problem(f"{source.reader}-damaged", source.relative, error.what, error.remedy)
        reading = partial if partial.problems else replace(partial, problems=(told,))
    except OSError as error:
        what = f"cannot be opened: {error.strerror or error}"
        remedy = "Make the file readable, or leave it out with the option `exclude`."
        reading = Reading(writer="", problems=(Problem("unreadable", source.relative, what, remedy),))
    # A reader that raises anything else has a fault of its own; the rest of the run is still shown.
    except Exception as error:  # noqa: BLE001
        what = f"the reader {source.reader!r} failed: {type(error).__name__}: {error}"
        remedy = "This is a fault of the reader: please report it with the file, or leave the file out with `exclude`."
        reading = Reading(writer="", problems=(Problem("reader-failed", source.relative, what, remedy),))
    return Told(source, replace(reading, problems=tuple(replace(p, path=source.relative) for p in reading.problems)))


def _unchanged(source: Source) -> bool:
    try:
        status = Path(source.path).stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (source.signature.size, source.signature.mtime_ns)


def _thinned(series: Series, limit: int) -> Series:
    from dlviz_docs.stats.thin import thin

    keep = thin(series.steps, series.values, limit)
    if len(keep) == len(series):
        return series
    return replace(
        series,
        steps=series.steps[keep],
        values=series.values[keep],
        times=None if series.times is None else series.times[keep],
        epochs=None if series.epochs is None else series.epochs[keep],
        superseded=None if series.superseded is None else series.superseded[keep],
    )


def _present(job: _PresentJob) -> str:
    """Draw one experiment into the cache; the name it has there."""
    return _store(job)


def _store(job: _PresentJob) -> str:
    cache = Cache(Path(job.cache))
    digests = [digest for name in job.digests if (digest := cache.get(name, _Digest))]
    experiment = _gathered(job.folder, digests, job.problems)
    sections = list(_sections(experiment, job.renderers)) if digests else [Section("overview", "Overview")]
    shown = {slug for run in experiment.runs for slug in [run.slug]}
    problems = (
        *experiment.problems,
        *(problem for run in experiment.runs for problem in run.problems),
        *(problem for section in sections for problem in section.problems),
    )
    scripts = tuple((f"{job.folder.slug}/data/{slug}.js", n) for d in digests for slug, n in d.scripts if slug in shown)
    presentation = _Presentation(
        pages=compose_experiment(experiment, sections),
        entry=index_entry(experiment),
        report=json.dumps(report.describe(experiment)),
        scripts=scripts,
        problems=problems,
    )
    cache.put(job.name, presentation)
    return job.name


def _gathered(folder: ExperimentFolder, digests: Sequence[_Digest], problems: Sequence[Problem]) -> Experiment:
    from dlviz_docs.readers._about import read_about

    about, story, told = read_about([Path(source.path) for source in folder.about])
    placed = [replace(p, path=f"{folder.relative}/{p.path}".removeprefix("./")) for p in told]
    return gather(folder, [run for digest in digests for run in digest.runs], about, story, [*placed, *problems])


def _load(cache: Cache, digests: _Digests, folder: ExperimentFolder) -> tuple[list[_Digest], list[Problem]]:
    names = digests.names.get(folder.slug, [])
    found = [digest for name in names if (digest := cache.get(name, _Digest))]
    return found, digests.problems.get(folder.slug, [])


def _sections(experiment: Experiment, selection: Selection) -> Iterator[Section]:
    """One section per topic that has something to show; a renderer that fails costs only its topic."""
    renderers, problems = load_renderers(selection)
    for name, renderer in renderers.items():
        section = _section(name, renderer, experiment)
        if section.figures or section.insights or section.problems or name == "overview":
            yield replace(section, problems=(*problems, *section.problems)) if name == "overview" else section


def _section(name: str, renderer: Renderer, experiment: Experiment) -> Section:
    figures: list[Figure] = []
    insights: list[Insight] = []
    problems: tuple[Problem, ...] = ()
    try:
        for shown in renderer(experiment):
            (figures if isinstance(shown, Figure) else insights).append(shown)  # type: ignore[arg-type]
    # A renderer may be somebody else's; what it had yielded so far is shown.
    except Exception as error:  # noqa: BLE001
        what = f"the topic {renderer.title!r} could not be finished: {type(error).__name__}: {error}"
        remedy = "What was drawn before is shown. Please report it to whoever wrote this renderer."
        problems = (Problem("renderer-failed", experiment.path, what, remedy),)
    return Section(name, renderer.title, tuple(insights), tuple(figures), problems)


# --- what did not work ------------------------------------------------------------------------------------------------

_REMEDIES: Mapping[str, str] = {
    "timeout": "Give it more time with the option `file_timeout`, or leave it out with `exclude`.",
    "memory": "Allow more with the option `memory_limit`, or leave it out with `exclude`.",
    "crash": "A file here crashes the reader: leave it out with `exclude`, and please report it.",
    "error": "Please report it with the file that causes it, or leave the folder out with `exclude`.",
}


def _not_read(folder: RunFolder, failure: Failure) -> Problem:
    place = folder.sources[-1].relative.rpartition("/")[0] or folder.name
    what = f"the run {folder.name!r} could not be read: {failure.detail}"
    return Problem(f"run-{failure.kind}", place, what, _REMEDIES[failure.kind])


def _not_drawn(folder: ExperimentFolder, failure: Failure) -> Problem:
    what = f"the experiment {folder.name!r} could not be drawn: {failure.detail}"
    return Problem(f"experiment-{failure.kind}", folder.relative, what, _REMEDIES[failure.kind])
