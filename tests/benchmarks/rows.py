"""One row of the table of measurements, and how a process is measured."""

from __future__ import annotations

import contextlib
import ctypes
import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Row", "Usage", "as_usual", "family", "measure", "median_cpu"]


@dataclass(frozen=True)
class Row:
    """What was measured, beside a peer or a limit measured in the same run."""

    name: str
    ours: float
    peer: float
    unit: str
    goal: str
    """In words: "ratio >= 100"."""
    holds: bool

    @property
    def ratio(self) -> float:
        return self.ours / self.peer if self.peer else float("nan")


@dataclass(frozen=True)
class Usage:
    """What a command and all its children took."""

    seconds: float
    cpu: float
    peak_mib: float
    """Largest sum of the resident sets of the processes alive at one moment, sampled every 20 ms."""


def measure(command: Sequence[str], *, memory: bool = False, **environment: str) -> Usage:
    """Run a command to its end; raises when it fails. Looking at its memory slows it down: that is a run of its own."""
    _adopt_orphans()
    _bury_the_dead()
    before = os.times()
    start = time.monotonic()
    process = subprocess.Popen(
        command, env=as_usual(**environment), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    peak = [0.0]
    watcher = threading.Thread(target=_watch, args=(process, peak), daemon=True)
    if memory:
        watcher.start()
    _, errors = process.communicate()
    seconds = time.monotonic() - start
    if memory:
        watcher.join()
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()  # its workers, whose time counts too
    if process.returncode:
        raise RuntimeError(f"{command}: {errors[-2000:]}")
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Usage(seconds, cpu, peak[0])


def as_usual(**more: str) -> dict[str, str]:
    """The environment of a user's command: modules are compiled once, not at every start, whatever is set here."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"} | more


def _adopt_orphans() -> None:
    """Have what outlives its parent be our child: workers are children of a fork server, which nobody waits for."""
    pr_set_child_subreaper = 36  # <linux/prctl.h>
    ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1)


def _bury_the_dead() -> None:
    """What earlier processes of ours left behind is nobody else's time."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def median_cpu(function: Callable[[], object], repeat: int = 5) -> float:
    """Median CPU seconds of a call in this process."""
    taken = []
    for _ in range(repeat):
        start = time.process_time()
        function()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def _watch(process: subprocess.Popen[str], peak: list[float]) -> None:
    while process.poll() is None:
        peak[0] = max(peak[0], sum(_resident(pid) for pid in family(process.pid)))
        time.sleep(0.02)


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    found = [pid]
    for parent in found:
        try:
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def _resident(pid: int) -> float:
    """MiB; proportional, so that pages shared by forks count once."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0) / 1024
