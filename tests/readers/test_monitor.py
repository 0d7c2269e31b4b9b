"""Monitors of episodes: against a plain reading of well-formed files, and whatever else a file may hold."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Reading, Series
from dlviz_docs.readers.monitor import Monitor

EPISODE = st.tuples(st.floats(-500, 500), st.integers(1, 1000), st.floats(0.001, 100))
AS_IT_IS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def read(path: Path) -> Reading:
    try:
        return Monitor().read(path)
    except ReadError as error:
        return error.partial or Reading("")


def curve(reading: Reading, raw_name: str) -> Series:
    (found,) = [series for series in reading.series if series.raw_name == raw_name]
    return found


@AS_IT_IS
@given(st.floats(1e9, 2e9), st.lists(EPISODE, min_size=1, max_size=30))
def test_a_monitor_is_what_csv_reads(tmp_path: Path, start: float, episodes: list[tuple[float, int, float]]) -> None:
    path = tmp_path / "monitor.csv"
    ends = np.cumsum([wait for _, _, wait in episodes])
    with path.open("w", newline="") as file:
        file.write(f"#{json.dumps({'t_start': start, 'env_id': 'CartPole-v1'})}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["r", "l", "t"])
        writer.writerows((r, length, float(end)) for (r, length, _), end in zip(episodes, ends, strict=True))
    reading = read(path)
    assert reading.problems == ()
    assert curve(reading, "r").values.tolist() == [r for r, _, _ in episodes]
    assert curve(reading, "r").steps.tolist() == np.cumsum([length for _, length, _ in episodes]).tolist()
    times = curve(reading, "l").times
    assert times is not None
    assert times.tolist() == (start + ends).tolist()
    assert reading.hparams == {"env_id": "CartPole-v1"}


LINE = st.one_of(
    st.just('#{"t_start": 1.7e9, "env_id": "A-v1"}'), st.just('#{"t_start": Infinity}'), st.just("r,l,t"),
    st.just("r,l,t,r,is_success"), st.just("1,2,3"), st.just("1,2,3,4,True"), st.just("nan,inf,-inf"),
    st.just('"1,2,3'), st.text(max_size=12),
)  # fmt: skip


@AS_IT_IS
@given(st.lists(LINE, max_size=12), st.sampled_from(["\n", "\r\n", ""]))
def test_any_lines_give_curves_or_a_reason(tmp_path: Path, lines: list[str], end: str) -> None:
    path = tmp_path / "0.monitor.csv"
    path.write_bytes(((end or "\n").join(lines) + end).encode("utf-8", "surrogatepass"))
    reading = read(path)
    assert len({series.name for series in reading.series}) == len(reading.series)
    for series in reading.series:
        assert np.isfinite(series.steps).all()
        assert (np.diff(series.steps) >= 0).all()


def test_only_so_much_is_read_of_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "monitor.csv"
    path.write_text('#{"t_start": 1.7e9}\nr,l,t\n' + "".join(f"{n},1,{n}\n" for n in range(1000)))
    reading = Monitor(max_bytes=1000).read(path)
    assert [problem.code for problem in reading.problems] == ["too-large"]
    assert curve(reading, "r").values.tolist() == list(range(len(curve(reading, "r"))))


@pytest.mark.parametrize(
    ("name", "text", "taken"),
    [
        ("0.monitor.csv", "", True), ("monitor.csv", '#{"t_start": 1', True), ("eval.monitor.csv", "r,l,t\n", True),
        ("log.csv", '#{"t_start": 1}\nr,l,t,is_success\n', True), ("log.csv", "r,l,t\n1,2,3\n", True),
        ("boxes.csv", "r,l,t,b\n1,2,3,4\n", False), ("monitor.csv", "cpu,memory\n1,2\n", False), ("x.csv", "", False),
        ("monitor.json", "{}", False),
    ],
)  # fmt: skip
def test_which_files_are_monitors(name: str, text: str, taken: bool, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert Monitor().matches(tmp_path / name) == taken


def test_a_begin_at_zero_is_no_time_of_day(tmp_path: Path) -> None:
    path = tmp_path / "monitor.csv"
    path.write_text('#{"t_start": 0}\nr,l,t\n1,10,1\n2,10,3\n#{"t_start": 1.5}\nr,l,t\n3,10,1\n')
    reading = read(path)
    assert curve(reading, "r").values.tolist() == [1, 3, 2]
    assert curve(reading, "r").times is None


@AS_IT_IS
@given(st.lists(EPISODE, min_size=1, max_size=12), st.data())
def test_a_cut_row_is_no_session(tmp_path: Path, episodes: list[tuple[float, int, float]], data: st.DataObject) -> None:
    """What is left of a last `t` of 103.2 may be 10, before the one of the row above."""
    ends = np.cumsum([wait for _, _, wait in episodes])
    rows = "".join(f"{r},{steps},{t:.4f}\n" for (r, steps, _), t in zip(episodes, ends, strict=True))
    content = '#{"t_start": 1600000000.0, "env_id": "CartPole-v1"}\nr,l,t\n' + rows
    path = tmp_path / "monitor.csv"
    path.write_text(content[: data.draw(st.integers(content.index("r,l,t") + 6, len(content)))])
    reading = read(path)
    assert {problem.code for problem in reading.problems} <= {"cut-off", "no-episodes"}
    found = [] if not reading.series else curve(reading, "r").values.tolist()
    assert found == [r for r, _, _ in episodes[: len(found)]]
