"""A folder in which everything is crafted, through every command, in processes that are watched from their start.

What a process does is noted by `watch/sitecustomize.py`; here it is judged that there is nothing to note, that nothing
was written where it may not be, that what lies outside is shown nowhere, and that each file is told what is wrong.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import crafted
import pytest
from crafted_site import EXPLAINED, FEWER, MARKER, TOLD, make

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
MKDOCS = """
site_name: crafted
docs_dir: {pages}
site_dir: {site}
theme: material
plugins:
  - dlviz:
      experiments_dir: {runs}
      cache_dir: {cache}
"""


@dataclass(frozen=True)
class Place:
    """Folders of the trial."""

    base: Path

    def __truediv__(self, name: str) -> Path:
        return self.base / name

    def run(self, name: str, *command: str, runs: str = "runs") -> tuple[str, list[str]]:
        """What a command says, and what the watch noted; the command has to end well."""
        written = [str(self / part) for part in ("out", "cache", "temporary", "home")]
        log = self / f"{name}.log"
        given = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "TORCH"))},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(HERE / "watch"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NO_MKDOCS_2_WARNING": "1",
            "COLUMNS": "2000",
            "HOME": str(self / "home"),
            "TMPDIR": str(self / "temporary"),
            "WATCH_LOG": str(log),
            "WATCH_ROOT": str(self / runs),
            "WATCH_WRITTEN": os.pathsep.join(written + ([str(self / runs)] if name == "probe" else [])),
            "WATCH_READ": os.pathsep.join([str(ROOT), str(self / "pages"), str(self / "mkdocs.yml")]),
            "WATCH_ALLOWED": "torch" if name == "probe" else "",
        }
        done = subprocess.run(command, cwd=self / "canary", env=given, capture_output=True, text=True, timeout=800)
        assert done.returncode == (1 if name == "probe" else 0), done.stderr[-3000:]
        notes = log.read_text(errors="replace").splitlines()
        assert any(note.startswith("watched ") for note in notes)
        return done.stdout + done.stderr, [note for note in notes if not note.startswith("watched ")]


def listed(folder: Path) -> dict[str, tuple[int, int]]:
    """Every entry with its time and size."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        found[str(path.relative_to(folder))] = (status.st_mtime_ns, status.st_size)
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    base = tmp_path_factory.mktemp("c")
    made = Place(base)
    for name in ("canary", "out", "cache", "temporary", "home", "pages", "fewer", "explained"):
        (base / name).mkdir()
    make(base / "runs", base / "outside")
    for name in FEWER:  # with pipes and links, which shutil would follow
        subprocess.run(["cp", "-a", str(base / "runs" / name), str(base / "fewer")], check=True)
    for path in (base / "runs").glob(f"{EXPLAINED}*"):
        path.rename(base / "explained" / path.name)
    (base / "pages/index.md").write_text("# Home\n")
    yield made
    shutil.rmtree(base, ignore_errors=True)


def untouched(place: Place, before: dict[str, tuple[int, int]], runs: str = "runs") -> None:
    assert not list((place / "canary").iterdir())
    assert listed(place / runs) == before
    assert not [path for path in place.base.rglob("*") if path.name in ("CANARY", "fired", "escaped.txt")]


def shown(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_watch_sees_what_a_loader_does(place: Place) -> None:
    payload = b"\x80\x02" + crafted.called("os", "system") + b"."
    code = f"import pickle; pickle.loads({payload!r})"
    secret = f"print(open({str(place / 'outside/secret.csv')!r}).read())"
    _, notes = place.run("control", sys.executable, "-c", f"{code}; {secret}; import h5py")
    assert (place / "canary/CANARY").exists()
    (place / "canary/CANARY").unlink()
    told = {note.split()[0] for note in notes}
    assert told >= {"os.system", "pickle.find_class", "reads", "import"}


def test_build_with_workers(place: Place) -> None:
    before = listed(place / "runs")
    command = (
        "dlviz",
        "build",
        str(place / "runs"),
        "-o",
        str(place / "out/two"),
        "--cache-dir",
        str(place / "cache/a"),
    )
    said, notes = place.run("two", *command)
    assert notes == []
    untouched(place, before)
    lines = [line for line in said.splitlines() if line.startswith("Problem ")]
    missing = {
        path: words
        for path, words in TOLD.items()
        if not any(line.startswith(f"Problem {path}: ") and words in line for line in lines)
    }
    assert not missing
    assert not re.search(r"Please report it|Traceback|could not be read", said)
    site = shown(place / "out/two")
    assert MARKER.encode() not in site
    for name in (
        "good",
        "routes-zip",
        "bombs",
        "graphs",
        "keras",
        "kept",
        "named",
        "others",
        "safetensors",
        "settings",
    ):
        assert (place / f"out/two/{name}/architecture/index.html").is_file(), name


def test_build_in_one_process(place: Place) -> None:
    before = listed(place / "fewer")
    command = ("dlviz", "build", str(place / "fewer"), "--to", str(place / "out/none"), "--workers", "0")
    _, notes = place.run("none", *command, "--cache-dir", str(place / "cache/b"), runs="fewer")
    assert notes == []
    untouched(place, before, "fewer")
    assert MARKER.encode() not in shown(place / "out/none")


@pytest.mark.parametrize("how", [(), ("--explain",), ("--json",)], ids=["plain", "explain", "json"])
def test_scan(place: Place, how: tuple[str, ...]) -> None:
    before = listed(place / "fewer")
    command = ("dlviz", "scan", str(place / "fewer"), *how, "--cache-dir", str(place / "cache/s"))
    said, notes = place.run("scan", *command, runs="fewer")
    assert notes == []
    untouched(place, before, "fewer")
    assert "metrics.csv" in said or "experiments" in said or "good: 1 run" in said
    assert MARKER not in said


def test_mkdocs(place: Place) -> None:
    told = {name: place / name for name in ("pages", "fewer")}
    settings = MKDOCS.format(pages=told["pages"], runs=told["fewer"], site=place / "out/m", cache=place / "cache/m")
    (place / "mkdocs.yml").write_text(settings)
    before = listed(place / "fewer")
    said, notes = place.run("mkdocs", "mkdocs", "build", "-f", str(place / "mkdocs.yml"), runs="fewer")
    assert notes == []
    untouched(place, before, "fewer")
    assert MARKER.encode() not in shown(place / "out/m")
    assert "is damaged" in said


def test_probe(place: Place) -> None:
    """The one command that runs models, and the one that writes among them: results beside models, and nothing else."""
    before = listed(place / "explained")
    command = ("dlviz", "probe", str(place / "explained"), "--cache-dir", str(place / "cache/p"))
    said, notes = place.run("probe", *command, runs="explained")
    assert notes == []
    assert not list((place / "canary").iterdir())
    after = listed(place / "explained")
    new = {path for path in after if path not in before}
    assert new == {f"{EXPLAINED}{name}/model.pt2.probe" for name in ("guards", "inputs")}
    assert {path: after.get(path) for path in before if (place / "explained" / path).is_file()} == {
        path: told for path, told in before.items() if (place / "explained" / path).is_file()
    }
    assert "calls 'torch.os.system', which is not among the operators that files may call" in said
    assert "as a pickle, which is not opened" in said
    assert f"{EXPLAINED}endless/model.pt2: could not be run" in said
    assert MARKER not in said
