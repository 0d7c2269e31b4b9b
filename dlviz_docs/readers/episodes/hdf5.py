"""Episodes in HDF5, read by our own inert reader: Minari's `main_data.hdf5`, and files with arrays of the same names.

Minari writes one group an episode (`episode_0/rewards`), with one observation more than there are steps, and says in
`metadata.json` what the environment was. D4RL writes all steps end to end, with `terminals` and `timeouts`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ReadError
from dlviz_docs.readers._text import natural_size
from dlviz_docs.readers.episodes._arrays import AGAIN, Span
from dlviz_docs.readers.episodes._keys import are_episodes
from dlviz_docs.readers.episodes._piece import Pieces
from dlviz_docs.readers.episodes._told import told_by
from dlviz_docs.readers.episodes._types import Found, Limits, Planned
from dlviz_docs.readers.episodes.npz import pieces_in
from dlviz_docs.readers.networks._hdf5 import Array, Directory, assembled, opened_hdf5

__all__ = ["holds_episodes", "read_hdf5"]

_MOST_NAMES = 200_000
_WHOLE = 1_000_000_000
"""Bytes of an array that is put together from its chunks."""


class _Hdf5Arrays:
    """The arrays of an open file; those that are no numbers are not among them."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.arrays: dict[str, Array] = {}
        for array in directory.arrays():
            if array.dtype and array.there and not array.why_not and len(self.arrays) < _MOST_NAMES:
                self.arrays[array.path] = array
        self._last: tuple[str, NDArray[Any]] = ("", np.zeros(0))

    @property
    def wrong(self) -> list[str]:
        return []

    def names(self) -> list[str]:
        return list(self.arrays)

    def shape(self, name: str) -> tuple[int, ...]:
        return self.arrays[name].shape

    def whole(self, name: str) -> NDArray[Any]:
        if self._last[0] != name:
            self._last = (name, self._read(self.arrays[name]))
        return self._last[1]

    def rows(self, name: str, spans: Sequence[Span]) -> Iterator[NDArray[Any]]:
        array = self.arrays[name]
        if array.offset is None:
            values = self.whole(name)
            yield from (values[start:stop] for start, stop in spans)
            return
        one = array.octets // max(array.shape[0], 1)
        yield from (self._at(array, start, stop, one) for start, stop in spans)

    def _at(self, array: Array, start: int, stop: int, one: int) -> NDArray[Any]:
        if (stop - start) * one > _WHOLE:
            raise ReadError(f"{array.path} holds more of an episode than is read at once", AGAIN)
        raw = self.directory.file.read((array.offset or 0) + start * one, (stop - start) * one)
        return _typed(np.frombuffer(raw, np.uint8), array, (stop - start, *array.shape[1:]))

    def _read(self, array: Array) -> NDArray[Any]:
        if array.octets > _WHOLE:
            raise ReadError(f"{array.path} holds {natural_size(array.octets)}, more than is read of an array", AGAIN)
        if array.offset is None:
            return _typed(assembled(self.directory, array, _WHOLE), array, array.shape)
        return _typed(np.frombuffer(self.directory.file.read(array.offset, array.octets), np.uint8), array, array.shape)


def _typed(raw: NDArray[np.uint8], array: Array, shape: tuple[int, ...]) -> NDArray[Any]:
    if array.dtype == "bfloat16":
        raise ReadError(f"{array.path} holds values of type bfloat16, which are not read here", AGAIN)
    dtype = np.dtype(array.dtype).newbyteorder(">" if array.big_endian else "<")
    values = np.ascontiguousarray(raw).view(dtype).reshape(shape)
    return values.astype(dtype.newbyteorder("="))


def holds_episodes(path: Path) -> bool:
    """Whether its arrays are called like those of episodes; not of what is no HDF5, or is damaged."""
    try:
        with path.open("rb") as file:
            return are_episodes(array.path for array in opened_hdf5(file, path.stat().st_size).arrays())
    except (ReadError, OSError, ValueError):
        return False


def read_hdf5(found: Found, planned: Planned, limits: Limits) -> Pieces:
    """ReadError where it is damaged, or holds no rewards."""
    path = found.root / planned.files[0]
    with path.open("rb") as file:
        arrays = _Hdf5Arrays(opened_hdf5(file, path.stat().st_size))
        if not are_episodes(arrays.names()):
            raise ReadError("holds no rewards that can be read", AGAIN)
        pieces = pieces_in(arrays, limits)
    return told_by(found.root / planned.told[0], pieces) if planned.told else pieces
