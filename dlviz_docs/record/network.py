"""A model as a file that can be read, and run, without its class."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["model"]


def model(
    folder: str | Path,
    module: nn.Module,
    example: Tensor | tuple[Any, ...],
    *,
    name: str = "model",
    epoch: int | None = None,
    step: int | None = None,
) -> Path:
    """Write `<folder>/<name>.pt2`, with "-epoch=3" or "-step=100" after the name where given; returns its path.

    `example` is one batch of inputs, or a tuple of inputs; their first axis is taken to be the samples, of which any
    number may come. The module is written as it computes in evaluation, and is left in the mode it was in. The file
    holds operations and weights: no code, no sample, and no path or source line of this machine. Raises what
    `torch.export.export` raises for a module that it cannot follow.
    """
    import torch

    inputs = example if isinstance(example, tuple) else (example,)
    training = module.training
    module.eval()
    try:
        with torch.no_grad():
            exported = torch.export.export(module, inputs, dynamic_shapes=tuple(_dynamic(one) for one in inputs))
    finally:
        module.train(training)
    for node in exported.graph.nodes:
        node.meta.pop("stack_trace", None)
    exported._example_inputs = None
    told = "".join(f"-{word}={value}" for word, value in (("epoch", epoch), ("step", step)) if value is not None)
    path = Path(folder) / f"{name}{told}.pt2"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}-{path.name}")  # torch insists on the ending
    try:
        torch.export.save(exported, temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _dynamic(value: Any) -> dict[int, Any] | None:
    """The first axis of a tensor may have any length; a model that only takes the example's keeps that."""
    import torch

    return {0: torch.export.Dim.AUTO} if isinstance(value, torch.Tensor) and value.ndim else None
