"""What the browser decodes is what the run holds, bit for bit."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dlviz_docs.charts import transport
from dlviz_docs.charts.transport import run_script
from dlviz_docs.model import Run, Series


def told(script: bytes) -> tuple[str, dict[str, Any]]:
    text = script.decode("ascii")
    assert text.startswith("dlviz.put(")
    assert text.endswith(");\n")
    key, data = json.loads(f"[{text[len('dlviz.put(') : -3]}]")
    return key, data


def decoded(code: dict[str, Any]) -> np.ndarray:
    """As live.js does it."""
    if "n" in code:
        return np.array([code["x0"] + code["dx"] * i for i in range(code["n"])])
    kind = "f4" if "f4" in code else "f8"
    return np.frombuffer(base64.b64decode(code[kind]), f"<{kind}").astype(float)


def run_of(*series: Series, **options: Any) -> Run:
    return Run("r", "r", series=series, **options)


def curve(data: dict[str, Any], name: str, axis: str) -> np.ndarray:
    return decoded(data["arrays"][data["series"][name][axis]])


@given(arrays(np.float64, st.integers(0, 30), elements=st.floats(width=64)))
def test_every_value_arrives_exactly(values: np.ndarray) -> None:
    series = Series("loss", "loss", np.arange(len(values)) * 10.0, values)
    _, data = told(run_script("e/r", run_of(series)))
    np.testing.assert_array_equal(curve(data, "loss", "y"), values)
    np.testing.assert_array_equal(curve(data, "loss", "step"), series.steps)


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (np.arange(5.0) * 10 + 3, "dx"),
        (np.full(4, 0.1), "dx"),
        (np.array([0.5, 0.25, 7.0]), "f4"),
        (np.array([0.1, 0.7, 0.2]), "f8"),
        (np.array([np.nan, np.inf, 1.0]), "f4"),
        (np.array([1e300, 0.0, 1.0]), "f8"),
        (np.array([-1.7e308, 1.7e308]), "f8"),
    ],
)
def test_the_shortest_exact_form_is_taken(values: np.ndarray, form: str) -> None:
    _, data = told(run_script("e/r", run_of(Series("y", "y", np.sqrt(np.arange(len(values))), values))))
    assert form in data["arrays"][data["series"]["y"]["y"]]


def test_curves_logged_together_share_their_steps() -> None:
    steps = np.array([0.0, 1.0, 5.0])
    series = [Series(f"train/{i}", str(i), steps, np.random.default_rng(i).normal(size=3)) for i in range(4)]
    _, data = told(run_script("e/r", run_of(*series)))
    assert len(data["arrays"]) == 5


def test_time_is_relative_to_the_start_of_the_run_and_epochs_are_offered() -> None:
    early = Series("a", "a", np.arange(2.0), np.zeros(2), times=np.array([100.0, 160.0]), epochs=np.array([0.0, 0.5]))
    late = Series("b", "b", np.arange(2.0), np.zeros(2), axis="epoch", times=np.array([np.nan, 130.0]))
    _, data = told(run_script("e/r", run_of(early, late)))
    np.testing.assert_array_equal(curve(data, "a", "time"), [0, 60])
    np.testing.assert_array_equal(curve(data, "b", "time"), [np.nan, 30])
    np.testing.assert_array_equal(curve(data, "a", "epoch"), [0, 0.5])
    np.testing.assert_array_equal(curve(data, "b", "epoch"), [0, 1])
    _, data = told(run_script("e/r", run_of(early, started=90.0)))
    np.testing.assert_array_equal(curve(data, "a", "time"), [10, 70])


def test_curves_written_together_share_their_times() -> None:
    steps, times = np.arange(50.0), 1e9 + np.cumsum(np.random.default_rng(0).random(50))
    series = [Series(f"{i}", f"{i}", steps, np.sqrt(steps + i), times=times + 1e-4 * i) for i in range(5)]
    apart = Series("apart", "apart", steps, np.sqrt(steps), times=times + 5)
    _, data = told(run_script("e/r", run_of(*series, apart)))
    assert len({data["series"][item.name]["time"] for item in series}) == 1
    np.testing.assert_allclose(curve(data, "4", "time"), times - times[0], atol=1e-3)
    np.testing.assert_allclose(curve(data, "apart", "time"), times - times[0] + 5, atol=1e-3)


def test_superseded_points_are_left_out_and_the_rest_is_in_order() -> None:
    gone = np.array([False, True, False, False])
    series = Series("a", "a", np.array([0.0, 2.0, 1.0, 2.0]), np.array([1.0, 9.0, 2.0, 3.0]), superseded=gone)
    _, data = told(run_script("e/r", run_of(series)))
    np.testing.assert_array_equal(curve(data, "a", "y"), [1, 2, 3])
    unordered = Series("a", "a", np.array([2.0, 0.0]), np.array([7.0, 8.0]))
    _, data = told(run_script("e/r", run_of(unordered)))
    np.testing.assert_array_equal(curve(data, "a", "y"), [8, 7])


def test_a_very_long_curve_is_thinned_says_so_and_keeps_its_extremes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MOST_POINTS", 100)
    values = np.random.default_rng(0).normal(size=1000)
    values[333], values[666] = 50, np.nan
    _, data = told(run_script("e/r", run_of(Series("a", "a", np.arange(1000.0), values))))
    shown = curve(data, "a", "y")
    assert data["series"]["a"]["thinned"] is True
    assert len(shown) <= 100
    assert np.nanmax(shown) == 50
    assert np.isnan(shown).any()


def test_names_cannot_leave_the_script() -> None:
    name = "</script><script>alert(1)//\u2028"
    script = run_script("e/</script>", run_of(Series(name, name, np.zeros(1), np.zeros(1))))
    assert b"<" not in script
    key, data = told(script)
    assert key == "e/</script>"
    assert list(data["series"]) == [name]
