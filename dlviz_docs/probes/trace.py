"""Layers as they were seen to run: shapes, costs, and how far a unit really sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dlviz_docs.model.probes import Reach, Traced
from dlviz_docs.probes.executor import GraphModel
from dlviz_docs.probes.factory import ModuleModel
from dlviz_docs.probes.runnable import Runnable
from dlviz_docs.probes.spatial import Grid

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["reach_of", "traced"]

NOISE = 32
"""Inputs of noise that an effective field is a mean over."""
SEEN = 0.0455
"""Share of the largest gradient above which a pixel counts as seen: two deviations of a normal curve."""


def traced(model: Runnable, x: Tensor) -> tuple[Traced, ...]:
    """Every layer, with the shape of its output for these samples; multiply-adds where the model is a module."""
    module = model.exported_from if isinstance(model, GraphModel) else model
    macs = _macs(module, x) if isinstance(module, ModuleModel) else {}
    weights = model.weights()
    own = [(path, name) for path, names in model.layer_weights() for name in names]

    def parameters(path: str) -> int:
        within = {name for layer, name in own if layer == path or layer.startswith(f"{path}.")}
        return sum(weights[name].numel() for name in within)

    return tuple(
        Traced(layer.path, layer.kind, ("batch", *layer.shape[1:]), parameters(layer.path), macs.get(layer.path))
        for layer in model.layers(x)
    )


def _macs(model: ModuleModel, x: Tensor) -> dict[str, float]:
    """Multiply-adds for one sample, by path: half of the operations that PyTorch counts."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.forward(x)
    root = f"{type(model.module).__name__}."
    return {
        path.removeprefix(root): sum(counts.values()) / 2 / len(x)
        for path, counts in counter.get_flop_counts().items()
        if path.startswith(root)
    }


def reach_of(model: Runnable, layer: str, grid: Grid, shape: tuple[int, ...], seed: int = 0) -> Reach:
    """Effective receptive field of the unit in the middle; `shape` is that of one input, (c, h, w).

    Luo, Li, Urtasun and Zemel, "Understanding the effective receptive field in deep convolutional neural networks",
    NeurIPS 2016: mean magnitude of the gradient over inputs of noise.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    step = model.fixed_batch or 8
    total = torch.zeros(shape[1:])
    for _ in range(-(-NOISE // step)):
        x = torch.randn(step, *shape, generator=generator).requires_grad_()
        with torch.enable_grad():
            middle = grid.spread(model.forward_to(layer, x))[:, :, grid.rows // 2, grid.columns // 2].sum()
            (gradient,) = torch.autograd.grad(middle, x, allow_unused=True)
        total += 0 if gradient is None else gradient.abs().sum((0, 1))
    values = (total / total.max().clamp(min=1e-30)).numpy()
    return Reach(layer, values, float((values > SEEN).mean()), _deviation(values))


def _deviation(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> tuple[float, float]:
    """Of the mass, along rows and columns."""
    found = []
    for axis in (1, 0):
        mass = values.sum(axis=axis, dtype=np.float64)
        mass = mass / max(mass.sum(), 1e-30)
        at = np.arange(len(mass))
        found.append(float(np.sqrt((mass * (at - (mass * at).sum()) ** 2).sum())))
    return found[0], found[1]
