from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.charts.scales import Scale, time_unit, x_scale, x_ticks, y_scale, y_ticks
from dlviz_docs.view import XAxis

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def labels(scale: Scale) -> list[str]:
    return [tick.label for tick in y_ticks(scale)]


@pytest.mark.parametrize(
    ("low", "high", "log", "expected"),
    [
        (0.0, 1.0, False, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0.99991, 0.99995, False, ["0.99991", "0.99992", "0.99993", "0.99994", "0.99995"]),
        (1e-5, 3e-5, False, ["1e-5", "1.5e-5", "2e-5", "2.5e-5", "3e-5"]),
        (0.0, 12e6, False, ["0", "2M", "4M", "6M", "8M", "10M", "12M"]),
        (3.0, 3.0, False, ["2.85", "2.90", "2.95", "3.00", "3.05", "3.10", "3.15"]),
        (1e-5, 10.0, True, ["1e-5", "1e-4", "0.001", "0.01", "0.1", "1", "10"]),
        (2.0, 30.0, True, ["2", "5", "10", "20"]),
    ],
)
def test_value_ticks_are_round_and_short(low: float, high: float, log: bool, expected: list[str]) -> None:
    assert labels(y_scale(low, high, log=log)) == expected


@pytest.mark.parametrize(
    ("kind", "high", "expected"),
    [
        ("step", 1000, ["0", "200", "400", "600", "800", "1000"]),
        ("step", 60_000, ["0", "10k", "20k", "30k", "40k", "50k", "60k"]),
        ("epoch", 3, ["0", "1", "2", "3"]),
        ("time", 90, ["0", "15", "30", "45", "60", "75", "90"]),
        ("time", 5400, ["0", "15", "30", "45", "60", "75", "90"]),
        ("time", 4 * 3600, ["0", "1", "2", "3", "4"]),
    ],
)
def test_horizontal_ticks(kind: XAxis, high: float, expected: list[str]) -> None:
    assert [tick.label for tick in x_ticks(x_scale(0, high), kind)] == expected


@pytest.mark.parametrize(("span", "unit"), [(90, "seconds"), (5400, "minutes"), (14_400, "hours"), (1e6, "days")])
def test_time_is_read_in_its_own_unit(span: float, unit: str) -> None:
    assert time_unit(x_scale(0, span))[0] == unit


@given(FINITE, FINITE)
def test_any_finite_range_gives_a_drawable_axis(a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    scale = y_scale(low, high)
    places = scale(np.array([low, high]))
    assert np.isfinite(places).all()
    assert -1e-6 <= places[0] <= places[1] <= 1 + 1e-6
    assert 1 <= len(y_ticks(scale)) <= 14


@given(st.floats(sys.float_info.min, sys.float_info.max), st.floats(sys.float_info.min, sys.float_info.max))
def test_any_positive_range_gives_a_logarithmic_axis(a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    scale = y_scale(low, high, log=True)
    places = scale(np.array([low, high]))
    assert -1e-6 <= places[0] <= places[1] <= 1 + 1e-6
    assert all(tick.label for tick in y_ticks(scale))


@given(st.floats(-1e300, 1e300))
def test_a_single_step_stands_in_the_middle(step: float) -> None:
    assert x_scale(step, step)(np.array([step]))[0] == pytest.approx(0.5, abs=0.01)


def test_a_logarithm_has_no_place_for_what_is_not_positive() -> None:
    assert np.isnan(y_scale(1, 10, log=True)(np.array([0.0, -1.0, np.nan]))).all()
