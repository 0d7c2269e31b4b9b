"""What the first layer looks for: its filters as pictures."""

from __future__ import annotations

from collections.abc import Iterator

from dlviz_docs.insights.model_words import brief, shape
from dlviz_docs.renderers.architecture._known import Known
from dlviz_docs.stats.filters import COLOURS, MOST, sheet_size
from dlviz_docs.view import FILTERS, Figure, Gallery, Item, Thumb

__all__ = ["filters", "sheet_of"]

SIDE = 512
"""Longest side of a sheet in px."""


def sheet_of(known: Known, name: str) -> Thumb | None:
    """The picture of a tensor's filters, if they were kept to be looked at."""
    array = known.network.filters.get(name)
    width, height = sheet_size(array.shape) if array is not None else (0, 0)
    if array is None or not width:
        return None
    alt = f"{min(len(array), MOST):,} filters of {brief(name, 40)}"
    # As large as the file is made: each weight a square of whole pixels.
    times = max(SIDE // max(width, height), 1)
    return Thumb(f"{FILTERS}{known.number}:{name}", times * width, times * height, alt, SIDE)


def filters(known: Known) -> Iterator[Figure]:
    """A sheet for each tensor of filters."""
    found = [(name, sheet) for name in known.network.filters if (sheet := sheet_of(known, name))]
    if not found:
        return
    items = tuple(_item(known, name, sheet) for name, sheet in found)
    colour = known.network.filters[found[0][0]].shape[1] == COLOURS
    how = (
        "Three channels are shown as red, green and blue around middle grey, which is zero."
        if colour
        else "Negative weights are blue, positive ones red, zero is white."
    )
    caption = f"Each tile is a filter, scaled by its own largest weight. {how}"
    yield Figure(known.place.id("filters"), "First filters", caption, Gallery(items, len(items)), "Weights")


def _item(known: Known, name: str, sheet: Thumb) -> Item:
    array = known.network.filters[name]
    many, channels, *size = array.shape
    facts = [
        ("filters", f"{many:,}" if many <= MOST else f"{MOST:,} of {many:,}"),
        ("channels", f"{channels:,}"),
        ("size", f"{shape(size)}"),
    ]
    return Item(brief(name), (sheet,), facts=tuple(facts))
