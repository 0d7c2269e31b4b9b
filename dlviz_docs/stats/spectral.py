"""How many directions a matrix of weights really uses."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["largest_singular", "stable_rank"]

Floats: TypeAlias = NDArray[np.float64]

_EXACT = 512
"""Shorter side up to which the products are decomposed whole."""
_BLOCK = 8
_ROUNDS = 60
_ENOUGH = 1e-7
"""Relative change of the estimate at which iteration ends."""


def stable_rank(weights: NDArray[Any]) -> float:
    """|W|² / σ², squared Euclidean norm over the squared largest singular value: from 1 to the rank; NaN for zeros.

    Rudelson and Vershynin, "Sampling from large matrices", Journal of the ACM 54, 2007. Weights of more than two axes
    are a matrix of the first axis by all others, as a convolution's filters are.
    """
    if weights.ndim < 2 or not weights.size:
        return float("nan")
    matrix = weights.reshape(len(weights), -1).astype(np.float64)
    largest = float(np.abs(matrix).max())
    if not 0 < largest < np.inf:
        return float("nan")
    matrix /= largest  # so that squares of weights at the ends of what floats hold are still numbers
    return float(np.einsum("ij,ij->", matrix, matrix) / largest_singular(matrix) ** 2)


def largest_singular(matrix: Floats) -> float:
    """The spectral norm of a finite matrix; exact for a short side of at most 512.

    Beyond that by block power iteration from eight random vectors, seed 0: where the largest values lie close, the
    estimate is a little low, and so the stable rank a little high.
    """
    tall = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
    if tall.shape[1] <= _EXACT:
        return float(np.sqrt(max(np.linalg.eigvalsh(tall.T @ tall)[-1], 0.0)))
    basis = np.random.default_rng(0).normal(size=(tall.shape[1], _BLOCK))
    before = 0.0
    for _ in range(_ROUNDS):
        basis, _ = np.linalg.qr(tall.T @ (tall @ basis))
        found = float(np.linalg.norm(tall @ basis, 2))
        if found - before <= _ENOUGH * found:
            break
        before = found
    return found
