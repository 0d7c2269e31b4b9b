"""Models out of a factory run as graphs where PyTorch can follow them, and as they are where it cannot."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from made import ResNet, ViT, seeded
from torch import Tensor, nn

from dlviz_docs.probes import Factory, Job, PictureInput, TableInput, probe
from dlviz_docs.probes.as_graph import as_graph
from dlviz_docs.probes.executor import GraphModel
from dlviz_docs.probes.factory import ModuleModel
from dlviz_docs.probes.opened import Opened
from dlviz_docs.probes.runnable import Limits

__all__ = ["transformer", "undecided"]


def transformer() -> nn.Module:
    return seeded(ViT)


class Undecided(nn.Module):
    """Which way it goes depends on what it is handed: no graph says that."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) if float(x.detach().sum()) > 0 else self.fc(-x)


def undecided() -> nn.Module:
    return seeded(Undecided)


@pytest.mark.parametrize("make", [ResNet, ViT])
def test_a_graph_answers_as_its_module(make: type[nn.Module]) -> None:
    module = seeded(make).requires_grad_(False)
    x = torch.rand(3, 3, 32, 32)
    found = as_graph(Opened(ModuleModel(module)), x[:2], Limits())
    assert isinstance(found.model, GraphModel)
    assert found.model.fixed_batch is None
    torch.testing.assert_close(found.model.forward(x), module(x), atol=1e-5, rtol=1e-4)
    assert set(found.model.weights()) >= {name for name, _ in module.named_parameters()}
    assert "exported" in found.notes[-1]


def test_a_transformer_shows_its_attention() -> None:
    pictures = tuple(np.random.default_rng(i).integers(0, 255, (32, 32, 3)).astype(np.uint8) for i in range(6))
    found = probe(Job(PictureInput(pictures), factory=Factory("test_as_graph:transformer"), shown=4))
    methods = {drawn.method for one in found.explanations for drawn in one.maps}
    assert {"rollout", "relevance"} <= methods
    assert any("its graph is run" in note for note in found.notes)


def test_what_cannot_be_followed_is_watched() -> None:
    x = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    found = probe(Job(TableInput(x, ("a", "b", "c")), factory=Factory("test_as_graph:undecided")))
    assert found.columns is not None
    (told,) = [note for note in found.notes if "watched as it runs" in note]
    assert "\n" not in told
    assert len(told) < 400


def test_a_graph_that_answers_otherwise_is_not_run() -> None:
    """What the module counts is no part of its graph."""

    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.calls = 0
            self.fc = nn.Linear(3, 2)

        def forward(self, x: Tensor) -> Tensor:
            self.calls += 1
            return self.fc(x) * self.calls

    found = as_graph(Opened(ModuleModel(Counting().requires_grad_(False).eval())), torch.rand(2, 3), Limits())
    assert isinstance(found.model, ModuleModel)
    assert "watched" in found.notes[-1]


def test_what_comes_from_a_file_stays() -> None:
    module = seeded(ViT).requires_grad_(False)
    first = as_graph(Opened(ModuleModel(module)), torch.rand(2, 3, 32, 32), Limits())
    assert as_graph(first, torch.rand(2, 3, 32, 32), Limits()) is first


SOURCE = """
import torch

def build():
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 2)
    with torch.no_grad():
        model.weight.fill_({value})
    return model
"""


def test_an_edited_package_is_imported_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    x = np.ones((4, 3), np.float32)
    made = []
    for turn, value in enumerate((1.0, -1000.0)):
        (tmp_path / "edited_here.py").write_text(SOURCE.format(value=value))
        factory = Factory("edited_here:build", content=f"content {turn}")
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        made.append(probe(Job(TableInput(x * np.arange(4)[:, None], ("a", "b", "c")), factory=factory)).columns)
    sys.modules.pop("edited_here", None)
    assert made[0] is not None
    assert made[1] is not None
    assert np.abs(made[1].attributions).max() > 100 * np.abs(made[0].attributions).max()
