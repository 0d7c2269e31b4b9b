"""Pairs that no rank correlation sees, and pairs that are nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from dlviz_docs.model import Feature
from dlviz_docs.stats.columns import examine
from dlviz_docs.stats.nonlinear import Bent, bent
from dlviz_docs.stats.relations import relations

RNG = np.random.default_rng(0)


def found(*values: np.ndarray) -> list[Bent]:
    columns = [
        examine(Feature(f"c{at}", "number", np.asarray(v, np.float64)), None, None) for at, v in enumerate(values)
    ]
    among = relations(columns)
    return bent(columns, among.places, among.strength)


@pytest.mark.parametrize("n", [400, 20_000])
@pytest.mark.parametrize("bend", [np.square, np.abs, lambda x: np.cos(3 * np.pi * x)])
def test_curves_are_found_among_noise(n: int, bend: Callable[[np.ndarray], np.ndarray]) -> None:
    x = RNG.permutation(np.linspace(-1, 1, n))
    y = bend(x) + RNG.normal(0, 0.1, n)
    noise = [RNG.normal(size=n) for _ in range(10)]
    assert [(one.first, one.second) for one in found(x, *noise, y)] == [(0, 11)]


def test_a_parabola_and_a_sine_are_found_with_gaps() -> None:
    x = RNG.uniform(-1, 1, 3000)
    z = RNG.uniform(0, 2, 3000)
    parabola, sine = x**2 + RNG.normal(0, 0.1, 3000), np.sin(4 * np.pi * z + np.pi / 2) + RNG.normal(0, 0.2, 3000)
    parabola[::3] = np.nan
    pairs = found(x, parabola, z, sine, RNG.normal(size=3000))
    assert {(one.first, one.second) for one in pairs} == {(0, 1), (2, 3)}
    assert {one.n for one in pairs if one.first == 0} == {2000}


def test_the_information_is_that_of_sklearn() -> None:
    x = RNG.permutation(np.linspace(-1, 1, 4000))
    y = x**2 + RNG.normal(0, 0.2, 4000)
    (one,) = found(x, y)
    bins = [np.argsort(np.argsort(v)) // 400 for v in (x, y)]
    wanted = (mutual_info_score(*bins) - 81 / 8000) / np.log(10)
    assert one.shared == pytest.approx(wanted, abs=1e-3)


def test_noise_lines_and_few_rows_are_nothing() -> None:
    assert found(*(RNG.normal(size=1000) for _ in range(60))) == []
    x = RNG.normal(size=1000)
    assert found(x, x + RNG.normal(size=1000)) == []
    x = RNG.uniform(-1, 1, 100)
    assert found(x, x**2) == []
    assert found() == []
    assert found(np.full(500, 1.0), np.full(500, np.nan), np.repeat([0.0, 1.0], 250)) == []


def test_discrete_and_infinite_values() -> None:
    x = RNG.integers(-3, 4, 2000).astype(float)
    y = x**2 + RNG.normal(0, 0.5, 2000)
    y[5], x[7] = np.inf, -np.inf
    assert [(one.first, one.second) for one in found(x, y)] == [(0, 1)]
