"""Tables of predictions whose columns do not say so: the file's name does, as competitions and AutoML tools have it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from dlviz_docs.readers._frame import plain_name
from dlviz_docs.readers.samples._names import is_result_name, parts_of, split_of_path, split_order, words_of
from dlviz_docs.readers.samples._roles import is_identifier_name, roles_of
from dlviz_docs.readers.samples._types import Planned

__all__ = [
    "CLASS_COLUMNS",
    "by_split",
    "class_columns",
    "is_example",
    "lone_prediction",
    "of_classes",
    "side_by_side",
    "unnamed_columns",
]

CLASS_COLUMNS = "class columns"
"""The part of a file whose columns are called like the classes and hold their probabilities."""
_NAMES_ROWS = frozenset({"", "unnamed:_0", "index", "idx", "id", "row", "row_id", "key", "filename", "file", "image"})
_EXAMPLE = frozenset({"sample", "example", "gender", "dummy", "template"})


def is_example(path: str) -> bool:
    """Whether a file is the form of a competition, filled with anything: "sample_submission.csv"."""
    words = set(words_of(PurePosixPath(path).stem))
    return bool(words & {"submission", "submissions"} and words & _EXAMPLE)


def lone_prediction(path: str, columns: Sequence[str]) -> str:
    """The only column beside names of rows in a file called "submission" or "predictions"; "" where there are more."""
    stem = PurePosixPath(path).stem
    if is_example(path) or not is_result_name(stem) or parts_of(stem).role in ("probabilities", "embeddings"):
        return ""
    words = set(words_of(stem))
    if not words & {"submission", "pred", "preds", "prediction", "predictions", "predicted"}:
        return ""
    rest = unnamed_columns(columns)
    return rest[0] if len(rest) == 1 < len(columns) else ""


def unnamed_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """Those that do not name rows."""
    return tuple(name for name in columns if not _names_rows(name))


def of_classes(path: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Columns that are called like classes in a file of probabilities: "test_pred_proba.csv"."""
    if parts_of(PurePosixPath(path).stem).role != "probabilities":
        return ()
    roles = roles_of(columns)
    if roles.predicted or roles.truth or roles.probabilities:
        return ()
    return class_columns(columns)


def class_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """Those that do not name rows, if there are several."""
    rest = unnamed_columns(columns)
    return rest if len(rest) > 1 else ()


def _names_rows(name: str) -> bool:
    plain = plain_name(name)
    return plain in _NAMES_ROWS or is_identifier_name(name)


def side_by_side(planned: Sequence[Planned]) -> list[Planned]:
    """With a file of labels and one of probabilities, if they are the only ones of a folder and a split, as one."""
    result = [one for one in planned if _part(one) != CLASS_COLUMNS]
    for table in planned:
        if _part(table) != CLASS_COLUMNS:
            continue
        mates = [one for one in result if _part(one) == "table" and _place(one) == _place(table)]
        rivals = [one for one in planned if _part(one) == CLASS_COLUMNS and _place(one) == _place(table)]
        if len(mates) == len(rivals) == 1 and mates[0].result and len(mates[0].files) == 1:
            mate = mates[0]
            both = replace(mate, files=(*mate.files, *table.files), splits=(*mate.splits, *table.splits))
            result[result.index(mate)] = both
        else:
            result.append(table)
    return result


def _part(one: Planned) -> str:
    return one.files[0][1]


def _place(one: Planned) -> tuple[str, str]:
    return posixpath.dirname(one.files[0][0]), one.splits[0] if one.splits else ""


def by_split(planned: Sequence[Planned], columns_of: Callable[[str], Sequence[str]]) -> list[Planned]:
    """With tables that differ only in the split they are named for as one: "train_preds.csv" and "test_preds.csv"."""
    groups: dict[tuple[object, ...], list[Planned]] = {}
    for one in planned:
        groups.setdefault(_family(one, columns_of), []).append(one)
    return [one for group in groups.values() for one in _united(group)]


def _family(one: Planned, columns_of: Callable[[str], Sequence[str]]) -> tuple[object, ...]:
    path, part = one.files[0]
    if len(one.files) > 1 or part != "table" or not split_of_path(path) or not columns_of(path):
        return (id(one),)
    column = one.result.prediction if one.result else ""
    pure = PurePosixPath(path)
    folders = tuple(name for name in pure.parent.parts if not parts_of(name).split)
    return (
        folders,
        parts_of(pure.stem).rest,
        parts_of(pure.stem).role,
        pure.suffix,
        one.run,
        column,
        frozenset(columns_of(path)),
    )


def _united(group: Sequence[Planned]) -> list[Planned]:
    if len(group) < 2 or len({one.splits[0] for one in group}) < len(group):
        return list(group)
    ordered = sorted(group, key=lambda one: split_order(one.splits[0]))
    first = ordered[0]
    path = PurePosixPath(first.files[0][0])
    words = [word for word in words_of(path.stem) if not parts_of(word).split]
    result = first.result
    whole = replace(
        first,
        name=(result.name if result and result.name else "") or "_".join(words) or path.parent.name or first.name,
        files=tuple(file for one in ordered for file in one.files),
        splits=tuple(one.splits[0] for one in ordered),
    )
    return [whole]
