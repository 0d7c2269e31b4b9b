"""Maps of the input itself: integrated gradients, and what covering a part of it costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from dlviz_docs.probes.passes import input_gradients, scores_of
from dlviz_docs.probes.runnable import Runnable
from dlviz_docs.probes.targets import Wanted

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["blurred", "integrated", "integrated_gradients", "occlusion", "pooled"]

STEPS = 50
WINDOWS = 8
"""Rows and columns of cells that occlusion tells apart; a window covers two by two of them."""
MOST_CELLS = 56
"""Rows and columns of a map of the input that are kept."""


def integrated(gradient: Callable[[Tensor], Tensor], x: Tensor, baseline: Tensor, steps: int = STEPS) -> Tensor:
    """(x - x') times the mean gradient between the two, by Gauss and Legendre's rule.

    `gradient` takes inputs of shape (n, ...) and gives as many. Sundararajan, Taly and Yan, "Axiomatic attribution for
    deep networks", ICML 2017, equation (1): the values sum to f(x) - f(x').
    """
    import torch

    nodes, weights = np.polynomial.legendre.leggauss(steps)
    total = torch.zeros_like(x)
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        total += float(weight) * gradient(baseline + float(node) * (x - baseline))
    return (x - baseline) * total


def integrated_gradients(
    model: Runnable, x: Tensor, classes: Wanted, baseline: Tensor, batch: int, steps: int = STEPS
) -> tuple[Tensor, Tensor]:
    """Attributions, shaped as the input, and by how much each sample's sum misses f(x) - f(x'), as a share of it."""
    found = integrated(lambda inputs: input_gradients(model, inputs, classes, batch), x, baseline, steps)
    rise = scores_of(model, x, classes, batch) - scores_of(model, baseline, classes, batch)
    gap = (found.flatten(1).sum(1) - rise).abs() / rise.abs().clamp(min=1e-12)
    return found, gap


def occlusion(model: Runnable, x: Tensor, classes: Wanted, batch: int, cells: int = WINDOWS) -> Tensor:
    """What the class's score loses when a window is covered by the picture's mean; shape (n, cells, cells), signed.

    Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014. Windows overlap by half, and
    each cell has the mean of those that cover it.
    """
    import torch

    n, _, height, width = x.shape
    before = scores_of(model, x, classes, batch)
    mean = x.mean((2, 3), keepdim=True)
    rows, columns = (np.linspace(0, side, cells + 1).round().astype(int).tolist() for side in (height, width))
    loss, covers = torch.zeros(n, cells, cells), torch.zeros(cells, cells)
    for top in range(-1, cells):
        for left in range(-1, cells):
            down, across = slice(max(top, 0), min(top + 2, cells)), slice(max(left, 0), min(left + 2, cells))
            covered = x.clone()
            covered[:, :, rows[down.start] : rows[down.stop], columns[across.start] : columns[across.stop]] = mean
            lost = before - scores_of(model, covered, classes, batch)
            loss[:, down, across] += lost[:, None, None]
            covers[down, across] += 1
    return loss / covers


def blurred(x: Tensor) -> Tensor:
    """The input as six by six cells, smoothly: a baseline that has its colours and none of its shapes."""
    import torch

    height, width = x.shape[2:]
    small = torch.nn.functional.interpolate(x, (min(height, 6), min(width, 6)), mode="area")
    return torch.nn.functional.interpolate(small, (height, width), mode="bilinear")


def pooled(values: Tensor, most: int = MOST_CELLS) -> Tensor:
    """Sums over channels, (n, c, h, w), and over blocks of pixels until at most `most` rows and columns are left.

    Sums, so that a map still adds up to the same.
    """
    height, width = values.shape[2:]
    down, across = _blocks(height, most).to(values.dtype), _blocks(width, most).to(values.dtype)
    return down @ values.sum(1) @ across.T


def _blocks(length: int, most: int) -> Tensor:
    """Which pixels each block has, shape (blocks, length)."""
    import torch

    count = min(length, most)
    found = torch.zeros(count, length)
    found[torch.arange(length) * count // length, torch.arange(length)] = 1
    return found
