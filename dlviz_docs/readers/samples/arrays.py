"""NumPy's .npy and .npz: each array a column, those of one split one sheet."""

from __future__ import annotations

import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Feature, Problem, Sheet
from dlviz_docs.readers._text import clean, natural_size
from dlviz_docs.readers.samples._features import feature_of_array
from dlviz_docs.readers.samples._limits import Limits
from dlviz_docs.readers.samples._names import parts_of
from dlviz_docs.readers.samples._npy import Header, read_body, read_header
from dlviz_docs.readers.samples._sequences import is_sequence_name

__all__ = ["headers", "read_npy", "read_npz"]

_AGAIN = "Save the arrays again with numpy.savez."
_MOST_MEMBERS = 10_000
_MOST_FOLD = 500
_SMALL = 200_000_000
"""Bytes up to which an array may unpack to many times its size: masks and sparse features do."""
_CLASS_NAMES = frozenset({"classes", "class_names", "target_names", "label_names", "labels_names", "categories"})
_WORDS = frozenset({"words", "vocabulary", "vocab", "itos", "id2word"})
_MOST_WORDS, _LONGEST_WORD = 1_000_000, 60
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, KeyError)


def headers(path: Path) -> dict[str, Header]:
    """Of each array of a file, by its name ("" in an .npy), without the arrays; none of a file that is damaged."""
    try:
        if path.suffix == ".npy":
            with path.open("rb") as file:
                return {"": read_header(file)}
        with zipfile.ZipFile(path) as archive:
            found = {}
            for member in archive.infolist()[:_MOST_MEMBERS]:
                if member.filename.endswith(".npy"):
                    with archive.open(member) as file:
                        found[_key(member)] = read_header(file)
            return found
    except (ReadError, *_BROKEN):
        return {}


def _key(member: zipfile.ZipInfo) -> str:
    return clean(member.filename.removesuffix(".npy"))


def read_npy(path: Path, source: str, limits: Limits) -> tuple[Sheet, ...]:
    """One array as one sheet: its column is called like the file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        shown, there = _shown(read_header(file), size, limits)
        _within(shown.octets, limits)
        values = read_body(file, shown, there)
    return (_sheet({path.stem: values}, source, "NPY", limits, size, ""),)


def _shown(header: Header, size: int, limits: Limits) -> tuple[Header, int]:
    """What is read of an array in `size` bytes, one row more than is shown; and how many bytes are there for it."""
    there = size - header.length
    return (header.first(limits.max_rows + 1) if header.octets <= there else header), there


def _within(octets: int, limits: Limits) -> None:
    if octets > limits.max_bytes:
        what = f"holds {natural_size(octets)}; arrays of at most {natural_size(limits.max_bytes)} are read"
        raise ReadError(what, "Save a sample of the rows, or smaller numbers: array.astype('float16').")


def read_npz(path: Path, source: str, limits: Limits) -> tuple[Sheet, ...]:
    """A sheet for each split among the names of the arrays; what could be read where some are damaged."""
    problems: list[Problem] = []
    arrays: dict[str, NDArray[Any]] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for key, value in _members(archive, limits):
                if isinstance(value, ReadError):
                    problems.append(Problem("array", source, f"{key} {value.what}", value.remedy))
                else:
                    arrays[key] = value
    except FileNotFoundError:
        raise
    except _BROKEN as error:
        raise ReadError("is no archive of arrays, or is cut off", _AGAIN) from error
    return _sheets(arrays, source, limits, path.stat().st_size, problems)


def _members(archive: zipfile.ZipFile, limits: Limits) -> Iterator[tuple[str, NDArray[Any] | ReadError]]:
    left = limits.max_bytes
    for member in archive.infolist()[:_MOST_MEMBERS]:
        if not member.filename.endswith(".npy"):
            continue
        try:
            with archive.open(member) as file:
                header = read_header(file)
                shown, there = _shown(header, member.file_size, limits)
                _within(shown.octets, replace(limits, max_bytes=left))
                if shown.octets > _SMALL and member.file_size > _MOST_FOLD * member.compress_size:
                    raise ReadError(f"unpacks to more than {_MOST_FOLD} times its size", _AGAIN)
                value = read_body(file, shown, there)
            left -= value.nbytes
            yield _key(member), value
        except ReadError as error:
            yield _key(member), error
        except _BROKEN:
            yield _key(member), ReadError("is damaged", _AGAIN)


def _sheets(
    arrays: Mapping[str, NDArray[Any]], source: str, limits: Limits, octets: int, problems: Sequence[Problem]
) -> tuple[Sheet, ...]:
    classes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    of_tokens = any(is_sequence_name(key) and values.ndim == 2 for key, values in arrays.items())
    by_split: dict[str, dict[str, NDArray[Any]]] = {}
    for key, values in arrays.items():
        if key.lower() in _CLASS_NAMES and values.ndim == 1 and values.dtype.kind in "US":
            classes = tuple(str(name) for name in values.astype(str).tolist())
        elif of_tokens and key.lower() in _WORDS and values.ndim == 1 and values.dtype.kind in "US":
            words = tuple(clean(str(word)[:_LONGEST_WORD]) for word in values[:_MOST_WORDS].astype(str).tolist())
        elif values.ndim:
            by_split.setdefault(parts_of(key).split, {})[key] = values
    if list(by_split) == [""] or not by_split:
        lone = _sheet(by_split.get("", {}), source, "NPZ", limits, octets, "", problems)
        return (replace(lone, classes=classes, words=words),)
    # "x" beside "x_test" is the training split of what has no other; alone, it is the rest.
    shares = _shares(octets, {split: sum(v.nbytes for v in found.values()) for split, found in by_split.items()})
    return tuple(
        replace(
            _sheet(found, source, "NPZ", limits, shares[split], split, problems if place == 0 else ()),
            classes=classes,
            words=words,
        )
        for place, (split, found) in enumerate(by_split.items())
    )


def _shares(octets: int, sizes: Mapping[str, int]) -> dict[str, int]:
    """A file's bytes by split, in proportion to the arrays."""
    whole = sum(sizes.values()) or 1
    return {split: octets * size // whole for split, size in sizes.items()}


def _sheet(
    arrays: Mapping[str, NDArray[Any]],
    source: str,
    format: str,  # noqa: A002
    limits: Limits,
    octets: int,
    split: str,
    problems: Sequence[Problem] = (),
) -> Sheet:
    """The arrays of the most common length as columns; the others are left out, and said to be."""
    found = list(problems)
    columns = {name: part for key, values in arrays.items() for name, part in _fields(key, values) if part.ndim}
    length = _common_length(columns)
    features: list[Feature] = []
    kept: dict[str, NDArray[Any]] = {}
    for name, values in columns.items():
        if len(values) != length:
            what = f"{name} has {len(values):,} rows where the others have {length:,}; it is left out"
            found.append(Problem("length", source, what, "Save arrays of one length together."))
            continue
        if length > limits.max_rows:
            what = f"has {length:,} rows; the first {limits.max_rows:,} are read"
            if not any(problem.code == "too-many-rows" for problem in found):
                found.append(Problem("too-many-rows", source, what, "Save a sample of the rows, chosen at random."))
            values = values[: limits.max_rows]
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        try:
            if values.ndim == 1:
                features.append(feature_of_array(name, values))
            elif values.dtype.kind in "biuf":
                kept[name] = values
            else:
                raise TypeError(str(values.dtype))
        except TypeError:
            what = f"{name} holds {_spoken(values.dtype)}, which are not shown"
            found.append(Problem("array", source, what, "Save real numbers or strings."))
    length = min(length, limits.max_rows)
    return Sheet(source, format, length, tuple(features), kept, octets=octets, split=split, problems=tuple(found))


def _fields(key: str, values: NDArray[Any]) -> Iterator[tuple[str, NDArray[Any]]]:
    """The array, or the fields of its records."""
    if values.dtype.names is None:
        yield key, values
        return
    for name in values.dtype.names:
        inner = values[name]
        native = inner.dtype.newbyteorder("=") if inner.dtype.names is None else inner.dtype
        yield clean(name), inner.astype(native)


def _common_length(columns: Mapping[str, NDArray[Any]]) -> int:
    """Of most arrays; among as many, of those whose names say what they are."""
    counts = Counter[int]()
    for name, values in columns.items():
        counts[len(values)] += 10 if parts_of(name).role else 9
    return max(counts, key=lambda length: (counts[length], length)) if counts else 0


def _spoken(dtype: np.dtype[Any]) -> str:
    return {"c": "complex numbers", "V": "raw bytes"}.get(dtype.kind, f"values of type {dtype}")
