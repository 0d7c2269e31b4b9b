"""The hash of a package: of every file of it, and of nothing that runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dlviz_docs.readers.python_source import source_hash


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "hashed_here"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise SystemExit('it was imported')\n")
    (folder / "inner" / "net.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def test_any_edit_gives_another_hash(package: Path) -> None:
    before = source_hash("hashed_here.inner.net")
    assert before
    assert before == source_hash("hashed_here")
    (package / "inner" / "net.py").write_text("x = 2\n")
    edited = source_hash("hashed_here")
    assert edited != before
    (package / "inner" / "net.py").rename(package / "inner" / "other.py")
    renamed = source_hash("hashed_here")
    assert renamed not in (before, edited)
    (package / "data.bin").write_bytes(b"1")
    assert source_hash("hashed_here") == renamed
    assert "hashed_here" not in sys.modules


def test_a_module_of_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "lone_here.py").write_text("x = 1\n")
    before = source_hash("lone_here")
    (tmp_path / "lone_here.py").write_text("x = 2\n")
    assert before != source_hash("lone_here") != ""


@pytest.mark.parametrize("name", ["nowhere_to_be_found", "sys", "", ".", "a..b"])
def test_what_has_no_source_has_no_hash(name: str) -> None:
    assert source_hash(name) == ""
