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
