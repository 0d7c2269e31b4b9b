"""Small trees, held against scikit-learn's and against rules that are known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier

from dlviz_docs.stats.trees import Node, answers_of, fidelity, grown, interval_of, leaves, round_bounds


def midpoints(values: np.ndarray) -> list[np.ndarray]:
    return [np.array([(a + b) / 2 for a, b in pairwise(np.unique(column))]) for column in values.T]


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_the_tree_is_that_of_scikit_learn(seed: int, depth: int) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=(300, 4))
    answers = (values[:, 1] > 0.3).astype(np.intp) + (values[:, 2] + random.normal(0, 0.5, 300) > 0)
    ours = grown(values, answers, midpoints(values), depth=depth, least=7)
    theirs = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=7, random_state=0).fit(values, answers)
    # Of rows that it has seen: between them, its bounds lie midway between the rows of a branch, and ours of all.
    np.testing.assert_array_equal(answers_of(ours, values, depth), theirs.predict(values))
    assert ours.column == theirs.tree_.feature[0]
    assert ours.bound == pytest.approx(theirs.tree_.threshold[0])


@given(st.integers(0, 2**31), st.integers(1, 60), st.integers(1, 3))
def test_whatever_the_rows_the_leaves_hold_them_all(seed: int, rows: int, depth: int) -> None:
    random = np.random.default_rng(seed)
    values = random.integers(0, 4, size=(rows, 3)).astype(float)
    answers = random.integers(0, 3, size=rows)
    tree = grown(values, answers, [round_bounds(column) for column in values.T], depth=depth)
    found = answers_of(tree, values, depth)
    told = np.zeros(rows, int)
    for leaf in leaves(tree):
        inside = np.ones(rows, bool)
        for column, low, high in leaf.ends:
            inside &= (values[:, column] > low) & (values[:, column] <= high)
        assert inside.sum() == leaf.rows
        assert (found[inside] == leaf.answer).all()
        told += inside
    assert (told == 1).all()
    assert (found == answers).mean() >= (answers == np.bincount(answers).argmax()).mean()


def test_leaves_with_one_answer_are_one() -> None:
    end = Node(1, 5)
    tree = Node(1, 15, 0, 2.0, Node(1, 10, 1, 0.5, end, end), Node(0, 5))
    assert [(leaf.answer, leaf.rows, leaf.ends) for leaf in leaves(tree)] == [
        (1, 10, ((0, -np.inf, 2.0),)),
        (0, 5, ((0, 2.0, np.inf),)),
    ]


@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=40))
def test_bounds_lie_within_the_range(numbers: list[float]) -> None:
    values = np.array(numbers)
    bounds = round_bounds(values)
    assert len(bounds) <= 202
    assert (np.diff(bounds) > 0).all()
    if len(bounds):
        assert bounds[0] >= values.min()
        assert bounds[-1] < values.max()


def test_bounds_are_round() -> None:
    values = np.random.default_rng(0).normal(0, 0.37, 1000)
    np.testing.assert_allclose(round_bounds(values) / 0.01, np.round(round_bounds(values) / 0.01), atol=1e-6)
    assert round_bounds(np.array([3.0, 5.0, 4.0])).tolist() == [3.5, 4.5]
    assert len(round_bounds(np.array([2.0, 2.0, np.nan]))) == 0


def test_groups_are_held_out_whole() -> None:
    """A number that names its group says all of the rows that were seen, and nothing of others."""
    groups = np.repeat(np.arange(10), 30)
    answers = np.random.default_rng(1).integers(0, 2, 10)[groups].astype(np.intp)
    values = groups[:, None].astype(float)
    bounds = [round_bounds(values[:, 0])]
    seen = grown(values, answers, bounds, depth=3)
    agrees, told = fidelity(values, answers, groups, bounds, depth=3, least=1)
    assert told.all()
    assert (answers_of(seen, values, 3) == answers).mean() > agrees[3].mean()


def test_one_group_tells_nothing_of_others() -> None:
    _, told = fidelity(np.zeros((5, 1)), np.zeros(5, np.intp), np.zeros(5, np.intp), [np.zeros(0)], depth=1, least=1)
    assert not told.any()


def test_what_hangs_together_makes_a_share_less_sure() -> None:
    agrees = np.repeat(np.arange(10) > 1, 50)
    together = interval_of(agrees, np.repeat(np.arange(10), 50))
    apart = interval_of(agrees, np.arange(500))
    assert together is not None
    assert apart is not None
    assert together[0] < apart[0] < 0.8 < apart[1] < together[1]
    # Standard errors by hand: sqrt(0.8 * 0.2 / 10), and of 500.
    assert apart[1] - apart[0] == pytest.approx(2 * 1.96 * np.sqrt(0.16 / 500), rel=0.15)
    assert interval_of(agrees, np.repeat(np.arange(4), 125)) is None
