"""Minari's Arrow form: `data/<episode>/part-0.arrow`, with one row more than there are steps, for the last observation.

That row repeats nothing that is known: its reward is filled in as zero, its action is the last one again.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ReadError
from dlviz_docs.readers._text import natural_size
from dlviz_docs.readers.episodes._arrays import AGAIN, Span
from dlviz_docs.readers.episodes._choice import chosen
from dlviz_docs.readers.episodes._moments import described, whole_number
from dlviz_docs.readers.episodes._piece import Piece, Pieces
from dlviz_docs.readers.episodes._told import told_by
from dlviz_docs.readers.episodes._types import Found, Limits, Planned
from dlviz_docs.readers.episodes.npz import steps_in

if TYPE_CHECKING:
    import polars as pl

__all__ = ["read_minari_arrow"]

_MAGIC = b"ARROW1"
_LARGEST = 500_000_000
_MOST_NAMES = 200


def read_minari_arrow(found: Found, planned: Planned, limits: Limits) -> Pieces:
    """One file an episode; one that is damaged costs itself. Lengths are as each episode's metadata.json has them."""
    told = [described((found.root / path).with_name("metadata.json")) for path in planned.files]
    lengths = [whole_number(one.get("total_steps")) or 1 for one in told]
    kept = chosen(list(range(len(told))), lengths, 1, limits)
    whole = Pieces(seen=len(planned.files))
    for place in kept:
        path = planned.files[place]
        name = PurePosixPath(path).parent.name
        try:
            piece = _episode(found.root / path, limits, whole)
        except (ReadError, OSError, ValueError) as error:
            why = error.what if isinstance(error, ReadError) else "cannot be read"
            whole.wrong.append(f"episode {name} {why}")
            continue
        piece.name, piece.seed = name, whole_number(told[place].get("seed"))
        whole.episodes.append(piece)
    return told_by(found.root / planned.told[0], whole)


def _episode(path: Path, limits: Limits, whole: Pieces) -> Piece:
    arrays = _Columns(_frame(path))
    pieces = steps_in(arrays, limits)
    whole.wrong += pieces.wrong
    whole.shape = pieces.shape
    whole.told |= pieces.told
    if not pieces.episodes:
        raise ReadError("has no step", AGAIN)
    return pieces.episodes[0]


def _frame(path: Path) -> pl.DataFrame:
    import polars as pl

    size = path.stat().st_size
    if size > _LARGEST:
        raise ReadError(f"is of {natural_size(size)}, more than is read of an episode", AGAIN)
    content = path.read_bytes()
    if not (content.startswith(_MAGIC) and content.endswith(_MAGIC)):
        raise ReadError("is cut off, or no Arrow file", AGAIN)
    try:
        return pl.read_ipc(io.BytesIO(content))
    # Polars raises types of its own on damage, and Rust's panics are exceptions of their own kind.
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise ReadError("is damaged", AGAIN) from error
        raise


class _Columns:
    """Columns as arrays, without the row that is only there for its observation."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.arrays = dict(_arrays("", frame))
        steps = max(frame.height - 1, 0)
        for name in self.arrays:
            if not name.startswith(("observation", "infos/")):  # what a reset tells, too
                self.arrays[name] = self.arrays[name][:steps]

    @property
    def wrong(self) -> list[str]:
        return []

    def names(self) -> list[str]:
        return list(self.arrays)

    def shape(self, name: str) -> tuple[int, ...]:
        return self.arrays[name].shape

    def whole(self, name: str) -> NDArray[Any]:
        return self.arrays[name]

    def rows(self, name: str, spans: Sequence[Span]) -> Iterator[NDArray[Any]]:
        yield from (self.arrays[name][start:stop] for start, stop in spans)


def _arrays(above: str, frame: pl.DataFrame) -> Iterator[tuple[str, NDArray[Any]]]:
    """Numbers, lists of as many numbers in each row, and the fields of records, by their paths."""
    import polars as pl

    for name in frame.columns[:_MOST_NAMES]:
        column, path = frame[name], f"{above}{name}"
        if isinstance(column.dtype, pl.Struct):
            yield from _arrays(f"{path}/", column.struct.unnest())
        elif column.dtype.is_numeric() or column.dtype == pl.Boolean:
            yield path, column.to_numpy()
        elif isinstance(column.dtype, pl.Array):
            values = np.asarray(column.to_numpy())
            if values.dtype.kind in "biuf":
                yield path, values
