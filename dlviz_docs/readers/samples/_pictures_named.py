"""Names of rows that are names of pictures in the experiment."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from dlviz_docs.model import Pictures
from dlviz_docs.readers.samples._types import Found

__all__ = ["pictures_named"]

_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
_TRIED = 50
_FOUND_SHARE = 0.5


def pictures_named(found: Found, names: Sequence[str], sources: Sequence[str]) -> Pictures | None:
    """The pictures that these names mean, "" for one that is not there; None where hardly any is.

    Names are relative to their file, to a folder above it, to the experiment or to one of its folders of pictures; with
    or without the ending. Only what was found in the experiment's folder is opened.
    """
    if not names or not found.pictures:
        return None
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
    from dlviz_docs.readers.samples.pictures import pictures_of

    return pictures_of(found.root, [known_stems.get(_path(best, name), "") if name else "" for name in names])


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
