from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from dlviz_docs.charts import coding, marks2d, plot_words
from dlviz_docs.charts.axes import shorten
from dlviz_docs.charts.plot import plot_context
from dlviz_docs.compose.templating import render
from dlviz_docs.view import Figure, Layer, Plot, PlotAxis

EVIL = '<img src=x onerror="fire()"> & "quoted"'


def array(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(values, dtype=np.float64)


def context(*layers: Layer, **options: Any) -> dict[str, Any]:
    return plot_context(Figure("plot-a", "A", "Seen.", Plot(layers, **options)))


def draw(*layers: Layer, **options: Any) -> ElementTree.Element:
    return ElementTree.fromstring(str(context(*layers, **options)["svg"]))


def paths(root: ElementTree.Element, style: str) -> list[str]:
    return [node.attrib["d"] for node in root.iter("path") if style in node.get("class", "").split()]


def corners(path: str) -> list[tuple[int, int, int, int]]:
    """Left, head, right and foot of upright bars."""
    found = re.findall(r"M(-?\d+) (-?\d+)V(-?\d+)H(-?\d+)V-?\d+z", path)
    return [(int(left), int(head), int(right), int(foot)) for left, foot, head, right in found]


def labels(root: ElementTree.Element, axis: str) -> list[str]:
    (group,) = [node for node in root.iter("g") if node.get("class") == f"dlviz-{axis}"]
    return [(node.text or "") + "".join(child.tail or "" for child in node) for node in group]


def histogram(color: int = 0, bins: int = 60, seed: int = 0) -> Layer:
    edges = np.linspace(-3, 3, bins + 1)
    counts, _ = np.histogram(np.random.default_rng(seed).normal(size=1000), edges)
    return Layer("step", edges[:-1], counts.astype(float), x2=edges[1:], label=f"split {color}", color=color)


def test_the_picture_has_a_name_a_description_and_no_color_of_its_own() -> None:
    root = draw(histogram())
    assert root.attrib["role"] == "img"
    assert "viewBox" not in root.attrib
    assert [root.findtext("title"), (root.findtext("desc") or "").split(".")[0]] == ["A", "Seen"]
    text = ElementTree.tostring(root, encoding="unicode")
    assert "style=" not in text
    assert not re.search(r'(fill|stroke)="', text)


def test_bars_begin_at_zero_and_are_as_high_as_their_values() -> None:
    root = draw(Layer("bar", array(0, 1), array(2, 4), x2=array(1, 2)), y=PlotAxis(low=0, high=4))
    assert corners(paths(root, "dlviz-bars")[0]) == [(0, 500, 500, 1000), (500, 0, 1000, 1000)]


def test_negative_bars_hang_from_zero() -> None:
    root = draw(Layer("bar", array(0, 1), array(-1, 1), x2=array(1, 2)), y=PlotAxis(low=-1, high=1))
    assert corners(paths(root, "dlviz-bars")[0]) == [(0, 1000, 500, 500), (500, 0, 1000, 500)]
    assert any(node.get("class") == "dlviz-zero" for node in root.iter("line"))


def test_a_small_count_is_seen_beside_a_large_one_and_zero_is_not() -> None:
    root = draw(Layer("bar", array(0, 1, 2), array(1, 1e6, 0), x2=array(1, 2, 3)))
    heights = [foot - head for _, head, _, foot in corners(paths(root, "dlviz-bars")[0])]
    assert heights[0] == marks2d.LEAST_HEIGHT
    assert heights[2] == 0


def test_bars_of_several_layers_stand_side_by_side_and_do_not_meet() -> None:
    x = array(0, 1, 2)
    layers = [Layer("bar", x, x + 1, color=i, label=str(i)) for i in range(3)]
    root = draw(*layers, x=PlotAxis(scale="category", categories=("a", "b", "c")))
    bars = sorted(bar for path in paths(root, "dlviz-bars") for bar in corners(path))
    assert len(bars) == 9
    assert all(a[2] <= b[0] + 1 for a, b in pairwise(bars))
    assert all(3 * i <= j < 3 * i + 3 for i in range(3) for j, bar in enumerate(bars) if i <= bar[0] / 333.4 < i + 1)


def test_bars_at_places_of_their_own_are_not_moved_aside() -> None:
    root = draw(
        Layer("bar", array(0), array(1), color=0),
        Layer("bar", array(1), array(1), color=1),
        x=PlotAxis(scale="category", categories=("a", "b")),
    )
    middles = [(bar[0] + bar[2]) / 2 for path in paths(root, "dlviz-bars") for bar in corners(path)]
    assert middles == [250, 750]


def test_an_interval_goes_with_its_bar() -> None:
    x = array(0, 1)
    axis = PlotAxis(scale="category", categories=("a", "b"))
    bars = [Layer("bar", x, x + 1, color=i) for i in range(2)]
    spread = [Layer("interval", x, x + 1, low=x, high=x + 2, color=i) for i in range(2)]
    root = draw(*bars, *spread, x=axis)
    middles = sorted((bar[0] + bar[2]) / 2 for path in paths(root, "dlviz-bars") for bar in corners(path))
    whiskers = sorted(float(x) for path in paths(root, "dlviz-whiskers") for x in re.findall(r"M(\d+) ", path))
    assert whiskers == pytest.approx(middles, abs=1)


def test_long_names_stand_beside_horizontal_bars_the_first_on_top_cut_and_whole_in_a_title() -> None:
    names = ("short", "a name that is far longer than there is room for")
    layer = Layer("bar", array(3, 1), array(0, 1), horizontal=True)
    told = context(layer, y=PlotAxis(scale="category", categories=names))
    root = ElementTree.fromstring(str(told["svg"]))
    assert labels(root, "y") == ["short", "a name that is far lo…"]
    (group,) = [node for node in root.iter("g") if node.get("class") == "dlviz-y"]
    places = [float(node.attrib["y"].rstrip("%")) for node in group]
    assert places == [25, 75]
    assert group[1].findtext("title") == names[1]
    assert "dlviz-names-l" in told["style"]
    assert [node.text for node in root.iter("text") if node.text in ("3", "1") and node.get("x") != "0%"][-2:] == [
        "3",
        "1",
    ]


def test_names_that_would_be_cut_alike_are_cut_in_the_middle() -> None:
    assert shorten(("feature_number_one_left", "feature_number_one_right", "b"), 12) == (
        "featur…_left",
        "featur…right",
        "b",
    )


def test_names_are_never_more_than_have_room() -> None:
    names = tuple(f"category {i}" for i in range(200))
    x = np.arange(200.0)
    root = draw(Layer("bar", x, x), x=PlotAxis(scale="category", categories=names))
    assert 5 < len(labels(root, "x")) < 30
    root = draw(Layer("bar", x, x, horizontal=True), y=PlotAxis(scale="category", categories=names))
    assert int(root.attrib["height"]) >= 16 * 200


def test_an_outline_comes_down_where_a_bin_is_missing() -> None:
    whole = Layer("step", array(0, 1, 2), array(1, 1, 1), x2=array(1, 2, 3))
    gap = Layer("step", array(0, 2), array(1, 1), x2=array(1, 3))
    nan = Layer("step", array(0, 1, 2), array(1, np.nan, 1), x2=array(1, 2, 3))
    assert [paths(draw(layer), "dlviz-steps")[0].count("M") for layer in (whole, gap, nan)] == [1, 2, 2]


def test_dots_are_few_paths_each_dot_once() -> None:
    rng = np.random.default_rng(0)
    layer = Layer("dot", rng.normal(size=2000), rng.normal(size=2000))
    found = paths(draw(layer), "dlviz-dots")
    assert len(found) == marks2d.COATS
    assert sum(len(path) for path in found) < 15_000
    assert 1800 < sum(path.count("m") for path in found) <= 2000
    x, y = np.cumsum(np.array(re.findall(r"m(-?\d+) ?(-?\d+)z", found[0]), dtype=int), axis=0).T
    assert 0 <= x.min() <= x.max() <= 1000
    assert 0 <= y.min() <= y.max() <= 1000


def test_dots_of_several_colors_have_a_path_each() -> None:
    layer = Layer("dot", array(0, 1, 2), array(0, 1, 2), colors=np.array([0, 12, 2], dtype=np.int32))
    root = draw(layer)
    styles = [node.attrib["class"].split()[-1] for node in root.iter("path") if "dlviz-dots" in node.attrib["class"]]
    assert styles == ["dlviz-s0", "dlviz-s2"]


def test_that_very_many_dots_are_thinned_is_said() -> None:
    values = np.arange(10_000.0)
    told = context(Layer("dot", values, values, label="rows"))
    assert told["notes"] == ("4,000 of 10,000 points are drawn of rows.",)
    assert context(Layer("dot", values[:100], values[:100]))["notes"] == ()


def test_cells_are_one_path_for_each_strength_and_neighbours_are_joined() -> None:
    x, y = (a.ravel() for a in np.meshgrid(np.arange(3.0), np.arange(2.0), indexing="ij"))
    weights = array(1, 0, 1, 0, 0.1, np.nan)
    root = draw(Layer("cell", x, y, x2=x + 1, y2=y + 1, weights=weights))
    assert paths(root, "dlviz-l8") == ["M0 500H667V1000H0z"]
    assert paths(root, "dlviz-l1") == ["M667 500H1000V1000H667z"]
    assert len(paths(root, "dlviz-cells")) == 2


def test_a_reference_line_at_one_place_runs_through_and_does_not_stretch_the_axis() -> None:
    rule = Layer("rule", array(1, 1), array(0, 1e9), label="cut")
    layer = Layer("dot", array(0, 2), array(0, 10))
    root = draw(layer, rule)
    assert paths(root, "dlviz-rule")[0].endswith("l0-1000")
    assert labels(root, "y")[-1] == "10"


def test_a_logarithmic_axis_has_no_place_for_zero_but_bars_stand_on_its_end() -> None:
    root = draw(Layer("bar", array(0, 1, 2), array(0, 10, 1000), x2=array(1, 2, 3)), y=PlotAxis("n", scale="log"))
    heads = [head for _, head, _, _ in corners(paths(root, "dlviz-bars")[0])]
    assert heads[0] == 1000
    assert 0 <= heads[2] < heads[1] < 1000
    assert [node.text for node in root.iter("text") if node.get("class") == "dlviz-y-label"] == ["n (log)"]


def test_the_first_bin_does_not_vanish_on_a_logarithmic_axis() -> None:
    layer = Layer("bar", array(0, 1, 10), array(5, 5, 5), x2=array(1, 10, 100))
    root = draw(layer, x=PlotAxis(scale="log"))
    left, _, right, _ = corners(paths(root, "dlviz-bars")[0])[0]
    assert left == 0
    assert right > 100


def test_both_scales_of_an_axis_travel_with_their_ticks() -> None:
    told = json.loads(context(histogram(), y=PlotAxis(logarithmic=True))["spec"])
    assert told["y"]["other"]["log"] is True
    assert [label for _, label in told["y"]["other"]["ticks"]][:2] == ["1", "2"]
    assert "other" not in told["x"]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (40, ["12:00:00", "12:00:10", "12:00:20", "12:00:30", "12:00:40"]),
        (4 * 3600, ["12:00", "13:00", "14:00", "15:00", "16:00"]),
        (4 * 86_400, ["2024-02-28", "2024-02-29", "2024-03-01", "2024-03-02"]),
        (120 * 86_400, ["2024-03", "2024-04", "2024-05", "2024-06"]),
        (4 * 366 * 86_400, ["2025", "2026", "2027", "2028"]),
    ],
)
def test_dates_stand_at_round_places(seconds: float, expected: list[str]) -> None:
    noon = 1_709_035_200.0  # 2024-02-27 12:00 UTC
    root = draw(Layer("line", array(noon, noon + seconds), array(0, 1)), x=PlotAxis("t", scale="time"))
    assert labels(root, "x") == expected
    words = [node.text for node in root.iter("text") if node.get("class") == "dlviz-x-label"]
    assert words == ["t, from 2024-02-27 UTC" if seconds < 86_400 else "t"]


def test_a_square_plot_and_marks_beyond_its_ends() -> None:
    line = Layer("line", array(0, 1, 2), array(0, 1, 5))
    told = context(line, x=PlotAxis(low=0, high=1), y=PlotAxis(low=0, high=1), square=True)
    assert "dlviz-square" in told["style"]
    assert "dlviz-cut" in told["svg"]
    assert "dlviz-cut" not in context(line)["svg"]


def test_the_legend_joins_what_belongs_together() -> None:
    x = array(0, 1)
    line = Layer("line", x, x, label="model", color=0)
    band = Layer("area", x, x, low=x, high=x, color=0)
    other = Layer("line", x, x, label="baseline", color=1)
    rule = Layer("rule", x, x, label="chance")
    found = [(key.label, key.places, key.shape) for key in context(band, line, other, rule)["keys"]]
    assert found == [("model", "1 0", "line"), ("baseline", "2", "line"), ("chance", "3", "line")]
    alone = plot_context(Figure("a", "model", "", Plot((line, band))))
    assert alone["keys"] == ()


def test_the_description_tells_the_highest_bin_and_the_categories() -> None:
    named = PlotAxis("class", scale="category", categories=("cat", "dog"))
    bars = Plot((Layer("bar", array(0, 1), array(12, 7), label="train"),), x=named)
    assert plot_words.sentence(bars) == "train: cat 12, dog 7."
    steps = Plot((Layer("step", array(0, 1), array(3, 9), x2=array(1, 2)),))
    assert plot_words.sentence(steps) == "Highest 9 at 1 to 2."
    interval = Plot((Layer("interval", array(0), array(0.5), low=array(0.25), high=array(0.75)),), x=named)
    assert plot_words.sentence(interval) == "Cat 0.5 (0.25 to 0.75)."


def test_the_table_has_one_row_for_each_place_and_says_what_it_leaves_out() -> None:
    told = context(histogram(0), histogram(1), x=PlotAxis("age"))
    assert told["columns"] == ("age", "split 0", "split 1")
    assert len(told["rows"]) == plot_words.MOST_ROWS + 1
    assert told["rows"][0].label == "−3 to −2.9"
    assert told["rows"][-1].label == "and 20 more"
    apart = context(histogram(0, bins=10), histogram(1, bins=12))
    assert apart["columns"] == ("Series", "x", "y", "Range")
    assert len(apart["rows"]) == 22


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (np.linspace(0, 1, 61), "n"),
        (np.repeat([1.0, 5.0, np.nan], 100), "u"),
        (np.random.default_rng(0).normal(size=500), "q"),
        (np.append(np.random.default_rng(0).normal(size=500), np.nan), "q"),
    ],
)
def test_arrays_are_short_and_come_back(values: Any, form: str) -> None:
    code = coding.coded(values)
    assert isinstance(code, dict)
    assert form in code
    assert len(json.dumps(code)) < 6 * len(values)
    wide = coding.coded(np.exp(np.random.default_rng(0).normal(0, 9, 500)), log=True)
    assert isinstance(wide, dict)
    assert "f4" in wide
    assert coding.coded(array(1, np.nan, 2.5)) == [1, None, 2.5]


def test_texts_are_joined_by_a_sign_that_none_has() -> None:
    assert coding.coded_texts(["a|b", "c", "d"]) == {"by": "~", "t": "a|b~c~d"}
    assert coding.coded_texts(["|~^¦", "c", "d"]) == ["|~^¦", "c", "d"]
    paths = [f"train/cat/{name}.jpg" for name in ("1", "12", "")]
    assert coding.coded_texts(paths) == {"by": "|", "t": "1|12|", "a": "train/cat/", "z": ".jpg"}
    assert coding.coded_texts(["aa", "a", "aaa"]) == {"by": "|", "t": "aa|a|aaa"}
    assert coding.coded_texts(["same"] * 3) == {"by": "|", "t": "||", "a": "same"}
    many = coding.coded_texts(["cat", "dog"] * 50)
    assert isinstance(many, dict)
    assert many["u"] == ["cat", "dog"]


def test_what_the_browser_can_count_and_join_is_not_told() -> None:
    keys = ("a/1.jpg", "a/2.jpg", "a/3.jpg")
    points = np.arange(3.0)
    named = Layer("dot", points, points, label="cat", keys=keys, notes=tuple(f"{key}: cat" for key in keys))
    figure = Figure("plot-a", "A", "Seen.", Plot((named,)))
    in_order = {"address": "a.webp", "places": {key: place for place, key in enumerate(keys)}}
    html = render("figures/plot.html.j2", **plot_context(figure, sprite=in_order))
    assert "&#34;of&#34;:&#34;keys&#34;" in html
    assert "places" not in html
    turned = in_order | {"places": {"a/3.jpg": 0, "a/1.jpg": 1}}
    assert "places" in render("figures/plot.html.j2", **plot_context(figure, sprite=turned))


def test_a_usual_figure_is_small() -> None:
    figure = Figure("plot-a", "A", "Seen.", Plot(tuple(histogram(i, seed=i) for i in range(3))))
    assert len(render("figures/plot.html.j2", **plot_context(figure))) < 12_000


@pytest.mark.parametrize("mark", ["bar", "step", "line", "area", "dot", "interval", "rule", "cell"])
@pytest.mark.parametrize("scale", ["linear", "log", "category", "time"])
@pytest.mark.parametrize(
    "values",
    [[], [1.0], [np.nan, np.nan], [np.inf, -np.inf, 0.0], [-1.7e308, 1.7e308], [5e-324, 1e-310], [3.0, 3.0]],
    ids=["none", "one", "nan", "infinite", "huge", "tiny", "constant"],
)
def test_no_values_break_it(mark: Any, scale: Any, values: list[float]) -> None:
    v = np.array(values, dtype=np.float64)
    axis = PlotAxis("a", scale=scale, categories=("p", "q") if scale == "category" else (), logarithmic=True)
    for horizontal in (False, True):
        layer = Layer(mark, v, v, x2=v, y2=v, low=v, high=v, weights=v, horizontal=horizontal)
        drawn = str(context(layer, x=axis, y=axis)["svg"])
        ElementTree.fromstring(drawn)
        assert "nan" not in drawn


def test_what_strangers_wrote_is_only_text() -> None:
    layer = Layer("dot", array(0, 1, 2), array(0, 1, 2), label=EVIL, notes=(EVIL,) * 3, picks=((EVIL, EVIL),) * 3)
    axis = PlotAxis(EVIL, scale="category", categories=(EVIL, "b", "c"))
    figure = Figure("plot-a", EVIL, EVIL, Plot((layer,), x=axis, y=PlotAxis(EVIL)))
    html = render("figures/plot.html.j2", **plot_context(figure, sprite={"address": EVIL}))
    assert "<img" not in html
    assert 'onerror="' not in html
    assert re.search(r'data-sprite="\{&#34;address', html)


def test_other_figures_are_refused() -> None:
    from dlviz_docs.charts.matrix import matrix_context

    with pytest.raises(TypeError, match="not a matrix"):
        matrix_context(Figure("a", "A", "", Plot(())))


def test_thin_curves_are_drawn_pale_and_neither_named_nor_read_out() -> None:
    x = np.arange(60.0)
    seeds = [Layer("line", x, np.sin(x) + i, color=2, thin=True) for i in range(3)]
    shown = context(*seeds, Layer("line", x, np.sin(x), color=2, label="agent"))
    groups = [
        node.get("class") for node in ElementTree.fromstring(str(shown["svg"])).iter("g") if "data-layer" in node.attrib
    ]
    assert groups == ["dlviz-s2 dlviz-thin"] * 3 + ["dlviz-s2"]
    assert [key.label for key in shown["keys"]] == ["agent"]
    assert shown["keys"][0].places == "3 0 1 2"
    assert "more layer" not in str(shown["svg"])
    assert shown["columns"][1] == "agent"
    layers = json.loads(shown["spec"])["layers"]
    assert [layer.get("thin", False) for layer in layers] == [True] * 3 + [False]
    # Nobody reads them: a place in their range is enough, a third of the bytes.
    assert isinstance(layers[0]["y"], dict)
    assert isinstance(layers[3]["y"], list)
