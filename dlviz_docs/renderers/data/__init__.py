"""What a data set holds: counts, distributions, what hangs together, what is odd, what the splits share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from dlviz_docs import words
from dlviz_docs.model import Dataset, Experiment, Insight
from dlviz_docs.renderers._place import Place, places
from dlviz_docs.renderers.data._profile import Profile, profile
from dlviz_docs.renderers.data._sample import sample_of
from dlviz_docs.renderers.data.associations import associations
from dlviz_docs.renderers.data.classes import classes
from dlviz_docs.renderers.data.columns import chosen_columns, column_figures
from dlviz_docs.renderers.data.duplicates import duplicates, equal_rows
from dlviz_docs.renderers.data.embedding import embedding
from dlviz_docs.renderers.data.missing import missing
from dlviz_docs.renderers.data.outliers import outliers
from dlviz_docs.renderers.data.overview import all_columns, overview
from dlviz_docs.renderers.data.patterns import patterns
from dlviz_docs.renderers.data.splits import splits
from dlviz_docs.view import Fact, Figure, Shown

__all__ = ["Data"]

WIDE = 15
"""Columns beyond which distributions and associations have pages of their own."""
_SEVERITY = {"serious": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Data:
    """One part a kind of data: columns, pictures, texts, series."""

    title: ClassVar[str] = "Data"
    asks: ClassVar[Literal["samples"]] = "samples"

    samples: Literal["none", "shown"] = "shown"
    """Whether single rows, texts and pictures may be shown: "none" leaves counts and distributions."""

    def __call__(self, experiment: Experiment) -> Iterator[Shown]:
        """What is said of all data sets, the most serious first, then their figures."""
        datasets = experiment.samples.datasets
        shown = [
            one
            for dataset, place in zip(datasets, _places(datasets), strict=True)
            for one in _named(_shown(dataset, place, self.samples == "shown"), place)
        ]
        yield from (one for one in shown if isinstance(one, Fact))
        yield from sorted((one for one in shown if isinstance(one, Insight)), key=lambda one: _SEVERITY[one.severity])
        yield from (one for one in shown if isinstance(one, Figure))


def _places(datasets: Sequence[Dataset]) -> list[Place]:
    """A name for each of several."""
    return [Place()] if len(datasets) == 1 else places([dataset.name or "data" for dataset in datasets])


def _named(shown: Iterator[Shown], place: Place) -> Iterator[Shown]:
    """Of several data sets, each sentence and each fact with the data set's name."""
    for one in shown:
        if place.name and isinstance(one, Insight):
            yield replace(one, text=f"{place.name}: {one.text}")
        elif place.name and isinstance(one, Fact):
            yield replace(one, label=f"{one.label} “{place.name}”")
        else:
            yield one


def _shown(dataset: Dataset, place: Place, samples: bool) -> Iterator[Shown]:
    """All of one data set, in reading order: its facts first, on the topic's page whatever their number."""
    found = profile(dataset, place, samples)
    equal = equal_rows(found)
    yield Fact("Data", _fact(found))
    yield from overview(found, equal)
    plain = _is_of_classes_only(found)
    chosen, sample = [] if plain else chosen_columns(found), sample_of(found)
    if not plain:
        yield from place.put(all_columns(found, frozenset(found.ids[at] for at in chosen)))
    yield from place.put(classes(found))
    if dataset.pictures is not None:
        yield from place.put(_of_pictures(dataset, place, samples))
    of_texts = list(_of_texts(dataset, place, samples))
    yield from place.put(of_texts)
    yield from place.put(_of_time(dataset, place, samples))
    if dataset.pictures is not None:
        yield from place.put(_of_copies(dataset, place, samples))
    yield from place.put(_not_told(duplicates(found, equal), of_texts))
    yield from place.put(splits(found, sample))
    yield from _below(found, "Distributions", column_figures(found, chosen))
    yield from _below(found, "Associations", associations(found))
    yield from place.put(missing(found))
    yield from place.put(outliers(found))
    yield from place.put(patterns(found, sample))
    yield from place.put(embedding(dataset, place, samples))


# What a table of numbers does not need is imported by what does.


def _of_pictures(dataset: Dataset, place: Place, samples: bool) -> Iterator[Shown]:
    from dlviz_docs.renderers.data.boxes import boxes
    from dlviz_docs.renderers.data.pictures import pictures

    yield from pictures(dataset, place, samples)
    yield from boxes(dataset, place, samples)


def _of_copies(dataset: Dataset, place: Place, samples: bool) -> Iterator[Shown]:
    from dlviz_docs.renderers.data.near_copies import near_copies

    yield from near_copies(dataset, place, samples)


def _of_texts(dataset: Dataset, place: Place, samples: bool) -> Iterator[Shown]:
    if any(feature.kind == "text" for feature in dataset.features):
        from dlviz_docs.renderers.data.texts import texts

        yield from texts(dataset, place, samples)


def _of_time(dataset: Dataset, place: Place, samples: bool) -> Iterator[Shown]:
    if dataset.time or dataset.series is not None:
        from dlviz_docs.renderers.data.series import series

        yield from series(dataset, place, samples)


def _not_told(of_rows: Iterator[Shown], of_texts: Sequence[Shown]) -> Iterator[Shown]:
    """Without the copies of rows that the copies of their texts are: as many, of the same splits."""
    told = {one.text.replace(" texts ", " rows ") for one in of_texts if isinstance(one, Insight)}
    yield from (one for one in of_rows if not (isinstance(one, Insight) and one.text in told))


def _is_of_classes_only(found: Profile) -> bool:
    """Whether nothing but a class stands beside each picture: the part on classes says all of that."""
    alone = found.classes is not None and [one.name for one in found.dataset.features] == [found.dataset.target]
    return alone and found.dataset.pictures is not None


def _below(found: Profile, name: str, shown: Iterator[Shown]) -> Iterator[Shown]:
    """Of wide tables on a page of their own, so that no page is too long to be read."""
    if len(found.columns) <= WIDE:
        yield from found.place.put(shown)
        return
    page = f"{found.place.name}: {name}" if found.place.name else name
    yield from (replace(one, page=page) if isinstance(one, Figure) else one for one in shown)


def _fact(found: Profile) -> str:
    """What it holds, in a line."""
    dataset = found.dataset
    plain = dataset.pictures is not None and (not dataset.features or _is_of_classes_only(found))
    parts = [] if plain else [words.count(dataset.length, "row")]
    if dataset.features and not plain:
        parts.append(words.count(len(dataset.features), "column"))
    if dataset.pictures is not None:
        parts.append(words.count(len(dataset.pictures), "picture"))
    if dataset.boxes is not None:
        parts.append(words.count(len(dataset.boxes), "box", "boxes"))
    if found.classes:
        parts.append(words.count(len(found.classes.names), "class", "classes"))
    if found.splits:
        parts.append(f"splits {', '.join(found.splits.names)}")
    return ", ".join(parts)
