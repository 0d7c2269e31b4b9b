from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dlviz_docs.model import Artifact, Experiment, Objective, Recorded, Run, Series, SourceFile
from dlviz_docs.renderers.overview import Overview
from dlviz_docs.view import Cell, Chart, Figure, Table

LOSS = Objective("val/loss", "min")


def make_series(name: str, *values: float) -> Series:
    array = np.array(values)
    finite = np.flatnonzero(np.isfinite(array))
    low, high = finite[array[finite].argmin()], finite[array[finite].argmax()]
    recorded = Recorded(
        count=len(values),
        nonfinite=len(values) - len(finite),
        first_step=0.0,
        last_step=len(values) - 1.0,
        first=values[0],
        last=values[-1],
        min=values[low],
        min_step=float(low),
        max=values[high],
        max_step=float(high),
    )
    return Series(name, name, np.arange(len(values), dtype=np.float64), array, recorded=recorded)


def make_run(number: int, **fields: object) -> Run:
    base = Run(
        name=f"run-{number}",
        slug=f"run-{number}",
        series=(make_series("train/loss", 3.0, 2.0, 1.0), make_series("val/loss", 3.0, 1.0 + number / 10, 2.0)),
        hparams={"lr": 0.1 if number % 2 else 0.01, "batch_size": 32},
        color=number,
    )
    return replace(base, **fields)  # type: ignore[arg-type]


def figures(*runs: Run, objective: Objective | None = LOSS) -> dict[str, Figure]:
    experiment = Experiment("e", "E", "e", runs=runs, objective=objective)
    return {item.id: item for item in Overview()(experiment) if isinstance(item, Figure)}


def table(figure: Figure) -> dict[str, list[Cell]]:
    assert isinstance(figure.spec, Table)
    columns = zip(*figure.spec.rows, strict=True)
    return {column.label: list(cells) for column, cells in zip(figure.spec.columns, columns, strict=True)}


def texts(cells: list[Cell]) -> list[str]:
    return [cell.text for cell in cells]


def facts(*runs: Run) -> dict[str, str]:
    columns = table(figures(*runs)["facts"])
    return dict(zip(texts(columns["Fact"]), texts(columns["Value"]), strict=True))


def test_no_runs_no_figures() -> None:
    assert figures() == {}


def test_what_nobody_recorded_leaves_no_section() -> None:
    assert set(figures(Run("r", "r"), objective=None)) == {"facts", "runs"}


def test_quality_is_a_main_curve_too() -> None:
    metrics = ("val/loss", "train/accuracy", "val/accuracy", "val/f1", "lr")
    run = make_run(0, series=tuple(make_series(name, 0.1, 0.9) for name in metrics))
    charts = [name for name, figure in figures(run).items() if isinstance(figure.spec, Chart)]
    assert charts == ["metric-loss", "metric-accuracy"]


def test_some_curve_is_shown_where_no_name_tells_what_matters() -> None:
    run = make_run(0, series=(make_series("lr", 0.1, 0.2), make_series("alpha", 1.0, 2.0), make_series("once", 1.0)))
    charts = [name for name, f in figures(run, objective=None).items() if isinstance(f.spec, Chart)]
    assert charts == ["metric-alpha"]


def test_main_curves_are_the_objective_and_the_loss() -> None:
    both = make_run(0, series=(make_series("val/accuracy", 0.1, 0.9), make_series("train/loss", 2.0, 1.0)))
    shown = figures(both, objective=Objective("val/accuracy", "max"))
    assert [name for name, figure in shown.items() if isinstance(figure.spec, Chart)] == [
        "metric-accuracy",
        "metric-loss",
    ]


def test_best_and_last_follow_the_direction() -> None:
    columns = table(figures(make_run(0), make_run(1))["runs"])
    assert texts(columns["val/loss best ↓"]) == ["1", "1.1"]
    assert texts(columns["at"]) == ["1", "1"]
    assert texts(columns["val/loss last"]) == ["2", "2"]
    best = table(figures(make_run(0), objective=Objective("val/loss", "max"))["runs"])["val/loss best ↑"]
    assert best[0].sort == 3.0


def test_a_best_value_that_a_resumed_session_wrote_again_does_not_count() -> None:
    first = make_series("val/loss", 3.0, 0.5, 2.0, 1.5)
    superseded = np.array([False, True, False, False])
    assert first.recorded
    resumed = replace(first, superseded=superseded, recorded=replace(first.recorded, superseded=1))
    columns = table(figures(make_run(0, series=(resumed,)))["runs"])
    assert texts(columns["val/loss best ↓"]) == ["1.5"]
    assert texts(columns["at"]) == ["3"]


def test_a_last_value_that_is_no_number_is_shown() -> None:
    dead = make_run(0, series=(make_series("val/loss", 1.0, float("nan")),))
    columns = table(figures(dead)["runs"])
    assert texts(columns["val/loss best ↓"]) == ["1"]
    assert texts(columns["val/loss last"]) == ["NaN"]


def test_a_run_without_the_metric_has_an_empty_cell() -> None:
    columns = table(figures(make_run(0), Run("bare", "bare"))["runs"])
    assert texts(columns["val/loss best ↓"]) == ["1", "–"]
    assert columns["val/loss best ↓"][1].sort is None


def test_runs_show_what_differs_and_not_what_is_the_same() -> None:
    columns = table(figures(make_run(0), make_run(1))["runs"])
    assert texts(columns["lr"]) == ["0.01", "0.1"]
    assert not {"batch_size", "Status", "Group", "Seed", "Time", "Started"} & set(columns)


def test_a_seed_among_the_settings_has_one_column() -> None:
    seeded = [make_run(n, seed=n, group="g", hparams={"seed": n, "lr": n}) for n in range(2)]
    columns = table(figures(*seeded)["runs"])
    assert texts(columns["Seed"]) == ["0", "1"]
    assert "seed" not in columns


def test_long_settings_are_short_beside_results_and_whole_in_their_table() -> None:
    long = "x" * 500
    shown = figures(make_run(0, hparams={"note": long}), make_run(1, hparams={"note": "y"}))
    cell, other = table(shown["runs"])["note"]
    assert (len(cell.text), cell.text[-1], cell.sort) == (40, "…", long)
    assert other.text == "y"
    assert long in texts(table(shown["varied-settings"])["Which"])[0]


def test_a_name_among_the_settings_is_not_told_twice() -> None:
    named = [make_run(n, name=f"runs/r{n}", hparams={"name": f"r{n}", "lr": n}) for n in range(2)]
    columns = table(figures(*named)["runs"])
    assert "name" not in columns
    assert "lr" in columns


def test_history_of_a_run() -> None:
    run = make_run(0, started=1_700_000_000.0, ended=1_700_003_600.0, status="failed", seed=7, group="g")
    columns = table(figures(run)["runs"])
    shown = {label: texts(columns[label])[0] for label in ("Status", "Seed", "Last step", "Time", "Started")}
    assert shown == {
        "Status": "failed",
        "Seed": "7",
        "Last step": "2",
        "Time": "1 h",
        "Started": "2023-11-14 22:13",
    }


def test_spread_needs_three_seeds() -> None:
    two = [make_run(n, seed=n, group="g") for n in range(2)]
    assert "seeds" not in figures(*two)
    columns = table(figures(*two, make_run(2, seed=2, group="g"))["seeds"])
    assert texts(columns["Seeds"]) == ["3"]
    assert texts(columns["Best ↓"]) == ["1.10 ± 0.10"]  # of 1.0, 1.1, 1.2: numpy.std(ddof=1) is 0.1
    assert texts(columns["Last"]) == ["2 ± 0"]


def test_spread_says_how_many_runs_it_is_of() -> None:
    ends = (1.0, 2.0, 3.0, float("nan"))
    runs = [make_run(n, seed=n, group="g", series=(make_series("val/loss", 4.0, e),)) for n, e in enumerate(ends)]
    columns = table(figures(*runs)["seeds"])
    assert texts(columns["Seeds"]) == ["4"]
    assert texts(columns["Last"]) == ["2.0 ± 1.0 (n = 3)"]


def test_settings_are_exact_and_sorted_by_name() -> None:
    odd = {"b": 1e-7, "a10": None, "a2": True, "text": "x", "big": 2**60}
    columns = table(figures(make_run(0, hparams=odd))["settings"])
    assert texts(columns["Setting"]) == ["a2", "a10", "b", "big", "text"]
    assert texts(columns["Value"]) == ["true", "null", "1e-07", str(2**60), "x"]


def test_differing_settings_say_how_many_runs_have_which() -> None:
    runs = [make_run(n) for n in range(3)] + [make_run(3, hparams={"batch_size": 32})]
    columns = table(figures(*runs)["varied-settings"])
    assert texts(columns["Setting"]) == ["lr"]
    assert texts(columns["Which"]) == ["0.01 (2 runs), 0.1 (1 run), not set (1 run)"]
    assert "settings" in figures(*runs)


def test_facts() -> None:
    source = SourceFile("a.csv", 10, 1e9, "table", "CSV")
    checkpoint = Artifact("last.pt", "last.pt", "checkpoint", 2_000_000)
    times = {"started": 1_700_000_000.0, "ended": 1_700_000_060.0}
    runs = [make_run(n, seed=n, group="g", status="finished", sources=(source,), **times) for n in range(2)]
    told = facts(*runs, make_run(2, artifacts=(checkpoint,)))
    assert told == {
        "Best val/loss": "1 (run-0, step 1)",
        "Runs": "3",
        "Status": "2 finished",
        "Seeds": "2 seeds, 1 configuration",
        "Length": "to step 2",
        "Training time": "2 min in all, 1 min per run (median)",
        "Recorded": "2023-11-14",
        "Written by": "CSV",
        "Checkpoints": "1 (2 MB)",
    }


def test_what_is_in_the_logs_and_on_no_page_is_counted() -> None:
    runs = [make_run(n, media={"image": 1000, "pr_curve": n}) for n in range(3)]
    assert facts(*runs)["In the logs, not shown"] == "image (3,000), pr curve (3)"


def test_checkpoints_and_files() -> None:
    run = make_run(
        0,
        artifacts=(Artifact("a", "w/a.pt", "checkpoint", 10, epoch=3.0), Artifact("o", "o.bin", "other", 10)),
        sources=(SourceFile("log.csv", 1500, 1_700_000_000.0, "table", "CSV"),),
    )
    shown = figures(run)
    checkpoints = table(shown["checkpoints"])
    assert texts(checkpoints["Checkpoint"]) == ["w/a.pt"]
    assert texts(checkpoints["Epoch"]) == ["3"]
    assert "Score" not in checkpoints
    files = table(shown["files"])
    assert [texts(cells)[0] for cells in files.values()] == [
        "log.csv",
        "CSV",
        "table",
        "1.5 kB",
        "2023-11-14 22:13 UTC",
    ]


@pytest.mark.parametrize(("value", "shown"), [(1e-7, "1e-7 ± 1e-7"), (3e6, "3,000,000 ± 3,000,000")])
def test_a_spread_of_extreme_size_stays_short(value: float, shown: str) -> None:
    runs = [make_run(n, seed=n, group="g", series=(make_series("val/loss", n * value, 1e9),)) for n in range(3)]
    assert texts(table(figures(*runs)["seeds"])["Best ↓"]) == [shown]
