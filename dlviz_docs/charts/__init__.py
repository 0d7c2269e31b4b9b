"""How a figure is drawn: knows numbers and pixels, not experiments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from dlviz_docs.charts import describe, palette, svg
from dlviz_docs.html import json_script
from dlviz_docs.model import FloatArray
from dlviz_docs.stats.thin import thin
from dlviz_docs.view import Band, Chart, Figure, Line, Mark

__all__ = ["Key", "chart_context"]

BAND_POINTS = 200
"""Points of a band that go to the browser, which has no other source for it."""
SIGNIFICANT = 6
"""Digits of a band's values."""


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of a legend."""

    label: str
    what: str
    """What is shown and hidden by it: the lines of a "run" or a "split", a "band", or "faint" for all context."""
    places: str
    """Of its lines or its band in the chart, with spaces between."""
    style: str
    marker: str


def chart_context(figure: Figure, *, experiment: str, root: str) -> dict[str, object]:
    """What `figures/chart.html.j2` needs; `root` is the relative address of our part of the site, "../../" or ""."""
    chart = figure.spec
    if not isinstance(chart, Chart):
        raise TypeError(f"{figure.id} is not a chart")
    description = " ".join(filter(None, (figure.caption, describe.sentence(chart))))
    drawn = svg.draw(chart, id=figure.id, title=figure.title, description=description)
    return {
        "figure": figure,
        "svg": Markup(drawn),  # noqa: S704  (svg.draw encodes every text)
        "keys": _keys(chart, figure.title),
        "beyond": describe.beyond(chart),
        "notes": describe.notes(chart),
        "columns": describe.COLUMNS,
        "rows": tuple(describe.rows(chart)),
        "spec": json_script({"experiment": experiment, "root": root, **_spec(chart)}),
    }


def _keys(chart: Chart, title: str) -> tuple[Key, ...]:
    """Bands first, then curves; all that is context shares the last entry. None for a curve that the title names."""
    bands = [Key(b.label, "band", str(i), palette.color_class(b.color), "") for i, b in enumerate(chart.bands)]
    lines = [(i, line) for i, line in enumerate(chart.lines) if not line.faint]
    faint = sum(line.faint for line in chart.lines)
    context = [Key(f"single runs ({faint:,})", "faint", "", "dlviz-faint", "")] if faint else []
    keys = (*bands, *_line_keys(lines), *context)
    return () if [key.label for key in keys] == [title] else keys


def _line_keys(lines: Sequence[tuple[int, Line]]) -> Iterator[Key]:
    """One for each line; or, where splits tell the lines of several runs apart, one for each run and for each split."""
    splits = list(dict.fromkeys(line.split for _, line in lines))
    runs = {line.run for _, line in lines}
    if len(splits) < 2 or "" in splits or len(runs) in (1, len(lines)):
        yield from (_key(line.label, "run", [(place, line)], palette.dash_class(line.dash)) for place, line in lines)
        return
    for run in dict.fromkeys(line.run for _, line in lines):
        own = [(place, line) for place, line in lines if line.run == run]
        yield _key(own[0][1].name, "run", own)
    for split in splits:
        own = [(place, line) for place, line in lines if line.split == split]
        yield Key(split, "split", _places(own), f"dlviz-any{palette.dash_class(own[0][1].dash)}", "")


def _key(label: str, what: str, lines: Sequence[tuple[int, Line]], style: str = "") -> Key:
    color = lines[0][1].color
    return Key(label, what, _places(lines), palette.color_class(color) + style, palette.marker(color))


def _places(lines: Sequence[tuple[int, Line]]) -> str:
    return " ".join(str(place) for place, _ in lines)


def _spec(chart: Chart) -> dict[str, object]:
    """The chart for the browser, which draws the curves from the runs' own data files."""
    return {
        "axes": chart.x_axes,
        "xLabel": chart.x_label,
        "yLabel": chart.y_label,
        "log": chart.log_y,
        "focus": chart.focus,
        "lines": [_line(line) for line in chart.lines],
        "bands": [_band(band) for band in chart.bands],
        "marks": [_mark(mark) for mark in chart.marks],
    }


def _line(line: Line) -> dict[str, object]:
    told: dict[str, object] = {"label": line.label, "run": line.run, "series": line.series, "color": line.color}
    return told | ({"dash": line.dash} if line.dash != "solid" else {}) | ({"faint": True} if line.faint else {})


def _band(band: Band) -> dict[str, object]:
    keep = thin(band.x, band.middle, BAND_POINTS)
    arrays = {"x": band.x, "low": band.low, "middle": band.middle, "high": band.high}
    return {"label": band.label, "color": band.color, **{name: _rounded(a[keep]) for name, a in arrays.items()}}


def _rounded(values: FloatArray) -> list[float | None]:
    return [float(f"{v:.{SIGNIFICANT}g}") if np.isfinite(v) else None for v in values.tolist()]


def _mark(mark: Mark) -> dict[str, object]:
    return {"kind": mark.kind, "x": mark.x, "y": mark.y, "label": mark.label, "color": mark.color}
