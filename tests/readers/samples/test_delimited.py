"""Delimited text of every kind, whole and damaged."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Sheet
from dlviz_docs.readers.samples import delimited
from dlviz_docs.readers.samples._features import strings_of
from dlviz_docs.readers.samples._limits import Limits
from dlviz_docs.readers.samples.delimited import read_delimited


def sheet(tmp_path: Path, content: str | bytes, limits: Limits | None = None) -> Sheet:
    path = tmp_path / "t.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (read,) = read_delimited(path, "t.csv", limits or Limits())
    return read


def cells(read: Sheet) -> dict[str, list[str | None]]:
    return {feature.name: list(strings_of(feature)) for feature in read.features}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a,b\n1,x\n2,y\n", {"a": ["1", "2"], "b": ["x", "y"]}),
        ("a;b\n1,5;x\n2,25;y\n", {"a": ["1.5", "2.25"], "b": ["x", "y"]}),
        ("a;b\n1,5;x\n2.25;y\n", {"a": ["1,5", "2.25"], "b": ["x", "y"]}),
        ("a\tb\r\n1\tx\r\n2\ty", {"a": ["1", "2"], "b": ["x", "y"]}),
        ("a|b\n1|x\n", {"a": ["1"], "b": ["x"]}),
        ("\ufeffa,b\n1,x\n", {"a": ["1"], "b": ["x"]}),
        ('a,b\n1,"x\ny, ""z"""\n2,w\n', {"a": ["1", "2"], "b": ['x\ny, "z"', "w"]}),
        (" a , b \n1, x\n2, y\n", {"a": ["1", "2"], "b": ["x", "y"]}),
        ("a,a\n1,2\n", {"a": ["1"], "a (2)": ["2"]}),
        ("a,b\rx,1\ry,2\r", {"a": ["x", "y"], "b": ["1", "2"]}),
        ("# made by hand\na,b\n1,x\n", {"a": ["1"], "b": ["x"]}),
        ("# a,b\n1,x\n2,y\n", {"a": ["1", "2"], "b": ["x", "y"]}),
        ("1,2\n3,4\n", {"column 1": ["1", "3"], "column 2": ["2", "4"]}),
        ("a,b,\n1,2,\n", {"a": ["1"], "b": ["2"]}),
        ("a,b\n1,2,\n3,4,\n", {"a": ["1", "3"], "b": ["2", "4"]}),
        ("a,b\nrow,1,2\nwor,3,4\n", {"": ["row", "wor"], "a": ["1", "3"], "b": ["2", "4"]}),
        ("code,n\n007,1\n010,2\n", {"code": ["007", "010"], "n": ["1", "2"]}),
        ("a,b\n1,NA\n,x\n", {"a": ["1", None], "b": [None, "x"]}),
    ],
)
def test_spellings(content: str, expected: dict[str, list[str]], tmp_path: Path) -> None:
    read = sheet(tmp_path, content)
    assert cells(read) == expected
    assert read.problems == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_encodings(encoding: str, tmp_path: Path) -> None:
    read = sheet(tmp_path, "Größe,Ort\n1,Köln\n2,Zürich\n".encode(encoding))
    assert cells(read) == {"Größe": ["1", "2"], "Ort": ["Köln", "Zürich"]}
    assert [problem.code for problem in read.problems] == (["encoding"] if encoding == "cp1252" else [])


def test_lines_of_another_length_are_left_out_and_counted(tmp_path: Path) -> None:
    read = sheet(tmp_path, "a,b\n1,x\n2\n3,y,z\n\n4,w\n")
    assert cells(read) == {"a": ["1", "4"], "b": ["x", "w"]}
    assert [(problem.code, problem.what[:7]) for problem in read.problems] == [("ragged", "2 lines")]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_names_of_several_lines(end: str, tmp_path: Path) -> None:
    text = end.join(['id,"age\n(years)","height\r(cm)",label', "1,20,170,x", '2,30,"180",y', ""])
    (tmp_path / "data.csv").write_bytes(text.encode())
    (sheet,) = read_delimited(tmp_path / "data.csv", "data.csv", Limits())
    assert [feature.name for feature in sheet.features] == ["id", "age\n(years)", "height\r(cm)", "label"]
    assert sheet.length == 2
    assert sheet.problems == ()


def test_a_quotation_mark_that_is_never_closed(tmp_path: Path) -> None:
    read = sheet(tmp_path, 'a,b\n1,x\n2,"y\n3,z\n')
    assert cells(read)["a"] == ["1", "2", "3"]
    assert [problem.code for problem in read.problems] == ["quotation-marks"]


def test_inches_are_no_quotation_marks(tmp_path: Path) -> None:
    read = sheet(tmp_path, 'size,n\n5" pipe,1\n7" pipe,2\nplain,3\n')
    assert cells(read) == {"size": ['5" pipe', '7" pipe', "plain"], "n": ["1", "2", "3"]}


def test_columns_that_change_their_mind_in_a_later_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_BLOCK", 64)
    whole = [*(str(n) for n in range(60)), "0.5"]
    mixed = [*(str(n) for n in range(60)), "word"]
    rows = "".join(f"{a},{b},c\n" for a, b in zip(whole, mixed, strict=True))
    read = sheet(tmp_path, "a,b,c\n" + rows)
    assert read.features[0].values.tolist() == [float(cell) for cell in whole]
    assert read.features[1].invalid == 1
    assert read.length == 61


def test_words_that_repeat_are_kept_by_number_and_read_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "_BLOCK", 4096)
    few = [("north", "south", "", "a word of more than twelve letters")[n % 4] for n in range(3000)]
    later = ["x" if n < 1500 else f"w{n % 700}" for n in range(3000)]  # few in the first blocks, many in others
    mixed = [str(n) if n < 1500 else ("yes", "no")[n % 2] for n in range(3000)]
    rows = "".join(f"{a},{b},{c},{n}\n" for n, (a, b, c) in enumerate(zip(few, later, mixed, strict=True)))
    monkeypatch.setattr(delimited, "_MOST_CODED", 50)
    blocks: list[bool] = []
    coded = delimited._coded

    def noted(column: Any) -> Any:
        blocks.append(isinstance(found := coded(column), delimited._Coded))
        return found

    monkeypatch.setattr(delimited, "_coded", noted)
    read = sheet(tmp_path, "few,later,mixed,n\n" + rows)
    assert True in blocks
    assert False in blocks
    assert cells(read)["few"] == [cell or None for cell in few]
    assert cells(read)["later"] == later
    assert cells(read)["mixed"] == mixed
    assert read.features[3].values.tolist() == list(range(3000))


def test_a_column_without_a_name_and_anything_in_it_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_BLOCK", 64)
    read = sheet(tmp_path, ",a,b\n" + ",1,x\n" * 50)
    assert [feature.name for feature in read.features] == ["a", "b"]
    named = sheet(tmp_path, ",a,b\n" + ",1,x\n" * 50 + "5,1,x\n")
    assert [feature.name for feature in named.features] == ["", "a", "b"]


def test_decimal_commas_in_every_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_BLOCK", 64)
    read = sheet(tmp_path, "a;b\n" + "1,5;x\n2,25;y\n" * 40)
    assert read.features[0].values.tolist() == [1.5, 2.25] * 40
    assert cells(read)["b"] == ["x", "y"] * 40


def test_records_longer_than_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_BLOCK", 16)
    long = "line of a text\n" * 20
    read = sheet(tmp_path, f'a,b\n1,"{long}"\n2,"ü{long}"\n')
    assert cells(read)["b"] == [long, "ü" + long]


def test_caps_are_said(tmp_path: Path) -> None:
    text = "a,b\n" + "1,2\n" * 100
    rows = sheet(tmp_path, text, Limits(max_rows=10))
    assert (rows.length, [p.code for p in rows.problems]) == (10, ["too-many-rows"])
    wide = sheet(tmp_path, ",".join(f"c{n}" for n in range(9)) + "\n" + ",".join("1" * 9) + "\n", Limits(max_columns=4))
    assert (len(wide.features), [p.code for p in wide.problems]) == (4, ["too-many-columns"])
    short = sheet(tmp_path, text, Limits(max_bytes=80))
    assert [p.code for p in short.problems] == ["too-large"]
    assert 0 < short.length < 100


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\x00\x01\x02,\x00\n", b"PK\x03\x04\x00\x00"])
def test_what_is_no_table(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(ReadError):
        sheet(tmp_path, content)


plain = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=10)


@given(st.lists(st.tuples(plain, plain, st.integers(-999, 999)), min_size=1, max_size=20), st.integers(8, 80))
def test_whatever_pythons_writer_quotes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, int]], block: int
) -> None:
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerows([("x", "y", "n"), *rows])
    before, delimited._BLOCK = delimited._BLOCK, block
    try:
        read = sheet(tmp_path_factory.mktemp("t"), file.getvalue())
    finally:
        delimited._BLOCK = before
    assert read.length == len(rows)
    number = read.features[2]
    assert number.values.tolist() == [float(n) for _, _, n in rows]
    assert read.problems == ()


@given(st.binary(max_size=200))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    try:
        read = sheet(tmp_path_factory.mktemp("t"), content)
    except ReadError:
        return
    assert all(len(feature) == read.length for feature in read.features)


@given(st.text(st.sampled_from('ab1,;\t"\n\r#. -\u00e4'), max_size=120))
def test_any_text_of_delimiters_and_quotes(tmp_path_factory: pytest.TempPathFactory, content: str) -> None:
    try:
        read = sheet(tmp_path_factory.mktemp("t"), content)
    except ReadError:
        return
    assert all(len(feature) == read.length for feature in read.features)
    assert all(np.isfinite(feature.missing) for feature in read.features)
