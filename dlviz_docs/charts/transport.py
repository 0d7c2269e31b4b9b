"""A run's curves on their way to the browser: every point, as a classic script, since a page on disk may not fetch.

    dlviz.put("experiment/run", {"arrays": [...], "series": {"train/loss": {"y": 2, "step": 0, "time": 1}}})

Series name their arrays by place, so curves logged together share their steps. An array is one of

    {"x0": 0, "dx": 10, "n": 500}   evenly spaced: x0 + dx * i gives every value exactly
    {"f4": "..."}                   base64 of little-endian float32, where that loses nothing
    {"f8": "..."}                   base64 of little-endian float64

NaN and infinities travel in the bytes. What a resumed session wrote again is left out, and points are sorted by step.
Steps and values are exact. Times are seconds since the start as float32, and curves written together share theirs.
"""

from __future__ import annotations

import base64

import numpy as np

from dlviz_docs.html import json_script
from dlviz_docs.model import FloatArray, Run, Series
from dlviz_docs.stats.thin import thin

__all__ = ["MOST_POINTS", "TOGETHER", "run_script"]

TOGETHER = 0.05
"""Seconds within which the curves of one step are written; the page shows tenths."""

MOST_POINTS = 200_000
"""Points of one curve that a page can take; longer ones are thinned, with all extremes kept, and marked."""


def run_script(key: str, run: Run) -> bytes:
    """The script that gives the browser all curves of a run under `key`."""
    arrays = _Arrays()
    start = _start(run)
    series = {item.name: _series(item, start, arrays) for item in run.series}
    return f"dlviz.put({json_script(key)},{json_script({'arrays': arrays.coded, 'series': series})});\n".encode()


class _Arrays:
    """The arrays of one run, each once."""

    def __init__(self) -> None:
        self.coded: list[dict[str, float | int | str]] = []
        self._places: dict[bytes, int] = {}
        self._times: dict[int, tuple[FloatArray, int]] = {}

    def place(self, values: FloatArray) -> int:
        content = values.tobytes()
        if content not in self._places:
            self._places[content] = len(self.coded)
            self.coded.append(_code(values))
        return self._places[content]

    def place_times(self, seconds: FloatArray) -> int:
        """As `place`; the times of curves written together are those of the first."""
        known = self._times.get(len(seconds))
        if known and _together(known[0], seconds):
            return known[1]
        place = self.place(seconds.astype(np.float32).astype(np.float64))
        self._times[len(seconds)] = (seconds, place)
        return place


def _together(a: FloatArray, b: FloatArray) -> bool:
    apart = np.abs(a - b)
    return bool(((apart <= TOGETHER) | (np.isnan(a) & np.isnan(b))).all())


def _series(series: Series, start: float, arrays: _Arrays) -> dict[str, int | bool]:
    """Places of a curve's arrays; "epoch" is the step itself where steps count epochs."""
    series = _in_order(series)
    thinned = len(series) > MOST_POINTS
    if thinned:
        series = series.take(thin(series.steps, series.values, MOST_POINTS))
    coded: dict[str, int | bool] = {"y": arrays.place(series.values), "step": arrays.place(series.steps)}
    epochs = series.steps if series.axis == "epoch" else series.epochs
    if epochs is not None:
        coded["epoch"] = arrays.place(epochs)
    if series.times is not None:
        coded["time"] = arrays.place_times(series.times - start)
    return {**coded, "thinned": True} if thinned else coded


def _in_order(series: Series) -> Series:
    """Its points by step, without those that were written again."""
    if series.superseded is not None:
        series = series.take(np.flatnonzero(~series.superseded))
    falls = (series.steps[1:] < series.steps[:-1]).any()
    return series.take(np.argsort(series.steps, kind="stable")) if falls else series


def _start(run: Run) -> float:
    """The run's first time stamp, which is second 0."""
    if run.started is not None:
        return run.started
    times = [series.times[np.isfinite(series.times)] for series in run.series if series.times is not None]
    return min((float(t.min()) for t in times if len(t)), default=0.0)


def _code(values: FloatArray) -> dict[str, float | int | str]:
    n = len(values)
    with np.errstate(over="ignore", invalid="ignore"):
        if n > 1:
            step = (values[-1] - values[0]) / (n - 1)
            # The second value alone tells most curves from a ramp.
            if values[0] + step == values[1] and np.array_equal(values[0] + step * np.arange(n), values):
                return {"x0": float(values[0]), "dx": float(step), "n": n}
        short = values.astype("<f4")
    if np.array_equal(short.astype("<f8"), values, equal_nan=True):
        return {"f4": base64.b64encode(short.tobytes()).decode()}
    return {"f8": base64.b64encode(values.astype("<f8").tobytes()).decode()}
