"""Episodes in NumPy's NPZ, in the forms that recorders write.

One episode a file, many end to end with `lengths`, `episode_starts`, `episode` or flags of their ends, many as one
block of shape (n, T), many as groups of arrays ("0/rewards"). HDF5 files of these names are read by the same code.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ReadError
from dlviz_docs.readers.episodes._arrays import AGAIN, Arrays
from dlviz_docs.readers.episodes._choice import chosen
from dlviz_docs.readers.episodes._composed import composed, names_of
from dlviz_docs.readers.episodes._cuts import Cut, Cuts, cuts_of
from dlviz_docs.readers.episodes._keys import group_of, info_of, part_of, term_of
from dlviz_docs.readers.episodes._pictures import are_pictures
from dlviz_docs.readers.episodes._piece import Piece, Pieces
from dlviz_docs.readers.episodes._rows import OF_STEPS, Reading
from dlviz_docs.readers.episodes._types import Limits

__all__ = ["pieces_in", "steps_in"]

_FLAGS = ("lengths", "first", "episode", "done", "terminated", "truncated")
_OF_ALL = frozenset({"step", "gamma", "environment", "action names", "observation names"})
_MOST_TOLD = 10_000
_MOST_WHOLE = 1e15


def pieces_in(arrays: Arrays, limits: Limits) -> Pieces:
    """All forms; ReadError where the rewards themselves cannot be had."""
    groups = _groups_in(arrays.names())
    pieces = _of_groups(arrays, groups, limits) if groups else _of_rows(arrays, limits)
    pieces.wrong += arrays.wrong
    return pieces


def steps_in(arrays: Arrays, limits: Limits) -> Pieces:
    """Of arrays that are one episode, whatever flags they have."""
    return _of_rows(arrays, limits, one=True)


def _groups_in(names: Sequence[str]) -> dict[str, list[str]]:
    """Names of arrays by their episode's group, of groups that hold rewards."""
    found: dict[str, list[str]] = {}
    for name in names:
        group, key = group_of(name)
        if group:
            found.setdefault(group, []).append(key)
    return {group: keys for group, keys in found.items() if any(part_of(key) == "rewards" for key in keys)}


# --- groups ---


def _of_groups(arrays: Arrays, groups: dict[str, list[str]], limits: Limits) -> Pieces:
    names = list(groups)
    lengths = []
    for group, keys in groups.items():
        rewards = next(key for key in keys if part_of(key) == "rewards")
        lengths.append((arrays.shape(f"{group}/{rewards}") or (0,))[0])
    wide = sum(_width(arrays.shape(f"{names[0]}/{key}"), 1) for key in groups[names[0]] if _is_of_steps(key))
    full = [place for place, length in enumerate(lengths) if length]
    kept = chosen(full, [lengths[place] for place in full], wide, limits) if full else []
    pieces = Pieces(seen=len(names), empty=len(names) - len(full))
    pieces.told |= _told(arrays, pieces)
    left = limits.most_pixels
    for place in kept:
        name = names[place]
        try:
            piece = _group(arrays, name, groups[name], replace(limits, most_pixels=left), pieces)
        except ReadError as error:
            pieces.wrong.append(f"{name} {error.what}; it is left out")
            continue
        left -= piece.frames.pixels.nbytes if piece.frames is not None else 0
        pieces.episodes.append(piece)
    return pieces


def _group(arrays: Arrays, group: str, keys: Sequence[str], limits: Limits, pieces: Pieces) -> Piece:
    """One episode; flags at its last step say what ended it."""
    inner = _Inner(arrays, group, keys)
    found = _of_rows(inner, limits, one=True)
    pieces.wrong += [f"{group}: {why}" for why in found.wrong]
    pieces.told |= found.told
    pieces.shape = pieces.shape or found.shape
    piece = found.episodes[0] if found.episodes else Piece(group, {"rewards": np.zeros(0)})
    return replace(piece, name=group.removeprefix("episode_"))


@dataclass(frozen=True, slots=True)
class _Inner:
    """The arrays of one group, by their own names."""

    arrays: Arrays
    group: str
    keys: Sequence[str]

    @property
    def wrong(self) -> list[str]:
        return []

    def names(self) -> list[str]:
        return list(self.keys)

    def shape(self, name: str) -> tuple[int, ...]:
        return self.arrays.shape(f"{self.group}/{name}")

    def whole(self, name: str) -> NDArray[Any]:
        return self.arrays.whole(f"{self.group}/{name}")

    def rows(self, name: str, spans: Sequence[tuple[int, int]]) -> Iterator[NDArray[Any]]:
        return self.arrays.rows(f"{self.group}/{name}", spans)


# --- end to end, or one row each ---


def _of_rows(arrays: Arrays, limits: Limits, *, one: bool = False) -> Pieces:
    """Episodes along the first axis; with `one`, all of it is one."""
    names = _by_part(arrays)
    if "rewards" not in names:
        raise ReadError(next(iter(arrays.wrong), "holds no rewards"), AGAIN)
    pieces = Pieces()
    flags = {part: values for part in _FLAGS if (values := _whole(arrays, names, part, pieces)) is not None}
    shape = arrays.shape(names["rewards"])
    if len(shape) == 2 and shape[1] == 1:
        shape = shape[:1]
    if not shape or len(shape) > (1 if one else 2):
        raise ReadError(f"has rewards of shape {shape}", "Record one number a step.")
    arrays = composed(arrays, len(shape))
    names = _by_part(arrays)
    if told := names_of(arrays):
        pieces.told["observation names"] = np.array(told)
    cuts = _one(shape, flags) if one else cuts_of(shape, flags)
    pieces.seen, pieces.empty = len(cuts.episodes) + cuts.empty, cuts.empty
    pieces.wrong += [cuts.why] if cuts.why else []
    pieces.shape = _shape_seen(arrays, names, len(shape))
    wide = sum(_width(arrays.shape(name), len(shape)) for name in arrays.names() if _is_of_steps(name))
    kept = chosen(cuts.episodes, [cut.length for cut in cuts.episodes], wide, limits)
    kept = [_bounded(cut, limits, pieces) for cut in kept]
    pieces.episodes = Reading(arrays, names, shape, cuts, kept, pieces.wrong).pieces(limits)
    pieces.told |= _told(arrays, pieces)
    return pieces


def _by_part(arrays: Arrays) -> dict[str, str]:
    """Names of arrays by what they hold, of several the first."""
    names: dict[str, str] = {}
    for name in arrays.names():
        if part := part_of(name):
            names.setdefault(part, name)
    return names


def _one(shape: tuple[int, ...], flags: dict[str, NDArray[Any]]) -> Cuts:
    """All steps as one episode, whatever flags stand between."""
    ends = {part: values for part, values in flags.items() if part in ("terminated", "truncated")}
    return cuts_of(shape[:1], {part: _last_only(values) for part, values in ends.items()})


def _last_only(values: NDArray[Any]) -> NDArray[Any]:
    last = np.zeros(len(values), bool)
    last[-1:] = values[-1:].astype(bool)
    return last


def _bounded(cut: Cut, limits: Limits, pieces: Pieces) -> Cut:
    if cut.length <= limits.most_steps:
        return cut
    pieces.wrong.append(
        f"an episode has {cut.length:,} steps; the first {limits.most_steps:,} are read, and its return is theirs"
    )
    return replace(cut, stop=cut.start + limits.most_steps, ending="unread")


def _shape_seen(arrays: Arrays, names: dict[str, str], axes: int) -> tuple[int, ...]:
    seen = names.get("observations")
    shape = arrays.shape(seen)[axes:] if seen else ()
    return () if are_pictures(shape) else shape


def _width(shape: tuple[int, ...], axes: int) -> int:
    """Numbers of a step; none of pictures, which are counted by themselves."""
    own = shape[axes:]
    return 0 if are_pictures(own) else max(1, math.prod(own))


def _is_of_steps(name: str) -> bool:
    return part_of(name) in OF_STEPS or bool(term_of(name) or info_of(name))


def _whole(arrays: Arrays, names: dict[str, str], part: str, pieces: Pieces) -> NDArray[Any] | None:
    if part not in names:
        return None
    try:
        values = arrays.whole(names[part])
    except ReadError as error:
        pieces.wrong.append(error.what)
        return None
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if part == "lengths" and values.dtype.kind == "f":
        values = values.astype(np.float64)
        whole = bool((np.isfinite(values) & (values == np.round(values)) & (abs(values) < _MOST_WHOLE)).all())
        if not whole:
            pieces.wrong.append(f"{names[part]} has values that are no whole numbers; it is left out")
        return values.astype(np.int64) if whole else None
    return values if values.dtype.kind in "biuf" or part == "episode" else None


def _told(arrays: Arrays, pieces: Pieces) -> dict[str, NDArray[Any]]:
    """What belongs to all episodes, by part."""
    found = {}
    for name in arrays.names():
        if (part := part_of(name)) in _OF_ALL and int(np.prod(arrays.shape(name), dtype=np.float64)) <= _MOST_TOLD:
            try:
                found[str(part)] = arrays.whole(name)
            except ReadError as error:
                pieces.wrong.append(f"{error.what}; it is left out")
    return found
