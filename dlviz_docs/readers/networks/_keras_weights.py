"""Which array of a Keras file is which weight of which layer.

Keras 1 to 2 and every .h5 name them: a group for each layer, with the names of its weights among the attributes.
Keras 3 (.keras, .weights.h5) numbers them: "layers/conv2d_1/vars/0", where groups are named for classes and counted,
and only newer ones say the layer's own name. There the order in which Keras makes a layer's variables tells.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dlviz_docs.model import Role
from dlviz_docs.names import natural
from dlviz_docs.readers.networks._hdf5 import Array, Directory
from dlviz_docs.readers.networks._keras_config import Layer, plain_name
from dlviz_docs.readers.networks._keras_graph import Structure
from dlviz_docs.readers.networks._keras_layers import kind_of_snake, snake, variables_of

__all__ = ["Weight", "distinct", "named_weights", "numbered_weights", "optimizer_weights"]

_BUFFERS = re.compile(r"^(moving_(mean|variance)|running_\w+|mean|variance|count|seed_generator_state|total)$")
_CONTAINERS = frozenset({"layers", "_layer_checkpoint_dependencies", "_functional"})
_KERAS_1 = {
    "W": "kernel",
    "b": "bias",
    "U": "recurrent_kernel",
    "gamma": "gamma",
    "beta": "beta",
    "running_mean": "moving_mean",
    "running_std": "moving_variance",
}
_VARIABLES = "vars"
_PROJECTIONS = {"query": 1, "key": 2, "value": 3, "attention_output": 4}
"""Of attention, in the order in which they are made."""
_TOP = "top_level_model_weights"


@dataclass(frozen=True, slots=True)
class Weight:
    """One array, under the name that it has on the page."""

    name: str
    """Path of its layer, and what it is there: "conv2d_1.kernel"."""
    path: str
    """Of its module."""
    variable: str
    array: Array
    role: Role = "parameter"
    kind: str = ""
    """Class of its layer, where only the name of its group tells."""


def named_weights(directory: Directory, root: str, structure: Structure) -> Iterator[Weight | str]:
    """Weights of an .h5 in the order of its layers; a path instead, where one is named and not there."""
    tree = _Tree.of(structure)
    for layer in directory.texts(root, "layer_names") + ((_TOP,) if directory.has(f"{root}/{_TOP}") else ()):
        group = f"{root}/{layer}" if root else layer
        for told in directory.texts(group, "weight_names"):
            array = directory.array(f"{group}/{told}")
            if array is None:
                yield f"{group}/{told}"
            else:
                parts = [plain_name(part) for part in re.sub(r":\d+$", "", told).split("/") if part]
                parts[-1:] = [_modern(plain_name(layer), part) for part in parts[-1:]]
                yield _weight(*tree.place("" if layer == _TOP else plain_name(layer), parts), array)


def _modern(layer: str, name: str) -> str:
    """What Keras 1 called "conv1_W_1" has been a kernel since."""
    match = re.fullmatch(rf"{re.escape(layer)}_(\w+?)(_\d+)?", name)
    return _KERAS_1.get(match[1], name) if match else name


def optimizer_weights(directory: Directory, root: str) -> Iterator[Weight]:
    """What the optimizer keeps."""
    for array in sorted(directory.arrays(root), key=lambda array: natural(array.path)):
        inside = re.sub(r":\d+$", "", array.path.removeprefix(root).strip("/"))
        name = ".".join(plain_name(part) for part in re.split(r"[/\\]", inside) if part and part != _VARIABLES)
        yield Weight(f"optimizer.{name}", "", name.rpartition(".")[2], array, "optimizer")


def numbered_weights(directory: Directory, structure: Structure) -> Iterator[Weight]:
    """Weights of Keras 3, in the order of the model's layers as far as that is known."""
    places = _Places(directory, structure)
    groups: dict[str, list[Array]] = {}
    for array in directory.arrays():
        group, between, number = f"/{array.path}".rpartition(f"/{_VARIABLES}/")
        group = group.lstrip("/")
        if between and number and not re.match(r"_?optimizer(/|\\|$)", group):
            groups.setdefault(group, []).append(array)
    order = {module.path: place for place, module in enumerate(structure.modules)}

    def turn(group: str) -> tuple[object, ...]:
        path, more, _ = places.at(group)
        return order.get(path, len(order)), _PROJECTIONS.get("".join(more[:1]), 0), natural(group)

    for group in sorted(groups, key=turn):
        yield from _numbered(places, group, sorted(groups[group], key=lambda array: natural(array.path)))


def _numbered(places: _Places, group: str, arrays: Sequence[Array]) -> Iterator[Weight]:
    path, more, kind = places.at(group)
    layer = places.structure.layers.get(path)
    names = variables_of(kind, layer.config if layer else {}, len(arrays)) or _guessed(arrays)
    for array, name in zip(arrays, names, strict=True):
        yield _weight(path, (*more, name), array, "" if more else kind)


def _guessed(arrays: Sequence[Array]) -> tuple[str, ...]:
    """A matrix and a vector are a kernel and its bias; all else keeps its number."""
    if len(arrays) == 2 and len(arrays[0].shape) > len(arrays[1].shape) > 0:
        return ("kernel", "bias")
    return ("kernel",) if len(arrays) == 1 and len(arrays[0].shape) > 1 else tuple(map(str, range(len(arrays))))


def _weight(path: str, parts: Sequence[str], array: Array, kind: str = "") -> Weight:
    name = ".".join([part for part in (path, *parts) if part]) or "weight"
    variable = parts[-1] if parts else ""
    aside = _BUFFERS.match(variable) or any("seed_generator" in part for part in parts)
    return Weight(name, path, variable, array, "buffer" if aside else "parameter", kind)


@dataclass(slots=True)
class _Tree:
    """Layers by their name, below each block."""

    paths: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, structure: Structure) -> _Tree:
        paths: dict[str, list[str]] = {}
        for path in structure.layers:
            paths.setdefault(path.rpartition(".")[2], []).append(path)
        return cls(paths)

    def place(self, layer: str, parts: Sequence[str]) -> tuple[str, Sequence[str]]:
        """Path of the module a weight belongs to, and what is left of its name."""
        path, rest = layer, 0
        for place, part in enumerate(parts[:-1]):
            # A model that was loaded and saved again has "conv2d_1_1/kernel" in the group "conv2d_1".
            if re.sub(r"_\d+$", "", part) == path.rpartition(".")[2] or part == path.rpartition(".")[2]:
                rest = place + 1
            elif inner := next((p for p in self.paths.get(part, ()) if p.startswith(f"{path}.")), None):
                path, rest = inner, place + 1
        return path, parts[rest:]


@dataclass(slots=True)
class _Places:
    """Where the groups of Keras 3 are in the model."""

    directory: Directory
    structure: Structure
    known: dict[str, tuple[str, tuple[str, ...], str]] = field(default_factory=dict)
    counted: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def at(self, group: str) -> tuple[str, tuple[str, ...], str]:
        """Path of the module, names of what lies between it and the group, and the class of the group."""
        if group not in self.known:
            self.known[group] = self._find(group)
        return self.known[group]

    def _find(self, group: str) -> tuple[str, tuple[str, ...], str]:
        path, kind, so_far, within = "", "", "", False
        more: tuple[str, ...] = ()
        for part in [part for part in group.split("/") if part]:
            so_far = f"{so_far}/{part}" if so_far else part
            for inner in [inner for inner in part.split("\\") if inner]:
                if inner in _CONTAINERS:
                    within = True
                    continue
                name = plain_name(self.directory.text(f"{so_far}/{_VARIABLES}", "name") or inner)
                found = "" if more else self._child(path, inner, name, within=within)
                if found or not self.structure.layers:
                    path = found or (f"{path}.{name}" if path else name)
                else:
                    more = (*more, name)
                layer = self.structure.layers.get(path) if not more else None
                kind = layer.kind if layer else kind_of_snake(name) or kind_of_snake(inner) or _dense(inner)
                within = False
        return path, more, kind

    def _child(self, path: str, part: str, name: str, *, within: bool) -> str:
        """Path of the layer in a block; "" where the block has none of that name."""
        layers = self.structure.layers
        own = f"{path}.{name}" if path else name
        if own in layers:
            return own
        if not within:
            wrapped = layers[path].inner if path in layers else ()
            told = {"layer": wrapped[:1], "forward_layer": wrapped[:1], "backward_layer": wrapped[1:]}.get(part, ())
            return next((f"{path}.{layer.name}" for layer in told), "")
        return self._by_class(path).get(part, "")

    def _by_class(self, path: str) -> Mapping[str, str]:
        """Layers of a block by their class and number: Keras counts "conv2d", "conv2d_1", ... in each block."""
        if path not in self.counted:
            self.counted[path] = dict(_counted(path, self.structure.layers))
        return self.counted[path]


def _counted(path: str, layers: Mapping[str, Layer]) -> Iterator[tuple[str, str]]:
    counts: Counter[str] = Counter()
    for own, layer in layers.items():
        if own.rpartition(".")[0] == path:
            name = snake(layer.kind)
            yield (f"{name}_{counts[name]}" if counts[name] else name), own
            counts[name] += 1


def _dense(part: str) -> str:
    """The projections of attention: "query_dense"."""
    return "EinsumDense" if part.endswith("_dense") else ""


def distinct(weights: Sequence[Weight]) -> list[Weight]:
    """With a number after names that are there twice."""
    counts: Counter[str] = Counter()
    found = []
    for weight in weights:
        counts[weight.name] += 1
        number = counts[weight.name]
        found.append(weight if number == 1 else replace(weight, name=f"{weight.name} ({number})"))
    return found
