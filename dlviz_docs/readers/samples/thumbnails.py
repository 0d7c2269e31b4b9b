"""Small pictures for pages: pixels only, encoded anew, so that nothing else of a file is published."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model.samples import Pictures
from dlviz_docs.readers.samples._picture_file import Root, guarded, open_picture
from dlviz_docs.readers.samples._rasters import PIXELATED, from_array, plain

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["drawn", "encoded", "pixels", "sprite", "thumbnail"]

QUALITY = 80
EFFORT = 4
"""libwebp's `method`: 6 takes twice the time for 2 % less."""
LONGEST = 16_383
"""px of a side of WebP."""
_SQUARE = 8
_LIGHT, _DARK = 0x8C, 0x74
"""Greys of the board behind transparent pixels, alike on a light and on a dark page."""


def thumbnail(root: Path, pictures: Pictures, row: int, side: int) -> bytes | None:
    """WebP of at most `side` px, upright, in sRGB, without metadata; None where there is no picture to be read.

    A picture is never enlarged, but for those of at most 64 px: they come without loss, each dot as a square.
    """
    image = _image(root, pictures, row, side)
    if image is None:
        return None
    return encoded(_on_board(image), side)


def encoded(image: Image.Image, side: int) -> bytes:
    """WebP of at most `side` px; of few pixels without loss, each dot as a square."""
    image.thumbnail((side, side))
    if max(image.size) > PIXELATED:
        return _webp(image, lossless=False)
    return _webp(_enlarged(image, side), lossless=True)


def drawn(pixels: NDArray[np.uint8], side: int) -> bytes:
    """WebP without loss of pixels that we made, shape (h, w, 3), each a square as large as `side` px for all allow."""
    from PIL import Image

    return _webp(_enlarged(Image.fromarray(pixels), side), lossless=True)


def pixels(root: Path, pictures: Pictures, row: int, longest: int) -> NDArray[np.uint8] | None:
    """A picture as it is seen: shape (h, w) in grey or (h, w, 3) in sRGB, at most `longest` px; None for no picture."""
    image = _image(root, pictures, row, longest)
    return None if image is None else np.array(_on_board(image), np.uint8)


def _image(root: Path, pictures: Pictures, row: int, side: int) -> Image.Image | None:
    """L, RGB or RGBA of at most `side` px."""
    if pictures.array is not None:
        image = from_array(pictures.array[row], pictures.scale)
        image.thumbnail((side, side))
        return image
    source = pictures.sources[row] if pictures.sources else ""
    if not source:
        return None
    try:
        with guarded(), open_picture(Root(root), source) as (opened, _):
            return plain(opened, side)
    except Exception:  # noqa: BLE001 - counted and named when the pictures were read
        return None


def _on_board(image: Image.Image) -> Image.Image:
    """Without transparency: a grey chequered board shows through."""
    from PIL import Image

    if image.mode != "RGBA":
        return image
    down, across = np.indices((image.height, image.width)) // _SQUARE
    greys = np.where((down + across) % 2 == 0, _LIGHT, _DARK).astype(np.uint8)
    return Image.alpha_composite(Image.fromarray(greys).convert("RGBA"), image).convert("RGB")


def _enlarged(image: Image.Image, side: int) -> Image.Image:
    from PIL import Image

    times = max(side // max(image.size), 1)
    return image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST)


def _webp(image: Image.Image, *, lossless: bool) -> bytes:
    file = io.BytesIO()
    image.save(file, "WEBP", quality=QUALITY, method=EFFORT, lossless=lossless, exact=False)
    return file.getvalue()


def sprite(root: Path, pictures: Pictures, rows: Sequence[int], tile: int) -> bytes:
    """One WebP of square tiles, ceil(sqrt(n)) in a row; each picture lies whole in the middle of its tile.

    The tile of a picture that cannot be read stays transparent. ValueError where the whole would be beyond WebP.
    """
    from PIL import Image

    across = max(math.ceil(math.sqrt(len(rows))), 1)
    down = max(math.ceil(len(rows) / across), 1)
    if across * tile > LONGEST:
        raise ValueError(f"{len(rows)} tiles of {tile} px are more than WebP holds")
    whole = Image.new("RGBA", (across * tile, down * tile))
    for place, row in enumerate(rows):
        if (image := _image(root, pictures, row, tile)) is not None:
            if max(image.size) <= tile // 2:
                image = _enlarged(image, tile)
            left = place % across * tile + (tile - image.width) // 2
            whole.paste(image, (left, place // across * tile + (tile - image.height) // 2))
    return _webp(whole, lossless=False)
