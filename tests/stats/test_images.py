"""Effects of groups, and values that are far from all others."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.neighbors import NearestCentroid

from dlviz_docs.stats.images import eta_squared, far_out, right_by_nearest_mean, robust_z, standardised_shift


def test_eta_squared_follows_from_f() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, 300)
    values = codes * 0.5 + rng.normal(size=300)
    f = stats.f_oneway(*(values[codes == group] for group in range(4))).statistic
    expected = 3 * (f - 1) / (3 * f + 296)
    assert eta_squared(values, codes, 4) == pytest.approx(expected)
    assert eta_squared(values, codes, 9) == pytest.approx(expected)


def test_eta_squared_of_noise_is_near_zero() -> None:
    rng = np.random.default_rng(0)
    found = [eta_squared(rng.normal(size=200), rng.integers(0, 50, 200), 50) for _ in range(200)]
    assert np.mean(found) < 0.05


def test_eta_squared_leaves_out_what_is_unknown() -> None:
    values, codes = np.array([0.0, 0, 1, 1, np.nan, 9]), np.array([0, 0, 1, 1, 0, -1])
    assert eta_squared(values, codes, 2) == 1


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 1.0, 1.0], [np.nan, np.inf, 2.0]])
def test_eta_squared_of_nothing(values: list[float]) -> None:
    assert np.isnan(eta_squared(np.array(values), np.arange(len(values)) % 2, 2))


def test_shift() -> None:
    assert standardised_shift(np.array([3.0, 5.0]), np.array([0.0, 2.0])) == pytest.approx(3 / 2**0.5)
    assert np.isnan(standardised_shift(np.ones(3), np.ones(3)))
    assert np.isnan(standardised_shift(np.ones(1), np.zeros(0)))


def test_robust_z() -> None:
    values = np.array([1.0, 2, 3, 4, 5, 100, np.nan])
    z = robust_z(values)
    assert z[5] == pytest.approx((100 - 4) / (1.4826 * 2))
    assert np.isnan(z[6])
    assert (robust_z(np.ones(4)) == 0).all()
    assert len(robust_z(np.zeros(0))) == 0


def test_far_out() -> None:
    values = np.append(np.arange(100.0), [400, -400, np.nan])
    assert np.flatnonzero(far_out(values)).tolist() == [100, 101]
    assert not far_out(np.zeros(0)).any()


def test_the_nearest_mean_is_that_of_nearest_centroids_left_one_out() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 6, 80)
    values = codes + rng.normal(size=80)
    right = [
        NearestCentroid().fit(np.delete(values, row)[:, None], np.delete(codes, row)).predict([[values[row]]])[0]
        == codes[row]
        for row in range(80)
    ]
    assert right_by_nearest_mean(values, codes, 6) == pytest.approx(np.mean(right))
    assert right_by_nearest_mean(np.append(values, [np.nan, 3]), np.append(codes, [2, -1]), 9) == pytest.approx(
        np.mean(right)
    )


@pytest.mark.parametrize(
    ("values", "codes", "right"),
    [([0, 0, 9, 9], [0, 0, 1, 1], 1.0), ([1, 1, 1, 1], [0, 0, 1, 1], 0.0), ([0, 5, 5], [0, 1, 1], 2 / 3)],
)
def test_the_nearest_mean_of_few(values: list[float], codes: list[int], right: float) -> None:
    assert right_by_nearest_mean(np.array(values, float), np.array(codes), 2) == pytest.approx(right)


def test_one_group_has_no_other_mean() -> None:
    assert np.isnan(right_by_nearest_mean(np.arange(4.0), np.zeros(4, int), 1))
