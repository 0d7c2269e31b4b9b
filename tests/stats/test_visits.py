"""Where agents go, beside counts done by hand and by other means."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mutual_info_score

from dlviz_docs.stats.visits import cells_of, dependence, expected_cells, loop_strength, most_telling, spread_of


def test_every_step_is_in_one_cell() -> None:
    random = np.random.default_rng(0)
    groups = [random.normal(size=(500, 2)), random.normal(2, 3, size=(300, 2))]
    cells = cells_of(groups, 24)
    assert [int(one.sum()) for one in cells.counts] == [500, 300]
    whole, _, _ = np.histogram2d(*np.concatenate(groups).T, bins=(cells.x, cells.y))
    inner = sum(cells.counts)[1:-1, 1:-1]
    np.testing.assert_array_equal(inner, whole[1:-1, 1:-1])


def test_whole_numbers_have_a_cell_each_and_what_is_missing_is_left_out() -> None:
    points = np.array([[0.0, 5.0], [3.0, 5.0], [3.0, 6.0], [np.nan, 5.0]])
    cells = cells_of([points], 24)
    assert cells.x.tolist() == [-0.5, 0.5, 1.5, 2.5, 3.5]
    assert cells.counts[0].tolist() == [[1, 0], [0, 0], [0, 0], [1, 1]]


@pytest.mark.parametrize(
    "points", [np.zeros((0, 2)), np.zeros((4, 2)), np.full((3, 2), np.nan), np.full((3, 2), 1e300)]
)
def test_points_that_are_none_or_one(points: np.ndarray) -> None:
    cells = cells_of([points], 8)
    assert sum(map(np.sum, cells.counts)) == np.isfinite(points).all(axis=1).sum()


def test_expected_cells_are_the_mean_over_all_samples() -> None:
    counts = np.array([[3, 1], [0, 2]])
    steps = [place for place, count in enumerate(counts.ravel()) for _ in range(count)]
    for size in range(1, 7):
        every = [len(set(chosen)) for chosen in itertools.combinations(steps, size)]
        assert expected_cells(counts, size) == pytest.approx(np.mean(every))
    assert expected_cells(counts, 100) == 3


def test_spread_is_the_number_of_cells_where_all_are_seen_alike() -> None:
    assert spread_of(np.full((4, 5), 7)) == pytest.approx(20)
    assert spread_of(np.array([[9, 0]])) == 1
    assert math.isnan(spread_of(np.zeros((2, 2), int)))


def test_the_columns_that_decide_are_found_among_noise() -> None:
    random = np.random.default_rng(0)
    columns = random.normal(size=(4000, 6))
    action = ((columns[:, 4] > 0) * 2 + (columns[:, 1] > 0)).astype(int)
    action = np.where(columns[:, 4] > 0.8, 5, action)
    assert most_telling(columns, action) == (4, 1)


def test_columns_that_do_not_vary_tell_nothing() -> None:
    columns = np.column_stack([np.ones(50), np.arange(50.0), np.ones(50)])
    assert most_telling(columns, np.arange(50) % 2) is None


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=60))
def test_dependence_is_mutual_information_less_chance(pairs: list[tuple[int, int]]) -> None:
    a, b = (np.array(one) for one in zip(*pairs, strict=True))
    seen, first, second = len(set(pairs)), len(set(a.tolist())), len(set(b.tolist()))
    extra = (seen - first - second + 1) / (2 * len(pairs))
    assert dependence(a, b) == pytest.approx(mutual_info_score(a, b) - extra, abs=1e-9)


def test_of_independent_columns_nothing_is_left() -> None:
    random = np.random.default_rng(0)
    left = [dependence(random.integers(0, 8, 300), random.integers(0, 4, 300)) for _ in range(200)]
    assert abs(float(np.mean(left))) < 0.004


def test_circles_are_found_with_their_length() -> None:
    angle = 2 * np.pi * np.arange(200) / 20
    peak, lag = loop_strength(np.column_stack([np.cos(angle), np.sin(angle), np.ones(200)]))
    assert peak > 0.9
    assert lag == 20


def test_walks_and_short_episodes_have_no_circles() -> None:
    assert loop_strength(np.arange(60.0)[:, None]) == (0.0, 0)
    assert loop_strength(np.zeros((5, 2))) == (0.0, 0)
    assert loop_strength(np.zeros((0, 2))) == (0.0, 0)
    noise = np.random.default_rng(0).normal(size=(300, 3))
    assert loop_strength(noise)[0] < 0.4


@given(st.integers(15, 400), st.integers(1, 3), st.integers(0, 1000))
def test_loops_are_those_of_all_pairs_of_steps(length: int, wide: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = np.sin(np.arange(length)[:, None] * rng.uniform(0.1, 1, wide)) + rng.normal(0, 0.3, (length, wide))
    z = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    pairs = np.array([(z[:-lag] * z[lag:]).mean() for lag in range(1, length // 3 + 1)])
    inner = [i for i in range(1, len(pairs) - 1) if pairs[i - 1] <= pairs[i] > pairs[i + 1] and i + 1 >= 3]
    peak, lag = loop_strength(rows)
    assert (peak, lag) == (0.0, 0) if not inner else peak == pytest.approx(max(pairs[i] for i in inner), abs=1e-9)
    assert not inner or pairs[lag - 1] == pytest.approx(peak, abs=1e-9)


def test_loops_of_a_very_long_episode() -> None:
    """All pairs of its steps would take hours."""
    steps = np.arange(400_000.0)
    peak, lag = loop_strength(np.column_stack([np.sin(steps * 2 * np.pi / 50), np.cos(steps * 2 * np.pi / 50)]))
    assert peak == pytest.approx(1.0, abs=1e-6)
    assert lag % 50 == 0
