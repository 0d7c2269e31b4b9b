"""Which axes of an activation are rows and columns of the picture: channels first, channels last, or tokens."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Grid", "grid_of"]

PREFIXES = (0, 1, 2, 4, 5)
"""Tokens that stand before those of the picture: of the class, of distillation, registers."""
_ASPECT = math.log(1.25)
"""How far the aspect of a grid of activations may lie from the input's, beside what rounding at its border makes."""
_SQUARE = math.log(1.12)
"""The same of tokens: patches are square, and all are whole."""


@dataclass(frozen=True, slots=True)
class Grid:
    """How an activation lies over the picture."""

    layout: Literal["channels first", "channels last", "tokens"]
    rows: int
    columns: int
    channels: int
    prefix: int = 0
    """Tokens that have no place in the picture."""

    def spread(self, x: Tensor) -> Tensor:
        """The activation, or its gradient, as (n, channels, rows, columns)."""
        if self.layout == "channels first":
            return x
        if self.layout == "channels last":
            return x.permute(0, 3, 1, 2)
        tokens = x[:, self.prefix :].transpose(1, 2)
        return tokens.reshape(len(x), -1, self.rows, self.columns)

    @property
    def cells(self) -> int:
        """Of the whole grid."""
        return self.rows * self.columns


def grid_of(shape: tuple[int, ...], height: int, width: int) -> Grid | None:
    """How an activation of that shape lies over an input of height and width; None where it has no rows and columns.

    Of four axes those whose ratio is nearest the input's, the channels first if both could be; of three, tokens that
    fill a grid of about the input's aspect after 0, 1, 2, 4 or 5 others.
    """
    if len(shape) == 4:
        return _of_four(shape, height, width)
    return _of_tokens(shape[1], shape[2], height, width) if len(shape) == 3 else None


def _of_four(shape: tuple[int, ...], height: int, width: int) -> Grid | None:
    first, last = _misfit(shape[2], shape[3], height, width), _misfit(shape[1], shape[2], height, width)
    if first is not None and (last is None or first <= last or shape[2] != shape[3]):
        return Grid("channels first", shape[2], shape[3], shape[1])
    return None if last is None else Grid("channels last", shape[1], shape[2], shape[3])


def _misfit(rows: int, columns: int, height: int, width: int) -> float | None:
    """|log| of the ratio of two aspects; None where the grid is finer than the input, or too unlike."""
    if not (0 < rows <= height and 0 < columns <= width):
        return None
    apart = abs(math.log(rows / columns * width / height))
    # Cells at the border are rounded up or down: one more or less makes much of a difference to a small grid.
    slack = _ASPECT + 1 / min(rows, columns)
    return apart if apart <= slack else None


def _of_tokens(tokens: int, channels: int, height: int, width: int) -> Grid | None:
    found: list[tuple[float, int, Grid]] = []
    for prefix in PREFIXES:
        cells = tokens - prefix
        for rows in (r for r in range(1, min(cells, height) + 1) if cells % r == 0):
            columns = cells // rows
            apart = abs(math.log(rows / columns * width / height))
            if columns <= width and apart <= _SQUARE and cells >= 4:
                found.append((apart, prefix, Grid("tokens", rows, columns, channels, prefix)))
    return min(found, key=lambda one: one[:2])[2] if found else None
