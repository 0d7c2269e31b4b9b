"""Keras' CSVLogger: a row an epoch, in a .csv or .log of any name.

The first column is `epoch`, the metrics follow in alphabetical order; "NA" is a value that was not computed, an array
("[0.1, 0.2]") no point of a curve. With `append=True` a second `fit` begins at epoch 0 again: the rows stay in their
order. Source: keras/src/callbacks/csv_logger.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Reading
from dlviz_docs.readers._curves import curves
from dlviz_docs.readers._frame import is_step_like
from dlviz_docs.readers._table import MOST_BYTES, head, read_table

__all__ = ["KerasCSV"]

_WRITER = "Keras CSVLogger"


@dataclass(frozen=True, slots=True)
class KerasCSV:
    """A table whose columns stand in the order that CSVLogger gives them."""

    makes_run: ClassVar[bool] = True
    max_bytes: int = MOST_BYTES
    """Of a larger file, only so much is read."""

    def matches(self, path: Path) -> bool:
        if path.suffix.lower() not in (".csv", ".log", ".tsv"):
            return False
        first = head(path)
        return first is not None and _is_keras(first.columns) and all(row[0].isdigit() for row in first.rows)

    def read(self, path: Path) -> Reading:
        try:
            table = read_table(path, max_bytes=self.max_bytes)
        except ReadError as error:
            raise ReadError(error.what, error.remedy, partial=Reading(_WRITER)) from error
        if "epoch" not in table.frame.numbers:
            return Reading(_WRITER, problems=table.problems)
        found = curves(table.frame, "epoch", source=path.name)
        return Reading(_WRITER, found.series, found.hparams, problems=(*table.problems, *found.problems))


def _is_keras(columns: Sequence[str]) -> bool:
    """Metrics sorted, the invented `val_` ones after them; Keras writes no `train_` before a name, step or batch."""
    first, *metrics = columns
    if first != "epoch" or any(name.startswith(("train", "batch")) or is_step_like(name) for name in metrics):
        return False
    own = [name for name in metrics if not name.startswith("val_")]
    invented = own + [f"val_{name}" for name in own]
    return any("loss" in name for name in metrics) and metrics in (sorted(metrics), invented)
