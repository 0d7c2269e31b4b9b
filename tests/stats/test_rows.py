"""Rows are the same when all their cells are."""

from __future__ import annotations

import numpy as np

from dlviz_docs.model import Feature, Texts
from dlviz_docs.stats.repeated import repeated
from dlviz_docs.stats.rows import row_hashes


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
    feature = Feature("t", "text", np.array([0, 1, 0], np.int32), texts=texts)
    assert repeated(row_hashes([feature])).tolist() == [0, -1, 0]


def test_no_rows_and_no_columns() -> None:
    assert row_hashes([]).shape == (0,)
