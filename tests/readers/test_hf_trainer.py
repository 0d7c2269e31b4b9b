"""What trainer_state.json says beside its curves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dlviz_docs.model import Objective, Reading
from dlviz_docs.readers.hf_trainer import HFTrainer


def read(folder: Path, rows: list[dict[str, Any]], **state: Any) -> Reading:
    path = folder / "trainer_state.json"
    path.write_text(json.dumps({"log_history": rows, **state}))
    return HFTrainer().read(path)


EVALUATIONS = [
    {"step": s, "epoch": s / 10, "eval_loss": v, "eval_f1": 1 - v} for s, v in ((1, 0.5), (2, 0.25), (3, 0.75))
]


@pytest.mark.parametrize(
    ("best", "expected"),
    [
        (0.25, Objective("val/loss", "min", "best_metric")),
        (0.75, Objective("val/loss", "max", "best_metric")),
        (0.33, None),
        (None, None),
        (float("nan"), None),
    ],
)
def test_the_objective_is_the_metric_that_reaches_the_best_value(
    tmp_path: Path, best: float | None, expected: Objective | None
) -> None:
    assert read(tmp_path, EVALUATIONS, best_metric=best).objective == expected


def test_a_single_evaluation_leaves_the_direction_to_the_name(tmp_path: Path) -> None:
    rows = [{"step": 1, "eval_f1": 0.5}]
    assert read(tmp_path, rows, best_metric=0.5).objective == Objective("val/f1", "max", "best_metric")


@pytest.mark.parametrize(
    ("step", "last", "status"), [(20, 20, "finished"), (19, 20, "unknown"), (None, 20, "unknown"), (0, 0, "unknown")]
)
def test_only_the_last_step_is_an_end(tmp_path: Path, step: int | None, last: int, status: str) -> None:
    assert read(tmp_path, EVALUATIONS, global_step=step, max_steps=last).status == status


def test_rows_without_a_step_and_values_that_are_no_numbers_are_no_points(tmp_path: Path) -> None:
    rows = [{"loss": 1.0}, {"step": 1, "loss": "a"}, {"step": 2, "loss": True}, {"step": 3, "loss": 0.5}, "row"]
    (series,) = read(tmp_path, rows).series  # type: ignore[arg-type]
    assert series.steps.tolist() == [3.0]
    assert series.epochs is None


def test_the_summary_is_no_point(tmp_path: Path) -> None:
    rows = [{"step": 1, "loss": 1.0}, {"step": 1, "train_loss": 2.0, "train_runtime": 3.0}]
    assert [series.name for series in read(tmp_path, rows).series] == ["train/loss"]
