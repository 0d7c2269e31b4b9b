"""Makes the picture in the README out of the built site: `make picture`.

An overview on a light page beside a live chart on a dark one, from disk, as a reader sees them.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
EXPERIMENT = ROOT / "site/experiments/digits-cnn"
TARGET = ROOT / "site_templates/docs/assets/overview.webp"
WIDTH, HEIGHT = 980, 940
FLAGS = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]


def main() -> int:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        left = _shot(browser, EXPERIMENT / "index.html", "light")
        right = _shot(browser, EXPERIMENT / "training/index.html", "dark", figure="metric-loss")
        browser.close()
    both = Image.new("RGB", (left.width + right.width, left.height))
    both.paste(left, (0, 0))
    both.paste(right, (left.width, 0))
    both.save(TARGET, "WEBP", quality=80, method=6)
    print(f"{TARGET.relative_to(ROOT)}: {both.width} x {both.height}, {TARGET.stat().st_size / 1000:.0f} kB")
    return 0


def _shot(browser: Browser, page: Path, scheme: str, figure: str = "") -> Image.Image:
    """The top of a page, or one of its charts under the crosshair."""
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)  # type: ignore[arg-type]
    tab = context.new_page()
    tab.goto(page.as_uri(), wait_until="load")
    if figure:
        tab.evaluate("id => document.getElementById(id).scrollIntoView()", figure)
        plot = tab.locator(f"#{figure} .dlviz-svg")
        plot.hover()
        tab.wait_for_selector(f"#{figure}.dlviz-live")
        box = plot.bounding_box()
        assert box is not None
        tab.mouse.move(box["x"] + 0.42 * box["width"], box["y"] + 0.4 * box["height"])
    tab.wait_for_timeout(500)
    picture = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
    context.close()
    return picture


if __name__ == "__main__":
    sys.exit(main())
