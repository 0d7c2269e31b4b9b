"""Where episodes begin and end in arrays that hold many of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import Ending

__all__ = ["Cut", "Cuts", "cuts_of"]


@dataclass(frozen=True, slots=True)
class Cut:
    """One episode: its rows from `start` to before `stop`, or its columns of one row of a block of shape (n, T)."""

    number: int
    """Its place in the file."""
    start: int
    stop: int
    row: int | None = None
    ending: Ending = "unknown"

    @property
    def length(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class Cuts:
    """All episodes of a file, and what did not fit."""

    episodes: tuple[Cut, ...]
    empty: int = 0
    """Episodes without a step, which are left out."""
    why: str = ""
    """What disagreed, as a sentence without its subject; "" where all fits."""


def cuts_of(shape: tuple[int, ...], flags: Mapping[str, NDArray[Any]]) -> Cuts:
    """Episodes of rewards of that shape: (N,) for one after the other, (n, T) for one a row.

    `flags` are whole arrays by their part: "lengths", "first", "episode", "done", "terminated", "truncated".
    """
    return _in_block(shape, flags) if len(shape) > 1 else _in_line(shape[0], flags)


def _in_block(shape: tuple[int, ...], flags: Mapping[str, NDArray[Any]]) -> Cuts:
    rows, steps = shape
    lengths = flags.get("lengths")
    if lengths is not None and lengths.shape == (rows,) and lengths.dtype.kind in "iu":
        told = [int(length) for length in lengths]
        cuts = [Cut(i, 0, max(min(n, steps), 0), i, _ending(flags, i, rows, ())) for i, n in enumerate(told)]
        over = sum(length > steps for length in told)
        why = f"{over:,} of {rows:,} episodes are longer than the {steps:,} steps there are of each" if over else ""
        return _kept(cuts, why)
    block = {name: flag for name, flag in flags.items() if flag.shape == shape}
    ends = _ends(block, shape)
    pieces = [(i, start, stop) for i in range(rows) for start, stop in _runs(np.flatnonzero(ends[i]) + 1, steps)]
    cuts = [
        Cut(number, start, stop, i, _ending(block, (i, stop - 1), rows, shape))
        for number, (i, start, stop) in enumerate(pieces)
    ]
    return _kept(cuts)


def _in_line(steps: int, flags: Mapping[str, NDArray[Any]]) -> Cuts:
    stops, why = _stops(steps, flags)
    starts = [0, *stops[:-1]][: len(stops)]
    count = len(stops)
    cuts = []
    for number, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        ending = _ending(flags, number, count, ()) if count != steps else "unknown"
        if ending == "unknown" and stop > start:
            ending = _ending(flags, stop - 1, steps, ())
        cuts.append(Cut(number, start, stop, None, ending))
    return _kept(cuts, why)


def _stops(steps: int, flags: Mapping[str, NDArray[Any]]) -> tuple[list[int], str]:
    lengths = flags.get("lengths")
    if lengths is not None and lengths.dtype.kind in "iu" and lengths.ndim == 1 and len(lengths):
        return _told(lengths, steps)
    first = flags.get("first")
    if first is not None and first.shape == (steps,):
        return _ended(np.flatnonzero(first[1:]) + 1, steps), ""
    number = flags.get("episode")
    if number is not None and number.shape == (steps,) and steps:
        return _ended(np.flatnonzero(number[1:] != number[:-1]) + 1, steps), ""
    return _ended(np.flatnonzero(_ends(flags, (steps,))) + 1, steps), ""


def _told(lengths: NDArray[Any], steps: int) -> tuple[list[int], str]:
    """As the file says; what it says beyond its own end is cut."""
    wanted = np.cumsum(np.maximum(lengths.astype(np.float64), 0))
    stops = np.minimum(wanted, steps).astype(np.int64).tolist()
    total = wanted[-1]
    why = "" if total == steps else f"the lengths of its episodes add up to {total:,.0f} steps and it holds {steps:,}"
    return stops, why


def _ended(stops: NDArray[np.intp], steps: int) -> list[int]:
    found = [int(stop) for stop in stops if stop < steps]
    return [*found, steps] if steps else []


def _runs(stops: NDArray[np.intp], steps: int) -> Iterator[tuple[int, int]]:
    """Pieces of a row; what is behind its last end is one too, and what is only padding cannot be told from it."""
    ends = [int(stop) for stop in stops] or [steps]
    yield from zip([0, *ends[:-1]], ends, strict=True)


def _ends(flags: Mapping[str, NDArray[Any]], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    ends = np.zeros(shape, bool)
    for name in ("done", "terminated", "truncated"):
        if (flag := flags.get(name)) is not None and flag.shape == shape:
            ends |= flag.astype(bool)
    return ends


def _ending(flags: Mapping[str, NDArray[Any]], at: int | tuple[int, int], count: int, shape: Sequence[int]) -> Ending:
    """What ended an episode, by flags of one entry an episode (`count` of them), or one a step."""
    for name in ("terminated", "truncated"):
        flag = flags.get(name)
        fits = flag is not None and flag.size and flag.shape == (tuple(shape) or (count,))
        if fits and flag is not None and bool(flag[at]):
            return "terminated" if name == "terminated" else "truncated"
    return "unknown"


def _kept(cuts: Sequence[Cut], why: str = "") -> Cuts:
    kept = tuple(cut for cut in cuts if cut.length > 0)
    return Cuts(kept, len(cuts) - len(kept), why)
