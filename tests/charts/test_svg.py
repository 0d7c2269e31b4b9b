from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from dlviz_docs.charts import describe, svg
from dlviz_docs.charts.marks import HEIGHT, LINE_HEIGHT
from dlviz_docs.view import Band, Chart, Line, Mark


def line(y: object, x: object = None, **options: object) -> Line:
    values = np.asarray(y, dtype=float)
    steps = np.arange(len(values), dtype=float) if x is None else np.asarray(x, dtype=float)
    told = {"label": "train", "run": "r", "series": "loss", "color": 3, **options}
    return Line(x={"step": steps}, y=values, **told)  # type: ignore[arg-type]


def draw(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(svg.draw(chart, id="metric-loss", title="loss", description="falls"))


def curves(root: ElementTree.Element) -> list[str]:
    return [node.attrib["d"] for node in root.iter("path") if "dlviz-line" in node.get("class", "")]


def heights(path: str) -> list[int]:
    numbers = np.array([int(n) for n in re.findall(r"-?\d+", path)]).reshape(-1, 2)
    return list(np.cumsum(numbers, axis=0)[:, 1].tolist())


def test_the_picture_has_a_name_and_a_description_and_no_color_of_its_own() -> None:
    root = draw(Chart((line([3, 2, 1]),)))
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == "metric-loss-t metric-loss-d"
    assert [root.findtext("title"), root.findtext("desc")] == ["loss", "falls"]
    text = ElementTree.tostring(root, encoding="unicode")
    assert "style=" not in text
    assert not re.search(r'(fill|stroke)="', text)


def test_no_extreme_is_lost_and_the_axis_holds_them_all() -> None:
    y = np.full(10_000, 0.5)
    y[1234], y[8765] = 10, -10
    (path,) = curves(draw(Chart((line(y),))))
    drawn = heights(path)
    assert len(drawn) <= svg.MOST
    assert max(drawn) - min(drawn) == pytest.approx(1000 / (1 + 2 * 0.04), abs=2)


def test_the_size_is_bounded_however_many_curves() -> None:
    rng = np.random.default_rng(0)
    chart = Chart(tuple(line(rng.normal(size=1000), color=i) for i in range(12)))
    assert len(svg.draw(chart, id="a", title="t", description="d")) < 10_000


def test_values_that_are_no_numbers_leave_a_gap_and_a_sign() -> None:
    root = draw(Chart((line([1, np.nan, np.nan, 2, np.inf, 3, -np.inf]),)))
    odd = [group for group in root.iter("g") if "dlviz-odd" in group.get("class", "")]
    assert [group.findtext("title") for group in odd] == ["train: NaN", "train: +Inf", "train: -Inf"]
    assert [sign.attrib["y"] for group in odd for sign in group.iter("svg")] == ["100%", "0", "100%"]
    (path,) = curves(root)
    assert path.count("M") == 3


def test_a_logarithmic_axis_shows_what_it_cannot_place() -> None:
    root = draw(Chart((line([0, 1, 10, -1]),), log_y=True))
    odd = [group for group in root.iter("g") if "dlviz-odd" in group.get("class", "")]
    assert [group.findtext("title") for group in odd] == ["train: zero or below"] * 2
    assert "(log)" in "".join(root.itertext())


@pytest.mark.parametrize(
    "values",
    [
        [],
        [5],
        [np.nan, np.nan],
        [3, 3, 3],
        [0, 0],
        [1e-320, 2e-320],
        [-1.7e308, 1.7e308],
        [3e38, np.inf],
        [1e-45, 1e-40],
    ],
)
@pytest.mark.parametrize("log", [False, True])
def test_any_values_can_be_drawn(values: list[float], log: bool) -> None:
    root = draw(Chart((line(values),), log_y=log))
    places = re.findall(r'"(-?[\d.e+-]+)%"', ElementTree.tostring(root, encoding="unicode"))
    assert all(-1e-6 <= float(place) <= 100.0001 for place in places)


def test_a_single_point_has_its_marker() -> None:
    root = draw(Chart((line([5]),)))
    (end,) = (node for node in root.iter("svg") if "dlviz-end" in node.get("class", ""))
    assert (end.attrib["x"], end.attrib["y"]) == ("50%", "50%")


def test_training_is_dashed_and_context_is_thin_and_lies_below() -> None:
    chart = Chart((line([1, 2], dash="dashed"), line([1, 2], faint=True)))
    classes = [node.get("class", "") for node in draw(chart).iter("path") if "dlviz-line" in node.get("class", "")]
    assert classes == ["dlviz-line dlviz-faint", "dlviz-line dlviz-s3 dlviz-dashed"]


def test_steps_that_go_back_are_drawn_in_order() -> None:
    (path,) = curves(draw(Chart((line([1, 3, 2], [0, 2, 1]),))))
    assert heights(path) == sorted(heights(path), reverse=True)


def test_a_band_is_an_area_around_its_middle() -> None:
    x = np.arange(5.0)
    root = draw(Chart((), bands=(Band("many", 2, x, x, x + 1, x + 2),)))
    assert [n.attrib["class"] for n in root.iter("path")] == ["dlviz-band dlviz-s2", "dlviz-line dlviz-s2"]


def marked(chart: Chart) -> list[ElementTree.Element]:
    return [group for group in draw(chart).iter("g") if "dlviz-mark" in group.get("class", "")]


def baselines(groups: list[ElementTree.Element]) -> list[float | None]:
    """Of the words of each mark, px from the top; None for a mark without."""
    found = []
    for group in groups:
        words = group.find("text")
        top = 0.0 if words is None else float(words.attrib["y"].rstrip("%")) / 100 * HEIGHT
        found.append(None if words is None else top + float(words.attrib["dy"]))
    return found


def test_marks_are_rings_and_lines_and_their_words_do_not_meet() -> None:
    marks = (
        *(Mark("best", {"step": 1.0}, 1.0, f"best {i}") for i in range(5)),
        Mark("resume", {"step": 0.0}, None, "resumed"),
        Mark("resume", {"step": 0.1}, None, "resumed again"),
        Mark("best", {"epoch": 1.0}, 1.0, "not on this axis"),
    )
    groups = marked(Chart((line([3, 1, 2]),), marks=marks))
    assert [len(group.findall("circle")) for group in groups] == [1] * 5 + [0, 0]
    assert [group.findtext("title") for group in groups] == [mark.label for mark in marks[:-1]]
    rings, lines = baselines(groups)[:5], baselines(groups)[5:]
    assert lines == [14, 29]
    shown = sorted(place for place in rings if place is not None)
    assert 2 <= len(shown) < 5  # for the others there is no room: their titles tell
    assert all(np.diff(shown) >= LINE_HEIGHT)
    assert all(0 < place <= HEIGHT for place in shown)


def test_words_stand_where_they_hide_no_curve() -> None:
    low = line([1, 1, 1, 1, 1])
    mark = Mark("best", {"step": 2.0}, 1.0, "best 1")

    def beside(*others: float) -> float:
        """Of the label from its ring on a level curve, beside other level curves."""
        frame_ = line([0, 0, 0, 0, 4])
        groups = marked(Chart((frame_, low, *(line([y] * 5) for y in others)), marks=(mark,)))
        (baseline,) = baselines(groups)
        ring = float(groups[0].find("circle").attrib["cy"].rstrip("%")) / 100 * HEIGHT  # type: ignore[union-attr]
        assert baseline is not None
        return baseline - ring

    assert beside() == -8
    assert beside(1.25) == 18  # a curve above
    assert beside(1.25, 0.8) == -23  # and one below


def test_what_leaves_the_focus_is_cut_off_and_said() -> None:
    sound, lost = line([1, 0.5]), line([1, 1e300], label="lost")
    marks = (Mark("best", {"step": 1.0}, 1e300, "far away"), Mark("best", {"step": 1.0}, 0.5, "here"))
    chart = Chart((sound, lost), marks=marks, focus=(0.5, 1.0))
    root = draw(chart)
    assert "dlviz-cut-off" in next(node for node in root if "dlviz-curves" in node.get("class", "")).attrib["class"]
    assert [group.findtext("title") for group in marked(chart)] == ["here"]
    assert len([node for node in root.iter("svg") if "dlviz-end" in node.get("class", "")]) == 1
    assert max(abs(height) for path in curves(root) for height in heights(path)) <= 1000 * svg.FARTHEST
    assert describe.beyond(chart) == "lost: up to 1e300, outside the picture."
    assert describe.beyond(Chart((sound, lost))) == ""


def test_words_from_a_folder_stay_words() -> None:
    evil = '"><script>alert(1)</script>'
    chart = Chart(
        (line([1, np.nan, 2], label=evil),), marks=(Mark("best", {"step": 0.0}, 1.0, evil),), x_label=evil, y_label=evil
    )
    drawn = svg.draw(chart, id=evil, title=evil, description=evil)
    assert "<script" not in drawn
    assert ElementTree.fromstring(drawn).findtext("title") == evil


def test_a_sparkline_has_gaps_and_no_points_no_picture() -> None:
    drawn = svg.spark(np.array([1, 2, np.nan, 3]))
    assert ElementTree.fromstring(drawn).attrib["aria-hidden"] == "true"
    assert drawn.count("M") == 2
    assert svg.spark(np.array([np.nan])) == ""
