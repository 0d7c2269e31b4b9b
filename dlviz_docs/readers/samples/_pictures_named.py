"""Names of rows that are names of pictures in the experiment."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

from dlviz_docs.model import Pictures
from dlviz_docs.readers.samples._picture_file import words_in
from dlviz_docs.readers.samples._types import Found, PictureFolder

__all__ = ["PictureNames", "pictures_named"]

_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
_TRIED = 50
_FOUND_SHARE = 0.5
_FEW = 3
"""Names without ending that a table must have: one may be a word by chance."""

_LONG = 5
"""Digits of a number that is no count, nor an age."""


class PictureNames:
    """What the pictures of some folders are called."""

    __slots__ = ("names", "stems")

    def __init__(self, folders: Sequence[PictureFolder]) -> None:
        self.names = {name for each in folders for name in each.names}
        stems = (name.rpartition(".")[0] for name in self.names)
        self.stems = {stem for stem in stems if not stem.isdecimal() or len(stem) >= _LONG}

    def are_in(self, root: Path, table: str) -> bool:
        """Whether a table begins with some of these names, whatever its format."""
        words = {word.rpartition("/")[2] for word in words_in(root, table)}
        return not self.names.isdisjoint(words) or len(words & self.stems) >= _FEW

    def are_lines_of(self, root: Path, text: str) -> bool:
        """Whether a text begins with little else than these names, with or without their endings."""
        words = {word.rpartition("/")[2] for word in words_in(root, text)}
        known = self.names | {name.rpartition(".")[0] for name in self.names}
        return 2 * len(words & known) >= len(words) > 0


def pictures_named(
    found: Found, names: Sequence[str], sources: Sequence[str], lengths: Sequence[int] = ()
) -> Pictures | None:
    """The pictures that these names mean, "" for one that is not there; None where hardly any is.

    Names are relative to their file, to a folder above it, to the experiment or to one of its folders of pictures; with
    or without the ending. Only what was found in the experiment's folder is opened. `lengths` are the rows of each
    source, where they lie under one another: then each file's names are relative to itself.
    """
    if not names or not found.pictures:
        return None
    from dlviz_docs.readers.samples.pictures import pictures_of

    if len(lengths) == len(sources) > 1 and sum(lengths) == len(names):
        ends = list(accumulate(lengths))
        parts = [
            _paths_named(found, names[end - length : end], [source])
            for source, length, end in zip(sources, lengths, ends, strict=True)
        ]
        paths = (
            None
            if all(part is None for part in parts)
            else [path for part, length in zip(parts, lengths, strict=True) for path in (part or [""] * length)]
        )
    else:
        paths = _paths_named(found, names, sources)
    return None if paths is None else pictures_of(found.root, paths)


def _paths_named(found: Found, names: Sequence[str], sources: Sequence[str]) -> list[str] | None:
    known = {posixpath.normpath(posixpath.join(one.path, name)) for one in found.pictures for name in one.names}
    tried = [name for name in names if name][:: max(1, len(names) // _TRIED)]
    if not any(name.lower().endswith(_ENDINGS) for name in tried):
        known_stems = {posixpath.splitext(path)[0]: path for path in sorted(known, reverse=True)}
    else:
        known_stems = {path: path for path in known}
    best, most = "", 0
    for base in _bases(found, sources):
        hits = sum(_path(base, name) in known_stems for name in tried)
        if hits > most:
            best, most = base, hits
    if most < _FOUND_SHARE * len(tried) or not most:
        return None
    return [known_stems.get(_path(best, name), "") if name else "" for name in names]


def _path(base: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(base, name.replace("\\", "/").lstrip("/")))


def _bases(found: Found, sources: Sequence[str]) -> Iterator[str]:
    """Folders that names may be relative to, the nearest first."""
    bases: dict[str, None] = {}
    for source in sources[:1]:
        folder = posixpath.dirname(source)
        while folder:
            bases[folder] = None
            folder = posixpath.dirname(folder)
    bases["."] = None
    for one in found.pictures:
        bases[one.path] = None
        bases.setdefault(posixpath.dirname(one.path) or ".", None)
    yield from bases
