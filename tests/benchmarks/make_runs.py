"""Makes TensorBoard runs to measure with: RUNS x TAGS scalars x STEPS, as torch's SummaryWriter writes them.

    python tests/benchmarks/make_runs.py /tmp/runs --runs 1000 --tags 20 --steps 1000

Synthetic: every curve is a noisy exponential, no two the same. Records are framed here, with both checksums, because
20 million of them through a real writer would take an hour.
"""

from __future__ import annotations

import argparse
import multiprocessing
import struct
from pathlib import Path

import numpy as np
from google_crc32c import value as crc32c

START = 1_700_000_000.0


def masked(data: bytes) -> int:
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def record(payload: bytes) -> bytes:
    head = struct.pack("<Q", len(payload))
    return head + struct.pack("<I", masked(head)) + payload + struct.pack("<I", masked(payload))


def tags(count: int) -> list[str]:
    known = ["train/loss", "val/loss", "train/accuracy", "val/accuracy", "lr"]
    return [*known, *(f"layer{i}/grad_norm" for i in range(count))][:count]


def write_run(folder: Path, seed: int, tag_names: list[str], steps: int) -> None:
    """One event file: for every step one event per tag."""
    rng = np.random.default_rng(seed)
    rate = rng.uniform(2, 6, len(tag_names))
    curves = np.exp(-rate[:, None] * np.linspace(0, 1, steps)) + rng.normal(0, 0.02, (len(tag_names), steps))
    values = curves.astype("<f4")
    middles = []
    for tag in tag_names:
        name = tag.encode()
        value = b"\x0a" + varint(len(name)) + name + b"\x15"
        summary = b"\x0a" + varint(len(value) + 4) + value
        middles.append(b"\x2a" + varint(len(summary) + 4) + summary)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("events*"):
        old.unlink()
    pieces = [record(b"\x09" + struct.pack("<d", START) + b"\x1a\x0dbrain.Event:2")]
    for step in range(steps):
        when = b"\x09" + struct.pack("<d", START + step + seed) + (b"\x10" + varint(step) if step else b"")
        pieces += [record(when + middle + values[i, step].tobytes()) for i, middle in enumerate(middles)]
    (folder / f"events.out.tfevents.{int(START) + seed}.host.1.0").write_bytes(b"".join(pieces))


def make_runs(root: Path, runs: int, tag_count: int, steps: int, experiments: int = 1) -> None:
    """Write what is not there yet, in a folder for each experiment where there are several."""
    folders = [root / f"run-{i:04d}" for i in range(runs)]
    if experiments > 1:
        folders = [root / f"experiment-{i % experiments:03d}" / f"run-{i // experiments:03d}" for i in range(runs)]
    todo = [(folder, i, tags(tag_count), steps) for i, folder in enumerate(folders) if not folder.exists()]
    with multiprocessing.Pool(2) as pool:
        pool.starmap(write_run, todo, chunksize=4)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--tags", type=int, default=20)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--experiments", type=int, default=1)
    given = parser.parse_args()
    make_runs(given.root, given.runs, given.tags, given.steps, given.experiments)
