"""Files that break off anywhere, or whose bytes were changed: a problem is told, and nothing is raised."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_files import samples_of

from dlviz_docs.model import Problem, Samples

N = 30
RNG = np.random.default_rng(3)
FRAME = pl.DataFrame(
    {
        "id": [f"s{k}" for k in range(N)],
        "text": [f"this is sentence number {k} of the table" for k in range(N)],
        "x": RNG.normal(size=N),
        "v": RNG.dirichlet(np.ones(3), N).tolist(),
        "kind": ["a", "b"] * (N // 2),
        "label": np.arange(N) % 3,
    }
)


def of_frame(writer: Callable[[pl.DataFrame, io.BytesIO], object]) -> bytes:
    file = io.BytesIO()
    writer(FRAME, file)
    return file.getvalue()


def of_arrays(name: str) -> bytes:
    file = io.BytesIO()
    table = RNG.dirichlet(np.ones(3), N)
    if name.endswith(".npy"):
        np.save(file, table)
    else:
        np.savez_compressed(file, y_true=np.arange(N) % 3, probs=table, ids=np.array(FRAME["id"].to_list()))
    return file.getvalue()


FILES = {
    "train.csv": of_frame(lambda frame, file: frame.drop("v").write_csv(file)),
    "train.parquet": of_frame(lambda frame, file: frame.write_parquet(file)),
    "train.arrow": of_frame(lambda frame, file: frame.write_ipc_stream(file)),
    "data/train.arrow": of_frame(lambda frame, file: frame.write_ipc(file)),
    "train.jsonl": of_frame(lambda frame, file: frame.write_ndjson(file)),
    "train.json": of_frame(lambda frame, file: frame.write_json(file)),
    "predictions.npz": of_arrays("predictions.npz"),
    "test_probs.npy": of_arrays("test_probs.npy"),
}


def told(root: Path, name: str, content: bytes) -> tuple[Samples, list[Problem]]:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    samples = samples_of(root)
    whole = [*samples.datasets, *samples.predictions]
    return samples, [*samples.problems, *(problem for one in whole for problem in one.problems)]


@pytest.mark.parametrize("name", FILES)
def test_whole_files_are_read_without_a_word(name: str, tmp_path: Path) -> None:
    samples, problems = told(tmp_path, name, FILES[name])
    assert [one.length for one in (*samples.datasets, *samples.predictions)] == [N]
    assert problems == []


@pytest.mark.parametrize("name", FILES)
def test_files_that_break_off_anywhere(name: str, tmp_path: Path) -> None:
    """Lines of text, and streams, may end where a row ends: then fewer rows are all there is to see."""
    whole = FILES[name]
    by_rows = name in ("train.csv", "train.jsonl", "train.arrow")
    for cut in {*range(0, len(whole), max(1, len(whole) // 40)), len(whole) - 1}:
        samples, problems = told(tmp_path, name, whole[:cut])
        found = [*samples.datasets, *samples.predictions]
        assert problems or (by_rows and (not found or found[0].length <= N)), cut
        assert all(problem.what and problem.remedy and problem.path for problem in problems)


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4))
def test_changed_bytes(name: str, places: list[tuple[float, int]], tmp_path: Path) -> None:
    changed = bytearray(FILES[name])
    for place, value in places:
        changed[int(place * len(changed))] = value
    samples, _ = told(tmp_path, name, bytes(changed))
    for dataset in samples.datasets:
        assert all(len(feature) == dataset.length for feature in dataset.features)
    for one in samples.predictions:
        assert one.truth is None or len(one.truth) == one.length
        assert one.probabilities is None or one.probabilities.shape == (one.length, len(one.classes))
