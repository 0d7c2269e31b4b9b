"""A site appears whole or not at all: it is built beside the old one and swapped in when it is finished."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import tempfile
from hashlib import blake2b
from pathlib import Path

from filelock import FileLock, Timeout
from mkdocs.plugins import get_plugin_logger

__all__ = ["Staging"]

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
log = get_plugin_logger("dlviz")


class Staging:
    """One build of `site`: `begin`, then `commit` or `discard`. What a killed build leaves, the next one removes."""

    def __init__(self, site: Path) -> None:
        self.site = site.resolve()
        """Where the finished site stands; a link keeps pointing there."""
        self.folder = self.site.with_name(f".dlviz-{self.site.name}")
        """Where it is built: the same file system, hidden."""
        self._aside = self.site.with_name(f".dlviz-{self.site.name}-old")
        self._lock = FileLock(_lock_path(self.site))

    @staticmethod
    def possible(site: Path) -> bool:
        """A mount point can be filled, but not renamed; and some may write in the site but not beside it."""
        beside = next(folder for folder in site.resolve().parents if folder.exists())
        return not site.is_mount() and os.access(beside, os.W_OK)

    def begin(self) -> Path:
        """Wait for another build of the same site, clear what a killed one left, and return the folder to build in."""
        self._acquire()
        self._recover()
        self.folder.mkdir(parents=True)
        return self.folder

    def commit(self) -> None:
        """Swap the new site in: in one step where the system can, else with a moment without a site."""
        if self.site.exists():
            _move_hidden(self.site, self.folder)
            if not _exchange(self.folder, self.site):
                self.site.rename(self._aside)
                self.folder.rename(self.site)
        else:
            self.folder.rename(self.site)
        self.discard()

    def discard(self) -> None:
        """Remove what was built and let the next build in; nothing to do after a `commit`."""
        if self._lock.is_locked:
            self._recover()
            self._lock.release()

    def _acquire(self) -> None:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            log.info("waiting for another build of %s", self.site)
            self._lock.acquire()

    def _recover(self) -> None:
        """Under the lock, what has our names is a leftover; the old site comes back if the swap was cut in two."""
        if self._aside.exists() and not self.site.exists():
            self._aside.rename(self.site)
        for leftover in (self.folder, self._aside):
            if leftover.exists():
                if self.site.exists():
                    _move_hidden(leftover, self.site)
                shutil.rmtree(leftover)


def _lock_path(site: Path) -> Path:
    """In the system's temporary folder: nothing but the site is written where the site is."""
    return Path(tempfile.gettempdir()) / f"dlviz-{blake2b(bytes(site), digest_size=12).hexdigest()}.lock"


def _move_hidden(source: Path, target: Path) -> None:
    """Take .git, .nojekyll and the like along: MkDocs leaves them alone in a site, and so do we."""
    for path in source.glob(".*"):
        if not (target / path.name).exists():
            path.rename(target / path.name)


def _exchange(first: Path, second: Path) -> bool:
    """Swap two folders in one step (renameat2(2), Linux); False where kernel, library or file system cannot."""
    if sys.platform != "linux":
        return False
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    if renameat2 is None:
        return False
    return bool(renameat2(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE) == 0)
