"""Pictures of steps, whatever they are made of, as 8 bits in three channels and no larger than a page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ReadError

__all__ = ["LONGEST", "are_pictures", "colours", "side_of"]

LONGEST = 320
"""px of the longest side."""
_SMALLEST = 8
_CHANNELS = (1, 3, 4)
_REMEDY = "Record them as uint8 of shape (n, height, width, 3)."


def are_pictures(shape: Sequence[int]) -> bool:
    """Whether what is seen in a step, of that shape, is a picture: grey, or with its channels first or last."""
    return _axes(shape) is not None


def _axes(shape: Sequence[int]) -> tuple[int, int, int | None] | None:
    """Axes of height, width and channels of one picture."""
    if len(shape) == 2 and min(shape) >= _SMALLEST:
        return 0, 1, None
    if len(shape) != 3:
        return None
    if shape[2] in _CHANNELS and min(shape[:2]) >= _SMALLEST:
        return 0, 1, 2
    return (1, 2, 0) if shape[0] in _CHANNELS and min(shape[1:]) >= _SMALLEST else None


def side_of(shape: Sequence[int]) -> tuple[int, int]:
    """Height and width in px at which a picture of that shape is kept."""
    axes = _axes(shape)
    if axes is None:
        return 0, 0
    height, width = shape[axes[0]], shape[axes[1]]
    shrunk = max(1.0, max(height, width) / LONGEST)
    return max(1, round(height / shrunk)), max(1, round(width / shrunk))


def colours(pictures: NDArray[Any]) -> NDArray[np.uint8]:
    """Shape (f, height, width, 3); ReadError for numbers that are no brightness."""
    axes = _axes(pictures.shape[1:])
    if axes is None:
        raise ReadError(f"pictures of shape {pictures.shape[1:]} are not shown", _REMEDY)
    octets = _octets(pictures)
    if axes[2] == 0:
        octets = np.moveaxis(octets, 1, 3)
    octets = octets[..., None] if axes[2] is None else octets
    return _resized(np.ascontiguousarray(_three(octets, stacked=axes[2] == 0)), side_of(pictures.shape[1:]))


def _octets(pictures: NDArray[Any]) -> NDArray[np.uint8]:
    if pictures.dtype == np.uint8:
        return pictures
    if pictures.dtype.kind == "b":
        return pictures.astype(np.uint8) * np.uint8(255)
    if pictures.dtype.kind not in "iuf" or not pictures.size or not np.isfinite(pictures).all():
        raise ReadError(f"pictures of type {pictures.dtype} are not shown, or not with numbers like these", _REMEDY)
    low, high = float(pictures.min()), float(pictures.max())
    if pictures.dtype.kind == "f" and low >= 0 and high <= 1:
        return (pictures * 255).round().astype(np.uint8)
    if low < 0 or high > 255:
        raise ReadError(f"pictures with numbers from {low:g} to {high:g} are not shown", _REMEDY)
    return pictures.astype(np.uint8)


def _three(octets: NDArray[np.uint8], *, stacked: bool) -> NDArray[np.uint8]:
    """Grey three times; of four channels the colours, or the last of four pictures that agents are shown at once."""
    channels = octets.shape[3]
    if channels == 3:
        return octets
    if channels == 4 and not stacked and bool((octets[..., 3] == 255).all()):
        return octets[..., :3]
    return np.repeat(octets[..., -1:], 3, axis=3)


def _resized(pictures: NDArray[np.uint8], side: tuple[int, int]) -> NDArray[np.uint8]:
    if pictures.shape[1:3] == side:
        return pictures
    from PIL import Image

    size = (side[1], side[0])
    small = [np.asarray(Image.fromarray(one).resize(size, Image.Resampling.BOX)) for one in pictures]
    return np.stack(small) if small else np.zeros((0, *side, 3), np.uint8)
