"""Texts as numbers of tokens, out of every kind of file that holds them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs import record
from dlviz_docs.model import MISSING, Dataset
from dlviz_docs.readers.samples import Found, plan, read
from dlviz_docs.readers.samples._sequences import padded, ragged

TEXTS = [[2, 5, 6, 3], [2, 7, 3], [2, 5, 5, 5, 8, 3], [2, 3]]
WIDTH = 6
LABELS = [0, 1, 0, 1]


def filled(pad: int) -> np.ndarray:
    return np.array([text + [pad] * (WIDTH - len(text)) for text in TEXTS])


def mask() -> np.ndarray:
    return np.array([[1] * len(text) + [0] * (WIDTH - len(text)) for text in TEXTS])


def data_in(folder: Path) -> Dataset:
    files = tuple(sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()))
    found = Found(folder, files)
    samples = read(found, plan(found))
    assert samples.problems == ()
    (one,) = samples.datasets
    assert one.problems == ()
    return one


def rows(one: Dataset) -> list[list[int]]:
    assert one.tokens is not None
    return [[number for number in row if number != MISSING] for row in one.tokens.tolist()]


def put(folder: Path, how: str) -> None:
    (folder / "data").mkdir()
    table = {"input_ids": TEXTS, "attention_mask": [[1] * len(text) for text in TEXTS], "label": LABELS}
    even = {"input_ids": filled(0).tolist(), "attention_mask": mask().tolist(), "label": LABELS}
    match how:
        case "record":
            record.dataset(folder / "data", "test", tokens=filled(0), attention_mask=mask(), label=LABELS)
        case "npz":
            np.savez(folder / "data/test.npz", input_ids=filled(0), attention_mask=mask(), label=np.array(LABELS))
        case "npy":
            np.save(folder / "data/input_ids.npy", filled(0))
            np.save(folder / "data/labels.npy", np.array(LABELS))
        case "parquet":
            pl.DataFrame(table).write_parquet(folder / "data/test.parquet")
        case "parquet of equal length":
            pl.DataFrame(even).write_parquet(folder / "data/test.parquet")
        case "arrow":
            pl.DataFrame(table).write_ipc_stream(folder / "data/test.arrow")
        case "json lines":
            lines = [json.dumps(dict(zip(table, row, strict=True))) for row in zip(*table.values(), strict=True)]
            (folder / "data/test.jsonl").write_text("\n".join(lines))
        case "json lines of equal length":
            lines = [json.dumps(dict(zip(even, row, strict=True))) for row in zip(*even.values(), strict=True)]
            (folder / "data/test.jsonl").write_text("\n".join(lines))


@pytest.mark.parametrize(
    "how",
    ["record", "npz", "npy", "parquet", "parquet of equal length", "arrow", "json lines", "json lines of equal length"],
)
def test_tokens_out_of_every_file(how: str, tmp_path: Path) -> None:
    put(tmp_path, how)
    found = data_in(tmp_path)
    assert rows(found) == TEXTS
    padded_ = how in ("record", "npz", "npy") or "equal" in how
    assert found.pad == (0 if padded_ else None)
    assert [one.name for one in found.features] == [found.target]
    assert found.embeddings is None
    assert found.series is None


def test_splits_of_unequal_length_are_one_table(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for split, few in (("train", slice(0, 2)), ("test", slice(2, 4))):
        table = {"input_ids": TEXTS[few], "label": LABELS[few]}
        pl.DataFrame(table).write_parquet(tmp_path / f"data/{split}.parquet")
    found = data_in(tmp_path)
    assert rows(found) == TEXTS
    assert found.splits == ("train", "test")


def test_the_words_of_tokens_come_with_them(tmp_path: Path) -> None:
    words = ["<pad>", "<unk>", "<s>", "</s>", "a", "good", "film", "bad", "one"]
    record.dataset(tmp_path / "data", "train", tokens=filled(0), label=LABELS, words=words, classes=["neg", "pos"])
    found = data_in(tmp_path)
    assert found.words == tuple(words)
    assert found.classes == ("neg", "pos")
    assert found.pad == 0


def test_padding_is_only_what_looks_like_it(tmp_path: Path) -> None:
    """Texts that all end in the same mark, once each, are not padded; nor those where it also stands inside."""
    for name, texts, pad in (
        ("ends", [[4, 5, 3], [6, 7, 3]], None),
        ("inside", [[4, 0, 5, 0, 0], [4, 5, 6, 7, 0]], None),
        ("left", [[1, 1, 4, 5], [4, 5, 6, 7]], 1),
    ):
        folder = tmp_path / name
        record.dataset(folder / "data", "train", tokens=np.array(texts), label=[0, 1])
        found = data_in(folder)
        assert found.pad == pad, name
        assert rows(found) == [[one for one in text if one != pad] for text in texts]


def test_what_is_called_tokens_and_is_none_stays_what_it_is(tmp_path: Path) -> None:
    record.dataset(tmp_path / "data", "train", tokens=np.array([10.5, 3.2, 8.0]), label=[0, 1, 0])
    found = data_in(tmp_path)
    assert found.tokens is None
    assert {one.name for one in found.features} == {"tokens", "label"}


@pytest.mark.parametrize("cells", [[[1, 2], ["a"]], [[1, -2], [3]], [[1, 1 << 40], [3]], [[1.5], [2, 3]], [[], []]])
def test_lists_of_something_else_are_no_tokens(cells: list[list[object]]) -> None:
    assert ragged("input_ids", cells) is None
    assert ragged("scores", [[1, 2], [3]]) is None


@given(st.lists(st.lists(st.integers(0, 1 << 20), max_size=9), min_size=1, max_size=9))
def test_lists_come_back_as_they_were(texts: list[list[int]]) -> None:
    flat = np.array([one for text in texts for one in text], np.int64)
    found = padded(flat, np.array([len(text) for text in texts]))
    if not any(texts):
        assert found is None
        return
    assert found is not None
    assert [[one for one in row if one != MISSING] for row in found.tolist()] == texts
