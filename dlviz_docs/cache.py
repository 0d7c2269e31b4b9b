"""Results on disk, by the content they were made from; safe under two builds at once and under a kill.

Every entry is one file, written beside its place and renamed into it, with a checksum in front: a reader sees a whole
entry or none. Entries are msgpack of our own frozen types, never pickle. A ledger remembers which content a path had
at which signature, so that an unchanged file is not hashed again.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from functools import cache as memoised
from pathlib import Path
from typing import TypeVar

import msgspec
from xxhash import xxh3_128, xxh3_128_digest, xxh3_128_hexdigest

from dlviz_docs import __version__
from dlviz_docs.packing import decode, encode
from dlviz_docs.scan import Signature

__all__ = ["Cache", "content_hash", "key"]

T = TypeVar("T")
_CHECK = 16
_NEW = ".new-"
_BLOCK = 1 << 18


def key(*parts: object) -> str:
    """One name for a result: of what went in, of the code that made it, and of nothing else."""
    digest = xxh3_128(_code_fingerprint())
    try:
        digest.update(msgspec.json.encode(parts))
    except UnicodeEncodeError:  # a name that is no UTF-8
        digest.update(json.dumps(msgspec.to_builtins(parts)).encode())
    return digest.hexdigest()


def content_hash(path: str) -> str:
    """Hash of a file's bytes, read in blocks."""
    digest = xxh3_128()
    block = memoryview(bytearray(_BLOCK))
    with open(path, "rb", buffering=0) as file:
        while size := file.readinto(block):
            digest.update(block[:size])
    return digest.hexdigest()


class Cache:
    """A folder of results."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._sound: set[str] = set()

    def path(self, name: str, suffix: str = "") -> str:
        """Where an entry lies, whether it exists or not; text, since a build asks for thousands."""
        return f"{self.folder}/{name[:2]}/{name}{suffix}"

    def get(self, name: str, cls: type[T]) -> T | None:
        """The entry, or None when there is none or it is damaged (then it will be made again)."""
        data = self._checked(name)
        try:
            return None if data is None else decode(data, cls)
        except msgspec.DecodeError:
            return None

    def has(self, name: str) -> bool:
        """Whether the entry is there and whole."""
        return self._checked(name) is not None

    def _checked(self, name: str) -> memoryview | None:
        try:
            with open(self.path(name), "rb") as file:
                data = memoryview(file.read())
        except OSError:
            return None
        whole = xxh3_128_digest(data[_CHECK:]) == data[:_CHECK]
        return data[_CHECK:] if whole else None

    def put(self, name: str, value: object) -> None:
        """Store an entry; a second writer of the same name stores the same."""
        data = encode(value)
        self._write(self.path(name), xxh3_128_digest(data), data)

    def put_file(self, content: bytes, suffix: str) -> str:
        """Store a file that the site will take as it is, by its content; returns its name."""
        name = xxh3_128_hexdigest(content)
        self._write(self.path(name, suffix), content)
        return name

    def holds(self, name: str, suffix: str) -> bool:
        """Whether a file is there as it was stored, to the last byte: looked at once, for less than its copy costs."""
        path = self.path(name, suffix)
        if path not in self._sound:
            try:
                with open(path, "rb", buffering=0) as file:
                    whole = xxh3_128_hexdigest(file.read()) == name
            except OSError:
                return False
            if not whole:
                return False
            self._sound.add(path)
        return True

    def _write(self, path: str, *parts: bytes) -> None:
        folder = os.path.dirname(path)
        try:
            handle, temporary = tempfile.mkstemp(dir=folder, prefix=_NEW)
        except FileNotFoundError:
            os.makedirs(folder, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=folder, prefix=_NEW)
        try:
            with os.fdopen(handle, "wb") as file:
                file.writelines(parts)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def load_ledger(self) -> Ledger:
        """What earlier builds learnt of each path."""
        return self.get(_LEDGER, Ledger) or Ledger()

    def save_ledger(self, ledger: Ledger) -> None:
        """Keep what this build learnt."""
        self.put(_LEDGER, ledger)

    def forget(self, used: Iterable[str]) -> int:
        """Remove every entry whose path is not among `used`; returns how many."""
        keep = {*used, self.path(_LEDGER)}
        gone = [path for path in self._entries() if path not in keep]
        for path in gone:
            Path(path).unlink(missing_ok=True)
        return len(gone)

    def _entries(self) -> Iterator[str]:
        """The path of every entry, as `path` has it; not those that are being written."""
        for folder in os.scandir(self.folder):
            if len(folder.name) == 2 and folder.is_dir():
                names = os.listdir(folder.path)
                yield from (f"{self.folder}/{folder.name}/{name}" for name in names if not name.startswith(_NEW))


class Ledger(msgspec.Struct):
    """Content hash by path and signature."""

    contents: dict[str, tuple[Signature, str]] = {}

    def known(self, path: str, signature: Signature) -> str | None:
        """The content of the path, if its signature is still the one that was seen."""
        seen = self.contents.get(path)
        return seen[1] if seen and seen[0] == signature else None


_LEDGER = "ledger"


@memoised
def _code_fingerprint() -> bytes:
    """Changes with the version and, in an editable install, with every edit: results of old code are not shown."""
    import dlviz_templates

    digest = xxh3_128(__version__.encode())
    for folder in (Path(__file__).parent, Path(str(dlviz_templates.__file__)).parent):
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".py", ".j2", ".js", ".css"}:
                status = path.stat()
                digest.update(f"{path.name}:{status.st_size}:{status.st_mtime_ns}".encode())
    return digest.digest()
