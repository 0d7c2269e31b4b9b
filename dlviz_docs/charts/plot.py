"""A plot as an SVG of our own, in the manner of `svg`: no viewBox, axes at percentages, colours from the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from dlviz_docs.charts import layers, marks2d, palette, paths, plot_words
from dlviz_docs.charts.axes import LONGEST, Axes, Axis, axes, draw_axes, other_scale
from dlviz_docs.charts.coding import Coded, coded, coded_texts
from dlviz_docs.html import attr, json_script, text
from dlviz_docs.model import FloatArray
from dlviz_docs.view import Figure, Layer, Plot

__all__ = ["PlotKey", "draw_plot", "plot_context", "plot_keys"]

VALUES_UP_TO = 40
"""Bars that have their value written beside them."""
ROW = 16
"""px that a category beside a plot needs at least."""
MARGINS = ((6, ""), (11, "dlviz-names-s"), (16, "dlviz-names-m"), (LONGEST, "dlviz-names-l"))
"""Letters of the longest name beside a plot, and the class that makes room for it."""


@dataclass(frozen=True, slots=True)
class PlotKey:
    """One entry of a legend."""

    label: str
    places: str
    """Of the layers it shows and hides, with spaces between."""
    style: str
    shape: str
    """How it is drawn: "box", "dot", "line", "whisker" or "ramp"."""


@np.errstate(all="ignore")  # values at the ends of what floats hold have a place, if not an exact one
def plot_context(figure: Figure, *, sprite: Mapping[str, object] | None = None) -> dict[str, object]:
    """What `figures/plot.html.j2` needs.

    `sprite` is one picture of many, for dots that have keys: {"address": ..., "tile": px, "columns": n, "places": {key:
    place}}, the address relative to the page.
    """
    plot = figure.spec
    if not isinstance(plot, Plot):
        raise TypeError(f"{figure.id} is not a plot")
    slots = layers.slots(plot)
    both = axes(plot, slots)
    told = " ".join(filter(None, (figure.caption, plot_words.sentence(plot))))
    drawn = draw_plot(plot, slots, both, id=figure.id, title=figure.title, description=told)
    columns, rows = plot_words.table(plot)
    keys = plot_keys(plot)
    return {
        "figure": figure,
        "svg": Markup(drawn),  # noqa: S704  (draw_plot encodes every text)
        "keys": () if [key.label for key in keys] == [figure.title] else keys,
        "style": " ".join(filter(None, ("dlviz-square" if plot.square else "", _margin(both), _valued(plot)))),
        "notes": plot_words.notes(plot),
        "columns": columns,
        "rows": rows,
        "spec": json_script(_spec(plot, slots, both)),
        "sprite": json_script(_without_places(sprite, plot)) if sprite else "",
    }


def _without_places(sprite: Mapping[str, object], plot: Plot) -> Mapping[str, object]:
    """Tiles that lie in the order of the dots need no places: the browser counts."""
    keys = [
        layer.keys[i]
        for layer in plot.layers
        if len(layer.keys) == len(layer.x)
        for i in marks2d.shown_dots(layer).tolist()
    ]
    places = sprite.get("places")
    counted = {key: place for place, key in enumerate(dict.fromkeys(filter(None, keys)))}
    return {name: value for name, value in sprite.items() if name != "places" or places != counted}


def draw_plot(
    plot: Plot,
    slots: Sequence[layers.Slot],
    both: Axes,
    *,
    id: str,  # noqa: A002  (HTML's word)
    title: str,
    description: str,
    extra: str = "",
) -> str:
    """The whole picture as an SVG element; `extra` is drawn on top of it."""
    name = attr(id)
    cut = " dlviz-cut" if _leaves(plot, slots, both) else ""
    deep = " dlviz-two-lines" if both.x.staggered else ""
    return "".join(
        (
            f'<svg class="dlviz-canvas{deep}" width="100%" height="{_height(plot)}" role="img" '
            f'aria-labelledby="{name}-t {name}-d"><title id="{name}-t">{text(title)}</title>'
            f'<desc id="{name}-d">{text(description)}</desc>',
            *draw_axes(plot, both),
            f'<svg class="dlviz-marks{cut}" viewBox="0 0 {paths.GRID} {paths.GRID}" preserveAspectRatio="none">',
            *marks2d.draw_layers(plot.layers, slots, both),
            "</svg>",
            *_values_beside(plot, slots, both),
            extra,
            "</svg>",
        )
    )


def plot_keys(plot: Plot) -> tuple[PlotKey, ...]:
    """One for each label; a layer without one, such as a band around a line, goes with the label of its colour."""
    found: dict[str, list[int]] = {}
    for place, layer in enumerate(plot.layers):
        if layer.label:
            found.setdefault(layer.label, []).append(place)
    by_color: dict[tuple[int, bool], list[str]] = {}
    for label, places in found.items():
        first = plot.layers[places[0]]
        if first.mark != "rule":
            by_color.setdefault((first.color, first.faint), []).append(label)
    for place, layer in enumerate(plot.layers):
        labels = by_color.get((layer.color, layer.faint), [])
        if not layer.label and len(labels) == 1 and layer.mark != "rule":
            found[labels[0]].append(place)
    return tuple(_key(label, [plot.layers[i] for i in places], places) for label, places in found.items())


def _key(label: str, members: Sequence[Layer], places: Sequence[int]) -> PlotKey:
    first = members[0]
    shape = {"dot": "dot", "line": "line", "rule": "line", "interval": "whisker", "cell": "ramp"}.get(first.mark, "box")
    grey = first.faint or first.mark == "rule"
    color = "dlviz-faint" if grey else palette.color_class(first.color)
    dash = " dlviz-dashed" if first.mark == "rule" else palette.dash_class(first.dash)
    return PlotKey(label, " ".join(map(str, places)), f"{color}{dash}", shape)


def _height(plot: Plot) -> int:
    """As asked for, or higher where names beside the plot would meet."""
    rows = len(plot.y.categories) if plot.y.scale == "category" else 0
    return max(plot.height, rows * ROW)


def _margin(both: Axes) -> str:
    longest = max((len(tick.label) for tick in both.y.ticks), default=0) if both.y.kind == "category" else 0
    return next(style for most, style in MARGINS if longest <= most)


def _leaves(plot: Plot, slots: Sequence[layers.Slot], both: Axes) -> bool:
    """Whether something lies outside the picture, since the axes end where they were asked to."""
    return any(
        ((values < min(axis.scale.low, axis.scale.high)) | (values > max(axis.scale.low, axis.scale.high))).any()
        for name, axis in (("x", both.x), ("y", both.y))
        for layer, slot in zip(plot.layers, slots, strict=True)
        if layer.mark not in ("dot", "cell") and axis.kind != "category"
        for values in layers.extent(layer, slot, name)
        if not (axis.scale.log and layer.mark in ("bar", "step"))
    )


# --- values beside bars -----------------------------------------------------------------------------------------------


def _valued(plot: Plot) -> str:
    return "dlviz-valued" if _bars_with_values(plot) else ""


def _bars_with_values(plot: Plot) -> Layer | None:
    """The one layer of bars along x that has room for its values."""
    bars = [layer for layer in plot.layers if layer.mark == "bar"]
    others = {layer.mark for layer in plot.layers} - {"bar", "rule"}
    one = bars[0] if len(bars) == 1 and not others else None
    return one if one and one.horizontal and one.x2 is None and 0 < len(one.x) <= VALUES_UP_TO else None


def _values_beside(plot: Plot, slots: Sequence[layers.Slot], both: Axes) -> Iterator[str]:
    layer = _bars_with_values(plot)
    if layer is None:
        return
    yield '<g class="dlviz-values">'
    x, y = both.x.scale(np.fmax(layer.x, 0.0)), both.y.scale(layer.y)
    for value, left, up in zip(layer.x.tolist(), x.tolist(), y.tolist(), strict=True):
        if np.isfinite(value) and np.isfinite(up):
            at = min(max(left if np.isfinite(left) else 0.0, 0.0), 1.0)
            yield f'<text x="{100 * at:.4g}%" y="{100 * (1 - up):.4g}%">{text(plot_words.at(plot.x, value))}</text>'
    yield "</g>"


# --- for the browser --------------------------------------------------------------------------------------------------


def _spec(plot: Plot, slots: Sequence[layers.Slot], both: Axes) -> dict[str, object]:
    """All marks with their values; the page has no other source for them."""
    return {
        "x": _axis_spec(plot, slots, both.x, "x"),
        "y": _axis_spec(plot, slots, both.y, "y"),
        "layers": [_layer(layer, slot, plot) for layer, slot in zip(plot.layers, slots, strict=True)],
    }


def _axis_spec(plot: Plot, slots: Sequence[layers.Slot], axis: Axis, name: str) -> dict[str, object]:
    """Ends and label; the names of categories; the same axis with its other scale, ticks included."""
    asked = plot.x if name == "x" else plot.y
    told: dict[str, object] = {"low": axis.scale.low, "high": axis.scale.high, "label": asked.label}
    told |= {"log": True} if axis.scale.log else {}
    told |= {"names": asked.categories} if asked.scale == "category" else {}
    told |= {"time": True} if asked.scale == "time" else {}
    other = other_scale(plot, slots, name)
    if other:
        ticks = [[round(tick.place, 4), tick.label] for tick in other.ticks]
        told["other"] = {"low": other.scale.low, "high": other.scale.high, "log": other.scale.log, "ticks": ticks}
    return told


def _layer(layer: Layer, slot: layers.Slot, plot: Plot) -> dict[str, object]:
    """What differs from the usual is said, nothing else."""
    kept = marks2d.shown_dots(layer)
    told: dict[str, object] = {"mark": layer.mark, "color": layer.color}
    for name in ("x", "y", "x2", "y2", "low", "high", "weights"):
        values: FloatArray | None = getattr(layer, name)
        if values is not None:
            told[name] = _array(values[kept] if layer.mark == "dot" else values, name, plot, rough=layer.thin)
    if layer.colors is not None:
        told["colors"] = coded(layer.colors[kept].astype(np.float64))
    keys = [layer.keys[i] for i in kept.tolist()] if len(layer.keys) == len(layer.x) else []
    notes = [layer.notes[i] for i in kept.tolist()] if len(layer.notes) == len(layer.x) else []
    if keys:
        told["keys"] = coded_texts(keys)
    if notes:
        named = [f"{key}: {layer.label}" if layer.label else key for key in keys]
        told["notes"] = {"of": "keys"} if notes == named else coded_texts(notes)
    if len(layer.picks) == len(layer.x):
        told["picks"] = coded_texts(["\n".join(layer.picks[i]) for i in kept.tolist()])
    told |= {"label": layer.label} if layer.label else {}
    told |= {"dash": layer.dash} if layer.dash != "solid" else {}
    told |= {name: True for name in ("faint", "horizontal", "thin") if getattr(layer, name)}
    if slot.offset or slot.width:
        told["at"] = [round(slot.offset, 6), round(slot.width, 6)]
    return told


def _array(values: FloatArray, name: str, plot: Plot, *, rough: bool) -> Coded:
    axis = plot.x if name in ("x", "x2") else plot.y
    return coded(values, log=name != "weights" and (axis.logarithmic or axis.scale == "log"), rough=rough)
