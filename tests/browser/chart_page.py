"""A page of charts as `compose` and `digest` make it, without a site around it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader

from dlviz_docs.charts import chart_context
from dlviz_docs.charts.transport import run_script
from dlviz_docs.model import Run, Series
from dlviz_docs.view import Band, Chart, Figure, Line, Mark

ASSETS = Path(__file__).parents[2] / "site_templates/dlviz_templates/assets"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Charts</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
{head}<style>main {{ width: 100%; max-width: 720px; box-sizing: border-box; margin: auto; padding: 0 16px }}</style>
<link rel="stylesheet" href="assets/figures.css"></head>
<body data-md-color-scheme="{scheme}"><main class="md-typeset">
{body}</main><script src="assets/dlviz.js"></script></body></html>"""


def write_page(
    folder: Path, figures: Sequence[Figure], runs: Sequence[Run], *, head: str = "", scheme: str = "default"
) -> str:
    """Write page, assets and data; returns the page's address on disk."""
    template = Environment(loader=PackageLoader("dlviz_templates", ""), autoescape=True).get_template(
        "figures/chart.html.j2"
    )
    body = "\n".join(template.render(**chart_context(figure, experiment="exp", root="")) for figure in figures)
    shutil.copytree(ASSETS, folder / "assets", dirs_exist_ok=True)
    (folder / "exp/data").mkdir(parents=True, exist_ok=True)
    for run in runs:
        (folder / f"exp/data/{run.slug}.js").write_bytes(run_script(f"exp/{run.slug}", run))
    (folder / "index.html").write_text(PAGE.format(head=head, scheme=scheme, body=body), encoding="utf-8")
    return (folder / "index.html").as_uri()


def training_run(number: int, points: int = 1000) -> Run:
    """Noisy training loss at every tenth step, smooth validation loss at every hundredth; one second a step."""
    rng = np.random.default_rng(number)
    steps = np.arange(points) * 10.0
    falling = 0.15 + 2.3 * np.exp(-steps / (900 + 500 * number))
    train = falling * np.exp(rng.normal(0, 0.08, points))
    val = (falling + 0.2 * (steps / steps[-1]) ** 2 * (number + 1) / 3 + 0.05)[::10]
    return Run(
        name=f"run-{number}",
        slug=f"run-{number}",
        color=number,
        started=1e9,
        series=(
            Series("train/loss", "loss", steps, train, times=1e9 + steps, epochs=steps / 100),
            Series("val/loss", "val_loss", steps[::10], val, times=1e9 + steps[::10], epochs=steps[::10] / 100),
        ),
    )


def line(run: Run, found: str, label: str, **options: object) -> Line:
    """The line of one series, on every axis it knows."""
    series = run.get(found)
    assert series is not None
    x = {"step": series.steps}
    if series.epochs is not None:
        x["epoch"] = series.epochs
    if series.times is not None:
        x["time"] = series.times - (run.started or 0)
    return Line(label, run.slug, found, run.color, x, series.values, **options)  # type: ignore[arg-type]


def loss_figure(runs: Sequence[Run], **options: object) -> Figure:
    """Train dashed and validation solid of every run, with the best step of each."""
    lines, marks = [], []
    for run in runs:
        lines += [
            line(run, f"{split}/loss", f"{run.name} {split}", dash=dash, name=run.name, split=split)
            for split, dash in (("train", "dashed"), ("val", "solid"))
        ]
        val = lines[-1]
        best = int(np.nanargmin(val.y))
        at = {axis: float(values[best]) for axis, values in val.x.items()}
        marks.append(Mark("best", at, float(val.y[best]), f"best {val.y[best]:.4g} ({run.name})", run.color))
    chart = Chart(tuple(lines), marks=tuple(marks), x_axes=("step", "epoch", "time"), **options)  # type: ignore[arg-type]
    return Figure("metric-loss", "loss", "val/loss falls from 2.5 to its best early, then rises again.", chart)


def one_line(name: str, x: object, y: object, **options: object) -> tuple[Figure, Run]:
    """A run of one curve, and its chart."""
    steps, values = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    marks = options.pop("marks", ())
    run = Run(name, name, color=int(str(options.pop("color", 0))), series=(Series(name, name, steps, values),))
    chart = Chart((line(run, name, name),), marks=marks, **options)  # type: ignore[arg-type]
    return Figure(f"metric-{name}", name, f"{name} over steps.", chart), run


def banded(runs: Mapping[str, Run]) -> Figure:
    """All runs as a band, the runs themselves as context."""
    values = np.stack([run.series[1].values for run in runs.values()])
    x = next(iter(runs.values())).series[1].steps
    band = Band("median and middle 80 %", 9, x, *np.quantile(values, (0.1, 0.5, 0.9), axis=0))
    lines = tuple(line(run, "val/loss", run.name, faint=i > 0) for i, run in enumerate(runs.values()))
    return Figure("metric-band", "val/loss of many runs", "Most runs end near 0.4.", Chart(lines, bands=(band,)))
