"""Rows of a data set by split and by class, and how single ones are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.model import MISSING, Codes, Dataset, FloatArray, Pictures
from dlviz_docs.stats.histogram import bins_of
from dlviz_docs.stats.summary import order_of, running
from dlviz_docs.view import Layer, Plot, PlotAxis, Thumb

__all__ = [
    "Groups",
    "by_class",
    "by_split",
    "drawn",
    "facts",
    "histogram",
    "main_groups",
    "shown_of",
    "spread",
    "thumb",
    "title",
]

CLASSES_DRAWN = 8
"""Groups that one histogram can hold apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Which group each row is in."""

    codes: Codes
    """Shape (n,), places in `names`; `MISSING` for none."""
    names: tuple[str, ...]
    what: str
    """ "split" or "class"."""

    def of(self, rows: NDArray[np.intp]) -> Groups:
        """The same of some rows."""
        return Groups(self.codes[rows], self.names, self.what)

    def name(self, row: int) -> str:
        """The group of a row; "" for none."""
        return self.names[self.codes[row]] if self.codes[row] != MISSING else ""


def by_split(dataset: Dataset) -> Groups | None:
    """By split, where there are several."""
    if dataset.split is None or len(dataset.splits) < 2:
        return None
    return Groups(dataset.split, dataset.splits, "split")


def by_class(dataset: Dataset) -> Groups | None:
    """By the target, where that is a category with several levels."""
    target = dataset.get(dataset.target) if dataset.target else None
    if target is None or len(target.levels) < 2 or target.kind not in ("category", "boolean"):
        return None
    return Groups(target.values.astype(np.int32, copy=False), target.levels, "class")


def main_groups(dataset: Dataset) -> Groups | None:
    """What histograms tell apart: splits, else few classes."""
    if splits := by_split(dataset):
        return splits
    classes = by_class(dataset)
    return classes if classes and len(classes.names) <= CLASSES_DRAWN else None


# --- single rows ------------------------------------------------------------------------------------------------------


def title(dataset: Dataset, row: int) -> str:
    """What a row is called: as the file does, or by its picture, or by its number."""
    if dataset.ids:
        return dataset.ids[row]
    if dataset.pictures is not None:
        return dataset.pictures.sources[row] if dataset.pictures.sources else dataset.pictures.keys[row]
    return f"row {row:,}"


def thumb(pictures: Pictures, row: int, side: int = 192, alt: str = "") -> Thumb | None:
    """A row's picture; None where it cannot be read."""
    if pictures.array is not None:
        height, width = pictures.array.shape[1:3]
    elif len(pictures.sizes):
        width, height = (int(length) for length in pictures.sizes[row])
    else:
        return None
    return Thumb(pictures.keys[row], width, height, alt, side) if width > 0 and height > 0 else None


def facts(row: int, *groups: Groups | None) -> tuple[tuple[str, str], ...]:
    """Class and split of a row, as far as they are known."""
    return tuple((one.what, one.name(row)) for one in groups if one is not None and one.codes[row] != MISSING)


def shown_of(shown: int, whole: int, noun: str) -> str:
    """ "30 of 2,443 pictures", "All 30 pictures", "1 picture"."""
    if shown < whole:
        return f"{shown:,} of {words.count(whole, noun)}"
    return words.count(whole, noun) if whole == 1 else f"All {words.count(whole, noun)}"


# --- choice -----------------------------------------------------------------------------------------------------------


def drawn(rows: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """At most so many of the rows, at random with seed 0, in their order."""
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, most, replace=False))


def spread(codes: Codes, groups: int, most: int) -> NDArray[np.intp]:
    """About `most` rows, the same number of every group as far as each has them, at random with seed 0, group by group.

    Of more groups than that, one row of each of the first `most`.
    """
    shuffled = np.random.default_rng(0).permutation(len(codes))
    order = shuffled[np.argsort(codes[shuffled], kind="stable")]
    ordered = codes[order]
    rank = np.arange(len(order)) - np.searchsorted(ordered, ordered, "left")
    present = np.unique(ordered[ordered >= 0])[:most]
    each = max(1, most // max(1, min(groups, len(present))))
    return order[(rank < each) & np.isin(ordered, present)]


# --- histograms -------------------------------------------------------------------------------------------------------


def histogram(values: FloatArray, groups: Groups | None, label: str, *, whole: bool = False) -> Plot | None:
    """How numbers are distributed, in shares of each group, over edges all share; None without two different values."""
    codes, names = (groups.codes, groups.names) if groups else (None, ("",))
    ordered = order_of(values)
    told_apart = running(ordered, codes, len(names)) if codes is not None else None
    if (bins := bins_of(ordered, told_apart, whole=whole)) is None:
        return None
    layers = list(_outlines(bins.edges, bins.counts, names))
    if not layers:
        return None
    unit = f"share of {groups.what}, %" if groups else "share, %"
    return Plot(tuple(layers), PlotAxis(label), PlotAxis(unit), height=180)


def _outlines(edges: FloatArray, counts: NDArray[np.int64], names: Sequence[str]) -> Iterable[Layer]:
    alone = len(names) == 1
    for color, (name, count) in enumerate(zip(names, counts, strict=True)):
        if total := int(count.sum()):
            share = 100 * count / total
            notes = tuple(f"{amount:,} of {total:,}" for amount in count.tolist())
            yield Layer(
                "bar" if alone else "step", edges[:-1], share, x2=edges[1:], label=name, color=color, notes=notes
            )
