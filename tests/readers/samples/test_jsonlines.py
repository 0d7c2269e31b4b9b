"""JSON in the shapes that records are written in."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Sheet
from dlviz_docs.readers.samples._features import strings_of
from dlviz_docs.readers.samples._limits import Limits
from dlviz_docs.readers.samples.jsonlines import read_ids, read_json, read_json_lines


def lines(tmp_path: Path, text: str, limits: Limits | None = None) -> Sheet:
    (tmp_path / "a.jsonl").write_text(text, encoding="utf-8", errors="surrogatepass")
    (read,) = read_json_lines(tmp_path / "a.jsonl", "a.jsonl", limits or Limits())
    return read


def whole(tmp_path: Path, value: Any) -> Sheet:
    (tmp_path / "a.json").write_text(value if isinstance(value, str) else json.dumps(value))
    (read,) = read_json(tmp_path / "a.json", "a.json", Limits())
    return read


def test_rows_of_every_kind(tmp_path: Path) -> None:
    read = lines(
        tmp_path,
        '{"n": 1, "x": NaN, "b": true, "s": "red", "v": [0.5, 0.5], "d": {"a": 1, "e": {"f": 2}}, "w": ["p", "q"]}\n'
        '{"n": 2, "x": -Infinity, "b": false, "s": null, "v": [1, 0], "d": {"a": 3, "e": {}}, "late": "x"}\n\n',
    )
    kinds = {feature.name: feature.kind for feature in read.features}
    assert kinds == {"n": "number", "x": "number", "b": "boolean", "s": "category", "d.a": "number"} | {
        "d.e": "category",
        "w": "category",
        "late": "category",
    }
    assert read.arrays["v"].tolist() == [[0.5, 0.5], [1, 0]]
    values = {feature.name: feature for feature in read.features}
    assert math.isnan(values["x"].values[0])
    assert values["x"].values[1] == -math.inf
    assert strings_of(values["late"]) == (None, "x")
    assert strings_of(values["w"]) == ("p, q", None)
    assert strings_of(values["d.e"]) == ('{"f": 2}', "{}")
    assert read.problems == ()


def test_lines_that_are_no_objects_are_counted(tmp_path: Path) -> None:
    read = lines(tmp_path, '{"a": 1}\n[1]\nnonsense\n{"a": 2}\n{"a": 3')
    assert read.features[0].values.tolist() == [1, 2]
    assert [(p.code, p.what[:7]) for p in read.problems] == [("json-lines", "3 lines")]


def test_numbers_too_long_and_lone_surrogates(tmp_path: Path) -> None:
    read = lines(tmp_path, '{"a": 1%s, "b": "\\ud800"}\n{"a": 2, "b": "x"}\n' % ("0" * 400))
    assert read.features[0].values.tolist() == [math.inf, 2.0]
    assert strings_of(read.features[1]) == ("\ufffd", "x")


@pytest.mark.parametrize(
    "value",
    [
        [{"y_true": 1, "y_pred": 2}, {"y_true": 3, "y_pred": 4}],
        {"y_true": [1, 3], "y_pred": [2, 4]},
        {"y_true": [1, 3], "y_pred": [2, 4], "accuracy": 0.5, "name": "x"},
        {"model": "x", "results": [{"y_true": 1, "y_pred": 2}, {"y_true": 3, "y_pred": 4}]},
        {"columns": ["y_true", "y_pred"], "index": [0, 1], "data": [[1, 2], [3, 4]]},
    ],
)
def test_shapes_of_records(value: Any, tmp_path: Path) -> None:
    read = whole(tmp_path, value)
    assert {f.name: f.values.tolist() for f in read.features} == {"y_true": [1, 3], "y_pred": [2, 4]}


def test_records_by_name_and_pandas_columns(tmp_path: Path) -> None:
    named = whole(tmp_path, {"a.png": {"label": 1, "prediction": 2}, "b.png": {"label": 3, "prediction": 4}})
    assert strings_of(named.features[0]) == ("a.png", "b.png")
    pandas = whole(tmp_path, {"x": {"0": 1, "1": 2, "2": 3}, "y": {"0": 4, "1": 5, "2": 6}})
    assert {f.name: f.values.tolist() for f in pandas.features} == {"x": [1, 2, 3], "y": [4, 5, 6]}


def test_what_stands_before_the_damage(tmp_path: Path) -> None:
    read = whole(tmp_path, '[{"a": 1, "b": 2}, {"a": 3, "b": 4}, {"a": 5, "b"')
    assert read.features[0].values.tolist()[:2] == [1, 3]
    assert [problem.code for problem in read.problems] == ["json"]


@pytest.mark.parametrize("text", ["", "3", '"a"', "[1, 2]", '{"a": 1}', "[" * 3000, "nonsense"])
def test_what_holds_no_records(text: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError):
        whole(tmp_path, text)


def test_caps_are_said(tmp_path: Path) -> None:
    text = '{"a": 1, "b": 2}\n' * 50
    assert lines(tmp_path, text, Limits(max_rows=7)).length == 7
    assert [p.code for p in lines(tmp_path, text, Limits(max_columns=1)).problems] == ["too-many-columns"]
    assert [p.code for p in lines(tmp_path, text, Limits(max_json_bytes=100)).problems] == ["too-large"]


def test_a_list_of_names(tmp_path: Path) -> None:
    (tmp_path / "train_ids.txt").write_text("p1\n\n p2 \n")
    (read,) = read_ids(tmp_path / "train_ids.txt", "train_ids.txt", Limits())
    assert strings_of(read.features[0]) == ("p1", "p2")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.sampled_from("abcde"), anything, max_size=4), min_size=1, max_size=8))
def test_any_records(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]) -> None:
    read = lines(tmp_path_factory.mktemp("t"), "".join(json.dumps(row) + "\n" for row in rows))
    assert read.length == len(rows)
    assert all(len(feature) == read.length for feature in read.features)
    assert all(len(array) == read.length for array in read.arrays.values())
