from __future__ import annotations

import html as standard
import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest

from dlviz_docs.assets import TEMPLATES
from dlviz_docs.charts.gallery import KINDS, gallery_context
from dlviz_docs.charts.palette import LIGHT
from dlviz_docs.compose.templating import render
from dlviz_docs.view import Figure, Gallery, Item, Passage, Region, Table, Thumb

HOSTILE = "<img src=x onerror=alert(1)>\"'&\u202e"
SHOWN = "<img src=x onerror=alert(1)>\"'&\\u202e"
"""What is read of it."""


def figure(*items: Item, **options: Any) -> Figure:
    return Figure("g", "Mistakes", "What to see.", Gallery(items, options.pop("total", len(items)), **options))


def page(shown: Figure, folder: str = "../data/") -> str:
    return str(render("figures/gallery.html.j2", **gallery_context(shown, lambda thumb: f"{folder}{thumb.key}.webp")))


def spec(shown: Figure) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(str(gallery_context(shown, lambda thumb: f"d/{thumb.key}.webp")["spec"]))
    return found


def row(number: int, **options: Any) -> Item:
    facts = (("truth", f"class {number % 3}"), ("predicted", f"class {number % 2}"), ("confidence", "0.97"))
    return Item(f"row {number}", facts=facts, row=facts[0][1], column=facts[1][1], **options)


def photo(*regions: Region, size: tuple[int, int] = (200, 100), **options: Any) -> Item:
    return Item("a.jpg", (Thumb("a", *size, **options),), regions)


def shapes(drawn: str) -> list[ElementTree.Element]:
    found = re.search(r"<svg viewBox.*?</svg>", drawn, re.DOTALL)
    return [] if found is None else list(ElementTree.fromstring(found[0]))


class _Texts(HTMLParser):
    """Elements in order, and the text of each element of a class."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


# --- what is shown, and of how many ---


@pytest.mark.parametrize(
    ("amount", "options", "words"),
    [
        (
            30,
            {"total": 1706, "chosen": "the most confident mistakes"},
            "24 of 1,706 shown; the most confident mistakes",
        ),
        (3, {}, "All 3 shown"),
        (1, {}, ""),
        (1, {"total": 9}, "1 of 9 shown"),
        (3, {"first": 2}, "2 of 3 shown"),
        (0, {"total": 5}, "0 of 5 shown"),
        (0, {}, "There is nothing to show."),
    ],
)
def test_how_many_of_how_many_is_said(amount: int, options: dict[str, Any], words: str) -> None:
    drawn = page(figure(*(row(i) for i in range(amount)), **options))
    assert f">{words}</p>" in drawn
    assert drawn.count('<li class="dlviz-item') == min(amount, options.get("first", 24))


def test_first_items_are_complete_and_the_script_gets_of_them_what_it_chooses_by() -> None:
    told = spec(figure(*(row(i) for i in range(3)), first=2))
    assert told["names"] == ["", "class 0", "class 1", "class 2"]
    assert told["facts"] == [["truth", "predicted", "confidence"]]
    assert told["items"] == [
        [0, ["class 0", "class 0", "0.97"], 1, 1],
        [0, ["class 1", "class 1", "0.97"], 2, 2],
        [0, ["class 2", "class 0", "0.97"], 3, 1, None, "row 2"],
    ]


def test_an_item_without_picture_is_small() -> None:
    few, many = (len(json.dumps(spec(figure(*map(row, range(n)), first=1)))) for n in (100, 1100))
    assert (many - few) / 1000 < 80


def test_a_row_is_called_what_its_values_are_facts_of() -> None:
    def axes(*facts: tuple[str, str], row: str = "cat", column: str = "dog") -> list[str]:
        return list(spec(figure(Item("a", facts=facts, row=row, column=column)))["axes"])

    assert axes(("label", "cat"), ("predicted", "dog")) == ["label", "predicted"]
    assert axes(("other", "cat"), ("truth", "cat"), ("given", "dog")) == ["truth", "given"]
    assert axes(("split", "a / b")) == ["", ""]  # nothing says what "cat" is
    assert axes(row="", column="") == ["", ""]


def test_only_a_gallery_has_a_context() -> None:
    with pytest.raises(TypeError, match="g is not a gallery"):
        gallery_context(Figure("g", "", "", Table((), ())), lambda thumb: "")


# --- pictures ---


def test_a_picture_has_its_size_and_what_is_in_it() -> None:
    (picture,) = _Texts(page(figure(photo(size=(400, 300), alt="a cat")))).of("img")
    assert picture == {
        "src": "../data/a.webp",
        "width": "192",
        "height": "144",
        "alt": "a cat",
        "loading": "lazy",
        "decoding": "async",
    }


def test_pixels_of_a_small_picture_are_seen() -> None:
    assert 'class="dlviz-pixels"' in page(figure(photo(size=(8, 8))))
    assert 'class="dlviz-pixels"' not in page(figure(photo(size=(65, 8))))


def test_a_picture_that_could_not_be_made_is_said_and_its_boxes_are_drawn() -> None:
    item = photo(Region((10, 20, 30, 40), "truth", "cat"), alt="the first")
    shown = figure(item)
    drawn = str(render("figures/gallery.html.j2", **gallery_context(shown, lambda thumb: "")))
    assert _Texts(drawn).of("img") == []
    assert 'aria-label="the first: the picture is not in the folder">the picture is not in the folder</span>' in drawn
    assert shapes(drawn)[0].attrib["width"] == "30"
    assert "--w:192;--r:2.0000" in drawn


def test_a_picture_of_unknown_size_breaks_nothing() -> None:
    assert 'viewBox="0 0 1 1"' in page(figure(photo(Region((0, 0, 5, 5), "truth"), size=(0, 0))))


def test_the_folder_of_all_pictures_is_said_once() -> None:
    items = [Item(f"{i}", (Thumb(f"x/{i}", 9, 9),)) for i in range(5)]
    told = spec(figure(*items, first=2))
    assert told["base"] == "d/x/"
    assert [item[7][0][0] for item in told["items"][2:]] == ["2.webp", "3.webp", "4.webp"]


@pytest.mark.parametrize(
    ("item", "layout"),
    [
        (row(0), "rows"),
        (photo(), "pictures"),
        (photo(Region((0, 0, 1, 1), "truth")), "regions"),
        (Item("a", (Thumb("a", 9, 9), Thumb("b", 9, 9))), "pairs"),
        (Item("a", (Thumb("a", 9, 9),), passages=(Passage("x", ()),)), "notes"),
        (Item("a", passages=(Passage("x", ()), Passage("y", ()))), "texts"),
    ],
)
def test_cards_are_as_wide_as_what_is_looked_at(item: Item, layout: str) -> None:
    assert f" dlviz-of-{layout}" in page(figure(row(1), item))


# --- regions ---


def test_shapes_stand_in_pixels_of_the_original_large_ones_below() -> None:
    outline = ((10.0, 10.0, 20.04, 10.0, 20.0, 30.0), (1.0, 2.0))
    item = photo(
        Region((120.26, 30, 10, 20), "truth", "cat", color=13),
        Region((0, 0, 100, 100), "truth", "dog", outline=outline),
        size=(1000, 500),
    )
    drawn = page(figure(item))
    assert 'viewBox="0 0 1000 500"' in drawn
    large, small = shapes(drawn)
    assert large.attrib == {"class": "dlviz-s0", "data-kind": "truth", "d": "M10 10L20 10L20 30Z"}
    assert small.attrib == {
        "class": "dlviz-s3",
        "data-kind": "truth",
        "x": "120.3",
        "y": "30",
        "width": "10",
        "height": "20",
    }
    assert "left:12.03%;width:1.00%;top:6.00%;height:4.00%" in drawn


def test_labels_keep_inside_the_picture() -> None:
    def classes(*xywh: float) -> str:
        found = re.search(r'class="dlviz-region dlviz-s0(.*?)"', page(figure(photo(Region(xywh, "truth")))))  # type: ignore[arg-type]
        assert found
        return found[1]

    assert classes(10, 50, 20, 20) == ""
    assert classes(10, 5, 20, 20) == " dlviz-in"
    assert classes(150, 50, 20, 20) == " dlviz-end"
    assert "left:0.00%;width:10.00%" in page(figure(photo(Region((-20, 50, 40, 20), "truth"))))


def test_a_label_that_would_lie_over_a_more_important_one_is_quiet() -> None:
    def quiet(*regions: Region) -> list[str]:
        drawn = page(figure(photo(*regions, size=(580, 580))))
        return re.findall(r'dlviz-quiet"[^>]*><b>(.*?)</b>', drawn)

    sure, unsure = Region((100, 100, 200, 200), "match", "a", 0.9), Region((110, 104, 199, 200), "false", "b", 0.8)
    assert quiet(unsure, sure) == ["b 0.80"]
    lost = Region((104, 104, 198, 200), "missed", "c")
    assert quiet(sure, unsure, lost) == ["a 0.90", "b 0.80"]
    away = Region((110, 304, 199, 200), "false", "d", 0.8)
    assert quiet(sure, away) == []
    tiny = Region((100, 100, 20, 20), "match", "a", 0.95)  # which has no label that could be in the way
    assert quiet(sure, tiny) == []
    annotated = Region((100, 100, 200, 200), "truth", "a", partner=0.9)  # its label gives way to the prediction's
    assert quiet(sure, annotated) == []


def test_samples_of_several_cells_have_a_list_of_each() -> None:
    item = Item("a", facts=(("missed", "1"),), cells=(("car", "missed"), ("nothing", "bus")))
    told = spec(figure(item, axes=("annotated", "predicted")))
    assert told["axes"] == ["annotated", "predicted"]
    assert [[told["names"][place] for place in side] for side in told["items"][0][2:4]] == [
        ["car", "nothing"],
        ["missed", "bus"],
    ]


def test_a_box_that_is_no_box_is_left_out() -> None:
    bad = [Region((math.nan, 0, 1, 1), "truth"), Region((0, 0, math.inf, 1), "truth"), Region((0, 0, -3, 1), "truth")]
    item = photo(*bad, Region((0, 0, 5, 5), "truth", score=math.nan, outline=((math.nan, 0, 1, 1),)))
    drawn = page(figure(item, slider=(0.0, 0.5)))
    assert [shape.attrib["width"] for shape in shapes(drawn)] == ["5", "0"]
    assert "nan" not in drawn


def test_the_slider_starts_with_what_its_threshold_makes_of_each_region() -> None:
    item = photo(
        Region((0, 0, 9, 1), "match", score=0.5),
        Region((0, 0, 8, 1), "false", score=0.49),
        Region((0, 0, 7, 1), "missed", partner=0.5),
        Region((0, 0, 6, 1), "truth", partner=0.49),
        Region((0, 0, 5, 1), "missed"),
        Region((0, 0, 4, 1), "truth"),
    )
    drawn = shapes(page(figure(item, slider=(0.05, 0.5))))
    assert [(shape.attrib["data-kind"], "hidden" in shape.attrib) for shape in drawn] == [
        ("match", False),
        ("false", True),
        ("truth", False),
        ("missed", False),
        ("missed", False),
        ("missed", False),
    ]
    without = shapes(page(figure(item)))
    assert [shape.attrib["data-kind"] for shape in without] == ["match", "false", "missed", "truth", "missed", "truth"]
    assert not any("hidden" in shape.attrib for shape in without)


def test_the_legend_has_the_kinds_there_are_or_may_be() -> None:
    def keys(*regions: Region, **options: Any) -> list[str]:
        return re.findall(r'data-key="(\w+)"', page(figure(photo(*regions), **options)))

    found = Region((0, 0, 5, 5), "truth", partner=0.9)
    assert keys(found) == ["truth"]
    assert keys(found, slider=(0.05, 0.5)) == ["truth", "missed"]
    assert keys(Region((0, 0, 5, 5), "truth"), slider=(0.05, 0.5)) == ["missed"]
    assert keys(Region((0, 0, 5, 5), "false"), Region((0, 0, 5, 5), "match")) == ["match", "false"]
    assert "dlviz-judged" not in page(figure(photo(found)))
    assert "dlviz-judged" in page(figure(photo(found), slider=(0.05, 0.5)))
    assert set(KINDS) == {"truth", "match", "missed", "false"}


def test_scores_above_one_are_reached_by_the_slider() -> None:
    assert spec(figure(photo(Region((0, 0, 5, 5), "match", score=7.2)), slider=(0.0, 0.5)))["slider"] == [0.0, 0.5, 8]
    assert spec(figure(photo(), slider=(0.0, 0.5)))["slider"] == [0.0, 0.5, 1]
    assert spec(figure(photo()))["slider"] is None


# --- texts ---


def test_marks_end_with_the_last_word_and_neighbours_are_one() -> None:
    reference = Passage("reference", (("a ", "same"), ("b ", "only"), ("c ", "only"), ("d", "")))
    generated = Passage("generated", (("x", "only"), (" a", "same"), (" ", "only")))
    drawn = page(figure(Item("a", passages=(reference, generated))))
    assert ">a <del>b c</del> d</p>" in drawn
    assert "><ins>x</ins> a<ins> </ins></p>" in drawn
    told = spec(figure(row(0), Item("a", passages=(reference, generated)), first=1))["items"][1]
    assert told[-1] == [["reference", "a ", "b c", " d"], ["generated", "", "x", " a", " "]]


def test_only_a_long_text_is_folded() -> None:
    for length, long in ((600, False), (601, True)):
        drawn = page(figure(Item("a", passages=(Passage("x", (("a" * length, ""),)),))))
        assert ("dlviz-long" in drawn) is long


# --- texts of strangers ---


@pytest.mark.parametrize("first", [1, 24])
def test_names_from_files_are_text_and_nothing_else(first: int) -> None:
    item = Item(
        HOSTILE,
        (Thumb('"><script>', 100, 100, HOSTILE),),
        (Region((1, 1, 5, 5), "truth", HOSTILE),),
        (Passage(HOSTILE, ((HOSTILE, "only"),)),),
        ((HOSTILE, HOSTILE),),
        HOSTILE,
        HOSTILE,
        href="javascript:alert(1)",
    )
    parsed = _Texts(page(figure(row(0), item, first=first, chosen=HOSTILE, sorts=(HOSTILE,))))
    assert parsed.of("script") == []
    assert parsed.of("a") == []
    assert all("onerror" not in attrs for _, attrs in parsed.tags)
    assert "\u202e" not in standard.unescape(page(figure(item)))
    (attrs,) = parsed.of("figure")
    told = json.loads(attrs["data-gallery"] or "")
    assert told["names"][-1] == SHOWN
    assert told["sorts"] == [SHOWN]
    if first == 24:
        assert parsed.text.count(SHOWN) == 7
    else:
        title, href, *_ = told["items"][1][5:]
        assert (title, href) == (SHOWN, "")


def test_a_title_leads_where_it_should() -> None:
    item = Item("a", href="../a%20b/?x=1&y=2")
    assert _Texts(page(figure(item))).of("a") == [{"href": "../a%20b/?x=1&y=2"}]
    assert spec(figure(row(0), item, first=1))["items"][1][6] == "../a%20b/?x=1&y=2"


@pytest.mark.parametrize(("wrong", "words"), [(True, ["wrong"]), (False, ["right"]), (None, [])])
def test_a_mistake_is_said_in_a_word(wrong: bool | None, words: list[str]) -> None:
    assert re.findall(r'<b class="dlviz-verdict">(\w+)</b>', page(figure(Item("a", wrong=wrong)))) == words


@pytest.mark.parametrize("name", ["gallery.js", "samples.js"])
def test_scripts_keep_their_budget(name: str) -> None:
    script = (TEMPLATES / "assets" / name).read_text(encoding="utf-8")
    assert len(script.encode()) <= 12_000
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|fetch\(|import\(", script)


def test_a_legend_has_the_colours_that_masks_have() -> None:
    spec = Gallery((Item("a", (Thumb("a", 8, 8),)),), 1, legend=(("sky", 0), ("<b>", 1), ("far", 11)))
    body = str(render("figures/gallery.html.j2", **gallery_context(Figure("g", "", "", spec), lambda thumb: "")))
    rows = re.findall(r'<li><i aria-hidden="true"(?: style="background:(#[0-9a-f]{6})")?></i>(.*?)</li>', body)
    assert rows == [("", "sky (not coloured)"), (LIGHT[0], "&lt;b&gt;"), (LIGHT[0], "far")]
    plain = replace(spec, legend=())
    assert "legend-classes" not in str(
        render("figures/gallery.html.j2", **gallery_context(Figure("g", "", "", plain), lambda thumb: ""))
    )


# --- words by what they speak for ---


def test_words_have_the_colour_of_what_they_speak_for() -> None:
    pieces = tuple((word, "") for word in ("a", " ", HOSTILE, " ", "film", " ", "odd"))
    passage = Passage("", pieces, (0.0, 0.0, 1.0, 0.0, -0.254, 0.0, math.nan))
    shown = figure(Item("one", passages=(passage,)))
    drawn = page(shown)
    told = {tag: standard.unescape(words) for tag, words in re.findall(r'"dlviz-(for|against)"[^>]*>([^<]*)<', drawn)}
    assert told == {"for": SHOWN, "against": "film"}
    assert 'class="dlviz-for" style="--w:100%"' in drawn
    assert '<span class="dlviz-against" style="--w:25%">film</span> odd' in drawn
    assert "<img" not in drawn


def test_the_script_is_told_the_same_of_words() -> None:
    passage = Passage("text", (("bad", ""), (" film", "")), (-1.0, 0.0))
    shown = figure(*(Item(f"row {n}", passages=(passage,)) for n in range(3)), first=1)
    assert spec(shown)["items"][2][-1] == [["text", ["bad", -100], [" film", 0]]]
