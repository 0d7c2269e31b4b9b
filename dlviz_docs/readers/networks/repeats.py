"""Blocks that repeat: siblings in a row of the same structure, of which one can stand for all.

Two modules are of the same structure if what is in them is the same, names of layers included, and is connected in the
same way: a hash over all of it tells (Merkle 1987). It needs no graph: a tree of modules, or names and shapes of
weights, will do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

from dlviz_docs.model import Module, Operation, Tensor

__all__ = ["folded"]

_NUMBER = re.compile(r"\d+")


def folded(
    modules: Sequence[Module], tensors: Iterable[Tensor] = (), operations: Sequence[Operation] = ()
) -> tuple[Module, ...]:
    """The modules, those that repeat the sibling before them with the path of the first of the run as `stand_in`.

    A block must stand before what is in it. Siblings of a run have the same name but for a number in it: "layers.3" and
    "layers.4", not "query" and "key".
    """
    signs = _signs(modules, {tensor.name: tensor for tensor in tensors}, operations)
    stand_ins: dict[str, str] = {}
    last: dict[str, str] = {}
    """By parent, the sibling before."""
    for module in modules:
        if not module.path:
            continue
        parent, name = _parted(module.path)
        before = last.get(parent)
        last[parent] = module.path
        if before is None or signs[before] != signs[module.path]:
            continue
        if _NUMBER.search(name) and _NUMBER.sub("#", name) == _NUMBER.sub("#", _parted(before)[1]):
            stand_ins[module.path] = stand_ins.get(before, before)
    return tuple(replace(module, stand_in=stand_ins.get(module.path, "")) for module in modules)


def _signs(
    modules: Sequence[Module], tensors: Mapping[str, Tensor], operations: Sequence[Operation]
) -> dict[str, bytes]:
    """A hash of each module's structure, from the innermost outwards."""
    parts: dict[str, list[str]] = {module.path: [_form(module, tensors)] for module in modules}
    for path, sign in _wired(modules, operations):
        parts[path].append(sign)
    signs: dict[str, bytes] = {}
    for module in reversed(modules):
        signs[module.path] = blake2b("\n".join(parts[module.path]).encode("utf-8", "replace"), digest_size=16).digest()
        if module.path:
            parent, name = _parted(module.path)
            if parent in parts:
                parts[parent].append(f"{name}={signs[module.path].hex()}")
    return signs


def _form(module: Module, tensors: Mapping[str, Tensor]) -> str:
    """What it is, with its weights by their names in it; exporters may have numbered them instead ("onnx::Conv_12")."""
    before = f"{module.path}." if module.path else ""
    weights = [
        f"{name.removeprefix(before) if name.startswith(before) else ''}:{told.shape}:{told.dtype}"
        for name in module.tensors
        if (told := tensors.get(name)) is not None
    ]
    settings = sorted(f"{name}={value}" for name, value in module.settings.items())
    return f"{module.kind}|{settings}|{weights}|{module.inputs}|{module.outputs}|{module.calls}"


def _wired(modules: Sequence[Module], operations: Sequence[Operation]) -> Iterable[tuple[str, str]]:
    """For each block around an operation: what it does, where in the block, and from which of the block's it takes.

    Operations that only compute lengths are passed over: what several blocks share of them stands in the first.
    """
    known = {module.path for module in modules}
    counts = dict.fromkeys(known, 0)
    lengths = {operation.name for operation in operations if operation.bookkeeping}
    numbers: dict[str, dict[str, int]] = {}
    """By operation, its number in each block around it."""
    for operation in operations:
        if operation.bookkeeping:
            continue
        numbers[operation.name] = {}
        sources = [numbers.get(name, {}) for name in operation.inputs if name not in lengths]
        for path in _around(operation.module):
            if path not in known:
                continue
            numbers[operation.name][path] = counts[path]
            wires = [counts[path] - source[path] if path in source else -1 for source in sources]
            counts[path] += 1
            if path:
                yield path, f"{operation.kind}{operation.outputs}@{operation.module[len(path) :]}<{wires}"


def _around(path: str) -> Iterable[str]:
    """The path and those of all blocks around it, without the whole model."""
    while path:
        yield path
        path = _parted(path)[0]


def _parted(path: str) -> tuple[str, str]:
    """Path of the block around it, and its name there."""
    parent, _, name = path.rpartition(".")
    return parent, name
