"""The tracks of an episode as pictures that need no script: one lane each, all over the same steps.

A step takes one unit of width; bars fill it, lines go through its middle. `player.js` draws the other episodes so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from markupsafe import Markup

from dlviz_docs import html
from dlviz_docs.charts.palette import color_class, dash_class
from dlviz_docs.charts.paths import GRID, curve
from dlviz_docs.model import FloatArray
from dlviz_docs.stats.thin import thin
from dlviz_docs.view import Play, Player, Trace, Track
from dlviz_docs.words import number

__all__ = ["Lane", "Swatch", "lanes", "span_of"]

MOST_POINTS = 400
"""Of one curve."""
_TOP = 0.04
"""Air above and below, as a share of the height."""
_MOST = float(np.finfo(np.float64).max)
_LEAST = 1e-290
"""Half of a range that can be divided by."""


@dataclass(frozen=True, slots=True)
class Swatch:
    """One entry of a track's legend."""

    label: str
    style: str
    """Classes of its colour and its line."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One track, drawn."""

    title: str
    says: str
    kind: str
    swatches: tuple[Swatch, ...]
    svg: Markup
    low: str
    """What stands at the lower end of its axis; "" where it has none."""
    high: str


def lanes(player: Player, play: Play) -> Iterator[Lane]:
    """Those of which the play has a curve."""
    for track in player.tracks:
        known = [trace for trace in track.traces if trace.name in play.values]
        if known and play.length:
            yield _lane(track, known, play)


@np.errstate(all="ignore")  # at the ends of what floats hold, a bar is as long as the picture is high
def _lane(track: Track, traces: Sequence[Trace], play: Play) -> Lane:
    values = {trace.name: _finite(play.values[trace.name]) for trace in traces}
    if track.kind == "choice":
        drawn, low, high = "".join(_ribbon(values[traces[0].name], len(track.labels))), "", ""
        swatches = [Swatch(label, color_class(i)) for i, label in enumerate(track.labels)]
    else:
        ends = span_of(track, values)
        drawn = "".join(_DRAW[track.kind](traces, values, ends, track.own_scale))
        low, high = ("", "") if track.own_scale else (number(_short(ends[0])), number(_short(ends[1])))
        swatches = [Swatch(one.label, color_class(one.color) + dash_class(one.dash)) for one in traces]
    what = f"{track.title} over {play.length:,} steps" + (f", from {low} to {high}" if high else "")
    svg = (
        f'<svg viewBox="0 0 {GRID} {GRID}" preserveAspectRatio="none" role="img" aria-label="{html.attr(what)}">'
        f"{drawn}</svg>"
    )
    many = swatches if len(swatches) > 1 else []
    return Lane(track.title, track.says, track.kind, tuple(many), Markup(svg), low, high)  # noqa: S704  (numbers, and one encoded text)


def span_of(track: Track, values: Mapping[str, FloatArray]) -> tuple[float, float]:
    """Ends of the axis: shares from 0 to 1, bars from zero, lines from their least to their greatest value."""
    if track.kind == "share":
        return 0.0, 1.0
    stacked = np.array(list(values.values()))
    if track.kind == "bar":
        down, up = np.nansum(np.minimum(stacked, 0), axis=0), np.nansum(np.maximum(stacked, 0), axis=0)
        low, high = max(float(down.min()), -_MOST), min(float(up.max()), _MOST)
        return (low, high) if high / 2 - low / 2 > _LEAST else (0.0, 1.0)
    known = stacked[np.isfinite(stacked)]
    if not len(known):
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    return (low, high) if high / 2 - low / 2 > _LEAST else (low - 0.5, high + 0.5)


def _finite(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, np.nan)


def _lines(
    traces: Sequence[Trace], values: Mapping[str, FloatArray], ends: tuple[float, float], own: bool
) -> Iterator[str]:
    low, high = ends
    if not own and low < 0 < high:
        zero = round(GRID * (1 - _place(np.zeros(1), ends)[0]))
        yield f'<path class="dlviz-zero" d="M0 {zero}h{GRID}"/>'
    for trace in traces:
        y = values[trace.name]
        ends = trace.ends if own and trace.ends else ends
        steps = np.arange(len(y), dtype=np.float64)
        keep = thin(steps, y, MOST_POINTS)
        path = curve((steps[keep] + 0.5) / len(y), _place(y[keep], ends))
        yield f'<path class="dlviz-line {color_class(trace.color)}{dash_class(trace.dash)}" d="{path}"/>'


def _bars(
    traces: Sequence[Trace], values: Mapping[str, FloatArray], ends: tuple[float, float], own: bool
) -> Iterator[str]:
    """Each trace on top of the ones before it, what is negative below zero."""
    down = up = np.zeros(len(values[traces[0].name]))
    zero = round(GRID * (1 - _place(np.zeros(1), ends)[0]))
    yield f'<path class="dlviz-zero" d="M0 {zero}h{GRID}"/>'
    for trace in traces:
        y = np.nan_to_num(values[trace.name])
        foot = np.where(y < 0, down, up)
        down, up = down + np.minimum(y, 0), up + np.maximum(y, 0)
        boxes = _boxes(_place(foot, ends), _place(foot + y, ends))
        yield f'<path class="dlviz-fill {color_class(trace.color)}" d="{boxes}"/>'


def _boxes(foot: FloatArray, head: FloatArray) -> str:
    """Bars side by side, each one step wide; of more than can be seen, the longest of each bundle."""
    n = len(foot)
    bundle = max(1, -(-n // MOST_POINTS))
    starts = np.arange(0, n, bundle)
    longest = [s + int(np.argmax(np.abs(head[s : s + bundle] - foot[s : s + bundle]))) for s in starts.tolist()]
    pieces = []
    for start, i in zip(starts.tolist(), longest, strict=True):
        low, high = round(GRID * (1 - foot[i])), round(GRID * (1 - head[i]))
        if low != high:
            left, right = round(GRID * start / n), round(GRID * min(start + bundle, n) / n)
            pieces.append(f"M{left} {low}V{high}H{right}V{low}z")
    return "".join(pieces)


def _shares(
    traces: Sequence[Trace], values: Mapping[str, FloatArray], ends: tuple[float, float], own: bool
) -> Iterator[str]:
    """Areas on top of each other."""
    n = len(values[traces[0].name])
    keep = np.unique(np.linspace(0, n - 1, min(n, MOST_POINTS)).round().astype(np.intp))
    x = np.rint(GRID * np.append(keep, n) / n).astype(int).tolist()
    foot = np.zeros(len(keep))
    for trace in traces:
        head = np.clip(foot + np.nan_to_num(values[trace.name])[keep], 0, 1)
        low, high = (np.rint(GRID * (1 - edge)).astype(int).tolist() for edge in (foot, head))
        upper = "".join(f"V{y}H{x[i + 1]}" for i, y in enumerate(high))
        lower = "".join(f"V{y}H{x[i]}" for i, y in reversed(list(enumerate(low))))
        yield f'<path class="dlviz-fill {color_class(trace.color)}" d="M{x[0]} {high[0]}{upper}{lower}z"/>'
        foot = head


def _ribbon(chosen: FloatArray, amount: int) -> Iterator[str]:
    """A stretch for each action that was kept up, on a row of its own."""
    n = len(chosen)
    edges = [0, *(np.flatnonzero(np.diff(chosen) != 0) + 1).tolist(), n]
    pieces: dict[int, list[str]] = {}
    rows = max(amount, 1)
    for start, end in pairwise(edges):
        if np.isfinite(chosen[start]) and 0 <= chosen[start] < rows:
            row = int(chosen[start])
            top, bottom = round(GRID * row / rows), round(GRID * (row + 1) / rows)
            left, right = round(GRID * start / n), round(GRID * end / n)
            pieces.setdefault(row, []).append(f"M{left} {top}H{right}V{bottom}H{left}z")
    yield from (f'<path class="dlviz-fill {color_class(row)}" d="{"".join(d)}"/>' for row, d in sorted(pieces.items()))


def _place(values: FloatArray, ends: tuple[float, float]) -> FloatArray:
    low, high = ends
    half = high / 2 - low / 2
    share = (values / 2 - low / 2) / half if half > _LEAST else np.where(np.isfinite(values), 0.5, np.nan)
    return np.asarray(_TOP + (1 - 2 * _TOP) * share.clip(0, 1))


def _short(value: float) -> float:
    return float(f"{value:.3g}")


_DRAW = {"line": _lines, "bar": _bars, "share": _shares}
