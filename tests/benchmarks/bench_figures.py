"""One figure at build time, beside matplotlib drawing the same curves."""

from __future__ import annotations

import io

import numpy as np
from rows import Row, median_cpu

from dlviz_docs.charts import svg
from dlviz_docs.stats.thin import thin
from dlviz_docs.view import Chart, Line

RUNS, POINTS = 6, 1000


def curves() -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(0)
    x = np.arange(POINTS, dtype=float)
    return [(x, np.exp(-x / 300) + rng.normal(0, 0.03, POINTS)) for _ in range(2 * RUNS)]


def rows() -> list[Row]:
    data = curves()
    lines = tuple(
        Line(
            f"run {i // 2}",
            f"run-{i // 2}",
            ("train", "val")[i % 2],
            i // 2,
            {"step": x},
            y,
            ("dashed", "solid")[i % 2],
        )
        for i, (x, y) in enumerate(data)
    )
    chart = Chart(lines)

    def ours() -> str:
        return svg.draw(chart, id="metric-loss", title="loss", description="falls")

    size = len(ours().encode()) / 1000
    seconds, peer = median_cpu(ours, 20), median_cpu(lambda: matplotlib_svg(data), 5)
    return [
        Row(
            f"one figure, {2 * RUNS} curves of {POINTS} points",
            seconds * 1e3,
            peer * 1e3,
            "ms",
            "<= 3 ms",
            seconds <= 3e-3,
        ),
        Row("its size, without gzip", size, len(matplotlib_svg(data)) / 1000, "kB", "<= 10 kB", size <= 10),
        *_thinning(),
    ]


def _thinning() -> list[Row]:
    """Beside one pass for the minimum and one for the maximum."""
    values = np.random.default_rng(0).normal(size=1_000_000).cumsum()
    odd = values.copy()
    odd[::100_000], odd[5::90_000] = np.inf, np.nan
    steps = np.arange(1e6)
    limit = median_cpu(lambda: (values.min(), values.max()), 15)
    rows = []
    for name, curve in (("", values), (", NaN and infinities among them", odd)):
        taken = median_cpu(lambda curve=curve: thin(steps, curve, 2000), 15)
        rows.append(Row(f"1 M points to 2,000{name}", taken * 1e3, limit * 1e3, "ms", "<= 2x", taken <= 2 * limit))
    return rows


def matplotlib_svg(data: list[tuple[np.ndarray, np.ndarray]]) -> bytes:
    """The quick way: no pyplot, no layout engine."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.0))
    axes = figure.add_subplot()
    for x, y in data:
        axes.plot(x, y)
    axes.set_xlabel("step")
    axes.set_ylabel("loss")
    out = io.BytesIO()
    FigureCanvasSVG(figure).print_svg(out)
    return out.getvalue()
