"""A model left by a training script: whole, and without a word of the machine."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest
import torch
from torch import nn

from dlviz_docs import record


class Net(nn.Module):
    """Behaves otherwise in training."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.9), nn.Flatten())
        self.head = nn.Linear(4 * 36, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.head(self.layers(x))
        return found


def test_it_computes_what_the_module_computes_in_evaluation(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module, x = Net(), torch.rand(5, 1, 8, 8)
    path = record.model(tmp_path / "new", module, x[:2], epoch=3, step=70)
    assert path == tmp_path / "new" / "model-epoch=3-step=70.pt2"
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert module.training
    loaded = torch.export.load(path).module()  # noqa: TID251  (our own file)
    assert torch.equal(loaded(x), module.eval()(x))


def test_it_tells_nothing_of_the_machine(tmp_path: Path) -> None:
    with ZipFile(record.model(tmp_path, Net(), torch.rand(2, 1, 8, 8))) as archive:
        whole = b"".join(archive.read(name) for name in archive.namelist())
        assert archive.getinfo(next(n for n in archive.namelist() if "sample_inputs" in n)).file_size == 0
    assert str(Path(__file__).parent).encode() not in whole
    assert b"forward(self" not in whole


def test_several_inputs_and_a_batch_of_one_length(tmp_path: Path) -> None:
    class Sum(nn.Module):
        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return (x + y).reshape(3, -1)

    path = record.model(tmp_path, Sum(), (torch.rand(3, 2), torch.rand(3, 2)), name="sum")
    assert torch.export.load(path).module()(torch.ones(3, 2), torch.ones(3, 2)).sum() == 12  # noqa: TID251


def test_what_cannot_be_followed_leaves_no_file(tmp_path: Path) -> None:
    class Chooses(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + 1 if x.sum() > 0 else x

    module = Chooses()
    with pytest.raises(Exception, match=r"(?i)data-dependent|guard"):
        record.model(tmp_path, module, torch.rand(2, 2))
    assert module.training
    assert list(tmp_path.iterdir()) == []
