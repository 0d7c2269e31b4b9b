"""What the pictures of a class have in common: the mean of each, where all have one size."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights.data_words import percent
from dlviz_docs.model import Dataset, Pictures
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.data._rows import Groups, by_class
from dlviz_docs.view import Figure, Gallery, Item, Shown, Thumb

__all__ = ["mean_pictures"]

MEAN = "mean:"
"""What keys of means begin with, before the key of the first picture and the place of the class."""
CLASSES = 40
LEAST = 10
"""Pictures of a class: a mean of fewer shows the single ones."""
SIDE = 192
_SMALL = 32
"""px of the grey pictures that files are looked at by."""


def mean_pictures(dataset: Dataset, place: Place, samples: bool) -> Iterator[Shown]:
    """One for each class, the most frequent ones of many; nothing where sizes differ."""
    found, classes = dataset.pictures, by_class(dataset)
    if not samples or found is None or classes is None or dataset.boxes is not None or not _is_of_one_size(found):
        return
    looked_at = np.arange(len(found)) if found.array is not None else found.measured
    codes = classes.codes[looked_at]
    counts = np.bincount(codes[codes >= 0], minlength=len(classes.names))
    kept = np.flatnonzero(counts >= LEAST)
    if len(kept) < 2:
        return
    shown = np.sort(kept[np.argsort(-counts[kept], kind="stable")][:CLASSES])
    items = tuple(_item(found, classes, int(code), int(counts[code]), len(looked_at)) for code in shown)
    caption = (
        f"The mean of all pictures of a class: what they have in common is clear, what differs is blurred.{_how(found)}"
    )
    if len(shown) < len(kept):
        caption += f" The {len(shown)} most frequent of {words.count(len(kept), 'class', 'classes')}."
    spec = Gallery(items, len(kept), "" if len(shown) == len(kept) else "the most frequent classes", first=CLASSES)
    yield Figure(place.id("mean-pictures"), "Mean picture of each class", caption, spec, place.group("Pictures"))


def _is_of_one_size(found: Pictures) -> bool:
    """Of an array all are; of files those that were looked at."""
    if found.array is not None:
        return found.array.ndim >= 3
    if not len(found.measured) or len(found.small) != len(found.measured) or len(found.sizes) != len(found):
        return False
    sizes = found.sizes[found.measured]
    return bool((sizes == sizes[0]).all() and sizes[0].all())


def _how(found: Pictures) -> str:
    if found.array is not None:
        return ""
    few = f", of {words.count(len(found.measured), 'picture')} looked at" if len(found.measured) < len(found) else ""
    return f" In grey, at {_SMALL} × {_SMALL} px{few}."


def _item(found: Pictures, classes: Groups, code: int, count: int, whole: int) -> Item:
    name = classes.names[code]
    width, height = found.array.shape[2:0:-1] if found.array is not None else (_SMALL, _SMALL)
    thumb = Thumb(f"{MEAN}{found.keys[0]}:{code}", int(width), int(height), f"mean of {name}", SIDE)
    return Item(name, (thumb,), facts=(("pictures", f"{count:,}"), ("share", percent(count, whole))))
