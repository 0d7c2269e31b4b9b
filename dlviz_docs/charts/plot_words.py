"""What a plot shows, in a sentence and in a table: for readers who do not see it, and for search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import numpy as np

from dlviz_docs.charts import layers
from dlviz_docs.charts.describe import Row
from dlviz_docs.charts.marks2d import shown_dots
from dlviz_docs.model import FloatArray
from dlviz_docs.view import Layer, Plot, PlotAxis
from dlviz_docs.words import count, number

__all__ = ["MOST_ROWS", "at", "notes", "sentence", "table"]

MOST_ROWS = 40
SPOKEN = 4
"""Layers described one by one; of more, only the first ones are."""
LISTED = 5
"""Intervals or bars told with their values; of more, only the ends are."""


def sentence(plot: Plot) -> str:
    """One short sentence for each of the first layers that are no reference lines."""
    told = [layer for layer in plot.layers if layer.mark != "rule" and not layer.thin and len(layer.x)]
    words = [_told(layer, plot) for layer in told[:SPOKEN]]
    if len(told) > SPOKEN:
        words.append(f"And {count(len(told) - SPOKEN, 'more layer')}.")
    return " ".join(filter(None, words))


def notes(plot: Plot) -> tuple[str, ...]:
    """What the picture leaves out."""
    thinned = [layer for layer in plot.layers if len(shown_dots(layer)) < len(layer.x)]
    return tuple(
        f"{len(shown_dots(layer)):,} of {len(layer.x):,} points are drawn{f' of {layer.label}' if layer.label else ''}."
        for layer in thinned
    )


def table(plot: Plot) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    """Columns and rows, no more than `MOST_ROWS`: a row for each place, or for each mark where places differ."""
    kept = [layer for layer in plot.layers if layer.mark != "rule" and not layer.thin and len(layer.x)]
    if not kept:
        return ("",), ()
    columns, rows = _by_place(kept, plot) if _share_places(kept) else _by_mark(kept, plot)
    total = max(len(layer.x) for layer in kept) if _share_places(kept) else sum(len(layer.x) for layer in kept)
    if total > len(rows):
        rows.append(Row(f"and {total - len(rows):,} more", ("",) * (len(columns) - 1)))
    return columns, tuple(rows)


def at(axis: PlotAxis, place: float) -> str:
    """A place on an axis as people read it: a category's name, a date, a number."""
    if axis.scale == "category":
        known = np.isfinite(place) and 0 <= round(place) < len(axis.categories)
        return axis.categories[round(place)] if known else "–"
    if axis.scale == "time" and -6e10 < place < 2.5e11:
        moment = datetime.fromtimestamp(place, UTC).replace(tzinfo=None, microsecond=0)
        return moment.isoformat(sep=" ") if moment.hour or moment.minute or moment.second else moment.date().isoformat()
    return "–" if np.isnan(place) else number(place)


# --- sentence ---------------------------------------------------------------------------------------------------------


def _told(layer: Layer, plot: Plot) -> str:
    words = {"cell": _cells, "dot": _dots, "interval": _intervals, "area": _area}.get(layer.mark, _values)(layer, plot)
    return f"{layer.label}: {words}." if layer.label and words else f"{words[:1].upper()}{words[1:]}." if words else ""


def _axes(layer: Layer, plot: Plot) -> tuple[PlotAxis, PlotAxis]:
    """The axis its marks stand on, and that of their values."""
    return (plot.y, plot.x) if layer.horizontal else (plot.x, plot.y)


def _values(layer: Layer, plot: Plot) -> str:
    along, up = _axes(layer, plot)
    values = layers.value(layer)
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return "no values"
    if along.scale == "category" and len(known) <= LISTED:
        return ", ".join(f"{_place(layer, along, i)} {at(up, values[i])}" for i in known.tolist())
    high, low = (int(known[best]) for best in (values[known].argmax(), values[known].argmin()))
    if layer.mark == "line":
        ends = f"from {at(up, values[known[0]])} at {_place(layer, along, int(known[0]))} "
        ends += f"to {at(up, values[known[-1]])} at {_place(layer, along, int(known[-1]))}, "
    else:
        ends = ""
    highest = f"{ends}highest {at(up, values[high])} at {_place(layer, along, high)}"
    bins = layer.mark == "step" or layer.x2 is not None
    return highest if bins else f"{highest}, lowest {at(up, values[low])} at {_place(layer, along, low)}"


def _dots(layer: Layer, plot: Plot) -> str:
    return f"{count(len(layer.x), 'point')}{_range(layer.x, plot.x, 'x')}{_range(layer.y, plot.y, 'y')}"


def _intervals(layer: Layer, plot: Plot) -> str:
    along, _ = _axes(layer, plot)
    n = len(layer.x)
    told = "; ".join(f"{_place(layer, along, i)} {_interval(layer, plot, i)}" for i in range(min(n, LISTED)))
    return told if n <= LISTED else f"{told}; and {count(n - LISTED, 'more interval')}"


def _interval(layer: Layer, plot: Plot, i: int) -> str:
    _, up = _axes(layer, plot)
    middle = at(up, layers.value(layer)[i])
    if layer.low is None or layer.high is None:
        return middle
    return f"{middle} ({at(up, layer.low[i])} to {at(up, layer.high[i])})"


def _area(layer: Layer, plot: Plot) -> str:
    arrays = [a for a in (layer.low, layer.high) if a is not None]
    return f"band{_range(np.concatenate([np.empty(0), *arrays]), plot.y, 'y')}"


def _cells(layer: Layer, plot: Plot) -> str:
    if layer.weights is None or not np.isfinite(layer.weights).any():
        return ""
    best = int(np.nanargmax(layer.weights))
    return f"most at {_span(layer.x, layer.x2, plot.x, best)} by {_span(layer.y, layer.y2, plot.y, best)}"


def _range(values: FloatArray, axis: PlotAxis, name: str) -> str:
    known = values[np.isfinite(values)]
    if not len(known) or axis.scale == "category":
        return ""
    return f", {axis.label or name} from {at(axis, float(known.min()))} to {at(axis, float(known.max()))}"


def _place(layer: Layer, along: PlotAxis, i: int) -> str:
    return _span(layers.base(layer), layer.y2 if layer.horizontal else layer.x2, along, i)


def _span(start: FloatArray, end: FloatArray | None, axis: PlotAxis, i: int) -> str:
    first = at(axis, float(start[i]))
    return first if end is None else f"{first} to {at(axis, float(end[i]))}"


# --- table ------------------------------------------------------------------------------------------------------------


def _share_places(kept: Sequence[Layer]) -> bool:
    """Whether all layers have one value at each of the same places."""
    first = layers.base(kept[0])
    return all(
        layer.mark in ("bar", "step", "line", "interval")
        and layer.horizontal == kept[0].horizontal
        and np.array_equal(layers.base(layer), first, equal_nan=True)
        for layer in kept
    )


def _by_place(kept: Sequence[Layer], plot: Plot) -> tuple[tuple[str, ...], list[Row]]:
    along, up = _axes(kept[0], plot)
    columns = (along.label or "Place", *(layer.label or up.label or "Value" for layer in kept))
    rows = [
        Row(_place(kept[0], along, i), tuple(_cell(layer, plot, i) for layer in kept))
        for i in range(min(len(kept[0].x), MOST_ROWS))
    ]
    return columns, rows


def _cell(layer: Layer, plot: Plot, i: int) -> str:
    if layer.mark == "interval":
        return _interval(layer, plot, i)
    return at(_axes(layer, plot)[1], float(layers.value(layer)[i]))


def _by_mark(kept: Sequence[Layer], plot: Plot) -> tuple[tuple[str, ...], list[Row]]:
    columns = ("Series", plot.x.label or "x", plot.y.label or "y", "Weight" if _all_cells(kept) else "Range")
    return columns, list(_marks(kept, plot))


def _all_cells(kept: Sequence[Layer]) -> bool:
    return all(layer.mark == "cell" for layer in kept)


def _marks(kept: Sequence[Layer], plot: Plot) -> Iterator[Row]:
    """All layers have their share of the rows, so that none is left out for a long one before it."""
    share = max(1, MOST_ROWS // len(kept))
    for layer in kept:
        for i in range(min(len(layer.x), share)):
            places = (_span(layer.x, layer.x2, plot.x, i), _span(layer.y, layer.y2, plot.y, i))
            yield Row(layer.label, (*places, _spread(layer, plot, i)))


def _spread(layer: Layer, plot: Plot, i: int) -> str:
    if layer.mark == "cell":
        return "" if layer.weights is None else number(float(layer.weights[i]))
    if layer.low is None or layer.high is None:
        return ""
    axis = _axes(layer, plot)[1]
    return f"{at(axis, float(layer.low[i]))} to {at(axis, float(layer.high[i]))}"
