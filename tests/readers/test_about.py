"""What experiment.yml may say, and what is said of it when a key is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlviz_docs.readers._about import read_about


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("titel: x", "'title'"),
        ("data: {path: a.csv, targt: y}", "'target'"),
        ("data: [a.csv, {path: b.csv, splt: s}]", "'split'"),
        ("results: {path: a.csv, clases: [a, b]}", "'classes'"),
        ("results: {truth: y}", "path"),
        ("data: 3", "data"),
    ],
)
def test_a_wrong_key_is_named_with_what_was_meant(text: str, named: str, tmp_path: Path) -> None:
    (path := tmp_path / "experiment.yml").write_text(text)
    _, _, (problem,) = read_about([path])
    assert (problem.path, named in problem.what) == ("experiment.yml", True)


def test_data_and_results_in_any_of_their_spellings(tmp_path: Path) -> None:
    (path := tmp_path / "experiment.yml").write_text("data: a.csv\nresults:\n- b.csv\n- {path: c.csv, truth: y}\n")
    about, _, problems = read_about([path])
    assert [one.path for one in (*about.data, *about.results)] == ["a.csv", "b.csv", "c.csv"]
    assert problems == ()


def test_scores_of_tasks_are_pairs_of_different_numbers(tmp_path: Path) -> None:
    path = tmp_path / "experiment.yml"
    path.write_text('scores:\n  Pong: [-20.7, 14.6]\n  "*": [0, 1000]\n')
    about, _, problems = read_about([path])
    assert problems == ()
    assert about.scores == {"Pong": (-20.7, 14.6), "*": (0.0, 1000.0)}


@pytest.mark.parametrize("pair", ["[1, 1]", "[0, .inf]", "[.nan, 1]", "[1]", "[1, 2, 3]", "human", "[a, b]"])
def test_scores_that_put_nothing_between_are_told(tmp_path: Path, pair: str) -> None:
    path = tmp_path / "experiment.yml"
    path.write_text(f"scores: {{Pong: {pair}}}\n")
    about, _, (problem,) = read_about([path])
    assert about.scores == {}
    assert "scores" in problem.what
