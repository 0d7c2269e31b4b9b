"""Numbers of weights against NumPy, PyTorch and what must hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dlviz_docs.stats.filters import MOST, filter_sheet, sheet_grid, sheet_size
from dlviz_docs.stats.spectral import largest_singular, stable_rank
from dlviz_docs.stats.weights import dead_rows, he_deviation, quantiles_of, rebinned

SHAPES = hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=9)


# --- rows and histograms ----------------------------------------------------------------------------------------------


def test_channels_that_are_nothing_beside_the_others_are_dead() -> None:
    scales = np.array([1.0, -0.9, 1e-4, 1.1, 0.0, 1.0, 0.002])
    assert dead_rows(scales).tolist() == [2, 4]
    assert dead_rows(scales, 0.01).tolist() == [2, 4, 6]


def test_where_most_are_zero_the_others_tell_what_is_small() -> None:
    assert dead_rows(np.array([0.0, 0.0, 0.0, 1.0, 2.0])).tolist() == [0, 1, 2]
    assert dead_rows(np.zeros(5)).tolist() == []
    assert dead_rows(np.empty(0)).tolist() == []


@given(hnp.arrays(np.float64, st.integers(2_000, 3_000), elements=st.floats(-50, 50)), st.integers(5, 80))
def test_quantiles_lie_within_a_bin_of_the_true_ones(values: np.ndarray, bins: int) -> None:
    low, high = float(values.min()), float(values.max())
    counts = np.histogram(values, bins, (low, high or 1.0) if low == high else (low, high))[0].astype(np.float64)
    high = (high or 1.0) if low == high else high
    if low >= high:
        return
    shares = (0.05, 0.25, 0.5, 0.75, 0.95)
    found = quantiles_of(counts, low, high, shares)
    true = np.quantile(values, shares, method="inverted_cdf")
    assert (np.diff(found) >= 0).all()
    assert np.abs(found - true).max() <= 1.01 * (high - low) / bins


def test_quantiles_of_nothing_are_unknown() -> None:
    assert np.isnan(quantiles_of(np.zeros(8), -1, 1, (0.5,))).all()
    assert np.isnan(quantiles_of(np.empty(0), -1, 1, (0.5,))).all()
    assert quantiles_of(np.array([0.0, 4.0, 0.0, 0.0]), 0, 4, (0, 0.5, 1)).tolist() == [1, 1.5, 2]


@given(hnp.arrays(np.float64, st.integers(0, 200), elements=st.floats(0, 1e6)), st.integers(1, 40))
def test_fewer_bins_hold_as_much(counts: np.ndarray, most: int) -> None:
    joined = rebinned(counts, most)
    assert len(joined) == min(len(counts), most)
    assert joined.sum() == pytest.approx(counts.sum(), abs=1e-6)
    assert (joined >= -1e-6).all()


def test_neighbours_are_joined_whole_where_that_comes_out_even() -> None:
    assert rebinned(np.arange(6.0), 3).tolist() == [1, 5, 9]


@pytest.mark.parametrize("shape", [(64, 32, 3, 3), (10, 84), (128, 1, 7)])
def test_the_deviation_of_he_is_that_of_pytorch(shape: tuple[int, ...]) -> None:
    import torch

    weights = torch.empty(shape)
    torch.nn.init.kaiming_normal_(weights, generator=torch.Generator().manual_seed(0))
    assert he_deviation(shape) == pytest.approx(float(weights.std()), rel=0.1)


def test_where_outputs_are_the_last_axis_fan_in_is_that_of_the_others() -> None:
    assert he_deviation((3, 3, 16, 64), last=True) == he_deviation((64, 16, 3, 3))


@pytest.mark.parametrize("shape", [(), (5,), (5, 0)])
def test_without_a_fan_in_there_is_no_such_deviation(shape: tuple[int, ...]) -> None:
    assert math.isnan(he_deviation(shape))


# --- stable rank ------------------------------------------------------------------------------------------------------


@given(
    hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=4, max_side=8), elements=st.floats(-4, 4, width=32))
)
def test_stable_rank_is_that_of_the_singular_values(weights: np.ndarray) -> None:
    values = np.linalg.svd(weights.reshape(len(weights), -1).astype(np.float64), compute_uv=False)
    found = stable_rank(weights)
    if values[0] < 1e-30:
        assert math.isnan(found) or found >= 1 - 1e-6
    else:
        assert found == pytest.approx((values**2).sum() / values[0] ** 2, rel=1e-6)


def test_large_matrices_are_estimated_closely() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(700, 900))
    strong = noise + 100 * np.outer(rng.normal(size=700), rng.normal(size=900)) / 30
    assert largest_singular(strong) == pytest.approx(np.linalg.norm(strong, 2), rel=1e-6)
    assert largest_singular(noise) == pytest.approx(np.linalg.norm(noise, 2), rel=5e-3)
    assert largest_singular(noise.T) <= np.linalg.norm(noise, 2) * (1 + 1e-9)
    assert stable_rank(np.eye(600)) == pytest.approx(600)


@pytest.mark.parametrize("weights", [np.zeros((3, 4)), np.empty((0, 4)), np.ones(5), np.full((2, 2), np.nan)])
def test_without_a_largest_value_there_is_no_stable_rank(weights: np.ndarray) -> None:
    assert math.isnan(stable_rank(weights))


def test_stable_rank_of_weights_at_the_ends_of_floats() -> None:
    assert stable_rank(np.full((3, 3), 1e300)) == pytest.approx(1)
    assert stable_rank(np.eye(3) * 1e-200) == pytest.approx(3)


# --- filters as pictures ----------------------------------------------------------------------------------------------


def test_filters_of_three_channels_are_in_colour_around_grey() -> None:
    weights = np.zeros((4, 3, 2, 2))
    weights[0, 0] = 0.5  # red, as strong as it gets
    weights[1, :, 0, 0] = -2.0
    sheet = filter_sheet(weights)
    assert sheet.shape == (5, 5, 3)
    assert sheet[0, 0].tolist() == [255, 128, 128]
    assert sheet[0, 3].tolist() == [0, 0, 0]
    assert sheet[3, 0].tolist() == [128, 128, 128]
    assert sheet[2, 2].tolist() == [128, 128, 128]  # between filters


def test_filters_of_other_channels_have_a_tile_each_blue_below_zero() -> None:
    weights = np.zeros((1, 2, 1, 1))
    weights[0, :, 0, 0] = (-1.0, 0.5)
    sheet = filter_sheet(weights)
    assert sheet.shape == (1, 3, 3)
    (negative, _, positive) = sheet[0].astype(int)
    assert negative[2] > negative[0] + 80
    assert positive[0] > positive[2]
    assert filter_sheet(np.zeros((1, 1, 1, 1)))[0, 0].tolist() == [242, 242, 242]


def test_filters_along_one_axis_are_rows() -> None:
    sheet = filter_sheet(np.linspace(-1, 1, 12).reshape(3, 1, 4))
    assert sheet.shape == (3, 4, 3)


def test_weights_that_are_no_numbers_are_black_and_hide_no_others() -> None:
    weights = np.full((1, 1, 1, 3), 0.5)
    weights[0, 0, 0, 1:] = np.nan, np.inf
    assert filter_sheet(weights)[0].tolist() == [[180, 4, 38], [0, 0, 0], [0, 0, 0]]
    assert filter_sheet(np.full((1, 3, 1, 1), np.nan))[0, 0].tolist() == [0, 0, 0]


@given(SHAPES)
def test_a_sheet_has_the_size_that_is_told(shape: tuple[int, ...]) -> None:
    sheet = filter_sheet(np.ones(shape))
    width, height = sheet_size(shape)
    assert sheet.shape == (height, width, 3)
    rows, columns = sheet_grid(shape)
    if len(shape) == 4 and rows:
        tiles = shape[0] if shape[1] == 3 else shape[0] * shape[1]
        assert rows * columns >= min(tiles, MOST) > (rows - 1) * columns


def test_of_very_many_filters_the_first_are_shown() -> None:
    weights = np.arange(2000 * 4 * 3.0).reshape(2000, 4, 1, 3)
    assert sheet_grid(weights.shape)[0] * sheet_grid(weights.shape)[1] >= MOST
    assert filter_sheet(weights).shape[:2] == sheet_size(weights.shape)[::-1]
    assert filter_sheet(np.ones((3000, 1, 8))).shape == (MOST, 8, 3)
