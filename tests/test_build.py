"""The engine as a whole: what is read again, what a fault costs, and that nothing is written into the experiments."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dlviz_docs import engine
from dlviz_docs.build import build, survey
from dlviz_docs.cache import Cache
from dlviz_docs.options import Options, parse
from dlviz_docs.present import PresentJob
from dlviz_docs.view import Page, Site

HERE = parse({"workers": 0, "path": ""})


def write_run(folder: Path, *losses: float) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rows = "".join(f"{step},{loss}\n" for step, loss in enumerate(losses))
    (folder / "metrics.csv").write_text(f"step,train_loss\n{rows}")
    return folder / "metrics.csv"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name in ("alpha", "beta"):
        for run in ("1", "2", "3"):
            write_run(tmp_path / "runs" / name / run, 3.0, 2.0, 1.0 + len(name))
    return tmp_path / "runs"


class Told:
    """Progress that remembers how much was to do."""

    def __init__(self) -> None:
        self.todo: dict[str, int] = {}

    def __call__(self, step: str, done: int, total: int) -> None:
        self.todo[step] = total


def make(runs: Path, options: Options = HERE) -> tuple[Site, dict[str, int]]:
    told = Told()
    return build(runs, options, runs.parent / "cache", told), told.todo


def pages(site: Site) -> dict[str, str]:
    return {page.path: body(page) for page in site.pages}


def body(page: Page) -> str:
    return Path(page.file).read_text(encoding="utf-8") if page.file else page.body


def test_pages_of_every_experiment(runs: Path) -> None:
    site, _ = make(runs)
    assert set(pages(site)) == {
        "index.html",
        "alpha/index.html", "alpha/training/index.html",
        "beta/index.html", "beta/training/index.html",
    }  # fmt: skip
    assert [item.path for item in site.nav] == ["alpha/index.html", "beta/index.html"]
    assert site.problems == ()


def test_the_report_is_json_and_complete(runs: Path) -> None:
    site, _ = make(runs)
    (document,) = [asset.content for asset in site.assets if asset.path == "experiments.json"]
    assert isinstance(document, bytes)
    told = json.loads(document)
    assert told["schema"] == "dlviz-experiments/1"
    assert [e["slug"] for e in told["experiments"]] == ["alpha", "beta"]
    series = told["experiments"][0]["runs"][0]["series"][0]
    assert (series["name"], series["raw_name"], series["count"]) == ("train/loss", "train_loss", 3)
    assert (series["min"], series["min_step"], series["first"], series["last"]) == (2, 1, 3, 6)


def test_nothing_changed_reads_nothing(runs: Path) -> None:
    first, todo = make(runs)
    assert todo == {"Reading": 6, "Drawing": 2}
    again, todo = make(runs)
    assert todo == {"Reading": 0, "Drawing": 0}
    assert pages(again) == pages(first)


def test_one_changed_run_is_read_alone(runs: Path) -> None:
    make(runs)
    write_run(runs / "alpha" / "2", 9.0, 8.0)
    site, todo = make(runs)
    assert todo == {"Reading": 1, "Drawing": 1}
    assert "8" in pages(site)["alpha/training/index.html"]


def test_a_touched_file_of_the_same_content_is_not_drawn_again(runs: Path) -> None:
    make(runs)
    os.utime(runs / "alpha" / "2" / "metrics.csv", (1, 1))
    _, todo = make(runs)
    assert todo == {"Reading": 1, "Drawing": 0}


def test_a_changed_story_is_drawn_again(runs: Path) -> None:
    make(runs)
    (runs / "beta" / "README.md").write_text("A new story about **beta**.")
    site, todo = make(runs)
    assert todo == {"Reading": 0, "Drawing": 1}
    assert "<strong>beta</strong>" in pages(site)["beta/index.html"]


def test_a_run_that_is_gone_leaves_no_page_and_no_cache(runs: Path) -> None:
    make(runs)
    entries = len(list((runs.parent / "cache").glob("??/*")))
    for path in sorted((runs / "beta").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    site, todo = make(runs)
    assert todo["Reading"] == 0
    assert "beta/index.html" not in pages(site)
    assert len(list((runs.parent / "cache").glob("??/*"))) < entries


def test_workers_and_this_process_give_the_same_site(runs: Path) -> None:
    alone = pages(build(runs, HERE, runs.parent / "one"))
    together = pages(build(runs, parse({"workers": 2, "path": ""}), runs.parent / "two"))
    assert alone == together


def test_a_damaged_cache_is_made_again(runs: Path) -> None:
    first = pages(make(runs)[0])
    for path in (runs.parent / "cache").glob("??/*"):
        path.write_bytes(path.read_bytes()[:-1])
    again, _ = make(runs)
    assert pages(again) == first


@pytest.mark.parametrize("suffix", [".html", ".js"])
def test_a_file_that_is_gone_from_the_cache_is_made_again(runs: Path, suffix: str) -> None:
    first = pages(make(runs)[0])
    gone = next((runs.parent / "cache").glob(f"??/*{suffix}"))
    gone.unlink()
    again, _ = make(runs)
    assert gone.exists()
    assert pages(again) == first


def test_the_folder_is_never_written(runs: Path) -> None:
    def state() -> list[tuple[str, int, int]]:
        return [(str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in sorted(runs.rglob("*"))]

    before = state()
    make(runs)
    assert state() == before


def test_a_bad_file_costs_only_itself(runs: Path) -> None:
    whole = pages(make(runs)[0])
    (runs / "beta" / "2" / "metrics.csv").write_bytes(b"step,train_loss\n0,1.0\n1,2.0\n2,\xff\xfe\x00garbage\n3,")
    (runs / "beta" / "experiment.yml").write_text("titel: typo\n")
    site, _ = make(runs)
    assert pages(site)["alpha/index.html"] == whole["alpha/index.html"]
    codes = {problem.code for problem in site.problems}
    assert "experiment-file" in codes
    assert any("did you mean" in problem.what.lower() and "'title'" in problem.what for problem in site.problems)
    assert all(problem.path and problem.what and problem.remedy for problem in site.problems)
    assert "titel" in pages(site)["beta/index.html"]


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    site, _ = make(tmp_path / "runs")
    (page,) = site.pages
    assert "dlviz scan" in page.body


def test_survey_reads_without_drawing(runs: Path) -> None:
    told = Told()
    found, problems = survey(runs, HERE, runs.parent / "cache", told)
    assert problems == ()
    assert [experiment.slug for experiment in found] == ["alpha", "beta"]
    assert told.todo == {"Reading": 6}


SITE_CODE = """
import hashlib, sys
from pathlib import Path
from dlviz_docs.build import build
from dlviz_docs.options import parse
if __name__ == "__main__":
    root, cache, workers = sys.argv[1:]
    site = build(Path(root), parse({"path": "", "workers": int(workers)}), Path(cache))
    for page in site.pages:
        print(page.path, page.title, page.headings, Path(page.file).name)  # named by its content
        print(hashlib.sha256(page.body.encode()).hexdigest())
    for asset in site.assets:
        content = asset.content if isinstance(asset.content, bytes) else asset.content.read_bytes()
        print(asset.path, hashlib.sha256(content).hexdigest())
"""


def test_the_same_folder_gives_the_same_bytes_whatever_the_machine_is_set_to(runs: Path) -> None:
    machines = [
        {"TZ": "Asia/Kolkata", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
        {"TZ": "America/St_Johns", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "2"},
    ]
    told = []
    for number, machine in enumerate(machines):
        command = [sys.executable, "-c", SITE_CODE, str(runs), str(runs.parent / f"cache{number}"), str(2 * number)]
        done = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, **machine}, cwd=runs.parents[number]
        )
        assert done.returncode == 0, done.stderr
        told.append(done.stdout)
    assert told[0] == told[1]
    assert "experiments.json" in told[0]


def test_a_result_that_vanishes_is_said_and_costs_no_run_in_silence(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, cache = engine.present, runs.parent / "cache"

    def robbed(job: PresentJob) -> str:
        if job.digests:
            Path(Cache(cache).path(job.digests[0])).unlink()
        return known(job)

    with monkeypatch.context() as patch:
        patch.setattr(engine, "present", robbed)
        site, _ = make(runs)
    assert {problem.code for problem in site.problems} == {"experiment-error"}
    assert "build again" in pages(site)["alpha/index.html"]
    whole, _ = make(runs)
    assert whole.problems == ()


# --- faults of somebody else's code -----------------------------------------------------------------------------------

EXTENSION = """
import os, signal, time
from dataclasses import dataclass
from dlviz_docs.model import Reading

@dataclass(frozen=True)
class Faulty:
    makes_run = True
    def matches(self, path):
        return path.suffix == ".faulty"
    def read(self, path):
        match path.stem:
            case "segv": os.kill(os.getpid(), signal.SIGSEGV)
            case "exit": os._exit(1)
            case "hang": time.sleep(600)
            case "oom": bytearray(1 << 40)
            case "error": raise RuntimeError("boom")
        return Reading(writer="x")

@dataclass(frozen=True)
class Topic:
    title = "Mine"
    def __call__(self, experiment):
        raise ZeroDivisionError("topic")
        yield

@dataclass(frozen=True)
class Samples:
    title = "Samples"
    asks = "samples"
    def __call__(self, experiment):
        match experiment.slug:
            case "segv": os.kill(os.getpid(), signal.SIGSEGV)
            case "exit": os._exit(1)
            case "hang": time.sleep(600)
            case "oom": bytearray(1 << 40)
            case "error": raise RuntimeError("boom")
        yield from ()
"""


@pytest.fixture
def extension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of somebody's, with a reader and a renderer found by their entry points."""
    place = tmp_path / "site-packages"
    (place / "faulty_ext-1.0.dist-info").mkdir(parents=True)
    (place / "faulty_ext.py").write_text(EXTENSION)
    (place / "faulty_ext-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: faulty-ext\nVersion: 1.0\n"
    )
    (place / "faulty_ext-1.0.dist-info" / "entry_points.txt").write_text(
        "[dlviz_docs.readers]\nfaulty = faulty_ext:Faulty\n"
        "[dlviz_docs.renderers]\nmine = faulty_ext:Topic\nbroken = nowhere_ext:Topic\nsamples = faulty_ext:Samples\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(place), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]))


CODE = """
import json, sys
from pathlib import Path
from dlviz_docs.build import build
from dlviz_docs.options import parse
if __name__ == "__main__":
    root = Path(sys.argv[1])
    site = build(root, parse({"path": "", "file_timeout": 5.0, "samples_timeout": 8.0}), root.parent / "cache")
    problems = [[problem.code, problem.path, problem.what] for problem in site.problems]
    print(json.dumps([{p.path: Path(p.file).read_text() if p.file else p.body for p in site.pages}, problems]))
"""


def in_another_process(runs: Path) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """Pages and problems; in a process of its own, since entry points are looked up once in each."""
    done = subprocess.run([sys.executable, "-c", CODE, str(runs)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found, problems = json.loads(done.stdout)
    return found, problems


@pytest.mark.usefixtures("extension")
def test_every_kind_of_fault_costs_only_its_own_run(runs: Path) -> None:
    for fault in ("segv", "exit", "hang", "oom", "error"):
        folder = runs / "beta" / fault
        folder.mkdir()
        (folder / f"{fault}.faulty").touch()
    found, problems = in_another_process(runs)
    kinds = {path.rpartition("/")[2]: code for code, path, _ in problems if path.startswith("beta/")}
    assert kinds == {
        "segv": "run-crash",
        "exit": "run-crash",
        "hang": "run-timeout",
        "oom": "run-memory",
        "error.faulty": "reader-failed",
    }
    assert "SIGSEGV" in found["beta/index.html"]
    assert "train/loss" in found["beta/training/index.html"]
    assert "SIGSEGV" not in found["alpha/index.html"]
    assert sum(code == "renderer-failed" for code, _, _ in problems) == 2  # one for each experiment
    assert any(code == "extension-import" and "nowhere_ext" in what for code, _, what in problems)


@pytest.mark.usefixtures("extension")
def test_every_kind_of_fault_in_data_costs_only_the_pages_of_the_data(runs: Path) -> None:
    whole, _ = in_another_process(runs)
    for fault in ("segv", "exit", "hang", "oom", "error"):
        write_run(runs / fault / "1", 3.0, 2.0)
        (runs / fault / "data").mkdir()
        (runs / fault / "data" / "train.csv").write_text(
            "a,b,label\n" + "".join(f"{i},{i},{i % 2}\n" for i in range(30))
        )
        (runs / fault / "experiment.yml").write_text(f"title: {fault}\n")
    found, problems = in_another_process(runs)
    kinds = {path: code for code, path, _ in problems if code.startswith("samples-")}
    # What a renderer can survive costs its topic alone.
    assert kinds == {"segv": "samples-crash", "exit": "samples-crash", "hang": "samples-timeout"}
    assert "SIGSEGV" in found["segv/index.html"]
    for fault in ("segv", "exit", "hang", "oom", "error"):
        assert "train/loss" in found[f"{fault}/training/index.html"]
        assert (f"{fault}/data/index.html" in found) == (fault in ("error", "oom"))
    assert {path: page for path, page in found.items() if path.startswith(("alpha", "beta"))} == {
        path: page for path, page in whole.items() if path.startswith(("alpha", "beta"))
    }


@pytest.mark.parametrize("also_the_runs", [False, True])
def test_data_that_cannot_be_drawn_are_left_out(
    runs: Path, monkeypatch: pytest.MonkeyPatch, also_the_runs: bool
) -> None:
    (runs / "beta" / "data").mkdir()
    (runs / "beta" / "data" / "train.csv").write_text("a,b,label\n" + "".join(f"{i},{i},{i % 2}\n" for i in range(30)))
    drawn = engine.present

    def fails(job: PresentJob) -> str:
        if job.studies or (also_the_runs and job.digests and job.folder.name == "beta"):
            raise RuntimeError("no ink")
        return drawn(job)

    with monkeypatch.context() as patch:
        patch.setattr(engine, "present", fails)
        site, _ = make(runs)
    assert {problem.code for problem in site.problems} == {"experiment-error" if also_the_runs else "samples-error"}
    assert "no ink" in pages(site)["beta/index.html"]
    assert ("beta/training/index.html" in pages(site)) != also_the_runs
    assert "beta/data/index.html" not in pages(site)
    site, _ = make(runs)
    assert site.problems == ()
    assert "beta/data/index.html" in pages(site)


def test_a_presentation_that_cannot_be_drawn_is_said_and_tried_again(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(job: object) -> str:
        raise RuntimeError("no ink")

    drawn = engine.present
    with monkeypatch.context() as patch:
        patch.setattr(engine, "present", lambda job: drawn(job) if not job.digests else fails(job))
        site, _ = make(runs)
    assert {problem.code for problem in site.problems} == {"experiment-error"}
    assert "no ink" in pages(site)["alpha/index.html"]
    site, todo = make(runs)
    assert site.problems == ()
    assert todo["Drawing"] == 2
