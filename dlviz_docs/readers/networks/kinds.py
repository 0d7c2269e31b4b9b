"""Kinds of layers from a state dict alone: a tree of the names, and what names and shapes tell of each layer.

All of it is a reading of names and shapes, and marked as such; what a pickle or a configuration says goes before it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dlviz_docs.model import Module, Setting, Tensor
from dlviz_docs.readers.networks._kind_rules import NOTHING, Around, Guess, guess
from dlviz_docs.readers.networks._state_names import Group, groups_of

__all__ = ["modules_of"]

_PROJECTIONS = (
    {"q_proj", "k_proj", "v_proj"},
    {"query", "key", "value"},
    {"to_q", "to_k", "to_v"},
    {"q_lin", "k_lin", "v_lin"},
    {"q", "k", "v"},
    {"wq", "wk", "wv"},
    {"linear_q", "linear_k", "linear_v"},
)
_JOINT = frozenset({"qkv", "qkv_proj", "in_proj", "query_key_value", "wqkv", "c_attn", "to_qkv", "to_kv"})
_GATED = ({"gate_proj", "up_proj", "down_proj"}, {"w1", "w2", "w3"}, {"gate_up_proj", "down_proj"})
_FEED = (
    {"fc1", "fc2"},
    {"c_fc", "c_proj"},
    {"up_proj", "down_proj"},
    {"lin1", "lin2"},
    {"dense_h_to_4h", "dense_4h_to_h"},
)


def modules_of(tensors: Sequence[Tensor], told: Mapping[str, str] | None = None) -> tuple[Module, ...]:
    """The tree of modules, a block before what is in it. `told` are classes by path that some file says."""
    groups = groups_of([tensor for tensor in tensors if tensor.role in ("parameter", "buffer")])
    found = dict(zip((group.path for group in groups), _guesses(groups), strict=True))
    by_path = {group.path: group for group in groups}
    inside = _children([group.path for group in groups])
    modules = [_module(path, by_path.get(path), found.get(path, NOTHING), inside[path], found) for path in inside]
    return tuple(
        replace(one, kind=told[one.path], inferred=False) if told and one.path in told else one for one in modules
    )


def _module(
    path: str, group: Group | None, found: Guess, children: Sequence[str], guesses: Mapping[str, Guess]
) -> Module:
    names = tuple(tensor.name for tensor in group.tensors.values()) if group else ()
    if found.kind:
        return Module(path, found.kind, True, found.settings, names)
    kind, settings = _block(path, children, guesses) if path else ("", {})
    return Module(path, kind, bool(kind), settings, names)


# --- layers, in the order of the file ---


def _guesses(groups: Sequence[Group]) -> Iterator[Guess]:
    convolutional, turned = _is_convolutional(groups), _keeps_linear_turned(groups)
    before, block = NOTHING, ""
    following = _following(groups)
    blocks = {group.path.rpartition(".")[0] for group in groups}
    for group, after in zip(groups, following, strict=True):
        parent = group.path.rpartition(".")[0]
        around = Around(before, _is_near(parent, block), after, convolutional, group.path in blocks, turned)
        found = guess(group, around)
        yield found
        if found.features is not None:
            before, block = found, parent


def _is_near(parent: str, block: str) -> bool:
    """Whether two layers lie in one block, or in numbered parts of one: "features.3.conv.0", "features.3.conv.1"."""
    return parent == block or re.sub(r"\.\d+$", "", parent) == re.sub(r"\.\d+$", "", block)


def _following(groups: Sequence[Group]) -> list[tuple[int, ...] | None]:
    """For each layer, the shape of the next weight with two axes or more."""
    found: list[tuple[int, ...] | None] = []
    after: tuple[int, ...] | None = None
    for group in reversed(groups):
        found.append(after)
        shapes = [group.weight, group.shape("weight_ih_l0"), group.shape("in_proj_weight")]
        after = next((shape for shape in shapes if shape is not None and len(shape) > 1), after)
    return found[::-1]


def _is_convolutional(groups: Sequence[Group]) -> bool:
    axes = Counter(len(group.weight) for group in groups if group.weight is not None)
    attention = any(
        group.has("in_proj_weight") or group.name in _JOINT | {"q_proj", "to_q", "query"} for group in groups
    )
    return sum(axes[n] for n in (3, 4, 5)) > axes[2] and not attention


def _keeps_linear_turned(groups: Sequence[Group]) -> bool:
    """Whether some bias has as many elements as its weight has columns, and not rows: GPT-2's way."""
    pairs = [(group.weight, group.bias) for group in groups if group.name.startswith("c_")]
    return any(w and b and len(w) == 2 and b[0] == w[1] != w[0] for w, b in pairs)


# --- blocks ---


def _children(paths: Sequence[str]) -> dict[str, list[str]]:
    """Paths of what is in each block, for every block and layer, a block before what is in it."""
    inside: dict[str, list[str]] = {"": []}
    for path in paths:
        parts = path.split(".")
        for length in range(1, len(parts) + 1):
            own = ".".join(parts[:length])
            if own not in inside:
                inside[own] = []
                inside[".".join(parts[: length - 1])].append(own)
    return {path: inside[path] for path in _in_depth(inside)}


def _in_depth(inside: Mapping[str, Sequence[str]]) -> Iterator[str]:
    left = [""]
    while left:
        path = left.pop()
        yield path
        left += reversed(inside[path])


def _block(path: str, children: Sequence[str], found: Mapping[str, Guess]) -> tuple[str, dict[str, Setting]]:
    """What a block is for, as the names of its layers tell; "" where they do not."""
    names = {child.rpartition(".")[2] for child in children}
    if {"lora_A", "lora_B"} <= names:
        return "lora.Linear", _adapter(path, found)
    for projections in _PROJECTIONS:
        if projections <= names:
            return "Attention", _attention(path, sorted(projections), found)
    if names & _JOINT and any(found.get(f"{path}.{name}", NOTHING).features for name in names & _JOINT):
        return "Attention", {}
    if any(gated <= names for gated in _GATED):
        return "GatedMLP", {}
    return ("MLP", {}) if any(feed <= names for feed in _FEED) else ("", {})


def _attention(path: str, projections: Sequence[str], found: Mapping[str, Guess]) -> dict[str, Setting]:
    guesses = [found.get(f"{path}.{name}", NOTHING) for name in projections]
    widths = [one.settings.get("in_features") for one in guesses]
    return {"embed_dim": widths[0]} if widths and widths[0] and len(set(widths)) == 1 else {}


def _adapter(path: str, found: Mapping[str, Guess]) -> dict[str, Setting]:
    """Rank and features of a low-rank adapter (Hu et al. 2021); peft puts the adapter's name behind."""
    down, up = (_first(found, f"{path}.{name}", f"{path}.{name}.default") for name in ("lora_A", "lora_B"))
    told = {
        "in_features": down.settings.get("in_features"),
        "out_features": up.settings.get("out_features"),
        "r": down.settings.get("out_features"),
    }
    return {name: value for name, value in told.items() if value is not None}


def _first(found: Mapping[str, Guess], *paths: str) -> Guess:
    return next((found[path] for path in paths if path in found), NOTHING)
