"""What the models of tables are run on: rows of a data set that has as many numbers as the model takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import MISSING, Dataset, Feature, FloatArray, Network, Samples
from dlviz_docs.options import InputEntry
from dlviz_docs.study.shown import held_out, spread

__all__ = ["Rows", "rows_for"]

MOST = 1000
"""Rows a model is run on."""
WIDEST = 256
"""Columns, each of which is shuffled several times."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows as a model takes them."""

    values: NDArray[np.float32]
    """Shape (n, columns); without rows in which a number is missing."""
    names: tuple[str, ...]
    truth: FloatArray | None
    """Shape (n,): class numbers, or values; NaN where it is not known."""
    classes: tuple[str, ...]


def rows_for(network: Network, samples: Samples, told: InputEntry) -> Rows | None:
    """What the model is shown; None where it takes no rows of numbers, or no data set has as many of them.

    `told` may say what is taken off each column, and what it is divided by, as of the channels of pictures.
    """
    ports = network.inputs
    width = ports[0].shape[1] if len(ports) == 1 and len(ports[0].shape) == 2 else None
    if not isinstance(width, int) or not 1 < width <= WIDEST or not ports[0].dtype.startswith("float"):
        return None
    found = (_rows(one, columns, told) for one in samples.datasets if len(columns := _columns(one)) == width)
    return next((rows for rows in found if rows is not None), None)


def _columns(data: Dataset) -> list[Feature]:
    """In the order of the file."""
    apart = (data.target, data.group, data.time)
    return [one for one in data.features if one.kind in ("number", "boolean") and one.name not in apart]


def _rows(data: Dataset, columns: list[Feature], told: InputEntry) -> Rows | None:
    table = np.stack([_numbers(one) for one in columns], axis=1)
    among = held_out(data)
    chosen = spread(among[np.isfinite(table[among]).all(axis=1)], MOST)
    if not chosen or any(len(one) not in (0, 1, len(columns)) for one in (told.mean, told.std)):
        return None
    scaled = (table[chosen] * (told.scale or 1.0) - np.array(told.mean or (0.0,))) / np.array(told.std or (1.0,))
    target = data.get(data.target)
    known = target is not None and target.kind in ("number", "category", "boolean")
    return Rows(
        scaled.astype(np.float32),
        tuple(one.name for one in columns),
        _numbers(target)[chosen] if target is not None and known else None,
        target.levels if target is not None else (),
    )


def _numbers(feature: Feature) -> FloatArray:
    """NaN where there is none."""
    values = feature.values.astype(np.float64)
    return values if feature.kind == "number" else np.where(values == MISSING, np.nan, values)
