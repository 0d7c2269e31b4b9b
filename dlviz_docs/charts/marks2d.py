"""The marks of a plot as few and short SVG paths, on the grid of 1000 by 1000 that `paths` describes.

Bars of one colour are one path, and so are dots: lines of no length with round ends. Cells are one path for each of
eight strengths of colour, with neighbours along a row joined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.charts import layers, palette, paths
from dlviz_docs.charts.axes import Axes, Axis
from dlviz_docs.charts.paths import GRID
from dlviz_docs.charts.scales import LEAST
from dlviz_docs.model import FloatArray
from dlviz_docs.stats.thin import thin
from dlviz_docs.view import Layer

__all__ = ["LEVELS", "MOST_DOTS", "draw_layers", "level", "shown_dots"]

MOST_POINTS = 400
"""Of one curve."""
MOST_DOTS = 4000
"""Of one layer: more are a grey mass, and are thinned evenly; that is said."""
ACROSS, DOWN = 500, 250
"""Dots in the same place of this grid are one; it is about as fine as the screen."""
COATS = 4
"""Paths that the dots of one colour are spread over, so that where many lie is darker."""
SIZES = ((40, "large"), (400, ""), (1500, "small"))
"""How many dots are drawn how large; more are tiny."""
LEVELS = 8
"""Strengths of a cell's colour."""
LEAST_HEIGHT = 3
"""Grid units that a bar is at least high, unless it is zero: a count of one has to be seen beside 10,000."""
FARTHEST = 20_000
"""Grid units that a mark may lie outside the picture by."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Ends:
    """Rectangles: their sides along the base axis, and their foot and head, in grid units; shape (n,) each."""

    start: Ints
    end: Ints
    foot: Ints
    head: Ints


def draw_layers(all_layers: Sequence[Layer], slots: Sequence[layers.Slot], axes: Axes) -> Iterator[str]:
    """One group for each layer, by its place, so that a script can find it."""
    for place, (layer, slot) in enumerate(zip(all_layers, slots, strict=True)):
        if drawn := "".join(_MARKS[layer.mark](layer, slot, axes)):
            yield f'<g class="{_style(layer)}" data-layer="{place}">{drawn}</g>'


def shown_dots(layer: Layer) -> NDArray[np.intp]:
    """Indices of the marks that are drawn, and known to the page: all but of very many dots."""
    n = len(layer.x)
    if layer.mark != "dot" or n <= MOST_DOTS:
        return np.arange(n, dtype=np.intp)
    return np.linspace(0, n - 1, MOST_DOTS).round().astype(np.intp)


def level(weights: FloatArray) -> Ints:
    """From weights of 0 to 1 to strengths of 1 to `LEVELS`; 0 for none or NaN."""
    known = np.where(np.isfinite(weights), weights, 0.0).clip(0, 1)
    return np.asarray(np.ceil(known * LEVELS), dtype=np.int64)


# --- marks ------------------------------------------------------------------------------------------------------------


def _bars(layer: Layer, slot: layers.Slot, axes: Axes) -> Iterator[str]:
    ends, kept = _rectangles(layer, slot, axes)
    for color, mine in _by_color(layer, kept):
        parts = zip(*(side[mine].tolist() for side in (ends.start, ends.end, ends.foot, ends.head)), strict=True)
        if layer.horizontal:
            path = "".join(f"M{foot} {a}H{head}V{b}H{foot}z" for a, b, foot, head in parts)
        else:
            path = "".join(f"M{a} {foot}V{head}H{b}V{foot}z" for a, b, foot, head in parts)
        yield f'<path class="dlviz-bars{color}" d="{path}"/>'


def _steps(layer: Layer, slot: layers.Slot, axes: Axes) -> Iterator[str]:
    """The outline of touching bins together; it comes down to zero where one is missing."""
    ends, kept = _rectangles(layer, slot, axes)
    if not len(kept):
        return
    order = np.argsort(ends.start, kind="stable")
    foot = int(ends.foot[0])
    path, last = "", None
    for a, b, head in zip(*(side[order].tolist() for side in (ends.start, ends.end, ends.head)), strict=True):
        path += f"V{head}H{b}" if a == last else f"{f'V{foot}' if path else ''}M{a} {foot}V{head}H{b}"
        last = b
    yield f'<path class="dlviz-steps{_dash(layer)}" d="{path}V{foot}"/>'


def _line(layer: Layer, slot: layers.Slot, axes: Axes) -> Iterator[str]:
    keep = thin(layer.x, layer.y, MOST_POINTS)
    x, y = _unit(axes.x, layer.x[keep]), _unit(axes.y, layer.y[keep])
    if path := paths.curve(x, np.where(np.isfinite(x), y, np.nan)):
        yield f'<path class="dlviz-line{_dash(layer)}" d="{path}"/>'


def _area(layer: Layer, slot: layers.Slot, axes: Axes) -> Iterator[str]:
    if layer.low is None or layer.high is None:
        return
    half = MOST_POINTS // 2
    keep = np.union1d(thin(layer.x, layer.low, half), thin(layer.x, layer.high, half))
    x, low, high = (_unit(axis, a[keep]) for axis, a in ((axes.x, layer.x), (axes.y, layer.low), (axes.y, layer.high)))
    if path := paths.area(x, np.where(np.isfinite(x), low, np.nan), high):
        yield f'<path class="dlviz-band" d="{path}"/>'


def _dots(layer: Layer, slot: layers.Slot, axes: Axes) -> Iterator[str]:
    drawn = shown_dots(layer)
    x, y = _unit(axes.x, layer.x[drawn] + slot.offset), _unit(axes.y, layer.y[drawn])
    kept = np.flatnonzero(_inside(x) & _inside(y))
    size = next((name for most, name in SIZES if len(kept) <= most), "tiny")
    style = f"dlviz-dots dlviz-{size}" if size else "dlviz-dots"
    for color, mine in _by_color(layer, drawn[kept]):
        for path in _dot_paths(x[kept[mine]], y[kept[mine]]):
            yield f'<path class="{style}{color}" d="{path}"/>'


def _intervals(layer: Layer, slot: layers.Slot, axes: Axes) -> Iterator[str]:
    """Whiskers, and dots on them."""
    along, up = (axes.y, axes.x) if layer.horizontal else (axes.x, axes.y)
    places, middle = _unit(along, layers.base(layer) + slot.offset), _unit(up, layers.value(layer))
    low = middle if layer.low is None else _unit(up, layer.low)
    high = middle if layer.high is None else _unit(up, layer.high)
    there = np.isfinite(places) & np.isfinite(low) & np.isfinite(high)
    dots = np.isfinite(places) & _inside(middle)
    for color, mine in _by_color(layer, np.arange(len(places))):
        whiskers = mine[there[mine]]
        ends = zip(*(a[whiskers].clip(-1, 2).tolist() for a in (places, low, high)), strict=True)
        path = "".join(_whisker(*end, horizontal=layer.horizontal) for end in ends)
        yield f'<path class="dlviz-whiskers{color}" d="{path}"/>'
        x, y = (middle, places) if layer.horizontal else (places, middle)
        spots = mine[dots[mine]]
        for coat in _dot_paths(x[spots], y[spots], coats=1):
            yield f'<path class="dlviz-dots dlviz-large{color}" d="{coat}"/>'


def _rule(layer: Layer, slot: layers.Slot, axes: Axes) -> Iterator[str]:
    x, y = _unit(axes.x, layer.x), _unit(axes.y, layer.y)
    if layers.is_rule_across(layer, "x"):
        x, y = np.array([0.0, 1.0]), np.repeat(y[np.isfinite(y)][:1], 2)
    elif layers.is_rule_across(layer, "y"):
        x, y = np.repeat(x[np.isfinite(x)][:1], 2), np.array([0.0, 1.0])
    if len(x) == len(y) and (path := paths.curve(x, np.where(np.isfinite(x), y, np.nan))):
        yield f'<path class="dlviz-rule{_dash(layer)}" d="{path}"/>'


def _cells(layer: Layer, slot: layers.Slot, axes: Axes) -> Iterator[str]:
    if layer.x2 is None or layer.y2 is None or layer.weights is None:
        return
    sides = np.stack([_unit(axes.x, layer.x), _unit(axes.x, layer.x2), _unit(axes.y, layer.y), _unit(axes.y, layer.y2)])
    strength = level(layer.weights)
    kept = np.flatnonzero(np.isfinite(sides).all(axis=0) & (strength > 0))
    left, right, low, high = _grid(sides[:, kept])
    boxes = np.stack([GRID - high, GRID - low, left, right, strength[kept]], axis=1)
    for strong, path in _boxes(boxes[np.lexsort((boxes[:, 2], boxes[:, 0]))].tolist()).items():
        yield f'<path class="dlviz-cells dlviz-l{strong}" d="{path}"/>'


_MARKS = {
    "bar": _bars,
    "step": _steps,
    "line": _line,
    "area": _area,
    "dot": _dots,
    "interval": _intervals,
    "rule": _rule,
    "cell": _cells,
}


# --- paths ------------------------------------------------------------------------------------------------------------


def _dot_paths(x: FloatArray, y: FloatArray, coats: int = COATS) -> Iterator[str]:
    """Dots of one colour, each by its distance from the last one, column by column, up one and down the next."""
    if len(x) > COATS * 100:
        columns, rows = np.rint(x * ACROSS).astype(np.int64), np.rint((1 - y) * DOWN).astype(np.int64)
        columns, rows = np.divmod(np.unique(columns * (2 * DOWN) + rows), 2 * DOWN)
        columns, rows = columns * (GRID // ACROSS), rows * (GRID // DOWN)
    else:
        columns, rows = _grid(x), GRID - _grid(y)
        coats = 1
    for start in range(coats):
        yield _dot_path(columns[start::coats], rows[start::coats])


def _dot_path(columns: Ints, rows: Ints) -> str:
    if not len(columns):
        return ""
    order = np.lexsort((np.where(columns // 2 % 2, -rows, rows), columns))
    steps = np.diff(np.stack([columns[order], rows[order]], axis=1), axis=0, prepend=0).tolist()
    return "".join([f"m{dx} {dy}z" for dx, dy in steps]).replace(" -", "-")


def _whisker(place: float, low: float, high: float, *, horizontal: bool) -> str:
    place, low, high = round(GRID * place), round(GRID * low), round(GRID * high)
    return f"M{low} {GRID - place}H{high}" if horizontal else f"M{place} {GRID - low}V{GRID - high}"


def _boxes(boxes: Sequence[Sequence[int]]) -> dict[int, str]:
    """By strength: boxes (top, bottom, left, right, strength) in order of rows; equal neighbours are one."""
    found: dict[int, list[str]] = {}
    last: list[int] = []
    for box in [*boxes, []]:
        if last and box and box[:2] == last[:2] and box[2] == last[3] and box[4] == last[4]:
            last[3] = box[3]
            continue
        if last:
            top, bottom, left, right, strong = last
            found.setdefault(strong, []).append(f"M{left} {top}H{right}V{bottom}H{left}z")
        last = list(box)
    return {strong: "".join(parts) for strong, parts in sorted(found.items())}


# --- places -----------------------------------------------------------------------------------------------------------


def _rectangles(layer: Layer, slot: layers.Slot, axes: Axes) -> tuple[_Ends, NDArray[np.intp]]:
    """Bars in grid units, and which of them these are: those that have a place and a value."""
    along, up = (axes.y, axes.x) if layer.horizontal else (axes.x, axes.y)
    first, last = layers.edges(layer, slot)
    start, end = (_unit(along, side, below=True) for side in (first, last))
    tall = layers.value(layer)
    head = _unit(up, tall, below=True)
    kept = np.flatnonzero(np.isfinite(start) & np.isfinite(end) & np.isfinite(head) & np.isfinite(tall))
    foot = 0.0 if up.scale.log else float(up.scale(np.zeros(1))[0])
    feet = _grid(np.full(len(kept), foot))
    heads = _grid(head[kept])
    least = np.where(tall[kept] > 0, LEAST_HEIGHT, np.where(tall[kept] < 0, -LEAST_HEIGHT, 0))
    heads = np.where(np.abs(heads - feet) < LEAST_HEIGHT, feet + least, heads)
    sides, heights = (_grid(start[kept]), _grid(end[kept])), (feet, heads)
    if layer.horizontal:
        return _Ends(GRID - sides[0], GRID - sides[1], *heights), kept
    return _Ends(*sides, GRID - heights[0], GRID - heights[1]), kept


def _unit(axis: Axis, values: FloatArray, *, below: bool = False) -> FloatArray:
    """Places from 0 to 1; `below`: what a logarithmic axis cannot show lies at its lower end."""
    places = axis.scale(values)
    return np.where(values < LEAST, 0.0, places) if below and axis.scale.log else places


def _inside(places: FloatArray) -> NDArray[np.bool_]:
    """Not outside the picture; a hair's breadth is rounding."""
    return (places > -0.002) & (places < 1.002)


def _grid(places: FloatArray) -> Ints:
    return np.asarray(np.rint((places * GRID).clip(-FARTHEST, FARTHEST)), dtype=np.int64)


# --- styles -----------------------------------------------------------------------------------------------------------


def _by_color(layer: Layer, marks: NDArray[np.intp]) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Class of each colour, with a space before it, and places in `marks` that have it; "" for the layer's own."""
    if layer.colors is None or layer.faint:
        yield "", np.arange(len(marks))
        return
    colors = layer.colors[marks] % len(palette.LIGHT)
    for color in np.unique(colors).tolist():
        yield f" {palette.color_class(color)}", np.flatnonzero(colors == color)


def _style(layer: Layer) -> str:
    if layer.faint:
        return "dlviz-faint"
    return palette.color_class(layer.color) + (" dlviz-thin" if layer.thin else "")


def _dash(layer: Layer) -> str:
    return palette.dash_class(layer.dash)
