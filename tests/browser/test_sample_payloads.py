"""Nothing in data or predictions runs in a page, however much of the page is used, and no spreadsheet runs what leaves.

The site is built for real and opened from disk; galleries are filtered and enlarged, plots pointed at and explored.
"""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hostile_samples import KINDS, SLOTS, write_hostile
from test_payloads import FLAGGED, HOOKS, PAYLOADS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

FORMULAS = ("=1+1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", '=HYPERLINK("//x.invalid")', "\t=1", "\r=1", "=\u2028")
# A reader who tries everything on a page; what is asked for as CSV is told instead of downloaded.
USE = """async (explored) => {
  const seen = { galleries: 0, dialogs: 0, tips: 0, explored: 0, csv: [] };
  const settle = (ms = 0) => new Promise((go) => setTimeout(go, ms));
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const until = async (test) => {
    for (const end = Date.now() + 20000; !test() && Date.now() < end; ) await settle(5);
    if (!test()) throw new Error("waited in vain for " + test);
  };
  const fire = (node, type, at = {}) => node.dispatchEvent(new PointerEvent(type, { bubbles: true, ...at }));
  const change = (node, value) => {
    node.value = value;
    for (const type of ["input", "change"]) node.dispatchEvent(new Event(type, { bubbles: true }));
  };
  const make = URL.createObjectURL;
  URL.createObjectURL = (blob) => (seen.csv.push(blob.text()), make.call(URL, blob));
  HTMLAnchorElement.prototype.click = () => {};
  Element.prototype.setPointerCapture = () => {};
  await until(() => all("figure.dlviz-gallery").every((figure) => figure.querySelector(".dlviz-open")));
  await until(() => all("figure[data-spec]:not(.dlviz-chart)").every((figure) => figure.matches(".dlviz-live")));
  for (const box of all("details")) box.open = true;
  for (const figure of all("figure")) {
    figure.scrollIntoView();
    for (const type of ["pointerenter", "pointerover", "focusin"]) fire(figure, type);
    const plot = figure.querySelector(".dlviz-plot, svg");
    if (plot) {
      const { left, top, width, height } = plot.getBoundingClientRect();
      for (let i = 1; i < 12; i++) {
        fire(plot, "pointermove", { clientX: left + (width * i) / 12, clientY: top + (height * ((i * 5) % 12)) / 12 });
        seen.tips += !!figure.querySelector(".dlviz-tip:not([hidden])");
      }
      for (const key of ["ArrowRight", "ArrowDown"]) plot.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      for (const type of ["pointerdown", "click"]) fire(plot, type, { clientX: left + width / 2, clientY: top + height / 2 });
    }
    for (const node of all("td, th, .dlviz-key button", figure)) fire(node, "click");
  }
  for (const gallery of all("figure.dlviz-gallery")) {
    seen.galleries++;
    for (const select of all("select", gallery))
      for (const { value } of [...[...select.options].slice(0, 5), { value: "" }]) change(select, value);
    for (const button of all(".dlviz-choose button, .dlviz-kinds button", gallery)) button.click(), button.click();
    for (const range of all("input[type=range]", gallery))
      for (const value of [range.max, range.min]) change(range, value);
    gallery.querySelector(".dlviz-open").click();
    const dialog = gallery.querySelector("dialog");
    seen.dialogs += dialog.open;
    for (let i = 0; i < (seen.galleries > 1 ? 10 : 60); i++) dialog.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", cancelable: true }));
    dialog.close();
  }
  for (const input of all(".dlviz-filter input")) change(input, "script"), await settle(20), change(input, "");
  for (const button of all(".dlviz-sort, .dlviz-filter button")) button.click();
  const tools = all(".dlviz-tools button");
  for (const button of tools.filter(({ textContent }) => textContent !== "Explore")) button.click(), await settle();
  for (const button of tools.filter(({ textContent }) => textContent === "Explore").slice(0, explored)) {
    button.click();
    await until(() => document.querySelector(".dlviz-dialog .main-svg"));
    const layer = document.querySelector(".dlviz-dialog .nsewdrag");
    const { left, top, width, height } = layer?.getBoundingClientRect() ?? {};
    for (let i = 1; layer && i < 6; i++)
      for (const type of ["mouseover", "mousemove"])
        layer.dispatchEvent(new MouseEvent(type, { bubbles: true, clientX: left + (width * i) / 6, clientY: top + height / 2 }));
    await settle(100);
    seen.explored++;
    document.querySelector(".dlviz-dialog").close();
  }
  await settle(100);
  return { ...seen, csv: await Promise.all(seen.csv) };
}"""  # noqa: E501
# Plotly's own pictures of heat maps are addresses of data.
LOOK = f"[...document.querySelectorAll('article, dialog')].flatMap({FLAGGED}).filter((one) => one !== 'image href')"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `dlviz build` makes of the payloads in two halves, the one with formulas, so that pages stay small."""
    root = tmp_path_factory.mktemp("hostile")
    for half, payloads in enumerate(((*FORMULAS, *PAYLOADS[::2]), PAYLOADS[1::2])):
        write_hostile(root / f"runs/{half}", payloads)
    command = [sys.executable, "-m", "dlviz_docs.cli", "build", "runs", "-o", "site", "--cache-dir", "cache", "-q"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return root / "site"


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_runs_whatever_is_used(kind: str, half: int, chromium: Browser, site: Path) -> None:
    pages = sorted((site / f"{half}-{kind}").rglob("index.html"))
    assert len(pages) >= 2
    whole = "".join(page.read_text() for page in pages)
    assert [slot for slot in SLOTS[kind].split() if not re.search(rf"Z{slot}\b|Z{slot}\d", whole)] == []
    told = [use(chromium, page, explored=1 if not half else 0) for page in pages]
    for page, one in zip(pages, told, strict=True):
        assert (one["fired"], one["flagged"], one["complaints"]) == ([], [], []), page
    assert sum(one["galleries"] for one in told) == sum(one["dialogs"] for one in told)
    assert sum(one["tips"] for one in told) or kind == "broken"
    sheets = [sheet for one in told for sheet in one["csv"]]
    assert [cell for sheet in sheets for cell in cells(sheet) if starts_a_formula(cell)] == []


def use(chromium: Browser, document: Path, explored: int) -> Mapping[str, Any]:
    page = chromium.new_page(viewport={"width": 1440, "height": 1000})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("request", lambda asked: complaints.append(asked.url) if asked.url.startswith("http") else None)
    page.add_init_script(HOOKS)
    page.goto(document.as_uri())
    told = page.evaluate(USE, explored)
    told |= {"fired": page.evaluate("fired"), "flagged": page.evaluate(LOOK), "complaints": complaints}
    page.close()
    return told  # type: ignore[no-any-return]


def cells(sheet: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(sheet, newline="")) for cell in row]


def starts_a_formula(cell: str) -> bool:
    try:
        return cell.startswith(("=", "+", "-", "@", "\t", "\r")) and float(cell) != float(cell)
    except ValueError:
        return True


def test_the_control_fires(chromium: Browser, site: Path) -> None:
    page = chromium.new_page()
    page.add_init_script(HOOKS)
    page.goto(next(iter(sorted(site.rglob("*tables/data/index.html")))).as_uri())
    assert page.evaluate(LOOK) == []
    page.evaluate("document.querySelector('article').insertAdjacentHTML('beforeend', '<img src=x onerror=canary()>')")
    page.wait_for_function("fired.length", timeout=5_000)
    assert page.evaluate(LOOK) == ["img onerror"]
    page.close()
    assert [starts_a_formula(cell) for cell in ("=1+1", "-2+3", "-2", "+1.5e3", "'=1", "a")] == [
        True, True, False, False, False, False,
    ]  # fmt: skip
