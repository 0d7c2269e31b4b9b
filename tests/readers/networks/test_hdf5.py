"""HDF5 as we read it, against h5py."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.errors import ReadError
from dlviz_docs.readers.networks._hdf5 import Array, Directory, assembled, opened_hdf5

CASES = Path(__file__).parent / "keras_cases"
LONG = "ä long text " * 10_000


@contextmanager
def written(**options: Any) -> Iterator[tuple[h5py.File, io.BytesIO]]:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", **options) as file:
        yield file, buffer


def read(buffer: io.BytesIO) -> Directory:
    return opened_hdf5(buffer, buffer.seek(0, io.SEEK_END))


def values(directory: Directory, array: Array, buffer: io.BytesIO) -> np.ndarray:
    """The elements, as NumPy has the type."""
    if array.offset is None:
        raw = assembled(directory, array, 1 << 30).tobytes() if array.octets and array.there else bytes(array.octets)
    else:
        raw = buffer.getvalue()[array.offset : array.offset + array.octets]
    dtype = np.dtype(array.dtype).newbyteorder(">" if array.big_endian else "<")
    return np.frombuffer(raw, dtype).reshape(array.shape)


DTYPES = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">f4", ">i2", "?")


@pytest.mark.parametrize("libver", ["earliest", ("v108", "v108"), "latest"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_elements_of_every_type(dtype: str, libver: Any) -> None:
    array = (np.random.default_rng(0).normal(size=(3, 4)) * 50).astype(dtype)
    with written(libver=libver) as (file, buffer):
        file["a/b"] = array
        file["scalar"] = array[0, 0]
        file["nothing"] = array[:0]
    directory = read(buffer)
    for path in ("a/b", "scalar", "nothing"):
        found = directory.array(path)
        assert found is not None
        assert found.why_not == ""
        expected = array if path == "a/b" else array[0, 0] if path == "scalar" else array[:0]
        assert np.array_equal(values(directory, found, buffer), expected)


shapes = st.lists(st.integers(1, 7), min_size=1, max_size=3).map(tuple)


@given(data=st.data(), shape=shapes)
def test_chunks_of_every_shape(data: st.DataObject, shape: tuple[int, ...]) -> None:
    chunks = tuple(data.draw(st.integers(1, length)) for length in shape)
    options = {
        "compression": data.draw(st.sampled_from([None, "gzip"])),
        "shuffle": data.draw(st.booleans()),
        "fletcher32": data.draw(st.booleans()),
    }
    array = np.arange(np.prod(shape), dtype="f4").reshape(shape)
    with written() as (file, buffer):
        file.create_dataset("x", data=array, chunks=chunks, **options)
    directory = read(buffer)
    (found,) = directory.arrays()
    assert np.array_equal(values(directory, found, buffer), array)


def test_chunks_of_which_some_were_never_written() -> None:
    with written() as (file, buffer):
        x = file.create_dataset("x", (10, 10), "i4", chunks=(5, 5))
        x[7, 7] = 3
    directory = read(buffer)
    (found,) = directory.arrays()
    assert values(directory, found, buffer).sum() == 3


def test_an_array_that_was_never_written() -> None:
    with written() as (file, buffer):
        file.create_dataset("x", (10, 10), "f4")
    (found,) = read(buffer).arrays()
    assert (found.there, found.offset, found.shape) == (False, None, (10, 10))


def test_elements_within_the_header() -> None:
    with written() as (file, buffer):
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple((5,))
        array = np.arange(5, dtype="<f4")
        h5py.h5d.create(file.id, b"x", h5py.h5t.IEEE_F32LE, space, plan).write(h5py.h5s.ALL, h5py.h5s.ALL, array)
    directory = read(buffer)
    (found,) = directory.arrays()
    assert np.array_equal(values(directory, found, buffer), array)


@pytest.mark.parametrize("libver", ["earliest", ("v108", "v108")])
def test_texts_of_every_kind(libver: Any) -> None:
    told = {
        "text": "conv ä 层",
        "bytes": np.bytes_(b"abc"),
        "long": LONG,
        "list": np.array([b"a", b"long name", b""]),
        "texts": np.array(["é", "x" * 300], dtype=h5py.string_dtype()),
        "none": np.zeros(0),
        "number": 3.5,
    }
    with written(libver=libver) as (file, buffer):
        file.create_group("g").attrs.update(told)
    directory = read(buffer)
    assert directory.text("g", "text") == "conv ä 层"
    assert directory.text("g", "bytes") == "abc"
    assert directory.text("g", "long") == LONG
    assert directory.texts("g", "list") == ("a", "long name", "")
    assert directory.texts("g", "texts") == ("é", "x" * 300)
    assert directory.texts("g", "none") == directory.texts("g", "number") == directory.texts("g", "absent") == ()
    assert directory.texts("absent", "text") == ()


@pytest.mark.parametrize("many", [1, 8, 9, 100, 5000])
def test_groups_of_every_size(many: int) -> None:
    names = [f"layer_{number}" for number in range(many)]
    with written() as (file, buffer):
        for name in names:
            file.create_group(f"g/{name}").attrs["weight_names"] = name
        file["g/last/x"] = np.ones(3, "f4")
    directory = read(buffer)
    assert all(directory.text(f"g/{name}", "weight_names") == name for name in names)
    assert [array.path for array in directory.arrays()] == ["g/last/x"]
    assert directory.refused == []


def test_what_lies_densely_is_said_and_not_read() -> None:
    with written(libver="latest") as (file, buffer):
        for number in range(40):
            file[f"g/{number}"] = np.ones(2, "f4")
    directory = read(buffer)
    assert list(directory.arrays()) == []
    assert directory.refused == [("g", "in a group with more names than are read")]
    with written(libver="latest") as (file, buffer):
        file.create_group("g").attrs.update({str(number): "x" for number in range(40)})
    directory = read(buffer)
    assert directory.texts("g", "3") == ()
    assert directory.refused == [("g", "a group with more attributes than are read")]


def test_every_object_is_listed_once_however_it_is_linked() -> None:
    with written() as (file, buffer):
        file["a/x"] = np.ones(2, "f4")
        file["a/again"] = file["a/x"]
        file["a/itself"] = file["a"]
        file["soft"] = h5py.SoftLink("/a/x")
        file["a/near"] = h5py.SoftLink("x")
        file["circle"] = h5py.SoftLink("/circle")
        file["dangling"] = h5py.SoftLink("/nowhere")
        file["out"] = h5py.ExternalLink("other.h5", "/x")
    directory = read(buffer)
    assert len(list(directory.arrays())) == 1
    for path in ("soft", "a/near", "a/again", "a/itself/itself/x"):
        found = directory.array(path)
        assert found is not None
        assert found.shape == (2,)
    assert directory.array("circle") is directory.array("dangling") is directory.array("out") is None
    assert ("out", "a link to another file") in directory.refused


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir() if path.suffix == ".h5"))
def test_files_of_keras_are_listed_as_h5py_lists_them(name: str) -> None:
    content = (CASES / name).read_bytes()
    expected: dict[str, tuple[tuple[int, ...], int | None]] = {}

    def note(path: str, node: Any) -> None:
        if isinstance(node, h5py.Dataset):
            expected[path] = (node.shape, node.id.get_offset())

    with h5py.File(CASES / name) as file:
        file.visititems(note)
    found = read(io.BytesIO(content)).arrays()
    assert {array.path: (array.shape, array.offset) for array in found} == expected


def test_what_is_no_hdf5_is_said() -> None:
    for content in (b"", b"PK\3\4", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + b"\xff" * 100):
        with pytest.raises(ReadError):
            read(io.BytesIO(content))


def test_forms_that_are_not_known_are_refused_one_by_one() -> None:
    with written() as (file, buffer):
        file["text"] = "abc"
        file["record"] = np.zeros(2, [("a", "f4"), ("b", "i4")])
        file["lzf"] = file.create_dataset("packed", data=np.ones((4, 4)), compression="lzf")
        file["fine"] = np.ones(3, "f4")
    found = {array.path: array.why_not for array in read(buffer).arrays()}
    assert found["fine"] == ""
    assert found["text"] == found["record"] == "holds no numbers"
    assert "compressed in a way" in (found.get("lzf") or found["packed"])


def test_a_chunk_that_unpacks_to_more_than_it_says_is_damage() -> None:
    with written() as (file, buffer):
        file.create_dataset("x", data=np.zeros(1 << 20, "f4"), chunks=(1 << 18,), compression="gzip")
    content = bytearray(buffer.getvalue())
    directory = read(buffer)
    (found,) = directory.arrays()
    assert values(directory, found, buffer).sum() == 0
    # The chunk says that it has fewer elements: what is packed in it is more.
    place = content.find((1 << 18).to_bytes(4, "little"))
    while place >= 0:
        content[place : place + 4] = (1 << 4).to_bytes(4, "little")
        place = content.find((1 << 18).to_bytes(4, "little"))
    changed = io.BytesIO(bytes(content))
    directory = read(changed)
    (found,) = directory.arrays()
    with pytest.raises(ReadError):
        assembled(directory, found, 1 << 30)


@given(data=st.data())
def test_damage_anywhere_is_a_read_error(data: st.DataObject) -> None:
    content = bytearray((CASES / "branches.h5").read_bytes())
    for _ in range(data.draw(st.integers(1, 10))):
        place = data.draw(st.integers(0, len(content) - 8))
        content[place : place + 8] = data.draw(st.binary(min_size=8, max_size=8))
    buffer = io.BytesIO(bytes(content[: data.draw(st.integers(0, len(content)))]))
    try:
        directory = read(buffer)
        for array in directory.arrays():
            assert array.octets >= 0
        directory.texts("model_weights", "layer_names")
    except ReadError:
        pass
