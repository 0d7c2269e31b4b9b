"""Feature maps of a layer: where each channel responds, and to which samples most."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlviz_docs.insights import probe_inputs as say
from dlviz_docs.insights.probe_words import layer_name
from dlviz_docs.insights.results_words import brief, score
from dlviz_docs.model.probes import Channels, Explanation
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.cam._read import Reading
from dlviz_docs.view import Figure, Gallery, Heat, Item, Overlay, Seen, Shown
from dlviz_docs.words import number

__all__ = ["channels"]

GROUP = "Channels"
CELLS = 400_000
"""Of all maps of channels on one page: a byte each."""
EXCITED = 6
"""Samples shown of each channel."""
SMALL = 192
"""Longest side in px of their pictures."""
FIRST = 6
"""Channels of which they are shown at first."""


def channels(one: Reading, place: Place, samples: bool) -> Iterator[Shown]:
    """Of each layer, while the page has room; the first of them are those of the chosen layer."""
    found = sorted(one.probed.channels, key=lambda each: each.layer != one.probed.layer)
    for i, each in enumerate(found):
        told = say.silent(each.layer, each.silent, each.total, one.probed.samples, f"channels{_suffix(i)}")
        yield from filter(None, [told])
    if not samples:
        return
    room = CELLS
    for i, each in enumerate(found):
        if each.maps.size <= room and (figure := _maps(one, each, place.id(f"channels{_suffix(i)}"))):
            room -= each.maps.size
            yield figure
        if gallery := _excited(one, each, place.id(f"excited{_suffix(i)}")):
            yield gallery


def _suffix(turn: int) -> str:
    return f"-{turn + 1}" if turn else ""


def _maps(one: Reading, found: Channels, id_: str) -> Figure | None:
    """Every explained picture with the maps of the channels, called by their rank: it means the same for each layer."""
    explained = one.probed.explanations
    items = []
    for each, maps in zip(explained, found.maps, strict=False):
        title = one.title(each.sample)
        thumb = one.thumb(each.sample)
        if thumb is not None:
            heats = tuple(_heat(found, rank, maps[rank], each) for rank in range(len(found.indices)))
            items.append(Seen(title, thumb, tuple(one.facts(each)), heats, one.wrong(each), one.group(each)))
    if not items or not found.indices:
        return None
    caption = (
        f"The {len(found.indices)} of {found.total:,} channels of {layer_name(found.layer)} that add most to the "
        "answers, and where each responds; “every channel” shows all for one picture."
    )
    first = next((heat for heat in items[0].heats if heat.grid.any()), items[0].heats[0])
    overlay = Overlay(tuple(items), ("channel",), first.choice)
    return Figure(id_, f"Channels of {brief(layer_name(found.layer))}", caption, overlay, GROUP)


def _name(found: Channels, rank: int) -> str:
    return f"channel {found.indices[rank]}"


def _heat(
    found: Channels, rank: int, values: np.ndarray[tuple[int, ...], np.dtype[np.float32]], each: Explanation
) -> Heat:
    grid = np.asarray(values, np.float64)
    peak = float(np.abs(grid).max(initial=0.0))
    note = (
        f"Number {rank + 1} by what channels add to the answers, {score(float(found.importance[rank]))} on average."
        if peak
        else "Silent for this picture."
    )
    covers = next((drawn.area for drawn in each.maps), (0.0, 0.0, 1.0, 1.0))
    return Heat((_name(found, rank),), grid, peak or 1.0, bool((grid < 0).any()), note, area=covers)


def _excited(one: Reading, found: Channels, id_: str) -> Figure | None:
    items = []
    for rank in range(len(found.indices)):
        thumbs = [thumb for row in found.best[rank][:EXCITED] if (thumb := one.thumb(int(row), SMALL))]
        if thumbs:
            facts = (
                ("adds", score(float(found.importance[rank]))),
                ("strongest", number(float(found.peaks[rank, 0]))),
            )
            items.append(Item(_name(found, rank), tuple(thumbs), facts=facts))
    if not items:
        return None
    caption = "The samples that excite each channel most, the strongest first: what it may stand for."
    title = f"What excites channels of {brief(layer_name(found.layer))}"
    return Figure(id_, title, caption, Gallery(tuple(items), len(items), first=FIRST), GROUP)
