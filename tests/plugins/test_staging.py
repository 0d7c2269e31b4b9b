from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from mkdocs_dlviz import staging
from mkdocs_dlviz.staging import Staging


def fill(folder: Path, word: str) -> None:
    """A site of three files that all hold the same word."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("index.html", "a.html", "b.html"):
        (folder / name).write_text(word)


def words(site: Path) -> set[str]:
    return {path.read_text() for path in site.glob("*.html")}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(params=["in one step", "in two renames"])
def site(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An old site, swapped in either way."""
    if request.param == "in two renames":
        monkeypatch.setattr(staging, "_exchange", lambda first, second: False)
    fill(tmp_path / "site", "old")
    return tmp_path / "site"


def test_the_old_site_stands_until_the_swap(site: Path) -> None:
    build = Staging(site)
    fill(build.begin(), "new")
    assert words(site) == {"old"}
    build.commit()
    assert words(site) == {"new"}
    assert names(site.parent) == ["site"]


def test_first_build(tmp_path: Path) -> None:
    build = Staging(tmp_path / "a/b/site")
    fill(build.begin(), "new")
    build.commit()
    assert words(tmp_path / "a/b/site") == {"new"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_not_where_nothing_may_be_written_beside_the_site(site: Path) -> None:
    site.parent.chmod(0o500)
    try:
        assert not Staging.possible(site)
    finally:
        site.parent.chmod(0o700)
    assert Staging.possible(site)


def test_discard_leaves_the_old_site(site: Path) -> None:
    build = Staging(site)
    fill(build.begin(), "half")
    build.discard()
    build.discard()
    assert words(site) == {"old"}
    assert names(site.parent) == ["site"]


def test_hidden_entries_come_along(site: Path) -> None:
    fill(site / ".git", "repository")
    (site / ".nojekyll").touch()
    build = Staging(site)
    fill(build.begin(), "new")
    build.commit()
    assert words(site / ".git") == {"repository"}
    assert (site / ".nojekyll").exists()


def test_a_link_keeps_pointing_at_the_site(site: Path) -> None:
    link = site.parent / "link"
    link.symlink_to(site)
    build = Staging(link)
    fill(build.begin(), "new")
    build.commit()
    assert link.is_symlink()
    assert words(site) == {"new"}


def test_leftovers_are_removed_by_the_next_build(site: Path) -> None:
    fill(site.parent / ".dlviz-site", "half")
    fill(site.parent / ".dlviz-site-old", "older")
    build = Staging(site)
    fill(build.begin(), "new")
    build.commit()
    assert names(site.parent) == ["site"]


def test_a_swap_cut_in_two_is_mended(tmp_path: Path) -> None:
    fill(tmp_path / ".dlviz-site-old", "old")
    fill(tmp_path / ".dlviz-site", "new")
    Staging(tmp_path / "site").begin()
    assert words(tmp_path / "site") == {"old"}


def test_a_second_build_waits(tmp_path: Path) -> None:
    first, second = Staging(tmp_path / "site"), Staging(tmp_path / "site")
    fill(first.begin(), "first")
    begun, looked = threading.Event(), threading.Event()

    def build() -> None:
        fill(second.begin(), "second")
        begun.set()
        looked.wait(10)
        second.commit()

    thread = threading.Thread(target=build)
    thread.start()
    assert not begun.wait(0.3)
    first.commit()
    assert begun.wait(10)
    assert words(tmp_path / "site") == {"first"}
    looked.set()
    thread.join(10)
    assert words(tmp_path / "site") == {"second"}


BUILDER = """
import sys
from pathlib import Path
from mkdocs_dlviz.staging import Staging
print("ready", flush=True)
for number in range(100_000):
    build = Staging(Path(sys.argv[1]))
    folder = build.begin()
    for name in ("index.html", "a.html", "b.html"):
        (folder / name).write_text(str(number))
    build.commit()
"""


def test_a_killed_build_leaves_a_whole_site(tmp_path: Path) -> None:
    site = tmp_path / "site"
    for delay in range(20):
        process = subprocess.Popen([sys.executable, "-c", BUILDER, site], stdout=subprocess.PIPE)
        with process:
            assert process.stdout
            process.stdout.readline()
            threading.Event().wait(0.01 + 0.003 * delay)
            process.send_signal(signal.SIGKILL)
        if site.exists():
            assert len(words(site)) == 1, "files of two builds in one site"
            assert len(list(site.iterdir())) == 3
        assert len(list(tmp_path.glob(".dlviz-*"))) <= 1
    last = Staging(site)
    fill(last.begin(), "last")
    last.commit()
    assert names(tmp_path) == ["site"]
