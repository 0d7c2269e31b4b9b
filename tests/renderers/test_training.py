"""The training page: which charts, in which order, what they hold and say."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from dlviz_docs.model import Experiment, Insight, Objective, Recorded, Run, Series
from dlviz_docs.renderers._curves import BEST_DRAWN, metric_chart
from dlviz_docs.renderers.training import Training
from dlviz_docs.view import Chart, Figure, Table

Curves = Mapping[str, Sequence[float]]


def series(name: str, values: Sequence[float], **rest: Any) -> Series:
    """One curve at steps 0, 10, 20, ... with exact statistics, as `gather` would leave it."""
    y = np.asarray(values, float)
    steps = np.asarray(rest.pop("steps", np.arange(len(y)) * 10.0), float)
    finite = np.flatnonzero(np.isfinite(y))
    low, high = (finite[y[finite].argmin()], finite[y[finite].argmax()]) if len(finite) else (None, None)
    recorded = Recorded(
        count=len(y),
        nonfinite=len(y) - len(finite),
        first_step=float(steps[0]),
        last_step=float(steps[-1]),
        first=float(y[0]),
        last=float(y[-1]),
        min=None if low is None else float(y[low]),
        min_step=None if low is None else float(steps[low]),
        max=None if high is None else float(y[high]),
        max_step=None if high is None else float(steps[high]),
        superseded=int(rest["superseded"].sum()) if "superseded" in rest else 0,
    )
    return Series(name, name, steps, y, recorded=recorded, **rest)


def run(name: str, curves: Curves, color: int = 0, **rest: Any) -> Run:
    return Run(name, name, tuple(series(key, values) for key, values in curves.items()), color=color, **rest)


def experiment(*runs: Run, metric: str = "val/loss", direction: Any = "min") -> Experiment:
    return Experiment("e", "E", "e", runs, objective=Objective(metric, direction))


def shown(of: Experiment, **options: Any) -> list[Figure]:
    return [figure for figure in Training(**options)(of) if isinstance(figure, Figure)]


def chart(of: Experiment, metric: str) -> Chart:
    figure = metric_chart(of, metric)
    assert figure is not None
    assert isinstance(figure.spec, Chart)
    return figure.spec


def caption(of: Experiment, metric: str) -> str:
    figure = metric_chart(of, metric)
    assert figure is not None
    return figure.caption


LOSS = {"train/loss": [3, 2, 1], "val/loss": [3, 1, 2]}


# --- one chart --------------------------------------------------------------------------------------------------------


def test_splits_stand_together_in_the_colour_of_their_run() -> None:
    drawn = chart(experiment(run("a", LOSS), run("b", LOSS, color=3)), "loss")
    assert [(line.label, line.dash, line.color) for line in drawn.lines] == [
        ("a train", "dashed", 0),
        ("a val", "solid", 0),
        ("b train", "dashed", 3),
        ("b val", "solid", 3),
    ]


def test_a_test_beside_a_validation_is_dotted() -> None:
    lines = chart(experiment(run("a", {**LOSS, "test/loss": [3, 2, 2]})), "loss").lines
    assert {line.split: line.dash for line in lines} == {"train": "dashed", "val": "solid", "test": "dotted"}
    lone = chart(experiment(run("a", {"train/loss": [3, 2], "test/loss": [3, 2]})), "loss").lines
    assert {line.split: line.dash for line in lone} == {"train": "dashed", "test": "solid"}


def test_a_lone_split_is_solid_and_a_lone_run_has_no_name() -> None:
    (line,) = chart(experiment(run("a", {"train/loss": [2, 1]})), "loss").lines
    assert (line.label, line.dash, line.series, line.run) == ("train", "solid", "train/loss", "a")


def test_the_caption_says_what_happens() -> None:
    assert caption(experiment(run("a", LOSS)), "loss") == "val/loss falls from 3 to 1 (best) at step 10."
    two = experiment(run("a", LOSS), run("b", {"val/loss": [4, 0.5, 2]}))
    assert caption(two, "loss") == "val/loss falls from 4 to 0.5 (best, b) at step 10; 2 runs."


def test_a_metric_nobody_can_judge_is_described_without_judgement() -> None:
    assert caption(experiment(run("a", {"zeta": [1, 5, 2]})), "zeta") == "zeta goes from 1 to 2, between 1 and 5."
    assert chart(experiment(run("a", {"zeta": [1, 5, 2]})), "zeta").marks == ()


def test_the_objective_decides_where_the_name_does_not() -> None:
    judged = experiment(run("a", {"val/zeta": [1, 5, 2]}), metric="val/zeta", direction="max")
    assert caption(judged, "zeta") == "val/zeta rises from 1 to 5 (best) at step 10."


def test_losses_of_an_agent_are_not_judged() -> None:
    agent = experiment(run("a", {"return": [1, 5], "loss": [2, 1]}), metric="return", direction="max")
    assert chart(agent, "loss").marks == ()


def test_best_steps_are_marked_for_few_runs_and_only_the_best_for_more() -> None:
    few = chart(experiment(*(run(f"r{i}", {"val/loss": [3, 2 - i / 10, 4]}) for i in range(3))), "loss")
    assert [mark.label for mark in few.marks] == ["best 2 (r0)", "best 1.9 (r1)", "best 1.8 (r2)"]
    more = chart(experiment(*(run(f"r{i}", {"val/loss": [3, 2 - i / 10, 4]}) for i in range(5))), "loss")
    assert [(mark.label, mark.x["step"], mark.y) for mark in more.marks] == [("best 1.6 (r4)", 10, 1.6)]


def test_the_first_value_that_is_not_finite_is_marked() -> None:
    drawn = chart(experiment(run("a", {"zeta": [1, 2, np.nan, np.inf]})), "zeta")
    assert [(mark.kind, mark.x["step"], mark.label) for mark in drawn.marks] == [("nonfinite", 20, "NaN from here")]


def test_overfitting_is_marked_where_it_begins() -> None:
    said = Insight("overfitting", "warning", "Overfits.", metric="val/loss", step=10)
    drawn = chart(experiment(run("a", LOSS, insights=(said,))), "loss")
    assert [(mark.kind, mark.x["step"], mark.label) for mark in drawn.marks if mark.kind != "best"] == [
        ("onset", 10, "overfits")
    ]


def test_superseded_points_are_left_out_and_the_seam_is_marked() -> None:
    spliced = series(
        "zeta", [5, 4, 9, 9, 3, 2], steps=[0, 1, 2, 3, 2, 3], superseded=np.array([0, 0, 1, 1, 0, 0], bool)
    )
    drawn = chart(experiment(Run("a", "a", (spliced,))), "zeta")
    assert drawn.lines[0].y.tolist() == [5, 4, 3, 2]
    assert [(mark.kind, mark.x["step"], mark.y) for mark in drawn.marks] == [("resume", 2, None)]


def test_time_counts_from_the_runs_own_start() -> None:
    timed = Run("a", "a", (series("zeta", [1, 2], times=np.array([1010.0, 1020.0])),), started=1000.0)
    drawn = chart(experiment(timed), "zeta")
    assert drawn.x_axes == ("step", "time")
    assert drawn.lines[0].x["time"].tolist() == [10, 20]


def test_an_axis_is_offered_only_where_every_line_knows_it() -> None:
    timed = Run("a", "a", (series("zeta", [1, 2], times=np.array([0.0, 1.0])),), started=0.0)
    assert chart(experiment(timed, run("b", {"zeta": [1, 2]})), "zeta").x_axes == ("step",)


def test_curves_by_epoch_are_drawn_by_epoch() -> None:
    drawn = chart(experiment(Run("a", "a", (series("zeta", [1, 2], axis="epoch"),))), "zeta")
    assert (drawn.x_axes, drawn.x_label) == (("epoch",), "epoch")


@pytest.mark.parametrize(
    ("metric", "values", "log"),
    [
        ("loss", [10, 0.1, 0.01, 0.001], True),
        ("loss", [10, 5, 1, 0], False),
        ("loss", [3, 2, 1, 0.5], False),
        ("accuracy", [0.001, 0.1, 0.5, 0.9], False),
        ("lr", [1, *np.linspace(1, 0.1, 40), 1e-9], False),
    ],
)
def test_a_logarithmic_axis_is_for_losses_over_decades(metric: str, values: Sequence[float], log: bool) -> None:
    assert chart(experiment(run("a", {metric: values})), metric).log_y is log


def diverged(values: Sequence[float]) -> Run:
    return run("lost", {"val/loss": values}, insights=(Insight("divergence", "serious", "…", metric="val/loss"),))


@pytest.mark.parametrize(
    ("values", "focus"),
    [
        ([1, 5, 1e9], (0.5, 1.0)),
        ([1, 0.5, 2], None),  # it fits beside the others
        ([1, 1e30, float("nan")], (0.5, 1.0)),
    ],
)
def test_a_run_that_diverges_does_not_flatten_the_others(values: Sequence[float], focus: object) -> None:
    found = chart(experiment(run("sound", {"val/loss": [1, 0.7, 0.5]}), diverged(values)), ["val", "loss"][1])
    assert found.focus == focus
    assert not found.log_y
    assert len(found.lines) == 2


def test_a_run_is_lost_in_all_splits_of_a_metric() -> None:
    told = (Insight("nonfinite", "serious", "…", metric="train/loss"),)
    lost = run("lost", {"train/loss": [1, 1e9, float("nan")], "val/loss": [1, 1e12, 2]}, insights=told)
    assert chart(experiment(run("sound", {"val/loss": [1, 0.7, 0.5]}), lost), "loss").focus == (0.5, 1.0)


def test_where_all_diverge_all_is_shown() -> None:
    found = chart(experiment(diverged([1, 5, 1e9])), "loss")
    assert found.focus is None
    assert found.log_y


def test_no_chart_without_two_points() -> None:
    assert metric_chart(experiment(run("a", {"test/accuracy": [0.9]})), "accuracy") is None
    assert metric_chart(experiment(run("a", LOSS)), "unknown") is None


def test_runs_with_a_single_value_are_told_but_not_drawn() -> None:
    sweep = [run(f"h{i}", {"val/loss": [i]}) for i in range(20)]
    mixed = experiment(*sweep, run("a", {**LOSS, "test/loss": [2]}))
    assert [line.label for line in chart(mixed, "loss").lines] == ["train", "test", "val"]
    assert caption(mixed, "loss") == "val/loss falls from 3 to 1 (best) at step 10. 20 more runs have a single value."


def test_many_runs_are_a_band_with_the_best() -> None:
    crowd = experiment(*(run(f"r{i}", {"val/loss": [5, 1 + abs(i - 20)], "train/loss": [5, 1]}) for i in range(40)))
    drawn = chart(crowd, "loss")
    assert sorted({line.run for line in drawn.lines}) == ["r17", "r18", "r19", "r20", "r21", "r22"]
    assert len(drawn.lines) == 2 * BEST_DRAWN
    (band,) = drawn.bands
    assert (band.low <= band.middle).all()
    assert (band.middle <= band.high).all()
    assert [mark.label for mark in drawn.marks] == ["best 1 (r20)"]
    assert caption(crowd, "loss").endswith(
        "Drawn of 40 runs: the best 6 by val/loss, over the median and the middle 80 % of all."
    )


def test_a_few_too_many_runs_are_drawn_thin() -> None:
    drawn = chart(experiment(*(run(f"r{i}", {"val/loss": [5, 1 + i]}) for i in range(15))), "loss")
    assert sum(line.faint for line in drawn.lines) == 15 - BEST_DRAWN
    assert not any(line.faint for line in drawn.lines[:BEST_DRAWN])


# --- the page ---------------------------------------------------------------------------------------------------------


def test_nothing_recorded_makes_no_page() -> None:
    assert list(Training()(experiment())) == []


def test_groups_stand_together_with_the_objectives_first() -> None:
    curves = {
        "lr": [1, 2],
        "grad_norm": [1, 2],
        "time/fps": [1, 2],
        "val/accuracy": [0, 1],
        "loss_aux": [2, 1],
        "val/loss": [2, 1],
        "zeta": [1, 2],
    }
    page = shown(experiment(run("a", curves), metric="val/accuracy", direction="max"))
    assert [figure.title for figure in page[:-1]] == [
        "accuracy",
        "loss",
        "loss_aux",
        "zeta",
        "lr",
        "grad_norm",
        "time/fps",
    ]
    groups = [figure.group for figure in page]
    assert len(set(groups)) == sum(a != b for a, b in zip(["", *groups], groups, strict=False))


def test_counters_and_single_values_have_no_chart_but_are_in_the_tables() -> None:
    page = shown(experiment(run("a", {**LOSS, "epoch": [0, 1, 2], "test/accuracy": [0.9]})))
    assert [figure.id for figure in page] == ["metric-loss", "once", "values"]
    once, values = page[1].spec, page[2].spec
    assert isinstance(once, Table)
    assert isinstance(values, Table)
    assert [row[0].text for row in once.rows] == ["test/accuracy"]
    assert {row[0].text for row in values.rows} == {"train/loss", "val/loss", "epoch", "test/accuracy"}
    assert "since they only count: epoch." in page[2].caption


def test_more_metrics_than_charts_are_listed_with_their_numbers() -> None:
    page = shown(experiment(run("a", {f"m{i}": [i, 2] for i in range(10)})), charts=4)
    assert [figure.id for figure in page] == ["metric-m0", "metric-m1", "metric-m2", "metric-m3", "values"]
    assert "Beyond the 4 charts of this page: m4, m5, m6, m7, m8, m9." in page[-1].caption
    assert isinstance(page[-1].spec, Table)
    assert len(page[-1].spec.rows) == 10


def test_the_table_has_best_and_last_of_each_run() -> None:
    page = shown(experiment(run("a", LOSS), run("b", LOSS, color=1)))
    table = page[-1].spec
    assert isinstance(table, Table)
    row = next(row for row in table.rows if row[0].text == "val/loss" and row[1].text == "b")
    assert row[1].color == 1
    assert [cell.text for cell in row[2:]] == ["1 ↓", "10", "2", "1", "3", "3", "–"]
    assert len(row) == len(table.columns)


def test_many_runs_share_a_row() -> None:
    page = shown(experiment(*(run(f"r{i}", {"val/loss": [5, 1 + i], "train/loss": [2, 1]}) for i in range(100))))
    table = page[-1].spec
    assert isinstance(table, Table)
    row = next(row for row in table.rows if row[0].text == "val/loss")
    assert [cell.text for cell in row] == ["val/loss", "100", "1 ↓", "r0", "50.5", "1", "100", "200"]


def test_insights_come_first_and_once() -> None:
    said = Insight("overfitting", "warning", "Overfits.", metric="val/loss", step=10)
    page = list(Training()(experiment(*(run(f"r{i}", LOSS, insights=(said,)) for i in range(3)))))
    assert isinstance(page[0], Insight)
    assert page[0].text == "All 3 runs: Overfits."
    assert all(isinstance(item, Figure) for item in page[1:])


def test_identifiers_are_unique() -> None:
    names = ("Loss", "loss!", "x y", "x-y", "x_y", "x/y")
    page = shown(experiment(run("a", {**LOSS, **{name: [1, 2] for name in names}, "test/z": [1]})))
    assert len({figure.id for figure in page}) == len(page)


def test_insights_point_to_where_their_numbers_are() -> None:
    said = tuple(Insight("k", "info", "t", figure="metric-loss", metric=m) for m in ("val/loss", "Loss", "epoch"))
    of = experiment(run("a", {**LOSS, "Loss": [1, 2], "epoch": [1, 2]}, insights=said))
    titles = {figure.id: figure.title for figure in shown(of)}
    pointed = [titles[item.figure] for item in Training()(of) if isinstance(item, Insight)]
    assert pointed == ["loss", "Loss", "All values"]


def test_what_a_chart_works_out_is_forgotten_with_it() -> None:
    """A thousand runs of twenty metrics would otherwise keep several copies of all their points to the end."""

    def left_behind(metrics: int) -> int:
        times = np.arange(100.0)
        curves = [
            Run(
                f"r{i}",
                f"r{i}",
                tuple(series(f"m{k}", np.cos(times + i), times=times) for k in range(metrics)),
                started=0,
            )
            for i in range(100)
        ]
        of = experiment(*curves, metric="m0")
        tracemalloc.start()
        figures = Training()(of)
        held = 0
        for _ in figures:
            held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return held

    assert left_behind(8) - left_behind(4) < 4 * 100 * 100 * 8  # less than the values of the four more alone
