from __future__ import annotations

from pathlib import Path

import pytest
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File
from mkdocs.structure.nav import Link, Navigation, Section
from mkdocs.structure.pages import Page
from mkdocs_dlviz.nav import Entry, WindowedNav


@pytest.fixture
def config(tmp_path: Path) -> MkDocsConfig:
    config = MkDocsConfig()
    config.load_dict({"site_name": "Test", "docs_dir": str(tmp_path), "site_dir": str(tmp_path / "site")})
    config.validate()
    return config


def page(config: MkDocsConfig, path: str, title: str) -> Page:
    return Page(title, File(path, None, config.site_dir, use_directory_urls=False), config)


def entries(config: MkDocsConfig, count: int) -> list[Entry]:
    return [
        Entry(
            f"E{i}", (page(config, f"x/e{i}/index.md", f"E{i}"), page(config, f"x/e{i}/training/index.md", "Training"))
        )
        for i in range(count)
    ]


def titles(items: list[object]) -> list[object]:
    """Titles, with those of a section's children in a list behind its own."""
    found: list[object] = []
    for item in items:
        found.append(item.title)  # type: ignore[attr-defined]
        if isinstance(item, Section):
            found.append(titles(item.children))
    return found


def shown(nav: WindowedNav, at: Page) -> list[object]:
    around = nav.around(at)
    assert around is not None
    return titles(around.items)


def test_neighbours_and_the_experiments_own_pages(config: MkDocsConfig) -> None:
    home, index, guide = (page(config, f"{name}.md", name) for name in ("index", "x", "guide"))
    made = entries(config, 10)
    nav = WindowedNav(Navigation([home, index, guide], [home, index, guide]), index, made, radius=1)
    assert shown(nav, made[4].pages[1]) == [
        "index",
        "x",
        ["x", "E3", "E4", ["E4", "Training"], "E5", "All 10 experiments"],
        "guide",
    ]
    assert shown(nav, made[0].pages[0])[2] == ["x", "E0", ["E0", "Training"], "E1", "E2", "All 10 experiments"]
    assert shown(nav, made[9].pages[0])[2] == ["x", "E7", "E8", "E9", ["E9", "Training"], "All 10 experiments"]
    assert shown(nav, index)[2] == ["x", "E0", "E1", "E2", "All 10 experiments"]
    assert nav.around(guide) is None
    assert nav.around(home) is None


def test_all_of_few(config: MkDocsConfig) -> None:
    index = page(config, "index.md", "All")
    made = entries(config, 2)
    nav = WindowedNav(Navigation([index], [index]), index, made)
    assert shown(nav, made[1].pages[0]) == ["All", "E0", "E1", ["E1", "Training"]]


def test_index_in_a_section_of_sections(config: MkDocsConfig) -> None:
    index, paper = page(config, "x/index.md", "Runs"), page(config, "paper.md", "Paper")
    inner = Section("Inner", [index, paper])
    outer, link = Section("Outer", [inner]), Link("Elsewhere", "https://example.org")
    index.parent, inner.parent = inner, outer
    made = entries(config, 1)
    nav = WindowedNav(Navigation([link, outer], [index, paper]), index, made)
    assert shown(nav, made[0].pages[0]) == [
        "Elsewhere",
        "Outer",
        ["Inner", ["Runs", "E0", ["E0", "Training"], "Paper"]],
    ]
    assert titles(outer.children) == ["Inner", ["Runs", "Paper"]], "the host's own navigation is not touched"
    assert [item.title for item in made[0].pages[1].ancestors] == ["E0", "Inner", "Outer"]


def test_index_that_is_not_listed(config: MkDocsConfig) -> None:
    home, index = page(config, "index.md", "Home"), page(config, "x/index.md", "Runs")
    made = entries(config, 1)
    nav = WindowedNav(Navigation([home], [home]), index, made)
    assert shown(nav, made[0].pages[0]) == ["Home", "Runs", ["Runs", "E0", ["E0", "Training"]]]


def test_reading_order(config: MkDocsConfig) -> None:
    index, guide = page(config, "x/index.md", "Runs"), page(config, "guide.md", "Guide")
    index.next_page = guide
    made = entries(config, 2)
    WindowedNav(Navigation([index, guide], [index, guide]), index, made)
    order, at = [], index.next_page
    while at is not None:
        order.append(at.file.src_uri)
        at = at.next_page
    assert order == ["x/e0/index.md", "x/e0/training/index.md", "x/e1/index.md", "x/e1/training/index.md", "guide.md"]
    assert made[0].pages[0].previous_page is index


def test_active_sections_are_the_ones_above_the_page(config: MkDocsConfig) -> None:
    home, index = page(config, "index.md", "Home"), page(config, "x/index.md", "Runs")
    made = entries(config, 3)
    nav = WindowedNav(Navigation([home, index], [home, index]), index, made)
    made[1].pages[1].active = True
    around = nav.around(made[1].pages[1])
    assert around is not None
    ours = around.items[1]
    assert isinstance(ours, Section)
    assert ours.active
    assert [item.title for item in ours.children if isinstance(item, Section) and item.active] == ["E1"]
