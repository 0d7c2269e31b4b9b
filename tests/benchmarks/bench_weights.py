"""A checkpoint of 3 GB: its list beside torch.load, and the statistics of every tensor beside reading the file once.

Everything is measured on the same file, which is in the page cache: what is compared is work, and not disks.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

from rows import Row, as_usual, measure, median_cpu

from dlviz_docs.readers.networks.statistics import read_statistics
from dlviz_docs.readers.networks.weights import read_weights

__all__ = ["rows"]

TENSORS = 240
SIZES = {"3 GB": 3072 * 1024, "500 MB": 512 * 1024}
"""Elements of each of the tensors."""
REPEATS = 5
LISTED, MEASURED = 20, 64
"""MiB that the list and the statistics may take."""
_MAKE = """
import sys, torch
count, elements, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
block = torch.randn(elements, generator=torch.Generator().manual_seed(0)).reshape(-1, 1024)
state = {}
for layer in range(count):
    state[f"layers.{layer}.weight"], state[f"layers.{layer}.bias"] = block * (1 + layer), torch.zeros(len(block))
torch.save({"epoch": 1, "state_dict": state}, path)
"""
_TORCH = """
import sys, torch
state = torch.load(sys.argv[1], mmap=True, weights_only=True)["state_dict"]
listed = [(name, tuple(tensor.shape), str(tensor.dtype)) for name, tensor in state.items()]
"""
_TORCH_STATISTICS = (
    _TORCH
    + """
for tensor in state.values():
    flat = tensor.reshape(-1)
    flat.isnan().sum(), flat.isinf().sum(), (flat == 0).sum(), flat.min(), flat.max()
    flat.mean(), flat.std(), flat.norm(), torch.histc(flat, 64)
"""
)
_OURS = """
import sys
from pathlib import Path
from dlviz_docs.readers.networks.statistics import read_statistics
from dlviz_docs.readers.networks.weights import read_weights
if len(sys.argv) > 2:
    weights = read_weights(Path(sys.argv[1]), Path(sys.argv[1]).parent)
    assert len(weights.tensors) == int(sys.argv[2]), weights.problems
    if sys.argv[3:]:
        assert len(read_statistics(weights)[0]) == int(sys.argv[2])
# ru_maxrss would be that of the parent
print(next(line.split()[1] for line in Path("/proc/self/status").open() if line.startswith("VmHWM")))
"""


def rows(folder: Path) -> list[Row]:
    """CPU seconds and memory. A build has the readers loaded; whoever asks PyTorch has to import it first."""
    paths = {size: _checkpoint(folder / f"weights-{elements}.pt", elements) for size, elements in SIZES.items()}
    large = paths["3 GB"]
    own = {size: median_cpu(lambda path=path: read_weights(path, folder), 3 * REPEATS) for size, path in paths.items()}
    peer = _median([_TORCH], large)
    alone, whole = _median([_OURS], large), _median([_OURS, str(2 * TENSORS)], large)
    once = median_cpu(lambda: _read(large), REPEATS)
    weights = read_weights(large, folder)
    taken = median_cpu(lambda: read_statistics(weights), REPEATS)
    before = _peak([_OURS], large)
    listed = _peak([_OURS, str(2 * TENSORS)], large) - before
    measured = _peak([_OURS, str(2 * TENSORS), "statistics"], large) - before
    list_name, name = "list of a checkpoint of 3 GB", "statistics of every tensor in a checkpoint of 3 GB"
    return [
        _below(f"{list_name}, beside a process with torch.load(mmap)", own["3 GB"], peer, "CPU-s", 1 / 30),
        Row(f"{list_name}: whole process, beside the same", whole, peer, "CPU-s", "reported", True),
        Row(f"{list_name}: that process without the list", alone, whole, "CPU-s", "reported", True),
        _below(f"{list_name}, beside one of 500 MB", own["3 GB"], own["500 MB"], "CPU-s", 1.2),
        Row(f"{list_name}: memory", listed, LISTED, "MiB", f"<= {LISTED}", listed <= LISTED),
        _below(f"{name}, beside one read of it", taken, once, "CPU-s", 3),
        Row(f"{name}, beside torch.load(mmap)", taken, _once([_TORCH_STATISTICS], large), "CPU-s", "reported", True),
        Row(f"{name}: memory", measured, MEASURED, "MiB", f"<= {MEASURED}", measured <= MEASURED),
    ]


def _below(name: str, ours: float, peer: float, unit: str, ratio: float) -> Row:
    goal = f"ratio <= {ratio:g}" if ratio >= 1 else f"ratio <= 1/{1 / ratio:g}"
    return Row(name, ours, peer, unit, goal, ours <= ratio * peer)


def _checkpoint(path: Path, elements: int) -> Path:
    """Written once, by PyTorch, in a process that gives its memory back."""
    if not path.exists():
        measure([sys.executable, "-c", _MAKE, str(TENSORS), str(elements), str(path)])
    return path


def _read(path: Path) -> None:
    held = bytearray(1 << 20)
    with path.open("rb", buffering=0) as file:
        while file.readinto(held):
            pass


def _once(command: list[str], path: Path) -> float:
    one = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # as in a worker
    return measure(_started(command, path), **one).cpu


def _median(command: list[str], path: Path) -> float:
    return statistics.median(_once(command, path) for _ in range(REPEATS))


def _peak(command: list[str], path: Path) -> float:
    """MiB that a process says it had at most: a list is done before anybody could look."""
    done = subprocess.run(
        _started(command, path), env=as_usual(OPENBLAS_NUM_THREADS="1"), capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return float(done.stdout) / 1024


def _started(command: list[str], path: Path) -> list[str]:
    code, *more = command
    return [sys.executable, "-c", code, str(path), *more]
