"""Maps over pictures: their colours, their numbers as bytes for the browser, and the picture that needs no script.

Colours rise evenly in lightness, dark at zero, so that each step is as visible as the next. They were chosen in OKLab
(Ottosson 2020), nine points a side, with steps that differ by less than a tenth from their mean; between the points
they are straight lines in sRGB. What is below zero has the cool side, what is above it the warm one.
"""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray
from dlviz_docs.view import Heat

__all__ = [
    "COOL",
    "OPACITY",
    "SIDE",
    "WARM",
    "WHOLE",
    "Grid",
    "data_uri",
    "grid_of",
    "painted",
    "pooled",
    "restored",
    "side_for",
]

Bytes: TypeAlias = NDArray[np.uint8]

WARM: Final = ("#10091a", "#320b4f", "#620e68", "#9a1366", "#cd2c4e", "#ec5f30", "#fa9524", "#fcc952", "#fef5a6")
COOL: Final = ("#10091a", "#1c1c4f", "#173487", "#0f55aa", "#2378c2", "#2c9cd9", "#48c1e7", "#79e4f0", "#cafefb")
OPACITY: Final = 0.7
"""A map's, at first: where it is weak, the picture is seen all the same."""
SIDE: Final = 64
"""Cells along the longer side of a map, at most; finer ones are averaged."""
LEAST_SIDE: Final = 14
CELLS: Final = 600_000
"""Of all maps of a figure, a byte each: beyond, the finest are averaged until they are fewer."""
ODD: Final = 255
"""Stands for a value that is not finite."""
STEPS: Final = 254
WHOLE: Final = (0.0, 0.0, 1.0, 1.0)
ZERO: Final = 127
"""Of a signed map: the value in the middle."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A map in one byte a cell."""

    codes: Bytes
    """Shape (h, w): 0 to 254 for 0 to `peak`, or for -`peak` to `peak` where it is signed; 255 is not finite."""
    peak: float
    """Greatest absolute value; 0 for a map of zeros, or without a finite value."""
    signed: bool
    area: tuple[float, float, float, float] = WHOLE
    """Left, top, right and bottom in the picture, as shares of it."""
    fold: int = 1
    """How many cells of the map, along each side, one of these is the mean of."""


def side_for(shapes: Sequence[tuple[int, ...]]) -> int:
    """Cells along the longer side that maps of all these shapes may have together."""
    side = SIDE
    while side > LEAST_SIDE and sum(_cells(shape, side) for shape in shapes) > CELLS:
        side //= 2
    return max(side, LEAST_SIDE)


def _cells(shape: tuple[int, ...], side: int) -> int:
    fold = _fold(shape, side)
    return math.prod(-(-length // fold) for length in shape)


def _fold(shape: tuple[int, ...], side: int) -> int:
    return -(-max(shape) // side)


def grid_of(heat: Heat, side: int = SIDE) -> Grid:
    """The map's own values up to its own greatest; what it was before scaling is told by its `peak`."""
    values, fold = pooled(heat.grid, side)
    finite = np.isfinite(values)
    known = values[finite]
    top = float(np.abs(known).max(initial=0.0))
    signed = heat.signed or bool((known < 0).any())
    codes = np.full(values.shape, ODD, np.uint8)
    # Divided first: the ends of what floats hold have no double.
    shares = known / top if top else np.zeros_like(known)
    codes[finite] = np.rint(shares * ZERO + ZERO if signed else shares * STEPS)
    return Grid(codes, _peak(heat, top), signed, _area(heat), fold)


def _peak(heat: Heat, top: float) -> float:
    if not top:
        return 0.0
    return float(heat.peak) if np.isfinite(heat.peak) and heat.peak > 0 else top


def _area(heat: Heat) -> tuple[float, float, float, float]:
    """The whole picture, where what is told is no part of one."""
    left, top, right, bottom = (round(float(share), 4) for share in heat.area)
    return (left, top, right, bottom) if 0 <= left < right <= 1 and 0 <= top < bottom <= 1 else WHOLE


def restored(grid: Grid) -> FloatArray:
    """Values from 0 (or -1) to 1, as the browser has them; NaN for what is not finite."""
    codes = grid.codes.astype(np.float64)
    shares = (codes - ZERO) / ZERO if grid.signed else codes / STEPS
    return np.where(grid.codes == ODD, np.nan, shares)


@np.errstate(all="ignore")
def pooled(values: FloatArray, side: int = SIDE) -> tuple[FloatArray, int]:
    """At most `side` cells a side: means of squares of cells, and how wide those are. Not finite where one cell is."""
    fold = _fold(values.shape, side)
    if fold <= 1:
        return values, 1
    rows, columns = (np.arange(0, length, fold) for length in values.shape)
    parts = np.add.reduceat(np.add.reduceat(values / (fold * fold), rows, axis=0), columns, axis=1)
    heights, widths = (np.diff([*edges, length]) for edges, length in zip((rows, columns), values.shape, strict=True))
    return parts * (fold * fold / np.outer(heights, widths)), fold  # those at the far edges are of fewer cells


def painted(values: FloatArray, opacity: float = OPACITY) -> Bytes:
    """Red, green, blue and alpha of values from -1 to 1, shape (h, w, 4); clear where not finite.

    The script has the same rule: at full opacity all is covered, below it what is weak is clearer than what is strong.
    """
    finite = np.isfinite(values)
    shares = np.where(finite, values, 0.0).clip(-1, 1)
    strength = np.abs(shares)
    base = opacity**4
    alpha = opacity * (base + (1 - base) * strength)
    colors = np.where((shares < 0)[..., None], _along(COOL, strength), _along(WARM, strength))
    pixels = np.concatenate([colors, np.where(finite, alpha * 255, 0)[..., None]], axis=-1)
    return np.asarray(np.rint(pixels), np.uint8)


def _along(ramp: tuple[str, ...], shares: FloatArray) -> FloatArray:
    points = np.array([list(bytes.fromhex(color[1:])) for color in ramp], np.float64)
    places = np.linspace(0, 1, len(ramp))
    return np.stack([np.interp(shares, places, points[:, channel]) for channel in range(3)], axis=-1)


def data_uri(pixels: Bytes) -> str:
    """RGBA pixels, shape (h, w, 4), as a PNG (ISO/IEC 15948) in an address: a few hundred bytes for a map."""
    height, width = pixels.shape[:2]
    lines = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, width * 4)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    content = b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
