from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlviz_docs.model import Boxes, Insight, Pictures, Predictions
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results.detection import detection
from dlviz_docs.view import Figure, Gallery, Matrix, Plot, Shown, Sweep, Table


def boxes(rows: list[tuple[int, int, Any]], scores: list[float] | None = None) -> Boxes:
    return Boxes(
        np.array([row[0] for row in rows], np.int32),
        np.array([row[1] for row in rows], np.int32),
        np.array([row[2] for row in rows], float).reshape(-1, 4),
        None if scores is None else np.array(scores, float),
    )


def predictions(
    predicted: Boxes | None, truth: Boxes | None, length: int, classes: tuple[str, ...] = ("cat", "dog"), **more: Any
) -> Predictions:
    return Predictions(
        "model", "", ("p.json",), "detection", length, classes, boxes=predicted, true_boxes=truth, **more
    )


def scene(seed: int = 0, pictures: int = 60, each: int = 6) -> Predictions:
    """Small cats are hardly found, dogs are often taken for cats, boxes lie a tenth too far right."""
    rng = np.random.default_rng(seed)
    truth, predicted, scores = [], [], []
    for picture in range(pictures):
        for slot in range(each):
            category = int(rng.integers(0, 2))
            side = float(rng.choice([20.0, 80.0, 150.0]))
            box = np.array([200.0 * slot, 10, side, side])
            truth.append((picture, category, box))
            if side == 20 and rng.random() < 0.7:
                continue
            seen = 0 if rng.random() < 0.3 else category
            predicted.append((picture, seen, box + side * np.array([0.1 + rng.normal(0, 0.02), 0, 0, 0])))
            scores.append(float(rng.uniform(0.5, 1)))
        predicted.append((picture, 0, np.array([1500.0, 500, 60, 60])))
        scores.append(float(rng.uniform(0.1, 0.7)))
    keys = tuple(f"{row}.jpg" for row in range(pictures))
    sizes = np.tile(np.array([[1600, 600]], np.int32), (pictures, 1))
    shown = Pictures(keys, keys, None, sizes=sizes)
    return predictions(boxes(predicted, scores), boxes(truth), pictures, pictures=shown)


def render(given: Predictions, place: Place | None = None, *, samples: bool = True) -> list[Shown]:
    return list(detection(given, place or Place(), samples))


def figures(shown: list[Shown]) -> dict[str, Figure]:
    return {figure.id: figure for figure in shown if isinstance(figure, Figure)}


def insights(shown: list[Shown]) -> dict[str, Insight]:
    return {insight.kind: insight for insight in shown if isinstance(insight, Insight)}


def test_the_page_says_what_the_scene_is_made_of() -> None:
    shown = render(scene())
    said = insights(shown)
    assert said["small-boxes"].severity == "warning"
    assert "boxes < 32² px" in said["small-boxes"].text
    assert "“dog” is taken for “cat”" in said["detection-confusion"].text
    assert "right" in said["location-bias"].text
    assert "too few a picture" in said["count-bias"].text
    assert said["detection-costs"].values["cost_class"] == max(
        value for name, value in said["detection-costs"].values.items() if name != "cost_threshold"
    )
    places = set(figures(shown))
    assert {insight.figure for insight in said.values()} <= places
    assert len(places) == sum(isinstance(one, Figure) for one in shown)


def test_all_numbers_of_a_threshold_agree() -> None:
    found = figures(render(scene(pictures=40)))
    sweep, matrix = found["detection-threshold"].spec, found["detection-confusion"].spec
    assert isinstance(sweep, Sweep)
    assert isinstance(matrix, Matrix)
    at = sweep.start
    diagonal = np.diag(matrix.values)[:-1].sum()
    assert sweep.counts["found"][at] == diagonal
    assert sweep.counts["missed"][at] == np.nansum(matrix.values[:-1]) - diagonal
    assert sweep.counts["false alarms"][at] == np.nansum(matrix.values[:, :-1]) - diagonal
    assert sweep.curves["F1"][at] == np.nanmax(sweep.curves["F1"])
    gallery = found["worst-pictures"].spec
    assert isinstance(gallery, Gallery)
    facts = [dict(item.facts) for item in gallery.items]
    assert len(facts) == gallery.total == 40
    for name in ("found", "missed"):
        assert sum(int(fact[name]) for fact in facts) == sweep.counts[name][at]
    assert sum(int(fact["false"]) for fact in facts) == sweep.counts["false alarms"][at]
    assert matrix.rows[-1] == "nothing there (false alarm)"
    assert matrix.columns[-1] == "missed"


def test_a_slider_over_the_regions_gives_the_same_counts() -> None:
    found = figures(render(scene(pictures=40)))
    sweep, gallery = found["detection-threshold"].spec, found["worst-pictures"].spec
    assert isinstance(sweep, Sweep)
    assert isinstance(gallery, Gallery)
    assert gallery.slider is not None
    for place in range(len(sweep.thresholds)):
        at = sweep.thresholds[place]
        if at < gallery.slider[0]:
            continue
        regions = [region for item in gallery.items for region in item.regions]
        hits = [r for r in regions if r.kind == "truth" and r.partner is not None and r.partner >= at]
        false = [r for r in regions if r.kind == "false" and r.score is not None and r.score >= at]
        assert (len(hits), len(false)) == (sweep.counts["found"][place], sweep.counts["false alarms"][place])


def test_worst_come_first_and_only_where_samples_may_be_shown() -> None:
    given = scene()
    gallery = figures(render(given))["worst-pictures"].spec
    assert isinstance(gallery, Gallery)
    wrong = [sum(int(value) for name, value in item.facts if name != "found") for item in gallery.items]
    assert wrong == sorted(wrong, reverse=True)
    assert "worst-pictures" not in figures(render(given, samples=False))


def test_pictures_that_are_not_there_are_a_table() -> None:
    given = scene()
    assert given.pictures is not None
    gone = Pictures(given.pictures.keys, ("",) * len(given.pictures), None, sizes=given.pictures.sizes)
    both = [predictions(given.boxes, given.true_boxes, 60, pictures=some) for some in (gone, None)]
    tables = [figures(render(one))["worst-pictures"].spec for one in both]
    assert all(isinstance(table, Table) for table in tables)


def test_a_class_without_annotations_is_not_in_the_split_and_costs_nothing() -> None:
    given = scene()
    more = predictions(given.boxes, given.true_boxes, 60, ("cat", "dog", "wolf"))
    less = predictions(given.boxes, given.true_boxes, 60)
    tables = [figures(render(one)) for one in (more, less)]
    assert tables[0]["detection-scores"].caption == tables[1]["detection-scores"].caption
    rows = tables[0]["detection-classes"].spec
    assert isinstance(rows, Table)
    assert [row[1].text for row in rows.rows][2] == "not in this split"
    assert "1 class is not annotated" in tables[0]["detection-classes"].caption


def test_without_annotations_no_score_is_made_up() -> None:
    given = scene()
    shown = render(predictions(given.boxes, None, 60))
    assert list(insights(shown)) == ["detection-unjudged"]
    assert list(figures(shown)) == ["detection-confidences"]
    assert render(predictions(None, None, 60)) == []


def test_nothing_predicted_is_an_ap_of_zero() -> None:
    for nothing in (None, boxes([], [])):
        shown = render(predictions(nothing, scene().true_boxes, 60))
        table = figures(shown)["detection-scores"].spec
        assert isinstance(table, Table)
        assert table.rows[0][1].text == "0.000"
        assert "detection-threshold" not in figures(shown)


WHOLE = (0.0, 0.0, 50.0, 50.0)
ODD = [
    (boxes([(0, 0, WHOLE)], [0.5]), boxes([(0, 0, WHOLE)]), 1),
    (boxes([(0, 0, (np.nan,) * 4), (0, -1, WHOLE), (0, 7, WHOLE)], [np.nan, 0.1, np.inf]), boxes([(0, 0, WHOLE)]), 1),
    (boxes([(0, 0, (np.inf, 0, np.inf, 0)), (3, 1, (0, 0, -5, -5))], [np.nan] * 2), boxes([(2, 1, (0, 0, 0, 0))]), 1),
    (boxes([(0, 0, WHOLE)]), boxes([(0, 0, WHOLE)] * 3), 1),
    (boxes([(0, 0, WHOLE)] * 300, [7.0] * 300), boxes([(0, 0, WHOLE)] * 300), 2),
    (boxes([(0, 0, WHOLE)], [-3.0]), boxes([(-1, 0, WHOLE), (0, 0, WHOLE)]), 0),
]


@pytest.mark.parametrize("case", range(len(ODD)))
def test_odd_boxes_break_nothing(case: int) -> None:
    predicted, truth, length = ODD[case]
    for classes in ((), ("a",), ("a", "b")):
        shown = render(predictions(predicted, truth, length, classes), Place("odd"))
        assert all(one.id.startswith("odd-") for one in figures(shown).values())


def test_a_thousand_classes_are_shown_in_part_and_that_is_said() -> None:
    rng = np.random.default_rng(0)
    rows = [(int(rng.integers(50)), k, (*rng.uniform(0, 300, 2), 40.0, 40.0)) for k in range(1000)]
    found = figures(render(predictions(boxes(rows, list(rng.random(1000))), boxes(rows), 50, ())))
    matrix, bars = found["detection-confusion"], found["ap-by-class"]
    assert isinstance(matrix.spec, Matrix)
    assert isinstance(bars.spec, Plot)
    assert len(matrix.spec.rows) == 41
    assert "of 1,000" in matrix.caption
    assert "of 1,000 classes" in bars.caption


def masked(*, outlined: bool = True, size: tuple[int, int] = (60, 80)) -> Predictions:
    """Squares of 20 px, predicted as masks that are right, in boxes that are not; annotated as polygons."""
    left = np.arange(24) % 3 * 25
    picture = (np.arange(24) // 3).astype(np.int32)
    category = np.zeros(24, np.int32)
    outlines = tuple(((x, 5.0, x + 20.0, 5.0, x + 20.0, 25.0, x, 25.0),) for x in left.tolist())
    truth = Boxes(picture, category, np.column_stack([left, [5] * 24, [20] * 24, [20] * 24]).astype(float))
    masks = []
    for x in left.tolist():
        flat = np.zeros((80, 60), np.uint8)
        flat[x : x + 20, 5:25] = 1
        ends = np.flatnonzero(np.diff(flat.ravel())) + 1
        masks.append((size, tuple(np.diff(np.concatenate([[0], ends, [4800]])).tolist())))
    predicted = replace(truth, xywh=truth.xywh * [1, 1, 2, 2], scores=np.linspace(1, 0.5, 24), masks=tuple(masks))
    keys = tuple(f"{row}.jpg" for row in range(8))
    shown = Pictures(keys, keys, sizes=np.tile(np.array([[80, 60]], np.int32), (8, 1)))
    return predictions(predicted, replace(truth, outlines=outlines if outlined else ()), 8, ("a",), pictures=shown)


def test_masks_are_judged_by_their_pixels() -> None:
    shown = render(masked())
    table = figures(shown)["detection-scores"].spec
    assert isinstance(table, Table)
    values = {row[0].text: row[1].sort for row in table.rows}
    assert values["Mask AP"] == pytest.approx(1.0)
    assert values["AP"] == 0
    assert insights(shown)["mask-quality"].values["mask_ap"] == pytest.approx(1.0)


@pytest.mark.parametrize("given", [masked(outlined=False), masked(size=(30, 160))])
def test_masks_of_one_side_or_of_another_size_are_not(given: Predictions) -> None:
    shown = render(given)
    table = figures(shown)["detection-scores"]
    assert isinstance(table.spec, Table)
    assert not any("Mask" in row[0].text for row in table.spec.rows)
    assert "Boxes are judged here, not the masks" in table.caption


def test_real_detections_of_detectron2(corpora: Path) -> None:
    folder = corpora / "detectron2_medwaste/data"
    coco = json.loads((folder / "data/test/_annotations.coco.json").read_text())
    results = json.loads((folder / "output/coco_instances_results.json").read_text())
    rows = {image["id"]: row for row, image in enumerate(coco["images"])}
    given = predictions(
        boxes(
            [(rows[one["image_id"]], one["category_id"], one["bbox"]) for one in results],
            [one["score"] for one in results],
        ),
        boxes([(rows[one["image_id"]], one["category_id"], one["bbox"]) for one in coco["annotations"]]),
        len(rows),
        tuple(category["name"] for category in coco["categories"]),
    )
    shown = render(given)
    assert 0.1 < insights(shown)["detection-quality"].values["ap"] < 0.9
    assert "“ampoule”" in " ".join(one.text for one in insights(shown).values())
