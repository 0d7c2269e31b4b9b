"""Masks as COCO writes them: lengths of runs, column by column, background first; plain, or packed into a string."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray

__all__ = ["MOST_COUNTS", "Mask", "box_of", "read_mask", "unpack"]

Mask = tuple[tuple[int, int], tuple[int, ...]]
"""((height, width), counts), as `Boxes.masks` has them."""

MOST_COUNTS = 1_000_000
"""Runs of one mask."""
_MOST_PIXELS = 1_000_000_000
_LONGEST = 7
"""Characters of one number: 35 bits."""


def unpack(packed: str) -> NDArray[np.int64]:
    """The counts in a packed string; ValueError where it is none.

    Five bits a character from "0" on, a sixth that more follow; from the fourth count on, differences to the one but
    last. Source: rleFrString in maskApi.c of the COCO API (Lin and Dollár, 2015), done here for all counts at once.
    """
    octets = np.frombuffer(packed.encode("ascii", "replace"), np.uint8).astype(np.int64) - 48
    if not octets.size:
        return np.zeros(0, np.int64)
    last = (octets & 32) == 0
    if octets.min() < 0 or octets.max() > 63 or not last[-1]:
        raise ValueError("not the characters of a packed mask")
    ends = np.flatnonzero(last)
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > _LONGEST or len(ends) > MOST_COUNTS:
        raise ValueError("longer than a mask can be")
    place = np.arange(len(octets)) - np.repeat(starts, lengths)
    counts = np.add.reduceat((octets & 31) << 5 * place, starts)
    counts -= np.where(octets[ends] & 16, 1 << 5 * lengths, 0)
    counts[1::2] = np.cumsum(counts[1::2])
    counts[2::2] = np.cumsum(counts[2::2])
    return counts


def read_mask(told: object) -> Mask:
    """A segmentation `{"size": [height, width], "counts": ...}`; ValueError where it is none or does not add up."""
    if not isinstance(told, dict):
        raise ValueError("not a mask")
    size, counts = told.get("size"), told.get("counts")
    if not isinstance(size, list) or len(size) != 2 or not all(isinstance(side, int) and side > 0 for side in size):
        raise ValueError("a mask without a size")
    height, width = size
    if height * width > _MOST_PIXELS:
        raise ValueError("larger than a picture can be")
    runs = unpack(counts) if isinstance(counts, str) else _plain(counts)
    if (runs.size and (runs.min() < 0 or runs.max() > height * width)) or int(runs.sum()) != height * width:
        raise ValueError("runs that do not fill the picture")
    return (height, width), tuple(runs.tolist())


def _plain(counts: object) -> NDArray[np.int64]:
    if not isinstance(counts, list) or len(counts) > MOST_COUNTS or not all(type(run) is int for run in counts):
        raise ValueError("a mask without counts")
    try:
        return np.array(counts, np.int64)
    except OverflowError as error:
        raise ValueError("runs longer than any picture") from error


def box_of(mask: Mask) -> FloatArray:
    """Left, top, width and height in px around the foreground; zeros where there is none."""
    (height, _), counts = mask
    bounds = np.cumsum(np.array(counts, np.int64))
    starts, ends = bounds[0:-1:2], bounds[1::2]
    full = ends > starts
    starts, ends = starts[full], ends[full] - 1
    if not starts.size:
        return np.zeros(4)
    left, right = int(starts[0]) // height, int(ends[-1]) // height
    several = starts // height != ends // height  # a run over the edge of a column touches bottom and top
    top = 0 if several.any() else int((starts % height).min())
    bottom = height - 1 if several.any() else int((ends % height).max())
    return np.array([left, top, right - left + 1, bottom - top + 1], np.float64)
