from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from dlviz_docs.stats.average_precision import (
    Evaluation,
    as_cocoeval,
    average_precision,
    evaluate,
    interval,
    mean,
    resampled,
)
from dlviz_docs.stats.matching import Set


def as_set(rows: list[dict[str, Any]], pictures: dict[int, int], classes: dict[int, int]) -> Set:
    boxes = np.array([row["bbox"] for row in rows], float).reshape(-1, 4)
    return Set(
        np.array([pictures[row["image_id"]] for row in rows], np.int32),
        np.array([classes[row["category_id"]] for row in rows], np.int32),
        boxes,
        np.array([row.get("area", row["bbox"][2] * row["bbox"][3]) for row in rows], float),
        np.array([bool(row.get("iscrowd", 0)) for row in rows], bool),
    )


def both(truth: dict[str, Any], results: list[dict[str, Any]]) -> tuple[Evaluation, COCOeval]:
    """Ours and the reference's answer to the same question."""
    pictures = {one: row for row, one in enumerate(sorted(image["id"] for image in truth["images"]))}
    classes = {one: row for row, one in enumerate(sorted(category["id"] for category in truth["categories"]))}
    results = [{key: row[key] for key in ("image_id", "category_id", "bbox", "score")} for row in results]
    ours = evaluate(
        as_set(results, pictures, classes),
        np.array([row["score"] for row in results], float),
        as_set(truth["annotations"], pictures, classes),
        len(classes),
    )
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        # The reference takes an annotation with the number 0 for none at all.
        coco.dataset = {**truth, "annotations": [{**a, "id": a["id"] + 1} for a in truth["annotations"]]}
        coco.createIndex()
        reference = COCOeval(coco, coco.loadRes(results), "bbox")
        reference.evaluate()
        reference.accumulate()
        reference.summarize()
    return ours, reference


def assert_same(ours: Evaluation, reference: COCOeval) -> None:
    precision = reference.eval["precision"][..., -1]  # T, R, K, A
    wanted = np.where((precision > -1).all(1), precision.mean(1), np.nan)
    np.testing.assert_allclose(ours.ap, wanted, atol=1e-9)
    recall = reference.eval["recall"]  # T, K, A, M
    np.testing.assert_allclose(ours.recall, np.where(recall > -1, recall, np.nan), atol=1e-9)
    twelve = [
        mean(ours.ap[:, :, 0]),
        mean(ours.ap[0, :, 0]),
        mean(ours.ap[5, :, 0]),
        *(mean(ours.ap[:, :, area]) for area in (1, 2, 3)),
        *(mean(ours.recall[:, :, 0, limit]) for limit in (0, 1, 2)),
        *(mean(ours.recall[:, :, area, 2]) for area in (1, 2, 3)),
    ]
    np.testing.assert_allclose(np.nan_to_num(twelve, nan=-1), reference.stats, atol=1e-9)


def random_set(seed: int, *, crowds: bool = True) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Boxes of all sizes, near copies of them as predictions, few distinct scores, pictures and classes without any."""
    rng = np.random.default_rng(seed)
    pictures, classes = int(rng.integers(1, 30)), int(rng.integers(1, 6))
    truth: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for picture in range(pictures):
        for _ in range(int(rng.integers(0, 9))):
            side = rng.choice([8.0, 30.0, 60.0, 150.0], 2) * rng.uniform(0.7, 1.4, 2)
            box = [*rng.uniform(0, 300, 2), *side]
            category = int(rng.integers(0, max(classes - 1, 1)))  # the last class is never annotated
            truth.append(
                {
                    "id": len(truth),
                    "image_id": picture,
                    "category_id": category,
                    "bbox": box,
                    "area": side[0] * side[1] * rng.uniform(0.6, 1),
                    "iscrowd": int(crowds and rng.random() < 0.15),
                }
            )
            for _ in range(int(rng.integers(0, 4))):
                moved = np.array(box) + rng.normal(0, 0.12, 4) * np.array([*side, *side])
                exact = rng.random() < 0.2
                results.append(
                    {
                        "image_id": picture,
                        "category_id": category if rng.random() < 0.8 else int(rng.integers(0, classes)),
                        "bbox": box if exact else [*moved[:2], *np.maximum(moved[2:], 0)],
                        "score": float(np.round(rng.random(), 1)),
                    }
                )
        results += [
            {
                "image_id": picture,
                "category_id": int(rng.integers(0, classes)),
                "bbox": [*rng.uniform(0, 300, 2), *rng.uniform(0, 150, 2)],
                "score": float(rng.random()),
            }
            for _ in range(int(rng.integers(0, 130) if rng.random() < 0.2 else rng.integers(0, 3)))
        ]
    results = [results[place] for place in rng.permutation(len(results))]
    images = [{"id": row} for row in range(pictures)]
    return {"images": images, "categories": [{"id": k} for k in range(classes)], "annotations": truth}, results


@pytest.mark.parametrize("seed", range(40))
def test_it_agrees_with_pycocotools_on_random_sets(seed: int) -> None:
    truth, results = random_set(seed)
    if not results:
        pytest.skip("the reference cannot load no results")
    assert_same(*both(truth, results))


def test_it_agrees_with_pycocotools_on_a_real_evaluation(corpora: Path) -> None:
    folder = corpora / "detectron2_medwaste/data"
    truth = json.loads((folder / "data/test/_annotations.coco.json").read_text())
    results = json.loads((folder / "output/coco_instances_results.json").read_text())
    ours, reference = both(truth, results)
    assert_same(ours, reference)
    assert reference.stats[0] > 0.1


def test_what_cocoeval_makes_of_the_identifier_0_is_known_too(corpora: Path) -> None:
    """The real annotations begin at 0: with them as they stand, pycocotools counts a box that is found as missed."""
    folder = corpora / "detectron2_medwaste/data"
    truth = json.loads((folder / "data/test/_annotations.coco.json").read_text())
    results = json.loads((folder / "output/coco_instances_results.json").read_text())
    ours, _ = both(truth, results)
    reference = as_it_stands(truth, results)
    zero = np.array([row["id"] == 0 for row in truth["annotations"]])
    assert zero.sum() == 1
    found = as_cocoeval(ours, zero)
    assert mean(found[:, :, 0]) == pytest.approx(reference[0], abs=1e-9)
    assert mean(found[0, :, 0]) == pytest.approx(reference[1], abs=1e-9)
    assert mean(found[:, :, 1]) == pytest.approx(reference[3], abs=1e-9)
    assert mean(ours.ap[:, :, 0]) > reference[0] + 1e-3


def as_it_stands(truth: dict[str, Any], results: list[dict[str, Any]]) -> list[float]:
    """The twelve numbers of pycocotools, with the identifiers that the file has."""
    with contextlib.redirect_stdout(io.StringIO()):
        annotated = COCO()
        annotated.dataset = json.loads(json.dumps(truth))
        annotated.createIndex()
        judged = COCOeval(annotated, annotated.loadRes(json.loads(json.dumps(results))), "bbox")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    return [float(value) for value in judged.stats]


def test_average_precision_of_few_predictions_by_hand() -> None:
    assert average_precision(np.array([True, True]), 2) == pytest.approx(1, abs=1e-12)
    assert average_precision(np.array([False, True]), 1) == pytest.approx(0.5)
    assert average_precision(np.array([True, False]), 2) == pytest.approx(51 / 101)
    assert average_precision(np.zeros(0, bool), 3) == 0
    assert np.isnan(average_precision(np.array([True]), 0))


def test_resampled_averages_are_those_of_the_copied_pictures() -> None:
    truth, results = random_set(3, crowds=True)
    ours, _ = both(truth, results)
    pictures = len(truth["images"])
    draws = resampled(ours, pictures, most=100)
    drawn = np.random.default_rng(0).multinomial(pictures, np.full(pictures, 1 / pictures), 100)
    for turn in range(3):
        copies = np.repeat(np.arange(pictures), drawn[turn])
        annotations = [
            {**row, "image_id": new, "id": 0}
            for new, old in enumerate(copies)
            for row in truth["annotations"]
            if row["image_id"] == old
        ]
        predicted = [
            {**row, "image_id": new} for new, old in enumerate(copies) for row in results if row["image_id"] == old
        ]
        numbered = [{**row, "id": number} for number, row in enumerate(annotations)]
        images = [{"id": row} for row in range(len(copies))]
        again, _ = both({**truth, "images": images, "annotations": numbered}, predicted)
        np.testing.assert_allclose(draws.ap[turn], again.ap, atol=2e-3)  # equal scores lie in another order in copies
        np.testing.assert_allclose(draws.recall[turn], again.recall[:, :, 0].mean(0), atol=1e-6)


def test_intervals_hold_the_average_of_far_more_pictures() -> None:
    """Which the quantiles of the draws, that are too high, hardly ever do."""
    rng = np.random.default_rng(0)
    pictures, classes, some = 3000, 5, 60
    picture = np.sort(rng.integers(0, pictures, 7500)).astype(np.int32)
    category = rng.integers(0, classes, 7500).astype(np.int32)
    xywh = np.concatenate([rng.uniform(0, 300, (7500, 2)), rng.uniform(10, 50, (7500, 2))], axis=1)
    source = np.repeat(np.arange(7500), 2)
    moved = xywh[source] + rng.normal(0, 0.08, (15000, 4)) * np.tile(xywh[source, 2:], 2)
    seen = np.where(rng.random(15000) < 0.3, rng.integers(0, classes, 15000), category[source]).astype(np.int32)
    scores = rng.random(15000)

    def of(chosen: np.ndarray) -> Evaluation:
        place = np.full(pictures, -1, np.int32)
        place[chosen] = np.arange(len(chosen))
        sets = []
        for where, what, boxes in ((picture[source], seen, moved), (picture, category, xywh)):
            kept = place[where] >= 0
            area = boxes[kept, 2] * boxes[kept, 3]
            sets.append(Set(place[where][kept], what[kept], boxes[kept], area, np.zeros(kept.sum(), bool)))
        return evaluate(sets[0], scores[place[picture[source]] >= 0], sets[1], classes)

    whole = mean(of(np.arange(pictures)).ap[:, :, 0])
    held = quantiles = 0
    for _ in range(60):
        found = of(rng.choice(pictures, some, replace=False))
        draws = np.nanmean(resampled(found, some, most=200).ap[..., 0], axis=(1, 2)).astype(float)
        low, high = interval(mean(found.ap[:, :, 0]), draws)
        held += low <= whole <= high
        quantiles += np.quantile(draws, 0.025) <= whole <= np.quantile(draws, 0.975)
    assert held >= 0.75 * 60
    assert quantiles < held / 2


def test_nothing_at_all_is_no_number() -> None:
    nothing = Set(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros((0, 4)), np.zeros(0), np.zeros(0, bool))
    found = evaluate(nothing, np.zeros(0), nothing, 2)
    assert np.isnan(found.ap).all()
    assert np.isnan(mean(found.ap))
    one = Set(np.zeros(1, np.int32), np.zeros(1, np.int32), np.ones((1, 4)), np.ones(1), np.zeros(1, bool))
    assert np.nanmax(evaluate(nothing, np.zeros(0), one, 2).ap) == 0
    assert np.isnan(evaluate(one, np.full(1, np.nan), nothing, 2).ap).all()
    assert resampled(evaluate(one, np.ones(1), one, 2), 1).ap.shape[2:] == (2, 4)
