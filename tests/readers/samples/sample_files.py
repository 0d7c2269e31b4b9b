"""An experiment's folder made of a few files, and what is found in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dlviz_docs.model import Dataset, Predictions, Samples
from dlviz_docs.names import natural
from dlviz_docs.readers.samples import DataEntry, Found, PictureFolder, ResultEntry, plan, read

__all__ = ["found_in", "lone_dataset", "lone_predictions", "samples_of", "write"]

_PICTURES = (".png", ".jpg", ".jpeg")


def write(root: Path, files: Mapping[str, Any]) -> Path:
    """Text, bytes, an array (.npy), or a mapping of arrays (.npz) by path."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        elif isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, Mapping):
            np.savez(path, **content)
        else:
            np.save(path, content)
    return root


def found_in(
    root: Path,
    *,
    runs: Mapping[str, str] | None = None,
    data: tuple[DataEntry, ...] = (),
    results: tuple[ResultEntry, ...] = (),
) -> Found:
    files: list[str] = []
    pictures: dict[str, list[tuple[str, int]]] = {}
    for folder, _, names in os.walk(root):
        for name in sorted(names):
            path = Path(folder) / name
            if path.suffix in _PICTURES:
                place = path.parent.relative_to(root).as_posix()
                pictures.setdefault(place, []).append((name, path.stat().st_size))
            else:
                files.append(path.relative_to(root).as_posix())
    folders = tuple(
        PictureFolder(place, tuple(n for n, _ in inside), tuple(o for _, o in inside))
        for place, inside in sorted(pictures.items())
    )
    return Found(root, tuple(sorted(files, key=natural)), folders, runs or {}, data, results)


def samples_of(root: Path, **named: Any) -> Samples:
    found = found_in(root, **named)
    return read(found, plan(found))


def lone_dataset(samples: Samples) -> Dataset:
    assert len(samples.datasets) == 1, [(one.name, one.sources) for one in samples.datasets]
    return samples.datasets[0]


def lone_predictions(samples: Samples) -> Predictions:
    assert len(samples.predictions) == 1, [(one.name, one.sources) for one in samples.predictions]
    return samples.predictions[0]
