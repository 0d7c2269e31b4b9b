"""Names and texts as long as their file: what is shown of them is short, and tells them apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sample_files import lone_dataset, lone_predictions, samples_of, write

from dlviz_docs.readers.samples import DataEntry
from dlviz_docs.readers.samples._bounded import LONGEST_NAME
from dlviz_docs.readers.samples._features import LONGEST_TEXT
from dlviz_docs.readers.samples._homes import Homes

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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/ada", "~"),
        ("/home/ada/data/1.png", "~/data/1.png"),
        ("/Users/ada/x, then /home/bob.", "~/x, then ~"),
        ("C:\\Users\\ada\\x.png", "~\\x.png"),
        ("c:\\users\\Ada Lovelace\\x.png", "~\\x.png"),
        ('{"path": "C:\\\\Users\\\\ada\\\\x"}', '{"path": "~\\\\x"}'),
        ("D:/Users/ada/x", "~/x"),
        ("file:///home/ada/x", "file://~/x"),
        ("scp host:/home/ada/x .", "scp host:~/x ."),
        ("/mnt/c/Users/ada/x", "~/x"),
        ("(see '/home/ada')", "(see '~')"),
        ("https://example.org/home/page", "https://example.org/home/page"),
        ("data/home/1.png", "data/home/1.png"),
        ("~/home/1.png", "~/home/1.png"),
        ("/home/", "/home/"),
        ("at home/ada", "at home/ada"),
        ("Users of C: are told", "Users of C: are told"),
        ("browsers/users", "browsers/users"),
    ],
)
def test_home_folders(text: str, shown: str) -> None:
    homes = Homes()
    assert homes.out_of(text) == shown
    assert homes.found == (shown != text)


def test_home_folders_are_shown_nowhere_and_told_once(tmp_path: Path) -> None:
    home, other = "/home/ada", "C:\\Users\\ada"
    rows = "".join(
        f"{home}/img/{i}.png,{(home, other)[i % 2]}/sets,written by {home} number {i} of all texts,{i / 7},{i % 2}\n"
        for i in range(60)
    )
    write(tmp_path, {"data/train.csv": f"path,kind,{home},b,label\n{rows}"})
    said = "".join(f"{home}/img/{i}.png,{i % 2},{i % 3 % 2},{home}/x\n" for i in range(60))
    samples = samples_of(write(tmp_path, {"predictions.csv": f"path,label,prediction,note\n{said}"}))
    assert "ada" not in repr(samples)
    data, told = lone_dataset(samples), lone_predictions(samples)
    assert told.ids[:2] == data.ids[:2] == ("~/img/0.png", "~/img/1.png")
    (kind,) = (feature for feature in data.features if feature.name == "kind")
    assert kind.levels == ("~/sets", "~/sets (2)")
    assert [problem.code for problem in samples.problems].count("home-path") == 1


def test_what_tells_of_no_home_is_left_as_it_is(tmp_path: Path) -> None:
    write(tmp_path, {"data/train.csv": "kind,b,label\n" + "".join(f"users {i % 3},{i},{i % 2}\n" for i in range(60))})
    samples = samples_of(tmp_path)
    assert lone_dataset(samples).features[0].levels == ("users 0", "users 1", "users 2")
    assert samples.problems == ()
