"""Whether a probability of 0.8 is right eight times of ten."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlviz_docs.insights import results_trust as say
from dlviz_docs.insights.results_words import interval, score
from dlviz_docs.model import FloatArray
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results._answers import Answers, linked
from dlviz_docs.stats import calibration as stats
from dlviz_docs.stats import classify
from dlviz_docs.stats.intervals import wilson
from dlviz_docs.view import Cell, Column, Figure, Layer, Plot, PlotAxis, Shown, Table

__all__ = ["calibration"]


def calibration(sure: Answers, place: Place) -> Iterator[Shown]:
    """The sentence, the reliability diagram, and every number that calibration is measured by."""
    if len(sure.classes) < 2 or sure.probabilities is None or sure.confidence is None or sure.own is None:
        return
    confidence = np.clip(sure.confidence, 0, 1)
    bins = stats.binned(confidence, sure.right)
    error, worst = stats.calibration_error(bins)
    scaled = stats.temperature(sure.probabilities, sure.truth)
    heat = None if scaled is None or scaled.at_end else scaled.temperature
    after = (scaled.error_before, scaled.error_after) if scaled else (error, error)
    mean, accuracy = float(confidence.mean()), float(sure.right.mean())
    yield from linked(say.calibration(mean, accuracy, len(sure), after, heat), sure, place)
    yield _reliability(bins, error, len(sure), place)
    yield _numbers(sure, confidence, (error, worst), scaled, place)


def _reliability(bins: stats.Bins, error: float, n: int, place: Place) -> Figure:
    some = bins.counts > 0
    counts, width = bins.counts[some], 1 / len(bins.counts)
    said: FloatArray = bins.confidence[some] / counts
    right: FloatArray = bins.right[some] / counts
    low, high = wilson(bins.right[some], counts)
    begins: FloatArray = np.flatnonzero(some).astype(np.float64) * width
    notes = tuple(
        f"says {score(float(a))}, is right {interval(float(b), float(c), float(d))} (n = {int(m):,})"
        for a, b, c, d, m in zip(said, right, low, high, counts, strict=True)
    )
    layers = (
        Layer(
            "step",
            begins,
            np.asarray(counts / n),
            x2=begins + width,
            label="share of rows",
            color=1,
            faint=True,
            notes=tuple(f"{int(m):,} rows" for m in counts),
        ),
        Layer("rule", np.array([0.0, 1.0]), np.array([0.0, 1.0]), label="as right as it says"),
        Layer("interval", said, right, low=low, high=high, label="share that is right", notes=notes),
    )
    caption = (
        f"How often answers are right by how sure they are, in {len(bins.counts)} bins with 95 % intervals; the "
        f"outline is the share of rows in each. Below the line is over-confident. ECE {score(error)} (n = {n:,})."
    )
    x, y = PlotAxis("confidence", low=0.0, high=1.0), PlotAxis("share that is right", low=0.0, high=1.0)
    plot = Plot(layers, x, y, square=True)
    return Figure(place.id("reliability"), "Reliability", caption, plot, place.group("Calibration"))


def _numbers(
    sure: Answers, confidence: FloatArray, errors: tuple[float, float], scaled: stats.Scaled | None, place: Place
) -> Figure:
    if sure.probabilities is None or sure.own is None:
        raise AssertionError
    by_class = stats.classwise(sure.probabilities, sure.truth)
    brier = float(classify.brier_of_rows(sure.probabilities, sure.own).mean())
    rows = [
        ("ECE", errors[0], "Mean distance between confidence and accuracy, 15 bins of equal width"),
        ("adaptive ECE", stats.adaptive_error(confidence, sure.right), "The same, 15 bins with equally many rows"),
        ("MCE", errors[1], "Greatest distance in any bin, however few rows it has"),
        ("class-wise ECE", by_class.error, "Mean over classes of the ECE of the class's probability"),
        ("Brier score", brier, "Its parts: reliability − resolution + uncertainty, up to what differs within a bin"),
        ("reliability", by_class.reliability, "Part from probabilities that are off; lower is better"),
        ("resolution", by_class.resolution, "Part gained by telling rows apart; higher is better"),
        ("uncertainty", by_class.uncertainty, "Brier score of always saying how frequent the classes are"),
    ]
    if scaled is not None:
        rows.append(("log loss", scaled.before, "Mean −log of the probability of the truth, in nats"))
    if scaled is not None and not scaled.at_end:
        rows += [
            ("temperature T", scaled.temperature, "Logits divided by it fit best; above 1: over-confident"),
            ("log loss with T", scaled.after, "Fitted on these same rows"),
            ("ECE with T", scaled.error_after, "Of the most probable class; fitted on these same rows"),
        ]
    cells = tuple(
        (Cell(name), Cell(score(value), value if np.isfinite(value) else None), Cell(text))
        for name, value, text in rows
    )
    caption = f"Measures of calibration (n = {len(sure):,}); 0 is perfect for all that end in CE."
    if len(sure) < say.FEW:
        caption += f" With fewer than {say.FEW:,} rows binned errors come out too high by chance."
    table = Table((Column("Measure"), Column("Value", True), Column("What it is")), cells)
    return Figure(place.id("calibration"), "Calibration in numbers", caption, table, place.group("Calibration"))
