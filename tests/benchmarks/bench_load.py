"""A page of 20 charts in headless Chromium, from disk: main-thread CPU to load, bytes, and how soon a chart is live."""

from __future__ import annotations

import re
import shutil
import statistics
from pathlib import Path

from bench_site import build
from make_runs import tags, write_run
from playwright.sync_api import Page, sync_playwright
from rows import Row

CHARTS = 20
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def rows(folder: Path) -> list[Row]:
    page = _training_page(folder / "load")
    pages = {"ours": page, "plotly": _with_plotly(page), "bare": _without_charts(page)}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        # In turn, so that a slow moment of the machine meets all of them.
        rounds = [{name: _load(browser.new_page(), path.as_uri()) for name, path in pages.items()} for _ in range(25)]
        live = statistics.median(_live(browser.new_page(), page.as_uri()) for _ in range(5))
        browser.close()
    cpu = {name: statistics.median(one[name][0] for one in rounds) for name in pages}
    _, kilobytes, charts = rounds[0]["ours"]
    name = f"page of {charts} charts from disk"
    # The limits of 200 ms and 3,181 ms for Plotly were taken on one machine: their ratio holds on any. The theme's own
    # part, which is larger than ours, is in neither.
    added, peer = cpu["ours"] - cpu["bare"], cpu["plotly"] - cpu["bare"]
    return [
        Row(f"{name}: added to the main thread until loaded", added, peer, "ms", "<= 0.063x", added <= 0.063 * peer),
        Row(f"{name}: the theme without any", cpu["bare"], cpu["ours"], "ms", "reported", True),
        Row(f"{name}: document, our scripts and styles", kilobytes, 350, "kB", "<= 350 kB", kilobytes <= 350),
        Row(f"{name}: first touch to a live chart", live, 100, "ms", "<= 100 ms", live <= 100),
    ]


def _training_page(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    names = [*tags(5), *(f"layer{i}/weight_norm" for i in range(40))]
    for seed in range(3):
        write_run(folder / "runs" / f"seed{seed}", seed, names[: CHARTS + 2], 1000)
    build(folder / "runs", folder / "site", folder / "cache")
    return next((folder / "site").rglob("training/index.html"))


def _without_charts(page: Path) -> Path:
    """The same page with an empty place for each of its charts."""
    text, count = re.subn(
        r"<figure class=\"dlviz-figure.*?</figure>", '<div class="eager"></div>', page.read_text(), flags=re.S
    )
    if not count:
        raise RuntimeError(f"no figures in {page}")
    target = page.with_name("bare.html")
    target.write_text(text)
    return target


def _with_plotly(page: Path) -> Path:
    """The same page, its charts drawn by Plotly when it opens: as many curves of as many points."""
    script = """<script src="../../assets/plotly.min.js"></script><script>
      for (const [k, element] of document.querySelectorAll(".eager").entries()) {
        const value = (i, j) => Math.exp(-j / 300) + Math.sin(j * i + k) / 30;
        const curve = (i) => ({y: Float32Array.from({length: 1000}, (_, j) => value(i, j))});
        Plotly.newPlot(element, [0, 1, 2].map(curve), {height: 300});
      }</script></body>"""
    target = page.with_name("eager.html")
    target.write_text(_without_charts(page).read_text().replace("</body>", script))
    return target


def _load(page: Page, address: str) -> tuple[float, float, int]:
    sizes: list[int] = []
    own = (
        "index.html",
        "dlviz.js",
        "dlviz.css",
        "figures.css",
        "plots.css",
        "gallery.css",
        "overlay.css",
        "player.css",
        "tables.js",
        "offline.js",
    )
    page.on("response", lambda r: sizes.append(len(r.body())) if r.url.endswith(own) else None)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.goto(address, wait_until="load")
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    charts = page.locator("figure.dlviz-figure svg.dlviz-svg").count()
    page.close()
    return metrics["TaskDuration"] * 1e3, sum(sizes) / 1000, charts


def _live(page: Page, address: str) -> float:
    """From the pointer entering a chart to its cross-hair standing on a true point."""
    page.goto(address, wait_until="load")
    figure = page.locator("figure.dlviz-figure").first
    figure.scroll_into_view_if_needed()
    taken = figure.evaluate(
        """element => new Promise(done => {
             const start = performance.now();
             const wait = () => element.classList.contains("dlviz-live") ? done(performance.now() - start)
                                                                         : requestAnimationFrame(wait);
             element.dispatchEvent(new PointerEvent("pointerenter", {bubbles: true}));
             element.dispatchEvent(new PointerEvent("pointerover", {bubbles: true}));
             wait();
           })"""
    )
    page.close()
    return float(taken)
