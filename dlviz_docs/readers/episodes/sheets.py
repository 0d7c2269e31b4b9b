"""Pictures of an episode as few WebP files that a player can take apart."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Sheets", "sheets"]

_AREA = 4_000_000
"""px of a sheet: decoded it takes 16 MB, and some 50 ms."""
_LONGEST = 4_096
"""px of a side, which every device can draw."""
_MOST = 128
"""Pictures of a sheet."""
_QUALITY = 80


@dataclass(frozen=True, slots=True)
class Sheets:
    """Pictures row by row, in one sheet after the other."""

    contents: tuple[bytes, ...]
    width: int
    height: int
    columns: int
    each: int
    """Pictures of a sheet; the last may have fewer."""


def sheets(pixels: NDArray[np.uint8]) -> Sheets:
    """Of pictures of shape (f, height, width, 3), f > 0. Without loss, where that takes fewer bytes."""
    count, height, width, _ = pixels.shape
    columns = max(1, min(count, _LONGEST // width, max(1, round((_AREA / (width * height)) ** 0.5))))
    each = max(1, min(_MOST, columns * max(1, min(_LONGEST // height, _AREA // (columns * width * height)))))
    columns = min(columns, each)
    whole = [_sheet(pixels[start : start + each], columns) for start in range(0, count, each)]
    lossless = len(_webp(whole[0], lossless=True)) <= len(_webp(whole[0], lossless=False)) or max(height, width) <= 64
    return Sheets(tuple(_webp(sheet, lossless=lossless) for sheet in whole), width, height, columns, each)


def _sheet(pictures: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    count, height, width, _ = pictures.shape
    rows = -(-count // columns)
    padded = np.zeros((rows * columns, height, width, 3), np.uint8)
    padded[:count] = pictures
    return padded.reshape(rows, columns, height, width, 3).swapaxes(1, 2).reshape(rows * height, columns * width, 3)


def _webp(pixels: NDArray[np.uint8], *, lossless: bool) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=_QUALITY, method=2, lossless=lossless)
    return file.getvalue()
