"""Every number of a log comes out as Python's float() reads it, whatever the table or the lines around it."""

from __future__ import annotations

import csv
import json
import math
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlviz_docs.errors import ReadError
from dlviz_docs.readers.json_metrics import JSONMetrics
from dlviz_docs.readers.table import MetricsTable

cells = st.one_of(
    st.none(),
    st.floats(width=64),
    st.integers(-(2**70), 2**70).map(float),
    st.sampled_from([math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308, -0.0]),
)
tables = st.lists(st.tuples(cells, cells), min_size=1, max_size=40)


def same(found: np.ndarray, expected: list[float]) -> bool:
    return np.array_equal(found.view(np.uint64)[~np.isnan(found)], _bits(expected)) and len(found) == len(expected)


def _bits(values: list[float]) -> np.ndarray:
    array = np.array(values, np.float64)
    return array.view(np.uint64)[~np.isnan(array)]


def expected_of(rows: list[tuple[float | None, float | None]], column: int) -> tuple[list[float], list[float]]:
    points = [(float(step), row[column]) for step, row in enumerate(rows)]
    return [s for s, v in points if v is not None], [v for _, v in points if v is not None]


@settings(max_examples=150, deadline=None)
@given(tables, st.sampled_from([",", ";", "\t"]), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_tables_keep_every_bit(
    rows: list[tuple[float | None, float | None]], delimiter: str, ending: str, quoted: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            style = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
            writer = csv.writer(file, delimiter=delimiter, lineterminator=ending, quoting=style)
            writer.writerow(["step", "a", "b"])
            writer.writerows([step, *("" if v is None else repr(v) for v in row)] for step, row in enumerate(rows))
        reading = MetricsTable().read(path)
    assert not reading.problems
    found = {series.name: series for series in reading.series}
    for index, name in enumerate("ab"):
        steps, values = expected_of(rows, index)
        if values:
            assert found[name].steps.tolist() == steps
            assert same(found[name].values, values)
        else:
            assert name not in found


@settings(max_examples=150, deadline=None)
@given(tables, st.sampled_from(["step", "global_step", "iteration"]))
def test_json_lines_keep_every_bit(rows: list[tuple[float | None, float | None]], step_name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        lines = [
            {step_name: step, **{name: value for name, value in zip("ab", row, strict=True) if value is not None}}
            for step, row in enumerate(rows)
        ]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        reading = JSONMetrics().read(path)
    assert not reading.problems
    found = {series.name: series for series in reading.series}
    for index, name in enumerate("ab"):
        steps, values = expected_of(rows, index)
        if values:
            assert found[name].steps.tolist() == steps
            assert same(found[name].values, values)
        else:
            assert name not in found


def test_a_table_longer_than_a_batch(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    rows = [(step, 0.1 * step if step % 3 else None) for step in range(10_000)]
    path.write_text("step,loss\n" + "".join(f"{s},{'' if v is None else repr(v)}\n" for s, v in rows))
    (series,) = MetricsTable().read(path).series
    assert series.steps.tolist() == [float(s) for s, v in rows if v is not None]
    assert series.values.tolist() == [v for _, v in rows if v is not None]


def test_a_table_larger_than_allowed_is_read_as_far(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,loss\n" + "".join(f"{step},0.5\n" for step in range(100_000)))
    reading = MetricsTable(max_bytes=50_000).read(path)
    assert [problem.code for problem in reading.problems] == ["too-large"]
    assert 5_000 < len(reading.series[0]) < 10_000


def test_a_line_without_end_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,loss\n1,0.5\n" + "9" * 3_000_000)
    reading = MetricsTable().read(path)
    assert reading.series[0].values.tolist() == [0.5]
    assert reading.problems


def test_json_deeper_than_any_stack_is_said(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 1, "loss": 0.5}\n{"step": 2, "loss": ' + "[" * 100_000 + "]" * 100_000 + "}\n")
    reading = JSONMetrics().read(path)
    assert reading.series[0].values.tolist() == [0.5]
    assert [problem.code for problem in reading.problems] == ["bad-lines"]


def test_a_million_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step," + ",".join(f"m{i}" for i in range(20_000)) + "\n")
    with pytest.raises(ReadError, match="20,001 columns"):
        MetricsTable().read(path)


def test_more_keys_than_a_log_can_have_are_said(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps({"step": i, **{f"m{i}_{k}": k for k in range(600)}}) + "\n" for i in range(20)))
    reading = JSONMetrics().read(path)
    assert len(reading.series) < 10_000
    assert "too-large" in {problem.code for problem in reading.problems}


def test_the_row_numbers_of_pandas_are_no_metric(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(",Unnamed: 0,step,loss\n0,0,1,0.5\n1,1,2,0.25\n")
    assert [series.name for series in MetricsTable().read(path).series] == ["loss"]
