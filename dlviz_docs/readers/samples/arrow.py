"""Arrow IPC files and streams, and folders that Hugging Face `datasets` wrote with `save_to_disk`."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Sheet
from dlviz_docs.readers._json import load
from dlviz_docs.readers._text import read_text
from dlviz_docs.readers.samples._frames import Waiting, sheet_of
from dlviz_docs.readers.samples._limits import Limits
from dlviz_docs.readers.samples.parquet import more_rows, read_bytes

if TYPE_CHECKING:
    import polars as pl

__all__ = ["class_labels", "read_arrow"]

_FILE_MAGIC = b"ARROW1"
_MOST_INFO = 20_000_000
_DEEPEST = 8


def read_arrow(
    path: Path, source: str, limits: Limits, classes: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[Sheet, ...]:
    """The file as one sheet; `classes` are the names of numbered columns, which `datasets` keeps beside it."""
    data = read_bytes(path, limits)
    frame = _frame(data, limits)
    problems = more_rows(source, frame.height, limits)
    columns: dict[str, pl.Series | Waiting] = {name: frame[name].head(limits.max_rows) for name in frame.columns}
    octets = len(data)
    del data, frame
    return (
        sheet_of(
            columns, source=source, format="Arrow", limits=limits, octets=octets, classes=classes, problems=problems
        ),
    )


def _frame(data: bytes, limits: Limits) -> pl.DataFrame:
    """A file says so in its first bytes; everything else is a stream, or damaged."""
    import polars as pl

    if data.startswith(_FILE_MAGIC):
        if not data.endswith(_FILE_MAGIC):
            raise ReadError("is cut off", "Write the file again, or delete it.")
        return pl.read_ipc(io.BytesIO(data), n_rows=limits.max_rows + 1)
    return pl.read_ipc_stream(io.BytesIO(data), n_rows=limits.max_rows + 1)


def class_labels(path: Path) -> dict[str, tuple[str, ...]]:
    """Names of the classes by column, from dataset_info.json; none where it does not tell."""
    try:
        text, _ = read_text(path, _MOST_INFO)
        info = load(text)
    except (OSError, ReadError):
        return {}
    features = info.get("features") if isinstance(info, dict) else None
    found: dict[str, tuple[str, ...]] = {}
    _collect("", features, found, 0)
    return found


def _collect(name: str, feature: object, found: dict[str, tuple[str, ...]], depth: int) -> None:
    if not isinstance(feature, dict) or depth > _DEEPEST:
        return
    names = feature.get("names")
    if feature.get("_type") == "ClassLabel" and isinstance(names, list):
        found[name] = tuple(str(one) for one in names)
        return
    for key, inner in feature.items():
        _collect(f"{name}.{key}" if name else str(key), inner, found, depth + 1)
