"""Passes over many samples, batch by batch; what comes out does not depend on how many ran at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dlviz_docs.probes.runnable import Runnable, in_batches
from dlviz_docs.probes.targets import Wanted, score, worth

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["gradients_at", "input_gradients", "outputs_of", "scores_of", "worths_of"]


def outputs_of(model: Runnable, x: Tensor, batch: int) -> Tensor:
    """Answers for all samples."""
    import torch

    with torch.no_grad():
        return torch.cat([model.forward(x[places])[:count] for places, count in in_batches(model, len(x), batch)])


def scores_of(model: Runnable, x: Tensor, wanted: Wanted, batch: int) -> Tensor:
    """What is explained, of all samples; their answers, which may be large, do not stay."""
    return _numbers_of(model, x, wanted, batch, score)


def worths_of(model: Runnable, x: Tensor, wanted: Wanted, batch: int) -> Tensor:
    """What is left of each answer, likewise."""
    return _numbers_of(model, x, wanted, batch, worth)


def _numbers_of(
    model: Runnable, x: Tensor, wanted: Wanted, batch: int, number: Callable[[Tensor, Wanted], Tensor]
) -> Tensor:
    import torch

    with torch.no_grad():
        parts = in_batches(model, len(x), batch)
        return torch.cat([number(model.forward(x[places]), wanted[places])[:count] for places, count in parts])


def gradients_at(
    model: Runnable, layer: str, x: Tensor, classes: Wanted, batch: int, against: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """A layer's output for all samples, and the gradient there of the class's score, or of what it has more than
    another's."""
    import torch

    found = []
    for places, count in in_batches(model, len(x), batch):
        activation, output = model.cut(layer, x[places])
        with torch.enable_grad():
            wanted = score(output, classes[places])
            if against is not None:
                wanted = wanted - score(output, against[places])
            total = wanted[:count].sum()
        found.append((activation.detach()[:count], _gradient(total, activation)[:count]))
    return torch.cat([a for a, _ in found]), torch.cat([g for _, g in found])


def input_gradients(model: Runnable, x: Tensor, classes: Wanted, batch: int) -> Tensor:
    """Gradient of the class's score with respect to the input."""
    import torch

    found = []
    for places, count in in_batches(model, len(x), batch):
        leaf = x[places].detach().clone().requires_grad_()
        with torch.enable_grad():
            total = score(model.forward(leaf), classes[places])[:count].sum()
        found.append(_gradient(total, leaf)[:count])
    return torch.cat(found)


def _gradient(total: Tensor, leaf: Tensor) -> Tensor:
    """Zeros where the answer does not depend on it."""
    import torch

    if not total.requires_grad:
        return torch.zeros_like(leaf)
    (found,) = torch.autograd.grad(total, leaf, allow_unused=True)
    return torch.zeros_like(leaf) if found is None else found
