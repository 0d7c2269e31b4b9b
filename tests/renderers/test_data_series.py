"""Columns over time and rows that are series."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from made_pictures import dataset

from dlviz_docs.model import Dataset, Feature, Insight
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.data.series import series
from dlviz_docs.view import Figure, Plot

RNG = np.random.default_rng(0)
DAY = 86_400.0


def over_time(times: Any, kind: str = "time", splits: Any = (), **columns: Any) -> Dataset:
    features = [Feature("when", kind, np.asarray(times, np.float64))]  # type: ignore[arg-type]
    features += [Feature(name, "number", np.asarray(values, np.float64)) for name, values in columns.items()]
    return dataset(None, splits=splits, features=tuple(features), time="when", length=len(times))


def parts(made: Dataset, samples: bool = True) -> tuple[dict[str, Figure], dict[str, Insight]]:
    shown = list(series(made, Place(), samples))
    found = {one.id: one for one in shown if isinstance(one, Figure)}
    return found, {one.kind: one for one in shown if isinstance(one, Insight)}


def test_a_weekly_season_with_gaps() -> None:
    at = np.arange(280)
    values = 10 + np.where(at % 7 < 2, 5.0, 0.0) + RNG.normal(0, 0.5, 280)
    kept = np.ones(280, bool)
    kept[100:104] = kept[200] = False
    shuffled = RNG.permutation(int(kept.sum()))
    found, said = parts(over_time((1.6e9 + DAY * at)[kept][shuffled], sales=values[kept][shuffled]))
    assert list(found) == ["time-0", "autocorrelation"]
    assert said["season"].text.startswith("“sales” has a weekly season (strength 0.9")
    assert said["time-gaps"].text == "2 gaps in time: usually 1 d apart, at most 5 d, from 2020-12-21."
    assert "level-shift" not in said
    plot = found["time-0"].spec
    assert isinstance(plot, Plot)
    assert plot.x.scale == "time"
    assert (np.diff(plot.layers[0].x) > 0).all()


def test_a_shift_of_level() -> None:
    values = RNG.normal(size=600) + np.repeat([0, 5], 300)
    found, said = parts(over_time(np.arange(600), "number", load=values))
    assert said["level-shift"].figure == "time-0"
    assert said["level-shift"].text.startswith("“load” shifts from ")
    assert float(said["level-shift"].text.split(" at ")[1].rstrip(".")) == pytest.approx(300, abs=4)
    plot = found["time-0"].spec
    assert isinstance(plot, Plot)
    assert len(plot.layers) == 3
    assert "does not keep its level" in found["time-0"].caption


@pytest.mark.parametrize(
    ("values", "steady"),
    [
        (RNG.normal(size=500), True),
        (RNG.normal(size=500).cumsum(), False),
        (np.arange(500.0), False),
        (np.sin(np.arange(500) / 80), False),
    ],
)
def test_noise_walks_and_trends_have_neither_season_nor_shift(values: Any, steady: bool) -> None:
    _, said = parts(over_time(np.arange(500), "number", x=values))
    assert list(said) == ([] if steady else ["non-stationary"])


def test_all_columns_are_judged_and_those_that_say_something_are_drawn() -> None:
    at = np.arange(2000)
    columns = {f"noise {k}": RNG.normal(size=2000) for k in range(17)}
    columns |= {"walk": RNG.normal(size=2000).cumsum(), "tide": np.sin(at / 24 * 2 * np.pi) + RNG.normal(0, 0.1, 2000)}
    made = over_time(1.7e9 + 3600 * at, **columns)
    found, said = parts(made)
    assert said["season"].text.startswith("“tide” has a daily season")
    assert said["non-stationary"].text.startswith("“walk” does not keep its level over time")
    drawn = [figure.title for one, figure in found.items() if one.startswith("time-")]
    assert len(drawn) == 12
    assert {"walk", "tide"} <= set(drawn)
    assert "7 further columns of numbers are not drawn" in found["time-0"].caption
    assert found[said["season"].figure].title == "tide"
    hidden, told = parts(made, samples=False)
    assert list(hidden) == ["autocorrelation"]
    assert {kind: one.text for kind, one in told.items()} == {kind: one.text for kind, one in said.items()}
    assert {one.figure for one in told.values()} == {"autocorrelation"}


def test_several_columns_with_a_season_are_one_sentence() -> None:
    at = np.arange(2000)
    tides = {f"tide {k}": np.sin(at / 12 * np.pi + k) + RNG.normal(0, 0.1, 2000) for k in range(4)}
    said = [one for one in series(over_time(1.7e9 + 3600 * at, **tides), Place(), True) if isinstance(one, Insight)]
    assert [one.kind for one in said] == ["season"]
    assert said[0].values["columns"] == 4


def test_rows_of_one_time_are_averaged() -> None:
    times = np.repeat(np.arange(60.0), 3)
    found, _ = parts(over_time(times, "number", x=np.tile([1.0, 2.0, 3.0], 60) + times))
    plot = found["time-0"].spec
    assert isinstance(plot, Plot)
    assert plot.layers[0].y == pytest.approx(2 + np.arange(60))
    assert "the mean of the rows of each time" in found["time-0"].caption


def test_a_peak_of_one_point_is_drawn() -> None:
    values = RNG.normal(size=100_000)
    values[77_777] = 99
    plot = parts(over_time(np.arange(100_000), "number", x=values))[0]["time-0"].spec
    assert isinstance(plot, Plot)
    assert plot.layers[0].y.max() == 99
    assert len(plot.layers[0].x) <= 800


def test_rows_that_are_series() -> None:
    rows = np.sin(np.arange(50) / 5) + RNG.normal(0, 0.1, (40, 50)) + (np.arange(40) % 2)[:, None]
    found, _ = parts(dataset(None, np.arange(40) % 2, series=rows, length=40))
    assert list(found) == ["series-middle-0", *(f"series-{number}" for number in range(6))]
    plot = found["series-middle-0"].spec
    assert isinstance(plot, Plot)
    assert [layer.label for layer in plot.layers if layer.mark == "line"] == ["cat", "dog"]
    assert plot.layers[3].y - plot.layers[1].y == pytest.approx(1, abs=0.3)
    assert list(parts(dataset(None, series=rows, length=40), samples=False)[0]) == ["series-middle-0"]


def test_channels_and_missing_ends() -> None:
    rows = RNG.normal(size=(10, 30, 5))
    rows[:, 20:] = np.nan
    rows[3] = np.nan
    found, _ = parts(dataset(None, series=rows, length=10))
    assert [one for one in found if one.startswith("series-middle")] == [f"series-middle-{one}" for one in range(3)]
    assert "40 % of the values are missing" in found["series-middle-0"].caption


@pytest.mark.parametrize(
    "made",
    [
        dataset(None),
        dataset(None, series=np.zeros((0, 5)), length=0),
        dataset(None, series=np.full((3, 5), np.nan), length=3),
        dataset(None, time="absent"),
        over_time([]),
        over_time([1.0] * 100, x=RNG.normal(size=100)),
        over_time([np.nan] * 100, x=RNG.normal(size=100)),
    ],
)
def test_nothing_of_nothing(made: Dataset) -> None:
    assert list(series(made, Place(), True)) == []


@pytest.mark.parametrize(
    "values", [[np.nan] * 100, [1.0] * 100, [1e308, -1e308] * 50, [np.inf, 1.0] * 50, [np.nan] * 60 + [1.0, 2.0] * 20]
)
@pytest.mark.parametrize("times", [np.arange(100.0), np.arange(100.0) ** 3, np.arange(100.0) * 1e-300])
def test_any_numbers(values: list[float], times: Any) -> None:
    found, _ = parts(over_time(times, "number", x=values))
    assert all(figure.caption for figure in found.values())
