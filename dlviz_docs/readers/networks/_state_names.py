"""Names in a state dict: the path of a layer, and what the tensor is there.

Wrappers put words before names ("module." of DataParallel, "_orig_mod." of torch.compile), re-parametrisations behind
them ("weight_v", "parametrizations.weight.original1"), quantisation between ("weight.absmax").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dlviz_docs.model import Tensor

__all__ = ["Group", "groups_of", "shown"]

_WRAPPERS = frozenset(
    {"_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module", "_fpw_module", "_flat_param"}
)
"""Words that stand anywhere in a path and are no layers of the author's."""
_PREFIXES = ("module", "model", "state_dict", "net", "network", "_model")
"""Words before all names alike: the attribute that holds the model."""
_PARAMETRISED = re.compile(r"^(?P<path>.*?)\.?parametrizations\.(?P<name>\w+)\.(?P<rest>.+)$")
_ORIGINALS = {"original": "", "original0": "_g", "original1": "_v"}
_INSIDE = re.compile(r"^(?P<path>(?:.*\.)?)(?P<leaf>(?:weight|bias|_packed_params)\..+)$")
_EFFECTIVE = ("weight", "weight_v", "weight_orig", "weight_orig_v")
"""The tensor that has the shape of the weight, whatever it is re-parametrised to."""


@dataclass(frozen=True, slots=True)
class Group:
    """The tensors of one layer."""

    path: str
    tensors: Mapping[str, Tensor]
    """By what they are there: "weight", "running_mean"."""

    @property
    def name(self) -> str:
        """The last word of the path, in lower case."""
        return self.path.rpartition(".")[2].lower()

    def shape(self, leaf: str) -> tuple[int, ...] | None:
        """Of one tensor; None where there is none."""
        tensor = self.tensors.get(leaf)
        return None if tensor is None else tensor.shape

    @property
    def weight(self) -> tuple[int, ...] | None:
        """Shape of the weight."""
        return next((shape for leaf in _EFFECTIVE if (shape := self.shape(leaf)) is not None), None)

    @property
    def bias(self) -> tuple[int, ...] | None:
        """Shape of the bias."""
        return self.shape("bias")

    def has(self, *leaves: str) -> bool:
        """Whether all of these are there."""
        return all(leaf in self.tensors for leaf in leaves)


def shown(names: Sequence[str]) -> dict[str, str]:
    """Each name without what wrappers added to it; where two would be the same, both stay as they are."""
    plain = {name: [part for part in name.split(".") if part not in _WRAPPERS] for name in names}
    while _share_a_prefix(plain.values()):
        plain = {name: parts[1:] for name, parts in plain.items()}
    found = {name: ".".join(parts) or name for name, parts in plain.items()}
    counts = Counter(found.values())
    return {name: name if counts[short] > 1 else short for name, short in found.items()}


def _share_a_prefix(names: Iterable[Sequence[str]]) -> bool:
    listed = list(names)
    first = {parts[0] for parts in listed if parts}
    return len(first) == 1 and first <= set(_PREFIXES) and all(len(parts) > 1 for parts in listed)


def groups_of(tensors: Sequence[Tensor]) -> list[Group]:
    """Layers with tensors of their own, in the order of the file."""
    names = shown([tensor.name for tensor in tensors])
    found: dict[str, dict[str, Tensor]] = {}
    for tensor in tensors:
        path, leaf = _split(names[tensor.name])
        inside = found.setdefault(path, {})
        while leaf in inside:  # "weight" and ".weight": odd, and two
            leaf = f".{leaf}"
        inside[leaf] = tensor
    return [Group(path, inner) for path, inner in found.items()]


def _split(name: str) -> tuple[str, str]:
    if match := _PARAMETRISED.match(name):
        rest = match["rest"]
        suffix = _ORIGINALS.get(rest)
        return match["path"], match["name"] + (suffix if suffix is not None else f".{rest}")
    if match := _INSIDE.match(name):
        return match["path"].rstrip("."), match["leaf"]
    path, _, leaf = name.rpartition(".")
    return path, leaf
