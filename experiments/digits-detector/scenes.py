"""Photographs with handwritten digits pasted into them, and where these are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits, load_sample_images

__all__ = ["CLASSES", "SIDE", "Scene", "scenes"]

CLASSES = tuple("0123456789")
SIDE = 128
"""Of a picture, in px."""
MOST = 5
"""Digits in a picture."""


@dataclass(frozen=True)
class Scene:
    """One picture, shape (SIDE, SIDE, 3), with boxes (left, top, width, height) in px, shape (m, 4), and labels."""

    picture: NDArray[np.uint8]
    boxes: NDArray[np.float64]
    labels: NDArray[np.int64]


def scenes(count: int, part: Literal["train", "val"]) -> list[Scene]:
    """The two parts share neither a digit nor a stretch of a photograph."""
    random = np.random.default_rng({"train": 0, "val": 1}[part])
    digits, labels = load_digits(return_X_y=True)
    kept = slice(0, 1297) if part == "train" else slice(1297, None)
    photographs = [photo[:, :410] if part == "train" else photo[:, 430:] for photo in load_sample_images().images]
    return [_scene(random, digits[kept].reshape(-1, 8, 8), labels[kept], photographs) for _ in range(count)]


def _scene(random: np.random.Generator, digits: NDArray, labels: NDArray, photographs: list[NDArray]) -> Scene:
    photo = photographs[random.integers(len(photographs))]
    top, left = (random.integers(size - SIDE + 1) for size in photo.shape[:2])
    picture = photo[top : top + SIDE, left : left + SIDE].astype(np.float64)
    boxes: list[tuple[int, int, int, int]] = []
    found: list[int] = []
    for _ in range(random.integers(1, MOST + 1)):
        place = random.integers(len(labels))
        size = int(np.exp(random.uniform(np.log(16), np.log(56))))
        ink = np.asarray(Image.fromarray((digits[place] * 15.9).astype(np.uint8)).resize((size, size)), float) / 255
        y, x = random.integers(0, SIDE - size, 2)
        rows, columns = np.flatnonzero(ink.max(1) > 0.3), np.flatnonzero(ink.max(0) > 0.3)
        box = (x + columns[0], y + rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1)
        if any(_overlap(box, other) for other in boxes):
            continue
        colour = np.array(random.choice([250, 20])) + random.integers(-20, 6, 3)
        region = picture[y : y + size, x : x + size]
        region[:] = region * (1 - ink[..., None]) + colour * ink[..., None]
        boxes.append(box)
        found.append(int(labels[place]))
    return Scene(picture.clip(0, 255).astype(np.uint8), np.array(boxes, float), np.array(found))


def _overlap(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return not (a[0] + a[2] < b[0] or b[0] + b[2] < a[0] or a[1] + a[3] < b[1] or b[1] + b[3] < a[1])
