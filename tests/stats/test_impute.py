"""Holes are filled as the paper's linear system has it, and known pixels stay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import lil_matrix
from scipy.sparse.linalg import spsolve

from dlviz_docs.stats.impute import noisy_linear


def solved(picture: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The same by a direct solver, one equation for each unknown pixel, as Rong et al. write them."""
    height, width = known.shape
    unknown = np.argwhere(~known)
    places = np.full(known.shape, -1)
    places[~known] = range(len(unknown))
    matrix, right = lil_matrix((len(unknown), len(unknown))), np.zeros((len(unknown), len(picture)))
    for row, (y, x) in enumerate(unknown):
        for dy, dx in ((a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b):
            if 0 <= y + dy < height and 0 <= x + dx < width:
                weight = 1 / 12 if dy and dx else 1 / 6
                matrix[row, row] += weight
                if known[y + dy, x + dx]:
                    right[row] += weight * picture[:, y + dy, x + dx]
                else:
                    matrix[row, places[y + dy, x + dx]] -= weight
    return spsolve(matrix.tocsr(), right).reshape(right.shape).T


@given(st.integers(0, 10_000), st.integers(3, 12), st.integers(3, 12), st.floats(0.1, 0.9))
def test_holes_are_the_solution_of_the_linear_system(seed: int, height: int, width: int, share: float) -> None:
    random = np.random.default_rng(seed)
    pictures = random.normal(size=(2, 3, height, width)).astype(np.float32)
    known = random.random((2, height, width)) >= share
    known[:, 0, 0] = True
    filled = noisy_linear(pictures, known, noise=0)
    for picture, mask, found in zip(pictures, known, filled, strict=True):
        assert np.array_equal(found[:, mask], picture[:, mask])
        if not mask.all():
            np.testing.assert_allclose(found[:, ~mask], solved(picture, mask), atol=2e-3)


def test_a_hole_in_an_even_slope_is_the_slope() -> None:
    slope = np.tile(np.arange(20, dtype=np.float32), (1, 1, 16, 1))
    known = np.ones((1, 16, 20), bool)
    known[0, 4:12, 5:15] = False
    np.testing.assert_allclose(noisy_linear(slope, known, noise=0), slope, atol=1e-2)


def test_a_picture_of_which_nothing_is_known_is_its_mean() -> None:
    picture = np.random.default_rng(0).normal(size=(1, 2, 5, 6)).astype(np.float32)
    filled = noisy_linear(picture, np.zeros((1, 5, 6), bool), noise=0)
    np.testing.assert_allclose(filled, np.broadcast_to(picture.mean(axis=(2, 3), keepdims=True), filled.shape))


@pytest.mark.parametrize("noise", [0.01, 0.1])
def test_noise_has_its_size_and_is_the_same_each_time(noise: float) -> None:
    picture = np.random.default_rng(0).normal(size=(1, 1, 40, 40)).astype(np.float32)
    known = np.ones((1, 40, 40), bool)
    known[0, ::2] = False
    first, again = (noisy_linear(picture, known, noise) for _ in range(2))
    assert np.array_equal(first, again)
    apart = (first - noisy_linear(picture, known, 0))[:, :, ~known[0]]
    assert apart.std() == pytest.approx(noise * picture.std(), rel=0.1)
