"""Annotations beside pictures in forms that are not read: that there are some is said, rather than nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dlviz_docs.model import Problem
from dlviz_docs.readers.samples._folder_names import joined, pieces
from dlviz_docs.readers.samples._types import Found

__all__ = ["unread"]

_TRIED = 20
"""Pictures beside which annotations are looked for."""
_BESIDE = ("Annotations", "annotations", "labels", "labelTxt", "xmls", "xml", "Labels", "json")
_FORMS = {".xml": "Pascal VOC's XML", ".txt": "texts other than YOLO's boxes", ".json": "one JSON a picture"}


def unread(found: Found, paths: Sequence[str]) -> tuple[Problem, ...]:
    """A problem where most of the pictures that are tried have a file of the same name in such a form."""
    tried = paths[:: max(1, len(paths) // _TRIED)][:_TRIED]
    for suffix, form in _FORMS.items():
        there = [place for path in tried if (place := _first(found.root, path, suffix))]
        if 2 * len(there) > len(tried):
            what = f"the pictures have annotations in {form}, which are not read; they are shown without them"
            return (Problem("annotations-unread", there[0], what, "Export the annotations as COCO or YOLO."),)
    return ()


def _first(root: Path, picture: str, suffix: str) -> str:
    return next((place for place in _places(picture, suffix) if _holds_something(root / place)), "")


def _holds_something(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size > 0
    except OSError:
        return False


def _places(picture: str, suffix: str) -> Iterator[str]:
    """Where tools put what belongs to a picture: beside it, or in a folder beside one above it."""
    parts = pieces(picture)
    stem = parts[-1].rpartition(".")[0] + suffix
    if suffix == ".xml":
        yield joined([*parts[:-1], stem])
    for at in range(len(parts) - 2, max(len(parts) - 4, -1), -1):
        for folder in _BESIDE:
            yield joined([*parts[:at], folder, *parts[at + 1 : -1], stem])
