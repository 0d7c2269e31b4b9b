"""How weights are distributed by depth, how large they are, and what is odd about them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from dlviz_docs.insights import model_weights as said
from dlviz_docs.insights.model_words import brief, layer, shape, share
from dlviz_docs.model import FloatArray, Statistics, Tensor
from dlviz_docs.renderers.architecture._known import Known, own_name
from dlviz_docs.stats.weights import he_deviation, quantiles_of
from dlviz_docs.view import Cell, Column, Figure, Layer, Plot, PlotAxis, Shown, Table

__all__ = ["weights"]

_VARIANCES = {"running_mean": "running_var", "moving_mean": "moving_variance"}
"""What lies beside the mean that batch normalisation keeps."""
SHARES = (0.01, 0.25, 0.5, 0.75, 0.99)
NAMED = 24
"""Layers up to which each is a row with its name."""
LISTED = 200
"""Rows of the table of channels that are off."""
FAR, FEW = 6.0, 0.25
"""Times the median layer's reach from which on a layer lies far out, and share of the layers that may, so that the axis
is that of the others."""
ALIKE = 1.25
"""Times beside the usual size within which layers are all alike."""
LABEL = 40
PYTORCH = 0.41
"""Of He's deviation: linear layers and convolutions begin uniform to 1 / √fan-in, which deviates by 1 / √(3 fan-in)."""


def weights(known: Known) -> Iterator[Shown]:
    """Sentences, then distributions, sizes and zeros."""
    yield from _nonfinite(known)
    found = _measured(known)
    yield from _odd(known, found)
    yield from _distributions(known, found)
    yield from _sizes(known, found)
    yield from _zeros(known, found)


def _measured(known: Known) -> list[tuple[str, Tensor, Statistics]]:
    """Layers with weights of two axes or more whose elements are known."""
    found = ((path, main, known.statistics.get(main.name)) for path, main in known.weighted)
    return [(path, main, one) for path, main, one in found if one is not None]


# --- what is odd ------------------------------------------------------------------------------------------------------


def _nonfinite(known: Known) -> Iterator[Shown]:
    """Serious, so it is said of every tensor of the last checkpoint, whatever it belongs to."""
    sizes = {tensor.name: tensor.size for tensor in known.network.last.tensors}
    masks = {tensor.name for tensor in known.network.last.tensors if tensor.may_be_infinite}
    broken = [
        (name, one.nan, one.infinite)
        for name, one in known.statistics.items()
        if one.nan or (one.infinite and name not in masks)
    ]
    figure = known.place.id("not-finite")
    of_model = any(name in known.tensors for name, _, _ in broken)
    yield from said.nonfinite_sentence(broken, len(known.statistics), figure, of_model=of_model)
    if not broken:
        return
    columns = (Column("Tensor"), Column("NaN", True), Column("Infinite", True), Column("Of", True))
    rows = tuple(
        (Cell(brief(name)), *(Cell(f"{one:,}", one) for one in (nan, infinite, sizes.get(name, 0))))
        for name, nan, infinite in broken[:LISTED]
    )
    caption = f"Elements that are no numbers, in {known.network.last.path}."
    if len(broken) > LISTED:
        caption += f" The first {LISTED:,} of {len(broken):,} tensors."
    table = Table(columns, rows, searchable=len(rows) > 20)
    yield Figure(figure, "Weights that are no numbers", caption, table, "Weights")


def _odd(known: Known, found: list[tuple[str, Tensor, Statistics]]) -> Iterator[Shown]:
    where = known.place.id("sizes")
    between = {main.name for path, main, _ in found if known.family(path) in ("convolution", "linear")}
    zero = [main.name for _, main, one in found if one.zeros == main.size]
    same = [main.name for _, main, one in found if one.std == 0 and one.zeros == 0 and main.size > 1 and _whole(one)]
    equal = [name for name in same if name in between]
    yield from said.constant_sentence(zero, equal, where, between=between.issuperset(zero))
    kept = {name: one for name, one in known.statistics.items() if name in known.tensors}
    means = {name: one for name, one in kept.items() if own_name(name) in _VARIANCES}
    fresh, of = [name for name, one in means.items() if _is_fresh(known, name, one)], len(means)
    yield from said.untrained_sentence(len(fresh), of, where)
    # Of whole numbers, as quantisation leaves them, many are zero anyway.
    fractions = [(path, main, one) for path, main, one in found if "float" in main.dtype]
    zeros, total = sum(one.zeros for _, _, one in fractions), sum(main.size for _, main, _ in fractions)
    most = [(path, one.zeros / main.size) for path, main, one in fractions]
    yield from said.sparse_sentence(zeros, total, most, known.place.id("zeros"))


def _whole(one: Statistics) -> bool:
    return not one.nan and not one.infinite


def _is_fresh(known: Known, name: str, mean: Statistics) -> bool:
    """Whether the running mean is all zeros, and the variance beside it all ones."""
    own = own_name(name)
    variance = known.statistics.get(name.removesuffix(own) + _VARIANCES[own])
    still = mean.zeros == known.tensors[name].size and mean.zeros > 0
    return still and variance is not None and variance.minimum == variance.maximum == 1.0


# --- distributions ----------------------------------------------------------------------------------------------------


def _distributions(known: Known, found: list[tuple[str, Tensor, Statistics]]) -> Iterator[Figure]:
    """Quantiles of the weights of each layer: rows with names, or areas by depth where there are many."""
    rows = [(path, main, quantiles_of(one.counts, one.low, one.high, SHARES)) for path, main, one in found]
    rows = [(path, main, q) for path, main, q in rows if np.isfinite(q).all()]
    if len(rows) < 2:
        return
    table = np.array([q for _, _, q in rows])
    notes = tuple(_spread(path, main, q) for path, main, q in rows)
    end = _end(table)
    axis = PlotAxis("weight", low=-end, high=end) if end else PlotAxis("weight")
    spec = _by_name(rows, table, notes, axis) if len(rows) <= NAMED else _by_depth(table, notes, axis)
    widest = int(_reach(table).argmax())
    order = "from the input to the output" if known.network.evidence == "graph" else "in the order of the file"
    caption = (
        f"Weights of each layer {order}: 98 % lie between the ends, half within the darker part. "
        f"They spread widest in {layer(rows[widest][0])}"
    )
    caption += f", to {_reach(table)[widest]:.2g}, which is beyond the picture." if end else "."
    yield Figure(known.place.id("distributions"), "Weights by depth", caption, spec, "Weights")


def _reach(table: FloatArray) -> FloatArray:
    """How far from zero the ends of each layer lie."""
    reach: FloatArray = np.abs(table[:, (0, -1)]).max(axis=1)
    return reach


def _end(table: FloatArray) -> float:
    """Where the axis ends, if a few layers would flatten all others: at the largest of those; else 0."""
    reach = _reach(table)
    far = reach > FAR * np.median(reach)
    return 1.05 * float(reach[~far].max()) if 0 < far.sum() <= FEW * len(reach) else 0.0


def _spread(path: str, main: Tensor, q: FloatArray) -> str:
    return (
        f"{brief(path)} ({shape(main.shape)}): 98 % from {q[0]:.3g} to {q[4]:.3g}, half from {q[1]:.3g} to {q[3]:.3g}"
    )


def _by_name(
    rows: list[tuple[str, Tensor, FloatArray]], table: FloatArray, notes: tuple[str, ...], axis: PlotAxis
) -> Plot:
    places = np.arange(len(rows), dtype=np.float64)
    middle = table[:, 2]
    layers = (
        Layer(
            "interval",
            middle,
            places,
            low=table[:, 0],
            high=table[:, 4],
            color=0,
            faint=True,
            notes=notes,
            horizontal=True,
        ),
        Layer("interval", middle, places, low=table[:, 1], high=table[:, 3], color=0, notes=notes, horizontal=True),
    )
    names = tuple(brief(path, LABEL) for path, _, _ in rows)
    return Plot(layers, axis, PlotAxis("", "category", names), height=max(140, 22 * len(rows)))


def _by_depth(table: FloatArray, notes: tuple[str, ...], axis: PlotAxis) -> Plot:
    places = np.arange(1, len(table) + 1, dtype=np.float64)
    middle = table[:, 2]
    layers = (
        Layer("area", places, middle, low=table[:, 0], high=table[:, 4], label="98 %", color=0, faint=True),
        Layer("area", places, middle, low=table[:, 1], high=table[:, 3], label="half", color=0),
        Layer("line", places, middle, label="median", color=0, notes=notes),
    )
    return Plot(layers, PlotAxis("layer, in order"), axis, height=240)


# --- sizes ------------------------------------------------------------------------------------------------------------


def _sizes(known: Known, found: list[tuple[str, Tensor, Statistics]]) -> Iterator[Figure]:
    """Root mean square by depth, beside the deviation that He's initialisation begins with."""
    rows = [(path, main, one.norm / math.sqrt(main.size)) for path, main, one in found if _whole(one)]
    rows = [(path, main, size) for path, main, size in rows if math.isfinite(size)]
    if len(rows) < 2 or not any(size for _, _, size in rows):
        return
    places = np.arange(1, len(rows) + 1, dtype=np.float64)
    sizes = np.array([size if size > 0 else np.nan for _, _, size in rows])
    usual = np.array([_usual(known, path, main) for path, main, _ in rows])
    notes = tuple(
        f"{brief(path)} ({shape(main.shape)}): RMS {size:.3g}{f', {size / he:.2g} times He’s' if he == he else ''}"
        for (path, main, size), he in zip(rows, usual.tolist(), strict=True)
    )
    layers = (
        Layer("line", places, usual, label="He et al. 2015, √(2 / fan-in)", color=7, dash="dashed"),
        Layer("dot", places, sizes, label="weights", color=0, notes=notes),
    )
    caption = "Root mean square of each layer's weights, beside the deviation that those for ReLU begin with"
    caption = f"{caption}{_ends(rows, sizes / usual)}."
    if not known.network.last.format.startswith("Keras"):
        caption += f" PyTorch's own layers begin at {PYTORCH} times that."
    spec = Plot(layers, PlotAxis("layer, in order"), PlotAxis("root mean square", "log"), height=220)
    yield Figure(known.place.id("sizes"), "Size of the weights", caption, spec, "Weights")


def _usual(known: Known, path: str, main: Tensor) -> float:
    """By He, of linear layers and convolutions; NaN where the axes do not tell what comes in."""
    if "float" not in main.dtype:
        return math.nan
    if main.name in known.turned and len(main.shape) == 2:
        return he_deviation(main.shape, last=True)
    if not known.rows_are_outputs(path, main):
        return math.nan
    own = own_name(main.name)
    if "depthwise" in own or (own == "kernel" and known.kind(path).startswith("Depthwise")):
        return he_deviation(main.shape[:-1], last=True)  # Keras has the window first, and a filter sees one channel
    return he_deviation(main.shape, last=own.endswith("kernel"))


def _ends(rows: list[tuple[str, Tensor, float]], times: FloatArray) -> str:
    """The layers that are smallest and largest beside what is usual."""
    known = np.flatnonzero(np.isfinite(times))
    if len(known) < 2:
        return ""
    small, large = int(known[times[known].argmin()]), int(known[times[known].argmax()])
    if times[large] < ALIKE * times[small]:
        return f": all have {times[small]:.2g} to {times[large]:.2g} times that"
    ends = (("smallest", small), ("largest", large))
    return ": " + ", ".join(f"{word} in {layer(rows[at][0])} ({times[at]:.2g} times)" for word, at in ends)


def _zeros(known: Known, found: list[tuple[str, Tensor, Statistics]]) -> Iterator[Figure]:
    """Share of exact zeros, where a percent of any layer is; of many layers, of those alone."""
    rows = [(path, main, one.zeros / main.size) for path, main, one in found]
    some = [row for row in rows if row[2] >= 0.01]
    if not some:
        return
    kept = sorted(rows if len(rows) <= NAMED else some, key=lambda row: -row[2])[:40]
    shares = np.array([100 * part for _, _, part in kept])
    names = tuple(brief(path, LABEL) for path, _, _ in kept)
    bars = Layer("bar", shares, np.arange(len(kept), dtype=np.float64), horizontal=True)
    zeros, total = sum(one.zeros for _, _, one in found), sum(main.size for _, main, _ in found)
    caption = f"Weights that are exactly zero: {share(zeros, total)} of all in matrices and filters."
    caption += f" The emptiest {len(kept)} of {len(rows):,} layers." if len(kept) < len(rows) else ""
    spec = Plot(
        (bars,),
        PlotAxis("exactly zero, %", high=100.0),
        PlotAxis("", "category", names),
        height=max(120, 20 * len(kept)),
    )
    yield Figure(known.place.id("zeros"), "Zeros", caption, spec, "Weights")
