"""Models that are trained or exported once for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from made import ResNet, ViT, exported, finder, seeded


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """As in a worker; sums do not depend on the machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def resnet() -> ResNet:
    return seeded(ResNet)


@pytest.fixture(scope="session")
def resnet_pt2(resnet: ResNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(resnet, torch.randn(2, 3, 32, 32), tmp_path_factory.mktemp("models") / "resnet.pt2")


@pytest.fixture(scope="session")
def vit() -> ViT:
    return seeded(ViT)


@pytest.fixture(scope="session")
def vit_pt2(vit: ViT, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(vit, torch.randn(2, 3, 32, 32), tmp_path_factory.mktemp("models") / "vit.pt2")


@pytest.fixture(scope="session")
def finder_model() -> torch.nn.Module:
    return finder()


@pytest.fixture(scope="session")
def finder_pt2(finder_model: torch.nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(finder_model, torch.randn(2, 1, 32, 32), tmp_path_factory.mktemp("models") / "finder.pt2")
