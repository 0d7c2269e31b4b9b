"""Tables: what is known to matter is found to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from made import exported, seeded
from torch import Tensor, nn

from dlviz_docs.probes import Factory, Job, TableInput, probe
from dlviz_docs.probes.columns import columns_of
from dlviz_docs.probes.factory import ModuleModel

__all__ = ["Scorer"]


class Scorer(nn.Module):
    """The first column decides, the second a little, the third not at all."""

    def __init__(self, classes: bool = True) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2 if classes else 1)
        with torch.no_grad():
            self.fc.weight.copy_(torch.tensor([[-4.0, -1.0, 0.0], [4.0, 1.0, 0.0]])[-self.fc.out_features :])
            self.fc.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


def rows(count: int = 200) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, 3)).astype(np.float32)


def test_columns_of_classes() -> None:
    x = torch.from_numpy(rows())
    model = ModuleModel(Scorer().requires_grad_(False).eval())
    truth = model.forward(x).argmax(1).double().numpy()
    truth[0] = np.nan
    found = columns_of(model, x, ("a", "b", "c"), truth, 64)
    assert found.measure == "accuracy"
    assert found.importance[0] > found.importance[1] > found.importance[2] == 0
    assert found.attributions.shape == (200, 3)
    assert np.abs(found.attributions[:, 2]).max() == 0
    assert found.gap.max() < 1e-3
    sign = np.where(model.forward(x).argmax(1).numpy() == 1, 1, -1)
    linear = sign[:, None] * (rows() - rows().mean(0)) * np.array([4, 1, 0])
    np.testing.assert_allclose(found.attributions, linear, atol=1e-4)


def test_columns_of_values_and_without_truth() -> None:
    x = torch.from_numpy(rows())
    model = ModuleModel(Scorer(classes=False).requires_grad_(False).eval())
    truth = model.forward(x)[:, 0].double().numpy()
    found = columns_of(model, x, ("a", "b", "c"), truth, 64)
    assert found.measure == "r2"
    assert found.importance[0] == pytest.approx(2 * 16 / 17, rel=0.2), "twice the share of variance"
    assert found.importance[2] == pytest.approx(0, abs=1e-9)
    guessed = columns_of(ModuleModel(Scorer().eval()), x, ("a", "b", "c"), None, 64)
    assert guessed.measure == "changed answers"
    assert guessed.importance[0] > 0.2


def test_a_table_through_a_file(tmp_path: Path) -> None:
    path = exported(seeded(Scorer), torch.randn(2, 3), tmp_path / "m.pt2")
    found = probe(Job(TableInput(rows(50), ("a", "b", "c")), path, tmp_path, classes=("no", "yes")))
    assert found.columns is not None
    assert found.columns.names == ("a", "b", "c")
    assert found.samples == 50
    assert [one.path for one in found.traced] == ["fc"]


def test_factories_explain_tables_too() -> None:
    found = probe(Job(TableInput(rows(20), ("a", "b", "c")), factory=Factory("test_columns:Scorer")))
    assert found.columns is not None
    assert found.notes == (
        "No weights were named: the factory's own are explained.",
        "The factory's model was exported, and its graph is run.",
    )
