"""Sheets of one data set, or of one model's predictions, as one table: splits under one another, roles side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import Codes, Feature, Problem, Sheet
from dlviz_docs.readers.samples._columns import absent, joined, taken
from dlviz_docs.readers.samples._features import strings_of
from dlviz_docs.readers.samples._names import parts_of, split_order, words_of
from dlviz_docs.readers.samples._roles import roles_of
from dlviz_docs.readers.samples._sequences import is_sequence_name, widened

__all__ = ["Columns", "Part", "stacked"]

_ROLES = ("truth", "predicted", "probabilities", "ids", "embeddings")


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One sheet, and what its file was planned as."""

    part: str
    split: str
    sheet: Sheet


@dataclass(slots=True, eq=False)
class Columns:
    """One table that still has to be told apart."""

    length: int
    features: dict[str, Feature]
    arrays: dict[str, NDArray[Any]]
    roles: dict[str, str] = field(default_factory=dict)
    """Column by the part its file was planned as."""
    split: Codes | None = None
    splits: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    """Names of classes in a file beside, which may be of other columns."""
    words: tuple[str, ...] = ()
    """What numbers of tokens stand for, where a file tells."""
    octets: int = 0
    format: str = ""
    sources: tuple[str, ...] = ()
    lengths: tuple[int, ...] = ()
    """Rows of each source, in their order, where files lie under one another; else nothing."""
    problems: list[Problem] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """Of all columns."""
        return [*self.features, *self.arrays]

    @property
    def source(self) -> str:
        """The file that problems are told of."""
        return self.sources[-1] if self.sources else ""

    def tell(self, code: str, what: str, remedy: str) -> None:
        """Note something that is wrong."""
        self.problems.append(Problem(code, self.source, what, remedy))

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Leave out all other rows."""
        self.features = {name: taken(feature, rows) for name, feature in self.features.items()}
        self.arrays = {name: values[rows] for name, values in self.arrays.items()}
        self.split = None if self.split is None else self.split[rows]
        self.length = len(rows)


def stacked(parts: Sequence[Part], *, one_split: bool = False) -> Columns | None:
    """One table; None where there is no row at all. `one_split` where files of roles lie side by side whatever they
    are called, as predictions do."""
    parts = [part for part in parts if part.sheet.features or part.sheet.arrays]
    if not parts:
        return None
    if any(part.part != "table" for part in parts):
        grouped: dict[str, list[Part]] = {}
        for part in parts:
            grouped.setdefault("" if one_split else part.split, []).append(part)
        blocks = [_beside(group) for group in grouped.values()]
    else:
        blocks = [_block(part) for part in parts]
    ordered = sorted(blocks, key=lambda block: split_order(block.split))
    whole = _under(ordered)
    whole.lengths = tuple(block.length for block in blocks) if ordered == blocks else ()
    whole.format = " + ".join(dict.fromkeys(part.sheet.format for part in parts))
    whole.sources = tuple(dict.fromkeys(part.sheet.source for part in parts))
    whole.octets = sum(part.sheet.octets for part in parts)
    whole.classes = next((part.sheet.classes for part in parts if part.sheet.classes), ())
    whole.words = next((part.sheet.words for part in parts if part.sheet.words), ())
    whole.problems += [problem for part in parts for problem in part.sheet.problems]
    return whole if whole.length else None


@dataclass(slots=True, eq=False)
class _Block:
    length: int
    split: str
    features: dict[str, Feature]
    arrays: dict[str, NDArray[Any]]
    roles: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def _block(part: Part) -> _Block:
    sheet = part.sheet
    split = sheet.split or part.split
    own = sheet.split or part.part != "table"
    features = {(name := _unsplit(f.name, own)): replace(f, name=name) for f in sheet.features}
    return _Block(sheet.length, split, features, {_unsplit(name, own): values for name, values in sheet.arrays.items()})


def _unsplit(name: str, apply: object) -> str:
    """ "x_train" beside "x_test" is "x"."""
    parts = parts_of(name)
    if not apply or not parts.split:
        return name
    kept = [word for word in words_of(name) if parts_of(f"x_{word}").split != parts.split]
    return "_".join(kept) or name


def _beside(parts: Sequence[Part]) -> _Block:
    """Files of one split whose rows belong to one another; one of another length is left out, and said to be."""
    main = max(parts, key=lambda part: _weight(part.part))
    whole = _Block(main.sheet.length, next((part.split for part in parts if part.split), ""), {}, {})
    ids = _ids(_block(main))
    for part in parts:
        block = _block(part)
        if part is not main and ids and (own := _ids(block)):
            _order(block, own, ids)
        if block.length != whole.length:
            what = f"has {block.length:,} rows, and {main.sheet.source} {whole.length:,}; it is left out"
            problem = Problem("length", part.sheet.source, what, "Write both for the same samples in the same order.")
            whole.problems.append(problem)
            continue
        names = [*block.features, *block.arrays]
        if part.part in _ROLES and names:
            whole.roles[part.part] = chosen = _of_role(part.part, names)
            if chosen in whole.features or chosen in whole.arrays:
                whole.roles[part.part] = renamed = f"{chosen} ({part.part})"
                _rename(block, chosen, renamed)
        whole.features |= {name: f for name, f in block.features.items() if name not in whole.features}
        whole.arrays |= {name: a for name, a in block.arrays.items() if name not in whole.arrays}
    return whole


def _ids(block: _Block) -> tuple[str | None, ...]:
    """What the rows of a file of several columns are called; nothing where it does not tell of each."""
    names = list(block.features)
    feature = block.features.get(roles_of(names).id) if len(names) > 1 else None
    if feature is None or feature.kind not in ("identifier", "category", "number"):
        return ()
    strings = strings_of(feature)
    return strings if len(strings) == len(set(strings)) == block.length else ()


def _order(block: _Block, own: Sequence[str | None], wanted: Sequence[str | None]) -> None:
    """Rows in the order of another file that calls them by the same names; nothing where most are other names."""
    place = {name: row for row, name in enumerate(own)}
    rows = np.array([place.get(name, -1) for name in wanted], np.intp)
    if 2 * np.count_nonzero(rows >= 0) < len(rows) or (block.arrays and (rows < 0).any()):
        return
    block.features = {name: taken(feature, rows) for name, feature in block.features.items()}
    block.arrays = {name: values[rows] for name, values in block.arrays.items()}
    block.length = len(rows)


def _weight(part: str) -> int:
    order = ("truth", "ids", "embeddings", "features", "table", "predicted", "probabilities")
    return order.index(part) if part in order else 0


def _of_role(part: str, names: Sequence[str]) -> str:
    """The column that is meant in a file of that role."""
    return next((name for name in names if parts_of(name).role == part), names[-1])


def _rename(block: _Block, old: str, new: str) -> None:
    if old in block.features:
        block.features = {
            (new if name == old else name): replace(f, name=new) if name == old else f
            for name, f in block.features.items()
        }
    else:
        block.arrays = {(new if name == old else name): values for name, values in block.arrays.items()}


def _under(blocks: Sequence[_Block]) -> Columns:
    """Blocks under one another, columns of one role under the name of the first."""
    roles: dict[str, str] = {}
    for block in blocks:
        for part, column in block.roles.items():
            name = roles.setdefault(part, column)
            if name != column and name not in block.features and name not in block.arrays:
                _rename(block, column, name)
    length = sum(block.length for block in blocks)
    problems = [problem for block in blocks for problem in block.problems]
    names = dict.fromkeys(name for block in blocks for name in block.features)
    features = {name: _column(name, blocks) for name in names}
    arrays = dict(_arrays(blocks))
    left = [name for name in dict.fromkeys(n for b in blocks for n in b.arrays) if name not in arrays]
    whole = Columns(length, features, arrays, roles, problems=problems)
    for name in left:
        whole.tell("arrays-differ", f"{name} is not in every split, or has another shape there; it is left out",
                   "Save it alike for every split.")  # fmt: skip
    splits = list(dict.fromkeys(block.split for block in blocks))
    if any(splits):
        whole.splits = tuple(split or "other" for split in splits)
        places = [np.full(block.length, splits.index(block.split), np.int32) for block in blocks]
        whole.split = np.concatenate(places)
    return whole


def _column(name: str, blocks: Sequence[_Block]) -> Feature:
    like = next(block.features[name] for block in blocks if name in block.features)
    return joined([block.features[name] if name in block.features else absent(like, block.length) for block in blocks])


def _arrays(blocks: Sequence[_Block]) -> Iterable[tuple[str, NDArray[Any]]]:
    for name in blocks[0].arrays:
        found = [block.arrays[name] for block in blocks if name in block.arrays]
        if is_sequence_name(name) and {(one.ndim, one.dtype.kind) for one in found} == {(2, "i")}:
            found = widened(found)
        if len(found) == len(blocks) and len({one.shape[1:] for one in found}) == 1:
            yield name, found[0] if len(found) == 1 else np.concatenate(found)
