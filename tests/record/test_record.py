"""What a training script leaves behind can be read by everything, and by us."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dlviz_docs import record


def test_a_data_set_is_a_column_an_array(tmp_path: Path) -> None:
    images = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    path = record.dataset(tmp_path / "data", "test", images=images, label=[0, 1], file=["a", "b"], classes=["x", "y"])
    assert path == tmp_path / "data/test.npz"
    with np.load(path, allow_pickle=False) as found:
        assert sorted(found) == ["classes", "file", "images", "label"]
        assert np.array_equal(found["images"], images)
        assert found["file"].tolist() == ["a", "b"]
        assert found["classes"].tolist() == ["x", "y"]


def test_tensors_that_need_gradients_are_taken(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    logits = torch.zeros(2, 3, requires_grad=True)
    path = record.predictions(tmp_path, truth=torch.tensor([0, 2]), logits=logits)
    with np.load(path, allow_pickle=False) as found:
        assert found["logits"].shape == (2, 3)
        assert found["y_true"].tolist() == [0, 2]


def test_objects_become_texts_and_never_a_pickle(tmp_path: Path) -> None:
    path = record.predictions(tmp_path, truth=np.array(["cat", None], object), predicted=["cat", "dog"])
    with np.load(path, allow_pickle=False) as found:
        assert found["y_true"].tolist() == ["cat", "None"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"truth": [1, 2], "predicted": [1]}, "differ in length"),
        ({"truth": [1, 2]}, "one of predicted, probabilities and logits"),
        ({"truth": 1, "predicted": [1]}, "truth: one row|y_true: one row"),
    ],
)
def test_what_cannot_be_right_is_refused(tmp_path: Path, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        record.predictions(tmp_path, **arguments)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_the_same_data_gives_the_same_bytes(tmp_path: Path) -> None:
    first = record.dataset(tmp_path / "a", label=[1, 2]).read_bytes()
    assert record.dataset(tmp_path / "b", label=[1, 2]).read_bytes() == first


def test_objects_are_coco(tmp_path: Path) -> None:
    truth = record.Objects(np.array([[1, 2, 10, 20]]), np.array([1]))
    none = record.Objects(np.zeros((0, 4)), [])
    path = record.ground_truth(
        tmp_path, pictures=["a.png", "b.png"], sizes=[(64, 48), (32, 32)], objects=[truth, none], classes=["cat", "dog"]
    )
    told = json.loads(path.read_text())
    assert [image["file_name"] for image in told["images"]] == ["a.png", "b.png"]
    assert told["annotations"] == [
        {"id": 1, "image_id": 0, "category_id": 1, "bbox": [1.0, 2.0, 10.0, 20.0], "area": 200.0, "iscrowd": 0}
    ]
    assert [category["name"] for category in told["categories"]] == ["cat", "dog"]
    found = record.detections(tmp_path, objects=[none, record.Objects([[1.5, 2, 10, 20]], [1], [0.75])])
    (one,) = json.loads(found.read_text())
    assert one == {"image_id": 1, "category_id": 1, "bbox": [1.5, 2.0, 10.0, 20.0], "score": 0.75}


def test_objects_of_other_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="1 pictures, 1 sizes, objects of 0"):
        record.ground_truth(tmp_path, pictures=["a"], sizes=[(1, 1)], objects=[], classes=[])


def test_texts_are_lines(tmp_path: Path) -> None:
    path = record.texts(tmp_path, inputs=["a?", "b?"], generated=["A", "B\n"])
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert rows == [{"input": "a?", "generated": "A"}, {"input": "b?", "generated": "B\n"}]
    with pytest.raises(ValueError, match="1 texts, 2 inputs"):
        record.texts(tmp_path, inputs=["a", "b"], generated=["A"])
