"""Which files may be data or predictions, and of which experiment."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlviz_docs.registry import load_readers
from dlviz_docs.scan import Scan, scan

METRICS = "step,loss\n0,1\n1,0.5\n"


def made(root: Path, *files: str) -> Scan:
    """A scan of a folder with these files; metrics.csv is a log."""
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(METRICS if path.name == "metrics.csv" else "a,b\n1,2\n")
    return scan(root, load_readers({})[0])


def samples(found: Scan) -> dict[str, list[str]]:
    """By experiment: tables, and pictures by folder."""
    told = {}
    for experiment in found.experiments:
        assert experiment.samples
        pictures = [f"{path}/{p.name}" for path, names in experiment.samples.pictures for p in names]
        told[experiment.relative] = [*(source.relative for source in experiment.samples.files), *pictures]
    return told


def test_what_lies_in_an_experiment_is_its_own(tmp_path: Path) -> None:
    found = made(
        tmp_path, "a/r1/metrics.csv", "a/r2/metrics.csv", "a/data/x.npy", "b/r1/metrics.csv", "b/r2/metrics.csv"
    )
    told = {e.relative: e.samples and [s.relative for s in e.samples.files] for e in found.experiments}
    assert told == {"a": ["a/data/x.npy"], "b": None}


def test_the_only_experiment_has_all_of_the_folder(tmp_path: Path) -> None:
    found = made(tmp_path, "output/metrics.csv", "data/test/x.npy", "y.parquet")
    assert samples(found) == {"output": ["y.parquet", "data/test/x.npy"]}
    (experiment,) = found.experiments
    assert experiment.samples
    assert experiment.samples.relative == "."


@pytest.mark.parametrize(
    "files",
    [
        ("labels/a.npy", "predictions/a.npy"),
        ("original_labels/a.npy", "predicted_probs/a.npy", "notes/a.json"),
        ("train/cat/1.jpg", "train/dog/2.jpg", "test/cat/3.jpg"),
        ("cat/1.jpg", "dog/2.jpg"),
        ("fold_0/preds.csv", "fold_1/preds.csv"),
        ("fold1/preds.csv", "fold2/preds.csv", "fold3/preds.csv"),
        ("x.npy",),
    ],
)
def test_a_folder_without_runs_is_one_experiment(tmp_path: Path, files: tuple[str, ...]) -> None:
    assert samples(made(tmp_path, *files)).keys() == {"."}


def test_described_or_plain_folders_side_by_side_are_several(tmp_path: Path) -> None:
    assert samples(made(tmp_path, "iris/train.npy", "wine/train.npy")).keys() == {"iris", "wine"}
    (tmp_path / "iris/README.md").write_text("# Iris")
    assert samples(made(tmp_path, "iris/labels/y.npy")).keys() == {"iris", "wine"}


def test_data_beside_experiments_is_an_experiment_of_its_own(tmp_path: Path) -> None:
    runs = [f"{letter}/{run}/metrics.csv" for letter in "ab" for run in ("r1", "r2")]
    found = made(tmp_path, *runs, "corpus/train/x.npy")
    told = {e.relative: len(e.runs) for e in found.experiments}
    assert told == {"a": 2, "b": 2, "corpus": 0}


def test_a_run_knows_its_folder(tmp_path: Path) -> None:
    found = made(tmp_path, "e/runs/r1/metrics.csv", "e/runs/r2/metrics.csv", "e/experiment.yml")
    (experiment,) = found.experiments
    assert [(run.name, run.place) for run in experiment.runs] == [("r1", "runs/r1"), ("r2", "runs/r2")]


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.npy").write_text("x")
    (tmp_path / "in/data").mkdir(parents=True)
    (tmp_path / "in/data/x.npy").symlink_to(tmp_path / "outside.npy")
    (tmp_path / "in/data/x.jpg").symlink_to(tmp_path / "outside.npy")
    assert made(tmp_path / "in").experiments == ()


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("data/train.csv.gz", "unpack it"),
        ("data/train.zip", "unpack it"),
        ("model.pkl", "save its arrays"),
        ("scaler.joblib", "save its arrays"),
        ("data/table.xlsx", "save its tables as .csv"),
        ("notes.doc", "no reader knows"),
    ],
)
def test_a_file_that_nobody_reads_says_what_to_do(tmp_path: Path, name: str, remedy: str) -> None:
    (left,) = made(tmp_path, "metrics.csv", name).left_out
    assert (left.path, remedy in left.why) == (name, True)
