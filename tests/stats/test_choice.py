from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.stats.choice import choose

TRUTH = np.array([0, 0, 0, 1, 1, 1])
PREDICTED = np.array([0, 1, 0, 1, 1, 1])
SURE = np.array([0.9, 0.8, 0.6, 0.99, 0.55, 0.7])


def test_the_most_confident_mistake_comes_first_then_right_answers_then_unsure_ones() -> None:
    assert choose(TRUTH, PREDICTED, SURE, 5) == [(1, "wrong"), (0, "right"), (3, "right"), (2, "unsure"), (4, "unsure")]


def test_every_class_has_its_turn() -> None:
    truth = np.repeat(np.arange(10), 20)
    found = choose(truth, truth, np.linspace(0.5, 1, 200), 20)
    assert sorted(truth[[row for row, _ in found[:10]]]) == list(range(10))
    assert {reason for _, reason in found} == {"right", "unsure"}


def test_without_truth_the_least_sure_come_first() -> None:
    assert choose(None, PREDICTED, SURE, 2) == [(4, "unsure"), (2, "unsure")]
    assert choose(np.full(6, -1), PREDICTED, SURE, 1) == [(4, "unsure")]


def test_a_sample_without_truth_is_neither_right_nor_wrong() -> None:
    truth = np.array([0, -1])
    assert choose(truth, np.array([0, 1]), np.array([0.9, 0.8]), 9) == [(0, "right")]


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 3), st.floats(0, 1)), max_size=40), st.integers(0, 30))
def test_no_row_twice_and_no_more_than_asked(rows: list[tuple[int, int, float]], limit: int) -> None:
    truth, predicted, sure = (np.array([row[i] for row in rows]) for i in range(3))
    found = choose(truth.astype(int), predicted.astype(int), sure, limit)
    assert len({row for row, _ in found}) == len(found) <= limit
    for row, reason in found:
        assert reason == "unsure" or (reason == "right") == (truth[row] == predicted[row])
