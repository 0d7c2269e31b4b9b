"""Which pictures of which steps are kept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Frames
from dlviz_docs.readers.episodes._arrays import AGAIN, Arrays
from dlviz_docs.readers.episodes._cuts import Cut
from dlviz_docs.readers.episodes._pictures import are_pictures, colours, side_of
from dlviz_docs.readers.episodes._piece import Piece
from dlviz_docs.readers.episodes._types import Limits

__all__ = ["frames_of"]

_AT_ONCE = 64_000_000
"""Bytes of pictures that are made smaller together."""
_MOST_AT_ONCE = 1_000_000_000


def frames_of(
    arrays: Arrays,
    names: Mapping[str, str],
    shape: tuple[int, ...],
    kept: Sequence[Cut],
    made: Sequence[Piece],
    limits: Limits,
    wrong: list[str],
) -> None:
    """Give pieces their pictures, the first episodes first, as far as the limit on pixels goes; one is thinned."""
    name = next((n for part in ("frames", "observations") if (n := names.get(part)) and _has(arrays, n, shape)), None)
    if name is None:
        return
    try:
        places = _places(arrays, names, name, shape, kept)
        if places is None:
            wrong.append(f"{name} has {arrays.shape(name)[0]:,} pictures, and nothing tells of which steps they are")
            return
        if astray := _astray(arrays, names, places, kept):
            wrong.append(f"{name} has {astray:,} pictures of steps that there are not; they are left out")
        _take(arrays, name, shape, places, kept, made, limits)
    except ReadError as error:
        wrong.append(f"{error.what}; the pictures are left out")


def _has(arrays: Arrays, name: str, shape: tuple[int, ...]) -> bool:
    there = arrays.shape(name)
    own = len(shape) if there[: len(shape)] == shape else 1
    return are_pictures(there[own:])


_Place = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Rows of the array, rising, and the step of the episode that each shows."""


def _places(
    arrays: Arrays, names: Mapping[str, str], name: str, shape: tuple[int, ...], kept: Sequence[Cut]
) -> list[_Place] | None:
    """Of each episode that is kept; None where nothing tells."""
    count = arrays.shape(name)[0]
    if len(shape) > 1 and arrays.shape(name)[:2] == shape:
        return [(np.arange(cut.start, cut.stop), np.arange(cut.length)) for cut in kept]
    if "frame steps" in names and "frame episodes" in names:
        return _said(arrays.whole(names["frame episodes"]), arrays.whole(names["frame steps"]), count, kept)
    if count in (shape[0], shape[0] + 1):
        return [(np.arange(cut.start, cut.stop), np.arange(cut.length)) for cut in kept]
    return _thinned(count, kept)


def _said(episodes: NDArray[Any], steps: NDArray[Any], count: int, kept: Sequence[Cut]) -> list[_Place] | None:
    if (
        not (episodes.shape == steps.shape == (count,))
        or episodes.dtype.kind not in "iu"
        or steps.dtype.kind not in "iu"
    ):
        return None
    found: list[_Place] = []
    for cut in kept:
        rows = np.flatnonzero((episodes == cut.number) & (steps >= 0) & (steps < cut.length))
        shown = steps[rows].astype(np.intp)
        rising = np.concatenate([[True], np.diff(shown) > 0]) if len(shown) else np.zeros(0, bool)
        found.append((rows[rising], shown[rising]))
    return found


def _astray(arrays: Arrays, names: Mapping[str, str], places: Sequence[_Place], kept: Sequence[Cut]) -> int:
    """Pictures that are of no step, or of the same or an earlier one than the picture before; of kept episodes."""
    if "frame steps" not in names or "frame episodes" not in names:
        return 0
    episodes = arrays.whole(names["frame episodes"])
    numbers = [cut.number for cut in kept]
    whole = numbers == list(range(len(kept)))  # else others may be of episodes that were not chosen
    own = np.isin(episodes, numbers) | (episodes < 0) | (whole & (episodes >= len(kept)))
    return int(own.sum()) - sum(len(rows) for rows, _ in places)


def _thinned(count: int, kept: Sequence[Cut]) -> list[_Place] | None:
    """Every k-th step of the first episode, where that comes to just as many pictures."""
    first = kept[0] if kept and kept[0].number == 0 else None
    if first is None or not 0 < count <= first.length:
        return None
    every = round(first.length / count)
    steps = np.arange(0, first.length, every)
    if len(steps) != count:
        return None
    nothing = np.zeros(0, np.intp)
    return [(np.arange(count), steps), *((nothing, nothing) for _ in kept[1:])]


def _take(
    arrays: Arrays,
    name: str,
    shape: tuple[int, ...],
    places: Sequence[_Place],
    kept: Sequence[Cut],
    made: Sequence[Piece],
    limits: Limits,
) -> None:
    block = len(shape) > 1 and arrays.shape(name)[:2] == shape
    one = arrays.shape(name)[2 if block else 1 :]
    height, width = side_of(one)
    left = limits.most_pixels // max(height * width * 3, 1)
    for (rows, steps), cut, piece in zip(places, kept, made, strict=True):
        if not len(rows) or left <= 0:
            continue
        every = max(1, -(-len(rows) // left))
        thinned, shown = rows[::every], steps[::every]
        left -= len(thinned)
        pixels = _of_row(arrays, name, cut.row, thinned) if block and cut.row is not None else None
        piece.frames = Frames(shown, _in_parts(arrays, name, thinned, one) if pixels is None else pixels)


def _of_row(arrays: Arrays, name: str, row: int, places: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Of one row of a block, which is in memory as a whole."""
    if math.prod(arrays.shape(name)[1:]) > _MOST_AT_ONCE:
        raise ReadError(f"{name} holds more pictures of an episode than are read at once", AGAIN)
    (whole,) = arrays.rows(name, [(row, row + 1)])
    return colours(whole[0][places])


def _in_parts(arrays: Arrays, name: str, rows: NDArray[np.intp], one: tuple[int, ...]) -> NDArray[np.uint8]:
    """So many at once that they fit in memory at their own size; together where numbers say how bright they are."""
    (first,) = arrays.rows(name, [(int(rows[0]), int(rows[0]) + 1)])
    size = len(rows) if first.dtype != np.uint8 else max(1, _AT_ONCE // math.prod(one))
    if size * first.nbytes > _MOST_AT_ONCE:
        raise ReadError(f"{name} holds pictures of type {first.dtype}, too many to be read at once", AGAIN)
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]
    spans = [(int(part[0]), int(part[-1]) + 1) for part in parts]
    if any(high - low > len(part) for part, (low, high) in zip(parts, spans, strict=True)):  # with gaps: one by one
        parts = [rows[place : place + 1] for place in range(len(rows))] if first.dtype == np.uint8 else parts
        spans = [(int(part[0]), int(part[-1]) + 1) for part in parts]
    found = arrays.rows(name, spans)
    return np.concatenate(
        [colours(whole[part - low]) for whole, part, (low, _) in zip(found, parts, spans, strict=True)]
    )
