"""The map, classes that overlap, labels that neighbours contradict, rows that are alone."""

from __future__ import annotations

import numpy as np
import pytest
from made_pictures import dataset, measured, soft
from sklearn.datasets import load_digits

from dlviz_docs.model import Dataset, Insight, Pictures
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.data.embedding import embedding
from dlviz_docs.view import Figure, Gallery, Matrix, Plot


def parts(made: Dataset, samples: bool = True) -> tuple[dict[str, Figure], dict[str, Insight]]:
    shown = list(embedding(made, Place(), samples))
    found = {one.id: one for one in shown if isinstance(one, Figure)}
    return found, {one.kind: one for one in shown if isinstance(one, Insight)}


def digits(labels: np.ndarray) -> Dataset:
    points = np.asarray(load_digits().data, np.float64)
    return dataset(None, labels, [], [str(name) for name in range(10)], embeddings=points, length=len(points))


def test_digits_with_wrong_labels() -> None:
    labels = load_digits().target.copy()
    wrong = np.random.default_rng(0).choice(np.flatnonzero(labels == 3), 8, replace=False)
    labels[wrong] = 7
    found, said = parts(digits(labels))
    assert list(found) == ["map", "class-overlap", "doubtful-labels"]
    gallery = found["doubtful-labels"].spec
    assert isinstance(gallery, Gallery)
    named = {item.title for item in gallery.items if ("most neighbours", "3") in item.facts}
    assert len(named & {f"row {row:,}" for row in wrong}) >= 7
    assert said["doubtful-labels"].text.endswith("Most often “7” that looks like “3” (7).")
    plot = found["map"].spec
    assert isinstance(plot, Plot)
    assert sum(len(layer.x) for layer in plot.layers) == 1797
    assert "need not be alike" in found["map"].caption


def test_overlapping_classes_are_said_once() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 100)
    points = rng.normal(size=(300, 5)) + np.where(labels == 2, 30, 0)[:, None]
    found, said = parts(dataset(None, labels, embeddings=points, length=300))
    matrix = found["class-overlap"].spec
    assert isinstance(matrix, Matrix)
    assert matrix.values.sum(axis=1) == pytest.approx(np.ones(3))
    assert matrix.values[0, 1] > 0.4
    assert matrix.values[2, 2] == 1
    assert "class-overlap" in said
    assert {"cat", "dog"} == {name for name in ("cat", "dog", "owl") if f"“{name}”" in said["class-overlap"].text}
    assert "doubtful-labels" not in said


def test_classes_apart_do_not_overlap() -> None:
    labels = np.repeat([0, 1], 50)
    points = np.random.default_rng(0).normal(size=(100, 3)) + labels[:, None] * 50
    _, said = parts(dataset(None, labels, embeddings=points, length=100))
    assert "class-overlap" not in said


def test_a_row_far_from_all_others() -> None:
    points = np.random.default_rng(0).normal(size=(200, 4))
    points[17] += 100
    found, said = parts(dataset(None, embeddings=points, length=200))
    gallery = found["outlying-rows"].spec
    assert isinstance(gallery, Gallery)
    assert gallery.items[0].title == "row 17"
    assert said["outlying-rows"].figure == "outlying-rows"


def test_ten_thousand_classes() -> None:
    points = np.random.default_rng(0).normal(size=(6000, 3))
    names = [f"class {one}" for one in range(10_000)]
    labels = np.arange(6000)
    labels[:1000] = labels[:1000] % 3
    found, _ = parts(dataset(None, labels, names=names, embeddings=points, length=6000))
    assert isinstance(matrix := found["class-overlap"].spec, Matrix)
    assert matrix.rows == ("class 0", "class 1", "class 2")
    assert "3 of 10,000 classes" in found["class-overlap"].caption


def test_pictures_are_compared_by_their_pixels_and_named_on_the_map() -> None:
    made = dataset(measured(soft(60)), np.arange(60) % 2)
    plot = parts(made)[0]["map"].spec
    assert isinstance(plot, Plot)
    assert [layer.label for layer in plot.layers] == ["cat", "dog"]
    assert plot.layers[0].keys == tuple(f"made.npz#{row}" for row in range(0, 60, 2))
    assert "map" not in parts(made, samples=False)[0]


def test_many_rows_are_sampled_and_it_is_said() -> None:
    points = np.random.default_rng(0).normal(size=(7000, 3))
    found, _ = parts(dataset(None, embeddings=points, length=7000))
    assert found["map"].caption.startswith("3,000 of 7,000 rows, chosen at random (seed 0) on the first two")
    assert "2,000 dots are drawn" in found["map"].caption


@pytest.mark.parametrize(
    "made",
    [
        dataset(None),
        dataset(None, embeddings=np.zeros((0, 4))),
        dataset(None, embeddings=np.zeros((100, 4)), length=100),
        dataset(None, embeddings=np.full((100, 4), np.nan), length=100),
        dataset(None, embeddings=np.random.default_rng(0).normal(size=(20, 4)), length=20),
        dataset(Pictures(("a", "b"))),
    ],
)
def test_nothing_of_nothing(made: Dataset) -> None:
    assert list(embedding(made, Place(), True)) == []


@pytest.mark.parametrize("labels", [[-1] * 100, [0] * 100, list(range(100))])
def test_odd_labels(labels: list[int]) -> None:
    points = np.random.default_rng(0).normal(size=(100, 4))
    points[5:] = points[5:].round()
    names = [str(name) for name in range(100)]
    found, said = parts(dataset(None, labels, names=names, embeddings=points, length=100))
    assert "map" in found
    assert "doubtful-labels" not in said
