"""The first page of an experiment: how it came out, what was run with which settings, and from which files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from dlviz_docs import names
from dlviz_docs.model import Experiment
from dlviz_docs.renderers._curves import metric_chart
from dlviz_docs.renderers.overview.facts import facts
from dlviz_docs.renderers.overview.files import checkpoints, files
from dlviz_docs.renderers.overview.numbers import metric_of
from dlviz_docs.renderers.overview.runs import runs, seeds
from dlviz_docs.renderers.overview.settings import common_settings, differing_settings
from dlviz_docs.view import Figure, Shown

__all__ = ["Overview"]

QUALITY = frozenset({"Quality", "Reward"})
"""Groups of metrics that say how good a model is."""
BOOKKEEPING = frozenset({"Learning rate", "Speed and system", "Progress"})
"""Groups that say nothing about the model."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Facts, main curves, runs, seeds, settings, checkpoints and files, as far as there are any."""

    title: ClassVar[str] = "Overview"

    metrics: int = 3
    """How many metrics beside the main one the table of runs shows."""
    settings: int = 6
    """How many of the settings that differ the table of runs shows; all of them have a table of their own."""

    def __call__(self, experiment: Experiment) -> Iterator[Shown]:
        """In reading order."""
        yield from _shown(facts(experiment))
        yield from _main_charts(experiment)
        yield from _shown(
            seeds(experiment),
            runs(experiment, self.metrics, self.settings),
            differing_settings(experiment),
            common_settings(experiment),
            checkpoints(experiment),
            files(experiment),
        )


def _shown(*figures: Figure | None) -> Iterator[Figure]:
    yield from (figure for figure in figures if figure)


def _main_charts(experiment: Experiment) -> Iterator[Figure]:
    """What the experiment is judged by, the loss, and the quality most runs report; or else what most runs have."""
    counts = Counter(metric for run in experiment.runs for metric in {series.metric for series in run.series})
    by_count = sorted(counts, key=lambda metric: (-counts[metric], metric))
    quality = (metric for metric in by_count if names.group(metric) in QUALITY and names.direction(metric))
    wanted = dict.fromkeys((metric_of(experiment), "loss", next(quality, "")))
    found = [chart for metric in wanted if metric in counts and (chart := metric_chart(experiment, metric))]
    others = (
        chart
        for metric in by_count
        if names.group(metric) not in BOOKKEEPING and (chart := metric_chart(experiment, metric))
    )
    yield from found or islice(others, 1)
