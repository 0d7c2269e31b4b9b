"""What is installed is what works: a wheel in an environment of its own, outside the repository, and the other host."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

REPOSITORY = Path(__file__).parents[1]
METRICS = "step,train/loss,val/loss\n" + "".join(f"{i},{1 / (i + 1)},{1.1 / (i + 1)}\n" for i in range(50))


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """The output of a command that has to succeed, without this process's search path."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    settings = {**inherited, "XDG_CACHE_HOME": str(cwd / "cache"), "NO_MKDOCS_2_WARNING": "1", **environment}
    done = subprocess.run(command, cwd=cwd, env=settings, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder with one experiment of two runs."""
    for name in ("run-1", "run-2"):
        (tmp_path / "runs/toy" / name).mkdir(parents=True)
        (tmp_path / "runs/toy" / name / "metrics.csv").write_text(METRICS)
    return tmp_path / "runs"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    options = ("--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", "wheel", *options, "-w", folder, REPOSITORY, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel in it; its requirements are lent by path from this one."""
    home = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(home, with_pip=False)
    python = home / "bin/python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--quiet", wheel, cwd=home)
    packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home).strip()
    (Path(packages) / "requirements.pth").write_text(sysconfig.get_path("purelib"))
    return home / "bin"


def test_the_wheel_holds_our_packages_and_no_other(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    folders = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert folders == {"dlviz_docs", "dlviz_templates", "mkdocs_dlviz"}
    assert "dlviz_templates/assets/offline.js" in names
    assert not [name for name in names if "plotly" in name]


def test_the_wheel_builds_a_site_outside_the_repository(installed: Path, runs: Path, tmp_path: Path) -> None:
    where = run(installed / "python", "-c", "import dlviz_docs; print(dlviz_docs.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)
    before = {path: path.stat().st_mtime_ns for path in runs.rglob("*")}
    run(installed / "dlviz", "build", runs, "-o", tmp_path / "site", cwd=tmp_path)
    assert (tmp_path / "site/toy/index.html").is_file()
    assert {path: path.stat().st_mtime_ns for path in runs.rglob("*")} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "runs", "site"]


def write_project(root: Path) -> None:
    (root / "docs").mkdir()
    (root / "docs/index.md").write_text("# Home\n\n[All experiments](experiments/index.md)\n")
    theme = "theme:\n  name: material\n  font: false\n"
    (root / "mkdocs.yml").write_text(
        f"site_name: Test\n{theme}plugins:\n  - search\n  - dlviz:\n      experiments_dir: runs\n"
    )


def test_properdocs_builds_the_same_pages(runs: Path, tmp_path: Path) -> None:
    write_project(tmp_path)
    pages = []
    for host in ("mkdocs", "properdocs"):
        run(sys.executable, "-m", host, "build", "--strict", "-f", "mkdocs.yml", "-d", host, cwd=tmp_path)
        pages.append(sorted(path.relative_to(tmp_path / host).as_posix() for path in (tmp_path / host).rglob("*.html")))
    assert pages[0] == pages[1]
    assert "experiments/toy/index.html" in pages[0]


def test_strict_keeps_the_old_site_under_properdocs(runs: Path, tmp_path: Path) -> None:
    write_project(tmp_path)
    command = (sys.executable, "-m", "properdocs", "build", "--strict", "-f", "mkdocs.yml")
    run(*command, cwd=tmp_path)
    (runs / "toy/run-3").mkdir()
    (runs / "toy/run-3/events.out.tfevents.1.host").write_bytes(b"not an event file" * 9)
    with pytest.raises(AssertionError, match="run-3"):
        run(*command, cwd=tmp_path)
    assert (tmp_path / "site/experiments/toy/index.html").is_file()
    assert "run-3" not in (tmp_path / "site/experiments/toy/index.html").read_text()


def test_two_builds_at_once_give_one_site(runs: Path, tmp_path: Path) -> None:
    write_project(tmp_path)
    command = [sys.executable, "-m", "mkdocs", "build", "-q"]
    both = [subprocess.Popen(command, cwd=tmp_path) for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0]
    assert (tmp_path / "site/experiments/toy/index.html").is_file()
    assert not list(tmp_path.glob(".dlviz-*"))


def test_the_search_index_holds_words_and_no_axes(runs: Path, tmp_path: Path) -> None:
    write_project(tmp_path)
    run(sys.executable, "-m", "mkdocs", "build", "-q", cwd=tmp_path)
    entries = json.loads((tmp_path / "site/search/search_index.json").read_text())["docs"]
    ours = {entry["location"]: entry for entry in entries if "toy/training/" in entry["location"]}
    assert "loss" in {entry["title"] for entry in ours.values()}
    words = " ".join(entry["text"] for entry in ours.values())
    assert "Best val/loss is" in words
    assert "Data table" not in words
    assert not re.search(r"<(svg|script)|0\.20\.4", words)


class _Links(HTMLParser):
    """The addresses a page names."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("href", "src") and value is not None]


def links(site: Path) -> Iterator[tuple[Path, str]]:
    for page in site.rglob("*.html"):
        if page.name != "404.html":  # it is shown at any address, so its links are absolute
            for link in _Links(page.read_text()).found:
                if not urlsplit(link).scheme:
                    yield page, link


@pytest.mark.parametrize("directories", ["true", "false"])
def test_links_are_relative_and_lead_somewhere(runs: Path, tmp_path: Path, directories: str) -> None:
    write_project(tmp_path)
    with (tmp_path / "mkdocs.yml").open("a") as file:
        file.write(f"use_directory_urls: {directories}\n")
    run(sys.executable, "-m", "mkdocs", "build", "-q", "--strict", cwd=tmp_path)
    seen = 0
    for page, link in links(tmp_path / "site"):
        path = unquote(urlsplit(link).path)
        target = page.parent / path if path else page
        target = target / "index.html" if target.is_dir() else target
        assert not path.startswith("/"), f"{page}: {link}"
        assert target.is_file(), f"{page}: {link}"
        if (anchor := urlsplit(link).fragment) and not anchor.startswith("__"):
            assert f'id="{unquote(anchor)}"' in target.read_text(), f"{page}: {link}"
        seen += 1
    assert seen > 50
