"""How steps are run: in a pool of processes that may crash, hang or eat memory without taking the build with them.

A worker does one job at a time. One that dies or runs over its time is replaced, and only its job is lost. The pool
starts from a fork server, before any heavy package is imported, so a new worker costs milliseconds.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import tempfile
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, wait
from types import ModuleType
from typing import Any, Generic, Literal, Self, TypeVar

__all__ = ["Failure", "Limits", "Workers", "warm_up"]

JOBS = ("dlviz_docs.digest", "dlviz_docs.present", "dlviz_docs.compose")
"""What the steps that run here need; named, since importing it is what `warm_up` does beside."""
START_SECONDS = 120.0
"""What a worker may take to start, before the clock of its first job does."""
LONGEST_TEMPORARY = 70
"""Characters of the temporary folder: with "/pymp-<8>/listener-<8>" within the 104 bytes of a socket path on macOS."""

LIBRARIES = {
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "2",
    # Polars gives memory back at once, and not ten seconds later: a table takes half as much.
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:0,muzzy_decay_ms:0",
}
"""Threads and memory of libraries in a worker, by the variable that says so; what the user has set stays."""

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


def _attempt(function: Callable[[J], R], job: J) -> R | Failure:
    try:
        return function(job)
    except MemoryError:
        return Failure("memory", "needs more memory than it may take")
    # Whatever a damaged file or somebody's renderer raises becomes a notice on one page.
    except Exception as error:  # noqa: BLE001
        place = traceback.extract_tb(error.__traceback__)[-1]
        # The system's errors name a file by its path on this machine, and what is told here may be published.
        told = error.strerror if isinstance(error, OSError) and error.strerror else error
        return Failure("error", f"{type(error).__name__}: {told} ({place.name}, line {place.lineno})")


class _Ready(Enum):
    """A worker's first word."""

    READY = "ready"


_READY = _Ready.READY


def _start_method() -> Literal["forkserver", "spawn"]:
    """A fork server listens on a socket in the temporary folder, and the path of a socket may not be long."""
    too_long = len(tempfile.gettempdir()) > LONGEST_TEMPORARY
    return "spawn" if sys.platform == "win32" or too_long else "forkserver"


def warm_up() -> None:
    """Let the fork server import what the jobs need while this process does something else."""
    context: Any = multiprocessing.get_context(_start_method())
    context.set_forkserver_preload(list(JOBS))
    if context.get_start_method() == "forkserver":
        resource_tracker.ensure_running()  # else the next line is undone by its start
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # inherited: Ctrl-C is for this process
        try:
            with _few_threads():
                forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Workers:
    """A pool that lives through several steps: hands out jobs, watches clocks, replaces the dead.

        with Workers(2, Limits()) as workers:
            for index, result in workers.run(function, jobs): ...

    With `count` 0 everything runs in this process, in order, without protection against crashes and hangs.
    """

    def __init__(self, count: int, limits: Limits) -> None:
        self._count, self._limits = count, limits
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.stop()

    def run(
        self, function: Callable[[J], R], jobs: Sequence[J], seconds: float | None = None
    ) -> Iterator[tuple[int, R | Failure]]:
        """Run `function` on every job; yields (index of the job, result) as they finish.

        `seconds` is what each may take, where that is not the limit of all.

        `function` is a module's own, so that another process can import it.
        """
        if self._count == 0:
            for index, job in enumerate(jobs):
                yield index, _attempt(function, job)
            return
        count = min(self._count, len(jobs))
        for idle in self._workers[count:]:
            idle.stop()  # it would keep what it has grown to
        del self._workers[count:]
        if count:
            warm_up()
        while len(self._workers) < count:
            self._workers.append(_Worker(self._limits.mebibytes))
        yield from self._results(_Step(function, jobs, deque(range(len(jobs))), seconds or self._limits.seconds))

    def _results(self, step: _Step[J, R]) -> Iterator[tuple[int, R | Failure]]:
        try:
            for worker in self._workers:
                step.feed(worker)
            while any(worker.job is not None for worker in self._workers):
                yield from step.collect(self._workers)
        finally:
            for worker in [worker for worker in self._workers if worker.job is not None]:
                worker.stop()  # nobody waits for its answer any more
                self._workers.remove(worker)


class _Worker:
    """One process, and the parent's end of the pipe to it."""

    def __init__(self, mebibytes: int) -> None:
        self._mebibytes = mebibytes
        self._start()

    def _start(self) -> None:
        context: Any = multiprocessing.get_context(_start_method())
        self.pipe: Connection
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, self._mebibytes), daemon=True)
        with _nameless_main(), _few_threads():
            self.process.start()
        theirs.close()
        self.job: int | None = None
        self.deadline = 0.0
        self.ready = False
        """Whether it has started; until then its clock allows for that."""

    def send(self, function: Callable[[Any], object], job: object) -> None:
        try:
            self.pipe.send((function, job))
        except OSError:  # it died while it had nothing to do
            self.renew()
            self.pipe.send((function, job))

    def stop(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.join(timeout=5)

    def renew(self) -> None:
        self.stop()
        self._start()


@dataclass(frozen=True, slots=True)
class _Step(Generic[J, R]):
    """One function for many jobs."""

    function: Callable[[J], R]
    jobs: Sequence[J]
    waiting: deque[int]
    seconds: float

    def feed(self, worker: _Worker) -> None:
        if self.waiting:
            index = self.waiting.popleft()
            worker.send(self.function, self.jobs[index])
            worker.job = index
            worker.deadline = time.monotonic() + self.seconds + (0 if worker.ready else START_SECONDS)
        else:
            worker.job = None

    def collect(self, workers: Sequence[_Worker]) -> Iterator[tuple[int, R | Failure]]:
        busy = {worker.job: worker for worker in workers if worker.job is not None}
        patience = max(0.0, min(worker.deadline for worker in busy.values()) - time.monotonic())
        ready = set(wait([worker.pipe for worker in busy.values()], timeout=patience))
        for index, worker in busy.items():
            if worker.pipe in ready or time.monotonic() >= worker.deadline:
                result = self._take(worker, answered=worker.pipe in ready)
                if result is _READY:
                    worker.ready, worker.deadline = True, time.monotonic() + self.seconds
                    continue
                self.feed(worker)
                yield index, result

    def _take(self, worker: _Worker, *, answered: bool) -> R | Failure | _Ready:
        if not answered:
            worker.renew()
            return Failure("timeout", f"took longer than {self.seconds:g} seconds")
        try:
            result: R | Failure | _Ready = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join(timeout=5)
            code = worker.process.exitcode
            worker.renew()
            return Failure("crash", f"the process died ({_exit_name(code)})")
        return result


@contextlib.contextmanager
def _nameless_main() -> Iterator[None]:
    """A new process imports the program's main module, unless that has no file: here nobody needs it there.

    It would take longer than many a job, and a script without a guard for its main part would start all over.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextlib.contextmanager
def _few_threads() -> Iterator[None]:
    """What starts here has few threads in its libraries: several workers share the cores, and waiting threads spin."""
    before = {name: os.environ.get(name) for name in LIBRARIES}
    os.environ.update({name: value for name, value in LIBRARIES.items() if before[name] is None})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]


def _serve(pipe: Connection, mebibytes: int) -> None:
    """The worker's side: one job after another until the parent closes the pipe, or is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which ends this process
    _limit_memory(mebibytes)
    with contextlib.suppress(EOFError, OSError):
        pipe.send(_READY)
        while True:
            function, job = pipe.recv()
            pipe.send(_attempt(function, job))


def _limit_memory(mebibytes: int) -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _exit_name(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"
