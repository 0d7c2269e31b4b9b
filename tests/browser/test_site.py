"""The finished site in a browser: from disk and from a server, with nothing leaving the machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser
MARKER = "document.documentElement.dataset.fired = 1"
PAYLOAD = f"</title></script><img src=x onerror='{MARKER}'><svg onload='{MARKER}'>"
TITLES = {"digits": "Handwritten digits", "payload": f"Zebra {PAYLOAD}"}


def write_runs(folder: Path) -> None:
    """Two experiments of one run each; the name of one metric is in no other text."""
    rows = "".join(f"{step},{1 / (1 + step)},{0.5 + step / 200}\n" for step in range(60))
    for slug, title in TITLES.items():
        (folder / slug / "run-1").mkdir(parents=True)
        (folder / slug / "run-1/metrics.csv").write_text(f"step,train/loss,val/flumoxtron\n{rows}")
        about = {"title": title, "description": f"What it is: {title}", "tags": [title]}
        (folder / slug / "experiment.yml").write_text(json.dumps(about))
        (folder / slug / "README.md").write_text(f"# {title}\n\nAbout {PAYLOAD}\n")


def run(*command: str | Path, cwd: Path) -> None:
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "XDG_CACHE_HOME": str(cwd / "cache")}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `dlviz build` makes."""
    root = tmp_path_factory.mktemp("own")
    write_runs(root / "runs")
    run(sys.executable, "-m", "dlviz_docs.cli", "build", "runs", "-o", "site", "-q", cwd=root)
    return root / "site"


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `mkdocs build` makes of a site with other pages, in German, with instant navigation and folder addresses."""
    root = tmp_path_factory.mktemp("hosted")
    write_runs(root / "experiments")
    (root / "docs").mkdir()
    (root / "docs/index.md").write_text("# Start\n\n[Experimente](experiments/index.md)\n")
    (root / "docs/guide.md").write_text("# Anleitung\n\nHäuser.\n")
    features = ["navigation.instant", "navigation.path", "navigation.footer", "navigation.indexes", "navigation.tabs"]
    config = {
        "site_name": "Test",
        "theme": {"name": "material", "font": False, "language": "de", "features": features},
        "plugins": [{"search": {"lang": ["de", "en"]}}, "dlviz"],
        "nav": [{"Start": "index.md"}, {"Experimente": "experiments/index.md"}, {"Anleitung": "guide.md"}],
    }
    (root / "mkdocs.yml").write_text(json.dumps(config))
    run(sys.executable, "-m", "mkdocs", "build", "-q", "--strict", cwd=root)
    return root / "site"


@pytest.fixture(params=["disk", "server", "sub-path"])
def address(request: pytest.FixtureRequest, serve: Callable[[Path], str], tmp_path: Path) -> Callable[[Path], str]:
    """Where a site is opened from; ends in a slash."""

    def of(site: Path) -> str:
        if request.param == "disk":
            return site.as_uri() + "/"
        if request.param == "server":
            return serve(site)
        shutil.copytree(site, tmp_path / site.parent.name / "some/where")
        return serve(tmp_path / site.parent.name) + "some/where/"

    return of


def search(tab: Visit, words: str, *, finds: str) -> None:
    """Type into the theme's search until it shows a result with the text."""
    field = tab.page.locator(".md-search__input")
    field.fill("")
    field.press_sequentially(words)
    tab.page.locator(".md-search-result__item").filter(has_text=finds).first.wait_for(timeout=15_000)


def test_search_finds_experiments_and_metrics(
    own: Path, visit: Callable[..., Visit], address: Callable[[Path], str]
) -> None:
    tab = visit()
    tab.page.goto(address(own) + "index.html")
    search(tab, "handwritten", finds="Handwritten digits")
    search(tab, "flumoxtron", finds="flumoxtron")
    tab.page.locator(".md-search-result__link").filter(has_text="Handwritten digits").first.click()
    tab.page.wait_for_url("**/digits/**")
    tab.expect_quiet()


def test_search_in_another_language(hosted: Path, visit: Callable[..., Visit]) -> None:
    tab = visit()
    tab.page.goto((hosted / "index.html").as_uri())
    search(tab, "häuser", finds="Häuser")
    tab.expect_quiet()


def test_every_page_is_quiet(
    own: Path, hosted: Path, visit: Callable[..., Visit], address: Callable[[Path], str]
) -> None:
    tab = visit()
    for site in (own, hosted):
        root = address(site)
        for page in sorted(site.rglob("index.html")):
            tab.page.goto(root + page.relative_to(site).as_posix())
            assert tab.page.locator("h1").count() == 1
            tab.page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    tab.page.wait_for_timeout(200)
    tab.expect_quiet()


def test_nothing_in_a_folder_runs(own: Path, hosted: Path, visit: Callable[..., Visit]) -> None:
    tab = visit()
    fired = "document.documentElement.dataset.fired"
    for site in (own, hosted):
        for page in sorted(site.rglob("*.html")):
            tab.page.goto(page.as_uri())
            tab.page.wait_for_timeout(30)
            assert tab.page.evaluate(fired) is None, page
    search(tab, "zebra", finds="onerror")
    assert tab.page.evaluate(fired) is None
    tab.page.evaluate(f"document.body.insertAdjacentHTML('beforeend', {json.dumps(PAYLOAD)})")
    tab.page.wait_for_function(fired, timeout=5_000)


def test_links_to_folders_lead_to_pages_on_disk(hosted: Path, visit: Callable[..., Visit]) -> None:
    tab = visit()
    tab.page.goto((hosted / "experiments/digits/index.html").as_uri())
    tab.page.get_by_role("link", name="Anleitung").first.click()
    tab.page.wait_for_url("**/guide/index.html")
    tab.expect_quiet()


def test_links_work_without_javascript(own: Path, visit: Callable[..., Visit]) -> None:
    tab = visit(java_script_enabled=False)
    tab.page.goto((own / "index.html").as_uri())
    tab.page.locator("article").get_by_role("link", name="Handwritten digits").first.click()
    tab.page.wait_for_url("**/digits/index.html")
    tab.expect_quiet()


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_sticks_out(own: Path, visit: Callable[..., Visit], width: int) -> None:
    tab = visit(width=width)
    for page in sorted(own.rglob("index.html")):
        tab.page.goto(page.as_uri())
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= width, page


def test_instant_navigation(tmp_path: Path, visit: Callable[..., Visit], serve: Callable[[Path], str]) -> None:
    write_runs(tmp_path / "experiments")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("# Start\n\n[Experiments](experiments/index.md)\n")
    root = serve(tmp_path / "site")
    theme = {"name": "material", "font": False, "features": ["navigation.instant"]}
    config = {"site_name": "Test", "site_url": root, "theme": theme, "plugins": ["search", "dlviz"]}
    (tmp_path / "mkdocs.yml").write_text(json.dumps(config))
    run(sys.executable, "-m", "mkdocs", "build", "-q", "--strict", cwd=tmp_path)
    tab = visit()
    tab.page.goto(root, wait_until="networkidle")
    tab.page.evaluate("window.sameDocument = true")
    for name, path in (("Experiments", ""), ("Handwritten digits", "digits/"), ("Training", "digits/training/")):
        tab.page.locator("article").get_by_role("link", name=name).first.click()
        tab.page.wait_for_url(f"**/experiments/{path}index.html")
    tab.page.wait_for_selector(".dlviz-tools button")
    assert tab.page.evaluate("window.sameDocument"), "no page was loaded anew"
    tab.expect_quiet()
