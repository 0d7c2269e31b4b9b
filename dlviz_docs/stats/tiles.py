"""Sizes of pictures that are put together of equal tiles."""

from __future__ import annotations

from typing import Final

__all__ = ["CHANNELS", "GAP", "PICTURES", "TILE", "response_size"]

CHANNELS: Final = 5
PICTURES: Final = 4
"""At most, in a picture of what a layer responds to."""
TILE: Final = 72
"""Side in px of each part."""
GAP: Final = 2


def response_size(pictures: int, channels: int) -> tuple[int, int]:
    """Width and height in px: a row for each picture, of itself and its channels."""
    across, down = 1 + min(channels, CHANNELS), min(pictures, PICTURES)
    return across * (TILE + GAP) - GAP, down * (TILE + GAP) - GAP
