"""Parquet, Arrow, and what Hugging Face `datasets` saves."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from sample_files import found_in, lone_dataset, samples_of, write

from dlviz_docs.readers.samples import plan
from dlviz_docs.readers.samples._features import strings_of
from dlviz_docs.readers.samples._limits import Limits
from dlviz_docs.readers.samples.arrow import read_arrow
from dlviz_docs.readers.samples.parquet import read_parquet

FRAME = pl.DataFrame(
    {
        "n": [1, 2, None],
        "x": [0.5, float("nan"), 2.0],
        "s": ["a", None, "b"],
        "v": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
        "ragged": [[1], [2, 3], []],
        "words": [["p", "q"], [], ["r"]],
        "inner": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}, {"a": 3, "b": "x"}],
        "pic": [{"bytes": b"\x89PNG", "path": "a.png"}] * 3,
        "grid": [[[1, 2], [3, 4]]] * 3,
        "when": pl.Series(["2024-01-01", "2024-01-02", None]).str.to_date(),
    }
)


@pytest.mark.parametrize("form", ["parquet", "file", "stream"])
def test_columns_of_every_kind(form: str, tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    if form == "parquet":
        FRAME.write_parquet(path)
        (read,) = read_parquet(path, "a.parquet", Limits())
    else:
        FRAME.write_ipc(path) if form == "file" else FRAME.write_ipc_stream(path)
        (read,) = read_arrow(path, "a.arrow", Limits())
    features = {feature.name: feature for feature in read.features}
    assert {name: feature.kind for name, feature in features.items()} == {
        "n": "number",
        "x": "number",
        "s": "category",
        "words": "category",
        "inner.a": "number",
        "inner.b": "category",
        "pic.path": "category",
        "when": "time",
    }
    assert features["n"].missing == features["x"].missing == features["when"].missing == 1
    assert features["n"].whole
    assert strings_of(features["words"])[0] == "p, q"
    assert read.arrays["v"].tolist() == [[1, 2], [3, 4], [5, 6]]
    assert read.arrays["grid"].shape == (3, 2, 2)
    assert [(p.code, "ragged" in p.what, "pic.bytes" in p.what) for p in read.problems] == [
        ("nested-column", True, True)
    ]


def test_more_rows_than_are_read(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "a.parquet")
    (read,) = read_parquet(tmp_path / "a.parquet", "a.parquet", Limits(max_rows=2))
    assert read.length == 2
    assert "too-many-rows" in [problem.code for problem in read.problems]


def saved(folder: Path, frames: list[pl.DataFrame]) -> None:
    """As `Dataset.save_to_disk` leaves it."""
    folder.mkdir(parents=True)
    names = [f"data-{k:05}-of-{len(frames):05}.arrow" for k in range(len(frames))]
    for name, frame in zip(names, frames, strict=True):
        frame.write_ipc_stream(folder / name)
    features = {
        "text": {"dtype": "string", "_type": "Value"},
        "label": {"names": ["neg", "pos"], "_type": "ClassLabel"},
    }
    write(folder, {"dataset_info.json": json.dumps({"features": features, "description": ""})})
    write(folder, {"state.json": json.dumps({"_data_files": [{"filename": name} for name in names]})})


def test_a_saved_data_set_with_splits(tmp_path: Path) -> None:
    frame = pl.DataFrame({"text": [f"Review number {k} of this film" for k in range(8)], "label": [0, 1] * 4})
    saved(tmp_path / "reviews/train", [frame, frame])
    saved(tmp_path / "reviews/test", [frame])
    write(tmp_path, {"reviews/dataset_dict.json": '{"splits": ["train", "test"]}'})
    data = lone_dataset(samples_of(tmp_path))
    assert (data.name, data.splits, data.length, data.target) == ("reviews", ("train", "test"), 24, "label")
    assert data.classes == ("neg", "pos")
    assert [feature.kind for feature in data.features] == ["text", "category"]
    assert plan(found_in(tmp_path)).left == ()


def test_a_saved_data_set_of_one_split(tmp_path: Path) -> None:
    frame = pl.DataFrame({"text": ["one", "two"], "label": [1, -1]})
    saved(tmp_path / "mine", [frame])
    data = lone_dataset(samples_of(tmp_path))
    label = data.get("label")
    assert label is not None
    assert label.values.tolist() == [1, -1]
    assert data.splits == ()
