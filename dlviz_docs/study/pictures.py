"""The pictures that figures refer to, each made once as a file of the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.cache import Cache
from dlviz_docs.charts.palette import mask_color
from dlviz_docs.model import Dataset, Pictures, Predictions, Samples
from dlviz_docs.study.packed import WEBP, word_of
from dlviz_docs.view import Diagram, Figure, Gallery, Overlay, Plot, Spec, Thumb

__all__ = ["PicturesOfSamples", "thumbs"]

MASK = "mask:"
"""What the keys of masks begin with, before the path of their file."""
MEAN = "mean:"
"""What those of means begin with, before the key of the first picture of all and the place of a class."""
TILE = 40
"""Side in px of the small pictures behind the dots of a plot."""


def thumbs(
    figures: Iterable[Figure], cache: Cache, content: Callable[[str, int], bytes | None]
) -> Iterator[tuple[str, str]]:
    """Words for the pictures of figures in a size, and their names in the cache; `content` makes one of a key."""
    wanted = {(thumb.side, thumb.key): None for figure in figures for thumb in _thumbs(figure.spec)}
    for side, key in wanted:
        if made := content(key, side):
            yield word_of(side, key), cache.put_file(made, WEBP)


_Placed: TypeAlias = tuple[Pictures, int]


@dataclass(slots=True)
class PicturesOfSamples:
    """Makes the files of the pictures that figures refer to, each once."""

    root: Path
    samples: Samples
    cache: Cache
    places: dict[str, _Placed] | None = None

    def _find(self, key: str) -> _Placed | None:
        if self.places is None:
            self.places = {}
            found: tuple[Dataset | Predictions, ...] = (*self.samples.predictions, *self.samples.datasets)
            for one in found:
                if (pictures := one.pictures) is not None:
                    self.places |= {key: (pictures, row) for row, key in enumerate(pictures.keys)}
        return self.places.get(key)

    def thumbs(self, figures: Iterable[Figure]) -> Iterator[tuple[str, str]]:
        """Words for pictures of a size, and their names in the cache."""
        yield from thumbs(figures, self.cache, self._content)

    def pixels(self, key: str, longest: int) -> NDArray[np.uint8] | None:
        """A sample's picture as it is seen; None where there is none."""
        from dlviz_docs.readers.samples.thumbnails import pixels

        place = self._find(key)
        return pixels(self.root, *place, longest) if place else None

    def _content(self, key: str, side: int) -> bytes | None:
        from dlviz_docs.readers.samples.thumbnails import thumbnail

        place = self._find(key)
        if place:
            return thumbnail(self.root, *place, side)
        return self._mean(key, side) if key.startswith(MEAN) else self._mask(key, side)

    def _mean(self, key: str, side: int) -> bytes | None:
        """The mean of a class of the data set whose first picture the key names."""
        from dlviz_docs.readers.samples.mean_pictures import mean_picture

        first, _, code = key.removeprefix(MEAN).rpartition(":")
        for one in self.samples.datasets:
            target = one.get(one.target)
            if one.pictures is not None and one.pictures.keys[:1] == (first,) and target is not None:
                return mean_picture(one.pictures, np.flatnonzero(target.values == int(code)), side)
        return None

    def _mask(self, key: str, side: int) -> bytes | None:
        """A mask, each class in its colour of the palette, over its picture if that is there."""
        from dlviz_docs.readers.samples.masks import mask_picture, overlaid
        from dlviz_docs.readers.samples.thumbnails import thumbnail

        source = key.removeprefix(MASK)
        told = [(one.pictures, masks) for one in self.samples.predictions for masks in (one.true_masks, one.masks)]
        found = [(pictures, masks) for pictures, masks in told if masks and source in masks.sources]
        if source == key or not found:
            return None
        pictures, masks = found[0]
        row = masks.sources.index(source)
        below = thumbnail(self.root, pictures, row, side) if pictures is not None and row < len(pictures) else None
        colours = np.array([_rgba(place, over=bool(below)) for place in range(len(masks.values))], np.uint8)
        drawn = mask_picture(self.root, source, colours, masks.values, side)
        return overlaid(below, drawn) if below and drawn else drawn

    def sprites(self, figures: Iterator[Figure]) -> Iterator[tuple[str, str, int, int, tuple[str, ...]]]:
        from dlviz_docs.readers.samples.thumbnails import sprite

        for figure in figures:
            keys = list(dict.fromkeys(key for key in _dotted(figure.spec) if key))
            found = {key: place for key in keys if (place := self._find(key))}
            of = {id(pictures): pictures for pictures, _ in found.values()}
            if len(of) != 1:
                continue
            (pictures,) = of.values()
            content = sprite(self.root, pictures, [row for _, row in found.values()], TILE)
            columns = -(-(len(found) ** 0.5) // 1)
            yield figure.id, self.cache.put_file(content, WEBP), TILE, int(columns), tuple(found)


def _rgba(place: int, *, over: bool) -> tuple[int, ...]:
    """The first class is mostly the background: nothing over a picture, else a grey for both schemes of a page."""
    color = mask_color(place)
    if not color:
        return (0, 0, 0, 0) if over else (138, 145, 157, 255)
    return (*bytes.fromhex(color[1:]), 150 if over else 255)


def _thumbs(spec: Spec) -> Iterator[Thumb]:
    if isinstance(spec, Gallery):
        yield from (thumb for item in spec.items for thumb in item.pictures)
    elif isinstance(spec, Overlay):
        yield from (thumb for seen in spec.items for thumb in (seen.picture, seen.small))
    elif isinstance(spec, Diagram):
        yield from (thumb for box in spec.boxes for thumb in box.pictures)


def _dotted(spec: Spec) -> Iterator[str]:
    if isinstance(spec, Plot):
        yield from (key for layer in spec.layers for key in layer.keys)
