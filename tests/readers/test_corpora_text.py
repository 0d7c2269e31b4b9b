"""Real logs: every curve agrees exactly with what independent parsers read (facts.json of each corpus)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlviz_docs.model import Reading, Series
from dlviz_docs.readers import Reader
from dlviz_docs.readers.checkpoint import Checkpoint
from dlviz_docs.readers.hf_trainer import HFTrainer
from dlviz_docs.readers.hparams import Hparams
from dlviz_docs.readers.json_metrics import JSONMetrics
from dlviz_docs.readers.keras_csv import KerasCSV
from dlviz_docs.readers.lightning_csv import LightningCSV
from dlviz_docs.readers.monitor import Monitor
from dlviz_docs.readers.table import MetricsTable

READERS: tuple[Reader, ...] = (
    HFTrainer(),
    Monitor(),
    Checkpoint(),
    LightningCSV(),
    KerasCSV(),
    Hparams(),
    JSONMetrics(),
    MetricsTable(),
)

# Corpus, reader, how many of its files that reader takes, and how many curves of facts.json they hold.
TAKEN = (
    ("hf_trainer_metamath", HFTrainer, 1, 3),
    ("hf_trainer_unitsyn", HFTrainer, 7, 14),
    ("tb_lightning_mnist", LightningCSV, 1, 4),
    ("ckpt_keras_face", KerasCSV, 1, 4),
    ("dvclive_falcon", MetricsTable, 11, 11),
    ("rl_tdmpc2", MetricsTable, 428, 60),
    ("rl_procgen", MetricsTable, 4, 48),
    ("tb_torch_tianshou_pong", MetricsTable, 26, 141),  # without means over seeds
    ("tb_trackio_asset", MetricsTable, 1, 1),
    ("rl_sb3_zoo", Monitor, 49, 147),
    ("mmengine_dfine", JSONMetrics, 7, 332),
    ("detectron2_medwaste", JSONMetrics, 1, 17),
    ("sacred_music", JSONMetrics, 8, 40),
)


def files(corpus: Path, reader: type) -> Iterator[tuple[str, Reading]]:
    """Every file the reader takes, by its place in the corpus, and what it gave."""
    data = corpus / "data"
    for path in sorted(data.rglob("*")):
        if path.is_file() and not path.is_symlink():
            first = next((candidate for candidate in READERS if candidate.matches(path)), None)
            if isinstance(first, reader):
                yield str(path.relative_to(data)), first.read(path)


def facts_of(corpus: Path, name: str) -> Mapping[str, Any]:
    """What is known of each column of one file."""
    known = json.loads((corpus / "facts.json").read_text())["files"].get(name, {})
    found = known.get("series") or known.get("history", {}).get("series") or known.get("metrics") or {}
    return {str(key): value for key, value in found.items()}


def measured(pieces: list[Series]) -> dict[str, float]:
    """What facts.json says of a column, computed from all parts of it together."""
    values = np.concatenate([piece.values for piece in pieces])
    steps = np.concatenate([piece.steps for piece in pieces])
    finite = values[np.isfinite(values)]
    return {
        "n": len(values),
        "last": float(values[-1]),
        "min": float(finite.min()),
        "max": float(finite.max()),
        "first_step": float(steps[0]),
        "last_step": float(steps[-1]),
    }


@pytest.mark.parametrize(("name", "reader", "count", "curves"), TAKEN, ids=[row[0] for row in TAKEN])
def test_every_curve_agrees_with_the_facts(corpora: Path, name: str, reader: type, count: int, curves: int) -> None:
    read = dict(files(corpora / name, reader))
    assert len(read) == count
    compared = 0
    for place, reading in read.items():
        facts = facts_of(corpora / name, place)
        by_raw: dict[str, list[Series]] = defaultdict(list)
        for series in reading.series:
            by_raw[series.raw_name].append(series)
        for raw, pieces in by_raw.items():
            if raw not in facts:
                continue
            found, expected = measured(pieces), facts[raw]
            # Validation rows by epoch between training rows by step: two curves, and no last row of both.
            told = {"n", "min", "max"} if len({piece.axis for piece in pieces}) > 1 else set(found)
            compared += 1
            for key in told & set(expected):
                assert found[key] == expected[key], (place, raw, key)
        assert not reading.problems, (place, reading.problems)
    assert compared == curves


def test_seeds_in_one_table_are_parts_whose_steps_do_not_go_back(corpora: Path) -> None:
    for place, reading in files(corpora / "rl_tdmpc2", MetricsTable):
        assert all(series.part.startswith("seed=") for series in reading.series), place
        assert all((np.diff(series.steps) >= 0).all() for series in reading.series), place


def test_a_table_of_many_runs_without_a_seed_column_is_told_apart(corpora: Path) -> None:
    for _, reading in files(corpora / "rl_dopamine", JSONMetrics):
        assert len(reading.series) == 6 * 5
        assert {len(series) for series in reading.series} == {199}


def test_states_of_two_runs_in_one_folder_have_two_parts(corpora: Path) -> None:
    parts = {
        place: {s.part for s in reading.series} for place, reading in files(corpora / "hf_trainer_unitsyn", HFTrainer)
    }
    assert parts.pop("results/checkpoint-500/trainer_state.json") == {"max_steps=555"}
    assert set.union(*parts.values()) == {"max_steps=176652"}


def test_mmengine_validates_by_epoch(corpora: Path) -> None:
    for _, reading in files(corpora / "mmengine_dfine", JSONMetrics):
        axes = {series.name: series.axis for series in reading.series}
        assert axes["train/loss"] == "step"
        assert axes.get("val/coco/bbox_mAP", "epoch") == "epoch"


def test_monitors_know_when_each_episode_ended(corpora: Path) -> None:
    _, reading = next(files(corpora / "rl_sb3_zoo", Monitor))
    reward, length = (next(series for series in reading.series if series.raw_name == name) for name in "rl")
    assert reward.steps.tolist() == np.cumsum(length.values).tolist()
    assert reward.times is not None
    assert reward.times[0] > 1.6e9
    assert reading.hparams["env_id"] == "CartPole-v1"


def test_settings_of_the_zoo_are_read_without_running_their_tags(corpora: Path) -> None:
    found = {place: reading.hparams for place, reading in files(corpora / "rl_sb3_zoo", Hparams)}
    config = found["a2c/LunarLander-v2_1/LunarLander-v2/config.yml"]
    assert config == {
        "ent_coef": 1e-05,
        "gamma": 0.995,
        "learning_rate": "lin_0.00083",
        "n_envs": 8,
        "n_steps": 5,
        "n_timesteps": 200000.0,
        "policy": "MlpPolicy",
    }


def test_hydra_settings_keep_their_interpolations(corpora: Path) -> None:
    found = dict(files(corpora / "hydra_wandb_vime", Hparams))
    config = found["multirun/data.n_labeled=100,data.n_workers=0/.hydra/config.yaml"].hparams
    assert config["data.unlabeled.dataset.n_labeled"] == "${data.n_labeled}"
    assert config["model.optimizer.betas"] == "0.9, 0.999"
    assert found["multirun/data.n_labeled=100,data.n_workers=0/.hydra/overrides.yaml"].hparams["data.n_labeled"] == 100


def test_what_is_no_metric_is_left_alone(corpora: Path) -> None:
    taken = {
        str(path.relative_to(corpora))
        for path in corpora.glob("*/data/**/*.*")
        if path.is_file() and any(word in path.name for word in ("coco", "mturk", "result.csv", "word.tsv", "summary"))
        if any(reader.matches(path) for reader in READERS)
    }
    assert taken == set()
