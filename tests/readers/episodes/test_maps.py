"""Tables of values over the cells of a grid world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from files import codes, read_all, save

from dlviz_docs import record

GRID = ("S.#", "..G")


def test_what_is_recorded_is_read(tmp_path: Path) -> None:
    q = np.arange(24.0).reshape(6, 4)
    record.value_map(
        tmp_path / "a" / "tables",
        q,
        GRID,
        step=300,
        visits=range(6),
        action_names=["up", "right", "down", "left"],
        legend={"#": "wall"},
        gamma=0.9,
    )
    found = read_all(tmp_path, {"a": "a"})
    (one,) = found.maps
    assert (one.name, one.source, one.step, one.gamma) == ("a, 300 steps", "a/tables/step-300.npz", 300, 0.9)
    assert one.cells == GRID
    assert one.legend == (("#", "wall"),)
    assert one.actions == ("up", "right", "down", "left")
    assert one.visits is not None
    assert one.visits.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert np.isnan(one.values[0, 2]).all()
    assert np.array_equal(one.values[1], q.reshape(2, 3, 4)[1])
    assert found.recordings == ()


def test_the_map_of_gymnasium_is_bytes(tmp_path: Path) -> None:
    save(tmp_path / "q.npz", {"q_table": np.zeros((4, 2)), "grid": np.array([[b"S", b"F"], [b"H", b"G"]])})
    assert read_all(tmp_path).maps[0].cells == ("SF", "HG")


@pytest.mark.parametrize(
    "arrays",
    [
        {"q": np.zeros((5, 4)), "grid": np.array([["S", "."], [".", "G"]])},
        {"q": np.zeros(4), "grid": np.array([["S", "."], [".", "G"]])},
        {"q": np.zeros((4, 2)), "grid": np.array(["S.", "G"])},
        {"q": np.zeros((4, 2)), "grid": np.zeros((2, 2))},
        {"q": np.array([["a", "b"]] * 4), "grid": np.array([["S", "."], [".", "G"]])},
        {"q": np.zeros((0, 2)), "grid": np.zeros((0, 0), "U1")},
    ],
    ids=["cells", "line", "ragged", "numbers", "texts", "nothing"],
)
def test_what_does_not_fit_is_said(tmp_path: Path, arrays: dict[str, Any]) -> None:
    save(tmp_path / "q.npz", arrays)
    found = read_all(tmp_path)
    assert found.maps == ()
    assert codes(found) == {"episodes-unreadable"}


def test_visits_that_do_not_fit_are_left_out(tmp_path: Path) -> None:
    save(tmp_path / "q.npz", {"q": np.zeros((2, 2)), "grid": np.array([["S", "G"]]), "visits": np.zeros(3)})
    found = read_all(tmp_path)
    assert found.maps[0].visits is None
    assert codes(found) == {"episodes-damaged"}


def test_a_map_that_does_not_fit_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 × 3"):
        record.value_map(tmp_path, np.zeros((5, 4)), GRID)
    with pytest.raises(ValueError, match="rows of one length"):
        record.value_map(tmp_path, np.zeros((5, 4)), ("ab", "c"))
    assert list(tmp_path.iterdir()) == []
