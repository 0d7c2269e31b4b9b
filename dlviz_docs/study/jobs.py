"""The job of a worker: one subject of one experiment, read and drawn into the cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, get_args

from dlviz_docs.cache import Cache
from dlviz_docs.collect import may_be_episodes
from dlviz_docs.options import Selection
from dlviz_docs.readers.python_source import source_hash
from dlviz_docs.readers.tokens import FILES as WORD_FILES
from dlviz_docs.scan import ExperimentFolder, Source
from dlviz_docs.study.packed import Study

__all__ = ["SUBJECTS", "StudyJob", "Subject", "signed", "study", "title_of", "word_files"]

Subject = Literal["samples", "probes", "models", "episodes"]
"""What renderers may ask for beside runs, in the order they are studied: a layer shows what it responds to."""
SUBJECTS: tuple[Subject, ...] = get_args(Subject)
_TITLES: Mapping[Subject, str] = {
    "samples": "data and predictions",
    "models": "models",
    "probes": "answers of models",
    "episodes": "episodes",
}


def title_of(subject: Subject) -> str:
    """What people call it."""
    return _TITLES[subject]


def signed(folder: ExperimentFolder, subject: Subject, factories: tuple[str, ...] = ()) -> tuple[object, ...] | None:
    """The experiment's files of a subject with their signatures, or None where it has none; where models are run, with
    the sources of the packages that may build one."""
    models = tuple((source.relative, source.signature) for source in folder.models)
    if subject == "models" and models:
        models += tuple((source.relative, source.signature) for source in word_files(folder))
    if subject == "models":
        return models or None
    samples = folder.samples
    if subject == "episodes":
        played = tuple((source.relative, source.signature) for source in may_be_episodes(samples))
        return (played, models) if played else None
    if samples is None or (subject == "probes" and not models):
        return None
    files = tuple((source.relative, source.signature) for source in samples.files)
    if subject != "probes":
        return (files, samples.pictures)
    sources = tuple(source_hash(package) for package in factories) if folder.about else ()
    return (files, samples.pictures, *models, *sources)


def word_files(folder: ExperimentFolder) -> list[Source]:
    """Files that tell what the rows of embeddings stand for."""
    found = folder.samples.files if folder.samples is not None else ()
    return [one for one in found if PurePosixPath(one.relative).name in WORD_FILES]


@dataclass(frozen=True, slots=True)
class StudyJob:
    """One experiment of which one subject is to be read."""

    folder: ExperimentFolder
    renderers: Selection
    cache: str
    name: str
    subject: Subject = "samples"
    factories: tuple[str, ...] = ()
    """Packages whose functions may build a model."""
    probed: tuple[str, ...] = ()
    """Names in the cache of what running its models showed."""
    seconds: float = 0.0
    """In which explanations of one model are begun."""


def study(job: StudyJob) -> str:
    """Read and draw into the cache; the name it has there."""
    cache = Cache(Path(job.cache))
    cache.put(job.name, _study(job, cache))
    return job.name


def _study(job: StudyJob, cache: Cache) -> Study:
    """Each subject is imported where it is wanted: what reads tables need not be there to look at weights."""
    if job.subject == "samples":
        from dlviz_docs.study.samples import study_samples

        return study_samples(job.folder, job.renderers, cache)
    if job.subject == "models":
        from dlviz_docs.study.models import study_models

        return study_models(job.folder, job.renderers, cache, job.probed)
    if job.subject == "episodes":
        from dlviz_docs.study.episodes import study_episodes

        return study_episodes(job.folder, job.renderers, cache)
    from dlviz_docs.study.probes import study_probes

    return study_probes(job.folder, job.renderers, cache, job.factories, job.name, job.seconds)
