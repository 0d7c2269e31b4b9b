"""Annotations: what is counted, drawn and doubted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_pictures import dataset

from dlviz_docs.model import Boxes, Dataset, Insight, Pictures
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.data.boxes import boxes
from dlviz_docs.view import Figure, Gallery, Plot, Table


def made(xywh: Any, category: Any, picture: Any, n: int = 20, **also: Any) -> Dataset:
    files = tuple(f"images/{row:03d}.jpg" for row in range(n))
    pictures = Pictures(files, files, sizes=np.tile([640, 480], (n, 1)).astype(np.int32))
    found = Boxes(
        np.array(picture, np.int32), np.array(category, np.int32), np.array(xywh, np.float64).reshape(-1, 4), **also
    )
    splits = [0] * (n - n // 4) + [1] * (n // 4)
    made = dataset(pictures, splits=splits, boxes=found, classes=("cat", "dog", "owl"))
    return replace(made, splits=("train", "val"))


def random_boxes(m: int = 200, n: int = 20) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    sides = 2 ** rng.uniform(3, 8, (m, 2))
    corners = rng.uniform(0, 1, (m, 2)) * (np.array([640, 480]) - sides)
    return np.column_stack([corners, sides]), rng.integers(0, 2, m), rng.integers(0, n - 1, m)


def parts(it: Dataset, samples: bool = True) -> tuple[dict[str, Figure], dict[str, Insight]]:
    shown = list(boxes(it, Place(), samples))
    found = {one.id: one for one in shown if isinstance(one, Figure)}
    return found, {one.kind: one for one in shown if isinstance(one, Insight)}


def test_what_is_counted() -> None:
    xywh, category, picture = random_boxes()
    category[picture >= 15] = 0
    found, said = parts(made(xywh, category, picture))
    assert list(found) == [
        "boxes-sample",
        "box-counts",
        "box-classes",
        "boxes-per-picture",
        "box-sizes",
        "box-aspects",
        "box-places",
    ]
    table = found["box-classes"].spec
    assert isinstance(table, Table)
    assert [cell.text for cell in table.rows[0][:4]] == [
        "cat",
        f"{(category == 0).sum()}",
        f"{((category == 0) & (picture < 15)).sum()}",
        f"{((category == 0) & (picture >= 15)).sum()}",
    ]
    assert [cell.text for cell in table.rows[2]] == ["owl", "0", "–", "–", "0", "–", "–", "–", "–"]
    assert said["absent-class"].text == "Class “dog” has no box in val."
    assert said["unused-class"].text == "Class “owl”: no box anywhere."
    assert said["without-boxes"].text == "1 picture of 20 (5 %) has no box."
    small = (xywh[:, 2] * xywh[:, 3] < 32**2).mean()
    assert said["small-boxes"].text.startswith(f"{round(100 * small, 1):g} % [")
    places = found["box-places"].spec
    assert isinstance(places, Plot)
    assert places.layers[0].weights is not None
    assert places.layers[0].weights.max() == 1


def test_annotated_pictures_have_all_their_boxes() -> None:
    xywh, category, picture = random_boxes()
    outline = tuple(((0.0, 0.0, 9.0, 0.0, 9.0, 9.0),) if one % 2 else () for one in range(200))
    gallery = parts(made(xywh, category, picture, outlines=outline))[0]["boxes-sample"].spec
    assert isinstance(gallery, Gallery)
    assert gallery.total == len(np.unique(picture))
    for item in gallery.items:
        row = int(item.title[-7:-4])
        assert (item.pictures[0].width, item.pictures[0].height) == (640, 480)
        assert len(item.regions) == (picture == row).sum()
        assert {region.label for region in item.regions} <= {"cat", "dog"}
        assert {region.kind for region in item.regions} == {"truth"}
        assert any(region.outline for region in item.regions)


def test_boxes_that_cannot_be_right() -> None:
    xywh, category, picture = random_boxes()
    xywh[0] = 600, 10, 100, 20
    xywh[1, 2] = 0
    xywh[2] = np.nan
    category[3] = -1
    xywh[4] = xywh[5] = 10, 10, 200, 200
    picture[4] = picture[5] = 3
    category[4] = category[5] = 1
    shown = list(boxes(made(xywh, category, picture), Place(), True))
    texts = [one.text for one in shown if isinstance(one, Insight) and one.kind == "faulty-boxes"]
    assert texts == [
        "2 of 200 boxes (1 %) have no width or no height.",
        "1 of 200 boxes (0.5 %) lies partly outside the picture.",
        "1 of 200 boxes (0.5 %) is of a class that is in no list.",
        "2 of 200 boxes (1 %) coincide almost with another of their class (IoU of 0.95 or more).",
    ]
    gallery = next(one for one in shown if isinstance(one, Figure) and one.id == "box-faults").spec
    assert isinstance(gallery, Gallery)
    assert len(gallery.items[0].regions) == 2
    assert ("beyond the edge", "left 600, top 10, 100 × 20") in gallery.items[1].facts


def test_right_boxes_are_not_doubted() -> None:
    assert "faulty-boxes" not in parts(made(*random_boxes()))[1]


def test_a_rare_class() -> None:
    xywh, _, picture = random_boxes()
    said = parts(made(xywh, [1] * 4 + [0] * 196, picture))[1]
    assert said["rare-class"].text == "Class “dog” has 4 boxes, 49 times fewer than “cat” (196)."


def test_without_samples_no_picture_is_named() -> None:
    found, _ = parts(made(*random_boxes()), samples=False)
    assert not any(isinstance(figure.spec, Gallery) for figure in found.values())


@pytest.mark.parametrize(
    "it",
    [
        dataset(None),
        dataset(None, boxes=Boxes(np.zeros(1, np.int32), np.zeros(1, np.int32), np.ones((1, 4)))),
        made([], [], []),
        made([[0, 0, 5, 5]], [0], [0]),
        made([[np.nan] * 4], [-1], [0], area=np.array([np.nan])),
        made([[0, 0, 5, 5]] * 3, [0, 9, -1], [0, 0, 0], n=1, crowd=np.array([True, False, False])),
        made([[0, 0, np.inf, 5]] * 40, [0] * 40, [0] * 40),
    ],
)
@pytest.mark.parametrize("samples", [True, False])
def test_little_is_no_mistake(it: Dataset, samples: bool) -> None:
    found, _ = parts(it, samples)
    assert all(figure.caption for figure in found.values())
    assert "rare-class" not in parts(it, samples)[1]
