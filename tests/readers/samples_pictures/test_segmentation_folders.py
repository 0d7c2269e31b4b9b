from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from _trees import found, picture
from PIL import Image

from dlviz_docs.model.samples import Predictions
from dlviz_docs.readers.samples._types import Found, ResultEntry
from dlviz_docs.readers.samples.folders import plan_pictures, read_pictures


def mask(path: Path, labels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(labels.astype(np.uint8)).save(path)


def predictions_of(told: Found) -> list[Predictions]:
    _, planned, _, _ = plan_pictures(told)
    return [one for one in (read_pictures(told, each) for each in planned) if isinstance(one, Predictions)]


@pytest.mark.parametrize(
    ("predicted", "truth"), [("pred", "gt"), ("run1/predictions", "data/masks"), ("outputs", "data/test/labels")]
)
def test_masks_of_the_same_names_belong_together(tmp_path: Path, predicted: str, truth: str) -> None:
    rng = np.random.default_rng(0)
    for number in range(3):
        labels = rng.integers(0, 3, (30, 40))
        mask(tmp_path / truth / f"{number}.png", labels)
        mask(tmp_path / predicted / f"{number}.png", np.where(rng.random((30, 40)) < 0.1, 0, labels))
        picture(tmp_path / "data" / "images" / f"{number}.jpg")
    mask(tmp_path / truth / "more.png", labels)
    told = found(tmp_path, {"run1": "r1"})
    (predictions,) = predictions_of(told)
    assert (predictions.task, predictions.length) == ("segmentation", 3)
    assert predictions.run == ("r1" if predicted.startswith("run1") else "")
    assert predictions.classes == ("0", "1", "2")
    assert predictions.masks is not None
    assert predictions.masks.sources == tuple(f"{predicted}/{number}.png" for number in range(3))
    assert predictions.pictures is not None
    assert predictions.pictures.sources == tuple(f"data/images/{number}.jpg" for number in range(3))
    assert predictions.pictures.sizes.tolist() == [[40, 30]] * 3
    assert predictions.confusions is not None
    assert predictions.confusions.sum(axis=(1, 2)).tolist() == [1200] * 3
    assert predictions.boundaries is not None
    assert predictions.boundaries.shape == (3, 3, 3)
    assert [problem.code for problem in predictions.problems] == ["masks-unpredicted"]
    planned, _, taken, _ = plan_pictures(told)
    assert {predicted, truth} <= taken
    assert [[path for path, _ in one.files] for one in planned] == [["data/images"]]


def test_a_lone_class_has_a_background(tmp_path: Path) -> None:
    labels = np.zeros((30, 40))
    labels[5:20, 5:20] = 255
    mask(tmp_path / "gt" / "a.png", labels)
    mask(tmp_path / "pred" / "a.png", labels)
    told = found(tmp_path)
    (predictions,) = predictions_of(told)
    assert predictions.classes == ("background", "foreground")
    assert predictions.masks is not None
    assert predictions.masks.values == (0, 255)
    entry = ResultEntry(path="pred", truth="gt", name="U-Net", classes=("sky", "cell"))
    (predictions,) = predictions_of(found(tmp_path, results=(entry,)))
    assert (predictions.name, predictions.classes) == ("U-Net", ("sky", "cell"))


def test_folders_of_other_names_are_no_masks(tmp_path: Path) -> None:
    mask(tmp_path / "gt" / "a.png", np.zeros((5, 5)))
    mask(tmp_path / "pred" / "b.png", np.zeros((5, 5)))
    assert predictions_of(found(tmp_path)) == []
