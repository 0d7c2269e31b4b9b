"""The page of what a model looks at, made of made-up maps: whole, named and legible, with all its figures alive."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from dlviz_docs.assets import TEMPLATES
from dlviz_docs.compose.experiment import compose_experiment
from dlviz_docs.render import section_of
from dlviz_docs.renderers.cam import Cam
from dlviz_docs.view import Page
from tests.browser.test_examples_site import CONTRAST, NAMES, SPREADS
from tests.renderers.made_probes import over_training

if TYPE_CHECKING:
    from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Maps</title>
<meta name="viewport" content="width=device-width, initial-scale=1">{styles}
<style>body {{ margin: 0; background: {ground} }} main {{ max-width: 1100px; margin: auto; padding: 0 16px }}</style>
</head><body data-md-color-scheme="{scheme}"><main class="md-typeset"><article>{body}</article></main>
<script src="{root}assets/dlviz.js"></script></body></html>"""


def write(folder: Path, scheme: str) -> list[Page]:
    """All pages of an experiment whose model was explained at three moments."""
    experiment = over_training((1, 3, 9))
    section = section_of("cam", Cam(), experiment)
    assert section.problems == ()
    (folder / "photos").mkdir(parents=True)
    Image.new("RGB", (96, 64), (90, 140, 60)).save(folder / "photos/picture.webp")
    keys = [key for one in experiment.samples.datasets if one.pictures for key in one.pictures.keys]
    thumbs = {f"{side}/{key}": "photos/picture.webp" for key in keys for side in (144, 192, 384)}
    pages = [
        page for page in compose_experiment(experiment, [replace(section, thumbs=thumbs)]) if page.topic != "overview"
    ]
    shutil.copytree(TEMPLATES / "assets", folder / "assets")
    for page in pages:
        root = "../" * page.path.count("/")
        names = ("dlviz", "figures", "plots", "gallery", "overlay")
        styles = "".join(f'<link rel="stylesheet" href="{root}assets/{name}.css">' for name in names)
        ground = "#fff" if scheme == "default" else "#1e2129"
        (folder / page.path).parent.mkdir(parents=True, exist_ok=True)
        told = PAGE.format(styles=styles, ground=ground, scheme=scheme, root=root, body=page.body)
        (folder / page.path).write_text(told, encoding="utf-8")
    return pages


@pytest.mark.parametrize(("scheme", "width"), [("default", 1440), ("slate", 390)])
def test_every_figure_is_alive_named_and_legible(
    scheme: str, width: int, visit: Callable[..., Visit], tmp_path: Path
) -> None:
    pages = write(tmp_path, scheme)
    assert [page.title for page in pages] == ["What it looks at – Photos", "What it looks at: Channels – Photos"]
    tab = visit(width=width, reduced_motion="reduce")
    for page in pages:
        tab.page.goto((tmp_path / page.path).as_uri())
        tab.page.wait_for_function(
            "[...document.querySelectorAll('.dlviz-overlay, .dlviz-drawn')].every((one) => one.matches('.dlviz-live'))"
        )
        assert tab.page.locator(".dlviz-overlay").count() == (4 if page is pages[0] else 1)
        assert tab.page.evaluate(NAMES) == []
        texts, faint = tab.page.evaluate(CONTRAST)
        assert faint == []
        assert texts > 50
        assert tab.page.evaluate(SPREADS) <= 0
    tab.expect_quiet()


def test_a_sentence_leads_to_its_figure_and_an_address_to_its_map(visit: Callable[..., Visit], tmp_path: Path) -> None:
    page, _ = write(tmp_path, "default")
    tab = visit()
    tab.page.goto((tmp_path / page.path).as_uri())
    tab.page.wait_for_selector("#maps.dlviz-live")
    links = tab.page.locator(".dlviz-evidence a").evaluate_all("all => all.map((one) => one.getAttribute('href'))")
    assert {"#maps", "#faithfulness", "#sanity", "channels/index.html#channels"} <= set(links)
    tab.page.locator("#maps").get_by_role("button", name="Grad-CAM", exact=True).click()
    other = visit()
    other.page.goto(tab.page.url)
    other.page.wait_for_selector("#maps.dlviz-live")
    assert other.page.locator("#maps .dlviz-axes [aria-pressed=true]").first.inner_text() == "Grad-CAM"
    other.expect_quiet()
