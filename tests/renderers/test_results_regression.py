from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from dlviz_docs.model import Feature, Insight, Pictures, Predictions
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results.regression import regression
from dlviz_docs.view import Figure, Gallery, Plot, Shown, Table


def number(name: str, values: Any) -> Feature:
    return Feature(name, "number", np.asarray(values, float))


def predictions(truth: Any, predicted: Any, name: str = "model", **more: Any) -> Predictions:
    truth, predicted = np.asarray(truth, float), np.asarray(predicted, float)
    return Predictions(name, "", ("p.csv",), "regression", len(truth), truth=truth, predicted=predicted, **more)


def house(n: int = 1200, seed: int = 0) -> Predictions:
    """Errors grow with the prediction, are too high for old houses, and large by the river."""
    rng = np.random.default_rng(seed)
    size, age, river = rng.uniform(1, 10, n), rng.uniform(0, 100, n), rng.integers(0, 2, n).astype(np.int32)
    truth = 20 * size + rng.normal(0, 2, n)
    predicted = truth + size * rng.normal(0, 1, n) * (1 + 3 * river) + 0.05 * (age - 50)
    features = (
        number("size", size),
        number("age", age),
        Feature("river", "boolean", river, ("False", "True")),
        number("luck", rng.normal(size=n)),
        number("same", np.ones(n)),
    )
    return predictions(truth, predicted, attributes=features)


def render(given: Predictions, *, samples: bool = True) -> list[Shown]:
    return list(regression(given, Place(), samples))


def figures(shown: list[Shown]) -> dict[str, Figure]:
    return {figure.id: figure for figure in shown if isinstance(figure, Figure)}


def insights(shown: list[Shown]) -> dict[str, Insight]:
    return {insight.kind: insight for insight in shown if isinstance(insight, Insight)}


def cells(table: object) -> list[list[str]]:
    assert isinstance(table, Table)
    return [[cell.text for cell in row] for row in table.rows]


def test_the_page_says_what_the_rows_are_made_of() -> None:
    shown = render(house())
    said = insights(shown)
    assert "smaller than that of always saying the mean" in said["regression-baseline"].text
    assert "Errors grow with the prediction" in said["regression-spread"].text
    drivers = [one.text for one in shown if isinstance(one, Insight) and one.kind == "error-driver"]
    assert any("“river”" in text for text in drivers)
    assert not any("“luck”" in text or "“same”" in text for text in drivers)
    places = set(figures(shown))
    assert "error-by-river" in places
    assert {one.figure for one in shown if isinstance(one, Insight)} <= places
    slices = cells(figures(shown)["regression-slices"].spec)
    assert "river = True" in slices[0][0]
    assert len(places) == sum(isinstance(one, Figure) for one in shown)


def test_errors_that_hang_on_nothing_are_said_to_hang_on_nothing() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(size=2000)
    given = predictions(
        truth,
        truth + rng.normal(size=2000) * 0.3,
        attributes=tuple(number(f"f{k}", rng.normal(size=2000)) for k in range(20)),
    )
    assert set(insights(render(given))) == {"regression-quality", "regression-baseline"}


def test_a_model_worse_than_the_mean_is_a_warning() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(10, 1, 200)
    said = insights(render(predictions(truth, rng.normal(10, 3, 200))))
    assert said["regression-baseline"].severity == "warning"
    assert said["regression-quality"].values["r2"] < 0


def test_a_shift_of_all_predictions_is_a_bias() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(10, 5, 300)
    said = insights(render(predictions(truth, truth - 2 + rng.normal(0, 1, 300))))
    assert said["regression-bias"].text.startswith("Predictions are too low by ")
    assert said["regression-bias"].values["bias"] == pytest.approx(-2, abs=0.2)


def test_regression_to_the_mean_is_said() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(50, 10, 2000)
    assert "regression-shrinkage" in insights(
        render(predictions(truth, 50 + 0.5 * (truth - 50) + rng.normal(0, 1, 2000)))
    )
    assert "regression-shrinkage" not in insights(render(predictions(truth, truth + rng.normal(0, 1, 2000))))


def test_relative_errors_only_where_the_truth_is_away_from_zero() -> None:
    rng = np.random.default_rng(0)
    truth = rng.uniform(5, 10, 100)
    names = [row[0] for row in cells(figures(render(predictions(truth, truth * 1.1)))["regression-scores"].spec)]
    assert "MAPE in %" in names
    truth[:30] = 0
    names = [row[0] for row in cells(figures(render(predictions(truth, truth + 1)))["regression-scores"].spec)]
    assert "MAPE in %" not in names


@pytest.mark.parametrize(
    ("nominal", "words"), [(0.9, "too narrow"), (0.68, "promise"), (None, "not recorded"), (0.5, "too wide")]
)
def test_intervals_are_held_against_what_they_promise(nominal: float | None, words: str) -> None:
    rng = np.random.default_rng(0)
    predicted = rng.normal(0, 5, 3000)
    truth = predicted + rng.normal(size=3000)
    given = predictions(truth, predicted, intervals=np.stack([predicted - 1, predicted + 1], axis=1), nominal=nominal)
    shown = render(given)
    said = insights(shown)["interval-coverage"]
    assert words in said.text
    assert said.values["coverage"] == pytest.approx(0.683, abs=0.03)
    assert "interval-coverage" in figures(shown)


def test_only_the_test_split_is_judged_and_that_is_said() -> None:
    truth = np.arange(100.0)
    split = np.repeat(np.array([0, 1], np.int32), 50)
    given = predictions(truth, truth + np.where(split == 1, 3, 50), split=split, splits=("train", "test"))
    shown = render(given)
    assert insights(shown)["regression-quality"].values["mae"] == 3
    assert "50 rows of the test split" in figures(shown)["regression-scores"].caption


def test_rows_without_a_number_are_counted_and_left_out() -> None:
    truth, predicted = np.arange(50.0), np.arange(50.0) + 1
    truth[3], predicted[7], predicted[9] = np.nan, np.nan, np.inf
    said = insights(render(predictions(truth, predicted)))
    assert said["regression-unusable"].text.startswith("3 of 50 rows (6 %)")
    assert "1 of them since the prediction is infinite" in said["regression-unusable"].text
    assert said["regression-quality"].values["mae"] == 1


def test_many_rows_are_cells_and_single_ones_are_hidden_where_they_may_not_be_shown() -> None:
    def marks(given: Predictions, *, samples: bool) -> str:
        spec = figures(render(given, samples=samples))["predicted-true"].spec
        assert isinstance(spec, Plot)
        return spec.layers[0].mark

    few, many = house(500), house(2500)
    assert marks(few, samples=True) == "dot"
    assert marks(few, samples=False) == marks(many, samples=True) == "cell"
    assert "worst-rows" in figures(render(few))
    assert "worst-rows" not in figures(render(few, samples=False))


def test_worst_rows_come_first_with_pictures_if_there_are() -> None:
    given = house(100)
    errors = np.abs(given.predicted - given.truth)  # type: ignore[operator]
    rows = cells(figures(render(given))["worst-rows"].spec)
    assert rows[0][0] == f"row {errors.argmax()}"
    array = np.zeros((100, 8, 12), np.uint8)
    shown = predictions(
        given.truth, given.predicted, pictures=Pictures(tuple(f"a.npz#{k}" for k in range(100)), (), array)
    )
    spec = figures(render(shown))["worst-rows"].spec
    assert isinstance(spec, Gallery)
    assert (spec.items[0].pictures[0].width, spec.items[0].pictures[0].height) == (12, 8)
    assert spec.items[0].pictures[0].key == f"a.npz#{errors.argmax()}"


ODD = {
    "none": ([], []),
    "one": ([1.0], [2.0]),
    "two": ([1.0, 2.0], [2.0, 2.0]),
    "constant truth": ([5.0] * 60, list(range(60))),
    "constant everything": ([5.0] * 60, [5.0] * 60),
    "nothing known": ([np.nan] * 40, [np.nan] * 40),
    "infinite": ([1.0, np.inf, -np.inf] * 20, [np.inf, 1.0, 2.0] * 20),
    "huge": ([1e308, -1e308, 1.0] * 20, [-1e308, 1e308, 0.0] * 20),
    "tiny": ([1e-300, 2e-300, 3e-300] * 20, [0.0, 0.0, 0.0] * 20),
    "far outlier": ([*np.arange(3000.0), 1e12], [*np.arange(3000.0), 0.0]),
}


@pytest.mark.parametrize("case", ODD)
def test_odd_numbers_break_nothing(case: str) -> None:
    truth, predicted = ODD[case]
    n = len(truth)
    features = (
        number("nan", [np.nan] * n),
        number("wild", [np.inf, 1e308, np.nan, -1.0][:n] + [0.0] * max(n - 4, 0)),
        Feature("none", "category", np.full(n, -1, np.int32), ()),
        Feature("many", "category", np.arange(n, dtype=np.int32), tuple(map(str, range(n)))),
    )
    shown = render(predictions(truth, predicted, attributes=features, intervals=np.zeros((n, 2))))
    assert (case in ("none", "nothing known", "infinite")) == (not figures(shown))


def test_a_million_rows_take_seconds() -> None:
    given = house(1_000_000)
    before = time.process_time()
    render(given)
    assert time.process_time() - before < 12


def test_errors_without_rows_that_training_has_seen() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=500)
    errors = rng.normal(size=500)
    errors[:100] /= 100
    copied, nearly = np.arange(500) < 60, (np.arange(500) >= 60) & (np.arange(500) < 100)
    one = predictions(truth, truth + errors, leaked=copied, nearly_leaked=nearly)
    shown = render(one)
    leak = insights(shown)["leakage"]
    assert leak.severity == "warning"
    assert leak.values["without"] == pytest.approx(np.abs(errors[100:]).mean())
    assert "without the 100 rows that are also in the training split, 40 of them nearly alike" in leak.text
    (row,) = (row for row in cells(figures(shown)["regression-scores"].spec) if row[0] == "MAE without leaked rows")
    assert row[4] == "400"
    every = insights(render(predictions(truth, truth + errors, leaked=np.ones(500, np.bool_))))["leakage"]
    assert every.severity == "serious"
    even = insights(render(predictions(truth, truth + 1, leaked=copied)))["leakage"]
    assert even.severity == "info"
    assert "leakage" not in insights(render(predictions(truth, truth + errors, leaked=np.zeros(500, np.bool_))))
