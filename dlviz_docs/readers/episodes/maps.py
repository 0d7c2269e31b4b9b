"""Tables of action values over the cells of a grid world, in NPZ.

`q` of shape (cells, actions), row by row, or (rows, columns, actions); `grid` of shape (rows, columns), one letter a
cell. Beside them, if they are there: `visits`, `action_names`, `step`, `gamma`, and `legend` with texts like "#=wall".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ReadError
from dlviz_docs.model import FloatArray, Problem, ValueMap
from dlviz_docs.names import exact_slug
from dlviz_docs.readers._text import clean
from dlviz_docs.readers.episodes._arrays import NpzArrays
from dlviz_docs.readers.episodes._keys import part_of
from dlviz_docs.readers.episodes._types import Found, Limits, Planned

__all__ = ["read_map"]

_MOST_CELLS = 40_000
_MOST_ACTIONS = 64
_LONGEST = 100
_REMEDY = "Save q of shape (cells, actions), and grid of shape (rows, columns) with a letter for each cell."


def read_map(found: Found, planned: Planned, limits: Limits) -> ValueMap:
    """ReadError where the table and the grid do not fit."""
    arrays = NpzArrays(found.root / planned.files[0], limits.most_bytes)
    names = {part_of(name) or name.lower(): name for name in arrays.names()}
    cells = _cells(arrays.whole(names["grid"]))
    shape = (len(cells), len(cells[0]))
    values = _values(arrays.whole(names["action values"]), shape)
    problems: list[str] = []
    visits = _visits(arrays, names, shape, problems)
    walls = np.array([[letter == "#" for letter in row] for row in cells])
    step = _single(arrays, names, "step")
    return ValueMap(
        exact_slug(planned.run, "") if planned.run else "",
        "",
        planned.source,
        np.where(walls[..., None], np.nan, values),
        cells,
        _legend(_texts(arrays, names, "legend")),
        visits,
        _actions(_texts(arrays, names, "action names"), values.shape[2]),
        planned.step if step is None else step,
        _single(arrays, names, "gamma"),
        tuple(Problem("episodes-damaged", planned.source, why, _REMEDY) for why in problems),
    )


def _cells(grid: NDArray[Any]) -> tuple[str, ...]:
    """One text a row: of letters, of bytes (gymnasium's `desc`), or of texts that are rows already."""
    if grid.dtype.kind not in "US" or grid.ndim not in (1, 2) or not 0 < grid.size <= _MOST_CELLS:
        raise ReadError(f"has a grid of type {grid.dtype} and shape {grid.shape}", _REMEDY)
    letters = np.char.decode(grid, "latin-1") if grid.dtype.kind == "S" else grid
    rows = [row if isinstance(row, str) else "".join(one[:1] or " " for one in row) for row in letters.tolist()]
    if not rows[0] or len({len(row) for row in rows}) > 1 or len(rows) * len(rows[0]) > _MOST_CELLS:
        raise ReadError("has a grid whose rows differ in length, or are too long", _REMEDY)
    return tuple(clean(row) for row in rows)


def _values(table: NDArray[Any], shape: tuple[int, int]) -> FloatArray:
    actions = table.shape[-1] if table.ndim > 1 else 0
    fits = table.shape in ((shape[0] * shape[1], actions), (*shape, actions))
    if table.dtype.kind not in "iuf" or not fits or not 0 < actions <= _MOST_ACTIONS:
        raise ReadError(f"has action values of shape {table.shape} for a grid of {shape[0]} × {shape[1]}", _REMEDY)
    return table.reshape(*shape, actions).astype(np.float64)


def _visits(arrays: NpzArrays, names: dict[str, str], shape: tuple[int, int], problems: list[str]) -> FloatArray | None:
    if "visits" not in names:
        return None
    counts = arrays.whole(names["visits"])
    if counts.dtype.kind not in "iuf" or counts.shape not in (shape, (shape[0] * shape[1],)):
        problems.append(
            f"visits have the shape {counts.shape} for a grid of {shape[0]} × {shape[1]}; they are left out"
        )
        return None
    return counts.reshape(shape).astype(np.float64)


def _texts(arrays: NpzArrays, names: dict[str, str], part: str) -> list[str]:
    if part not in names:
        return []
    value = arrays.whole(names[part])
    return [clean(text)[:_LONGEST] for text in value.reshape(-1).tolist()] if value.dtype.kind == "U" else []


def _single(arrays: NpzArrays, names: dict[str, str], part: str) -> float | None:
    if part not in names:
        return None
    value = arrays.whole(names[part])
    known = value.size == 1 and value.dtype.kind in "iuf" and bool(np.isfinite(value).all())
    return float(value.reshape(-1)[0]) if known else None


def _legend(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Of texts like "#=wall"."""
    return tuple((text[0], text[2:].strip()) for text in texts if text[1:2] == "=" and text[2:].strip())


def _actions(told: Sequence[str], count: int) -> tuple[str, ...]:
    return tuple(told) if len(told) == count else tuple(str(number) for number in range(count))
