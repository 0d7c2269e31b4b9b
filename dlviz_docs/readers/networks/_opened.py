"""One checkpoint opened, in whatever format: its tensors, its structure as far as the file tells it, and its names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Evidence, Module, Operation, Port, Problem
from dlviz_docs.readers._text import natural_size
from dlviz_docs.readers.networks._hub import Hub, read_hub
from dlviz_docs.readers.networks._state_names import shown
from dlviz_docs.readers.networks._stored import Stored
from dlviz_docs.readers.networks._types import Planned
from dlviz_docs.readers.networks._weights import WeightsFile

if TYPE_CHECKING:
    from dlviz_docs.readers.networks.structure import Structure

__all__ = ["Opened", "opened", "renamed"]

_MODEL = ("parameter", "buffer")
_AGAIN = "Save the model again, or delete the file."


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """What is known of one checkpoint before its weights are read."""

    planned: Planned
    weights: WeightsFile
    evidence: Evidence = "weights"
    modules: tuple[Module, ...] = ()
    """None where the file holds names and shapes alone."""
    operations: tuple[Operation, ...] = ()
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    hub: Hub = field(default_factory=Hub)
    """What a config.json beside it says."""

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each parameter, by its name without what wrappers add."""
        tensors = [tensor for tensor in self.weights.tensors if tensor.role == "parameter"]
        names = shown([tensor.name for tensor in tensors])
        return {names[tensor.name]: tensor.shape for tensor in tensors}

    @property
    def size(self) -> int:
        """Bytes of the elements of its model."""
        return sum(tensor.octets for tensor in self.weights.tensors if tensor.role in _MODEL and not tensor.tied)


def opened(root: Path, planned: Planned) -> Opened | Problem:
    """The checkpoint; a problem where nothing of it can be read, or where it is no model."""
    try:
        found = _READERS[planned.kind](root, planned)
    except ReadError as error:
        return Problem("unreadable", planned.path, str(error), error.remedy)
    except (OSError, ValueError, ArithmeticError, RecursionError, MemoryError) as error:
        return Problem("unreadable", planned.path, f"cannot be read: {_first_line(error)}", _AGAIN)
    hub = read_hub(root, planned)
    facts = {**found.weights.facts, **hub.facts, **_optimizer_beside(root, planned)}
    return replace(found, weights=replace(found.weights, stored=_of_model(found.weights), facts=facts), hub=hub)


def _of_model(weights: WeightsFile) -> dict[str, Stored]:
    """Where the model's tensors lie: nobody reads the optimizer's, and hundreds of checkpoints are held at once."""
    return {tensor.name: weights.stored[tensor.name] for tensor in weights.tensors if tensor.role in _MODEL}


def _first_line(error: Exception) -> str:
    told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (told.splitlines() or [type(error).__name__])[0][:200]


def _optimizer_beside(root: Path, planned: Planned) -> dict[str, str]:
    path = dict(planned.beside).get("optimizer")
    return {"optimizer beside it": natural_size((root / path).stat().st_size)} if path else {}


# --- formats ---


def _weights(root: Path, planned: Planned) -> Opened:
    from dlviz_docs.readers.networks._shards import read_parts
    from dlviz_docs.readers.networks.weights import read_weights

    if planned.parts:
        return Opened(planned, read_parts(planned.path, [read_weights(root / part, root) for part in planned.parts]))
    read = read_weights(root / planned.path, root)
    if read.format == "TorchScript":
        from dlviz_docs.readers.networks.torchscript import read_torchscript

        return _of_graph(root, planned, read_torchscript(root / planned.path, root))
    return Opened(planned, read, "modules" if _covers(read) else "weights", read.modules)


def _covers(read: WeightsFile) -> bool:
    """Whether the file's modules hold all of its parameters."""
    inside = {name for module in read.modules for name in module.tensors}
    return bool(read.modules) and all(t.name in inside for t in read.tensors if t.role == "parameter")


def _keras(root: Path, planned: Planned) -> Opened:
    from dlviz_docs.readers.networks.keras import read_keras

    path = root / planned.path
    read = read_keras(path, planned.path)
    weights = WeightsFile(
        planned.path,
        read.format,
        path.stat().st_size,
        read.tensors,
        read.stored,
        facts=read.facts,
        calls=read.calls,
        problems=read.problems,
    )
    told = any(not module.inferred for module in read.modules[1:])
    evidence: Evidence = "graph" if read.operations else "modules" if told else "weights"
    return Opened(planned, weights, evidence, read.modules, read.operations, read.inputs, read.outputs)


def _onnx(root: Path, planned: Planned) -> Opened:
    from dlviz_docs.readers.networks.onnx import read_onnx
    from dlviz_docs.readers.networks.structure import network_of

    return _of_graph(root, planned, network_of(read_onnx(root / planned.path, root)))


def _exported(root: Path, planned: Planned) -> Opened:
    from dlviz_docs.readers.networks.exported import read_exported
    from dlviz_docs.readers.networks.structure import network_of

    return _of_graph(root, planned, network_of(read_exported(root / planned.path, root)))


def _of_graph(root: Path, planned: Planned, structure: Structure) -> Opened:
    """What a file says of its structure, and of its weights."""
    size = (root / planned.path).stat().st_size
    weights = WeightsFile(
        planned.path,
        structure.format,
        size,
        structure.tensors,
        structure.stored,
        facts=structure.facts,
        calls=structure.calls,
        problems=structure.problems,
    )
    return Opened(
        planned,
        weights,
        structure.evidence,
        structure.modules,
        structure.operations,
        structure.inputs,
        structure.outputs,
    )


_READERS: Mapping[str, Callable[[Path, Planned], Opened]] = {
    "weights": _weights,
    "keras": _keras,
    "onnx": _onnx,
    "exported": _exported,
}


def renamed(weights: WeightsFile, names: Mapping[str, str]) -> WeightsFile:
    """With other names for some tensors; those that would then have the name of another one stay as they are."""
    kept = {tensor.name for tensor in weights.tensors if names.get(tensor.name, tensor.name) == tensor.name}
    changed = {old: new for old, new in names.items() if old != new and new not in kept and old in weights.stored}
    if not changed:
        return weights

    def name(old: str) -> str:
        return changed.get(old, old)

    return replace(
        weights,
        tensors=tuple(replace(t, name=name(t.name), tied=name(t.tied)) for t in weights.tensors),
        stored={name(old): replace(stored, name=name(old)) for old, stored in weights.stored.items()},
        modules=tuple(replace(m, tensors=tuple(map(name, m.tensors))) for m in weights.modules),
    )
