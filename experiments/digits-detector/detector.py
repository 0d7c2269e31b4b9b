"""A detector of one stage: where centres of objects are, and how large they are."""

from __future__ import annotations

import torch
from scenes import CLASSES, SIDE, Scene
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss, max_pool2d

from dlviz_docs import record

__all__ = ["Detector", "detect", "loss_of", "targets"]

STRIDE = 4
LEAST = 0.05
"""Objects below this confidence are not kept, ..."""
MOST = 30
"""... nor more than so many in a picture."""


class Detector(nn.Module):
    """Where centres of objects are (one map a class), and how large they are; after CenterNet (Zhou et al. 2019)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after, stride, spread in (
            (3, width, 2, 1),
            (width, 2 * width, 2, 1),
            *((2 * width, 2 * width, 1, spread) for spread in (1, 2, 4, 1)),
        ):
            layers.append(nn.Conv2d(before, after, 3, stride, padding=spread, dilation=spread))
            layers += [nn.BatchNorm2d(after), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        self.centres = nn.Conv2d(2 * width, len(CLASSES), 1)
        self.sizes = nn.Conv2d(2 * width, 4, 1)
        nn.init.constant_(self.centres.bias, -4.0)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        features = self.body(pictures)
        return self.centres(features), self.sizes(features)


def targets(found: list[Scene]) -> tuple[Tensor, Tensor, Tensor]:
    """Maps of centres, shape (n, classes, h, w); of offset and size, shape (n, 4, h, w); and where these count."""
    cells = SIDE // STRIDE
    centres, sizes = torch.zeros(len(found), len(CLASSES), cells, cells), torch.zeros(len(found), 4, cells, cells)
    known = torch.zeros(len(found), 1, cells, cells)
    for i, scene in enumerate(found):
        for (left, top, width, height), label in zip(scene.boxes, scene.labels, strict=True):
            x, y = (left + width / 2) / STRIDE, (top + height / 2) / STRIDE
            column, row = int(x), int(y)
            centres[i, label, row, column] = 1
            sizes[i, :, row, column] = torch.tensor([x - column, y - row, width / SIDE, height / SIDE])
            known[i, 0, row, column] = 1
    return centres, sizes, known


def loss_of(model: Detector, pictures: Tensor, wanted: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Focal loss on the maps of centres (Lin et al. 2017), plus the distance of offsets and sizes."""
    centres, sizes = model(pictures)
    hard = (wanted[0] - centres.sigmoid()).abs() ** 2
    found = binary_cross_entropy_with_logits(centres, wanted[0], weight=hard.detach(), reduction="sum")
    placed = l1_loss(sizes * wanted[2], wanted[1] * wanted[2], reduction="sum")
    return (found + 2 * placed) / wanted[2].sum()


@torch.no_grad()
def detect(model: Detector, pictures: Tensor) -> list[record.Objects]:
    """Peaks of the maps that no neighbour exceeds, as boxes in px."""
    model.eval()
    centres, sizes = model(pictures)
    scores = centres.sigmoid()
    scores *= max_pool2d(scores, 3, 1, 1) == scores
    result = []
    for one, size in zip(scores, sizes, strict=True):
        least = max(LEAST, one.flatten().topk(MOST).values[-1].item())
        label, row, column = torch.nonzero(one >= least, as_tuple=True)
        x, y, width, height = size[:, row, column]
        centre_x, centre_y = (column + x) * STRIDE, (row + y) * STRIDE
        width, height = width.clamp(min=0.01) * SIDE, height.clamp(min=0.01) * SIDE
        boxes = torch.stack([centre_x - width / 2, centre_y - height / 2, width, height], 1)
        result.append(record.Objects(boxes, label, one[label, row, column]))
    return result
