"""The models of one experiment, read and drawn."""

from __future__ import annotations

from dlviz_docs.cache import Cache
from dlviz_docs.options import Selection
from dlviz_docs.scan import ExperimentFolder
from dlviz_docs.study.packed import Study

__all__ = ["study_models"]


def study_models(folder: ExperimentFolder, renderers: Selection, cache: Cache) -> Study:
    """What its checkpoints come to; nothing where it has none."""
    return Study()
