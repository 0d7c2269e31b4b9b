"""Masks against pycocotools."""

from __future__ import annotations

import contextlib
import copy
import io
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from dlviz_docs.stats.average_precision import evaluate, mean
from dlviz_docs.stats.masks import filled, mask_overlaps, of_counts, together
from dlviz_docs.stats.matching import Set

HEIGHT, WIDTH = 70, 90
# What pycocotools does inside, not we.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


def polygon(rng: np.random.Generator, around: tuple[float, float], size: float) -> list[float]:
    corners = int(rng.integers(3, 9))
    angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radius = size * rng.uniform(0.4, 1, corners)
    points = np.column_stack([around[0] + radius * np.cos(angle), around[1] + radius * np.sin(angle)])
    return [float(value) for value in points.round(2).ravel()]


def pixels(told: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    flat = np.zeros(HEIGHT * WIDTH, np.uint8)
    for start, end in zip(*told, strict=True):
        flat[start:end] = 1
    return flat.reshape(WIDTH, HEIGHT).T


def test_outlines_are_filled_as_coco_fills_them() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        parts = int(rng.integers(1, 4))
        outline = [
            polygon(rng, (rng.uniform(-10, 100), rng.uniform(-10, 80)), rng.uniform(1, 50)) for _ in range(parts)
        ]
        expected = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(outline, HEIGHT, WIDTH)))
        assert np.array_equal(pixels(filled(outline, HEIGHT, WIDTH)), expected)


def test_what_is_no_outline_has_no_pixels() -> None:
    for outline in ([], [[]], [[1.0, 2.0, 3.0, 4.0]], [[float("nan")] * 6], [[1e300] * 6]):
        assert together([filled(outline, HEIGHT, WIDTH)]).areas.tolist() == [0.0]


def counts_of(bitmap: np.ndarray) -> list[int]:
    flat = bitmap.T.ravel()
    ends = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff(np.concatenate([[0], ends, [len(flat)]])).tolist()
    return counts if not flat[0] else [0, *counts]


def test_overlaps_of_masks() -> None:
    rng = np.random.default_rng(1)
    masks = [(rng.random((HEIGHT, WIDTH)) < share).astype(np.uint8) for share in (0, 0.1, 0.5, 0.9, 1)]
    runs = together([of_counts(counts_of(one)) for one in masks])
    assert runs.areas.tolist() == [float(one.sum()) for one in masks]
    picture = np.zeros(5, np.int32)
    crowd = np.array([False, False, True, False, True])
    boxes = Set(picture, picture, np.zeros((5, 4)), runs.areas, np.zeros(5, np.bool_))
    truth = Set(picture, picture, np.zeros((5, 4)), runs.areas, crowd)
    found = mask_overlaps(runs, runs, boxes, truth, 0.0)
    assert found is not None
    packed = [coco_mask.encode(np.asfortranarray(one)) for one in masks]
    expected = coco_mask.iou(packed, packed, crowd.astype(np.uint8))
    table = np.zeros((5, 5))
    table[found.box, found.truth] = found.iou
    assert table == pytest.approx(np.nan_to_num(expected), abs=1e-12)


def scene(seed: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Annotations with polygons, a few crowds, and predicted masks in run lengths."""
    rng = np.random.default_rng(seed)
    annotations, results = [], []
    for picture in range(12):
        for _ in range(int(rng.integers(1, 5))):
            at = (float(rng.uniform(10, 80)), float(rng.uniform(10, 60)))
            size = float(rng.uniform(5, 30))
            outline = [polygon(rng, at, size)]
            told = coco_mask.merge(coco_mask.frPyObjects(outline, HEIGHT, WIDTH))
            category, crowd = int(rng.integers(0, 3)), bool(rng.random() < 0.1)
            told_as: Any = {"size": [HEIGHT, WIDTH], "counts": counts_of(coco_mask.decode(told))} if crowd else outline
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": picture,
                    "category_id": category,
                    "segmentation": told_as,
                    "area": float(coco_mask.area(told)),
                    "bbox": [float(value) for value in coco_mask.toBbox(told)],
                    "iscrowd": int(crowd),
                }
            )
            for _ in range(int(rng.integers(0, 3))):
                moved = [[value + float(rng.normal(0, 2)) for value in outline[0]]]
                seen = coco_mask.merge(coco_mask.frPyObjects(moved, HEIGHT, WIDTH))
                wrong = int(rng.integers(0, 3)) if rng.random() < 0.2 else category
                results.append(
                    {"image_id": picture, "category_id": wrong, "segmentation": seen, "score": float(rng.random())}
                )
    return annotations, results


@pytest.mark.parametrize("seed", range(4))
def test_average_precision_of_masks_is_that_of_cocoeval(seed: int) -> None:
    annotations, results = scene(seed)
    coco = COCO()
    coco.dataset = {
        "images": [{"id": picture, "height": HEIGHT, "width": WIDTH} for picture in range(12)],
        "categories": [{"id": k, "name": str(k)} for k in range(3)],
        "annotations": copy.deepcopy(annotations),  # which it changes
    }
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        judged = COCOeval(coco, coco.loadRes([dict(one) for one in results]), "segm")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()

    def some(rows: list[dict[str, Any]], area: np.ndarray) -> Set:
        return Set(
            np.array([one["image_id"] for one in rows], np.int32),
            np.array([one["category_id"] for one in rows], np.int32),
            np.zeros((len(rows), 4)),
            area,
            np.array([bool(one.get("iscrowd", 0)) for one in rows]),
        )

    mine = together([of_counts(counts_of(coco_mask.decode(one["segmentation"]))) for one in results])
    others = together(
        [
            of_counts(one["segmentation"]["counts"]) if one["iscrowd"] else filled(one["segmentation"], HEIGHT, WIDTH)
            for one in annotations
        ]
    )
    found = evaluate(
        some(results, mine.areas),
        np.array([one["score"] for one in results]),
        some(annotations, np.array([one["area"] for one in annotations])),
        3,
        (mine, others),
    )
    ap, ar = found.ap, found.recall
    values = [mean(part) for part in (ap[..., 0], ap[0, :, 0], ap[5, :, 0], ap[..., 1], ap[..., 2])]
    assert np.nan_to_num(values, nan=-1) == pytest.approx(judged.stats[:5], abs=1e-9)
    assert [mean(ar[:, :, 0, m]) for m in range(3)] == pytest.approx(judged.stats[6:9], abs=1e-9)
