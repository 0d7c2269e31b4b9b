from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from mkdocs_dlviz.standalone import build_site

from dlviz_docs.errors import DlvizError
from dlviz_docs.model import Problem
from dlviz_docs.options import Options
from dlviz_docs.view import Site

PROBLEM = Problem("bad-file", "run-1/log.csv", "the last line is cut.", "Nothing to do.")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    write_metrics(tmp_path / "runs", points=5)
    return tmp_path / "runs"


def write_metrics(runs: Path, points: int) -> None:
    folder = runs / "toy/run-1"
    folder.mkdir(parents=True, exist_ok=True)
    rows = "".join(f"{step},{1 / (1 + step)}\n" for step in range(points))
    (folder / "metrics.csv").write_text(f"step,train/loss\n{rows}")


def test_nothing_but_the_site_and_the_cache(runs: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    steps = []
    report = lambda step, done, total: steps.append((step, done, total))  # noqa: E731
    problems = build_site(runs, tmp_path / "site", Options(workers=0), tmp_path / "cache", report)
    assert problems == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "runs", "site"]
    assert (tmp_path / "site/toy/training/index.html").is_file()
    assert ("Reading", 1, 1) in steps
    assert capfd.readouterr() == ("", "")


def test_a_site_inside_the_runs_is_not_scanned(runs: Path, tmp_path: Path) -> None:
    for _ in range(2):
        build_site(runs, runs / "site", Options(workers=0), tmp_path / "cache")
        assert [path.parent.name for path in (runs / "site").glob("*/index.html")] == ["toy"]


@pytest.mark.parametrize("place", ["", "runs", "runs/toy"])
def test_a_folder_of_others_is_not_replaced(runs: Path, tmp_path: Path, place: str) -> None:
    with pytest.raises(DlvizError, match="name another folder"):
        build_site(runs, tmp_path / place, Options(workers=0), tmp_path / "cache")
    assert (runs / "toy/run-1/metrics.csv").is_file()


def test_strict_returns_the_problems_and_keeps_the_old_site(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site_of: Callable[..., Site]
) -> None:
    build_site(runs, tmp_path / "site", Options(workers=0), tmp_path / "cache")
    monkeypatch.setattr("mkdocs_dlviz.standalone.build", lambda *_: site_of(1, problems=(PROBLEM,)))
    assert build_site(runs, tmp_path / "site", Options(strict=True), tmp_path / "cache") == (PROBLEM,)
    assert (tmp_path / "site/toy/index.html").exists()
    assert build_site(runs, tmp_path / "site", Options(), tmp_path / "cache") == (PROBLEM,)
    assert not (tmp_path / "site/toy").exists()


def test_the_folders_name_is_text(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    runs = tmp_path / "<img src=x onerror=alert(1)>"
    write_metrics(runs, points=5)
    build_site(runs, tmp_path / "site", Options(workers=0), tmp_path / "cache")
    for page in (tmp_path / "site").rglob("*.html"):
        assert "<img src=x" not in page.read_text()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetch_until(address: str, words: str, *, seconds: float = 60) -> str:
    """The page, once it holds the words."""
    end = time.monotonic() + seconds
    page = ""
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                page = answer.read().decode()
        except OSError:
            page = ""
        if words in page:
            return page
        time.sleep(0.2)
    pytest.fail(f"{address} does not show {words!r}: {page[:500]}")


def test_serve_shows_what_a_training_adds(runs: Path, tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "dlviz_docs.cli", "serve", runs, "-a", address, "--cache-dir", tmp_path / "cache"]
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    (tmp_path / "temporary").mkdir()
    # Started in the background, a shell's children ignore Ctrl-C; this one has to take it as from a terminal.
    listens = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        command,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=listens,  # noqa: PLW1509  (this process has no threads of its own)
    ) as process:
        try:
            page = fetch_until(f"http://{address}/toy/index.html", "step 4")
            assert "livereload(" in page, "the page reloads itself"
            write_metrics(runs, points=9)
            fetch_until(f"http://{address}/toy/index.html", "step 8")
        finally:
            process.send_signal(signal.SIGINT)
            try:
                _, errors = process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert not [path for path in (tmp_path / "temporary").iterdir() if path.is_dir()]
