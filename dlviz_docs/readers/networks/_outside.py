"""Weights that a file keeps in another: where that is allowed to be.

A location is a name from a file nobody trusts. It must lead downwards from the model's own folder, and nothing on the
way may be a link: what lies elsewhere on the machine is not looked at, not even for its size.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from dlviz_docs.readers.networks._places import Place

__all__ = ["Outside"]

_LONGEST = 1024


@dataclass(slots=True)
class Outside:
    """The files of a model: its own, and those that it names, each of which is looked at once."""

    path: Path
    """The model's own."""
    sizes: dict[str, int | None] = field(default_factory=dict)
    """Bytes by location; None for one that is not there or not allowed."""
    refused: set[str] = field(default_factory=set)

    def place(self, told: Mapping[str, str], needed: int) -> tuple[Place | None, str]:
        """Where so many bytes lie; or None, and why they cannot be had."""
        location = told.get("location", "")
        size = self._size(location)
        if location in self.refused:
            return None, f"stores weights in {location[:80]!r}, which lies outside its folder and is not looked at"
        if size is None:
            return None, f"stores weights in {location[:80]!r}, which is not there"
        first, length = _number(told.get("offset", "0")), _number(told.get("length", str(needed)))
        if first is None or length is None or length < needed:
            return None, f"stores weights in {location[:80]!r}, at no sensible place"
        if first + needed > size:
            return None, f"stores weights in {location[:80]!r}, which breaks off before them"
        return Place(self.path.parent / location, first, needed), ""

    def _size(self, location: str) -> int | None:
        if location not in self.sizes:
            if not _leads_down(location):
                self.refused.add(location)
            self.sizes[location] = None if location in self.refused else self._measured(location)
        return self.sizes[location]

    def _measured(self, location: str) -> int | None:
        """Of a plain file, reached through plain folders."""
        path = self.path.parent
        parts = PurePosixPath(location).parts
        for number, name in enumerate(parts, start=1):
            path /= name
            try:
                found = path.lstat()
            except (OSError, ValueError):
                return None
            if not (stat.S_ISDIR(found.st_mode) if number < len(parts) else stat.S_ISREG(found.st_mode)):
                self.refused.add(location)
                return None
        return found.st_size if parts else None


def _leads_down(location: str) -> bool:
    windows, plain = PureWindowsPath(location), PurePosixPath(location)
    ways = windows.drive or windows.root or plain.is_absolute() or ".." in windows.parts or "\\" in location
    return bool(location) and len(location) <= _LONGEST and "\0" not in location and not ways


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
