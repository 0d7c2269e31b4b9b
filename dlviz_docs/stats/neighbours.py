"""Points in many dimensions: principal components, nearest neighbours, and how far a map of them can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["nearest", "neighbour_classes", "principal", "trustworthiness"]

Floats: TypeAlias = NDArray[np.float64]

_BLOCK = 512
_ASKED = 600
_EXACT = 600
"""Columns, or rows, up to which all components are computed; beyond, the leading ones from random projections."""
_ITERATIONS = 5


def principal(points: Floats, components: int) -> tuple[Floats, Floats]:
    """Coordinates on the first principal components, shape (n, c), and the share of variance each holds.

    c is at most `components`, and less where there are fewer dimensions or points. Each component points to where its
    largest weight is positive, so that a map does not flip. Of many dimensions by subspace iteration from random
    vectors, seed 0: Halko, Martinsson and Tropp, SIAM Review 53, 2011, algorithm 4.4 on the matrix of products.
    Coordinates are in steps of a millionth of the largest: by how many threads sums were added does not show.
    """
    centred = points - points.mean(axis=0) if len(points) else points
    total = float(np.einsum("ij,ij->", centred, centred))
    count = min(components, *centred.shape)
    if count < 1 or not total > 0:
        return np.zeros((len(points), max(count, 0))), np.zeros(max(count, 0))
    axes = _axes(centred, count)
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(count)] < 0, -1.0, 1.0)
    coordinates: Floats = centred @ axes
    step = 10.0 ** (np.floor(np.log10(np.abs(coordinates).max())) - 6)
    coordinates = np.round(coordinates / step) * step
    return coordinates, np.einsum("ij,ij->j", coordinates, coordinates) / total


def _axes(centred: Floats, count: int) -> Floats:
    """Right singular vectors, shape (d, count), the largest first."""
    tall = centred.shape[0] >= centred.shape[1]
    products = centred.T @ centred if tall else centred @ centred.T
    if len(products) <= _EXACT:
        vectors: Floats = np.linalg.eigh(products)[1][:, ::-1][:, :count]
    else:
        vectors = _leading(products, count)
    if tall:
        return vectors
    axes: Floats = centred.T @ vectors
    lengths = np.linalg.norm(axes, axis=0)
    return axes / np.where(lengths > 0, lengths, 1)


def _leading(products: Floats, count: int) -> Floats:
    """Eigenvectors of the largest eigenvalues of a symmetric matrix, from a few products with random vectors."""
    basis = np.random.default_rng(0).normal(size=(len(products), count + 10))
    for _ in range(_ITERATIONS):
        basis = np.linalg.qr(products @ basis)[0]
    vectors: Floats = basis @ np.linalg.eigh(basis.T @ products @ basis)[1][:, ::-1][:, :count]
    return vectors


def nearest(points: Floats, k: int) -> tuple[NDArray[np.intp], Floats]:
    """The k nearest other points of each by Euclidean distance, shape (n, k), the nearest first, and their distances.

    All pairs are compared, in blocks. k has to be less than n.
    """
    places, lengths = [np.zeros((0, k), np.intp)], [np.zeros((0, k))]
    for _, squares in _squared(points):
        near = np.argpartition(squares, k - 1, axis=1)[:, :k]
        found = np.take_along_axis(squares, near, axis=1)
        order = np.lexsort((near, found), axis=1)
        places.append(np.take_along_axis(near, order, axis=1))
        lengths.append(np.sqrt(np.take_along_axis(found, order, axis=1)))
    return np.concatenate(places), np.concatenate(lengths)


def _squared(points: Floats) -> Iterator[tuple[int, Floats]]:
    """Squared distances of a block of rows to all, infinite to themselves, and where the block begins."""
    squares = np.einsum("ij,ij->i", points, points)
    for start in range(0, len(points), _BLOCK):
        block = points[start : start + _BLOCK]
        distances = squares[start : start + _BLOCK, None] + squares[None] - 2 * (block @ points.T)
        np.maximum(distances, 0, out=distances)
        distances[np.arange(len(block)), np.arange(start, start + len(block))] = np.inf
        yield start, distances


def trustworthiness(points: Floats, shown: Floats, k: int = 10) -> float:
    """How far neighbours on a map are neighbours in truth: 1 for all, about 0.5 for a random map.

    Both have shape (n, ...). Venna and Kaski, "Neighborhood preservation in nonlinear projection methods", ICANN 2001.
    It is a mean over the points: of more than 600, over 600 of them, with neighbours among all. NaN for fewer than
    2k + 1 points.
    """
    n = len(points)
    if n <= 2 * k:
        return float("nan")
    asked = np.linspace(0, n - 1, min(n, _ASKED)).astype(np.intp)
    excess = 0.0
    for start in range(0, len(asked), _BLOCK):
        rows = asked[start : start + _BLOCK]
        on_map = np.argpartition(_apart(shown, rows), k - 1, axis=1)[:, :k]
        squares = _apart(points, rows)
        reach = np.take_along_axis(squares, on_map, axis=1)
        for place in range(k):
            ranks = np.count_nonzero(squares < reach[:, place, None], axis=1) + 1
            excess += float(np.maximum(ranks - k, 0).sum())
    return 1 - excess * 2 / (len(asked) * k * (2 * n - 3 * k - 1))


def _apart(points: Floats, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    """Squared distances of some points to all, infinite to themselves; about their mean, so that few digits do."""
    x = (points - points.mean(axis=0)).astype(np.float32)
    lengths = np.einsum("ij,ij->i", x, x)
    squares: NDArray[np.float32] = lengths[rows, None] + lengths[None] - 2 * (x[rows] @ x.T)
    np.maximum(squares, 0, out=squares)
    squares[np.arange(len(rows)), rows] = np.inf
    return squares


def neighbour_classes(near: NDArray[np.intp], codes: NDArray[Any], classes: int) -> Floats:
    """Share of each class among the neighbours of each point, shape (n, classes); neighbours without one count for
    none."""
    counts = np.zeros((len(near), classes + 1))
    of_neighbours = codes[near]
    rows = np.arange(len(near))
    for place in range(near.shape[1]):
        counts[rows, of_neighbours[:, place]] += 1  # -1, none, is the last column
    shares: Floats = counts[:, :classes] / max(near.shape[1], 1)
    return shares
