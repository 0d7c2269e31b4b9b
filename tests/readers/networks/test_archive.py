"""Zip archives as Python's own module reads them, and places of their members in the file."""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.errors import ReadError
from dlviz_docs.readers.networks._archive import content, place_of, read_archive, salvaged

LIMIT = 1 << 24
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(lambda n: "\\" not in n)
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def made(
    members: dict[str, bytes], *, kind: int = zipfile.ZIP_STORED, comment: bytes = b"", wide: bool = False
) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", kind) as archive:
        archive.comment = comment
        for name, data in members.items():
            with archive.open(name, "w", force_zip64=wide) as member:
                member.write(data)
    return held.getvalue()


def read(data: bytes, folder: Path, start: int = 0) -> dict[str, bytes]:
    path = folder / "archive.zip"
    path.write_bytes(data)
    with path.open("rb") as file:
        archive = read_archive(file, start, len(data) - start)
        assert archive.damage == ""
        return {name: content(place_of(file, path, one), LIMIT) for name, one in archive.members.items()}


@given(
    members=st.dictionaries(names, st.binary(max_size=300), max_size=6),
    kind=st.sampled_from(METHODS),
    comment=st.binary(max_size=50),
    wide=st.booleans(),
)
def test_any_archive(
    members: dict[str, bytes], kind: int, comment: bytes, wide: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = made(members, kind=kind, comment=comment, wide=wide)
    assert read(data, tmp_path_factory.mktemp("zip")) == members


def test_an_archive_behind_other_bytes(tmp_path: Path) -> None:
    data = made({"a": b"1", "b": b"22"})
    assert read(b"something" + data, tmp_path) == {"a": b"1", "b": b"22"}
    assert read(b"something" + data, tmp_path, start=9) == {"a": b"1", "b": b"22"}


def test_more_members_than_the_old_directory_counts(tmp_path: Path) -> None:
    members = {str(place): b"" for place in range(70_000)}
    assert read(made(members), tmp_path) == members


def test_places_beyond_four_gigabytes(tmp_path: Path) -> None:
    """In a file with a hole."""
    path = tmp_path / "large.zip"
    with path.open("wb") as file:
        file.seek(5 << 30)
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("a/data.pkl", b"far away")
            archive.writestr("a/data/0", b"farther")
    with path.open("rb") as file:
        archive = read_archive(file, 0, path.stat().st_size)
        assert archive.damage == ""
        places = {name: place_of(file, path, member) for name, member in archive.members.items()}
    assert all(place.start > 5 << 30 for place in places.values())
    assert {name: content(place, LIMIT) for name, place in places.items()} == {
        "a/data.pkl": b"far away", "a/data/0": b"farther",
    }  # fmt: skip


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(tmp_path: Path, kind: int) -> None:
    with pytest.raises(ReadError, match="not read"):
        read(made({"a": b"1" * 100}, kind=kind), tmp_path)


def test_encrypted_members_are_refused(tmp_path: Path) -> None:
    data = bytearray(made({"a": b"1" * 100}))
    directory = data.find(b"PK\1\2")
    data[directory + 8] |= 1
    with pytest.raises(ReadError, match="encrypted"):
        read(bytes(data), tmp_path)


def test_the_same_name_twice_is_said(tmp_path: Path) -> None:
    held = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(held, "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("a", b"1")
        archive.writestr("a", b"2")
    assert "two files of the name 'a'" in read_archive(held, 0, len(held.getvalue())).damage


def test_more_than_is_read_at_once_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(made({"a": bytes(1000)}))
    with path.open("rb") as file:
        member = read_archive(file, 0, path.stat().st_size).members["a"]
        with pytest.raises(ReadError, match="more than is read"):
            content(place_of(file, path, member), 999)


@pytest.mark.parametrize("kind", METHODS)
def test_a_size_that_is_not_true_is_found_out(tmp_path: Path, kind: int) -> None:
    data = bytearray(made({"a": b"abc" * 100, "b": b"x"}, kind=kind))
    directory = data.find(b"PK\1\2")
    for at in (20, 24):
        data[directory + at : directory + at + 4] = (100_000).to_bytes(4, "little")
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    with path.open("rb") as file:
        archive = read_archive(file, 0, len(data))
        with pytest.raises(ReadError):
            content(place_of(file, path, archive.members["a"]), LIMIT)


@given(data=st.data())
def test_any_change_is_read_or_refused(data: st.DataObject) -> None:
    changed = bytearray(made({"a/data.pkl": b"12345", "a/data/0": bytes(40)}, kind=data.draw(st.sampled_from(METHODS))))
    for _ in range(data.draw(st.integers(1, 5))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    file, path = io.BytesIO(bytes(changed)), Path("none")
    archive = read_archive(file, 0, len(changed))
    for member in archive.members.values():
        try:
            place_of(file, path, member)
        except ReadError:
            continue
    list(salvaged(file, 0, len(changed), {"data/0": 40}))


def test_members_before_a_cut(tmp_path: Path) -> None:
    members = {"a/data.pkl": b"12345", "a/data/0": bytes(40), "a/data/1": bytes(range(30))}
    data = made(members)
    found: list[int] = []
    for end in range(len(data)):
        file = io.BytesIO(data[:end])
        kept = list(salvaged(file, 0, end, {}))
        assert [member.name for member in kept] == list(members)[: len(kept)]
        found.append(len(kept))
    assert found == sorted(found)
    assert found[-1] == 3


def test_no_more_members_are_looked_for_than_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dlviz_docs.readers.networks._archive._MOST_MEMBERS", 5)
    data = made({str(place): b"x" for place in range(9)})
    assert [one.name for one in salvaged(io.BytesIO(data), 0, len(data), {})] == ["0", "1", "2", "3", "4"]
