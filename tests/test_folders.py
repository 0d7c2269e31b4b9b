"""Folders as other people's training code leaves them, end to end: the runs, names and settings a user would expect."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from dlviz_docs.build import survey
from dlviz_docs.options import parse
from dlviz_docs.report import describe
from tests.readers import _events as events

Told = dict[str, dict[str, Any]]


def told(root: Path, files: Mapping[str, str | list[str] | list[dict[str, Any]] | dict[str, Any]]) -> Told:
    """Every run by its name, as `dlviz scan --json` has it; no problem anywhere but that weights are none.

    A file is its text, its rows as JSON lines, one JSON document, or the tags of an event file.
    """
    for name, content in files.items():
        path = root / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        elif isinstance(content, dict):
            path.write_text(json.dumps(content), encoding="utf-8")
        elif "tfevents" in name:
            write_events(path, map(str, content))
        else:
            path.write_text("".join(f"{json.dumps(row)}\n" for row in content), encoding="utf-8")
    experiments, problems = survey(root / "in", parse({"workers": 0}), root / "cache")
    assert {problem.code for problem in problems} <= {"weights-damaged"}  # what stands for a checkpoint here is a word
    return {run["name"]: run for e in experiments for run in json.loads(describe(e))["runs"]}


def write_events(path: Path, tags: Iterable[str]) -> None:
    points = (events.event(10 * i, events.simple(tag, 1 / i), wall=1.7e9 + i) for tag in tags for i in (1, 2, 3))
    events.write(path, [events.version(), *points])


def names(run: Mapping[str, Any]) -> list[str]:
    return [series["name"] for series in run["series"]]


EVENTS = "events.out.tfevents.1700000000.host.1.0"
STATE = {
    "global_step": 20,
    "max_steps": 20,
    "log_history": [
        {"step": 10, "epoch": 0.5, "loss": 2.0, "learning_rate": 1e-4},
        {"step": 20, "epoch": 1.0, "loss": 1.0, "learning_rate": 1e-5},
        {"step": 20, "epoch": 1.0, "eval_loss": 0.5},
        {"step": 20, "epoch": 1.0, "train_loss": 1.5, "train_runtime": 60.0},
    ],
}
LIGHTNING = "epoch,step,train_loss,val_acc\n0,9,0.5,\n0,9,,0.6\n1,19,0.4,\n1,19,,0.7\n"


def test_llama_factory(tmp_path: Path) -> None:
    results = {"epoch": 1.0, "eval_loss": 0.5, "train_loss": 1.5, "train_runtime": 60.0}
    log = [
        {"current_steps": 10, "total_steps": 20, "loss": 2.0, "lr": 1e-4, "epoch": 0.5, "elapsed_time": "0:00:10"},
        {"current_steps": 20, "total_steps": 20, "loss": 1.0, "lr": 1e-5, "epoch": 1.0, "elapsed_time": "0:00:20"},
    ]
    folder = "saves/llama3-8b/lora/sft"
    (run,) = told(
        tmp_path,
        {
            f"{folder}/trainer_state.json": STATE,
            f"{folder}/checkpoint-20/trainer_state.json": STATE,
            f"{folder}/checkpoint-20/adapter_model.safetensors": "x",
            f"{folder}/trainer_log.jsonl": log,
            f"{folder}/all_results.json": results,
            f"{folder}/train_results.json": results,
            f"{folder}/eval_results.json": results,
            f"{folder}/runs/Jan01_12-00-00_host/{EVENTS}": ["train/loss", "train/grad_norm"],
        },
    ).values()
    assert run["status"] == "finished"
    assert names(run) == ["train/grad_norm", "train/learning_rate", "train/loss", "val/loss"]
    assert [series["last"] for series in run["series"] if series["name"] == "val/loss"] == [0.5]


def test_torch_add_scalars_with_names_of_its_own(tmp_path: Path) -> None:
    (run,) = told(
        tmp_path,
        {
            f"runs/Jan01/{EVENTS}": ["lr"],
            f"runs/Jan01/Loss_train loss/{EVENTS}": ["Loss"],
            f"runs/Jan01/Loss_val loss/{EVENTS}": ["Loss"],
            f"runs/Jan01/waves_sin/{EVENTS}": ["waves"],
            f"runs/Jan01/waves_cos/{EVENTS}": ["waves"],
            f"runs/Jan01/1700000000.123/{EVENTS}": ["hparam/accuracy"],
        },
    ).values()
    assert names(run) == ["hparam/accuracy", "lr", "train/Loss", "val/Loss", "waves/cos", "waves/sin"]


def test_tensorboardx_add_scalars(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        {f"runs/{run}/{at}{EVENTS}": [tag] for run in "ab" for at, tag in (("", "lr"), ("Loss/train/", "Loss"))},
    )
    assert {name: names(run) for name, run in found.items()} == {key: ["lr", "train/Loss"] for key in "ab"}


def test_lightning_hydra_template(tmp_path: Path) -> None:
    job = "logs/train/runs/2024-01-01_12-00-00"
    (run,) = told(
        tmp_path,
        {
            f"{job}/.hydra/config.yaml": "seed: 7\nmodel:\n  lr: 1e-3\n",
            f"{job}/.hydra/overrides.yaml": "- trainer.max_epochs=2\n",
            f"{job}/csv/version_0/metrics.csv": LIGHTNING,
            f"{job}/tensorboard/version_0/{EVENTS}": ["train_loss"],
            f"{job}/checkpoints/epoch_001.ckpt": "x",
        },
    ).values()
    assert run["seed"] == 7
    assert names(run) == ["train/loss", "val/acc"]
    assert run["hparams"]["model.lr"] == 1e-3
    assert [checkpoint["epoch"] for checkpoint in run["checkpoints"]] == [1]


@pytest.mark.parametrize("names_of_runs", [("train",), ("train", "train2")])
def test_ultralytics(tmp_path: Path, names_of_runs: tuple[str, ...]) -> None:
    table = (
        "epoch,time,train/seg_loss,metrics/recall(B),metrics/mAP50(B),metrics/mAP50(M),val/seg_loss,lr/pg0\n"
        "1,12.5,2.0,0.1,0.2,0.3,2.1,0.01\n2,25,1.0,0.2,0.3,0.4,nan,0.01\n"
    )
    found = told(
        tmp_path,
        {f"runs/segment/{run}/{name}": text for run in names_of_runs for name, text in
         (("results.csv", table), ("args.yaml", "task: segment\nlr0: 0.01\n"), ("weights/best.pt", "x"))},
    )  # fmt: skip
    assert {name.rpartition("/")[2] for name in found} == set(names_of_runs)
    run = next(iter(found.values()))
    assert "metrics/mAP50(B)" in names(run)
    assert "val/seg_loss" in names(run)
    assert not [name for name in names(run) if name.startswith("train/metrics")]
    assert len(run["checkpoints"]) == 1


def test_stable_baselines_logs_and_monitors(tmp_path: Path) -> None:
    monitor = '#{{"t_start": {}, "env_id": "CartPole-v1"}}\nr,l,t\n20,20,{}\n30,30,{}\n'
    (run,) = told(
        tmp_path,
        {
            "ppo/CartPole-v1_1/0.monitor.csv": monitor.format(1.7e9, 1, 3),
            "ppo/CartPole-v1_1/1.monitor.csv": monitor.format(1.7e9, 2, 4),
            "ppo/CartPole-v1_1/progress.csv": "rollout/ep_rew_mean,time/total_timesteps\n22,2048\n25,4096\n",
            "ppo/CartPole-v1_1/CartPole-v1/args.yml": (
                "!!python/object/apply:collections.OrderedDict\n- - - algo\n    - ppo\n  - - seed\n    - 3\n"
            ),
        },
    ).values()
    assert run["seed"] == 3
    assert {series["name"]: series["count"] for series in run["series"]} == {
        "train/length": 4, "train/return": 4, "train/episodes": 4, "rollout/ep_rew_mean": 2, "time_elapsed": 4,
    }  # fmt: skip


def test_mmengine_work_dirs(tmp_path: Path) -> None:
    rows = [
        {"lr": 0.01, "data_time": 0.1, "loss": 1.0, "epoch": 1, "iter": 50, "step": 50},
        {"lr": 0.01, "data_time": 0.1, "loss": 0.5, "epoch": 1, "iter": 100, "step": 100},
        {"coco/bbox_mAP": 0.2, "data_time": 0.1, "step": 1},
    ]
    folder = "work_dirs/rtmdet/20240101_120000"
    (run,) = told(
        tmp_path,
        {
            f"{folder}/vis_data/scalars.json": rows,
            f"{folder}/vis_data/20240101_120000.json": rows,
            f"{folder}/20240101_120000.json": {"coco/bbox_mAP": 0.2},
            "work_dirs/rtmdet/epoch_1.pth": "x",
        },
    ).values()
    assert names(run) == ["lr", "train/data_time", "train/loss", "val/coco/bbox_mAP", "val/data_time"]
    assert len(run["checkpoints"]) == 1


def test_dvclive_of_the_hugging_face_trainer(tmp_path: Path) -> None:
    (run,) = told(
        tmp_path,
        {
            "dvclive/metrics.json": {
                "train": {"loss": 0.8, "runtime": 60},
                "eval": {"loss": 0.5},
                "loss": 0.7,
                "step": 4,
            },
            "dvclive/plots/metrics/loss.tsv": "step\tloss\n0\t0.9\n2\t0.7\n",
            "dvclive/plots/metrics/eval/loss.tsv": "step\tloss\n1\t0.6\n3\t0.5\n",
            "dvclive/plots/metrics/train/loss.tsv": "step\tloss\n4\t0.8\n",
            "dvclive/plots/metrics/train/runtime.tsv": "step\truntime\n4\t60\n",
            "dvclive/plots/sklearn/roc.json": {"roc": [{"fpr": 0, "tpr": 0, "threshold": 1}]},
        },
    ).values()
    assert {series["name"]: series["count"] for series in run["series"]} == {"train/loss": 2, "val/loss": 2}


def test_cleanrl(tmp_path: Path) -> None:
    found = told(
        tmp_path, {f"runs/CartPole-v1__ppo__{s}__170000000{s}/{EVENTS}": ["charts/episodic_return"] for s in (1, 2)}
    )
    assert {(run["seed"], run["group"]) for run in found.values()} == {(1, "CartPole-v1__ppo"), (2, "CartPole-v1__ppo")}


def test_sacred(tmp_path: Path) -> None:
    about = {"experiment": {"name": "mnist"}, "command": "main", "start_time": "2024-01-01T12:00:00", "heartbeat": None}
    curve = {"testAcc": {"steps": [0, 1], "values": [0.1, 0.2], "timestamps": ["2024-01-01T12:00:01"] * 2}}
    found = told(
        tmp_path,
        {
            "runs/1/run.json": {**about, "status": "COMPLETED", "result": 0.2, "stop_time": "2024-01-01T12:10:00"},
            "runs/1/config.json": {"lr": 0.1, "seed": 5},
            "runs/1/metrics.json": curve,
            "runs/2/run.json": {**about, "status": "FAILED", "fail_trace": ["Traceback\n", "ValueError: nan\n"]},
            "runs/2/config.json": {"lr": 9.0, "seed": 6},
            "runs/2/metrics.json": "{}",
            "runs/_sources/main_abc.py": "",
        },
    )
    assert {name: (run["status"], run["seed"]) for name, run in found.items()} == {
        "1": ("finished", 5), "2": ("failed", 6),
    }  # fmt: skip
    assert names(found["1"]) == ["test/acc"]
    assert found["1"]["hparams"]["sacred.result"] == 0.2
    assert found["1"]["ended"] - found["1"]["started"] == 600


def test_yolov7(tmp_path: Path) -> None:
    rows = "".join(
        f"     {epoch}/2      7.1G" + "       0.1" * 4 + "         9       640" + f"{epoch:>10}" * 7 + "\n"
        for epoch in range(3)
    )
    (run,) = told(
        tmp_path,
        {
            "runs/train/exp/results.txt": rows,
            "runs/train/exp/opt.yaml": "epochs: 3\n",
            "runs/train/exp/hyp.yaml": "lr0: 0.01\n",
            "runs/train/exp/weights/best.pt": "x",
        },
    ).values()
    assert run["hparams"] == {"epochs": 3, "lr0": 0.01}
    assert {series["count"] for series in run["series"] if series["name"].startswith("metrics/")} == {2}


def test_a_trainer_that_logs_beside_its_checkpoints(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        {f"{model}/{name}": content for model in ("bert", "roberta") for name, content in
         (("checkpoint-20/trainer_state.json", STATE), ("checkpoint-20/config.json", {"model_type": "bert"}),
          (f"logs/{EVENTS}", ["train/loss", "train/grad_norm"]))},
    )  # fmt: skip
    assert {name: names(run) for name, run in found.items()} == {
        model: ["train/grad_norm", "train/learning_rate", "train/loss", "val/loss"] for model in ("bert", "roberta")
    }
    assert {run["status"] for run in found.values()} == {"finished"}


def test_spinning_up_seeds_of_two_algorithms(tmp_path: Path) -> None:
    table = "Epoch\tAverageEpRet\tStdEpRet\tTotalEnvInteracts\tLossPi\n1\t10\t1\t4000\t-0.1\n2\t20\t1\t8000\t-0.2\n"
    found = told(
        tmp_path,
        {f"data/{name}/{name}_s{seed}/{file}": text for name in ("ppo", "sac") for seed in (0, 10) for file, text in
         (("progress.txt", table), ("config.json", {"seed": seed, "gamma": 0.99}))},
    )  # fmt: skip
    assert {(run["group"], run["seed"]) for run in found.values()} == {
        ("ppo/ppo", 0), ("ppo/ppo", 10), ("sac/sac", 0), ("sac/sac", 10),
    }  # fmt: skip
    assert all(series["last_step"] == 8000 for run in found.values() for series in run["series"])
