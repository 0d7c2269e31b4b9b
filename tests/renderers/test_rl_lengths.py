"""Trainings of different lengths: what is compared, and what those come to that go on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_agents import experiment, training

from dlviz_docs.model import Insight, Run
from dlviz_docs.renderers.rl import RL
from dlviz_docs.view import Figure, Table


def line(algorithm: str, last: float, high: float, task: str = "", seed: int = 0) -> Run:
    """Returns from 0 to `high` at step `last`, in steps of 10,000."""
    x = np.arange(0, last + 1, 10_000.0)
    run = training(algorithm, seed, {"val/return": high * x / last}, x=x)
    if not task:
        return run
    return replace(run, task=task, name=f"{task}/{run.name}", slug=f"{task}-{run.slug}")


def shown(runs: list[Run]) -> list[object]:
    return list(RL()(experiment(runs)))


def told(items: list[object]) -> dict[str, Insight]:
    return {one.kind: one for one in items if isinstance(one, Insight)}


def table(items: list[object], id: str) -> tuple[list[str], list[list[str]]]:  # noqa: A002  (the figure's word)
    (spec,) = (one.spec for one in items if isinstance(one, Figure) and one.id == id)
    assert isinstance(spec, Table)
    return [one.label for one in spec.columns], [[cell.text for cell in row] for row in spec.rows]


def test_scores_say_how_far_they_go_and_who_goes_on() -> None:
    items = shown([line("dqn", 100_000, 50), line("ppo", 1_000_000, 300), line("a2c", 200_000, 20)])
    found = told(items)
    # The last tenth of 100,000 steps is the point at its end: 50 of dqn, 30 of ppo, 10 of a2c.
    assert found["agent-score"].values["iqm"] == 50
    assert "over the last 10 % of the first 100,000 steps, which all have" in found["agent-score"].text
    longer = found["trained-longer"]
    ends = np.mean(300 * np.arange(910_000, 1_000_001, 10_000) / 1_000_000)
    assert longer.text == (
        "Scores on Maze-v1 are those of the first 100,000 steps, since some trainings end there. Others go on: "
        f"ppo to {ends:.4g} at 1,000,000 and a2c to 19.5 at 200,000 steps."
    )
    assert longer.values == {"end": 100_000, "longest": 1_000_000, "longer": 2}
    labels, rows = table(items, "trainings")
    assert [row[labels.index("At its end")] for row in rows] == ["19.5", "50", f"{ends:.4g}"]
    assert [row[labels.index("Score")] for row in rows] == ["10", "50", "30"]


@pytest.mark.parametrize("last", [100_000, 109_000])
def test_trainings_of_about_one_length_are_told_as_such(last: float) -> None:
    items = shown([line("dqn", 100_000, 50), line("ppo", last, 30)])
    assert "trained-longer" not in told(items)
    assert "over the last 10 % of training," in told(items)["agent-score"].text
    assert "At its end" not in table(items, "trainings")[0]


def test_the_best_of_a_task_is_the_one_whose_number_is_highest() -> None:
    lucky = [line("a", 100_000, high, "qbert", seed) for seed, high in enumerate([10, 10, 11, 12, 900])]
    steady = [line("b", 100_000, high, "qbert", seed) for seed, high in enumerate([20, 21, 22, 23, 24])]
    level = [line(name, 100_000, 500, "cart") for name in ("a", "b", "c")]
    labels, rows = table(shown([*lucky, *steady, *level]), "tasks")
    assert [row[labels.index("Best")] for row in rows] == ["a, b, c", "b"]


def test_an_algorithm_that_nothing_tells_is_one_on_all_tasks() -> None:
    made = [(task, high, seed) for task, high in (("ALE/Pong-v5", 20), ("Ant-v3", 900)) for seed in (1, 2)]
    runs = [
        replace(line("", 100_000, high, task, seed), algorithm="", group=f"log/env={task}") for task, high, seed in made
    ]
    assert table(shown(runs), "tasks")[0] == ["Task", "Measure", "log", "Best"]
    bare = [replace(run, group=run.group.removeprefix("log/")) for run in runs]
    assert table(shown(bare), "tasks")[0] == ["Task", "Measure", "agent", "Best"]
