"""Live charts in Chromium, from disk and without a network."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly
import pytest
from chart_page import banded, line, loss_figure, one_line, training_run, write_page

from dlviz_docs.model import Run, Series
from dlviz_docs.view import Chart, Figure

if TYPE_CHECKING:
    from conftest import Visit
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

EVIL = '<img src=x onerror="window.fired=1"><b>bold</b> & $x$ %{y}'


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two charts of two runs, one with NaN and zeros, a band, and one whose names try to act."""
    runs = [training_run(0), training_run(1)]
    odd, odd_run = one_line("odd", np.arange(200), [np.nan if i == 50 else 0 if i == 60 else i for i in range(200)])
    many = {f"m{i}": Run(f"m{i}", f"m{i}", series=training_run(i).series, color=i) for i in range(14)}
    evil_run = Run(EVIL, "evil", series=(Series(EVIL, EVIL, np.arange(9.0), np.arange(9.0)),))
    evil = Figure("metric-evil", EVIL, EVIL, Chart((line(evil_run, EVIL, EVIL),), x_label=EVIL, y_label=EVIL))
    folder = tmp_path_factory.mktemp("charts")
    again = loss_figure(runs)
    second = Figure("metric-again", "again", again.caption, again.spec)
    figures = [loss_figure(runs), second, odd, banded(many), evil]
    written = write_page(folder, figures, [*runs, odd_run, *many.values(), evil_run])
    shutil.copy(Path(plotly.__file__).parent / "package_data/plotly.min.js", folder / "assets")
    return written


@pytest.fixture
def opened(visit: Callable[..., Visit], address: str) -> Visit:
    seen = visit(width=900, height=2600)
    seen.page.goto(address)
    return seen


def wake(page: Page, figure: str = "metric-loss") -> None:
    page.locator(f"#{figure} .dlviz-plot").hover()
    page.wait_for_selector(f"#{figure}.dlviz-live")


def put_pointer(page: Page, share: float, figure: str = "metric-loss") -> None:
    box = page.locator(f"#{figure} .dlviz-svg").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)


def drag(page: Page, start: float, end: float) -> None:
    put_pointer(page, start)
    page.mouse.down()
    put_pointer(page, (start + end) / 2)
    put_pointer(page, end)
    page.mouse.up()
    frames(page)


def frames(page: Page) -> None:
    """Wait until what was asked for is drawn."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def ticks(page: Page, axis: str, figure: str = "metric-loss") -> list[str]:
    return page.locator(f"#{figure} .dlviz-{axis} text").all_text_contents()


def tip(page: Page, figure: str = "metric-loss") -> str:
    return page.locator(f"#{figure} .dlviz-tip").inner_text()


def state(page: Page, figure: str = "metric-loss") -> Any:
    return page.evaluate(
        "async id => { const c = await dlviz.charts.get(document.getElementById(id)).waking;"
        "return { range: c.range, kind: c.kind, log: c.log, lines: c.lines.length, width: c.svg.clientWidth } }",
        figure,
    )


def test_the_picture_is_there_without_a_script(visit: Callable[..., Visit], address: str) -> None:
    seen = visit(width=390, java_script_enabled=False)
    seen.page.goto(address)
    assert seen.page.locator("#metric-loss .dlviz-line").count() == 4
    assert not seen.page.locator(".dlviz-tools").first.is_visible()
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
    seen.expect_quiet()


def test_data_loads_on_first_touch_and_nothing_moves(opened: Visit) -> None:
    page = opened.page
    assert not [request for request in opened.requests if "/data/" in request or "live.js" in request]
    places = "() => [...document.querySelectorAll('.dlviz-svg, figcaption')].map(n => n.getBoundingClientRect().top)"
    before, shown = page.evaluate(places), ticks(page, "y")
    wake(page)
    loaded = [request.rsplit("/", 1)[1] for request in opened.requests if "/data/" in request]
    assert loaded[:2] == ["run-0.js", "run-1.js"]  # those of other charts follow when the page is idle
    assert ticks(page, "y") == shown
    assert page.evaluate(places) == before
    opened.expect_quiet()


def test_the_crosshair_reads_true_points_and_stands_in_every_chart(opened: Visit) -> None:
    page = opened.page
    wake(page)
    wake(page, "metric-again")
    put_pointer(page, 0.5)
    run = training_run(0)
    series = run.get("train/loss")
    assert series is not None
    index = int(np.argmin(np.abs(series.steps - series.steps[-1] / 2)))
    told = tip(page)
    assert told.startswith("step ")
    near = [f"{series.values[i]:.4g}" for i in range(index - 2, index + 3)]
    assert any(value in told for value in near)
    assert page.locator("#metric-again .dlviz-cursor line").count() == 1
    assert page.locator("#metric-again .dlviz-tip").is_hidden()
    page.mouse.move(0, 0)
    assert page.locator(".dlviz-cursor line").count() == 0


def test_a_drag_zooms_into_true_points_and_a_double_click_shows_all(opened: Visit) -> None:
    page = opened.page
    wake(page)
    whole = ticks(page, "x")
    drag(page, 0.4, 0.44)
    low, high = state(page)["range"]
    assert low == pytest.approx(0.4 * 9990, rel=0.02)
    assert high == pytest.approx(0.44 * 9990, rel=0.02)
    path = page.locator("#metric-loss .dlviz-line").first.get_attribute("d") or ""
    assert 38 <= path.count("L") + 1 <= 46  # 40 steps lie in the view, and a neighbour on each side
    assert ticks(page, "x") != whole
    page.locator("#metric-loss .dlviz-plot").dblclick(position={"x": 20, "y": 200})
    frames(page)
    assert ticks(page, "x") == whole


def test_the_keyboard_does_what_the_pointer_does(opened: Visit) -> None:
    page = opened.page
    plot = page.locator("#metric-loss .dlviz-plot[tabindex]")  # charts take the focus as soon as the page is idle
    plot.focus()
    page.wait_for_selector("#metric-loss.dlviz-live")
    page.keyboard.press("End")
    voice = page.locator("#metric-loss .dlviz-say")
    assert voice.text_content().startswith("step 9,990: run-0 train")  # type: ignore[union-attr]
    page.keyboard.press("Shift+ArrowLeft")
    assert voice.text_content().startswith("step 9,890: run-0 train")  # type: ignore[union-attr]
    page.keyboard.press("ArrowDown")
    assert voice.text_content().startswith("step 9,900: run-0 val")  # type: ignore[union-attr]
    page.keyboard.press("+")
    frames(page)
    assert state(page)["range"] is not None
    page.keyboard.press("0")
    page.keyboard.press("l")
    frames(page)
    assert state(page)["range"] is None
    assert page.locator("#metric-loss .dlviz-tools button", has_text="log").get_attribute("aria-pressed") == "true"
    assert "(log)" in page.locator("#metric-loss .dlviz-y-label").text_content()  # type: ignore[operator]


def test_the_legend_hides_shows_and_singles_out(opened: Visit) -> None:
    """Two runs, each with training and validation: a curve is shown while both its run and its split are."""
    page = opened.page
    wake(page)
    key = page.locator("#metric-loss .dlviz-key button")
    assert key.all_inner_texts() == ["run-0", "run-1", "train", "val"]

    def after(place: int, *modifiers: str) -> tuple[list[str], str]:
        key.nth(place).click(modifiers=list(modifiers))  # type: ignore[arg-type]
        frames(page)
        shown = page.evaluate("dlviz.charts.get(document.querySelector('#metric-loss')).waking.then(c => c.lines)")
        pressed = "".join(str(key.nth(i).get_attribute("aria-pressed") == "true")[0] for i in range(4))
        return [line["label"] for line in shown], pressed

    assert after(0) == (["run-1 train", "run-1 val"], "FTTT")
    assert after(2) == (["run-1 val"], "FTFT")
    assert after(0) == (["run-0 val", "run-1 val"], "TTFT")
    assert after(2, "Shift") == (["run-0 train", "run-1 train"], "TTTF")
    assert after(1, "Shift") == (["run-1 train"], "FTTF")
    assert after(1, "Shift") == (["run-0 train", "run-1 train"], "TTTF")
    assert after(2, "Shift")[1] == "TTTT"


def test_axes_smoothing_and_fit(opened: Visit) -> None:
    page = opened.page
    wake(page)
    figure = page.locator("#metric-loss")
    figure.locator("select").select_option("time")
    frames(page)
    assert figure.locator(".dlviz-x-label").text_content() == "time, hours"
    assert ticks(page, "x") == ["0", "0.5", "1.0", "1.5", "2.0", "2.5"]
    figure.locator("input[type=range]").fill("0.9")
    frames(page)
    assert figure.locator(".dlviz-raw").count() == 4
    figure.locator("button", has_text="fit").click()
    frames(page)
    assert "points lie outside" in figure.locator("[role=status]").inner_text()
    opened.expect_quiet()


def test_a_chart_starts_with_its_focus_and_shows_all_on_request(visit: Callable[..., Visit], tmp_path: Path) -> None:
    figure, run = one_line("lost", [0, 1, 2, 3], [1, 2, 1e24, 1.5], focus=(1.0, 2.0))
    page = visit().page
    page.goto(write_page(tmp_path, [figure], [run]))
    beyond = page.locator(".dlviz-beyond")
    assert beyond.inner_text() == "lost: up to 1e24, outside the picture."
    wake(page, "metric-lost")
    said = page.locator("#metric-lost [role=status]")
    assert said.inner_text() == "1 point lies outside the picture: turn off “fit” to see all."
    assert not beyond.is_visible()
    page.locator("#metric-lost button", has_text="fit").click()
    frames(page)
    assert not said.is_visible()
    assert ticks(page, "y", "metric-lost")[-1] == "1e24"


def test_a_focus_from_zero_has_a_logarithmic_axis_from_the_least_value(
    visit: Callable[..., Visit], tmp_path: Path
) -> None:
    figure, run = one_line("lost", [0, 1, 2, 3], [0.01, 1, 1e24, 0], focus=(0.0, 1.0))
    page = visit().page
    page.goto(write_page(tmp_path, [figure], [run]))
    wake(page, "metric-lost")
    page.locator("#metric-lost button", has_text="log").click()
    frames(page)
    assert {"0.01", "0.1", "1"} <= set(ticks(page, "y", "metric-lost"))


def test_what_is_no_number_is_seen_and_read(opened: Visit) -> None:
    page = opened.page
    wake(page, "metric-odd")
    assert page.locator("#metric-odd .dlviz-odd").count() == 1
    put_pointer(page, 50 / 199, "metric-odd")
    assert tip(page, "metric-odd").split() == ["step", "50", "odd", "NaN"]
    page.locator("#metric-odd .dlviz-tools button", has_text="log").click()
    frames(page)
    assert page.locator("#metric-odd .dlviz-odd").count() == 3  # zero at both places too


def test_context_is_loaded_when_it_is_asked_for(opened: Visit) -> None:
    page = opened.page
    wake(page, "metric-band")
    assert state(page, "metric-band")["lines"] == 1
    assert not [request for request in opened.requests if "m13.js" in request]
    page.locator("#metric-band .dlviz-key button", has_text="single runs").click()
    page.wait_for_function("document.querySelectorAll('#metric-band .dlviz-svg .dlviz-faint').length === 13")


def test_the_csv_holds_every_point_exactly(opened: Visit, tmp_path: Path) -> None:
    page = opened.page
    with page.expect_download() as download:
        page.locator("#metric-loss .dlviz-tools button", has_text="CSV").click()
    download.value.save_as(tmp_path / "loss.csv")
    head, *rows = (tmp_path / "loss.csv").read_text(encoding="utf-8").splitlines()
    assert head == "series,run,metric,step,epoch,seconds,value"
    series = training_run(1).get("train/loss")
    assert series is not None
    told = [row.split(",") for row in rows if row.startswith('"run-1 train"')]
    assert [float(cells[-1]) for cells in told] == series.values.tolist()
    assert [float(cells[3]) for cells in told] == series.steps.tolist()
    opened.expect_quiet()


def test_plotly_comes_on_a_click_follows_the_scheme_and_gives_the_focus_back(opened: Visit) -> None:
    page = opened.page
    button = page.locator("#metric-loss .dlviz-tools button", has_text="Explore")
    button.click()
    page.wait_for_selector(".dlviz-dialog .main-svg .scatterlayer .trace")
    assert page.locator(".dlviz-dialog .scatterlayer .trace").count() == 4
    assert page.locator('.dlviz-dialog [data-title*="hare"], .dlviz-dialog [data-title*="loud"]').count() == 0
    text = "() => getComputedStyle(document.querySelector('.dlviz-dialog .xtick text')).fill"
    light = page.evaluate(text)
    page.evaluate("document.body.setAttribute('data-md-color-scheme', 'slate')")
    page.wait_for_function(f"({text})() !== '{light}'")
    page.keyboard.press("Escape")
    page.wait_for_selector(".dlviz-dialog", state="detached")
    assert page.evaluate("document.activeElement.textContent") == "Explore"
    opened.expect_quiet()


def test_plotly_has_the_band_and_the_context(opened: Visit) -> None:
    page = opened.page
    page.locator("#metric-band .dlviz-tools button", has_text="Explore").click()
    page.wait_for_selector(".dlviz-dialog .scatterlayer .fills path[d]")
    assert page.locator(".dlviz-dialog .legendtext").count() == 1 + 14
    opened.expect_quiet()


def test_names_are_shown_and_do_not_act(opened: Visit) -> None:
    page = opened.page
    wake(page, "metric-evil")
    put_pointer(page, 0.5, "metric-evil")
    assert EVIL in tip(page, "metric-evil")
    page.locator("#metric-evil .dlviz-tools button", has_text="Explore").click()
    page.wait_for_selector(".dlviz-dialog .legendtext")
    assert page.locator(".dlviz-dialog .legendtext").text_content() == EVIL
    assert page.evaluate("window.fired") is None
    page.keyboard.press("Escape")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x: onerror=\"window.fired=1\">')")
    page.wait_for_function("window.fired === 1")  # the control: it would have fired


def test_a_missing_data_file_is_said(visit: Callable[..., Visit], tmp_path: Path) -> None:
    runs = [training_run(0), training_run(1)]
    seen = visit()
    seen.page.goto(write_page(tmp_path, [loss_figure(runs)], runs[:1]))
    wake(seen.page)
    assert "exp/data/run-1.js" in seen.page.locator("[role=status]").inner_text()
    assert state(seen.page)["lines"] == 2


def test_two_fingers_zoom_and_one_reads(visit: Callable[..., Visit], address: str) -> None:
    seen = visit(width=390, height=800, has_touch=True)
    page = seen.page
    page.goto(address)
    page.locator("#metric-loss .dlviz-plot").scroll_into_view_if_needed()
    box = page.locator("#metric-loss .dlviz-svg").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.touchscreen.tap(box["x"] + box["width"] / 2, middle)
    page.wait_for_selector("#metric-loss.dlviz-live")
    session = page.context.new_cdp_session(page)
    for kind, left, right in (("touchStart", 0.4, 0.6), ("touchMove", 0.3, 0.7), ("touchMove", 0.2, 0.8)):
        points = [{"x": box["x"] + share * box["width"], "y": middle, "id": i} for i, share in enumerate((left, right))]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        frames(page)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    low, high = state(page)["range"]
    assert (low + high) / 2 == pytest.approx(4995, rel=0.05)
    assert high - low == pytest.approx(9990 / 3, rel=0.1)
    seen.expect_quiet()


def test_print_shows_the_chart_and_no_tools(opened: Visit) -> None:
    page = opened.page
    wake(page)
    page.emulate_media(media="print")
    assert page.locator("#metric-loss .dlviz-svg").is_visible()
    assert not page.locator("#metric-loss .dlviz-tools").is_visible()
