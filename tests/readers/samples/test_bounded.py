"""Names and texts as long as their file: what is shown of them is short, and tells them apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sample_files import lone_dataset, lone_predictions, samples_of, write

from dlviz_docs.readers.samples import DataEntry
from dlviz_docs.readers.samples._bounded import LONGEST_NAME
from dlviz_docs.readers.samples._features import LONGEST_TEXT

LONG = "A1" * 1_000_000


def table(header: str, cell: str, rows: int = 40) -> str:
    return header + "".join(f"{cell if i == 3 else f'n{i % 4}'},{i},{i % 2}\n" for i in range(rows))


@pytest.mark.parametrize("column", ["level", "split", "id", "site of many names"])
def test_cells_as_names(column: str, tmp_path: Path) -> None:
    dataset = lone_dataset(samples_of(write(tmp_path, {"data/train.csv": table(f"{column},b,label\n", LONG)})))
    assert dataset.length == 40
    names = [*dataset.splits, *dataset.ids, *(level for f in dataset.features for level in f.levels)]
    assert [name for name in names if len(name) > LONGEST_NAME] == []


def test_names_that_begin_alike_stay_apart(tmp_path: Path) -> None:
    rows = "".join(f"{LONG[:5000]}{'xyz'[i % 3]},{i},{i % 2}\n" for i in range(60))
    dataset = lone_dataset(samples_of(write(tmp_path, {"data/train.csv": f"kind,b,label\n{rows}"})))
    (kind,) = [feature for feature in dataset.features if feature.name == "kind"]
    assert len(set(kind.levels)) == 3
    assert all(len(level) <= LONGEST_NAME for level in kind.levels)


def test_keys_and_classes(tmp_path: Path) -> None:
    rows = [{"a": i, "label": f"{LONG if i % 2 else 'other'}", **({LONG: 1} if i else {})} for i in range(20)]
    dataset = lone_dataset(samples_of(write(tmp_path, {"data/train.json": json.dumps(rows)})))
    assert max(len(feature.name) for feature in dataset.features) <= LONGEST_NAME
    assert dataset.target == "label"
    assert len(dataset.classes) == 2
    assert max(map(len, dataset.classes)) <= LONGEST_NAME


def test_texts_keep_their_lengths(tmp_path: Path) -> None:
    rows = "".join(f"{'some words ' * (50_000 if i == 3 else 5)}number {i},{i},{i % 2}\n" for i in range(60))
    dataset = lone_dataset(samples_of(write(tmp_path, {"data/train.csv": f"words,b,label\n{rows}"})))
    (words,) = [feature for feature in dataset.features if feature.name == "words"]
    assert words.kind == "text"
    assert words.texts is not None
    assert max(len(text or "") for text in words.texts.strings) == LONGEST_TEXT
    assert words.texts.lengths[3] == 550_008


def test_what_was_generated(tmp_path: Path) -> None:
    rows = [
        {"prompt": f"p {i}", "reference": "the word", "generated": "the word " * (10**5 if i else 1)} for i in (0, 1)
    ]
    predictions = lone_predictions(samples_of(write(tmp_path, {"predictions.json": json.dumps(rows)})))
    assert [len(text or "") for text in predictions.generated] == [9, LONGEST_TEXT]


def test_notices_do_not_quote_all_of_it(tmp_path: Path) -> None:
    write(tmp_path, {"data/train.csv": table("kind,b,label\n", "k")})
    samples = samples_of(tmp_path, data=(DataEntry(path="data/train.csv", target=LONG),))
    problems = [*samples.problems, *lone_dataset(samples).problems]
    assert problems
    assert max(len(problem.what) for problem in problems) <= 2_000
