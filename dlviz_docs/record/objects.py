"""Objects found in pictures, as COCO; generated texts, as JSON lines."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from dlviz_docs.record.arrays import Column, as_array

__all__ = ["Objects", "detections", "ground_truth", "texts"]


@dataclass(frozen=True, slots=True)
class Objects:
    """The objects of one picture: annotated ones, or predicted ones with scores."""

    boxes: Column
    """Shape (m, 4): left, top, width and height in px."""
    labels: Column
    """Shape (m,): class numbers."""
    scores: Column | None = None
    """Shape (m,): confidence of predictions; None for annotations."""


def ground_truth(
    folder: str | Path, *, pictures: Sequence[str], sizes: Column, objects: Sequence[Objects], classes: Sequence[str]
) -> Path:
    """Write `<folder>/instances.json`, what there is in each picture; returns its path.

    `pictures` are paths relative to the folder, `sizes` their widths and heights in px, shape (n, 2). Raises
    `ValueError` where these and `objects` differ in number.
    """
    widths = as_array(sizes, "sizes")
    if not len(pictures) == len(widths) == len(objects):
        raise ValueError(f"{len(pictures)} pictures, {len(widths)} sizes, objects of {len(objects)}")
    images = [
        {"id": i, "file_name": str(name), "width": int(width), "height": int(height)}
        for i, (name, (width, height)) in enumerate(zip(pictures, widths, strict=True))
    ]
    listed = [
        {"id": i, **one, "area": round(width * height, 3), "iscrowd": 0}
        for i, (one, (_, _, width, height)) in enumerate(_objects(objects), 1)
    ]
    categories = [{"id": i, "name": str(name)} for i, name in enumerate(classes)]
    told = {"images": images, "annotations": listed, "categories": categories}
    return _written(Path(folder) / "instances.json", json.dumps(told))


def detections(folder: str | Path, *, objects: Sequence[Objects]) -> Path:
    """Write `<folder>/coco_instances_results.json`, what was found in each picture; returns its path.

    One entry a picture, in the order of their `ground_truth`.
    """
    found = [one for one, _ in _objects(objects)]
    return _written(Path(folder) / "coco_instances_results.json", json.dumps(found))


def _objects(found: Sequence[Objects]) -> Iterator[tuple[dict[str, object], list[float]]]:
    """Each object as COCO has it, and its box."""
    for image, one in enumerate(found):
        boxes = as_array(one.boxes, "boxes").reshape(-1, 4).tolist()
        labels = as_array(one.labels, "labels").tolist()
        scores = [None] * len(boxes) if one.scores is None else as_array(one.scores, "scores").tolist()
        for box, label, score in zip(boxes, labels, scores, strict=True):
            rounded = [round(float(side), 3) for side in box]
            told: dict[str, object] = {"image_id": image, "category_id": int(label), "bbox": rounded}
            yield told if score is None else {**told, "score": round(float(score), 6)}, rounded


def texts(
    folder: str | Path,
    *,
    generated: Sequence[str],
    inputs: Sequence[str] = (),
    references: Sequence[str] = (),
    name: str = "predictions",
) -> Path:
    """Write `<folder>/<name>.jsonl` of generated texts, beside what went in and what was wanted; returns its path.

    Raises `ValueError` where they differ in number.
    """
    if any(len(other) not in (0, len(generated)) for other in (inputs, references)):
        raise ValueError(f"{len(generated)} texts, {len(inputs)} inputs, {len(references)} references")
    rows = zip_longest(inputs, references, generated)
    lines = [
        {key: value for key, value in zip(("input", "reference", "generated"), row, strict=True) if value is not None}
        for row in rows
    ]
    return _written(Path(folder) / f"{name}.jsonl", "".join(f"{json.dumps(line)}\n" for line in lines))


def _written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
