"""Models that are written and not trained, of pictures whose evidence lies in a square: what each has to find is known.

Pictures are grey, 32 px, with one square of 8 px that is bright (class 0) or dark (class 1).
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

__all__ = ["Detector", "Form", "Region", "Value", "squares"]

Form: TypeAlias = Literal["ssd", "detr", "sigmoid", "yolo8", "yolo5", "centres"]


def squares(count: int, seed: int = 0) -> tuple[tuple[NDArray[np.uint8], ...], NDArray[np.int64], tuple[Any, ...]]:
    """Pictures, classes, and for each the one box of its square, as shares."""
    random = np.random.default_rng(seed)
    pictures = random.integers(110, 145, (count, 32, 32)).astype(np.uint8)
    labels, places = np.arange(count) % 2, random.integers(0, 7, (count, 2)) * 4
    for picture, label, (top, left) in zip(pictures, labels, places, strict=True):
        picture[top : top + 8, left : left + 8] = 0 if label else 255
    boxes = tuple(((left / 32, top / 32, (left + 8) / 32, (top + 8) / 32),) for top, left in places.tolist())
    return tuple(pictures), labels.astype(np.int64), boxes


class _Body(nn.Module):
    """Two channels for what is bright and two for what is dark."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu = nn.Conv2d(1, 4, 1), nn.ReLU()
        self.conv.weight.data[:, 0, 0, 0] = torch.tensor([1.0, -1.0, 1.0, -1.0])
        self.conv.bias.data[:] = torch.tensor([-0.7, 0.3, -0.7, 0.3])

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.conv(x))


class Value(nn.Module):
    """How much is bright, less how much is dark: pictures move it up and down."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.fc = _Body(), nn.Linear(4, 1)
        self.fc.weight.data[:] = torch.tensor([[100.0, -100.0, 0.0, 0.0]])
        self.fc.bias.data[:] = 7.0

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.body(x).mean((2, 3)))


class Region(nn.Module):
    """The background, what is bright, and what is dark: logits of each pixel."""

    def __init__(self, probable: bool = False) -> None:
        super().__init__()
        self.body, self.out, self.probable = _Body(), nn.Conv2d(4, 3, 1), probable
        self.out.weight.data[:, :, 0, 0] = torch.tensor([[0.0, 0, 0, 0], [30, 0, 0, 0], [0, 30, 0, 0]])
        self.out.bias.data[:] = torch.tensor([2.0, 0.0, 0.0])

    def forward(self, x: Tensor) -> Tensor:
        found = self.out(self.body(x))
        return found.softmax(1) if self.probable else found


class Detector(nn.Module):
    """49 windows of 8 px, each with a logit for bright and one for dark, given as others' detectors give them."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.form: Form = form
        self.body, self.pool, self.head = _Body(), nn.AvgPool2d(8, 4), nn.Conv2d(4, 2, 1)
        self.head.weight.data[:, :, 0, 0] = torch.tensor([[27.0, 0, 0, 0], [0, 27.0, 0, 0]])
        self.head.bias.data[:] = -4.0
        top, left = torch.meshgrid(torch.arange(7) * 4.0, torch.arange(7) * 4.0, indexing="ij")
        self.corners = torch.stack([left, top, left + 8, top + 8], -1).reshape(49, 4)
        self.whole = torch.cat([(self.corners[:, :2] + self.corners[:, 2:]) / 2, torch.full((49, 2), 8.0)], 1)

    def forward(self, x: Tensor) -> Any:
        heat = self.head(self.pool(self.body(x)))
        logits, n = heat.flatten(2).transpose(1, 2), x.shape[0]
        corners, whole = self.corners.expand(n, -1, -1), self.whole.expand(n, -1, -1)
        if self.form == "ssd":
            return torch.cat([logits[..., :1] * 0, logits], 2).softmax(2), corners / 32
        if self.form == "detr":
            return torch.cat([logits, logits[..., :1] * 0], 2), whole / 32
        if self.form == "sigmoid":
            return logits, corners
        if self.form == "yolo8":
            return torch.cat([whole, logits.sigmoid()], 2).transpose(1, 2)
        if self.form == "yolo5":
            return torch.cat([whole, logits[..., :1] * 0 + 1, logits.sigmoid()], 2)
        cells = torch.arange(7.0)
        off = 7 * (cells + 1) / 8 - cells
        offsets = torch.stack([off.expand(7, 7), off[:, None].expand(7, 7)])
        return heat, torch.cat([offsets, torch.full((2, 7, 7), 0.25)]).expand(n, -1, -1, -1)
