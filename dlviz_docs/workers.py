"""How steps are run: in a pool of processes that may crash, hang or eat memory without taking the build with them.

A worker does one job at a time. One that dies or runs over its time is replaced, and only its job is lost. The pool
starts from a fork server, before any heavy package is imported, so a new worker costs milliseconds.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
import tempfile
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, Literal, TypeVar

__all__ = ["Failure", "Limits", "run_jobs"]

START_SECONDS = 120.0
"""What a worker may take to start, before the clock of its first job does."""
LONGEST_TEMPORARY = 70
"""Characters of the temporary folder: with "/pymp-<8>/listener-<8>" within the 104 bytes of a socket path on macOS."""

J = TypeVar("J")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may take."""

    seconds: float = 60.0
    mebibytes: int = 4096
    """Address space of a worker."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that gave no result."""

    kind: Literal["error", "memory", "timeout", "crash"]
    detail: str


def run_jobs(
    function: Callable[[J], R], jobs: Sequence[J], *, workers: int, limits: Limits
) -> Iterator[tuple[int, R | Failure]]:
    """Run `function` on every job; yields (index of the job, result) as they finish.

    `function` is a module's own, so that another process can import it. With `workers` 0 everything runs in this
    process, in order, without protection against crashes and hangs.
    """
    if workers == 0 or not jobs:
        for index, job in enumerate(jobs):
            yield index, _attempt(function, job)
        return
    yield from _Pool(function, jobs, min(workers, len(jobs)), limits).results()


def _attempt(function: Callable[[J], R], job: J) -> R | Failure:
    try:
        return function(job)
    except MemoryError:
        return Failure("memory", "needs more memory than it may take")
    # Whatever a damaged file or somebody's renderer raises becomes a notice on one page.
    except Exception as error:  # noqa: BLE001
        place = traceback.extract_tb(error.__traceback__)[-1]
        return Failure("error", f"{type(error).__name__}: {error} ({place.name}, line {place.lineno})")


class _Ready(Enum):
    """A worker's first word."""

    READY = "ready"


_READY = _Ready.READY


@dataclass(slots=True)
class _Worker:
    process: Any
    pipe: Connection
    job: int | None = None
    deadline: float = 0.0
    ready: bool = False
    """Whether it has started; until then its clock allows for that."""


def _start_method() -> Literal["forkserver", "spawn"]:
    """A fork server listens on a socket in the temporary folder, and the path of a socket may not be long."""
    too_long = len(tempfile.gettempdir()) > LONGEST_TEMPORARY
    return "spawn" if sys.platform == "win32" or too_long else "forkserver"


class _Pool(Generic[J, R]):
    """The parent's side: hands out jobs, watches clocks, replaces the dead."""

    def __init__(self, function: Callable[[J], R], jobs: Sequence[J], count: int, limits: Limits) -> None:
        self.function, self.jobs, self.limits = function, jobs, limits
        self.context: Any = multiprocessing.get_context(_start_method())
        # Imported once, in the fork server: a worker that replaces a dead one starts in milliseconds.
        self.context.set_forkserver_preload([function.__module__])
        self.waiting = deque(range(len(jobs)))
        self.workers = [self._start() for _ in range(count)]

    def results(self) -> Iterator[tuple[int, R | Failure]]:
        try:
            for worker in self.workers:
                self._feed(worker)
            while any(worker.job is not None for worker in self.workers):
                yield from self._collect()
        finally:
            for worker in self.workers:
                self._stop(worker)

    def _start(self) -> _Worker:
        ours, theirs = self.context.Pipe()
        process = self.context.Process(target=_serve, args=(theirs, self.function, self.limits.mebibytes), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _feed(self, worker: _Worker) -> None:
        worker.job = self.waiting.popleft() if self.waiting else None
        if worker.job is not None:
            worker.deadline = time.monotonic() + self.limits.seconds + (0 if worker.ready else START_SECONDS)
            try:
                worker.pipe.send(self.jobs[worker.job])
            except OSError:  # it died while it had nothing to do
                self._renew(worker)
                worker.pipe.send(self.jobs[worker.job])

    def _collect(self) -> Iterator[tuple[int, R | Failure]]:
        busy = {worker.job: worker for worker in self.workers if worker.job is not None}
        patience = max(0.0, min(worker.deadline for worker in busy.values()) - time.monotonic())
        ready = set(wait([worker.pipe for worker in busy.values()], timeout=patience))
        for index, worker in busy.items():
            if worker.pipe in ready or time.monotonic() >= worker.deadline:
                result = self._take(worker, answered=worker.pipe in ready)
                if result is _READY:
                    worker.ready, worker.deadline = True, time.monotonic() + self.limits.seconds
                    continue
                self._feed(worker)
                yield index, result

    def _take(self, worker: _Worker, *, answered: bool) -> R | Failure | _Ready:
        if answered:
            try:
                result: R | Failure | _Ready = worker.pipe.recv()
            except (EOFError, OSError):
                worker.process.join(timeout=5)
                return self._replace(
                    worker, Failure("crash", f"the process died ({_exit_name(worker.process.exitcode)})")
                )
            return result
        return self._replace(worker, Failure("timeout", f"took longer than {self.limits.seconds:g} seconds"))

    def _replace(self, worker: _Worker, failure: Failure) -> Failure:
        self._stop(worker)
        self._renew(worker)
        return failure

    def _renew(self, worker: _Worker) -> None:
        fresh = self._start()
        worker.process, worker.pipe, worker.ready = fresh.process, fresh.pipe, False

    def _stop(self, worker: _Worker) -> None:
        worker.pipe.close()
        worker.process.kill()
        worker.process.join(timeout=5)


def _serve(pipe: Connection, function: Callable[[Any], object], mebibytes: int) -> None:
    """The worker's side: one job after another until the parent closes the pipe, or is killed."""
    _limit_memory(mebibytes)
    with contextlib.suppress(EOFError, OSError):
        pipe.send(_READY)
        while True:
            pipe.send(_attempt(function, pipe.recv()))


def _limit_memory(mebibytes: int) -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _exit_name(code: int | None) -> str:
    import signal

    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"
