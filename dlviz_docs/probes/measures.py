"""How faithful maps are: pixels go in the order they tell, and what is left of the answer has to follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray
from dlviz_docs.probes.passes import worths_of
from dlviz_docs.probes.pixels import MOST_CELLS, blurred
from dlviz_docs.probes.runnable import Runnable
from dlviz_docs.probes.targets import Wanted
from dlviz_docs.stats.impute import noisy_linear
from dlviz_docs.stats.removal import area_under, removal_order, removed

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Curves", "curves", "noise_maps", "road"]

SHARES = (0.1, 0.2, 0.3, 0.4)
"""Of the pixels, that ROAD removes."""
EARLY = 0.05
"""By which maps are told apart that are all as good on those."""
STEPS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """What is left of the answer as pixels go and come, means over samples; shape (steps + 1,)."""

    shares: FloatArray
    deleted: FloatArray
    inserted: FloatArray

    @property
    def deletion(self) -> float:
        """Area under the first."""
        return area_under(self.shares, self.deleted)

    @property
    def insertion(self) -> float:
        """Area under the second."""
        return area_under(self.shares, self.inserted)


def road(model: Runnable, x: Tensor, classes: Wanted, maps: Tensor, batch: int) -> tuple[FloatArray, FloatArray]:
    """Each sample's least relevant first minus most relevant first, shape (n,): mean over the shares removed, and of
    the first 5 % alone.

    Rong et al. 2022; holes are filled by noisy linear imputation, on a grid of at most 56 x 56 cells: what is removed
    are cells of that grid. `maps` have shape (n, rows, columns).
    """
    height, width = x.shape[2:]
    grid = (min(height, MOST_CELLS), min(width, MOST_CELLS))
    small = _resized(x, grid, "area").numpy().astype(np.float32)
    places = removal_order(_resized(maps[:, None], grid, "bilinear")[:, 0].numpy())
    apart = []
    for share in (EARLY, *SHARES):
        left = _without(model, x, classes, small, removed(places, share, least=True), batch)
        apart.append(left - _without(model, x, classes, small, removed(places, share), batch))
    return np.mean(apart[1:], axis=0), apart[0]


def _without(
    model: Runnable, x: Tensor, classes: Wanted, small: NDArray[np.float32], gone: NDArray[np.bool_], batch: int
) -> FloatArray:
    """What is left of the answer when these cells are filled in."""
    import torch

    filled = _resized(torch.from_numpy(noisy_linear(small, ~gone)), x.shape[2:], "bilinear").to(x.dtype)
    holes = _resized(torch.from_numpy(gone)[:, None].float(), x.shape[2:], "nearest") > 0
    return _worth(model, filled.where(holes, x), classes, batch)


def curves(model: Runnable, x: Tensor, classes: Wanted, maps: Tensor, batch: int, steps: int = STEPS) -> Curves:
    """Deletion into the picture's mean colour and insertion into a blurred picture (Petsiuk, Das and Saenko 2018)."""
    import torch

    places = torch.from_numpy(removal_order(_resized(maps[:, None], x.shape[2:], "bilinear")[:, 0].numpy()))[:, None]
    mean, vague = x.mean((2, 3), keepdim=True).expand_as(x), blurred(x)
    shares, pixels = np.linspace(0, 1, steps + 1), x.shape[2] * x.shape[3]
    deleted, inserted = [], []
    for share in shares:
        taken = places < round(float(share) * pixels)
        deleted.append(_worth(model, mean.where(taken, x), classes, batch).mean())
        inserted.append(_worth(model, x.where(taken, vague), classes, batch).mean())
    return Curves(shares, np.array(deleted), np.array(inserted))


def noise_maps(count: int, rows: int, columns: int, seed: int = 0) -> Tensor:
    """Maps that tell nothing, as coarse as those they are compared with."""
    import torch

    return torch.rand(count, rows, columns, generator=torch.Generator().manual_seed(seed))


def _resized(x: Tensor, size: tuple[int, ...] | list[int], mode: str) -> Tensor:
    import torch

    return torch.nn.functional.interpolate(x, tuple(size), mode=mode)


def _worth(model: Runnable, x: Tensor, classes: Wanted, batch: int) -> FloatArray:
    return worths_of(model, x, classes, batch).double().numpy()
