"""Rows are the same when all their cells are."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.datasets import load_iris

from dlviz_docs.model import Feature, Texts
from dlviz_docs.stats.rows import repeated, row_hashes


def test_the_duplicates_of_iris_are_those_of_pandas() -> None:
    data = load_iris().data
    features = [Feature(f"x{k}", "number", column) for k, column in enumerate(data.T)]
    first = repeated(row_hashes(features))
    frame = pd.DataFrame(data)
    assert (first >= 0).tolist() == frame.duplicated(keep=False).tolist()
    later = np.flatnonzero(first >= 0)
    assert ((first[later] != later) == frame.duplicated()[later]).all()
    assert all((data[row] == data[first[row]]).all() for row in later)


def test_missing_cells_signs_of_zero_and_order_of_levels() -> None:
    number = np.array([0.0, -0.0, np.nan, -np.nan, 1.0])
    a = row_hashes([Feature("x", "number", number, missing=2)])
    assert a[0] == a[1]
    assert a[2] == a[3]
    assert len(set(a.tolist())) == 3
    one = row_hashes([Feature("c", "category", np.array([0, 1, -1], np.int32), ("a", "b"))])
    other = row_hashes([Feature("c", "category", np.array([1, 0, -1], np.int32), ("b", "a"))])
    assert (one == other).all()
    assert len(set(one.tolist())) == 3


def test_columns_do_not_cancel_each_other() -> None:
    x, y = np.array([1.0, 2.0]), np.array([2.0, 1.0])
    both = row_hashes([Feature("x", "number", x), Feature("y", "number", y)])
    assert both[0] != both[1]
    same = row_hashes([Feature("x", "number", x), Feature("x", "number", x)])
    assert same[0] != same[1]


def test_texts_count_by_their_content() -> None:
    texts = Texts(("a", "b", "a"), np.array([1, 1, 1]), np.array([5, 6, 5], np.uint64))
    assert repeated(row_hashes([Feature("t", "text", np.array([0, 1, 0], np.int32), texts=texts)])).tolist() == [
        0,
        -1,
        0,
    ]


def test_no_rows_and_no_columns() -> None:
    assert row_hashes([]).shape == (0,)
    assert repeated(np.zeros(0, np.uint64)).shape == (0,)
    assert repeated(np.array([7, 8, 9], np.uint64)).tolist() == [-1, -1, -1]
