"""The models of one experiment, read and drawn."""

from __future__ import annotations

from collections.abc import Iterator

from dlviz_docs.cache import Cache
from dlviz_docs.model import Experiment, Models
from dlviz_docs.options import Selection
from dlviz_docs.registry import load_renderers
from dlviz_docs.render import asks_for, section_of
from dlviz_docs.report import describe_models
from dlviz_docs.scan import ExperimentFolder
from dlviz_docs.study.packed import Study, packed
from dlviz_docs.study.pictures import thumbs
from dlviz_docs.view import FILTERS, Section

__all__ = ["read_models", "study_models"]


def study_models(folder: ExperimentFolder, renderers: Selection, cache: Cache) -> Study:
    """What its checkpoints come to; nothing where it has none."""
    models = read_models(folder)
    if not (models.networks or models.problems):
        return Study()
    experiment = Experiment(folder.slug, folder.name, folder.relative, models=models)
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
    return Models()
