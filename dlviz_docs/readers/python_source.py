"""The source of a Python package, as one number: found by its name, and not imported."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

from xxhash import xxh3_128

__all__ = ["source_hash"]

_MOST_FILES = 20_000
_LARGEST = 8 << 20
"""Bytes that are read of one file."""


def source_hash(module: str) -> str:
    """Of all Python files of the package that the module lies in; "" where it is not found.

    A function may build a model by whatever lies beside it, so any change there counts. What other packages hold does
    not.
    """
    digest, count = xxh3_128(), 0
    for name, path in _files(module.partition(".")[0]):
        try:
            with path.open("rb") as file:
                content = file.read(_LARGEST)
        except OSError:
            continue
        digest.update(f"{name}\0{len(content)}\0".encode("utf-8", "surrogateescape"))
        digest.update(content)
        count += 1
    return digest.hexdigest() if count else ""


def _files(package: str) -> Iterator[tuple[str, Path]]:
    """Names within the package, and paths, in one order everywhere."""
    try:
        found = importlib.util.find_spec(package)  # of a name without dots: nothing is imported
    except (ImportError, ValueError, AttributeError):
        return
    if found is None:
        return
    folders = [Path(folder) for folder in found.submodule_search_locations or ()]
    if not folders and found.origin and Path(found.origin).suffix == ".py":
        yield Path(found.origin).name, Path(found.origin)
    for folder in folders:
        try:
            paths = sorted(folder.rglob("*.py"))[:_MOST_FILES]
        except OSError:
            continue
        yield from ((path.relative_to(folder).as_posix(), path) for path in paths)
