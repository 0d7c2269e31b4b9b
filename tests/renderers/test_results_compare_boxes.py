"""Several detectors on the same pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from dlviz_docs.model import Boxes, Experiment, Insight, Pictures, Predictions
from dlviz_docs.model.samples import Samples
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results import Results
from dlviz_docs.renderers.results import detection as one_model
from dlviz_docs.renderers.results._aligned import aligned_boxes
from dlviz_docs.renderers.results.compare import same_items
from dlviz_docs.view import Fact, Figure, Gallery, Matrix, Plot, Shown, Table

CLASSES = ("cat", "dog", "owl")
PICTURES = 40


def truth() -> Boxes:
    rng = np.random.default_rng(99)
    picture = np.repeat(np.arange(PICTURES), 4).astype(np.int32)
    category = rng.integers(0, 3, len(picture)).astype(np.int32)
    xywh = np.column_stack(
        [200.0 * np.tile(np.arange(4), PICTURES), rng.uniform(0, 400, len(picture)), *[[90.0] * 160] * 2]
    )
    return Boxes(picture, category, xywh)


def model(name: str, skill: float, *, seed: int = 0, blind: str = "", hard: int = 0) -> Predictions:
    """Finds a share of all boxes, never those of one class, nor the first ones of all."""
    rng, true = np.random.default_rng(seed), truth()
    seen = rng.random(len(true)) < skill
    seen &= true.category != (CLASSES.index(blind) if blind else -1)
    seen[:hard] = False
    false = rng.integers(0, PICTURES, 20)
    boxes = Boxes(
        np.concatenate([true.picture[seen], false]).astype(np.int32),
        np.concatenate([true.category[seen], rng.integers(0, 3, 20)]).astype(np.int32),
        np.concatenate([true.xywh[seen] + rng.normal(0, 3, (int(seen.sum()), 4)), [(850.0, 700, 40, 40)] * 20]),
        rng.uniform(0.3, 1, int(seen.sum()) + 20),
    )
    keys = tuple(f"{row}.jpg" for row in range(PICTURES))
    shown = Pictures(keys, keys, sizes=np.tile(np.array([[1000, 800]], np.int32), (PICTURES, 1)))
    return Predictions(
        name, name, ("p",), "detection", PICTURES, CLASSES, ids=keys, pictures=shown, true_boxes=true, boxes=boxes
    )


def page(predictions: Sequence[Predictions], *, samples: str = "shown") -> tuple[Mapping[str, Figure], list[Insight]]:
    results = Results(samples="shown" if samples == "shown" else "none")
    found: list[Shown] = list(results(Experiment("e", "e", "e", samples=Samples(predictions=tuple(predictions)))))
    figures = [one for one in found if isinstance(one, Figure)]
    assert len({figure.id for figure in figures}) == len(figures)
    insights = [one for one in found if isinstance(one, Insight)]
    assert all(not one.figure or one.figure in {figure.id for figure in figures} for one in insights)
    return {figure.id: figure for figure in figures}, insights


def test_the_better_one_is_said_with_its_interval() -> None:
    figures, insights = page([model("low", 0.5, seed=1), model("high", 0.95, seed=2)])
    first = insights[0]
    assert first.text.startswith("high is better than low by 0.")
    assert first.text.endswith("paired over 40 pictures, p < 0.001.")
    assert first.values["low"] < first.values["difference"] < first.values["high"]
    table, gaps = figures["models"].spec, figures["model-differences"].spec
    assert isinstance(table, Table)
    assert isinstance(gaps, Table)
    assert [row[0].text for row in table.rows] == ["high", "low"]
    ap = [float(row[1].sort or 0) for row in table.rows]
    assert first.values["difference"] == pytest.approx(ap[0] - ap[1])
    assert gaps.rows[0][1].sort == pytest.approx(ap[0] - ap[1])


def test_scores_are_those_of_the_models_own_pages() -> None:
    given = [model("low", 0.5, seed=1), model("high", 0.95, seed=2)]
    figures, _ = page(given)
    table = figures["models"].spec
    assert isinstance(table, Table)
    for row, name in zip(table.rows, ("high", "low"), strict=True):
        own = figures[f"{name}-detection-scores"].spec
        assert isinstance(own, Table)
        values = {cells[0].text: cells[1].sort for cells in own.rows}
        assert [cell.sort for cell in row[1:5]] == [values[score] for score in ("AP", "AP50", "AP75", "AR@100")]
    assert {figure.page for figure in figures.values()} == {"", "high", "low"}


def test_sentences_of_one_model_begin_with_its_name() -> None:
    _, insights = page([model("low", 0.5, seed=1), model("high", 0.95, seed=2)])
    own = [one for one in insights if one.run]
    assert own
    assert all(one.text.startswith(f"{one.run}: ") for one in own)
    assert [one.kind for one in insights[:3]] == ["model-comparison", "detection-quality", "detection-quality"]
    assert insights[1].run == "high"


def test_equal_models_are_not_told_apart() -> None:
    one = model("one", 0.7, seed=1)
    _, insights = page([one, model("two", 0.7, seed=2)])
    assert "do not tell from chance" in insights[0].text
    _, insights = page([one, replace(one, name="copy", run="copy")])
    assert insights[0].text == "one and copy are level in AP (n = 40 pictures)."


def test_few_pictures_tell_nothing() -> None:
    few = [_first(model(name, skill, seed=2), 6) for name, skill in (("a", 0.4), ("b", 0.9))]
    figures, insights = page(few)
    assert not any(one.kind in ("model-comparison", "class-differences") for one in insights)
    assert "too few to tell" in figures["model-differences"].caption


def _first(one: Predictions, n: int) -> Predictions:
    """The same with only the first pictures."""

    def some(boxes: Boxes | None) -> Boxes:
        assert boxes is not None
        kept = boxes.picture < n
        scores = None if boxes.scores is None else boxes.scores[kept]
        return Boxes(boxes.picture[kept], boxes.category[kept], boxes.xywh[kept], scores)

    assert one.pictures is not None
    shown = Pictures(one.ids[:n], one.ids[:n], sizes=one.pictures.sizes[:n])
    return replace(
        one, length=n, ids=one.ids[:n], pictures=shown, boxes=some(one.boxes), true_boxes=some(one.true_boxes)
    )


def test_the_class_that_only_one_finds() -> None:
    figures, insights = page([model("all", 0.9, seed=1), model("blind", 0.9, seed=2, blind="owl")])
    gain = next(one for one in insights if one.kind == "class-differences")
    assert "gains most over blind on “owl”" in gain.text
    assert "on no class is it clearly worse" in gain.text
    plot = figures["models-by-class"].spec
    assert isinstance(plot, Plot)
    assert plot.y.categories[0] == "owl"
    assert [layer.label for layer in plot.layers] == ["all", "blind"]
    assert plot.layers[1].x[0] == 0


def test_boxes_that_all_miss_and_pictures_that_differ() -> None:
    figures, insights = page([model("all", 1.0, seed=1, hard=8), model("half", 0.5, seed=2, hard=8)])
    missed = next(one for one in insights if one.kind == "all-missed")
    assert missed.values["missed"] >= 8
    gallery, differ = figures["missed-by-all"].spec, figures["models-differ"].spec
    assert isinstance(gallery, Gallery)
    assert isinstance(differ, Gallery)
    lost = [region for item in gallery.items for region in item.regions if region.kind == "missed"]
    assert len(lost) == missed.values["missed"]
    assert not any(region.score for item in gallery.items for region in item.regions)
    assert {item.title for item in gallery.items} >= {"0.jpg", "1.jpg"}
    gaps = [int(dict(item.facts)["difference"]) for item in differ.items]
    assert gaps == sorted(gaps, reverse=True)
    assert dict(differ.items[0].facts)["boxes shown"] == "all"
    assert not {"missed-by-all", "models-differ"} & set(page([model("a", 0.9), model("b", 0.5)], samples="none")[0])


def test_pictures_in_another_order_with_other_numbers_are_the_same() -> None:
    one, other = model("one", 0.9, seed=1), model("other", 0.6, seed=2)
    order = np.random.default_rng(0).permutation(PICTURES)
    back = np.argsort(order)
    turn = np.array([2, 0, 1], np.int32)

    def moved(boxes: Boxes | None) -> Boxes:
        assert boxes is not None
        mixed = np.random.default_rng(1).permutation(len(boxes))
        scores = None if boxes.scores is None else boxes.scores[mixed]
        return Boxes(
            back[boxes.picture][mixed].astype(np.int32), turn[boxes.category][mixed], boxes.xywh[mixed], scores
        )

    ids = tuple(other.ids[row] for row in order.tolist())
    names = tuple(CLASSES[int(place)] for place in np.argsort(turn))
    mixed = replace(other, ids=ids, classes=names, boxes=moved(other.boxes), true_boxes=moved(other.true_boxes))
    expected, found = (page([one, given])[0]["models"].spec for given in (other, mixed))
    assert isinstance(expected, Table)
    assert isinstance(found, Table)
    assert [cell.sort for cell in found.rows[1]] == pytest.approx([cell.sort for cell in expected.rows[1]], nan_ok=True)


def test_pictures_that_are_annotated_differently_are_left_out() -> None:
    one, other = model("one", 0.9, seed=1), model("other", 0.6, seed=2)
    assert other.true_boxes is not None
    moved = other.true_boxes.xywh.copy()
    moved[:8] += 30  # two pictures
    changed = replace(other, true_boxes=replace(other.true_boxes, xywh=moved))
    same, left = aligned_boxes([one, changed])
    assert left == 2
    assert [each.length for each in same] == [38, 38]
    figures, _ = page([one, changed])
    assert "2 pictures left out" in figures["models"].caption
    assert figures["one-detection-scores"].caption == page([one, other])[0]["one-detection-scores"].caption


def test_what_cannot_be_compared_stands_alone() -> None:
    one, other = model("one", 0.9), model("other", 0.5, seed=1)
    elsewhere = replace(other, ids=tuple(f"z{row}" for row in range(PICTURES)))
    assert same_items([one, elsewhere]) == []
    assert same_items([one, replace(other, true_boxes=None)]) == []
    figures, insights = page([one, replace(other, true_boxes=None)])
    assert "models" not in figures
    assert any(one.kind == "detection-unjudged" for one in insights)


def test_many_models_are_matched_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    from dlviz_docs.renderers.results import _detected

    matched = []
    evaluate = _detected.evaluate

    def counted(*given: object, **more: object) -> object:
        matched.append(1)
        return evaluate(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(_detected, "evaluate", counted)
    figures, insights = page([model(f"m{i}", 0.4 + 0.05 * i, seed=i) for i in range(10)])
    assert len(matched) == 10
    table = figures["models"].spec
    assert isinstance(table, Table)
    ap = [float(row[1].sort or 0) for row in table.rows]
    assert ap == sorted(ap, reverse=True)
    best = {row[0].text for row in table.rows[:3]}
    assert {figure.page for figure in figures.values()} == {"", *best}
    assert "The best 3 have pages of their own." in figures["models"].caption
    assert "is the best of 10 in AP" in insights[0].text


def test_the_best_is_said_on_the_front_page() -> None:
    given = Samples(predictions=(model("low", 0.5, seed=1), model("high", 0.95, seed=2)))
    facts = [one for one in Results()(Experiment("e", "e", "e", samples=given)) if isinstance(one, Fact)]
    assert [fact.label for fact in facts] == ["Best AP"]
    assert facts[0].text.endswith("(n = 40 pictures): high")


def test_cells_of_the_matrix_are_those_of_the_pictures() -> None:
    given = model("one", 0.8, seed=3)
    found = {one.id: one for one in one_model.detection(given, Place(), True) if isinstance(one, Figure)}
    matrix, gallery = found["detection-confusion"].spec, found["worst-pictures"].spec
    assert isinstance(matrix, Matrix)
    assert isinstance(gallery, Gallery)
    assert matrix.picks
    assert len(gallery.items) == gallery.total
    for i, row in enumerate(matrix.rows):
        for k, column in enumerate(matrix.columns):
            pictures = sum((row, column) in item.cells for item in gallery.items)
            assert (pictures > 0) == (matrix.values[i, k] > 0)
            assert not pictures > matrix.values[i, k]


WHOLE = (0.0, 0.0, 50.0, 50.0)


def odd(xywh: object, scores: list[float] | None, picture: int = 0, category: int = 0) -> Boxes:
    corners = np.array(xywh, float).reshape(-1, 4)
    at, of = (np.full(len(corners), value, np.int32) for value in (picture, category))
    return Boxes(at, of, corners, None if scores is None else np.array(scores, float))


@pytest.mark.parametrize("predicted", [None, odd([], []), odd([WHOLE], [np.nan]), odd([WHOLE, (np.nan,) * 4], None)])
@pytest.mark.parametrize("annotated", [odd([WHOLE], None), odd([WHOLE, (np.nan,) * 4, (0, 0, -5, np.inf)], None)])
def test_odd_boxes_break_nothing(predicted: Boxes | None, annotated: Boxes) -> None:
    names = ("one", "other", "third", "fourth")
    given = [
        Predictions(name, "", ("p",), "detection", 1, classes, true_boxes=annotated, boxes=boxes)
        for name, boxes, classes in zip(
            names, (predicted, odd([WHOLE], [0.5]), odd([WHOLE], [np.inf], 0, 9), predicted), ((),) * 4, strict=True
        )
    ]
    figures, _ = page(given)
    assert isinstance(figures["models"].spec, Table)
    assert len(figures["models"].spec.rows) == 4
