"""Rewards, places and decisions of agents whose behaviour is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pytest

from dlviz_docs.model import Insight
from dlviz_docs.model.episodes import Episode, Recording
from dlviz_docs.renderers.episodes._stages import tasks
from dlviz_docs.renderers.episodes.decisions import decisions
from dlviz_docs.renderers.episodes.rewards import rewards
from dlviz_docs.renderers.episodes.visits import visits
from dlviz_docs.stats.episodes import returns_to_go
from dlviz_docs.view import Fact, Figure, Matrix, Plot, Shown

T = TypeVar("T")


def walk(seed: int, reach: float, *, length: int = 80) -> Episode:
    """A point on a plane with two numbers of noise beside it; it turns back at `reach`, which its actions say."""
    random = np.random.default_rng(seed)
    place = random.uniform(-reach, reach, size=(length, 2))
    noise = random.normal(size=(length, 2))
    actions = ((place[:, 0] > 0) * 2 + (place[:, 1] > 0)).astype(np.int64)
    values = reach - np.abs(place).max(axis=1)
    return Episode(
        str(seed),
        rewards=np.full(length, 0.5),
        actions=actions,
        observations=np.column_stack([noise[:, 0], place[:, 0], noise[:, 1], place[:, 1]]),
        values=values,
        ending="terminated",
    )


def recording(name: str, step: float | None, episodes: Iterable[Episode]) -> Recording:
    return Recording(
        run=name,
        name=name,
        source=f"{name}.npz",
        episodes=tuple(episodes),
        step=step,
        environment="Plane-v0",
        gamma=0.9,
        actions=("sw", "nw", "se", "ne"),
        observations=("dust", "x", "haze", "y"),
    )


@pytest.fixture
def roaming() -> list[Recording]:
    """Two agents that roam at first, and keep to the middle in the end."""
    return [
        recording(f"seed {seed}, {step}", step + seed, [walk(10 * seed + i, reach) for i in range(6)])
        for seed in range(2)
        for step, reach in ((1000, 4.0), (20_000, 1.0))
    ]


def of(kind: type[T], shown: Iterable[Shown]) -> list[T]:
    return [one for one in shown if isinstance(one, kind)]


def said(shown: Iterable[Shown], kind: str) -> list[Insight]:
    return [one for one in of(Insight, shown) if one.kind == kind]


def test_what_seeds_did_after_as_many_steps_belongs_together(roaming: list[Recording]) -> None:
    (task,) = tasks(roaming)
    assert [(stage.label, len(stage.episodes), stage.agents) for stage in task.stages] == [
        ("≈ 1,000 steps", 12, 2),
        ("≈ 20,000 steps", 12, 2),
    ]


@pytest.mark.parametrize(
    ("steps", "label"),
    [
        ([20_000], "20,000 steps"),
        ([12_345, 12_345], "12,345 steps"),
        ([40_253, 40_490, 40_143, 40_301, 40_426], "≈ 40,000 steps"),
        ([12_020, 12_186], "≈ 12,000 steps"),
        ([100, 101], "≈ 100 steps"),
    ],
)
def test_moments_that_differ_a_little_are_told_as_about_the_same(steps: list[float], label: str) -> None:
    (task,) = tasks([recording(f"seed {i}", step, [walk(i, 1.0)]) for i, step in enumerate([*steps, 0.0])])
    assert task.stages[-1].label == label


def test_a_single_step_is_one() -> None:
    (task,) = tasks([recording("a", 1.0, [walk(0, 1.0)])])
    assert task.stages[0].label == "1 step"


def test_tasks_are_told_apart_and_empty_recordings_left_out(roaming: list[Recording]) -> None:
    other = replace(roaming[0], environment="Other-v0", step=None)
    found = list(tasks([*roaming, other, replace(other, episodes=())]))
    assert [task.heading for task in found] == ["Plane-v0", "Other-v0"]
    assert found[1].id("returns") == "other-v0-returns"
    assert found[1].stages[0].label == ""


def test_the_plane_is_that_of_the_numbers_that_decide(roaming: list[Recording]) -> None:
    (task,) = tasks(roaming)
    shown = list(visits(task))
    figures = of(Figure, shown)
    assert [figure.id for figure in figures] == ["visits-1", "visits-2", "policy-map", "value-map"]
    for figure in figures:
        assert isinstance(figure.spec, Plot)
        assert {figure.spec.x.label, figure.spec.y.label} == {"x", "y"}
    assert "These two numbers alone tell 1" in figures[2].caption or "tell 9" in figures[2].caption
    (coverage,) = said(shown, "coverage")
    assert "keeps it to fewer places" in coverage.text
    assert coverage.values["last"] < coverage.values["first"]
    assert coverage.figure == "visits-2"
    assert len(of(Fact, shown)) == 1


def test_long_observations_are_projected() -> None:
    random = np.random.default_rng(0)
    seen = random.normal(size=(60, 100)) * 0.1
    seen[:, 3] += np.linspace(-9, 9, 60)
    episode = Episode("0", np.zeros(60), observations=np.cumsum(seen, axis=1))
    (task,) = tasks([Recording("", "one", "one.npz", (episode,))])
    figure = of(Figure, visits(task))[0]
    assert "main direction" in figure.caption
    assert "% of their variance" in figure.caption


@pytest.mark.parametrize("names", [("row", "column"), ("column", "row")])
def test_a_grid_is_shown_as_one(names: tuple[str, str]) -> None:
    """Two rows, three columns; in whatever order they are observed."""
    rows, columns = np.tile([0.0, 0, 0, 1, 1], 10), np.tile([0.0, 1, 2, 2, 2], 10)
    seen = np.column_stack([rows, columns] if names[0] == "row" else [columns, rows])
    episode = Episode("0", np.zeros(50), observations=seen, actions=np.zeros(50, int))
    (task,) = tasks([replace(recording("a", 1.0, [episode]), observations=names)])
    (figure,) = of(Figure, visits(task))
    assert isinstance(figure.spec, Matrix)
    assert figure.spec.texts == (("10", "10", "10"), ("", "", "20"))


def test_states_of_one_number_are_a_row(roaming: list[Recording]) -> None:
    few = [
        replace(
            one,
            observations=("cell",),
            episodes=tuple(replace(e, observations=np.round(np.abs(e.observations[:, 1:2]))) for e in one.episodes),
        )
        for one in roaming
    ]
    (task,) = tasks(few)
    shown = list(visits(task))
    figure, policy, value = of(Figure, shown)
    assert isinstance(figure.spec, Plot)
    assert figure.spec.layers[-1].y.tolist()[2:] == [0, 0, 0], "late agents stay within 1"
    late = [e for one in few if one.step and one.step > 10_000 for e in one.episodes]
    seen, acts, worth = (
        np.concatenate(one) for one in zip(*((e.observations[:, 0], e.actions, e.values) for e in late), strict=True)
    )
    assert isinstance(policy.spec, Plot)
    shares = np.array([layer.y for layer in policy.spec.layers])
    np.testing.assert_allclose(shares.sum(axis=0), 1)
    assert shares[2, 1] == pytest.approx((acts[seen == 1] == 2).mean())
    assert isinstance(value.spec, Plot)
    np.testing.assert_allclose(value.spec.layers[0].y, [worth[seen == state].mean() for state in (0, 1)])
    assert said(shown, "coverage")[0].figure == "visits"


def test_without_observations_there_is_no_map() -> None:
    (task,) = tasks([Recording("", "one", "one.npz", (Episode("0", np.ones(50)),))])
    assert list(visits(task)) == []


def test_actions_are_counted_and_placed(roaming: list[Recording]) -> None:
    (task,) = tasks(roaming)
    shown = list(decisions(task))
    usage = next(figure for figure in of(Figure, shown) if figure.id == "actions")
    assert isinstance(usage.spec, Plot)
    last = usage.spec.layers[-1]
    taken = np.concatenate([e.actions for e in task.stages[-1].episodes])
    np.testing.assert_allclose(last.y, np.bincount(taken, minlength=4) / len(taken))
    region = next(figure for figure in of(Figure, shown) if figure.id == "actions-by-region")
    assert isinstance(region.spec, Matrix)
    assert region.spec.row_label in ("x", "y")
    np.testing.assert_allclose(region.spec.values.sum(axis=1), 1)


def test_ranges_of_whole_numbers_do_not_overlap() -> None:
    columns = np.repeat(np.arange(10.0), 12)
    seen = np.column_stack([np.arange(120) % 3, columns])
    episode = Episode("0", np.ones(120), actions=(columns > 4).astype(int), observations=seen)
    (task,) = tasks([replace(recording("a", 5.0, [episode]), observations=("row", "column"))])
    region = next(figure for figure in of(Figure, decisions(task)) if figure.id == "actions-by-region")
    assert isinstance(region.spec, Matrix)
    assert region.spec.row_label == "column"
    assert region.spec.rows == ("0", "1 to 2", "3 to 4", "5", "6 to 7", "8 to 9")


def test_an_agent_that_always_does_the_same_is_told() -> None:
    episode = Episode("0", np.ones(90), actions=np.r_[np.zeros(88, int), 1, 2])
    (task,) = tasks([replace(recording("a", 5.0, [episode]), observations=())])
    (one,) = said(decisions(task), "one-action")
    assert "“sw” in 97.8 % of the steps at 5 steps" in one.text


@pytest.mark.parametrize(
    ("error", "kind"), [(4.0, "overestimation"), (-4.0, "underestimation"), (0.0, "calibrated-values")]
)
def test_expectations_are_held_against_what_came(error: float, kind: str) -> None:
    random = np.random.default_rng(0)
    episodes = []
    for seed in range(4):
        pays = random.normal(1, 3, 100)
        came = np.zeros(101)
        for t in range(99, -1, -1):
            came[t] = pays[t] + 0.9 * came[t + 1]
        episodes.append(Episode(str(seed), pays, values=came[:-1] + error, ending="terminated"))
    (task,) = tasks([replace(recording("a", None, episodes), actions=())])
    shown = list(decisions(task))
    (one,) = said(shown, kind)
    assert one.values["bias"] == pytest.approx(error)
    assert "It explains 100 % of the variance of what it gets" in one.text


def test_episodes_that_were_cut_off_are_not_held_against_expectations(roaming: list[Recording]) -> None:
    cut = [replace(one, episodes=tuple(replace(e, ending="truncated") for e in one.episodes)) for one in roaming]
    (task,) = tasks(cut)
    assert "values-calibration" not in [figure.id for figure in of(Figure, decisions(task))]


def test_what_is_no_longer_done_is_told_once() -> None:
    early, late = np.arange(90) % 3, np.arange(90) % 2
    (task,) = tasks(
        [
            recording("a", step, [Episode("0", np.ones(90), actions=np.asarray(own, int))])
            for step, own in ((5.0, early), (900.0, late))
        ]
    )
    shown = list(decisions(task))
    (unused,) = said(shown, "unused-actions")
    assert unused.text.startswith("Of 4 actions, “se” and “ne” are hardly ever taken at 900 steps")
    assert unused.text.endswith("and were in 33.3 % at 5 steps.")
    assert said(shown, "changed-actions") == []


# --- rewards ---


def paid(seed: int, *, goal: float, alive: float, success: bool, length: int = 40) -> Episode:
    terms = {"alive": np.full(length, alive), "goal": np.r_[np.zeros(length - 1), goal]}
    return Episode(str(seed), sum(terms.values()), terms=terms, success=success, ending="terminated")


def test_terms_are_added_up_and_the_greatest_is_told() -> None:
    (task,) = tasks(
        [recording("a", 10.0, [paid(i, goal=1.0, alive=1.0, success=True, length=40 + i) for i in range(12)])]
    )
    shown = list(rewards(task))
    ids = [figure.id for figure in of(Figure, shown)]
    assert ids == ["returns", "reward-steps", "reward-terms", "reward-over-episode", "returns-to-go", "return-length"]
    (one,) = said(shown, "one-term-dominates")
    assert "“alive”; “goal” is less than 5 %" in one.text
    terms = next(figure for figure in of(Figure, shown) if figure.id == "reward-terms")
    assert isinstance(terms.spec, Plot)
    assert terms.spec.x.categories == ("alive", "goal")
    assert terms.spec.layers[0].y.tolist() == [pytest.approx(45.5), 1.0]
    assert said(shown, "return-follows-length")
    assert of(Fact, shown)[0].text == "46.5 (median of 12 episodes)"


def test_reward_without_success_is_suspected() -> None:
    early = [paid(i, goal=5.0, alive=0.1, success=i % 4 > 0) for i in range(12)]
    late = [paid(i, goal=0.0, alive=1.0, success=i % 4 == 0) for i in range(12)]
    (task,) = tasks([recording("a", 10.0, early), recording("b", 900.0, late)])
    (one,) = said(rewards(task), "reward-hacking")
    assert one.severity == "warning"
    assert "mostly “alive”" in one.text
    assert "from 75 % to 25 %" in one.text


def test_paying_failures_more_is_serious() -> None:
    episodes = [paid(i, goal=0.0, alive=1.0 if i % 2 else 3.0, success=bool(i % 2)) for i in range(24)]
    (task,) = tasks([recording("a", 10.0, episodes)])
    (one,) = said(rewards(task), "reward-hacking")
    assert one.severity == "serious"


def test_reward_that_grows_with_success_is_not_suspected() -> None:
    early = [paid(i, goal=0.0, alive=0.1, success=False) for i in range(12)]
    late = [paid(i, goal=5.0, alive=0.1, success=True) for i in range(12)]
    (task,) = tasks([recording("a", 10.0, early), recording("b", 900.0, late)])
    assert said(rewards(task), "reward-hacking") == []


def test_sparse_rewards_have_a_time_of_the_first() -> None:
    episodes = [Episode(str(i), np.r_[np.zeros(99), float(i % 3 > 0)]) for i in range(9)]
    (task,) = tasks([recording("a", 10.0, episodes)])
    shown = list(rewards(task))
    (one,) = said(shown, "sparse-rewards")
    assert "after 100 steps (median), and never in 3 episodes of 9" in one.text
    assert "little to learn from" in one.text
    first = next(figure for figure in of(Figure, shown) if figure.id == "first-reward")
    assert isinstance(first.spec, Plot)
    assert first.spec.layers[0].y.max() == pytest.approx(6 / 9)


def test_one_episode_has_no_spread() -> None:
    (task,) = tasks([recording("a", 10.0, [Episode("0", np.r_[0.0, np.ones(99)])])])
    figures = {figure.id: figure for figure in of(Figure, rewards(task))}
    assert list(figures) == ["reward-steps", "reward-over-episode", "returns-to-go"]
    assert isinstance(figures["returns-to-go"].spec, Plot)
    assert [layer.label for layer in figures["returns-to-go"].spec.layers] == [""]


def test_the_mean_to_go_ends_with_the_shortest_episode() -> None:
    episodes = [Episode(str(n), np.ones(n)) for n in (3, 8, 9)]
    (task,) = tasks([replace(recording("a", 10.0, episodes), gamma=None)])
    figure = next(one for one in of(Figure, rewards(task)) if one.id == "returns-to-go")
    assert isinstance(figure.spec, Plot)
    assert figure.spec.layers[-1].y.tolist() == pytest.approx([20 / 3, 17 / 3, 14 / 3])


def test_agents_of_different_discounts_are_each_judged_by_their_own() -> None:
    """Values that are right for a discount of 0.5 are wrong for 0.9, which the first recording has."""

    def right(gamma: float, n: int) -> Episode:
        rewards = np.random.default_rng(n).normal(size=50)
        return Episode(str(n), rewards, values=returns_to_go(rewards, gamma), ending="terminated")

    played = [
        replace(recording(f"{gamma}", 10.0, [right(gamma, n) for n in range(5)]), gamma=gamma) for gamma in (0.9, 0.5)
    ]
    (task,) = tasks(played)
    (told,) = [one for one in of(Insight, decisions(task)) if one.kind == "calibrated-values"]
    assert told.values["bias"] == pytest.approx(0, abs=1e-12)
    caption = next(one for one in of(Figure, rewards(task)) if one.id == "returns-to-go").caption
    assert "each discounted as it was trained, by 0.5 to 0.9: 10 episodes" in caption
    (task,) = tasks([played[0], replace(played[1], gamma=None)])
    caption = next(one for one in of(Figure, rewards(task)) if one.id == "returns-to-go").caption
    assert "undiscounted, since not every file tells the discount" in caption


def test_what_is_to_come_is_not_known_where_rewards_are_missing() -> None:
    some, all_ = np.array([1.0, np.nan, 1.0]), np.full(3, np.inf)
    (task,) = tasks([recording("a", 10.0, [Episode("0", some), Episode("1", np.ones(3))])])
    figure = next(one for one in of(Figure, rewards(task)) if one.id == "returns-to-go")
    assert isinstance(figure.spec, Plot)
    assert "1 episode" in figure.caption
    assert figure.spec.layers[-1].y.tolist() == pytest.approx([2.71, 1.9, 1])
    (task,) = tasks([recording("a", 10.0, [Episode("0", some), Episode("1", all_)])])
    assert "returns-to-go" not in [one.id for one in of(Figure, rewards(task))]


@pytest.mark.parametrize(("pays", "told"), [(1.0, "paid more"), (-1.0, "paid less"), (0.0, "")])
def test_whether_longer_episodes_are_paid_more_is_said_below_them(pays: float, told: str) -> None:
    episodes = [Episode(str(n), np.full(n, pays)) for n in range(5, 20)]
    (task,) = tasks([recording("a", 10.0, episodes)])
    figure = next(one for one in of(Figure, rewards(task)) if one.id == "return-length")
    assert told in figure.caption
    assert ("Longer" in figure.caption) == bool(told)


def test_missing_rewards_leave_the_rest() -> None:
    episodes = [
        Episode("0", np.r_[np.nan, np.ones(9)]),
        Episode("1", np.full(10, np.nan)),
        Episode("2", np.arange(10.0)),
    ]
    (task,) = tasks([recording("a", 10.0, episodes)])
    shown = list(rewards(task))
    assert of(Fact, shown)[0].text == "45 (median of 1 episode)"
    (nothing,) = tasks([recording("a", 10.0, episodes[1:2])])
    assert list(rewards(nothing)) == []
