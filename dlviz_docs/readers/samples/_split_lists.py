"""Texts that say which pictures are of which split: train.txt, a picture a line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from dlviz_docs.readers.samples._folder_names import split_of
from dlviz_docs.readers.samples._picture_file import Refused, Root, open_file

__all__ = ["is_split_list", "splits_by_list"]

LARGEST = 50_000_000
"""Bytes of one list."""
_NAME = re.compile(
    r"^(.*(?<![a-z]))?(train(ing)?|val(id|idation)?|test(ing)?)([-_ ]?(lists?|ids|files|images|imgs|set|split|\d+))*$",
    re.I,
)


def is_split_list(path: str) -> bool:
    """Whether a text is called for one split; "trainval" is for two."""
    stem = path.rpartition("/")[2].rpartition(".")[0]
    return _NAME.match(stem) is not None and bool(split_of(f"./{stem}"))


def splits_by_list(root: Path, lists: Mapping[str, str], paths: Sequence[str]) -> list[str]:
    """The split of each picture by the lists, path by split; "" for one that is in none.

    Lines hold a path, relative to whatever folder, with or without the ending; what follows it, such as a label, is not
    looked at. A name that two pictures have says nothing.
    """
    places = _places(paths)
    splits = [""] * len(paths)
    for path, split in lists.items():
        for line in _lines(root, path):
            row = _row(places, line)
            if row >= 0:
                splits[row] = split
    return splits


def _lines(root: Path, path: str) -> list[str]:
    try:
        with open_file(Root(root), path) as file:
            return file.read(LARGEST).decode("utf-8-sig", "replace").splitlines()
    except (Refused, OSError):
        return []


def _places(paths: Sequence[str]) -> dict[str, int]:
    """Row by every end of its path, with and without the ending; -1 for what two share."""
    places: dict[str, int] = {}
    for row, path in enumerate(paths):
        parts = path.split("/")
        for at in range(len(parts)):
            end = "/".join(parts[at:])
            for word in {end, end.rpartition(".")[0] or end}:
                places[word] = row if word not in places else -1
    return places


def _row(places: Mapping[str, int], line: str) -> int:
    """The picture a line means: by all of its path, or by as much of its end as is known."""
    whole = line.strip().replace("\\", "/")
    for told in dict.fromkeys((whole, re.split(r"[\s,;]", whole, maxsplit=1)[0])):
        parts = told.split("/")
        for at in range(len(parts)):
            if (row := places.get("/".join(parts[at:]), -1)) >= 0:
                return row
    return -1
