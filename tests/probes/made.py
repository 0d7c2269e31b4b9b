"""Models as people write them, small, and pictures whose evidence lies at a place that is known."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dlviz_docs.probes.executor import GraphModel
from dlviz_docs.probes.from_exported import program_of_exported
from dlviz_docs.probes.runnable import Limits
from dlviz_docs.readers.networks.exported import read_exported


class Block(nn.Module):
    def __init__(self, ins: int, outs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(ins, outs, 3, stride, 1, bias=False), nn.BatchNorm2d(outs)
        self.conv2, self.bn2 = nn.Conv2d(outs, outs, 3, 1, 1, bias=False), nn.BatchNorm2d(outs)
        self.relu = nn.ReLU(inplace=True)
        self.down = nn.Conv2d(ins, outs, 1, stride) if stride != 1 or ins != outs else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + self.down(x))


class ResNet(nn.Module):
    """Used twice: one ReLU; in place: every ReLU; dropout: in evaluation."""

    def __init__(self, channels: int = 3, classes: int = 4, width: int = 8) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(channels, width, 3, 1, 1), nn.BatchNorm2d(width), nn.ReLU())
        self.layer1, self.layer2 = Block(width, 2 * width, 2), Block(2 * width, 4 * width, 2)
        self.pool, self.drop, self.fc = nn.AdaptiveAvgPool2d(1), nn.Dropout(0.1), nn.Linear(4 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.drop(self.pool(self.layer2(self.layer1(self.stem(x)))).flatten(1)))


class Attention(nn.Module):
    def __init__(self, width: int, fused: bool) -> None:
        super().__init__()
        self.qkv, self.proj, self.fused = nn.Linear(width, 3 * width), nn.Linear(width, width), fused

    def forward(self, x: Tensor) -> Tensor:
        b, t, d = x.shape
        q, k, v = self.qkv(x).reshape(b, t, 3, 4, d // 4).permute(2, 0, 3, 1, 4).unbind(0)
        if self.fused:
            y = nn.functional.scaled_dot_product_attention(q, k, v)
        else:
            y = (q @ k.transpose(-2, -1) * (d // 4) ** -0.5).softmax(-1) @ v
        return self.proj(y.transpose(1, 2).reshape(b, t, d))


class Layer(nn.Module):
    def __init__(self, width: int, fused: bool) -> None:
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(width), Attention(width, fused)
        self.norm2, self.mlp = nn.LayerNorm(width), nn.Sequential(nn.Linear(width, 96), nn.GELU(), nn.Linear(96, width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    def __init__(self, fused: bool = True, width: int = 48, depth: int = 3, classes: int = 4) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, width, 8, 8)
        self.cls = nn.Parameter(torch.randn(1, 1, width) * 0.1)
        self.pos = nn.Parameter(torch.randn(1, 17, width) * 0.1)
        self.blocks = nn.ModuleList(Layer(width, fused) for _ in range(depth))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1) + self.pos
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0])


class UNet(nn.Module):
    """Regions: an answer for every pixel, with a skip across the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(3, 8, 3, 2, 1), nn.ConvTranspose2d(8, 8, 2, 2)
        self.side, self.out = nn.Conv2d(3, 8, 3, 1, 1), nn.Conv2d(16, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        low = nn.functional.gelu(self.down(x))
        up = nn.functional.interpolate(low, scale_factor=2, mode="bilinear") + self.up(low)
        return self.out(torch.cat([up, self.side(x).relu_()], 1))


def seeded(make: Any, *args: Any, **kwargs: Any) -> Any:
    """A model whose weights are the same each time, and whose statistics of batches are not the initial ones."""
    torch.manual_seed(0)
    model = make(*args, **kwargs)
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
    return model.eval()


def exported(model: nn.Module, x: Tensor, path: Path, *, dynamic: bool = True, plain: bool = False) -> Path:
    """The model as `.pt2`; with operators taken apart for `plain`."""
    shapes = ({0: torch.export.Dim("batch")},) if dynamic else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own, of its own
        program = torch.export.export(model, (x,), dynamic_shapes=shapes)
        torch.export.save(program.run_decompositions() if plain else program, path)
    return path


def from_pt2(path: Path, limits: Limits | None = None) -> GraphModel:
    return GraphModel(program_of_exported(read_exported(path, path.parent)), limits)


PATTERNS = np.stack([np.full((6, 6), 255), np.eye(6) * 255, np.fliplr(np.eye(6)) * 255, [[255, 0] * 3] * 6])


def located(count: int, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.int64], tuple[Any, ...]]:
    """Grey pictures of 32 px, one of four patterns of 6 px somewhere in faint noise, and the box of each."""
    random = np.random.default_rng(seed)
    pictures = random.integers(0, 90, (count, 32, 32)).astype(np.uint8)
    labels, boxes = random.integers(0, 4, count), []
    for picture, label in zip(pictures, labels, strict=True):
        top, left = random.integers(0, 26, 2)
        picture[top : top + 6, left : left + 6] = PATTERNS[label]
        boxes.append(((left / 32, top / 32, (left + 6) / 32, (top + 6) / 32),))
    return pictures, labels, tuple(boxes)


def finder() -> nn.Module:
    """Learns to tell the patterns apart, in a few seconds."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 12, 3, 1, 1),
        nn.BatchNorm2d(12),
        nn.ReLU(),
        nn.Conv2d(12, 24, 3, 2, 1),
        nn.BatchNorm2d(24),
        nn.ReLU(True),
        nn.Conv2d(24, 24, 3, 2, 1),
        nn.BatchNorm2d(24),
        nn.ReLU(True),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(24, 4),
    )
    pictures, labels, _ = located(1200)
    x, y = torch.tensor(pictures).float()[:, None] / 255, torch.tensor(labels)
    optimizer = torch.optim.Adam(model.parameters(), 4e-3)
    for _ in range(5):
        for start in range(0, len(x), 48):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[start : start + 48]), y[start : start + 48]).backward()
            optimizer.step()
    return model.eval().requires_grad_(False)
