"""Damaged files of weights, and files that claim what they are not: all that can be read is, and the rest is said."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import crafted
import numpy as np
import pytest
import torch
from torch import nn

from dlviz_docs.readers.networks._stored import load
from dlviz_docs.readers.networks.statistics import read_statistics
from dlviz_docs.readers.networks.weights import WeightsFile, read_weights

LIMIT = 1 << 28
FORMATS = pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 5))


def written(folder: Path, *, new: bool = True) -> tuple[bytes, dict[str, torch.Tensor]]:
    state = model().state_dict()
    torch.save({"epoch": 7, "state_dict": state}, folder / "whole.pt", _use_new_zipfile_serialization=new)
    return (folder / "whole.pt").read_bytes(), state


def read_bytes(data: bytes, folder: Path, name: str = "model.pt") -> WeightsFile:
    (folder / name).write_bytes(data)
    return read_weights(folder / name, folder)


def right(read: WeightsFile, state: dict[str, torch.Tensor]) -> int:
    """That every tensor is right, and every one that can be loaded has its elements; how many there are of these."""
    loaded = 0
    for tensor in read.tensors:
        assert tensor.shape == tuple(state[tensor.name].shape)
        stored = read.stored[tensor.name]
        if not stored.why_not and not tensor.missing:
            np.testing.assert_array_equal(load(stored, LIMIT), state[tensor.name].numpy().astype(float))
            loaded += 1
    return loaded


@FORMATS
def test_cut_anywhere_a_beginning_is_read_and_said_to_be_one(tmp_path: Path, new: bool) -> None:
    data, state = written(tmp_path, new=new)
    names = list(state)
    counts = []
    for end in range(1, len(data), 3):
        read = read_bytes(data[:end], tmp_path)
        assert read.problems, end
        assert [tensor.name for tensor in read.tensors] == names[: len(read.tensors)], end
        counts.append((len(read.tensors), right(read, state)))
        read_statistics(read)
    assert [one for one, _ in counts] == sorted(one for one, _ in counts)
    assert [one for _, one in counts] == sorted(one for _, one in counts)
    assert counts[-1][0] == len(names)
    storages = len({tensor.data_ptr() for tensor in state.values()})
    assert {one for _, one in counts} == set(range(storages + new))  # an archive ends with its directory


@FORMATS
def test_changed_anywhere_it_is_read_or_said_why_not(tmp_path: Path, new: bool) -> None:
    data, _ = written(tmp_path, new=new)
    chance = random.Random(0)
    for _ in range(1500):
        changed = bytearray(data)
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            changed[chance.randrange(len(data))] = chance.randrange(256)
        read = read_bytes(bytes(changed), tmp_path)
        read_statistics(read)
        assert all(isinstance(side, int) and side >= 0 for tensor in read.tensors for side in tensor.shape)


def test_a_storage_that_is_not_in_the_archive(tmp_path: Path) -> None:
    data, state = written(tmp_path)
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as whole, zipfile.ZipFile(held, "w") as part:
        for name in whole.namelist():
            if not name.endswith("data/1"):
                part.writestr(name, whole.read(name))
    read = read_bytes(held.getvalue(), tmp_path)
    assert [tensor.name for tensor in read.tensors if tensor.missing] == ["0.bias"]
    assert [problem.code for problem in read.problems] == ["weights-missing"]
    assert right(read, state) == len(state) - 1


def codes(read: WeightsFile) -> list[str]:
    return [problem.code for problem in read.problems]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4\n", "Git LFS"),
        (b"<!DOCTYPE html><html>404</html>", "in none of the formats"),
        (b"PK\x03\x04", "breaks off"),
        (b"PK\x05\x06" + bytes(18), "without weights"),
        (b"\x80\x02", "none of the formats"),
        (b"\x00" * 100, "none of the formats"),
        (b"\xff" * 1000, "none of the formats"),
    ],
)
def test_what_is_no_checkpoint_says_so(tmp_path: Path, data: bytes, says: str) -> None:
    read = read_bytes(data, tmp_path)
    assert not read.tensors
    assert says in read.problems[0].what
    assert read.problems[0].remedy
    assert read.problems[0].path == "model.pt"


def test_a_file_that_is_not_there_or_a_folder(tmp_path: Path) -> None:
    assert codes(read_weights(tmp_path / "none.pt", tmp_path)) == ["weights-damaged"]
    assert codes(read_weights(tmp_path, tmp_path)) == ["weights-damaged"]
    assert str(tmp_path) not in read_weights(tmp_path / "none.pt", tmp_path).problems[0].what


def test_the_oldest_format_is_said_and_not_read(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "old.pt", "w") as archive:
        archive.addfile(tarfile.TarInfo("sys_info"))
    read = read_weights(tmp_path / "old.pt", tmp_path)
    assert "0.1.10" in read.problems[0].what


# --- claims -----------------------------------------------------------------------------------------------------------

HUGE = b"\x8a\x07" + (10**15).to_bytes(7, "little")
CLAIMS = {
    "elements without end, of one": crafted.tensor(shape=HUGE + b"\x85", strides=b"K\x00\x85"),
    "more elements than bytes": crafted.tensor(shape=HUGE + b"\x85", strides=b"K\x01\x85"),
    "an offset beyond the end": crafted.tensor().replace(b"tQK\x00", b"tQK\x09"),
    "strides that reach beyond": crafted.tensor(strides=b"K\x63K\x01\x86"),
    "strides below zero": crafted.tensor(strides=b"J\xff\xff\xff\xffK\x01\x86"),
    "as many strides as there are no axes": crafted.tensor(strides=b"K\x01\x85"),
    "a shape of words": crafted.tensor(shape=crafted.text("a") + b"K\x01\x86"),
    "a shape below zero": crafted.tensor(shape=b"J\xff\xff\xff\xffK\x01\x86"),
    "a shape that is a list of lists": crafted.tensor(shape=b"]" + b"]a" + b"\x85"),
    "a storage that is not there": crafted.tensor("7"),
    "a class of elements that is not known": crafted.tensor().replace(b"FloatStorage", b"QuuxStorage\n"[:-1]),
}


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("container", ["zip", "legacy"])
def test_a_tensor_that_claims_what_is_not_there(tmp_path: Path, claim: str, container: str) -> None:
    data = crafted.state_dict(("right", crafted.tensor()), ("wrong", CLAIMS[claim]))
    read = read_bytes(crafted.zipped(data) if container == "zip" else crafted.legacy(data), tmp_path)
    assert [tensor.name for tensor in read.tensors] == ["right", "wrong"]
    statistics, problems = read_statistics(read)
    assert set(statistics) == {"right"}
    assert statistics["right"].norm == pytest.approx(30**0.5)
    assert read.problems or problems
    assert sum(tensor.octets for tensor in read.tensors if not tensor.missing) <= 64


def test_tensors_that_lie_over_each_other_are_not_read_without_end(tmp_path: Path) -> None:
    """Ten thousand tensors, each one element further in a storage of a megabyte: as if it were ten gigabytes."""
    storage = b"(" + crafted.text("storage") + crafted.named("torch", "ByteStorage") + crafted.text("0")
    storage += crafted.text("cpu") + b"J" + struct.pack("<i", 1 << 20) + b"tQ"
    entries = []
    for place in range(10_000):
        view = crafted.named("torch._utils", "_rebuild_tensor_v2") + b"(" + storage + b"M" + struct.pack("<H", place)
        view += (
            b"J"
            + struct.pack("<i", 1_000_000)
            + b"\x85K\x01\x85\x89"
            + crafted.called("collections", "OrderedDict", b")")
        )
        entries.append((f"t{place}", view + b"tR"))
    with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
        archive.writestr("a/data.pkl", crafted.state_dict(*entries))
        archive.writestr("a/data/0", bytes(1 << 20))
    read = read_weights(tmp_path / "model.pt", tmp_path)
    assert len(read.tensors) == 10_000
    statistics, problems = read_statistics(read)
    assert 1 <= len(statistics) < 50
    assert any("again and again" in problem.what for problem in problems)


def deflated(name: str, size: int) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        if name != "data.pkl":
            elements = b"J" + struct.pack("<i", size // 4)
            inner = crafted.tensor(shape=elements + b"\x85", strides=b"K\x01\x85").replace(b"K\x04tQ", elements + b"tQ")
            archive.writestr("a/data.pkl", crafted.state_dict(("w", inner)))
            archive.writestr(f"a/{name}", bytes(size))
        else:
            archive.writestr("a/data.pkl", b"\x80\x02]" + b"(NNe" * (size // 4) + b".")
    return held.getvalue()


BOMBS = {
    "storage": lambda: deflated("data/0", 1 << 29),
    "pickle": lambda: deflated("data.pkl", 1 << 28),
    "pickle within the limit": lambda: deflated("data.pkl", 1 << 25),
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_unpacks_to_gigabytes_costs_little(tmp_path: Path, name: str) -> None:
    (tmp_path / "model.pt").write_bytes(BOMBS[name]())
    code = (
        "import sys; from pathlib import Path\n"
        "from dlviz_docs.readers.networks.weights import read_weights\n"
        "from dlviz_docs.readers.networks.statistics import read_statistics\n"
        "def most(): return next(int(x.split()[1]) for x in open('/proc/self/status') if x.startswith('VmHWM'))\n"
        "before = most()\n"
        "read = read_weights(Path(sys.argv[1]) / 'model.pt', Path(sys.argv[1]))\n"
        "found, problems = read_statistics(read)\n"
        "assert not found and (read.problems or problems), read\n"
        "print((most() - before) / 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 250


def test_a_directory_of_a_million_files_is_not_listed(tmp_path: Path) -> None:
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 46 * 1_000_000, 0, 0)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, 46 * 1_000_000, 1)
    end64 = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1_000_000, 1_000_000, 46 * 1_000_000, 0)
    read = read_bytes(b"PK\1\2" + bytes(46 * 1_000_000 - 4) + end64 + locator + end, tmp_path)
    assert read.problems


def test_no_memory_is_mapped_and_no_file_stays_open(tmp_path: Path) -> None:
    data, _ = written(tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        read_statistics(read_bytes(data, tmp_path))
        read_statistics(read_bytes(data[: len(data) // 2], tmp_path))
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert "whole.pt" not in Path("/proc/self/maps").read_text()
