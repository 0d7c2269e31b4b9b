"""What the channels of a layer respond to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dlviz_docs.model.probes import Channels
from dlviz_docs.probes.passes import gradients_at
from dlviz_docs.probes.pixels import MOST_CELLS
from dlviz_docs.probes.runnable import Runnable, in_batches
from dlviz_docs.probes.spatial import Grid
from dlviz_docs.probes.targets import Wanted

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["channels_of"]

SHOWN, BEST = 16, 9
"""Channels, and samples for each."""


def channels_of(
    model: Runnable, layer: str, grid: Grid, x: Tensor, explained: Tensor, classes: Wanted, batch: int
) -> Channels:
    """The channels that add most to the answers on `explained`, and which of the samples `x` excite each most.

    `classes` are those predicted for `explained`.
    """
    import torch

    activation, gradient = gradients_at(model, layer, explained, classes, batch)
    maps = grid.spread(activation)
    importance = (grid.spread(gradient) * maps).abs().mean((0, 2, 3))
    shown = importance.argsort(descending=True, stable=True)[:SHOWN]
    peaks, places, silent = _peaks(model, layer, grid, x, shown, batch)
    best = peaks.argsort(dim=0, descending=True, stable=True)[:BEST].T
    cells = places.gather(0, best.T).T.numpy()
    centres = np.stack([(cells % grid.columns + 0.5) / grid.columns, (cells // grid.columns + 0.5) / grid.rows], -1)
    small = torch.nn.functional.interpolate(
        maps[:, shown], (min(grid.rows, MOST_CELLS), min(grid.columns, MOST_CELLS)), mode="area"
    )
    return Channels(
        layer,
        tuple(shown.tolist()),
        importance[shown].double().numpy(),
        grid.channels,
        best.numpy(),
        peaks.gather(0, best.T).T.double().numpy(),
        centres,
        small.float().numpy(),
        silent,
    )


def _peaks(model: Runnable, layer: str, grid: Grid, x: Tensor, shown: Tensor, batch: int) -> tuple[Tensor, Tensor, int]:
    """Largest activation of each sample and shown channel, at which cell, and how many channels never move."""
    import torch

    peaks, places, low, high = [], [], None, None
    for rows, count in in_batches(model, len(x), batch):
        with torch.no_grad():
            flat = grid.spread(model.forward_to(layer, x[rows]))[:count].flatten(2)
        largest = flat[:, shown].max(2)
        peaks.append(largest.values)
        places.append(largest.indices)
        least, most = flat.amin((0, 2)), flat.amax((0, 2))
        low = least if low is None else low.minimum(least)
        high = most if high is None else high.maximum(most)
    silent = 0 if low is None or high is None else int((low == high).sum())
    return torch.cat(peaks), torch.cat(places), silent
