"""Against plain formulas, published values, and all divisions of short series."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from numpy.typing import NDArray

from dlviz_docs.stats.seasons import (
    KPSS_5,
    autocorrelation,
    change_points,
    decompose,
    gaps,
    kpss,
    period_of,
    strengths,
)

RNG = np.random.default_rng(0)


def test_autocorrelation_is_the_plain_formula() -> None:
    values = RNG.normal(size=57).cumsum()
    centred = values - values.mean()
    expected = [(centred[lag:] * centred[: 57 - lag]).sum() / (centred**2).sum() for lag in range(21)]
    assert autocorrelation(values, 20) == pytest.approx(expected)


@pytest.mark.parametrize("values", [[], [1.0], [np.nan] * 5, [2.0] * 9, [1e300, 1e300, 1e300]])
def test_autocorrelation_of_nothing(values: list[float]) -> None:
    found = autocorrelation(np.array(values), 20)
    assert np.isfinite(found).all()
    assert (found[1:] == 0).all()


@pytest.mark.parametrize("period", [4, 7, 12, 24])
def test_period(period: int) -> None:
    at = np.arange(20 * period)
    values = np.sin(2 * np.pi * at / period) + RNG.normal(0, 0.3, len(at))
    assert period_of(autocorrelation(values, 5 * period)) == period


def test_no_period_of_noise_and_walks() -> None:
    assert period_of(autocorrelation(RNG.normal(size=500), 100)) == 0
    assert period_of(autocorrelation(np.arange(500.0), 100)) == 0
    assert period_of(np.ones(1)) == 0


def test_decomposition_of_known_parts() -> None:
    at = np.arange(60.0)
    figure = np.array([3.0, -1, -2, 0])
    trend, season, remainder = decompose(0.5 * at + figure[(at % 4).astype(int)], 4)
    assert np.isnan(trend[:2]).all()
    assert trend[2:-2] == pytest.approx(0.5 * at[2:-2])
    assert season[:4] == pytest.approx(figure)
    assert remainder[2:-2] == pytest.approx(0, abs=1e-12)
    assert strengths(trend, season, remainder) == pytest.approx((1, 1))


def test_strengths_by_hand() -> None:
    trend, season, remainder = RNG.normal(size=(3, 100))
    found = strengths(trend, season, remainder)
    assert found[0] == pytest.approx(max(0, 1 - remainder.var() / (trend + remainder).var()))
    assert found[1] == pytest.approx(max(0, 1 - remainder.var() / (season + remainder).var()))
    assert np.isnan(strengths(np.zeros(3), np.zeros(3), np.zeros(3))).all()


def test_kpss_by_its_formula() -> None:
    values = RNG.normal(size=100)
    residuals = values - values.mean()
    long = sum(residuals**2) / 100
    for lag in range(1, 13):
        long += 2 / 100 * (1 - lag / 13) * sum(residuals[lag:] * residuals[:-lag])
    assert kpss(values) == pytest.approx(sum(np.cumsum(residuals) ** 2) / 100**2 / long)


def test_kpss_rejects_five_percent_of_noise_and_most_walks() -> None:
    """The published critical value holds: table 1 of the paper."""
    noise = [kpss(np.random.default_rng(seed).normal(size=400)) for seed in range(600)]
    assert 0.02 < np.mean(np.array(noise) > KPSS_5) < 0.08
    walks = [kpss(np.random.default_rng(seed).normal(size=400).cumsum()) for seed in range(100)]
    assert np.mean(np.array(walks) > KPSS_5) > 0.8


@pytest.mark.parametrize("values", [np.zeros(0), np.ones(50), np.arange(10.0)])
def test_kpss_of_little(values: NDArray[np.float64]) -> None:
    assert np.isnan(kpss(values))


def error(values: NDArray[np.float64], ends: tuple[int, ...]) -> float:
    return sum(float(((part := values[a:b]) - part.mean()) @ (part - part.mean())) for a, b in itertools.pairwise(ends))


@pytest.mark.parametrize("seed", range(20))
def test_change_points_are_the_best_of_all_divisions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=13) + np.repeat(rng.normal(0, 3, 4), 4)[:13]
    found = change_points(values, penalty=2.0, least=2)
    best = min(
        (error(values, (0, *inner, 13)) + 2.0 * count, inner)
        for count in range(6)
        for inner in itertools.combinations(range(2, 12), count)
        if min(np.diff((0, *inner, 13))) >= 2
    )
    assert tuple(found) == best[1]


def test_change_points_of_a_step_and_of_noise() -> None:
    noise = RNG.normal(size=300)
    assert change_points(noise) == []
    shifted = noise + np.repeat([0, 4, -2], 100)
    found = change_points(shifted)
    assert found == pytest.approx([100, 200], abs=2)


@pytest.mark.parametrize("values", [np.zeros(0), np.zeros(100), np.arange(9.0), np.repeat([0.0, 1.0], 30)])
def test_change_points_of_little(values: NDArray[np.float64]) -> None:
    assert change_points(values) == []


def test_change_points_are_quick() -> None:
    start = time.process_time()
    change_points(np.random.default_rng(1).normal(size=5000))
    assert time.process_time() - start < 5


def test_gaps() -> None:
    usual, places = gaps(np.array([0, 10, 20, 30, 55, 65, 100.0]))
    assert usual == 10
    assert places.tolist() == [3, 5]
    assert gaps(np.zeros(5))[0] == 0
    assert len(gaps(np.zeros(0))[1]) == 0
