"""Many rows on two axes: a dot each, or, of many, how many lie in each cell."""

from __future__ import annotations

import numpy as np

from dlviz_docs import words
from dlviz_docs.model import FloatArray
from dlviz_docs.renderers.results._measured import Measured
from dlviz_docs.view import Layer

__all__ = ["MOST_DOTS", "cloud", "ends", "histogram"]

MOST_DOTS = 2000
CELLS = 48
ROUNDING = 1e-12
"""Of the values: differences below it are what arithmetic leaves."""
FAR = 20.0
"""Ranges over the middle half beyond which the ends are left out of a picture, and that is said."""


def ends(values: FloatArray) -> tuple[float, float] | None:
    """What an axis shows: everything, or all but a thousandth at each end where those lie far off; None for nothing."""
    if not len(values):
        return None
    low, first, third, high = (float(value) for value in np.quantile(values, (0, 0.25, 0.75, 1)))
    with np.errstate(all="ignore"):
        if third > first and not high - low <= FAR * (third - first):
            low, high = (float(value) for value in np.quantile(values, (0.001, 0.999)))
        if not np.isfinite(high - low):
            return None
    if high - low <= ROUNDING * max(abs(low), abs(high)):
        air = abs(low) * 0.05 or 1.0
        return low - air, high + air
    return low, high


def cloud(
    one: Measured, x: FloatArray, y: FloatArray, x_ends: tuple[float, float], y_ends: tuple[float, float], samples: bool
) -> tuple[Layer, str]:
    """Marks for judged rows, and what was left out or how they are drawn, as a sentence for the caption or ""."""
    inside = (x >= x_ends[0]) & (x <= x_ends[1]) & (y >= y_ends[0]) & (y <= y_ends[1])
    beyond = int((~inside).sum())
    far = f" {words.count(beyond, 'row')} far off {'lies' if beyond == 1 else 'lie'} outside." if beyond else ""
    if samples and len(x) <= MOST_DOTS:
        return _dots(one, x[inside], y[inside], np.flatnonzero(inside)), far
    counts, across, up = np.histogram2d(x[inside], y[inside], CELLS, (x_ends, y_ends))
    at_x, at_y = np.nonzero(counts)
    found = counts[at_x, at_y]
    weights = np.log1p(found) / np.log1p(found.max(initial=1))
    layer = Layer(
        "cell",
        across[at_x],
        up[at_y],
        x2=across[at_x + 1],
        y2=up[at_y + 1],
        weights=weights,
        notes=tuple(words.count(int(count), "row") for count in found),
    )
    return layer, f" Darker where more of the {len(x):,} rows lie, in steps of their logarithm.{far}"


def _dots(one: Measured, x: FloatArray, y: FloatArray, rows: np.ndarray) -> Layer:
    pictures = one.predictions.pictures
    keys: tuple[str, ...] = ()
    if pictures is not None and len(pictures) == one.predictions.length:
        keys = tuple(pictures.keys[int(one.rows[row])] for row in rows)
    notes = tuple(
        f"{one.title(int(row))}: true {words.number(float(one.truth[row]))}, "
        f"predicted {words.number(float(one.predicted[row]))}"
        for row in rows
    )
    return Layer("dot", x, y, keys=keys, notes=notes)


def histogram(values: FloatArray, span: tuple[float, float]) -> Layer:
    """Bars of equal width, as many as Freedman and Diaconis (1981) ask for, 10 to 60."""
    inside = values[(values >= span[0]) & (values <= span[1])]
    first, third = np.quantile(inside, (0.25, 0.75)) if len(inside) else (0.0, 0.0)
    width = 2 * (third - first) / max(len(inside), 1) ** (1 / 3)
    number = int(np.clip((span[1] - span[0]) / width, 10, 60)) if width > 0 else 10
    counts, edges = np.histogram(inside, number, span)
    return Layer("bar", edges[:-1], counts.astype(np.float64), x2=edges[1:])
