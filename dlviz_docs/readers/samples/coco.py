"""COCO: annotations as one object of images, annotations and categories; results as one list of boxes.

Source: the format page of the COCO data set (Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014), and
what Roboflow, detectron2, MMDetection and Ultralytics write in its name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray, Problem
from dlviz_docs.readers import _json
from dlviz_docs.readers._text import Damaged, clean, counted, decode
from dlviz_docs.readers.samples._annotated import FARTHEST, NO_MASK, Annotated, ImageId, Told, check
from dlviz_docs.readers.samples._picture_file import HEAD, Refused, Root, ends, forbidden, open_file
from dlviz_docs.readers.samples._rle import Mask, read_mask

__all__ = [
    "ASIDE",
    "LARGEST",
    "Results",
    "is_annotations",
    "is_results",
    "kind_of",
    "read_annotations",
    "read_results",
]

LARGEST = 256_000_000
"""Bytes of a file that is read; COCO's own of 118,000 pictures has more, that of its 5,000 of validation 20 MB."""
MOST_RUNS = 8_000_000
"""Numbers of all masks and outlines of one file; beyond them boxes are kept and shapes are not."""
ASIDE = {
    "captions": "captions of pictures, which are not shown",
    "panoptic": "panoptic annotations, which are not shown",
    "keypoint annotations": "keypoints; the boxes beside it are shown",
    "keypoint results": "keypoints without boxes, which are not shown",
}
"""Kinds of files that nothing is made of, and why."""
_KEY = re.compile(rb'"(images|annotations|categories)"\s*:\s*\[')
_RESULT = re.compile(rb'\s*\[\s*\{[^{}]*"(?:image_id|category_id|score|bbox|segmentation|file_name)"\s*:')
_NEEDED = (b'"image_id"', b'"category_id"', b'"score"')
_KEYPOINTS = re.compile(rb'"(keypoints|num_keypoints|skeleton)"\s*:')

Locate = Callable[[str, Sequence[str]], Sequence[str]]
"""Paths of the pictures that the annotations at a path name by these file names; "" for absent ones."""


def kind_of(root: Path, relative: str) -> str:
    """By its first and last bytes: "annotations", "results", "nothing" for an empty list, a key of `ASIDE`, or ""."""
    head, tail = ends(root, relative)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"{"):
        return _kind_of_annotations(relative, head, tail)
    if text.rstrip() == b"[]":
        return "nothing"
    if _RESULT.match(head) is None or not all(word in head for word in _NEEDED):
        return ""
    boxed = b'"bbox"' in head or b'"segmentation"' in head
    return "results" if boxed or b'"keypoints"' not in head else "keypoint results"


def _kind_of_annotations(relative: str, head: bytes, tail: bytes) -> str:
    """An object with other lists in it is none. The lists before the last may be longer than what was looked at."""
    keys = {match[1] for part in (head, tail) for match in _KEY.finditer(part)}
    if {b"images", b"annotations"} <= keys and b'"caption"' in head + tail and b'"bbox"' not in head + tail:
        return "captions"
    if len(keys) < 2 or (len(keys) == 2 and len(head) < HEAD and not relative.endswith(".coco.json")):
        return ""
    if b'"segments_info"' in head + tail:
        return "panoptic"
    return "keypoint annotations" if _KEYPOINTS.search(head) or _KEYPOINTS.search(tail) else "annotations"


def is_annotations(root: Path, relative: str) -> bool:
    """Whether the file begins, and ends, as annotations of boxes do."""
    return kind_of(root, relative) in ("annotations", "keypoint annotations")


def is_results(root: Path, relative: str) -> bool:
    """Whether the file begins as a list of boxes with scores."""
    return kind_of(root, relative) == "results"


def _load(root: Path, relative: str) -> tuple[object, int, tuple[Problem, ...]]:
    """The value, bytes, and what is wrong with the file; of one that breaks off, what is complete."""
    try:
        with open_file(Root(root), relative) as file:
            data = file.read(LARGEST)
    except (Refused, OSError) as error:
        if isinstance(error, Refused) and error.fault == "large":
            what = f"larger than {LARGEST // 1_000_000} MB, the most that is read of such a file"
            return None, 0, (Problem("too-large", relative, what, "Keep the annotations of fewer pictures here."),)
        return None, 0, (Problem("unreadable", relative, "cannot be opened", "Let everybody read the file."),)
    text, problems = decode(data, relative)
    size = len(data)
    del data
    try:
        return _json.load(text), size, problems
    except Damaged as damage:
        return damage.value, size, (*problems, Problem("cut-off", relative, damage.what, damage.remedy))


def read_annotations(root: Path, relative: str, locate: Locate, split: str = "") -> Annotated:
    """Pictures, classes and true boxes. Classes are in the file's order, also those that no box has."""
    told, octets, problems = _load(root, relative)
    file = told if isinstance(told, dict) else {}
    images = _objects(file.get("images"))
    ids, names, sizes = _images(images)
    if repeated := sum(_identity(image.get("id")) != "" for image in images) - len(ids):
        what = f"{counted(repeated, 'picture')} left out: another one has the same number"
        problems = (*problems, Problem("duplicate-ids", relative, what, "Give each picture a number of its own."))
    categories, classes = _categories(_objects(file.get("categories")))
    paths = tuple(locate(relative, names))
    folder = relative.rpartition("/")[0]
    keys = tuple(
        path or (f"{folder}/{name}" if folder and not forbidden(name) else name)
        for path, name in zip(paths, names, strict=True)
    )
    boxes, shapes = _boxes_told(_objects(file.get("annotations")), relative)
    pictures, numbers = _Places(ids), _Places(categories)
    boxes.told.picture, boxes.told.category = pictures.rows(boxes.images), numbers.rows(boxes.categories)
    checked, faults = check(boxes.told, relative)
    return Annotated(
        source=relative,
        ids=ids,
        paths=paths,
        keys=keys,
        sizes=sizes,
        categories=categories,
        classes=classes,
        boxes=checked,
        split=split,
        octets=octets,
        problems=(*problems, *shapes, *faults),
    )


@dataclass(slots=True)
class _Places:
    """Rows by what a file calls them."""

    names: Sequence[ImageId]

    def rows(self, wanted: Iterable[object]) -> NDArray[np.int32]:
        places = {name: row for row, name in enumerate(self.names)}
        return np.array([places.get(cast("ImageId", name), -1) for name in wanted], np.int32)


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _identity(value: object) -> ImageId:
    """A number or a word; "" for anything else, which no picture is called."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return ""
    return (
        int(value)
        if isinstance(value, float) and value.is_integer()
        else value
        if isinstance(value, int)
        else str(value)
    )


def _images(images: list[dict[str, Any]]) -> tuple[tuple[ImageId, ...], tuple[str, ...], NDArray[np.int32]]:
    """What the pictures are called, the names of their files, and their sizes; the first of several with one number."""
    by_id: dict[ImageId, dict[str, Any]] = {}
    for image in images:
        identity = _identity(image.get("id"))
        if identity != "":
            by_id.setdefault(identity, image)
    names = tuple(clean(str(image.get("file_name") or f"image {identity}")) for identity, image in by_id.items())
    sides = [(image.get("width"), image.get("height")) for image in by_id.values()]
    sizes = np.nan_to_num(_numbers(sides, 2), nan=0.0, posinf=0.0, neginf=0.0)
    return tuple(by_id), names, np.clip(sizes, 0, FARTHEST).astype(np.int32)


def _categories(categories: list[dict[str, Any]]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    numbers: dict[int, str] = {}
    for category in categories:
        identity = _identity(category.get("id"))
        if isinstance(identity, int):
            numbers.setdefault(identity, clean(str(category.get("name") or identity)))
    amounts = Counter(numbers.values())
    names = (name if amounts[name] == 1 else f"{name} ({number})" for number, name in numbers.items())
    return tuple(numbers), tuple(names)


@dataclass(slots=True)
class _Rows:
    told: Told
    images: list[ImageId]
    categories: list[ImageId]


def _boxes_told(rows: list[dict[str, Any]], source: str) -> tuple[_Rows, tuple[Problem, ...]]:
    shapes = _Shapes()
    shapes.take(rows)
    told = Told(
        picture=np.zeros(len(rows), np.int32),
        category=np.zeros(len(rows), np.int32),
        xywh=_numbers([row.get("bbox") for row in rows], 4),
        area=_numbers([row.get("area") for row in rows], 0) if any("area" in row for row in rows) else None,
        crowd=np.array([row.get("iscrowd") in (1, True) for row in rows], np.bool_),
        zero=np.array([row.get("id") == 0 and "id" in row for row in rows], np.bool_),
        outlines=shapes.outlines,
        masks=shapes.masks,
    )
    images = [_identity(row.get("image_id")) for row in rows]
    return _Rows(told, images, [_identity(row.get("category_id")) for row in rows]), shapes.problems(source)


def _numbers(values: Sequence[object], width: int) -> FloatArray:
    """Shape (n, width), or (n,) for a width of 0; a row that is not so many numbers is NaN."""
    shape = (len(values), width) if width else (len(values),)
    try:
        whole = np.array(values, np.float64)
        if whole.shape == shape:
            return whole
    except (TypeError, ValueError, OverflowError):
        pass
    numbers = np.full(shape, np.nan)
    for row, value in enumerate(values):
        try:
            one = np.array(value, np.float64)
        except (TypeError, ValueError, OverflowError):
            continue
        if one.shape == shape[1:]:
            numbers[row] = one
    return numbers


@dataclass(slots=True)
class _Shapes:
    """Outlines and masks of rows, as far as their numbers may be kept."""

    outlines: list[tuple[tuple[float, ...], ...]] = field(default_factory=list)
    masks: list[Mask] = field(default_factory=list)
    kept: int = 0
    broken: int = 0

    def take(self, rows: list[dict[str, Any]]) -> None:
        if not any(row.get("segmentation") for row in rows):
            return
        for row in rows:
            self._one(row.get("segmentation"))
            if self.kept > MOST_RUNS:
                self.outlines.clear()
                self.masks.clear()
                return

    def _one(self, told: object) -> None:
        outline: tuple[tuple[float, ...], ...] = ()
        mask = NO_MASK
        try:
            if isinstance(told, dict):
                mask = read_mask(told)
            elif isinstance(told, list):
                outline = tuple(_polygon(polygon) for polygon in told)
        except (ValueError, TypeError, OverflowError):
            self.broken += 1
        self.outlines.append(outline)
        self.masks.append(mask)
        self.kept += len(mask[1]) + sum(map(len, outline))

    def problems(self, source: str) -> tuple[Problem, ...]:
        problems = []
        if self.broken:
            what = f"{self.broken:,} outlines or masks that break COCO's rules left out"
            problems.append(Problem("shapes-invalid", source, what, "Write the annotations again."))
        if self.kept > MOST_RUNS:
            what = f"outlines and masks of more than {MOST_RUNS:,} numbers left out; the boxes are kept"
            problems.append(Problem("shapes-too-many", source, what, "Keep the annotations of fewer pictures here."))
        return tuple(problems)


def _polygon(told: object) -> tuple[float, ...]:
    numbers = np.array(told, np.float64)
    if numbers.ndim != 1 or len(numbers) < 6 or len(numbers) % 2 or not (np.abs(numbers) <= FARTHEST).all():
        raise ValueError("not a polygon")
    return tuple(numbers.tolist())


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Predicted boxes: m rows, not tied to pictures and classes yet."""

    images: tuple[ImageId, ...]
    categories: tuple[ImageId, ...]
    told: Told
    octets: int = 0
    problems: tuple[Problem, ...] = ()


def read_results(root: Path, relative: str) -> Results:
    """A list of `{"image_id", "category_id", "bbox" or "segmentation", "score"}`."""
    value, octets, problems = _load(root, relative)
    rows = _objects(value if not isinstance(value, Mapping) else value.get("annotations"))
    boxes, shapes = _boxes_told(rows, relative)
    boxes.told.crowd = boxes.told.area = None
    boxes.told.scores = _numbers([row.get("score") for row in rows], 0)
    return Results(tuple(boxes.images), tuple(boxes.categories), boxes.told, octets, (*problems, *shapes))
