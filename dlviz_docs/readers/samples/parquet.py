"""Parquet files, read whole: no file of somebody else's is mapped."""

from __future__ import annotations

import io
import os
from pathlib import Path

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Problem, Sheet
from dlviz_docs.readers._text import natural_size
from dlviz_docs.readers.samples._frames import Waiting, sheet_of
from dlviz_docs.readers.samples._limits import Limits

__all__ = ["more_rows", "read_bytes", "read_parquet"]

_MAGIC = b"PAR1"


def read_parquet(path: Path, source: str, limits: Limits) -> tuple[Sheet, ...]:
    """The file as one sheet."""
    import polars as pl

    data = read_bytes(path, limits)
    if not (data.startswith(_MAGIC) and data.endswith(_MAGIC)):
        raise ReadError("is no Parquet file, or is cut off", "Write the file again, or delete it.")
    frame = pl.read_parquet(io.BytesIO(data), n_rows=limits.max_rows + 1, hive_partitioning=False)
    problems = more_rows(source, frame.height, limits)
    columns: dict[str, pl.Series | Waiting] = {name: frame[name].head(limits.max_rows) for name in frame.columns}
    octets = len(data)
    del data, frame
    return (sheet_of(columns, source=source, format="Parquet", limits=limits, octets=octets, problems=problems),)


def read_bytes(path: Path, limits: Limits) -> bytes:
    """The whole file; ReadError when it is too large to be read or empty."""
    with path.open("rb") as file:
        too_large = os.fstat(file.fileno()).st_size > limits.max_bytes
        data = b"" if too_large else file.read(limits.max_bytes)
    if too_large:
        what = f"larger than {natural_size(limits.max_bytes)}, the most that is read of such a file"
        raise ReadError(what, "Split the file, or save a sample of its rows.")
    if not data:
        raise ReadError("is empty", "Write the file again, or delete it.")
    return data


def more_rows(source: str, height: int, limits: Limits) -> tuple[Problem, ...]:
    """The notice that rows were left out, if `height` says so."""
    if height <= limits.max_rows:
        return ()
    what = f"has more than {limits.max_rows:,} rows; the first {limits.max_rows:,} are read"
    return (Problem("too-many-rows", source, what, "Save a sample of the rows, chosen at random."),)
