"""Lines over steps: the charts of runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dlviz_docs.model import FloatArray

__all__ = ["Band", "Chart", "Dash", "Line", "Mark", "XAxis"]

XAxis = Literal["step", "epoch", "time"]

Dash = Literal["solid", "dashed", "dotted"]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One curve of a chart, thinned to what a picture can show; the browser loads every point from `data`."""

    label: str
    run: str
    """The run's slug: one colour and one data file for each."""
    series: str
    """The series' name in the data file."""
    color: int
    x: Mapping[XAxis, FloatArray]
    """The same points by step, epoch and seconds since the start; only axes that are known. Shape (n,) each."""
    y: FloatArray
    """Shape (n,); may hold NaN and infinities."""
    dash: Dash = "solid"
    """Solid for what is judged (validation), dashed for training, dotted for a test beside a validation."""
    faint: bool = False
    """Context, not the subject: drawn thin and grey, hidden at first when live."""
    name: str = ""
    """The run as people read it."""
    split: str = ""
    """Which of the run's curves this is, "train". Where runs have several, the legend lists runs and splits apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Many runs as one shape: median between two quantiles. Arrays have shape (n,)."""

    label: str
    color: int
    x: FloatArray
    low: FloatArray
    middle: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True)
class Mark:
    """A point worth naming: the best step, the first NaN, a resume."""

    kind: Literal["best", "nonfinite", "resume", "onset"]
    x: Mapping[XAxis, float]
    y: float | None
    """None: a vertical line over the whole height."""
    label: str
    color: int = 0


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over step, epoch or time."""

    lines: tuple[Line, ...]
    bands: tuple[Band, ...] = ()
    marks: tuple[Mark, ...] = ()
    x_axes: tuple[XAxis, ...] = ("step",)
    """The first one is drawn; the others are offered. All lines have the first one."""
    x_label: str = "step"
    """What the first axis counts, in words."""
    y_label: str = ""
    log_y: bool = False
    """Start with a logarithmic axis."""
    focus: tuple[float, float] | None = None
    """Values the axis starts with, where some curves go so far beyond that they would flatten all others."""
