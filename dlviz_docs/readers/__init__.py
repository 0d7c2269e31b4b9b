"""Log formats: one format, one file. The only room that opens what stands in an experiments folder.

A new format is a module here, one row in `READERS`, and one case folder in `tests/readers/formats/<name>/`.
The same word is the module, the registry name, the option key, the case folder and the heading in the docs.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from dlviz_docs.model import Reading

__all__ = ["READERS", "Reader"]


@runtime_checkable
class Reader(Protocol):
    """One log format. A frozen dataclass: its fields are the options a user may set."""

    makes_run: ClassVar[bool]
    """Whether such a file is a run by itself (metrics), or only belongs to one (settings, checkpoints)."""

    def matches(self, path: Path) -> bool:
        """Whether the file is of this format: by its name, or else by its first bytes. Cheap; imports no framework."""
        ...

    def read(self, path: Path) -> Reading:
        """What is in the file; raises `ReadError`, with the partial reading and a remedy, if it is damaged."""
        ...


# Most specific first: the first reader that says yes takes the file.
READERS: tuple[tuple[str, str], ...] = (
    ("tensorboard", "dlviz_docs.readers.tensorboard:TensorBoard"),  # by name alone: *tfevents*
    ("hf_trainer", "dlviz_docs.readers.hf_trainer:HFTrainer"),  # by name alone: trainer_state.json
    ("sacred", "dlviz_docs.readers.sacred:Sacred"),  # run.json
    ("yolo_results", "dlviz_docs.readers.yolo_results:YOLOResults"),  # results.txt without names
    ("monitor", "dlviz_docs.readers.monitor:Monitor"),  # *monitor.csv; before the tables, which have no time of day
    ("evaluations", "dlviz_docs.readers.evaluations:Evaluations"),  # evaluations.npz
    ("checkpoint", "dlviz_docs.readers.checkpoint:Checkpoint"),  # by suffix; before hparams, which takes any .json
    ("lightning_csv", "dlviz_docs.readers.lightning_csv:LightningCSV"),  # metrics.csv with a step column
    ("keras_csv", "dlviz_docs.readers.keras_csv:KerasCSV"),  # first column epoch; .csv and .log
    ("hparams", "dlviz_docs.readers.hparams:Hparams"),  # by name: hparams, config, params, args, .hydra/*
    ("json_metrics", "dlviz_docs.readers.json_metrics:JSONMetrics"),  # JSON and JSON lines of numbers
    ("table", "dlviz_docs.readers.table:MetricsTable"),  # any other CSV or TSV with a step-like column
)
