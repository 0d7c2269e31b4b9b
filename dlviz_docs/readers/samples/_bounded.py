"""Names and texts at a length that a page can hold, of letters that can be written to one.

A cell may hold 100 MB, and then a class, a column or a sample is called so. What belongs together has found itself by
the whole name before; from here on names are only shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TypeVar

from xxhash import xxh3_64_hexdigest

from dlviz_docs.model import Dataset, Feature, Predictions, Problem, Samples
from dlviz_docs.model.samples import Pictures
from dlviz_docs.names import spelled
from dlviz_docs.readers.samples._features import LONGEST_TEXT
from dlviz_docs.readers.samples._homes import Homes, may_tell

__all__ = ["LONGEST_NAME", "bounded"]

LONGEST_NAME = 300
"""Characters; a path of the most bytes that a folder takes for one name, and some more."""
_LONGEST_NOTICE = 2_000

T = TypeVar("T", Dataset, Predictions)


def bounded(samples: Samples) -> Samples:
    """The same, none of whose names and texts is longer than a reader would read, or tells of a home folder."""
    shown = _Shown()
    datasets = tuple(shown.dataset(one) for one in samples.datasets)
    predictions = tuple(shown.predictions(one) for one in samples.predictions)
    problems = shown.notices(samples.problems)
    return Samples(datasets, predictions, (*problems, *(_told(samples) if shown.homes.found else ())))


def _told(samples: Samples) -> Iterator[Problem]:
    """Once, whatever their number."""
    found: tuple[Dataset | Predictions, ...] = (*samples.datasets, *samples.predictions)
    sources = [source for one in found for source in one.sources]
    what = "paths of a home folder stand in names or texts; “~” is shown instead"
    yield Problem("home-path", sources[0] if sources else "", what, "Write paths relative to the experiment's folder.")


def _brief(name: str) -> str:
    """A long name's beginning, and what tells it from others that begin alike."""
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME - 12]}… {xxh3_64_hexdigest(name.encode('utf-8', 'surrogatepass'))[:10]}"
    return spelled(name)


def _place(path: str) -> str:
    """Of what lies outside the experiment the name alone: the rest tells of the machine, and not of the experiment."""
    return PurePosixPath(path).name if path.startswith(("/", "../")) else path


@dataclass(frozen=True, slots=True)
class _Shown:
    """Names and texts on their way to a page."""

    homes: Homes = field(default_factory=Homes)

    def name(self, name: str) -> str:
        return _brief(self.homes.out_of(name))

    def names(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """As they are, nearly always: there may be a million."""
        plain = names
        if any(map(may_tell, names)):
            plain = tuple(map(self.homes.out_of, names))
            if len(set(plain)) < len(plain) and len(set(names)) == len(names):  # those of two homes stay two
                plain = _apart(plain)
        try:
            "".join(plain).encode()
        except UnicodeEncodeError:
            return tuple(map(_brief, plain))
        return plain if max(map(len, plain), default=0) <= LONGEST_NAME else tuple(map(_brief, plain))

    def texts(self, texts: tuple[str | None, ...]) -> tuple[str | None, ...]:
        if all(text is None or (len(text) <= LONGEST_TEXT and not may_tell(text)) for text in texts):
            return texts
        return tuple(text if text is None else self.homes.out_of(text[:LONGEST_TEXT]) for text in texts)

    def feature(self, feature: Feature) -> Feature:
        texts = feature.texts and replace(feature.texts, strings=self.texts(feature.texts.strings))
        return replace(feature, name=self.name(feature.name), levels=self.names(feature.levels), texts=texts)

    def features(self, features: Sequence[Feature]) -> tuple[Feature, ...]:
        return tuple(map(self.feature, features))

    def common(self, one: T) -> T:
        return replace(
            one,
            name=self.name(one.name),
            sources=self.names(one.sources),
            splits=self.names(one.splits),
            classes=self.names(one.classes),
            ids=self.names(one.ids),
            group=self.name(one.group),
            pictures=self.pictures(one.pictures),
            problems=self.notices(one.problems),
        )

    def dataset(self, one: Dataset) -> Dataset:
        features = self.features(one.features)
        named = replace(self.common(one), target=self.name(one.target), time=self.name(one.time))
        return replace(named, features=features, words=self.names(one.words))

    def predictions(self, one: Predictions) -> Predictions:
        return replace(
            self.common(one),
            attributes=self.features(one.attributes),
            inputs=self.texts(one.inputs),
            references=self.texts(one.references),
            generated=self.texts(one.generated),
        )

    def pictures(self, pictures: Pictures | None) -> Pictures | None:
        """Their sources stay what they are, for they are opened by them."""
        return pictures and replace(pictures, keys=self.names(pictures.keys))

    def notices(self, problems: Sequence[Problem]) -> tuple[Problem, ...]:
        return tuple(
            replace(
                one,
                path=_brief(_place(one.path)),
                what=spelled(self.homes.out_of(one.what[:_LONGEST_NOTICE])),
                remedy=one.remedy[:_LONGEST_NOTICE],
            )
            for one in problems
        )


def _apart(names: tuple[str, ...]) -> tuple[str, ...]:
    """Each once: a second "~/a" is "~/a (2)"."""
    turns: Counter[str] = Counter()
    found = []
    for name in names:
        turns[name] += 1
        found.append(name if turns[name] == 1 else f"{name} ({turns[name]})")
    return tuple(found)
