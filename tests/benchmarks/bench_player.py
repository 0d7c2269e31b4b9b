"""A player of 1,000 steps with a picture each, in headless Chromium from disk: is it smooth, and what does it weigh?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
from bench_load import FLAGS
from bench_site import build
from playwright.sync_api import Page, sync_playwright
from rows import Row

STEPS, SIDE, SECONDS = 1000, 96, 10
WATCH = """async (seconds) => {
  const cursor = document.querySelector(".dlviz-seek");
  document.querySelector(".dlviz-transport [title*=Space]").click();
  const start = performance.now();
  const shown = [[+cursor.value, start]];
  await new Promise((done) => {
    const look = (now) => {
      if (+cursor.value !== shown.at(-1)[0]) shown.push([+cursor.value, now]);
      if (now - start < 1000 * seconds) requestAnimationFrame(look);
      else done();
    };
    requestAnimationFrame(look);
  });
  return shown.slice(1);
}"""


def rows(folder: Path) -> list[Row]:
    page = _page(folder / "player")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        tab = browser.new_page(viewport={"width": 1440, "height": 1000})
        fetched = _open(tab, page.as_uri())
        smooth = [row for rate in (30, 60) for row in _played(tab, rate)]
        browser.close()
    first, every = _weight(page, fetched)
    return [
        *smooth,
        Row(
            "page with the player: document, our scripts and styles, steps", first, 500, "kB", "<= 500 kB", first <= 500
        ),
        Row(f"its {STEPS:,} pictures of {SIDE} px", every, float("nan"), "kB", "reported", True),
    ]


def _page(folder: Path) -> Path:
    """An experiment with one recording of everything there is to draw, built."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "runs/a/episodes").mkdir(parents=True)
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 0.3, (STEPS, 4)).cumsum(axis=0) / 3
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    terms = {"forward": rng.normal(0.4, 0.2, STEPS), "effort": -np.abs(rng.normal(0, 0.1, STEPS))}
    np.savez(
        folder / "runs/a/episodes/step-1000.npz",
        observations=rng.normal(0, 1, (STEPS, 12)).cumsum(axis=0),
        actions=rng.integers(0, 4, STEPS),
        rewards=sum(terms.values()),
        dones=np.arange(STEPS) == STEPS - 1,
        values=30 + rng.normal(0, 0.6, STEPS).cumsum(),
        action_values=30 + logits,
        probs=shares / shares.sum(axis=1, keepdims=True),
        frames=np.stack([_picture(i) for i in range(STEPS)]),
        gamma=0.99,
        **{f"reward_terms/{name}": values for name, values in terms.items()},
    )
    (folder / "runs/a/config.yaml").write_text(json.dumps({"env": "Walker"}))
    build(folder / "runs", folder / "site", folder / "cache")
    return next((folder / "site").rglob("episodes/index.html"))


def _picture(number: int) -> np.ndarray:
    ground = np.indices((SIDE, SIDE)).sum(axis=0) * 2 + number
    pixels = np.stack([ground % 256, (ground // 2) % 256, np.full_like(ground, 90)], axis=-1).astype(np.uint8)
    x, y = (number * 3) % (SIDE - 12), int((SIDE - 12) * (0.5 + 0.4 * np.sin(number / 15)))
    pixels[y : y + 12, x : x + 12] = (250, 240, 60)
    return pixels


def _open(tab: Page, address: str) -> list[str]:
    fetched: list[str] = []
    tab.on("request", lambda request: fetched.append(request.url))
    tab.goto(address)
    tab.wait_for_selector(".dlviz-player.dlviz-live")
    tab.wait_for_timeout(1000)
    return fetched


def _played(tab: Page, rate: int) -> list[Row]:
    """Steps that were shown, and the time between two."""
    tab.keyboard.press("Home")
    tab.locator(".dlviz-transport select").first.select_option(str(rate))
    session = tab.context.new_cdp_session(tab)
    session.send("Performance.enable")
    before = _busy(session)
    shown = np.array(tab.evaluate(WATCH, SECONDS))
    busy = (_busy(session) - before) / SECONDS
    tab.locator(".dlviz-transport [title*=Space]").click()
    gaps = np.diff(shown[:, 1])
    name = f"{STEPS:,} steps with pictures at {rate} a second"
    share, late = len(shown) / (rate * SECONDS), float(np.percentile(gaps, 99))
    limit = 2000 / rate
    return [
        Row(f"{name}: steps that are seen", 100 * share, 100, "%", ">= 97 %", share >= 0.97),
        Row(f"{name}: 99 % of gaps are under", late, limit, "ms", f"<= {limit:.0f} ms", late <= limit),
        Row(f"{name}: main thread busy", 100 * busy, 50, "%", "<= 50 %", busy <= 0.5),
    ]


def _busy(session: object) -> float:
    told = session.send("Performance.getMetrics")["metrics"]  # type: ignore[attr-defined]
    return float(next(one["value"] for one in told if one["name"] == "TaskDuration"))


def _weight(page: Path, fetched: list[str]) -> tuple[float, float]:
    """kB that the page and its first episode take, and all pictures of the site."""
    site = page.parents[2]
    own = ("dlviz.js", "dlviz.css", "figures.css", "plots.css", "gallery.css", "overlay.css", "tables.js", "offline.js")
    ours = ("numbers.js", "plotmarks.js", "player", *own)
    paths = {address.removeprefix("file://") for address in fetched if address.startswith("file://")}
    first = [
        Path(path)
        for path in paths
        if path.endswith("episodes/index.html") or "/data/" in path or path.rsplit("/", 1)[-1].startswith(ours)
    ]
    pictures = list(site.rglob("pictures/*.webp"))
    return sum(path.stat().st_size for path in first) / 1000, sum(path.stat().st_size for path in pictures) / 1000
