"""Figures of data and predictions: galleries, matrices, plots, thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray
from dlviz_docs.view.curves import Dash

__all__ = ["Gallery", "Item", "Layer", "Matrix", "Passage", "Plot", "PlotAxis", "Region", "Sweep", "Thumb"]


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
    weights: tuple[float, ...] = ()
    """Of each piece how much it speaks for what the text is shown for, from -1 (against it) to 1; none for a text that
    is only read. Colours tell it: say the strongest in words beside it."""


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
    legend: tuple[tuple[str, int], ...] = ()
    """Classes that masks are coloured by: name, and place among the numbers of the masks. The first one has no colour,
    since it mostly is the background."""
    aside: int = 0
    """How many of the last items only a click on their cell shows: the right answers beside mistakes. `total` is
    without them."""
    aside_chosen: str = ""
    """What these are and how they were chosen, in words: "right answers, the least confident first"."""


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
    one_scale: bool = False
    """All views have these ends, since they are of one thing; otherwise each has its own."""
    diverging: bool = False
    """Two colours around zero."""
    off_diagonal: bool = False
    """Colours tell apart what lies off the diagonal, since that on it is far larger; the diagonal has a colour of its
    own."""
    picks: bool = False
    """A click shows the samples of a cell in the page's gallery."""
    beside: bool = False
    """Stands beside others of its kind where there is room: few columns with little in them."""


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
    thin: bool = False
    """One of several curves that another one in their colour stands for: pale, and not read out."""
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
