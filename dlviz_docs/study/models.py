"""The models of one experiment, read and drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dlviz_docs import names
from dlviz_docs.cache import Cache
from dlviz_docs.errors import ReadError
from dlviz_docs.model import Experiment, Models, Network
from dlviz_docs.model.kept import Kept
from dlviz_docs.options import Selection
from dlviz_docs.readers._about import read_about
from dlviz_docs.readers.kept import SUFFIX, read_kept
from dlviz_docs.registry import load_renderers
from dlviz_docs.render import asks_for, section_of
from dlviz_docs.report import describe_models
from dlviz_docs.scan import ExperimentFolder
from dlviz_docs.study.packed import Study, packed
from dlviz_docs.study.pictures import thumbs
from dlviz_docs.view import FILTERS, Section

if TYPE_CHECKING:  # its readers are imported where there is something to read
    from dlviz_docs.readers.networks import Found

__all__ = ["found_models", "read_models", "study_models"]


def study_models(folder: ExperimentFolder, renderers: Selection, cache: Cache, probed: Sequence[str] = ()) -> Study:
    """What its checkpoints come to; nothing where it has none. `probed` names what running them showed."""
    models = read_models(folder)
    if not (models.networks or models.problems):
        return Study()
    probes = tuple(kept.probed for name in probed if (kept := cache.get(name, Kept)))
    experiment = Experiment(folder.slug, folder.name, folder.relative, models=models, probes=probes)
    sections = list(_sections(experiment, renderers))
    figures = [figure for section in sections for figure in section.figures]
    made = thumbs(figures, cache, lambda key, side: _filters(models, key, side))
    return Study(packed(sections), tuple(made), report=describe_models(models), told=models.problems)


def _sections(experiment: Experiment, selection: Selection) -> Iterator[Section]:
    renderers, _ = load_renderers(selection)
    for name, renderer in renderers.items():
        if asks_for(renderer) == "models":
            yield section_of(name, renderer, experiment)


def _filters(models: Models, key: str, side: int) -> bytes | None:
    """The picture of a first convolution's weights, by its key: "filters:<network>:<tensor>"."""
    from dlviz_docs.readers.samples.thumbnails import drawn
    from dlviz_docs.stats.filters import filter_sheet

    number, _, tensor = key.removeprefix(FILTERS).partition(":")
    if not (key.startswith(FILTERS) and number.isdecimal() and int(number) < len(models.networks)):
        return None
    weights = models.networks[int(number)].filters.get(tensor)
    return None if weights is None else drawn(filter_sheet(weights), side)


def read_models(folder: ExperimentFolder) -> Models:
    """Every model of the experiment; of one whose file is not here what `dlviz probe` left of it, if it did."""
    from dlviz_docs.readers.networks import plan, read

    found = found_models(folder)
    models = read(found, plan(found))
    kept = tuple(_kept(folder))
    problems = tuple(replace(one, path=f"{folder.relative}/{one.path}".removeprefix("./")) for one in models.problems)
    return Models((*models.networks, *kept), problems)


def found_models(folder: ExperimentFolder) -> Found:
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


def _kept(folder: ExperimentFolder) -> Iterator[Network]:
    """Models that are not here themselves, such as one that was too large to be committed."""
    seen: set[str] = set()
    for path in (Path(path) for path in _paths(folder) if path.endswith(SUFFIX)):
        if path.with_name(path.name.removesuffix(SUFFIX)).exists():
            continue
        try:
            network = read_kept(path).network
        except (ReadError, OSError):
            continue  # said where the results are shown
        if network.name not in seen:
            seen.add(network.name)
            yield network
