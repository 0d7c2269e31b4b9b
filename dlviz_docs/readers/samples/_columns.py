"""Features put under one another, cut to some rows, or seen as categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import MISSING, Feature, Kind, Pictures, Texts
from dlviz_docs.names import natural
from dlviz_docs.readers.samples._features import MOST_LEVELS, strings_of, texts_of, words_series

__all__ = ["absent", "as_classes", "distinct", "is_of_classes", "joined", "named_levels", "picked", "spelled", "taken"]

_FEW = 20
_MOST_CLASSES = 1_000


def absent(like: Feature, length: int) -> Feature:
    """A column of that name and kind with nothing in it."""
    texts = None
    if like.texts is not None:
        kept = min(length, 200_000)
        texts = Texts((None,) * kept, np.full(length, -1, np.int64), np.zeros(length, np.uint64))
    empty: NDArray[Any] = (
        np.full(length, np.nan) if like.kind in ("number", "time") else np.full(length, MISSING, np.int32)
    )
    return replace(like, values=empty, texts=texts, missing=length, invalid=0)


def joined(parts: Sequence[Feature]) -> Feature:
    """One column of several under one another: of the kind they share, else of one that has room for all."""
    full = [part for part in parts if part.missing < len(part)] or list(parts)
    kind = _shared_kind({part.kind for part in full})
    parts = [part if part.missing < len(part) or part.kind == kind else absent(full[0], len(part)) for part in parts]
    if len(parts) == 1:
        return parts[0]
    name = parts[0].name
    missing, invalid = sum(part.missing for part in parts), sum(part.invalid for part in parts)
    if kind in ("number", "time"):
        values = np.concatenate([part.values for part in parts])
        whole = all(part.whole for part in full)
        return Feature(name, kind, values, whole=whole, missing=missing, invalid=invalid)
    if kind in ("category", "boolean"):
        parts = [_leveled(part) for part in parts]
        levels = _together([part.levels for part in parts])
        index = {level: place for place, level in enumerate(levels)}
        codes = [_moved(part.values, [index[level] for level in part.levels]) for part in parts]
        return Feature(name, kind, np.concatenate(codes), levels, missing=missing, invalid=invalid)
    texts = _texts([_worded(part) for part in parts])
    first = _first_of(texts.hashes)
    return Feature(name, kind, first, texts=texts, missing=missing)


def _shared_kind(kinds: set[Kind]) -> Kind:
    if len(kinds) == 1:
        return next(iter(kinds))
    if kinds <= {"category", "boolean", "number"}:
        return "category"
    return "text" if "text" in kinds else "identifier"


def _leveled(feature: Feature) -> Feature:
    return feature if feature.kind in ("category", "boolean") else as_classes(feature)


def _together(lists: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """All levels; in their own order where one list has all of them."""
    longest = max(lists, key=len)
    if all(set(one) <= set(longest) for one in lists):
        return longest
    return tuple(sorted({level for one in lists for level in one}, key=natural))


def _moved(codes: NDArray[Any], places: Sequence[int]) -> NDArray[np.int32]:
    """Codes that count in another list of levels."""
    moved: NDArray[np.int32] = np.array([*places, MISSING], np.int32)[codes.astype(np.intp)]
    return moved


def _worded(feature: Feature) -> Texts:
    return feature.texts or texts_of(words_series(strings_of(feature)))


def _texts(parts: Sequence[Texts]) -> Texts:
    """Strings of the first rows only, as long as none is left out before them."""
    strings: list[str | None] = []
    for part in parts:
        strings += part.strings
        if len(part.strings) < len(part.lengths):
            break
    lengths, hashes = np.concatenate([p.lengths for p in parts]), np.concatenate([p.hashes for p in parts])
    return Texts(tuple(strings), lengths, hashes)


def _first_of(hashes: NDArray[np.uint64]) -> NDArray[np.int32]:
    if not len(hashes):
        return np.zeros(0, np.int32)
    ordered = np.sort(hashes)
    if ordered[0] and (ordered[1:] != ordered[:-1]).all():
        return np.arange(len(hashes), dtype=np.int32)
    _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    return np.where(hashes == 0, MISSING, first[inverse]).astype(np.int32)


def taken(feature: Feature, rows: NDArray[np.intp], name: str = "") -> Feature:
    """Those rows in that order; -1 is a row that has nothing."""
    gone = rows < 0
    at = np.where(gone, 0, rows)
    if not len(feature):
        return absent(replace(feature, name=name or feature.name), len(rows))
    values: NDArray[Any] = feature.values[at]
    if gone.any():
        values = np.where(gone, np.nan if feature.kind in ("number", "time") else MISSING, values).astype(values.dtype)
    texts = _worded(feature) if feature.kind == "identifier" else feature.texts
    if texts is not None:
        strings = [texts.strings[row] if 0 <= row < len(texts.strings) else None for row in rows.tolist()]
        texts = Texts(tuple(strings), np.where(gone, -1, texts.lengths[at]), np.where(gone, 0, texts.hashes[at]))
        values = _first_of(texts.hashes)
    missing = int(np.count_nonzero(np.isnan(values) if feature.kind in ("number", "time") else values < 0))
    return replace(feature, name=name or feature.name, values=values, texts=texts, missing=missing, invalid=0)


def picked(pictures: Pictures, rows: NDArray[np.intp]) -> Pictures:
    """Those pictures in that order; each keeps its key as long as it is asked for once."""
    chosen = rows.tolist()
    place = np.full(len(pictures), -1, np.intp)
    place[pictures.measured] = np.arange(len(pictures.measured))
    measured = np.flatnonzero(place[rows] >= 0)
    source = place[rows[measured]]
    several = [tuple(column[row] for row in chosen) if column else () for column in (pictures.sources, pictures.modes)]
    return replace(
        pictures,
        keys=tuple(pictures.keys[row] for row in chosen),
        sources=several[0],
        modes=several[1],
        array=None if pictures.array is None else pictures.array[rows],
        sizes=pictures.sizes[rows] if len(pictures.sizes) else pictures.sizes,
        octets=pictures.octets[rows] if len(pictures.octets) else pictures.octets,
        contents=pictures.contents[rows] if len(pictures.contents) else pictures.contents,
        measured=measured,
        measures={name: values[source] for name, values in pictures.measures.items()},
        fingerprints=pictures.fingerprints[source] if len(pictures.fingerprints) else pictures.fingerprints,
        small=pictures.small[source] if len(pictures.small) else pictures.small,
    )


# --- numbers that are names -------------------------------------------------------------------------------------------


@np.errstate(over="ignore")
def distinct(feature: Feature) -> NDArray[Any]:
    """Its values, each once, without the missing ones."""
    values = feature.values
    if feature.whole and len(values):
        finite = values[np.isfinite(values)]
        low, high = finite.min(initial=0), finite.max(initial=0)
        if high - low <= max(_MOST_CLASSES, len(values)):  # counting is ten times faster than sorting
            found: NDArray[Any] = np.flatnonzero(np.bincount((finite - low).astype(np.intp))) + low
            return found
    return np.unique(values[np.isfinite(values)] if values.dtype.kind == "f" else values[values >= 0])


def is_of_classes(feature: Feature) -> bool:
    """Whether a column to be predicted names classes: words, or few whole numbers, or whole numbers without a gap."""
    if feature.kind in ("category", "boolean"):
        return True
    if feature.kind != "number" or not feature.whole:
        return False
    found = distinct(feature)
    if not len(found) or len(found) > _MOST_CLASSES:
        return False
    gapless = found[0] in (0, 1) and len(found) == found[-1] - found[0] + 1 and len(found) <= max(2, len(feature) / 2)
    return gapless or len(found) <= min(_FEW, max(2, len(feature) / 2))


def as_classes(feature: Feature) -> Feature:
    """The column as a category, with numbers spelled as they are written."""
    if feature.kind == "category":
        return feature
    if feature.kind == "boolean":
        return replace(feature, kind="category")
    if feature.kind in ("text", "identifier"):
        strings = strings_of(feature)
        levels = tuple(sorted({cell for cell in strings if cell is not None}, key=natural))
        index = {level: place for place, level in enumerate(levels)}
        codes = np.array([MISSING if cell is None else index[cell] for cell in strings], np.int32)
        codes = np.concatenate([codes, np.full(len(feature) - len(codes), MISSING, np.int32)])
        return Feature(feature.name, "category", codes, levels, missing=int(np.count_nonzero(codes < 0)))
    found = distinct(feature)
    if len(found) > MOST_LEVELS:
        found = found[:MOST_LEVELS]
    places = np.clip(np.searchsorted(found, feature.values), 0, max(0, len(found) - 1))
    known = np.isfinite(feature.values)
    known &= found[places] == feature.values if len(found) else False
    codes = np.where(known, places, MISSING).astype(np.int32)
    levels = tuple(map(spelled, found.tolist()))
    missing = int(np.count_nonzero(codes < 0))
    return Feature(feature.name, "category", codes, levels, missing=missing, invalid=feature.invalid)


def spelled(value: float) -> str:
    """A number as the name of a class."""
    return f"{value:.0f}" if value == round(value) else f"{value:.12g}"


def named_levels(feature: Feature, names: Sequence[str]) -> Feature:
    """Classes that are told by number under their names; `MISSING` for numbers that have none."""
    if feature.kind == "category" and not all(level.isdecimal() for level in feature.levels):
        return feature
    whole = as_classes(feature)
    numbers = [int(level) if level.isdecimal() else MISSING for level in whole.levels]
    places = [number if 0 <= number < len(names) else MISSING for number in numbers]
    codes = _moved(whole.values, places)
    return replace(whole, values=codes, levels=tuple(names), missing=int(np.count_nonzero(codes < 0)))
