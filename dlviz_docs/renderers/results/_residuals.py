"""Pictures of the errors of a regression: over the truth, over the prediction, by themselves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights import regression as said
from dlviz_docs.insights.estimates import decimal
from dlviz_docs.insights.results_words import chance
from dlviz_docs.renderers.results._clouds import cloud, ends, histogram
from dlviz_docs.renderers.results._measured import Measured
from dlviz_docs.stats.regress import breusch_pagan, in_bins, normal_quantiles
from dlviz_docs.view import Figure, Layer, Plot, PlotAxis, Shown

__all__ = ["residuals"]


def residuals(one: Measured, samples: bool) -> Iterator[Shown]:
    """Each picture where its numbers can be drawn, and what it says."""
    errors = ends(one.errors)
    together = ends(np.concatenate([one.truth, one.predicted]))
    across = ends(one.predicted)
    if errors is None or together is None or across is None:
        return
    yield _against_truth(one, together, samples)
    yield from _against_prediction(one, across, errors, samples)
    yield _distribution(one, errors)
    if shown := _quantiles(one):
        yield shown
    yield from _by_truth(one)


def _against_truth(one: Measured, span: tuple[float, float], samples: bool) -> Figure:
    marks, how = cloud(one, one.truth, one.predicted, span, span, samples)
    diagonal = Layer("rule", np.array(span), np.array(span), label="predicted = true")
    same = np.corrcoef(one.truth, one.predicted)[0, 1] if len(one) > 2 else np.nan
    r = f"r = {decimal(float(same), 3)}; " if np.isfinite(same) else ""
    return Figure(
        one.place.id("predicted-true"),
        "Predicted against true",
        f"{r}on the line, prediction and truth are the same ({words.count(len(one), 'row')}{one.of_split}).{how}",
        Plot(
            (marks, diagonal),
            PlotAxis("true", low=span[0], high=span[1]),
            PlotAxis("predicted", low=span[0], high=span[1]),
            square=True,
        ),
        one.place.group("Errors"),
    )


def _against_prediction(
    one: Measured, across: tuple[float, float], errors: tuple[float, float], samples: bool
) -> Iterator[Shown]:
    at = one.place.id("residuals")
    sizes = in_bins(one.predicted, one.absolute)
    p = breusch_pagan(one.predicted, one.errors)
    if insight := said.spread(p, sizes, len(one), at):
        yield insight
    marks, how = cloud(one, one.predicted, one.errors, across, errors, samples)
    layers = [marks, Layer("rule", np.array(across), np.zeros(2))]
    bins = in_bins(one.predicted, one.errors)
    if len(bins.x) > 1:
        layers.append(Layer("line", bins.x, bins.median, label="median", color=1))
    test = f" Breusch and Pagan's test that their spread does not follow the prediction: {chance(p)}." if p == p else ""
    yield Figure(
        at,
        "Errors over the prediction",
        f"Predicted less true; the median error is {words.number(float(np.median(one.errors)))}. A band of even width "
        f"around 0 is "
        f"what to hope for; the line goes through medians of rows with similar predictions.{test}{how}",
        Plot(tuple(layers), PlotAxis("predicted"), PlotAxis("predicted less true")),
        one.place.group("Errors"),
    )


def _distribution(one: Measured, span: tuple[float, float]) -> Figure:
    low, high = np.quantile(one.errors, (0.05, 0.95))
    beyond = int(((one.errors < span[0]) | (one.errors > span[1])).sum())
    far = f" {words.count(beyond, 'row')} far off {'is' if beyond == 1 else 'are'} not drawn." if beyond else ""
    return Figure(
        one.place.id("residual-distribution"),
        "How large the errors are",
        f"Nine in ten errors lie between {words.number(float(low))} and {words.number(float(high))} "
        f"({words.count(len(one), 'row')}).{far}",
        Plot((histogram(one.errors, span),), PlotAxis("predicted less true"), PlotAxis("rows")),
        one.place.group("Errors"),
    )


def _quantiles(one: Measured) -> Figure | None:
    theory, found = normal_quantiles(one.errors)
    if not len(theory):
        return None
    tails = float(found[-1] - found[0]) / float(theory[-1] - theory[0])
    heavy = "wider than" if tails > 1.2 else "narrower than" if tails < 0.8 else "about as wide as"
    line = theory[[0, -1]]
    return Figure(
        one.place.id("residual-quantiles"),
        "Are the errors normal?",
        f"Quantiles of the standardised errors over those of a normal distribution; on the line they agree. The "
        f"outermost are "
        f"{heavy} a normal distribution's ({decimal(tails, 2)} times).",
        Plot(
            (Layer("dot", theory, found), Layer("rule", line, line, label="normal")),
            PlotAxis("normal quantile"),
            PlotAxis("quantile of the errors, in standard deviations"),
            square=True,
        ),
        one.place.group("Errors"),
    )


def _by_truth(one: Measured) -> Iterator[Shown]:
    at = one.place.id("error-by-truth")
    bins = in_bins(one.truth, one.absolute, most=10)
    if len(bins.count) < 2:
        return
    if insight := said.shrinkage(in_bins(one.truth, one.errors, most=10), float(one.truth.mean()), len(one), at):
        yield insight
    names = tuple(f"{words.number(a)} to {words.number(b)}" for a, b in zip(bins.low, bins.high, strict=True))
    notes = tuple(
        f"true {name}: MAE {words.number(mean)} [{words.number(max(low, 0))}, {words.number(high)}] (n = {n:,})"
        for name, mean, low, high, n in zip(
            names, bins.mean.tolist(), bins.mean_low.tolist(), bins.mean_high.tolist(), bins.count, strict=True
        )
    )
    worst = int(bins.mean.argmax())
    layer = Layer(
        "interval",
        np.arange(len(names), dtype=np.float64),
        bins.mean,
        low=np.maximum(bins.mean_low, 0),
        high=bins.mean_high,
        notes=notes,
    )
    yield Figure(
        at,
        "Error by the size of the truth",
        f"Mean absolute error of rows with similar true values, about {int(np.median(bins.count)):,} each, with 95 % "
        f"intervals: "
        f"largest, {words.number(float(bins.mean[worst]))}, for {names[worst]}.",
        Plot((layer,), PlotAxis("true", "category", categories=names), PlotAxis("mean absolute error", low=0.0)),
        one.place.group("Where it fails"),
    )
