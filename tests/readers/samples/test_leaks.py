"""Which samples of other splits the training split has too, the same or nearly."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter
from sample_files import lone_dataset, lone_predictions, samples_of, write

from dlviz_docs.model import Dataset, Feature, Pictures, Texts
from dlviz_docs.readers.samples._leaks import leaks

RNG = np.random.default_rng(0)
WORDS = [f"word{i}" for i in range(400)]


def sentence(seed: int, length: int = 60) -> list[str]:
    return np.random.default_rng(seed).choice(WORDS, length).tolist()


def texts(*cells: Sequence[str] | None, name: str = "text") -> Feature:
    strings = tuple(None if cell is None else " ".join(cell) for cell in cells)
    codes = {text: np.uint64(place + 1) for place, text in enumerate(dict.fromkeys(filter(None, strings)))}
    hashes = np.array([codes.get(text or "", np.uint64(0)) for text in strings], np.uint64)
    lengths = np.array([-1 if text is None else len(text) for text in strings])
    return Feature(name, "text", np.arange(len(strings), dtype=np.int32), texts=Texts(strings, lengths, hashes))


def of_splits(split: Sequence[int], *features: Feature) -> Dataset:
    names = ("train", "val", "test")
    return Dataset("d", (), "CSV", len(split), features, split=np.array(split, np.int32), splits=names)


def test_texts_that_are_the_same_or_nearly() -> None:
    first, second = sentence(1), sentence(2)
    changed, other = [*first[:30], "another", *first[31:]], [*second[:20], *sentence(3, 40)]
    made = of_splits([0, 0, 2, 2, 2, 2, 0, 2], texts(first, second, first, changed, other, None, None, changed))
    found = leaks(made)
    assert found is not None
    assert np.flatnonzero(found.same).tolist() == [2]
    assert np.flatnonzero(found.nearly).tolist() == [3, 7]


def test_a_text_that_only_begins_alike_is_none() -> None:
    first = sentence(1, 200)
    made = of_splits([0, 2, 2], texts(first, [*first[:64], *sentence(2, 136)], [*first[:190], "x"]))
    found = leaks(made)
    assert found is not None
    assert np.flatnonzero(found.nearly).tolist() == [2]


def test_what_else_is_said_of_nearly_the_same_has_to_be_the_same() -> None:
    first = sentence(1)
    changed = [*first[:-1], "x"]
    for codes, nearly in (([0, 0], [1]), ([0, 1], [])):
        language = Feature("language", "category", np.array(codes, np.int32), ("de", "en"))
        votes = Feature("votes", "number", np.arange(2.0), whole=True)
        found = leaks(of_splits([0, 2], texts(first, changed), language, votes))
        assert found is not None
        assert np.flatnonzero(found.nearly).tolist() == nearly


def test_rows_of_few_columns_are_alike_by_chance() -> None:
    values = RNG.normal(size=(6, 40))
    values[:, 35:] = values[:, :5]
    features = [Feature(f"x{k}", "number", row) for k, row in enumerate(values)]
    split = [0] * 30 + [2] * 10
    found = leaks(of_splits(split, *features))
    assert found is not None
    assert np.flatnonzero(found.same).tolist() == [35, 36, 37, 38, 39]
    few = leaks(of_splits(split, *features[:2]))
    assert few is not None
    assert np.flatnonzero(few.same).tolist() == [35, 36, 37, 38, 39]
    rounded = [Feature(f"x{k}", "number", np.round(row), whole=True) for k, row in enumerate(values)]
    assert leaks(of_splits(split, *rounded[:2])) is None


def test_a_copy_has_picture_and_columns_of_one_row() -> None:
    """The picture of one training row with what is said of another is no copy; a picture that is not there is none."""
    view = Feature("view", "category", np.array([0, 1, 1, 0, 1, 0], np.int32), ("front", "side"))
    contents = np.array([7, 8, 7, 7, 0, 0], np.uint64)
    pictures = Pictures(tuple("abcdef"), contents=contents)
    found = leaks(replace(of_splits([0, 0, 2, 2, 2, 2], view), pictures=pictures))
    assert found is not None
    assert np.flatnonzero(found.same).tolist() == [3]


def test_without_a_training_split_nothing_is_known() -> None:
    made = of_splits([0, 0], texts(sentence(1), sentence(1)))
    assert leaks(replace(made, split=None, splits=())) is None
    assert leaks(replace(made, splits=("val", "test"))) is None
    assert leaks(of_splits([0, 2])) is None


def photograph(seed: int) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((96, 96), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(1))


def jpeg(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def test_pictures_saved_again_are_left_out_of_the_score(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {}
    for k in range(40):
        files[f"data/train/{'ab'[k % 2]}/{k}.jpg"] = jpeg(photograph(k), 95)
    ids = []
    for k in range(20):
        source = photograph(k if k < 6 else 100 + k)
        name = f"data/test/{'ab'[k % 2]}/t{k}.jpg"
        files[name] = jpeg(source, 95 if k < 2 else 40)
        ids.append(name)
    rows = "".join(f"{name},{'ab'[k % 2]},{'a' if k != 7 else 'b'}\n" for k, name in enumerate(ids))
    samples = samples_of(write(tmp_path, files | {"predictions.csv": "path,label,prediction\n" + rows}))
    assert lone_dataset(samples).splits == ("train", "test")
    told = lone_predictions(samples)
    assert told.leaked is not None
    assert told.nearly_leaked is not None
    assert np.flatnonzero(told.leaked).tolist() == [0, 1]
    assert np.flatnonzero(told.nearly_leaked).tolist() == [2, 3, 4, 5]


@pytest.mark.parametrize("amount", [60_000])
def test_of_very_many_texts_a_sample_is_compared(amount: int) -> None:
    shared = [[f"w{i}", "is", "told", "here"] for i in range(amount // 2)]
    made = of_splits([0] * (amount // 2) + [2] * (amount // 2), texts(*shared, *([*one, "x"] for one in shared)))
    found = leaks(made)
    assert found is not None
    assert not found.same.any()
