"""Measures what the documentation claims, and prints a table: `make bench`.

    python tests/benchmarks/run.py [NAME ...] [--folder DIR] [--json benchmarks.json]

Every peer is run here and now, on the same files. Rows go to benchmarks.json too. Nothing here gates the tests.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import bench_data
import bench_figures
import bench_load
import bench_pages
import bench_player
import bench_probes
import bench_site
import bench_tfevents
import bench_weights
from rich.console import Console
from rich.table import Table
from rows import Row

MEASUREMENTS: Mapping[str, Callable[[Path], list[Row]]] = {
    "tfevents": bench_tfevents.rows,
    "figures": lambda folder: bench_figures.rows(),
    "load": bench_load.rows,
    "pages": bench_pages.rows,
    "player": bench_player.rows,
    "probes": bench_probes.rows,
    "site-100": lambda folder: bench_site.rows(folder, 100),
    "site-1000": lambda folder: bench_site.rows(folder, 1000),
    "rebuild": bench_site.rebuild_rows,
    "data": bench_data.rows,
    "weights": bench_weights.rows,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *MEASUREMENTS], metavar="NAME", help=", ".join(MEASUREMENTS))
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "dlviz-bench")
    parser.add_argument("--json", type=Path, default=Path("benchmarks.json"))
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    rows = [row for name in given.names or MEASUREMENTS for row in MEASUREMENTS[name](given.folder)]
    Console(width=None if sys.stdout.isatty() else 150).print(_table(rows))
    given.json.write_text(json.dumps([asdict(row) | {"ratio": row.ratio} for row in rows], indent=1) + "\n")
    return 0


def _table(rows: list[Row]) -> Table:
    table = Table("what", "ours", "peer or limit", "ratio", "goal", "holds")
    for row in rows:
        holds = "yes" if row.holds else "[red]no"
        table.add_row(row.name, f"{row.ours:,.4g} {row.unit}", f"{row.peer:,.4g}", f"{row.ratio:.3g}", row.goal, holds)
    return table


if __name__ == "__main__":
    sys.exit(main())
