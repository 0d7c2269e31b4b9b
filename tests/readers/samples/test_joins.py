"""Predictions tied to the samples they are of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from sample_files import lone_dataset, lone_predictions, samples_of, write

from dlviz_docs.readers.samples._features import strings_of

RNG = np.random.default_rng(2)
N = 30


def people(first: int, count: int, *, ids: bool = True) -> str:
    rows = [f"p{k},{k % 11},{'oslo' if k % 3 else 'rome'},{(k * 7) % 2}" for k in range(first, first + count)]
    text = "id,age,city,label\n" + "\n".join(rows) + "\n"
    return text if ids else "\n".join(line.partition(",")[2] for line in text.splitlines())


def test_by_names_in_another_order(tmp_path: Path) -> None:
    rows = "".join(f"p{k},{(k * 7) % 2},0\n" for k in reversed(range(100, 100 + N)))
    write(
        tmp_path,
        {
            "data/train.csv": people(0, 60),
            "data/test.csv": people(100, N),
            "predictions.csv": "id,y_true,y_pred\n" + rows,
        },
    )
    told = lone_predictions(samples_of(tmp_path))
    ages = next(attribute for attribute in told.attributes if attribute.name == "age")
    assert ages.values.tolist() == [k % 11 for k in reversed(range(100, 100 + N))]
    assert [attribute.name for attribute in told.attributes] == ["age", "city"]
    assert told.splits == ("test",)
    assert told.problems == ()


def test_by_place_only_if_the_labels_agree(tmp_path: Path) -> None:
    files = {"data/train.csv": people(0, 60, ids=False), "data/test.csv": people(100, N, ids=False)}
    labels = [(k * 7) % 2 for k in range(100, 100 + N)]
    right = "y_true,y_pred\n" + "".join(f"{label},0\n" for label in labels)
    told = lone_predictions(samples_of(write(tmp_path / "a", {**files, "predictions.csv": right})))
    assert [attribute.name for attribute in told.attributes] == ["age", "city"]
    wrong = "y_true,y_pred\n" + "".join(f"{label},0\n" for label in reversed(labels))
    told = lone_predictions(samples_of(write(tmp_path / "b", {**files, "predictions.csv": wrong})))
    assert told.attributes == ()
    assert told.leaked is None


def test_truth_of_the_data_set(tmp_path: Path) -> None:
    write(tmp_path, {"data/train.csv": people(0, 60), "data/test.csv": people(100, N)})
    write(tmp_path, {"outputs/predictions.csv": "id,prediction\n" + "".join(f"p{k},1\n" for k in range(100, 100 + N))})
    told = lone_predictions(samples_of(tmp_path))
    assert told.truth is not None
    assert [told.classes[code] for code in told.truth] == [str((k * 7) % 2) for k in range(100, 100 + N)]
    assert told.problems == ()


def test_truth_taken_by_place_is_said(tmp_path: Path) -> None:
    x, y = RNG.normal(size=(40, 3)), np.arange(40) % 2
    write(
        tmp_path,
        {"X_train.npy": x, "y_train.npy": y, "X_test.npy": x[:9], "y_test.npy": y[:9], "out/y_pred.npy": y[:9]},
    )
    told = lone_predictions(samples_of(tmp_path))
    assert told.truth is not None
    assert told.truth.tolist() == y[:9].tolist()
    assert told.splits in (("test",), ())


def test_samples_that_are_in_training_too(tmp_path: Path) -> None:
    x = RNG.normal(size=(50, 3))
    seen = np.concatenate([x[:4], RNG.normal(size=(6, 3))])
    write(
        tmp_path,
        {"data/train.npz": {"x": x, "y": np.arange(50) % 2}, "data/test.npz": {"x": seen, "y": np.arange(10) % 2}},
    )
    write(tmp_path, {"predictions.npz": {"y_true": np.arange(10) % 2, "y_pred": np.zeros(10, int)}})
    told = lone_predictions(samples_of(tmp_path))
    assert told.leaked is not None
    assert told.leaked.tolist() == [True] * 4 + [False] * 6


def test_pictures_by_the_names_of_their_files(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for k in range(6):
        Image.new("RGB", (8, 8), (k * 40, 0, 0)).save(tmp_path / f"images/{k}.png")
    rows = "".join(f"{k}.png,{k % 2},{k % 2}\n" for k in range(6)) + "gone.png,1,0\n"
    write(tmp_path, {"predictions.csv": "filename,label,prediction\n" + rows})
    told = samples_of(tmp_path).predictions[0]
    assert told.pictures is not None
    assert told.pictures.sources == (*(f"images/{k}.png" for k in range(6)), "")


def test_pictures_are_looked_for_in_the_experiment_alone(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "secret.png")
    (tmp_path / "e/images").mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(tmp_path / "e/images/a.png")
    rows = "../secret.png,1,1\n../../secret.png,0,1\n/etc/passwd,0,1\na.png,1,1\n"
    write(tmp_path / "e", {"predictions.csv": "path,label,prediction\n" + rows})
    told = samples_of(tmp_path / "e").predictions[0]
    assert told.pictures is None or set(told.pictures.sources) <= {"", "images/a.png"}


def test_arrays_of_pictures_and_predictions_of_them(tmp_path: Path) -> None:
    x = RNG.integers(0, 255, (40, 12, 12), np.uint8)
    y = np.arange(40) % 4
    write(tmp_path, {"data/digits.npz": {"x_train": x, "y_train": y, "x_test": x[:10], "y_test": y[:10]}})
    write(tmp_path, {"eval/predictions.npz": {"y_true": y[:10], "y_pred": y[:10]}})
    samples = samples_of(tmp_path)
    data, told = lone_dataset(samples), lone_predictions(samples)
    assert data.pictures is not None
    assert len(data.pictures) == 50
    assert data.splits == ("train", "test")
    assert data.target == "y"
    assert told.pictures is not None
    assert told.pictures.keys[0] == data.pictures.keys[40]
    assert told.pictures.array is not None
    assert (told.pictures.array == x[:10]).all()
    assert told.leaked is not None
    assert told.leaked.all()


def test_names_of_classes_of_the_data_set(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "data/test.npz": {
                "x": RNG.normal(size=(9, 3)),
                "label": np.arange(9) % 3,
                "classes": np.array(["ant", "bee", "cat"]),
            }
        },
    )
    write(tmp_path, {"predictions.npz": {"y_true": np.arange(9) % 3, "probs": RNG.dirichlet(np.ones(3), 9)}})
    told = lone_predictions(samples_of(tmp_path))
    assert told.classes == ("ant", "bee", "cat")
    assert [attribute.name for attribute in told.attributes] == ["x0", "x1", "x2"]


def test_texts_that_went_in(tmp_path: Path) -> None:
    reviews = [f"The film number {k} was rather long, but I liked it" for k in range(12)]
    rows = "id,text,label\n" + "".join(f'r{k},"{text}",{k % 2}\n' for k, text in enumerate(reviews))
    write(
        tmp_path,
        {"data/test.csv": rows, "predictions.csv": "id,label,pred\n" + "".join(f"r{k},{k % 2},1\n" for k in range(12))},
    )
    told = lone_predictions(samples_of(tmp_path))
    assert told.inputs == tuple(reviews)
    assert strings_of(told.attributes[0]) == tuple(reviews)


def test_labels_spelled_out_beside_their_numbers(tmp_path: Path) -> None:
    rows = "width,target,species\n" + "".join(
        f"{k / 7},{k % 3},{['setosa', 'versicolor', 'virginica'][k % 3]}\n" for k in range(30)
    )
    data = lone_dataset(samples_of(write(tmp_path, {"data/iris.csv": rows})))
    assert data.target == "target"
    assert data.classes == ("setosa", "versicolor", "virginica")
    assert [feature.name for feature in data.features] == ["width", "target"]


def test_signals_and_embeddings_and_few_columns(tmp_path: Path) -> None:
    arrays = {
        "ecg_signal": RNG.normal(size=(20, 300)),
        "label": np.arange(20) % 2,
        "extra": RNG.normal(size=(20, 2)),
        "embeddings": RNG.normal(size=(20, 5)),
    }
    data = lone_dataset(samples_of(write(tmp_path, {"data/train.npz": arrays})))
    assert data.series is not None
    assert data.series.shape == (20, 300)
    assert data.embeddings is not None
    assert data.embeddings.shape == (20, 5)
    assert [feature.name for feature in data.features] == ["label", "extra0", "extra1"]
