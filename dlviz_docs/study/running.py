"""Which model a worker runs: what is left of it where the worker is stopped, and told then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dlviz_docs.cache import Cache
from dlviz_docs.errors import DlvizError

__all__ = ["Running", "note_of", "running"]

_NOTE = "-running"
"""What follows the name of a study in the cache."""


@dataclass(frozen=True, slots=True)
class Running:
    """One model."""

    path: str
    """Relative to the scanned folder."""
    factory: str = ""
    """"package.module:build", where one builds it."""


@contextmanager
def running(cache: Cache, study: str, model: Running) -> Iterator[None]:
    """While it lasts, the cache has word of the model that the study of this name runs; also after a surprise."""
    cache.put(f"{study}{_NOTE}", model)
    try:
        yield
    except DlvizError:
        cache.put(f"{study}{_NOTE}", None)
        raise
    cache.put(f"{study}{_NOTE}", None)


def note_of(cache: Cache, study: str) -> Running | None:
    """The model in whose run the study of this name ended; None where it ended elsewhere."""
    return cache.get(f"{study}{_NOTE}", Running)
