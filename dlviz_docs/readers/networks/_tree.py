"""The tensors of a value, with the way to each: through dicts, lists, modules and other objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dlviz_docs.readers._text import clean
from dlviz_docs.readers.networks._nodes import Call, Global, Persistent, Value, mapping, sequence
from dlviz_docs.readers.networks._rebuilt import Rebuilt, Storages, rebuilt

__all__ = ["Leaf", "Owner", "Path", "Tree", "tree_of"]

Path = tuple[str, ...]
_DEEPEST = 64
_MOST_VISITS = 1_000_000
_OFTEN = 4
"""How often a value that is held in many places is looked into: layers may be shared."""
_MOST_OPTIMIZERS = 100
_LONGEST_KEY = 200
_ALONE: Path = ("tensor",)
"""The way to a tensor that was saved by itself."""
_HOLDERS = (dict, list, tuple, Call)
_OWN = ("_parameters", "_buffers", "_modules")
"""Where a module has its tensors and layers; what else it has are settings."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One tensor."""

    path: Path
    found: Rebuilt
    buffer: bool = False
    """Whether a module holds it as a buffer."""
    module: int = 0
    """Length of the path of the outermost module that it is in, plus one; 0 for none."""


@dataclass(frozen=True, slots=True)
class Owner:
    """One module of a pickle that holds modules, and not only their state."""

    path: Path
    kind: Global
    state: dict[Value, Value]
    module: int
    """As for leaves."""


@dataclass(slots=True)
class Tree:
    """All tensors and modules, in the order of the file."""

    leaves: list[Leaf] = field(default_factory=list)
    owners: list[Owner] = field(default_factory=list)
    optimizers: list[Path] = field(default_factory=list)
    """Ways to the states of optimizers, which have a form of their own."""
    whole: bool = True
    """False where the value holds more than is looked at."""


@dataclass(frozen=True, slots=True)
class _Visit:
    path: Path
    value: Value
    buffer: bool = False
    module: int = 0


def tree_of(root: Value, storages: Storages, *, model: bool = False) -> Tree:
    """All tensors of a value. Neither depth nor values that hold themselves or each other cost more than their size.

    `model` says that the value itself is a model, as in TorchScript, where no class tells.
    """
    tree = Tree()
    seen: dict[int, int] = {}
    waiting = [_Visit((), root, module=int(model))]
    visits = 0
    while waiting:
        visit = waiting.pop()
        visits += 1
        if visits > _MOST_VISITS:
            tree.whole = False
            break
        found = rebuilt(visit.value, ".".join(visit.path), storages)
        if found is not None:
            tree.leaves.append(Leaf(visit.path or _ALONE, found, visit.buffer, visit.module))
        elif _may_enter(visit, seen):
            waiting += reversed(list(_inner(visit, tree)))
    return tree


def _may_enter(visit: _Visit, seen: dict[int, int]) -> bool:
    if not isinstance(visit.value, _HOLDERS) or len(visit.path) > _DEEPEST:
        return False
    times = seen.get(id(visit.value), 0)
    seen[id(visit.value)] = times + 1
    return times < _OFTEN


def _inner(visit: _Visit, tree: Tree) -> Iterator[_Visit]:
    value = visit.value
    if isinstance(value, Call) and (state := _module_state(value)) is not None:
        yield from _of_module(visit, value, state, tree)
        return
    pairs = mapping(value)
    if pairs is not None:
        if "param_groups" in pairs and "state" in pairs and len(tree.optimizers) < _MOST_OPTIMIZERS:
            tree.optimizers.append(visit.path)
        yield from _of_pairs(visit, pairs)
    elif (elements := sequence(value)) is not None:
        yield from _of_elements(visit, elements)
    elif isinstance(value, Call) and isinstance(value.arguments, tuple):
        yield from _of_elements(visit, value.arguments)
    if isinstance(value, Call):
        yield from _of_attributes(visit, value)


def _of_pairs(visit: _Visit, pairs: dict[Value, Value]) -> Iterator[_Visit]:
    for key, value in pairs.items():
        if isinstance(value, _HOLDERS) and isinstance(key, str | int):
            yield _Visit((*visit.path, _key(key)), value, visit.buffer, visit.module)


def _of_elements(visit: _Visit, elements: Sequence[Value]) -> Iterator[_Visit]:
    for place, element in enumerate(elements):
        if isinstance(element, _HOLDERS):
            yield _Visit((*visit.path, str(place)), element, visit.buffer, visit.module)


def _of_attributes(visit: _Visit, call: Call) -> Iterator[_Visit]:
    """What an object of any class has in its `__dict__` and its slots."""
    for part in call.state if isinstance(call.state, tuple) else (call.state,):
        if isinstance(part, dict):
            yield from _of_pairs(visit, part)


def _of_module(visit: _Visit, call: Call, state: dict[Value, Value], tree: Tree) -> Iterator[_Visit]:
    module = visit.module or len(visit.path) + 1
    tree.owners.append(Owner(visit.path, _class(call), state, module))
    for name in _OWN:
        for key, value in (mapping(state.get(name)) or {}).items():
            if isinstance(key, str | int):
                yield _Visit((*visit.path, _key(key)), value, name == "_buffers", module)


def _class(call: Call) -> Global:
    """The class of an object; files before 1.6 refer to it with its source, as ("module", class, file, source)."""
    made = call.function
    if isinstance(made, Global) and made.name in ("_reconstructor", "__newobj__") and isinstance(call.arguments, tuple):
        made = call.arguments[0] if call.arguments else made
    if isinstance(made, Persistent) and isinstance(made.key, tuple) and len(made.key) > 1:
        made = made.key[1]
    return made if isinstance(made, Global) else Global("", "")


def _module_state(call: Call) -> dict[Value, Value] | None:
    state = call.state
    if isinstance(state, dict) and mapping(state.get("_parameters")) is not None and "_modules" in state:
        return state
    return None


def _key(key: str | int) -> str:
    return clean(str(key)[:_LONGEST_KEY])
