"""A site from nowhere, and a project of MkDocs around it: the adapter is tested without the engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

from dlviz_docs.html import text
from dlviz_docs.view import Asset, Heading, NavItem, Page, Site

CURVE = " ".join(f"{x},{100 - x % 37}" for x in range(600))


def made_page(path: str, title: str, experiment: str = "", topic: str = "") -> Page:
    """A page of about the size of a real one: a heading, a sentence, two figures."""
    label = text(title)
    figure = f'<svg viewBox="0 0 600 100" role="img"><polyline points="{CURVE}"/></svg>'
    body = (
        f'<h1 id="top">{label}</h1><p>Overfits from epoch 12 on.</p>'
        f'<h2 id="metric-loss">loss</h2><figure data-search-exclude>{figure}</figure>'
        f'<h2 id="metric-flumox">flumox</h2><figure data-search-exclude>{figure}</figure>'
    )
    headings = (Heading(1, "top", title), Heading(2, "metric-loss", "loss"), Heading(2, "metric-flumox", "flumox"))
    return Page(path, title, f"What {title} shows.", body, headings, topic, experiment)


def made_site(titles: Mapping[str, str], *, index: str = "Experiments") -> Site:
    """Two pages for every slug and title, and an index."""
    pages = [made_page("index.html", index)]
    nav = []
    for slug, title in titles.items():
        overview = made_page(f"{slug}/index.html", title, slug, "overview")
        training = made_page(f"{slug}/training/index.html", f"Training – {title}", slug, "training")
        pages += [overview, training]
        nav.append(NavItem(title, overview.path, (NavItem("Training", training.path),)))
    names = ("dlviz.css", "figures.css", "plots.css", "gallery.css", "overlay.css", "dlviz.js", "tables.js")
    shim = Path("site_templates/dlviz_templates/assets/offline.js").resolve()
    assets = (*(Asset(f"assets/{name}", b"/* ours */") for name in names), Asset("assets/offline.js", shim))
    return Site(tuple(pages), assets, tuple(nav))


@pytest.fixture
def site_of() -> Callable[..., Site]:
    """Makes a site of `count` experiments, or of given titles by slug."""

    def make(count: int = 3, titles: Mapping[str, str] | None = None, **changes: Any) -> Site:
        return replace(made_site(titles or {f"e{i}": f"Experiment {i}" for i in range(count)}), **changes)

    return make


class Project:
    """A folder with an mkdocs.yml, hand-written pages and a folder of runs."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.out = root / "site"
        self._monkeypatch = monkeypatch
        self.write("docs/index.md", "# Home\n\nHand-written.\n")
        self.write("docs/guide.md", "# Guide\n\nSee [the experiments](experiments/index.md).\n")
        (root / "experiments").mkdir()

    def write(self, path: str, content: str) -> None:
        """Write one file of the project."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(content, encoding="utf-8")

    def shows(self, site: Site) -> None:
        """What the engine will make of the folder."""
        self._monkeypatch.setattr("mkdocs_dlviz.plugin.build", lambda *_: site)

    def build(self, *, dlviz: Mapping[str, Any] | None = None, **settings: Any) -> Path:
        """Build as `mkdocs build` does; the site's folder."""
        config = {
            "site_name": "Test",
            "theme": {"name": "material", "font": False},
            "plugins": ["search", {"dlviz": dict(dlviz or {})}],
            **settings,
        }
        self.write("mkdocs.yml", json.dumps(config))
        loaded = load_config(str(self.root / "mkdocs.yml"))
        loaded.plugins.on_startup(command="build", dirty=False)
        try:
            build(loaded)
        finally:
            loaded.plugins.on_shutdown()
        return self.out


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site_of: Callable[..., Site]) -> Project:
    """A project that shows three experiments."""
    made = Project(tmp_path, monkeypatch)
    made.shows(site_of())
    return made
