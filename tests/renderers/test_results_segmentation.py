from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dlviz_docs.model import Experiment, Insight, Pictures, Predictions, Samples
from dlviz_docs.model.samples import Masks
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results import Results
from dlviz_docs.renderers.results.segmentation import segmentation
from dlviz_docs.view import Figure, Gallery, Matrix, Shown, Table


def predictions(confusions: Any, **more: Any) -> Predictions:
    given: dict[str, Any] = {"classes": ("sky", "road", "sign")} | more
    return Predictions("model", "", ("p",), "segmentation", len(confusions), confusions=confusions, **given)


def street(n: int = 60, seed: int = 0) -> np.ndarray:
    """Signs are small, and a third of them is called road; three pictures fail."""
    rng = np.random.default_rng(seed)
    tables = np.zeros((n, 3, 3), np.int64)
    for table in tables:
        sky, road, sign = int(rng.integers(4000, 6000)), int(rng.integers(3000, 5000)), int(rng.integers(20, 60))
        table[0, 0], table[0, 1] = 0.95 * sky, 0.05 * sky
        table[1, 1], table[1, 0] = 0.9 * road, 0.1 * road
        table[2, 2], table[2, 1] = 0.6 * sign, 0.4 * sign
    tables[:3] = np.roll(tables[:3], 1, axis=2)
    return tables


def render(given: Predictions, *, samples: bool = True) -> list[Shown]:
    return list(segmentation(given, Place(), samples))


def figures(shown: list[Shown]) -> dict[str, Figure]:
    return {figure.id: figure for figure in shown if isinstance(figure, Figure)}


def insights(shown: list[Shown]) -> dict[str, Insight]:
    return {insight.kind: insight for insight in shown if isinstance(insight, Insight)}


def test_the_page_says_what_the_pictures_are_made_of() -> None:
    shown = render(predictions(street()))
    said = insights(shown)
    assert "over 3 classes (n = 60 pictures)" in said["segmentation-quality"].text
    assert "“sign” agrees least" in said["weakest-class"].text
    assert "of the pixels of “sign” are taken for “road”" in said["segmentation-confusion"].text
    assert said["segmentation-failures"].text.startswith("In 3 of 60 pictures (5 %)")
    assert "Small regions agree less" in said["small-regions"].text
    places = set(figures(shown))
    assert {one.figure for one in said.values()} <= places
    assert len(places) == sum(isinstance(one, Figure) for one in shown)


def test_rows_of_the_matrix_add_up_and_the_worst_pictures_come_first() -> None:
    found = figures(render(predictions(street())))
    matrix, worst = found["pixel-confusion"].spec, found["worst-pictures"].spec
    assert isinstance(matrix, Matrix)
    np.testing.assert_allclose(matrix.values.sum(1), 1)
    assert isinstance(worst, Table)
    assert {row[0].text for row in worst.rows[:3]} == {"picture 0", "picture 1", "picture 2"}


def test_a_class_that_is_not_annotated_is_not_in_the_split() -> None:
    tables = street()
    more = np.zeros((60, 4, 4), np.int64)
    more[:, :3, :3] = tables
    shown = figures(render(predictions(more, classes=("sky", "road", "sign"))))
    assert shown["segmentation-scores"].caption == figures(render(predictions(tables)))["segmentation-scores"].caption
    table = shown["segmentation-classes"].spec
    assert isinstance(table, Table)
    assert [cell.text for cell in table.rows[3]][:2] == ["class 3", "not in this split"]


def test_a_gallery_shows_pictures_beside_both_masks() -> None:
    names = tuple(f"images/{row}.jpg" for row in range(60))
    pictures = Pictures(names, names, None, sizes=np.tile(np.array([[100, 100]], np.int32), (60, 1)))
    masks = [Masks(tuple(f"{folder}/{row}.png" for row in range(60)), (0, 1, 2)) for folder in ("gt", "pred")]
    given = predictions(street(), pictures=pictures, true_masks=masks[0], masks=masks[1])
    gallery = figures(render(given))["worst-pictures"].spec
    assert isinstance(gallery, Gallery)
    keys = [[thumb.key for thumb in item.pictures] for item in gallery.items]
    assert ["images/0.jpg", "mask:gt/0.png", "mask:pred/0.png"] in keys[:3]
    assert "worst-pictures" not in figures(render(given, samples=False))


def test_edges_that_agree_less_than_regions_are_said() -> None:
    along = np.tile(np.array([100, 100, 40], np.int64), (60, 3, 1))
    said = insights(render(predictions(street(), boundaries=along)))
    assert said["boundaries"].values["boundary_iou"] == pytest.approx(40 / 160)
    assert "boundaries" not in insights(render(predictions(street())))


@pytest.mark.parametrize(
    "tables",
    [
        None,
        np.zeros((0, 3, 3), np.int64),
        np.zeros((5, 3, 3), np.int64),
        np.zeros((5, 0, 0), np.int64),
    ],
)
def test_nothing_to_compare_shows_nothing(tables: np.ndarray | None) -> None:
    given = Predictions("m", "", (), "segmentation", 0 if tables is None else len(tables), confusions=tables)
    assert render(given) == []


@pytest.mark.parametrize("n", [1, 2, 40])
def test_one_class_one_picture_and_many_classes_break_nothing(n: int) -> None:
    assert figures(render(predictions(np.full((n, 1, 1), 10, np.int64), classes=())))
    many = np.zeros((n, 200, 200), np.int64)
    many[:, np.arange(200), np.arange(200)[::-1]] = 1
    found = figures(render(predictions(many, classes=())))
    assert "of 200" in found["pixel-confusion"].caption
    alone = np.zeros((n, 2, 2), np.int64)
    alone[:, 0, 1] = 7
    assert figures(render(predictions(alone)))["segmentation-scores"].caption.startswith("Mean IoU 0.000")


def masked(values: tuple[int, ...], classes: tuple[str, ...]) -> Predictions:
    k, names = len(values), tuple(f"{i}.png" for i in range(4))
    confusions = np.tile(np.eye(k, dtype=np.int64) * 9 + 1, (4, 1, 1))
    pictures = Pictures(names, names, sizes=np.full((4, 2), 8, np.int32))
    masks = Masks(names, values)
    return predictions(confusions, classes=classes, ids=names, pictures=pictures, masks=masks, true_masks=masks)


def test_the_gallery_says_which_class_has_which_colour() -> None:
    gallery = figures(render(masked((0, 3, 7), ("sky", "road", "sign"))))["worst-pictures"].spec
    assert isinstance(gallery, Gallery)
    assert gallery.legend == (("sky", 0), ("road", 1), ("sign", 2))
    many = masked(tuple(range(31)), tuple(f"c{i}" for i in range(31)))
    gallery = figures(render(many))["worst-pictures"].spec
    assert isinstance(gallery, Gallery)
    assert gallery.legend == ()


def test_models_whose_colours_mean_other_classes_have_no_legend() -> None:
    first = masked((0, 3, 7), ("sky", "road", "sign"))
    assert first.confusions is not None
    worse = np.roll(first.confusions, 1, axis=2)
    for values, legend in (((0, 3, 7), 3), ((0, 3, 8), 0)):
        second = replace(masked(values, ("sky", "road", "sign")), name="other", confusions=worse)
        shown = Results()(Experiment("e", "e", "e", samples=Samples(predictions=(first, second))))
        (gallery,) = (one.spec for one in shown if isinstance(one, Figure) and one.id == "models-differ")
        assert isinstance(gallery, Gallery)
        assert len(gallery.legend) == legend
