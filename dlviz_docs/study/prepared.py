"""How a model's input is made, and what its classes are called, as far as files beside it tell."""

from __future__ import annotations

from pathlib import Path

from dlviz_docs.model import Checkpoint
from dlviz_docs.model.probes import Prepared
from dlviz_docs.options import About, InputEntry
from dlviz_docs.readers.preprocessing import CONFIG, read_preprocessing
from dlviz_docs.scan import ExperimentFolder

__all__ = ["class_names", "prepared_of"]


def prepared_of(folder: ExperimentFolder, about: About, checkpoint: Checkpoint) -> Prepared | None:
    """What experiment.yml says, or else a file beside the model or above it; None where nobody does."""
    if about.input != InputEntry():
        told = about.input
        # Size alone says nothing of the scale, which then is found out.
        scale = 1 / told.scale if told.scale else 255.0 if told.mean or told.std else 0.0
        size = told.size * 2 if len(told.size) == 1 else told.size
        return Prepared(size, 0, scale, told.mean, told.std, crop=told.crop, source="experiment.yml")
    from dlviz_docs.probes import prepared_from

    root = Path(folder.path)
    for place in (root / checkpoint.path).parent, root:
        if (config := read_preprocessing(place / CONFIG)) and (found := prepared_from(config, CONFIG)):
            return found
    return None


def class_names(folder: ExperimentFolder) -> tuple[str, ...]:
    """Names of classes that a file of the experiment tells, such as classes.txt; () where none does."""
    from dlviz_docs.readers.samples._class_names import class_names_in, is_of_class_names

    paths = [Path(source.path) for source in folder.samples.files] if folder.samples else []
    found = (class_names_in(path) for path in paths if is_of_class_names(path.name))
    return next((names for names in found if names), ())
