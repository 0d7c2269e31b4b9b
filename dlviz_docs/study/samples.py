"""The data and the predictions of one experiment, read and drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dlviz_docs import names
from dlviz_docs.cache import Cache
from dlviz_docs.collect import SampleFiles
from dlviz_docs.model import Dataset, Experiment, Predictions, Problem, Samples
from dlviz_docs.options import About, ResultEntry, Selection
from dlviz_docs.readers._about import read_about
from dlviz_docs.report import describe_samples
from dlviz_docs.scan import ExperimentFolder, RunFolder
from dlviz_docs.study.episodes import planned_episodes
from dlviz_docs.study.packed import Study, packed
from dlviz_docs.study.pictures import PicturesOfSamples
from dlviz_docs.study.sections import drawn, placed

if TYPE_CHECKING:  # its readers are imported where there is something to read
    from dlviz_docs.readers.samples import Found, Plan

__all__ = ["planned", "read_samples", "study_samples"]

EXTRA = ("polars", "PIL")
"""What the extra for data brings."""


def planned(folder: ExperimentFolder) -> Plan:
    """Which files of the experiment hold data or predictions, by names and first bytes."""
    return _found(folder, folder.samples or SampleFiles(folder.path, folder.relative, (), ()))[1]


def _found(folder: ExperimentFolder, files: SampleFiles) -> tuple[Found, Plan]:
    from dlviz_docs.readers.samples import plan

    about, _, _ = read_about([Path(source.path) for source in folder.about])
    found = _found_in(folder, files, about, planned_episodes(folder).files)
    return found, plan(found)


def read_samples(folder: ExperimentFolder) -> Samples:
    """The experiment's data and predictions; without the extra for them, one problem that says so."""
    if folder.samples is None:
        return Samples()
    from dlviz_docs.readers.samples import read

    found, plan = _found(folder, folder.samples)
    if (plan.datasets or plan.predictions) and (missing := [name for name in EXTRA if find_spec(name) is None]):
        return Samples(problems=(_not_installed(folder, missing),))
    return _named(_placed(read(found, plan), folder.samples.relative), folder)


def study_samples(folder: ExperimentFolder, renderers: Selection, cache: Cache) -> Study:
    """What its data and predictions come to; nothing where it has none."""
    samples = read_samples(folder)
    if folder.samples is None or not (samples.datasets or samples.predictions or samples.problems):
        return Study()
    experiment = Experiment(folder.slug, folder.name, folder.relative, samples=samples)
    told = {"data": _problems(samples.datasets), "results": _problems(samples.predictions)}
    sections = list(drawn("samples", experiment, renderers, told))
    made = PicturesOfSamples(Path(folder.samples.root), samples, cache)
    return Study(
        packed(sections),
        tuple(made.thumbs(figure for section in sections for figure in section.figures)),
        tuple(made.sprites(figure for section in sections for figure in section.figures)),
        describe_samples(samples),
        samples.problems,
    )


def _not_installed(folder: ExperimentFolder, missing: Sequence[str]) -> Problem:
    what = f"its data and predictions are not shown, since {' and '.join(missing)} cannot be imported here"
    return Problem("missing-extra", folder.relative, what, 'Install them: pip install "dlviz-docs[data]"')


def _found_in(folder: ExperimentFolder, files: SampleFiles, about: About, apart: frozenset[str]) -> Found:
    """What lies in the folder, as the readers of samples want to have it told; `apart` are files of episodes."""
    from dlviz_docs.readers.samples import Found, PictureFolder

    root = Path(files.root)
    told = [Path(source.path).parent for source in folder.about if source.path.endswith((".yml", ".yaml"))]
    beside = told[0].relative_to(root) if told and told[0].is_relative_to(root) else Path()
    inside = [Path(source.path).relative_to(root).as_posix() for source in files.files]
    above = Path(folder.path).relative_to(root) if Path(folder.path).is_relative_to(root) else Path()
    return Found(
        root=root,
        files=tuple(sorted((path for path in inside if path not in apart), key=names.natural)),
        pictures=tuple(
            PictureFolder(path, tuple(p.name for p in found), tuple(p.octets for p in found))
            for path, found in files.pictures
        ),
        runs={(above / run.place).as_posix(): names.exact_slug(run.name, "") for run in folder.runs if _trains(run)},
        # What experiment.yml names is relative to where it stands.
        data=tuple(replace(entry, path=(beside / entry.path).as_posix()) for entry in about.data),
        results=tuple(_beside(entry, root, beside) for entry in about.results),
    )


def _trains(run: RunFolder) -> bool:
    """Whether it is a training, whose folder holds what it drew; not mere checkpoints, which lie beside their data."""
    return any(source.reader != "checkpoint" for source in run.sources)


def _beside(entry: ResultEntry, root: Path, beside: Path) -> ResultEntry:
    """Its files relative to the root; what is no file is the name of a column."""

    def placed(name: str) -> str:
        return (beside / name).as_posix() if name and (root / beside / name).exists() else name

    return replace(
        entry,
        path=(beside / entry.path).as_posix(),
        truth=placed(entry.truth),
        prediction=placed(entry.prediction),
        probabilities=placed(entry.probabilities),
    )


def _placed(samples: Samples, folder: str) -> Samples:
    """With the paths of problems relative to the scanned folder."""
    return Samples(
        tuple(replace(one, problems=placed(one.problems, folder)) for one in samples.datasets),
        tuple(replace(one, problems=placed(one.problems, folder)) for one in samples.predictions),
        placed(samples.problems, folder),
    )


def _named(samples: Samples, folder: ExperimentFolder) -> Samples:
    """With predictions called by their run, where it left only one file of them."""
    runs = {names.exact_slug(run.name, ""): run.name for run in folder.runs}
    counts = Counter(one.run for one in samples.predictions)
    named = tuple(
        replace(one, name=runs[one.run]) if one.run in runs and counts[one.run] == 1 else one
        for one in samples.predictions
    )
    return replace(samples, predictions=named)


def _problems(found: Sequence[Dataset | Predictions]) -> tuple[Problem, ...]:
    return tuple(problem for one in found for problem in one.problems)
