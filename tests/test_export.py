from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from markdown import Markdown

from dlviz_docs.build import build
from dlviz_docs.errors import DlvizError
from dlviz_docs.export import export
from dlviz_docs.options import parse
from dlviz_docs.view import Asset, NavItem, Page, Site

HOSTILE = '<img src=x onerror="alert(1)">'


def a_site(tmp_path: Path, *slugs: str) -> Site:
    (tmp_path / "big.js").write_bytes(b"big")
    body = "<h1>{0}</h1>\n\n  \n<p>text</p>\n"
    pages = [
        Page(f"{slug}/index.html", f"{slug} {HOSTILE}", "About", body.format(slug), (), "", slug) for slug in slugs
    ]
    return Site(
        (Page("index.html", "All", "All", "<h1>All</h1>"), *pages),
        (Asset("assets/dlviz.css", b"css"), Asset("assets/dlviz.js", b"js"), Asset("data/a.js", tmp_path / "big.js")),
        tuple(
            NavItem(page.title, page.path, (NavItem("Training", f"{page.experiment}/training/index.html"),))
            for page in pages
        ),
    )


def test_pages_assets_and_navigation(tmp_path: Path) -> None:
    export(a_site(tmp_path, "a"), tmp_path / "out", "Experiments")
    out = tmp_path / "out"
    text = (out / "a/index.md").read_text()
    _, front, body = text.split("---\n", 2)
    assert yaml.load(front, yaml.SafeLoader) == {  # noqa: TID251 - our own file
        "title": "a &lt;img src=x onerror=&#34;alert(1)&#34;&gt;",
        "description": "About",
    }
    assert 'href="../assets/dlviz.css"' in body
    assert 'src="../assets/dlviz.js"' in body
    assert (out / "data/a.js").read_bytes() == b"big"
    nav = yaml.load((out / "nav.yml").read_text(), yaml.SafeLoader)["nav"]  # noqa: TID251 - our own file
    assert nav[0]["Experiments"][0] == "index.md"
    assert "<" not in json.dumps(nav)


def test_markdown_leaves_the_html_alone(tmp_path: Path) -> None:
    export(a_site(tmp_path, "a"), tmp_path / "out", "Experiments")
    body = (tmp_path / "out/a/index.md").read_text().split("---\n", 2)[2]
    assert "\n\n" not in body.strip()
    assert "<h1>a</h1>\n<p>text</p>" in Markdown().convert(body)


def test_what_is_gone_is_taken_away(tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(a_site(tmp_path, "a", "b"), out, "Experiments")
    (out / "a" / "own.md").write_text("by hand")
    export(a_site(tmp_path, "b"), out, "Experiments")
    assert not (out / "a/index.md").exists()
    assert (out / "a/own.md").read_text() == "by hand"
    assert (out / "b/index.md").exists()


def test_a_folder_of_somebody_elses_is_refused(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("mine")
    with pytest.raises(DlvizError, match="holds other files"):
        export(a_site(tmp_path, "a"), tmp_path / "docs", "Experiments")
    assert (tmp_path / "docs" / "index.md").read_text() == "mine"


def test_another_generator_builds_it(tmp_path: Path) -> None:
    """MkDocs without our plugin stands for any of them."""
    runs = tmp_path / "runs" / "exp"
    for name in ("a", "b"):
        (runs / name).mkdir(parents=True)
        (runs / name / "metrics.csv").write_text("step,train_loss,val_loss\n0,1.0,1.1\n1,0.5,0.6\n")
    site = build(tmp_path / "runs", parse({"workers": 0, "path": ""}), tmp_path / "cache")
    export(site, tmp_path / "docs", "Experiments")
    nav = (tmp_path / "docs" / "nav.yml").read_text()
    (tmp_path / "mkdocs.yml").write_text(f"site_name: x\ntheme: {{name: material, font: false}}\n{nav}")
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = next((tmp_path / "site").rglob("training/index.html")).read_text()
    assert page.count('<svg class="dlviz-svg"') == 1
    assert "&lt;svg" not in page
    assert 'href="../../assets/dlviz.css"' in page
