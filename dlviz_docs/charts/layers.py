"""Where the marks of a plot's layers lie on its axes, in the axes' own units: before any scale or drawing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dlviz_docs.model import FloatArray
from dlviz_docs.view import Layer, Plot

__all__ = ["Slot", "base", "base_name", "edges", "extent", "is_rule_across", "slots", "value"]

TOGETHER = 0.78
"""Of the room of one category, what its bars take."""
SPREAD = 0.5
"""The same for intervals that stand alone."""


@dataclass(frozen=True, slots=True)
class Slot:
    """How a layer's marks stand around their positions: moved aside by `offset`, and `width` wide."""

    offset: float = 0.0
    width: float = 0.0


def base(layer: Layer) -> FloatArray:
    """Positions along the axis that bars stand on, shape (n,)."""
    return layer.y if layer.horizontal else layer.x


def value(layer: Layer) -> FloatArray:
    """Values along the other axis, shape (n,)."""
    return layer.x if layer.horizontal else layer.y


def base_name(layer: Layer) -> str:
    """The axis of `base`: "x" or "y"."""
    return "y" if layer.horizontal else "x"


def edges(layer: Layer, slot: Slot) -> tuple[FloatArray, FloatArray]:
    """Both ends of every bar or step along the axis it stands on, shape (n,) each."""
    start = base(layer)
    end = layer.y2 if layer.horizontal else layer.x2
    if end is not None:
        return start, end
    if layer.mark == "step":
        widths = np.diff(start)
        return start, start + np.append(widths, widths[-1] if len(widths) else 1.0)
    middle = start + slot.offset
    return middle - slot.width / 2, middle + slot.width / 2


def slots(plot: Plot) -> tuple[Slot, ...]:
    """One for each layer: bars of several layers at the same places stand side by side, with their intervals."""
    found = [Slot()] * len(plot.layers)
    bars = [i for i, layer in enumerate(plot.layers) if layer.mark == "bar" and layer.x2 is None and layer.y2 is None]
    intervals = [i for i, layer in enumerate(plot.layers) if layer.mark == "interval"]
    of_bars = _side_by_side([plot.layers[i] for i in bars], plot, TOGETHER)
    for i, slot in zip(bars, of_bars, strict=True):
        found[i] = slot
    if len(intervals) == len(bars):
        for i, slot in zip(intervals, of_bars, strict=True):
            found[i] = slot
    elif not bars:
        several = [i for i in intervals if _is_category(plot.layers[i], plot)]
        for i, slot in zip(several, _side_by_side([plot.layers[i] for i in several], plot, SPREAD), strict=True):
            found[i] = slot
    return tuple(found)


def extent(layer: Layer, slot: Slot, axis: str) -> Iterator[FloatArray]:
    """All that has to lie within `axis`, "x" or "y"."""
    if layer.mark == "rule":
        if not is_rule_across(layer, axis):
            yield layer.x if axis == "x" else layer.y
    elif layer.mark == "cell":
        yield from filter(_is_there, (layer.x, layer.x2) if axis == "x" else (layer.y, layer.y2))
    elif layer.mark in ("bar", "step"):
        yield from edges(layer, slot) if axis == base_name(layer) else (value(layer), np.zeros(1))
    elif axis == base_name(layer):
        yield base(layer) + slot.offset
    else:
        yield from filter(_is_there, (layer.low, layer.high, None if layer.mark == "area" else value(layer)))


def is_rule_across(layer: Layer, axis: str) -> bool:
    """Whether a reference line runs along the whole of `axis`, since it has one single place on the other."""
    other = layer.y if axis == "x" else layer.x
    other = other[np.isfinite(other)]
    return layer.mark == "rule" and len(other) > 0 and bool((other == other[0]).all())


def _is_there(values: FloatArray | None) -> bool:
    return values is not None


def _is_category(layer: Layer, plot: Plot) -> bool:
    return (plot.y if layer.horizontal else plot.x).scale == "category"


def _side_by_side(layers: Sequence[Layer], plot: Plot, share: float) -> list[Slot]:
    if not layers:
        return []
    places = [np.unique(base(layer)[np.isfinite(base(layer))]) for layer in layers]
    joined = np.concatenate(places)
    together = np.unique(joined)
    unit = 1.0
    if not _is_category(layers[0], plot) and len(together) > 1:
        unit = float(np.diff(together).min())
    shared = len(together) < len(joined)
    width = share * unit / (len(layers) if shared else 1)
    offsets = [(i - (len(layers) - 1) / 2) * width if shared else 0.0 for i in range(len(layers))]
    return [Slot(offset, width) for offset in offsets]
