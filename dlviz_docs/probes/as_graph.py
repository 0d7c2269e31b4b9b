"""Models out of a factory as graphs, which run as those out of files do: with attention, and cut anywhere.

The code is the user's own and trusted; PyTorch follows it once, writes down what it calls, and our executors run that.
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from dlviz_docs.errors import ProbeError, ReadError
from dlviz_docs.probes.answers import asked_for, rows_of
from dlviz_docs.probes.executor import GraphModel
from dlviz_docs.probes.factory import ModuleModel
from dlviz_docs.probes.from_exported import program_of_exported
from dlviz_docs.probes.job import PictureInput
from dlviz_docs.probes.opened import Opened
from dlviz_docs.probes.runnable import Limits, Runnable
from dlviz_docs.readers.networks.exported import read_exported

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["as_graph", "like_pictures"]

_CLOSE = 1e-3
"""Part of the largest answer by which the graph's may differ from the module's."""


def as_graph(found: Opened, x: Tensor, limits: Limits) -> Opened:
    """A factory's model as its graph for inputs like `x`, of which at least two make a number of samples that may vary.

    The model as it is, and a note of why, where PyTorch cannot follow it or the graph answers otherwise. What came out
    of a file is one already.
    """
    if not isinstance(found.model, ModuleModel):
        return found
    try:
        graph = _graph(found.model, x, limits)
        graph.exported_from = found.model
        why = _difference(found.model, graph, x)
    # PyTorch raises nearly anything of code that it cannot follow, and what the code raises itself.
    except Exception as error:  # noqa: BLE001
        why = next(iter(str(error).strip().splitlines()), type(error).__name__)[:300]
    if why:
        note = f"The factory's model is watched as it runs, which shows no attention: as a graph {why.rstrip('.')}."
        return replace(found, notes=(*found.notes, note))
    return replace(found, model=graph, notes=(*found.notes, "The factory's model was exported, and its graph is run."))


def like_pictures(samples: PictureInput, model: Runnable, limits: Limits) -> Tensor:
    """Two inputs of noise, of the size and the channels that the pictures will have."""
    import torch

    base = asked_for(samples, None, model, rows_of(len(samples.pictures), limits.samples))
    return torch.rand(2, base.channels, *base.size, generator=torch.Generator().manual_seed(0))


def _graph(model: ModuleModel, x: Tensor, limits: Limits) -> GraphModel:
    from dlviz_docs.record import model as recorded

    with TemporaryDirectory() as folder, _quiet():
        path = recorded(Path(folder), model.module, x)
        try:
            return GraphModel(program_of_exported(read_exported(path, Path(folder))), limits)
        except ReadError as error:
            raise ProbeError(f"it {error.what}") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without PyTorch's own words, of what it plans to change, and of what it could not follow: that is told here."""
    before = logging.root.manager.disable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        try:
            yield
        finally:
            logging.disable(before)


def _difference(model: ModuleModel, graph: GraphModel, x: Tensor) -> str:
    """Why the graph does not stand for the module; "" where it does, for these samples and for one alone."""
    import torch

    for few in (x, x[:1]) if graph.fixed_batch is None else (x,):
        with torch.no_grad():
            wanted, told = model.forward(few), graph.forward(few)
        if wanted.shape != told.shape or not bool((wanted - told).abs().max() <= _CLOSE * wanted.abs().max() + 1e-6):
            return "it answers otherwise"
    return ""
