"""Slices that were put in are found, and noise is not."""

from __future__ import annotations

import numpy as np
import pytest

from dlviz_docs.stats.slices import Facet, parts_of_numbers, weak_slices

NOTHING = (np.zeros(0, np.int32), np.zeros(0), False)


def facets(n: int, rng: np.random.Generator, amount: int = 6, levels: int = 4) -> list[Facet]:
    return [
        Facet(f"f{i}", rng.integers(0, levels, n).astype(np.int32), tuple("abcdefgh"[:levels])) for i in range(amount)
    ]


def test_one_condition() -> None:
    rng = np.random.default_rng(0)
    parts = facets(4000, rng)
    wrong = rng.random(4000) < np.where(parts[2].codes == 1, 0.3, 0.08)
    found, tested = weak_slices(parts, wrong)
    assert found[0].conditions == ((2, 1),)
    inside = parts[2].codes == 1
    assert found[0].n == inside.sum()
    assert found[0].inside == pytest.approx(1 - wrong[inside].mean())
    assert found[0].outside == pytest.approx(1 - wrong[~inside].mean())
    assert found[0].q < 0.001
    assert tested > 24
    assert all((2, 1) in one.conditions or one.q < 0.05 for one in found)


def test_a_pair_of_conditions_is_told_only_where_it_adds() -> None:
    rng = np.random.default_rng(1)
    parts = facets(8000, rng)
    both = (parts[0].codes == 0) & (parts[1].codes == 0)
    found, _ = weak_slices(parts, rng.random(8000) < np.where(both, 0.6, 0.05))
    assert ((0, 0), (1, 0)) in [one.conditions for one in found]
    alone, _ = weak_slices(parts, rng.random(8000) < np.where(parts[0].codes == 0, 0.4, 0.05))
    assert [one.conditions for one in alone] == [((0, 0),)]


def test_noise_is_seldom_told() -> None:
    false = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        found, _ = weak_slices(facets(2000, rng), rng.random(2000) < 0.1)
        false += bool(found)
    assert false <= 4


def test_two_columns_that_say_the_same_are_told_once() -> None:
    rng = np.random.default_rng(0)
    first = facets(3000, rng, 1)[0]
    wrong = rng.random(3000) < np.where(first.codes == 1, 0.4, 0.1)
    found, _ = weak_slices([first, Facet("copy", first.codes, first.levels)], wrong)
    assert [one.conditions for one in found] == [((0, 1),)]


def test_nothing_to_find() -> None:
    rng = np.random.default_rng(0)
    parts = facets(100, rng)
    assert weak_slices(parts, np.zeros(100, np.bool_)) == ((), 0)
    assert weak_slices(parts, np.ones(100, np.bool_)) == ((), 0)
    assert weak_slices([], rng.random(100) < 0.5) == ((), 0)
    small = [Facet("f", np.zeros(20, np.int32), ("a",))]
    assert weak_slices(small, rng.random(20) < 0.5) == ((), 0)
    missing = [Facet("f", np.full(500, -1, np.int32), ("a",))]
    assert weak_slices(missing, rng.random(500) < 0.5) == ((), 0)


def test_parts_of_numbers() -> None:
    codes, begins, alone = parts_of_numbers(np.arange(100.0)) or NOTHING
    assert np.array_equal(np.bincount(codes), [25, 25, 25, 25])
    assert np.array_equal(begins, [25, 50, 75])
    assert not alone
    codes, begins, alone = parts_of_numbers(np.array([1.0, 2, 2, np.nan, np.inf, 1])) or NOTHING
    assert codes.tolist() == [0, 1, 1, -1, -1, 0]
    assert begins.tolist() == [1, 2]
    assert alone
    codes, begins, alone = parts_of_numbers(np.r_[np.zeros(90), np.arange(10.0)]) or NOTHING
    assert codes.max() < len(begins) + (not alone)
    assert parts_of_numbers(np.ones(5)) is None
    assert parts_of_numbers(np.full(5, np.nan)) is None
