"""What a checkpoint's name tells."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from dlviz_docs.readers.checkpoint import Checkpoint


@pytest.mark.parametrize(
    ("name", "step", "epoch", "score"),
    [
        ("epoch=3-step=500.ckpt", 500, 3, None),
        ("epoch=03-val_loss=0.12.ckpt", None, 3, 0.12),
        ("epoch=3-step=500-v1.ckpt", 500, 3, None),
        ("fer2013_mini_XCEPTION.102-0.66.hdf5", None, 102, 0.66),
        ("weights.03-0.52.weights.h5", None, 3, 0.52),
        ("model_0004999.pth", 4999, None, None),
        ("model_final.pth", None, None, None),
        ("iter_8000.pth", 8000, None, None),
        ("best_coco_bbox_mAP_epoch_12.pth", None, 12, None),
        ("epoch12.pt", None, 12, None),
        ("12_epochs.pt", None, 12, None),
        ("rl_model_10000_steps.zip", 10000, None, None),
        ("checkpoint-9.pth.tar", None, 9, None),
        ("model.ckpt-1234.index", 1234, None, None),
        ("ckpt-4.index", None, None, None),
        ("step_0.pt", 0, None, None),
        ("checkpoint-500/model.safetensors", 500, None, None),
        ("resnet50.onnx", None, None, None),
        ("resnet20-12fca82f.th", None, None, None),
        ("best_acc=0.91.pt", None, None, 0.91),
        ("model-f16.pt", None, None, None),
        ("reward=-21.5.pt", None, None, -21.5),
        ("val_loss-0.345.pt", None, None, 0.345),
    ],
)
def test_numbers_in_names(
    name: str, step: float | None, epoch: float | None, score: float | None, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"12345")
    assert Checkpoint().matches(path)
    (artifact,) = Checkpoint().read(path).artifacts
    assert (artifact.step, artifact.epoch, artifact.score, artifact.size) == (step, epoch, score, 5)


@pytest.mark.parametrize(
    "name",
    [
        "rng_state.pth",
        "optimizer.pt",
        "scheduler.pt",
        "training_args.bin",
        "test.pt",
        "model.ckpt-1.data-00000-of-00001",
    ],
)
def test_what_is_no_model_is_listed_apart(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.touch()
    assert Checkpoint().matches(path)
    assert Checkpoint().read(path).artifacts[0].kind == "other"


def agent(path: Path, data: bytes, *, mark: bool = True) -> Path:
    """An archive as Stable-Baselines3 saves a model."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data", data)
        if mark:
            archive.writestr("_stable_baselines3_version", "2.3.0")
    return path


def test_an_agents_archive_tells_its_plain_settings(tmp_path: Path) -> None:
    data = {
        "policy_class": {":type:": "<class 'abc.ABCMeta'>", ":serialized:": "gASVAA=="},
        "gamma": 0.99, "n_steps": 5, "use_sde": False, "seed": None, "num_timesteps": 5000, "_n_updates": 7,
        "tensorboard_log": "/home/me/tb", "clip_range": {":type:": "<class 'function'>", ":serialized:": "gASVAA=="},
    }  # fmt: skip
    reading = Checkpoint().read(agent(tmp_path / "best_model.zip", json.dumps(data).encode()))
    assert reading.hparams == {"gamma": 0.99, "n_steps": 5, "use_sde": False}
    assert reading.artifacts[0].step == 5000
    named = Checkpoint().read(agent(tmp_path / "rl_model_900_steps.zip", json.dumps(data).encode()))
    assert named.artifacts[0].step == 900


@pytest.mark.parametrize("data", [b"", b"[]", b'{"gamma": 0.9', b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_archive_of_an_agent_is_still_listed(data: bytes, tmp_path: Path) -> None:
    path = agent(tmp_path / "best_model.zip", data)
    assert Checkpoint().read(path).hparams == {}
    path.write_bytes(path.read_bytes()[:-30])
    (artifact,) = Checkpoint().read(path).artifacts
    assert (artifact.step, artifact.size) == (None, path.stat().st_size)


def test_other_archives_are_not_opened_for_settings(tmp_path: Path) -> None:
    assert Checkpoint().read(agent(tmp_path / "model.zip", b'{"gamma": 0.9}', mark=False)).hparams == {}
