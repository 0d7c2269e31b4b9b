"""Episodes with our scripts: played, stepped, dragged, compared, linked to; by keys, by touch, and without a script."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dlviz_docs.model.episodes import Episode, Frames, Recording, Video
from tests.browser.player_page import write
from tests.browser.test_examples_site import CONTRAST, NAMES, SPREADS
from tests.made_episodes import cartpole, lake, made_up, pendulum
from tests.made_films import webm

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

STEP = "+document.querySelector('.dlviz-seek').value"
CURSORS = """[...document.querySelectorAll(".dlviz-tracks")].map((node) => {
  const { left, width } = node.getBoundingClientRect();
  return (node.querySelector(".dlviz-cursor-line").getBoundingClientRect().left + 1 - left) / width;
})"""


def open_page(tab: Visit, address: str) -> Page:
    tab.page.goto(address)
    wait_live(tab.page)
    return tab.page


def wait_live(page: Page) -> None:
    page.wait_for_function("[...document.querySelectorAll('.dlviz-player')].every((one) => one.matches('.dlviz-live'))")


def step(page: Page) -> int:
    return int(page.evaluate(STEP))


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def focus(page: Page) -> None:
    page.locator(".dlviz-seek").focus()


def pole() -> list[Recording]:
    return [cartpole("early", 0.15, 2000), cartpole("late", 1.5, 20000)]


def value(page: Page, track: str, nth: int = 0) -> str:
    head = page.locator(".dlviz-deck").first.locator(".dlviz-track-head", has=page.locator("b", has_text=track))
    return head.locator("output").nth(nth).inner_text()


# --- playing ---


def test_it_plays_to_the_end_and_stops(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    page = open_page(tab, write(tmp_path, [made_up(60)]))
    page.get_by_label("speed", exact=True).select_option("120")
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function(f"{STEP} === 59")
    page.get_by_role("button", name="Play", exact=True).wait_for()
    assert page.locator(".dlviz-clock").inner_text() == "59 of 59"
    page.get_by_label("Begin again at the end").click()
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function(f"{STEP} > 30")
    page.wait_for_function(f"{STEP} < 30")
    page.get_by_role("button", name="Pause", exact=True).click()
    assert page.locator(".dlviz-playing").count() == 0
    tab.expect_quiet()


def test_by_keys_alone(visit: Callable[..., Visit], tmp_path: Path) -> None:
    """From the top of the page by Tab, to every step, every moment, and into the list of all episodes."""
    tab = visit()
    recording = made_up(60)
    page = open_page(tab, write(tmp_path, [recording]))
    moments = page.locator(".dlviz-moments li b")
    steps = [int(text) for text in moments.all_inner_texts()]
    for _ in range(20):
        press(page, "Tab")
        if page.evaluate("document.activeElement.matches('.dlviz-seek')"):
            break
    else:
        raise AssertionError("no way to the cursor")
    press(page, "ArrowRight", "ArrowRight", "ArrowLeft")
    assert step(page) == 1
    press(page, "Shift+ArrowRight")
    assert step(page) == 11
    press(page, "End")
    assert step(page) == 59
    press(page, "Home", "]")
    assert step(page) == min(one for one in steps if one > 0)
    press(page, "End", "[")
    assert step(page) == max(one for one in steps if one < 59)
    press(page, "Space")
    assert page.locator(".dlviz-playing").count() == 1
    press(page, "Space")
    assert page.locator(".dlviz-playing").count() == 0
    press(page, "+")
    assert page.get_by_label("steps at once").input_value() == "30"
    press(page, "-")
    assert page.get_by_label("steps at once").input_value() == "all"
    # A button takes Space for itself, and leaves the arrows to the cursor.
    page.get_by_role("button", name="Help: keys").focus()
    press(page, "Space", "Home", "ArrowRight")
    assert page.locator(".dlviz-keys").is_visible()
    assert step(page) == 1
    moments.nth(2).locator("xpath=..").focus()
    press(page, "Enter")
    assert step(page) == steps[2]
    tab.expect_quiet()


def test_keys_of_others_are_left_alone(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    page = open_page(tab, write(tmp_path, pole()))
    page.get_by_label("episode", exact=True).focus()
    before = page.get_by_label("episode", exact=True).input_value()
    press(page, "ArrowDown")
    page.wait_for_function(f"document.querySelector('[aria-label=episode]').value !== '{before}'")
    assert step(page) == 0
    focus(page)
    press(page, "Control+ArrowRight")
    page.evaluate("document.activeElement.blur()")
    press(page, "End")
    assert step(page) <= 1


def test_one_cursor_and_all_that_is_under_it(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    recording = made_up(50)
    page = open_page(tab, write(tmp_path, [recording]))
    focus(page)
    press(page, *["ArrowRight"] * 7)
    episode = recording.episodes[0]
    assert episode.probabilities is not None
    assert episode.values is not None
    action = np.asarray(episode.actions)[7]
    assert value(page, "Action") == "abcd"[action]
    shown = [float(value(page, "Action probabilities", i)) for i in range(4)]
    np.testing.assert_allclose(shown, episode.probabilities[7], rtol=2e-3, atol=1e-4)
    assert float(value(page, "Expected")) == pytest.approx(episode.values[7], rel=2e-3)
    assert page.evaluate(CURSORS) == [pytest.approx(7.5 / 50, abs=0.003)]
    told = page.locator(".dlviz-seek").get_attribute("aria-valuetext")
    assert told is not None
    assert told.startswith("step 7, ")
    assert f"Action {'abcd'[action]}" in told
    tab.expect_quiet()


def test_a_drag_scrubs(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    page = open_page(tab, write(tmp_path, [made_up(100)]))
    box = page.locator(".dlviz-lane").nth(2).bounding_box()
    assert box is not None
    left, width, y = box["x"], box["width"], box["y"] + 20
    page.mouse.move(left + 0.2 * width, y)
    page.mouse.down()
    assert step(page) == pytest.approx(20, abs=1)
    page.mouse.move(left + 0.605 * width, y)
    assert step(page) == pytest.approx(60, abs=1)
    page.mouse.move(left + 3 * width, y)
    assert step(page) == 99
    page.mouse.up()
    page.mouse.move(left + 0.3 * width, y)
    assert step(page) == 99
    tab.expect_quiet()


def test_fewer_steps_at_once_are_drawn_larger_and_follow(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    page = open_page(tab, write(tmp_path, [made_up(400)]))
    view = page.locator(".dlviz-lane svg").first
    assert view.get_attribute("viewBox") == "0 0 400 1000"
    page.get_by_label("steps at once").select_option("30")
    assert view.get_attribute("viewBox") == "0 0 30 1000"
    focus(page)
    press(page, "End")
    assert view.get_attribute("viewBox") == "370 0 30 1000"
    assert page.evaluate(CURSORS) == [pytest.approx(29.5 / 30, abs=0.005)]
    tab.expect_quiet()


# --- moments, examples, addresses ---


def test_a_click_on_a_moment_goes_there(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    page = open_page(tab, write(tmp_path, [made_up(300)]))
    moment = page.locator(".dlviz-moments button", has_text="mostly bonus")
    moment.click()
    assert step(page) == 150
    assert page.locator(".dlviz-now").inner_text() in page.locator(".dlviz-moments [aria-current]").last.inner_text()
    assert page.locator(".dlviz-rail i").count() == page.locator(".dlviz-moments li").count()
    tab.expect_quiet()


def test_examples_and_the_list(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    page = open_page(tab, write(tmp_path, pole()))
    name = page.locator(".dlviz-deck .dlviz-name")
    assert name.inner_text().startswith("late · ")
    page.get_by_label("recording", exact=True).select_option(label="early")
    page.wait_for_function("document.querySelector('.dlviz-name').textContent.startsWith('early')")
    assert page.get_by_role("button", name="median", exact=True).get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="worst", exact=True).click()
    page.wait_for_function("document.querySelector('.dlviz-which-one [aria-pressed=true]').textContent === 'worst'")
    totals = [one.total for one in pole()[0].episodes]
    assert f"return {min(totals):.0f}" in " ".join(page.locator(".dlviz-look dl").inner_text().split())
    page.locator(".dlviz-listed summary").click()
    rows = page.locator(".dlviz-listed tbody tr")
    assert rows.count() == 12
    page.locator(".dlviz-listed thead").get_by_role("button", name="return").click()
    returns = [float(text) for text in page.locator(".dlviz-listed tbody td:nth-child(2)").all_inner_texts()]
    assert returns == sorted(returns, reverse=True)
    rows.get_by_role("button", name="late · episode 2").click()
    page.wait_for_function("document.querySelector('.dlviz-name').textContent === 'late · episode 2'")
    assert page.locator(".dlviz-listed [aria-current]").inner_text().startswith("late · episode 2")
    tab.expect_quiet()


def test_an_address_leads_to_a_step(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    address = write(tmp_path, [made_up(40)])
    page = open_page(tab, f"{address}#player?ep=0&t=23")
    assert step(page) == 23
    focus(page)
    press(page, "ArrowRight")
    page.wait_for_function("location.hash === '#player?ep=0&t=24'")
    page.evaluate("location.hash = '#player?ep=0&t=5'")
    page.wait_for_function(f"{STEP} === 5")
    for odd in ("ep=nothing&t=1e9", "ep=0&t=x&with=none", "t=-4"):
        page.goto("about:blank")
        open_page(tab, f"{address}#player?{odd}")
    tab.expect_quiet()


def test_two_episodes_under_one_cursor(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    address = write(tmp_path, pole())
    page = open_page(tab, address)
    page.get_by_role("button", name="Compare").click()
    page.wait_for_function("document.querySelectorAll('.dlviz-deck').length === 2")
    page.wait_for_function("document.querySelectorAll('.dlviz-name')[1].textContent.startsWith('early')")
    focus(page)
    press(page, *["ArrowRight"] * 4)
    one, other = page.evaluate(CURSORS)
    assert one == pytest.approx(other, abs=0.003)
    highs = page.locator(".dlviz-deck").nth(0).locator(".dlviz-high").all_inner_texts()
    assert page.locator(".dlviz-deck").nth(1).locator(".dlviz-high").all_inner_texts() == highs
    press(page, "End")
    assert page.locator(".dlviz-deck.dlviz-over").count() == 1
    page.wait_for_function("location.hash.includes('&with=')")
    link = page.url
    page.goto("about:blank")
    page = open_page(tab, link)
    assert page.locator(".dlviz-deck").count() == 2
    assert step(page) == max(map(len, pole()[1].episodes)) - 1
    page.get_by_role("button", name="Compare").click()
    assert page.locator(".dlviz-deck").count() == 1
    tab.expect_quiet()


def test_an_agent_is_compared_with_itself_when_it_was_younger(visit: Callable[..., Visit], tmp_path: Path) -> None:
    told = [replace(cartpole(f"{run} {step}", 0.5, step, seeds=[0]), run=run) for run in "ab" for step in (1, 9)]
    told[-1] = replace(told[-1], step=10.0)
    tab = visit()
    page = open_page(tab, write(tmp_path, told))
    page.get_by_role("button", name="Compare").click()
    page.wait_for_function("document.querySelectorAll('.dlviz-name').length === 2")
    page.wait_for_function("document.querySelectorAll('.dlviz-name')[1].textContent !== ''")
    names = page.locator(".dlviz-name").all_inner_texts()
    assert names == ["b 9 · episode 0", "b 1 · episode 0"]


def test_highlights_are_played_one_after_the_other(visit: Callable[..., Visit], tmp_path: Path) -> None:
    values = np.zeros((60, 2))
    values[20] = 9, 0
    one = Episode("0", np.ones(60), np.zeros(60, int), action_values=values)
    told = Recording("", "a", "a", (one, replace(one, name="1")), actions=("stay", "go"))
    tab = visit()
    page = open_page(tab, write(tmp_path, [told]))
    page.get_by_label("speed", exact=True).select_option("60")
    page.get_by_role("button", name="Highlights").click()
    page.wait_for_function("document.querySelector('.dlviz-name').textContent === 'a · episode 1'")
    page.wait_for_function("!document.querySelector('.dlviz-playing')")
    assert 20 <= step(page) <= 28
    tab.expect_quiet()


# --- what is seen ---


def colours(steps: int) -> Recording:
    """Each step's picture has one colour, which tells the step."""
    pixels = np.zeros((steps, 16, 16, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = (
        ((np.arange(steps) % 16) * 16)[:, None, None],
        (np.arange(steps) // 16 * 16)[:, None, None],
    )
    frames = Frames(np.arange(steps), pixels)
    return Recording("", "a", "a", (Episode("0", np.ones(steps), frames=frames),))


def test_the_picture_is_that_of_the_step(
    visit: Callable[..., Visit], serve: Callable[[Path], str], tmp_path: Path
) -> None:
    """Over http, where a script may read pixels back."""
    tab = visit()
    write(tmp_path, [colours(250)])
    page = open_page(tab, f"{serve(tmp_path)}index.html")
    focus(page)
    for at in (0, 1, 99, 100, 249, 7):
        page.evaluate(f"location.hash = '#player?ep=0&t={at}'")
        page.wait_for_function(f"{STEP} === {at}")
        told = """() => { const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
          pen.drawImage(document.querySelector(".dlviz-stage canvas"), 0, 0);
          const [r, g] = pen.getImageData(8, 8, 1, 1).data;
          return Math.round(g / 16) * 16 + Math.round(r / 16); }"""
        page.wait_for_function(f"({told})() === {at}")
    tab.expect_quiet()


def test_pictures_are_shown_from_disk(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    page = open_page(tab, write(tmp_path, [made_up(30, frames=30)]))
    assert page.get_by_role("button", name="pictures").get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="drawn").click()
    assert page.locator(".dlviz-stage canvas").get_attribute("aria-label") == "state of this step, drawn"
    tab.expect_quiet()


@pytest.mark.parametrize("recording", [pole()[1], lake(), pendulum(seeds=[0])], ids=["pole", "lake", "pendulum"])
def test_states_are_drawn_anew_with_every_step(
    recording: Recording, visit: Callable[..., Visit], tmp_path: Path
) -> None:
    tab = visit()
    page = open_page(tab, write(tmp_path, [recording]))
    canvas = page.locator(".dlviz-stage canvas")
    page.wait_for_function("document.querySelector('.dlviz-stage canvas').width > 200")
    seen = {canvas.evaluate("node => node.toDataURL()")}
    focus(page)
    for _ in range(3):
        press(page, "ArrowRight")
        seen.add(canvas.evaluate("node => node.toDataURL()"))
    assert len(seen) == 4
    before = canvas.evaluate("node => node.toDataURL()")
    page.evaluate("document.body.dataset.mdColorScheme = 'slate'")
    page.wait_for_function("(old) => document.querySelector('.dlviz-stage canvas').toDataURL() !== old", arg=before)
    tab.expect_quiet()


def film(steps: int, rate: int) -> bytes:
    return webm([np.full((32, 48, 3), 4 * i % 256, np.uint8) for i in range(steps)], rate)


def test_a_film_with_a_picture_a_step_follows_the_cursor(visit: Callable[..., Visit], tmp_path: Path) -> None:
    told = replace(made_up(50), videos=(Video("v/own.webm", 1, episode=0), Video("v/other.webm", 1)))
    tab = visit()
    page = open_page(tab, write(tmp_path, [told], films={"v/own.webm": film(51, 25), "v/other.webm": film(20, 10)}))
    page.wait_for_function("document.querySelector('video')?.readyState >= 1")
    focus(page)
    press(page, *["ArrowRight"] * 6)
    page.wait_for_function("Math.floor(document.querySelector('video').currentTime * 25) === 6")
    assert page.locator("video").evaluate("node => node.controls") is False
    page.get_by_label("episode", exact=True).select_option(label="other.webm")
    page.wait_for_function(
        "document.querySelector('video')?.controls && document.querySelector('video').readyState >= 1"
    )
    assert page.locator(".dlviz-transport").is_hidden()
    assert page.locator(".dlviz-tracks").first.is_hidden()
    tab.expect_quiet()


def test_a_film_of_another_length_keeps_its_own_controls(visit: Callable[..., Visit], tmp_path: Path) -> None:
    told = replace(made_up(50), videos=(Video("v/own.webm", 1, episode=0),))
    tab = visit()
    page = open_page(tab, write(tmp_path, [told], films={"v/own.webm": film(33, 25)}))
    page.wait_for_function("document.querySelector('video')?.controls")
    assert "not tied to the cursor" in page.locator(".dlviz-look .dlviz-note").inner_text()
    tab.expect_quiet()


# --- everybody's page ---


@pytest.mark.parametrize(("scheme", "width"), [("default", 1440), ("slate", 390), ("slate", 1440), ("default", 390)])
def test_it_can_be_read_and_fits(scheme: str, width: int, visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit(width=width, reduced_motion="reduce")
    page = open_page(tab, write(tmp_path, pole(), [lake()], [made_up(120, frames=20)], scheme=scheme))
    page.locator(".dlviz-player").first.get_by_role("button", name="Help: keys").click()
    for compared in (False, True):
        if compared:
            page.locator(".dlviz-player").first.get_by_role("button", name="Compare").click()
            page.wait_for_function("document.querySelectorAll('.dlviz-deck').length === 4")
        assert page.evaluate(NAMES) == []
        seen, faint = page.evaluate(CONTRAST)
        assert faint == []
        assert seen > 60
        assert page.evaluate(SPREADS) <= 0
    tab.expect_quiet()


@pytest.mark.parametrize("paper", [False, True])
def test_without_a_script_and_on_paper(paper: bool, visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit(width=794, **({} if paper else {"java_script_enabled": False}))
    if paper:
        tab.page.emulate_media(media="print")
    tab.page.goto(write(tmp_path, pole()))
    page = tab.page
    if paper:
        wait_live(page)
        assert page.locator("button:visible:not(.dlviz-moments button):not(.dlviz-listed button)").count() == 0
        assert page.locator("select:visible, input:visible").count() == 0
    else:
        assert page.locator("button").count() == 0
        assert page.evaluate(NAMES) == []
    assert page.locator(".dlviz-track svg").first.is_visible()
    assert page.locator(".dlviz-moments li").last.is_visible()
    assert "The episode ends" in page.locator(".dlviz-moments").inner_text()
    assert page.evaluate(SPREADS) <= 0
    tab.expect_quiet()


def test_the_first_picture_is_the_one_the_script_draws(visit: Callable[..., Visit], tmp_path: Path) -> None:
    """The page's own tracks and the live ones have the same titles, ends and colours, in the same places."""
    shape = """[...document.querySelectorAll(".dlviz-track")].map((node) => [node.querySelector("b").textContent,
      node.querySelector(".dlviz-high")?.textContent, node.querySelector(".dlviz-low")?.textContent,
      [...node.querySelectorAll("path")].map((one) => [one.getAttribute("class"), ...Object.values(one.getBBox())
        .map((v, i) => Math.round((v / one.ownerSVGElement.viewBox.baseVal[i % 2 ? "height" : "width"]) * 40))])])"""
    address = write(tmp_path, [made_up(200)])
    tab = visit()
    tab.page.route("**/player*.js", lambda route: route.abort())
    tab.page.goto(address)
    plain = tab.page.evaluate(shape)
    live = open_page(visit(), address).evaluate(shape)
    assert len(plain) == 10
    for one, other in zip(plain, live, strict=True):
        assert one[:3] == other[:3]
        assert [path[0] for path in one[3]] == [path[0] for path in other[3]]
        np.testing.assert_allclose([p[1:] for p in one[3]], [p[1:] for p in other[3]], atol=1)


def test_who_wants_no_motion_has_it_slow(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit(reduced_motion="reduce")
    page = open_page(tab, write(tmp_path, [made_up(1000)]))
    assert page.get_by_label("speed", exact=True).input_value() == "2"
    assert step(page) == 0
    page = open_page(visit(), page.url)
    assert page.get_by_label("speed", exact=True).input_value() == "30"


def test_a_finger_scrubs_and_scrolls(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit(width=390, height=800, has_touch=True)
    page = open_page(tab, write(tmp_path, [made_up(100)]))
    lane = page.locator(".dlviz-lane").nth(1)
    lane.scroll_into_view_if_needed()
    box = lane.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + 20)
    assert step(page) == pytest.approx(50, abs=1)
    tracks = page.locator(".dlviz-tracks")
    assert tracks.evaluate("node => getComputedStyle(node).touchAction") == "pan-y pinch-zoom"
    small = page.evaluate(
        """[...document.querySelectorAll(".dlviz-player button, .dlviz-player select")]
        .filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect())
        .filter(({ width, height }) => width < 24 || height < 24).length"""
    )
    assert small == 0
    tab.expect_quiet()


def test_steps_that_are_gone_are_told(visit: Callable[..., Visit], tmp_path: Path) -> None:
    tab = visit()
    address = write(tmp_path, pole())
    for path in tmp_path.glob("exp/player-*.js"):
        path.unlink()
    page = open_page(tab, address)
    assert "could not be loaded" in page.locator(".dlviz-look .dlviz-note").inner_text()
    assert re.match(r"late · episode \d", page.locator(".dlviz-name").inner_text())
    assert tab.external == []


def test_hostile_names_do_nothing(visit: Callable[..., Visit], tmp_path: Path) -> None:
    hostile = "<img src=x onerror='window.acted=1'>"
    one = made_up(20).episodes[0]
    terms: dict[str, Any] = {f"{hostile}{name}": values for name, values in one.terms.items()}
    told = replace(
        made_up(20),
        name=hostile,
        environment=hostile,
        actions=tuple(f"{hostile}{i}" for i in range(4)),
        observations=tuple(f"{hostile}{i}" for i in range(12)),
        episodes=(replace(one, name=hostile, terms=terms), replace(one, name=f"{hostile}2", terms=terms)),
    )
    tab = visit()
    page = open_page(tab, write(tmp_path, [told]))
    page.get_by_role("button", name="Compare").click()
    page.wait_for_function("document.querySelectorAll('.dlviz-deck').length === 2")
    focus(page)
    press(page, "End")
    page.wait_for_function("location.hash.includes('t=19')")
    assert page.evaluate("window.acted") is None
    assert page.locator("#player img").count() == 0
    page.reload()
    wait_live(page)
    assert step(page) == 19
    tab.expect_quiet()
