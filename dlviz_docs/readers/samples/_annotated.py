"""Pictures with boxes, whatever file said so, and what was told of boxes before anybody checked it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray, Problem
from dlviz_docs.model.samples import Boxes
from dlviz_docs.readers.samples._pixels import Headers
from dlviz_docs.readers.samples._rle import Mask, box_of

__all__ = [
    "FARTHEST",
    "NO_MASK",
    "Annotated",
    "ImageId",
    "Told",
    "check",
    "distinct",
    "empty_boxes",
    "lookup",
    "united",
]

ImageId = int | str
NO_MASK: Mask = ((0, 0), ())
FARTHEST = 1_000_000
"""px; no picture is as wide, and beyond it areas and sums of them leave the range of numbers."""
_SMALLEST = 1e-6
_HIGHEST_SCORE = 1e9
_LONGEST_NUMBER = 18
"""Digits of a name that may be meant as a number."""


@dataclass(frozen=True, slots=True, eq=False)
class Annotated:
    """The pictures of one annotation file, or of one folder, and the true boxes in them."""

    source: str
    """Path of the file or folder relative to the experiment."""
    ids: tuple[ImageId, ...]
    paths: tuple[str, ...]
    """Of the pictures, relative to the experiment; "" for an absent one."""
    keys: tuple[str, ...]
    sizes: NDArray[np.int32]
    """Width and height as annotated, shape (n, 2); zeros where nobody says."""
    categories: tuple[int, ...]
    """Numbers by which the files name the classes."""
    classes: tuple[str, ...]
    boxes: Boxes
    split: str = ""
    octets: int = 0
    problems: tuple[Problem, ...] = ()
    headers: Headers | None = None
    """Of the pictures, where they had to be looked at for the boxes."""


@dataclass(slots=True)
class Told:
    """Boxes as a file tells them: m rows."""

    picture: NDArray[np.int32]
    """Row of the picture; -1 for one that is not known."""
    category: NDArray[np.int32]
    xywh: FloatArray
    scores: FloatArray | None = None
    area: FloatArray | None = None
    crowd: NDArray[np.bool_] | None = None
    zero: NDArray[np.bool_] | None = None
    outlines: list[tuple[tuple[float, ...], ...]] = field(default_factory=list)
    masks: list[Mask] = field(default_factory=list)


def distinct(parts: Sequence[Annotated]) -> tuple[list[Annotated], tuple[Problem, ...]]:
    """Without files whose pictures are mostly annotated in others, too: instances_val.json beside all.json.

    Those that are called for a split stay before others.
    """
    kept: dict[int, Annotated] = {}
    seen: dict[tuple[str, str], str] = {}
    problems = []
    for at, part in sorted(enumerate(parts), key=lambda one: not one[1].split):
        names = [("", path) if path else (part.split, key) for path, key in zip(part.paths, part.keys, strict=True)]
        shared = [seen[name] for name in names if name in seen]
        if 2 * len(shared) > len(names):
            what = f"most of its pictures are annotated in {max(set(shared), key=shared.count)}, too; left out"
            remedy = "Name the file to be shown as `data` in experiment.yml."
            problems.append(Problem("annotations-overlap", part.source, what, remedy))
            continue
        kept[at] = part
        seen |= dict.fromkeys(names, part.source)
    return [kept[at] for at in sorted(kept)], tuple(problems)


def empty_boxes() -> Boxes:
    """No box at all."""
    return Boxes(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros((0, 4)))


def check(told: Told, source: str) -> tuple[Boxes, tuple[Problem, ...]]:
    """The boxes that have an extent, a picture and a class; of the others, one problem for each kind of fault."""
    _boxes_of_shapes(told)
    with np.errstate(invalid="ignore"):
        finite = (np.abs(told.xywh) <= FARTHEST).all(axis=1) & (told.xywh[:, 2:] >= _SMALLEST).all(axis=1)
    if told.scores is not None:
        finite &= np.abs(told.scores) <= _HIGHEST_SCORE
    homeless, classless = told.picture < 0, told.category < 0
    keep = finite & ~homeless & ~classless
    problems = _faults(source, int((~finite).sum()), int(homeless.sum()), int((classless & ~homeless).sum()))
    rows = np.flatnonzero(keep)
    area = None if told.area is None else told.area[rows]
    if area is not None:
        area = np.where((area > 0) & (area <= FARTHEST**2), area, told.xywh[rows, 2] * told.xywh[rows, 3])
    boxes = Boxes(
        told.picture[rows],
        told.category[rows],
        told.xywh[rows],
        scores=None if told.scores is None else told.scores[rows],
        area=area,
        crowd=None if told.crowd is None else told.crowd[rows],
        zero=told.zero[rows] if told.zero is not None and told.zero[rows].any() else None,
        outlines=tuple(told.outlines[row] for row in rows.tolist()) if any(told.outlines) else (),
        masks=tuple(told.masks[row] for row in rows.tolist()) if any(mask[1] for mask in told.masks) else (),
    )
    return boxes, tuple(problems)


def _boxes_of_shapes(told: Told) -> None:
    """Where a file gives a shape and no box, the box around it."""
    for row in np.flatnonzero(np.isnan(told.xywh).all(axis=1)).tolist():
        if told.masks and told.masks[row][1]:
            told.xywh[row] = box_of(told.masks[row])
        elif told.outlines and told.outlines[row]:
            points = np.concatenate([np.array(outline).reshape(-1, 2) for outline in told.outlines[row]])
            low, high = points.min(axis=0), points.max(axis=0)
            told.xywh[row] = (*low, *(high - low))


def _faults(source: str, shapeless: int, homeless: int, classless: int) -> Iterator[Problem]:
    if shapeless:
        what = f"{_boxes(shapeless)} without a positive width and height, or far outside of any picture, left out"
        yield Problem("boxes-invalid", source, what, "Correct the boxes, or delete them.")
    if homeless:
        what = f"{_boxes(homeless)} of pictures that are in no list left out"
        yield Problem("boxes-unknown-picture", source, what, "Add the pictures to the annotations.")
    if classless:
        what = f"{_boxes(classless)} of classes that are in no list left out"
        yield Problem("boxes-unknown-class", source, what, "Add the classes to the annotations.")


def _boxes(amount: int) -> str:
    return "1 box" if amount == 1 else f"{amount:,} boxes"


def united(parts: Sequence[Annotated]) -> tuple[Boxes, tuple[str, ...]]:
    """The boxes of all parts, rows counted through, and their classes: one list, matched by name."""
    places: dict[str, int] = {}
    columns: list[Boxes] = []
    first = 0
    for part in parts:
        moved = np.array([places.setdefault(name, len(places)) for name in part.classes], np.int32)
        boxes = part.boxes
        category = moved[boxes.category] if len(boxes) else boxes.category
        columns.append(replace(boxes, picture=boxes.picture + np.int32(first), category=category))
        first += len(part.ids)
    return _concatenated(columns), tuple(places)


def _concatenated(parts: Sequence[Boxes]) -> Boxes:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return empty_boxes()
    outlined, masked = any(part.outlines for part in parts), any(part.masks for part in parts)
    areas = [part.xywh[:, 2] * part.xywh[:, 3] if part.area is None else part.area for part in parts]
    crowds = [np.zeros(len(part), np.bool_) if part.crowd is None else part.crowd for part in parts]
    zeros = [np.zeros(len(part), np.bool_) if part.zero is None else part.zero for part in parts]
    return Boxes(
        np.concatenate([part.picture for part in parts]),
        np.concatenate([part.category for part in parts]),
        np.concatenate([part.xywh for part in parts]),
        area=np.concatenate(areas) if any(part.area is not None for part in parts) else None,
        crowd=np.concatenate(crowds) if any(part.crowd is not None for part in parts) else None,
        zero=np.concatenate(zeros) if any(part.zero is not None for part in parts) else None,
        outlines=tuple(chain(*(part.outlines or ((),) * len(part) for part in parts))) if outlined else (),
        masks=tuple(chain(*(part.masks or (NO_MASK,) * len(part) for part in parts))) if masked else (),
    )


def lookup(truth: Annotated, wanted: Sequence[ImageId]) -> NDArray[np.int32]:
    """Row of each picture that results name: by its number, or else by its file's name, with or without the ending.

    Whichever finds more. Ultralytics writes the name without its ending, as a number if it looks like one.
    """
    by_id = {identity: row for row, identity in enumerate(truth.ids)}
    for identity, row in list(by_id.items()):  # "17" where the annotations say 17, or the other way round
        by_id.setdefault(str(identity) if isinstance(identity, int) else _number(identity), row)
    found = _rows(by_id, wanted)
    if (found >= 0).all():
        return found
    by_name: dict[ImageId, int] = {}
    for row, key in enumerate(truth.keys):
        name = key.rpartition("/")[2]
        stem = name.rpartition(".")[0] or name
        spellings: tuple[ImageId, ...] = (stem, name, key)
        spellings += (_number(stem),)
        for spelling in spellings:
            by_name.setdefault(spelling, row)
    named = _rows(by_name, wanted)
    return named if (named >= 0).sum() > (found >= 0).sum() else found


def _number(word: str) -> ImageId:
    """The number that a word may be meant as; else the word."""
    return int(word) if word.isdecimal() and len(word) <= _LONGEST_NUMBER else word


def _rows(places: Mapping[ImageId, int], wanted: Sequence[ImageId]) -> NDArray[np.int32]:
    return np.array([places.get(identity, -1) for identity in wanted], np.int32)
