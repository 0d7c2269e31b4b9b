"""NumPy's files: kinds of numbers, splits by name, and headers that lie."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sample_files import write

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Sheet
from dlviz_docs.readers.samples._limits import Limits
from dlviz_docs.readers.samples.arrays import headers, read_npy, read_npz

NUMBERS = [-2, 0, 3, 7]


def npy(tmp_path: Path, array: Any) -> Sheet:
    write(tmp_path, {"a.npy": array})
    (read,) = read_npy(tmp_path / "a.npy", "a.npy", Limits())
    return read


@pytest.mark.parametrize("kind", ["i1", "<i2", ">i4", "<i8", "<f2", "<f4", ">f8", "<f8"])
def test_numbers_of_every_width_and_order(kind: str, tmp_path: Path) -> None:
    assert npy(tmp_path, np.array(NUMBERS, kind)).features[0].values.tolist() == NUMBERS


def test_bfloat16_as_two_bytes_without_a_type(tmp_path: Path) -> None:
    bits = (np.array(NUMBERS, np.float32).view(np.uint32) >> 16).astype(np.uint16)
    assert npy(tmp_path, bits.view("V2")).features[0].values.tolist() == NUMBERS


@pytest.mark.parametrize("order", ["C", "F"])
def test_both_orders_of_memory(order: Any, tmp_path: Path) -> None:
    array = np.arange(24.0).reshape(4, 3, 2).copy(order=order)
    assert (npy(tmp_path, array).arrays["a"] == array).all()


def test_words_truths_times_and_records(tmp_path: Path) -> None:
    assert npy(tmp_path, np.array(["b", "a", "b"])).features[0].levels == ("a", "b")
    assert npy(tmp_path, np.array([b"b", b"a"])).features[0].levels == ("a", "b")
    assert npy(tmp_path, np.array([True, False])).features[0].kind == "boolean"
    assert npy(tmp_path, np.array(["2024-01-01"], "M8[s]")).features[0].kind == "time"
    records = np.array([(1, 2.5), (3, 4.5)], [("n", "<i4"), ("x", ">f8")])
    assert [(f.name, f.values.tolist()) for f in npy(tmp_path, records).features] == [("n", [1, 3]), ("x", [2.5, 4.5])]


def test_what_was_pickled_is_not_opened(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(ReadError, match="Python objects") as caught:
        read_npy(tmp_path / "a.npy", "a.npy", Limits())
    assert "astype(str)" in caught.value.remedy
    np.savez(tmp_path / "a.npz", x=np.arange(3), names=np.array(["a", None, 1], object), allow_pickle=True)
    (read,) = read_npz(tmp_path / "a.npz", "a.npz", Limits())
    assert [feature.name for feature in read.features] == ["x"]
    assert any("names holds Python objects" in problem.what for problem in read.problems)


def header(text: str, version: int = 1) -> bytes:
    data = text.encode()
    return b"\x93NUMPY" + bytes([version, 0]) + len(data).to_bytes(2 if version == 1 else 4, "little") + data


@pytest.mark.parametrize(
    "text",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1 << 60, 8)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (True,)}",
        "{'descr': '|V0', 'fortran_order': False, 'shape': (99999999,)}",
        "{'descr': '<U0', 'fortran_order': False, 'shape': (99999999,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,)}",
        "{'descr': 'nonsense', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': ('<f8', (3,)), 'fortran_order': False, 'shape': (1,)}",
        "__import__('os').system('true')",
        "[" * 5000,
        "{}",
        "",
    ],
)
def test_headers_that_lie(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(header(text) + bytes(64))
    with pytest.raises(ReadError):
        read_npy(path, "a.npy", Limits())


def test_a_header_longer_than_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}")
    with pytest.raises(ReadError):
        read_npy(tmp_path / "a.npy", "a.npy", Limits())


def test_later_versions_of_the_format(tmp_path: Path) -> None:
    for version in (2, 3):
        text = "{'descr': '<i2', 'fortran_order': False, 'shape': (2,)}\n"
        (tmp_path / "a.npy").write_bytes(header(text, version) + np.array([5, 6], "<i2").tobytes())
        assert read_npy(tmp_path / "a.npy", "a.npy", Limits())[0].features[0].values.tolist() == [5, 6]


def test_splits_among_the_names(tmp_path: Path) -> None:
    arrays = {"x_train": np.ones((5, 2)), "y_train": np.arange(5), "x_test": np.ones((3, 2)), "y_test": np.arange(3)}
    write(tmp_path, {"a.npz": {**arrays, "class_names": np.array(["a", "b"])}})
    read = read_npz(tmp_path / "a.npz", "a.npz", Limits())
    assert [(one.split, one.length, sorted(one.arrays)) for one in read] == [
        ("train", 5, ["x_train"]),
        ("test", 3, ["x_test"]),
    ]
    assert all(one.classes == ("a", "b") for one in read)


def test_an_array_of_another_length_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"a.npz": {"y_true": np.arange(5), "y_pred": np.arange(5), "extra": np.arange(4), "lr": 0.1}})
    (read,) = read_npz(tmp_path / "a.npz", "a.npz", Limits())
    assert [feature.name for feature in read.features] == ["y_true", "y_pred"]
    assert [(problem.code, problem.what.split()[0]) for problem in read.problems] == [("length", "extra")]


def test_unpacked_bytes_are_limited(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros(100_000), b=np.arange(3))
    (read,) = read_npz(tmp_path / "a.npz", "a.npz", Limits(max_bytes=10_000))
    assert [feature.name for feature in read.features] == ["b"]
    assert [problem.code for problem in read.problems] == ["array"]


def test_a_member_that_unpacks_to_less_than_it_says(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.save(file, np.arange(1000))
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("cut.npy", file.getvalue()[:-800])
        archive.writestr("whole.npy", file.getvalue())
        archive.writestr("readme.txt", "nothing")
    (read,) = read_npz(tmp_path / "a.npz", "a.npz", Limits())
    assert [feature.name for feature in read.features] == ["whole"]
    assert [problem.what[:14] for problem in read.problems] == ["cut breaks off"]


def test_complex_numbers_are_not_shown(tmp_path: Path) -> None:
    read = npy(tmp_path, np.array([1j, 2.0]))
    assert read.features == ()
    assert "complex numbers" in read.problems[0].what


def test_headers_alone(tmp_path: Path) -> None:
    write(tmp_path, {"a.npz": {"x": np.ones((5, 2))}, "b.npy": np.arange(3), "c.npz": b"PK nothing"})
    assert headers(tmp_path / "a.npz")["x"].shape == (5, 2)
    assert headers(tmp_path / "b.npy")[""].shape == (3,)
    assert headers(tmp_path / "c.npz") == {}
