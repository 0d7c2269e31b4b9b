"""In which module of a model an ONNX node stands: as its exporter noted it, or as names tell.

PyTorch's exporter (2.5 and later) notes paths and classes with each node; the older one, by TorchScript, names nodes
after the attributes on the way ("/layer1/layer1.0/conv1/Conv"); tf2onnx after TensorFlow's scopes
("model/conv1/Conv2D"); others leave nothing but the names of weights ("layer1.0.conv1.weight").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from dlviz_docs.readers.networks._onnx_types import OnnxNode

__all__ = ["Stack", "noted", "owner", "stacks"]

Stack: TypeAlias = tuple[tuple[str, str], ...]
"""Path and class of each module around a node, from the outermost."""

_DEEPEST = 40
_RULE = "pkg.onnxscript.rewriter.rule_name"
"""Where the exporter notes that it put layers together."""
_LONGEST_NOTE = 8000
_SCOPES = frozenset({"StatefulPartitionedCall", "PartitionedCall", ""})
_AGAIN = re.compile(r"@\d+$")
_WORD = re.compile(r"'([^'\\]*)'|\"([^\"\\]*)\"")
_WORDS = re.compile(rf"\[(?:(?:{_WORD.pattern})(?:, |(?=\])))*\]")
_ENDING = re.compile(r"^[A-Za-z_]\w*$")


def stacks(nodes: Sequence[OnnxNode], weights: frozenset[str]) -> list[Stack]:
    """Of each node. A node that tells nothing stands where those do that it takes from and gives to."""
    found = [_told(node, weights) for node in nodes]
    maker = {value: place for place, node in enumerate(nodes) for value in node.outputs if value}
    users: dict[int, list[int]] = {}
    for place, node in enumerate(nodes):
        for value in node.inputs:
            if value in maker:
                users.setdefault(maker[value], []).append(place)
    whole: list[Stack] = []
    for place, (node, stack) in enumerate(zip(nodes, found, strict=True)):
        if stack is None:
            before = [whole[maker[value]] for value in node.inputs if maker.get(value, place) < place]
            after = [later for user in users.get(place, ()) if (later := found[user]) is not None]
            stack = _shared([*before, *after])
        whole.append(stack)
    return whole


def _told(node: OnnxNode, weights: frozenset[str]) -> Stack | None:
    """By notes, else by the name of the node, else by that of its first weight."""
    stack = noted(node)
    if stack is None and node.name.startswith("/"):
        stack = _scoped(node.name)
    if stack is None and "/" in node.name:
        stack = _tensorflow(node.name)
    own = next((owner(name) for name in node.inputs if name in weights and owner(name)), "")
    if own and (stack is None or ("Fuse" in node.notes.get(_RULE, "") and _beside(stack, own))):
        return (*(stack[:-1] if stack else ()), (own, ""))
    return stack


def _beside(stack: Stack, own: str) -> bool:
    """Whether a weight lies in a sibling of the module that is noted: two layers were fused to one."""
    path = stack[-1][0] if stack else ""
    return path != own and bool(path) and path.rpartition(".")[0] == own.rpartition(".")[0]


def owner(weight: str) -> str:
    """Path of the module that a weight is named after; "" for a name that tells none."""
    path, _, last = weight.rpartition(".")
    plain = all(part and not part.startswith("onnx::") for part in path.split("."))
    return path if plain and _ENDING.match(last) and "/" not in path and ":" not in path else ""


def noted(node: OnnxNode) -> Stack | None:
    """What PyTorch's exporter noted: lists of paths and classes, or both in one line."""
    scopes = _listed(node.notes.get("pkg.torch.onnx.name_scopes", ""))
    classes = _listed(node.notes.get("pkg.torch.onnx.class_hierarchy", ""))
    if scopes and len(scopes) == len(classes):
        pairs = list(zip(scopes, classes, strict=True))[:-1]
    else:
        entries = node.notes.get("namespace", "").split("/")[:-1]
        pairs = [(path, kind) for path, colon, kind in (entry.partition(": ") for entry in entries) if colon]
    return tuple((_AGAIN.sub("", path), kind) for path, kind in pairs[:_DEEPEST]) if pairs else None


def _listed(text: str) -> list[str]:
    """A list of words as Python prints it."""
    if len(text) > _LONGEST_NOTE or not _WORDS.fullmatch(text):
        return []
    return [single or double for single, double in _WORD.findall(text)]


def _scoped(name: str) -> Stack:
    """ "/layer1/layer1.0/conv1/Conv": a part may repeat the one before it ("layer1.0"), or go on from it ("conv1")."""
    path, last = "", ""
    stack = [("", "")]
    for part in name.split("/")[1:-1][:_DEEPEST]:
        if last and part.startswith(f"{last}."):
            path = path[: len(path) - len(last)] + part
        else:
            path = f"{path}.{part}" if path else part
        last = part
        stack.append((path, ""))
    return tuple(stack)


def _tensorflow(name: str) -> Stack:
    """ "model/conv1/Conv2D" """
    parts = [part for part in name.split("/")[:-1] if part not in _SCOPES][:_DEEPEST]
    return (("", ""), *((".".join(parts[: end + 1]), "") for end in range(len(parts))))


def _shared(stacks_: Sequence[Stack]) -> Stack:
    """The modules that are around all of them; with one of them alone, those around its own."""
    if not stacks_:
        return ()
    first, *others = stacks_
    paths = [_paths(stack) for stack in others] or [_paths(first[:-1])]
    return tuple(entry for entry in _spread(first) if all(entry[0] in known for known in paths))


def _paths(stack: Stack) -> set[str]:
    return {path for path, _ in _spread(stack)} | {""}


def _spread(stack: Stack) -> list[tuple[str, str]]:
    """With the blocks that the path of the last one implies."""
    if not stack:
        return []
    told = dict(stack)
    parts = stack[-1][0].split(".") if stack[-1][0] else []
    paths = [".".join(parts[:end]) for end in range(len(parts) + 1)]
    return [(path, told.get(path, "")) for path in paths]
