"""Whatever a picture holds, in 8 bits a channel of sRGB, upright, and no larger than asked."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.readers.samples._picture_file import orientation

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["PIXELATED", "bounds_of", "from_array", "plain", "span", "to_octets"]

PIXELATED = 64
"""px of the longest side up to which a picture is enlarged dot by dot: digits of 8 or 28 px."""
_LONGEST_PROFILE = 4_000_000
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
"""Pillow's `Transpose` by EXIF orientation, which names the turn that the camera had."""
_READY = ("L", "RGB", "RGBA", "CMYK")


def plain(image: Image.Image, side: int) -> Image.Image:
    """L, RGB or RGBA, of at most `side` px: decoded coarsely where JPEG allows it, without any metadata.

    16-bit, 32-bit and float pictures go from black at their lowest to white at their highest number. A colour profile
    is applied. Of an animation, the first frame.
    """
    from PIL import Image

    turn = _TURNS.get(orientation(image))
    profile = image.info.get("icc_profile")
    if image.mode not in _READY or "transparency" in image.info:
        image = _converted(image)
    else:
        image.load() if image.format != "JPEG" else image.draft(None, (2 * side, 2 * side))
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    image = _in_srgb(image, profile)
    image = image.copy() if turn is None else image.transpose(Image.Transpose(turn))
    image.info.clear()
    return image


def _converted(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return from_array(np.asarray(image))
    if "transparency" in image.info or image.mode in ("LA", "La", "PA", "RGBa"):
        return image.convert("RGBA")
    if image.mode == "LAB":
        return _from_lab(image)
    return image.convert("L" if image.mode == "1" else "RGB")


def _in_srgb(image: Image.Image, profile: object) -> Image.Image:
    """Colours as its profile means them; as they are where it has none, or one that does not fit."""
    from PIL import Image, ImageCms

    target = "L" if image.mode == "L" else "RGBA" if image.mode == "RGBA" else "RGB"
    if isinstance(profile, bytes) and 128 < len(profile) <= _LONGEST_PROFILE:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            done = ImageCms.profileToProfile(image, source, _srgb(), outputMode="RGB" if target == "L" else target)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            done = None
        if done is not None:
            return done.convert("L") if target == "L" else done
    return image if isinstance(image, Image.Image) and image.mode == target else image.convert(target)


def _from_lab(image: Image.Image) -> Image.Image:
    from PIL import ImageCms

    done = ImageCms.profileToProfile(image, ImageCms.createProfile("LAB"), _srgb(), outputMode="RGB")
    return image.convert("RGB") if done is None else done


def _srgb() -> Any:
    from PIL import ImageCms

    return ImageCms.createProfile("sRGB")


def bounds_of(array: NDArray[Any]) -> tuple[float, float]:
    """The numbers that are shown as black and as white.

    0 and 255 for 8 bits, unless all of them lie in the lowest quarter (numbers of fewer bits, such as 0 to 16); 0 and 1
    for booleans and for floats that keep to them; else the lowest and the highest finite number.
    """
    if array.dtype == np.uint8:
        highest = float(array.max(initial=0))
        return 0.0, 255.0 if highest >= 64 else max(highest, 1.0)
    if array.dtype == np.bool_ or not array.size:
        return 0.0, 1.0
    low, high = span(array)
    if array.dtype.kind == "f" and low >= 0 and high <= 1:
        return 0.0, 1.0
    return low, high


def span(array: NDArray[Any]) -> tuple[float, float]:
    """Lowest and highest finite number; 0 and 0 where there is none."""
    low, high = float(np.min(array)), float(np.max(array))
    if np.isfinite(low) and np.isfinite(high):
        return low, high
    finite = array[np.isfinite(array)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def to_octets(array: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Numbers from `low` (0) to `high` (255), cut off beyond them; what is not a number becomes 0."""
    if array.dtype == np.uint8 and (low, high) == (0.0, 255.0):
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if not high > low:
        return np.zeros(array.shape, np.uint8)
    # Halves, since the distance of two float64 may be infinite.
    shares = (np.clip(array.astype(np.float64), low, high) / 2 - low / 2) / (high / 2 - low / 2)
    octets: NDArray[np.uint8] = np.rint(np.nan_to_num(shares, nan=0.0) * 255).astype(np.uint8)
    return octets


def from_array(array: NDArray[Any], bounds: tuple[float, float] | None = None) -> Image.Image:
    """L, RGB or RGBA of an array (height, width) or (height, width, 1 to 4); two channels show the first."""
    from PIL import Image

    low, high = span(array) if bounds is None else bounds
    octets = to_octets(array, low, high)
    if octets.ndim == 3 and octets.shape[2] < 3:
        octets = octets[:, :, 0]
    return Image.fromarray(np.ascontiguousarray(octets))
