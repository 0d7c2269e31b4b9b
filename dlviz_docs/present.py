"""Draw one experiment, or the index of all: jobs of a worker, done once for the same digests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dlviz_docs import report
from dlviz_docs.cache import Cache
from dlviz_docs.digest import Digest
from dlviz_docs.errors import DlvizError
from dlviz_docs.gather import gather
from dlviz_docs.model import Experiment, Problem
from dlviz_docs.options import Selection
from dlviz_docs.readers._about import read_about
from dlviz_docs.registry import load_renderers
from dlviz_docs.render import asks_for, section_of
from dlviz_docs.scan import ExperimentFolder
from dlviz_docs.study import WEBP, Study, sections_of
from dlviz_docs.view import IndexEntry, Page, Section

__all__ = ["IndexJob", "PresentJob", "Presentation", "gathered", "load", "present", "present_index", "problems_of"]

PAGE = ".html"
"""A finished body; the site takes it out of the cache as it is."""
_GONE = "results were taken out of the cache meanwhile, as by a second build: build again"


@dataclass(frozen=True, slots=True)
class PresentJob:
    """One experiment to draw."""

    folder: ExperimentFolder
    digests: tuple[str, ...]
    problems: tuple[Problem, ...]
    renderers: Selection
    cache: str
    name: str
    studies: tuple[str, ...] = ()
    """Names in the cache of what its other subjects gave: data and predictions, models."""


@dataclass(frozen=True, slots=True)
class Presentation:
    """All that the site needs of one experiment."""

    pages: tuple[Page, ...]
    """Their bodies are in the cache; `file` is the name there."""
    entry: IndexEntry
    report: str
    scripts: tuple[tuple[str, str], ...]
    """Path in the site, name in the cache."""
    pictures: tuple[tuple[str, str], ...]
    """Path in the site, name in the cache."""
    films: tuple[tuple[str, str, str], ...]
    """Path in the site; name in the cache, suffix."""
    problems: tuple[Problem, ...]
    made_of: tuple[str, ...]
    """Names in the cache: its own, its digests', its studies'."""


def present(job: PresentJob) -> str:
    """Draw one experiment into the cache; the name it has there."""
    from dlviz_docs.compose import compose_experiment, index_entry  # with Jinja: who only hands out jobs needs neither

    cache = Cache(Path(job.cache))
    digests = load(cache, job.digests)
    studies = _studies(cache, job.studies)
    experiment = gathered(job.folder, digests, (*job.problems, *(told for study in studies for told in study.told)))
    drawn = list(sections_of(studies, job.folder.slug))
    studied = [section for section in drawn if _has_something(section)]
    sections = list(_sections(experiment, studied, job.renderers)) or [Section("overview", "Overview")]
    loose = tuple(fact for section in drawn if not _has_something(section) for fact in section.facts)
    sections = [replace(s, facts=(*s.facts, *loose)) if s.topic == "overview" else s for s in sections]
    problems = (*problems_of(experiment), *(problem for section in sections for problem in section.problems))
    scripts = tuple((f"{job.folder.slug}/data/{slug}.js", n) for d in digests for slug, n in d.scripts)
    plays = {(f"{job.folder.slug}/data/{name}.js", name) for study in studies for _, name in study.plays}
    files = sorted({name for study in studies for name in study.files()})
    pictures = tuple((f"{job.folder.slug}/pictures/{name}{WEBP}", name) for name in files)
    films = {(f"{job.folder.slug}/films/{name}{suffix}", name, suffix) for s in studies for _, name, suffix in s.films}
    presentation = Presentation(
        pages=tuple(_stored(page, cache) for page in compose_experiment(experiment, sections)),
        entry=index_entry(experiment, [*studied, *(section for section in sections if section.topic == "rl")]),
        report=report.describe(experiment, [study.report for study in studies]),
        scripts=(*scripts, *sorted(plays)),
        pictures=pictures,
        films=tuple(sorted(films)),
        problems=tuple(dict.fromkeys(problems)),  # data and predictions of them may tell the same
        made_of=(job.name, *job.digests, *job.studies),
    )
    cache.put(job.name, presentation)
    return job.name


@dataclass(frozen=True, slots=True)
class IndexJob:
    """The index to draw."""

    title: str
    entries: tuple[IndexEntry, ...]
    problems: tuple[Problem, ...]
    cache: str
    name: str


def present_index(job: IndexJob) -> str:
    """Draw the index into the cache; the name it has there."""
    from dlviz_docs.compose import compose_index

    Cache(Path(job.cache)).put(job.name, compose_index(job.entries, title=job.title, problems=job.problems))
    return job.name


def _stored(page: Page, cache: Cache) -> Page:
    return replace(page, body="", file=cache.put_file(page.body.encode(), PAGE))


def load(cache: Cache, names: Sequence[str]) -> list[Digest]:
    """Digests out of the cache; raises `DlvizError` when one is gone, so that no page is short of a run in silence."""
    found = [cache.get(name, Digest) for name in names]
    if None in found:
        raise DlvizError(_GONE)
    return [digest for digest in found if digest]


def _studies(cache: Cache, names: Sequence[str]) -> list[Study]:
    found = [cache.get(name, Study) for name in names]
    if None in found:
        raise DlvizError(_GONE)
    return [study for study in found if study]


def problems_of(experiment: Experiment) -> tuple[Problem, ...]:
    """The experiment's own, then those of its runs."""
    return (*experiment.problems, *(problem for run in experiment.runs for problem in run.problems))


def gathered(folder: ExperimentFolder, digests: Sequence[Digest], problems: Sequence[Problem]) -> Experiment:
    """The experiment that its digests, its author and what went wrong add up to."""
    about, story, told = read_about([Path(source.path) for source in folder.about])
    places = {Path(source.path).name: source.relative for source in folder.about}
    placed = [replace(problem, path=places.get(problem.path, problem.path)) for problem in told]
    return gather(folder, [run for digest in digests for run in digest.runs], about, story, [*placed, *problems])


def _sections(experiment: Experiment, studied: Sequence[Section], selection: Selection) -> Iterator[Section]:
    """One section per topic of runs that has something to show; those of other subjects are there already."""
    renderers, _ = load_renderers(selection)
    for name, renderer in renderers.items():
        if asks_for(renderer) != "runs":
            yield from (section for section in studied if section.topic == name)
            continue
        section = section_of(name, renderer, experiment)
        if _has_something(section) or name == "overview":
            yield section


def _has_something(section: Section) -> bool:
    return bool(section.figures or section.insights or section.problems)
