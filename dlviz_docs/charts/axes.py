"""The two axes of a plot: ranges, ticks of numbers, categories and dates, and all of it as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from dlviz_docs.charts import layers, scales
from dlviz_docs.charts.scales import Scale, Tick
from dlviz_docs.html import text
from dlviz_docs.model import FloatArray
from dlviz_docs.view import Layer, Plot, PlotAxis

__all__ = ["LONGEST", "Axes", "Axis", "across", "axes", "down", "draw_axes", "other_scale", "shorten"]

LONGEST = 22
"""Letters of a category's name beside a plot; longer ones are cut, and whole in a tooltip."""
SHORTEST, LONGEST_BELOW = 6, 14
"""The same below a plot: the more there are, the shorter."""
WIDE, NARROW = 76, 44
"""Letters that stand side by side below a plot of usual width, and below one on a phone."""
FIRST_BIN = 3.0
"""How far a logarithmic axis goes below the first end above zero of bins that begin at zero: they must not vanish."""
BETWEEN = 2
"""Letters' room between two names."""
ROW = 14
"""px that a name beside a plot takes."""
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_STEPS = (1, 2, 5, 10, 15, 30, *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)), *(n * _HOUR for n in (1, 2, 3, 6, 12)))
_DAYS = (1, 2, 7, 14)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12_000)
_MONTH_SECONDS = 30.4 * _DAY
_FIRST, _LAST = -62_135_596_800.0, 253_402_300_799.0
"""Years 1 to 9999, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis with its ticks; `names` are the whole names of those of a category axis."""

    scale: Scale
    ticks: tuple[Tick, ...]
    label: str
    kind: str
    names: tuple[str, ...] = ()
    staggered: bool = False
    """Every other name stands one line lower: twice as many have room."""


@dataclass(frozen=True, slots=True)
class Axes:
    """Both axes of a plot."""

    x: Axis
    y: Axis


def axes(plot: Plot, slots: Sequence[layers.Slot]) -> Axes:
    """Axes that hold every finite value, or what the plot asks for."""
    return Axes(_axis(plot, slots, "x"), _axis(plot, slots, "y"))


def other_scale(plot: Plot, slots: Sequence[layers.Slot], name: str) -> Axis | None:
    """The axis as its button shows it, logarithmic or not; None where there is no choice."""
    asked = plot.x if name == "x" else plot.y
    if not asked.logarithmic or asked.scale not in ("linear", "log"):
        return None
    turned = replace(asked, scale="log" if asked.scale == "linear" else "linear")
    changed = replace(plot, x=turned) if name == "x" else replace(plot, y=turned)
    if turned.scale == "log" and not _positive(_values(plot, slots, name)).size:
        return None
    return _axis(changed, slots, name)


def shorten(names: Sequence[str], most: int) -> tuple[str, ...]:
    """Names of at most `most` letters: cut at the end, or in the middle where the cut ones would be alike."""
    cut = tuple(name if len(name) <= most else f"{name[: most - 1].rstrip()}…" for name in names)
    alike = {name for name in cut if cut.count(name) > 1} if len(set(cut)) < len(set(names)) else set()
    half = (most - 1) // 2
    return tuple(
        f"{name[: most - 1 - half]}…{name[-half:]}" if short in alike and len(name) > most else short
        for name, short in zip(names, cut, strict=True)
    )


# --- ranges -----------------------------------------------------------------------------------------------------------


def _axis(plot: Plot, slots: Sequence[layers.Slot], name: str) -> Axis:
    asked = plot.x if name == "x" else plot.y
    if asked.scale == "category":
        return _categories(asked, upright=name == "y", height=plot.height)
    values = _values(plot, slots, name)
    scale = _scale(asked, values, aired=_aired(plot, name))
    if asked.scale == "time":
        return _time(scale, asked.label)
    count = 5 if name == "x" or plot.square or plot.height < 160 else 6
    label = f"{asked.label} (log)".strip() if scale.log else asked.label
    return Axis(scale, scales.y_ticks(scale, count), label, "log" if scale.log else "linear")


def _values(plot: Plot, slots: Sequence[layers.Slot], name: str) -> FloatArray:
    arrays = [a for layer, slot in zip(plot.layers, slots, strict=True) for a in layers.extent(layer, slot, name)]
    joined: FloatArray = np.concatenate([np.empty(0), *arrays])
    return joined[np.isfinite(joined)]


def _positive(values: FloatArray) -> FloatArray:
    return values[values >= scales.LEAST]


def _scale(asked: PlotAxis, values: FloatArray, *, aired: bool) -> Scale:
    log = asked.scale == "log"
    nonpositive = bool((values < scales.LEAST).any())
    if log:
        values = _positive(values)
        log = bool(len(values)) or bool(asked.low and asked.low > 0)
    low, high = (float(values.min()), float(values.max())) if len(values) else (1.0 if log else 0.0, 1.0)
    whole = scales.y_scale(low, high, log=log)
    if not aired and high > low:
        whole = Scale(low / FIRST_BIN if log and nonpositive else low, high, log)
    least = asked.low if asked.low is not None and not (log and asked.low < scales.LEAST) else whole.low
    most = asked.high if asked.high is not None and not (log and asked.high < scales.LEAST) else whole.high
    return Scale(least, most, log) if least < most else whole


def _aired(plot: Plot, name: str) -> bool:
    """Whether marks need room beyond their places: not where curves, bins or cells may use the whole width."""
    marks = [layer for layer in plot.layers if layer.mark != "rule"]
    if all(layer.mark == "cell" for layer in marks):
        return not marks
    return any(_needs_air(layer, name) for layer in marks)


def _needs_air(layer: Layer, name: str) -> bool:
    if layer.mark in ("dot", "interval"):
        return True
    return layer.mark != "cell" and name != layers.base_name(layer)


# --- ticks ------------------------------------------------------------------------------------------------------------


def _categories(asked: PlotAxis, *, upright: bool, height: int) -> Axis:
    """The first one stands on the left, or at the top."""
    n = max(len(asked.categories), 1)
    scale = Scale(n - 0.5, -0.5) if upright else Scale(-0.5, n - 0.5)
    below = min(max(2 * WIDE // n - BETWEEN, SHORTEST), LONGEST_BELOW)
    short = shorten(asked.categories, LONGEST if upright else below)
    room = n * (max(map(len, short), default=1) + BETWEEN)
    staggered = not upright and room > WIDE
    stride = -(-n * ROW // max(height, ROW)) if upright else -(-room // (2 * WIDE if staggered else WIDE))
    shown = range(0, len(short), max(stride, 1))
    places = scale(np.arange(len(short), dtype=np.float64)).tolist()
    ticks = tuple(Tick(places[i], short[i]) for i in shown)
    return Axis(scale, ticks, asked.label, "category", tuple(asked.categories[i] for i in shown), staggered)


def _time(scale: Scale, label: str) -> Axis:
    """Dates and times of day, in UTC."""
    if not (scale.low > _FIRST and scale.high < _LAST - _DAY):
        return Axis(scale, scales.y_ticks(scale, 5), label, "linear")
    moments, form = _moments(scale)
    places = scale(np.array([moment.timestamp() for moment in moments], dtype=np.float64)).tolist()
    ticks = tuple(Tick(place, _written(m, form)) for place, m in zip(places, moments, strict=True))
    day = f"from {_written(datetime.fromtimestamp(scale.low, UTC), 'day')} UTC" if form in ("minute", "second") else ""
    return Axis(scale, ticks, ", ".join(filter(None, (label, day))), "time")


def _moments(scale: Scale) -> tuple[list[datetime], str]:
    """About five round moments, and how finely they are written."""
    rough = (scale.high - scale.low) / 5 * 0.9
    start = datetime.fromtimestamp(scale.low, UTC)
    if step := next((s for s in _STEPS if s >= rough), None):
        first = -(-scale.low // step) * step
        amount = int((scale.high - first) // step) + 1
        found = [datetime.fromtimestamp(first + i * step, UTC) for i in range(max(amount, 0))]
        return found, "second" if step < _MINUTE else "minute"
    if days := next((d for d in _DAYS if d * _DAY >= rough), None):
        day = start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return list(_until(scale.high, (day + timedelta(days=days * i) for i in range(100)))), "day"
    months = next((m for m in _MONTHS if m * _MONTH_SECONDS >= rough), _MONTHS[-1])
    return list(_until(scale.high, _month_starts(start, months))), "year" if months >= 12 else "month"


def _month_starts(start: datetime, stride: int) -> Iterator[datetime]:
    count = start.year * 12 + start.month  # months since year 0, of the month after the start's
    count = -(-count // stride) * stride
    while count // 12 <= 9999:
        yield datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC)
        count += stride


def _until(high: float, moments: Iterable[datetime]) -> Iterator[datetime]:
    for moment in moments:
        if moment.timestamp() > high:
            return
        yield moment


def _written(moment: datetime, form: str) -> str:
    """ISO 8601, whose parts come in the same order whatever the machine's language."""
    ends = {"year": 4, "month": 7, "day": 10}
    whole = moment.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
    return whole[: ends[form]] if form in ends else whole[11:16] if form == "minute" else whole[11:]


# --- SVG --------------------------------------------------------------------------------------------------------------


def draw_axes(plot: Plot, both: Axes) -> Iterator[str]:
    """Grid, ticks and labels. Names that would meet on a narrow screen are marked to be left out there."""
    sideways = both.y.kind == "category"
    crossed = sideways or (both.x.kind != "category" and (plot.square or any(ly.mark == "dot" for ly in plot.layers)))
    yield '<g class="dlviz-grid">'
    if not sideways:
        yield from (f'<line x2="100%" y1="{down(t.place)}" y2="{down(t.place)}"/>' for t in both.y.ticks)
    if crossed:
        yield from (f'<line y2="100%" x1="{across(t.place)}" x2="{across(t.place)}"/>' for t in both.x.ticks)
    yield from _zero(plot, both)
    yield '</g><g class="dlviz-y">'
    yield from (f'<text y="{down(t.place)}">{words}</text>' for t, words in _words(both.y))
    yield '</g><g class="dlviz-x">'
    stride = _narrow_stride(both.x)
    for i, (tick, words) in enumerate(_words(both.x)):
        lower = both.x.staggered and i % 2
        styles = ["dlviz-roomy"] * bool(i % stride) + ["dlviz-lower"] * bool(lower)
        style = f' class="{" ".join(styles)}"' if styles else ""
        yield f'<text{style} x="{across(tick.place)}" y="100%">{words}</text>'
    yield "</g>"
    if both.x.label:
        yield f'<text class="dlviz-x-label" x="100%" y="100%">{text(both.x.label)}</text>'
    if both.y.label:
        yield f'<text class="dlviz-y-label">{text(both.y.label)}</text>'


def _words(axis: Axis) -> Iterator[tuple[Tick, str]]:
    """What stands at each tick, with the whole of a name that is cut."""
    names = axis.names or tuple(tick.label for tick in axis.ticks)
    for tick, name in zip(axis.ticks, names, strict=True):
        title = f"<title>{text(name)}</title>" if name != tick.label else ""
        yield tick, f"{title}{text(tick.label)}"


def _narrow_stride(axis: Axis) -> int:
    room = len(axis.ticks) * (max((len(tick.label) for tick in axis.ticks), default=0) + BETWEEN)
    stride = max(1, -(-room // (2 * NARROW if axis.staggered else NARROW)))
    return stride | 1 if axis.staggered else stride  # an odd one, so that those left still stand in both lines


def _zero(plot: Plot, both: Axes) -> Iterator[str]:
    """A line that bars stand on, where it is not the edge of the picture already."""
    for layer in plot.layers:
        if layer.mark in ("bar", "step"):
            scale = both.x.scale if layer.horizontal else both.y.scale
            place = 0.0 if scale.log else float(scale(np.zeros(1))[0])
            if layer.horizontal and 0 <= place < 1:
                yield f'<line class="dlviz-zero" y2="100%" x1="{across(place)}" x2="{across(place)}"/>'
            elif 0 < place < 1:
                yield f'<line class="dlviz-zero" x2="100%" y1="{down(place)}" y2="{down(place)}"/>'
            return


def across(place: float) -> str:
    """A place along x for SVG."""
    return f"{100 * place:.4g}%"


def down(place: float) -> str:
    """A place along y, which rises, for SVG, where it falls."""
    return f"{100 * (1 - place):.4g}%"
