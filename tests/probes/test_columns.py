"""Tables and texts: what is known to matter is found to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from made import exported, from_pt2, seeded
from torch import Tensor, nn

from dlviz_docs.errors import ProbeError
from dlviz_docs.probes import Factory, Job, TableInput, TextInput, probe
from dlviz_docs.probes.columns import columns_of, tokens_of
from dlviz_docs.probes.factory import ModuleModel

__all__ = ["Bag", "Scorer"]


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


class Bag(nn.Module):
    """A text is good where word 3 stands, bad where word 5 does."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.fc = nn.Embedding(10, 2), nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            self.embedding.weight.zero_()
            self.embedding.weight[3, 1] = 1
            self.embedding.weight[5, 0] = 1
            self.fc.weight.copy_(torch.eye(2) * 3)

    def forward(self, ids: Tensor) -> Tensor:
        return self.fc(torch.tanh(self.embedding(ids).sum(1)))


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


def test_words_of_a_text(tmp_path: Path) -> None:
    ids = np.array([[1, 3, 2, 0], [5, 2, 2, 3], [5, 5, 0, 0]])
    words = (("it", "is", "good"), ("bad", "and", "also", "good"), ("bad", "bad"))
    path = exported(seeded(Bag), torch.tensor(ids), tmp_path / "m.pt2")
    for model in (from_pt2(path), ModuleModel(Bag().requires_grad_(False).eval())):
        good, mixed, bad = tokens_of(model, ids, words, 2, pad=0)
        assert (good.target, bad.target) == (1, 0)
        assert good.words == ("it", "is", "good")
        assert good.values[1] == pytest.approx(3 * np.tanh(1), abs=1e-4)
        assert np.abs(good.values[[0, 2]]).max() == 0
        assert mixed.gap < 1e-3
        assert np.allclose(bad.values, 3 * np.tanh(2) / 2, atol=1e-4), "two equal words share evenly"
    found = probe(Job(TextInput(ids, words, 0), path, tmp_path, explain=(2, 0)))
    assert [one.sample for one in found.texts] == [2, 0]
    assert found.texts[0].words == ("bad", "bad")


def test_a_model_without_an_embedding_is_told() -> None:
    class Numbers(nn.Module):
        def forward(self, ids: Tensor) -> Tensor:
            return ids.float() @ torch.ones(4, 2)

    with pytest.raises(ProbeError, match="no embedding"):
        tokens_of(ModuleModel(Numbers()), np.zeros((1, 4), np.int64), (("a",),), 1)


def test_factories_explain_tables_too() -> None:
    found = probe(Job(TableInput(rows(20), ("a", "b", "c")), factory=Factory("test_columns:Scorer")))
    assert found.columns is not None
    assert found.notes == ("No weights were named: the factory's own are explained.",)
