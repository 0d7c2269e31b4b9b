from __future__ import annotations

import re

import numpy as np
import pytest

from dlviz_docs.charts.paths import GRID, allot, area, curve, odd_places


def points(path: str) -> list[list[tuple[int, int]]]:
    """Positions of every piece of a path, read as a browser does."""
    pieces = []
    for piece in re.findall(r"M[^M]*", path):
        numbers = [int(n) for n in re.findall(r"-?\d+", piece.replace("h0", ""))]
        steps = np.array(numbers).reshape(-1, 2)
        pieces.append([tuple(p) for p in np.cumsum(steps, axis=0).tolist()])
    return pieces


def test_a_curve_passes_through_its_points() -> None:
    x, y = np.array([0.0, 0.25, 0.5, 1.0]), np.array([1.0, 0.0, 0.75, 0.5])
    assert points(curve(x, y)) == [[(0, 0), (250, 1000), (500, 250), (1000, 500)]]


def test_rounding_does_not_add_up() -> None:
    x = np.linspace(0, 1, 397)
    (piece,) = points(curve(x, x))
    assert piece[-1] == (GRID, 0)


def test_a_curve_breaks_where_a_value_is_not_finite_and_a_lone_point_is_a_dot() -> None:
    y = np.array([0.5, np.nan, 0.5, np.inf, 0.5, 0.5])
    path = curve(np.linspace(0, 1, 6), y)
    assert [len(piece) for piece in points(path)] == [1, 1, 2]
    assert path.count("h0") == 2


@pytest.mark.parametrize("y", [np.empty(0), np.full(3, np.nan)])
def test_nothing_finite_is_no_path(y: np.ndarray) -> None:
    assert curve(np.linspace(0, 1, len(y)), y) == ""


def test_an_area_is_closed_and_skips_what_is_unknown() -> None:
    path = area(np.array([0, 0.5, 1]), np.array([0, np.nan, 0.2]), np.array([1, 1, 0.8]))
    assert path.endswith("z")
    assert points(path.rstrip("z")) == [[(0, 0), (1000, 200), (1000, 800), (0, 1000)]]
    assert area(np.zeros(1), np.full(1, np.nan), np.zeros(1)) == ""


def test_short_curves_keep_their_points_and_long_ones_share_the_rest() -> None:
    assert allot([10, 1000, 1000], 410) == [10, 200, 200]
    assert allot([1000] * 100, 400, least=40) == [40] * 100


def test_every_kind_of_odd_value_has_its_stretches() -> None:
    y = np.full(1000, 0.5)
    y[100:200], y[500], y[700], y[900] = np.nan, np.nan, np.inf, -np.inf
    found = list(odd_places(np.arange(1000) / 1000, y))
    assert [(odd.kind, odd.start, odd.end) for odd in found] == [
        ("nan", 0.1, 0.199),
        ("nan", 0.5, 0.5),
        ("high", 0.7, 0.7),
        ("low", 0.9, 0.9),
    ]


def test_missing_values_in_a_row_are_one_stretch_however_far_apart() -> None:
    assert len(list(odd_places(np.array([0.0, 0.5, 1.0]), np.full(3, np.nan)))) == 1
