"""Folders of pictures without boxes as data sets: by split and class as their names say, or plain."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dlviz_docs.names import natural
from dlviz_docs.readers.samples._folder_names import (
    DATA,
    IMAGES,
    PICTURES,
    TRUE,
    domain_of,
    is_data_in_run,
    is_generated,
    joined,
    pieces,
    split_of,
    split_word,
    up,
)
from dlviz_docs.readers.samples._pictures_named import PictureNames
from dlviz_docs.readers.samples._split_lists import is_split_list
from dlviz_docs.readers.samples._types import DataEntry, Found, PictureFolder, Planned

__all__ = ["PlainFolders"]

_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
_LEAST_PLAIN = 5
"""Pictures without classes, splits or annotations that may be data beside runs: a project shows some of its own."""


@dataclass(slots=True)
class PlainFolders:
    """Folders that nothing else wants, as they are divided up."""

    found: Found
    folders: Mapping[str, PictureFolder]
    """Of pictures that belong to nothing yet, by path."""
    used: Collection[str] = ()
    """Files that are of something else."""
    siblings: Counter[tuple[str, ...]] = field(default_factory=Counter)
    """How many of them lie in each folder."""
    splits: Mapping[tuple[str, ...], set[str]] = field(default_factory=dict)
    """The splits that lie side by side in each folder."""

    def plans(self, left: Sequence[str]) -> Iterator[Planned]:
        """The data sets among these folders: those nearest to the experiment's own first."""
        beside = {place for path in left for place in _places_of(path, IMAGES)}
        left = [path for path in left if not any(place in beside for place in _places_of(path, TRUE))]
        self.siblings, self.splits = Counter(pieces(path)[:-1] for path in left), _splits_in(left)
        groups: dict[tuple[int, str], list[str]] = defaultdict(list)
        for path in left:
            if (depth := self._depth(path)) is not None:
                groups[depth, joined(pieces(path)[:depth])].append(path)
        for (depth, base), inside in sorted(groups.items(), key=lambda item: item[0][0]):
            plan = self.plan_under(depth, inside, pieces(base)[-1] if pieces(base) else self.found.root.name, None)
            sure = plan.files[0][1] == "class folder" and (depth > 0 or any(plan.splits))
            if sure or not self._is_beside_the_point(plan, inside):
                yield plan

    def _is_beside_the_point(self, plan: Planned, inside: Sequence[str]) -> bool:
        """Whether pictures without classes are a table's, or a project's own: what it drew, or shows in its README."""
        if any(self.is_told_by_table(path) for path in inside):
            return True
        if not self.found.runs or any(plan.splits):
            return False
        amount = sum(len(self.folders[path].names) for path in inside)
        few = amount < _LEAST_PLAIN and not any(is_data_in_run(part) for path in inside for part in pieces(path))
        return few or all(is_generated(path) for path in inside)

    def _depth(self, path: str) -> int | None:
        """How many folders lead to the data set a folder of pictures is of; None where it is of none."""
        parts = pieces(path)
        for at, part in enumerate(parts):
            if split_word(part) and (self._is_data(parts[:at]) or self._has_splits(parts[:at]) or at == 0):
                return at
        if not parts:
            return 0
        named = [at for at, part in enumerate(parts) if DATA.match(part)]
        if named and named[-1] == len(parts) - 1:
            return len(parts)
        siblings = self.siblings[parts[:-1]]
        if named and siblings >= 2:
            return len(parts) - 1
        return 0 if len(parts) == 1 and siblings >= 2 and not self.found.runs else None

    def _is_data(self, parts: Sequence[str]) -> bool:
        return any(DATA.match(part) for part in parts)

    def _has_splits(self, base: Sequence[str]) -> bool:
        return len(self.splits.get(tuple(base), ())) >= 2

    def plan_under(self, depth: int, paths: Sequence[str], name: str, entry: DataEntry | None) -> Planned:
        """The folders by split and class; without classes where there is but one.

        A class is the first folder that is neither a split nor called "images"; of trainA and trainB, the letter.
        """
        classes: dict[str, tuple[str, str]] = {}
        plain: dict[str, str] = {}
        for path in sorted(paths, key=natural):
            rest = list(enumerate(pieces(path)))[depth:]
            split = next((split for _, part in rest if (split := split_word(part))), "")
            at = next((at for at, part in rest if not split_word(part) and part.lower() not in PICTURES), None)
            parts = pieces(path)
            domain = next((domain for _, part in rest if (domain := domain_of(part))), "")
            classes[path if at is None else joined(parts[: at + 1])] = (split, domain if at is None else parts[at])
            plain[path] = split
        classes = _with_trains(classes)
        if len({label for _, label in classes.values()} - {""}) < 2:
            classes = {path: (split, "") for path, split in plain.items()}
        files = [(path, "class folder" if label else "pictures") for path, (_, label) in classes.items()]
        splits = [split for split, _ in classes.values()]
        order = sorted(range(len(files)), key=lambda at: files[at][1] != "class folder")
        named = [(files[at], splits[at]) for at in order]
        if not any(splits):
            named += [((path, "split list"), split_of(path)) for path in self._split_lists(paths)]
        return Planned(name, tuple(file for file, _ in named), tuple(split for _, split in named), data=entry)

    def _split_lists(self, paths: Sequence[str]) -> list[str]:
        """Texts that name pictures of these folders, one a line, and are called for a split: train.txt."""
        named = [path for path in self.found.files if path.endswith(".txt") and path not in self.used]
        named = [path for path in named if is_split_list(path)]
        names = PictureNames([self.folders[path] for path in paths if path in self.folders]) if named else None
        return [path for path in named if names and names.are_lines_of(self.found.root, path)]

    def is_told_by_table(self, folder: str) -> bool:
        """Whether a table in the folder, or one or two above it, begins with names of its pictures."""
        near = {folder, up(folder), up(up(folder))}
        tables = [path for path in self.found.files if path.endswith(_TABLES) and up(path) in near]
        names = PictureNames([each for each in self.found.pictures if each.path == folder]) if tables else None
        return any(names.are_in(self.found.root, path) for path in tables if names and path not in self.used)


def _places_of(path: str, words: re.Pattern[str]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """What surrounds a folder of that role in a path: masks/val lies beside images/val."""
    parts = pieces(path)
    return ((parts[:at], parts[at + 1 :]) for at, part in enumerate(parts) if words.match(part))


def _splits_in(paths: Sequence[str]) -> dict[tuple[str, ...], set[str]]:
    """The splits that lie side by side in each folder."""
    found: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for path in paths:
        parts = pieces(path)
        for at, part in enumerate(parts):
            if split := split_word(part):
                found[parts[:at]].add(split)
    return found


def _with_trains(classes: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """A lone "train" among folders of classes, such as car and bus, is one of them."""
    alone = [path for path, (split, label) in classes.items() if split and not label]
    if len(alone) != 1 or len({up(path) for path in classes}) > 1 or len(classes) < 3:
        return classes
    return classes | {alone[0]: ("", pieces(alone[0])[-1])} if pieces(alone[0]) else classes
