"""What a chart shows, in words and in a table: for readers who do not see it, and for search."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dlviz_docs.model import FloatArray
from dlviz_docs.view import Chart, Line
from dlviz_docs.words import count, duration, number

__all__ = ["COLUMNS", "Row", "beyond", "notes", "rows", "sentence"]

SPOKEN = 4
"""Curves described one by one; of more, only their number and range is said."""
LEVEL = 0.02
"""A change under this share of a curve's range is none."""
MOST_ROWS = 50
COLUMNS = ("Series", "First", "Last", "Minimum", "Maximum", "Not finite")


@dataclass(frozen=True, slots=True)
class Row:
    """One curve in a chart's table; the last one may only say how many are not listed."""

    label: str
    cells: tuple[str, ...]


def sentence(chart: Chart) -> str:
    """One to a few sentences: how each curve runs and where its extremes lie."""
    subject = [line for line in chart.lines if not line.faint]
    if 0 < len(subject) <= SPOKEN:
        return " ".join(_course(line, chart) for line in subject)
    drawn = [line.y[np.isfinite(line.y)] for line in chart.lines]
    values = np.concatenate([np.empty(0), *drawn, *(part for b in chart.bands for part in (b.low, b.high))])
    values = values[np.isfinite(values)]
    words = f"{count(len(chart.lines), 'curve')} by {chart.x_label}"
    words += f" and {count(len(chart.bands), 'band')} of several runs" if chart.bands else ""
    return (
        f"{words}, values from {number(float(values.min()))} to {number(float(values.max()))}." if len(values) else ""
    )


def notes(chart: Chart) -> tuple[str, ...]:
    """What the picture cannot show and must not hide."""
    below = chart.log_y and any((line.y <= 0).any() for line in chart.lines if not line.faint)
    odd = [line for line in chart.lines if not line.faint and not np.isfinite(line.y).all()]
    return tuple(
        filter(
            None,
            (
                "Values at or below zero have no place on a logarithmic axis: ▼ marks them." if below else "",
                f"NaN (✕ on the axis) and infinities (▲▼ at the edge) in {_several(odd)}." if odd else "",
            ),
        )
    )


def beyond(chart: Chart) -> str:
    """Which curves leave the focus, and how far; empty for none."""
    if chart.focus is None:
        return ""
    low, high = chart.focus
    outside = [line for line in chart.lines if ((line.y < low) | (line.y > high))[np.isfinite(line.y)].any()]
    values = np.concatenate([line.y[np.isfinite(line.y)] for line in outside])
    ends = [f"up to {number(float(values.max()))}"] if values.max() > high else []
    ends += [f"down to {number(float(values.min()))}"] if values.min() < low else []
    return f"{_several(outside)}: {' and '.join(ends)}, outside the picture."


def rows(chart: Chart) -> Iterator[Row]:
    """One row for each curve, context last, with its ends and extremes."""
    lines = sorted(chart.lines, key=lambda line: line.faint)
    for line in lines[:MOST_ROWS]:
        x, y = _finite(line, chart)
        odd = len(line.y) - np.count_nonzero(np.isfinite(line.y))
        places = (0, -1, int(y.argmin()), int(y.argmax())) if len(y) else ()
        cells = [f"{number(float(y[i]))} at {_at(chart, x[i])}" for i in places] or ["–"] * 4
        yield Row(line.label, (*cells, "yes" if odd else "–"))
    if len(lines) > MOST_ROWS:
        yield Row(f"and {len(lines) - MOST_ROWS:,} more", ("",) * (len(COLUMNS) - 1))


def _course(line: Line, chart: Chart) -> str:
    x, y = _finite(line, chart)
    name = line.label or line.series
    if not len(y):
        return f"{name} has no finite value."
    first, last, low, high = float(y[0]), float(y[-1]), int(y.argmin()), int(y.argmax())
    if len(y) == 1:
        return f"{name} is {number(first)} at {chart.x_label} {_at(chart, x[0])}."
    span = float(y[high]) - float(y[low])
    verb = "stays near" if abs(last - first) <= LEVEL * span else ("falls from" if last < first else "rises from")
    course = f"{verb} {number(first)}" if verb == "stays near" else f"{verb} {number(first)} to {number(last)}"
    if span == 0:
        course = f"is {number(first)} throughout"
    where = f"{chart.x_label} {_at(chart, x[0])} to {_at(chart, x[-1])}"
    extremes = f"lowest {number(float(y[low]))} at {_at(chart, x[low])}, highest {number(float(y[high]))}"
    odd = "" if np.isfinite(line.y).all() else " Some values are not finite."
    return f"{name} {course} over {where}" + (f"; {extremes} at {_at(chart, x[high])}." if span else ".") + odd


def _finite(line: Line, chart: Chart) -> tuple[FloatArray, FloatArray]:
    whole = np.isfinite(line.y)
    return line.x[chart.x_axes[0]][whole], line.y[whole]


def _at(chart: Chart, x: float) -> str:
    return duration(float(x)) if chart.x_axes[0] == "time" else number(float(x))


def _several(lines: list[Line]) -> str:
    named = ", ".join(line.label or line.series for line in lines[:3])
    return f"{named} and {len(lines) - 3} more" if len(lines) > 3 else named
