"""Curves that others trained: what a person sees in them, read off the numbers by eye, against what is said.

A label is due; one with a question mark may be said or not, since people would differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from curves import JUDGED

from dlviz_docs.gather import Told, gather_runs
from dlviz_docs.insights import observe
from dlviz_docs.model import Run
from dlviz_docs.registry import load_readers
from dlviz_docs.scan import scan

LABELS = {
    ("tb_lightning_mnist", "version_0"): "",
    ("tb_lightning_mnist", "version_1"): "",
    ("hf_trainer_metamath", "output"): "plateau?",  # one noisy epoch of fine-tuning
    ("hf_trainer_unitsyn", "max_steps=555"): "stopped-early?",  # 7.0 to 6.1 over its second half, ever slower
    ("hf_trainer_unitsyn", "max_steps=176652"): "plateau",  # 2.37 to 2.29 over its last two thirds
    ("dvclive_falcon", "dvclive"): "plateau?",  # 0.76 to 0.73 over its second half
    ("tb_tf2_review", "image/20200409-142247"): "overfitting?",  # the last of ten evaluations jumps up
    ("tb_tf2_review", "log-base"): "overfitting? plateau?",
    ("tb_tf2_review", "standard/20200516-110930"): "stopped-early",  # falls in a straight line to the last epoch
    ("tb_tf2_review", "standard/20200516-111503"): "stopped-early",
    ("tb_tf2_review", "standard/20200516-125033"): "stopped-early",
    ("tb_tf2_review", "custom/20200328-162351"): "",  # an exponential gone through four time constants
    ("tb_katib_asset", "logs"): "overfitting?",  # test loss 3 % above its best, training loss a third lower
    ("tb_trackio_asset", "data"): "plateau?",  # a language model, slower and slower
    ("tb_tf1_wandb_asset", "data"): "",
    ("detectron2_medwaste", "output"): "plateau",  # total loss near 1.0 from step 1,700 of 4,000
    ("tb_torch_tianshou_pong", "a2c"): "stopped-early",  # Ant: 4,500 to 5,060 over its last third
    ("tb_torch_tianshou_pong", "ddpg"): "stopped-early",  # from -500 at a third of the way to 620
    ("tb_torch_tianshou_pong", "reinforce"): "stopped-early",
    ("tb_torch_tianshou_pong", "sac"): "stopped-early?",
    (
        "tb_torch_tianshou_pong",
        "td3",
    ): "stopped-early?",  # 4,950 to 5,400, but that is less than half of the pace before
    ("tb_torch_tianshou_pong", "ppo"): "stopped-early?",
}
MEANS = "tb_torch_tianshou_pong"
"""Its labels are of means over ten seeds, the second column of its tables; a run is one seed."""


@pytest.mark.parametrize("corpus", sorted({corpus for corpus, _ in LABELS}))
def test_what_is_said_is_what_one_sees(corpora: Path, corpus: str, tmp_path: Path) -> None:
    expected = {name: labels.split() for (of, name), labels in LABELS.items() if of == corpus}
    folder = corpora / corpus / "data"
    found = {run.name: run for run in _runs(_means(folder / "Ant-v3", tmp_path) if corpus == MEANS else folder)}
    assert set(expected) <= set(found), f"runs are called {sorted(found)}"
    for name, labels in expected.items():
        said = {insight.kind for insight in observe(found[name])} & set(JUDGED)
        due = {label for label in labels if not label.endswith("?")}
        open_ = {label.rstrip("?") for label in labels}
        assert due <= said <= due | open_, f"{name}: {[insight.text for insight in observe(found[name])]}"


def _means(folder: Path, to: Path) -> Path:
    """The tables without their seeds."""
    for table in folder.glob("*/*.csv"):
        (to / table.parent.name).mkdir()
        rows = (line.split(",") for line in table.read_text(encoding="utf-8").splitlines())
        (to / table.parent.name / table.name).write_text("".join(f"{step},{mean}\n" for step, mean, *_ in rows))
    return to


def _runs(folder: Path) -> Iterator[Run]:
    """Every run at full resolution, read in this process."""
    readers, _ = load_readers({})
    for experiment in scan(folder, readers).experiments:
        for place in experiment.runs:
            told = [Told(source, readers[source.reader].read(Path(source.path))) for source in place.sources]
            yield from gather_runs(place, told)
