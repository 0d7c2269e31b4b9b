"""A table with columns told apart: target, split, names of rows, pictures, series."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import near_miss
from dlviz_docs.model import Dataset, Feature, Pictures
from dlviz_docs.readers._frame import plain_name
from dlviz_docs.readers.samples._classes import fits
from dlviz_docs.readers.samples._columns import as_classes, distinct, is_of_classes, named_levels
from dlviz_docs.readers.samples._features import feature_of_array, strings_of
from dlviz_docs.readers.samples._names import parts_of, split_order
from dlviz_docs.readers.samples._pictures_named import pictures_named
from dlviz_docs.readers.samples._roles import is_identifier_name, is_series_name, label_names, roles_of, target_of
from dlviz_docs.readers.samples._sequences import sequences_of
from dlviz_docs.readers.samples._stack import Columns
from dlviz_docs.readers.samples._types import DataEntry, Found, Planned

__all__ = ["as_pictures", "dataset_of", "ids_of", "split_of"]

_NAMING = frozenset(
    {"sample", "name", "code", "key", "barcode", "accession", "record", "case", "number", "no", "nr", "sku", "symbol"}
    | {"ticker", "file", "filename", "path", "image", "img", "url", "title", "gene", "cell", "specimen", "subject"}
)
"""Words of columns that say what rows are called."""
_PIXEL = re.compile(r"^(?:pixel|pix|px)_?\d+$")
_PLACE = re.compile(r"^\d+x\d+$")
_LEAST_SIDE = 8
_WHITE = 255
_FEW_COLUMNS = 40
"""An array of so many numbers a row is as many features; one of more is looked at as a whole."""


def dataset_of(
    planned: Planned, columns: Columns, found: Found, labels: Mapping[str, tuple[str, ...]], lists: Mapping[str, Any]
) -> Dataset:
    """`labels` names the classes of numbered columns; `lists` names the rows of each split, by id or by place."""
    entry = planned.data or DataEntry(path="")
    _check(entry, columns)
    roles = roles_of(list(columns.features))
    target = _target(entry, columns, labels)
    ids, named = ids_of(entry.id or roles.id, columns)
    split_of(entry.split or roles.split, columns)
    _split_by(lists, ids, columns)
    sequences = sequences_of(columns)
    _gather_pixels(columns)
    pictures = _pictures(columns, ids, named, found)
    if pictures is not None and pictures.sources:
        ids = pictures.keys if len(set(ids)) < len(ids) else ids
        target = target or _lone_category(columns)
    series, embeddings = _arrays(columns)
    times = [name for name, feature in columns.features.items() if feature.kind == "time"]
    group = entry.group or roles.group
    time = entry.time or (roles.time if roles.time in times else (times[0] if len(times) == 1 else ""))
    goal = columns.features.get(target)
    return Dataset(
        name=planned.name,
        sources=columns.sources,
        format=columns.format,
        length=columns.length,
        features=tuple(columns.features.values()),
        target=target,
        split=columns.split,
        splits=columns.splits,
        ids=ids,
        group=group if group in columns.features else "",
        time=time if time in columns.features else "",
        pictures=pictures,
        classes=goal.levels if goal is not None and goal.kind in ("category", "boolean") else columns.classes,
        embeddings=embeddings,
        series=series,
        tokens=sequences.ids if sequences else None,
        pad=sequences.pad if sequences else None,
        words=columns.words if sequences else (),
        octets=columns.octets,
        problems=tuple(columns.problems),
    )


def _check(entry: DataEntry, columns: Columns) -> None:
    for key, name in (
        ("target", entry.target),
        ("split", entry.split),
        ("group", entry.group),
        ("time", entry.time),
        ("id", entry.id),
    ):
        if name and name not in columns.features:
            what = (
                f"has no column {name!r}, which experiment.yml names as its {key}.{near_miss(name, columns.features)}"
            )
            columns.tell("no-column", what, "Correct the name in experiment.yml.")


def _target(entry: DataEntry, columns: Columns, labels: Mapping[str, tuple[str, ...]]) -> str:
    """The column to be predicted; whole numbers become classes, with their names where somebody tells them."""
    features = columns.features
    named = next((name for name in labels if name in features), "")
    said = entry.target or columns.roles.get("truth", "") or named or target_of(list(features))
    if said not in features:
        _from_one_hot(said or next((n for n in columns.arrays if parts_of(n).role == "truth"), ""), columns)
        said = said if said in features else ""
    if not said:
        return ""
    goal, names = features[said], labels.get(said) or columns.classes
    if not names and is_of_classes(goal) and fits(columns.offered, as_classes(goal).levels, None):
        names = columns.offered
    if names and goal.kind in ("number", "category") and (goal.whole or goal.kind == "category"):
        goal = named_levels(goal, names)
        if goal.missing > features[said].missing:
            beyond = goal.missing - features[said].missing
            columns.tell("labels-outside", f"{beyond:,} labels are outside the {len(names):,} classes",
                         "Name all classes, and count them from 0.")  # fmt: skip
    elif is_of_classes(goal):
        goal = as_classes(goal)
    features[said] = goal
    _drop_double(said, columns)
    return said


def _lone_category(columns: Columns) -> str:
    """The only column beside the names of pictures, where its values repeat: what the pictures show."""
    (*names,) = columns.features
    if len(names) != 1 or columns.arrays:
        return ""
    feature = columns.features[names[0]]
    few = feature.kind in ("category", "boolean") and 2 * len(feature.levels) <= len(feature)
    return names[0] if few else ""


def _from_one_hot(name: str, columns: Columns) -> None:
    """Labels of shape (n, classes) with one 1 a row as a column of numbers."""
    values = columns.arrays.get(name)
    if values is None or values.ndim != 2 or not len(values):
        return
    if ((values == 0) | (values == 1)).all() and (values.sum(axis=1) == 1).all():
        columns.features[name] = feature_of_array(name, values.argmax(axis=1))
        del columns.arrays[name]


def _drop_double(target: str, columns: Columns) -> None:
    """A column that spells out the target's numbers gives it names, and goes."""
    features = columns.features
    goal = features[target]
    for name in label_names([name for name in features if name != target]):
        other = features[name]
        if goal.kind != "category" or other.kind != "category" or len(other.levels) != len(goal.levels):
            continue
        pairs = np.unique(np.stack([goal.values, other.values]), axis=1)
        if (
            pairs.shape[1] == len(goal.levels)
            and len(set(pairs[1].tolist())) == len(goal.levels)
            and (pairs >= 0).all()
        ):
            levels = [other.levels[int(pairs[1, place])] for place in range(len(goal.levels))]
            features[target] = replace(goal, levels=tuple(levels))
            del features[name]
            return


def ids_of(name: str, columns: Columns) -> tuple[tuple[str, ...], str]:
    """What the rows are called, and the column that said so, which is taken out where it says nothing else."""
    features = columns.features
    unnamed = features.get("")
    if unnamed is not None and name != "":
        if _counts(unnamed):
            del features[""]
    elif unnamed is not None:
        name = ""
    if not name or plain_name(name) == "name":
        name = _naming(columns) or name
    feature = columns.features.get(columns.roles.get("ids", "") or name)
    if feature is None or not (_names_rows(feature) or _names_files(feature, columns.lengths)):
        return (), ""
    if _counts(feature):
        features.pop(feature.name)
        return (), ""
    strings = strings_of(feature)
    if len(strings) < columns.length or all(cell is None for cell in strings):
        return (), ""
    named = tuple("" if cell is None else cell for cell in strings) if feature.missing else strings
    repeated = len(named) - len(set(named)) - max(0, feature.missing - 1)
    if repeated and not _unique_by_file(named, columns.lengths):
        columns.tell("duplicate-ids", f"{repeated:,} rows have a name in {feature.name!r} that another row has, too",
                     "Give each row a name of its own.")  # fmt: skip
    features.pop(feature.name)
    return cast(tuple[str, ...], named), feature.name


def _names_files(feature: Feature, lengths: Sequence[int]) -> bool:
    """Whether a column that repeats from file to file names the rows of each."""
    return feature.kind == "category" and _unique_by_file(strings_of(feature), lengths)


def _unique_by_file(names: Sequence[str | None], lengths: Sequence[int]) -> bool:
    """Whether names repeat from file to file only, as those of pictures beside each file do."""
    ends = list(accumulate(lengths))
    return len(lengths) > 1 and all(
        len(set(names[end - length : end])) == length for end, length in zip(ends, lengths, strict=True)
    )


def _naming(columns: Columns) -> str:
    """A column of identifiers that are each another one: called so ("PassengerId"), or the first if it names things."""
    features = list(columns.features.values())
    first = [one for one in features[:1] if _NAMING & set(plain_name(one.name).split("_"))]
    for feature in (*(one for one in features if is_identifier_name(one.name)), *first):
        once = feature.kind == "identifier" and not feature.missing
        if once and (feature.values == np.arange(len(feature))).all():
            return feature.name
    return ""


def _names_rows(feature: Feature) -> bool:
    if feature.kind in ("identifier", "text"):
        return True
    if feature.kind in ("category", "number"):
        return len(distinct(feature)) >= 0.99 * len(feature) and (feature.kind == "category" or feature.whole)
    return False


def _counts(feature: Feature) -> bool:
    """Whether the column only counts the rows."""
    if feature.kind == "identifier" and feature.texts is None:
        return True
    if feature.kind == "identifier" and feature.texts is not None:
        return feature.texts.strings[:100] == tuple(map(str, range(min(100, len(feature))))) and (
            feature.texts.strings[-1:] == (str(len(feature.texts.strings) - 1),)
        )
    if feature.kind != "number" or not feature.whole or not len(feature):
        return False
    start = feature.values[0]
    return bool(start in (0, 1) and (feature.values == np.arange(len(feature)) + start).all())


def split_of(name: str, columns: Columns) -> None:
    """The column that names the split is taken out, if all of its words are splits."""
    feature = columns.features.get(name)
    if feature is None or feature.kind != "category" or not feature.levels:
        return
    words = [parts_of(level).split for level in feature.levels]
    if not any(words) or (columns.split is not None and not all(words)):
        return
    _set_splits(
        [words[code] or feature.levels[code] if code >= 0 else "" for code in range(len(words))], feature, columns
    )
    del columns.features[name]


def _set_splits(words: Sequence[str], feature: Feature, columns: Columns) -> None:
    ordered = sorted(set(words), key=split_order)
    gone = bool((feature.values < 0).any())
    columns.splits = (*ordered, *(["other"] if gone else []))
    lookup = np.array([*(ordered.index(word) for word in words), len(ordered)], np.int32)
    columns.split = lookup[feature.values.astype(np.intp)]


def _split_by(lists: Mapping[str, Any], ids: tuple[str, ...], columns: Columns) -> None:
    """Splits that a file beside the data names row by row; a row in none is of no split."""
    if not lists or columns.split is not None:
        return
    place = {name: row for row, name in enumerate(ids)}
    if ids and not any(str(one) in place for rows in lists.values() for one in list(rows)[:100]):
        place = {name.rpartition("/")[2].partition(".")[0]: row for name, row in place.items()}
    codes = np.full(columns.length, -1, np.int32)
    names = sorted(lists, key=split_order)
    for code, name in enumerate(names):
        found = [place.get(str(one), -1) if place else _place(one) for one in lists[name]]
        rows = np.array([row for row in found if 0 <= row < columns.length], np.intp)
        codes[rows] = code
    if not (codes >= 0).any():
        return
    gone = codes < 0
    columns.splits = (*names, *(["other"] if gone.any() else []))
    columns.split = np.where(gone, len(names), codes).astype(np.int32)


def _place(value: object) -> int:
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 12 else -1


# --- what is more than one number a row -------------------------------------------------------------------------------


def _pictures(columns: Columns, ids: tuple[str, ...], named: str, found: Found) -> Pictures | None:
    if ids and (pictures := pictures_named(found, ids, columns.sources, columns.lengths)):
        return pictures
    for name, feature in columns.features.items():
        if feature.texts is None or name == named:
            continue
        paths = tuple(cell or "" for cell in feature.texts.strings)
        if len(paths) == columns.length and (
            pictures := pictures_named(found, paths, columns.sources, columns.lengths)
        ):
            del columns.features[name]
            return pictures
    for name, values in columns.arrays.items():
        if not is_series_name(name) and (pictures := as_pictures(columns.sources[0], values)):
            del columns.arrays[name]
            return replace(pictures, keys=_by_file(columns) or pictures.keys)
    return None


def _gather_pixels(columns: Columns) -> None:
    """Columns "pixel0", "pixel1", ... or "1x1", "1x2", ... as one array of square pictures."""
    for pattern in (_PIXEL, _PLACE):
        names = [name for name in columns.features if pattern.match(plain_name(name))]
        side = round(len(names) ** 0.5)
        if side < _LEAST_SIDE or side * side != len(names):
            continue
        pixels = [columns.features[name] for name in names]
        if any(one.kind != "number" or not one.whole or one.missing for one in pixels):
            continue
        values = np.stack([one.values for one in pixels], axis=1)
        if values.min() < 0 or values.max() > _WHITE:
            continue
        for name in names:
            del columns.features[name]
        columns.arrays["pixels"] = values.reshape(-1, side, side).astype(np.uint8)
        return


def _by_file(columns: Columns) -> tuple[str, ...]:
    """A word for each row by the file of its split; () where files and splits are not the same."""
    if columns.split is None or len(columns.sources) < 2:
        return ()
    starts = [0, *(np.flatnonzero(np.diff(columns.split)) + 1).tolist(), columns.length]
    if len(starts) != len(columns.sources) + 1:
        return ()
    blocks = zip(columns.sources, pairwise(starts), strict=True)
    return tuple(f"{source}#{row}" for source, (start, end) in blocks for row in range(end - start))


def as_pictures(source: str, values: NDArray[Any]) -> Pictures | None:
    """An array as pictures, if its shape is one of pictures."""
    from dlviz_docs.readers.samples.pictures import pictures_of_array

    if values.ndim not in (3, 4) or not len(values) or min(_sides(values)) < 4:
        return None
    try:
        return pictures_of_array(source, values)
    except ValueError:
        return None


def _sides(values: NDArray[Any]) -> tuple[int, int]:
    if values.ndim == 4 and values.shape[3] not in (1, 3, 4):
        return values.shape[2], values.shape[3]
    return values.shape[1], values.shape[2]


def _arrays(columns: Columns) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Time series, and what is looked at as a whole; arrays of few columns become features."""
    series = embeddings = None
    for name, values in list(columns.arrays.items()):
        if is_series_name(name) and values.ndim in (2, 3) and series is None:
            series = values.astype(np.float64)
        elif values.ndim == 2 and values.shape[1] <= _FEW_COLUMNS and parts_of(name).role != "embeddings":
            for inner, feature in _spread(name, values):
                columns.features.setdefault(inner, feature)
        elif values.ndim >= 2 and embeddings is None:
            embeddings = values.reshape(len(values), -1).astype(np.float64)
        else:
            remedy = "Save it as pictures, as embeddings of shape (n, d) or as columns."
            columns.tell("array", f"{name} of shape {values.shape} is not shown", remedy)
    columns.arrays.clear()
    return series, embeddings


def _spread(name: str, values: NDArray[Any]) -> Iterator[tuple[str, Feature]]:
    stem = "x" if parts_of(name).role == "features" or not name else name
    for place in range(values.shape[1]):
        inner = f"{stem}{place}"
        yield inner, feature_of_array(inner, np.ascontiguousarray(values[:, place]))
