"""Sizes, edges, centres and overlaps of boxes."""

from __future__ import annotations

import numpy as np
import pytest
from pycocotools import mask

from dlviz_docs.stats.boxes import beyond_edge, centre_grid, most_overlapping, size_classes


def test_sizes_are_those_of_coco() -> None:
    area = np.array([1, 32**2 - 1, 32**2, 96**2 - 1, 96**2, 0, -1, np.nan], np.float64)
    assert size_classes(area).tolist() == [0, 0, 1, 1, 2, -1, -1, -1]


def test_beyond_the_edge() -> None:
    boxes = np.array([[0, 0, 10, 10], [-5, 0, 10, 10], [95, 0, 20, 10], [0, 45, 1, 5.5], [0, 0, 500, 1]], np.float64)
    sizes = np.tile([100.0, 50.0], (5, 1))
    sizes[4] = np.nan
    assert beyond_edge(boxes, sizes)[:4].tolist() == [0, 5, 15, 0]
    assert np.isnan(beyond_edge(boxes, sizes)[4])
    assert len(beyond_edge(np.zeros((0, 4)), np.zeros((0, 2)))) == 0


def test_centres() -> None:
    boxes = np.array([[0, 0, 10, 10], [90, 40, 10, 10], [200, 0, 5, 5], [np.nan, 0, 1, 1]], np.float64)
    grid = centre_grid(boxes, np.tile([100.0, 50.0], (4, 1)), cells=10)
    assert grid.sum() == 2
    assert grid[1, 0] == grid[9, 9] == 1


def test_overlaps_are_those_of_coco() -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 12, 80).astype(np.int32)
    boxes = np.column_stack([rng.uniform(0, 60, (80, 2)), rng.uniform(5, 50, (80, 2))])
    expected = np.zeros(80)
    for one in range(80):
        others = np.flatnonzero((picture == picture[one]) & (np.arange(80) != one))
        if len(others):
            expected[one] = mask.iou(boxes[[one]], boxes[others], [0] * len(others)).max()
    assert most_overlapping(picture, boxes) == pytest.approx(expected)
    assert len(most_overlapping(picture[:0], boxes[:0])) == 0
