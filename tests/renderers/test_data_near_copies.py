"""Copies across splits, pairs of two labels, recordings by name, and what the results page asks for."""

from __future__ import annotations

import numpy as np
import pytest
from made_pictures import dataset, measured, soft

from dlviz_docs.insights.data_copies import copies_of_pictures, recordings
from dlviz_docs.model import Dataset, Insight, Pictures
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.data.near_copies import near_copies
from dlviz_docs.view import Figure, Gallery, Matrix, Table


def parts(made: Dataset, samples: bool = True) -> tuple[dict[str, Figure], list[Insight]]:
    shown = list(near_copies(made, Place(), samples))
    found = {one.id: one for one in shown if isinstance(one, Figure)}
    return found, [one for one in shown if isinstance(one, Insight)]


@pytest.fixture
def twice() -> Dataset:
    """200 of train, 100 of test; three of test are exact copies of train, two near ones, and two of train are alike."""
    grey = soft(300)
    grey[200:203] = grey[0:3]
    grey[203:205] = np.clip(grey[3:5].astype(int) + 2, 0, 255)
    grey[11] = grey[10]
    labels = np.arange(300) % 2
    labels[200] = 1 - labels[0]
    return dataset(measured(grey), labels, [0] * 200 + [2] * 100)


def test_leaks_are_counted_and_shown(twice: Dataset) -> None:
    found, said = parts(twice)
    matrix = found["copies"].spec
    assert isinstance(matrix, Matrix)
    assert matrix.values.tolist() == [[2, 0, 5], [0, 0, 0], [5, 0, 0]]
    assert [one.text for one in said] == [
        "5 of 100 test pictures (5 %) have a copy in train: results on them are too good.",
        "2 of 200 train pictures (1 %) have a copy in the same split.",
        "2 of 6 pairs of pictures that are copies (33.3 %) have different labels: one label of each pair is wrong, or "
        "both are right and the task has room for one only.",
    ]
    assert [one.severity for one in said] == ["serious", "info", "warning"]
    gallery = found["copies-pairs"].spec
    assert isinstance(gallery, Gallery)
    assert len(gallery.items) == gallery.total == 6
    first = gallery.items[0]
    assert [thumb.key for thumb in first.pictures] == ["made.npz#0", "made.npz#200"]
    assert first.facts == (("correlation", "exact"), ("split", "train / test"), ("class", "cat / dog"))
    assert first.wrong is None
    assert gallery.items[-1].facts[1] == ("split", "train")


def test_exact_copies_of_pictures_that_were_not_measured() -> None:
    contents = np.array([1, 2, 3, 2, 0, 0], np.uint64)
    pictures = Pictures(tuple("abcdef"), tuple("abcdef"), contents=contents)
    copies = copies_of_pictures(pictures)
    assert list(zip(copies.first, copies.second, copies.exact, strict=True)) == [(1, 3, True)]


def test_without_samples_no_pair_is_shown(twice: Dataset) -> None:
    found, said = parts(twice, samples=False)
    assert list(found) == ["copies"]
    assert all(one.figure in ("copies", "") for one in said)


def test_without_splits() -> None:
    grey = soft(50)
    grey[7] = grey[3]
    found, said = parts(dataset(measured(grey)))
    assert list(found) == ["copies-pairs"]
    assert [one.text for one in said] == ["2 of 50 pictures (4 %) have a copy among the others."]


@pytest.mark.parametrize(
    "made",
    [
        dataset(None),
        dataset(Pictures(("a",))),
        dataset(Pictures(("a", "b"))),
        dataset(measured(soft(60)), np.arange(60) % 3, np.arange(60) % 3),
        dataset(measured(np.zeros((20, 8, 8), np.uint8), contents=np.zeros(20, np.uint64))),
    ],
)
def test_nothing_is_said_of_no_copies(made: Dataset) -> None:
    assert list(near_copies(made, Place(), True)) == []


ANIMALS = ("cat", "dog", "owl", "cow", "fox", "pig")


def named(names: list[str], splits: list[int], labels: list[int]) -> Dataset:
    pictures = Pictures(tuple(names), tuple(names))
    return dataset(pictures, labels, splits)


def test_recordings_that_lie_in_two_splits() -> None:
    names = [f"x/patient{person}_{shot:03d}.png" for person in range(20) for shot in range(10)]
    splits = [2 if person >= 15 or (person >= 10 and shot >= 8) else 0 for person in range(20) for shot in range(10)]
    found, said = parts(named(names, splits, [place % 2 for place in range(200)]))
    table = found["recordings"].spec
    assert isinstance(table, Table)
    assert [cell.text for cell in table.rows[0]] == ["patient10", "8", "–", "2"]
    assert len(table.rows) == 5
    assert [one.kind for one in said] == ["group-leakage"]
    assert said[0].text == (
        "By their names, 10 of 60 test files (16.7 %) are of recordings that train has too, such as “patient10…”; "
        "5 of 20 recordings lie in several splits. If they show the same scene or patient, results are too good."
    )


def test_without_samples_no_recording_is_named() -> None:
    names = [f"x/patient{person}_{shot:03d}.png" for person in range(20) for shot in range(10)]
    found, said = parts(named(names, [0, 2] * 100, [place % 2 for place in range(200)]), samples=False)
    assert found == {}
    assert "patient" not in said[0].text.replace("scene or patient", "")
    assert said[0].figure == ""


@pytest.mark.parametrize(
    "names",
    [
        [f"{place:06d}.jpg" for place in range(200)],
        [f"IMG_{place:04d}.jpg" for place in range(200)],
        [f"{ANIMALS[place % 6]}_{place:04d}.jpg" for place in range(200)],
        [f"{place * 7919:x}q.jpg" for place in range(200)],
        [f"patient{place // 50}_{place}.jpg" for place in range(200)],
    ],
)
def test_names_that_are_no_evidence(names: list[str]) -> None:
    split = np.arange(200, dtype=np.int32) % 2
    classes = np.arange(200, dtype=np.int32) % 6
    assert recordings(names, split, 2, classes) is None
