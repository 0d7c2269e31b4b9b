"""Every method beside the others and beside noise: removal of pixels, boxes of the truth, and agreement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model.probes import Agreement, Faithfulness
from dlviz_docs.probes.measures import curves, noise_maps, road
from dlviz_docs.probes.runnable import Runnable
from dlviz_docs.probes.targets import Wanted
from dlviz_docs.stats.removal import mass_inside, spearman

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["RANDOM", "Judge", "agreement", "boxes_mask", "mask_of"]

RANDOM = "random"
_FINE = 56
"""Rows and columns at which boxes and maps are compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """The samples that measures are taken on."""

    model: Runnable
    x: Tensor
    classes: Wanted
    batch: int
    boxes: NDArray[np.bool_] | None = None
    """Shape (n, 56, 56): where evidence should lie, as in the boxes of the truth; all False for a sample without."""

    def by_road(self, method: str, layer: str, maps: Tensor) -> Faithfulness:
        """ROAD, and the share of the map in the boxes."""
        found, early = road(self.model, self.x, self.classes, maps, self.batch)
        error = float(found.std(ddof=1) / np.sqrt(len(found))) if len(found) > 1 else None
        judged = Faithfulness(method, layer, len(found), float(found.mean()), error, float(early.mean()))
        inside, pointing = self._located(maps)
        return replace(judged, inside=inside, pointing=pointing)

    def with_curves(self, judged: Faithfulness, maps: Tensor) -> Faithfulness:
        """The same with curves of deletion and insertion."""
        drawn = curves(self.model, self.x, self.classes, maps, self.batch)
        return replace(
            judged,
            deletion=drawn.deletion,
            insertion=drawn.insertion,
            shares=drawn.shares,
            deleted=drawn.deleted,
            inserted=drawn.inserted,
        )

    def random(self, like: Tensor) -> Tensor:
        """Maps of noise, as coarse as those."""
        return noise_maps(*like.shape)

    def _located(self, maps: Tensor) -> tuple[float | None, float | None]:
        """Share of the mass in boxes, and of the largest cells; None without boxes."""
        import torch

        if self.boxes is None or not self.boxes.any():
            return None, None
        fine = torch.nn.functional.interpolate(maps[:, None].float(), (_FINE, _FINE), mode="bilinear")[:, 0].numpy()
        with_box = self.boxes.any(axis=(1, 2))
        shares, hits = mass_inside(fine[with_box], self.boxes[with_box])
        told = shares[np.isfinite(shares)]
        return (float(told.mean()) if len(told) else None), float(hits.mean())


def boxes_mask(boxes: Sequence[Sequence[tuple[float, float, float, float]]]) -> NDArray[np.bool_]:
    """Where the boxes of each sample are, shape (n, 56, 56); each is left, top, right, bottom as shares."""
    mask = np.zeros((len(boxes), _FINE, _FINE), bool)
    for row, listed in enumerate(boxes):
        for box in listed:
            left, top, right, bottom = (round(min(max(side, 0.0), 1.0) * _FINE) for side in box)
            mask[row, top : max(bottom, top + 1), left : max(right, left + 1)] = True
    return mask


def mask_of(masks: Tensor) -> NDArray[np.bool_]:
    """Regions of each sample, shape (n, height, width), as (n, 56, 56)."""
    import torch

    found: NDArray[np.bool_] = torch.nn.functional.interpolate(masks[:, None].float(), (_FINE, _FINE)).numpy()[:, 0] > 0
    return found


def agreement(maps: Mapping[str, Tensor]) -> Agreement:
    """Mean Spearman's rho of every two methods, with noise at the end, on the grid of the coarsest."""
    import torch

    rows = min(one.shape[1] for one in maps.values())
    columns = min(one.shape[2] for one in maps.values())
    alike = {
        name: torch.nn.functional.adaptive_avg_pool2d(one[:, None].float(), (rows, columns))[:, 0].numpy()
        for name, one in maps.items()
    }
    count = len(next(iter(alike.values())))
    alike[RANDOM] = noise_maps(count, rows, columns, seed=1).numpy()
    names = tuple(alike)
    rho = np.eye(len(names))
    for i, first in enumerate(names):
        for j, second in enumerate(names[:i]):
            found = [spearman(a, b) for a, b in zip(alike[first], alike[second], strict=True)]
            known = [value for value in found if np.isfinite(value)]
            rho[i, j] = rho[j, i] = float(np.mean(known)) if known else float("nan")
    return Agreement(names, rho, count)
