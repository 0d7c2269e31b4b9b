"""From values to places on an axis: ranges, round ticks (linear, logarithmic, time) and their labels."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dlviz_docs.model import FloatArray
from dlviz_docs.view import XAxis

__all__ = ["LEAST", "Scale", "Tick", "time_unit", "x_scale", "x_ticks", "y_scale", "y_ticks"]

PAD = 0.04
"""Air above and below the curves, as a share of the range."""
SMALLEST = 1e-290
"""Below this, powers of ten and differences leave the range of floats: shown as zero."""
LEAST = sys.float_info.min
"""Below this, a value has no place on a logarithmic axis."""
SI = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
TIME_UNITS = (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0), ("seconds", 1.0))
ROUND = (1.0, 2.0, 5.0, 10.0)
ROUND_TIME = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from `low` to `high`; a logarithmic one has both above `LEAST`."""

    low: float
    high: float
    log: bool = False

    def __call__(self, values: FloatArray) -> FloatArray:
        """Places along the axis: 0 at `low`, 1 at `high`. NaN where a logarithm has none; infinities stay."""
        if self.log:
            values = np.where(values >= LEAST, values, np.nan)
            low, high = math.log(self.low), math.log(self.high)
            return np.asarray((np.log(values) - low) / (high - low))
        # Halves: the difference of two floats may be too large for one.
        return np.asarray((values / 2 - self.low / 2) / (self.high / 2 - self.low / 2))


@dataclass(frozen=True, slots=True)
class Tick:
    """A place along the axis, from 0 to 1, and what is written there."""

    place: float
    label: str


def x_scale(low: float, high: float) -> Scale:
    """Exactly the range, so that curves use the whole width; one single place stands in the middle."""
    air = max(1.0, abs(low) * 1e-6)
    return Scale(low, high) if high > low else Scale(low - air, high + air)


def y_scale(low: float, high: float, *, log: bool = False) -> Scale:
    """The whole range with some air, a constant curve in the middle; what is never negative gets no air below zero."""
    if log:
        air = (high / low) ** PAD if high / low < math.inf else 10.0
        air = max(air, 1.05)
        return Scale(max(low / air, LEAST), min(high * air, sys.float_info.max), log=True)
    size, half = max(abs(low), abs(high)), high / 2 - low / 2
    constant = size < SMALLEST or half <= size * 1e-12
    air = (size * 0.05 if size > SMALLEST else 0.5) if constant else half * 2 * PAD
    bottom = 0.0 if 0 <= low < air else low - air
    return Scale(max(bottom, -sys.float_info.max), min(high + air, sys.float_info.max))


def y_ticks(scale: Scale, count: int = 6) -> tuple[Tick, ...]:
    """About `count` round ticks."""
    values = _decades(scale, count) if scale.log else _multiples(scale, _round_step(scale, count, ROUND))
    return _ticks(scale, values, _writer(scale, values))


def x_ticks(scale: Scale, kind: XAxis, count: int = 6) -> tuple[Tick, ...]:
    """About `count` round ticks; time is in seconds and written in its `time_unit`."""
    if kind == "time":
        unit = time_unit(scale)[1]
        inner = Scale(scale.low / unit, scale.high / unit)
        values = _multiples(inner, _round_step(inner, count, ROUND_TIME if unit < 86_400 else ROUND))
        return _ticks(inner, values, _writer(inner, values))
    step = _round_step(scale, count, ROUND)
    if scale.high - scale.low >= 2:
        step = max(step, 1.0)  # nothing is logged between two steps
    values = _multiples(scale, step)
    return _ticks(scale, values, _writer(scale, values))


def time_unit(scale: Scale) -> tuple[str, float]:
    """The unit a duration is best read in, and its seconds."""
    span = scale.high - scale.low
    return next((unit for unit in TIME_UNITS if span >= 2 * unit[1]), TIME_UNITS[-1])


def _round_step(scale: Scale, count: int, rounds: Sequence[float]) -> float:
    rough = (scale.high / 2 - scale.low / 2) / (count / 2)
    rough *= 0.9  # rather one tick more than half as many
    if rounds is ROUND_TIME and 1 <= rough <= rounds[-1]:
        return min(r for r in rounds if r >= rough)
    power = 10.0 ** math.floor(math.log10(rough))
    return power * min(r for r in ROUND if r >= rough / power * (1 - 1e-9))


def _multiples(scale: Scale, step: float) -> list[float]:
    first, last = math.ceil(scale.low / step - 1e-9), math.floor(scale.high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def _decades(scale: Scale, count: int) -> list[float]:
    """Powers of ten; with 2 and 5 between them, or plain round numbers, where the axis has too few."""
    first, last = math.ceil(math.log10(scale.low) - 1e-9), math.floor(math.log10(scale.high) + 1e-9)
    stride = max(1, math.ceil((last - first + 1) / (count + 1)))
    values = [10.0**power for power in range(-(-first // stride) * stride, last + 1, stride)]
    if len(values) < 3:
        powers = range(first - 1, last + 1)
        fine = [m * 10.0**power for power in powers for m in (1, 2, 5)]
        values = [v for v in fine if scale.low <= v <= scale.high]
    return values if len(values) > 2 else _multiples(scale, _round_step(scale, count, ROUND))


def _ticks(scale: Scale, values: Sequence[float], write: Callable[[float], str]) -> tuple[Tick, ...]:
    places = scale(np.array(values, dtype=np.float64))
    return tuple(Tick(float(place), write(value)) for place, value in zip(places, values, strict=True))


def _writer(scale: Scale, values: Sequence[float]) -> Callable[[float], str]:
    """How the ticks of one axis are written, all alike: plain, with a thousands letter, or with a power of ten."""
    size = max(abs(scale.low), abs(scale.high))
    step = min((b - a for a, b in pairwise(values)), default=size)
    if scale.log:
        return lambda v: f"{v:g}" if 1e-3 <= v < 1e4 else _power(v)
    if size < 1e-3 or size >= 1e15:
        return _power if step > size * 1e-4 else lambda v: f"{v:g}"
    if size >= 1e4:
        unit, letter = next(si for si in SI if size >= si[0])
        decimals = _decimals(step / unit)
        return lambda v: f"{v / unit:.{decimals}f}{letter}" if v else "0"
    decimals = _decimals(step)
    return lambda v: f"{v:.{decimals}f}" if v else "0"


def _power(value: float) -> str:
    mantissa, exponent = f"{value:.3e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}" if value else "0"


def _decimals(step: float) -> int:
    return max(0, math.ceil(-math.log10(step) - 1e-9)) if step > 0 else 0
