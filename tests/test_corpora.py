"""Real folders of other people's runs, end to end: every number agrees with an independent parser's."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dlviz_docs.build import survey
from dlviz_docs.options import parse
from dlviz_docs.report import describe

CORPORA = Path(os.environ.get("DLVIZ_CORPORA", Path(__file__).parent.parent.parent / "shared" / "corpora"))
pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason=f"no corpora at {CORPORA} (DLVIZ_CORPORA)")

# Corpus: runs found, with curves. Every one was counted by hand in SOURCE.md and the folder.
RUNS = {
    "ckpt_keras_face": 1,
    "detectron2_medwaste": 1,
    "dvclive_falcon": 1,
    "hf_trainer_metamath": 1,
    "hf_trainer_unitsyn": 2,  # checkpoint-500 belongs to another training
    "hydra_wandb_vime": 10,  # a job each; their curves are in W&B's own format
    "mmengine_dfine": 6,  # one a session; scalars.json repeats them all
    "rl_dopamine": 5 * 6 * 5,  # games, agents, repetitions
    "rl_procgen": 2,
    "rl_sb3_zoo": 11,
    "rl_tdmpc2": 1307,  # a seed each
    "sacred_music": 8,
    "tb_katib_asset": 1,
    "tb_keras_mlflow_chest": 15,
    "tb_lightning_mnist": 3,
    "tb_tf1_wandb_asset": 1,
    "tb_tf2_review": 17,
    "tb_torch_tianshou_pong": 8 + 12 * 10,  # twelve tables hold ten seeds each
    "tb_trackio_asset": 2,
}


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Every corpus as `dlviz scan --json` tells it, read once."""
    told: dict[str, list[dict[str, Any]]] = {}
    for name in RUNS:
        cache = tmp_path_factory.mktemp("cache")
        experiments, _ = survey(CORPORA / name / "data", parse({"workers": 0}), cache)
        told[name] = [json.loads(describe(experiment)) for experiment in experiments]
    return told


def facts(corpus: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((CORPORA / corpus / "facts.json").read_text(encoding="utf-8"))
    return loaded


def series_of(experiments: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every series with its file, relative to the corpus."""
    for experiment in experiments:
        for run in experiment["runs"]:
            for series in run["series"]:
                for source in series["source"].split(", "):
                    yield os.path.normpath(f"{experiment['path']}/{source}"), series


@pytest.mark.parametrize("corpus", RUNS)
def test_the_runs_are_found(surveyed: dict[str, list[dict[str, Any]]], corpus: str) -> None:
    assert sum(len(experiment["runs"]) for experiment in surveyed[corpus]) == RUNS[corpus]


@pytest.mark.parametrize("corpus", [name for name in RUNS if name.startswith("tb_")])
def test_every_tensorboard_scalar_agrees(surveyed: dict[str, list[dict[str, Any]]], corpus: str) -> None:
    told = series_of(surveyed[corpus])
    found = {(path.rpartition("/")[0] or ".", series["raw_name"]): series for path, series in told}
    checked = 0
    for folder, run in facts(corpus)["tensorboard_runs"].items():
        for tag, fact in run["tags"].items():
            if fact["kind"] != "scalar" or tag == "hp_metric":  # Lightning's placeholder is no metric
                continue
            series = found[folder, tag]
            assert series["count"] == fact["n"], (folder, tag)
            for ours, theirs in (
                ("first_step", "first_step"), ("last_step", "last_step"), ("last", "last"),
                ("min", "min"), ("max", "max"), ("min_step", "step_of_min"), ("max_step", "step_of_max"),
            ):  # fmt: skip
                assert series[ours] == fact[theirs], (folder, tag, ours)
            checked += 1
    assert checked


@pytest.mark.parametrize("corpus", ["hf_trainer_metamath", "rl_procgen", "dvclive_falcon", "detectron2_medwaste"])
def test_every_table_and_log_agrees(surveyed: dict[str, list[dict[str, Any]]], corpus: str) -> None:
    found = {(path, series["raw_name"]): series for path, series in series_of(surveyed[corpus])}
    checked = 0
    for path, file in facts(corpus)["files"].items():
        for column, told in (file.get("history") or file).get("series", {}).items():
            series = found.get((path, column))
            if series is not None:
                assert (series["count"] - series["nonfinite"]) == told["n"] - told.get("nonfinite", 0), (path, column)
                assert (series["min"], series["max"]) == (told["min"], told["max"]), (path, column)
                checked += 1
    assert checked


def test_repetitions_are_groups(surveyed: dict[str, list[dict[str, Any]]]) -> None:
    dopamine = Counter(run["group"] for experiment in surveyed["rl_dopamine"] for run in experiment["runs"])
    assert set(dopamine.values()) == {5}
    seeds = [run for e in surveyed["tb_torch_tianshou_pong"] for run in e["runs"] if "-v3" in run["name"]]
    assert set(Counter(run["group"] for run in seeds).values()) == {10}
    assert {run["seed"] for run in seeds} == set(range(10))


def test_every_seed_of_a_table_is_a_run(surveyed: dict[str, list[dict[str, Any]]]) -> None:
    found = Counter(path for path, _ in series_of(surveyed["rl_tdmpc2"]))
    points: Counter[str] = Counter()
    for path, series in series_of(surveyed["rl_tdmpc2"]):
        points[path] += series["count"]
    for path, file in facts("rl_tdmpc2")["files"].items():
        told = next(told for column, told in file["series"].items() if column not in ("step", "seed"))
        assert (found[path], points[path]) == (told["step_goes_back"] + 1, told["n"]), path


def test_the_settings_of_a_sweep_are_read(surveyed: dict[str, list[dict[str, Any]]]) -> None:
    (experiment,) = surveyed["hydra_wandb_vime"]
    for run in experiment["runs"]:
        for setting in run["name"].split(","):
            key, _, value = setting.partition("=")
            assert str(run["hparams"][key]).startswith(value) or key == "model", (run["name"], key)


def test_sacred_says_how_its_runs_went(surveyed: dict[str, list[dict[str, Any]]]) -> None:
    (experiment,) = surveyed["sacred_music"]
    told = {f"{experiment['path']}/{run['name']}": run for run in experiment["runs"]}
    for folder, known in facts("sacred_music")["headline"]["by_run"].items():
        run, begun = told[folder], datetime.fromisoformat(f"{known['start']}+00:00").timestamp()
        assert (run["status"], run["started"]) == ("finished", begun)
        assert {series["raw_name"]: series["count"] for series in run["series"]} == known["metrics"]


@pytest.mark.parametrize("corpus", RUNS)
def test_a_clean_folder_has_no_problem(surveyed: dict[str, list[dict[str, Any]]], corpus: str) -> None:
    problems = [p for e in surveyed[corpus] for owner in (e, *e["runs"]) for p in owner["problems"]]
    assert problems == []


# --- agents -----------------------------------------------------------------------------------------------------------


def curve(run: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [series for series in run["series"] if series["name"] == name]
    return dict(found)


def test_the_agents_of_the_zoo(surveyed: dict[str, list[dict[str, Any]]]) -> None:
    (experiment,) = surveyed["rl_sb3_zoo"]
    files = facts("rl_sb3_zoo")["files"]
    told = {run["name"]: run for run in experiment["runs"]}
    for name, agent in facts("rl_sb3_zoo")["headline"]["agents"].items():
        algorithm, _, environment = name.partition("/")
        run = told.pop(name)
        assert (run["algorithm"], run["task"]) == (algorithm, environment.removesuffix("_1"))
        judged, learned = curve(run, "val/return"), curve(run, "train/return")
        assert (judged["count"], judged["last_step"]) == (agent["evals"], agent["last_step"])
        assert (judged["last"], judged["max"]) == pytest.approx((agent["last"], agent["best"]), rel=1e-7)
        monitors = [
            file for path, file in files.items() if path.startswith(f"{name}/") and path.endswith("monitor.csv")
        ]
        assert len(monitors) == agent["monitors"] == len(learned["source"].split(", "))
        assert learned["count"] == curve(run, "train/episodes")["last"] == sum(file["rows"] for file in monitors)
        assert learned["max"] == max(file["series"]["r"]["max"] for file in monitors)
    assert not told


def test_the_environment_steps_of_the_zoo_are_those_of_all_environments(
    surveyed: dict[str, list[dict[str, Any]]],
) -> None:
    (experiment,) = surveyed["rl_sb3_zoo"]
    for run in experiment["runs"]:
        total = 0.0
        for path in sorted((CORPORA / "rl_sb3_zoo" / "data" / run["name"]).glob("*.monitor.csv")):
            rows = path.read_text(encoding="utf-8").splitlines()[2:]
            total += sum(float(row.split(",")[1]) for row in rows)
        assert curve(run, "train/return")["last_step"] == total


def test_benchmarks_are_tasks_by_algorithms_by_seeds(surveyed: dict[str, list[dict[str, Any]]]) -> None:
    (experiment,) = surveyed["rl_tdmpc2"]
    pairs = {(run["algorithm"], run["task"]) for run in experiment["runs"]}
    by_algorithm = Counter(algorithm for algorithm, _ in pairs)
    assert by_algorithm == facts("rl_tdmpc2")["headline"]["files_by_algorithm"]
    assert len({task for _, task in pairs}) == 104
    assert {run["seed"] for run in experiment["runs"]} == {1, 2, 3}
    assert {run["group"] for run in experiment["runs"]} == {f"{algorithm}/{task}" for algorithm, task in pairs}
    (dopamine,) = surveyed["rl_dopamine"]
    agents = facts("rl_dopamine")["files"]["data/pong.json"]["agents"]
    assert Counter(run["algorithm"] for run in dopamine["runs"]) == dict.fromkeys(agents, 5 * 5)
    assert {run["task"] for run in dopamine["runs"]} == {"asterix", "breakout", "pong", "qbert", "seaquest"}


def test_the_final_scores_of_a_benchmark(surveyed: dict[str, list[dict[str, Any]]]) -> None:
    """The mean over tasks of the mean over seeds at the last step of each table."""
    (experiment,) = surveyed["rl_tdmpc2"]
    told = facts("rl_tdmpc2")["headline"]["mean_final_reward"]
    for key, expected in told.items():
        algorithm, _, metric = key.partition("|")
        name = {"reward": "return", "success": "success_rate"}[metric]
        by_task: dict[str, list[dict[str, Any]]] = {}
        for run in experiment["runs"]:
            if run["algorithm"] == algorithm and any(series["name"] == name for series in run["series"]):
                by_task.setdefault(run["task"], []).append(curve(run, name))
        finals = []
        for curves in by_task.values():
            last = max(one["last_step"] for one in curves)
            there = [one["last"] for one in curves if one["last_step"] == last]
            finals.append(sum(there) / len(there))
        # Two tables of tdmpc repeat the last row of some seeds, which the facts count twice.
        exact = 2e-3 if key == "tdmpc|success" else 1e-9
        assert sum(finals) / len(finals) == pytest.approx(expected, rel=exact), key


def test_the_last_returns_of_a_benchmark(surveyed: dict[str, list[dict[str, Any]]]) -> None:
    (experiment,) = surveyed["rl_dopamine"]
    last = {(run["task"], run["algorithm"]): curve(run, "return")["last"] for run in experiment["runs"]}
    for path, file in facts("rl_dopamine")["files"].items():
        task = path.removeprefix("data/").removesuffix(".json")
        for agent, told in file["agents"].items():
            assert last[task, agent] == told["last_value"]


def test_what_each_run_of_coinrun_and_pong_is(surveyed: dict[str, list[dict[str, Any]]]) -> None:
    (coinrun,) = surveyed["rl_procgen"]
    assert {(run["task"], run["group"]) for run in coinrun["runs"]} == {("coinrun", "easy-200")}
    for run in coinrun["runs"]:
        assert curve(run, "train/return")["count"] == curve(run, "test/return")["count"] == 3051
    (tianshou,) = surveyed["tb_torch_tianshou_pong"]
    pairs = Counter((run["task"], run["algorithm"]) for run in tianshou["runs"])
    mujoco = [
        (task, agent) for task in ("Ant-v3", "Hopper-v3") for agent in ("a2c", "ddpg", "ppo", "reinforce", "sac", "td3")
    ]
    assert {pair: pairs[pair] for pair in mujoco} == dict.fromkeys(mujoco, 10)
    pong = {agent for task, agent in pairs if task == "PongNoFrameskip-v4"}
    assert pong == {"c51", "dqn", "fqf", "iqn", "ppo", "qrdqn", "rainbow"}
