"""From a job to a model that can be run, by what its file or its factory is."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dlviz_docs.errors import ProbeError, ReadError
from dlviz_docs.model import Port
from dlviz_docs.probes.elements import elements_of
from dlviz_docs.probes.executor import GraphModel
from dlviz_docs.probes.factory import Loaded, ModuleModel, built, loaded
from dlviz_docs.probes.from_exported import program_of_exported
from dlviz_docs.probes.from_onnx import program_of_onnx
from dlviz_docs.probes.job import Factory, Job, TextInput
from dlviz_docs.probes.program import Program
from dlviz_docs.probes.runnable import Limits, Runnable
from dlviz_docs.probes.text_inputs import of_tokens_alone

if TYPE_CHECKING:
    from dlviz_docs.readers.networks.onnx import OnnxModel

__all__ = ["Opened", "opened"]


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A model that can be run, and what is known of its input."""

    model: Runnable
    port: Port | None = None
    """None of a factory, which does not tell."""
    notes: tuple[str, ...] = ()
    """How its weights fitted, and in which mode it was exported."""


def opened(job: Job) -> Opened:
    """The job's model; `ProbeError` where it cannot be run."""
    if job.factory is not None:
        return _from_factory(job.factory, job.model, job.root)
    if job.model is None:
        raise ProbeError("Neither a file nor a factory is named.")
    program = _program(job.model, job.root or job.model.parent)
    notes: tuple[str, ...] = ()
    if isinstance(job.samples, TextInput):
        program, told = of_tokens_alone(program, job.samples.pad)
        notes = (f"Beside tokens the model takes what follows from them: {', '.join(told)}.",) if told else ()
    found = _from_program(program, job.limits)
    return replace(found, notes=(*found.notes, *notes))


def _program(path: Path, root: Path) -> Program:
    from dlviz_docs.readers.networks.exported import read_exported
    from dlviz_docs.readers.networks.onnx import read_onnx

    try:
        if path.suffix.lower() == ".onnx":
            return program_of_onnx(_whole(read_onnx(path, root), path))
        return program_of_exported(read_exported(path, root))
    except ReadError as error:
        raise ProbeError(f"{path.name} {error.what}.", error.remedy) from error


def _whole(model: OnnxModel, path: Path) -> OnnxModel:
    """The model, unless its file is damaged: what can still be read of it is another one."""
    for problem in model.problems:
        if problem.code == "damaged":
            raise ProbeError(f"{path.name} {problem.what}.", problem.remedy)
    return model


def _from_program(program: Program, limits: Limits) -> Opened:
    model = GraphModel(program, limits)
    notes = ("The model was exported in training mode; it is run as in evaluation.",) if model.trains else ()
    return Opened(model, program.inputs[0], notes)


def _from_factory(factory: Factory, weights: Path | None, root: Path | None) -> Opened:
    _forgotten(factory)
    module = built(factory.name, factory.arguments)
    if weights is None:
        return Opened(ModuleModel(module), notes=("No weights were named: the factory's own are explained.",))
    from dlviz_docs.readers.networks.weights import read_weights

    file = read_weights(weights, root or weights.parent)
    own = {tensor.name for tensor in file.tensors if tensor.role in ("parameter", "buffer")}
    arrays = {name: elements_of(stored) for name, stored in file.stored.items() if name in own}
    return Opened(ModuleModel(module), notes=tuple(_fit(loaded(module, arrays))))


_IMPORTED: dict[str, str] = {}
"""Of each package that a factory was taken from in this process, the hash of its source then."""


def _forgotten(factory: Factory) -> None:
    """A package that was imported and has been edited since is imported anew, as where a site is served."""
    package = factory.name.partition(":")[0].partition(".")[0]
    if factory.content and _IMPORTED.get(package, factory.content) != factory.content:
        for name in [one for one in sys.modules if one == package or one.startswith(f"{package}.")]:
            del sys.modules[name]
        importlib.invalidate_caches()
    if factory.content:
        _IMPORTED[package] = factory.content


def _fit(found: Loaded) -> list[str]:
    """What did not fit, in sentences."""
    told = (
        ("The model has weights that the file does not: they are as the factory made them", found.missing),
        ("The file has weights that the model does not", found.unexpected),
        ("Weights have other shapes in the file and were not taken", found.misfits),
    )
    return [f"{what}: {_some(names)}." for what, names in told if names]


def _some(names: tuple[str, ...], most: int = 4) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
