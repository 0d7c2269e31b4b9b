"""A folder of TensorBoard runs to a whole site, beside TensorBoard started on the same folder."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from make_runs import make_runs, tags, write_run
from rows import Row, Usage, as_usual, family, measure

TAGS, STEPS = 20, 1000
PATIENCE = 600.0


def rows(folder: Path, runs: int) -> list[Row]:
    """`folder` keeps the runs between calls; everything else in it is made anew."""
    logs, site, cache = folder / f"runs-{runs}", folder / "site", folder / "cache"
    make_runs(logs, runs, TAGS, STEPS)
    shutil.rmtree(cache, ignore_errors=True)
    _warm(logs)
    peer = tensorboard(logs)
    watched = build(logs, site, cache, memory=True)
    shutil.rmtree(cache)
    cold = build(logs, site, cache)
    again = build(logs, site, cache)
    write_run(logs / "run-0000", 10_000 + int(time.time()) % 10_000, tags(TAGS), STEPS)
    changed = build(logs, site, cache)
    goal = 0.6 if runs >= 1000 else 0.8
    name = f"{runs} runs x {TAGS} tags x {STEPS} steps"
    engine = [_engine(logs, cache, fresh=fresh) for fresh in (True, False)]
    result = [
        Row(
            f"{name}: first look, whole site",
            cold.seconds,
            peer.seconds,
            "s",
            f"<= {goal}x",
            cold.seconds <= goal * peer.seconds,
        ),
        Row(
            f"{name}: memory",
            watched.peak_mib,
            peer.peak_mib,
            "MiB",
            "<= 0.1x",
            watched.peak_mib <= 0.1 * peer.peak_mib,
        ),
        Row(f"{name}: nothing changed, site", again.cpu, cold.cpu, "CPU-s", "reported", True),
        Row(
            f"{name}: nothing changed, engine", engine[1], engine[0], "CPU-s", "<= 0.05x", engine[1] <= 0.05 * engine[0]
        ),
        Row(f"{name}: one run changed, site", changed.cpu, cold.cpu, "CPU-s", "reported", True),
    ]
    return result if runs >= 1000 else [result[0]]


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


def _engine(logs: Path, cache: Path, *, fresh: bool) -> float:
    if fresh:
        shutil.rmtree(cache, ignore_errors=True)
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
        _wait_for(port, runs, every=0.5)
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
