"""The command, as a new user types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dlviz_docs.cli import main


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "metrics.csv").write_text("step,train_loss\n0,1.0\n1,0.5\n")
        (tmp_path / "runs" / name / "config.yaml").write_text("lr: 0.1\n")
    (tmp_path / "runs" / "notes.txt").write_text("x")
    return tmp_path / "runs"


def test_build_writes_a_site_that_opens(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", str(runs), "-o", str(tmp_path / "out"), "--workers", "0"]) == 0
    assert (tmp_path / "out" / "index.html").is_file()
    assert str(tmp_path / "out" / "index.html") in capsys.readouterr().err.replace("\n", "")
    assert {path.name for path in tmp_path.iterdir()} == {"runs", "out", "user-cache"}


def test_quiet_is_quiet(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", str(runs), "-o", str(tmp_path / "out"), "-q", "--workers", "0"]) == 0
    assert capsys.readouterr() == ("", "")


def test_build_to_markdown(runs: Path, tmp_path: Path) -> None:
    assert main(["build", str(runs), "--to", str(tmp_path / "md"), "--workers", "0"]) == 0
    assert (tmp_path / "md" / "runs" / "training" / "index.md").is_file()
    assert (tmp_path / "md" / "nav.yml").is_file()


def test_scan_explains_every_file(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", str(runs), "--explain"]) == 0
    out = capsys.readouterr().out
    assert "experiment runs  (.)" in out
    assert "  run a\n" in out
    assert "a/metrics.csv  <- table" in out
    assert "a/config.yaml  <- hparams" in out
    assert "left out  notes.txt: a text" in out


def test_scan_explains_what_told_task_algorithm_and_seed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for algorithm in ("ppo", "sac"):
        for seed in (0, 1):
            folder = tmp_path / algorithm / f"seed_{seed}"
            folder.mkdir(parents=True)
            (folder / "progress.csv").write_text("rollout/ep_rew_mean,time/total_timesteps\n1,10\n2,20\n")
            (folder / "args.yml").write_text("env: Ant-v4\n")
    assert main(["scan", str(tmp_path), "--explain", "--workers", "0", "--cache-dir", str(tmp_path / ".cache")]) == 0
    told = "group ppo: 2 runs; seeds 0, 1 (its name); task Ant-v4 (the setting env); algorithm ppo (the name ppo)"
    assert f"  {told}\n" in capsys.readouterr().out


def test_scan_says_which_models_are_not_read(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (runs / "a" / "model.tflite").write_bytes(b"TFL3")
    assert main(["scan", str(runs), "--explain"]) == 0
    assert "left out  a/model.tflite: a model of TensorFlow Lite, which is not read" in capsys.readouterr().out


def test_scan_explains_data_and_predictions(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("polars")
    (runs / "a" / "predictions.csv").write_text("label,prediction\nx,x\ny,x\n")
    (runs / "data").mkdir()
    (runs / "data" / "train.csv").write_text("size,label\n1,x\n2,y\n")
    assert main(["scan", str(runs), "--explain"]) == 0
    out = capsys.readouterr().out
    assert "    data/train.csv  <- table  [train]\n" in out
    assert "  predictions a" in out
    assert "    a/predictions.csv  <- table\n" in out


def test_scan_for_machines(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", str(runs), "--json", "--workers", "0"]) == 0
    told = json.loads(capsys.readouterr().out)
    (experiment,) = told["experiments"]
    assert [run["name"] for run in experiment["runs"]] == ["a", "b"]
    assert experiment["runs"][0]["hparams"] == {"lr": 0.1}


def test_strict_tells_by_its_exit_code(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (runs / "experiment.yml").write_text("titel: x\n")
    command = ["build", str(runs), "-o", str(tmp_path / "out"), "--workers", "0"]
    assert main(command) == 0
    (tmp_path / "out" / "index.html").write_text("the old site")
    assert main([*command, "--strict"]) == 1
    told = capsys.readouterr().err
    assert "titel" in told
    assert "Nothing was written" in told
    assert (tmp_path / "out" / "index.html").read_text() == "the old site"
    assert main(["build", str(runs), "--to", str(tmp_path / "md"), "--workers", "0", "--strict"]) == 1
    assert not (tmp_path / "md").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["build", "nowhere"], "nowhere is not a folder"),
        (["scan", "nowhere", "--json"], "nowhere is not a folder"),
        (["build", "runs", "-o", "."], "would be replaced"),
    ],
)
def test_a_wrong_folder_is_said(
    runs: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err.replace("\n", " ")


def test_ctrl_c_ends_a_build_at_once_and_leaves_nothing(runs: Path, tmp_path: Path) -> None:
    for i in range(400):
        (runs / f"more-{i}").mkdir()
        (runs / f"more-{i}" / "metrics.csv").write_text(
            "step,loss\n" + "".join(f"{s},{1 / (s + 1)}\n" for s in range(2000))
        )
    before = sorted(tmp_path.iterdir())
    command = [sys.executable, "-m", "dlviz_docs.cli", "build", str(runs), "-o", str(tmp_path / "out"), "--cache-dir"]
    process = subprocess.Popen([*command, str(tmp_path / "user-cache")], stderr=subprocess.PIPE, start_new_session=True)
    while not list((tmp_path / "user-cache").glob("??/*")):  # workers are at it
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in errors
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / "user-cache"])
