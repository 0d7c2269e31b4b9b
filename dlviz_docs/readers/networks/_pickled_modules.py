"""Modules that a pickle holds whole: their tree, their classes, and settings such as a stride."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dlviz_docs.model import Module, Setting
from dlviz_docs.readers._text import clean
from dlviz_docs.readers.networks._groups import Named
from dlviz_docs.readers.networks._nodes import Global, Value, sequence
from dlviz_docs.readers.networks._tree import Owner, Path

__all__ = ["modules_of", "settings_of"]

_MOST_SETTINGS = 40
_LONGEST_TEXT = 200
_LONGEST_TUPLE = 16
_BORING = frozenset({"training", "call_super_init", "dump_patches", "T_destination"})


def modules_of(owners: Sequence[Owner], named: Iterable[Named]) -> tuple[Module, ...]:
    """All modules of a tree that holds tensors of the model, a block before what is in it."""
    main = [one for one in named if one.role in ("parameter", "buffer") and one.leaf.module]
    cuts = {one.leaf.path[: one.leaf.module - 1]: one.cut for one in main}
    tensors: dict[Path, list[str]] = {}
    for one in main:
        tensors.setdefault(one.leaf.path[:-1], []).append(one.name)
    return tuple(_modules(owners, cuts, tensors))


def _modules(owners: Sequence[Owner], cuts: Mapping[Path, int], tensors: Mapping[Path, list[str]]) -> Iterator[Module]:
    """`cuts` has, for the way to each tree, how much of it names leave out; `tensors` the names by their module."""
    seen = set()
    for owner in owners:
        root = owner.path[: owner.module - 1]
        if root in cuts and owner.path not in seen:
            seen.add(owner.path)
            path, own = ".".join(owner.path[cuts[root] :]), tuple(tensors.get(owner.path, ()))
            yield Module(path, clean(owner.kind.name), settings=settings_of(owner.state), tensors=own)


def settings_of(state: Mapping[Value, Value]) -> dict[str, Setting]:
    """What a module was set to, from its `__dict__`: numbers, short words, and tuples of them."""
    settings: dict[str, Setting] = {}
    for key, value in state.items():
        if not isinstance(key, str) or key.startswith("_") or key in _BORING or len(settings) >= _MOST_SETTINGS:
            continue
        known, setting = _setting(value)
        if known:
            settings[clean(key[:_LONGEST_TEXT])] = setting
    return settings


def _setting(value: Value) -> tuple[bool, Setting]:
    """Whether a value is a setting, and the setting."""
    if value is None or isinstance(value, bool):
        return True, value
    if isinstance(value, int | float):
        return abs(value) < 1e300 or not math.isfinite(value), value
    if isinstance(value, str):
        return len(value) <= _LONGEST_TEXT, clean(value)
    if isinstance(value, Global) and value.module == "torch":
        return True, value.name
    return _tuple(sequence(value))


def _tuple(values: Sequence[Value] | None) -> tuple[bool, Setting]:
    if not values or len(values) > _LONGEST_TUPLE:
        return False, None
    if all(type(value) is int for value in values):
        return True, tuple(value for value in values if isinstance(value, int))
    if all(type(value) in (int, float) for value in values):
        return True, tuple(float(value) for value in values if isinstance(value, int | float))
    if all(isinstance(value, str) and len(value) <= _LONGEST_TEXT for value in values):
        return True, tuple(clean(value) for value in values if isinstance(value, str))
    return False, None
