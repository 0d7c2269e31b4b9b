"""Models on the same pictures or prompts: which rows are the same in all, and everything in one order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model.samples import MISSING, Boxes, Masks, Pictures, Predictions

__all__ = ["Rows", "aligned_boxes", "aligned_masks", "places", "translated"]

Rows: TypeAlias = NDArray[np.intp]


def places(one: Predictions, first: Predictions) -> Rows:
    """Row of `one` for each row of `first`: the same item with the same truth; -1 where there is none."""
    if one.task == "detection":
        return _same_boxes(one, first)
    if one.task == "segmentation":
        return _same_regions(one, first)
    return _same_texts(one, first) if one.task == "text" else by_name(one.ids, first.ids, one.length, first.length)


def by_name(mine: Sequence[Any], others: Sequence[Any], n: int, m: int) -> Rows:
    """Place in the first names of each of the second ones, -1 where there is none; without names, by place.

    What is called the same twice is nothing, unless both are the same in the same order.
    """
    if not (mine and others):
        return np.arange(m) if n == m else np.full(m, -1)
    if mine == others:
        return np.arange(m)
    where: dict[Any, int] = {}
    for place, name in enumerate(mine):
        where[name] = -1 if name in where else place
    seen: set[Any] = set()
    found = np.full(m, -1)
    for place, name in enumerate(others[:m]):
        if name not in seen:
            found[place] = where.get(name, -1)
        seen.add(name)
    return found


def translated(codes: NDArray[Any], mine: tuple[str, ...], others: tuple[str, ...]) -> NDArray[Any]:
    """Places in the classes of another model; numbers stay as they are."""
    if mine == others or codes.dtype.kind == "f":
        return codes
    known = {name: place for place, name in enumerate(others)}
    table = np.array([*(known.get(name, MISSING) for name in mine), MISSING], np.int32)
    inside = (codes >= 0) & (codes < len(mine))
    return table[np.where(inside, codes, len(mine)).astype(np.intp)]


# --- boxes ------------------------------------------------------------------------------------------------------------


def _pictures(one: Predictions) -> int:
    most = (int(some.picture.max(initial=-1)) + 1 for some in (one.boxes, one.true_boxes) if some is not None)
    return max(one.length, *most, 0)


def _same_boxes(one: Predictions, first: Predictions) -> Rows:
    """Pictures of the same name with the same annotations."""
    m = _pictures(first)
    found = by_name(one.ids, first.ids, _pictures(one), m)
    mine, others = one.true_boxes, first.true_boxes
    if mine is None or others is None:
        return np.full(m, -1)
    back = np.full(_pictures(one) + 1, -1)
    there = np.flatnonzero(found >= 0)
    back[found[there]] = there
    a = _annotations(
        mine, np.where(mine.picture >= 0, back[mine.picture], -1), translated(mine.category, one.classes, first.classes)
    )
    b = _annotations(others, np.where(found[others.picture] >= 0, others.picture, -1), others.category)
    same = np.bincount(a[:, 0].astype(np.intp), minlength=m) == np.bincount(b[:, 0].astype(np.intp), minlength=m)
    a, b = (rows[same[rows[:, 0].astype(np.intp)]] for rows in (a, b))
    differ = ~(np.isclose(a, b, atol=0.02) | (np.isnan(a) & np.isnan(b))).all(axis=1)
    same[b[differ, 0].astype(np.intp)] = False
    return np.where(same, found, -1)


def _annotations(boxes: Boxes, picture: NDArray[Any], category: NDArray[Any]) -> NDArray[np.float64]:
    """Picture, class, and corners of those in pictures that both have, in an order of their own."""
    crowd = np.zeros(len(boxes)) if boxes.crowd is None else boxes.crowd
    rows = np.column_stack([picture, category, crowd, boxes.xywh]).astype(np.float64)
    rows = rows[(picture >= 0) & (boxes.picture >= 0)]
    return rows[np.lexsort(rows.T[::-1].round(1))]


def aligned_boxes(group: Sequence[Predictions]) -> tuple[list[Predictions], int]:
    """All with the first one's pictures, classes and annotations, and how many pictures are left out.

    One that has them already stays the same object.
    """
    first = group[0]
    found = [places(one, first) for one in group]
    keep = np.stack(found).min(axis=0) >= 0
    classes = _names(group)
    compact = np.where(keep, np.cumsum(keep) - 1, -1)
    base = first
    if not keep.all() or classes != first.classes:
        base = _kept(first, first, np.arange(len(keep)), keep, compact, classes)
    same = [
        base if one is first else _kept(one, base, at, keep, compact, classes)
        for one, at in zip(group, found, strict=True)
    ]
    return same, int((~keep).sum())


def _names(group: Sequence[Predictions]) -> tuple[str, ...]:
    """Classes of all, and numbers for those that boxes name and no list does."""
    named = tuple(dict.fromkeys(name for one in group for name in one.classes))
    boxes = [some for one in group for some in (one.boxes, one.true_boxes) if some is not None]
    most = max((int(some.category.max(initial=-1)) + 1 for some in boxes), default=0)
    return (*named, *(f"class {k}" for k in range(len(named), most)))


def _kept(
    one: Predictions, base: Predictions, at: Rows, keep: NDArray[np.bool_], compact: Rows, classes: tuple[str, ...]
) -> Predictions:
    if keep.all() and one.classes == classes and (at == np.arange(len(at))).all() and _alike(one, base):
        return one
    back = np.full(_pictures(one) + 1, -1)
    back[at[keep]] = compact[keep]
    names = classes if one.classes else ()  # codes without names stay
    truth = base.true_boxes
    pictures, ids = base.pictures, base.ids
    if one is base:
        truth = _moved(one.true_boxes, back, one.classes, names)
        rows = np.flatnonzero(keep)
        pictures = _some(one.pictures, rows)
        ids = tuple(one.ids[row] for row in rows.tolist()) if len(one.ids) == len(keep) else ()
    boxes = _moved(one.boxes, back, one.classes, names)
    return replace(
        one, length=int(keep.sum()), classes=classes, ids=ids, pictures=pictures, true_boxes=truth, boxes=boxes
    )


def _alike(one: Predictions, base: Predictions) -> bool:
    """Whether annotations stand in the same order, too."""
    a, b = one.true_boxes, base.true_boxes
    if a is b:
        return True
    return (
        a is not None
        and b is not None
        and np.array_equal(a.picture, b.picture)
        and np.array_equal(a.category, b.category)
        and np.array_equal(a.xywh, b.xywh, equal_nan=True)
    )


def _moved(boxes: Boxes | None, back: Rows, mine: tuple[str, ...], classes: tuple[str, ...]) -> Boxes | None:
    if boxes is None:
        return None
    picture = np.where(boxes.picture >= 0, back[boxes.picture], -1).astype(np.int32)
    return replace(boxes, picture=picture, category=translated(boxes.category, mine, classes).astype(np.int32))


def _some(pictures: Pictures | None, rows: Rows) -> Pictures | None:
    """Only what is needed to show them."""
    if pictures is None or len(pictures) <= int(rows.max(initial=-1)):
        return None
    chosen = rows.tolist()
    return Pictures(
        tuple(pictures.keys[row] for row in chosen),
        tuple(pictures.sources[row] for row in chosen) if pictures.sources else (),
        None if pictures.array is None else pictures.array[rows],
        pictures.scale,
        pictures.sizes[rows] if len(pictures.sizes) > int(rows.max(initial=-1)) else pictures.sizes[:0],
    )


# --- regions ----------------------------------------------------------------------------------------------------------


def _same_regions(one: Predictions, first: Predictions) -> Rows:
    """Pictures of the same name whose classes have the same pixels."""
    mine, others = one.confusions, first.confusions
    if mine is None or others is None or not len(mine):
        return np.full(0 if others is None else len(others), -1)
    classes = _united((first, one))
    if classes is None:
        return np.full(len(others), -1)
    found = by_name(one.ids, first.ids, len(mine), len(others))
    a, b = (_spread(each.confusions.sum(2), each, classes) for each in (one, first) if each.confusions is not None)
    return np.where((a[found] == b).all(axis=1), found, -1)


def _united(group: Sequence[Predictions]) -> tuple[str, ...] | None:
    """Classes of all by name; () where all have the same number of nameless ones, None where they cannot be tied."""
    sizes = {each.confusions.shape[1] for each in group if each.confusions is not None}
    if len({each.classes for each in group}) == 1 and len(sizes) == 1:
        return ()
    if any(each.confusions is None or len(set(each.classes)) != each.confusions.shape[1] for each in group):
        return None
    return tuple(dict.fromkeys(name for each in group for name in each.classes))


def _spread(counts: NDArray[np.int64], one: Predictions, classes: tuple[str, ...]) -> NDArray[np.int64]:
    """Numbers by class, in the last axis, moved to where these classes stand; as they are for ()."""
    if not classes or classes == one.classes:
        return counts
    found = np.zeros((*counts.shape[:-1], len(classes)), np.int64)
    found[..., [classes.index(name) for name in one.classes]] = counts
    return found


def aligned_masks(group: Sequence[Predictions]) -> tuple[list[Predictions], int]:
    """All with the first one's pictures and the classes of all, and how many pictures are left out."""
    found = [places(one, group[0]) for one in group]
    keep = np.flatnonzero(np.stack(found).min(axis=0) >= 0)
    classes = _united(group) or ()
    return [_with(one, at[keep], classes) for one, at in zip(group, found, strict=True)], len(found[0]) - len(keep)


def _with(one: Predictions, rows: Rows, classes: tuple[str, ...]) -> Predictions:
    confusions = one.confusions
    if confusions is None:
        return one
    if classes and classes != one.classes:
        turned = _spread(_spread(confusions, one, classes).swapaxes(1, 2), one, classes).swapaxes(1, 2)
        one = replace(one, confusions=turned, classes=classes, boundaries=None)
    if len(rows) == len(confusions) and (rows == np.arange(len(rows))).all():
        return one
    return replace(
        one,
        length=len(rows),
        confusions=None if one.confusions is None else one.confusions[rows],
        boundaries=None if one.boundaries is None else one.boundaries[rows],
        ids=tuple(one.ids[row] for row in rows.tolist()) if one.ids else (),
        pictures=_some(one.pictures, rows),
        masks=_some_masks(one.masks, rows),
        true_masks=_some_masks(one.true_masks, rows),
    )


def _some_masks(masks: Masks | None, rows: Rows) -> Masks | None:
    if masks is None or len(masks.sources) <= int(rows.max(initial=-1)):
        return None
    return replace(masks, sources=tuple(masks.sources[row] for row in rows.tolist()))


# --- texts ------------------------------------------------------------------------------------------------------------


def _same_texts(one: Predictions, first: Predictions) -> Rows:
    """Rows with the same input, or identifier, and with no other reference."""
    n, m = len(one.generated), len(first.generated)
    if one.ids and first.ids:
        found = by_name(one.ids, first.ids, n, m)
    elif one.inputs and first.inputs:
        found = by_name(one.inputs, first.inputs, n, m)
    elif one.references and first.references and n == m:
        found = np.arange(m)
    else:
        return np.full(m, -1)
    for texts, others in ((one.references, first.references), (one.inputs, first.inputs)):
        if texts and others:
            for row in np.flatnonzero(found >= 0).tolist():
                if row >= len(others) or found[row] >= len(texts) or texts[found[row]] != others[row]:
                    found[row] = -1
    return np.where(found < n, found, -1)
