"""Tracks as finished pictures, steps as scripts, and what the page is told."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlviz_docs.charts.player import Files, player_context
from dlviz_docs.charts.player_data import data_key, lightened, play_script
from dlviz_docs.charts.player_lanes import Lane, lanes, span_of
from dlviz_docs.compose.templating import render
from dlviz_docs.model import FloatArray
from dlviz_docs.renderers.episodes.player import players
from dlviz_docs.view import Figure, Moment, Play, Player, Reel, Trace, Track
from tests.made_episodes import made_up

NOWHERE = Files("exp", "", {}, {}, {})


def player(steps: int = 40) -> Player:
    (figure,) = players([made_up(steps, frames=3)])
    assert isinstance(figure, Figure)
    assert isinstance(figure.spec, Player)
    return figure.spec


def one(kind: Any, values: dict[str, Any], **told: Any) -> Lane:
    arrays = {name: np.asarray(value, np.float64) for name, value in values.items()}
    traces = tuple(Trace(name, name, i, ends=told.get("ends")) for i, name in enumerate(values))
    track = Track("it", kind, traces, labels=told.get("labels", ()), own_scale="ends" in told)
    play = Play("0", "", len(next(iter(arrays.values()))), values=arrays)
    (lane,) = lanes(Player((play,), (track,)), play)
    return lane


def paths(lane: Lane) -> list[str]:
    return [str(node.get("d")) for node in ElementTree.fromstring(str(lane.svg)) if node.get("class") != "dlviz-zero"]


# --- lanes ---


def test_bars_stand_on_each_other_and_below_zero_apart() -> None:
    lane = one("bar", {"a": [1, 2], "b": [1, 0], "c": [-2, 0]})
    assert (lane.low, lane.high) == ("−2", "2")
    top, middle, bottom, half = 40, 500, 960, 270
    a, b, c = paths(lane)
    assert a == f"M0 {middle}V{half}H500V{middle}zM500 {middle}V{top}H1000V{middle}z"
    assert b == f"M0 {half}V{top}H500V{half}z"
    assert c == f"M0 {middle}V{bottom}H500V{middle}z"


def test_shares_fill_the_height() -> None:
    first, second = paths(one("share", {"a": [0.25, 0.5], "b": [0.75, 0.5]}))
    assert first == "M0 750V750H500V500H1000V1000H500V1000H0z"
    assert second == "M0 0V0H500V0H1000V500H500V750H0z"


def test_a_choice_is_a_ribbon_of_stretches() -> None:
    lane = one("choice", {"action": [0, 0, 1, 0]}, labels=("left", "right"))
    assert paths(lane) == ["M0 0H500V500H0zM750 0H1000V500H750z", "M500 500H750V1000H500z"]
    assert [swatch.label for swatch in lane.swatches] == ["left", "right"]
    assert lane.high == ""


def test_lines_go_through_the_middle_of_steps_and_stop_where_nothing_is() -> None:
    assert paths(one("line", {"a": [0, 1, np.nan, 1, 0]})) == ["M100 960l200-920M700 40l200 920"]
    assert paths(one("line", {"a": [0, 5]}, ends=(0.0, 10.0))) == ["M250 960l500-460"]


@pytest.mark.parametrize("kind", ["line", "bar", "share", "choice"])
def test_long_episodes_are_thinned_to_what_can_be_seen(kind: str) -> None:
    rng = np.random.default_rng(0)
    values = rng.random(30_000)
    values[12_345] = 40
    lane = one(
        kind, {"a": values if kind != "choice" else np.repeat(rng.integers(0, 3, 300), 100)}, labels=("x", "y", "z")
    )
    assert len(lane.svg) < 25_000
    if kind in ("line", "bar"):
        assert lane.high == "40"
        assert re.search(r"[ V]4\d\b|-9\d\d\b", str(lane.svg)), "the peak is lost"


ODD = st.sampled_from([0.0, 1.0, -2.5, 1e300, 1.7e308, -1.7e308, 5e-324, np.nan, np.inf, -np.inf])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["line", "bar", "share", "choice"]), st.lists(st.tuples(ODD, ODD), min_size=1, max_size=8))
def test_any_numbers_are_drawn(kind: str, rows: list[tuple[float, float]]) -> None:
    a, b = np.array(rows).T
    lane = one(kind, {"a": a, "b": b}, labels=("x", "y"))
    assert not re.search(r"nan|inf", " ".join(paths(lane)))


def test_a_scale_of_no_length_has_its_curve_in_the_middle() -> None:
    assert paths(one("line", {"a": [0, 5e-324]}, ends=(0.0, 5e-324))) == ["M250 500l500 0"]


def test_ends_of_axes() -> None:
    def ends(kind: Any, *values: FloatArray) -> tuple[float, float]:
        return span_of(Track("", kind, ()), {str(i): np.asarray(one, float) for i, one in enumerate(values)})

    assert ends("share", np.array([0.2])) == (0, 1)
    assert ends("line", np.array([3.0, 3.0])) == (2.5, 3.5)
    assert ends("line", np.array([np.nan])) == (0, 1)
    assert ends("bar", np.array([0.0, 0.0])) == (0, 1)
    assert ends("bar", np.array([2.0, -1.0]), np.array([1.0, -3.0])) == (-4, 3)


# --- scripts ---


def decode(code: Any) -> FloatArray:
    """As plotmarks.js has it."""
    if isinstance(code, list):
        return np.array([np.nan if v is None else v for v in code], float)
    if "n" in code:
        return np.asarray(code["x0"] + code["dx"] * np.arange(code["n"]))
    raw = base64.b64decode(code.get("i") or code.get("f4") or code["q"])
    if "u" in code:
        return np.array([np.nan if code["u"][i] is None else code["u"][i] for i in raw], float)
    if "f4" in code:
        return np.frombuffer(raw, "<f4").astype(float)
    places = np.frombuffer(raw, "<u2").astype(float)
    values = code["low"] + (code["high"] - code["low"]) / 65_534 * places
    return np.asarray(np.where(places == 65_535, np.nan, values))


def read(script: bytes) -> tuple[str, Any]:
    found = re.fullmatch(r'dlviz\.put\((".*?"),(\{.*\})\);\n', script.decode())
    assert found
    return json.loads(found[1]), json.loads(found[2])


def test_a_script_has_every_step() -> None:
    spec = player(1000)
    play = spec.plays[0]
    key, told = read(play_script(data_key("exp", "player", play.key), spec, play))
    assert key == "exp/player/0"
    assert told["n"] == 1000
    for track in spec.tracks:
        for trace in track.traces:
            values = play.values[trace.name]
            step = (values.max() - values.min()) / 65_534
            np.testing.assert_allclose(decode(told["traces"][trace.name]), values, atol=max(step, 1e-9))
    assert [told["moments"][i][0] for i in range(len(play.moments))] == [moment.step for moment in play.moments]
    assert decode(told["pictured"]).tolist() == [0, 500, 999]
    assert play.state is not None
    for name, column in zip(told["state"], play.state.T, strict=True):
        found = decode(told["traces"][name] if isinstance(name, str) else name)
        np.testing.assert_allclose(found, column, atol=np.ptp(column) / 65_000)


def test_a_thousand_steps_of_everything_take_some_hundred_kilobytes() -> None:
    spec = player(1000)
    assert len(play_script("k", spec, spec.plays[0])) < 110_000


def test_the_page_holds_the_steps_of_the_first_alone() -> None:
    spec = player()
    both = replace(spec, plays=(spec.plays[0], replace(spec.plays[0], key="1")))
    light = lightened(both)
    assert light.plays[0] is both.plays[0]
    assert (light.plays[1].values, light.plays[1].state, light.plays[1].moments) == ({}, None, ())


# --- the page ---

HOSTILE = "</script><img src=x onerror=alert(1)>\u202e\"'&"


def test_the_page_without_a_script_tells_the_first_episode() -> None:
    spec = player()
    figure = Figure("player", "Episodes", "To play.", spec)
    page = str(render("figures/player.html.j2", **player_context(figure, NOWHERE)))
    assert page.count('class="dlviz-track"') == len(spec.tracks) == page.count("<svg")
    for moment in spec.plays[0].moments:
        assert moment.text.replace("'", "&#39;") in page
    assert len(page) < 100_000


def test_files_are_named_where_there_are_any() -> None:
    spec = player()
    reel = Reel(("exp/pictures/a.webp",), 96, 96, 3, 9, 3)
    files = Files("exp", "../../", {"0": "exp/data/x.js"}, {spec.plays[0].reel: reel}, {})
    told = json.loads(str(player_context(Figure("player", "", "", spec), files)["spec"]))
    assert told["key"] + told["plays"]["key"][0] == "exp/player/0"
    assert told["root"] + told["plays"]["data"][0] == "../../exp/data/x.js"
    assert told["plays"]["reels"] == [[["exp/pictures/a.webp"], 96, 96, 3, 9, 3]]
    bare = json.loads(str(player_context(Figure("player", "", "", spec), NOWHERE)["spec"]))["plays"]
    assert (bare["reels"], bare["data"], bare["film"]) == ([None], [""], [""])


def test_many_plays_take_little_of_the_page() -> None:
    one = player().plays[0]
    plays = tuple(
        replace(one, key=f"seed-0-{i // 20}-steps/{i}", recording=f"seed 0, {i // 20},000 steps", run="runs/seed-0")
        for i in range(240)
    )
    files = Files("exp", "", {play.key: f"exp/data/{abs(hash(play.key)):032x}.js" for play in plays}, {}, {})
    spec = str(player_context(Figure("player", "", "", lightened(Player(plays, ()))), files)["spec"])
    assert len(spec.replace('"', "&#34;")) < 30_000


def test_hostile_names_are_text() -> None:
    play = replace(
        player().plays[0], key=HOSTILE, title=HOSTILE, recording=HOSTILE, facts=((HOSTILE, HOSTILE),),
        moments=(Moment(1, HOSTILE, HOSTILE),),
    )  # fmt: skip
    tracks = tuple(replace(t, traces=tuple(replace(one, label=HOSTILE) for one in t.traces)) for t in player().tracks)
    spec = Player((play,), tracks, actions=(HOSTILE,), notes=(HOSTILE,))
    page = str(render("figures/player.html.j2", **player_context(Figure("player", HOSTILE, HOSTILE, spec), NOWHERE)))
    assert "<img" not in page
    assert "\u202e" not in page
    assert page.count("<script") == 0
    script = play_script("k", spec, play).decode()
    assert "<" not in script
    assert "\u202e" not in json.loads(script[len('dlviz.put("k",') : -3])["moments"][0][2]


def test_no_plays_are_no_error() -> None:
    spec = Player((), ())
    page = str(render("figures/player.html.j2", **player_context(Figure("player", "Episodes", "", spec), NOWHERE)))
    assert "dlviz-player" in page
    with pytest.raises(TypeError, match="not a player"):
        player_context(Figure("x", "", "", None), NOWHERE)  # type: ignore[arg-type]
