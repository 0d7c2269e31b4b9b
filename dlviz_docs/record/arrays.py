"""Arrays of samples, as NPZ: one array a column, one row a sample."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

__all__ = ["Column", "dataset", "predictions", "saved", "written"]

Column: TypeAlias = Any
"""A NumPy array, a tensor of PyTorch, TensorFlow or JAX, or a sequence of numbers or strings."""


def dataset(
    folder: str | Path,
    split: str = "train",
    *,
    classes: Sequence[str] = (),
    words: Sequence[str] = (),
    **columns: Column,
) -> Path:
    """Write `<folder>/<split>.npz`; returns its path.

    Columns have one row a sample: `images` of shape (n, h, w) or (n, h, w, channels), `label` of shape (n,), and any
    other of shape (n,) or (n, d) under its own name. `tokens` are texts as the model takes them, numbers of shape (n,
    longest); beside them `attention_mask` may tell what only fills them up. `classes` are the names of the labels 0, 1,
    ..., `words` those of the tokens 0, 1, ... Raises `ValueError` where columns differ in length.
    """
    arrays = {name: as_array(column, name) for name, column in columns.items()}
    return written(Path(folder) / f"{split}.npz", arrays, classes, words)


def predictions(
    folder: str | Path,
    *,
    truth: Column,
    predicted: Column | None = None,
    probabilities: Column | None = None,
    logits: Column | None = None,
    classes: Sequence[str] = (),
    name: str = "predictions",
    **columns: Column,
) -> Path:
    """Write `<folder>/<name>.npz`; returns its path.

    `truth` has shape (n,): class numbers, names, or the values of a regression. `predicted` is alike; it may be left
    out beside `probabilities` or `logits` of shape (n, classes). Further columns, such as `id`, `split` or whatever a
    mistake may depend on, stand under their own names. Raises `ValueError` where columns differ in length.
    """
    told = {"y_true": truth, "y_pred": predicted, "probabilities": probabilities, "logits": logits, **columns}
    arrays = {key: as_array(column, key) for key, column in told.items() if column is not None}
    if not {"y_pred", "probabilities", "logits"} & set(arrays):
        raise ValueError("one of predicted, probabilities and logits is needed")
    return written(Path(folder) / f"{name}.npz", arrays, classes)


def as_array(column: Column, name: str) -> NDArray[Any]:
    """The column as an array that needs no pickle."""
    if hasattr(column, "detach"):
        column = column.detach().cpu()  # PyTorch
    array = np.asarray(column)
    if array.dtype == object:
        array = np.array([str(value) for value in array.ravel()]).reshape(array.shape)
    if array.ndim == 0:
        raise ValueError(f"{name}: one row a sample is expected, not a single value")
    return array


def written(
    path: Path, arrays: Mapping[str, NDArray[Any]], classes: Sequence[str] = (), words: Sequence[str] = ()
) -> Path:
    """The arrays as compressed NPZ; written beside its place and renamed, so that a kill leaves no half of it."""
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"columns differ in length: {lengths}")
    lists = {"classes": classes, "words": words}
    named = {key: np.array([str(name) for name in names]) for key, names in lists.items() if len(names)}
    return saved(path, {**arrays, **named})


def saved(path: Path, arrays: Mapping[str, NDArray[Any]]) -> Path:
    """Arrays of any lengths as compressed NPZ, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # Not np.savez: it has parameters of its own, which a column may be called like; and it stamps the time.
        with ZipFile(temporary, "w", ZIP_DEFLATED) as archive:
            for name, array in arrays.items():
                told = ZipInfo(f"{name}.npy")
                told.compress_type = ZIP_DEFLATED  # one that is given is not asked of the archive
                with archive.open(told, "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
