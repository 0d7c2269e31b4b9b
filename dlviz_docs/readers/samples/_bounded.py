"""Names and texts at a length that a page can hold, of letters that can be written to one.

A cell may hold 100 MB, and then a class, a column or a sample is called so. What belongs together has found itself by
the whole name before; from here on names are only shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TypeVar

from xxhash import xxh3_64_hexdigest

from dlviz_docs.model import Dataset, Feature, Predictions, Problem, Samples
from dlviz_docs.model.samples import Pictures
from dlviz_docs.names import spelled
from dlviz_docs.readers.samples._features import LONGEST_TEXT

__all__ = ["LONGEST_NAME", "bounded"]

LONGEST_NAME = 300
"""Characters; a path of the most bytes that a folder takes for one name, and some more."""
_LONGEST_NOTICE = 2_000

T = TypeVar("T", Dataset, Predictions)


def bounded(samples: Samples) -> Samples:
    """The same, none of whose names and texts is longer than a reader would read."""
    return Samples(
        tuple(_dataset(one) for one in samples.datasets),
        tuple(_predictions(one) for one in samples.predictions),
        _notices(samples.problems),
    )


def _brief(name: str) -> str:
    """A long name's beginning, and what tells it from others that begin alike."""
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME - 12]}… {xxh3_64_hexdigest(name.encode('utf-8', 'surrogatepass'))[:10]}"
    return spelled(name)


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    """As they are, nearly always: there may be a million."""
    try:
        "".join(names).encode()
    except UnicodeEncodeError:
        return tuple(map(_brief, names))
    return names if max(map(len, names), default=0) <= LONGEST_NAME else tuple(map(_brief, names))


def _texts(texts: tuple[str | None, ...]) -> tuple[str | None, ...]:
    if all(text is None or len(text) <= LONGEST_TEXT for text in texts):
        return texts
    return tuple(text if text is None or len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] for text in texts)


def _feature(feature: Feature) -> Feature:
    texts = feature.texts and replace(feature.texts, strings=_texts(feature.texts.strings))
    return replace(feature, name=_brief(feature.name), levels=_names(feature.levels), texts=texts)


def _features(features: Sequence[Feature]) -> tuple[Feature, ...]:
    return tuple(map(_feature, features))


def _common(one: T) -> T:
    return replace(
        one,
        name=_brief(one.name),
        sources=_names(one.sources),
        splits=_names(one.splits),
        classes=_names(one.classes),
        ids=_names(one.ids),
        group=_brief(one.group),
        pictures=_pictures(one.pictures),
        problems=_notices(one.problems),
    )


def _dataset(one: Dataset) -> Dataset:
    features = _features(one.features)
    return replace(_common(one), features=features, target=_brief(one.target), time=_brief(one.time))


def _predictions(one: Predictions) -> Predictions:
    return replace(
        _common(one),
        attributes=_features(one.attributes),
        inputs=_texts(one.inputs),
        references=_texts(one.references),
        generated=_texts(one.generated),
    )


def _pictures(pictures: Pictures | None) -> Pictures | None:
    """Their sources stay what they are, for they are opened by them."""
    return pictures and replace(pictures, keys=_names(pictures.keys))


def _place(path: str) -> str:
    """Of what lies outside the experiment the name alone: the rest tells of the machine, and not of the experiment."""
    return PurePosixPath(path).name if path.startswith(("/", "../")) else path


def _notices(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple(
        replace(
            one,
            path=_brief(_place(one.path)),
            what=spelled(one.what[:_LONGEST_NOTICE]),
            remedy=one.remedy[:_LONGEST_NOTICE],
        )
        for one in problems
    )
