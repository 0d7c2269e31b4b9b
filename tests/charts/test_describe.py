from __future__ import annotations

import numpy as np

from dlviz_docs.charts.describe import MOST_ROWS, notes, rows, sentence
from dlviz_docs.view import Band, Chart, Line


def line(y: object, label: str = "val", **options: object) -> Line:
    values = np.asarray(y, dtype=float)
    return Line(label, "r", "loss", 0, {"step": np.arange(len(values)) * 10.0}, values, **options)  # type: ignore[arg-type]


def test_a_curve_is_told_with_its_ends_and_extremes() -> None:
    assert sentence(Chart((line([2.5, 1, 0.5, 0.75]),))) == (
        "val falls from 2.5 to 0.75 over step 0 to 30; lowest 0.5 at 20, highest 2.5 at 0."
    )
    assert sentence(Chart((line([1, 2]),))).startswith("val rises from 1 to 2")
    assert sentence(Chart((line([1, 5, 1]),))).startswith("val stays near 1")


def test_odd_curves_are_told_as_they_are() -> None:
    assert sentence(Chart((line([3, 3]),))) == "val is 3 throughout over step 0 to 10."
    assert sentence(Chart((line([3]),))) == "val is 3 at step 0."
    assert sentence(Chart((line([np.nan]),))) == "val has no finite value."
    assert sentence(Chart((line([2, np.inf, 1]),))).endswith("Some values are not finite.")
    assert sentence(Chart(())) == ""


def test_many_curves_are_told_together() -> None:
    band = Band("all", 0, np.arange(2.0), np.array([-1.0, 0]), np.array([0.0, 1]), np.array([1.0, 9]))
    told = sentence(Chart(tuple(line([1, 2]) for _ in range(5)), bands=(band,)))
    assert told == "5 curves by step and 1 band of several runs, values from −1 to 9."


def test_what_the_picture_cannot_show_is_said() -> None:
    assert notes(Chart((line([1, 2]),))) == ()
    assert "▼" in notes(Chart((line([0, 2]),), log_y=True))[0]
    assert "in val" in notes(Chart((line([1, np.nan]),)))[0]


def test_the_table_has_a_row_for_each_curve_and_says_where_it_stops() -> None:
    (row,) = rows(Chart((line([2, 1, np.nan, 3]),)))
    assert row.cells == ("2 at 0", "3 at 30", "1 at 10", "3 at 30", "yes")
    (empty,) = rows(Chart((line([np.nan]),)))
    assert empty.cells == ("–", "–", "–", "–", "yes")
    many = list(rows(Chart(tuple(line([1]) for _ in range(MOST_ROWS + 3)))))
    assert len(many) == MOST_ROWS + 1
    assert many[-1].label == "and 3 more"


def test_time_is_read_as_a_duration() -> None:
    timed = Line("val", "r", "loss", 0, {"time": np.array([0.0, 5400.0])}, np.array([1.0, 2.0]))
    (row,) = rows(Chart((timed,), x_axes=("time",), x_label="time"))
    assert row.cells[1] == "2 at 1 h 30 min"
