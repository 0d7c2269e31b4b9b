"""A table of data to its finished page, beside ydata-profiling's minimal report of the same table.

The peer lives in an environment of its own (its dependencies are not ours): its Python is named by DLVIZ_YDATA, else
the rows have no peer and say so.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
from rows import Row, measure

__all__ = ["rows"]

SIZES = {100_000: 20, 1_000_000: 10}
"""Rows, and how many times as fast as the minimal report the whole page is to be."""
_PEER = """
import sys, warnings
warnings.filterwarnings("ignore")
import pandas
from ydata_profiling import ProfileReport
ProfileReport(pandas.read_csv(sys.argv[1]), minimal=True, progress_bar=False).to_file(sys.argv[2])
"""


def rows(folder: Path) -> list[Row]:
    """CPU seconds, the start of Python included for both; ours with MkDocs' page around it."""
    measured = []
    for count, times in SIZES.items():
        table = _table(folder, count)
        site, cache = folder / f"data-site-{count}", folder / f"data-cache-{count}"
        ours = _median(lambda site=site, cache=cache, table=table: _ours(table.parent, site, cache))  # type: ignore[misc]
        peer = _peer(table, folder / f"ydata-{count}.html")
        name = f"{count:,} x 20 table: its whole site, beside ydata-profiling's minimal report"
        goal = f"ratio <= 1/{times}"
        measured.append(Row(name, ours, peer, "CPU-s", goal, bool(peer) and ours * times <= peer))
    return measured


def _table(folder: Path, count: int) -> Path:
    """16 columns of numbers, four of names and numbers in groups; written once."""
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


def _ours(table: Path, site: Path, cache: Path) -> float:
    import shutil

    for folder in (site, cache):
        shutil.rmtree(folder, ignore_errors=True)
    command = [str(Path(sys.executable).with_name("dlviz")), "build", str(table.parent), "-q"]
    used = measure([*command, "-o", str(site), "--cache-dir", str(cache)])
    if not (pages := list(site.glob("**/data/index.html"))):
        raise RuntimeError(f"no page of data under {site}: {pages}")
    return used.cpu


def _peer(table: Path, report: Path) -> float:
    python = os.environ.get("DLVIZ_YDATA", "")
    return measure([python, "-c", _PEER, str(table), str(report)], MPLBACKEND="agg").cpu if python else 0.0


def _median(take: object) -> float:
    assert callable(take)
    return float(np.median([take() for _ in range(3)]))
