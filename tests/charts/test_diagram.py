"""Diagrams: nesting, scenes with any blocks open, the picture, and what goes to the script."""

from __future__ import annotations

import base64
import json
import re
import zlib
from html.parser import HTMLParser
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlviz_docs.cache import Cache
from dlviz_docs.charts import nesting
from dlviz_docs.charts.diagram import MOST_DRAWN, MOST_LINES, MOST_ROWS, diagram_context
from dlviz_docs.charts.families import ORDER
from dlviz_docs.charts.nesting import DEEP, PORTS, SEVERAL, nested
from dlviz_docs.charts.scene import HEADER, Placed, arranged
from dlviz_docs.compose import compose_experiment
from dlviz_docs.compose.portable import compose_markdown
from dlviz_docs.compose.templating import render
from dlviz_docs.model import Experiment
from dlviz_docs.packing import decode, encode
from dlviz_docs.study.pictures import thumbs
from dlviz_docs.view import Box, Diagram, Figure, Section, Thumb, Tile, Treemap, Wire

HOSTILE = ("<script>window.fired=1</script>", "\"'&<b>", "x" * 1000, "\u202eevil", "مرحبا", "卷积层", "a\nb", "")


def figure(diagram: Diagram) -> Figure:
    return Figure("net", "Layers", "What it computes.", diagram)


def page(diagram: Diagram) -> str:
    return str(
        render("figures/diagram.html.j2", **diagram_context(figure(diagram), lambda t: f"p/{t.key}", root="../"))
    )


def data(diagram: Diagram) -> dict[str, Any]:
    packed = str(diagram_context(figure(diagram), lambda thumb: f"p/{thumb.key}.webp", root="")["data"])
    found: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed)))
    return found


def picture(diagram: Diagram) -> ElementTree.Element:
    found = re.search(r"<svg.*</svg>", page(diagram), re.DOTALL)
    assert found
    return ElementTree.fromstring(found[0])


def residual() -> Diagram:
    """input, then a block of two layers with a shortcut round them, then output."""
    boxes = (
        Box("in", "in", "input", "port"),
        Box("block", "block", "Residual", "block", times=3, summary="3 of them"),
        Box("block.conv", "conv", "Conv2d", "convolution", "block", says="Filters."),
        Box("block.norm", "norm", "BatchNorm2d", "normalisation", "block"),
        Box("block.add", "add", "add", "combination", "block"),
        Box("out", "out", "output", "port"),
    )
    wires = (
        Wire("in", "block.conv", "3 × 8 × 8"),
        Wire("block.conv", "block.norm", "4 × 8 × 8"),
        Wire("block.norm", "block.add", "4 × 8 × 8"),
        Wire("in", "block.add", "3 × 8 × 8", skip=True),
        Wire("block.add", "out", "4 × 8 × 8"),
    )
    return Diagram(boxes, wires, ("block",))


@st.composite
def diagrams(draw: st.DrawFn) -> Diagram:
    count = draw(st.integers(1, 25))
    parents = [draw(st.integers(-1, i - 1)) for i in range(count)]
    leaves = sorted(set(range(count)) - set(parents))
    labels = draw(st.lists(st.text(max_size=12), min_size=count, max_size=count))
    leaf = st.sampled_from(leaves)
    ends = draw(st.lists(st.tuples(leaf, leaf), max_size=30))
    boxes = tuple(
        Box(f"b{i}", label, "Kind", parent=f"b{parent}" if parent >= 0 else "", summary=label if i % 2 else "")
        for i, (label, parent) in enumerate(zip(labels, parents, strict=True))
    )
    opened = draw(st.lists(st.integers(0, count - 1), unique=True))
    return Diagram(boxes, tuple(Wire(f"b{a}", f"b{b}") for a, b in ends), tuple(f"b{i}" for i in opened))


def inside(inner: Placed, outer: Placed) -> bool:
    return (
        outer.x <= inner.x
        and inner.x + inner.width <= outer.x + outer.width
        and outer.y + HEADER <= inner.y
        and inner.y + inner.height <= outer.y + outer.height
    )


def apart(one: Placed, other: Placed) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return beside or one.y + one.height <= other.y or other.y + other.height <= one.y


@settings(deadline=None)
@given(diagrams())
def test_boxes_lie_in_their_blocks_and_apart_from_their_siblings(diagram: Diagram) -> None:
    nest = nested(diagram)
    scene = arranged(nest, nest.opened)
    assert scene == arranged(nested(diagram), nest.opened)
    places = {placed.box: placed for placed in scene.boxes}
    for box, placed in places.items():
        parent = nest.parents[box]
        assert parent < 0 or (places[parent].open and inside(placed, places[parent]))
        assert placed.x >= 0
        assert placed.y >= 0
        assert placed.x + placed.width <= scene.width
        assert placed.y + placed.height <= scene.height
    for one, other in combinations(scene.boxes, 2):
        if nest.parents[one.box] == nest.parents[other.box]:
            assert apart(one, other)


@settings(deadline=None)
@given(diagrams())
def test_every_line_begins_and_ends_at_a_box_or_a_border(diagram: Diagram) -> None:
    nest = nested(diagram)
    scene = arranged(nest, nest.opened)
    places = {placed.box: placed for placed in scene.boxes}
    for line in scene.lines:
        group, up = nest.groups[line.block], line.strand in nest.groups[line.block].layers.upwards
        strand = group.strands[line.strand]
        for node, (x, y), lower in ((strand.start, line.points[0], not up), (strand.end, line.points[-1], up)):
            if node < len(group.children):
                placed = places[group.children[node]]
                assert placed.x <= x <= placed.x + placed.width
                assert y == (placed.y + placed.height if lower else placed.y)
            else:
                frame = places[line.block]
                assert y == (
                    frame.y + HEADER if node - len(group.children) < len(group.inputs) else frame.y + frame.height
                )


@settings(deadline=None)
@given(diagrams())
def test_each_value_is_followed_through_every_block_it_crosses(diagram: Diagram) -> None:
    nest = nested(diagram)
    crossed: dict[int, set[int]] = {block: set() for block in nest.groups}
    for start, end, _, _ in nest.wires:
        around = [ancestors(nest.parents, box) for box in (start, end)]
        if start in around[1] or end in around[0]:
            continue
        common = next(block for block in around[0] if block in around[1])
        for block in (*around[0][: around[0].index(common)], *around[1][: around[1].index(common)], common):
            crossed[block].add(start)
    assert crossed == {
        block: {source for strand in group.strands for source in strand.sources} for block, group in nest.groups.items()
    }
    for line in arranged(nest, ()).lines:
        assert line.values == len(nest.groups[line.block].strands[line.strand].sources)


def ancestors(parents: tuple[int, ...], box: int) -> list[int]:
    found = []
    while box >= 0:
        box = parents[box]
        found.append(box)
    return found


def test_a_value_enters_a_block_by_one_port_and_is_followed_inside() -> None:
    nest = nested(residual())
    block = nest.groups[1]
    assert block.inputs == (0,)
    assert block.outputs == (4,)
    assert [(s.start, s.end) for s in block.strands] == [(0, 1), (1, 2), (2, 4), (3, 0), (3, 2)]
    assert [s.skip for s in block.strands] == [False, False, False, False, True]
    closed = arranged(nest, ())
    assert [line.values for line in closed.lines] == [1, 1]  # one value, though it is used twice inside
    opened = arranged(nest, {1})
    into, first = opened.lines[0], next(line for line in opened.lines if line.block == 1 and line.strand == 3)
    assert into.points[-1][0] == first.points[0][0]


def test_many_values_share_a_port() -> None:
    boxes = (Box("block", "block"), *(Box(f"a{i}", f"a{i}") for i in range(PORTS + 1)), Box("b", "b", parent="block"))
    nest = nested(Diagram(boxes, tuple(Wire(f"a{i}", "b") for i in range(PORTS + 1))))
    assert nest.groups[0].inputs == (SEVERAL,)
    assert [line.values for line in arranged(nest, {0}).lines if line.block == 0] == [PORTS + 1]


def test_a_shape_is_told_where_it_changes() -> None:
    nest = nested(residual())
    told = [strand.label for group in nest.groups.values() for strand in group.strands]
    assert sorted(filter(None, told)) == ["3 × 8 × 8", "4 × 8 × 8"]


def test_what_cannot_be_is_left_out() -> None:
    boxes = (Box("a", "a", parent="nobody"), Box("b", "b", parent="c"), Box("c", "c", parent="b"), Box("a", "again"))
    nest = nested(Diagram(boxes, (Wire("a", "a"), Wire("a", "x"), Wire("a", "c"), Wire("b", "c")), ("a", "nobody")))
    assert [box.label for box in nest.boxes] == ["a", "b", "c"]
    assert nest.parents == (-1, -1, 1)
    assert nest.wires == ((0, 2, "", False), (1, 2, "", False))
    assert nest.opened == frozenset()
    assert len(arranged(nest, {1}).lines) == 2  # a wire from a block to what lies in it has no way


def test_blocks_within_blocks_end_somewhere() -> None:
    boxes = tuple(Box(f"b{i}", "b", parent=f"b{i - 1}" if i else "") for i in range(500))
    nest = nested(Diagram(boxes, (Wire("b499", "b498"),)))
    assert max(len(ancestors(nest.parents, box)) for box in range(500)) == DEEP + 1
    assert len(arranged(nest, range(500)).boxes) == 500


# --- the page -----------------------------------------------------------------------------------------------------


class _Parsed(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def hostile() -> Diagram:
    boxes = tuple(
        Box(f"{i}{name}", name, name, ORDER[i % len(ORDER)], summary=name, says=name, facts=((name, name),), times=2,
            href=f"javascript:{name}")
        for i, name in enumerate(HOSTILE)
    )  # fmt: skip
    wires = tuple(Wire(one.id, other.id, name) for one, other, name in zip(boxes, boxes[1:], HOSTILE, strict=False))
    return Diagram(boxes, wires)


def test_names_are_text() -> None:
    shown = _Parsed(page(hostile()))
    assert "script" not in shown.tags
    assert "b" not in shown.tags
    assert not any("\u202e" in words for words in shown.words)
    told = data(hostile())
    assert not any("\u202e" in name for name in told["names"])
    assert all("href" not in more for more in told["more"].values())


@pytest.mark.parametrize("name", HOSTILE)
def test_a_long_name_is_cut_in_the_picture_and_whole_in_the_table(name: str) -> None:
    shown = page(Diagram((Box(name, name, "Linear"),)))
    drawn = ElementTree.tostring(picture(Diagram((Box(name, name, "Linear"),))), encoding="unicode", method="text")
    assert len(drawn) < 200
    assert "Linear" in drawn
    assert shown.count("x" * 1000) == (name == "x" * 1000)


def test_the_picture_has_every_visible_box_and_says_what_it_shows() -> None:
    drawn = picture(residual())
    kinds = [node.get("class", "").split()[0] for node in drawn if node.tag == "g"]
    assert kinds.count("dlviz-netblock") == 1
    assert kinds.count("dlviz-box") == 5
    assert drawn.find("title") is not None
    described = drawn.find("desc")
    assert described is not None
    counted = "3 layers and operations in 1 block, 5 connections, 1 of them a shortcut"
    assert described.text == f"What it computes. {counted}."
    assert drawn.findall("path")[1].get("class") == "dlviz-wire dlviz-skip"


def test_the_table_tells_every_layer_up_to_a_number() -> None:
    many = Diagram(tuple(Box(f"layer{i}", f"layer{i}") for i in range(MOST_ROWS + 5)))
    shown = page(many)
    assert shown.count('<th scope="row">') == MOST_ROWS + 1
    assert "and 5 more" in shown


def test_a_large_picture_ends_and_says_so() -> None:
    count = 3 * MOST_DRAWN
    chain = Diagram(
        tuple(Box(f"b{i}", f"b{i}") for i in range(count)),
        tuple(Wire(f"b{i}", f"b{i + 1}") for i in range(count - 1)),
    )
    shown = page(chain)
    assert shown.count('class="dlviz-box') == MOST_DRAWN
    assert f"{count - MOST_DRAWN} further layers can be seen in the live diagram." in shown
    assert len(data(chain)["id"]) == count


def test_wires_are_bounded_and_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    dense = Diagram(
        tuple(Box(f"b{i}", f"b{i}") for i in range(60)),
        tuple(Wire(f"b{i}", f"b{j}") for i in range(60) for j in range(i + 1, 60)),
    )
    shown = page(dense)
    longer = re.search(r"(\d+) longer connections can be seen in the live diagram", shown)
    assert longer
    assert int(longer[1]) >= 1770 - MOST_LINES
    assert "left out" not in shown
    monkeypatch.setattr(nesting, "MOST_WIRES", 100)
    assert "1,670 further connections are left out." in page(dense)
    assert len(data(dense)["wires"]) == 100


def test_of_wires_of_one_length_some_are_drawn() -> None:
    rows = [[f"b{i}.{j}" for j in range(12)] for i in range(14)]
    wires = tuple(Wire(one, other) for upper, lower in pairwise(rows) for one in upper for other in lower)
    shown = page(Diagram(tuple(Box(name, name) for row in rows for name in row), wires))
    assert len(wires) > MOST_LINES
    assert shown.count("M", shown.index('class="dlviz-wire" d="'), shown.index('class="dlviz-tips"')) > MOST_LINES / 2


def test_data_holds_what_is_told_when_a_box_is_chosen() -> None:
    box = Box("a", "a", counts=np.array([0.0, 1, 63, 126]), span=(-0.5, 0.5), moved=np.array([0.1, np.nan, 0.3]),
              pictures=(Thumb("k", 10, 20, "a cat"),), href="x.html", facts=(("kernel", "3 × 3"),))  # fmt: skip
    told = data(Diagram((box,)))
    more = told["more"]["0"]
    assert more["counts"] == "ABg_"
    assert more["span"] == ["−0.5", "0.5"]
    assert more["moved"] == [[0, 1, 2], [0.1, None, 0.3]]
    assert more["pictures"] == [["p/k.webp", 10, 20, 192, "a cat"]]
    assert more["href"] == "x.html"
    assert [told["names"][i] for i in told["facts"][0]] == ["kernel", "3 × 3"]


@pytest.mark.parametrize(
    ("counts", "moved"),
    [(np.zeros(4), np.full(3, np.nan)), (np.array([np.nan, 1]), np.array([])), (np.array([]), np.array([np.inf]))],
)
def test_what_has_no_numbers_is_not_drawn(counts: np.ndarray, moved: np.ndarray) -> None:
    assert data(Diagram((Box("a", "a", counts=counts, moved=moved),)))["more"] == {}


def test_no_boxes_are_a_picture_of_nothing() -> None:
    assert len(picture(Diagram(()))) == 2
    assert "0 layers" in page(Diagram(()))


def test_a_model_of_two_thousand_layers_is_light() -> None:
    kinds = ("Conv2d", "BatchNorm2d", "ReLU")
    boxes = []
    for block in range(200):
        boxes.append(Box(f"stage{block}", f"stage{block}", "Sequential", "block", summary="256 × 14 × 14"))
        for i in range(10):
            id_ = f"stage{block}.{i}"
            facts = (("parameters", f"{block * i:,}"), ("output", "256 × 14 × 14"), ("share", "0.1 %"))
            boxes.append(Box(id_, str(i), kinds[i % 3], "convolution", f"stage{block}", 1, "256 × 14 × 14",
                             "Filters of 3 × 3 over 256 channels.", facts, np.arange(40.0), (-1.0, 1.0)))  # fmt: skip
    layers = [box.id for box in boxes if box.parent]
    wires = tuple(Wire(a, b, "256 × 14 × 14") for a, b in pairwise(layers))
    shown = page(Diagram(tuple(boxes), wires))
    assert len(shown) < 300_000


# --- on its way through the engine ----------------------------------------------------------------------------------


def everything() -> Section:
    """A section with a diagram that has all there is, and a treemap."""
    pictures = (Thumb("filters:a", 8, 8, "filter 1"),)
    box = Box("a", "a", "Linear", "linear", counts=np.array([1.0, 2.0]), span=(-1.0, 1.0),
              moved=np.array([np.nan, 0.5]), facts=(("parameters", "3"),), pictures=pictures)  # fmt: skip
    spec = Diagram((box, *residual().boxes), residual().wires, ("block",))
    tiles = Treemap((("parameters", (Tile(("a",), 3.0, "linear", "3 parameters", "#m=a"),)),))
    figures = (Figure("net", "Structure", "Seen.", spec, "Structure"), Figure("map", "Where", "Seen.", tiles))
    return Section("architecture", "Architecture", figures=figures, thumbs={"192/filters:a": "exp/pictures/1.webp"})


def test_a_page_has_its_figures_where_they_stand_in_the_site() -> None:
    page = compose_experiment(Experiment("exp", "exp", "exp"), [everything()])[1]
    assert page.path == "exp/architecture/index.html"
    assert page.body.count('href="../../assets/diagram.css"') == 2
    packed = re.search(r'data-diagram="([^"]+)"', page.body)
    assert packed
    told = json.loads(zlib.decompress(base64.b64decode(packed[1])))
    assert told["more"]["0"]["pictures"] == [["../../exp/pictures/1.webp", 8, 8, 192, "filter 1"]]
    markdown = compose_markdown(page, [])
    assert "\n\n" not in markdown[markdown.index("<figure") : markdown.rindex("</figure>")]


def test_figures_come_out_of_the_cache_as_they_went_in() -> None:
    for figure in everything().figures:
        again = decode(encode(figure.spec), type(figure.spec))
        if isinstance(again, Diagram):
            np.testing.assert_array_equal(again.boxes[0].moved, [np.nan, 0.5])
            assert [box.id for box in again.boxes] == ["a", *(box.id for box in residual().boxes)]
            assert again.wires == residual().wires
        else:
            assert again == figure.spec


def test_pictures_of_boxes_are_made(tmp_path: Path) -> None:
    asked: list[tuple[str, int]] = []

    def content(key: str, side: int) -> bytes:
        asked.append((key, side))
        return b"picture"

    words = dict(thumbs(everything().figures, Cache(tmp_path), content))
    assert asked == [("filters:a", 192)]
    assert list(words) == ["192/filters:a"]
