"""Data sets of pictures made in memory, measured plainly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dlviz_docs.model import Dataset, Feature, Pictures


def measured(grey: NDArray[np.uint8], sources: Sequence[str] = (), **also: Any) -> Pictures:
    """Pictures of grey arrays, shape (n, height, width): of files where sources are given."""
    small = np.stack([np.asarray(Image.fromarray(one).resize((32, 32), Image.Resampling.BOX)) for one in grey])
    unit = grey / 255.0
    laplacian = (
        4 * unit[:, 1:-1, 1:-1] - unit[:, :-2, 1:-1] - unit[:, 2:, 1:-1] - unit[:, 1:-1, :-2] - unit[:, 1:-1, 2:]
    )
    counts = np.stack([np.bincount(one.ravel(), minlength=256) for one in grey]) / grey[0].size
    made: dict[str, Any] = {
        "keys": tuple(sources) or tuple(f"made.npz#{row}" for row in range(len(grey))),
        "sources": tuple(sources),
        "array": None if sources else grey,
        "sizes": np.full((len(grey), 2), grey.shape[2:0:-1], np.int32),
        "modes": ("L",) * len(sources),
        "octets": np.full(len(sources), 1000, np.int64),
        "measured": np.arange(len(grey)),
        "measures": {
            "brightness": unit.mean(axis=(1, 2)),
            "contrast": unit.std(axis=(1, 2)),
            "sharpness": laplacian.var(axis=(1, 2)),
            "entropy": -(counts * np.log2(np.maximum(counts, 1e-12))).sum(axis=1),
            "saturation": np.zeros(len(grey)),
        },
        "fingerprints": fingerprints(small),
        "small": small,
        "contents": contents(grey),
    }
    return Pictures(**(made | also))


def fingerprints(small: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """dHash of the 9 x 8 picture along rows, and of its transpose in place of a pHash."""
    sides = []
    for turned in (small, small.transpose(0, 2, 1)):
        tiny = np.stack([np.asarray(Image.fromarray(one).resize((9, 8), Image.Resampling.BOX)) for one in turned])
        bits = (tiny[:, :, 1:] > tiny[:, :, :-1]).reshape(len(small), 64)
        sides.append(np.packbits(bits, axis=1).view(np.uint64)[:, 0])
    return np.stack(sides, axis=1)


def contents(grey: NDArray[np.uint8]) -> NDArray[np.uint64]:
    places: dict[bytes, int] = {}
    return np.array([places.setdefault(one.tobytes(), len(places) + 1) for one in grey], np.uint64)


def dataset(
    pictures: Pictures | None,
    labels: Sequence[int] = (),
    splits: Sequence[int] = (),
    names: Sequence[str] = ("cat", "dog", "owl"),
    **also: Any,
) -> Dataset:
    """With a target of those labels, in those splits of train, val and test."""
    target = Feature("label", "category", np.array(labels, np.int32), tuple(names))
    made: dict[str, Any] = {
        "name": "made",
        "sources": ("made",),
        "format": "image folder",
        "length": len(pictures) if pictures else 0,
        "features": (target,) if len(labels) else (),
        "target": "label" if len(labels) else "",
        "split": np.array(splits, np.int32) if len(splits) else None,
        "splits": ("train", "val", "test") if len(splits) else (),
        "pictures": pictures,
    }
    return Dataset(**(made | also))


def soft(n: int, side: int = 32, seed: int = 0) -> NDArray[np.uint8]:
    """Random pictures of 4 x 4 patches of 64 greys and more."""
    rng = np.random.default_rng(seed)
    coarse = np.kron(rng.random((n, side // 4, side // 4)), np.ones((4, 4)))
    return np.asarray(np.clip(coarse * 220 + rng.normal(0, 6, coarse.shape) + 15, 0, 255), np.uint8)
