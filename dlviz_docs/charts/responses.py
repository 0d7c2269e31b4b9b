"""What a layer responds to, as one picture: photographs, and where the channels that matter most answer to each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.charts.heat import painted
from dlviz_docs.stats.tiles import CHANNELS, GAP, PICTURES, TILE, response_size

__all__ = ["response_sheet"]

Bytes: TypeAlias = NDArray[np.uint8]

PAPER: Final = 128


def response_sheet(photographs: Sequence[Bytes], maps: NDArray[Any]) -> Bytes:
    """Pixels, shape (height, width, 3): a row for each picture, which comes first, then a map for each channel.

    `photographs` have shape (h, w) or (h, w, 3); `maps`, shape (pictures, channels, h, w), any numbers. The maps of
    one channel share a scale, so that it is seen which picture excites it; their cells are squares as they were
    computed.
    """
    width, height = response_size(len(photographs), maps.shape[1])
    sheet = np.full((height, width, 3), PAPER, np.uint8)
    for row, photograph in enumerate(photographs[:PICTURES]):
        _put(sheet, row, 0, photograph if photograph.ndim == 3 else np.repeat(photograph[..., None], 3, axis=2))
        for channel in range(min(maps.shape[1], CHANNELS)):
            _put(sheet, row, 1 + channel, _painted(maps[row, channel], maps[:PICTURES, channel]))
    return sheet


def _painted(values: NDArray[Any], all_of_it: NDArray[Any]) -> Bytes:
    finite = np.where(np.isfinite(all_of_it), np.abs(all_of_it), 0.0)
    top = float(finite.max(initial=0.0)) or 1.0
    return painted(values.astype(np.float64) / top, 1.0)[..., :3]


def _put(sheet: Bytes, row: int, column: int, pixels: Bytes) -> None:
    """The pixels in their place, as large as it allows, in the middle."""
    height, width = pixels.shape[:2]
    scale = TILE / max(height, width)
    down, across = max(round(height * scale), 1), max(round(width * scale), 1)
    rows, columns = (np.arange(down) / scale).astype(int), (np.arange(across) / scale).astype(int)
    drawn = pixels[rows.clip(max=height - 1)][:, columns.clip(max=width - 1)]
    top, left = row * (TILE + GAP) + (TILE - down) // 2, column * (TILE + GAP) + (TILE - across) // 2
    sheet[top : top + down, left : left + across] = drawn
