from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from _trees import found, picture, text

from dlviz_docs.model.samples import Dataset, Predictions
from dlviz_docs.readers.samples import yolo
from dlviz_docs.readers.samples._types import DataEntry, Found
from dlviz_docs.readers.samples.folders import plan_pictures, read_pictures


def read(told: Found) -> tuple[list[Dataset], list[Predictions]]:
    planned, predicted, _, _ = plan_pictures(told)
    both = [read_pictures(told, one) for one in (*planned, *predicted)]
    return [x for x in both if isinstance(x, Dataset)], [x for x in both if isinstance(x, Predictions)]


def tree(root: Path, *, roboflow: bool) -> None:
    """Two splits of two pictures of 40 x 30 px; the second picture of a split has no box."""
    text(root / "data.yaml", "path: .\ntrain: images/train\nnc: 2\nnames:\n  0: cat\n  1: dog\n")
    for split in ("train", "valid"):
        for number, content in enumerate(("1 0.5 0.5 0.5 0.2\n0 0.25 0.5 0.5 1\n", "")):
            kinds = (f"{split}/images", f"{split}/labels") if roboflow else (f"images/{split}", f"labels/{split}")
            picture(root / kinds[0] / f"{split}{number}.jpg")
            text(root / kinds[1] / f"{split}{number}.txt", content)


@pytest.mark.parametrize("roboflow", [True, False])
def test_both_ways_to_lay_out_a_data_set(tmp_path: Path, roboflow: bool) -> None:
    tree(tmp_path / "pets", roboflow=roboflow)
    told = found(tmp_path)
    ((dataset,), predictions) = read(told)
    assert predictions == []
    assert (dataset.name, dataset.format, dataset.length) == ("pets", "YOLO", 4)
    assert dataset.splits == ("train", "val")
    assert dataset.classes == ("cat", "dog")
    assert dataset.boxes is not None
    assert dataset.boxes.picture.tolist() == [0, 0, 2, 2]
    assert dataset.boxes.category.tolist() == [1, 0, 1, 0]
    assert dataset.boxes.xywh[:2] == pytest.approx(np.array([[10, 12, 20, 6], [0, 0, 20, 30]]))
    assert dataset.problems == ()
    _, _, taken, _ = plan_pictures(told)
    assert {path for path in told.files if path.endswith(".txt")} <= taken


def test_names_of_classes_in_a_list_or_a_text(tmp_path: Path) -> None:
    text(tmp_path / "a.yaml", "names: [cat, 'dog: big']\n")
    text(tmp_path / "classes.txt", "cat\ndog\n\n")
    text(tmp_path / "bad.yaml", "names: [cat\n  : {")
    text(tmp_path / "holes.yaml", "names: {0: a, 3: d}")
    text(tmp_path / "huge.yaml", "names: {999999999: a, x: b}")
    names = [yolo.class_names(tmp_path, name) for name in ("a.yaml", "classes.txt", "holes.yaml", "huge.yaml", "gone")]
    assert names == [("cat", "dog: big"), ("cat", "dog"), ("a", "1", "2", "d"), (), ()]
    assert isinstance(yolo.class_names(tmp_path, "bad.yaml"), tuple)


def test_outlines_become_boxes(tmp_path: Path) -> None:
    picture(tmp_path / "data" / "images" / "a.png")
    text(tmp_path / "data" / "labels" / "a.txt", "2 0.1 0.1 0.5 0.1 0.5 0.9\n")
    ((dataset,), _) = read(found(tmp_path))
    assert dataset.boxes is not None
    assert dataset.boxes.xywh == pytest.approx(np.array([[4, 3, 16, 24]]))
    assert dataset.boxes.outlines[0][0] == pytest.approx((4, 3, 20, 3, 20, 27))
    assert dataset.classes == ("0", "1", "2")


def test_faults_are_counted_and_the_rest_is_kept(tmp_path: Path) -> None:
    tree(tmp_path / "pets", roboflow=False)
    labels = tmp_path / "pets" / "labels" / "train"
    lines = [
        "0 0.5 0.5 0.2 0.2",
        "word",
        "0 1 2",
        "0 0.5 0.5 -1 0.5",
        "0 20 30 5 5",
        "9 0.5 0.5 0.2 0.2",
        "0.5 1 1 1 1",
    ]
    text(labels / "train0.txt", "\n".join([*lines, "0 0.5 0.5 nan 0.1", "1e400 0 0 1 1"]))
    text(labels / "alone.txt", "0 0.5 0.5 0.2 0.2")
    (labels / "train1.txt").unlink()
    ((dataset,), _) = read(found(tmp_path))
    assert dataset.boxes is not None
    assert (dataset.boxes.picture == 0).sum() == 1
    told = {problem.code: problem.what for problem in dataset.problems}
    assert told["labels-unreadable"].startswith("5 lines that are no box, in 1 file (train0.txt)")
    assert told["boxes-invalid"].startswith("2 boxes")
    assert told["boxes-unknown-class"].startswith("1 box of")
    assert told["labels-without-pictures"].startswith("1 file (alone.txt)")


def test_predictions_of_save_txt(tmp_path: Path) -> None:
    tree(tmp_path / "pets", roboflow=True)
    folder = tmp_path / "runs" / "detect" / "val"
    text(folder / "labels" / "valid0.txt", "1 0.5 0.5 0.5 0.2 0.75\n0 0.2 0.5 0.1 0.1 0.25\n")
    picture(folder / "valid0.jpg")
    (datasets, (predictions,)) = read(found(tmp_path, {"runs/detect/val": "val"}))
    assert [dataset.name for dataset in datasets] == ["pets"]
    assert (predictions.name, predictions.run, predictions.splits) == ("val", "val", ("val",))
    assert predictions.length == 2
    assert predictions.boxes is not None
    assert predictions.boxes.scores is not None
    assert predictions.boxes.scores.tolist() == [0.75, 0.25]
    assert predictions.true_boxes is not None
    assert predictions.boxes.xywh[0] == pytest.approx(predictions.true_boxes.xywh[0])
    assert predictions.problems == ()


def test_experiment_yml_names_data_yaml(tmp_path: Path) -> None:
    tree(tmp_path / "media" / "pets", roboflow=True)
    assert read(found(tmp_path))[0] == []
    ((dataset,), _) = read(found(tmp_path, data=(DataEntry(path="media/pets/data.yaml", name="Pets"),)))
    assert (dataset.name, dataset.length, dataset.classes) == ("Pets", 4, ("cat", "dog"))


def test_predictions_without_confidence_are_told(tmp_path: Path) -> None:
    tree(tmp_path / "pets", roboflow=True)
    text(tmp_path / "out" / "labels" / "valid0.txt", "1 0.5 0.5 0.5 0.2\n")
    (_, (predictions,)) = read(found(tmp_path))
    assert [problem.code for problem in predictions.problems] == ["scores-missing"]


@pytest.mark.parametrize("first", [0, 1])
def test_predictions_json_of_ultralytics(tmp_path: Path, first: int) -> None:
    """Names without ending for pictures; classes from 0, or from 1 as newer versions count them."""
    tree(tmp_path / "pets", roboflow=True)
    rows = [
        {"image_id": "valid0", "category_id": 1 + first, "bbox": [10, 12, 20, 6], "score": 0.5},
        {"image_id": "valid0", "category_id": 0 + first, "bbox": [0, 0, 20, 30], "score": 0.4},
    ]
    text(tmp_path / "run" / "predictions.json", rows)
    (_, (predictions,)) = read(found(tmp_path, {"run": "run"}))
    assert predictions.boxes is not None
    assert predictions.boxes.category.tolist() == [1, 0]
    assert predictions.splits == ("val",)
    assert predictions.problems == ()
