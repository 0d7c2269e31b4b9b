"""Weights of a first convolution as one picture of all its filters."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST", "filter_sheet", "sheet_grid", "sheet_size"]

Floats: TypeAlias = NDArray[np.float64]

MOST = 1024
"""Filters, or filters by channels, that one sheet has; of more the first ones."""
COLOURS = 3
"""Channels that are seen as red, green and blue."""
GAP = 1
"""Pixels between filters."""
_PAPER = 128
_BLUE, _WHITE, _RED = (59.0, 76.0, 192.0), (242.0, 242.0, 242.0), (180.0, 4.0, 38.0)
"""Ends and middle of a diverging scale: Moreland, "Diverging Color Maps for Scientific Visualization", 2009."""


def sheet_grid(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of the sheet for weights of that shape; (0, 0) for weights that make no picture.

    Filters of three channels are one tile each, of others a tile for each channel. Filters along one axis are a row.
    """
    if len(shape) not in (3, 4) or min(shape, default=0) < 1:
        return 0, 0
    if len(shape) == 3:
        return min(shape[0] * shape[1], MOST), 1
    tiles = min(shape[0] if shape[1] == COLOURS else shape[0] * shape[1], MOST)
    columns = math.ceil(math.sqrt(tiles * shape[2] / shape[3]))
    return math.ceil(tiles / columns), columns


def sheet_size(shape: tuple[int, ...]) -> tuple[int, int]:
    """Width and height of the sheet in pixels, one for each weight."""
    rows, columns = sheet_grid(shape)
    if not rows:
        return 0, 0
    if len(shape) == 3:
        return shape[2], rows
    return columns * (shape[3] + GAP) - GAP, rows * (shape[2] + GAP) - GAP


@np.errstate(all="ignore")
def filter_sheet(weights: NDArray[Any]) -> NDArray[np.uint8]:
    """Pixels of shape (height, width, 3) for weights of shape (filters, channels, height, width) or without height.

    Each filter is scaled by its own largest weight, so that weak ones are seen too: of three channels zero is middle
    grey, of others negative weights are blue and positive ones red. Non-finite weights are black. Order is the file's.
    """
    width, height = sheet_size(weights.shape)
    sheet = np.full((height, width, 3), _PAPER, np.uint8)
    if not width:
        return sheet
    tiles = _tiles(weights)
    if weights.ndim == 3:
        sheet[:] = tiles[:, 0]
        return sheet
    _, columns = sheet_grid(weights.shape)
    for place, tile in enumerate(tiles):
        top, left = (place // columns) * (tile.shape[0] + GAP), (place % columns) * (tile.shape[1] + GAP)
        sheet[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return sheet


def _tiles(weights: NDArray[Any]) -> NDArray[np.uint8]:
    """Shape (tiles, height, width, 3), at most `MOST`."""
    kept = weights[: MOST if weights.shape[1] == COLOURS else math.ceil(MOST / weights.shape[1])]
    scaled = _scaled(kept.astype(np.float64))
    if weights.ndim == 4 and weights.shape[1] == COLOURS:
        pixels = 127.5 + 127.5 * np.moveaxis(scaled, 1, -1)
    else:
        flat = scaled.reshape(-1, *((1, weights.shape[2]) if weights.ndim == 3 else weights.shape[2:]))[:MOST]
        ends = np.where(flat[..., None] < 0, _BLUE, _RED)
        pixels = np.array(_WHITE) + np.abs(flat)[..., None] * (ends - np.array(_WHITE))
    return np.where(np.isfinite(pixels), np.clip(np.rint(pixels), 0, 255), 0).astype(np.uint8)


def _scaled(weights: Floats) -> Floats:
    """From -1 to 1 in each filter; a filter of zeros stays one."""
    inside = tuple(range(1, weights.ndim))
    largest = np.where(np.isfinite(weights), np.abs(weights), 0.0).max(axis=inside, keepdims=True)
    scaled: Floats = weights / np.where(largest > 0, largest, 1.0)
    return np.where(np.isfinite(weights), scaled, np.nan)
