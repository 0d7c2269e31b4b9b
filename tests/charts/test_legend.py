"""What the legend of a chart lists."""

from __future__ import annotations

import numpy as np

from dlviz_docs.charts import Key, chart_context
from dlviz_docs.view import Chart, Dash, Figure, Line

DASHES: dict[str, Dash] = {"train": "dashed", "val": "solid", "test": "dotted"}


def keys(*lines: tuple[str, str]) -> list[Key]:
    """Of curves given as (run, split)."""
    x = np.arange(3.0)
    drawn = tuple(
        Line(
            f"{run} {split}".strip(),
            run,
            "loss",
            int(run[1:]),
            {"step": x},
            x,
            DASHES.get(split, "solid"),
            False,
            run,
            split,
        )
        for run, split in lines
    )
    found = chart_context(Figure("metric-loss", "loss", "falls", Chart(drawn)), experiment="e", root="")["keys"]
    assert isinstance(found, tuple)
    return list(found)


def test_runs_and_splits_apart() -> None:
    found = keys(("r0", "train"), ("r0", "val"), ("r1", "train"), ("r1", "val"), ("r1", "test"))
    assert [(key.what, key.label, key.places) for key in found] == [
        ("run", "r0", "0 1"),
        ("run", "r1", "2 3 4"),
        ("split", "train", "0 2"),
        ("split", "val", "1 3"),
        ("split", "test", "4"),
    ]
    assert [key.style for key in found[2:]] == ["dlviz-any dlviz-dashed", "dlviz-any", "dlviz-any dlviz-dotted"]


def test_the_splits_of_one_run_need_no_entry_for_the_run() -> None:
    found = keys(("r0", "train"), ("r0", "val"))
    assert [(key.label, key.places, key.style) for key in found] == [
        ("r0 train", "0", "dlviz-s0 dlviz-dashed"),
        ("r0 val", "1", "dlviz-s0"),
    ]


def test_runs_of_one_curve_each() -> None:
    assert [key.label for key in keys(("r0", "val"), ("r1", "val"))] == ["r0 val", "r1 val"]
