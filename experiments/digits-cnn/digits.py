"""The digits, and the network that reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

__all__ = ["CLASSES", "Data", "load", "network"]

CLASSES = [str(digit) for digit in range(10)]


@dataclass(frozen=True)
class Data:
    """Images, shape (n, 1, 8, 8) in [0, 1], and labels, shape (n,)."""

    images: Tensor
    labels: Tensor

    def batches(self, size: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        for chosen in torch.randperm(len(self.labels), generator=generator).split(size):
            yield self.images[chosen], self.labels[chosen]


def load(train_size: int) -> tuple[Data, Data]:
    """The training part and the validation part; the validation images are the same for every run."""
    images, labels = load_digits(return_X_y=True)
    x = torch.tensor(images / 16, dtype=torch.float32).reshape(-1, 1, 8, 8)
    y = torch.tensor(labels)
    rest, val = train_test_split(range(len(y)), test_size=500, random_state=0, stratify=labels)
    train, _ = train_test_split(rest, train_size=train_size, random_state=0, stratify=labels[rest])
    return Data(x[train], y[train]), Data(x[val], y[val])


def network(width: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(width, 2 * width, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(8 * width, 10),
    )
