"""What a data set holds: counts, distributions, what hangs together, what is odd, what the splits share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from dlviz_docs.model import Dataset, Experiment, Insight
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.data._profile import profile
from dlviz_docs.renderers.data._sample import sample_of
from dlviz_docs.renderers.data.associations import associations
from dlviz_docs.renderers.data.classes import classes
from dlviz_docs.renderers.data.columns import chosen_columns, column_figures
from dlviz_docs.renderers.data.duplicates import duplicates, equal_rows
from dlviz_docs.renderers.data.embedding import embedding
from dlviz_docs.renderers.data.missing import missing
from dlviz_docs.renderers.data.near_copies import near_copies
from dlviz_docs.renderers.data.outliers import outliers
from dlviz_docs.renderers.data.overview import all_columns, overview
from dlviz_docs.renderers.data.patterns import patterns
from dlviz_docs.renderers.data.pictures import pictures
from dlviz_docs.renderers.data.splits import splits
from dlviz_docs.renderers.data.texts import texts
from dlviz_docs.view import Figure, Shown

__all__ = ["Data"]

_ORDER = {"serious": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Data:
    """One part a kind of data: columns, pictures, texts, series."""

    title: ClassVar[str] = "Data"
    asks: ClassVar[Literal["samples"]] = "samples"

    samples: Literal["none", "shown"] = "shown"
    """Whether single rows, texts and pictures may be shown: "none" leaves counts and distributions."""

    def __call__(self, experiment: Experiment) -> Iterator[Shown]:
        """Data set after data set: what it says, the most serious first, then its figures."""
        datasets = experiment.samples.datasets
        for dataset in datasets:
            place = Place(dataset.name if len(datasets) > 1 else "")
            shown = list(_shown(dataset, place, self.samples == "shown"))
            said = [one for one in shown if isinstance(one, Insight)]
            for insight in sorted(said, key=lambda one: _ORDER[one.severity]):
                yield replace(insight, text=f"{place.name}: {insight.text}") if place.name else insight
            yield from (one for one in shown if isinstance(one, Figure))


def _shown(dataset: Dataset, place: Place, samples: bool) -> Iterator[Shown]:
    """All of one data set, in reading order."""
    found = profile(dataset, place, samples)
    chosen, equal, sample = chosen_columns(found), equal_rows(found), sample_of(found)
    yield from overview(found, equal)
    yield from classes(found)
    yield from pictures(dataset, place, samples)
    yield from texts(dataset, place, samples)
    yield from near_copies(dataset, place, samples)
    yield from duplicates(found, equal)
    yield from splits(found, sample)
    yield from column_figures(found, chosen)
    yield from associations(found)
    yield from missing(found)
    yield from outliers(found)
    yield from patterns(found, sample)
    yield from embedding(dataset, place, samples)
    yield from all_columns(found, frozenset(found.ids[at] for at in chosen))
