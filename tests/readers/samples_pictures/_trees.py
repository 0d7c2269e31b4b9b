"""Folders of pictures as people keep them, small."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
from PIL import Image

from dlviz_docs.readers.samples._types import DataEntry, Found, PictureFolder, ResultEntry

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")


def picture(path: Path, size: tuple[int, int] = (40, 30), seed: int | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(len(str(path)) if seed is None else seed)
    Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).save(path)


def text(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def found(
    root: Path,
    runs: dict[str, str] | None = None,
    data: tuple[DataEntry, ...] = (),
    results: tuple[ResultEntry, ...] = (),
) -> Found:
    """What a scan tells of a folder."""
    files, pictures = [], []
    for folder, _, names in sorted(os.walk(root)):
        relative = Path(folder).relative_to(root).as_posix()
        shown = sorted(name for name in names if name.lower().endswith(PICTURES))
        if shown:
            sizes = tuple((Path(folder) / name).stat().st_size for name in shown)
            pictures.append(PictureFolder(relative, tuple(shown), sizes))
        files += [(Path(relative) / name).as_posix() for name in sorted(names) if name not in shown]
    return Found(root, tuple(files), tuple(pictures), runs or {}, data, results)


def annotations(images: int, first: int = 0, name: str = "{}.jpg", boxes: int = 2, seed: int = 0) -> dict[str, object]:
    """COCO annotations of pictures of 40 x 30 px, with classes 7, 3 and 5, the last of which has no box."""
    rng = np.random.default_rng(seed)
    rows = [
        {
            "id": image * boxes + number,
            "image_id": first + image,
            "category_id": (7, 3)[number % 2],
            "bbox": [*rng.integers(0, 20, 2).tolist(), *rng.integers(4, 10, 2).tolist()],
            "iscrowd": 0,
        }
        for image in range(images)
        for number in range(boxes)
    ]
    return {
        "images": [{"id": first + n, "file_name": name.format(n), "width": 40, "height": 30} for n in range(images)],
        "annotations": rows,
        "categories": [{"id": 7, "name": "cat"}, {"id": 3, "name": "dog"}, {"id": 5, "name": "animal"}],
    }


def results_of(told: dict[str, object], score: float = 0.9) -> list[dict[str, object]]:
    """Results that find every box."""
    rows = told["annotations"]
    assert isinstance(rows, list)
    return [
        {"image_id": row["image_id"], "category_id": row["category_id"], "bbox": row["bbox"], "score": score}
        for row in rows
    ]
