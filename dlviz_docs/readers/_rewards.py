"""Whether an NPZ may hold episodes or maps of values, as cheaply as a scan of ten thousand files wants it."""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["may_hold_episodes"]

_PART = 1 << 16
"""Bytes at the end, where an archive lists its members; or at the beginning of one that is cut off before."""
_END = b"PK\5\6"
_NAMES = re.compile(rb"(?:^|[^a-z])(?:rew(?:ard)?s?|r|grid)\.npy", re.IGNORECASE)
_FOLDER = re.compile(r"(?:^|[_-])episodes$", re.IGNORECASE)
"""Where recorders write, ours and Dreamer's: what is damaged there was one of theirs."""


def may_hold_episodes(path: Path) -> bool:
    """Whether it lists an array that is called like rewards, or a grid; of one that is cut off before, whether it lies
    among episodes. Not of what cannot be opened.
    """
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _PART))
            tail = file.read(_PART)
            if _END not in tail:
                file.seek(0)
                tail = file.read(_PART)
                if _FOLDER.search(path.parent.name):
                    return True
            return bool(_NAMES.search(tail))
    except OSError:
        return False
