"""What paths and columns say of a table: data, predictions, a log; and which files belong to one data set."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from dlviz_docs.names import natural
from dlviz_docs.readers.samples._names import (
    DATA_FOLDERS,
    DATA_STEMS,
    RESULT_FOLDERS,
    is_result_name,
    parts_of,
    split_of_path,
    split_order,
    words_of,
)
from dlviz_docs.readers.samples._types import DataEntry, Planned

__all__ = [
    "HARNESS",
    "OF_MODELS",
    "dataset",
    "is_below",
    "is_data_path",
    "is_log_name",
    "is_named_data",
    "is_of_instructions",
    "is_result_path",
    "much_alike",
    "named_by",
    "of_folder",
    "title",
    "told_apart",
    "whole_of",
]

_LOG_WORDS = frozenset(
    {"log", "logs", "metrics", "metric", "history", "loss", "losses", "config", "report", "summary", "curve", "params"}
    | {"hparams", "timing", "progress", "monitor", "stats", "statistics", "requirements", "vocab", "tokenizer"}
)
HARNESS = frozenset({"resps", "filtered_resps"})
"""What lm-evaluation-harness has of each question: neither data nor one answer."""
OF_MODELS = frozenset(
    {"leaderboard", "importance", "importances", "matrix", "comparison", "benchmark", "benchmarks", "submission"}
)
"""Words of tables about models."""


def much_alike(one: set[str], other: set[str]) -> bool:
    """Whether columns are the same, but for two."""
    return len(one ^ other) <= min(2, max(0, min(len(one), len(other)) - 1))


def dataset(name: str, paths: Sequence[str], entry: DataEntry | None) -> Planned:
    """One data set of these tables, in the order of their splits."""
    ordered = sorted(paths, key=lambda path: (split_order(split_of_path(path)), natural(path)))
    return Planned(
        name, tuple((path, "table") for path in ordered), tuple(split_of_path(path) for path in ordered), data=entry
    )


def of_folder(planned: Planned, side: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Lists of splits that lie beside a data set's files, or above them."""
    if any(planned.splits):
        return ()
    folder = posixpath.dirname(planned.files[0][0])
    return tuple((path, part) for path, part in side if _beside(posixpath.dirname(path), folder))


def named_by(planned: Planned, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The nearest file that names the classes: in the same folder, above it, or the only one there is."""
    folder = posixpath.dirname(planned.files[0][0]) if planned.files else ""
    above = [path for path in names if _is_within(folder, posixpath.dirname(path))]
    nearest = max(above, key=lambda path: len(posixpath.dirname(path)), default=names[0] if len(names) == 1 else "")
    return ((nearest, "class names"),) if nearest else ()


def _is_within(folder: str, above: str) -> bool:
    return not above or folder == above or folder.startswith(above + "/")


def _beside(one: str, other: str) -> bool:
    return one == other or posixpath.dirname(one) == other or posixpath.dirname(other) == one


def is_below(path: str, folder: str) -> bool:
    """Whether a path is the folder or lies below it."""
    return bool(folder) and (folder == "." or path == folder or path.startswith(folder + "/"))


def is_named_data(path: str) -> bool:
    """ "data.csv", "alpaca_data.json", "my-dataset.parquet", "iris.data"."""
    stem = PurePosixPath(path).stem.lower()
    if path.endswith(".data"):
        return True
    return stem in DATA_STEMS or bool(set(words_of(stem)) & {"data", "dataset"})


def is_of_instructions(columns: Sequence[str]) -> bool:
    """Whether a table is one of instructions and the answers to learn, as Alpaca has it."""
    return {"instruction", "output"} <= {name.lower() for name in columns}


def title(path: str) -> str:
    """A file's name without its ending."""
    return PurePosixPath(path).stem or PurePosixPath(path).name


def _folders(path: str) -> tuple[str, ...]:
    return tuple(part.lower() for part in PurePosixPath(path).parent.parts)


def is_data_path(path: str) -> bool:
    """Whether the nearest folder that says something is one of data."""
    for folder in reversed(_folders(path)):
        if folder in RESULT_FOLDERS or is_result_name(folder):
            return False
        if folder in DATA_FOLDERS:
            return True
    return False


def is_result_path(path: str, in_run: bool) -> bool:
    """Whether its name or a folder near it says that a table holds predictions."""
    named = is_result_name(PurePosixPath(path).stem)
    in_folder = any(folder in RESULT_FOLDERS or is_result_name(folder) for folder in _folders(path)[-2:])
    return in_folder or (named and in_run) or (named and len(_folders(path)) <= 1)


def is_log_name(path: str) -> bool:
    """Whether a table is called like a log, a report or a list of settings."""
    return bool(set(words_of(PurePosixPath(path).stem)) & _LOG_WORDS)


def whole_of(path: str) -> tuple[str, ...]:
    """What files of one data set share: the folder without those of splits, and the name without split and number."""
    pure = PurePosixPath(path)
    folder = pure.parent
    while folder.parts and parts_of(folder.name).split:
        folder = folder.parent
    parts = parts_of(pure.stem)
    rest = [word for word in parts.rest if not word.isdigit() and word not in ("of", "part", "shard", "data")]
    return (folder.as_posix(), *rest)


def told_apart(planned: Sequence[Planned]) -> list[Planned]:
    """Names that are each one's own: with the folder, or else the file, before names that meet."""
    names = Counter(one.name for one in planned)
    result = []
    for one in planned:
        if names[one.name] > 1 and one.files:
            folder = posixpath.dirname(one.files[0][0])
            one = replace(one, name=f"{folder}/{one.name}" if folder else one.name)
        result.append(one)
    return result
