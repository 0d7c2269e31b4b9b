"""What is told of an answer beside its maps, by what kind of answer it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dlviz_docs.model.probes import Explanation, Small
from dlviz_docs.probes.explain import Area
from dlviz_docs.probes.found import OfBoxes, count_of
from dlviz_docs.probes.pixels import MOST_CELLS
from dlviz_docs.probes.targets import OfRegions, OfValues, Wanted, probabilities

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["told"]

_TOP = 5


def told(made: Explanation, output: Tensor, target: Wanted, i: int, area: Area) -> Explanation:
    """The explanation with what one sample's `output` says; it is the one at place `i` of `target`."""
    if isinstance(target, OfValues):
        return replace(made, output=float(target.there[i]), blank=float(target.blank[i]))
    if isinstance(target, OfRegions):
        shares = output.argmax(0).flatten().bincount(minlength=len(output)) / output[0].numel()
        value = float(target[[i]].score(output[None]))
        return replace(made, output=value, top=_most(shares), mask=_coarse(target.masks[i]))
    if isinstance(target, OfBoxes):
        logits = output[int(target.candidates[i]), 4:]
        value, box = float(logits[made.predicted]), _placed(target.boxes[i], area)
        return replace(made, output=value, top=_most(logits.sigmoid()), box=box, boxes=count_of(output))
    return replace(made, output=float(output[made.predicted]), top=_most(probabilities(output[None])[0]))


def _most(shares: Tensor) -> tuple[tuple[int, float], ...]:
    best = shares.topk(min(_TOP, len(shares)))
    return tuple(zip(best.indices.tolist(), best.values.tolist(), strict=True))


def _coarse(mask: Tensor) -> Small:
    """Which share of each of at most 56 x 56 cells it has."""
    import torch

    size = (min(mask.shape[0], MOST_CELLS), min(mask.shape[1], MOST_CELLS))
    return torch.nn.functional.adaptive_avg_pool2d(mask[None, None].float(), size)[0, 0].numpy()


def _placed(box: Tensor, area: Area) -> tuple[float, float, float, float]:
    """From shares of what the model sees to shares of the picture, without what lies beyond."""
    left, top, right, bottom = area
    ends = [min(max(side, 0.0), 1.0) for side in box.tolist()]
    wide, high = right - left, bottom - top
    return left + ends[0] * wide, top + ends[1] * high, left + ends[2] * wide, top + ends[3] * high
