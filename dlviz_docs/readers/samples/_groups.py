"""Single arrays and columns that belong together by their names: labels, predicted labels, probabilities, embeddings.

Files are of one group when they lie in one folder, or in sibling folders named for what they hold, and share what is
left of their names without the words for role and split.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TypeAlias

from dlviz_docs.readers.samples._glance import Glance
from dlviz_docs.readers.samples._names import DATA_FOLDERS, Role, parts_of, split_order, words_of
from dlviz_docs.readers.samples._types import Planned

__all__ = ["Loose", "data_of", "looks_single", "results_of"]

_Group: TypeAlias = "dict[Role, Loose]"
_PREDICTIONS: tuple[Role, ...] = ("predicted", "probabilities")


@dataclass(frozen=True, slots=True)
class Loose:
    """One file, and what its name and folder say."""

    path: str
    base: str
    """The folder; the one above where the folder is named for a role."""
    role: Role
    split: str
    rest: tuple[str, ...]
    length: int | None
    width: int | None
    """Columns of an array; 1 for one of a single number a row, None where that is not known."""

    @classmethod
    def of(cls, path: str, seen: Glance) -> Loose:
        """Of a file whose first bytes were looked at."""
        pure = PurePosixPath(path)
        own, folder = parts_of(pure.stem), parts_of(pure.parent.name)
        named = bool(folder.role) and pure.parent.name.lower() not in DATA_FOLDERS
        shape = next((header.shape for header in seen.arrays.values()), None)
        flat = len(shape) == 1 or shape[1:] == (1,) if shape else False
        return cls(
            path,
            posixpath.dirname(pure.parent.as_posix()) if named else pure.parent.as_posix().removeprefix("."),
            own.role or (folder.role if named else ""),
            own.split or folder.split,
            own.rest,
            seen.length,
            1 if flat else (shape[1] if shape and len(shape) == 2 else None),
        )


def looks_single(path: str, seen: Glance) -> bool:
    """Whether a file holds one column or array, or the columns of a file called X."""
    own = parts_of(PurePosixPath(path).stem)
    if PurePosixPath(path).suffix == ".npy":
        return True
    if PurePosixPath(path).suffix in (".json", ".txt", ".arrow"):
        return False
    named = bool(own.role) or bool(parts_of(PurePosixPath(path).parent.name).role)
    if len([name for name in seen.columns if name.strip()]) == 1:
        return named
    return own.role == "features" and PurePosixPath(path).stem.lower().split("_")[0] in ("x", "xtrain", "xtest", "xval")


def results_of(loose: Sequence[Loose]) -> list[Planned]:
    """Groups that hold something predicted, each with the truth that fits it; those of one model's splits as one."""
    groups = _grouped(loose)
    families: dict[tuple[object, ...], list[Planned]] = {}
    for (base, split, rest), group in groups.items():
        if not any(role in group for role in _PREDICTIONS):
            continue
        whole = dict(group)
        for role in ("truth", "ids", "embeddings"):
            if role not in whole and (donor := _donor(groups, role, (base, split, rest), group)):
                whole[role] = donor
        whole.pop("features", None)
        parts = _as_they_are(whole)
        name = " ".join(rest) or PurePosixPath(parts[-1][1].path).stem
        files = tuple((one.path, role) for role, one in parts)
        planned = Planned(name, files, tuple(split or one.split for _, one in parts))
        said = tuple((role, one.width) for role, one in parts if role in _PREDICTIONS)
        family = (_above_split(base), rest, said) if split else files
        families.setdefault(family, []).append(planned)
    return [one for family in families.values() for one in _united(family)]


def _above_split(base: str) -> str:
    """The folder, or the one above one that only names a split: "val/preds.npy" beside "test/preds.npy"."""
    pure = PurePosixPath(base)
    own = parts_of(pure.name)
    return pure.parent.as_posix() if own.split and not (own.rest or own.role) else pure.as_posix()


def _united(family: Sequence[Planned]) -> list[Planned]:
    """Predictions on several splits as one, under their name without it; two of one split stay two."""
    if len(family) < 2 or len({one.splits[-1] for one in family}) < len(family):
        return list(family)
    ordered = sorted(family, key=lambda one: split_order(one.splits[-1]))
    path = PurePosixPath(ordered[0].files[-1][0])
    words = "_".join(word for word in words_of(path.stem) if not parts_of(f"x_{word}").split)
    same = len({one.name for one in family}) == 1
    return [
        Planned(
            ordered[0].name if same or not words else words,
            tuple(file for one in ordered for file in one.files),
            tuple(split for one in ordered for split in one.splits),
        )
    ]


def _as_they_are(group: _Group) -> list[tuple[str, Loose]]:
    """Parts in a fixed order; "predictions" of several numbers a row are probabilities."""
    order: tuple[Role, ...] = ("truth", "ids", "embeddings", "probabilities", "predicted")
    found: list[tuple[str, Loose]] = [(role, group[role]) for role in order if role in group]
    if "predicted" in group and "probabilities" not in group and (group["predicted"].width or 1) > 1:
        return [("probabilities" if role == "predicted" else role, one) for role, one in found]
    return found


_Key: TypeAlias = tuple[str, str, tuple[str, ...]]


def _grouped(loose: Sequence[Loose]) -> dict[_Key, _Group]:
    groups: dict[_Key, _Group] = {}
    for one in loose:
        if one.role:
            groups.setdefault((one.base, one.split, one.rest), {}).setdefault(one.role, one)
    return groups


def _donor(groups: dict[_Key, _Group], role: Role, key: _Key, group: _Group) -> Loose | None:
    """The part of that role which fits best: of the same folder, the same split, the longest shared name.

    One in another folder is asked for only if no other would do as well.
    """
    base, split, rest = key
    length = next((one.length for one in group.values() if one.length is not None), None)
    fitting = []
    for (other_base, other_split, other_rest), other in groups.items():
        one = other.get(role)
        if one is None or (split and other_split and split != other_split):
            continue
        if (length is not None and one.length is not None and length != one.length) or not set(other_rest) <= set(rest):
            continue
        if one.length is None and other_base != base:
            continue
        nearness = (other_base == base, bool(split) and other_split == split, len(other_rest), other_split == "test")
        fitting.append((nearness, one))
    fitting.sort(key=lambda pair: pair[0], reverse=True)
    if len(fitting) > 1 and fitting[0][0] == fitting[1][0] and not fitting[0][0][0]:
        return None
    return fitting[0][1] if fitting else None


def data_of(loose: Sequence[Loose], root: str) -> Iterator[Planned]:
    """Features with their labels, the splits of one name together; arrays that are named for a split alone."""
    whole: dict[tuple[str, tuple[str, ...]], list[tuple[str, _Group]]] = {}
    for (base, split, rest), group in _grouped([_as_data(one) for one in loose]).items():
        if "features" in group:
            whole.setdefault((base, rest), []).append((split, group))
    for (base, rest), splits in whole.items():
        files, names = [], []
        for split, group in sorted(splits, key=lambda pair: split_order(pair[0])):
            for role in ("features", "truth", "ids", "embeddings"):
                if role in group:
                    files.append((group[role].path, role))
                    names.append(split)
        title = " ".join(rest) or PurePosixPath(base).name or root
        yield Planned(title, tuple(files), tuple(names))


def _as_data(one: Loose) -> Loose:
    """An array that is named for a split alone, or lies among data, is its features."""
    data = one.split or any(part.lower() in DATA_FOLDERS for part in PurePosixPath(one.path).parent.parts)
    single = one.path.endswith(".npy")
    return replace(one, role="features") if not one.role and data and single else one
