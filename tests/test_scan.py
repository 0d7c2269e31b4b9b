"""Folders as their writers leave them, and the experiments and runs that they are."""

from __future__ import annotations

import itertools
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from dlviz_docs.model import Reading
from dlviz_docs.scan import Scan, scan


@dataclass(frozen=True)
class ByName:
    """A reader that goes by names alone, so that these tests are about folders."""

    makes_run: ClassVar[bool] = True
    words: tuple[str, ...] = ()

    def matches(self, path: Path) -> bool:
        return any(word in path.name for word in self.words)

    def read(self, path: Path) -> Reading:
        raise AssertionError("a scan opens nothing")


@dataclass(frozen=True)
class Beside(ByName):
    makes_run: ClassVar[bool] = False


class Events(ByName):
    """Event files whose only tag is what their folder is called before its last "_"."""

    def first_tags(self, path: Path) -> set[str]:
        return {path.parent.name.rpartition("_")[0] or path.parent.parent.name}


READERS = {
    "tensorboard": Events(("tfevents",)),
    "hf_trainer": ByName(("trainer_state.json",)),
    "checkpoint": Beside((".pt", ".ckpt", ".safetensors")),
    "hparams": Beside(("hparams.yaml", "config.yaml", "args.yml", "overrides.yaml")),
    "table": ByName((".csv",)),
}
EVENTS = "events.out.tfevents.1.host"


def tree(root: Path, *files: str) -> Scan:
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return scan(root, READERS)


def found(result: Scan) -> dict[str, dict[str, list[str]]]:
    """Experiment, run, files."""
    return {
        e.relative: {run.name: [source.relative for source in run.sources] for run in e.runs}
        for e in result.experiments
    }


def runs(result: Scan) -> dict[str, list[str]]:
    return {experiment: list(inside) for experiment, inside in found(result).items()}


def test_an_empty_folder(tmp_path: Path) -> None:
    assert scan(tmp_path, READERS).experiments == ()


def test_tensorboards_runs_are_one_experiment(tmp_path: Path) -> None:
    result = tree(tmp_path, f"exp1/{EVENTS}", f"exp2/{EVENTS}", f"exp10/{EVENTS}")
    assert runs(result) == {".": ["exp1", "exp2", "exp10"]}


def test_a_lone_event_file(tmp_path: Path) -> None:
    root = tmp_path / "mine"
    assert runs(tree(root, EVENTS)) == {".": ["mine"]}


def test_several_event_files_of_a_folder_are_one_run_in_natural_order(tmp_path: Path) -> None:
    result = tree(tmp_path, "a/events.out.tfevents.10.h", "a/events.out.tfevents.9.h", f"b/{EVENTS}")
    assert found(result)["."]["a"] == ["a/events.out.tfevents.9.h", "a/events.out.tfevents.10.h"]


def test_keras_train_and_validation_are_one_run(tmp_path: Path) -> None:
    result = tree(tmp_path, f"a/train/{EVENTS}", f"a/validation/{EVENTS}", f"b/train/{EVENTS}")
    assert runs(result) == {".": ["a", "b"]}
    assert [source.split for source in result.experiments[0].runs[0].sources] == ["train", "val"]


def test_a_third_folder_beside_train_and_validation_is_part_of_the_run(tmp_path: Path) -> None:
    result = tree(tmp_path, f"a/train/{EVENTS}", f"a/validation/{EVENTS}", f"a/cm/{EVENTS}", f"b/{EVENTS}")
    assert runs(result) == {".": ["a", "b"]}
    assert [source.part for source in result.experiments[0].runs[0].sources] == ["cm", "train", "validation"]


def test_the_given_folder_may_be_the_pair_itself(tmp_path: Path) -> None:
    root = tmp_path / "logs"
    assert runs(tree(root, f"train/{EVENTS}", f"test/{EVENTS}")) == {".": ["logs"]}


def test_lightning_versions_are_runs_and_their_checkpoints_belong_to_them(tmp_path: Path) -> None:
    result = tree(
        tmp_path,
        "lightning_logs/version_0/metrics.csv",
        "lightning_logs/version_0/hparams.yaml",
        "lightning_logs/version_0/checkpoints/epoch=1-step=10.ckpt",
        "lightning_logs/version_1/metrics.csv",
    )
    assert runs(result) == {"lightning_logs": ["version_0", "version_1"]}
    assert len(result.experiments[0].runs[0].sources) == 3


def test_an_hf_output_folder_is_one_run_with_its_checkpoints_and_event_files(tmp_path: Path) -> None:
    result = tree(
        tmp_path,
        "out/trainer_state.json",
        "out/checkpoint-500/trainer_state.json",
        "out/checkpoint-500/model.safetensors",
        f"out/runs/Jan01_host/{EVENTS}",
    )
    assert runs(result) == {"out": ["out"]}
    assert len(result.experiments[0].runs[0].sources) == 4


def test_event_files_beside_checkpoints_of_a_trainer_are_of_its_run(tmp_path: Path) -> None:
    result = tree(
        tmp_path, *(f"{run}/{name}" for run in "ab" for name in ("checkpoint-2/trainer_state.json", f"logs/{EVENTS}"))
    )
    assert runs(result) == {".": ["a", "b"]}


def test_checkpoint_folders_alone_are_one_run(tmp_path: Path) -> None:
    result = tree(tmp_path, "results/checkpoint-1/trainer_state.json", "results/checkpoint-2/trainer_state.json")
    assert runs(result) == {"results": ["results"]}


def test_hydra_jobs_are_runs_even_without_metrics(tmp_path: Path) -> None:
    result = tree(
        tmp_path, "multirun/lr=1/.hydra/config.yaml", "multirun/lr=2/.hydra/config.yaml", "multirun/lr=2/metrics.csv"
    )
    assert runs(result) == {"multirun": ["lr=1", "lr=2"]}


def test_a_logger_folder_is_part_of_the_run_around_it(tmp_path: Path) -> None:
    result = tree(tmp_path, f"a/tensorboard/{EVENTS}", "a/config.yaml", f"b/tensorboard/{EVENTS}")
    assert runs(result) == {".": ["a", "b"]}
    assert len(result.experiments[0].runs[0].sources) == 2


def test_add_hparams_and_add_scalars_folders_are_parts(tmp_path: Path) -> None:
    result = tree(
        tmp_path,
        f"a/{EVENTS}",
        f"a/1700000000.123/{EVENTS}",
        f"a/Loss_train/{EVENTS}",
        f"a/Loss_val/{EVENTS}",
        f"b/{EVENTS}",
    )
    assert runs(result) == {".": ["a", "b"]}
    assert sorted(source.split for source in result.experiments[0].runs[0].sources) == ["", "", "train", "val"]


def test_add_scalars_with_any_name_is_known_by_its_tag(tmp_path: Path) -> None:
    result = tree(
        tmp_path,
        f"a/{EVENTS}", f"a/loss_my curve/{EVENTS}", f"a/loss_other/{EVENTS}",
        f"b/{EVENTS}", f"b/loss/train/{EVENTS}", f"b/loss/val/{EVENTS}",  # tensorboardX
    )  # fmt: skip
    assert runs(result) == {".": ["a", "b"]}


def test_runs_below_the_settings_of_a_sweep_stay_runs(tmp_path: Path) -> None:
    result = tree(tmp_path, f"sweep/{EVENTS}", f"sweep/run-0/{EVENTS}", f"sweep/run-1/{EVENTS}")
    assert runs(result) == {"sweep": ["run-0", "run-1", "sweep"]}


def test_ultralytics_runs_are_called_for_their_command(tmp_path: Path) -> None:
    result = tree(
        tmp_path,
        "runs/detect/train/results.csv", "runs/detect/train/args.yml", "runs/detect/train/weights/best.pt",
        "runs/detect/train2/results.csv", "runs/segment/train/results.csv", "runs/segment/train/args.yml",
    )  # fmt: skip
    assert sum(map(len, runs(result).values())) == 3
    assert all(run.name.rpartition("/")[2] in ("train", "train2") for e in result.experiments for run in e.runs)
    assert not any(source.split for e in result.experiments for run in e.runs for source in run.sources)


def test_splits_with_settings_are_still_splits_beside_each_other(tmp_path: Path) -> None:
    assert runs(tree(tmp_path, "a/train/log.csv", "a/train/args.yml", "a/val/log.csv", "b/train/log.csv")) == {
        ".": ["a", "b"]
    }


def test_dvclives_folder_of_curves_is_part_of_its_run(tmp_path: Path) -> None:
    result = tree(tmp_path, "dvclive/metrics.csv", "dvclive/plots/metrics/train/loss.csv", "dvclive/plots/custom/x.csv")
    assert runs(result) == {"dvclive": ["dvclive"]}


def test_the_loggers_of_a_hydra_job_are_one_run(tmp_path: Path) -> None:
    job = "logs/train/runs/2024-01-01_12-00-00"
    result = tree(
        tmp_path,
        f"{job}/.hydra/config.yaml", f"{job}/csv/version_0/metrics.csv", f"{job}/tensorboard/version_0/{EVENTS}",
    )  # fmt: skip
    assert sum(map(len, runs(result).values())) == 1


def test_mmengines_folder_is_not_part_of_a_runs_name(tmp_path: Path) -> None:
    result = tree(tmp_path, *(f"work_dirs/rtmdet/{day}/vis_data/scalars.csv" for day in ("20240101", "20240102")))
    assert runs(result) == {"work_dirs": ["rtmdet/20240101", "rtmdet/20240102"]}


def test_repetitions_are_compared_with_their_siblings(tmp_path: Path) -> None:
    result = tree(
        tmp_path,
        *(f"rl/{algorithm}/seed_{seed}/log.csv" for algorithm in ("ppo", "sac") for seed in (0, 1)),
        *(f"spinup/{name}/{name}_s{seed}/log.csv" for name in ("td3", "ddpg") for seed in (0, 10)),
        *(f"cv/{model}/fold_{fold}/log.csv" for model in ("unet", "vnet") for fold in (0, 1)),
    )
    assert runs(result) == {
        "rl": ["ppo/seed_0", "ppo/seed_1", "sac/seed_0", "sac/seed_1"],
        "spinup": ["ddpg/ddpg_s0", "ddpg/ddpg_s10", "td3/td3_s0", "td3/td3_s10"],
        "cv": ["unet/fold_0", "unet/fold_1", "vnet/fold_0", "vnet/fold_1"],
    }


def test_the_repetitions_of_one_training_are_an_experiment(tmp_path: Path) -> None:
    assert runs(tree(tmp_path, "ppo/seed_0/log.csv", "ppo/seed_1/log.csv")) == {"ppo": ["seed_0", "seed_1"]}


def test_a_folder_of_experiment_folders(tmp_path: Path) -> None:
    result = tree(
        tmp_path,
        f"digits/runs/a/{EVENTS}",
        f"digits/runs/b/{EVENTS}",
        "wine/README.md",
        "wine/metrics.csv",
        "zoo/ppo/a/progress.csv",
        "zoo/ppo/b/progress.csv",
    )
    assert runs(result) == {"digits": ["a", "b"], "wine": ["wine"], "zoo": ["ppo/a", "ppo/b"]}


def test_single_runs_beside_experiments_belong_together(tmp_path: Path) -> None:
    root = tmp_path / "all"
    result = tree(root, f"a/{EVENTS}", f"b/{EVENTS}", f"sweep/1/{EVENTS}", f"sweep/2/{EVENTS}")
    assert runs(result) == {"sweep": ["1", "2"], ".": ["a", "b"]}


def test_experiment_yml_makes_an_experiment_of_a_single_run(tmp_path: Path) -> None:
    result = tree(tmp_path, "a/experiment.yml", f"a/{EVENTS}", "b/experiment.yml", f"b/{EVENTS}")
    assert runs(result) == {"a": ["a"], "b": ["b"]}


def test_settings_above_the_runs_are_shared(tmp_path: Path) -> None:
    result = tree(tmp_path, "exp/config.yaml", f"exp/1/{EVENTS}", f"exp/2/{EVENTS}", f"other/3/{EVENTS}")
    shared = {e.relative: [source.relative for source in e.shared] for e in result.experiments}
    assert shared["exp"] == ["exp/config.yaml"]


def test_settings_above_some_runs_are_theirs_alone(tmp_path: Path) -> None:
    result = tree(
        tmp_path,
        "exp/README.md", "exp/config.yaml",
        "exp/a/config.yaml", f"exp/a/1/{EVENTS}", f"exp/a/2/{EVENTS}",
        "exp/b/config.yaml", "exp/b/last.pt", f"exp/b/day/{EVENTS}",
    )  # fmt: skip
    (experiment,) = result.experiments
    assert {run.name: [source.relative for source in run.settings] for run in experiment.runs} == {
        "a/1": ["exp/config.yaml", "exp/a/config.yaml"],
        "a/2": ["exp/config.yaml", "exp/a/config.yaml"],
        "b/day": ["exp/config.yaml"],
    }
    assert found(result)["exp"]["b/day"] == ["exp/b/config.yaml", "exp/b/last.pt", f"exp/b/day/{EVENTS}"]


def test_settings_of_a_project_are_of_its_only_experiment(tmp_path: Path) -> None:
    tree(tmp_path, "config.yaml", f"runs/a/{EVENTS}", f"runs/b/{EVENTS}")
    (experiment,) = scan(tmp_path, READERS).experiments
    assert [[source.relative for source in run.settings] for run in experiment.runs] == [["config.yaml"]] * 2
    two = tree(tmp_path, f"other/a/{EVENTS}", f"other/b/{EVENTS}")
    assert [run.settings for experiment in two.experiments for run in experiment.runs] == [()] * 4
    assert [(left.path, left.why) for left in two.left_out] == [("config.yaml", "it lies above several experiments")]


def test_checkpoints_alone_are_runs_where_nothing_else_is(tmp_path: Path) -> None:
    assert runs(tree(tmp_path, "models/a.pt", "models/b.pt")) == {"models": ["models"]}


def test_checkpoint_folders_alone_go_by_the_folder_around_them(tmp_path: Path) -> None:
    result = tree(
        tmp_path, "a/checkpoints/last.ckpt", "a/config.yaml", "b/checkpoint-10/model.pt", "b/checkpoint-20/model.pt"
    )
    assert runs(result) == {".": ["a", "b"]}


def models(result: Scan) -> dict[str, list[str]]:
    return {e.relative: [source.relative for source in e.models] for e in result.experiments}


def test_a_folder_of_checkpoints_beside_experiments_is_one_for_its_models(tmp_path: Path) -> None:
    logs = [f"{experiment}/{run}/{EVENTS}" for experiment in "ab" for run in ("one", "two")]
    result = tree(tmp_path, *logs, "b/pretrained/base.pt", "zoo/checkpoints/net.pt")
    assert runs(result) == {"a": ["one", "two"], "b": ["one", "two"], "zoo": ["zoo"]}
    assert models(result) == {"a": [], "b": ["b/pretrained/base.pt"], "zoo": ["zoo/checkpoints/net.pt"]}
    assert result.left_out == ()


def test_a_model_beside_data_is_of_their_experiment(tmp_path: Path) -> None:
    logs = [f"{experiment}/{run}/{EVENTS}" for experiment in "ab" for run in ("one", "two")]
    result = tree(tmp_path, *logs, "c/data/train.csv", "c/model.pt")
    assert models(result) == {"a": [], "b": [], "c": ["c/model.pt"]}


def test_nothing_outside_is_reached_through_a_link(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    tree(outside, f"secret/{EVENTS}")
    tree(inside, f"a/{EVENTS}")
    (inside / "b").symlink_to(outside / "secret")
    (inside / "a" / "c.csv").symlink_to(outside / "secret" / EVENTS)
    (inside / "loop").symlink_to(inside)
    result = scan(inside, READERS)
    assert found(result) == {"a": {"a": [f"a/{EVENTS}"]}}
    assert [left.path for left in result.left_out] == ["a/c.csv", "b", "loop"]


def test_what_is_left_out_says_why(tmp_path: Path) -> None:
    tree(tmp_path, f"a/{EVENTS}", "a/notes.doc", ".git/config.yaml", "skip/x.csv")
    result = scan(tmp_path, READERS, ["skip/*"])
    why = {left.path: left.why for left in result.left_out}
    assert why == {
        "a/notes.doc": "no reader knows this kind of file",
        ".git": "a folder of tools, not of results",
        "skip/x.csv": "excluded by the options",
    }


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    tree(tmp_path, f"a/{EVENTS}")
    os.mkfifo(tmp_path / "a" / "pipe.csv")
    assert [left.why for left in scan(tmp_path, READERS).left_out] == ["not a regular file"]


@pytest.mark.parametrize("depth", [30])
def test_folders_nested_too_deep_are_said(tmp_path: Path, depth: int) -> None:
    tree(tmp_path, f"a/{EVENTS}", "/".join(["d"] * depth) + "/x.csv")
    assert [left.why for left in scan(tmp_path, READERS).left_out] == ["nested too deep"]


def test_slugs_are_unique_and_do_not_depend_on_order(tmp_path: Path) -> None:
    result = tree(tmp_path, *(f"{name}/{i}/{EVENTS}" for name in ("A b", "a-b", "ü", "ö") for i in "12"))
    slugs = [experiment.slug for experiment in result.experiments]
    assert len({slug.casefold() for slug in slugs}) == 4
    assert all(slug.isascii() for slug in slugs)


@pytest.mark.parametrize(
    "layout",
    [
        (f"{{}}/{EVENTS}",),
        (f"runs/{{}}/train/{EVENTS}", f"runs/{{}}/validation/{EVENTS}"),
        (f"{{}}/a/{EVENTS}", f"{{}}/b/{EVENTS}"),
        (f"{{}}/logs/version_0/{EVENTS}", "{}/logs/version_0/hparams.yaml", "{}/logs/version_0/checkpoints/a.ckpt"),
        (f"{{}}/{EVENTS}", "{}/experiment.yml"),
    ],
    ids=["runs", "pairs", "experiments", "lightning", "described"],
)
def test_work_grows_with_the_number_of_folders(tmp_path: Path, layout: tuple[str, ...]) -> None:
    def calls(amount: int) -> int:
        root = tmp_path / str(amount)
        tree(root, *(name.format(i) for i in range(amount) for name in layout))
        counted = itertools.count()
        sys.setprofile(lambda *_: next(counted))
        try:
            scan(root, READERS)
        finally:
            sys.setprofile(None)
        return next(counted)

    calls(1)  # what is done once
    assert calls(400) < 2.2 * calls(200)


def test_algorithms_beside_each_other_are_one_benchmark(tmp_path: Path) -> None:
    zoo = [f"{algorithm}/{env}_1/{EVENTS}" for algorithm in ("a2c", "ppo") for env in ("CartPole-v1", "Ant-v4")]
    names = ["a2c/Ant-v4_1", "a2c/CartPole-v1_1", "ppo/Ant-v4_1", "ppo/CartPole-v1_1"]
    assert runs(tree(tmp_path / "zoo", *zoo)) == {".": names}
    environments = [f"{env}/{algorithm}/{EVENTS}" for env in ("Ant-v4", "Hopper-v4") for algorithm in ("sac", "td3")]
    assert len(tree(tmp_path / "mujoco", *environments).experiments) == 1
    # One that is described is an experiment of its own, and so are the others.
    described = tree(tmp_path / "described", *zoo, "ppo/README.md")
    assert {experiment.relative for experiment in described.experiments} == {"a2c", "ppo"}


def test_models_of_versions_are_no_environments(tmp_path: Path) -> None:
    files = [f"{model}/{run}/{EVENTS}" for model in ("ResNet-v1", "ResNet-v2") for run in ("a", "b")]
    assert len(tree(tmp_path, *files).experiments) == 2


def test_own_methods_are_told_by_the_monitors_of_agents(tmp_path: Path) -> None:
    readers = {"monitor": ByName(words=("monitor",))}
    for name in ("mine/Ant-v4", "mine/Hopper-v4", "theirs/Ant-v4", "theirs/Hopper-v4"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "0.monitor.csv").touch()
    assert len(scan(tmp_path, readers).experiments) == 1
