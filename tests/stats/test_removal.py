"""Orders of removal, areas, and how alike maps are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr

from dlviz_docs.stats.removal import area_under, mass_inside, removal_order, removed, spearman

NUMBERS = st.one_of(st.integers(-3, 3).map(float), st.floats(-1e6, 1e6))


@given(arrays(np.float64, (2, 4, 5), elements=NUMBERS))
def test_the_largest_go_first_and_each_once(maps: np.ndarray) -> None:
    places = removal_order(maps)
    for values, order in zip(maps, places, strict=True):
        assert sorted(order.ravel()) == list(range(20))
        assert np.all(np.diff(values.ravel()[np.argsort(order.ravel())]) <= 0)


@given(arrays(np.float64, (1, 4, 5), elements=NUMBERS), st.floats(0, 1))
def test_the_first_and_the_last_share_no_pixel_below_half(maps: np.ndarray, share: float) -> None:
    places = removal_order(maps)
    first, last = removed(places, share), removed(places, share, least=True)
    assert first.sum() == last.sum() == round(share * 20)
    assert share > 0.5 or not (first & last).any()


def test_equal_values_go_in_no_order() -> None:
    gone = removed(removal_order(np.zeros((1, 40, 40))), 0.5)[0]
    assert 0.4 < gone[:20].mean() < 0.6
    assert 0.4 < gone[:, :20].mean() < 0.6


def test_not_a_number_counts_as_nothing() -> None:
    places = removal_order(np.array([[[np.nan, 1.0], [-1.0, 2.0]]]))
    assert removed(places, 0.5).tolist() == [[[False, True], [False, True]]]


def test_area_under_a_line() -> None:
    shares = np.array([0.0, 0.5, 1.0])
    assert area_under(shares, np.array([1.0, 0.5, 0.0])) == 0.5
    assert area_under(shares, np.array([1.0, 1.0, 1.0])) == 1.0


@given(arrays(np.float64, 12, elements=NUMBERS), arrays(np.float64, 12, elements=NUMBERS))
def test_rho_is_that_of_scipy(a: np.ndarray, b: np.ndarray) -> None:
    found = spearman(a, b)
    if len(np.unique(a)) == 1 or len(np.unique(b)) == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(spearmanr(a, b).statistic, abs=1e-12)


def test_mass_and_largest_inside_a_box() -> None:
    maps = np.array([[[1.0, 3.0], [0.0, -5.0]], [[0.0, 0.0], [0.0, -1.0]]])
    inside = np.array([[[False, True], [False, True]]] * 2)
    shares, hits = mass_inside(maps, inside)
    assert shares[0] == 0.75
    assert np.isnan(shares[1])
    assert hits.tolist() == [True, False]
