"""Statistics of weights against NumPy's and PyTorch's own, in float64 over everything at once."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import nn

from dlviz_docs.model import Statistics
from dlviz_docs.readers.networks.change import change_between, movement
from dlviz_docs.readers.networks.statistics import BINS, SAMPLED, read_statistics, statistics_of
from dlviz_docs.readers.networks.weights import WeightsFile, read_weights


def saved(folder: Path, name: str = "model.pt", **state: torch.Tensor) -> WeightsFile:
    torch.save(state, folder / name)
    return read_weights(folder / name, folder)


def one(folder: Path, tensor: torch.Tensor) -> Statistics:
    return statistics_of(saved(folder, w=tensor).stored["w"])


def agrees(found: Statistics, tensor: torch.Tensor, *, close: float = 1e-6) -> None:
    values = tensor if tensor.is_complex() else tensor.to(torch.float64)
    every = np.abs(values.numpy()).astype(np.float64) if tensor.is_complex() else values.numpy()
    finite = every[np.isfinite(every)]
    assert found.nan == np.isnan(every).sum()
    assert found.infinite == np.isinf(every).sum()
    assert found.zeros == (every == 0).sum()
    assert len(found.counts) == BINS
    assert not found.counts.flags.writeable
    assert found.counts.sum() == pytest.approx(len(finite))
    assert found.low < found.high
    if not len(finite):
        assert found.minimum is found.maximum is found.mean is found.std is None
        assert found.norm == 0
        return
    assert (found.minimum, found.maximum) == (finite.min(), finite.max())
    size = float(np.abs(finite).max()) or 1.0
    with np.errstate(over="ignore", under="ignore"):
        assert found.mean == pytest.approx(finite.mean(), rel=close, abs=close * size)
        assert found.std == pytest.approx(finite.std(), rel=1e-5, abs=1e-7 * size)
        assert found.norm == pytest.approx(np.linalg.norm(finite), rel=close)
        if values.ndim and values.numel() and len(values) <= 1 << 17:
            rows = np.where(np.isfinite(every), every, 0).reshape(len(every), -1)
            assert found.rows is not None
            assert not found.rows.flags.writeable
            np.testing.assert_allclose(found.rows, np.sqrt((rows**2).sum(1)), rtol=close, atol=0)
        else:
            assert found.rows is None


SHAPES = [
    (0,), (), (1,), (7,), (1024,), (3, 0), (1, 1), (64, 3, 7, 7), (128, 64, 3, 3), (100, 100), (37, 11341),
    (5, 200_003), (300_000,), (2, 131_072), (1, 300_000), (131_072, 2), (70_000, 9), (16, 1, 3, 3), (513, 512),
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_weights_of_every_shape(tmp_path: Path, shape: tuple[int, ...]) -> None:
    tensor = torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 0.02
    agrees(one(tmp_path, tensor), tensor)


@pytest.mark.parametrize("shape", [(64, 32, 3, 3), (300, 500), (40, 50, 60)], ids=str)
def test_axes_in_any_order(tmp_path: Path, shape: tuple[int, ...]) -> None:
    tensor = torch.randn(shape[::-1]).permute(*reversed(range(len(shape))))
    agrees(one(tmp_path, tensor), tensor)
    if len(shape) == 4:
        last = tensor.contiguous(memory_format=torch.channels_last)
        agrees(one(tmp_path, last), last)
    agrees(one(tmp_path, tensor[1:, ::2]), tensor[1:, ::2])


def _tensors() -> list[torch.Tensor]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return [
            torch.randn(256, 1024) + 1e4,
            torch.rand(1000, 1000) * 1e-3 + 1000,
            torch.full((64, 128), 3.25),
            torch.zeros(64, 128),
            torch.randn(64, 128) * 1e30,
            torch.randn(64, 128) * 1e-30,
            torch.randn(64, 128, dtype=torch.float64) * 1e150,
            torch.randn(64, 128, dtype=torch.float64) * 1e-150,
            torch.tensor([-3.4e38, 3.4e38]).repeat(64, 64),
            torch.tensor([1e-45, 0.0]).repeat(64, 64),
            torch.randint(0, 256, (64, 64), dtype=torch.uint8),
            torch.randint(-(1 << 40), 1 << 40, (64, 64)),
            torch.rand(64, 64) > 0.5,
            torch.randn(64, 64).to(torch.bfloat16),
            torch.randn(64, 64).to(torch.float16),
            torch.randn(64, 64).to(torch.float8_e4m3fn),
            torch.randn(64, 64, dtype=torch.complex64),
        ]


@pytest.mark.parametrize("tensor", _tensors())
def test_values_of_every_kind(tmp_path: Path, tensor: torch.Tensor) -> None:
    agrees(one(tmp_path, tensor), tensor)


def test_more_rows_than_are_of_use_are_left_out(tmp_path: Path) -> None:
    assert one(tmp_path, torch.randn(300_000, 2)).rows is None


def test_numbers_whose_squares_are_none(tmp_path: Path) -> None:
    found = one(tmp_path, torch.tensor([[1e200, -1e200], [1e308, -1e308]], dtype=torch.float64))
    assert (found.minimum, found.maximum, found.norm, found.std) == (-1e308, 1e308, math.inf, None)
    assert found.counts.sum() == 4


def test_a_large_mean_does_not_eat_the_spread(tmp_path: Path) -> None:
    tensor = torch.randn(512, 1024, dtype=torch.float64) * 1e-2 + 1e5
    assert one(tmp_path, tensor).std == pytest.approx(tensor.numpy().std(), rel=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize("shape", [(64, 128), (300_000,), (3, 5)], ids=str)
def test_nan_and_infinite_values_are_counted_and_left_out(
    tmp_path: Path, dtype: torch.dtype, shape: tuple[int, ...]
) -> None:
    tensor = torch.randn(shape).to(dtype)
    flat = tensor.reshape(-1)
    flat[::7], flat[1::11], flat[3::13] = math.nan, math.inf, -math.inf
    agrees(one(tmp_path, tensor), tensor)
    agrees(one(tmp_path, torch.full(shape, math.nan).to(dtype)), torch.full(shape, math.nan).to(dtype))


@given(
    values=hnp.arrays(
        np.float32, hnp.array_shapes(max_dims=3, max_side=70), elements=st.floats(width=32, allow_subnormal=False)
    )
)
def test_any_values(values: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> None:
    tensor = torch.from_numpy(values)
    agrees(one(tmp_path_factory.mktemp("any"), tensor), tensor)


def test_the_histogram_of_a_small_tensor_is_of_every_element(tmp_path: Path) -> None:
    tensor = torch.randn(SAMPLED // 4, 4)
    found = one(tmp_path, tensor)
    values = np.clip(tensor.double().numpy(), found.low, found.high)
    expected, _ = np.histogram(values, BINS, (found.low, found.high))
    assert np.abs(found.counts - expected).sum() <= 4  # elements right at a border
    assert found.counts.sum() == tensor.numel()


def test_the_histogram_of_a_large_tensor_is_of_evenly_spaced_elements(tmp_path: Path) -> None:
    tensor = torch.randn(3 * SAMPLED + 5)
    found = one(tmp_path, tensor)
    values = np.clip(tensor.double().numpy(), found.low, found.high)
    expected, _ = np.histogram(values, BINS, (found.low, found.high))
    share = expected / expected.sum()
    error = np.sqrt(share * (1 - share) / (SAMPLED / 2)) + 1e-6
    assert (np.abs(found.counts / found.counts.sum() - share) < 6 * error).all()
    assert found.counts.sum() == pytest.approx(tensor.numel())


@pytest.mark.parametrize("shape", [(512, 128, 3, 3), (1024, 1024)], ids=str)
def test_the_histogram_of_a_large_tensor_is_of_every_column_and_place_in_a_kernel(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    tensor = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    tensor[(slice(None), 0) if len(shape) == 2 else (..., 0, 0)] *= 0.01  # first in each row, or in each kernel
    found = one(tmp_path, tensor)
    expected, _ = np.histogram(np.clip(tensor.numpy(), found.low, found.high), BINS, (found.low, found.high))
    assert np.abs(found.counts - expected).sum() / tensor.numel() < 0.05


def test_rows_of_tiny_weights_beside_others_keep_their_norms(tmp_path: Path) -> None:
    tensor = torch.randn(8, 512, generator=torch.Generator().manual_seed(0))
    tensor[1:] *= torch.logspace(-18, -30, 7)[:, None]
    agrees(one(tmp_path, tensor), tensor)


def test_a_few_finite_weights_among_many_that_are_not_are_in_the_histogram(tmp_path: Path) -> None:
    tensor = torch.full((3, 87_383), math.nan)
    tensor[1, 2:4] = torch.tensor([0.5, 1.0])
    found = one(tmp_path, tensor)
    assert found.counts.sum() == 2
    assert found.counts[[0, -1]].tolist() == [1, 1]


def test_outliers_stand_in_the_outermost_bins(tmp_path: Path) -> None:
    tensor = torch.cat([torch.randn(9_999), torch.tensor([1000.0])])
    found = one(tmp_path, tensor)
    assert found.maximum == 1000
    assert found.high < 100
    assert found.counts[-1] == 1


def test_problems_are_of_the_file_and_told_once(tmp_path: Path) -> None:
    state = nn.Linear(4, 4).state_dict()
    state["weight"][0, 0] = math.nan
    state["bias"][1] = math.inf
    statistics, problems = read_statistics(saved(tmp_path, **state, attn_mask=torch.tensor([[0.0, -math.inf]])))
    assert set(statistics) == {"weight", "bias", "attn_mask"}
    assert [problem.code for problem in problems] == ["weights-not-finite"]
    assert problems[0].path == "model.pt"
    assert "1 NaN and 1 infinite" in problems[0].what
    assert "2 tensors" in problems[0].what


def test_a_mask_may_be_infinite(tmp_path: Path) -> None:
    _, problems = read_statistics(saved(tmp_path, w=torch.ones(2, 2), attn_mask=torch.full((2, 2), -math.inf)))
    assert not problems
    _, problems = read_statistics(saved(tmp_path, w=torch.ones(2, 2), running_var=torch.full((2,), math.inf)))
    assert [problem.code for problem in problems] == ["weights-not-finite"]


# --- from one checkpoint to another -----------------------------------------------------------------------------------


def moved(before: torch.Tensor, after: torch.Tensor) -> tuple[float, float]:
    first, second = before.double().reshape(-1), after.double().reshape(-1)
    relative = ((second - first).norm() / first.norm()).item()
    return relative, torch.nn.functional.cosine_similarity(first, second, dim=0).item()


def test_how_far_weights_moved(tmp_path: Path) -> None:
    torch.manual_seed(0)
    before = {"a": torch.randn(300, 500), "b": torch.randn(7), "n": torch.tensor(3), "gone": torch.ones(1)}
    after = {
        "a": before["a"] + 0.1 * torch.randn(300, 500),
        "b": -before["b"],
        "n": torch.tensor(4),
        "new": torch.ones(1),
    }
    change = change_between(saved(tmp_path, "1.pt", **before), saved(tmp_path, "2.pt", **after))
    assert (change.before, change.after) == ("1.pt", "2.pt")
    assert change.names == ("a", "b")
    for place, name in enumerate(change.names):
        relative, cosine = moved(before[name], after[name])
        assert change.relative[place] == pytest.approx(relative)
        assert change.cosine[place] == pytest.approx(cosine)
    assert not change.relative.flags.writeable


def test_tensors_in_another_order_of_axes_or_another_type(tmp_path: Path) -> None:
    tensor = torch.randn(8, 4, 3, 3)
    other = tensor + 0.01 * torch.randn(8, 4, 3, 3)
    expected = moved(tensor, other)
    last = saved(tmp_path, "l.pt", w=other.contiguous(memory_format=torch.channels_last))
    assert movement(saved(tmp_path, "f.pt", w=tensor).stored["w"], last.stored["w"]) == pytest.approx(expected)
    half = saved(tmp_path, "h.pt", w=other.half())
    relative, cosine = movement(saved(tmp_path, "f.pt", w=tensor).stored["w"], half.stored["w"])
    assert relative == pytest.approx(expected[0], rel=1e-2)
    assert cosine == pytest.approx(expected[1], rel=1e-3)


def test_tensors_with_gaps_in_files_of_two_types(tmp_path: Path) -> None:
    wide = torch.randn(1000, 800)
    before, after = saved(tmp_path, "1.pt", w=wide[:, ::2]), saved(tmp_path, "2.pt", w=(wide * 1.5).half()[:, ::2])
    assert movement(before.stored["w"], after.stored["w"])[0] == pytest.approx(0.5, rel=1e-2)


def test_what_did_not_move_and_what_was_nothing(tmp_path: Path) -> None:
    before = saved(tmp_path, "1.pt", same=torch.randn(3, 3), zero=torch.zeros(3, 3), to_zero=torch.ones(2, 2))
    state = {"same": torch.zeros(3, 3), "zero": torch.ones(3, 3), "to_zero": torch.zeros(2, 2)}
    after = saved(tmp_path, "2.pt", **state)
    still = change_between(before, before)
    assert still.relative[0] == 0
    assert still.cosine[0] == pytest.approx(1)
    change = change_between(before, after)
    assert math.isnan(change.relative[1])
    assert math.isnan(change.cosine[1])
    assert change.relative[2] == 1
    assert math.isnan(change.cosine[2])


def test_elements_that_are_not_finite_are_left_out_of_both(tmp_path: Path) -> None:
    before, after = torch.randn(4, 4), torch.randn(4, 4)
    broken = after.clone()
    broken[0] = math.nan
    change = movement(saved(tmp_path, "1.pt", w=before).stored["w"], saved(tmp_path, "2.pt", w=broken).stored["w"])
    assert change == pytest.approx(moved(before[1:], after[1:]))
