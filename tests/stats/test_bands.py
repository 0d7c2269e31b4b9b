"""Quantile bands against numpy.quantile, and where runs are of different length."""

from __future__ import annotations

import numpy as np

from dlviz_docs.stats.bands import quantile_band


def test_on_a_common_grid_it_is_the_quantile_of_the_runs() -> None:
    rng = np.random.default_rng(1)
    x = np.linspace(0, 1, 50)
    curves = [(x, rng.normal(size=50)) for _ in range(20)]
    grid, band = quantile_band(curves, (0.1, 0.5, 0.9), size=50)
    expected = np.quantile(np.stack([y for _, y in curves]), (0.1, 0.5, 0.9), axis=0)
    np.testing.assert_allclose(grid, x)
    np.testing.assert_allclose(band, expected)


def test_it_stops_where_too_few_runs_are_left() -> None:
    curves = [(np.arange(n, dtype=float), np.full(n, float(n))) for n in (50, 50, 50, 50, 50, 100, 100)]
    grid, band = quantile_band(curves, (0.5,), size=100)
    assert grid.max() <= 49
    assert (band == 50).all()


def test_non_finite_points_are_bridged() -> None:
    y = np.array([0.0, np.nan, np.inf, 3.0])
    grid, band = quantile_band([(np.arange(4.0), y)] * 5, (0.5,), size=4)
    np.testing.assert_allclose(band[0], grid)


def test_too_few_runs_make_no_band() -> None:
    grid, band = quantile_band([(np.arange(4.0), np.arange(4.0))] * 4, (0.1, 0.9))
    assert grid.shape == (0,)
    assert band.shape == (2, 0)


def test_steps_that_go_back_are_sorted() -> None:
    x = np.array([2.0, 0.0, 1.0])
    _, band = quantile_band([(x, x)] * 5, (0.5,), size=3)
    np.testing.assert_allclose(band[0], [0, 1, 2])
