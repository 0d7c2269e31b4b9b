"""The pictures of feature maps that the diagram of a model shows beside a layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlviz_docs.charts.responses import response_sheet
from dlviz_docs.model.probes import Channels, Probed
from dlviz_docs.stats.tiles import PICTURES, TILE, response_size
from dlviz_docs.study.packed import WEBP, word_of
from dlviz_docs.study.pictures import PicturesOfSamples
from dlviz_docs.view import RESPONSES

__all__ = ["responses"]


def responses(probes: Sequence[Probed], pictures: PicturesOfSamples) -> Iterator[tuple[str, str]]:
    """Words for the pictures, as thumbs of figures have them, and their names in the cache."""
    from dlviz_docs.readers.samples.thumbnails import drawn

    for number, probed in enumerate(probes):
        photographs = [pictures.pixels(one.source, 2 * TILE) for one in probed.explanations[:PICTURES]]
        known = [(i, photograph) for i, photograph in enumerate(photographs) if photograph is not None]
        for place, found in enumerate(probed.channels if known else ()):
            rows = [i for i, _ in known if i < len(found.maps)]
            if rows and _has_maps(found):
                sheet = response_sheet([photograph for i, photograph in known if i in rows], found.maps[rows])
                side = max(response_size(len(rows), found.maps.shape[1]))
                name = pictures.cache.put_file(drawn(sheet, side), WEBP)
                yield word_of(side, f"{RESPONSES}{number}:{place}"), name


def _has_maps(found: Channels) -> bool:
    return found.maps.ndim == 4 and 0 not in found.maps.shape
