"""Live plots, matrices and sweeps in Chromium, from disk and without a network."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import plotly
import pytest
from chart_page import ASSETS

from dlviz_docs.charts.matrix import matrix_context
from dlviz_docs.charts.plot import plot_context
from dlviz_docs.charts.sweep import sweep_context
from dlviz_docs.compose.templating import render
from dlviz_docs.view import Cell, Column, Figure, Layer, Matrix, Plot, PlotAxis, Sweep, Table

if TYPE_CHECKING:
    from conftest import Visit
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

EVIL = '<img src=x onerror="window.fired=1"><b>bold</b> & $x$ %{y}'
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Plots</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>main {{ width: 100%; max-width: 720px; box-sizing: border-box; margin: auto; padding: 0 16px }}</style>
<link rel="stylesheet" href="assets/figures.css"><link rel="stylesheet" href="assets/plots.css"></head>
<body data-md-color-scheme="default"><main class="md-typeset">
{body}</main><script>
window.picked = []; document.addEventListener("dlviz:pick", ({{ detail }}) => picked.push([detail.row, detail.column]));
</script><script src="assets/dlviz.js"></script></body></html>"""
NAMES = ("cat", "dog", "fox")
COUNTS = np.array([[90.0, 8, 2], [0, 95, 5], [np.nan, np.nan, np.nan]])
NAMED = ("data/1.png", "data/2.png", "data/3.png", "data/4.png")
SPRITE = {"address": "sprite.png", "tile": 32, "columns": 2, "places": {"a": 0, "d": 3}}


def html_of(figure: Figure) -> str:
    if isinstance(figure.spec, Table):
        return str(render("figures/table.html.j2", figure=figure, pairs=False, folded=False))
    if isinstance(figure.spec, Matrix):
        return str(render("figures/matrix.html.j2", **matrix_context(figure)))
    if isinstance(figure.spec, Sweep):
        return str(render("figures/sweep.html.j2", **sweep_context(figure)))
    in_order = SPRITE | {"places": {key: place for place, key in enumerate(NAMED)}}
    sprite = {"dots": SPRITE, "named": in_order}.get(figure.id)
    return str(render("figures/plot.html.j2", **plot_context(figure, sprite=sprite)))


def figures() -> list[Figure]:
    edges = np.arange(11.0)
    steps = tuple(
        Layer("step", edges[:-1], np.arange(10.0) * 10 + i, x2=edges[1:], label=name, color=i)
        for i, name in enumerate(("train", "val"))
    )
    keyed = Layer(
        "dot", np.arange(4.0), np.arange(4.0), keys=NAMED, label="cat", notes=tuple(f"{key}: cat" for key in NAMED)
    )  # fmt: skip
    dots = Layer(
        "dot", np.array([0, 1, 2, 10.0]), np.array([0, 5, 1, 10.0]), keys=("a", "b", "c", "d"), label="=rows",
        picks=(("cat", "dog"), ("", "dog"), ("cat", ""), ("fox", "fox")), color=2,
    )  # fmt: skip
    bars = Layer("bar", np.array([3.0, 1, 0]), np.arange(3.0), horizontal=True, notes=("three", EVIL, "none"))
    at = np.linspace(0, 1, 101)
    sweep = Sweep(
        "confidence", at, {"precision": np.where(at < 1, at, np.nan), "recall": 1 - at},
        {"found": np.rint(1000 * (1 - at))}, start=25, marks=(("best", 40),),
    )  # fmt: skip
    named = PlotAxis(scale="category", categories=(*NAMES[:2], EVIL))
    share = COUNTS / COUNTS.sum(axis=1, keepdims=True)
    table = Table(
        (Column("class"), Column("recall", numeric=True)), ((Cell("cat", pick=("cat", "")), Cell("0.9", 0.9)),)
    )
    return [
        Figure("steps", "Age", "Seen.", Plot(steps, PlotAxis("age"), PlotAxis("rows", logarithmic=True))),
        Figure("named", "Names", "Seen.", Plot((keyed,))),
        Figure("dots", "Map", "Seen.", Plot((dots,), PlotAxis("u", low=0, high=10), PlotAxis("v", low=0, high=10))),
        Figure("bars", EVIL, EVIL, Plot((bars,), PlotAxis(EVIL), named)),
        Figure("heat", "Confusion", "Seen.", Matrix(NAMES, NAMES, COUNTS, views=(("share", share, ()),), view="count",
               row_label="truth", column_label="predicted", off_diagonal=True, picks=True)),
        Figure("sweep", "Threshold", "Seen.", sweep),
        Figure("table", "Classes", "", table),
        Figure("seeds", "Returns", "Seen.", Plot(seeds(), PlotAxis("steps"), PlotAxis("return"))),
    ]  # fmt: skip


def seeds() -> tuple[Layer, ...]:
    """What an agent comes to, its interval, and below them each seed by itself."""
    x = np.arange(11.0)
    each = tuple(Layer("line", x, x + offset, color=3, thin=True) for offset in (-2, 0, 2))
    band = Layer("area", x, x, low=x - 1, high=x + 1, color=3)
    return (*each, band, Layer("line", x, x, color=3, label="dqn"))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    from PIL import Image

    folder = tmp_path_factory.mktemp("plots")
    shutil.copytree(ASSETS, folder / "assets")
    shutil.copy(Path(plotly.__file__).parent / "package_data/plotly.min.js", folder / "assets")
    Image.new("RGB", (64, 64), "red").save(folder / "sprite.png")
    body = "\n".join(map(html_of, figures()))
    (folder / "index.html").write_text(PAGE.format(body=body), encoding="utf-8")
    return (folder / "index.html").as_uri()


@pytest.fixture
def opened(visit: Callable[..., Visit], address: str) -> Visit:
    seen = visit(width=900, height=3000)
    seen.page.goto(address)
    seen.page.wait_for_selector("#sweep.dlviz-live")
    return seen


def put_pointer(page: Page, figure: str, x: float, y: float) -> None:
    """At shares of the picture, from its left and its top."""
    box = page.locator(f"#{figure} .dlviz-canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])


def tip(page: Page, figure: str) -> list[str]:
    return page.locator(f"#{figure} .dlviz-tip").inner_text().split("\n")


def ticks(page: Page, figure: str, axis: str) -> list[str]:
    return page.locator(f"#{figure} .dlviz-{axis} text").all_text_contents()


def picked(page: Page) -> list[list[str]]:
    found: list[list[str]] = page.evaluate("picked")
    return found


def test_everything_is_there_without_a_script_and_fits_a_phone(visit: Callable[..., Visit], address: str) -> None:
    seen = visit(width=390, height=800, java_script_enabled=False)
    seen.page.goto(address)
    assert seen.page.locator("#steps .dlviz-steps").count() == 2
    assert seen.page.locator("#heat td[data-v]").count() == 9
    assert seen.page.locator("#sweep output").inner_text() == "0.25"
    assert not seen.page.locator("#heat [data-view='1']").is_visible()
    assert not any(tool.is_visible() for tool in seen.page.locator(".dlviz-tools").all())
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
    seen.expect_quiet()


def test_nothing_moves_when_the_scripts_come(visit: Callable[..., Visit], address: str) -> None:
    places = "() => [...document.querySelectorAll('.dlviz-canvas, figcaption')].map(n => n.getBoundingClientRect().top)"
    still = visit(width=900, height=3000)
    still.page.route("**/plots.js", lambda route: route.abort())
    still.page.goto(address)
    live = visit(width=900, height=3000)
    live.page.goto(address)
    live.page.wait_for_selector("#sweep.dlviz-live")
    assert live.page.evaluate(places) == still.page.evaluate(places)
    live.expect_quiet()


def test_layers_at_one_place_are_read_together(opened: Visit) -> None:
    put_pointer(opened.page, "steps", 0.55, 0.9)
    assert tip(opened.page, "steps") == ["age 5 to 6", "train", "50", "val", "51"]
    assert opened.page.locator("#steps .dlviz-frame").count() == 2
    opened.page.mouse.move(0, 0)
    assert opened.page.locator("#steps .dlviz-tip").is_hidden()
    opened.expect_quiet()


def test_curves_that_another_one_stands_for_are_not_read(opened: Visit) -> None:
    page = opened.page
    put_pointer(page, "seeds", 0.5, 0.3)  # on the uppermost of the thin ones
    assert tip(page, "seeds") == ["steps 5", "dqn", "5 (4 to 6)"]
    page.locator("#seeds .dlviz-plot").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Home")
    assert (page.locator("#seeds .dlviz-say").text_content() or "").startswith("dqn, steps 0")
    thin = page.locator("#seeds .dlviz-thin path").first.evaluate("n => getComputedStyle(n).strokeWidth")
    assert thin == "1px"
    page.locator("#seeds .dlviz-key button").click()
    assert page.locator("#seeds .dlviz-marks > g:not(.dlviz-off)").count() == 0  # they go with their legend
    opened.expect_quiet()


def test_a_dot_is_named_by_its_key(opened: Visit) -> None:
    put_pointer(opened.page, "named", 0.99, 0.02)
    assert tip(opened.page, "named") == ["data/4.png: cat"]
    position = opened.page.locator("#named .dlviz-tile").evaluate("n => n.style.backgroundPosition")
    assert position == "-96px -96px"
    opened.expect_quiet()


def test_a_dot_shows_its_picture_and_chooses_its_samples(opened: Visit) -> None:
    page = opened.page
    put_pointer(page, "dots", 0.99, 0.02)
    assert tip(page, "dots")[:5] == ["=rows", "u", "10", "v", "10"]
    style = page.locator("#dots .dlviz-tile").evaluate("n => [n.style.backgroundPosition, n.style.backgroundImage]")
    assert style[0] == "-96px -96px"
    assert style[1].endswith('/sprite.png")')
    page.mouse.down()
    page.mouse.up()
    assert picked(page) == [["fox", "fox"]]
    put_pointer(page, "dots", 0.5, 0.9)
    assert page.locator("#dots .dlviz-tip").is_hidden()  # no dot is near
    opened.expect_quiet()


def test_the_keyboard_reaches_every_mark(opened: Visit) -> None:
    page = opened.page
    page.locator("#steps .dlviz-plot").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    voice = page.locator("#steps .dlviz-say")
    assert voice.text_content() == "train, age 1 to 2, train, 10"
    page.keyboard.press("ArrowDown")
    assert voice.text_content() == "val, age 1 to 2, val, 11"
    page.keyboard.press("End")
    assert voice.text_content() == "val, age 9 to 10, val, 91"
    page.keyboard.press("Escape")
    assert page.locator("#steps .dlviz-tip").is_hidden()
    page.locator("#dots .dlviz-plot").focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    assert picked(page) == [["fox", "fox"]]


def test_the_legend_hides_a_layer(opened: Visit) -> None:
    page = opened.page
    key = page.locator("#steps .dlviz-key button").first
    key.click()
    assert key.get_attribute("aria-pressed") == "false"
    assert [path.is_visible() for path in page.locator("#steps .dlviz-steps").all()] == [False, True]
    put_pointer(page, "steps", 0.55, 0.9)
    assert tip(page, "steps") == ["age 5 to 6", "val", "51"]
    key.click()
    assert page.locator("#steps .dlviz-steps").first.is_visible()


def test_a_logarithmic_axis_and_back(opened: Visit) -> None:
    page = opened.page
    path = page.locator("#steps .dlviz-steps").first
    before, drawn = ticks(page, "steps", "y"), path.get_attribute("d")
    button = page.locator("#steps .dlviz-tools button", has_text="log")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert ticks(page, "steps", "y") == ["1", "10", "100"]
    assert page.locator("#steps .dlviz-y-label").text_content() == "rows (log)"
    plot = "const p = dlviz.plots.get(document.getElementById('steps'))"
    ends = page.evaluate(f"() => {{ {plot}; return [p.y.low, p.y.high]; }}")
    heights = page.evaluate(f"() => {{ {plot}; return [...p.places(p.layers[0]).y]; }}")
    assert heights[0] == 0  # what is zero lies on the axis
    assert heights[9] - heights[1] == pytest.approx(np.log(9) / np.log(ends[1] / ends[0]))
    assert path.get_attribute("d") != drawn
    button.click()
    assert ticks(page, "steps", "y") == before
    assert path.get_attribute("d") == drawn
    assert page.locator("#steps .dlviz-y-label").text_content() == "rows"
    opened.expect_quiet()


def test_the_csv_holds_every_number_and_runs_no_formula(opened: Visit, tmp_path: Path) -> None:
    def saved(figure: str) -> list[str]:
        with opened.page.expect_download() as download:
            opened.page.locator(f"#{figure} .dlviz-tools button", has_text="CSV").click()
        assert download.value.suggested_filename == f"{figure}.csv"
        download.value.save_as(tmp_path / figure)
        return (tmp_path / figure).read_text(encoding="utf-8").splitlines()

    assert saved("steps")[:2] == ['"series","age","rows","age to"', '"train",0,0,1']
    assert len(saved("steps")) == 21
    assert saved("dots")[1] == '"\'=rows",0,0'
    assert saved("heat") == ['"truth / predicted","cat","dog","fox"', '"cat",90,8,2', '"dog",0,95,5', '"fox",,,']
    assert saved("sweep")[101] == "1,,0,0"
    opened.expect_quiet()


@pytest.mark.parametrize(
    ("figure", "trace"),
    [
        ("steps", ".scatterlayer .trace"),
        ("dots", ".scatterlayer .trace"),
        ("bars", ".barlayer .trace"),
        ("heat", ".hm"),
        ("sweep", ".scatterlayer .trace"),
    ],
)
def test_plotly_is_one_click_away_and_names_do_not_act(opened: Visit, figure: str, trace: str) -> None:
    page = opened.page
    page.locator(f"#{figure} .dlviz-tools button", has_text="Explore").click()
    page.wait_for_selector(f".dlviz-dialog {trace}", state="attached")
    page.keyboard.press("Escape")
    page.wait_for_selector(".dlviz-dialog", state="detached")
    assert page.evaluate("window.fired") is None
    opened.expect_quiet()


def test_names_are_shown_and_do_not_act(opened: Visit) -> None:
    page = opened.page
    put_pointer(page, "bars", 0.1, 0.5)
    assert page.locator("#bars .dlviz-tip").inner_text() == EVIL
    assert page.evaluate("window.fired") is None
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x: onerror=\"window.fired=1\">')")
    page.wait_for_function("window.fired === 1")  # the control: it would have fired


def test_cells_and_headers_of_a_matrix_choose_samples(opened: Visit) -> None:
    page = opened.page
    page.locator("#heat td[data-v]").nth(1).click()
    page.locator("#heat tbody th").nth(1).click()
    page.locator("#heat thead th[scope]").nth(2).click()
    assert picked(page) == [["cat", "dog"], ["dog", ""], ["", "fox"]]
    assert page.locator("#heat [aria-selected]").inner_text() == "fox"


def test_a_matrix_is_one_tab_stop_and_arrow_keys_walk_it(opened: Visit) -> None:
    page = opened.page
    assert page.locator("#heat table [tabindex='0']").count() == 1
    page.locator("#heat td[tabindex]").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == "8"
    assert tip(page, "heat")[:6] == ["truth", "cat", "predicted", "dog", "count", "8"]
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert picked(page) == [["cat", "dog"], ["", "dog"]]
    assert page.locator("#heat table [tabindex='0']").count() == 1


def test_views_change_values_colors_and_scale(opened: Visit) -> None:
    page = opened.page
    cells = page.locator("#heat td[data-v]")
    before = cells.all_text_contents()
    color = "n => getComputedStyle(n).backgroundColor"
    first = cells.nth(2).evaluate(color)
    page.locator("#heat .dlviz-views button", has_text="share").click()
    assert cells.all_text_contents()[:3] == ["0.90", "0.08", "0.02"]
    assert cells.last.get_attribute("data-v") == "x"
    assert page.locator("#heat .dlviz-ramp b").nth(1).inner_text() == "0.08"
    page.locator("#heat .dlviz-views button", has_text="count").click()
    assert cells.all_text_contents() == before
    assert cells.nth(2).evaluate(color) == first
    opened.expect_quiet()


def test_the_slider_moves_all_numbers_together(opened: Visit) -> None:
    page = opened.page
    slider = page.locator("#sweep input[type=range]")
    numbers = page.locator("#sweep .dlviz-sweep-numbers td")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#sweep output").inner_text() == "0.26"
    assert slider.get_attribute("aria-valuetext") == "0.26"
    assert numbers.all_inner_texts() == ["0.260", "0.740", "740"]
    assert page.locator("#sweep .dlviz-cursor line").get_attribute("x1") == "26%"
    page.locator("#sweep .dlviz-stops button").click()
    assert numbers.all_inner_texts() == ["0.400", "0.600", "600"]
    page.keyboard.press("Tab")
    slider.focus()
    page.keyboard.press("End")
    assert numbers.all_inner_texts() == ["–", "0.000", "0"]
    put_pointer(page, "sweep", 0.5, 0.5)
    page.mouse.down()
    put_pointer(page, "sweep", 0.75, 0.5)
    page.mouse.up()
    assert page.locator("#sweep output").inner_text() == "0.75"
    opened.expect_quiet()


def test_a_cell_of_a_table_chooses_samples(opened: Visit) -> None:
    opened.page.locator("#table button", has_text="cat").click()
    assert picked(opened.page) == [["cat", ""]]


def test_a_finger_reads_and_the_page_still_fits(visit: Callable[..., Visit], address: str) -> None:
    seen = visit(width=390, height=800, has_touch=True)
    page = seen.page
    page.goto(address)
    page.wait_for_selector("#sweep.dlviz-live")
    page.locator("#steps .dlviz-plot").scroll_into_view_if_needed()
    box = page.locator("#steps .dlviz-canvas").bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 0.55 * box["width"], box["y"] + 0.9 * box["height"])
    assert tip(page, "steps")[0] == "age 5 to 6"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    seen.expect_quiet()


def test_print_shows_the_figures_and_no_tools(opened: Visit) -> None:
    page = opened.page
    page.emulate_media(media="print")
    for figure in ("steps", "dots", "sweep"):
        assert page.locator(f"#{figure} .dlviz-canvas").is_visible()
    assert page.locator("#heat table").first.is_visible()
    assert not any(tool.is_visible() for tool in page.locator(".dlviz-tools").all())
    assert page.locator("#sweep .dlviz-cursor circle").first.is_visible()
