"""Folders as widely used tools and people leave them: what is data, and how it is divided."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from _trees import annotations, found, picture, results_of, text
from PIL import Image

from dlviz_docs.model import Dataset, Predictions, Samples
from dlviz_docs.readers.samples import plan, read
from dlviz_docs.readers.samples.coco import kind_of

BOX = "0 0.5 0.5 0.2 0.2\n"


def samples(root: Path, runs: dict[str, str] | None = None) -> Samples:
    told = found(root, runs)
    return read(told, plan(told))


def lone(root: Path, runs: dict[str, str] | None = None) -> Dataset:
    (dataset,) = samples(root, runs).datasets
    return dataset


def left(root: Path) -> dict[str, str]:
    return dict(plan(found(root)).left)


def by_split(dataset: Dataset) -> dict[str, int]:
    if dataset.split is None:
        return dict.fromkeys(dataset.splits, dataset.length)
    return {split: int((dataset.split == code).sum()) for code, split in enumerate(dataset.splits)}


def codes(dataset: Dataset) -> list[str]:
    return [problem.code for problem in dataset.problems]


# --- names of folders -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("train", "val"),
    [("train2017", "val2017"), ("train_images", "test_images"), ("training_set", "test_set"), ("seg_train", "seg_val")],
)
def test_a_split_may_have_a_year_or_say_what_it_holds(tmp_path: Path, train: str, val: str) -> None:
    for folder, amount in ((train, 3), (val, 2)):
        for number in range(amount):
            for label in ("cat", "dog"):
                picture(tmp_path / folder / label / f"{number}.png")
    dataset = lone(tmp_path)
    assert dataset.classes == ("cat", "dog")
    assert list(by_split(dataset).values()) == [6, 4]
    assert dataset.splits[0] == "train"


def test_images_and_labels_by_split_with_years_are_one_data_set(tmp_path: Path) -> None:
    for split, amount in (("train2017", 3), ("val2017", 2)):
        for number in range(amount):
            picture(tmp_path / "coco8" / "images" / split / f"{number}.jpg")
            text(tmp_path / "coco8" / "labels" / split / f"{number}.txt", BOX)
    dataset = lone(tmp_path)
    assert (dataset.name, dataset.format, by_split(dataset)) == ("coco8", "YOLO", {"train": 3, "val": 2})


def test_two_domains_are_two_classes_of_each_split(tmp_path: Path) -> None:
    for folder in ("trainA", "trainB", "testA", "testB"):
        picture(tmp_path / folder / "1.jpg")
    dataset = lone(tmp_path)
    assert dataset.classes == ("A", "B")
    assert by_split(dataset) == {"train": 2, "test": 2}


def test_trains_beside_cars_are_no_split(tmp_path: Path) -> None:
    for label in ("bus", "car", "train"):
        for number in range(3):
            picture(tmp_path / "data" / label / f"{number}.png")
    dataset = lone(tmp_path)
    assert dataset.classes == ("bus", "car", "train")
    assert dataset.splits == ()


def test_one_class_with_folders_of_its_own_keeps_all_pictures(tmp_path: Path) -> None:
    for folder in ("indoor", "outdoor"):
        picture(tmp_path / "data" / "train" / "cat" / folder / "1.png")
    assert lone(tmp_path).length == 2


def test_pictures_called_like_plots_are_pictures_where_most_are(tmp_path: Path) -> None:
    for split in ("train", "val"):
        for number in range(13):
            picture(tmp_path / "data" / split / "screenshot" / f"screenshot_{number}.png")
            picture(tmp_path / "data" / split / "photo" / f"{number}.png")
    picture(tmp_path / "data" / "train" / "photo" / "loss_curve.png")
    assert by_split(lone(tmp_path)) == {"train": 26, "val": 26}


def test_raw_pictures_are_data(tmp_path: Path) -> None:
    picture(tmp_path / "raw" / "a.jpg")
    assert lone(tmp_path).length == 1


# --- what a run or a project made -------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["run1/samples", "run1/images", "samples", "samples_epoch_10"])
def test_what_a_run_drew_is_no_data_set(tmp_path: Path, folder: str) -> None:
    for number in range(9):
        picture(tmp_path / folder / f"fake{number}.png")
    assert samples(tmp_path, {"run1": "r"}).datasets == ()


def test_a_few_pictures_beside_runs_are_those_of_a_readme(tmp_path: Path) -> None:
    for name in ("step1.jpg", "step2.jpg", "banner.jpg", "teaser.png"):
        picture(tmp_path / "images" / name)
    assert samples(tmp_path, {"run1": "r"}).datasets == ()
    assert lone(tmp_path).length == 2
    picture(tmp_path / "data" / "1.jpg")
    assert lone(tmp_path, {"run1": "r"}).sources == ("data",)


# --- tables that name pictures ----------------------------------------------------------------------------------------


def test_any_table_that_names_pictures_is_their_data_set(tmp_path: Path) -> None:
    names = [f"{number * 7:07}" for number in range(8)]
    for number, name in enumerate(names):
        picture(tmp_path / "train" / f"{name}.png", seed=number)
    text(tmp_path / "labels.csv", "id,breed\n" + "".join(f"{n},{'ab'[i % 2]}\n" for i, n in enumerate(names)))
    dataset = lone(tmp_path)
    assert (dataset.target, dataset.classes) == ("breed", ("a", "b"))
    assert dataset.pictures is not None
    assert dataset.pictures.sources == tuple(f"train/{name}.png" for name in names)


def test_names_are_relative_to_the_table_beside_them(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for number in range(4):
            picture(tmp_path / "data" / split / f"{number}.png", seed=number + 9 * (split == "test"))
        rows = "".join(f"{number}.png,{'ab'[number % 2]}\n" for number in range(4))
        text(tmp_path / "data" / split / "metadata.csv", f"file_name,label\n{rows}")
    dataset = lone(tmp_path)
    assert dataset.pictures is not None
    assert dataset.pictures.sources == tuple(f"data/{split}/{n}.png" for split in ("train", "test") for n in range(4))
    assert dataset.ids == dataset.pictures.keys
    assert codes(dataset) == []


def test_a_table_tells_classes_better_than_folders_of_batches(tmp_path: Path) -> None:
    rows = []
    for number in range(6):
        picture(tmp_path / f"batch{number % 2}" / f"{number}.png")
        rows.append(f"batch{number % 2}/{number}.png,{'xyz'[number % 3]}\n")
    text(tmp_path / "labels.csv", "image,label\n" + "".join(rows))
    assert lone(tmp_path).classes == ("x", "y", "z")


def test_a_form_for_predictions_is_no_data(tmp_path: Path) -> None:
    for number in range(4):
        picture(tmp_path / "test" / f"{number}.jpg")
    text(tmp_path / "sample_submission.csv", "image_id,label\n" + "".join(f"{n}.jpg,healthy\n" for n in range(4)))
    assert samples(tmp_path).datasets == ()
    assert "submission" in left(tmp_path)["sample_submission.csv"]


@pytest.mark.parametrize("ending", [".jpg", ".jpg 0", ""])
def test_texts_may_say_the_splits(tmp_path: Path, ending: str) -> None:
    for label in ("cat", "dog"):
        for number in range(4):
            picture(tmp_path / "images" / label / f"{number}.jpg")
    for split, numbers in (("train", range(3)), ("test", range(3, 4))):
        lines = [f"{label}/{number}{ending}" for label in ("cat", "dog") for number in numbers]
        text(tmp_path / "meta" / f"{split}.txt", "\n".join(lines))
    dataset = lone(tmp_path)
    assert by_split(dataset) == {"train": 6, "test": 2}
    assert dataset.classes == ("cat", "dog")
    assert dataset.sources == ("images", "meta/test.txt", "meta/train.txt")


def test_a_name_that_two_pictures_have_says_no_split(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        for number in range(3):
            picture(tmp_path / "images" / label / f"{number}.jpg")
    text(tmp_path / "train.txt", "0\n1\ncat/2\n")
    assert by_split(lone(tmp_path)) == {"train": 1}


def test_an_archive_of_arrays_and_labels_is_data_whatever_it_is_called(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (12, 3, 8, 8), np.uint8)
    labels = np.arange(12).reshape(-1, 1) % 3
    np.savez(tmp_path / "cifar10.npz", x_train=pictures[:8], y_train=labels[:8], x_test=pictures[8:], y_test=labels[8:])
    dataset = lone(tmp_path)
    assert by_split(dataset) == {"train": 8, "test": 4}
    assert dataset.classes == ("0", "1", "2")
    assert dataset.pictures is not None
    assert dataset.pictures.array is not None
    assert dataset.pictures.array.shape == (12, 8, 8, 3)


# --- COCO -------------------------------------------------------------------------------------------------------------


def keypoints(told: dict[str, object]) -> dict[str, object]:
    return told | {"categories": [{"id": 7, "name": "person", "keypoints": ["nose"], "skeleton": []}]}


def test_files_about_the_same_pictures_do_not_count_them_twice(tmp_path: Path) -> None:
    told = annotations(3)
    for number in range(3):
        picture(tmp_path / "val2017" / f"{number}.jpg")
    captions = {"images": told["images"], "annotations": [{"id": 0, "image_id": 0, "caption": "a cat"}]}
    text(tmp_path / "annotations" / "instances_val2017.json", told)
    text(tmp_path / "annotations" / "person_keypoints_val2017.json", keypoints(told))
    text(tmp_path / "annotations" / "captions_val2017.json", captions)
    dataset = lone(tmp_path)
    assert (dataset.length, dataset.sources) == (3, ("annotations/instances_val2017.json",))
    assert left(tmp_path) == {
        "annotations/captions_val2017.json": "captions of pictures, which are not shown",
        "annotations/person_keypoints_val2017.json": "keypoints; the boxes beside it are shown",
    }


def test_boxes_of_keypoints_are_shown_where_there_are_no_others(tmp_path: Path) -> None:
    picture(tmp_path / "val2017" / "0.jpg")
    text(tmp_path / "annotations" / "person_keypoints_val2017.json", keypoints(annotations(1)))
    assert lone(tmp_path).classes == ("person",)


def test_a_file_of_all_pictures_is_left_out_beside_its_splits(tmp_path: Path) -> None:
    for number in range(4):
        picture(tmp_path / "images" / f"{number}.jpg")
    told = annotations(4)
    images = told["images"]
    assert isinstance(images, list)
    text(tmp_path / "annotations" / "all.json", told)
    text(tmp_path / "annotations" / "train.json", told | {"images": images[:3]})
    text(tmp_path / "annotations" / "val.json", told | {"images": images[3:]})
    dataset = lone(tmp_path)
    assert by_split(dataset) == {"train": 3, "val": 1}
    (overlap,) = (problem for problem in dataset.problems if problem.code == "annotations-overlap")
    assert overlap.path == "annotations/all.json"
    assert "annotations/train.json" in overlap.what


def test_pictures_of_one_number_are_told(tmp_path: Path) -> None:
    told = annotations(2)
    images = told["images"]
    assert isinstance(images, list)
    for number in range(3):
        picture(tmp_path / f"{number}.jpg")
    text(tmp_path / "_annotations.coco.json", told | {"images": [*images, images[0] | {"file_name": "2.jpg"}]})
    dataset = lone(tmp_path)
    assert dataset.length == 2
    assert [(one.code, one.what) for one in dataset.problems] == [
        ("duplicate-ids", "1 picture left out: another one has the same number")
    ]


def predictions_of(root: Path, rows: Sequence[object], name: str = "predictions.json") -> Predictions:
    text(root / "data" / "annotations_val.json", annotations(3))
    for number in range(3):
        picture(root / "data" / "val" / f"{number}.jpg")
    text(root / "run" / name, rows)
    (predictions,) = samples(root, {"run": "run"}).predictions
    return predictions


def test_numbers_of_pictures_may_be_words_in_results(tmp_path: Path) -> None:
    rows = [row | {"image_id": str(row["image_id"])} for row in results_of(annotations(3))]
    told = predictions_of(tmp_path, rows)
    assert told.boxes is not None
    assert len(told.boxes) == 6


def test_an_empty_list_of_results_found_nothing(tmp_path: Path) -> None:
    told = predictions_of(tmp_path, [], "coco_instances_results.json")
    assert told.boxes is not None
    assert told.true_boxes is not None
    assert (len(told.boxes), len(told.true_boxes), told.length) == (0, 6, 3)
    assert [problem.code for problem in told.problems] == ["no-boxes"]


def test_keypoints_without_boxes_are_no_boxes(tmp_path: Path) -> None:
    row = {"image_id": 0, "category_id": 7, "keypoints": [1.0, 2.0, 1.0], "score": 0.5}
    text(tmp_path / "results.json", [row])
    assert kind_of(tmp_path, "results.json") == "keypoint results"
    text(tmp_path / "results.json", [row | {"bbox": [1, 2, 3, 4]}])
    assert kind_of(tmp_path, "results.json") == "results"


def test_panoptic_annotations_are_left(tmp_path: Path) -> None:
    told = annotations(1)
    row = {"image_id": 0, "file_name": "0.png", "segments_info": [{"id": 1, "category_id": 7}]}
    text(tmp_path / "panoptic_val2017.json", told | {"annotations": [row]})
    assert left(tmp_path) == {"panoptic_val2017.json": "panoptic annotations, which are not shown"}


# --- annotations of other kinds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pictures", "beside", "content"),
    [
        ("JPEGImages", "Annotations/{}.xml", "<annotation/>"),
        ("train", "train/{}.xml", "<annotation/>"),
        ("train/images", "train/labelTxt/{}.txt", "imagesource:x\n1 2 3 4 5 6 7 8 plane 0\n"),
        ("images/train", "labels/train/{}.txt", "0 0.5 0.5 0.2 0.2 0.4 0.4 2.0 0.5 0.5 2.0\n"),
    ],
)
def test_annotations_that_are_not_read_are_told(tmp_path: Path, pictures: str, beside: str, content: str) -> None:
    for number in range(3):
        picture(tmp_path / pictures / f"P{number}.jpg")
        text(tmp_path / beside.format(f"P{number}"), content)
    dataset = lone(tmp_path)
    assert dataset.length == 3
    (problem,) = dataset.problems
    assert (problem.code, problem.path) == ("annotations-unread", beside.format("P0"))


def test_captions_beside_pictures_are_no_annotations(tmp_path: Path) -> None:
    for number in range(3):
        picture(tmp_path / "images" / f"{number}.png")
        text(tmp_path / "images" / f"{number}.txt", "a photo of a cat\n")
    assert codes(lone(tmp_path)) == []


def test_pictures_without_a_file_of_labels_are_pictures_without_boxes(tmp_path: Path) -> None:
    for number in range(4):
        picture(tmp_path / "train" / "images" / f"{number}.jpg")
    text(tmp_path / "train" / "labels" / "0.txt", BOX)
    dataset = lone(tmp_path)
    assert (dataset.length, codes(dataset)) == (4, [])
    assert dataset.boxes is not None
    assert dataset.boxes.picture.tolist() == [0]


def test_names_of_darknet(tmp_path: Path) -> None:
    for number in range(2):
        picture(tmp_path / "data" / "obj" / f"{number}.jpg")
        text(tmp_path / "data" / "obj" / f"{number}.txt", BOX)
    text(tmp_path / "data" / "obj.names", "cat\ndog\n")
    assert lone(tmp_path).classes == ("cat", "dog")


# --- masks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "mask", "predicted"), [("{}.jpg", "{}_mask.png", "{}.png"), ("{}_sat.jpg", "{}_gt.png", "{}_pred.png")]
)
def test_masks_are_called_like_their_pictures_but_for_a_word(
    tmp_path: Path, image: str, mask: str, predicted: str
) -> None:
    labels = np.zeros((30, 40), np.uint8)
    labels[5:20, 5:20] = 255
    for number in range(3):
        picture(tmp_path / "data" / "imgs" / image.format(number))
        for folder, name in (("data/masks", mask), ("predictions", predicted)):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(labels).save(tmp_path / folder / name.format(number))
    told = samples(tmp_path)
    ((predictions,), (dataset,)) = told.predictions, told.datasets
    assert (predictions.task, predictions.length, predictions.problems) == ("segmentation", 3, ())
    assert predictions.pictures is not None
    assert all(predictions.pictures.sources)
    assert dataset.sources == ("data/imgs",)


def test_masks_far_below_are_no_pictures(tmp_path: Path) -> None:
    for split in ("train", "val"):
        for folder in ("leftImg8bit", "gtFine"):
            picture(tmp_path / folder / split / "aachen" / f"1_{folder}.png")
    picture(tmp_path / "JPEGImages" / "1.jpg")
    picture(tmp_path / "SegmentationObject" / "1.png")
    assert sorted(dataset.sources for dataset in samples(tmp_path).datasets) == [("JPEGImages",), ("leftImg8bit",)]


# --- damage -----------------------------------------------------------------------------------------------------------


def test_a_picture_that_breaks_off_is_one_that_cannot_be_read(tmp_path: Path) -> None:
    for number in range(3):
        picture(tmp_path / "images" / f"{number}.jpg", (200, 200))
    path = tmp_path / "images" / "1.jpg"
    path.write_bytes(path.read_bytes()[:2000])
    dataset = lone(tmp_path)
    assert dataset.pictures is not None
    assert dataset.pictures.modes == ("RGB", "", "RGB")
    assert dataset.pictures.sizes.tolist() == [[200, 200], [0, 0], [200, 200]]
    assert codes(dataset) == ["pictures-cut-off"]


def test_an_annotated_picture_that_cannot_be_read_has_no_size(tmp_path: Path) -> None:
    picture(tmp_path / "0.jpg")
    (tmp_path / "1.jpg").write_bytes(b"no picture")
    (tmp_path / "_annotations.coco.json").write_text(json.dumps(annotations(3)))
    dataset = lone(tmp_path)
    assert dataset.pictures is not None
    assert dataset.pictures.sizes.tolist() == [[40, 30], [0, 0], [40, 30]]
    assert dataset.pictures.sources == ("0.jpg", "1.jpg", "")
