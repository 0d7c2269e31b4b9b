"""A table of data to its finished pages, beside ydata-profiling's minimal report of the same table.

The peer lives in an environment of its own, since its dependencies are not ours: DLVIZ_YDATA names its Python. Without
it the rows have no peer and hold nothing.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rows import Row, measure

from dlviz_docs.workers import LIBRARIES

__all__ = ["rows"]

SIZES = {100_000: 20, 1_000_000: 10}
"""Rows, and how many times as fast as the minimal report the pages are to be."""
REPEATS = 3
MOST_MIB = 1000
_OURS = """
import sys
from pathlib import Path
from dlviz_docs.build import build
from dlviz_docs.options import parse
build(Path(sys.argv[1]), parse({"workers": 0}), Path(sys.argv[2]))
"""
_PEER = """
import sys, warnings
warnings.filterwarnings("ignore")
import pandas
from ydata_profiling import ProfileReport
ProfileReport(pandas.read_csv(sys.argv[1]), minimal=True, progress_bar=False).to_file(sys.argv[2])
"""


def rows(folder: Path) -> list[Row]:
    """CPU seconds, the start of Python included for both; ours with and without MkDocs' site around the pages."""
    measured = []
    for count, times in SIZES.items():
        table = _table(folder, count)
        peer = _median(lambda table=table: _peer(table, folder / "ydata.html"))
        for what, ours in (("pages", _pages), ("whole site", _site)):
            cpu = _median(lambda ours=ours, table=table: ours(table.parent, folder))
            name = f"{count:,} x 20 table: {what}, beside ydata-profiling's minimal report"
            goal = f"ratio <= 1/{times}" if what == "pages" else "reported"
            measured.append(Row(name, cpu, peer, "CPU-s", goal, goal == "reported" or cpu * times <= peer > 0))
        command = [_dlviz(), "build", str(table.parent), "-q", "-o", str(folder / "site"), *_cleared(folder)]
        peak = measure(command, memory=True).peak_mib
        name = f"{count:,} x 20 table: memory of all processes"
        measured.append(Row(name, peak, MOST_MIB, "MiB", f"<= {MOST_MIB}", peak <= MOST_MIB))
    return measured


def _table(folder: Path, count: int) -> Path:
    """Numbers that hang together or are skewed, whole numbers, names, and a label; written once."""
    path = folder / f"table-{count}" / "data" / "train.csv"
    if path.exists():
        return path
    import polars as pl

    random = np.random.default_rng(0)
    base = random.normal(size=(count, 4))
    columns: dict[str, object] = {"id": np.arange(count)}
    columns |= {f"normal{i}": base[:, i] for i in range(4)}
    columns |= {f"mixed{i}": base @ random.normal(size=4) + random.normal(size=count) for i in range(6)}
    columns |= {f"skewed{i}": np.exp(random.normal(size=count)) for i in range(3)}
    columns |= {"whole": random.integers(0, 1000, count), "zeros": random.poisson(0.3, count)}
    names = np.array(["north", "south", "east", "west"])
    columns |= {f"place{i}": names[random.integers(0, 4, count)] for i in range(3)}
    columns["label"] = np.array(["no", "yes"])[(base[:, 0] + random.normal(size=count) > 0.5).astype(int)]
    path.parent.mkdir(parents=True)
    pl.DataFrame(columns).write_csv(path)
    return path


def _dlviz() -> str:
    return str(Path(sys.executable).with_name("dlviz"))


def _cleared(folder: Path) -> list[str]:
    """Nothing is known from before."""
    for name in ("site", "cache"):
        shutil.rmtree(folder / name, ignore_errors=True)
    return ["--cache-dir", str(folder / "cache")]


def _pages(data: Path, folder: Path) -> float:
    _cleared(folder)
    one = {name: LIBRARIES[name] for name in ("OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "_RJEM_MALLOC_CONF")}
    return measure([sys.executable, "-c", _OURS, str(data), str(folder / "cache")], **one).cpu


def _site(data: Path, folder: Path) -> float:
    used = measure([_dlviz(), "build", str(data), "-q", "-o", str(folder / "site"), *_cleared(folder)])
    if not list((folder / "site").glob("*/data/index.html")):
        raise RuntimeError(f"no page of data under {folder / 'site'}")
    return used.cpu


def _peer(table: Path, report: Path) -> float:
    python = os.environ.get("DLVIZ_YDATA", "")
    return measure([python, "-c", _PEER, str(table), str(report)], MPLBACKEND="agg").cpu if python else 0.0


def _median(take: Callable[[], float]) -> float:
    return statistics.median(take() for _ in range(REPEATS))
