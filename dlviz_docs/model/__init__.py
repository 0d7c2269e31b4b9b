"""What was found in a folder: frozen values, from one curve or one column to a whole experiment.

Arrays are read-only. Nothing here knows files, HTML or pixels.
"""

from __future__ import annotations

from dlviz_docs.model.basics import (
    Axis,
    BoolArray,
    Direction,
    FloatArray,
    Hparam,
    Insight,
    Objective,
    Problem,
    Severity,
    Status,
)
from dlviz_docs.model.runs import (
    Artifact,
    Experiment,
    Reading,
    Recorded,
    Run,
    Series,
    SourceFile,
    best_first,
)
from dlviz_docs.model.samples import (
    MISSING,
    Boxes,
    Codes,
    Dataset,
    Feature,
    Kind,
    Masks,
    Pictures,
    Predictions,
    Samples,
    Sheet,
    Task,
    Texts,
)

__all__ = [
    "MISSING",
    "Artifact",
    "Axis",
    "BoolArray",
    "Boxes",
    "Codes",
    "Dataset",
    "Direction",
    "Experiment",
    "Feature",
    "FloatArray",
    "Hparam",
    "Insight",
    "Kind",
    "Masks",
    "Objective",
    "Pictures",
    "Predictions",
    "Problem",
    "Reading",
    "Recorded",
    "Run",
    "Samples",
    "Series",
    "Severity",
    "Sheet",
    "SourceFile",
    "Status",
    "Task",
    "Texts",
    "best_first",
]
