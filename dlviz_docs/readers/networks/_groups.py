"""Which tensors of a checkpoint are the model, which its moving average, and which the optimizer's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from dlviz_docs.model import Role
from dlviz_docs.readers.networks._tree import Leaf, Path

__all__ = ["Named", "main_path", "named", "role_of"]

_Purpose = Literal["model", "average", "optimizer", "aside"]
_MAIN = re.compile(
    r"(model|net(work)?|module|policy|weights?|params|parameters|state)?_?(state_?dict|state|weights|params)?"
    r"|net[gd]?|generator|discriminator|student|encoder|decoder|backbone|actor|critic|agent",
    re.IGNORECASE,
)
"""Keys under which training scripts save a model."""
_OPTIMIZER = re.compile(r"(?<![a-z])(optim\w*|opt|adam\w*|sgd|exp_avg\w*)(?![a-z])|(?<![a-z])optim\w*", re.IGNORECASE)
_AVERAGE = re.compile(r"(^|_|\.)(ema|swa|averaged?|shadow|teacher|target)(_|\.|$)", re.IGNORECASE)
_ASIDE = re.compile(
    r"rng|random|scheduler|scaler|loops|callbacks|criterion|loss|metrics?|history|replay|buffer_|"
    r"hyper_?param|args|config|sampler|dataloader|pytorch_variables",
    re.IGNORECASE,
)
_BUFFER = re.compile(
    r"(?:^|\.)(running_(mean|var)|num_batches_tracked|position_ids|relative_position_index|relative_coords_table|attn_mask"
    r"|masked_bias|inv_freq|anchors?|anchor_grid|pos_encoding|pe|zero_points?|scales?_inv)$"
)
"""Last part of the names of buffers that common layers have."""


@dataclass(frozen=True, slots=True)
class Named:
    """A tensor of a checkpoint with its name and what it is for."""

    leaf: Leaf
    name: str
    role: Role
    cut: int = 0
    """Parts of the way to it that its name leaves out."""


def named(leaves: Sequence[Leaf], optimizers: Sequence[Path] = ()) -> list[Named]:
    """Names and roles. Tensors of the model are named as its layers are; the others by the whole way to them.

    `optimizers` are the ways to what is known to be the state of one, by its form.
    """
    purposes = {base: _purpose(base, optimizers) for base in dict.fromkeys(map(_base, leaves))}
    main = _main(leaves, purposes)
    common = len(main_path(main))
    result = []
    taken: dict[str, int] = {}
    for leaf in leaves:
        base = _base(leaf)
        if base in main:
            result.append(Named(leaf, _unique(".".join(leaf.path[common:]), taken), _role(leaf), common))
        else:
            role: Role = "optimizer" if purposes[base] == "optimizer" else "other"
            result.append(Named(leaf, _unique(".".join(leaf.path), taken), role))
    return result


def main_path(main: Iterable[Path]) -> Path:
    """The way that all parts of the model have in common; it says nothing, and is left out of names."""
    levels = takewhile(lambda parts: len(set(parts)) == 1, zip(*main, strict=False))
    return tuple(parts[0] for parts in levels)


def _base(leaf: Leaf) -> Path:
    """The way to the state dict or module that a tensor belongs to."""
    return leaf.path[: leaf.module - 1] if leaf.module else leaf.path[:-1]


def _purpose(base: Path, optimizers: Sequence[Path]) -> _Purpose:
    """What a state dict is for, by the way to it."""
    if any(base[: len(path)] == path for path in optimizers) or any(_OPTIMIZER.search(part) for part in base):
        return "optimizer"
    if any(_ASIDE.search(part) for part in base):
        return "aside"
    return "average" if any(_AVERAGE.search(part) for part in base) else "model"


def _main(leaves: Sequence[Leaf], purposes: dict[Path, _Purpose]) -> set[Path]:
    """The state dicts that are the model; where there is none, those of its moving average."""
    wide = {_base(leaf) for leaf in leaves if len(leaf.found.stored.shape) > 1}
    for wanted in ("model", "average"):
        bases = {base for base, purpose in purposes.items() if purpose == wanted}
        likely = {base for base in bases if base and (base in wide or any(_MAIN.fullmatch(part) for part in base))}
        if bases:
            return likely or bases
    return set()


def _role(leaf: Leaf) -> Role:
    if leaf.buffer:
        return "buffer"
    if leaf.found.parameter:
        return "parameter"
    return role_of(leaf.path[-1], "" if leaf.module else leaf.found.stored.dtype)


def role_of(name: str, dtype: str) -> Role:
    """What a tensor of a state dict is, which does not say: integers are buffers, and what common layers name so."""
    return "buffer" if dtype in ("int64", "int32", "bool") or _BUFFER.search(name) else "parameter"


def _unique(name: str, taken: dict[str, int]) -> str:
    """The name, with a number where it is taken."""
    while count := taken.get(name, 0):
        taken[name] = count + 1
        name = f"{name} ({count + 1})"
    taken[name] = 1
    return name
