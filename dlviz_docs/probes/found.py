"""What a detector finds, and the one box of each picture that is explained.

Its answer here is (n, candidates, 4 + classes): left, top, right and bottom as shares of the model's input, then logits
of classes against nothing being there. `detectors` makes that of what a model gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["FOUND", "OVERLAP", "OfBoxes", "count_of", "overlap"]

FOUND = 0.25
"""Confidence from which on something counts as found."""
OVERLAP = 0.5
"""Intersection over union from which on two boxes are of one object."""
_MOST = 300
"""Boxes of a picture that are counted at most."""


@dataclass(frozen=True, slots=True, eq=False)
class OfBoxes:
    """One box of each sample; shapes are (n,), and (n, 4) of the boxes."""

    candidates: Tensor
    """Which of the candidates it is."""
    classes: Tensor
    boxes: Tensor
    sure: Tensor
    """Probability of the class."""

    @classmethod
    def surest(cls, output: Tensor) -> OfBoxes:
        """The candidate and the class with the largest logit: the first that is kept when others are suppressed."""
        import torch

        logits = output[..., 4:].flatten(1)
        largest = logits.max(1)
        candidates, classes = largest.indices // (output.shape[2] - 4), largest.indices % (output.shape[2] - 4)
        return cls(candidates, classes, output[torch.arange(len(output)), candidates, :4], largest.values.sigmoid())

    def __len__(self) -> int:
        return len(self.candidates)

    def __getitem__(self, places: list[int] | slice) -> OfBoxes:
        return OfBoxes(self.candidates[places], self.classes[places], self.boxes[places], self.sure[places])

    def score(self, output: Tensor) -> Tensor:
        """The logit of the class at the same candidate."""
        import torch

        return output[torch.arange(len(output)), self.candidates, 4 + self.classes]

    def worth(self, output: Tensor) -> Tensor:
        """Probability of the surest box of the class that overlaps this one by half or more; 0 where there is none.

        After the targets for boxes of Gildenblat's pytorch-grad-cam, and Petsiuk et al., "Black-box explanation of
        object detectors via saliency maps", CVPR 2021, who look for the box that is most alike.
        """
        own = output[..., 4:].gather(2, self.classes.reshape(-1, 1, 1).expand(-1, output.shape[1], 1))[..., 0]
        fits = overlap(output[..., :4], self.boxes[:, None]) >= OVERLAP
        return (own.sigmoid() * fits).amax(1)


def overlap(boxes: Tensor, others: Tensor) -> Tensor:
    """Intersection over union, without their last axis of four; shapes that broadcast."""
    low, high = boxes[..., :2].maximum(others[..., :2]), boxes[..., 2:].minimum(others[..., 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    areas = [(one[..., 2:] - one[..., :2]).clamp(min=0).prod(-1) for one in (boxes, others)]
    return shared / (areas[0] + areas[1] - shared).clamp(min=1e-12)


def count_of(answer: Tensor) -> int:
    """Boxes that one picture's answer, (candidates, 4 + classes), comes to: sure ones, of which those that overlap a
    surer one of their class are left out.
    """
    best = answer[:, 4:].max(1)
    order = best.values.argsort(descending=True, stable=True)[:_MOST]
    order = order[best.values[order].sigmoid() >= FOUND]
    kept: list[int] = []
    for one in order.tolist():
        same = [other for other in kept if best.indices[other] == best.indices[one]]
        if not same or float(overlap(answer[same, :4], answer[one, :4]).max()) < OVERLAP:
            kept.append(one)
    return len(kept)
