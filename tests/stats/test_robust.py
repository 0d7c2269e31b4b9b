"""Noise around a trend, against curves whose noise is known."""

from __future__ import annotations

import numpy as np
import pytest

from dlviz_docs.stats.robust import median, noise, row_medians


@pytest.mark.parametrize("sigma", [0.01, 0.1, 1.0])
def test_noise_of_a_normal_sample_around_a_trend(sigma: float) -> None:
    u = np.linspace(0, 1, 20_000)
    values = 3 * np.exp(-5 * u) + sigma * np.random.default_rng(0).normal(size=len(u))
    assert noise(values) == pytest.approx(sigma, rel=0.03)


def test_a_trend_is_no_noise() -> None:
    assert noise(np.linspace(5, 1, 100)) == pytest.approx(0, abs=1e-12)


def test_a_few_wild_points_do_not_count() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=2_000)
    clean = noise(values)
    values[rng.choice(2_000, 20, replace=False)] += 1e6
    assert noise(values) == pytest.approx(clean, rel=0.1)


def test_values_on_rungs_have_noise_though_most_neighbours_are_equal() -> None:
    values = np.zeros(50)
    values[[10, 20, 21, 40]] = 0.1
    assert 0 < noise(values) < 0.1


def test_two_points_have_none() -> None:
    assert noise(np.array([1.0, 2.0])) == 0


def test_medians_are_those_of_numpy_for_odd_lengths() -> None:
    rows = np.random.default_rng(0).normal(size=(7, 9))
    np.testing.assert_array_equal(row_medians(rows), np.median(rows, axis=1))
    assert median(rows[0]) == np.median(rows[0])
