"""Rectangles in rectangles."""

from __future__ import annotations

import base64
import json
import math
import re
import zlib
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.charts.squarify import OWN, Part, parts, squarified
from dlviz_docs.charts.treemap import treemap_context
from dlviz_docs.compose.templating import render
from dlviz_docs.view import Figure, Tile, Treemap

TILES = (
    Tile(("layer4", "0", "conv1"), 60, "convolution", "60 parameters", "#m=layer4.0.conv1"),
    Tile(("layer4", "0", "bn1"), 4, "normalisation"),
    Tile(("layer4", "1", "conv1"), 16, "convolution"),
    Tile(("layer1", "0", "conv1"), 10, "convolution"),
    Tile(("fc",), 10, "linear", href="../fc.html"),
)
values = st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=40).map(lambda found: sorted(found, reverse=True))


def page(*views: tuple[str, tuple[Tile, ...]]) -> str:
    figure = Figure("map", "Where the parameters are", "Most are late.", Treemap(views))
    return str(render("figures/treemap.html.j2", **treemap_context(figure, root="../")))


def data(*views: tuple[str, tuple[Tile, ...]]) -> dict[str, Any]:
    packed = treemap_context(Figure("map", "M", "", Treemap(views)), root="")["data"]
    found: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(str(packed))))
    return found


@given(values)
def test_areas_are_in_proportion_and_fill_the_whole(found: list[float]) -> None:
    rects = squarified(found, (10.0, 20.0, 300.0, 200.0))
    total = sum(found)
    for value, (left, top, width, height) in zip(found, rects, strict=True):
        assert width * height == pytest.approx(60_000 * value / total, rel=1e-6, abs=1e-6)
        assert left >= 10 - 1e-6
        assert top >= 20 - 1e-6
        assert left + width <= 310 + 1e-6
        assert top + height <= 220 + 1e-6
    for (x, y, w, h), (u, v, s, t) in combinations(rects, 2):
        shared = max(0.0, min(x + w, u + s) - max(x, u)) * max(0.0, min(y + h, v + t) - max(y, v))
        assert shared < 1e-3


def test_the_example_of_the_paper() -> None:
    rects = squarified([6, 6, 4, 3, 2, 2, 1], (0, 0, 6, 4))
    assert rects[0] == pytest.approx((0, 0, 3, 2))
    assert rects[1] == pytest.approx((0, 2, 3, 2))
    assert max(max(w / h, h / w) for *_, w, h in rects) < 3


def test_parts_lie_in_their_part() -> None:
    found = parts(TILES, 100, 60)
    assert [part.name for part in found if part.depth == 1] == ["layer4", "layer1", "fc"]
    for part in found[1:]:
        (left, top, width, height), above = part.rect, found[part.parent].rect
        assert above[0] - 1e-9 <= left
        assert left + width <= above[0] + above[2] + 1e-9
        assert above[1] - 1e-9 <= top
        assert top + height <= above[1] + above[3] + 1e-9
    assert sum(area(part) for part in found if part.leaf) == pytest.approx(6000)


def area(part: Part) -> float:
    return part.rect[2] * part.rect[3]


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_what_has_no_size_is_left_out(value: float) -> None:
    assert [part.name for part in parts((Tile(("a",), value), Tile(("b",), 1.0)), 10, 10)] == ["", "b"]
    assert "There is nothing to show." in page(("parameters", (Tile(("a",), value),)))


def test_a_part_has_something_of_its_own_and_a_path_may_repeat() -> None:
    found = parts((Tile(("a",), 1.0), Tile(("a", "b"), 2.0), Tile(("a", "b"), 3.0), Tile((), 4.0)), 10, 10)
    assert found[0].value == 10
    names = [(part.name, part.value) for part in found if part.leaf]
    assert sorted(names) == [(OWN, 1.0), (OWN, 2.0), (OWN, 3.0), (OWN, 4.0)]


def test_thousands_of_tiny_parts_are_one() -> None:
    tiles = (Tile(("big",), 1e12), *(Tile((f"s{i}",), 1.0) for i in range(5000)))
    assert [part.name for part in parts(tiles, 100, 100)] == ["", "big", "5,000 smaller"]


def test_depth_ends_somewhere() -> None:
    found = parts((Tile(tuple("a" * 3000), 1.0),), 10, 10)
    assert max(part.depth for part in found) == 32


def test_the_page_shows_two_levels_a_table_and_links() -> None:
    shown = page(("parameters", TILES), ("multiply-adds", TILES[:2]))
    assert re.findall(r"<b>([^<]+)</b>|<a [^>]*>([^<]+)</a>", shown) == [
        ("layer4", ""), ("0", ""), ("", "conv1"), ("bn1", ""), ("1", ""), ("conv1", ""),
        ("layer1", ""), ("0", ""), ("conv1", ""), ("", "fc"),
    ]  # fmt: skip
    assert 'href="../fc.html"' in shown
    assert "Parameters by part: “layer4” 80 %, “layer1” 10 %, “fc” 10 %." in shown
    assert '<th scope="row">layer4.0</th><td>64</td><td>64 %</td>' in shown
    assert shown.count("data-view=") == 2


def test_names_are_text_and_addresses_are_addresses() -> None:
    evil = '<script>window.fired=1</script>"\u202e'
    tiles = (Tile((evil, evil), 1.0, text=evil, href="javascript:alert(1)"), Tile((evil * 40,), 1.0))
    shown = page((evil, tiles), (evil, tiles))
    assert "<script>" not in shown
    assert "javascript:" not in shown
    assert "\u202e" not in shown
    told = data((evil, tiles))
    assert set(told["views"][0][7]) == {""}


def test_a_share_without_room_is_left_out_not_cut() -> None:
    shown = page(("parameters", (Tile(("wide",), 92.0), Tile(("narrow",), 8.0))))
    assert re.findall(r"<b>(\w+)</b>( <small>[^<]+</small>)?", shown) == [
        ("wide", " <small>92 %</small>"),
        ("narrow", ""),
    ]


def test_a_view_of_nothing_has_no_button() -> None:
    views = [("multiply-adds", ()), ("parameters", TILES), ("bytes", TILES)]
    shown = page(*views)
    assert re.findall(r'data-view="(\d)" aria-pressed="(\w+)">([^<]+)<', shown) == [
        ("0", "true", "parameters"), ("1", "false", "bytes"),
    ]  # fmt: skip
    assert [name for name, *_ in data(*views)["views"]] == ["parameters", "bytes"]


def test_nothing_is_said_to_be_nothing() -> None:
    assert "There is nothing to show." in page()


def test_data_holds_each_view() -> None:
    told = data(("parameters", TILES), ("bytes", TILES[:1]))
    name, names, parents, sizes, families, edges, words, addresses = told["views"][0]
    assert name == "parameters"
    assert names[:3] == ["", "layer4", "0"]
    assert parents[:3] == [-1, 0, 1]
    assert sizes[0] == 100
    assert edges[0] == [0, 0, 10_000, 10_000]
    assert words[names.index("fc")] == "10"
    assert addresses[names.index("fc")] == "../fc.html"
    assert families[0] == -1
