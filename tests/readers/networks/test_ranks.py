"""Stable ranks of the matrices of real files, and of which they are not taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from dlviz_docs.model import Statistics
from dlviz_docs.readers.networks._ranks import with_ranks
from dlviz_docs.readers.networks.statistics import read_statistics
from dlviz_docs.readers.networks.weights import read_weights


def ranks(folder: Path, tensors: dict[str, torch.Tensor]) -> dict[str, Statistics]:
    torch.save(tensors, folder / "a.pt")
    weights = read_weights(folder / "a.pt", folder)
    found, _ = read_statistics(weights)
    return with_ranks(weights, found)


def test_ranks_are_those_of_the_singular_values(tmp_path: Path) -> None:
    torch.manual_seed(0)
    tensors = {
        "conv.weight": torch.randn(16, 3, 3, 3),
        "fc.weight": torch.randn(40, 64).half(),
        "one.weight": torch.ones(5, 6),
    }
    found = ranks(tmp_path, tensors)
    for name, tensor in tensors.items():
        values = np.linalg.svd(tensor.double().reshape(len(tensor), -1).numpy(), compute_uv=False)
        assert found[name].stable_rank == pytest.approx((values**2).sum() / values[0] ** 2, rel=1e-6)


def test_what_is_no_finite_matrix_of_bounded_size_has_none(tmp_path: Path) -> None:
    tensors = {
        "bias": torch.randn(16),
        "row.weight": torch.randn(1, 16),
        "empty.weight": torch.empty(0, 4),
        "zero.weight": torch.zeros(4, 4),
        "nan.weight": torch.full((4, 4), torch.nan),
        "complex.weight": torch.randn(4, 4, dtype=torch.complex64),
        "large.weight": torch.randn(1100, 1000),
    }
    found = ranks(tmp_path, tensors)
    assert {name: one.stable_rank for name, one in found.items() if one.stable_rank is not None} == {}
    assert found.keys() >= {"bias", "nan.weight", "large.weight"}


def test_of_very_many_matrices_the_cheapest_are_taken(tmp_path: Path) -> None:
    tensors = {f"l{i}.weight": torch.ones(500, 500) for i in range(12)} | {"small.weight": torch.ones(4, 4)}
    found = ranks(tmp_path, tensors)
    taken = [name for name, one in found.items() if one.stable_rank is not None]
    assert "small.weight" in taken
    assert 5 <= len(taken) < 13
