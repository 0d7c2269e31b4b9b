"""What the errors of a regression hang on: single attributes, slices of the rows, and the worst rows themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import names as naming
from dlviz_docs import words
from dlviz_docs.insights import regression as said
from dlviz_docs.insights.data_words import quoted
from dlviz_docs.insights.estimates import decimal
from dlviz_docs.model import Feature, FloatArray
from dlviz_docs.renderers.results._measured import Measured, facets
from dlviz_docs.stats.association import Grouping, correlation_p, correlation_ratio
from dlviz_docs.stats.fdr import FALSE_SHARE, q_values
from dlviz_docs.stats.regress import in_bins
from dlviz_docs.stats.slices import Facet, Slice, weak_slices
from dlviz_docs.stats.summary import centred_ranks, order_of
from dlviz_docs.view import Cell, Column, Figure, Gallery, Item, Layer, Passage, Plot, PlotAxis, Shown, Table, Thumb

__all__ = ["where_it_fails", "worst_rows"]

MOST_ATTRIBUTES = 60
MOST_DRIVERS = 4
MOST_LEVELS = 30
MOST_SLICES = 20
LARGE_ERRORS = 0.9
"""Quantile of absolute errors from which on a row counts as one of the worst, for slices."""
MOST_WORST = 48
_FACTS = 5
_TEXT = 600


@dataclass(frozen=True, slots=True)
class _Driver:
    feature: Feature
    strength: float
    p: float
    signed: bool
    """Whether it is the direction of errors that hangs on it."""
    n: int
    q: float = np.nan


def where_it_fails(one: Measured) -> Iterator[Shown]:
    """The strongest few attributes that stand clear of chance, then slices."""
    found = _drivers(one)
    used = {one.place.id("error-by-truth")}
    for place, driver in enumerate(found[:MOST_DRIVERS]):
        at = one.place.id(f"error-by-{naming.slug(driver.feature.name)}")
        if at in used:
            at = one.place.id(f"error-by-{naming.exact_slug(driver.feature.name, 'attribute')}")
        used.add(at)
        rho = driver.feature.kind not in ("category", "boolean")
        if place < 2:
            yield said.driver(driver.feature.name, driver.strength, driver.q, driver.signed, rho, driver.n, at)
        yield _driver_figure(one, driver, rho, at)
    if shown := _slices(one):
        yield shown


def _drivers(one: Measured) -> list[_Driver]:
    """By strength; of each attribute what it says of the size of errors or of their direction, whichever is more."""
    if len(one) < said.LEAST_ROWS:
        return []
    sizes, directions = (centred_ranks(order_of(values)).astype(np.float64) for values in (one.absolute, one.errors))
    tested = []
    for feature in one.predictions.attributes[:MOST_ATTRIBUTES]:
        values = feature.values[one.rows]
        for signed, ranks in ((False, sizes), (True, directions)):
            if (found := _strength(feature, values, ranks)) is not None:
                tested.append(_Driver(feature, found[0], found[1], signed, found[2]))
    q = q_values([driver.p for driver in tested])
    clear: dict[str, _Driver] = {}
    for driver, own in zip(tested, q.tolist(), strict=True):
        best = clear.get(driver.feature.name)
        if own < FALSE_SHARE and abs(driver.strength) >= max(said.LEAST_STRENGTH, abs(best.strength) if best else 0):
            clear[driver.feature.name] = _Driver(
                driver.feature, driver.strength, driver.p, driver.signed, driver.n, own
            )
    return sorted(clear.values(), key=lambda driver: (-abs(driver.strength), driver.feature.name))


def _strength(feature: Feature, values: NDArray[np.generic], ranks: FloatArray) -> tuple[float, float, int] | None:
    """Spearman's ρ or η of ranks, p and n; None for a column that says nothing of this kind."""
    if feature.kind in ("number", "time"):
        numbers = np.asarray(values, np.float64)
        known = np.isfinite(numbers)
        n = int(known.sum())
        if n < said.LEAST_ROWS or numbers[known].min() == numbers[known].max():
            return None
        own = centred_ranks(order_of(numbers))[known].astype(np.float64)
        r = float(np.corrcoef(own, ranks[known])[0, 1])
        return (r, correlation_p(r, n), n) if np.isfinite(r) else None
    if feature.kind not in ("category", "boolean") or not 1 < len(feature.levels) <= MOST_LEVELS:
        return None
    eta, p, n = correlation_ratio(ranks, Grouping.of(np.asarray(values, np.int32), len(feature.levels)), None)
    return (eta, p, n) if np.isfinite(eta) and n >= said.LEAST_ROWS else None


def _driver_figure(one: Measured, driver: _Driver, rho: bool, at: str) -> Figure:
    """Medians with intervals: of the error where its direction is what hangs on it, else of its size."""
    y = one.errors if driver.signed else one.absolute
    values = driver.feature.values[one.rows]
    categories: tuple[str, ...] = ()
    label = "predicted less true" if driver.signed else "absolute error"
    if rho:
        known = np.isfinite(values)
        bins = in_bins(np.asarray(values, np.float64)[known], y[known], most=12)
        x, counts = bins.x, bins.count
        middle, low, high = bins.median, bins.median_low, bins.median_high
        axis = PlotAxis(driver.feature.name, "time" if driver.feature.kind == "time" else "linear")
    else:
        levels = [k for k in range(len(driver.feature.levels)) if (values == k).sum() > 1]
        parts = [in_bins(np.zeros(int((values == k).sum())), y[values == k], most=1, least=2) for k in levels]
        x, counts = np.arange(len(levels), dtype=np.float64), np.array([part.count[0] for part in parts])
        middle, low, high = (
            np.array([getattr(part, name)[0] for part in parts]) for name in ("median", "median_low", "median_high")
        )
        categories = tuple(driver.feature.levels[k] for k in levels)
        axis = PlotAxis(driver.feature.name, "category", categories=categories)
    notes = tuple(
        f"{categories[k] if categories else words.number(float(x[k]))}: median {words.number(float(middle[k]))} "
        f"[{words.number(float(low[k]))}, {words.number(float(high[k]))}] (n = {int(counts[k]):,})"
        for k in range(len(x))
    )
    layers = [Layer("interval", x, middle, low=low, high=high, notes=notes)]
    if driver.signed and len(x) > 1:
        layers.append(Layer("rule", x[[0, -1]], np.zeros(2)))
    measure = "ρ" if rho else "η"
    return Figure(
        at,
        f"Error by {driver.feature.name}",
        f"Median {label} with 95 % intervals; {measure} = {decimal(driver.strength, 2)} with "
        f"{quoted(driver.feature.name)} "
        f"(n = {driver.n:,}).",
        Plot(tuple(layers), axis, PlotAxis(label)),
        one.place.group("Where it fails"),
    )


# --- slices -----------------------------------------------------------------------------------------------------------


def _slices(one: Measured) -> Figure | None:
    """Parts of the rows in which the largest tenth of the errors comes up more often than elsewhere."""
    ways = list(facets(one))[:40]
    if not ways or len(one) < 2 * said.LEAST_ROWS:
        return None
    bound = float(np.quantile(one.absolute, LARGE_ERRORS))
    found, tested = weak_slices(ways, one.absolute > bound)
    if not found:
        return None
    rows = []
    for part in found[:MOST_SLICES]:
        inside = np.logical_and.reduce([ways[facet].codes == level for facet, level in part.conditions])
        rows.append(_slice_row(one, part, ways, inside))
    columns = (
        Column("Slice"),
        Column("n", True),
        Column("MAE inside", True),
        Column("elsewhere", True),
        Column("Large errors", True, f"Share of rows with an error above {words.number(bound)}"),
        Column("elsewhere", True),
        Column("q", True, "Share of false findings among slices as certain as this: Benjamini and Hochberg"),
    )
    first = rows[0]
    return Figure(
        one.place.id("regression-slices"),
        "Slices where it fails",
        f"Parts of the rows with more of the largest tenth of all errors than the rest: {first[0].text} has an MAE of "
        f"{first[2].text} (n = {first[1].text}) against {first[3].text} elsewhere. {tested:,} slices were tested.",
        Table(columns, tuple(rows)),
        one.place.group("Where it fails"),
    )


def _slice_row(one: Measured, part: Slice, ways: list[Facet], inside: NDArray[np.bool_]) -> tuple[Cell, ...]:
    name = " and ".join(f"{ways[facet].name} {ways[facet].levels[level]}" for facet, level in part.conditions)
    mae, others = float(one.absolute[inside].mean()), float(one.absolute[~inside].mean())
    return (
        Cell(name),
        Cell(f"{part.n:,}", part.n),
        Cell(words.number(mae), mae),
        Cell(words.number(others), others),
        Cell(f"{100 * (1 - part.inside):.0f} %", 1 - part.inside),
        Cell(f"{100 * (1 - part.outside):.0f} %", 1 - part.outside),
        Cell("< 0.001" if part.q < 0.001 else f"{part.q:.2g}", part.q),
    )


# --- rows -------------------------------------------------------------------------------------------------------------


def worst_rows(one: Measured) -> Iterator[Figure]:
    """The rows that are farthest off, with their pictures or texts, and what else is known of them."""
    worst = np.argsort(-one.absolute, kind="stable")[:MOST_WORST]
    worst = worst[one.absolute[worst] > 0]
    if not len(worst):
        return
    first = words.number(float(one.absolute[worst[0]]))
    caption = f"The {len(worst):,} rows of {len(one):,} that are farthest off, by up to {first}."
    pictures, inputs = one.predictions.pictures, one.predictions.inputs
    at, group = one.place.id("worst-rows"), one.place.group("Rows")
    if pictures is None and not inputs:
        yield Figure(at, "Worst rows", caption, _table(one, worst), group)
        return
    items = tuple(_item(one, int(row)) for row in worst)
    yield Figure(at, "Worst rows", caption, Gallery(items, len(one), "those that are farthest off"), group)


def _item(one: Measured, row: int) -> Item:
    at, pictures, inputs = int(one.rows[row]), one.predictions.pictures, one.predictions.inputs
    thumbs: tuple[Thumb, ...] = ()
    if pictures is not None and at < len(pictures) and (not pictures.sources or pictures.sources[at]):
        width, height = _size(one, at)
        if width and height:
            thumbs = (Thumb(pictures.keys[at], width, height, one.title(row)),)
    text = (inputs[at] or "")[:_TEXT] if at < len(inputs) else ""
    facts = [("truth", one.truth[row]), ("predicted", one.predicted[row]), ("error", one.errors[row])]
    told = [(feature.name, value) for feature in one.predictions.attributes if (value := _value(feature, at))]
    return Item(
        one.title(row),
        thumbs,
        passages=(Passage("input", ((text, ""),)),) if text else (),
        facts=(*((name, words.number(float(value))) for name, value in facts), *told[:_FACTS]),
    )


def _size(one: Measured, at: int) -> tuple[int, int]:
    pictures = one.predictions.pictures
    if pictures is None:
        return 0, 0
    if at < len(pictures.sizes):
        return int(pictures.sizes[at, 0]), int(pictures.sizes[at, 1])
    if pictures.array is not None and pictures.array.ndim > 2:
        return int(pictures.array.shape[2]), int(pictures.array.shape[1])
    return 0, 0


def _value(feature: Feature, at: int) -> str:
    """The cell as it is read; "" where there is nothing."""
    value = feature.values[at]
    if feature.kind in ("category", "boolean"):
        return feature.levels[int(value)] if 0 <= value < len(feature.levels) else ""
    if feature.kind == "number":
        return words.number(float(value)) if np.isfinite(value) else ""
    if feature.kind == "time":
        return words.date(float(value), time=True) if np.isfinite(value) else ""
    if feature.texts is not None and at < len(feature.texts.strings):
        return (feature.texts.strings[at] or "")[:80]
    return ""


def _table(one: Measured, worst: NDArray[np.intp]) -> Table:
    attributes = one.predictions.attributes[:_FACTS]
    columns = (
        Column("Row"),
        *(Column(name, True) for name in ("True", "Predicted", "Error")),
        *(Column(feature.name, feature.kind == "number") for feature in attributes),
    )
    rows = []
    for row in worst.tolist():
        at = int(one.rows[row])
        told = (float(values[row]) for values in (one.truth, one.predicted, one.errors))
        extra = (Cell(_value(f, at) or "–", float(f.values[at]) if f.kind == "number" else None) for f in attributes)
        rows.append((Cell(one.title(row)), *(Cell(words.number(value), value) for value in told), *extra))
    return Table(columns, tuple(rows), searchable=True)
