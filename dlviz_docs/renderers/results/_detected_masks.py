"""Masks and outlines of boxes as runs of pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import Boxes
from dlviz_docs.stats.masks import Filled, Runs, filled, of_counts, together

__all__ = ["runs_of"]

MOST_OUTLINES = 20_000
"""Polygons that are filled: some four CPU-seconds."""
LEAST_SHARE = 0.5
"""Of boxes that have a mask: where fewer do, masks are not what was to be found."""
_NOTHING: Filled = (np.zeros(0, np.int64), np.zeros(0, np.int64))


def runs_of(boxes: Boxes | None, sizes: NDArray[np.int32]) -> Runs | None:
    """One mask for each box, empty where it has none; `sizes` are width and height of the pictures, (0, 0) if unknown.

    None where most have none, where there are very many, or where one is of another size than its picture.
    """
    if boxes is None or not (boxes.masks or boxes.outlines) or sum(map(len, boxes.outlines)) > MOST_OUTLINES:
        return None
    found: list[Filled] = []
    there = 0
    for row, picture in enumerate(boxes.picture.tolist()):
        width, height = sizes[picture].tolist() if 0 <= picture < len(sizes) else (0, 0)
        size, counts = boxes.masks[row] if boxes.masks else ((0, 0), ())
        if counts and width and size != (height, width):
            return None
        outline = boxes.outlines[row] if boxes.outlines and width and height else ()
        there += bool(counts or outline)
        found.append(of_counts(counts) if counts else filled(outline, height, width) if outline else _NOTHING)
    return together(found) if there and there >= LEAST_SHARE * len(found) else None
