"""Readings become runs: names, merging, splicing, statistics, seeds, and the metric an experiment is judged by."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from dlviz_docs.gather import Told, gather, gather_runs
from dlviz_docs.model import Hparam, Objective, Reading, Run, Series
from dlviz_docs.options import About
from dlviz_docs.scan import ExperimentFolder, RunFolder, Signature, Source
from dlviz_docs.splice import MANY_RESTARTS


def curve(name: str, steps: Sequence[float], values: Sequence[float] | None = None, *, part: str = "") -> Series:
    numbers = np.asarray(steps if values is None else values, float)
    return Series(name, name, np.asarray(steps, float), numbers, part=part)


def told(relative: str, *series: Series, reader: str = "table", split: str = "", **rest: object) -> Told:
    source = Source(f"/x/{relative}", relative, reader, Signature(1, 2, 3), split)
    return Told(source, Reading(writer="test", series=series, **rest))  # type: ignore[arg-type]


def runs(*files: Told, name: str = "run") -> tuple[Run, ...]:
    return gather_runs(RunFolder(name, tuple(one.source for one in files)), files)


def one_run(*files: Told, name: str = "run") -> Run:
    (run,) = runs(*files, name=name)
    return run


def test_split_comes_from_the_folder() -> None:
    run = one_run(
        told("train/e", curve("epoch_loss", [0, 1]), reader="tensorboard", split="train"),
        told("validation/e", curve("epoch_loss", [0, 1]), reader="tensorboard", split="val"),
    )
    assert [series.name for series in run.series] == ["train/loss", "val/loss"]
    assert [series.raw_name for series in run.series] == ["epoch_loss", "epoch_loss"]


def test_files_of_one_format_are_joined_in_order() -> None:
    run = one_run(
        told("a.1", curve("loss", [0, 1]), reader="tensorboard"),
        told("a.2", curve("loss", [2, 3]), reader="tensorboard"),
    )
    assert run.series[0].steps.tolist() == [0, 1, 2, 3]
    assert run.series[0].superseded is None
    assert run.series[0].source == "a.1, a.2"


def test_a_resumed_run_is_spliced_where_it_went_back() -> None:
    run = one_run(
        told("a.1", curve("loss", [0, 1, 2, 3], [9, 8, 7, 6]), reader="tensorboard"),
        told("a.2", curve("loss", [2, 3, 4], [5, 4, 3]), reader="tensorboard"),
    )
    series = run.series[0]
    assert series.superseded is not None
    assert series.superseded.tolist() == [False, False, True, True, False, False, False]
    assert series.recorded is not None
    assert (series.recorded.count, series.recorded.superseded, series.recorded.max) == (7, 2, 9)


def test_what_a_writer_said_it_would_write_again_is_superseded() -> None:
    a, other = told("a.1", curve("loss", [0, 1, 2, 3]), reader="tensorboard"), told("b.csv", curve("x", [0, 9]))
    b = told("a.2", curve("loss", [3, 4]), reader="tensorboard", restart=2.0)
    by_name = {series.name: series for series in one_run(a, other, b).series}
    superseded = by_name["loss"].superseded
    assert superseded is not None
    assert superseded.tolist() == [False, False, True, True, False, False]
    assert by_name["x"].superseded is None


def test_two_restarts() -> None:
    series = one_run(told("a", curve("loss", [0, 1, 2, 3, 1, 2, 3, 2, 3]))).series[0]
    assert series.superseded is not None
    assert np.flatnonzero(~series.superseded).tolist() == [0, 4, 7, 8]


def test_equal_steps_are_no_restart() -> None:
    assert one_run(told("a", curve("loss", [0, 0, 1, 1]))).series[0].superseded is None


def test_interleaved_writers_are_no_restarts() -> None:
    steps = [step for i in range(MANY_RESTARTS + 2) for step in (i, i + 1.5)]
    series = one_run(told("a", curve("loss", steps))).series[0]
    assert series.superseded is None
    assert series.steps.tolist() == sorted(steps)
    assert series.recorded is not None
    assert series.recorded.last_step == steps[-1]


def test_a_prefix_is_told_once() -> None:
    first = told("checkpoint-2/s", curve("loss", [0, 1]), reader="hf_trainer")
    second = told("checkpoint-4/s", curve("loss", [0, 1, 2, 3]), reader="hf_trainer")
    assert one_run(first, second).series[0].steps.tolist() == [0, 1, 2, 3]


def test_tables_that_tell_other_curves_by_the_same_name_are_no_sessions() -> None:
    a = told("test.rew.csv", curve("rew", [0, 1, 2]), curve("std", [0, 1, 2]))
    b, c = told("mean.rew.csv", curve("rew", [0, 1], [5, 6])), told("copy.csv", curve("rew", [0, 1]), curve("x", [0]))
    run = one_run(a, b, c)
    assert [series.name for series in run.series] == ["return", "return (mean.rew.csv)", "std", "x"]
    assert all(series.superseded is None for series in run.series)


def test_event_files_of_another_folder_are_no_session() -> None:
    a, b = (
        told("e", curve("loss", [0, 1, 2]), reader="tensorboard"),
        told("cm/e", curve("loss", [0, 1]), reader="tensorboard"),
    )
    b = Told(replace(b.source, part="cm"), Reading(writer="test", series=(curve("loss", [0, 1], [7, 8]),)))
    assert [(series.name, len(series)) for series in one_run(a, b).series] == [("loss", 3), ("loss (cm/e)", 2)]


def test_states_of_two_trainings_are_two_runs() -> None:
    a = told("checkpoint-1/s", curve("loss", [0, 1], part="max_steps=5"), reader="hf_trainer")
    b = told("checkpoint-2/s", curve("loss", [0, 1], part="max_steps=9"), reader="hf_trainer")
    assert [run.name for run in runs(a, b)] == ["run/max_steps=5", "run/max_steps=9"]


def test_runs_in_the_experiments_own_folder_go_by_their_own_names() -> None:
    a, b = told("walker.csv", curve("reward", [0, 1])), told("hopper.csv", curve("reward", [0, 1]))
    found = gather_runs(RunFolder("results", (a.source, b.source), is_experiment=True), (a, b))
    assert [run.name for run in found] == ["hopper", "walker"]


def test_of_two_loggers_the_one_that_tells_more() -> None:
    rich = told("events", curve("train/loss", [0, 1, 2]), reader="tensorboard")
    poor = told("state.json", curve("train_loss", [0, 2]), reader="hf_trainer")
    run = one_run(poor, rich)
    assert [(series.name, series.source) for series in run.series] == [("train/loss", "events")]


def test_tables_alike_are_runs_beside_each_other() -> None:
    a, b = told("walker.csv", curve("reward", [0, 1])), told("hopper.csv", curve("reward", [0, 1]))
    assert [run.name for run in runs(a, b)] == ["run/hopper", "run/walker"]
    assert len({run.slug for run in runs(a, b)}) == 2


def test_tables_of_other_columns_are_one_run() -> None:
    a, b = told("train.csv", curve("train_loss", [0, 1])), told("eval.csv", curve("val_loss", [0, 1]))
    assert [series.name for series in one_run(a, b).series] == ["train/loss", "val/loss"]


def test_tables_alike_but_for_the_split_are_one_run() -> None:
    a, b = told("progress-train.csv", curve("reward", [0, 1])), told("progress-test.csv", curve("reward", [0, 1]))
    assert [series.name for series in one_run(a, b).series] == ["test/return", "train/return"]
    a, b = told("train.csv", curve("loss", [0, 1])), told("val.csv", curve("loss", [0, 1]))
    assert [series.name for series in one_run(a, b).series] == ["train/loss", "val/loss"]


def monitor(number: int, lengths: Sequence[float], times: Sequence[float] | None, split: str = "") -> Told:
    """One environment's episodes, whose returns are the times."""
    steps, ends = np.cumsum(np.asarray(lengths, float)), None if times is None else np.asarray(times, float)
    values = {"return": steps if ends is None else ends, "length": np.asarray(lengths, float)}
    series = [Series(f"train/{name}", name[0], steps, each, times=ends) for name, each in values.items()]
    episodes = Series("train/episodes", "episodes", steps, np.arange(1.0, len(steps) + 1), times=ends)
    return told(f"{number}.monitor.csv", *series, episodes, reader="monitor", split=split)


def test_episodes_of_parallel_environments_are_put_in_order_of_time() -> None:
    run = one_run(monitor(0, [10, 30], [1, 4]), monitor(1, [20, 20], [2, 3]))
    told_return, episodes = run.get("train/return"), run.get("train/episodes")
    assert told_return is not None
    assert episodes is not None
    assert told_return.values.tolist() == [1, 2, 3, 4]
    assert told_return.steps.tolist() == [10, 30, 50, 80]  # of both environments together
    assert episodes.values.tolist() == [1, 2, 3, 4]
    assert told_return.source == "0.monitor.csv, 1.monitor.csv"


def test_monitors_without_a_clock_follow_each_other() -> None:
    run = one_run(monitor(0, [10, 10], None), monitor(1, [5, 5], None))
    (found,) = [series for series in run.series if series.name == "train/return"]
    assert found.steps.tolist() == [10, 20, 25, 30]


def test_a_monitor_in_a_folder_of_evaluations_is_no_training() -> None:
    run = one_run(monitor(0, [10], [1]), monitor(1, [5], [2], split="val"))
    assert [series.name for series in run.series if series.metric == "return"] == ["train/return", "val/return"]


def test_what_only_some_episodes_tell_stands_at_their_steps() -> None:
    first, second = monitor(0, [10, 30], [1, 4]), monitor(1, [20, 20], [2, 3])
    told_by_one = Series("train/success_rate", "is_success", np.array([40.0]), np.array([1.0]))
    reading = replace(second.reading, series=(*second.reading.series, told_by_one))
    run = one_run(first, replace(second, reading=reading))
    (found,) = [series for series in run.series if series.metric == "success_rate"]
    assert found.steps.tolist() == [50]  # the second episode of the second environment


def test_a_seed_column_makes_runs() -> None:
    parts = [curve("reward", [0, 1], part=f"seed={i}") for i in (1, 2)]
    found = runs(told("a.csv", *parts))
    assert [(run.name, run.seed, run.group) for run in found] == [("run/seed=1", 1, "run"), ("run/seed=2", 2, "run")]


def test_settings_belong_to_every_run_of_the_folder() -> None:
    parts = [curve("reward", [0, 1], part=f"seed={i}") for i in (1, 2)]
    hparams: dict[str, Hparam] = {"lr": 0.1}
    found = runs(told("a.csv", *parts), told("config.yaml", reader="hparams", hparams=hparams))
    assert [dict(run.hparams) for run in found] == [hparams, hparams]


def test_settings_of_the_run_itself_come_after_those_it_shares() -> None:
    above = told("config.yaml", reader="hparams", hparams={"lr": 0.1, "epochs": 5})
    own = told("run/events", curve("loss", [0, 1]), reader="tensorboard", hparams={"lr": 0.3})
    assert dict(one_run(above, own).hparams) == {"lr": 0.3, "epochs": 5}


@pytest.mark.parametrize(
    ("name", "hparams", "seed", "group"),
    [
        ("wide-seed0", {}, 0, "wide"),
        ("wide/seed=3", {}, 3, "wide"),
        ("exp_s7", {}, 7, "exp"),
        ("a", {"train.seed": 5}, 5, "a"),
        ("seedling-3", {}, None, "seedling-3"),
        ("a", {"seed": True}, None, "a"),
        ("wide-seed3", {"seed": 0}, 3, "wide"),
        ("wide_s3", {"seed": 0}, 0, "wide"),
    ],
)
def test_seed_and_group(name: str, hparams: dict[str, Hparam], seed: int | None, group: str) -> None:
    run = one_run(told("m.csv", curve("loss", [0, 1])), told("c", reader="hparams", hparams=hparams), name=name)
    assert (run.seed, run.group) == (seed, group)


def test_statistics_are_of_every_point() -> None:
    values = [math.nan, 2.0, math.inf, -1.0, 5.0, math.nan]
    recorded = one_run(told("a", curve("x", range(6), values))).series[0].recorded
    assert recorded is not None
    assert (recorded.count, recorded.nonfinite) == (6, 3)
    assert (recorded.min, recorded.min_step, recorded.max, recorded.max_step) == (-1.0, 3.0, 5.0, 4.0)
    assert recorded.first is not None
    assert math.isnan(recorded.first)


def test_nothing_finite_has_no_extremes() -> None:
    recorded = one_run(told("a", curve("x", [0, 1], [math.nan, math.inf]))).series[0].recorded
    assert recorded is not None
    assert (recorded.min, recorded.max, recorded.nonfinite) == (None, None, 2)


def test_a_folder_without_anything_is_no_run() -> None:
    assert runs(told("empty", reader="tensorboard")) == ()


def experiment_of(*found: Run, about: About | None = None) -> tuple[Objective | None, list[Run]]:
    folder = ExperimentFolder("e", "E", "/e", "e", ())
    experiment = gather(folder, found, about or About(), "")
    return experiment.objective, list(experiment.runs)


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        (["train_loss", "val_loss", "val_accuracy", "lr"], ("val/accuracy", "max")),
        (["loss", "val_loss"], ("val/loss", "min")),
        (["train_loss", "lr", "epoch"], ("train/loss", "min")),
        (["train/reward", "test/reward", "test/length"], ("test/return", "max")),
        (["grad_norm", "epoch"], None),
    ],
)
def test_the_metric_an_experiment_is_judged_by(metrics: list[str], expected: tuple[str, str] | None) -> None:
    objective, _ = experiment_of(one_run(told("a", *(curve(metric, [0, 1]) for metric in metrics))))
    assert (objective and (objective.metric, objective.direction)) == expected


def test_the_author_decides() -> None:
    run = one_run(told("a", curve("val_loss", [0, 1]), objective=Objective("val/acc", "max", "file")))
    assert experiment_of(run)[0] == Objective("val/acc", "max", "file")
    about = About(metric="odd", direction="min")
    assert experiment_of(run, about=about)[0] == Objective("odd", "min", "experiment.yml")


def test_runs_are_in_natural_order_with_a_colour_each() -> None:
    found = [one_run(told("a", curve("loss", [0, 1])), name=name) for name in ("run-10", "run-9", "run-1")]
    _, placed = experiment_of(*found)
    assert [(run.name, run.color) for run in placed] == [("run-1", 0), ("run-9", 1), ("run-10", 2)]


def test_of_many_runs_the_best_have_colours_of_their_own() -> None:
    losses = [0.5, 0.1, 0.9, 0.2, *([0.8] * 8)]
    found = [one_run(told("a", curve("loss", [0, 1], [1, x])), name=f"run-{i:02}") for i, x in enumerate(losses)]
    _, placed = experiment_of(*found)
    assert [run.name for run in placed] == [f"run-{i:02}" for i in range(12)]
    assert [run.color for run in placed[:4]] == [2, 0, 11, 1]
    assert sorted(run.color for run in placed) == list(range(12))


def test_a_trainers_state_and_the_other_loggers_of_its_folder_are_one_run() -> None:
    state = told("trainer_state.json", curve("train/loss", [1, 2], part="max_steps=2"), reader="hf_trainer")
    earlier = told("checkpoint-1/trainer_state.json", curve("train/loss", [1], part="max_steps=2"), reader="hf_trainer")
    events = told("runs/Jan01/e", curve("train/grad_norm", [1, 2]), reader="tensorboard")
    log = told("trainer_log.jsonl", curve("lr", [1, 2]), reader="json_metrics")
    run = one_run(state, earlier, events, log)
    assert [series.name for series in run.series] == ["lr", "train/grad_norm", "train/loss"]
    other = told("checkpoint-9/trainer_state.json", curve("train/loss", [9], part="max_steps=99"), reader="hf_trainer")
    assert len(runs(state, other)) == 2


def test_monitors_beside_another_log_belong_to_the_same_run() -> None:
    monitors = [told(f"{i}.monitor.csv", curve("r", [1, 2], [i, i + 2])) for i in range(2)]
    assert one_run(*monitors, told("progress.csv", curve("rollout/ep_rew_mean", [1]))).name == "run"


def test_what_mmengine_writes_twice_is_told_once() -> None:
    first = told("20240101_120000.json", curve("train/loss", [1, 2], [5, 4]), reader="json_metrics")
    second = told("20240102_120000.json", curve("train/loss", [1, 2], [3, 2]), reader="json_metrics")
    every = told("scalars.json", curve("train/loss", [1, 2, 1, 2], [5, 4, 3, 2]), reader="json_metrics")
    assert [run.name for run in runs(first, second, every)] == ["run/20240101_120000", "run/20240102_120000"]
    only = told("scalars.json", curve("train/loss", [1, 2], [5, 4]), reader="json_metrics")
    run = one_run(first, only)
    assert [source.path for source in run.sources] == ["20240101_120000.json", "scalars.json"]
    assert run.series[0].source == "20240101_120000.json"
    # More than the files beside it tell: a session whose own file is gone.
    assert len(runs(first, every)) == 2


def test_seeds_in_names_as_cleanrl_writes_them() -> None:
    found = [one_run(told("e", curve("x", [1])), name=f"CartPole-v1__ppo__{seed}__170000000{seed}") for seed in (1, 2)]
    assert [(run.seed, run.group) for run in found] == [(1, "CartPole-v1__ppo"), (2, "CartPole-v1__ppo")]


def test_repetitions_without_a_seed_are_a_group() -> None:
    parts = [curve("x", [1], part=f"agent=dqn, repeat={n}") for n in (1, 2)]
    assert {(run.seed, run.group) for run in runs(told("a.json", *parts))} == {(None, "run/agent=dqn")}


def test_a_negative_seed_is_none() -> None:
    assert one_run(told("e", curve("x", [1]), hparams={"SEED": -1})).seed is None


def test_yolo_is_judged_by_its_map() -> None:
    columns = ("train/box_loss", "val/box_loss", "metrics/recall", "metrics/mAP_0.5", "metrics/mAP_0.5:0.95")
    objective, _ = experiment_of(one_run(told("results.csv", *(curve(name, [1]) for name in columns))))
    assert objective == Objective("metrics/mAP_0.5", "max", "its name")


def test_seeds_that_began_at_different_times_are_a_group() -> None:
    def groups(*called: str) -> list[str]:
        return [run.group for run in experiment_of(*(one_run(told("e", curve("x", [1])), name=n) for n in called))[1]]

    assert groups("ppo_seed1_2024-01-01_12-00-00", "ppo_seed2_2024-01-01_13-00-00") == ["ppo", "ppo"]
    assert groups("seed_0_0326_024335-Ant_a2c", "seed_1_0326_024647-Ant_a2c") == ["Ant_a2c", "Ant_a2c"]
    # The same seeds again, another day: another experiment.
    again = [f"ppo_seed{seed}_{day}-120000" for day in (20240101, 20240105) for seed in (1, 2)]
    assert groups(*again) == ["ppo_20240101-120000", "ppo_20240105-120000"] * 2
    # Without a seed in the name, times are all that tells runs apart.
    dated = [one_run(told("e", curve("x", [1]), hparams={"seed": 1}), name=f"20240101_12000{n}") for n in (1, 2)]
    assert [run.group for run in experiment_of(*dated)[1]] == ["", ""]


def test_a_mean_comes_before_its_extremes() -> None:
    columns = ("AverageEpRet", "MaxEpRet", "MinEpRet", "StdEpRet")
    objective, _ = experiment_of(one_run(told("progress.txt", *(curve(name, [1]) for name in columns))))
    assert objective == Objective("train/return", "max", "its name")


def test_the_mean_of_a_whole_run_is_no_point_of_its_curve() -> None:
    written = told("events", curve("train/loss", [2]), curve("train/train_loss", [2]), reader="tensorboard")
    ended = told("events.1", curve("train/train_runtime", [2]), reader="tensorboard")
    assert [series.name for series in one_run(written, ended).series] == ["train/loss"]
    live = [told(f"{name}.tsv", curve(name, [9])) for name in ("train/loss", "train/runtime")]
    run = one_run(*live, told("loss.tsv", curve("loss", [1, 2, 3])))
    assert [(series.name, len(series)) for series in run.series] == [("train/loss", 3)]
    assert len(one_run(*live[:1], told("loss.tsv", curve("loss", [1, 2]))).series) == 2


def test_settings_in_the_name_of_a_run() -> None:
    run = one_run(told("metrics.csv", curve("x", [1])), name="sweep/lr=0.1,bs=32,model=vgg")
    assert run.hparams == {"lr": 0.1, "bs": 32, "model": "vgg"}
    stronger = one_run(told("metrics.csv", curve("x", [1]), hparams={"lr": 0.2}), name="lr=0.1")
    assert stronger.hparams == {"lr": 0.2}


def test_event_files_that_repeat_other_logs_without_their_splits() -> None:
    named = replace(curve("loss", [1, 2], [0.1, 0.2]), name="train/loss")
    other = replace(curve("loss", [1, 2], [0.5, 0.6]), name="val/loss")
    lines = told("scalars.json", named, other, reader="json_metrics")
    events = told(
        "events", curve("loss", [1, 2], [float(np.float32(0.1)), float(np.float32(0.2))]), reader="tensorboard"
    )
    assert [series.name for series in one_run(lines, events).series] == ["train/loss", "val/loss"]
    apart = told("events", curve("loss", [1, 2], [0.3, 0.2]), reader="tensorboard")
    assert [series.name for series in one_run(lines, apart).series] == ["loss", "train/loss", "val/loss"]


def test_what_a_model_was_saved_with_counts_where_no_file_says_otherwise() -> None:
    saved = told("best_model.zip", reader="checkpoint", hparams={"gamma": 0.9, "seed": 0, "lr": 0.0})
    written = told("config.yml", reader="hparams", hparams={"lr": "lin_0.1", "seed": 7})
    for files in ((saved, written), (written, saved)):
        run = one_run(*files, told("e", curve("x", [1])), name="a")
        assert (run.hparams, run.seed) == ({"gamma": 0.9, "seed": 7, "lr": "lin_0.1"}, 7)
