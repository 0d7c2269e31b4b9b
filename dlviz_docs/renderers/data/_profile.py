"""A data set with all that its figures share: every column examined once, every pair of columns compared once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dlviz_docs import names, words
from dlviz_docs.model import Dataset, Feature
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.data._rows import Groups, by_class, by_split, main_groups
from dlviz_docs.stats.columns import ColumnStats, Partition, examine
from dlviz_docs.stats.relations import Pair, Relations, relations

__all__ = ["COLUMNS", "Profile", "cell_text", "profile"]

COLUMNS = 500
"""How many columns are looked at one by one: more are no table that people read."""


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """One data set, prepared."""

    dataset: Dataset
    place: Place
    samples: bool
    """Whether single rows may be shown."""
    columns: tuple[ColumnStats, ...]
    ids: tuple[str, ...]
    """Identifier of each column's figure, should it have one."""
    splits: Groups | None
    classes: Groups | None
    groups: Groups | None
    """What histograms tell apart."""
    relations: Relations
    target: int
    """Place of the target among the columns; -1 for none."""
    with_target: Mapping[int, Pair]
    """How each other column hangs together with the target."""

    @property
    def left(self) -> int:
        """Columns that are not looked at."""
        return len(self.dataset.features) - len(self.columns)

    def rows(self) -> str:
        """How many, in words."""
        return f"n = {self.dataset.length:,}"


def profile(dataset: Dataset, place: Place, samples: bool) -> Profile:
    """Looks at every column, and at every pair."""
    features = _looked_at(dataset)
    splits, groups = by_split(dataset), main_groups(dataset)
    of_splits = Partition(splits.codes, len(splits.names)) if splits else None
    of_groups = of_splits if groups and groups.what == "split" else None
    if groups and of_groups is None:
        of_groups = Partition(groups.codes, len(groups.names))
    columns = tuple(examine(feature, of_splits, of_groups) for feature in features)
    target = next((at for at, feature in enumerate(features) if feature.name == dataset.target), -1)
    found = relations(columns, target)
    slugs = names.unique_slugs(_apart([feature.name for feature in features]))
    return Profile(
        dataset,
        place,
        samples,
        columns,
        tuple(place.id(f"column-{slug}") for slug in slugs),
        splits,
        by_class(dataset),
        groups,
        found,
        target,
        found.of(target) if target >= 0 else {},
    )


def _apart(texts: list[str]) -> list[str]:
    """Names with a number where an earlier column has the same one."""
    seen: Counter[str] = Counter()
    found = []
    for text in texts:
        seen[text] += 1
        found.append(f"{text} {seen[text]}" if seen[text] > 1 else text)
    return found


def _looked_at(dataset: Dataset) -> list[Feature]:
    """The first ones, and the target whatever its place."""
    features = [feature for feature in dataset.features if len(feature) == dataset.length]
    kept = features[:COLUMNS]
    target = next((feature for feature in features[COLUMNS:] if feature.name == dataset.target), None)
    return [*kept[:-1], target] if target else kept


def cell_text(feature: Feature, row: int) -> str:
    """One cell as people read it; "–" where it is missing."""
    value = feature.values[row]
    if feature.kind == "number":
        return "–" if np.isnan(value) else words.number(float(value))
    if feature.kind == "time":
        return words.date(float(value), time=True) if np.isfinite(value) else "–"
    if value < 0:
        return "–"
    if feature.levels:
        return feature.levels[int(value)]
    if feature.texts is None:
        return str(value)
    strings = feature.texts.strings
    text = strings[row] if row < len(strings) else None
    return "–" if text is None else text if len(text) <= 80 else f"{text[:79]}…"
