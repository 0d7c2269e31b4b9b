"""What is measured of pictures, in pieces that several workers may do.

A hundred thousand headers take seconds, a hundred thousand decoded photographs an hour: so sizes and exact copies are
known of all, brightness and the like of a sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64

from dlviz_docs.model import FloatArray
from dlviz_docs.readers.samples._picture_file import (
    Refused,
    Root,
    guarded,
    open_file,
    open_picture,
    orientation,
    why,
)
from dlviz_docs.readers.samples._rasters import plain

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "LOOKED_AT",
    "MEASURES",
    "Headers",
    "Measured",
    "contents",
    "fingerprints",
    "headers",
    "look_at",
    "measure",
    "merge",
    "merge_headers",
]

MEASURES = ("brightness", "contrast", "sharpness", "entropy", "saturation")
LOOKED_AT = 256
"""px of the longest side at which a picture is measured: sharpness and entropy depend on it."""
_SWAPPED = (5, 6, 7, 8)
"""EXIF orientations that lie on their side."""
_BLOCK = 1 << 20
_GREY = 128
"""What shows through where a picture is transparent."""


@dataclass(frozen=True, slots=True, eq=False)
class Headers:
    """What n files say of themselves."""

    sizes: NDArray[np.int32]
    """Width and height upright, shape (n, 2); zeros where the file cannot be read."""
    octets: NDArray[np.int64]
    modes: tuple[str, ...]
    faults: tuple[str, ...]
    """"" for a readable one; else a word of `_picture_file.FAULTS`."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What the pixels of m pictures say; zeros where they could not be decoded."""

    values: FloatArray
    """Shape (m, 5): the `MEASURES`."""
    edges: NDArray[np.uint64]
    """dHash, shape (m,)."""
    small: NDArray[np.uint8]
    """Shape (m, 32, 32)."""
    faults: tuple[str, ...]


def headers(root: Path, relative_paths: Sequence[str]) -> Headers:
    """Size, mode and bytes of every file, without decoding any; "" stands for a file that is known to be absent."""
    sizes = np.zeros((len(relative_paths), 2), np.int32)
    octets = np.zeros(len(relative_paths), np.int64)
    modes, faults = [], []
    real = Root(root)
    with guarded():
        for row, path in enumerate(relative_paths):
            mode = fault = ""
            try:
                if path:
                    sizes[row], octets[row], mode = _header(real, path)
            except Exception as error:  # noqa: BLE001 - one bad picture costs only itself
                fault = why(error)
            modes.append(mode)
            faults.append(fault)
    return Headers(sizes, octets, tuple(modes), tuple(faults))


def _header(root: Root, path: str) -> tuple[tuple[int, int], int, str]:
    with open_picture(root, path) as (image, octets):
        size = image.size[::-1] if orientation(image) in _SWAPPED else image.size
        return size, octets, image.mode


def merge_headers(parts: Sequence[Headers]) -> Headers:
    """Those of several chunks, in their order."""
    if not parts:
        return Headers(np.zeros((0, 2), np.int32), np.zeros(0, np.int64), (), ())
    return _joined(Headers, parts)


def contents(root: Path, relative_paths: Sequence[str]) -> NDArray[np.uint64]:
    """Hash of each file's bytes, never 0; 0 where it cannot be read."""
    hashes = np.zeros(len(relative_paths), np.uint64)
    real = Root(root)
    for row, path in enumerate(relative_paths):
        try:
            with open_file(real, path) as file:
                state = xxh3_64()
                while block := file.read(_BLOCK):
                    state.update(block)
        except (Refused, OSError, ValueError):
            continue
        hashes[row] = max(state.intdigest(), 1)
    return hashes


def measure(root: Path, relative_paths: Sequence[str]) -> Measured:
    """The pixels of these pictures, looked at upright and at 256 px."""
    real = Root(root)
    rows = []
    with guarded():
        for path in relative_paths:
            try:
                with open_picture(real, path) as (image, _):
                    rows.append((*look_at(plain(image, LOOKED_AT)), ""))
            except Exception as error:  # noqa: BLE001 - one bad picture costs only itself
                rows.append((*_NOTHING, why(error)))
    return _stacked(rows)


_Look = tuple[tuple[float, ...], np.uint64, NDArray[np.uint8]]
_NOTHING: _Look = ((0.0,) * len(MEASURES), np.uint64(0), np.zeros((32, 32), np.uint8))


def _stacked(rows: Sequence[tuple[tuple[float, ...], np.uint64, NDArray[np.uint8], str]]) -> Measured:
    if not rows:
        return merge(())
    return Measured(
        np.array([row[0] for row in rows], np.float64),
        np.array([row[1] for row in rows], np.uint64),
        np.stack([row[2] for row in rows]),
        tuple(row[3] for row in rows),
    )


def merge(parts: Sequence[Measured]) -> Measured:
    """Those of several chunks, in their order."""
    if not parts:
        empty = np.zeros((0, len(MEASURES)))
        return Measured(empty, np.zeros(0, np.uint64), np.zeros((0, 32, 32), np.uint8), ())
    return _joined(Measured, parts)


_Part = TypeVar("_Part", Headers, Measured)


def _joined(kind: type[_Part], parts: Sequence[_Part]) -> _Part:
    columns: list[Any] = []
    for field in fields(kind):
        pieces = [getattr(part, field.name) for part in parts]
        columns.append(tuple(chain(*pieces)) if isinstance(pieces[0], tuple) else np.concatenate(pieces))
    return kind(*columns)


def look_at(image: Image.Image) -> _Look:
    """Measures, dHash and the 32 x 32 grey picture of one in L, RGB or RGBA of at most 256 px.

    Sources: sharpness is the variance of the Laplacian (Pech-Pacheco et al., ICPR 2000), of greys from 0 to 255;
    entropy is Shannon's, of the greys' histogram; dHash is Krawetz, "Kind of Like That" (2013).
    """
    from PIL import Image

    if image.mode == "RGBA":
        ground = Image.new("RGBA", image.size, (_GREY, _GREY, _GREY, 255))
        image = Image.alpha_composite(ground, image).convert("RGB")
    grey = image if image.mode == "L" else image.convert("L")
    small = np.asarray(grey.resize((32, 32), Image.Resampling.LANCZOS), np.uint8)
    mean, deviation, entropy = _of_histogram(np.array(grey.histogram(), np.float64))
    values = (mean, deviation, _sharpness(np.asarray(grey)), entropy, _saturation(image))
    return values, _edges(grey), small


def _of_histogram(counts: FloatArray) -> tuple[float, float, float]:
    """Mean and standard deviation from 0 to 1, and entropy in bits, of 256 greys."""
    shares = counts / counts.sum()
    levels = np.arange(256) / 255
    mean = float(shares @ levels)
    some = shares[shares > 0]
    entropy = float(-(some * np.log2(some)).sum())
    return mean, float(np.sqrt(shares @ (levels - mean) ** 2)), max(entropy, 0.0)


def _sharpness(grey: NDArray[np.uint8]) -> float:
    if min(grey.shape) < 3:
        return 0.0
    wide = grey.astype(np.int16)
    inner = wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:] - 4 * wide[1:-1, 1:-1]
    return float(inner.var(dtype=np.float64))


def _saturation(image: Image.Image) -> float:
    """Mean of HSV's saturation; 0 for greys."""
    from PIL import Image

    if image.mode == "L":
        return 0.0
    pixels = np.asarray(image.resize((64, 64), Image.Resampling.BOX)).reshape(-1, 3).astype(np.float64)
    high = pixels.max(axis=1)
    return float(np.mean((high - pixels.min(axis=1)) / np.maximum(high, 1.0)))


def _edges(grey: Image.Image) -> np.uint64:
    from PIL import Image

    tiny = np.asarray(grey.resize((9, 8), Image.Resampling.LANCZOS))
    return np.uint64(_bits((tiny[:, 1:] > tiny[:, :-1]).reshape(1, 64))[0])


def fingerprints(measured: Measured) -> NDArray[np.uint64]:
    """dHash and pHash of each, shape (m, 2).

    pHash: the 8 x 8 lowest frequencies of the 32 x 32 grey picture, above or below their median (Zauner,
    "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010; Krawetz, "Looks Like It", 2011).
    """
    place = np.arange(32)
    waves = np.cos(np.pi * np.outer(np.arange(8), 2 * place + 1) / 64)
    low = np.einsum("ui,nij,vj->nuv", waves, measured.small.astype(np.float64), waves, optimize=True)
    low = np.round(low.reshape(-1, 64), 3)  # the noise of sums would give an even picture a hash of its own
    shape = _bits(low > np.median(low, axis=1, keepdims=True)) if len(low) else np.zeros(0, np.uint64)
    return np.stack([measured.edges, shape], axis=1)


def _bits(flags: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Rows of 64 flags as numbers, the first flag highest."""
    return np.packbits(flags, axis=1).view(">u8")[:, 0].astype(np.uint64)
