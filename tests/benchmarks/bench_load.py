"""A page of 20 charts in headless Chromium, from disk: main-thread CPU to load, bytes, and how soon a chart is live."""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path

from make_runs import tags, write_run
from playwright.sync_api import Page, sync_playwright
from rows import Row

from dlviz_docs.options import parse

CHARTS = 20
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def rows(folder: Path) -> list[Row]:
    page = _training_page(folder / "load")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        loads = [_load(browser.new_page(), page) for _ in range(5)]
        live = statistics.median(_live(browser.new_page(), page) for _ in range(5))
        browser.close()
    cpu = statistics.median(cpu for cpu, _, _ in loads)
    kilobytes, charts = loads[0][1], loads[0][2]
    return [
        Row(f"page of {charts} charts: main thread until loaded", cpu, 200, "ms", "<= 200 ms", cpu <= 200),
        Row("its document and our scripts and styles", kilobytes, 350, "kB", "<= 350 kB", kilobytes <= 350),
        Row("first touch to a live chart", live, 100, "ms", "<= 100 ms", live <= 100),
    ]


def _training_page(folder: Path) -> str:
    from mkdocs_dlviz.standalone import build_site

    shutil.rmtree(folder, ignore_errors=True)
    names = [*tags(5), *(f"layer{i}/weight_norm" for i in range(40))]
    for seed in range(3):
        write_run(folder / "runs" / f"seed{seed}", seed, names[: CHARTS + 2], 1000)
    build_site(folder / "runs", folder / "site", parse({"path": ""}), folder / "cache")
    found = next((folder / "site").glob("*/training/index.html"), None)
    return (found or next((folder / "site").glob("training/index.html"))).as_uri()


def _load(page: Page, address: str) -> tuple[float, float, int]:
    sizes: list[int] = []
    own = ("index.html", "dlviz", "figures.css", "tables.js")
    page.on("response", lambda r: sizes.append(len(r.body())) if any(word in r.url for word in own) else None)
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
