"""A network as its page needs it: one tree of modules and of the operations between them, with what is in each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from dlviz_docs.model import Module, Network, Operation, Statistics, Tensor
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.architecture._families import family_of, plain_kind
from dlviz_docs.renderers.architecture._moves import Moves, moves_of
from dlviz_docs.renderers.architecture._placed import nearest, placed
from dlviz_docs.view import Family, Thumb

__all__ = ["Known", "known", "own_name"]


_PRODUCTS = frozenset({"MatMul", "FusedMatMul", "Gemm", "matmul", "mm", "addmm"})
"""Operations that take a matrix as it is, with what comes in along its first axis."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """One network. A node is a module, or an operation that is not simply what a layer does; both have a path."""

    network: Network
    number: int
    """Its place among the experiment's networks."""
    place: Place
    tensors: Mapping[str, Tensor]
    """Parameters and buffers of the last checkpoint, by name."""
    nodes: Mapping[str, Module]
    """By path, depth first in the order of computation, or else of the file; the whole model is not among them."""
    parents: Mapping[str, str]
    """By path; "" for what lies in no other."""
    children: Mapping[str, tuple[str, ...]]
    within: Mapping[str, tuple[str, ...]]
    """By path, "" for the whole model: names of the tensors in a node and in all that is in it, each once."""
    counts: Mapping[str, int]
    """By path, "" for the whole model: elements in it that are learnt, tied ones once."""
    operations: Mapping[str, str]
    """By name of an operation: the node it is, or is what it does; silent ones are left out."""
    steps: Mapping[str, Operation]
    """By path: nodes that are operations."""
    passed: Mapping[str, tuple[str, ...]]
    """By name of an operation that is left out: what it passes on."""
    costs: Mapping[str, float]
    """By path, "" for the whole model: multiply-adds of all that is in it; without those that are not known."""
    whole: Module
    """The model itself."""
    moves: Moves
    turned: frozenset[str]
    """Names of matrices whose first axis is what comes in, as a product of matrices takes them: that of other layers is
    what comes out."""
    responses: Mapping[str, Thumb] = field(default_factory=dict)
    """By path: what the channels of a layer respond to, where the model was run."""

    @property
    def statistics(self) -> Mapping[str, Statistics]:
        """Of the last checkpoint, by name of the tensor."""
        return self.network.last.statistics

    def parameters(self, path: str = "") -> int:
        """Elements in it that are learnt, tied ones once."""
        return self.counts.get(path, 0)

    def octets(self, path: str = "") -> int:
        """Bytes of its parameters and buffers, tied ones once."""
        found = (self.tensors[name] for name in self.within.get(path, ()))
        return sum(tensor.octets for tensor in found if not tensor.tied)

    def learnt(self, path: str = "") -> Iterator[Tensor]:
        """Its parameters, and those of all that is in it."""
        found = (self.tensors[name] for name in self.within.get(path, ()))
        return (tensor for tensor in found if tensor.role == "parameter")

    def own(self, path: str) -> list[Tensor]:
        """Parameters and buffers of its own."""
        return [self.tensors[name] for name in self.nodes[path].tensors if name in self.tensors]

    def own_parameters(self, path: str) -> int:
        """Elements of its own that are learnt, tied ones where they stand first."""
        return sum(one.size for one in self.own(path) if one.role == "parameter" and not one.tied)

    def main(self, path: str) -> Tensor | None:
        """The weights of a layer: the largest of its parameters with two axes or more, or else of one."""
        learnt = [tensor for tensor in self.own(path) if tensor.role == "parameter"]
        return max(learnt, key=lambda tensor: (len(tensor.shape) > 1, tensor.size), default=None)

    def family(self, path: str) -> Family:
        """What it does, coarsely."""
        kind = self.nodes[path].kind
        if not kind and not self.children.get(path):
            return "other"
        if path in self.steps and self.kind(path) == "Gather" and not self.nodes[path].tensors:
            return "shape"  # ONNX has one word for embeddings and for picking numbers out of any array
        if self._stands_for_its_parts(path):
            return family_of(kind)
        return family_of(kind, block=bool(self.children.get(path)))

    def _stands_for_its_parts(self, path: str) -> bool:
        """Whether it is a layer with weights of its own, and what is in it only pads, quantises or adapts."""
        if not self.children.get(path) or family_of(self.nodes[path].kind) not in ("convolution", "linear"):
            return False
        main = self.main(path)
        return main is not None and main.shape != () and main.size > main.shape[0]

    @property
    def leaves(self) -> Iterator[str]:
        """Layers and operations that nothing is in; a layer with weights of its own stands for its parts."""
        inside: set[str] = set()
        for path in self.nodes:
            if self.parents[path] in inside:
                inside.add(path)
                continue
            if self._stands_for_its_parts(path):
                inside.add(path)
                yield path
            elif not self.children.get(path):
                yield path

    def kind(self, path: str) -> str:
        """Its class or operation, without what tells where that is from."""
        return plain_kind(self.nodes[path].kind)

    @property
    def layers(self) -> list[str]:
        """What has weights of its own, and every module or costly operation that nothing is in: what a layer does with
        its weights is not another one.
        """
        whole = {path for path in self.children if path and self._stands_for_its_parts(path)}
        return [
            path
            for path, node in self.nodes.items()
            if node.tensors
            or (not self.children.get(path) and (path not in self.steps or self._is_costly(path, whole)))
        ]

    def _is_costly(self, path: str, whole: Set[str]) -> bool:
        return bool(self.nodes[path].macs) and self.parents[path] not in whole

    @property
    def weighted(self) -> list[tuple[str, Tensor]]:
        """Layers with weights of two axes or more, and those weights; tied ones are told where they stand first."""
        found = ((path, self.main(path)) for path in self.nodes)
        return [(path, main) for path, main in found if main and len(main.shape) > 1 and main.size and not main.tied]

    def rows_are_outputs(self, path: str, main: Tensor) -> bool:
        """Whether the first axis of a layer's weights, as their statistics have it, counts filters or units."""
        kind = self.nodes[path].kind
        plain = self.family(path) in ("convolution", "linear") and kind != "EinsumDense"
        return plain and "transpose" not in kind.lower() and not (main.name in self.turned and len(main.shape) == 2)

    def blocks(self) -> list[str]:
        """The outermost parts there are several of: children of the model, or of the only block it has."""
        path = ""
        while len(below := self.children.get(path, ())) == 1 and self.children.get(below[0]):
            path = below[0]
        return list(self.children.get(path, ()))


def own_name(tensor: str) -> str:
    """The last part of a tensor's name: "weight"."""
    return tensor.replace("/", ".").rsplit(".", 1)[-1].partition(":")[0]


def known(network: Network, number: int = 0, place: Place | None = None) -> Known:
    """Lay it out as a tree."""
    tensors = {tensor.name: tensor for tensor in network.last.tensors if tensor.role in ("parameter", "buffer")}
    told = network.modules or (() if network.operations else tuple(_modules_of(tensors)))
    modules = {module.path: module for module in told if module.path}
    parents = {path: nearest(path.rpartition(".")[0], modules) for path in modules}
    found = placed(network.operations, modules, parents)
    parents |= found.parents
    children = _children(parents, _first_uses(network.operations, found.operations, parents))
    nodes = {**modules, **found.nodes}
    ordered = {path: nodes[path] for path in _depth_first(children)}
    whole = next((module for module in told if not module.path), Module("", ""))
    within = _within(ordered, parents, tensors)
    return Known(
        network,
        number,
        place or Place(),
        tensors,
        ordered,
        parents,
        children,
        within,
        {path: _learnt(names, tensors) for path, names in within.items()},
        found.operations,
        found.steps,
        found.passed,
        _costs({"": whole, **ordered}, children, tensors),
        whole,
        moves_of(network),
        frozenset(_turned(network)),
    )


def _turned(network: Network) -> Iterator[str]:
    for one in network.operations:
        if plain_kind(one.kind) in _PRODUCTS and not one.settings.get("transB"):
            yield from one.tensors
    for module in network.modules:
        if module.kind == "Conv1D":  # what Hugging Face calls GPT-2's linear layers; Keras' have three axes
            yield from module.tensors


def _modules_of(tensors: Mapping[str, Tensor]) -> Iterator[Module]:
    """Where nobody has told any: what the names of weights lead through."""
    own: dict[str, list[str]] = {}
    for name in tensors:
        path = name.rpartition(".")[0]
        above, missing = path, []
        while above and above not in own:
            missing.append(above)
            above = above.rpartition(".")[0]
        own |= {one: [] for one in reversed(missing)}
        own.setdefault(path, []).append(name)
    yield from (Module(path, "", inferred=True, tensors=tuple(names)) for path, names in own.items())


def _first_uses(
    operations: Sequence[Operation], placed: Mapping[str, str], parents: Mapping[str, str]
) -> dict[str, int]:
    """When each node is first asked for anything."""
    first: dict[str, int] = {}
    for turn, one in enumerate(operations):
        path = placed.get(one.name, "")
        while path and path not in first:
            first[path] = turn
            path = parents.get(path, "")
    return first


def _children(parents: Mapping[str, str], first: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """In the order of their first use; those never used keep their place behind the one before them."""
    below: defaultdict[str, list[str]] = defaultdict(list)
    for path, parent in parents.items():
        below[parent].append(path)
    if not first:
        return {parent: tuple(found) for parent, found in below.items()}
    ordered: dict[str, tuple[str, ...]] = {}
    for parent, found in below.items():
        turns, last = {}, -1
        for path in found:
            last = turns[path] = first.get(path, last)
        ordered[parent] = tuple(sorted(found, key=turns.__getitem__))
    return ordered


def _depth_first(children: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Without recursion: names may nest as deep as a file likes."""
    waiting = list(reversed(children.get("", ())))
    while waiting:
        path = waiting.pop()
        yield path
        waiting.extend(reversed(children.get(path, ())))


def _within(
    nodes: Mapping[str, Module], parents: Mapping[str, str], tensors: Mapping[str, Tensor]
) -> dict[str, tuple[str, ...]]:
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    found[""] = dict.fromkeys(tensors)
    for path, node in nodes.items():
        own = dict.fromkeys(name for name in node.tensors if name in tensors)
        above = path
        while above:
            found[above].update(own)
            above = parents[above]
    return {path: tuple(names) for path, names in found.items()}


def _learnt(names: Sequence[str], tensors: Mapping[str, Tensor]) -> int:
    found = (tensors[name] for name in names)
    return sum(tensor.size for tensor in found if tensor.role == "parameter" and not tensor.tied)


def _costs(
    nodes: Mapping[str, Module], children: Mapping[str, tuple[str, ...]], tensors: Mapping[str, Tensor]
) -> dict[str, float]:
    """A block costs what it says, or else what is in it: unknown if a layer with matrices is unknown."""
    found: dict[str, float] = {}
    counted = any(node.macs is not None for node in nodes.values())
    for path, node in reversed(list(nodes.items())):
        below = children.get(path, ())
        own = any(len(tensors[name].shape) > 1 for name in node.tensors if name in tensors)
        if node.macs is not None:
            found[path] = node.macs
        elif below and not own and all(child in found for child in below):
            found[path] = sum(found[child] for child in below)
        elif not below and not own and counted:
            found[path] = 0.0
    return found
