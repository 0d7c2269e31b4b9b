from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dlviz_docs.workers import Failure, Limits, run_jobs


def act(job: str) -> str:
    """What a job may do to its worker."""
    match job:
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "exit":
            os._exit(3)
        case "hang":
            time.sleep(60)
        case "bomb":
            return str(len(bytearray(1 << 40)))
        case "raise":
            raise ValueError("bad value")
    return job.upper()


def outcomes(*jobs: str, workers: int = 2) -> list[str | Failure]:
    results: dict[int, str | Failure] = dict(run_jobs(act, jobs, workers=workers, limits=Limits(seconds=2.0)))
    assert sorted(results) == list(range(len(jobs)))
    return [results[i] for i in range(len(jobs))]


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_every_job_gives_its_result(workers: int) -> None:
    assert outcomes("a", "b", "c", "d", workers=workers) == ["A", "B", "C", "D"]


@pytest.mark.parametrize(
    ("job", "kind", "detail"),
    [
        ("segfault", "crash", "SIGSEGV"),
        ("exit", "crash", "exit code 3"),
        ("hang", "timeout", "2 seconds"),
        ("bomb", "memory", "memory"),
        ("raise", "error", "ValueError: bad value"),
    ],
)
def test_a_job_that_goes_wrong_costs_only_itself(job: str, kind: str, detail: str) -> None:
    first, failure, last = outcomes("a", job, "b")
    assert (first, last) == ("A", "B")
    assert isinstance(failure, Failure)
    assert failure.kind == kind
    assert detail in failure.detail


def test_more_deaths_than_workers() -> None:
    results = outcomes("segfault", "segfault", "exit", "a", "b", workers=2)
    assert results[3:] == ["A", "B"]
    assert all(isinstance(result, Failure) for result in results[:3])


def test_no_worker_is_left_behind() -> None:
    import multiprocessing

    outcomes("a", "hang", "b")
    assert multiprocessing.active_children() == []


def test_stopping_early_stops_the_workers() -> None:
    import multiprocessing

    results = run_jobs(act, ["a", "hang", "b"], workers=2, limits=Limits(seconds=60))
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


def test_a_long_temporary_folder_is_no_obstacle(tmp_path: Path) -> None:
    """The fork server's socket would have a path longer than the system takes."""
    folder = tmp_path / ("long-" * 20)
    folder.mkdir()
    code = "from dlviz_docs.workers import *; print(list(run_jobs(abs, [-1], workers=1, limits=Limits())))"
    environment = {**os.environ, "TMPDIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "[(0, 1)]", done.stderr
