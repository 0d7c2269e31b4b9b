"""The page's pictures: what is shown, what is said, and that nothing is said of nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from made_pictures import dataset, measured, soft
from sklearn.datasets import load_digits

from dlviz_docs.model import Dataset, Insight, Pictures
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.data.pictures import SHEET, pictures
from dlviz_docs.view import Figure, Gallery, Matrix, Plot, Shown, Table


def figures(shown: Iterable[Shown]) -> dict[str, Figure]:
    return {one.id: one for one in shown if isinstance(one, Figure)}


def insights(shown: Iterable[Shown]) -> dict[str, Insight]:
    return {one.kind: one for one in shown if isinstance(one, Insight)}


def of(made: Dataset, samples: bool = True) -> list[Shown]:
    return list(pictures(made, Place(), samples))


@pytest.fixture(scope="module")
def digits() -> Dataset:
    found = load_digits()
    grey = np.asarray(np.kron(found.images, np.ones((1, 2, 2))) * 15.9, np.uint8)
    return dataset(measured(grey), found.target, np.arange(len(grey)) % 3, [str(name) for name in range(10)])


def test_digits(digits: Dataset) -> None:
    shown = of(digits)
    found = figures(shown)
    assert list(found) == [
        "pictures-sample",
        "mean-pictures",
        "picture-brightness",
        "picture-contrast",
        "picture-sharpness",
        "picture-entropy",
        "picture-classes",
        "pictures-odd",
    ]
    sheet = found["pictures-sample"].spec
    assert isinstance(sheet, Gallery)
    assert [item.row for item in sheet.items] == [str(name) for name in range(10) for _ in range(6)]
    assert {item.title for item in sheet.items} <= set(digits.pictures.keys)  # type: ignore[union-attr]
    assert sheet.total == 1797
    brightness = found["picture-brightness"].spec
    assert isinstance(brightness, Plot)
    assert [layer.label for layer in brightness.layers] == ["train", "val", "test"]
    assert [float(layer.y.sum()) for layer in brightness.layers] == pytest.approx([100] * 3)
    matrix = found["picture-classes"].spec
    assert isinstance(matrix, Matrix)
    assert matrix.values.shape == (10, 4)


def test_the_same_twice(digits: Dataset) -> None:
    first, second = (figures(of(digits))["pictures-sample"].spec for _ in range(2))
    assert first == second


def test_without_samples_no_single_picture_is_named(digits: Dataset) -> None:
    assert not any(isinstance(figure.spec, Gallery) for figure in figures(of(digits, samples=False)).values())


def test_a_class_that_is_brighter_is_a_shortcut() -> None:
    grey = soft(120) // 2
    labels = np.arange(120) % 2
    grey[labels == 0] += 80
    shown = of(dataset(measured(grey), labels))
    said = [one for one in shown if isinstance(one, Insight) and one.kind == "class-shortcut"]
    found = said[0]
    assert found.text.startswith("Brightness alone tells classes apart: ")
    assert found.severity == "warning"
    assert "“dog” is darker" in found.text
    assert found.values["eta_squared"] > 0.9
    assert found.figure == "picture-classes"
    calm = insights(of(dataset(measured(soft(120)), labels)))
    assert "class-shortcut" not in calm


def test_a_split_that_is_darker() -> None:
    grey = soft(200)
    grey[100:] = grey[100:] * 0.7
    found = insights(of(dataset(measured(grey), splits=[0] * 100 + [2] * 100)))["picture-shift"]
    assert found.text.startswith("Pictures of test are ")
    assert found.values["shift"] < -0.5


def test_odd_pictures_are_found_and_shown() -> None:
    grey = soft(100)
    grey[7], grey[8] = 0, 255
    grey[9] = np.linspace(80, 160, 32)[None, :]
    files = [f"train/{row:03d}.png" for row in range(100)]
    sizes = np.tile([640, 480], (100, 1)).astype(np.int32)
    sizes[:, 0] += np.arange(100) % 20
    sizes[3] = 6400, 4800
    sizes[4] = 1200, 250
    sizes[5] = 0, 0
    shown = of(dataset(measured(grey, files, sizes=sizes, modes=("L",) * 98 + ("RGBA", ""))))
    gallery = figures(shown)["pictures-odd"].spec
    assert isinstance(gallery, Gallery)
    reasons = {item.title: {name for name, _ in item.facts} for item in gallery.items}
    assert "too dark" in reasons["train/007.png"]
    assert "too bright" in reasons["train/008.png"]
    assert "blurred" in reasons["train/009.png"]
    assert "odd size" in reasons["train/003.png"]
    assert "odd aspect ratio" in reasons["train/004.png"]
    assert len(gallery.items) < 12
    texts = [one.text for one in shown if isinstance(one, Insight)]
    assert "1 of 100 pictures (1 %) is nearly black (mean grey below 0.05 of 1): 0." in texts
    assert "1 of 100 files (1 %) cannot be read as pictures." in texts
    assert any(text.startswith("Most pictures are L (98), but 1 RGBA") for text in texts)
    assert isinstance(figures(shown)["picture-files"].spec, Table)
    scatter = figures(shown)["picture-sizes"].spec
    assert isinstance(scatter, Plot)
    assert len(scatter.layers[0].x) == 99


def test_what_is_common_is_not_odd() -> None:
    grey = soft(100)
    grey[::2] = 0
    assert "odd-pictures" not in insights(of(dataset(measured(grey))))


def test_few_sizes_are_a_table() -> None:
    files = [f"{row}.png" for row in range(30)]
    table = figures(of(dataset(measured(soft(30), files))))["picture-sizes"].spec
    assert isinstance(table, Table)
    assert [cell.text for cell in table.rows[0]] == ["32 × 32 px", "30", "100 %"]


def test_a_sheet_of_many_classes_has_one_of_each() -> None:
    n = 300
    made = dataset(measured(soft(n)), np.arange(n) % 100, names=[f"class {one:02d}" for one in range(100)])
    figure = figures(of(made))["pictures-sample"]
    assert isinstance(figure.spec, Gallery)
    assert len({item.row for item in figure.spec.items}) == len(figure.spec.items) == SHEET
    assert "60 of 100 classes" in figure.caption


def test_pictures_that_are_named_and_not_there() -> None:
    sizes = np.full((50, 2), 640, np.int32)
    keys = tuple(f"{row}.png" for row in range(50))
    some = dataset(Pictures(keys, ("",) * 40 + keys[40:], sizes=sizes, modes=("",) * 40 + ("L",) * 10))
    sheet = figures(of(some))["pictures-sample"].spec
    assert isinstance(sheet, Gallery)
    assert [item.pictures[0].key for item in sheet.items] == list(keys[40:])
    assert insights(of(some))["absent-pictures"].text.startswith("40 of 50 pictures (80 %) are not there")
    none = dataset(Pictures(keys, ("",) * 50, sizes=sizes, modes=("",) * 50))
    assert list(figures(of(none))) == ["picture-sizes"]
    assert insights(of(none))["absent-pictures"].text == (
        "None of the 50 pictures is there, only a file that names them."
    )


@pytest.mark.parametrize(
    "made",
    [
        dataset(None),
        dataset(Pictures(())),
        dataset(Pictures(("a.png", "b.png"), ("", ""))),
        dataset(Pictures(("a.png",), ("a.png",), sizes=np.zeros((1, 2), np.int32), modes=("",))),
        dataset(measured(soft(1)), [0], [0]),
        dataset(measured(np.zeros((30, 8, 8), np.uint8)), [0] * 30, [0] * 30),
        dataset(measured(soft(40)), [-1] * 40, [-1] * 40),
        dataset(measured(soft(40), measures={"brightness": np.full(40, np.nan), "sharpness": np.full(40, np.inf)})),
    ],
)
@pytest.mark.parametrize("samples", [True, False])
def test_little_is_no_mistake(made: Dataset, samples: bool) -> None:
    shown: Any = of(made, samples)
    assert "class-shortcut" not in insights(shown)
    assert all(figure.caption for figure in figures(shown).values())


def test_identifiers_and_headings_of_several_data_sets() -> None:
    shown = list(pictures(dataset(measured(soft(30))), Place("My set"), True))
    for figure in figures(shown).values():
        assert figure.id.startswith("my-set-")
        assert figure.group == Place("My set").group("Pictures")


def test_classes_of_noise_stay_pale_and_classes_of_few_are_left_out() -> None:
    labels = [*([0, 1] * 58), 0, 2, 2, 2]
    found = figures(of(dataset(measured(soft(120)), labels)))["picture-classes"]
    assert isinstance(found.spec, Matrix)
    assert found.spec.rows == ("cat", "dog")
    assert found.caption.endswith("The 2 classes of at least 5 pictures, of 3.")
    assert np.abs(found.spec.values).max() < 0.5
    assert found.spec.high == 1


def test_few_pictures_have_no_distributions() -> None:
    assert (
        not {"picture-brightness", "picture-classes"}
        & figures(of(dataset(measured(soft(9)), [0, 1, 0, 1, 0, 1, 0, 1, 0]))).keys()
    )
    assert "picture-brightness" in figures(of(dataset(measured(soft(10)))))


def test_a_picture_that_is_odd_in_several_ways_is_shown_once() -> None:
    grey = soft(60)
    grey[7] = 2
    found = figures(of(dataset(measured(grey))))["pictures-odd"]
    assert isinstance(found.spec, Gallery)
    shown = {item.title: dict(item.facts) for item in found.spec.items}
    assert len(shown) == len(found.spec.items) <= found.spec.total
    assert {"too dark", "little information"} <= shown["made.npz#7"].keys()
