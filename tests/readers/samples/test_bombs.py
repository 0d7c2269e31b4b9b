"""Small files that claim, or unpack to, more than a machine has: each is soon told of, and costs only itself."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import polars as pl

MOST_SECONDS = 10
MOST_MEMORY = 1_000_000_000
TABLE = "a,b,label\n" + "".join(f"{i},{i % 7},{i % 2}\n" for i in range(40))


def npy(shape: tuple[int, ...], data: bytes = b"", dtype: str = "<f8") -> bytes:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": dtype, "fortran_order": False, "shape": shape})
    return head.getvalue() + data


def png(width: int, height: int, *, depth: int = 1, color: int = 0) -> bytes:
    packer = zlib.compressobj(1)
    row = bytes(1 + (width * depth * (3 if color else 1) + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def gif(frames: int) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", 2, 2, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"\x21\xf9\x04\0\x01\0\0\0\x2c" + struct.pack("<HHHHB", 0, 0, 2, 2, 0) + b"\x02\x03\x44\x02\x05\0"
    return head + frame * frames + b"\x3b"


def packed(shape: tuple[int, ...], octets: int) -> Callable[[BinaryIO], None]:
    """An .npz of one array of zeros."""

    def write(file: BinaryIO) -> None:
        archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        with archive, archive.open("x.npy", "w") as member:
            member.write(npy(shape))
            for _ in range(octets >> 24):
                member.write(bytes(1 << 24))

    return write


def parquet(columns: Mapping[str, Any]) -> bytes:
    file = io.BytesIO()
    pl.DataFrame(columns).write_parquet(file)
    return file.getvalue()


def many_rows_claimed() -> bytes:
    """A Parquet file of three rows that says it has 10¹² of them."""
    whole = parquet({"a": [1, 2, 3], "label": [1, 0, 1]})
    size = int.from_bytes(whole[-8:-4], "little")
    count = b"".join(bytes([(2 * 10**12 >> 7 * i) & 0x7F | (0x80 if i < 5 else 0)]) for i in range(6))
    meta = whole[-8 - size : -8].replace(b"\x16\x06", b"\x16" + count)
    return whole[: -8 - size] + meta + struct.pack("<I", len(meta)) + b"PAR1"


def sparse(file: BinaryIO) -> None:
    file.write(TABLE.encode())
    file.truncate(2_100_000_000)


def coco(segmentation: object, box: Sequence[float] = (1, 1, 5, 5), name: str = "a.png") -> str:
    told = {"image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5], "iscrowd": 1}
    rows = [{"id": 1, **told, "segmentation": segmentation}, {"id": 2, **told, "bbox": list(box)}, {"id": 3, **told}]
    picture = {"id": 1, "file_name": name, "width": 20, "height": 20}
    return json.dumps({"images": [picture], "categories": [{"id": 1, "name": "c"}], "annotations": rows})


# Of each, its file, what it holds, and what is said of it; "" for what is read without a word.
BOMBS: Mapping[str, tuple[str, Callable[[], Any], str]] = {
    "png of 900 megapixels": ("images/a.png", lambda: png(30_000, 30_000), "pictures-too-large"),
    "gif of 100,000 frames": ("images/a.gif", lambda: gif(100_000), ""),
    "picture of 2 GB": ("images/a.png", lambda: sparse, "pictures-too-large"),
    "npz of 1,000 times its size": ("train.npz", lambda: packed((300, 125_000), 300_000_000), "array"),
    "npy of 8 TB": ("train.npy", lambda: npy((10**12,), bytes(80)), "unreadable"),
    "npy of no bytes a value": ("train.npy", lambda: npy((10**13,), dtype="|V0"), "unreadable"),
    "npz of 10,000 arrays": ("train.npz", lambda: {f"k{i}": np.arange(2) for i in range(10_000)}, ""),
    "json of depth 100,000": ("train.json", lambda: '[{"a":1,"b":2},' + '{"a":' * 100_000, "json"),
    "json lines of depth 100,000": ("train.jsonl", lambda: '{"a":1,"b":2}\n' * 9 + "[" * 100_000, "json-lines"),
    "line of 100 MB": ("train.csv", lambda: TABLE + "x" * 100_000_000, "ragged"),
    "cell of 50 MB": ("train.csv", lambda: f"{TABLE}1,2,{'y' * 50_000_000}\n{TABLE[10:]}", ""),
    "name of 50 MB": ("train.csv", lambda: TABLE.replace("a,", "a" * 50_000_000 + ",", 1), "unreadable"),
    "1,000,000 columns": ("train.csv", lambda: ("1," * 999_999 + "1\n") * 2, "unreadable"),
    "1,000,000 quotation marks": ("train.csv", lambda: "a,b\n" + '"' * 1_000_001 + "\n1,2" * 99, "quotation-marks"),
    "csv of 2 GB": ("train.csv", lambda: sparse, "unreadable"),
    "json of 2 GB": ("train.json", lambda: sparse, "unreadable"),
    "parquet of 2 GB": ("train.parquet", lambda: sparse, "unreadable"),
    "parquet of 10^12 rows": ("train.parquet", many_rows_claimed, "unreadable"),
    "parquet of 50,000,000 rows": (
        "train.parquet",
        lambda: parquet({name: pl.zeros(50_000_000, pl.Int8, eager=True) for name in "ab"}),
        "too-many-rows",
    ),
    "parquet of 1,000 texts of 1 MB": (
        "train.parquet",
        lambda: parquet({"a": ["x" * 1_000_000] * 1_000, "label": [0, 1] * 500}),
        "",
    ),
    "runs of 10^12": (
        "annotations.json",
        lambda: coco({"size": [20, 20], "counts": [10**12] * 2}),
        "shapes-invalid",
    ),
    "mask of 10^12 pixels": (
        "annotations.json",
        lambda: coco({"size": [10**6, 10**6], "counts": [10**12]}),
        "shapes-invalid",
    ),
    "box of 1e308 px": ("annotations.json", lambda: coco([], [1e308] * 4), "boxes-invalid"),
    "picture with a name of 20 MB": ("annotations.json", lambda: coco([], name="n" * 20_000_000), "pictures-absent"),
}


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True)
    if isinstance(content, str):
        path.write_text(content)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    elif callable(content):
        with path.open("wb") as file:
            content(file)
    else:
        np.savez(path, **content)


CODE = """
import json, sys, time, warnings
from pathlib import Path
from dlviz_docs.build import build
from dlviz_docs.options import parse
warnings.simplefilter("error")
root, told = Path(sys.argv[1]), {}
for folder in sorted(root.iterdir()):
    start = time.process_time()
    site = build(folder, parse({"path": "", "workers": 0}), root.parent / "cache" / folder.name)
    told[folder.name] = time.process_time() - start, [(problem.code, problem.what) for problem in site.problems]
status = Path("/proc/self/status")  # what getrusage tells holds the memory of the parent, too
memory = int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024 if status.exists() else 0
print(json.dumps([told, memory]))
"""


def outcome(root: Path) -> tuple[dict[str, Any], int]:
    """Of each, CPU seconds and problems; and the most memory that all of them together took."""
    for name, (file, content, _) in BOMBS.items():
        write(root / name.replace(" ", "_") / "data" / file, content())
    done = subprocess.run([sys.executable, "-c", CODE, str(root)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told, memory = json.loads(done.stdout)
    return told, memory


def test_bombs_are_told_of_in_time_and_take_little_memory(tmp_path: Path) -> None:
    told, memory = outcome(tmp_path / "experiments")
    shutil.rmtree(tmp_path / "experiments")
    slowest = max(told, key=lambda name: told[name][0])
    print(f"{len(told)} bombs: at most {memory / 1e6:.0f} MB, and {told[slowest][0]:.1f} s for {slowest}")
    codes = {name: {code for code, _ in told[name.replace(" ", "_")][1]} for name in BOMBS}
    wrong = {n for n, (_, _, code) in BOMBS.items() if (code not in codes[n] if code else codes[n])}
    assert {name: codes[name] for name in wrong} == {}
    assert {name: seconds for name, (seconds, _) in told.items() if seconds >= MOST_SECONDS} == {}
    assert max(len(what) for _, problems in told.values() for _, what in problems) <= 2_000
    assert memory < MOST_MEMORY
