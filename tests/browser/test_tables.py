"""Tables with our script: sort, search and filter, with a keyboard too; and all of the table without it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dlviz_docs.assets import TEMPLATES
from dlviz_docs.compose import compose_index
from dlviz_docs.view import IndexEntry

if TYPE_CHECKING:
    from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


@pytest.fixture
def address(tmp_path: Path) -> str:
    """An index of experiments with 9, 10, 100 and no best value."""
    best = {"b-ten": 10.0, "a-nine": 9.0, "d-none": None, "c-hundred": 100.0}
    entries = [
        IndexEntry(
            name, name, "", ("even",) if i % 2 else ("odd",), i, (("finished" if i else "failed", 1),), best=value
        )
        for i, (name, value) in enumerate(best.items())
    ]
    shutil.copytree(TEMPLATES / "assets", tmp_path / "assets")
    links = "".join(f'<link rel="stylesheet" href="assets/{name}.css">' for name in ("figures", "dlviz"))
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>Tables</title>{links}"
    body = f'{compose_index(entries, title="E").body}<script src="assets/tables.js"></script>'
    (tmp_path / "index.html").write_text(head + body, encoding="utf-8")
    return (tmp_path / "index.html").as_uri()


def shown(tab: Visit) -> list[str]:
    return [name.strip() for name in tab.page.locator("tbody tr:not([hidden]) th > a").all_inner_texts()]


def test_sorting(visit: Callable[..., Visit], address: str) -> None:
    tab = visit()
    tab.page.goto(address)
    header = tab.page.locator("th", has_text="Best")
    header.locator("button").press("Enter")
    assert header.get_attribute("aria-sort") == "descending"
    assert shown(tab) == ["c-hundred", "b-ten", "a-nine", "d-none"]
    header.locator("button").click()
    assert header.get_attribute("aria-sort") == "ascending"
    assert shown(tab) == ["a-nine", "b-ten", "c-hundred", "d-none"]
    tab.page.locator("th", has_text="Experiment").locator("button").click()
    assert header.get_attribute("aria-sort") is None
    assert shown(tab) == ["a-nine", "b-ten", "c-hundred", "d-none"]
    tab.expect_quiet()


def test_searching_and_filtering(visit: Callable[..., Visit], address: str) -> None:
    tab = visit()
    tab.page.goto(address)
    search, told = tab.page.get_by_role("searchbox"), tab.page.locator("output")
    search.fill("NE")
    tab.page.wait_for_function("document.querySelector('output').textContent === '2 of 4'")
    assert sorted(shown(tab)) == ["a-nine", "d-none"]
    search.fill("")
    tab.page.wait_for_function("document.querySelector('output').textContent === ''")
    tab.page.get_by_role("button", name="even").click()
    assert sorted(shown(tab)) == ["a-nine", "c-hundred"]
    tab.page.get_by_role("button", name="odd").click()  # one tag or the other
    assert len(shown(tab)) == 4
    tab.page.get_by_role("button", name="failed").click()  # and this status
    assert shown(tab) == ["b-ten"]
    assert told.inner_text() == "1 of 4"


def test_without_scripts_everything_is_there_and_nothing_pretends(visit: Callable[..., Visit], address: str) -> None:
    tab = visit(java_script_enabled=False)
    tab.page.goto(address)
    assert tab.page.locator("tbody tr").count() == 4
    assert not tab.page.get_by_role("searchbox").is_visible()
    assert tab.page.locator("th button").count() == 0


@pytest.mark.parametrize("width", [1440, 390, 360])
def test_no_page_is_wider_than_the_screen(visit: Callable[..., Visit], address: str, width: int) -> None:
    tab = visit(width=width)
    tab.page.goto(address)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_paper_the_first_column_of_a_wide_table_can_be_read(visit: Callable[..., Visit], tmp_path: Path) -> None:
    columns = ("Layer", "Times", "Multiply-adds", "What it does", *("Parameters",) * 9)
    cells = (
        "encoder.layers.0.attention.output",
        "×12",
        "7.08 M",
        "576 weighted sums of 192 features",
        *("111,168",) * 9,
    )
    shutil.copytree(TEMPLATES / "assets", tmp_path / "assets")
    (tmp_path / "index.html").write_text(
        "<!doctype html><meta charset=utf-8><link rel=stylesheet href=assets/dlviz.css>"
        '<main class="md-typeset dlviz-page">'
        '<figure class="dlviz-figure dlviz-table"><div class="dlviz-scroll"><table>'
        f"<tr>{''.join(f'<th>{column}</th>' for column in columns)}</tr>"
        f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr></table></div></figure></main>",
        encoding="utf-8",
    )
    tab = visit(width=700, height=900)
    tab.page.goto((tmp_path / "index.html").as_uri())
    tab.page.emulate_media(media="print")
    first = tab.page.locator("td").first.bounding_box()
    assert first is not None
    assert first["width"] > 60
    assert first["height"] < 80
