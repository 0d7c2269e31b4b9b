"""Repeated rows against pandas, and labels that contradict each other by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.datasets import load_iris

from dlviz_docs.model import Feature
from dlviz_docs.stats.repeated import attainable, crossings, repeated
from dlviz_docs.stats.rows import row_hashes


def test_the_duplicates_of_iris_are_those_of_pandas() -> None:
    data = load_iris().data
    first = repeated(row_hashes([Feature(f"x{k}", "number", column) for k, column in enumerate(data.T)]))
    frame = pd.DataFrame(data)
    assert (first >= 0).tolist() == frame.duplicated(keep=False).tolist()
    later = np.flatnonzero(first >= 0)
    assert ((first[later] != later) == frame.duplicated()[later]).all()
    assert all((data[row] == data[first[row]]).all() for row in later)


def test_no_rows_and_no_repeats() -> None:
    assert repeated(np.zeros(0, np.uint64)).shape == (0,)
    assert repeated(np.array([7, 8, 9], np.uint64)).tolist() == [-1, -1, -1]
    assert crossings(np.array([-1, -1]), np.array([0, 1]), 2).tolist() == [[0, 0], [0, 0]]
    assert attainable(np.array([-1, -1]), np.array([0, 1]))[:2] == (0, 0)


def test_rows_that_splits_share() -> None:
    first = repeated(np.array([5, 5, 5, 6, 6, 7, 7, 8], np.uint64))
    groups = np.array([0, 0, 1, 0, 1, 1, -1, 0])
    assert crossings(first, groups, 2).tolist() == [[2, 3], [2, 0]]


def test_no_rule_is_right_on_equal_rows_of_two_labels() -> None:
    first = repeated(np.array([5, 5, 5, 6, 6, 7, 7, 8], np.uint64))
    labels = np.array([1, 1, 0, 2, 2, 0, -1, 0])
    rows, wrong, which = attainable(first, labels)
    assert (rows, wrong, which.tolist()) == (3, 1, [0, 1, 2])
    assert attainable(first, np.array([0, 1, 2, 0, 1, 0, 0, 0]))[:2] == (5, 3)
