"""Maps of values in grid worlds whose answers are known."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from dlviz_docs.model import FloatArray, Insight
from dlviz_docs.model.episodes import ValueMap
from dlviz_docs.renderers.episodes.grids import grids
from dlviz_docs.view import Figure, Matrix, Shown

ACTIONS = ("up", "down", "left", "right")
WORLD = ("S..", ".#.", "..G")


def planned() -> FloatArray:
    """Discounted by 0.5 a step, 1 for reaching the goal: values of steps to it, by hand."""
    goal, steps = (2, 2), {}
    for row in range(3):
        for column in range(3):
            steps[row, column] = abs(goal[0] - row) + abs(goal[1] - column)  # the wall is never in the way
    values = np.full((3, 3, 4), np.nan)
    for row, column in steps:
        if (row, column) in ((1, 1), goal):
            continue
        for action, (down, right) in enumerate(((-1, 0), (1, 0), (0, -1), (0, 1))):
            there = row + down, column + right
            there = there if there in steps and there != (1, 1) else (row, column)
            values[row, column, action] = 0.5 ** steps[there]
    values[goal] = 0
    return values


def one(run: str, values: FloatArray, step: float | None = None, visits: FloatArray | None = None) -> ValueMap:
    return ValueMap(run, f"{run} {step}", "maps.npz", values, WORLD, actions=ACTIONS, step=step, visits=visits)


def shown(maps: Iterable[ValueMap]) -> tuple[list[Figure], list[Insight]]:
    found: list[Shown] = list(grids(list(maps)))
    return [f for f in found if isinstance(f, Figure)], [i for i in found if isinstance(i, Insight)]


def matrix(figure: Figure) -> Matrix:
    assert isinstance(figure.spec, Matrix)
    return figure.spec


def test_arrows_point_to_the_goal() -> None:
    (figure,), told = shown([one("", planned())])
    assert matrix(figure).texts == (("S ↓→", "→", "↓"), ("↓", "#", "↓"), ("→", "→", "G"))
    assert matrix(figure).values[0].tolist() == [0.125, 0.25, 0.5]
    assert np.isnan(matrix(figure).values[1, 1])
    assert told == []
    assert figure.title == "What planning finds"


def test_an_agent_is_held_against_planning() -> None:
    wrong = planned()
    wrong[0, 1] = [9, 0, 0, 0]
    figures, (told,) = shown([one("seed0", wrong), one("", planned())])
    assert [figure.id for figure in figures] == ["policy-planned", "policy-seed0"]
    assert told.text.startswith("seed0’s best action is one of those that planning finds best in 6 of 7 cells")


@pytest.mark.parametrize(("changes", "kind"), [(0, "policy-settled"), (1, "policy-not-settled")])
def test_whether_the_policy_still_changes(changes: int, kind: str) -> None:
    early = planned()
    early[0, :changes] = [[9, 0, 0, 0]]
    (figure,), (told,) = shown([one("a", early, 100.0), one("a", planned(), 2000.0)])
    assert told.kind == kind
    assert told.values["changed"] == changes
    assert [name for name, *_ in matrix(figure).views] == ["100 steps", "values"]
    assert matrix(figure).view == "2,000 steps"


def test_cells_never_seen_are_told() -> None:
    visits = np.array([[5.0, 3, 0], [0, 0, 0], [0, 0, 1]])
    (_, figure), (told,) = shown([one("a", planned(), visits=visits)])
    assert "never been in 5 of 7 cells" in told.text
    assert figure.id == "training-visits-3x3"
    assert matrix(figure).texts[0] == ("5", "3", "0")


def test_visits_of_all_agents_are_added_up() -> None:
    visits = np.full((3, 3), 600.0)
    figures, _ = shown([one("a", planned(), visits=visits), one("b", planned(), visits=visits), one("c", planned())])
    assert matrix(figures[-1]).texts[0] == ("1.2k", "1.2k", "1.2k")
    assert "training of 2 agents" in figures[-1].caption


def test_a_table_that_has_learnt_nothing_has_no_arrows() -> None:
    (figure,), _ = shown([one("a", np.zeros((3, 3, 4)))])
    assert matrix(figure).texts == (("S", "", ""), ("", "#", ""), ("", "", "G"))


def test_many_agents_are_told_and_some_shown() -> None:
    figures, told = shown([one(f"seed{i}", planned(), s) for i in range(9) for s in (1.0, 9.0)])
    assert len(figures) == 8
    assert "8 of 9 agents are shown" in figures[0].caption
    assert "agents are shown" not in figures[1].caption
    (said,) = told
    assert (
        said.text
        == "All policies have settled: the best action is another in 0 of 7 cells (0 %) from 1 steps to 9 steps."
    )


def test_a_map_larger_than_a_page_is_left_out() -> None:
    assert shown([ValueMap("a", "a", "a.npz", np.zeros((41, 2, 4)), actions=ACTIONS)]) == ([], [])


def test_agents_are_told_together_and_apart_below_their_maps() -> None:
    off = planned()
    off[0, :2] = [[9, 0, 0, 0]] * 2
    worse, good = one("b", off), one("a", planned())
    figures, (told,) = shown([one("", planned()), good, worse])
    assert told.text == (
        "The best actions of 2 agents are among those that planning finds best in 5 (b) to 7 (a) of 7 cells."
    )
    assert [figure.caption.split(".")[0] for figure in figures[1:]] == [
        "A best action of planning in 7 of 7 cells",
        "A best action of planning in 5 of 7 cells",
    ]


def test_maps_of_one_world_have_one_scale() -> None:
    figures, _ = shown([one("a", planned()), one("b", 3 * planned() - 0.21), one("c", np.zeros((3, 3, 4)), 5.0)])
    assert {(matrix(figure).low, matrix(figure).high) for figure in figures} == {(0.0, 2.8)}
    assert all(matrix(figure).one_scale and matrix(figure).beside for figure in figures)


def test_those_who_have_seen_too_little_are_counted() -> None:
    visits = np.array([[5.0, 3, 0], [0, 0, 0], [0, 0, 1]])
    _, (told,) = shown([one("a", planned(), visits=visits), one("b", planned(), visits=np.ones((3, 3)))])
    assert told.text.endswith("; 1 of 2 agents have seen too little.")


@pytest.mark.parametrize(
    ("visits", "told"),
    [(0, "0"), (999, "999"), (1234, "1.2k"), (9960, "10k"), (123_456, "123k"), (999_900, "1.0M"), (2e8, "200M")],
)
def test_counts_are_short(visits: float, told: str) -> None:
    counts = np.full((3, 3), float(visits))
    counts[0, 0] = max(visits, 1.0)
    figures, _ = shown([one("a", planned(), visits=counts)])
    assert matrix(figures[-1]).texts[1][0] == told
