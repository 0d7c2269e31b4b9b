"""Maps over pictures with our script: chosen, swiped, compared, read cell by cell, linked to; and without it."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from dlviz_docs.assets import TEMPLATES
from dlviz_docs.charts.heat import painted
from dlviz_docs.charts.overlay import overlay_context
from dlviz_docs.compose.templating import render
from dlviz_docs.model import FloatArray
from dlviz_docs.view import Figure, Heat, Overlay, Seen, Thumb
from tests.browser.test_examples_site import CONTRAST, NAMES, SPREADS

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Maps</title>
<meta name="viewport" content="width=device-width, initial-scale=1">{styles}
<style>body {{ margin: 0; background: {ground} }} main {{ max-width: 1000px; margin: auto; padding: 0 16px }}</style>
</head><body data-md-color-scheme="{scheme}"><main class="md-typeset dlviz-page"><article><h1>Maps</h1><h2>Ours</h2>
{body}</article></main><script src="assets/dlviz.js"></script></body></html>"""
METHODS, LAYERS, TARGETS = ("HiResCAM", "Grad-CAM", "Contrast"), ("layer3", "layer4"), ("cat", "dog")
SIDES = {"layer3": (4, 6), "layer4": (2, 3)}


def write(folder: Path, *figures: Figure, scheme: str = "default") -> str:
    """A page of overlays, with pictures for all keys but "gone"; returns its address on disk."""

    def address(thumb: Thumb) -> str:
        if thumb.key == "gone":
            return ""
        Image.new("RGB", (60, 40), (90, 140, 60)).save(folder / f"pictures/{thumb.key}.webp")
        return f"pictures/{thumb.key}.webp"

    shutil.copytree(TEMPLATES / "assets", folder / "assets")
    (folder / "pictures").mkdir()
    body = "\n".join(render("figures/overlay.html.j2", **overlay_context(figure, address)) for figure in figures)
    names = ("figures", "dlviz", "gallery", "overlay")
    styles = "".join(f'<link rel="stylesheet" href="assets/{name}.css">' for name in names)
    ground = "#ff" if scheme == "default" else "#1e2129"
    (folder / "index.html").write_text(
        PAGE.format(styles=styles, scheme=scheme, ground=ground, body=body), encoding="utf-8"
    )
    return (folder / "index.html").as_uri()


def grid(method: str, layer: str, target: str) -> FloatArray:
    """Rises from left to right and downwards; a contrast has two signs; for dogs the last cell is not a number."""
    height, width = SIDES[layer]
    values = np.arange(height * width, dtype=np.float64).reshape(height, width)
    if method == "Contrast":
        values = values - values.max() / 2
    if target == "dog":
        values[-1, -1] = np.nan
    return values


def seen(
    key: str, methods: Sequence[str] = METHODS, *, wrong: bool | None = None, targets: Sequence[str] = TARGETS
) -> Seen:
    heats = tuple(
        Heat((m, layer, t), grid(m, layer, t), 1.0 + METHODS.index(m), m == "Contrast", f"{m} of a {t}")
        for m, layer, t in itertools.product(methods, LAYERS, targets)
    )
    facts = (("truth", "cat"), ("predicted", "dog" if wrong else "cat"), ("confidence", "0.97"))
    group = "unsure" if key == "b" else ""
    return Seen(f"{key}.jpg", Thumb(key, 300, 200, f"photo {key}", 300), facts, heats, wrong, group)


def maps(**options: Any) -> Figure:
    items = (
        seen("a", wrong=False),
        seen("b", wrong=True),
        seen("c", METHODS[:2], wrong=False),
        seen("gone", wrong=True),
    )
    told: dict[str, Any] = {
        "start": ("HiResCAM", "layer3", "cat"),
        "apart": ("method",),
        "notes": (("Grad-CAM", "weights channels by mean gradients"),),
        **options,
    }
    return Figure(
        "maps", "What it looks at", "Where the evidence lies.", Overlay(items, ("method", "layer", "target"), **told)
    )


def training() -> Figure:
    heats = tuple(Heat((f"epoch {e}",), np.array([[0.0, e], [1, 2]]), float(e + 1)) for e in range(10))
    items = (Seen("a.jpg", Thumb("a", 300, 200, "photo a"), (), heats),)
    return Figure("time", "Over training", "As it learnt.", Overlay(items, ("checkpoint",), (), ("checkpoint",)))


def open_page(tab: Visit, address: str) -> Page:
    tab.page.goto(address)
    tab.page.wait_for_function(
        "[...document.querySelectorAll('.dlviz-overlay')].every((one) => one.matches('.dlviz-live'))"
    )
    return tab.page


def which(page: Page, figure: str = "#maps") -> str:
    return page.locator(f"{figure} .dlviz-which").inner_text().split("largest")[0].strip()


def press(page: Page, name: str, figure: str = "#maps") -> Locator:
    button = page.locator(figure).get_by_role("button", name=name, exact=True)
    button.click()
    return button


def pixels(page: Page, figure: str = "#maps", nth: int = 0) -> tuple[int, int, list[list[int]]]:
    """A canvas that only numbers were drawn on may be read, by a test."""
    width, height, data = (
        page.locator(f"{figure} .dlviz-stage canvas")
        .nth(nth)
        .evaluate("c => [c.width, c.height, [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]]")
    )
    return width, height, np.array(data).reshape(-1, 4).tolist()


def test_a_map_is_chosen_along_each_axis(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    page = open_page(tab, write(tmp_path, maps()))
    assert which(page) == "HiResCAM · layer3 · cat"
    press(page, "Grad-CAM")
    press(page, "layer4")
    assert which(page) == "Grad-CAM · layer4 · cat"
    assert "Grad-CAM of a cat" in page.locator("#maps .dlviz-says").inner_text()
    assert "weights channels by mean gradients" in page.locator("#maps .dlviz-says").inner_text()
    assert page.locator("#maps .dlviz-axes [aria-pressed=true]").all_inner_texts() == ["Grad-CAM", "layer4", "cat"]
    # The button that was used keeps the focus, though the controls were made anew.
    assert page.evaluate("document.activeElement.textContent") == "layer4"
    # A picture without that map shows the nearest, and the next one what was chosen before.
    press(page, "Contrast")
    page.get_by_role("button", name="c.jpg").click()
    assert which(page) == "HiResCAM · layer4 · cat"
    page.get_by_role("button", name="b.jpg").click()
    assert which(page) == "Contrast · layer4 · cat"
    assert page.locator("#maps .dlviz-name").inner_text().split("\n")[0].startswith("b.jpg")
    assert "wrong" in page.locator("#maps .dlviz-name").inner_text()
    tab.expect_quiet()


def test_raw_cells_are_those_of_the_map_in_the_colours_of_the_page(visit: Callable[..., Visit], tmp_path: Path) -> None:
    page = open_page(visit(), write(tmp_path, maps(start=("Contrast", "layer4", "dog"))))
    press(page, "raw cells")
    width, height, drawn = pixels(page)
    assert (width, height) == (3, 2)
    values = grid("Contrast", "layer4", "dog")
    expected = painted(values / np.nanmax(np.abs(values))).reshape(-1, 4)
    assert drawn[5] == [0, 0, 0, 0]  # not a number
    # A canvas keeps colours multiplied by their alpha, and the browser draws with 255 steps of colour.
    assert np.abs(np.array(drawn[:5]) - expected[:5]).max() <= 4


def test_smooth_maps_have_the_values_of_their_cells_in_the_middle(visit: Callable[..., Visit], tmp_path: Path) -> None:
    page = open_page(visit(), write(tmp_path, maps()))
    width, height, drawn = pixels(page)
    smooth = np.array(drawn).reshape(height, width, 4)
    raw = painted(grid("HiResCAM", "layer3", "cat") / 23)
    for row, column in itertools.product(range(4), range(6)):
        middle = smooth[int((row + 0.5) * height / 4), int((column + 0.5) * width / 6)]
        assert np.abs(middle - raw[row, column].astype(int)).max() <= 8
    alpha = smooth[height // 2, :, 3]
    assert (np.diff(alpha) >= 0).all()
    assert np.diff(alpha).max() <= 4  # no edge


def test_opacity_covers_or_clears(visit: Callable[..., Visit], tmp_path: Path) -> None:
    page = open_page(visit(), write(tmp_path, maps()))
    slider = page.locator("#maps").get_by_role("slider", name="opacity")
    slider.fill("1")
    assert {pixel[3] for pixel in pixels(page)[2]} == {255}
    slider.fill("0")
    assert {pixel[3] for pixel in pixels(page)[2]} == {0}


def test_what_is_weak_beside_a_peak_can_be_shown(visit: Callable[..., Visit], tmp_path: Path) -> None:
    heats = (Heat(("CAM",), np.array([[0.0, 0.04, 1.0]])),)
    figure = Figure("maps", "Maps", "", Overlay((Seen("a", Thumb("a", 30, 20, "photo a"), (), heats),), ("method",)))
    page = open_page(visit(), write(tmp_path, figure))
    press(page, "raw cells")
    before = [pixel[3] for pixel in pixels(page)[2]]
    press(page, "show weak")
    after = [pixel[3] for pixel in pixels(page)[2]]
    assert (after[0], after[2]) == (before[0], before[2])
    assert after[1] == painted(np.array([[0.2]]))[0, 0, 3]
    bar = str(page.locator("#maps .dlviz-bar i").get_attribute("style"))
    assert bar.endswith("#fef5a6 100%)")
    assert "#320b4f 1.5625%" in bar


def test_one_scale_for_all_that_can_be_compared(visit: Callable[..., Visit], tmp_path: Path) -> None:
    heats = [
        Heat((m, e), np.array([[1.0]]), peak) for m, e, peak in (("A", "1", 1.0), ("A", "2", 4.0), ("B", "1", 100.0))
    ]
    items = (Seen("a", Thumb("a", 30, 20, "photo a"), (), tuple(heats)),)
    figure = Figure("maps", "Maps", "", Overlay(items, ("method", "epoch"), ("A", "1"), apart=("method",)))
    page = open_page(visit(), write(tmp_path, figure))
    bar = page.locator("#maps .dlviz-bar")
    assert bar.inner_text().split() == ["0", "1"]
    strong = pixels(page)[2][0][3]
    press(page, "same scale")
    assert bar.inner_text().split()[:2] == ["0", "4"]  # B has a scale of its own
    assert pixels(page)[2][0][3] < strong
    press(page, "B")
    assert bar.inner_text().split()[:2] == ["0", "100"]


def test_swipe_by_hand_and_by_keys(visit: Callable[..., Visit], tmp_path: Path) -> None:
    page = open_page(visit(), write(tmp_path, maps()))
    press(page, "swipe")
    stage, line = page.locator("#maps .dlviz-stage"), page.locator("#maps").get_by_role("slider", name="line")
    clip = "getComputedStyle(document.querySelector('#maps canvas')).clipPath"
    assert page.evaluate(clip) == "inset(0px 0px 0px 50%)"
    line.focus()
    line.press("ArrowRight")
    assert page.evaluate(clip) == "inset(0px 0px 0px 51%)"
    box = stage.locator(".dlviz-view").bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 30)
    page.mouse.up()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 30)
    assert float(line.input_value()) == pytest.approx(25, abs=1)


def test_two_maps_side_by_side(visit: Callable[..., Visit], tmp_path: Path) -> None:
    page = open_page(visit(), write(tmp_path, maps()))
    press(page, "side by side")
    names = page.locator("#maps .dlviz-stage [role=application]")
    assert [one.split(":")[0] for one in names.evaluate_all("all => all.map((one) => one.ariaLabel)")] == [
        "HiResCAM · layer3 · cat",
        "Grad-CAM · layer3 · cat",
    ]
    page.get_by_label("layer, right").focus()
    page.get_by_label("layer, right").select_option("layer4")
    assert str(names.nth(1).get_attribute("aria-label")).startswith("Grad-CAM · layer4 · cat")
    assert page.evaluate("document.activeElement.ariaLabel") == "layer, right"
    press(page, "dog")  # the left one
    assert which(page) == "HiResCAM · layer3 · dog"
    assert str(names.nth(1).get_attribute("aria-label")).startswith("Grad-CAM · layer4 · cat")


def test_every_value_of_an_axis_at_once(visit: Callable[..., Visit], tmp_path: Path) -> None:
    page = open_page(visit(), write(tmp_path, maps()))
    press(page, "every method")
    labels = page.locator("#maps .dlviz-label")
    assert [text.split() for text in labels.all_inner_texts()] == [
        ["HiResCAM", "1"],
        ["Grad-CAM", "2"],
        ["Contrast", "3"],
    ]
    page.get_by_role("button", name="c.jpg").click()
    assert labels.count() == 2
    labels.get_by_role("button", name="Grad-CAM").click()
    assert which(page) == "Grad-CAM · layer3 · cat"
    assert page.locator("#maps .dlviz-stage canvas").count() == 1


def test_cells_are_read_by_pointer_and_by_keys(visit: Callable[..., Visit], tmp_path: Path) -> None:
    page = open_page(visit(), write(tmp_path, maps(start=("HiResCAM", "layer4", "dog"))))
    view, told = page.locator("#maps .dlviz-stage .dlviz-view"), page.locator("#maps .dlviz-scale output")
    box = view.bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.25 * box["height"])
    assert told.inner_text() == "row 1 of 2, column 2 of 3: 0.252, 25 % of the largest"
    mark = page.locator("#maps .dlviz-cell").bounding_box()
    assert mark
    assert mark["x"] - box["x"] == pytest.approx(box["width"] / 3, abs=1)
    page.mouse.move(5, 5)
    assert told.inner_text() == ""
    view.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    assert told.inner_text() == "row 2 of 2, column 3 of 3: not a number"
    page.keyboard.press("Escape")
    assert told.inner_text() == ""


def test_a_map_of_the_middle_has_no_cells_beside_it(visit: Callable[..., Visit], tmp_path: Path) -> None:
    heats = (Heat(("CAM",), np.array([[1.0, 2.0]]), 2.0, area=(0.25, 0.0, 0.75, 1.0)),)
    figure = Figure("maps", "Maps", "", Overlay((Seen("a", Thumb("a", 300, 200, "photo a"), (), heats),), ("method",)))
    page = open_page(visit(), write(tmp_path, figure))
    view, told = page.locator("#maps .dlviz-stage .dlviz-view"), page.locator("#maps .dlviz-scale output")
    box, canvas = view.bounding_box(), page.locator("#maps canvas").bounding_box()
    assert box
    assert canvas
    assert canvas["width"] == pytest.approx(box["width"] / 2, abs=1)
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 20)
    assert told.inner_text() == ""
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 20)
    assert told.inner_text() == "row 1 of 1, column 1 of 2: 1, 50 % of the largest"
    assert "side by side" not in page.locator("#maps .dlviz-ways").inner_text()  # there is one map


def test_the_scale_of_maps_side_by_side_has_all_their_colours(visit: Callable[..., Visit], tmp_path: Path) -> None:
    heats = (Heat(("A",), np.array([[1.0]])), Heat(("B",), np.array([[-1.0]]), signed=True))
    items = (Seen("a", Thumb("a", 30, 20, "photo a"), (), heats),)
    page = open_page(visit(), write(tmp_path, Figure("maps", "Maps", "", Overlay(items, ("method",), ("A",)))))
    assert page.locator("#maps .dlviz-bar").inner_text().split() == ["0", "1"]
    press(page, "every method")
    assert page.locator("#maps .dlviz-bar").inner_text().split()[:2] == ["−largest", "largest"]


def test_a_map_of_no_one_picture_is_shown_alone(visit: Callable[..., Visit], tmp_path: Path) -> None:
    heats = (Heat(("right",), np.array([[1.0, 0.5]])), Heat(("wrong",), np.array([[0.0, 0.0]])))
    items = tuple(Seen(name, Thumb("", 30, 20, f"mean map of {name}"), (), heats) for name in ("cat", "dog"))
    tab = visit()
    page = open_page(tab, write(tmp_path, Figure("maps", "Maps", "", Overlay(items, ("answers",)))))
    assert page.locator("#maps .dlviz-ways button").all_inner_texts() == [
        "overlay",
        "side by side",
        "every answers",
        "raw cells",
        "show weak",
        "same scale",
    ]
    assert {pixel[3] for pixel in pixels(page)[2]} == {255}
    assert page.locator("#maps .dlviz-nopicture").count() == 0
    press(page, "wrong")
    assert page.locator("#maps .dlviz-bar").inner_text().split() == ["0", "0"]
    tab.expect_quiet()


def test_pictures_are_chosen_with_keys_and_filtered(visit: Callable[..., Visit], tmp_path: Path) -> None:
    page = open_page(visit(), write(tmp_path, maps()))
    current = page.locator("#maps .dlviz-strip [aria-current=true]")
    current.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.ariaLabel").startswith("b.jpg, wrong, truth cat")
    page.keyboard.press("End")
    assert str(current.get_attribute("aria-label")).startswith("gone.jpg")
    assert "the picture is not in the folder" in page.locator("#maps .dlviz-stage").inner_text()
    press(page, "right 2")
    assert page.locator("#maps .dlviz-strip li:visible").count() == 2
    assert str(current.get_attribute("aria-label")).startswith("a.jpg")
    press(page, "Next picture")
    assert str(current.get_attribute("aria-label")).startswith("c.jpg")
    assert page.locator("#maps .dlviz-turn output").inner_text() == "2 of 2"
    press(page, "unsure 1")
    assert str(current.get_attribute("aria-label")).startswith("b.jpg")
    press(page, "all 4")
    assert page.locator("#maps .dlviz-strip li:visible").count() == 4


def test_an_address_leads_back(visit: Callable[..., Visit], tmp_path: Path) -> None:
    address = write(tmp_path, maps(), training())
    page = open_page(visit(), address)
    page.get_by_role("button", name="b.jpg").click()
    press(page, "Contrast")
    press(page, "side by side")
    page.get_by_label("layer, right").select_option("layer4")
    tab = visit()
    other = open_page(tab, page.url)
    assert "b.jpg" in other.locator("#maps .dlviz-name").inner_text()
    assert which(other) == "Contrast · layer3 · cat"
    assert other.get_by_label("layer, right").input_value() == "layer4"
    other.goto(f"{address}#maps?picture=no&map=x&view=y")  # of an older site
    assert which(open_page(visit(), f"{address}#maps?picture=no&map=x&view=y")) == "HiResCAM · layer3 · cat"
    tab.expect_quiet()


def test_a_slider_goes_through_values_in_order(visit: Callable[..., Visit], tmp_path: Path) -> None:
    page = open_page(visit(), write(tmp_path, training()))
    slider = page.locator("#time").get_by_role("slider", name="checkpoint")
    slider.focus()
    for _ in range(3):
        slider.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "epoch 3"
    assert page.locator("#time .dlviz-slide output").inner_text() == "epoch 3"
    assert which(page, "#time") == "epoch 3"
    assert "largest value 4" in page.locator("#time .dlviz-which").inner_text()
    press(page, "every checkpoint", "#time")
    assert page.locator("#time .dlviz-stage canvas").count() == 10


def test_many_values_are_a_list(visit: Callable[..., Visit], tmp_path: Path) -> None:
    heats = tuple(Heat((f"m{i}",), np.array([[1.0]])) for i in range(7))
    figure = Figure("maps", "Maps", "", Overlay((Seen("a", Thumb("a", 30, 20, "photo a"), (), heats),), ("method",)))
    page = open_page(visit(), write(tmp_path, figure))
    page.get_by_label("method", exact=True).select_option("m5")
    assert which(page) == "m5"


def test_names_from_files_are_text_in_every_view(visit: Callable[..., Visit], tmp_path: Path) -> None:
    hostile = "<img src=x onerror='window.acted = 1'>\"\u202e"
    heats = tuple(Heat((name, hostile), np.ones((2, 2)), note=hostile) for name in (hostile, "b"))
    items = tuple(Seen(hostile, Thumb(key, 30, 20, hostile), ((hostile, hostile),), heats, True) for key in "ab")
    spec = Overlay(items, (hostile, "layer"), chosen=hostile, notes=((hostile, hostile),))
    tab = visit()
    page = open_page(tab, write(tmp_path, Figure("maps", hostile, hostile, spec)))
    ways = page.locator("#maps .dlviz-ways [role=group] button")
    for place in range(ways.count()):
        ways.nth(place).click()
        page.locator("#maps .dlviz-strip button").last.click()
    assert page.evaluate("window.acted") is None
    assert page.locator("#maps img:not([src^='pictures/'])").count() == 0
    assert "onerror" in page.locator("#maps .dlviz-says").inner_text()
    open_page(tab, page.url)
    assert page.locator("#maps .dlviz-turn output").inner_text() == "2 of 2"
    tab.expect_quiet()


@pytest.mark.parametrize(("scheme", "width"), [("default", 1440), ("slate", 390), ("slate", 1440), ("default", 390)])
def test_it_can_be_read_and_fits(scheme: str, width: int, visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit(width=width, reduced_motion="reduce")
    page = open_page(tab, write(tmp_path, maps(), training(), scheme=scheme))
    for view in ("overlay", "swipe", "side by side", "every method"):
        press(page, view)
        assert page.evaluate(NAMES) == [], view
        seen_texts, faint = page.evaluate(CONTRAST)
        assert faint == [], view
        assert seen_texts > 30
        assert page.evaluate(SPREADS) <= 0, view
    tab.expect_quiet()


@pytest.mark.parametrize("paper", [False, True])
def test_without_a_script_and_on_paper(paper: bool, visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit(width=794, **({} if paper else {"java_script_enabled": False}))
    if paper:
        tab.page.emulate_media(media="print")
    tab.page.goto(write(tmp_path, maps()))
    page = tab.page
    if paper:
        page.wait_for_selector(".dlviz-live")
        assert page.locator("#maps select:visible, #maps input:visible").count() == 0
        assert page.locator("#maps table").is_visible()
    else:
        assert page.locator("#maps button").count() == 0
        assert page.evaluate(NAMES) == []
    assert page.locator("#maps .dlviz-stage img").first.is_visible()
    assert page.locator("#maps .dlviz-stage .dlviz-map").is_visible()
    assert "HiResCAM of a cat" in page.locator("#maps .dlviz-says").inner_text()
    assert page.evaluate(SPREADS) <= 0
    tab.expect_quiet()


def test_a_finger_points_and_scrolls(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit(width=390, height=800, has_touch=True)
    page = open_page(tab, write(tmp_path, maps()))
    view = page.locator("#maps .dlviz-stage .dlviz-view")
    view.tap(position={"x": 5, "y": 5})
    assert page.locator("#maps .dlviz-scale output").inner_text().startswith("row 1 of 4, column 1 of 6: 0,")
    assert view.evaluate("node => getComputedStyle(node).touchAction") == "pan-y pinch-zoom"
    small = page.evaluate(
        """[...document.querySelectorAll("#maps button, #maps select")].filter((one) => one.checkVisibility())
        .map((one) => one.getBoundingClientRect()).filter(({ width, height }) => width < 24 || height < 24).length"""
    )
    assert small == 0
    tab.expect_quiet()
