"""What a data set holds: counts, distributions, what hangs together, what is odd, what the splits share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from dlviz_docs.model import Experiment
from dlviz_docs.renderers._place import Place
from dlviz_docs.view import Shown

__all__ = ["Data"]


@dataclass(frozen=True, slots=True)
class Data:
    """One part a kind of data: columns, pictures, texts, series."""

    title: ClassVar[str] = "Data"
    asks: ClassVar[Literal["samples"]] = "samples"

    samples: Literal["none", "shown"] = "shown"
    """Whether single rows, texts and pictures may be shown: "none" leaves counts and distributions."""

    def __call__(self, experiment: Experiment) -> Iterator[Shown]:
        """Data set after data set."""
        datasets = experiment.samples.datasets
        for dataset in datasets:
            Place(dataset.name if len(datasets) > 1 else "")
        yield from ()
