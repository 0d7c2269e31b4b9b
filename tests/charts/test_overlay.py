from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dlviz_docs.assets import TEMPLATES
from dlviz_docs.charts.heat import WHOLE
from dlviz_docs.charts.overlay import nearest, overlay_context
from dlviz_docs.compose.templating import render
from dlviz_docs.model import FloatArray
from dlviz_docs.view import Figure, Heat, Overlay, Seen, Table, Thumb

HOSTILE = "<img src=x onerror=alert(1)>\"'&\u202e"
SHOWN = "<img src=x onerror=alert(1)>\"'&\\u202e"
"""What is read of it."""


def figure(*items: Seen, axes: tuple[str, ...] = ("method", "layer"), **options: Any) -> Figure:
    return Figure("maps", "Maps", "What to see.", Overlay(items, axes, **options))


def heat(method: str, layer: str = "layer4", values: object = ((0, 1), (2, 4)), **options: Any) -> Heat:
    grid: FloatArray = np.array(values, np.float64)
    return Heat((method, layer), grid, **options)


def seen(title: str, *heats: Heat, **options: Any) -> Seen:
    return Seen(title, Thumb(title, 200, 100, "a cat"), options.pop("facts", ()), heats, **options)


def page(shown: Figure, folder: str = "../pictures/") -> str:
    address = "" if folder == "gone" else folder
    return str(
        render(
            "figures/overlay.html.j2", **overlay_context(shown, lambda thumb: address and f"{address}{thumb.key}.webp")
        )
    )


def spec(shown: Figure) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(str(overlay_context(shown, lambda thumb: f"d/{thumb.key}.webp")["spec"]))
    return found


class _Parsed(HTMLParser):
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


# --- without a script ---


def test_the_first_picture_has_the_map_it_starts_with() -> None:
    one, other = heat("EigenCAM", note="all of it"), heat("HiResCAM", peak=0.25, note="half of it")
    shown = figure(
        seen("a", one, other, facts=(("truth", "cat"),), wrong=True),
        start=("HiResCAM", "layer4"),
        notes=(("HiResCAM", "activations times gradients"),),
    )
    drawn = page(shown)
    parsed = _Parsed(drawn)
    picture, map_ = parsed.of("img")
    assert (picture["src"], picture["alt"], picture["width"], picture["height"]) == (
        "../pictures/a.webp",
        "a cat",
        "192",
        "96",
    )
    assert map_["alt"] == "map: HiResCAM · layer4"
    assert str(map_["src"]).startswith("data:image/png;base64,")
    for words in ("largest value 0.25", "half of it", "activations times gradients", "wrong", "cat"):
        assert words in parsed.text
    assert "<button" not in drawn


def test_every_picture_is_on_the_sheet_and_in_words() -> None:
    items = [seen(f"p{i}", heat("CAM", note=f"note {i}"), wrong=i == 1) for i in range(3)]
    parsed = _Parsed(page(figure(*items, total=1000, chosen="the most confident")))
    assert len(parsed.of("img")) == 2 + 2 * 3
    assert "3 pictures of 1,000; the most confident" in parsed.text
    assert all(f"note {i}" in parsed.text for i in range(3))


def test_pictures_to_choose_from_are_files_of_their_own() -> None:
    shown = figure(Seen("a", Thumb("a", 400, 200, side=384)), Seen("b", Thumb("b", 40, 20, side=96)))
    context = overlay_context(shown, lambda thumb: f"{thumb.side}-{thumb.key}.webp")
    pictures = _Parsed(str(render("figures/overlay.html.j2", **context))).of("img")
    assert [one["src"] for one in pictures] == ["384-a.webp", "144-a.webp", "96-b.webp"]
    assert [one["width"] for one in pictures] == ["384", "144", "96"]
    told = json.loads(str(context["spec"]))
    assert [item[1] for item in told["items"]] == ["384-a.webp", "96-b.webp"]


def test_of_many_pictures_the_words_are_those_of_the_first() -> None:
    drawn = page(figure(*(seen(f"p{i}", heat("CAM", values=[[1.0]])) for i in range(60))))
    assert drawn.count('<th scope="row">') == 50
    assert "and 10 more" in drawn


def test_a_map_of_the_middle_lies_over_the_middle() -> None:
    drawn = page(figure(seen("a", heat("CAM", area=(0.25, 0, 0.75, 1)))))
    assert 'style="left:25.00%;top:0.00%;width:50.00%;height:100.00%"' in drawn


def test_what_is_missing_is_said() -> None:
    without = _Parsed(page(figure(seen("a"))))
    assert "There is no map of this picture." in without.text
    gone = page(figure(seen("a", heat("CAM"))), folder="gone")
    assert 'aria-label="a cat: the picture is not in the folder">the picture is not in the folder</span>' in gone
    assert "There is nothing to show." in page(figure())


def test_a_map_of_no_one_picture_lies_over_nothing_and_covers_it() -> None:
    mean = Seen("cat", Thumb("", 7, 7, "mean map of cat", 224), heats=(heat("CAM"),))
    drawn = page(figure(mean))
    (picture,) = _Parsed(drawn).of("img")
    assert picture["class"] == "dlviz-map"
    with Image.open(io.BytesIO(base64.b64decode(str(picture["src"]).partition(",")[2]))) as image:
        assert image.getchannel("A").getextrema() == (255, 255)
    assert spec(figure(mean))["items"][0][1] is None


# --- for the script ---


def test_maps_of_a_picture_are_one_run_of_bytes() -> None:
    signed = heat("Contrast", values=[[-1.0, 1.0]], peak=2)
    shown = figure(seen("a", heat("CAM", note="x"), signed), seen("b", heat("CAM", values=[[np.nan, 0]], note="x")))
    told = spec(shown)
    assert told["values"] == [["CAM", "Contrast"], ["layer4"]]
    assert told["shapes"] == [[2, 2, 0, 1, list(WHOLE)], [1, 2, 1, 1, list(WHOLE)], [1, 2, 0, 1, list(WHOLE)]]
    assert told["layouts"] == [[[[0, 0], [1, 0]], [0, 1]], [[[0, 0]], [2]]]
    assert told["notes"] == ["x", ""]
    first, second = told["items"]
    assert first[10:13] == [0, [1, 2], [0, 1]]
    assert list(base64.b64decode(first[13])) == [0, 64, 127, 254, 0, 254]
    assert list(base64.b64decode(second[13])) == [255, 0]


def test_what_is_explained_of_a_picture_is_drawn_over_it() -> None:
    boxed = replace(seen("a", heat("CAM")), box=(0.1, 0.25, 0.5, 1.0))
    shown = figure(boxed, seen("b", heat("CAM")))
    drawn = [tag["style"] for tag in _Parsed(page(shown)).of("i") if tag.get("class") == "dlviz-target"]
    assert set(drawn) == {"left:10.00%;top:25.00%;width:40.00%;height:75.00%"}
    first, second = spec(shown)["items"]
    assert first[14:] == [[0.1, 0.25, 0.5, 1.0]]
    assert second[14:] == []


def test_the_first_of_two_maps_of_one_choice_counts() -> None:
    told = spec(figure(seen("a", heat("CAM", values=[[1.0]]), heat("CAM", values=[[1.0, 1.0]]))))
    assert told["shapes"] == [[1, 1, 0, 1, list(WHOLE)]]


def test_the_nearest_choice_has_most_of_what_is_wanted() -> None:
    choices = [("a", "x"), ("b", "x"), ("b", "y")]
    assert nearest(choices, ("b", "y")) == 2
    assert nearest(choices, ("b", "z")) == 1
    assert nearest(choices, ("c", "z")) == 0
    assert nearest(choices, ()) == 0
    assert nearest([], ("a", "x")) is None


def test_two_hundred_maps_a_picture_are_no_heavier_than_a_photograph() -> None:
    """24 pictures by 8 methods, 3 layers and 3 targets of 14 x 14 cells, with a sentence each."""
    generator = np.random.default_rng(0)
    targets, layers = ("cat", "dog", "fox"), ("layer2", "layer3", "layer4")
    items = [
        Seen(
            f"picture {i}",
            Thumb(f"{i}", 320, 240),
            (("truth", "cat"),),
            tuple(
                Heat(
                    (f"method {m}", layer, target),
                    generator.random((14, 14)),
                    float(generator.random()),
                    note=f"Half of the evidence lies on {generator.integers(100)} % of the picture.",
                )
                for m in range(8)
                for layer in layers
                for target in targets
            ),
        )
        for i in range(24)
    ]
    assert len(page(figure(*items, axes=("method", "layer", "target"))).encode()) <= 1_000_000


# --- what cannot be shown ---


def test_a_map_that_could_not_be_chosen_is_an_error_where_it_is_made() -> None:
    with pytest.raises(ValueError, match="a map of the choice"):
        figure(seen("a", heat("CAM")), axes=("method",))
    with pytest.raises(ValueError, match="a map of the shape"):
        figure(seen("a", heat("CAM", values=[1.0])))
    with pytest.raises(ValueError, match="a map of the shape"):
        figure(seen("a", heat("CAM", values=np.empty((0, 3)))))


def test_only_an_overlay_has_a_context() -> None:
    with pytest.raises(TypeError, match="g is not an overlay"):
        overlay_context(Figure("g", "", "", Table((), ())), lambda thumb: "")


def test_names_from_files_are_text_and_nothing_else() -> None:
    hostile = Seen(
        HOSTILE,
        Thumb('"><script>', 100, 100, HOSTILE),
        ((HOSTILE, HOSTILE),),
        (Heat((HOSTILE, HOSTILE), np.ones((1, 1)), note=HOSTILE),),
        True,
    )
    shown = figure(hostile, hostile, axes=(HOSTILE, "x"), chosen=HOSTILE, notes=((HOSTILE, HOSTILE),))
    drawn = page(shown)
    parsed = _Parsed(drawn)
    assert parsed.of("script") == []
    assert all("onerror" not in attrs for _, attrs in parsed.tags)
    assert "\u202e" not in drawn
    (attrs,) = parsed.of("figure")
    told = json.loads(attrs["data-overlay"] or "")
    assert told["axes"][0] == told["notes"][0] == told["items"][0][0] == SHOWN
    assert told["says"] == [[SHOWN, SHOWN]]


@pytest.mark.parametrize(("name", "budget"), [("maps.js", 6_000), ("overlay.js", 20_700)])
def test_scripts_keep_their_budget(name: str, budget: int) -> None:
    script = (TEMPLATES / "assets" / name).read_text(encoding="utf-8")
    assert len(script.encode()) <= budget
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|fetch\(|import\(|getImageData|toDataURL", script
    )
