"""PyTorch Lightning's CSVLogger: metrics.csv, one row a call of `log`, most of its cells empty.

Every metric has its own steps: those of the rows where it has a value. Source: lightning/fabric/loggers/csv_logs.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Reading
from dlviz_docs.readers._curves import curves
from dlviz_docs.readers._table import MOST_BYTES, head, read_table

__all__ = ["LightningCSV"]

_WRITER = "Lightning CSVLogger"


@dataclass(frozen=True, slots=True)
class LightningCSV:
    """`metrics.csv` with the columns `step` and, from the trainer, `epoch`."""

    makes_run: ClassVar[bool] = True
    max_bytes: int = MOST_BYTES
    """Of a larger file, only so much is read."""

    def matches(self, path: Path) -> bool:
        if path.name != "metrics.csv":
            return False
        first = head(path)
        return first is not None and first.delimiter == "," and {"step", "epoch"} <= set(first.columns)

    def read(self, path: Path) -> Reading:
        try:
            table = read_table(path, max_bytes=self.max_bytes)
        except ReadError as error:
            raise ReadError(error.what, error.remedy, partial=Reading(_WRITER)) from error
        if "step" not in table.frame.numbers:
            return Reading(_WRITER, problems=table.problems)
        found = curves(table.frame, "step", source=path.name)
        return Reading(_WRITER, found.series, found.hparams, problems=(*table.problems, *found.problems))
