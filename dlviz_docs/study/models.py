"""The models of one experiment, read and drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dlviz_docs import cache as caching
from dlviz_docs import names
from dlviz_docs.cache import Cache
from dlviz_docs.errors import ReadError
from dlviz_docs.model import Experiment, Models, Network, Problem
from dlviz_docs.model.kept import Kept
from dlviz_docs.options import Selection
from dlviz_docs.readers._about import read_about
from dlviz_docs.readers.kept import SUFFIX, read_kept
from dlviz_docs.report import describe_models
from dlviz_docs.scan import ExperimentFolder
from dlviz_docs.study.jobs import word_files
from dlviz_docs.study.packed import Study, packed
from dlviz_docs.study.pictures import thumbs
from dlviz_docs.study.sections import drawn, placed
from dlviz_docs.view import FILTERS

if TYPE_CHECKING:  # its readers are imported where there is something to read
    from dlviz_docs.readers.networks import Found

__all__ = ["passed_by", "read_models", "study_models"]


def study_models(folder: ExperimentFolder, renderers: Selection, cache: Cache, probed: Sequence[str] = ()) -> Study:
    """What its checkpoints come to; nothing where it has none. `probed` names what running them showed."""
    name, models = read_models(folder, cache)
    problems = problems_of(models)
    if not (models.networks or problems):
        return Study(needs=(name,))
    probes = tuple(kept.probed for name in probed if (kept := cache.get(name, Kept)))
    experiment = Experiment(folder.slug, folder.name, folder.relative, models=models, probes=probes)
    sections = list(drawn("models", experiment, renderers, {"architecture": placed(problems, folder.relative)}))
    figures = [figure for section in sections for figure in section.figures]
    made = thumbs(figures, cache, lambda key, side: _filters(models, key, side))
    return Study(packed(sections), tuple(made), report=describe_models(models), needs=(name,))


def problems_of(models: Models) -> tuple[Problem, ...]:
    """Of files that are no model, then of each model's; each once."""
    found = (*models.problems, *(problem for network in models.networks for problem in network.problems))
    return tuple(dict.fromkeys(found))


def _filters(models: Models, key: str, side: int) -> bytes | None:
    """The picture of a first convolution's weights, by its key: "filters:<network>:<tensor>"."""
    from dlviz_docs.readers.samples.thumbnails import drawn
    from dlviz_docs.stats.filters import filter_sheet

    number, _, tensor = key.removeprefix(FILTERS).partition(":")
    if not (key.startswith(FILTERS) and number.isdecimal() and int(number) < len(models.networks)):
        return None
    weights = models.networks[int(number)].filters.get(tensor)
    return None if weights is None else drawn(filter_sheet(weights), side)


def read_models(folder: ExperimentFolder, cache: Cache) -> tuple[str, Models]:
    """Every model of the experiment, and its name in the cache: weights are read once for all who ask.

    Of a model whose file is not here there is what `dlviz probe` left of it, if it did.
    """
    files = [(source.relative, source.signature) for source in folder.models]
    about = [(source.relative, source.signature) for source in folder.about]
    words = [(source.relative, source.signature) for source in word_files(folder)]
    runs = [(run.name, run.place) for run in folder.runs]
    name = caching.key("models", folder.relative, runs, about, files, words)
    models = cache.get(name, Models)
    if models is None:
        models = _read(folder)
        cache.put(name, models)
    return name, models


def passed_by(folder: ExperimentFolder) -> list[tuple[str, str]]:
    """Files that are called like models and are not read as such, relative to the scanned folder, and why."""
    from dlviz_docs.readers.networks import plan

    return [(f"{folder.relative}/{path}".removeprefix("./"), why) for path, why in plan(_found(folder)).left]


def _read(folder: ExperimentFolder) -> Models:
    from dlviz_docs.readers.networks import plan, read

    found = _found(folder)
    models, kept = read(found, plan(found)), _Kept(folder)
    return Models((*models.networks, *kept.networks()), (*models.problems, *kept.problems))


def _found(folder: ExperimentFolder) -> Found:
    """What lies in the folder, as the readers of models want to have it told."""
    from dlviz_docs.readers.networks import Found

    about, _, _ = read_about([Path(source.path) for source in folder.about])
    root = Path(folder.path)
    slugs = {run.place: names.exact_slug(run.name, "") for run in folder.runs}
    mine = {source.path: slugs[run.place] for run in folder.runs for source in run.sources}
    files = {relative: path for path in _paths(folder) if (relative := _inside(path, root))}
    return Found(
        root,
        tuple(sorted((path for path in files if not path.endswith(SUFFIX)), key=names.natural)),
        slugs,
        about.checkpoints,
        {relative: mine[path] for relative, path in files.items() if path in mine},
    )


def _paths(folder: ExperimentFolder) -> list[str]:
    return [source.path for source in folder.models]


def _inside(path: str, root: Path) -> str:
    """The path relative to the experiment; "" for one that lies elsewhere, as what runs of several share may."""
    return Path(path).relative_to(root).as_posix() if Path(path).is_relative_to(root) else ""


@dataclass(slots=True)
class _Kept:
    """What `dlviz probe` left beside models."""

    folder: ExperimentFolder
    problems: list[Problem] = field(default_factory=list)
    """Of files that cannot be read."""

    def networks(self) -> Iterator[Network]:
        """Models that are not here themselves, such as one that was too large to be committed."""
        seen: set[str] = set()
        for path in (Path(path) for path in _paths(self.folder) if path.endswith(SUFFIX)):
            network = self._network(path)
            gone = not path.with_name(path.name.removesuffix(SUFFIX)).exists()
            if network is not None and gone and network.last.path not in seen:
                seen |= {checkpoint.path for checkpoint in network.checkpoints}
                yield network

    def _network(self, path: Path) -> Network | None:
        try:
            return read_kept(path).network
        except (ReadError, OSError) as error:
            what = error.what if isinstance(error, ReadError) else f"cannot be read: {error.strerror}"
            told = _inside(str(path), Path(self.folder.path)) or path.name
            self.problems.append(Problem("probe-damaged", told, what, "Run dlviz probe again, or delete the file."))
            return None
