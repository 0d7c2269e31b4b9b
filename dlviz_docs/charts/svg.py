"""A chart as an SVG of our own: needs no script, takes its colours from the page, keeps its text size at any width.

The root has no viewBox. Axes, ticks and marks stand at percentages and keep their size; only the curves, in an inner
SVG of 1000 by 1000, are stretched. Margins belong to the style sheet. The browser script draws in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.charts import palette, paths, scales
from dlviz_docs.charts.marks import HEIGHT, Place, draw_marks
from dlviz_docs.html import attr, text
from dlviz_docs.model import FloatArray
from dlviz_docs.stats.thin import thin
from dlviz_docs.view import Chart, Line, XAxis

__all__ = ["Frame", "draw", "frame", "spark"]

BUDGET = 1200
"""Points in all curves of one chart together; some 5 bytes each."""
MOST = 400
"""Points in one curve: more than a picture of this size shows."""
FARTHEST = 100.0
"""Heights of the picture that a curve may leave it by: farther, its path could not be told from a vertical line."""
_GLYPHS = {"nan": "M-3.5-3.5l7 7m0-7l-7 7", "high": "M0-4l4 7h-8z", "low": "M0 4l4-7h-8z"}


@dataclass(frozen=True, slots=True)
class Frame:
    """The axes of one chart."""

    x: scales.Scale
    y: scales.Scale
    kind: XAxis
    """What x is."""


@dataclass(frozen=True, slots=True, eq=False)
class _Curve:
    """A line, thinned to what is seen, at places from 0 to 1."""

    line: Line
    x: FloatArray
    y: FloatArray


def draw(chart: Chart, *, id: str, title: str, description: str) -> str:  # noqa: A002  (HTML's word)
    """The whole picture as an SVG element; `description` is read out where the picture is not seen."""
    axes = frame(chart)
    curves = _thinned(chart, axes)
    name = attr(id)
    return "".join(
        (
            f'<svg class="dlviz-svg" width="100%" height="{HEIGHT}" role="img" aria-labelledby="{name}-t {name}-d">'
            f'<title id="{name}-t">{text(title)}</title><desc id="{name}-d">{text(description)}</desc>',
            *_axes(chart, axes),
            f'<svg class="dlviz-curves{" dlviz-cut-off" if chart.focus else ""}" '
            f'viewBox="0 0 {paths.GRID} {paths.GRID}" preserveAspectRatio="none">',
            *_bands(chart, axes),
            *_paths(curves),
            "</svg>",
            *_odd_points(curves, log=chart.log_y),
            *_ends(curves),
            *draw_marks(_places(chart, axes), [(curve.x, curve.y) for curve in curves]),
            "</svg>",
        )
    )


def frame(chart: Chart) -> Frame:
    """Axes that hold every finite value of the chart, or those of its focus; no other spike is cut off."""
    kind = chart.x_axes[0]
    across = _finite([line.x[kind] for line in chart.lines] + [band.x for band in chart.bands])
    down = _finite([line.y for line in chart.lines] + [v for band in chart.bands for v in (band.low, band.high)])
    if chart.log_y:
        down = down[down >= scales.LEAST]
    x = scales.x_scale(float(across.min()), float(across.max())) if len(across) else scales.Scale(0.0, 1.0)
    if chart.focus:
        down = np.array(chart.focus)
    if not len(down):
        return Frame(x, scales.Scale(0.0, 1.0), kind)
    return Frame(x, scales.y_scale(float(down.min()), float(down.max()), log=chart.log_y), kind)


def spark(values: FloatArray) -> str:
    """A small curve of `values`, shape (n,), to stand in a line of text; it says nothing that the text does not."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return ""
    keep = thin(np.arange(len(values), dtype=np.float64), values, 60)
    places = keep / max(len(values) - 1, 1)
    down = scales.y_scale(float(finite.min()), float(finite.max()))(values[keep])
    return (
        f'<svg class="dlviz-spark" viewBox="0 0 {paths.GRID} {paths.GRID}" preserveAspectRatio="none" '
        f'aria-hidden="true"><path d="{paths.curve(places, down)}"/></svg>'
    )


def _finite(arrays: Iterable[FloatArray]) -> FloatArray:
    joined: FloatArray = np.concatenate([np.empty(0), *arrays])
    return joined[np.isfinite(joined)]


def _axes(chart: Chart, axes: Frame) -> Iterator[str]:
    x_ticks, y_ticks = scales.x_ticks(axes.x, axes.kind), scales.y_ticks(axes.y)
    yield '<g class="dlviz-grid">'
    for tick in y_ticks:
        yield f'<line x2="100%" y1="{_down(tick.place)}" y2="{_down(tick.place)}"/>'
    yield '</g><g class="dlviz-y">'
    for tick in y_ticks:
        yield f'<text y="{_down(tick.place)}">{tick.label}</text>'
    yield '</g><g class="dlviz-x">'
    for tick in x_ticks:
        yield f'<text x="{_across(tick.place)}" y="100%">{tick.label}</text>'
    yield "</g>"
    label = f"time, {scales.time_unit(axes.x)[0]}" if axes.kind == "time" else chart.x_label
    yield f'<text class="dlviz-x-label" x="100%" y="100%">{text(label)}</text>'
    if chart.y_label or chart.log_y:
        words = f"{chart.y_label} (log)" if chart.log_y else chart.y_label
        yield f'<text class="dlviz-y-label">{text(words.strip())}</text>'


def _bands(chart: Chart, axes: Frame) -> Iterator[str]:
    for band in chart.bands:
        keep = thin(band.x, band.middle, MOST // 2)
        x = axes.x(band.x[keep])
        style = palette.color_class(band.color)
        yield f'<path class="dlviz-band {style}" d="{paths.area(x, axes.y(band.low[keep]), axes.y(band.high[keep]))}"/>'
        yield f'<path class="dlviz-line {style}" d="{paths.curve(x, axes.y(band.middle[keep]))}"/>'


def _thinned(chart: Chart, axes: Frame) -> list[_Curve]:
    """All curves with their share of the points, context first: it lies below the subject."""
    shares = paths.allot([min(len(line.y), MOST) for line in chart.lines], BUDGET)
    pairs = sorted(zip(chart.lines, shares, strict=True), key=lambda pair: not pair[0].faint)
    return [_curve(line, axes, share) for line, share in pairs]


def _curve(line: Line, axes: Frame, share: int) -> _Curve:
    """Points in order of x; a value that a logarithmic axis cannot show is -inf, below it."""
    x, y = line.x[axes.kind], line.y
    if not (known := np.isfinite(x)).all():
        x, y = x[known], y[known]
    if (x[1:] < x[:-1]).any():
        order = np.argsort(x, kind="stable")
        x, y = x[order], y[order]
    keep = thin(x, y, share)
    x, y = x[keep], y[keep]
    down = np.where(y < scales.LEAST, -np.inf, axes.y(y)) if axes.y.log else axes.y(y)
    return _Curve(line, axes.x(x), np.where(np.isfinite(down), down.clip(-FARTHEST, FARTHEST), down))


def _paths(curves: Iterable[_Curve]) -> Iterator[str]:
    for curve in curves:
        if path := paths.curve(curve.x, curve.y):
            yield f'<path class="{_line_class(curve.line)}" d="{path}"/>'


def _line_class(line: Line) -> str:
    dash = palette.dash_class(line.dash)
    return f"dlviz-line dlviz-faint{dash}" if line.faint else f"dlviz-line {palette.color_class(line.color)}{dash}"


def _odd_points(curves: Iterable[_Curve], *, log: bool) -> Iterator[str]:
    """NaN as a cross on the axis, infinities as triangles at the edge they left by, with a bar as far as they last."""
    words = {"nan": "NaN", "high": "+Inf", "low": "zero or below" if log else "-Inf"}
    for curve in curves:
        if curve.line.faint or np.isfinite(curve.y).all():
            continue
        for odd in paths.odd_places(curve.x, curve.y):
            edge, start = "0" if odd.kind == "high" else "100%", _across(odd.start)
            told = text(f"{curve.line.label}: {words[odd.kind]}")
            yield f'<g class="dlviz-odd {palette.color_class(curve.line.color)}"><title>{told}</title>'
            if odd.end > odd.start:
                yield f'<line x1="{start}" x2="{_across(odd.end)}" y1="{edge}" y2="{edge}"/>'
            yield f'<svg x="{start}" y="{edge}"><path d="{_GLYPHS[odd.kind]}"/></svg></g>'


def _ends(curves: Iterable[_Curve]) -> Iterator[str]:
    """A marker at the last finite point of each curve: the shape tells runs apart where the colour does not."""
    for curve in curves:
        last = _last(np.isfinite(curve.y))
        if last is not None and 0 <= curve.y[last] <= 1 and not curve.line.faint:
            x, y, color = _across(curve.x[last]), _down(curve.y[last]), curve.line.color
            style = f"dlviz-end {palette.color_class(color)}"
            yield f'<svg class="{style}" x="{x}" y="{y}"><path d="{palette.marker(color)}"/></svg>'


def _last(where: NDArray[np.bool_]) -> int | None:
    found = np.flatnonzero(where)
    return int(found[-1]) if len(found) else None


def _places(chart: Chart, axes: Frame) -> Iterator[Place]:
    """The marks that can be shown on these axes."""
    for mark in chart.marks:
        at = mark.x.get(axes.kind)
        if at is None:
            continue
        y = None if mark.y is None else float(axes.y(np.array(mark.y)))
        if y is None or 0 <= y <= 1:
            yield Place(mark, float(axes.x(np.array(at))), y)


def _across(place: float) -> str:
    return f"{100 * place:.4g}%"


def _down(place: float) -> str:
    return f"{100 * (1 - place):.4g}%"
