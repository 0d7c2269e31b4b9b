"""Which column counts the steps, whose rows are whose, and where points stand."""

from __future__ import annotations

import numpy as np
import pytest

from dlviz_docs.readers._curves import Curves, curves
from dlviz_docs.readers._frame import Column, Frame, Words, axis_of, step_column, wall_times


def frame(**columns: list[float | str | None]) -> Frame:
    numbers, words = {}, {}
    length = max(len(cells) for cells in columns.values())
    for name, cells in columns.items():
        rows = [row for row, cell in enumerate(cells) if cell is not None]
        if isinstance(cells[rows[0]], str):
            words[name] = Words(rows, [str(cells[row]) for row in rows])
        else:
            numbers[name] = Column(np.array(rows, np.intp), np.array([cells[row] for row in rows], np.float64))
    return Frame(length, numbers, words)


def parts(found: Curves) -> dict[str, tuple[list[float], list[float]]]:
    return {series.part: (series.steps.tolist(), series.values.tolist()) for series in found.series}


@pytest.mark.parametrize(
    ("names", "step"),
    [
        (["loss", "step", "epoch"], "step"),
        (["epoch", "global_step", "step"], "global_step"),
        (["Epoch", "TotalEnvInteracts"], "TotalEnvInteracts"),
        (["time/iterations", "time/total_timesteps"], "time/total_timesteps"),
        (["misc/nupdates", "misc/total_timesteps"], "misc/total_timesteps"),
        (["_step", "_runtime"], "_step"),
        (["train/step", "epoch"], "epoch"),
        (["Env Steps", "reward"], "Env Steps"),
        (["steps_per_second", "stepwise", "loss"], None),
        ([], None),
    ],
)
def test_the_step_column(names: list[str], step: str | None) -> None:
    assert step_column(names) == step


def test_axes() -> None:
    names = ("epoch", "Episode", "total_frames", "train/epoch", "env_step", "iteration")
    assert [axis_of(name) for name in names] == ["epoch", "episode", "frame", "epoch", "step", "step"]


def test_seeds_are_parts_only_where_steps_repeat() -> None:
    many = frame(step=[0, 1, 0, 1], loss=[1, 2, 3, 4], seed=[7, 7, 8, 8])
    assert parts(curves(many, "step")) == {"seed=7": ([0, 1], [1, 2]), "seed=8": ([0, 1], [3, 4])}
    one = frame(step=[0, 1, 2], loss=[1, 2, 3], seed=[7, 7, 7])
    assert curves(one, "step").hparams == {"seed": 7}
    assert [series.raw_name for series in curves(one, "step").series] == ["loss"]
    rising = frame(step=[0, 1, 2], loss=[1, 2, 3], seed=[7, 8, 9])
    assert [series.raw_name for series in curves(rising, "step").series] == ["loss", "seed"]


def test_seeds_in_turn() -> None:
    found = parts(curves(frame(step=[0, 0, 1, 1], loss=[1, 3, 2, 4], seed=[7, 8, 7, 8]), "step"))
    assert found == {"seed=7": ([0, 1], [1, 2]), "seed=8": ([0, 1], [3, 4])}


def test_two_columns_that_name_runs() -> None:
    found = curves(frame(step=[0, 0, 0], r=[1, 2, 3], algo=["a", "a", "b"], seed=[1, 2, 1]), "step")
    assert {series.part for series in found.series} == {"seed=1, algo=a", "seed=2, algo=a", "seed=1, algo=b"}


def test_a_table_that_begins_again_without_naming_seeds() -> None:
    table = frame(step=[0, 1, 0, 1, 0, 1], r=[1, 2, 3, 4, 5, 6], agent=["a", "a", "a", "a", "b", "b"])
    assert list(parts(curves(table, "step"))) == ["agent=a, repeat=1", "agent=a, repeat=2", "agent=b"]


def test_a_resumed_run_is_left_as_it_is() -> None:
    (series,) = curves(frame(step=[0, 1, 2, 1, 2, 3], loss=[1, 2, 3, 4, 5, 6]), "step").series
    assert series.steps.tolist() == [0, 1, 2, 1, 2, 3]


def test_splits_named_by_rows() -> None:
    table = frame(epoch=[1, 1, 2], phase=["train", "valid", "train"], loss=[3, 2, 1])
    assert [series.name for series in curves(table, "epoch").series] == ["train/loss", "val/loss"]
    other = frame(epoch=[1, 1], phase=["train", "warm"], loss=[3, 2])
    assert [series.name for series in curves(other, "epoch").series] == ["loss"]


def test_steps_within_epochs_are_counted_on_and_said() -> None:
    table = frame(epoch=[0, 0, 1, 1, 2], it=[0, 9, 0, 9, 0], loss=[5, 4, 3, 2, 1])
    found = curves(table, "it", source="log.csv")
    assert found.series[0].steps.tolist() == [0, 9, 10, 19, 20]
    assert [(problem.code, problem.path) for problem in found.problems] == [("steps-within-epochs", "log.csv")]


def test_steps_of_the_whole_training_are_not_touched() -> None:
    found = curves(frame(epoch=[0, 0, 1], step=[0, 9, 18], loss=[5, 4, 3]), "step")
    assert found.series[0].steps.tolist() == [0, 9, 18]
    assert not found.problems


def test_wall_times_are_only_what_can_be_one() -> None:
    seconds = frame(timestamp=[1.7e9, 1.7e9 + 1])
    assert wall_times("timestamp", seconds).tolist() == [1.7e9, 1.7e9 + 1]  # type: ignore[union-attr]
    assert wall_times("Wall time", frame(**{"Wall time": [1.7e12]})).tolist() == [1.7e9]  # type: ignore[union-attr]
    assert wall_times("time", frame(time=[4.5, 9.0])) is None
    assert wall_times("loss", frame(loss=[1.7e9])) is None
    dates = frame(date=["2023-11-14T22:13:20", "2023-11-14T22:13:21+00:00"])
    assert wall_times("date", dates).tolist() == [1.7e9, 1.7e9 + 1]  # type: ignore[union-attr]
    assert wall_times("date", frame(date=["yesterday"])) is None


def test_a_gap_is_no_point_and_a_nan_is_one() -> None:
    (series,) = curves(frame(step=[0, 1, 2, None], loss=[1.0, None, float("nan"), 3.0]), "step").series
    assert series.steps.tolist() == [0, 2]
    assert np.isnan(series.values[1])
