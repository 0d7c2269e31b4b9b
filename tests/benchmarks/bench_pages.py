"""What a page costs in MkDocs with Material, and whether that grows with the number of pages."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from rows import Row, measure

FEW, MANY = 100, 1000

# Fake pages through the real adapter: this measures the host alone.
CODE = """
import sys
from pathlib import Path
from dlviz_docs import view
from dlviz_docs.assets import assets
from dlviz_docs.options import Options
from mkdocs_dlviz.bare import write

count, folder = int(sys.argv[1]), Path(sys.argv[2])
cells = "".join(f"<tr><td>key {i}</td><td>{i}</td></tr>" for i in range(12))
part = '<section><h2 id="s{0}">Section {0}</h2><p>' + "Words about a curve. " * 12 + "</p></section>"
body = f"<h1>Run</h1><table>{cells}</table>" + "".join(part.format(i) for i in range(5))
headings = tuple(view.Heading(2, f"s{i}", f"Section {i}") for i in range(5))
pages = tuple(view.Page(f"e{i}/index.html", f"Experiment {i}", "One of many", body, headings, "overview", f"e{i}")
              for i in range(count))
index = view.Page("index.html", "Experiments", "All", "<h1>Experiments</h1>")
site = view.Site((index, *pages), assets(), tuple(view.NavItem(p.title, p.path) for p in pages))
(folder / "runs").mkdir(parents=True)
write(folder / "runs", folder / "site", Options(), folder / "cache", lambda: site)
"""


def rows(folder: Path) -> list[Row]:
    few, many = (_cpu(folder / "pages", count) for count in (FEW, MANY))
    each = (many - few) / (MANY - FEW) * 1e3
    early = few / FEW * 1e3
    return [
        Row(f"one more page in MkDocs, of {MANY:,}", each, early, "CPU-ms", "<= 13 ms, flat", each <= 13),
    ]


def _cpu(folder: Path, count: int) -> float:
    shutil.rmtree(folder, ignore_errors=True)
    return measure([sys.executable, "-c", CODE, str(count), str(folder)]).cpu
