"""Event files: every scalar, both checksums, beside TensorBoard's two readers and beside touching every byte once.

CPU time, medians; everything is measured here and now on the same files.
"""

from __future__ import annotations

import importlib
import os
import struct
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import google_crc32c
import numpy as np
from make_runs import tags, write_run
from rows import Row, median_cpu

from dlviz_docs.readers.tensorboard import TensorBoard

sys.path.insert(0, str(Path(__file__).parents[1] / "readers"))
make = importlib.import_module("_events")

RUNS, TAGS, STEPS = 20, 20, 1000
EVENTS = RUNS * TAGS * STEPS


def rows(folder: Path) -> list[Row]:
    folder = folder / "tfevents"
    for run in range(RUNS):
        write_run(folder / "runs" / f"run{run}", run, tags(TAGS), STEPS)
    files = sorted((folder / "runs").rglob("*tfevents*"))
    ours = median_cpu(lambda: read(files))
    return [
        _faster(
            f"{EVENTS:,} events in {RUNS} files, beside EventAccumulator", ours, RUNS * _accumulator(files[0]), 100
        ),
        _faster(
            f"{EVENTS:,} events in {RUNS} files, beside TensorBoard's Rust server", ours, _server(folder / "runs"), 2
        ),
        _slower("tensor scalars, beside simple values", *_tensors(folder), 1.5),
        _slower("tags at different rates, an event, beside a regular log", *_irregular(folder, ours / EVENTS), 3),
        _slower("half histograms, beside reading and checking every record", *_mixed(folder), 3),
    ]


def read(files: Iterable[Path]) -> int:
    """Points in the files."""
    return sum(len(series) for file in files for series in TensorBoard().read(file).series)


def _faster(name: str, ours: float, peer: float, goal: float) -> Row:
    return Row(name, ours, peer, "CPU s", f"<= 1/{goal:g}", ours * goal <= peer)


def _slower(name: str, ours: float, peer: float, goal: float) -> Row:
    return Row(name, ours, peer, "CPU s", f"<= {goal:g}x", ours <= goal * peer)


def _accumulator(file: Path) -> float:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return median_cpu(lambda: EventAccumulator(str(file), size_guidance={"scalars": 0}).Reload(), repeat=3)


def _server(folder: Path) -> float:
    """CPU seconds of TensorBoard's data server until it has loaded every point, checksums on."""
    import tensorboard_data_server

    command = [tensorboard_data_server.server_binary(), "--logdir", str(folder), "--port", "0", "--reload", "once"]
    command += ["--checksum", "--samples-per-plugin", "scalars=all", "--verbose", "--die-after-stdin"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    for line in process.stderr:
        if "Finished load cycle" in line:
            break
    user, system = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    process.communicate()
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _tensors(folder: Path) -> tuple[float, float]:
    kinds = {"tensor": make.tensor_float, "simple": make.simple}
    taken = {}
    for name, kind in kinds.items():
        events = (make.event(s, kind(tag, s % 7), wall=1.7e9 + s) for s in range(STEPS) for tag in tags(TAGS))
        file = make.write(folder / f"{name}.tfevents", events)
        taken[name] = median_cpu(lambda file=file: read([file]), repeat=9)
    return taken["tensor"], taken["simple"]


def _irregular(folder: Path, regular: float) -> tuple[float, float]:
    """CPU seconds an event."""
    random = np.random.default_rng(0)
    events = [
        make.event(step, make.simple(tag, random.random()), wall=1.7e9 + step)
        for step in range(5000)
        for index, tag in enumerate(tags(TAGS))
        if random.random() < 1 / (1 + index % 5)
    ]
    file = make.write(folder / "irregular.tfevents", events)
    return median_cpu(lambda: read([file])) / len(events), regular


def _mixed(folder: Path) -> tuple[float, float]:
    random = np.random.default_rng(0)
    file = make.write(
        folder / "mixed.tfevents",
        (
            make.event(step, value)
            for step in range(2000)
            for tag in tags(5)
            for value in (make.simple(tag, 0.5), make.histogram(f"weights/{tag}", int(random.integers(20, 400))))
        ),
    )
    return median_cpu(lambda: read([file])), median_cpu(lambda: _check(file))


def _check(file: Path) -> None:
    """Read a file and compute the checksum of each record, in the C library."""
    data, at, size_at = file.read_bytes(), 0, struct.Struct("<Q").unpack_from
    while at < len(data):
        size = size_at(data, at)[0]
        google_crc32c.value(data[at + 12 : at + 12 + size])
        at += size + 16
