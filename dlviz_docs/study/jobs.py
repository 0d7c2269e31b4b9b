"""The job of a worker: one subject of one experiment, read and drawn into the cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from dlviz_docs.cache import Cache
from dlviz_docs.options import Selection
from dlviz_docs.scan import ExperimentFolder

__all__ = ["SUBJECTS", "StudyJob", "Subject", "signed", "study", "title_of"]

Subject = Literal["samples", "models"]
"""What renderers may ask for beside runs."""
SUBJECTS: tuple[Subject, ...] = get_args(Subject)
_TITLES: Mapping[Subject, str] = {"samples": "data and predictions", "models": "models"}


def title_of(subject: Subject) -> str:
    """What people call it."""
    return _TITLES[subject]


def signed(folder: ExperimentFolder, subject: Subject) -> tuple[object, ...] | None:
    """The experiment's files of a subject with their signatures, or None where it has none."""
    if subject == "models":
        return tuple((source.relative, source.signature) for source in folder.models) or None
    if folder.samples is None:
        return None
    return tuple((source.relative, source.signature) for source in folder.samples.files), folder.samples.pictures


@dataclass(frozen=True, slots=True)
class StudyJob:
    """One experiment of which one subject is to be read."""

    folder: ExperimentFolder
    renderers: Selection
    cache: str
    name: str
    subject: Subject = "samples"


def study(job: StudyJob) -> str:
    """Read and draw into the cache; the name it has there."""
    cache = Cache(Path(job.cache))
    if job.subject == "samples":
        from dlviz_docs.study.samples import study_samples

        cache.put(job.name, study_samples(job.folder, job.renderers, cache))
    else:
        from dlviz_docs.study.models import study_models

        cache.put(job.name, study_models(job.folder, job.renderers, cache))
    return job.name
