"""Upper tails against scipy's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dlviz_docs.stats.fdr import q_values
from dlviz_docs.stats.tails import chi2_tail, f_tail, kolmogorov_tail, normal_tail, t_reach, t_tail


@pytest.mark.parametrize("degrees", [1, 2, 3.5, 10, 99, 1000, 50_000])
@pytest.mark.parametrize("ratio", [1e-3, 0.3, 0.9, 1.0, 1.1, 2.0, 8.0])
def test_chi2(degrees: float, ratio: float) -> None:
    wanted = stats.chi2.sf(ratio * degrees, degrees)
    assert chi2_tail(ratio * degrees, degrees) == pytest.approx(wanted, rel=1e-8, abs=1e-14)


def test_chi2_of_very_many_degrees() -> None:
    assert chi2_tail(1_002_000, 1_000_000) == pytest.approx(stats.chi2.sf(1_002_000, 1_000_000), abs=1e-6)


@pytest.mark.parametrize(("above", "below"), [(1, 1), (2, 30), (9, 5000), (250, 12), (3, 1_000_000)])
@pytest.mark.parametrize("statistic", [0.01, 0.8, 1.0, 3.0, 40.0])
def test_f(statistic: float, above: int, below: int) -> None:
    wanted = stats.f.sf(statistic, above, below)
    assert f_tail(statistic, above, below) == pytest.approx(wanted, rel=1e-8, abs=1e-14)


@pytest.mark.parametrize("degrees", [1, 4, 300, 999_998])
@pytest.mark.parametrize("statistic", [0.0, -0.5, 2.0, -12.0])
def test_t(statistic: float, degrees: int) -> None:
    assert t_tail(statistic, degrees) == pytest.approx(2 * stats.t.sf(abs(statistic), degrees), rel=1e-8, abs=1e-15)


@pytest.mark.parametrize(("distance", "first", "second"), [(0.02, 100, 5000), (0.1, 300, 400), (0.25, 60, 60)])
def test_kolmogorov(distance: float, first: int, second: int) -> None:
    wanted = stats.kstwo.sf(distance, round(first * second / (first + second)))
    assert kolmogorov_tail(distance, first, second) == pytest.approx(wanted, abs=0.01)


@given(st.integers(1, 10**6), st.floats(1e-6, 0.9))
def test_t_reach(degrees: int, tail: float) -> None:
    assert t_reach(degrees, tail) == pytest.approx(stats.t.isf(tail / 2, degrees), rel=1e-6)


def test_t_reach_of_no_degree() -> None:
    assert np.isnan(t_reach(0))


def test_what_is_not_defined_is_nan() -> None:
    assert math.isnan(chi2_tail(3.0, 0))
    assert math.isnan(f_tail(3.0, 2, 0))
    assert math.isnan(kolmogorov_tail(0.5, 0, 3))
    assert math.isnan(t_tail(math.nan, 3))
    assert normal_tail(1.959963984540054) == pytest.approx(0.05)
    assert chi2_tail(1e6, 3) == 0


def test_q_values_are_those_of_scipy() -> None:
    p = np.random.default_rng(0).random(50) ** 3
    assert q_values(p) == pytest.approx(stats.false_discovery_control(p))
    with_gaps = np.array([0.01, np.nan, 0.04, 0.03])
    q = q_values(with_gaps)
    assert np.isnan(q[1])
    assert q[[0, 2, 3]] == pytest.approx(stats.false_discovery_control(with_gaps[[0, 2, 3]]))
    assert q_values([]).shape == (0,)
