"""How good the predictions are, where they fail, and how far the numbers can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from dlviz_docs.model import Experiment
from dlviz_docs.renderers._place import Place
from dlviz_docs.view import Shown

__all__ = ["Results"]


@dataclass(frozen=True, slots=True)
class Results:
    """One part a task: classification, regression, detection, segmentation, text."""

    title: ClassVar[str] = "Results"
    asks: ClassVar[Literal["samples"]] = "samples"

    samples: Literal["none", "shown"] = "shown"
    """Whether single rows, texts and pictures may be shown: "none" leaves counts and distributions."""

    def __call__(self, experiment: Experiment) -> Iterator[Shown]:
        """Task after task."""
        predictions = experiment.samples.predictions
        for one in predictions:
            Place(one.name if len(predictions) > 1 else "")
        yield from ()
