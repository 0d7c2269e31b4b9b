from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dlviz_docs.workers import Failure, Limits, Workers


def act(job: str) -> str:
    """What a job may do to its worker."""
    match job:
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "exit":
            os._exit(3)
        case "interrupt":
            os.kill(os.getpid(), signal.SIGINT)
        case "hang":
            time.sleep(60)
        case "bomb":
            return str(len(bytearray(1 << 40)))
        case "raise":
            raise ValueError("bad value")
        case "path":
            Path("/home/somebody/secret").read_bytes()
    return job.upper()


def outcomes(*jobs: str, workers: int = 2) -> list[str | Failure]:
    with Workers(workers, Limits(seconds=2.0)) as pool:
        results: dict[int, str | Failure] = dict(pool.run(act, jobs))
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
        ("path", "error", "FileNotFoundError: No such file or directory (open"),
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

    with Workers(2, Limits(seconds=60)) as pool:
        results = pool.run(act, ["a", "hang", "b"])
        next(results)
        results.close()  # type: ignore[attr-defined]
        assert dict(pool.run(act, ["c", "d"])) == {0: "C", 1: "D"}, "an answer of the step before"
    assert multiprocessing.active_children() == []


def test_a_long_temporary_folder_is_no_obstacle(tmp_path: Path) -> None:
    """The fork server's socket would have a path longer than the system takes."""
    folder = tmp_path / ("long-" * 20)
    folder.mkdir()
    code = "from dlviz_docs.workers import *; print(list(Workers(1, Limits()).run(abs, [-1])))"
    environment = {**os.environ, "TMPDIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "[(0, 1)]", done.stderr


def test_workers_live_through_several_steps() -> None:
    with Workers(2, Limits()) as pool:
        first = {pid for _, pid in pool.run(whoami, range(4))}
        assert {pid for _, pid in pool.run(whoami, range(8))} <= first
        assert [result for _, result in pool.run(act, ["exit"])] == [Failure("crash", "the process died (exit code 3)")]
        assert len(list(pool.run(whoami, range(4)))) == 4


def test_a_worker_leaves_ctrl_c_to_its_parent() -> None:
    with Workers(1, Limits()) as pool:
        assert list(pool.run(act, ["interrupt"])) == [(0, "INTERRUPT")]


def whoami(_: int) -> int:
    return os.getpid()


def test_a_script_without_a_guard_is_not_run_again(tmp_path: Path) -> None:
    """Each worker would import the program's main module, and start workers of its own."""
    script = tmp_path / "script.py"
    script.write_text(
        "from dlviz_docs.workers import Limits, Workers\n"
        "print('started')\n"
        "with Workers(2, Limits()) as pool:\n"
        "    print(sorted(pool.run(abs, [-1, -2])))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("started\n[(0, 1), (1, 2)]\n", "")
