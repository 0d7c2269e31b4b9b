from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from _trees import annotations, found, picture, results_of, text
from pycocotools import mask as oracle

from dlviz_docs.model.samples import Dataset, Predictions
from dlviz_docs.readers.samples import coco
from dlviz_docs.readers.samples._rle import box_of, read_mask, unpack
from dlviz_docs.readers.samples._types import DataEntry, Found, ResultEntry
from dlviz_docs.readers.samples.folders import plan_pictures, read_pictures


def dataset_of(told: Found) -> Dataset:
    ((planned, *more), _, _, _) = plan_pictures(told)
    assert not more
    read = read_pictures(told, planned)
    assert isinstance(read, Dataset)
    return read


def predictions_of(told: Found) -> list[Predictions]:
    _, planned, _, _ = plan_pictures(told)
    read = [read_pictures(told, one) for one in planned]
    return [one for one in read if isinstance(one, Predictions)]


def codes(one: Dataset | Predictions) -> set[str]:
    return {problem.code for problem in one.problems}


@pytest.mark.parametrize("density", [0.0, 0.03, 0.5, 0.97, 1.0])
def test_masks_are_unpacked_as_cocos_own_code_does(density: float) -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        height, width = rng.integers(1, 90, 2).tolist()
        pixels = np.asfortranarray((rng.random((height, width)) < density).astype(np.uint8))
        packed = oracle.encode(pixels)
        (size, counts) = read_mask({"size": [height, width], "counts": packed["counts"].decode()})
        drawn = np.repeat(np.arange(len(counts)) % 2, counts).reshape(width, height).T
        assert size == (height, width)
        assert (drawn == pixels).all()
        assert box_of((size, counts)).tolist() == oracle.toBbox(packed).tolist()
        assert read_mask({"size": [height, width], "counts": list(counts)}) == (size, counts)


@pytest.mark.parametrize(
    "told",
    [
        None,
        {},
        {"size": [2, 2]},
        {"size": [2], "counts": [4]},
        {"size": [0, 4], "counts": []},
        {"size": [2, 2], "counts": [5]},
        {"size": [2, 2], "counts": [3, -1, 2]},
        {"size": [2, 2], "counts": [1.5, 2.5]},
        {"size": [2, 2], "counts": [10**30]},
        {"size": [10**9, 10**9], "counts": [1]},
        {"size": [2, 2], "counts": "\x10"},
        {"size": [2, 2], "counts": "oooooooooooo"},
        {"size": [2, 2], "counts": "é"},
        {"size": [2, 2], "counts": "PPPPPPPPPPPPP0"},
    ],
)
def test_what_is_no_mask_is_refused(told: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_mask(told)


def test_random_strings_are_masks_or_refused() -> None:
    rng = np.random.default_rng(0)
    for _ in range(2000):
        packed = "".join(map(chr, rng.integers(40, 120, rng.integers(0, 30)).tolist()))
        try:
            counts = unpack(packed)
        except ValueError:
            continue
        assert counts.dtype == np.int64


def test_annotations_and_results_are_known_by_their_first_bytes(tmp_path: Path) -> None:
    files = {
        "instances_val2017.json": annotations(3),
        "long.json": {"info": {}, **annotations(2000)},
        "captions.json": {"images": [{"id": 1}], "annotations": [{"image_id": 1, "caption": "a"}]},
        "settings.json": {"images": 3, "categories": ["a"]},
        "results.json": results_of(annotations(3)),
        "keypoints.json": [{"image_id": 1, "keypoints": [1, 2, 2]}],
        "list.json": [1, 2, 3],
        "empty.json": "",
    }
    for name, content in files.items():
        text(tmp_path / name, content)
    assert [name for name in files if coco.is_annotations(tmp_path, name)] == ["instances_val2017.json", "long.json"]
    assert [name for name in files if coco.is_results(tmp_path, name)] == ["results.json"]


def test_a_data_set_of_two_splits_with_pictures(tmp_path: Path) -> None:
    for split, amount in (("train", 3), ("val", 2)):
        text(tmp_path / "coco" / "annotations" / f"instances_{split}2017.json", annotations(amount))
        for number in range(amount):
            picture(tmp_path / "coco" / f"{split}2017" / f"{number}.jpg")
    told = found(tmp_path)
    dataset = dataset_of(told)
    assert (dataset.name, dataset.format, dataset.length) == ("coco", "COCO", 5)
    assert dataset.splits == ("train", "val")
    assert dataset.classes == ("cat", "dog", "animal")
    assert dataset.pictures is not None
    assert dataset.boxes is not None
    assert dataset.split is not None
    for source, split in zip(dataset.pictures.sources, dataset.split, strict=True):
        assert source.startswith(f"coco/{dataset.splits[split]}2017/")
    assert np.bincount(dataset.boxes.picture).tolist() == [2] * 5
    assert np.bincount(dataset.boxes.category).tolist() == [5, 5]
    assert dataset.problems == ()
    _, _, taken, _ = plan_pictures(told)
    assert {"coco/train2017", "coco/val2017", "coco/annotations/instances_val2017.json"} <= taken


def test_classes_of_two_files_are_matched_by_name(tmp_path: Path) -> None:
    first, second = annotations(1), annotations(1)
    second["categories"] = [{"id": 3, "name": "dog"}, {"id": 7, "name": "cat"}, {"id": 9, "name": "new"}]
    text(tmp_path / "data" / "train" / "_annotations.coco.json", first)
    text(tmp_path / "data" / "valid" / "_annotations.coco.json", second)
    dataset = dataset_of(found(tmp_path))
    assert dataset.classes == ("cat", "dog", "animal", "new")
    assert dataset.boxes is not None
    assert dataset.boxes.category.tolist() == [0, 1, 0, 1]


def test_annotations_without_pictures_keep_their_sizes(tmp_path: Path) -> None:
    text(tmp_path / "data" / "_annotations.coco.json", annotations(2))
    dataset = dataset_of(found(tmp_path))
    assert dataset.pictures is not None
    assert dataset.pictures.sizes.tolist() == [[40, 30]] * 2
    assert dataset.pictures.sources == ("", "")
    assert [problem.what for problem in dataset.problems] == ["none of the 2 annotated pictures is there"]


def test_names_that_climb_out_are_not_followed(tmp_path: Path) -> None:
    picture(tmp_path / "outside.jpg")
    told = annotations(2, name="../../outside{}.jpg")
    images = told["images"]
    assert isinstance(images, list)
    images[0]["file_name"] = "../../outside.jpg"
    images[1]["file_name"] = str(tmp_path / "outside.jpg")
    text(tmp_path / "root" / "data" / "_annotations.coco.json", told)
    dataset = dataset_of(found(tmp_path / "root"))
    assert dataset.pictures is not None
    assert dataset.pictures.sources == ("", "")
    assert not len(dataset.pictures.measured)


def test_faults_are_counted_and_the_rest_is_kept(tmp_path: Path) -> None:
    told = annotations(3)
    rows = told["annotations"]
    assert isinstance(rows, list)
    rows[0]["bbox"] = [1, 2, -3, 4]
    rows[1]["bbox"] = [1, 2, float("nan"), 4]
    rows[2]["bbox"] = [1, 2, 0, 4]
    rows[3]["image_id"] = 99
    rows[4]["category_id"] = 99
    rows += [{"image_id": 0, "category_id": 7, "bbox": "abc"}, {"image_id": [], "category_id": {}, "bbox": [1] * 5}, 7]
    rows.append({"image_id": 0, "category_id": 7, "bbox": [1, 1, 5, 5], "segmentation": [[1, 1, 2]]})
    text(tmp_path / "data" / "_annotations.coco.json", json.dumps(told))
    dataset = dataset_of(found(tmp_path))
    assert dataset.boxes is not None
    assert dataset.boxes.xywh.tolist() == [rows[5]["bbox"], [1, 1, 5, 5]]
    whats = {problem.code: problem.what for problem in dataset.problems}
    assert whats["boxes-invalid"].startswith("5 boxes")
    assert whats["boxes-unknown-picture"].startswith("2 boxes")
    assert whats["boxes-unknown-class"].startswith("1 box of")
    assert "shapes-invalid" in whats


def test_shapes_are_kept_and_make_boxes_where_there_is_none(tmp_path: Path) -> None:
    told = annotations(1)
    told["annotations"] = [
        {"image_id": 0, "category_id": 7, "segmentation": [[2, 3, 10, 3, 10, 9]]},
        {"image_id": 0, "category_id": 3, "iscrowd": 1, "segmentation": {"size": [30, 40], "counts": [31, 4, 1165]}},
        {"image_id": 0, "category_id": 3, "bbox": [0, 0, 5, 5], "segmentation": [], "area": 12},
    ]
    text(tmp_path / "data" / "_annotations.coco.json", told)
    boxes = dataset_of(found(tmp_path)).boxes
    assert boxes is not None
    assert boxes.xywh.tolist() == [[2, 3, 8, 6], [1, 1, 1, 4], [0, 0, 5, 5]]
    assert boxes.outlines == (((2, 3, 10, 3, 10, 9),), (), ())
    assert boxes.masks == (((0, 0), ()), ((30, 40), (31, 4, 1165)), ((0, 0), ()))
    assert boxes.crowd is not None
    assert boxes.crowd.tolist() == [False, True, False]
    assert boxes.area is not None
    assert boxes.area.tolist() == [48, 4, 12]


def test_a_file_cut_off_anywhere_gives_what_is_complete(tmp_path: Path) -> None:
    whole = json.dumps({"categories": annotations(4)["categories"], **annotations(4)})
    amounts = []
    for cut in range(0, len(whole), 100):
        text(tmp_path / "data" / "_annotations.coco.json", whole[:cut])
        read = coco.read_annotations(tmp_path, "data/_annotations.coco.json", lambda _, names: [""] * len(names))
        assert "cut-off" in {problem.code for problem in read.problems}
        amounts.append(len(read.boxes))
    assert amounts == sorted(amounts)
    assert 0 < amounts[-1] <= 8
    read = coco.read_results(tmp_path, "data/_annotations.coco.json")
    assert "cut-off" in {problem.code for problem in read.problems}


def test_results_are_compared_with_the_annotations_they_lie_on(tmp_path: Path) -> None:
    """Both splits count their pictures from 0."""
    told = {
        split: annotations(amount, seed=seed)
        for split, amount, seed in (("train", 6, 1), ("valid", 4, 2), ("test", 4, 3))
    }
    for split, content in told.items():
        text(tmp_path / "data" / split / "_annotations.coco.json", content)
    text(tmp_path / "run1" / "coco_instances_results.json", results_of(told["test"]))
    (predictions,) = predictions_of(found(tmp_path, {"run1": "run-one"}))
    assert (predictions.name, predictions.run, predictions.task) == ("run1", "run-one", "detection")
    assert predictions.sources == ("run1/coco_instances_results.json", "data/test/_annotations.coco.json")
    assert predictions.splits == ("test",)
    assert predictions.boxes is not None
    assert predictions.true_boxes is not None
    assert (predictions.boxes.xywh == predictions.true_boxes.xywh).all()
    assert (predictions.boxes.category == predictions.true_boxes.category).all()
    assert predictions.boxes.scores is not None
    assert set(predictions.boxes.scores.tolist()) == {0.9}
    assert codes(predictions) == {"pictures-absent"}


def test_a_choice_that_is_not_clear_is_told(tmp_path: Path) -> None:
    for split in ("valid", "test"):
        text(tmp_path / "data" / split / "_annotations.coco.json", annotations(3))
    text(tmp_path / "out.json", results_of(annotations(3)))
    (predictions,) = predictions_of(found(tmp_path))
    assert "truth-unclear" in codes(predictions)
    entry = ResultEntry(path="out.json", name="A", truth="data/valid/_annotations.coco.json")
    (predictions,) = predictions_of(found(tmp_path, results=(entry,)))
    assert predictions.name == "A"
    assert predictions.splits == ("val",)
    assert "truth-unclear" not in codes(predictions)


def test_results_of_other_pictures_have_no_truth(tmp_path: Path) -> None:
    text(tmp_path / "data" / "_annotations.coco.json", annotations(3))
    text(tmp_path / "out.json", results_of(annotations(3, first=500)))
    (predictions,) = predictions_of(found(tmp_path))
    assert codes(predictions) == {"truth-missing"}
    assert predictions.boxes is None


def test_several_results_of_a_run_are_told_apart(tmp_path: Path) -> None:
    text(tmp_path / "data" / "_annotations.coco.json", annotations(3))
    for name in ("first", "second"):
        text(tmp_path / "run1" / f"{name}.json", results_of(annotations(3)))
    text(tmp_path / "other.json", results_of(annotations(3)))
    told = predictions_of(found(tmp_path, {"run1": "r1", ".": "r0"}))
    assert [(one.name, one.run) for one in told] == [("other", "r0"), ("run1 (first)", "r1"), ("run1 (second)", "r1")]


def test_results_with_masks(tmp_path: Path) -> None:
    pixels = np.zeros((30, 40), np.uint8, order="F")
    pixels[5:10, 3:20] = 1
    told = annotations(1)
    text(tmp_path / "data" / "_annotations.coco.json", told)
    packed = oracle.encode(pixels)
    row = {"image_id": 0, "category_id": 7, "score": 0.5}
    row["segmentation"] = {"size": [30, 40], "counts": packed["counts"].decode()}
    text(tmp_path / "out.json", [row])
    (predictions,) = predictions_of(found(tmp_path))
    assert predictions.boxes is not None
    assert predictions.boxes.xywh.tolist() == [[3, 5, 17, 5]]
    assert len(predictions.boxes.masks) == 1


def test_experiment_yml_names_annotations(tmp_path: Path) -> None:
    text(tmp_path / "shots" / "a.json", annotations(2))
    dataset = dataset_of(found(tmp_path, data=(DataEntry(path="shots/a.json", name="Shots"),)))
    assert (dataset.name, dataset.length) == ("Shots", 2)


def test_a_real_detection_of_medical_waste(corpora: Path) -> None:
    told = found(corpora / "detectron2_medwaste" / "data", {"output": "output"})
    dataset = dataset_of(told)
    assert (dataset.length, dataset.splits) == (75, ("val", "test"))
    assert dataset.boxes is not None
    assert len(dataset.boxes) == 140 + 141
    assert dataset.classes == ("medical-waste", "Blood bag", "Mask", "ampoule", "syringe")
    (predictions,) = predictions_of(told)
    assert predictions.sources[1] == "data/test/_annotations.coco.json"
    assert predictions.boxes is not None
    assert predictions.true_boxes is not None
    assert (len(predictions.boxes), len(predictions.true_boxes)) == (1922, 140)
    assert predictions.pictures is not None
    assert predictions.pictures.sizes.tolist() == [[640, 640]] * 25


def test_whatever_stands_in_the_places_of_numbers_is_no_exception(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    odd = [
        None,
        True,
        -1,
        0,
        3,
        7,
        1e308,
        float("nan"),
        10**40,
        "3",
        "",
        [],
        {},
        [1],
        [1, 2, 3, 4],
        {"size": [1]},
        [[1]],
    ]

    def pick() -> object:
        return odd[rng.integers(len(odd))]

    for _ in range(300):
        keys = ("id", "image_id", "category_id", "bbox", "segmentation", "score", "area", "iscrowd", "name")
        rows = [[{key: pick() for key in keys if rng.random() < 0.8} for _ in range(5)] + [pick()] for _ in range(3)]
        images = [
            row | {key: pick() for key in ("file_name", "width", "height")} for row in rows[0] if isinstance(row, dict)
        ]
        text(tmp_path / "a.json", {"images": images, "annotations": rows[1], "categories": rows[2]})
        text(tmp_path / "b.json", rows[1])
        read = coco.read_annotations(tmp_path, "a.json", lambda _, names: [""] * len(names))
        assert np.isfinite(read.boxes.xywh).all()
        assert (read.boxes.xywh[:, 2:] > 0).all()
        assert len(read.ids) == len(read.keys) == len(read.sizes)
        assert len(coco.read_results(tmp_path, "b.json").images) == sum(isinstance(row, dict) for row in rows[1])
        entry = ResultEntry(path="b.json", truth="a.json")
        told = found(tmp_path, results=(entry,))
        planned, predicted, _, _ = plan_pictures(told)
        for one in (*planned, *predicted):
            read_pictures(told, one)
