"""What will be shown: figures as data, never as HTML, up to the whole site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from dlviz_docs.model import Direction, FloatArray, Insight, Problem

__all__ = [
    "Asset",
    "Band",
    "Cell",
    "Chart",
    "Column",
    "Dash",
    "Figure",
    "Heading",
    "IndexEntry",
    "Line",
    "Mark",
    "NavItem",
    "Page",
    "Section",
    "Shown",
    "Site",
    "Table",
    "XAxis",
]

XAxis = Literal["step", "epoch", "time"]
Dash = Literal["solid", "dashed", "dotted"]


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the site: bytes made in memory, or one that lies on disk already."""

    path: str
    """Relative to the site's root."""
    content: bytes | Path


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


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    label: str
    numeric: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what is read, and what it is sorted by."""

    text: str
    sort: float | str | None = None
    href: str = ""
    """Relative to the page, made by us; empty for none."""
    color: int | None = None
    """A swatch of the palette."""
    spark: FloatArray | None = None
    """A small curve beside the text."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that can be sorted, filtered and searched in the page."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    searchable: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing to look at."""

    id: str
    """Stable: links and insights point here. Lower-case ASCII and hyphens."""
    title: str
    caption: str
    """What there is to see, in one sentence; the text alternative too."""
    spec: Chart | Table
    group: str = ""
    """Figures of one group stand under one heading."""


@dataclass(frozen=True, slots=True)
class Section:
    """One topic of one experiment."""

    topic: str
    """The renderer's name."""
    title: str
    insights: tuple[Insight, ...] = ()
    figures: tuple[Figure, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """One entry of a page's table of contents."""

    level: int
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page as a host has to write it. `body` is finished HTML; all else is plain text the host must encode."""

    path: str
    """Relative to our part of the site: "digits-cnn/training/index.html"."""
    title: str
    description: str
    body: str
    headings: tuple[Heading, ...] = ()
    topic: str = ""
    experiment: str = ""
    """The experiment's slug; empty on the index."""
    file: str = ""
    """Holds the body where that is empty: a host need not have all pages of a site in memory."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """What the index says of one experiment."""

    slug: str
    title: str
    description: str
    tags: tuple[str, ...]
    runs: int
    statuses: tuple[tuple[str, int], ...]
    """Status and how many runs have it, most frequent first; unknown ones are left out."""
    metric: str = ""
    direction: Direction = "min"
    best: float | None = None
    best_run: str = ""
    color: int = 0
    """Of the best run."""
    last: float | None = None
    """Of the best run."""
    curve: tuple[float, ...] = ()
    """Of the best run: the metric, thinned."""
    date: float | None = None
    """Last recorded point or, without wall times, last change of a file; seconds since 1970 UTC."""
    findings: int = 0
    """Warnings and serious ones."""
    problems: int = 0


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the navigation."""

    title: str
    path: str
    children: tuple[NavItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """All that a host has to write."""

    pages: tuple[Page, ...] = ()
    assets: tuple[Asset, ...] = ()
    nav: tuple[NavItem, ...] = field(default=())
    problems: tuple[Problem, ...] = ()


Shown: TypeAlias = Figure | Insight
"""What a renderer yields."""
