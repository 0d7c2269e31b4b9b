"""What a tabular agent thinks of the cells of a grid world, as NPZ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dlviz_docs.record.arrays import Column, as_array, saved

__all__ = ["value_map"]


def value_map(
    folder: str | Path,
    q: Column,
    grid: Sequence[str],
    *,
    step: int | None = None,
    visits: Column | None = None,
    action_names: Sequence[str] = (),
    legend: Mapping[str, str] | None = None,
    gamma: float | None = None,
    name: str = "",
) -> Path:
    """Write `<folder>/step-<step>.npz`, or `<folder>/<name>.npz`; returns its path.

    `q` has shape (cells, actions), row by row, or (rows, columns, actions). `grid` is the world, one text a row and one
    letter a cell: "S" start, "G" goal, "#" wall, and what `legend` explains. `visits` counts how often the agent was in
    each cell. Raises `ValueError` where they do not fit.
    """
    values = as_array(q, "q")
    rows, columns = len(grid), len(grid[0]) if len(grid) else 0
    if {len(row) for row in grid} != {columns} or not columns:
        raise ValueError("grid: rows of one length are expected, one letter a cell")
    if values.ndim < 2 or values.size != rows * columns * values.shape[-1]:
        raise ValueError(f"q: has the shape {values.shape} for a grid of {rows} × {columns}")
    arrays: dict[str, Any] = {
        "q": values.reshape(rows, columns, values.shape[-1]),
        "grid": np.array([list(row) for row in grid]),
    }
    if visits is not None:
        arrays["visits"] = as_array(visits, "visits").reshape(rows, columns)
    if action_names:
        arrays["action_names"] = np.array([str(one) for one in action_names])
    if legend:
        arrays["legend"] = np.array([f"{letter}={meaning}" for letter, meaning in legend.items()])
    arrays |= {key: np.array(told) for key, told in (("step", step), ("gamma", gamma)) if told is not None}
    return saved(Path(folder) / f"{name or f'step-{step or 0}'}.npz", arrays)
