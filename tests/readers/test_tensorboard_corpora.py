"""Real event files: every tag agrees exactly with what independent parsers read (facts.json of each corpus)."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlviz_docs.model import Reading
from dlviz_docs.readers.tensorboard import TensorBoard

CORPORA = (
    "tb_katib_asset",
    "tb_keras_mlflow_chest",
    "tb_lightning_mnist",
    "tb_tf1_wandb_asset",
    "tb_tf2_review",
    "tb_torch_tianshou_pong",
    "tb_trackio_asset",
)
KINDS = {"image": "image", "histogram": "histogram", "text": "text", "audio": "audio"}


def runs(corpus: Path) -> dict[str, list[Reading]]:
    """The readings of each directory, files in the order of their names."""
    reader = TensorBoard()
    found: dict[str, list[Reading]] = {}
    for path in sorted(corpus.rglob("*")):
        if path.is_file() and reader.matches(path):
            found.setdefault(path.parent.relative_to(corpus).as_posix(), []).append(reader.read(path))
    return found


def curve(readings: list[Reading], tag: str) -> tuple[np.ndarray, np.ndarray]:
    found = [series for reading in readings for series in reading.series if series.raw_name == tag]
    return np.concatenate([s.steps for s in found]), np.concatenate([s.values for s in found])


def told(steps: np.ndarray, values: np.ndarray) -> dict[str, float]:
    return {
        "n": len(steps),
        "last": values[-1],
        "min": values.min(),
        "max": values.max(),
        "first_step": steps[0],
        "last_step": steps[-1],
        "max_step": steps.max(),
        "step_of_min": steps[values.argmin()],
        "step_of_max": steps[values.argmax()],
    }


@pytest.mark.parametrize("name", CORPORA)
def test_every_tag(corpora: Path, name: str) -> None:
    facts: dict[str, Any] = json.loads((corpora / name / "facts.json").read_text())["tensorboard_runs"]
    found = runs(corpora / name / "data")
    assert set(found) == set(facts)
    for run, readings in found.items():
        tags = facts[run]["tags"]
        # Lightning's placeholder is no metric, and is dropped.
        scalars = {tag: fact for tag, fact in tags.items() if fact["kind"] == "scalar" and tag != "hp_metric"}
        assert {series.raw_name for reading in readings for series in reading.series} == set(scalars)
        for tag, fact in scalars.items():
            expected = told(*curve(readings, tag))
            assert expected == {key: fact[key] for key in expected}, f"{run}: {tag}"
        assert not [problem for reading in readings for problem in reading.problems]


@pytest.mark.parametrize("name", CORPORA)
def test_what_is_counted(corpora: Path, name: str) -> None:
    facts: dict[str, Any] = json.loads((corpora / name / "facts.json").read_text())["tensorboard_runs"]
    for run, readings in runs(corpora / name / "data").items():
        media = sum((Counter(reading.media) for reading in readings), Counter())
        expected: Counter[str] = Counter()
        for fact in facts[run]["tags"].values():
            kind = fact["kind"].removeprefix("tensor:")
            expected["graph" if kind.startswith("graph") else KINDS.get(kind, "")] += fact["n"]
        events = [Counter(one.get("other_events", {})) for one in facts[run]["event_files"]]
        expected["graph"] += sum(sum(one[what] for what in ("graph_def", "meta_graph_def")) for one in events)
        assert {kind: media[kind] for kind in ("image", "histogram", "text", "audio", "graph")} == {
            kind: expected[kind] for kind in ("image", "histogram", "text", "audio", "graph")
        }, run


def test_settings(corpora: Path) -> None:
    pong = runs(corpora / "tb_torch_tianshou_pong/data")["dqn"][0]
    assert pong.hparams["lr"] == 0.0001
    assert pong.hparams["state_shape"] == "4, 84, 84"
    sweep = runs(corpora / "tb_tf2_review/data")["hparam_tuning/run-7"][0]
    assert sweep.hparams == {"optimizer": "sgd", "dropout": 0.2, "num_units": 32}
