"""What will be shown: figures as data, never as HTML, up to the whole site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import Direction, FloatArray, Insight, Problem

__all__ = [
    "Asset",
    "Band",
    "Cell",
    "Chart",
    "Column",
    "Dash",
    "Fact",
    "Figure",
    "Gallery",
    "Heading",
    "IndexEntry",
    "Item",
    "Layer",
    "Line",
    "Mark",
    "Matrix",
    "NavItem",
    "Page",
    "Passage",
    "Plot",
    "PlotAxis",
    "Region",
    "Section",
    "Shown",
    "Site",
    "Spec",
    "Sprite",
    "Sweep",
    "Table",
    "Thumb",
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
    bar: tuple[float, float, float] | None = None
    """Low end, value and high end of an interval, from 0 to 1 along the column's axis: a small bar beside the text."""
    pick: tuple[str, str] | None = None
    """Row and column a click shows in the page's gallery, as `Matrix` does; "" for any."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that can be sorted, filtered and searched in the page."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    searchable: bool = False


# --- figures of samples -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Thumb:
    """A picture of a sample, by the key its data set gives it. The engine makes the file, once, as WebP."""

    key: str
    width: int
    """Of the original, upright, in px: regions are placed by it."""
    height: int
    alt: str = ""
    side: int = 192
    """Longest side of the file in px; small originals are enlarged without smoothing, so that pixels can be seen."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a picture: a box, or an outline."""

    xywh: tuple[float, float, float, float]
    """Left, top, width and height in px of the original."""
    kind: Literal["truth", "match", "missed", "false"]
    """Annotated (and found, where predictions are shown too), predicted and matched, annotated and not found,
    predicted and not there."""
    label: str = ""
    score: float | None = None
    color: int = 0
    outline: tuple[tuple[float, ...], ...] = ()
    """Polygons x, y, x, y, ...; none for a plain box."""
    partner: float | None = None
    """Of an annotation: the lowest confidence at which it counts as found; None for never. With it a slider can tell
    found from missed."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A text, in pieces that are alike, only here ("only"), or plain."""

    label: str
    pieces: tuple[tuple[str, Literal["same", "only", ""]], ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One sample in a gallery: pictures, texts and facts, whichever there are."""

    title: str
    """What it is called: its identifier, or its row."""
    pictures: tuple[Thumb, ...] = ()
    regions: tuple[Region, ...] = ()
    """Of the first picture."""
    passages: tuple[Passage, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    """Name and value: ("truth", "cat"), ("predicted", "dog"), ("confidence", "0.97")."""
    row: str = ""
    """What a click in the page's matrix selects by: its row, such as the truth, ..."""
    column: str = ""
    """... and its column, such as the prediction."""
    cells: tuple[tuple[str, str], ...] = ()
    """Rows and columns, where one sample belongs to several cells: a picture with many boxes."""
    wrong: bool | None = None
    """Marked as a mistake, as right, or neither."""
    href: str = ""
    """Relative to the page; empty for none."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """Samples to look at, in the order they matter."""

    items: tuple[Item, ...]
    total: int
    """Of how many these are chosen; said, when it is more than are shown."""
    chosen: str = ""
    """How, in words: "the most confident mistakes"."""
    first: int = 24
    """Shown at first; a button shows more."""
    slider: tuple[float, float] | None = None
    """Lowest and starting confidence of a slider over the regions' scores."""
    sorts: tuple[str, ...] = ()
    """Facts whose numbers the items can be sorted by."""
    axes: tuple[str, str] = ("", "")
    """What rows and columns of the items' cells are called; by default the facts that have their values."""


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """A table of colours: confusion, correlation, drift."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: FloatArray
    """Shape (rows, columns): what is coloured; NaN for a cell that is not defined."""
    texts: tuple[tuple[str, ...], ...] = ()
    """What stands in the cells; empty: the values."""
    views: tuple[tuple[str, FloatArray, tuple[tuple[str, ...], ...]], ...] = ()
    """Further ways to see it, chosen by a button: name, values and texts ("share of row")."""
    view: str = ""
    """The first way's own name ("count"), where there are several."""
    row_label: str = ""
    column_label: str = ""
    low: float | None = None
    high: float | None = None
    """Ends of the colour scale; by default zero or the least, and the greatest."""
    diverging: bool = False
    """Two colours around zero."""
    off_diagonal: bool = False
    """Colours tell apart what lies off the diagonal, since that on it is far larger; the diagonal has a colour of its
    own."""
    picks: bool = False
    """A click shows the samples of a cell in the page's gallery."""


@dataclass(frozen=True, slots=True)
class PlotAxis:
    """One axis of a plot."""

    label: str = ""
    scale: Literal["linear", "log", "category", "time"] = "linear"
    categories: tuple[str, ...] = ()
    """Of a "category" axis: x (or y) of a layer is the place in this list."""
    low: float | None = None
    high: float | None = None
    """Where the axis ends; by default at the data's own ends, with some air, and at zero for bars."""
    logarithmic: bool = False
    """A button offers a logarithmic axis."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One set of marks of a plot. Arrays have shape (n,)."""

    mark: Literal["bar", "step", "line", "area", "dot", "interval", "rule", "cell"]
    """bar: from zero to y at x, or over x to x2. step: outline of a histogram, y over x to x2. line: through the
    points. area: between low and high. dot: a point each. interval: from low to high at x, a dot at y. rule: a straight
    reference line through all points of x, y, drawn thin and grey. cell: a small rectangle x to x2, y to y2, whose
    colour is `weights`, as in a two-dimensional histogram."""
    x: FloatArray
    y: FloatArray
    x2: FloatArray | None = None
    y2: FloatArray | None = None
    low: FloatArray | None = None
    high: FloatArray | None = None
    weights: FloatArray | None = None
    """Of cells: from 0 to 1."""
    colors: NDArray[np.int32] | None = None
    """A place in the palette for each mark, instead of `color`."""
    label: str = ""
    """In the legend; "" for none."""
    color: int = 0
    dash: Dash = "solid"
    faint: bool = False
    """Context: grey and thin."""
    notes: tuple[str, ...] = ()
    """What is said of each mark when it is pointed at, instead of its coordinates; empty or one each."""
    keys: tuple[str, ...] = ()
    """Keys of pictures, one for each dot: shown when it is pointed at."""
    picks: tuple[tuple[str, str], ...] = ()
    """What a click on each mark shows in the page's gallery: row and column, "" for any."""
    horizontal: bool = False
    """Bars and intervals along x, at y: for long names, on a category axis of y."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Marks on two axes: histograms, bars, scatters, curves that are no training's."""

    layers: tuple[Layer, ...]
    x: PlotAxis = field(default_factory=PlotAxis)
    y: PlotAxis = field(default_factory=PlotAxis)
    square: bool = False
    """Both axes have the same length on the screen: a ROC curve, predicted against true."""
    height: int = 240
    """In px, where it is not square."""


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """What follows from a threshold: a slider moves all of it together."""

    label: str
    """What the threshold is of: "confidence"."""
    thresholds: FloatArray
    """Shape (t,), ascending, at most 201."""
    curves: Mapping[str, FloatArray]
    """By name, shape (t,): shares from 0 to 1, such as precision, recall and F1; NaN where not defined."""
    counts: Mapping[str, FloatArray]
    """By name, shape (t,): numbers such as true positives; shown as a table beside the slider."""
    start: int = 0
    """Place of the threshold it starts with."""
    marks: tuple[tuple[str, int], ...] = ()
    """Thresholds worth a name, and their places: ("best F1", 87)."""


Spec: TypeAlias = Chart | Table | Plot | Matrix | Gallery | Sweep


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing to look at."""

    id: str
    """Stable: links and insights point here. Lower-case ASCII and hyphens."""
    title: str
    caption: str
    """What there is to see, in one sentence; the text alternative too."""
    spec: Spec
    group: str = ""
    """Figures of one group stand under one heading."""
    page: str = ""
    """A page of its own below its topic's, by name: one data set of several; "" for the topic's page."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What a topic comes to, in a line of the experiment's front page: ("Accuracy", "0.929 [0.924, 0.934]")."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """One topic of one experiment."""

    topic: str
    """The renderer's name."""
    title: str
    insights: tuple[Insight, ...] = ()
    figures: tuple[Figure, ...] = ()
    problems: tuple[Problem, ...] = ()
    thumbs: Mapping[str, str] = field(default_factory=dict)
    """Paths in the site of the pictures that figures refer to, by "<side>/<key>"."""
    sprites: Mapping[str, Sprite] = field(default_factory=dict)
    """By figure: the small pictures behind its dots."""
    facts: tuple[Fact, ...] = ()
    parent: str = ""
    """The topic this is a page of, where a topic has several; "" for a topic."""


@dataclass(frozen=True, slots=True)
class Sprite:
    """Many small pictures in one file, row by row."""

    path: str
    """Relative to the site's root."""
    tile: int
    """Side of each in px."""
    columns: int
    keys: tuple[str, ...]


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
    fact: tuple[str, str] = ("", "")
    """Name and value of what it comes to, where no curve of a run tells: an accuracy."""


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


Shown: TypeAlias = Figure | Insight | Fact
"""What a renderer yields."""
