"""What follows from a threshold: curves over it, and numbers at one place of them, for a slider to move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from dlviz_docs.charts import layers, palette, plot_words
from dlviz_docs.charts.axes import Axes, across, axes, down
from dlviz_docs.charts.coding import coded, rounded
from dlviz_docs.charts.describe import Row
from dlviz_docs.charts.plot import draw_plot
from dlviz_docs.html import json_script
from dlviz_docs.model import FloatArray
from dlviz_docs.view import Figure, Layer, Plot, PlotAxis, Sweep
from dlviz_docs.words import number

__all__ = ["Share", "Stop", "as_plot", "sweep_context"]

HEIGHT = 220
MOST_ROWS = 21
"""Thresholds in the data table, evenly chosen."""


@dataclass(frozen=True, slots=True)
class Share:
    """A row beside the slider: a curve's value at the threshold, or a count, which has no colour."""

    name: str
    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """A threshold worth a name."""

    name: str
    place: int
    text: str


@np.errstate(all="ignore")
def sweep_context(figure: Figure) -> dict[str, object]:
    """What `figures/sweep.html.j2` needs."""
    sweep = figure.spec
    if not isinstance(sweep, Sweep):
        raise TypeError(f"{figure.id} is not a sweep")
    start = _start(sweep)
    plot = as_plot(sweep)
    slots = layers.slots(plot)
    both = axes(plot, slots)
    told = " ".join(filter(None, (figure.caption, _at_start(sweep, start))))
    extra = "".join(_cursor(sweep, both, start))
    drawn = draw_plot(plot, slots, both, id=figure.id, title=figure.title, description=told, extra=extra)
    return {
        "figure": figure,
        "sweep": sweep,
        "svg": Markup(drawn),  # noqa: S704  (draw_plot encodes every text)
        "start": start,
        "last": max(len(sweep.thresholds) - 1, 0),
        "value": _threshold(sweep, start),
        "shares": [
            Share(name, _share(values, start), palette.color_class(i))
            for i, (name, values) in enumerate(sweep.curves.items())
        ],
        "counts": [Share(name, _count(values, start)) for name, values in sweep.counts.items()],
        "stops": [Stop(name, place, _threshold(sweep, place)) for name, place in _marks(sweep)],
        "columns": (sweep.label, *sweep.curves, *sweep.counts),
        "table": tuple(_table(sweep)),
        "spec": json_script(_spec(sweep, both)),
    }


def as_plot(sweep: Sweep) -> Plot:
    """Its curves alone."""
    lines = (
        Layer("line", x=sweep.thresholds, y=values, label=name, color=i)
        for i, (name, values) in enumerate(sweep.curves.items())
    )
    known = sweep.thresholds[np.isfinite(sweep.thresholds)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    x = PlotAxis(sweep.label, low=low, high=high) if low < high else PlotAxis(sweep.label)
    return Plot(tuple(lines), x=x, y=PlotAxis(low=0, high=1), height=HEIGHT)


def _start(sweep: Sweep) -> int:
    return min(max(sweep.start, 0), max(len(sweep.thresholds) - 1, 0))


def _marks(sweep: Sweep) -> Iterator[tuple[str, int]]:
    """Those that name a threshold there is."""
    return ((name, place) for name, place in sweep.marks if 0 <= place < len(sweep.thresholds))


def _cursor(sweep: Sweep, both: Axes, start: int) -> Iterator[str]:
    """A line at the threshold, with a dot on each curve; the script moves them."""
    yield '<g class="dlviz-cursor">'
    if len(sweep.thresholds):
        x = across(float(both.x.scale(sweep.thresholds[start : start + 1])[0]))
        yield f'<line x1="{x}" x2="{x}" y2="100%"/>'
        for i, values in enumerate(sweep.curves.values()):
            y = float(both.y.scale(values[start : start + 1])[0])
            hidden = "" if np.isfinite(y) else ' visibility="hidden"'
            cy = down(y) if np.isfinite(y) else "0"
            yield f'<circle class="{palette.color_class(i)}" cx="{x}" cy="{cy}" r="4.5"{hidden}/>'
    yield "</g>"


def _at_start(sweep: Sweep, start: int) -> str:
    told = (f"{name} {_share(values, start)}" for name, values in sweep.curves.items())
    counts = (f"{_count(values, start)} {name}" for name, values in sweep.counts.items())
    return f"At {sweep.label} {_threshold(sweep, start)}: {', '.join((*told, *counts))}." if sweep.curves else ""


def _threshold(sweep: Sweep, place: int) -> str:
    known = place < len(sweep.thresholds) and np.isfinite(sweep.thresholds[place])
    return f"{sweep.thresholds[place]:.{_decimals(sweep)}f}".replace("-", "−") if known else "–"


def _decimals(sweep: Sweep) -> int:
    """As many as tell neighbours apart, two at least and four at most: the number keeps its width while it changes."""
    steps = np.diff(sweep.thresholds[np.isfinite(sweep.thresholds)])
    steps = steps[steps > 0]
    return int(np.clip(np.ceil(-np.log10(np.median(steps)) - 1e-9), 2, 4)) if len(steps) else 2


def _share(values: FloatArray, place: int) -> str:
    """Three digits; "–" where it is not defined."""
    known = place < len(values) and np.isfinite(values[place])
    return f"{values[place]:.3f}" if known else "–"


def _count(values: FloatArray, place: int) -> str:
    known = place < len(values) and np.isfinite(values[place])
    return number(float(values[place])) if known else "–"


def _table(sweep: Sweep) -> Iterator[Row]:
    n = len(sweep.thresholds)
    for place in np.unique(np.linspace(0, max(n - 1, 0), min(n, MOST_ROWS)).round().astype(int)).tolist():
        cells = (*(_share(v, place) for v in sweep.curves.values()), *(_count(v, place) for v in sweep.counts.values()))
        yield Row(plot_words.at(PlotAxis(), float(sweep.thresholds[place])), cells)


def _spec(sweep: Sweep, both: Axes) -> dict[str, object]:
    def all_of(curves: Mapping[str, FloatArray]) -> list[object]:
        return [[name, coded(values)] for name, values in curves.items()]

    return {
        "label": sweep.label,
        "decimals": _decimals(sweep),
        "low": both.x.scale.low,
        "high": both.x.scale.high,
        "thresholds": coded(sweep.thresholds),
        "curves": all_of(sweep.curves),
        "counts": [[name, rounded(values)] for name, values in sweep.counts.items()],
    }
