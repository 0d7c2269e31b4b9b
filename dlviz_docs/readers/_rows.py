"""Rows of a log, one mapping each, as a `Frame`: converted in batches, so that memory follows the numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from dlviz_docs.model import FloatArray, Hparam
from dlviz_docs.readers._flatten import hparams, leaves, number
from dlviz_docs.readers._frame import MOST_COLUMNS, Column, Frame, Words
from dlviz_docs.readers._text import clean

__all__ = ["frame_of"]

_SETTINGS = "config"
"""Ray and mmcv repeat the settings in their rows."""
_BATCH = 4096


@dataclass(slots=True)
class _Cells:
    """One key while rows come in."""

    rows: list[int] = field(default_factory=list)
    """Of the cells that are not converted yet."""
    values: list[object] = field(default_factory=list)
    done: list[Column] = field(default_factory=list)
    words: dict[int, str] = field(default_factory=dict)

    def convert(self) -> None:
        column = self._all_numbers() or self._sifted()
        self.done.append(column)
        self.rows, self.values = [], []

    def _all_numbers(self) -> Column | None:
        """The quick way, for cells that are all int or float; None for others, and for an int beyond a float."""
        if not set(map(type, self.values)) <= {int, float}:
            return None
        try:
            return Column(np.array(self.rows, np.intp), np.array(self.values, np.float64))
        except OverflowError:
            return None

    def _sifted(self) -> Column:
        rows, values = [], []
        for row, value in zip(self.rows, self.values, strict=True):
            found = number(value)
            if found is not None:
                rows.append(row)
                values.append(found)
            elif isinstance(value, str):
                self.words[row] = clean(value)
        return Column(np.array(rows, np.intp), np.array(values, np.float64))

    def column(self) -> Column:
        values: FloatArray = np.concatenate([piece.values for piece in self.done])
        return Column(np.concatenate([piece.rows for piece in self.done]), values)


def frame_of(rows: Iterable[Mapping[str, object]]) -> tuple[Frame, Mapping[str, Hparam]]:
    """Columns under their keys (the first 10,000), nested ones joined by slashes, and the settings of the first row."""
    cells: dict[str, _Cells] = defaultdict(_Cells)
    settings: Mapping[str, Hparam] = {}
    count = 0
    for row in rows:
        if isinstance(config := row.get(_SETTINGS), Mapping):
            settings = settings or hparams(config)
            row = {key: value for key, value in row.items() if key != _SETTINGS}
        for name, value in _flat(row):
            if name not in cells and len(cells) >= MOST_COLUMNS:
                continue
            cell = cells[name]
            cell.rows.append(count)
            cell.values.append(value)
        count += 1
        if count % _BATCH == 0:
            _convert(cells.values())
    _convert(cells.values())
    numbers = {clean(name): column for name, cell in cells.items() if len((column := cell.column()).rows)}
    words = {
        clean(name): Words(list(cell.words), list(cell.words.values())) for name, cell in cells.items() if cell.words
    }
    return Frame(count, numbers, {name: found for name, found in words.items() if name not in numbers}), settings


def _convert(cells: Iterable[_Cells]) -> None:
    for cell in cells:
        cell.convert()


def _flat(row: Mapping[str, object]) -> Iterable[tuple[str, object]]:
    """The row's leaves; most rows have nothing nested, and there are many of them."""
    if any(isinstance(value, dict) for value in row.values()):
        return leaves(row, "/")
    return row.items()
