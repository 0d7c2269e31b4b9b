"""Pixels that were taken away, filled in from those around them, so that a hole tells nothing of what was there."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["noisy_linear"]

Floats: TypeAlias = NDArray[np.float32]
Known: TypeAlias = NDArray[np.bool_]

_AROUND = tuple((dy, dx, 1 / 12 if dy and dx else 1 / 6) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx)
"""Neighbours and their weights: 1/6 beside, 1/12 across the corner."""
_ITERATIONS = 400
_ENOUGH = 1e-5
"""Relative size of what is left, at which the equations count as solved."""


def noisy_linear(pictures: Floats, known: Known, noise: float = 0.01, seed: int = 0) -> Floats:
    """Each unknown pixel becomes the weighted mean of its neighbours, plus a little noise.

    `pictures` have shape (n, c, h, w), `known` (n, h, w); known pixels stay as they are. Rong, Leemann, Borisov,
    Kasneci and Kasneci, "A consistent and efficient evaluation strategy for attribution methods", ICML 2022, equation
    (4): of neighbours beyond the border the weight is left out. The noise is normal, with the deviation `noise` times
    the picture's own, so that a filled hole cannot be told by its smoothness.

    One linear system for each picture, symmetric and positive definite: solved by conjugate gradients, all at once. A
    picture of which nothing is known becomes its mean.
    """
    holes = ~known & known.any(axis=(1, 2), keepdims=True)
    unknown = holes[:, None].astype(np.float32)
    inner = np.where(holes[:, None], 0, pictures).astype(np.float32)
    filled: Floats = inner + _solved(_spread(inner) * unknown, unknown, _weights(pictures.shape[2:]))
    nothing = ~known.any(axis=(1, 2))
    filled[nothing] = pictures[nothing].mean(axis=(2, 3), keepdims=True)
    deviation: Floats = pictures.std(axis=(1, 2, 3), keepdims=True)
    random = np.random.default_rng(seed).normal(size=pictures.shape).astype(np.float32)
    return np.where(known[:, None], pictures, filled + noise * deviation * random).astype(np.float32)


def _spread(x: Floats) -> Floats:
    """For each pixel the weighted sum of its neighbours; beyond the border is nothing."""
    height, width = x.shape[2:]
    wide = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    total = np.zeros_like(x)
    for dy, dx, weight in _AROUND:
        total += np.float32(weight) * wide[:, :, 1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]
    return total


def _weights(shape: tuple[int, ...]) -> Floats:
    """Of the neighbours that a pixel has, shape (1, 1, h, w): 1 within, less at the border."""
    return _spread(np.ones((1, 1, *shape), dtype=np.float32))


def _solved(b: Floats, unknown: Floats, weights: Floats) -> Floats:
    """x with weights x - neighbours' x = b on unknown pixels, 0 elsewhere; shape (n, c, h, w).

    Hestenes and Stiefel 1952, one step length for each picture and channel.
    """
    x = np.zeros_like(b)
    residual = b.copy()
    direction: Floats = residual.copy()
    left = _dot(residual, residual)
    goal = left * _ENOUGH**2
    for _ in range(_ITERATIONS):
        if (left <= goal).all():
            break
        image: Floats = (weights * direction - _spread(direction)) * unknown
        curvature = _dot(direction, image)
        step = np.divide(left, curvature, out=np.zeros_like(left), where=(curvature > 0) & (left > goal))
        x += step * direction
        residual -= step * image
        after = _dot(residual, residual)
        direction *= np.divide(after, left, out=np.zeros_like(left), where=left > 0)
        direction += residual
        left = after
    return x


def _dot(a: Floats, b: Floats) -> Floats:
    """Inner product of each picture's channels, shape (n, c, 1, 1)."""
    products: Floats = np.einsum("nchw,nchw->nc", a, b)[:, :, None, None]
    return products
