"""Every page of the examples: offline, in both schemes, wide and narrow, on paper, and without JavaScript."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser
EXAMPLES = Path(__file__).parents[2] / "experiments"
HIDDEN = """() => [...document.querySelectorAll("article .dlviz-marks g:not(:has(.dlviz-whiskers)) > path")]
    .filter((mark) => getComputedStyle(mark).display === "none").map((mark) => mark.getAttribute("class"))"""
"""Marks of plots that are not drawn, though no error bar stands for them."""
SPREADS = """() => document.documentElement.scrollWidth - document.documentElement.clientWidth"""
# Scripts of figures come after the page.
LIVE = """["[data-spec]:not(.dlviz-chart)", "[data-overlay]", "[data-player]"]
    .flatMap((kind) => [...document.querySelectorAll(`figure${kind}`)])
    .every((figure) => figure.matches(".dlviz-live"))"""
# What a reader without eyes is told, and what a browser needs to know before a picture is there.
NAMES = """() => {
  const told = (node) => node.getAttribute("aria-label") ??
    (node.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
  const article = document.querySelector("article");
  const all = (selector) => [...article.querySelectorAll(selector)];
  const bad = [];
  for (const image of all("img")) {
    const { width, height, alt } = image.attributes;
    if (!+width?.value || !+height?.value || !alt?.value) bad.push("picture " + image.outerHTML);
  }
  for (const node of all("figure, svg[role=img], [role=region], [role=application], dialog"))
    if (!told(node).trim() && !node.closest("[aria-hidden=true]")) bad.push("no name: " + node.outerHTML.slice(0, 200));
  for (const node of all("button, a, select, input, summary")) {
    const words = node.textContent.trim() || told(node).trim() || node.labels?.[0]?.textContent.trim() || node.placeholder;
    if (!words) bad.push("no words: " + node.outerHTML.slice(0, 200));
  }
  for (const node of all("th")) if (!node.textContent.trim()) bad.push("empty header: " + node.outerHTML.slice(0, 200));
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) bad.push("twice: " + id);
  const levels = all("h1, h2, h3, h4, h5, h6").map((heading) => +heading.localName[1]);
  if (levels[0] !== 1 || levels.filter((level) => level === 1).length !== 1) bad.push("headings " + levels);
  levels.forEach((level, i) => i && level > levels[i - 1] + 1 && bad.push("skipped a level: " + levels.slice(0, i + 1)));
  return bad;
}"""  # noqa: E501
# WCAG 2.2, 1.4.3: 4.5 to 1, 3 to 1 for large text. What lies over a picture has a ground of its own, or is left out.
CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const parse = (color) => {
    if (!known.has(color)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(color, [r, g, b, a / 255]);
    }
    return known.get(color);
  };
  const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a), 1];
  const light = (color) => {
    const [r, g, b] = color.map((v) => ((v /= 255), v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    const above = [];
    for (; node; node = node.parentElement) {
      const style = getComputedStyle(node);
      if (style.backgroundImage !== "none") return null;
      above.push(parse(style.backgroundColor));
      if (above.at(-1)[3] === 1) break;
    }
    return above.reverse().reduce((below, color) => over(color, below), [255, 255, 255, 1]);
  };
  const bad = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || node.closest("script, style, option, [hidden], .dlviz-say, [aria-disabled=true]")) continue;
    const box = node.getBoundingClientRect();
    const style = getComputedStyle(node);
    if (!node.checkVisibility({ checkVisibilityCSS: true, checkOpacity: true }) || box.width < 2) continue;
    const below = ground(node);
    if (!below) continue;
    let opacity = 1;
    for (let one = node; one; one = one.parentElement) opacity *= +getComputedStyle(one).opacity;
    const [r, g, b, a] = parse(node instanceof SVGElement ? style.fill : style.color);
    const [x, y] = [light(over([r, g, b, a * opacity], below)), light(below)].sort((p, q) => q - p);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && +style.fontWeight >= 700);
    seen++;
    if ((x + 0.05) / (y + 0.05) < (large ? 3 : 4.5)) bad.push([((x + 0.05) / (y + 0.05)).toFixed(2), node.outerHTML.slice(0, 160)]);
  }
  return [seen, bad];
}"""  # noqa: E501
# Pictures that are not near the screen are asked for when they come there; one that a fast scroll passed by is waited
# for where it stands, and no longer than a reader would.
SCROLL = """async () => {
  const settle = (ms) => new Promise((go) => setTimeout(go, ms));
  for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
    scrollTo(0, y);
    await settle(15);
  }
  const shown = [...document.querySelectorAll("article img")].filter((image) => image.checkVisibility());
  for (const image of shown) {
    if (!image.complete) image.scrollIntoView();
    for (const end = Date.now() + 20000; !image.complete && Date.now() < end; ) await settle(5);
  }
  return shown.filter((image) => !image.naturalWidth).map((image) => image.src);
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `dlviz build experiments` makes, in a folder below the root of a server."""
    root = tmp_path_factory.mktemp("examples")
    arguments = ["build", str(EXAMPLES), "-o", str(root / "site"), "--cache-dir", str(root / "cache"), "--strict", "-q"]
    done = subprocess.run([sys.executable, "-m", "dlviz_docs.cli", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shutil.copytree(root / "site", root / "www/some/where")
    return root / "www"


def pages(site: Path) -> list[str]:
    found = sorted(page.relative_to(site).as_posix() for page in site.rglob("index.html"))
    assert len(found) > 15
    assert sum("/data/" in page for page in found) >= 3
    assert sum("/results/" in page for page in found) >= 3
    return found


@pytest.mark.parametrize(("scheme", "width", "served"), [("light", 1440, False), ("dark", 390, True)])
def test_every_page_is_whole_and_can_be_read(
    scheme: str, width: int, served: bool, site: Path, visit: Callable[..., Visit], serve: Callable[[Path], str]
) -> None:
    tab = visit(width=width, color_scheme=scheme, reduced_motion="reduce")
    root = serve(site) if served else site.as_uri() + "/"
    found: dict[str, list[Any]] = {}
    texts = 0
    for page in pages(site):
        tab.page.goto(root + page)
        missing = tab.page.evaluate(SCROLL)
        tab.page.wait_for_function(LIVE)
        seen, faint = tab.page.evaluate(CONTRAST)
        texts += seen
        wrong = [*missing, *tab.page.evaluate(NAMES), *faint]
        if (wide := tab.page.evaluate(SPREADS)) > 0:
            wrong.append(f"{wide} px too wide")
        if wrong:
            found[page] = wrong
    assert found == {}
    assert texts > 1_000
    tab.expect_quiet()


@pytest.mark.parametrize("settings", [{"java_script_enabled": False}, {"media": "print"}], ids=["no script", "paper"])
def test_nothing_is_missing_without_a_script_or_on_paper(
    settings: Mapping[str, Any], site: Path, visit: Callable[..., Visit]
) -> None:
    paper = "media" in settings
    tab = visit(width=794, **({} if paper else settings))
    if paper:
        tab.page.emulate_media(media="print")
    for page in pages(site):
        tab.page.goto((site / page).as_uri())
        assert tab.page.locator("article h1").is_visible(), page
        # Each figure shows something by itself: a drawing, a table, pictures or words; and no button that does nothing.
        assert tab.page.locator("article figure:not(:has(svg, table, img, .dlviz-items))").count() == 0, page
        assert tab.page.locator("article .dlviz-tools button:visible").count() == 0, page
        if paper:
            assert tab.page.evaluate(SPREADS) <= 0, page
            assert tab.page.evaluate(HIDDEN) == [], page
    tab.expect_quiet()


def test_the_checks_can_fail(site: Path, visit: Callable[..., Visit]) -> None:
    tab = visit()
    tab.page.goto((site / pages(site)[-1]).as_uri())
    tab.page.evaluate(
        """document.querySelector("article").insertAdjacentHTML("beforeend", `<h6>deep</h6><img src="gone.webp">
        <p style="color:#999;background:#fff">faint</p><div style="width:3000px">wide</div><button></button>
        <figure></figure>`)"""
    )
    assert tab.page.evaluate(SPREADS) > 0
    assert tab.page.evaluate(SCROLL) == [(site / pages(site)[-1]).parent.as_uri() + "/gone.webp"]
    assert [ratio for ratio, _ in tab.page.evaluate(CONTRAST)[1]] == ["2.85"]
    wrong = " ".join(tab.page.evaluate(NAMES))
    assert all(word in wrong for word in ("picture", "no name", "no words", "skipped a level"))
