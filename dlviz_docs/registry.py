"""Readers and renderers by name: ours from a table, others' from entry points; each imported only when it is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Literal, cast

import msgspec

from dlviz_docs.errors import OptionError, near_miss
from dlviz_docs.model import Problem
from dlviz_docs.options import Selection, from_mapping
from dlviz_docs.readers import READERS, Reader
from dlviz_docs.renderers import RENDERERS, Renderer

__all__ = ["Registered", "load_readers", "load_renderers"]

Kind = Literal["readers", "renderers"]
TABLES: Mapping[Kind, tuple[tuple[str, str], ...]] = {"readers": READERS, "renderers": RENDERERS}


@dataclass(frozen=True, slots=True)
class Registered:
    """Everything of one kind that could be imported, in order, and what could not."""

    items: Mapping[str, object]
    problems: tuple[Problem, ...] = ()


def load_readers(selection: Selection) -> tuple[Mapping[str, Reader], tuple[Problem, ...]]:
    """The readers that the selection leaves, most specific first; others' come before ours."""
    registered = _loaded("readers", msgspec.json.encode(selection))
    return cast(Mapping[str, Reader], registered.items), registered.problems


def load_renderers(selection: Selection) -> tuple[Mapping[str, Renderer], tuple[Problem, ...]]:
    """The renderers that the selection leaves, in the order of the pages; others' come after ours."""
    registered = _loaded("renderers", msgspec.json.encode(selection))
    return cast(Mapping[str, Renderer], registered.items), registered.problems


@cache
def _loaded(kind: Kind, selection: bytes) -> Registered:
    """Once for each selection: a worker asks for every run."""
    return _load(kind, msgspec.json.decode(selection))


def _load(kind: Kind, selection: Selection) -> Registered:
    ours = [EntryPoint(name, target, kind) for name, target in TABLES[kind]]
    theirs = _theirs(kind)
    # A format of somebody's own is more specific than ours; a topic of their own comes after ours.
    entries = [*theirs, *ours] if kind == "readers" else [*ours, *theirs]
    _check_names(kind, selection, [entry.name for entry in entries])
    items: dict[str, object] = {}
    problems: list[Problem] = []
    for entry in entries:
        wanted = selection.get(entry.name, True)
        if wanted is False or entry.name in items:
            continue
        try:
            cls = entry.load()
        # A stranger's package may raise anything at import; it must not cost the site.
        except Exception as error:  # noqa: BLE001
            problems.append(_not_imported(kind, entry, error))
            continue
        options = wanted if isinstance(wanted, Mapping) else {}
        items[entry.name] = _configured(cls, options, where=f"{kind}.{entry.name}")
    return Registered(items, tuple(problems))


@cache
def _theirs(kind: Kind) -> tuple[EntryPoint, ...]:
    """Looked up once: it reads the metadata of every installed package."""
    return tuple(entry_points(group=f"dlviz_docs.{kind}"))


def _check_names(kind: Kind, selection: Selection, known: Iterable[str]) -> None:
    for name in selection:
        if name not in (names := list(known)):
            raise OptionError(f"{kind}: unknown name {name!r}.{near_miss(name, names)}")


def _configured(cls: type, options: Mapping[str, object], *, where: str) -> object:
    if options and not (is_dataclass(cls) and fields(cls)):
        raise OptionError(f"{where}: takes no options")
    return from_mapping(cls, options, where=where) if is_dataclass(cls) else cls()


def _not_imported(kind: Kind, entry: EntryPoint, error: Exception) -> Problem:
    package = entry.dist.name if entry.dist else entry.module
    what = f"The {kind[:-1]} {entry.name!r} of {package} could not be imported: {error}"
    return Problem("extension-import", package, what, f"Reinstall or remove {package}.")
