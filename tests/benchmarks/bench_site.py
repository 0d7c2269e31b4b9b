"""A folder of TensorBoard runs to a whole site, beside TensorBoard started on the same folder."""

from __future__ import annotations

import json
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from make_runs import make_runs, tags, write_run
from rows import Row, Usage, as_usual, family, measure

TAGS, STEPS = 20, 1000
LARGE, EXPERIMENTS = 1000, 100
FEW, MANY = 30, 530
PATIENCE = 600.0


def rows(folder: Path, runs: int) -> list[Row]:
    """A first look at `runs` runs; `folder` keeps the runs between calls, and everything else in it is made anew."""
    logs, site, cache = folder / f"runs-{runs}", folder / "site", folder / "cache"
    make_runs(logs, runs, TAGS, STEPS)
    shutil.rmtree(cache, ignore_errors=True)
    _warm(logs)
    name = f"{runs:,} runs x {TAGS} tags x {STEPS:,} steps"
    times = 1 if runs >= LARGE else 5
    peer = _median(lambda: tensorboard(logs), times)
    watched = build(logs, site, cache, memory=True)
    cold = _median(lambda: _cold(logs, site, cache), times)
    goal = 0.6 if runs >= LARGE else 0.8
    first = _row(f"{name}: first look, whole site", cold.seconds, peer.seconds, "s", goal)
    if runs < LARGE:
        return [first]
    memory = _row(f"{name}: memory", watched.peak_mib, peer.peak_mib, "MiB", 0.1)
    return [first, memory, *_rebuilds(f"{name}, one experiment", logs, folder, cold, alone=True)]


def rebuild_rows(folder: Path) -> list[Row]:
    """What a second build costs where the runs are those of many experiments."""
    logs, cache = folder / f"experiments-{EXPERIMENTS}", folder / "cache"
    make_runs(logs, LARGE, TAGS, STEPS, EXPERIMENTS)
    shutil.rmtree(cache, ignore_errors=True)
    _warm(logs)
    cold = build(logs, folder / "site", cache)
    each = (_unchanged(folder, MANY) - _unchanged(folder, FEW)) / (MANY - FEW) * 1e3
    return [
        *_rebuilds(f"{LARGE:,} runs in {EXPERIMENTS} experiments", logs, folder, cold),
        Row("one more unchanged experiment of one run, engine", each, 1.0, "CPU-ms", "<= 1 ms", each <= 1),
    ]


def _unchanged(folder: Path, experiments: int) -> float:
    """CPU seconds of the engine for so many experiments of which none has changed."""
    logs, cache = folder / f"unchanged-{experiments}", folder / "cache-unchanged"
    shutil.rmtree(cache, ignore_errors=True)
    for i in range(experiments):
        write_run(logs / f"e{i}/run", i, tags(5), 50)
        (logs / f"e{i}/experiment.yml").write_text(f"title: Experiment {i}\n")
    _engine(logs, cache)
    return statistics.median(_engine(logs, cache) for _ in range(5))


def _rebuilds(name: str, logs: Path, folder: Path, cold: Usage, *, alone: bool = False) -> list[Row]:
    """After a cold build: the same again, and with one run written anew. The engine is the build without MkDocs.

    `alone`: all runs are those of one experiment.
    """
    site, cache = folder / "site", folder / "cache"
    run = min(path.parent for path in logs.rglob("events*"))
    same, engine_same = build(logs, site, cache).cpu, _engine(logs, cache)
    write_run(run, 10_000 + int(time.time()) % 10_000, tags(TAGS), STEPS)
    engine_changed = _engine(logs, cache)
    write_run(run, 30_000 + int(time.time()) % 10_000, tags(TAGS), STEPS)
    changed = build(logs, site, cache).cpu
    return [
        _row(f"{name}: nothing changed, engine", engine_same, cold.cpu, "CPU-s", 0.05),
        # An experiment is drawn anew when one of its runs changes: of 1,000 runs in one, all of them.
        _row(f"{name}: one run changed, engine", engine_changed, cold.cpu, "CPU-s", None if alone else 0.06),
        _row(f"{name}: nothing changed, whole site", same, cold.cpu, "CPU-s", None),
        _row(f"{name}: one run changed, whole site", changed, cold.cpu, "CPU-s", None),
    ]


def _median(measured: Callable[[], Usage], times: int) -> Usage:
    """The one of several that took the median time."""
    return sorted((measured() for _ in range(times)), key=lambda usage: usage.seconds)[times // 2]


def _cold(logs: Path, site: Path, cache: Path) -> Usage:
    shutil.rmtree(cache)
    return build(logs, site, cache)


def _row(name: str, ours: float, peer: float, unit: str, goal: float | None) -> Row:
    return Row(name, ours, peer, unit, f"<= {goal:g}x" if goal else "reported", not goal or ours <= goal * peer)


def _warm(logs: Path) -> None:
    """Bring the files into the page cache, so that the first of the two does not pay for the disk."""
    for path in logs.rglob("events*"):
        path.read_bytes()


def build(logs: Path, site: Path, cache: Path, *, memory: bool = False) -> Usage:
    """One `dlviz build`, from its start to its end."""
    command = [
        sys.executable,
        "-m",
        "dlviz_docs.cli",
        "build",
        str(logs),
        "-o",
        str(site),
        "--cache-dir",
        str(cache),
        "-q",
    ]
    return measure(command, memory=memory)


def _engine(logs: Path, cache: Path) -> float:
    """CPU seconds."""
    code = (
        "from pathlib import Path; from dlviz_docs.build import build; from dlviz_docs.options import parse;"
        f"build(Path({str(logs)!r}), parse({{'path': ''}}), Path({str(cache)!r}))"
    )
    return measure([sys.executable, "-c", code]).cpu


def tensorboard(logs: Path) -> Usage:
    """From starting TensorBoard to holding one reply with the loss curves of all runs, asked for once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    runs = sorted(path.name for path in logs.iterdir())
    start = time.monotonic()
    server = subprocess.Popen(
        [sys.executable, "-m", "tensorboard.main", "--logdir", str(logs), "--port", str(port),
         "--samples_per_plugin", "scalars=1000", "--reload_interval", "1"],
        env=as_usual(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        # Runs are loaded in turn: the last tells when all are nearly there, and they are then asked for in one reply.
        _wait_for(port, runs[-1:], every=0.1)
        _wait_for(port, runs, every=0.1 if len(runs) < LARGE else 0.5)  # a reply for 1,000 takes seconds itself
        seconds = time.monotonic() - start
        return Usage(seconds, _cpu(server.pid), sum(_peak(pid) for pid in family(server.pid)))
    finally:
        server.kill()
        server.wait()


def _wait_for(port: int, runs: list[str], every: float) -> None:
    """Ask for the whole loss curves of these runs until they come."""
    # Not as multipart: of that, TensorBoard's server takes no more than 1,000 parts.
    form = urllib.parse.urlencode([("tag", "train/loss"), *(("runs", run) for run in runs)]).encode()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/data/plugin/scalars/scalars_multirun", form) as reply:
                found = json.load(reply)
        except urllib.error.HTTPError:
            raise
        except OSError:
            found = {}  # it does not listen yet
        if sum(len(curve) >= STEPS for curve in found.values() if curve) == len(runs):
            return
        time.sleep(every)
    raise TimeoutError(f"TensorBoard has not loaded {len(runs)} runs in {PATIENCE} s")


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
