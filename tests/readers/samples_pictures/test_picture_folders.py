from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from _trees import found, picture, text

from dlviz_docs.model.samples import Dataset
from dlviz_docs.readers.samples._types import DataEntry, Found
from dlviz_docs.readers.samples.folders import is_of_pictures, plan_pictures, read_pictures


def datasets(told: Found) -> list[Dataset]:
    planned, _, _, _ = plan_pictures(told)
    assert all(is_of_pictures(one) for one in planned)
    read = [read_pictures(told, one) for one in planned]
    assert all(isinstance(one, Dataset) for one in read)
    return [one for one in read if isinstance(one, Dataset)]


def labels(dataset: Dataset) -> list[str]:
    feature = dataset.get(dataset.target)
    assert feature is not None
    return [feature.levels[code] for code in feature.values.astype(int).tolist()]


def test_folders_by_split_and_class_are_one_data_set(tmp_path: Path) -> None:
    for split, amount in (("train", 3), ("valid", 2), ("test", 1)):
        for label in ("cat", "dog"):
            for number in range(amount):
                picture(tmp_path / "pets" / split / label / f"{number}.jpg")
    told = found(tmp_path)
    (dataset,) = datasets(told)
    assert (dataset.name, dataset.format, dataset.length) == ("pets", "image folder", 12)
    assert dataset.splits == ("train", "val", "test")
    assert dataset.split is not None
    assert np.bincount(dataset.split).tolist() == [6, 4, 2]
    assert dataset.classes == ("cat", "dog")
    assert dataset.target == "class"
    assert dataset.pictures is not None
    assert labels(dataset) == [key.split("/")[2] for key in dataset.pictures.keys]
    assert dataset.octets == sum(sum(folder.octets) for folder in told.pictures)
    _, _, taken, _ = plan_pictures(told)
    assert taken == {folder.path for folder in told.pictures}


def test_classes_right_below_data(tmp_path: Path) -> None:
    for label in ("10", "9", "b"):
        picture(tmp_path / "data" / label / "x.png")
        picture(tmp_path / "data" / label / "deeper" / "y.png") if label == "b" else None
    (dataset,) = datasets(found(tmp_path))
    assert dataset.classes == ("9", "10", "b")
    assert dataset.length == 4
    assert dataset.splits == ()
    assert dataset.split is None


def test_classes_in_the_experiments_own_folder(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        picture(tmp_path / label / "x.png")
    (dataset,) = datasets(found(tmp_path))
    assert dataset.classes == ("cat", "dog")
    text(tmp_path / "LICENSE.txt", "Free to use.")
    assert len(datasets(found(tmp_path))) == 1
    assert datasets(found(tmp_path, {"run": "run"})) == []  # beside runs they may be anything


@pytest.mark.parametrize("folder", ["images", "data", "dataset/img", "photos", "my_dataset"])
def test_a_plain_folder_of_pictures(tmp_path: Path, folder: str) -> None:
    for number in (10, 9):
        picture(tmp_path / folder / f"{number}.png")
    (dataset,) = datasets(found(tmp_path))
    assert dataset.pictures is not None
    assert dataset.pictures.keys == (f"{folder}/9.png", f"{folder}/10.png")
    assert dataset.features == ()
    assert dataset.target == ""


def test_splits_without_classes(tmp_path: Path) -> None:
    for split in ("train", "val"):
        picture(tmp_path / "data" / split / "a.png")
        picture(tmp_path / "data" / split / "images" / "b.png")
    (dataset,) = datasets(found(tmp_path))
    assert dataset.splits == ("train", "val")
    assert dataset.target == ""
    assert dataset.length == 4


def test_one_class_is_none(tmp_path: Path) -> None:
    picture(tmp_path / "data" / "train" / "all" / "a.png")
    picture(tmp_path / "data" / "val" / "all" / "a.png")
    (dataset,) = datasets(found(tmp_path))
    assert dataset.target == ""
    assert dataset.splits == ("train", "val")


def test_what_tools_leave_is_no_data_set(tmp_path: Path) -> None:
    for name in (
        "results.png",
        "confusion_matrix.png",
        "confusion_matrix_normalized.png",
        "train_batch0.jpg",
        "val_batch1_labels.jpg",
        "val_batch2_pred.jpg",
        "PR_curve.png",
        "BoxF1_curve.png",
        "labels_correlogram.jpg",
        "labels.jpg",
        "loss_curve.png",
        "accuracy.png",
    ):
        picture(tmp_path / "images" / name)
        picture(tmp_path / "runs" / "detect" / "train" / name)
    picture(tmp_path / "plots" / "data" / "a.png")
    picture(tmp_path / "run1" / "media" / "images" / "step_1.png")
    picture(tmp_path / "run1" / "test" / "sample_1.png")
    assert datasets(found(tmp_path, {"run1": "run1", "runs/detect/train": "train"})) == []


def test_a_data_set_in_a_runs_folder_is_one(tmp_path: Path) -> None:
    for label in ("a", "b"):
        picture(tmp_path / "run1" / "data" / label / "x.png")
    (dataset,) = datasets(found(tmp_path, {"run1": "run1"}))
    assert dataset.classes == ("a", "b")


def test_experiment_yml_names_a_folder_that_nothing_else_would(tmp_path: Path) -> None:
    for label in ("x", "y"):
        picture(tmp_path / "shots" / label / "1.png")
    assert datasets(found(tmp_path, {".": "r"})) == []
    (dataset,) = datasets(found(tmp_path, {".": "r"}, data=(DataEntry(path="shots", name="Shots"),)))
    assert (dataset.name, dataset.classes) == ("Shots", ("x", "y"))


def test_two_data_sets_are_two(tmp_path: Path) -> None:
    for base in ("data/pets", "data/cars"):
        for split in ("train", "test"):
            for label in ("a", "b"):
                picture(tmp_path / base / split / label / "x.png")
    assert sorted(dataset.name for dataset in datasets(found(tmp_path))) == ["cars", "pets"]


def test_broken_pictures_are_told_once(tmp_path: Path) -> None:
    picture(tmp_path / "data" / "a" / "good.png")
    for number in range(4):
        text(tmp_path / "data" / "b" / f"bad{number}.png", "no picture")
    (dataset,) = datasets(found(tmp_path))
    assert [problem.code for problem in dataset.problems] == ["pictures-unreadable"]
    assert dataset.problems[0].what.startswith("4 pictures (bad0.png, bad1.png, bad2.png and 1 more)")
    assert dataset.length == 5


def test_nothing_gives_nothing(tmp_path: Path) -> None:
    assert plan_pictures(found(tmp_path)) == ((), (), frozenset(), {})


def test_pictures_that_a_table_names_are_left_to_the_table(tmp_path: Path) -> None:
    for number in range(4):
        picture(tmp_path / "data" / "images" / f"shot_{number}.png")
    assert len(datasets(found(tmp_path))) == 1
    text(tmp_path / "data" / "labels.csv", "a,b\n1,2\n")
    assert len(datasets(found(tmp_path))) == 1
    text(tmp_path / "data" / "labels.csv", "file,label\nimages/shot_2.png,cat\n")
    assert datasets(found(tmp_path)) == []
    assert datasets(found(tmp_path, data=(DataEntry(path="data"),))) == []
    text(tmp_path / "data" / "labels.csv", "id,label\nshot_0,1\nshot_1,0\nshot_3,1\n")
    assert datasets(found(tmp_path)) == []


@pytest.mark.parametrize("path", ["./shots/", "shots", "shots/."])
def test_a_named_folder_may_be_spelled_in_several_ways(tmp_path: Path, path: str) -> None:
    picture(tmp_path / "shots" / "1.png")
    picture(tmp_path / "shots" / "media" / "2.png")
    (dataset,) = datasets(found(tmp_path, data=(DataEntry(path=path),)))
    assert (dataset.name, dataset.length) == ("shots", 2)


@pytest.mark.parametrize("path", ["..", "../other", "/etc", "gone", ""])
def test_a_named_folder_that_is_not_there_is_not_ours(tmp_path: Path, path: str) -> None:
    picture(tmp_path / "root" / "pictures_of_mine.png")
    picture(tmp_path / "other" / "1.png")
    root = tmp_path / "root"
    told = datasets(found(root, {".": "r"}, data=(DataEntry(path=path),)))
    assert [dataset.pictures.keys for dataset in told if dataset.pictures] in ([], [("pictures_of_mine.png",)])
