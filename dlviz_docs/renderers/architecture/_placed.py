"""Where the operations of a graph stand in the tree of its modules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dlviz_docs.model import Module, Operation
from dlviz_docs.renderers.architecture._families import family_of

__all__ = ["Placed", "nearest", "placed"]

_CONSTANT = frozenset({"Constant", "prim::Constant"})
_SAME = frozenset({"Identity"})
"""Operations that pass on what they are given."""
_ASKING = frozenset({"Shape", "Size", "aten::size"})
_OF_SIZES = ("_operator.", "sym_size", "aten.sym_", "<built-in", "torch.sym_")
"""How the names of those begin that compute with sizes alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Of each operation the node it is, or is what it does."""

    operations: Mapping[str, str]
    """Path of the node by name of the operation; silent ones are left out."""
    steps: Mapping[str, Operation]
    """By path: operations that are nodes themselves."""
    nodes: Mapping[str, Module]
    """Operations as nodes, and layers that are used again as what they are at their first use."""
    parents: Mapping[str, str]
    passed: Mapping[str, tuple[str, ...]]
    """By name of an operation that is left out: what it passes on; nothing, where it only asks for sizes."""


def placed(operations: Sequence[Operation], modules: Mapping[str, Module], parents: Mapping[str, str]) -> Placed:
    """What stands in a layer that is known for what it does, or alone in a module, is what that does.

    A layer without weights that is used again, such as the only ReLU of a block, is a node for every use.
    """
    inside: defaultdict[str, list[Operation]] = defaultdict(list)
    passed = _passed(operations)
    for one in operations:
        inside[nearest(one.module, modules)] += [] if one.name in passed else [one]
    found: dict[str, str] = {}
    steps: dict[str, Operation] = {}
    nodes: dict[str, Module] = {}
    owners: dict[str, str] = {}
    blocks = set(parents.values())
    for inner, held in inside.items():
        module = modules.get(inner)
        own = module if module and inner not in blocks and (len(held) == 1 or _is_layer(module)) else None
        again = own is not None and _is_used_again(own, held)
        for turn, one in enumerate(held):
            if own and (not again or not turn):
                found[one.name] = inner
                if again:
                    nodes[inner] = replace(
                        own, outputs=one.outputs or own.outputs, field=one.field or own.field, macs=one.macs, calls=1
                    )
                continue
            path = _free(f"{inner} ({turn + 1})" if own else one.name, modules, steps)
            found[one.name], steps[path], nodes[path] = path, one, _node(one, path, own or module, again)
            owners[path] = parents[inner] if own else inner
    in_order = {one.name: found[one.name] for one in operations if one.name in found}
    return Placed(in_order, steps, nodes, owners, passed)


def _is_used_again(module: Module, found: Sequence[Operation]) -> bool:
    return module.calls > 1 and module.calls == len(found) and not module.tensors


def _free(path: str, *taken: Mapping[str, object]) -> str:
    """A path that no other node has."""
    while any(path in others for others in taken):
        path = f"{path}'"
    return path


def _node(one: Operation, path: str, module: Module | None, again: bool) -> Module:
    """An operation as a node: of its own, or of a layer that is used again."""
    kind, settings = (module.kind, module.settings) if again and module else (one.kind, one.settings)
    tensors = _unowned(one, module)
    return Module(path, kind, settings=settings, tensors=tensors, outputs=one.outputs, macs=one.macs, field=one.field)


def _unowned(one: Operation, module: Module | None) -> tuple[str, ...]:
    """Weights it takes that no module says are its own."""
    own = set(module.tensors) if module else set()
    return tuple(name for name in one.tensors if name not in own)


def _is_layer(module: Module) -> bool:
    return family_of(module.kind) not in ("other", "block")


def _passed(operations: Sequence[Operation]) -> dict[str, tuple[str, ...]]:
    """Operations that are no step of the computation: constants, copies, and what computes with sizes alone.

    Of sizes is what asks for one, and whatever takes nothing but sizes and constants: the shape of a `Reshape`.
    """
    found: dict[str, tuple[str, ...]] = {}
    for one in operations:
        given = [name for name in one.inputs if name]
        nothing = bool(given) and not one.tensors and all(found.get(name, name) == () for name in given)
        if one.kind in _SAME:
            found[one.name] = one.inputs
        elif nothing or one.kind in _CONSTANT | _ASKING or one.kind.startswith(_OF_SIZES):
            found[one.name] = ()
    return found


def nearest(path: str, modules: Mapping[str, Module]) -> str:
    """The innermost module that a path lies in or is, or ""."""
    while path and path not in modules:
        path = path.rpartition(".")[0]
    return path
