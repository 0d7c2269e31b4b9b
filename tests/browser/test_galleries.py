"""Galleries with our script: chosen by a cell, sorted, judged at a threshold, seen large; and the first without it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from dlviz_docs.assets import TEMPLATES
from dlviz_docs.charts.gallery import gallery_context
from dlviz_docs.compose.templating import render
from dlviz_docs.view import Figure, Gallery, Item, Passage, Region, Thumb

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Galleries</title>
<meta name="viewport" content="width=device-width, initial-scale=1">{styles}
<style>main {{ width: 100%; max-width: 1100px; box-sizing: border-box; margin: auto; padding: 0 16px }}</style></head>
<body data-md-color-scheme="{scheme}"><main class="md-typeset dlviz-page"><button id="cell">a cell</button>
<div style="height: 1200px"></div>{body}</main><script src="assets/dlviz.js"></script></body></html>"""
READY = ".dlviz-gallery:last-of-type .dlviz-open"


def write(folder: Path, *figures: Figure, scheme: str = "default") -> str:
    """A page of galleries, with pictures for all keys but "gone"; returns its address on disk."""

    def address(thumb: Thumb) -> str:
        if thumb.key == "gone":
            return ""
        picture = folder / f"pictures/{thumb.key}.webp"
        if not picture.exists():
            tone = (sum(thumb.key.encode()) * 37) % 200
            Image.new("RGB", (thumb.width, thumb.height), (tone, 90, 200 - tone)).save(picture)
        return f"pictures/{thumb.key}.webp"

    shutil.copytree(TEMPLATES / "assets", folder / "assets")
    (folder / "pictures").mkdir()
    body = "\n".join(render("figures/gallery.html.j2", **gallery_context(figure, address)) for figure in figures)
    styles = "".join(f'<link rel="stylesheet" href="assets/{n}.css">' for n in ("figures", "dlviz", "gallery"))
    (folder / "index.html").write_text(PAGE.format(styles=styles, scheme=scheme, body=body), encoding="utf-8")
    return (folder / "index.html").as_uri()


def gallery(name: str, items: Sequence[Item], total: int = 0, **options: object) -> Figure:
    spec = Gallery(tuple(items), total or len(items), **options)  # type: ignore[arg-type]
    return Figure(name, f"Gallery {name}", "What to see.", spec)


def digit(number: int) -> Item:
    """Truth 0, 1, 2, 0, ...; always predicted 0; less and less confident."""
    truth, confidence = str(number % 3), f"{1 - number / 100:.2f}"
    facts = (("truth", truth), ("predicted", "0"), ("confidence", confidence))
    picture = Thumb(f"d{number}", 8, 8, f"a {truth}")
    return Item(f"row {number}", (picture,), facts=facts, row=truth, column="0", wrong=truth != "0")


def street(key: str = "street") -> Item:
    """One found with 0.6, which is 120 px wide in a picture of 640; one missed; one false alarm of 0.4, very narrow."""
    regions = (
        Region((60, 100, 120, 240), "truth", "person", color=2, partner=0.6),
        Region((66, 110, 120, 240), "match", "person", 0.6, color=2),
        Region((400, 200, 160, 80), "missed", "car", color=1),
        Region((300, 300, 6, 60), "false", "dog", 0.4, color=1),
    )
    return Item(f"{key}.jpg", (Thumb(key, 640, 480, side=320),), regions, facts=(("missed", "1"),))


def crowd() -> Item:
    """Two false alarms over one that is missed, and a label that is clear of them; it belongs to two cells."""
    regions = (
        Region((200, 200, 150, 90), "missed", "car"),
        Region((205, 204, 150, 90), "false", "bus", 0.8, color=1),
        Region((400, 50, 150, 90), "false", "bus", 0.7, color=1),
        Region((405, 54, 150, 90), "false", "van", 0.6, color=2),
    )
    cells = (("car", "missed"), ("nothing", "bus"))
    return Item("crowd.jpg", (Thumb("crowd", 640, 480, side=320),), regions, cells=cells, wrong=True)


def everything() -> list[Item]:
    """Whatever an item may have."""
    outline = Region((10, 10, 40, 50), "match", "sky", 0.875, 7, ((10, 10, 50, 10, 30.26, 60),), None)
    passages = (
        Passage("reference", (("the ", "same"), ("cat ", "only"), ("sat", "same"))),
        Passage("generated", (("A ", "only"), ("the ", "same"), ("sat" * 300, "only"))),
    )
    hostile = "<b>&\"'\u202e"
    return [
        digit(1),
        digit(3),
        street(),
        street("gone"),
        crowd(),
        Item(hostile, (Thumb("o", 99, 70, hostile),), (outline,), facts=((hostile, hostile),), href="../x/?a=1&b=2"),
        Item("pair", (Thumb("p", 33, 65), Thumb("q", 300, 200, "the second")), facts=(("distance", "2"),)),
        Item("text", passages=passages, facts=(("chrF", "0.5"), ("words", "3"))),
        Item("row"),
    ]


def open_page(tab: Visit, address: str) -> Page:
    tab.page.goto(address)
    tab.page.wait_for_selector(READY, state="attached")
    return tab.page


def titles(page: Page, name: str) -> list[str]:
    return page.locator(f"#{name} .dlviz-items .dlviz-name > :first-child").all_inner_texts()


def said(page: Page, name: str) -> str:
    return str(page.locator(f"#{name} .dlviz-shown").evaluate("node => node.firstChild.textContent"))


def pick(page: Page, detail: str) -> None:
    page.evaluate(f"document.dispatchEvent(new CustomEvent('dlviz:pick', {{ detail: {detail} }}))")


def test_what_the_script_makes_is_what_the_template_makes(visit: Callable[..., Visit], tmp_path: Path) -> None:
    items, slider = everything(), (0.05, 0.5)
    second = gallery("b", [*items[:1], *items], first=1, slider=slider)
    address = write(tmp_path, gallery("a", items, slider=slider), second)
    plain = visit(java_script_enabled=False)
    plain.page.goto(address)
    # Styles as the browser writes them; space between elements does not count.
    cards = """nodes => nodes.map((node) => {
        node.querySelectorAll(".dlviz-open").forEach((button) => button.remove());
        node.querySelectorAll("[style]").forEach((one) => one.setAttribute("style", one.style.cssText));
        const walker = document.createTreeWalker(node, NodeFilter.SHOW_ELEMENT);
        const told = [];
        for (let one = node; one; one = walker.nextNode()) {
            const own = [...one.childNodes].filter((child) => child.nodeType === 3).map((child) => child.data.trim());
            told.push([one.tagName, [...one.attributes].map((a) => a.name + "=" + a.value).sort(), own.join("")]);
        }
        return told;
    })"""
    made = open_page(visit(), address)
    for _ in items:
        made.locator("#b > .dlviz-act").click()
    drawn = made.locator("#b .dlviz-item").evaluate_all(cards)[1:]
    static = made.locator("#a .dlviz-item").evaluate_all(cards)
    assert len(static) == len(items) == plain.page.locator("#a .dlviz-item").count()
    assert drawn == static


def test_without_scripts_the_first_items_are_there_and_nothing_pretends(
    visit: Callable[..., Visit], tmp_path: Path
) -> None:
    tab = visit(java_script_enabled=False)
    tab.page.goto(write(tmp_path, gallery("a", [digit(i) for i in range(30)], 706, first=5, chosen="the worst")))
    assert titles(tab.page, "a") == [f"row {i}" for i in range(5)]
    assert said(tab.page, "a") == "5 of 706 shown; the worst"
    assert tab.page.locator("#a button, #a select").count() == 0
    assert not tab.page.locator("#a .dlviz-choose").is_visible()
    tab.expect_quiet()


def test_show_more(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    page = open_page(tab, write(tmp_path, gallery("a", [digit(i) for i in range(12)], 706, first=5)))
    more = page.locator("#a > .dlviz-act")
    more.press("Enter")
    assert said(page, "a") == "10 of 706 shown"
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Show large: row 5"
    assert more.inner_text() == "Show 2 more"
    more.click()
    assert titles(page, "a") == [f"row {i}" for i in range(12)]
    assert not more.is_visible()
    tab.expect_quiet()


def test_a_cell_of_a_matrix_shows_its_samples(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit(reduced_motion="reduce")
    items = [digit(i) for i in range(30)]
    others = gallery("others", [Item("other")])
    page = open_page(tab, write(tmp_path, others, gallery("a", items, 706, first=5), gallery("b", items[:1])))
    page.locator("#cell").focus()
    pick(page, "{ row: '2', column: '0', count: 78 }")
    assert titles(page, "a") == [f"row {i}" for i in (2, 5, 8, 11, 14)]
    assert said(page, "a") == "truth 2, predicted 0: 5 of 78 mistakes shown here"
    assert said(page, "b") == "truth 2, predicted 0: 0 of 78 samples shown here"
    assert titles(page, "others") == ["other"]
    assert page.evaluate("document.activeElement === document.querySelector('#a .dlviz-shown')")
    assert page.locator("#a .dlviz-shown").evaluate("node => node.getBoundingClientRect().top") < 500
    assert page.locator("#a select").first.input_value() == "2"
    page.locator("#a").get_by_role("button", name="Back to the cell").press("Enter")
    assert page.evaluate("document.activeElement.id") == "cell"
    pick(page, "{ row: '1', column: '' }")
    assert said(page, "a") == "truth 1: 5 of 10 mistakes among the 30 in this gallery"
    page.locator("#a").get_by_role("button", name="Show all").press("Enter")
    assert said(page, "a") == "5 of 706 shown"
    assert page.evaluate("document.activeElement === document.querySelector('#a .dlviz-shown')")
    tab.expect_quiet()


def test_right_answers_are_shown_for_their_cell_alone(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    wrong, right = [digit(i) for i in range(12) if i % 3], [digit(i) for i in (0, 3, 6)]
    chosen = "right answers, the least confident first"
    one = gallery("a", [*wrong, *right], 8, first=20, aside=3, aside_chosen=chosen, chosen="the worst")
    page = open_page(tab, write(tmp_path, one))
    assert titles(page, "a") == [item.title for item in wrong]
    assert said(page, "a") == "All 8 shown; the worst"
    assert not page.locator("#a").get_by_role("button", name="only mistakes").count()
    pick(page, "{ row: '0', column: '0' }")
    assert titles(page, "a") == [item.title for item in right]
    assert said(page, "a") == f"truth 0, predicted 0: 3 {chosen}"
    pick(page, "{ row: '', column: '0' }")
    assert titles(page, "a") == [item.title for item in wrong]
    pick(page, "{ row: '1', column: '1' }")
    assert said(page, "a") == "truth 1, predicted 1: none in this gallery, which is of mistakes"
    options = page.locator("#a select").first.locator("option").all_inner_texts()
    assert options == ["any", "0", "1 (4)", "2 (4)"]
    tab.expect_quiet()


def test_a_sample_of_several_cells_is_shown_for_each(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    one = crowd()
    other = replace(one, title="other.jpg", cells=(("car", "bus"),))
    page = open_page(tab, write(tmp_path, gallery("a", [one, other], axes=("annotated", "predicted"))))
    for row, column, expected in (
        ("car", "missed", ["crowd.jpg"]),
        ("nothing", "bus", ["crowd.jpg"]),
        ("car", "bus", ["other.jpg"]),
        ("", "bus", ["crowd.jpg", "other.jpg"]),
        ("nothing", "missed", []),
    ):
        pick(page, f"{{ row: '{row}', column: '{column}' }}")
        assert titles(page, "a") == expected
    pick(page, "{ row: 'car', column: 'missed' }")
    assert said(page, "a").startswith("annotated car, predicted missed: 1 sample. In these pictures: 1 missed, 3 false")
    options = page.locator("#a select").first.locator("option").all_inner_texts()
    assert options == ["any", "car (2)", "nothing (1)"]
    tab.expect_quiet()


def test_labels_that_would_lie_over_others_wait(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    page = open_page(tab, write(tmp_path, gallery("a", [crowd()])))
    shown = "nodes => nodes.filter((node) => getComputedStyle(node).display !== 'none').map((node) => node.textContent)"
    labels = page.locator("#a .dlviz-region b")
    assert set(labels.evaluate_all(shown)) == {"car", "bus 0.70"}
    page.get_by_role("button", name="all labels").click()
    assert len(labels.evaluate_all(shown)) == 4
    tab.expect_quiet()


def test_a_cell_without_samples_is_said_and_a_name_is_only_text(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    page = open_page(tab, write(tmp_path, gallery("a", [digit(i) for i in range(4)])))
    pick(page, "{ row: '<img src=x onerror=alert(1)>', column: '9' }")
    assert said(page, "a") == "truth <img src=x onerror=alert(1)>, predicted 9: 0 samples"
    assert titles(page, "a") == []
    assert page.locator("#a img").count() == 0
    tab.expect_quiet()


def test_choosing_and_sorting(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    items = [*(digit(i) for i in range(6)), Item("none", facts=(("confidence", "–"),))]
    page = open_page(tab, write(tmp_path, gallery("a", items, sorts=("confidence",))))
    group = page.get_by_role("group", name="Gallery a: view")
    order = group.get_by_role("button", name="confidence")
    order.click()
    assert order.inner_text() == "confidence ↓"
    assert titles(page, "a") == [*(f"row {i}" for i in range(6)), "none"]
    order.press("Enter")
    assert titles(page, "a") == [*(f"row {i}" for i in reversed(range(6))), "none"]
    group.get_by_role("button", name="only mistakes").click()
    assert titles(page, "a") == ["row 5", "row 4", "row 2", "row 1"]
    assert said(page, "a") == "only mistakes: 4 mistakes"
    order.press("Enter")
    assert order.get_attribute("aria-pressed") == "false"
    assert titles(page, "a") == ["row 1", "row 2", "row 4", "row 5"]
    group.get_by_label("truth").select_option("1")
    assert titles(page, "a") == ["row 1", "row 4"]
    assert group.get_by_label("truth").locator("option").all_inner_texts() == ["any", "0 (2)", "1 (2)", "2 (2)"]
    tab.expect_quiet()


def test_the_threshold_decides_what_is_found(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    page = open_page(tab, write(tmp_path, gallery("a", [street(), street("gone")], first=1, slider=(0.05, 0.5))))

    def kinds() -> list[str]:
        """The shapes in sight of the first picture."""
        shapes = page.locator("#a .dlviz-item").first.locator(".dlviz-view > svg > *")
        return [s.get_attribute("data-kind") or "" for s in shapes.all() if s.is_visible()]

    slider = page.get_by_role("slider", name="confidence")
    assert slider.input_value() == "0.5"
    assert sorted(kinds()) == ["match", "missed", "truth"]
    assert said(page, "a").endswith("1 found, 1 missed, 0 false")
    slider.fill("0.3")
    assert sorted(kinds()) == ["false", "match", "missed", "truth"]
    slider.fill("0.6")
    slider.press("ArrowRight")
    assert slider.input_value() == "0.61"
    assert kinds().count("missed") == 2
    assert said(page, "a").endswith("In these pictures: 0 found, 2 missed, 0 false")
    page.locator("#a > .dlviz-act").click()  # one that is made now is judged by the same threshold
    assert said(page, "a").endswith("In these pictures: 0 found, 4 missed, 0 false")
    missed = page.locator("#a .dlviz-kinds").get_by_role("button", name="missed")
    missed.click()
    assert missed.get_attribute("aria-pressed") == "false"
    assert kinds() == []
    tab.expect_quiet()


@pytest.mark.parametrize("width", [1440, 390])
def test_boxes_lie_where_they_are_in_the_picture(visit: Callable[..., Visit], tmp_path: Path, width: int) -> None:
    tab = visit(width=width)
    page = open_page(tab, write(tmp_path, gallery("a", [street(), street("gone")])))
    for card in page.locator("#a .dlviz-item").all():
        view = card.locator(".dlviz-view").bounding_box()
        box = card.locator('svg > [data-kind="missed"]').evaluate(
            "node => { const { x, y, width, height } = node.getBoundingClientRect(); return { x, y, width, height }; }"
        )
        label = card.locator('.dlviz-region[data-kind="missed"]').bounding_box()
        assert view
        assert label
        assert view["width"] / view["height"] == pytest.approx(4 / 3, rel=0.01)
        scale = view["width"] / 640
        for found in (box, label):
            assert found["x"] - view["x"] == pytest.approx(400 * scale, abs=2)
            assert found["y"] - view["y"] == pytest.approx(200 * scale, abs=2)
            assert found["width"] == pytest.approx(160 * scale, abs=2)
            assert found["height"] == pytest.approx(80 * scale, abs=2)


def test_labels_of_small_regions_wait_until_they_are_asked(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    page = open_page(tab, write(tmp_path, gallery("a", [street()])))
    small, large = (page.locator(f'#a [data-kind="{kind}"] b') for kind in ("false", "missed"))
    assert large.is_visible()
    assert not small.is_visible()
    page.locator('#a .dlviz-region[data-kind="false"]').hover()
    assert small.is_visible()
    assert small.evaluate("node => getComputedStyle(node).fontSize") == "11px"
    page.mouse.move(0, 0)
    page.get_by_role("button", name="all labels").press("Enter")
    assert small.is_visible()


def test_one_sample_large_with_a_keyboard(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    page = open_page(tab, write(tmp_path, gallery("a", [digit(i) for i in range(4)], first=2)))
    page.get_by_role("button", name="Show large: row 1").press("Enter")
    dialog = page.get_by_role("dialog", name="row 1")
    assert dialog.is_visible()
    assert dialog.locator("dl").inner_text().split() == ["truth", "1", "predicted", "0", "confidence", "0.99"]
    assert dialog.locator("output").inner_text() == "2 of 4"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")  # there is no other
    assert page.get_by_role("dialog").get_attribute("aria-label") == "row 3"
    page.keyboard.press("ArrowLeft")
    assert page.get_by_role("dialog").get_attribute("aria-label") == "row 2"
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0
    page.wait_for_function("document.activeElement.getAttribute('aria-label') === 'Show large: row 2'")
    page.locator("#a .dlviz-tiles").first.click()
    assert page.get_by_role("dialog", name="row 0").is_visible()
    page.get_by_role("button", name="Close").click()
    assert page.get_by_role("dialog").count() == 0
    tab.expect_quiet()


def test_two_pictures_blink_in_one_place(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    pair = Item("pair", (Thumb("p", 90, 60, "the first"), Thumb("q", 90, 60, "the second")))
    page = open_page(tab, write(tmp_path, gallery("a", [pair, digit(0)])))
    page.get_by_role("button", name="Show large: pair").press("Enter")
    places = "nodes => nodes.map((node) => Math.round(node.getBoundingClientRect().x))"
    pictures = page.locator("dialog img")
    first, second = pictures.evaluate_all(places)
    assert second > first
    blink = page.get_by_role("button", name="Blink")
    blink.press("Enter")
    first, second = pictures.evaluate_all(places)
    assert second == first
    seen = "node => getComputedStyle(node).visibility"
    page.wait_for_function("getComputedStyle(document.querySelectorAll('dialog img')[1]).visibility === 'hidden'")
    page.wait_for_function("getComputedStyle(document.querySelectorAll('dialog img')[1]).visibility === 'visible'")
    assert pictures.first.evaluate(seen) == "visible"
    page.keyboard.press("ArrowRight")
    assert not blink.is_visible()
    tab.expect_quiet()


def test_texts_stand_side_by_side_where_there_is_room(visit: Callable[..., Visit], tmp_path: Path) -> None:
    text = everything()[7]
    address = write(tmp_path, gallery("a", [text]))
    for width, beside in ((1440, True), (390, False)):
        page = open_page(visit(width=width), address)
        first, second = (one.bounding_box() for one in page.locator("#a .dlviz-text").all())
        assert first
        assert second
        assert (second["x"] > first["x"] + first["width"]) is beside
        line = "node => getComputedStyle(node).textDecorationLine"
        ground = "node => getComputedStyle(node).backgroundColor"
        for tag, drawn in (("del", "line-through"), ("ins", "underline")):
            assert page.locator(f"#a {tag}").first.evaluate(line) == drawn
            assert page.locator(f"#a {tag}").first.evaluate(ground) != "rgba(0, 0, 0, 0)"
        folded = page.locator("#a .dlviz-long")
        assert folded.evaluate("node => node.scrollHeight > node.clientHeight")
        page.get_by_role("button", name="Show large: text").click()
        assert page.locator("dialog .dlviz-long").evaluate("node => node.scrollHeight <= node.clientHeight + 1")


def test_print_shows_texts_in_full_and_no_buttons(visit: Callable[..., Visit], tmp_path: Path) -> None:
    page = open_page(visit(), write(tmp_path, gallery("a", everything())))
    page.emulate_media(media="print")
    assert page.locator("#a .dlviz-long").evaluate("node => node.scrollHeight <= node.clientHeight + 1")
    assert [b for b in page.locator("#a button:not(.dlviz-kinds *)").all() if b.is_visible()] == []


@pytest.mark.parametrize("width", [1440, 390, 360])
def test_no_page_is_wider_than_the_screen(visit: Callable[..., Visit], tmp_path: Path, width: int) -> None:
    page = open_page(visit(width=width), write(tmp_path, gallery("a", everything(), slider=(0.05, 0.3))))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="all labels").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_room_of_the_controls_is_kept(visit: Callable[..., Visit], tmp_path: Path) -> None:
    """Nothing moves when the script fills it."""
    address = write(tmp_path, gallery("a", [street()], slider=(0.05, 0.3)), gallery("b", [Item("row")]))
    page = visit().page
    page.route("**/gallery.js", lambda route: route.abort())
    page.goto(address)
    top = "node => node.getBoundingClientRect().top + scrollY"
    before = [page.locator(f"#{name} .dlviz-items").evaluate(top) for name in ("a", "b")]
    after = open_page(visit(), address)
    assert [after.locator(f"#{name} .dlviz-items").evaluate(top) for name in ("a", "b")] == pytest.approx(before, abs=1)


@pytest.mark.parametrize("scheme", ["default", "slate"])
def test_words_stand_out_from_their_ground(visit: Callable[..., Visit], tmp_path: Path, scheme: str) -> None:
    """A contrast of 4.5:1; labels over pictures have a ground of their own, which is taken at its worst."""
    tab = visit(reduced_motion="reduce")  # no colour on its way to another
    page = open_page(tab, write(tmp_path, gallery("a", everything(), slider=(0.05, 0.3)), scheme=scheme))
    page.get_by_role("button", name="all labels").click()
    ratios = page.evaluate(
        """() => {
        const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
        const paint = (grounds, over) => {
            canvas.clearRect(0, 0, 1, 1);
            for (const color of [...grounds, over].filter(Boolean)) {
                canvas.fillStyle = color;
                canvas.fillRect(0, 0, 1, 1);
            }
            const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => v / 255)
                .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const page = getComputedStyle(document.body).getPropertyValue("--dlviz-surface");
        const told = {};
        for (const node of document.querySelectorAll("#a *")) {
            if (![...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim())) continue;
            if (!node.checkVisibility()) continue;
            const grounds = [];
            for (let one = node; one; one = one.parentElement) grounds.unshift(getComputedStyle(one).backgroundColor);
            const picture = node.closest(".dlviz-region") ? ["#000", "#fff"] : [page];
            const own = node.closest(".dlviz-region") ? [getComputedStyle(node).backgroundColor] : grounds;
            for (const base of picture) {
                for (const color of [getComputedStyle(node).color, getComputedStyle(node, "::before").color]) {
                    const [a, b] = [paint([base, ...own], color), paint([base, ...own])].sort((x, y) => y - x);
                    const key = node.className || node.tagName;
                    told[key] = Math.min(told[key] ?? 99, (a + 0.05) / (b + 0.05));
                }
            }
        }
        return told;
    }"""
    )
    assert {"dlviz-shown", "DT", "DD", "DEL", "INS", "B", "dlviz-verdict", "dlviz-nopicture"} <= set(ratios)
    assert {name: round(ratio, 2) for name, ratio in ratios.items() if ratio < 4.5} == {}
