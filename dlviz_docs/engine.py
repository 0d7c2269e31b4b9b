"""The steps of a build, one experiment or one run at a time: what the cache has is not done again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter
from typing import Protocol, TypeVar

from dlviz_docs import cache as caching
from dlviz_docs.cache import Cache, Ledger
from dlviz_docs.digest import SCRIPT, DigestJob, digest
from dlviz_docs.errors import DlvizError
from dlviz_docs.model import Problem
from dlviz_docs.options import Options
from dlviz_docs.present import PAGE, IndexJob, Presentation, PresentJob, present, present_index
from dlviz_docs.registry import load_renderers
from dlviz_docs.render import asks_for
from dlviz_docs.scan import ExperimentFolder, RunFolder, Scan, Source
from dlviz_docs.study import SUBJECTS, WEBP, Running, Study, StudyJob, Subject, note_of, signed, study, title_of
from dlviz_docs.view import IndexEntry, Page
from dlviz_docs.workers import Failure, Workers

__all__ = ["Digests", "Engine", "Progress", "Studies"]

J = TypeVar("J")
R = TypeVar("R")

POINTS = ((50, 2000), (400, 500))
"""Points a curve keeps for its pictures, by the number of run folders in the experiment."""
FEWEST_POINTS = 125


class Progress(Protocol):
    """Told what is being done; the command line draws it."""

    def __call__(self, step: str, done: int, total: int) -> None: ...


@dataclass(slots=True)
class Digests:
    """By experiment: names in the cache, and what went wrong on the way."""

    names: dict[str, list[str]] = field(default_factory=dict)
    problems: dict[str, list[Problem]] = field(default_factory=dict)

    def add(self, experiment: ExperimentFolder, outcome: str | Problem) -> None:
        if isinstance(outcome, str):
            self.names.setdefault(experiment.slug, []).append(outcome)
        else:
            self.problems.setdefault(experiment.slug, []).append(outcome)


@dataclass(slots=True)
class Studies:
    """By experiment: the names in the cache of what its subjects gave, and what went wrong."""

    names: dict[str, list[str]] = field(default_factory=dict)
    problems: dict[str, list[Problem]] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    """Names of all, those of nothing among them."""
    probed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of what running models showed."""


@dataclass(frozen=True, slots=True)
class Engine:
    """The line with its options, cache and workers."""

    options: Options
    cache: Cache
    workers: Workers
    progress: Progress
    seen: dict[str, Presentation] = field(default_factory=dict)
    """What was taken out of the cache in this build, whole."""

    def digest(self, found: Scan, studies: Studies) -> Digests:
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
        digests = Digests()
        for i, (experiment, job) in enumerate(jobs):
            digests.add(experiment, known[i] or _not_read(job.folder, failures[i]))
        return digests

    def _known(
        self, jobs: Sequence[tuple[ExperimentFolder, DigestJob]], ledger: Ledger, studies: Studies
    ) -> list[str | None]:
        """The digest of every run folder that has not changed, as long as it is still of use."""
        names: list[str | None] = []
        for experiment, members in groupby(jobs, key=itemgetter(0)):
            mine = [_name(job, ledger) for _, job in members]
            digests = Digests({experiment.slug: [name for name in mine if name]})
            drawn = self._present_job(experiment, digests, studies).name
            if None in mine or not self.cache.has(drawn):
                mine = [name if name and self.cache.has(name) else None for name in mine]
            elif self._drawn(drawn) is None:  # a file of its pages is gone: all of them are made again
                mine = [None for _ in mine]
            names += mine
        return names

    def _drawn(self, name: str) -> Presentation | None:
        """A presentation of the cache, as long as every file of its pages is there too, and whole."""
        if name not in self.seen:
            found = self.cache.get(name, Presentation)
            if found is None or not all(self.cache.holds(*file) for file in _files(found)):
                return None
            self.seen[name] = found
        return self.seen[name]

    def study(self, found: Scan, subjects: Sequence[Subject] = SUBJECTS) -> Studies:
        """The subjects of every experiment that renderers ask for, read and drawn, or found in the cache."""
        asked = {asks_for(renderer) for renderer in load_renderers(self.options.renderers)[0].values()}
        studies = Studies()
        for subject in SUBJECTS:
            if subject in asked and subject in subjects:
                self._study(subject, found, studies)
        return studies

    def _study(self, subject: Subject, found: Scan, studies: Studies) -> None:
        jobs = [job for folder in found.experiments if (job := self._study_job(folder, subject, studies))]
        known = {job.name: self._studied(job.name) for job in jobs}
        todo = [job for job in jobs if known[job.name] is None]
        studies.made += [job.name for job in jobs]
        step = f"Looking at {title_of(subject)}"
        seconds = self.options.probes_timeout if subject == "probes" else self.options.samples_timeout
        for i, outcome in self._run(study, todo, step, seconds) if todo else ():
            if isinstance(outcome, Failure):
                problem = _not_studied(todo[i], outcome, note_of(self.cache, todo[i].name))
                studies.problems.setdefault(todo[i].folder.slug, []).append(problem)
            else:
                known[outcome] = self.cache.get(outcome, Study)
        for job in jobs:
            made = known[job.name]
            if made:
                studies.made += made.needs
            if made and made.kept:
                studies.probed[job.folder.slug] = tuple(name for _, name in made.kept)
            if made and (made.sections or made.told):
                studies.names.setdefault(job.folder.slug, []).append(job.name)

    def _studied(self, name: str) -> Study | None:
        """A study of the cache, as long as every picture is there too, and whole."""
        known = self.cache.get(name, Study)
        whole = known and all(self.cache.holds(file, WEBP) for file in known.files())
        whole = whole and known and all(self.cache.holds(name, suffix) for _, name, suffix in known.films)
        whole = whole and known and all(self.cache.holds(name, SCRIPT) for _, name in known.plays)
        return known if whole else None

    def present(self, found: Scan, digests: Digests, studies: Studies) -> list[Presentation | None]:
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
        bare = [_without(jobs[i], _not_drawn_studies(jobs[i].folder, failed[i])) for i in several]
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
        self.cache.forget([*used, *(self.cache.path(*file) for presentation in shown for file in _files(presentation))])

    def _digest_job(self, experiment: ExperimentFolder, folder: RunFolder) -> DigestJob:
        points = next((points for runs, points in POINTS if len(experiment.runs) <= runs), FEWEST_POINTS)
        whole = replace(folder, sources=(*folder.settings, *folder.sources))
        return DigestJob(
            experiment.slug, experiment.relative, whole, self.options.readers, points, str(self.cache.folder)
        )

    def _study_job(self, folder: ExperimentFolder, subject: Subject, studies: Studies) -> StudyJob | None:
        """None for an experiment that has no file of the subject."""
        files = signed(folder, subject, self.options.factories)
        if files is None:
            return None
        place = (folder.slug, folder.name, folder.relative, [(run.name, run.place) for run in folder.runs])
        trusted, renderers = self.options.factories, self.options.renderers
        probed = studies.probed.get(folder.slug, ()) if subject == "models" else ()
        seconds = self.options.probes_seconds if subject == "probes" else 0.0
        name = caching.key("study", subject, place, _about(folder), files, renderers, trusted, probed, seconds)
        return StudyJob(folder, renderers, str(self.cache.folder), name, subject, trusted, probed, seconds)

    def _present_job(self, folder: ExperimentFolder, digests: Digests, studies: Studies) -> PresentJob:
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


def _files(presentation: Presentation) -> Iterator[tuple[str, str]]:
    """Name and suffix in the cache of every file that its pages need."""
    yield from ((page.file, PAGE) for page in presentation.pages)
    yield from ((name, SCRIPT) for _, name in presentation.scripts)
    yield from ((name, WEBP) for _, name in presentation.pictures)
    yield from ((name, suffix) for _, name, suffix in presentation.films)


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


# --- what did not work ------------------------------------------------------------------------------------------------

_REMEDIES: Mapping[str, str] = {
    "timeout": "Give it more time with the option `file_timeout`, or leave it out with `exclude`.",
    "memory": "Allow more with the option `memory_limit`, or leave it out with `exclude`.",
    "crash": "A file here crashes the reader: leave it out with `exclude`, and please report it.",
    "error": "Please report it with the file that causes it, or leave the folder out with `exclude`.",
}


_MORE: Mapping[str, str] = {
    "timeout": "give it more time with the option `probes_timeout`",
    "memory": "allow more with the option `memory_limit`",
}


def _not_read(folder: RunFolder, failure: Failure) -> Problem:
    place = folder.sources[-1].relative.rpartition("/")[0] or folder.name
    what = f"the run {folder.name!r} could not be read: {failure.detail}"
    return Problem(f"run-{failure.kind}", place, what, _REMEDIES[failure.kind])


def _without(job: PresentJob, problem: Problem) -> PresentJob:
    """The same without its studies, under a name of its own: the next build tries again."""
    problems = (*job.problems, problem)
    return replace(job, problems=problems, studies=(), name=caching.key(job.name, problems))


def _not_studied(job: StudyJob, failure: Failure, running: Running | None) -> Problem:
    if running is not None:
        return _not_run(running, failure)
    folder, subject = job.folder, job.subject
    what = f"the {title_of(subject)} of {folder.name!r} could not be read: {failure.detail}"
    option = "probes_timeout" if subject == "probes" else "samples_timeout"
    remedy = _REMEDIES[failure.kind].replace("file_timeout", option)
    kind = failure.kind
    if subject == "episodes":
        return Problem(f"episodes-{kind}", folder.relative, what, remedy)
    return Problem(f"samples-{kind}" if subject == "samples" else f"models-{kind}", folder.relative, what, remedy)


def _not_run(running: Running, failure: Failure) -> Problem:
    """Of the one model that was being run."""
    built = f" as {running.factory} builds it" if running.factory else ""
    ways = [_MORE[failure.kind]] if failure.kind in _MORE else []
    ways += ["correct the function that builds it"] if running.factory else []
    ways.append("leave the topic out: renderers: {cam: false}.")
    remedy = ", or ".join(ways)
    what = f"could not be run{built}: {failure.detail}"
    return Problem(f"models-{failure.kind}", running.path, what, remedy[0].upper() + remedy[1:])


def _not_drawn_studies(folder: ExperimentFolder, failure: Failure) -> Problem:
    what = f"the {' and '.join(map(title_of, SUBJECTS))} of {folder.name!r} could not be drawn: {failure.detail}"
    return Problem(f"samples-{failure.kind}", folder.relative, what, _REMEDIES[failure.kind])


def _not_drawn(folder: ExperimentFolder, failure: Failure) -> Problem:
    what = f"the experiment {folder.name!r} could not be drawn: {failure.detail}"
    return Problem(f"experiment-{failure.kind}", folder.relative, what, _REMEDIES[failure.kind])
