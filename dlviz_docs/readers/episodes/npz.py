"""Episodes in NumPy's NPZ, in the forms that recorders write.

One episode a file, many end to end with `lengths`, `episode_starts`, `episode` or flags of their ends, many as one
block of shape (n, T), many as groups of arrays ("0/rewards"). HDF5 files of these names are read by the same code.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ReadError
from dlviz_docs.readers.episodes._arrays import Arrays
from dlviz_docs.readers.episodes._choice import chosen
from dlviz_docs.readers.episodes._composed import composed, names_of
from dlviz_docs.readers.episodes._cuts import Cut, Cuts, cuts_of
from dlviz_docs.readers.episodes._frames import frames_of
from dlviz_docs.readers.episodes._keys import group_of, info_of, part_of, term_of
from dlviz_docs.readers.episodes._pictures import are_pictures
from dlviz_docs.readers.episodes._piece import Piece, without_offset
from dlviz_docs.readers.episodes._types import Limits

__all__ = ["Pieces", "pieces_in", "steps_in"]

_FLAGS = ("lengths", "first", "episode", "done", "terminated", "truncated")
_OF_STEPS = ("actions", "observations", "next", "values", "action values", "probabilities", "logits", "success")
_OF_ALL = frozenset({"step", "gamma", "environment", "action names", "observation names"})
_MOST_TOLD = 10_000
_MOST_NAMED = 64
_LONGEST_NAME = 100
_DREAMER = frozenset({"is_first", "is_terminal", "discount"})


@dataclass(slots=True)
class Pieces:
    """What one file gives: episodes that are kept of those it holds, and what it says of all."""

    episodes: list[Piece] = field(default_factory=list)
    seen: int = 0
    empty: int = 0
    wrong: list[str] = field(default_factory=list)
    """Of the file as a whole, as sentences without their subject."""
    told: dict[str, NDArray[Any]] = field(default_factory=dict)
    """By part, what belongs to the recording: "step", "gamma", "environment", "action names", ..."""
    shape: tuple[int, ...] = ()
    """Of one observation."""


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
    lengths, wide = [], 0
    shape: tuple[int, ...] = ()
    for group, keys in groups.items():
        rewards = next(key for key in keys if part_of(key) == "rewards")
        lengths.append((arrays.shape(f"{group}/{rewards}") or (0,))[0])
        seen = next((key for key in keys if part_of(key) == "observations"), None)
        if seen is not None:
            shape = arrays.shape(f"{group}/{seen}")[1:]
            wide = max(wide, _width(shape, 0))
    full = [place for place, length in enumerate(lengths) if length]
    kept = chosen(full, [lengths[place] for place in full], wide, limits) if full else []
    pieces = Pieces(seen=len(names), empty=len(names) - len(full), shape=shape)
    pieces.told |= _told(arrays, pieces)
    for place in kept:
        pieces.episodes.append(_group(arrays, names[place], groups[names[place]], limits, pieces))
    return pieces


def _group(arrays: Arrays, group: str, keys: Sequence[str], limits: Limits, pieces: Pieces) -> Piece:
    """One episode; flags at its last step say what ended it."""
    inner = _Inner(arrays, group, keys)
    found = _of_rows(inner, limits, one=True)
    pieces.wrong += [f"{group}: {why}" for why in found.wrong]
    pieces.told |= found.told
    pieces.shape = pieces.shape or found.shape
    return (
        replace(found.episodes[0], name=group.removeprefix("episode_"))
        if found.episodes
        else Piece(group, {"rewards": np.zeros(0)})
    )


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
    pieces = Pieces()
    flags = {part: values for part in _FLAGS if (values := _whole(arrays, names, part, pieces)) is not None}
    shape = arrays.shape(names["rewards"])
    if len(shape) > 1 and shape[1] == 1:
        shape = shape[:1]
    if not shape or len(shape) > 2:
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
    reading = _Reading(arrays, names, shape, cuts, kept, pieces)
    pieces.episodes = reading.pieces(limits)
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
    pieces.wrong.append(f"an episode has {cut.length:,} steps; the first {limits.most_steps:,} are read")
    return replace(cut, stop=cut.start + limits.most_steps, ending="unknown")


def _shape_seen(arrays: Arrays, names: dict[str, str], axes: int) -> tuple[int, ...]:
    seen = names.get("observations")
    shape = arrays.shape(seen)[axes:] if seen else ()
    return () if are_pictures(shape) else shape


def _width(shape: tuple[int, ...], axes: int) -> int:
    """Numbers of a step; none of pictures, which are counted by themselves."""
    own = shape[axes:]
    return 0 if are_pictures(own) else max(1, math.prod(own))


def _is_of_steps(name: str) -> bool:
    return part_of(name) in _OF_STEPS or bool(term_of(name) or info_of(name))


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


@dataclass(slots=True)
class _Reading:
    """Takes the rows of the episodes that are kept out of each array in turn."""

    arrays: Arrays
    names: dict[str, str]
    shape: tuple[int, ...]
    cuts: Cuts
    kept: list[Cut]
    pieces_: Pieces

    def pieces(self, limits: Limits) -> list[Piece]:
        numbers = self._of_episodes("numbers")
        made = [Piece(str(cut.number), {}, ending=cut.ending) for cut in self.kept]
        for part in ("rewards", *_OF_STEPS):
            if (name := self.names.get(part)) is None or self._is_picture(name):
                continue
            for piece, rows in zip(made, self._rows(name), strict=False):
                piece.parts[part] = rows
        for name in self._names():
            self._named(name, made)
        self._tell(made)
        for piece, number in zip(made, numbers if numbers is not None else (), strict=False):
            piece.name = str(int(number))
        frames_of(self.arrays, self.names, self.shape, self.kept, made, limits, self.pieces_.wrong)
        dreamer = bool(_DREAMER & set(self.arrays.names())) and "action" in self.arrays.names()
        return [without_offset(piece) for piece in made if "rewards" in piece.parts] if dreamer else made

    def _is_picture(self, name: str) -> bool:
        return are_pictures(self.arrays.shape(name)[len(self.shape) :])

    def _names(self) -> list[str]:
        """Of components of the reward and of what is told beside, as many as a page can show."""
        named = [name for name in self.arrays.names() if not part_of(name) and (term_of(name) or info_of(name))]
        if len(named) > _MOST_NAMED:
            self.pieces_.wrong.append(f"it tells {len(named):,} numbers of each step; the first {_MOST_NAMED} are read")
        return named[:_MOST_NAMED]

    def _named(self, name: str, made: list[Piece]) -> None:
        term = term_of(name)
        for piece, rows in zip(made, self._rows(name), strict=False):
            (piece.terms if term else piece.infos)[(term or info_of(name))[:_LONGEST_NAME]] = rows

    def _rows(self, name: str) -> list[NDArray[Any]]:
        """Of each episode; none, and a word about it, of an array that does not fit or is damaged."""
        there = self.arrays.shape(name)
        spare = len(self.cuts.episodes) == 1 and len(self.shape) == 1 and there[:1] == (self.shape[0] + 1,)
        if there[: len(self.shape)] != self.shape and not spare:
            if there[:1] == (len(self.cuts.episodes) + self.cuts.empty,):
                return []  # one an episode
            if name == self.names["rewards"]:
                pass
            else:
                told = f"{there[0]:,} rows" if there else "a single value"
                what = " × ".join(f"{side:,}" for side in self.shape)
                self.pieces_.wrong.append(f"{name} has {told} where there are {what} rewards; it is left out")
                return []
        try:
            if len(self.shape) == 1:
                spans = [(cut.start, cut.stop + (1 if spare else 0)) for cut in self.kept]
                return list(self.arrays.rows(name, spans))
            return list(self._of_block(name))
        except ReadError as error:
            if name == self.names["rewards"]:
                raise
            self.pieces_.wrong.append(f"{error.what}; it is left out")
            return []

    def _of_block(self, name: str) -> Iterator[NDArray[Any]]:
        wanted = sorted({cut.row for cut in self.kept if cut.row is not None})
        rows = dict(zip(wanted, self.arrays.rows(name, [(row, row + 1) for row in wanted]), strict=True))
        for cut in self.kept:
            if cut.row is not None:
                yield rows[cut.row][0][cut.start : cut.stop]

    def _of_episodes(self, part: str) -> NDArray[Any] | None:
        """Of an array with one entry an episode, those that are kept; None where there is none."""
        name = self.names.get(part)
        count = len(self.cuts.episodes) + self.cuts.empty
        if name is None or self.arrays.shape(name)[:1] != (count,):
            return None
        try:
            values = self.arrays.whole(name)
        except ReadError:
            return None
        return values[[cut.number for cut in self.kept]]

    def _tell(self, made: list[Piece]) -> None:
        """What is told once of each episode."""
        for part in ("success", "seeds", "last"):
            values = self._of_episodes(part)
            if values is None or values.dtype.kind not in "biuf":
                continue
            for piece, value in zip(made, values, strict=True):
                if part == "last":
                    piece.parts["last"] = value
                elif values.ndim == 1 and np.isfinite(value) and value >= 0 and part not in piece.parts:
                    if part == "success":
                        piece.success = bool(value)
                    else:
                        piece.seed = int(value)
