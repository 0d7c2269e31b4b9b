"""Columns that tell classes apart by a threshold."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.metrics import roc_auc_score

from dlviz_docs.model import Feature
from dlviz_docs.stats.columns import examine
from dlviz_docs.stats.separators import Separator, separators

RNG = np.random.default_rng(0)


def found(codes: np.ndarray, *values: np.ndarray, classes: int = 2) -> list[Separator]:
    columns = [
        examine(Feature(f"c{at}", "number", np.asarray(v, np.float64)), None, None) for at, v in enumerate(values)
    ]
    names = tuple("abcdefgh"[:classes])
    target = examine(
        Feature("y", "category", np.asarray(codes, np.int32), names, missing=int((codes < 0).sum())), None, None
    )
    return separators([*columns, target], target)


@pytest.mark.parametrize("n", [60, 100_000])
def test_a_threshold_is_seen_whatever_lies_on_its_sides(n: int) -> None:
    x = np.exp(2.5 * RNG.normal(size=n))
    codes = (x > np.quantile(x, 0.7)).astype(int)
    almost = np.where(RNG.random(n) < 0.001, RNG.permutation(x), x)
    result = found(codes, RNG.normal(size=n), x, -almost, codes + RNG.normal(size=n))
    assert [(one.column, one.level) for one in result] == [(1, -1), (2, -1)]
    assert result[0].auc == 1
    assert result[1].auc == pytest.approx(roc_auc_score(codes, almost))


def test_gaps_on_either_side_are_left_out() -> None:
    x = RNG.normal(size=1000)
    codes = np.where(RNG.random(1000) < 0.3, -1, x > 0.5)
    codes[x < -1] = -1
    gappy = np.where(RNG.random(1000) < 0.3, np.nan, x)
    (one,) = found(codes, gappy)
    assert one.auc == 1
    assert one.n == int((np.isfinite(gappy) & (codes >= 0)).sum())


def test_ordered_classes_are_told_by_several_thresholds() -> None:
    x = RNG.normal(size=900)
    codes = np.digitize(x, [-0.5, 0.5])
    assert [one.level for one in found(codes, x, classes=3)] == [-1]
    blurred = np.where(np.abs(x) < 0.5, x, np.where(RNG.random(900) < 0.2, -x, x))
    assert found(codes, blurred, classes=3) == []


def test_of_iris_one_class_is_told_and_not_all() -> None:
    iris = load_iris()
    result = found(iris.target, *iris.data.T, classes=3)
    assert {(one.column, one.level) for one in result} == {(2, 0), (3, 0)}
    assert all(one.auc == 1 for one in result)


def test_few_rows_and_one_class_are_nothing() -> None:
    assert found(np.arange(20) % 2, np.arange(20) % 2) == []
    assert found(np.zeros(100), np.arange(100)) == []
    assert found(np.full(100, -1), np.arange(100)) == []
    assert found((np.arange(100) < 5).astype(int), np.arange(100)) == []


def test_a_rare_class_is_seen_in_many_rows() -> None:
    codes = np.zeros(100_000, int)
    codes[RNG.choice(100_000, 40, replace=False)] = 1
    assert [one.column for one in found(codes, codes * 10 + RNG.random(100_000))] == [0]
