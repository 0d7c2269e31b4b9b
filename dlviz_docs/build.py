"""The line from a folder on disk to a site, and the one place that knows what runs where and what comes from the cache.

    scan ─┬► digest (a run's files, read once, in a worker) ────────┬─► present (an experiment's pages, there too)
          └► study (an experiment's data, its models, in a worker) ─┘     └─► Site

Only what changed is done again: a digest is kept by the content of its files, a study by the signatures of its own, an
experiment's pages by its digests and its studies.
A worker turns what a reader or a renderer raises into a `Problem`; what a worker itself dies of becomes one here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Protocol, TypeVar

from dlviz_docs import cache as caching
from dlviz_docs import report
from dlviz_docs.assets import assets
from dlviz_docs.cache import Cache, Ledger
from dlviz_docs.digest import SCRIPT, DigestJob, digest
from dlviz_docs.errors import DlvizError
from dlviz_docs.model import Experiment, Problem
from dlviz_docs.options import Options
from dlviz_docs.present import (
    PAGE,
    IndexJob,
    Presentation,
    PresentJob,
    gathered,
    load,
    present,
    present_index,
    problems_of,
)
from dlviz_docs.registry import load_readers, load_renderers
from dlviz_docs.render import asks_for
from dlviz_docs.scan import ExperimentFolder, RunFolder, Scan, Source, scan
from dlviz_docs.study import SUBJECTS, WEBP, Study, StudyJob, Subject, signed, study, title_of
from dlviz_docs.view import Asset, IndexEntry, NavItem, Page, Site
from dlviz_docs.workers import Failure, Limits, Workers, warm_up

__all__ = ["Inventory", "Progress", "build", "find", "survey", "take_inventory"]

J = TypeVar("J")
R = TypeVar("R")

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
    _prepare(options, cache_dir)
    found, problems = find(root, options)
    problems += load_renderers(options.renderers)[1]
    with _workers(options) as workers:
        engine = _Engine(options, Cache(cache_dir), workers, progress)
        studies = engine.study(found)
        digests = engine.digest(found, studies)
        shown = [p for p in engine.present(_with_content(found, studies), digests, studies) if p is not None]
        problems += tuple(problem for presentation in shown for problem in presentation.problems)
        name, index = engine.index([presentation.entry for presentation in shown], problems)
    engine.forget_others(shown, [name, *studies.made])
    document = report.document([presentation.report for presentation in shown], problems)
    data = [Asset(path, Path(engine.cache.path(name, SCRIPT))) for p in shown for path, name in p.scripts]
    data += [Asset(path, Path(engine.cache.path(name, WEBP))) for p in shown for path, name in p.pictures]
    pages = [replace(page, file=engine.cache.path(page.file, PAGE)) for p in shown for page in p.pages]
    return Site(
        pages=(index, *pages),
        assets=(*assets(), *data, Asset("experiments.json", document)),
        nav=tuple(_nav(presentation.pages) for presentation in shown),
        problems=problems,
    )


def find(root: Path, options: Options) -> tuple[Scan, tuple[Problem, ...]]:
    """What the folder holds by its names, and which readers could not be loaded."""
    readers, problems = load_readers(options.readers)
    if not root.is_dir():
        raise DlvizError(f"{root} is not a folder. Name the folder that holds your runs.")
    return scan(root, readers, options.exclude), problems


def survey(
    root: Path, options: Options, cache_dir: Path, progress: Progress = _silent
) -> tuple[list[Experiment], tuple[Problem, ...]]:
    """Every experiment read and gathered, nothing drawn; and all problems, theirs and those of the whole folder."""
    inventory, problems = take_inventory(root, options, cache_dir, progress)
    return [one.experiment for one in inventory], problems


@dataclass(frozen=True, slots=True)
class Inventory:
    """One experiment, and its other subjects as experiments.json has them."""

    experiment: Experiment
    studied: tuple[str, ...] = ()


def take_inventory(
    root: Path, options: Options, cache_dir: Path, progress: Progress = _silent
) -> tuple[list[Inventory], tuple[Problem, ...]]:
    """As `survey`, with what is known of data, predictions and models."""
    _prepare(options, cache_dir)
    found, problems = find(root, options)
    with _workers(options) as workers:
        engine = _Engine(options, Cache(cache_dir), workers, progress)
        studies = engine.study(found)
        digests = engine.digest(found, studies)
    inventory = []
    for folder in _with_content(found, studies).experiments:
        experiment = _survey(engine.cache, digests, folder)
        made = [engine.cache.get(name, Study) or Study() for name in studies.names.get(folder.slug, ())]
        told = (problem for study in made for problem in study.problems())
        problems += (*problems_of(experiment), *told, *studies.problems.get(folder.slug, ()))
        inventory.append(Inventory(experiment, tuple(study.report for study in made)))
    return inventory, problems


def _prepare(options: Options, cache_dir: Path) -> None:
    if options.workers and not cache_dir.is_dir():  # else there may be nothing to do
        warm_up()


def _workers(options: Options) -> Workers:
    return Workers(options.workers, Limits(options.file_timeout, options.memory_limit))


def _with_content(found: Scan, studies: _Studies) -> Scan:
    """Without folders that are no experiment: neither runs nor data nor predictions."""
    kept = tuple(e for e in found.experiments if e.runs or e.slug in studies.names or e.slug in studies.problems)
    return replace(found, experiments=kept)


def _nav(pages: Sequence[Page]) -> NavItem:
    """A topic stands below its experiment, and need not repeat its name."""
    first, *rest = pages
    topics = (NavItem(page.title.removesuffix(f" – {first.title}"), page.path) for page in rest)
    return NavItem(first.title, first.path, tuple(topics))


@dataclass(slots=True)
class _Digests:
    """By experiment: names in the cache, and what went wrong on the way."""

    names: dict[str, list[str]] = field(default_factory=dict)
    problems: dict[str, list[Problem]] = field(default_factory=dict)

    def add(self, experiment: ExperimentFolder, outcome: str | Problem) -> None:
        if isinstance(outcome, str):
            self.names.setdefault(experiment.slug, []).append(outcome)
        else:
            self.problems.setdefault(experiment.slug, []).append(outcome)


@dataclass(slots=True)
class _Studies:
    """By experiment: the names in the cache of what its subjects gave, and what went wrong."""

    names: dict[str, list[str]] = field(default_factory=dict)
    problems: dict[str, list[Problem]] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    """Names of all, those of nothing among them."""


@dataclass(frozen=True, slots=True)
class _Engine:
    """The line with its options, cache and workers."""

    options: Options
    cache: Cache
    workers: Workers
    progress: Progress
    seen: dict[str, Presentation] = field(default_factory=dict)
    """What was taken out of the cache in this build, whole."""

    def digest(self, found: Scan, studies: _Studies) -> _Digests:
        """Every run folder read, or found in the cache."""
        ledger = self.cache.load_ledger()
        jobs = [(e, self._digest_job(e, folder)) for e in found.experiments for folder in e.runs]
        known = self._known(jobs, ledger, studies)
        todo = [i for i, name in enumerate(known) if name is None]
        failures: dict[int, Failure] = {}
        for i, outcome in self._run(digest, [jobs[i][1] for i in todo], "Reading"):
            if isinstance(outcome, Failure):
                failures[todo[i]] = outcome
                continue
            known[todo[i]] = outcome.name
            if outcome.settled:
                for source, content in zip(jobs[todo[i]][1].folder.sources, outcome.contents, strict=True):
                    ledger.contents[source.path] = (source.signature, content)
        seen = {source.path for _, job in jobs for source in job.folder.sources}
        self.cache.save_ledger(Ledger({path: told for path, told in ledger.contents.items() if path in seen}))
        digests = _Digests()
        for i, (experiment, job) in enumerate(jobs):
            digests.add(experiment, known[i] or _not_read(job.folder, failures[i]))
        return digests

    def _known(
        self, jobs: Sequence[tuple[ExperimentFolder, DigestJob]], ledger: Ledger, studies: _Studies
    ) -> list[str | None]:
        """The digest of every run folder that has not changed, as long as it is still of use."""
        names: list[str | None] = []
        for experiment, members in groupby(jobs, key=itemgetter(0)):
            mine = [_name(job, ledger) for _, job in members]
            digests = _Digests({experiment.slug: [name for name in mine if name]})
            drawn = self._present_job(experiment, digests, studies).name
            if None in mine or not self.cache.has(drawn):
                mine = [name if name and self.cache.has(name) else None for name in mine]
            elif self._drawn(drawn) is None:  # a file of its pages is gone: all of them are made again
                mine = [None for _ in mine]
            names += mine
        return names

    def _drawn(self, name: str) -> Presentation | None:
        """A presentation of the cache, as long as every file of its pages is there too."""
        if name not in self.seen:
            found = self.cache.get(name, Presentation)
            if found is None or not all(map(os.path.exists, self._files(found))):
                return None
            self.seen[name] = found
        return self.seen[name]

    def _files(self, presentation: Presentation) -> Iterator[str]:
        yield from (self.cache.path(page.file, PAGE) for page in presentation.pages)
        yield from (self.cache.path(name, SCRIPT) for _, name in presentation.scripts)
        yield from (self.cache.path(name, WEBP) for _, name in presentation.pictures)

    def study(self, found: Scan) -> _Studies:
        """The subjects of every experiment that renderers ask for, read and drawn, or found in the cache."""
        asked = {asks_for(renderer) for renderer in load_renderers(self.options.renderers)[0].values()}
        studies = _Studies()
        for subject in SUBJECTS:
            if subject in asked:
                self._study(subject, found, studies)
        return studies

    def _study(self, subject: Subject, found: Scan, studies: _Studies) -> None:
        jobs = [job for folder in found.experiments if (job := self._study_job(folder, subject))]
        known = {job.name: self._studied(job.name) for job in jobs}
        todo = [job for job in jobs if known[job.name] is None]
        studies.made += [job.name for job in jobs]
        step = f"Looking at {title_of(subject)}"
        for i, outcome in self._run(study, todo, step, self.options.samples_timeout) if todo else ():
            if isinstance(outcome, Failure):
                problem = _not_studied(todo[i].folder, outcome, title_of(subject))
                studies.problems.setdefault(todo[i].folder.slug, []).append(problem)
            else:
                known[outcome] = self.cache.get(outcome, Study)
        for job in jobs:
            made = known[job.name]
            if made and (made.sections or made.told):
                studies.names.setdefault(job.folder.slug, []).append(job.name)

    def _studied(self, name: str) -> Study | None:
        """A study of the cache, as long as every picture is there too."""
        known = self.cache.get(name, Study)
        whole = known and all(os.path.exists(self.cache.path(file, WEBP)) for file in known.files())
        return known if whole else None

    def present(self, found: Scan, digests: _Digests, studies: _Studies) -> list[Presentation | None]:
        """Every experiment drawn, or found in the cache; None for one that could not be."""
        jobs = [self._present_job(folder, digests, studies) for folder in found.experiments]
        shown = [self._drawn(job.name) for job in jobs]
        todo = [i for i, presentation in enumerate(shown) if presentation is None]
        failed: dict[int, Failure] = {}
        for i, outcome in self._run(present, [jobs[i] for i in todo], "Drawing"):
            if isinstance(outcome, Failure):
                failed[todo[i]] = outcome
            else:
                shown[todo[i]] = self.cache.get(outcome, Presentation)
        for i, outcome in self._less(jobs, failed):
            shown[i] = self.cache.get(outcome, Presentation)
        return shown

    def _less(self, jobs: Sequence[PresentJob], failed: Mapping[int, Failure]) -> Iterator[tuple[int, str]]:
        """What could not be drawn, without its data and models; without its runs, too, if that was not it."""
        several = [i for i in failed if jobs[i].studies]
        what = " and ".join(title_of(subject) for subject in SUBJECTS)
        bare = [_without(jobs[i], _not_studied(jobs[i].folder, failed[i], what, "drawn")) for i in several]
        again = dict(failed)
        for place, outcome in self.workers.run(present, bare):
            if isinstance(outcome, Failure):
                again[several[place]] = outcome
            else:
                del again[several[place]]
                yield several[place], outcome
        for i, failure in again.items():
            yield i, present(replace(_without(jobs[i], _not_drawn(jobs[i].folder, failure)), digests=()))

    def index(self, entries: Sequence[IndexEntry], problems: Sequence[Problem]) -> tuple[str, Page]:
        """The index, drawn or found in the cache, and its name there."""
        name = caching.key("index", self.options.section, entries, problems)
        page = self.cache.get(name, Page)
        if page is None:
            job = IndexJob(self.options.section, tuple(entries), tuple(problems), str(self.cache.folder), name)
            for _, outcome in self.workers.run(present_index, [job]):
                if isinstance(outcome, Failure):
                    raise DlvizError(f"the index could not be drawn: {outcome.detail}")
            page = self.cache.get(name, Page)
        if page is None:
            raise DlvizError("the index was taken out of the cache meanwhile, as by a second build: build again")
        return name, page

    def forget_others(self, shown: Sequence[Presentation], kept: Sequence[str]) -> None:
        """Drop from the cache what no page needs any more."""
        used = [self.cache.path(name) for name in (*kept, *(n for p in shown for n in p.made_of))]
        self.cache.forget([*used, *(path for presentation in shown for path in self._files(presentation))])

    def _digest_job(self, experiment: ExperimentFolder, folder: RunFolder) -> DigestJob:
        points = next((points for runs, points in POINTS if len(experiment.runs) <= runs), FEWEST_POINTS)
        whole = replace(folder, sources=(*folder.settings, *folder.sources))
        return DigestJob(
            experiment.slug, experiment.relative, whole, self.options.readers, points, str(self.cache.folder)
        )

    def _study_job(self, folder: ExperimentFolder, subject: Subject) -> StudyJob | None:
        """None for an experiment that has no file of the subject."""
        files = signed(folder, subject)
        if files is None:
            return None
        place = (folder.slug, folder.name, folder.relative, [(run.name, run.place) for run in folder.runs])
        name = caching.key("study", subject, place, _about(folder), files, self.options.renderers)
        return StudyJob(folder, self.options.renderers, str(self.cache.folder), name, subject)

    def _present_job(self, folder: ExperimentFolder, digests: _Digests, studies: _Studies) -> PresentJob:
        names, problems = digests.names.get(folder.slug, []), list(digests.problems.get(folder.slug, []))
        problems += studies.problems.get(folder.slug, [])
        studied = tuple(studies.names.get(folder.slug, ()))
        place = (folder.slug, folder.name, folder.relative)
        name = caching.key("present", place, _about(folder), names, studied, problems, self.options.renderers)
        bare = replace(folder, samples=None)
        return PresentJob(
            bare, tuple(names), tuple(problems), self.options.renderers, str(self.cache.folder), name, studied
        )

    def _run(
        self, function: Callable[[J], R], jobs: Sequence[J], step: str, seconds: float | None = None
    ) -> Iterator[tuple[int, R | Failure]]:
        self.progress(step, 0, len(jobs))
        for done, outcome in enumerate(self.workers.run(function, jobs, seconds), 1):
            self.progress(step, done, len(jobs))
            yield outcome


def _name(job: DigestJob, ledger: Ledger) -> str | None:
    contents = [ledger.known(source.path, source.signature) for source in job.folder.sources]
    return None if None in contents else job.name([content for content in contents if content])


def _about(folder: ExperimentFolder) -> list[tuple[str, str]]:
    return [(source.relative, _content(source)) for source in folder.about]


def _content(source: Source) -> str:
    try:
        return caching.content_hash(source.path)
    except OSError:
        return ""  # gone since it was seen: the page will say so


def _survey(cache: Cache, digests: _Digests, folder: ExperimentFolder) -> Experiment:
    names = digests.names.get(folder.slug, [])
    return gathered(folder, load(cache, names), digests.problems.get(folder.slug, []))


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


def _without(job: PresentJob, problem: Problem) -> PresentJob:
    """The same without its studies, under a name of its own: the next build tries again."""
    problems = (*job.problems, problem)
    return replace(job, problems=problems, studies=(), name=caching.key(job.name, problems))


def _not_studied(folder: ExperimentFolder, failure: Failure, subject: str, done: str = "read") -> Problem:
    what = f"the {subject} of {folder.name!r} could not be {done}: {failure.detail}"
    remedy = _REMEDIES[failure.kind]
    remedy = remedy.replace("file_timeout", "samples_timeout") if done == "read" else remedy
    return Problem(f"samples-{failure.kind}", folder.relative, what, remedy)


def _not_drawn(folder: ExperimentFolder, failure: Failure) -> Problem:
    what = f"the experiment {folder.name!r} could not be drawn: {failure.detail}"
    return Problem(f"experiment-{failure.kind}", folder.relative, what, _REMEDIES[failure.kind])
