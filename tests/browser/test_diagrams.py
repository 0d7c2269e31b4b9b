"""Live diagrams and treemaps in Chromium, from disk and without a network."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import pytest
from chart_page import ASSETS

from dlviz_docs.charts.diagram import diagram_context
from dlviz_docs.charts.nesting import Nest, nested
from dlviz_docs.charts.scene import Scene, arranged
from dlviz_docs.charts.treemap import treemap_context
from dlviz_docs.compose.templating import render
from dlviz_docs.view import Box, Diagram, Figure, Thumb, Tile, Treemap, Wire

if TYPE_CHECKING:
    from conftest import Visit
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

EVIL = '<img src=x onerror="window.fired=1"><b>bold</b> & $x$ ${y}'
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Diagrams</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>main {{ width: 100%; max-width: 1180px; box-sizing: border-box; margin: auto; padding: 0 16px }}</style>
<link rel="stylesheet" href="assets/figures.css"><link rel="stylesheet" href="assets/dlviz.css"></head>
<body data-md-color-scheme="{scheme}"><main class="md-typeset dlviz-page">
{body}</main><script src="assets/dlviz.js"></script></body></html>"""
TILES = (
    Tile(("layer2", "0", "conv"), 60, "convolution", "60 parameters"),
    Tile(("layer2", "0", "norm"), 20, "normalisation"),
    Tile(("layer1", "conv"), 15, "convolution", "15 parameters", "#m=stage1.0.conv"),
    Tile((EVIL,), 5, "linear", EVIL),
)


def network(stages: int = 3, blocks: int = 3) -> Diagram:
    """Stages of residual blocks, as a ResNet has them."""
    boxes = [Box("input", "input", "input", "port", summary="3 × 64 × 64")]
    wires: list[Wire] = []
    last = "input"
    for s in range(1, stages + 1):
        stage = f"stage{s}"
        boxes.append(Box(stage, stage, "Sequential", "block", summary=f"{64 * s} × 8 × 8"))
        for b in range(blocks):
            block, shape = f"{stage}.{b}", f"{64 * s} × 8 × 8"
            boxes.append(Box(block, str(b), "Residual", "block", stage, times=4 if b == 1 else 1))
            boxes += [
                Box(f"{block}.conv", "conv", "Conv2d", "convolution", block, 1, shape, f"{64 * s} filters of 3 × 3.",
                    (("kernel", "3 × 3"), ("parameters", "36,864")), np.arange(8.0), (-0.5, 0.5),
                    np.array([0.1, 0.3, np.nan, 0.2]), (Thumb("one", 8, 8, "a cat"),), "layer.html"),
                Box(f"{block}.relu", "relu", "ReLU", "activation", block),
                Box(f"{block}.add", "+", "add", "combination", block),
            ]  # fmt: skip
            wires += [
                Wire(last, f"{block}.conv", shape), Wire(f"{block}.conv", f"{block}.relu", shape),
                Wire(f"{block}.relu", f"{block}.add", shape), Wire(last, f"{block}.add", shape, skip=True),
            ]  # fmt: skip
            last = f"{block}.add"
    boxes += [Box("fc", "fc", "Linear", "linear", summary="10"), Box("evil", EVIL, EVIL, "other", says=EVIL)]
    wires += [Wire(last, "fc", EVIL), Wire("fc", "evil")]
    return Diagram(tuple(boxes), tuple(wires), ("stage1",))


def figure(diagram: Diagram, name: str = "net") -> str:
    shown = Figure(name, "How layers connect", "From input to output.", diagram)
    context = diagram_context(shown, lambda thumb: "one.webp" if thumb.key == "one" else "", root="")
    return str(render("figures/diagram.html.j2", **context))


def write(folder: Path, body: str, scheme: str = "default") -> str:
    from PIL import Image

    shutil.copytree(ASSETS, folder / "assets", dirs_exist_ok=True)
    Image.new("RGB", (192, 192), "red").save(folder / "one.webp")
    (folder / "layer.html").write_text("there")
    (folder / "index.html").write_text(PAGE.format(body=body, scheme=scheme), encoding="utf-8")
    return (folder / "index.html").as_uri()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    views = (("parameters", TILES), ("bytes", TILES[1:]))
    drawn = Figure("map", "Where they are", "Most are late.", Treemap(views))
    body = figure(network()) + str(render("figures/treemap.html.j2", **treemap_context(drawn, root="")))
    return write(tmp_path_factory.mktemp("diagrams"), body)


@pytest.fixture
def opened(visit: Callable[..., Visit], address: str) -> Visit:
    return open_at(visit, address)


def open_at(visit: Callable[..., Visit], address: str, **options: Any) -> Visit:
    seen = visit(**({"width": 1200, "height": 1600} | options))
    seen.page.goto(address)
    seen.page.wait_for_selector(".dlviz-diagram.dlviz-live", state="attached")
    return seen


def box(page: Page, label: str) -> Any:
    return page.locator(f'.dlviz-port g[data-i][aria-label^="{label}"]')


def labels(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        "() => { const d = [...dlviz.diagrams.values()][0]; return d.order().map((i) => d.data.id[i]); }"
    )
    return found


def settle(page: Page) -> None:
    page.wait_for_function("!document.querySelector('.dlviz-moving')")


def view(page: Page) -> dict[str, float]:
    found: dict[str, float] = page.evaluate("[...dlviz.diagrams.values()][0].view")
    return dict(found)


def click(page: Page, label: str, **options: Any) -> None:
    place = box(page, label).first.bounding_box()
    assert place
    page.mouse.click(place["x"] + 30, place["y"] + 9, **options)


# --- without a script, and with one -------------------------------------------------------------------------------


def test_everything_is_there_without_a_script_and_fits_a_phone(visit: Callable[..., Visit], address: str) -> None:
    seen = visit(width=390, height=800, java_script_enabled=False)
    seen.page.goto(address)
    assert seen.page.locator("#net .dlviz-box").count() == 8
    assert seen.page.locator("#net .dlviz-netblock").count() == 1
    assert seen.page.locator("#net .dlviz-points tbody tr").count() == 42
    assert seen.page.locator("#map .dlviz-area").count() == 3
    assert not any(tool.is_visible() for tool in seen.page.locator(".dlviz-tools").all())
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
    seen.expect_quiet()


@pytest.mark.parametrize("width", [390, 1200])
def test_nothing_moves_when_the_scripts_come(visit: Callable[..., Visit], address: str, width: int) -> None:
    places = """() => [...document.querySelectorAll('.dlviz-netstage, .dlviz-plan, figcaption')]
        .map((node) => node.getBoundingClientRect().top + node.getBoundingClientRect().height)"""
    still = visit(width=width, height=1600)
    still.page.route("**/boxes.js", lambda route: route.abort())
    still.page.goto(address)
    live = open_at(visit, address, width=width)
    assert live.page.evaluate(places) == still.page.evaluate(places)
    live.expect_quiet()


def test_the_script_draws_what_stood_there(visit: Callable[..., Visit], address: str) -> None:
    """The same boxes, words and wires at the same places."""
    places = """(root) => [...document.querySelectorAll(`${root} :is(.dlviz-box, .dlviz-netblock)`)].map((node) => {
        const { x, y, width, height } = node.getBoundingClientRect();
        return [node.textContent.replace(/\\s+/g, ''), ...[x, y, width, height].map(Math.round)].join(' ');
    }).sort()"""
    wires = "(root) => [...document.querySelectorAll(`${root} .dlviz-wire`)].map((path) => path.getAttribute('d'))"
    still = visit(width=1200, height=1600, java_script_enabled=False)
    still.page.goto(address)
    live = open_at(visit, address)
    live.page.evaluate("[...dlviz.diagrams.values()][0].fill([-1e6, -1e6, 1e6, 1e6, 1])")
    assert live.page.evaluate(places, "#net .dlviz-port") == still.page.evaluate(places, "#net .dlviz-netmap")
    told = [d for d in live.page.evaluate(wires, "#net .dlviz-port") if d]
    assert told == still.page.evaluate(wires, "#net .dlviz-netmap")
    live.expect_quiet()


def random_diagram(seed: int) -> Diagram:
    rng = random.Random(seed)
    count = rng.randint(5, 60)
    parents = [rng.choice([-1, *range(i)]) if i and rng.random() < 0.6 else -1 for i in range(count)]
    leaves = sorted(set(range(count)) - set(parents))
    ends = [rng.sample(leaves, 2) for _ in range(rng.randint(0, 2 * count))] if len(leaves) > 1 else []
    boxes = tuple(
        Box(f"b{i}", "m" * rng.randint(1, 30), "Kind" * rng.randint(0, 4), parent=f"b{parent}" if parent >= 0 else "",
            summary="s" * rng.choice([0, 0, 9]), times=rng.choice([1, 1, 3]))
        for i, parent in enumerate(parents)
    )  # fmt: skip
    wires = tuple(Wire(f"b{a}", f"b{b}", skip=rng.random() < 0.2) for a, b in ends)
    return Diagram(boxes, wires, tuple(f"b{i}" for i in range(count) if rng.random() < 0.5))


def test_the_browser_lays_out_as_the_build_does(opened: Visit) -> None:
    """With every block as given, all closed, all open: every box and every point of every wire."""
    script = """async ([text, opened]) => {
        const { readDiagram, arranged } = dlviz.boxes;
        const scene = arranged(await readDiagram(text), new Set(opened));
        const boxes = [...scene.boxes.values()].map(({ i, x, y, w, h, open }) => [i, x, y, w, h, open]);
        const lines = scene.lines.map(({ block, points, sources }) => [block, points, sources.length]);
        return [boxes, lines, scene.width, scene.height];
    }"""
    diagrams = [network(), *(random_diagram(seed) for seed in range(40))]
    for diagram in diagrams:
        nest = nested(diagram)
        text = diagram_context(Figure("n", "N", "", diagram), lambda _: "", root="")["data"]
        for which in (nest.opened, frozenset(), frozenset(range(len(nest.boxes)))):
            assert opened.page.evaluate(script, [text, sorted(which)]) == told(nest, arranged(nest, which))
    opened.expect_quiet()


def told(nest: Nest, scene: Scene) -> list[object]:
    boxes = [[p.box, p.x, p.y, p.width, p.height, p.open] for p in scene.boxes]
    lines = [[line.block, [list(point) for point in line.points], line.values] for line in scene.lines]
    return [boxes, lines, scene.width, scene.height]


# --- blocks -------------------------------------------------------------------------------------------------------


def test_a_click_opens_a_block_in_its_place_and_closes_it_again(opened: Visit) -> None:
    page = opened.page
    before = box(page, "stage2").bounding_box()
    click(page, "stage2")
    box(page, "stage2").and_(page.locator(".dlviz-netblock")).wait_for()
    settle(page)
    after = box(page, "stage2").bounding_box()
    assert before
    assert after
    assert after["y"] == pytest.approx(before["y"], abs=1)
    assert "stage2.1" in labels(page)
    assert box(page, "stage2").get_attribute("aria-expanded") == "true"
    click(page, "stage2")
    page.wait_for_function("!document.querySelector('.dlviz-port [aria-label^=stage2].dlviz-netblock')")
    assert "stage2.1" not in labels(page)
    opened.expect_quiet()


def test_the_sign_of_a_block_opens_it_at_once_and_chooses_nothing(opened: Visit) -> None:
    page = opened.page
    place = box(page, "stage3").bounding_box()
    assert place
    page.mouse.click(place["x"] + place["width"] - 15, place["y"] + place["height"] / 2)
    assert "stage3.0" in labels(page)
    assert page.locator(".dlviz-panel").is_hidden()


def test_a_double_click_shows_a_block_alone_and_its_way_leads_back(opened: Visit) -> None:
    page = opened.page
    place = box(page, "stage2").bounding_box()
    assert place
    page.mouse.dblclick(place["x"] + 30, place["y"] + 9)
    page.wait_for_selector(".dlviz-way:not([hidden]) b >> text=stage2")
    assert labels(page) == ["stage2", "stage2.0", "stage2.1", "stage2.2"]
    page.wait_for_timeout(400)  # the first click's opening was called off
    assert labels(page) == ["stage2", "stage2.0", "stage2.1", "stage2.2"]
    page.locator("#net .dlviz-way button", has_text="all").click()
    assert "stage1" in labels(page)
    assert page.locator("#net .dlviz-way").is_hidden()
    opened.expect_quiet()


def test_all_blocks_open_and_close(opened: Visit) -> None:
    page = opened.page
    page.get_by_role("button", name="Open all").click()
    assert len(labels(page)) == 42
    page.get_by_role("button", name="Close all").click()
    assert labels(page) == ["input", "stage1", "stage2", "stage3", "fc", "evil"]
    opened.expect_quiet()


# --- choosing -----------------------------------------------------------------------------------------------------


def test_a_chosen_layer_is_told_in_full(opened: Visit) -> None:
    page = opened.page
    page.evaluate("location.hash = '#m=stage2.0.conv'")
    panel = page.locator(".dlviz-panel")
    panel.wait_for()
    assert panel.locator("h4").inner_text() == "conv"
    words = panel.inner_text()
    for part in ("Conv2d", "stage2.0.conv", "128 filters of 3 × 3.", "kernel", "36,864", "−0.5", "at most 0.3"):
        assert part in words
    assert panel.locator("img").get_attribute("alt") == "a cat"
    assert panel.locator("a", has_text="More on it").get_attribute("href") == "layer.html"
    assert panel.locator(".dlviz-bins").get_attribute("d")
    assert panel.locator(".dlviz-course").get_attribute("d").count("M") == 2  # a gap where a value is not known
    assert panel.locator("li button").all_inner_texts() == ["stage1.2.add", "stage2.0.relu"]
    panel.locator("li button").last.click()
    assert panel.locator("h4").inner_text() == "relu"
    assert page.evaluate("location.hash") == "#m=stage2.0.relu"
    page.locator(".dlviz-panel .dlviz-shut").click()
    assert panel.is_hidden()
    assert page.evaluate("location.hash") == ""
    opened.expect_quiet()


def test_neighbours_of_a_layer_are_told_with_their_kind(opened: Visit) -> None:
    page, told = opened.page, opened.page.locator(".dlviz-panel li")
    page.evaluate("location.hash = '#m=stage1.0.relu'")
    page.locator(".dlviz-panel h4", has_text="relu").wait_for()
    assert told.all_inner_texts() == ["stage1.0.conv Conv2d 64 × 8 × 8", "stage1.0.add add 64 × 8 × 8"]
    page.evaluate("location.hash = '#m=stage1.0.conv'")
    page.locator(".dlviz-panel h4", has_text="conv").wait_for()
    assert told.first.inner_text() == "input 64 × 8 × 8"


def test_the_keyboard_stays_in_the_panel_while_it_leads_from_layer_to_layer(opened: Visit) -> None:
    page = opened.page
    page.evaluate("location.hash = '#m=stage2'")
    panel = page.locator(".dlviz-panel")
    panel.get_by_role("button", name="Open", exact=True).focus()
    page.keyboard.press("Enter")
    assert "stage2.1" in labels(page)
    assert page.evaluate("document.activeElement.textContent") == "Close"
    panel.locator("li button").first.focus()
    page.keyboard.press("Enter")
    assert panel.locator("code").inner_text() == "stage1.2.add"
    assert page.evaluate("document.activeElement.closest('.dlviz-panel') !== null")
    page.keyboard.press("Escape")
    assert panel.is_hidden()
    assert page.evaluate("document.activeElement.matches('.dlviz-port')")
    opened.expect_quiet()


def test_wires_of_what_is_chosen_stand_out_and_so_does_all_that_follows(opened: Visit) -> None:
    page = opened.page
    page.evaluate("location.hash = '#m=stage1'")
    page.wait_for_selector(".dlviz-panel:not([hidden])")
    assert (
        page.locator("path.dlviz-wire.dlviz-lit").first.get_attribute("d").count("M") == 4
    )  # to its border and on, to its lower border and on
    page.get_by_role("button", name="What follows").click()
    lit = page.locator(".dlviz-on").evaluate_all("nodes => nodes.map(node => node.getAttribute('aria-label'))")
    assert any(label.startswith("stage3") for label in lit)
    assert not any(label.startswith("input") for label in lit)
    page.get_by_role("button", name="What leads here").click()
    lit = page.locator(".dlviz-on").evaluate_all("nodes => nodes.map(node => node.getAttribute('aria-label'))")
    assert any(label.startswith("input") for label in lit)
    assert not any(label.startswith("stage3") for label in lit)


def test_the_mouse_over_a_layer_is_told_a_few_words(opened: Visit) -> None:
    page = opened.page
    page.get_by_role("button", name="Open all").click()
    settle(page)
    tip = page.locator("#net .dlviz-netstage .dlviz-tip")
    place = box(page, "conv").first.bounding_box()
    assert place
    page.mouse.move(place["x"] + 20, place["y"] + 10)
    tip.wait_for()
    assert tip.locator("> *").all_text_contents() == [
        "stage1.0.conv", "Conv2d", "64 × 8 × 8", "kernel 3 × 3", "parameters 36,864",
    ]  # fmt: skip
    page.mouse.move(place["x"] - 200, place["y"] + 10)
    assert tip.is_hidden()
    opened.expect_quiet()


def test_an_address_opens_what_is_around_a_layer(visit: Callable[..., Visit], address: str) -> None:
    seen = open_at(visit, f"{address}#m=stage3.2.relu")
    assert "stage3.2.relu" in labels(seen.page)
    chosen = seen.page.locator("g.dlviz-chosen")
    assert chosen.get_attribute("aria-label") == "relu, ReLU"
    settle(seen.page)
    place, stage = chosen.bounding_box(), seen.page.locator("#net .dlviz-netstage").bounding_box()
    assert place
    assert stage
    assert stage["y"] <= place["y"] <= stage["y"] + stage["height"]
    seen.expect_quiet()


def test_a_link_to_a_layer_leads_back_to_it_each_time(visit: Callable[..., Visit], tmp_path: Path) -> None:
    link = '<p><a href="#m=stage2.0.conv">there</a></p><div style="height: 3000px"></div>'
    seen = open_at(visit, write(tmp_path, link + figure(network())), height=800)
    page = seen.page
    for _ in range(2):
        page.evaluate("scrollTo(0, 0)")
        page.locator("a", has_text="there").click()
        page.wait_for_function("document.querySelector('.dlviz-netstage').getBoundingClientRect().top < innerHeight")
    assert page.locator(".dlviz-panel code").inner_text() == "stage2.0.conv"
    seen.expect_quiet()


@pytest.mark.parametrize("hash_", ["#m=nothing", "#m=%E0%A4%A", "#m=", "#other"])
def test_an_address_of_nothing_does_nothing(visit: Callable[..., Visit], address: str, hash_: str) -> None:
    seen = open_at(visit, address + hash_)
    assert seen.page.locator(".dlviz-panel").is_hidden()
    seen.expect_quiet()


def test_a_family_stands_out_by_the_legend(opened: Visit) -> None:
    page = opened.page
    key = page.locator("#net .dlviz-key button", has_text="linear")
    key.click()
    assert key.get_attribute("aria-pressed") == "true"
    assert page.locator(".dlviz-on").count() == 1
    key.click()
    assert page.locator(".dlviz-on").count() == 0


# --- search -------------------------------------------------------------------------------------------------------


def test_the_search_lists_hits_and_steps_through_them(opened: Visit) -> None:
    page = opened.page
    field = page.locator(".dlviz-search input")
    field.fill("stage2 CONV2D")
    assert page.locator(".dlviz-hits li").count() == 3
    field.press("Enter")
    assert page.locator(".dlviz-panel code").inner_text() == "stage2.0.conv"
    field.press("ArrowDown")
    assert page.locator(".dlviz-search output").inner_text() == "2 of 3"
    assert page.locator(".dlviz-panel code").inner_text() == "stage2.1.conv"
    field.press("ArrowUp")
    field.press("ArrowUp")
    assert page.locator(".dlviz-panel code").inner_text() == "stage2.2.conv"
    page.locator(".dlviz-hits button").first.click()
    assert page.locator(".dlviz-panel code").inner_text() == "stage2.0.conv"
    field.press("Escape")
    assert page.locator(".dlviz-hits").is_hidden()
    opened.expect_quiet()


def test_the_search_knows_shapes_and_says_when_there_is_nothing(opened: Visit) -> None:
    page = opened.page
    field = page.locator(".dlviz-search input")
    field.fill("192 x 8")
    assert page.locator(".dlviz-hits li").count() > 3
    field.fill("no such layer")
    assert page.locator(".dlviz-search output").inner_text() == "0 found"
    assert page.locator(".dlviz-hits").is_hidden()


# --- the view -----------------------------------------------------------------------------------------------------


def test_the_view_moves_and_zooms_by_mouse(opened: Visit) -> None:
    page = opened.page
    place = page.locator("#net .dlviz-port").bounding_box()
    assert place
    x, y = place["x"] + 60, place["y"] + 300
    before = view(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y - 30, steps=4)
    page.mouse.up()
    moved = view(page)
    assert (moved["x"] - before["x"], moved["y"] - before["y"]) == (50, -30)
    page.mouse.wheel(0, 100)
    assert view(page) == moved  # the page scrolls, the view does not
    page.keyboard.down("Control")
    page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    zoomed = view(page)
    assert zoomed["k"] > moved["k"]
    under = [(x + 50 - place["x"] - v["x"]) / v["k"] for v in (moved, zoomed)]
    assert under[0] == pytest.approx(under[1], abs=1)  # what is under the pointer stays there
    for name in ("Zoom out", "Zoom in", "Fit"):
        page.get_by_role("button", name=name).click()
    settle(page)
    fit = view(page)
    height = page.evaluate("[...dlviz.diagrams.values()][0].scene.height")
    assert fit["k"] * height <= place["height"] + 1
    opened.expect_quiet()


def test_something_stays_in_sight(opened: Visit) -> None:
    page = opened.page
    page.locator("#net .dlviz-port").focus()
    for key in ("ArrowUp", "ArrowLeft"):
        for _ in range(60):
            page.keyboard.press(key)
    assert page.locator("#net .dlviz-port g[data-i]").count() > 0


def test_two_fingers_zoom_and_one_scrolls_the_page(visit: Callable[..., Visit], address: str) -> None:
    seen = open_at(visit, address, width=390, height=800, has_touch=True)
    page = seen.page
    before = view(page)
    page.evaluate(
        """() => {
        const port = document.querySelector(".dlviz-port");
        const { left, top } = port.getBoundingClientRect();
        const fire = (type, id, x, y) => port.dispatchEvent(new PointerEvent(type, {
            pointerId: id, pointerType: "touch", clientX: left + x, clientY: top + y, bubbles: true }));
        fire("pointerdown", 11, 100, 100); fire("pointerdown", 12, 200, 100);
        fire("pointermove", 11, 50, 100); fire("pointermove", 12, 250, 100);
        fire("pointerup", 11, 50, 100); fire("pointerup", 12, 250, 100);
    }"""
    )
    assert view(page)["k"] == pytest.approx(before["k"] * 2, rel=0.01)
    assert page.locator("#net .dlviz-port").evaluate("node => getComputedStyle(node).touchAction") == "pan-y"
    assert page.locator(".dlviz-panel").is_hidden()
    seen.expect_quiet()


def test_the_small_map_leads_where_it_is_clicked(opened: Visit) -> None:
    page = opened.page
    page.get_by_role("button", name="Open all").click()
    settle(page)
    map_ = page.locator("#net .dlviz-overview").bounding_box()
    assert map_
    page.mouse.click(map_["x"] + map_["width"] / 2, map_["y"] + map_["height"] - 3)
    assert view(page)["y"] < -500
    assert box(page, "fc").count() == 1


# --- keys ---------------------------------------------------------------------------------------------------------


def test_the_keyboard_walks_along_the_wires(opened: Visit) -> None:
    page = opened.page
    focused = "document.activeElement.getAttribute('aria-label')"
    page.locator("#net .dlviz-port").focus()
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "input, input, 3 × 64 × 64"
    assert page.locator("#net .dlviz-port g[tabindex='0']").count() == 1  # of all layers one is a tab stop
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused).startswith("0, Residual")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused).startswith("1, Residual, × 4")
    page.keyboard.press("Enter")
    assert "stage1.1.conv" in labels(page)
    assert page.locator(".dlviz-panel h4").inner_text() == "1"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused).startswith("conv, Conv2d")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == "relu, ReLU"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    assert page.evaluate(focused).startswith("stage1")
    page.keyboard.press("End")
    assert page.evaluate(focused) == EVIL + ", " + EVIL
    page.keyboard.press("Home")
    page.keyboard.press("Escape")  # the layer that was chosen
    assert page.locator(".dlviz-panel").is_hidden()
    opened.expect_quiet()


def test_the_keyboard_moves_the_view_and_shows_blocks_alone(opened: Visit) -> None:
    page = opened.page
    page.locator("#net .dlviz-port").focus()
    before = view(page)
    page.keyboard.press("ArrowDown")
    assert view(page)["y"] == before["y"] - 80
    page.keyboard.press("+")
    assert view(page)["k"] > before["k"]
    page.keyboard.press("0")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Backspace")
    page.keyboard.press("i")
    assert labels(page) == ["stage1", "stage1.0", "stage1.1", "stage1.2"]
    page.keyboard.press("Escape")
    assert "stage2" in labels(page)
    opened.expect_quiet()


def test_a_tree_without_wires_is_walked_in_its_order(visit: Callable[..., Visit], tmp_path: Path) -> None:
    boxes = (Box("a", "a"), Box("a.0", "0", parent="a"), Box("a.1", "1", parent="a"), Box("b", "b"))
    seen = open_at(visit, write(tmp_path, figure(Diagram(boxes, opened=("a",)))))
    page = seen.page
    page.locator("#net .dlviz-port").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Home")
    told = []
    for _ in range(4):
        told.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        page.keyboard.press("ArrowDown")
    assert told == ["a", "0", "1", "b"]
    seen.expect_quiet()


# --- what leaves, and what is hostile -------------------------------------------------------------------------------


def test_the_saved_picture_stands_by_itself(opened: Visit, tmp_path: Path) -> None:
    page = opened.page
    page.get_by_role("button", name="Open all").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save SVG").click()
    assert download.value.suggested_filename == "net.svg"
    download.value.save_as(tmp_path / "net.svg")
    root = ElementTree.parse(tmp_path / "net.svg").getroot()
    assert len(root.findall("{http://www.w3.org/2000/svg}g")) == 42  # those out of sight too
    text = (tmp_path / "net.svg").read_text(encoding="utf-8")
    assert "var(" not in text
    assert "class=" not in text
    assert "&lt;img" in text
    assert page.locator(".dlviz-saving").count() == 0
    opened.expect_quiet()


def test_names_are_shown_and_do_not_act(opened: Visit) -> None:
    page = opened.page
    page.evaluate("location.hash = '#m=evil'")
    page.wait_for_selector(".dlviz-panel:not([hidden])")
    assert EVIL in page.locator(".dlviz-panel").inner_text()
    page.locator(".dlviz-search input").fill("onerror")
    assert page.locator(".dlviz-hits li").count() == 2  # by its name, and by what enters it
    page.locator(".dlviz-hits button").last.click()
    page.locator("#map .dlviz-plan").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert EVIL in page.locator("#map .dlviz-tip").inner_text()
    assert page.evaluate("window.fired") is None
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x: onerror=\"window.fired=1\">')")
    page.wait_for_function("window.fired === 1")  # the control: it would have fired


def test_what_cannot_be_unpacked_leaves_the_picture(visit: Callable[..., Visit], tmp_path: Path) -> None:
    address = write(tmp_path, figure(network()).replace('data-diagram="', 'data-diagram="AAAA'))
    seen = visit(width=1200, height=1000)
    seen.page.goto(address)
    seen.page.wait_for_timeout(500)
    assert seen.page.locator("#net .dlviz-netmap .dlviz-box").first.is_visible()
    assert seen.page.locator("#net.dlviz-live").count() == 0


def test_a_folded_diagram_is_laid_out_when_it_is_unfolded(visit: Callable[..., Visit], tmp_path: Path) -> None:
    seen = open_at(visit, write(tmp_path, f"<details><summary>more</summary>{figure(network())}</details>"))
    page = seen.page
    page.locator("summary", has_text="more").first.click()
    place = box(page, "input").bounding_box()
    stage = page.locator(".dlviz-netstage").bounding_box()
    assert place
    assert stage
    assert stage["height"] > 300
    assert place["width"] > 50
    assert place["x"] + place["width"] / 2 == pytest.approx(stage["x"] + stage["width"] / 2, abs=30)
    seen.expect_quiet()


def test_five_thousand_layers_are_drawn_as_far_as_they_are_seen(visit: Callable[..., Visit], tmp_path: Path) -> None:
    boxes = tuple(Box(f"b{i}", f"layer {i}", "Linear", "linear") for i in range(5000))
    wires = tuple(Wire(f"b{i}", f"b{i + 1}") for i in range(4999))
    seen = open_at(visit, write(tmp_path, figure(Diagram(boxes, wires))))
    page = seen.page
    nodes = "document.querySelectorAll('.dlviz-port *').length"
    assert page.evaluate(nodes) < 500
    page.get_by_role("button", name="Fit").click()
    settle(page)
    assert page.evaluate(nodes) < 500
    assert page.locator("path.dlviz-far").count() > 0
    page.locator(".dlviz-search input").fill("layer 4321")
    page.locator(".dlviz-search input").press("Enter")
    settle(page)
    assert page.locator("g.dlviz-chosen").get_attribute("aria-label") == "layer 4321, Linear"
    assert page.evaluate(nodes) < 600
    seen.expect_quiet()


# --- everywhere -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["default", "slate"])
def test_a_phone_in_both_schemes(visit: Callable[..., Visit], tmp_path: Path, scheme: str) -> None:
    seen = open_at(visit, write(tmp_path, figure(network()), scheme), width=390, height=800)
    page = seen.page
    page.evaluate("location.hash = '#m=stage1.0'")
    page.wait_for_selector(".dlviz-panel:not([hidden])")
    panel, stage = page.locator(".dlviz-panel").bounding_box(), page.locator(".dlviz-netstage").bounding_box()
    assert panel
    assert stage
    assert panel["y"] >= stage["y"] + stage["height"]  # below the picture
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    seen.expect_quiet()


def test_words_are_read_in_both_schemes(visit: Callable[..., Visit], tmp_path: Path) -> None:
    """4.5:1 on the tint of every family: the colours that are computed, mixed as the sheet says."""
    from dlviz_docs.charts.families import ORDER

    boxes = tuple(Box(name, name, "Kind", name, summary="64 × 8 × 8") for name in ORDER)
    script = """() => {
        const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
        const light = (color) => {
            pen.fillStyle = color; pen.fillRect(0, 0, 1, 1);
            const linear = (v) => (v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
            const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map((v) => linear(v / 255));
            return .2126 * r + .7152 * g + .0722 * b;
        };
        return [...document.querySelectorAll(".dlviz-port .dlviz-box")].flatMap((node) => {
            const behind = light(getComputedStyle(node.querySelector("rect")).fill);
            return [...node.querySelectorAll("text, tspan")].map((text) => {
                const ink = light(getComputedStyle(text).fill);
                return (Math.max(ink, behind) + .05) / (Math.min(ink, behind) + .05);
            });
        });
    }"""
    for scheme in ("default", "slate"):
        seen = open_at(visit, write(tmp_path, figure(Diagram(boxes)), scheme), height=3000)
        ratios = seen.page.evaluate(script)
        assert len(ratios) == 3 * len(ORDER)
        assert min(ratios) >= 4.5


def test_nothing_glides_for_those_who_ask_for_it(visit: Callable[..., Visit], address: str) -> None:
    seen = open_at(visit, address, reduced_motion="reduce")
    seen.page.get_by_role("button", name="Open all").click()
    assert seen.page.locator(".dlviz-moving").count() == 0


def test_the_page_is_quiet_in_full_screen_and_back(opened: Visit) -> None:
    page = opened.page
    click(page, "input")
    page.get_by_role("button", name="Full screen").click()
    page.wait_for_function("document.fullscreenElement?.matches('.dlviz-netstage')")
    assert page.locator(".dlviz-netstage .dlviz-panel").is_visible()
    page.evaluate("document.exitFullscreen()")
    page.wait_for_function("!document.querySelector('.dlviz-netstage .dlviz-panel')")
    assert page.locator(".dlviz-panel").is_visible()
    opened.expect_quiet()


def test_print_shows_the_picture_and_no_tools(opened: Visit) -> None:
    page = opened.page
    page.emulate_media(media="print")
    assert box(page, "input").is_visible()
    assert page.locator("#map .dlviz-area").first.is_visible()
    assert not any(tool.is_visible() for tool in page.locator(".dlviz-tools").all())


# --- treemaps -------------------------------------------------------------------------------------------------------


def test_a_part_is_told_when_it_is_pointed_at(opened: Visit) -> None:
    page = opened.page
    place = page.locator("#map .dlviz-plan").bounding_box()
    assert place
    page.mouse.move(place["x"] + 60, place["y"] + place["height"] * 0.5)
    assert page.locator("#map .dlviz-tip > *").all_text_contents() == [
        "layer2.0.conv", "60 parameters", "60 % of all", "layer2.0: 80 % of all",
    ]  # fmt: skip
    page.mouse.move(0, 0)
    assert page.locator("#map .dlviz-tip").is_hidden()
    opened.expect_quiet()


def test_a_name_leads_into_its_part_and_back(opened: Visit) -> None:
    page = opened.page
    page.locator("#map .dlviz-outer1 b", has_text="layer2").click()
    assert page.locator("#map .dlviz-way b").inner_text() == "layer2"
    assert page.locator("#map .dlviz-outer1 b").all_inner_texts() == ["0"]
    page.keyboard.press("Backspace")
    assert page.locator("#map .dlviz-way").is_hidden()
    assert page.locator("#map .dlviz-outer1 b").first.inner_text() == "layer2"
    opened.expect_quiet()


def test_a_click_on_a_part_goes_to_its_layer(opened: Visit) -> None:
    page = opened.page
    page.locator("#map .dlviz-plan").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert "layer1.conv" in page.locator("#map .dlviz-tip").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_selector(".dlviz-panel:not([hidden])")
    assert page.locator(".dlviz-panel code").inner_text() == "stage1.0.conv"
    opened.expect_quiet()


def test_the_first_touch_tells_and_the_second_goes_there(visit: Callable[..., Visit], address: str) -> None:
    seen = open_at(visit, address, width=390, height=800, has_touch=True)
    page = seen.page
    page.locator("#map .dlviz-plan").scroll_into_view_if_needed()
    inside = page.locator("#map .dlviz-way b")
    for told in ([], ["layer2"]):
        place = page.locator("#map .dlviz-plan").bounding_box()
        assert place
        page.touchscreen.tap(place["x"] + 60, place["y"] + place["height"] * 0.6)
        if not told:
            assert "layer2.0.conv" in page.locator("#map .dlviz-tip").inner_text()
        assert [words for words in inside.all_inner_texts() if words] == told
    seen.expect_quiet()


def test_views_have_a_button_each(opened: Visit) -> None:
    page = opened.page
    button = page.locator("#map [data-view='1']")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator("#map .dlviz-outer1 small").first.inner_text() == "50 %"
    page.locator("#map [data-view='0']").click()
    assert page.locator("#map .dlviz-outer1 small").first.inner_text() == "80 %"
    opened.expect_quiet()
