"""Players of recordings: what is drawn, which episodes are examples, which moments are told, and bad input."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlviz_docs.model.episodes import Episode, Frames, Recording, ValueMap, Video
from dlviz_docs.renderers.episodes import player as module
from dlviz_docs.renderers.episodes.player import players
from dlviz_docs.view import Figure, Play, Player
from tests.made_episodes import cartpole, lake, made_up, pendulum


def shown(*recordings: Recording) -> Player:
    (figure,) = players(recordings)
    assert isinstance(figure, Figure)
    assert isinstance(figure.spec, Player)
    return figure.spec


def titles(player: Player) -> list[str]:
    return [track.title for track in player.tracks]


def said(play: Play, kind: str) -> list[tuple[int, str]]:
    return [(one.step, one.text) for one in play.moments if one.kind == kind]


def episode(rewards: Any, **told: Any) -> Episode:
    return Episode("0", np.asarray(rewards, np.float64), **told)


def recording(*episodes: Episode, **told: Any) -> Recording:
    named = tuple(replace(one, name=str(i)) for i, one in enumerate(episodes))
    return Recording("", "a", "a.npz", named, **told)


def test_an_episode_that_goes_on_is_not_said_to_end() -> None:
    (play,) = shown(recording(episode(np.ones(30), ending="unread"))).plays
    assert play.moments[-1].text == (
        "The episode goes on: the steps behind this one were not read; up to here the return is 30."
    )
    assert dict(play.facts)["ended"] == "read in part"


def test_all_that_is_known_has_its_track() -> None:
    assert titles(shown(made_up(50))) == [
        "Reward",
        "Return so far",
        "Expected and what came",
        "TD error",
        "Action",
        "Action probabilities",
        "Action values",
        "Entropy",
        "Observed",
        "Told by the environment",
    ]
    assert titles(shown(pendulum(seeds=[0]))) == ["Reward", "Return so far", "Action", "Observed"]
    assert titles(shown(recording(episode([1.0])))) == ["Reward", "Return so far"]


def test_what_varies_most_is_observed_on_scales_of_its_own() -> None:
    player = shown(made_up(80))
    (track,) = [one for one in player.tracks if one.title == "Observed"]
    seen = made_up(80).episodes[0].observations
    assert seen is not None
    most = sorted(np.argsort(-seen.var(axis=0))[:8].tolist())
    assert [trace.name for trace in track.traces] == [f"o:{i}" for i in most]
    assert track.traces[0].ends == (seen[:, most[0]].min(), seen[:, most[0]].max())


def test_terms_that_lack_something_say_so() -> None:
    whole = episode([3.0, 1.0], terms={"a": np.array([1.0, 1.0]), "b": np.array([2.0, 0.0])})
    assert [trace.label for trace in shown(recording(whole)).tracks[0].traces] == ["a", "b"]
    part = replace(whole, terms={"a": np.array([1.0, 1.0])})
    player = shown(recording(part))
    assert [trace.label for trace in player.tracks[0].traces] == ["a", "other terms"]
    assert player.plays[0].values["term:rest"].tolist() == [2, 0]


def test_of_many_actions_the_likeliest_have_a_colour() -> None:
    shares = np.full((5, 18), 0.01)
    shares[:, 4] = 1 - 0.17
    player = shown(recording(episode(np.ones(5), probabilities=shares), actions=tuple(map(str, range(18)))))
    (track,) = [one for one in player.tracks if one.title == "Action probabilities"]
    assert [trace.label for trace in track.traces][-1] == "all others"
    assert "p:4" in [trace.name for trace in track.traces]
    total = sum(player.plays[0].values[trace.name] for trace in track.traces)
    np.testing.assert_allclose(total, shares.sum(axis=1))


def test_without_a_discount_nothing_is_compared_with_values() -> None:
    told = replace(cartpole("a", 1.0, 0, seeds=[0]), gamma=None)
    player = shown(told)
    assert "TD error" not in titles(player)
    (track,) = [one for one in player.tracks if one.title == "Expected and what came"]
    assert [trace.name for trace in track.traces] == ["worth"]
    assert player.notes[0].startswith("The discount factor is not told")


# --- which ---


def test_examples_are_of_each_recording() -> None:
    early, late = cartpole("early", 0.15, 2000), cartpole("late", 1.5, 20000)
    player = shown(early, late)
    for name in ("early", "late"):
        own = [play for play in player.plays if play.recording == name]
        totals = {pick: play.total for play in own for pick in play.picks}
        every = sorted(play.total for play in own)
        apart = {"worst": every[0], "best": every[-1]} if every[0] < every[-1] else {}
        assert {pick: total for pick, total in totals.items() if pick in ("worst", "best")} == apart
        assert totals["median"] == every[len(every) // 2]
        assert "most surprising" in totals
    start = player.plays[player.start]
    assert (start.recording, "median" in start.picks) == ("late", True)
    assert len({play.key for play in player.plays}) == len(player.plays) == 12


def test_of_equal_returns_none_is_the_best() -> None:
    player = shown(recording(*(episode([0.0, 1.0, 0.0]) for _ in range(5))))
    assert {pick for play in player.plays for pick in play.picks} == {"median"}


def test_of_very_many_the_examples_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 10)
    rewards = np.random.default_rng(0).normal(size=50)
    player = shown(recording(*(episode([r]) for r in rewards)))
    assert len(player.plays) == 10
    assert player.seen == 50
    assert {"best", "worst", "median"} <= {pick for play in player.plays for pick in play.picks}
    assert max(play.total for play in player.plays) == rewards.max()
    monkeypatch.setattr(module, "MOST_STEPS", 5)
    assert len(shown(recording(*(episode([r]) for r in rewards))).plays) == 5


def test_tasks_stand_apart() -> None:
    figures = list(players([cartpole("a", 1, 0, seeds=[0]), lake(), pendulum()]))
    assert [figure.id for figure in figures if isinstance(figure, Figure)] == [
        "player-cartpole-v1",
        "player-frozenlake-v1",
        "player-pendulum-v1",
    ]


def test_highlights_are_where_most_hangs_on_the_action() -> None:
    values = np.zeros((100, 2))
    values[10], values[60], values[63], values[90] = (9, 0), (7, 0), (6, 0), (5, 0)
    told = episode(np.ones(100), action_values=values, actions=np.zeros(100, int))
    player = shown(recording(told, told, actions=("stay", "go")))
    assert [(one.play, one.step) for one in player.highlights] == [("0", 10), ("1", 10), ("0", 60), ("1", 60)]
    assert (
        player.highlights[0].text == "Much hangs on this action: stay is worth 4.5 more than the mean of all actions."
    )


# --- moments ---


def test_a_fall_is_a_surprise_and_the_value_collapses() -> None:
    rng = np.random.default_rng(0)
    values = 20 + rng.normal(0, 0.1, 200)
    values[120:] = 4 + rng.normal(0, 0.1, 80)
    play = shown(recording(episode(np.full(200, 0.2), values=values), gamma=0.99)).plays[0]
    (step, text), *_ = [one for one in said(play, "surprise") if "worse" in one[1]]
    assert step == 119
    assert "worse" in text
    ((start, words),) = said(play, "value falls")
    assert start <= 119 < start + 20
    assert "falls from 20" in words


def test_sparse_rewards_have_a_first_and_steady_ones_have_not() -> None:
    rewards = np.zeros(60)
    rewards[[40, 55]] = 1
    assert said(shown(recording(episode(rewards))).plays[0], "reward") == [
        (40, "The first reward: 1."),
        (55, "A reward of 1, where 0 is usual."),
    ]
    assert said(shown(recording(episode(np.ones(60)))).plays[0], "reward") == []


def test_a_close_call_needs_a_policy_that_is_mostly_sure() -> None:
    sure, torn = np.tile([0.95, 0.05], (100, 1)), np.tile([0.51, 0.49], (100, 1))
    sure[50] = 0.5, 0.5
    names = ("left", "right")
    play = shown(recording(episode(np.ones(100), probabilities=sure), actions=names)).plays[0]
    assert [step for step, _ in said(play, "close call")] == [50]
    assert said(shown(recording(episode(np.ones(100), probabilities=torn), actions=names)).plays[0], "close call") == []


def test_what_it_hardly_ever_does_is_told() -> None:
    shares = np.tile([0.99, 0.01], (100, 1))
    actions = np.zeros(100, int)
    actions[30] = 1
    told = episode(np.ones(100), probabilities=shares, actions=actions)
    play = shown(recording(told, actions=("left", "right"))).plays[0]
    assert said(play, "unlikely action") == [(30, "It did right, which its policy gives 1 %; left was likelier.")]


def test_the_end_is_always_told() -> None:
    play = shown(recording(episode([1.0, 2.0], ending="truncated", success=False))).plays[0]
    assert play.moments[-1].text == "The episode ends (not solved, cut off), with a return of 3."


# --- states ---


def test_classic_control_is_known_by_name_and_shape() -> None:
    player = shown(cartpole("a", 1, 0, seeds=[0]))
    assert player.scene is not None
    assert player.scene.kind == "cartpole"
    seen = cartpole("a", 1, 0, seeds=[0]).episodes[0].observations
    np.testing.assert_array_equal(player.plays[0].state, seen)
    pixels = replace(cartpole("a", 1, 0, seeds=[0]), environment="CartPolePixels-v1")
    other = shown(pixels).scene
    assert other is not None
    assert other.kind == "numbers"


def test_names_of_the_task_stand_for_numbers_alone() -> None:
    plain = replace(cartpole("a", 1, 0, seeds=[0]), actions=("0", "1"), observations=("0", "1", "2", "3"))
    assert shown(plain).actions == ("left", "right")
    own = replace(plain, actions=("push", "pull"))
    assert shown(own).actions == ("push", "pull")


def test_gymnasiums_map_is_drawn_as_long_as_nobody_contradicts_it() -> None:
    scene = shown(lake()).scene
    assert scene is not None
    assert (scene.rows, scene.columns, scene.cells, scene.moves) == (4, 4, "SFFFFHFHFFFHHFFG", "LDRU")
    told = lake()
    walk = told.episodes[0]
    assert walk.observations is not None
    through = walk.observations.copy()
    through[1:2] = 5  # a hole
    other = replace(told, episodes=(replace(walk, observations=through),))
    assert shown(other).scene.cells == ""  # type: ignore[union-attr]


def test_a_one_among_zeros_is_a_cell() -> None:
    told = lake()
    hot = tuple(
        replace(one, observations=np.eye(16)[one.observations[:, 0].astype(int)])
        for one in told.episodes
        if one.observations is not None
    )
    player = shown(replace(told, episodes=hot, observations=tuple(map(str, range(16)))))
    assert player.scene is not None
    assert player.scene.kind == "grid"
    np.testing.assert_array_equal(player.plays[0].state, shown(told).plays[0].state)


WORLD = ("S.#", "x.G")
STEPS = np.array([[0, 0], [0, 1], [1, 1]], float)


def in_world(observations: Any, **told: Any) -> Player:
    table = ValueMap("", "a", "table.npz", np.zeros((2, 3, 4)), WORLD, (("x", "swamp"),))
    walk = episode(np.ones(len(observations)), observations=np.asarray(observations, float))
    (figure,) = players([recording(walk, actions=("up", "right", "down", "left"))], [replace(table, **told)])
    assert isinstance(figure, Figure)
    assert isinstance(figure.spec, Player)
    return figure.spec


@pytest.mark.parametrize("seen", [STEPS, [[0], [1], [4]], np.eye(6)[[0, 1, 4]]], ids=["row, column", "number", "ones"])
def test_an_own_world_is_drawn_as_its_table_tells_it(seen: Any) -> None:
    player = in_world(seen)
    assert player.scene is not None
    assert (player.scene.rows, player.scene.columns, player.scene.cells) == (2, 3, "SF#xFG")
    assert player.scene.moves == "URDL"
    assert player.scene.note == "Drawn from the observations, in the world that table.npz tells. x is swamp."
    assert player.plays[0].state is not None
    assert player.plays[0].state[:, 0].tolist() == [0, 1, 4]


@pytest.mark.parametrize(
    ("seen", "told"),
    [([[0, 2]], {}), ([[2, 0]], {}), ([[0.5, 0]], {}), ([[-1, 0]], {}), ([[7]], {}), (STEPS, {"cells": ()})],
)
def test_who_walks_through_walls_is_in_another_world(seen: Any, told: dict[str, Any]) -> None:
    player = in_world(seen, **told)
    assert player.scene is not None
    assert player.scene.kind == "numbers"


def test_gymnasium_itself_has_these_maps() -> None:
    from gymnasium.envs.toy_text.frozen_lake import MAPS

    from dlviz_docs.renderers.episodes import _cells

    assert "".join(MAPS["4x4"]) == _cells._LAKE.cells
    assert "".join(MAPS["8x8"]) == _cells._LARGE_LAKE.cells


def test_many_numbers_are_bars_of_those_that_vary_most() -> None:
    seen = np.random.default_rng(0).normal(size=(30, 60))
    seen[:, 7] = 1.0
    player = shown(recording(episode(np.ones(30), observations=seen)))
    assert player.scene is not None
    assert len(player.scene.names) == 24 == len(player.scene.ends)
    assert "7" not in player.scene.names
    assert player.plays[0].state is not None
    assert player.plays[0].state.shape == (30, 24)


# --- pictures and films ---


def test_pictures_are_asked_for() -> None:
    frames = Frames(np.array([0, 2]), np.zeros((2, 4, 4, 3), np.uint8))
    player = shown(recording(episode(np.ones(3), frames=frames)))
    assert player.reels == ("a#0",)
    assert player.plays[0].pictured is not None
    assert player.plays[0].pictured.tolist() == [0, 2]


def test_a_film_goes_with_the_episode_of_its_number_or_stands_alone() -> None:
    told = replace(
        recording(episode([1.0]), episode([2.0])),
        videos=(Video("v/1.mp4", 9, episode=1), Video("v/x.mp4", 9, step=500.0)),
    )
    player = shown(told)
    assert [play.film for play in player.plays] == ["", "v/1.mp4", "v/x.mp4"]
    assert player.plays[2].length == 0
    assert ("trained for", "500 steps") in player.plays[2].facts
    assert player.films == ("v/1.mp4", "v/x.mp4")
    alone = shown(Recording("", "b", "v", videos=(Video("v/0.mp4", 9, episode=0),)))
    assert (len(alone.plays), alone.tracks, alone.scene) == (1, (), None)


# --- bad input ---


def test_nothing_is_shown_of_nothing() -> None:
    assert list(players(())) == []
    assert list(players([Recording("", "a", "a.npz"), recording(episode([]))])) == []


def test_missing_rewards_leave_the_rest() -> None:
    rewards = np.array([1.0, np.nan, 1.0])
    player = shown(recording(episode(rewards, values=np.ones(3)), gamma=0.9))
    assert player.plays[0].values["return"].tolist() == [1, 1, 2]
    assert np.isnan(player.plays[0].values["go"][:2]).all()
    assert ("return", "") not in player.plays[0].facts
    assert any("rewards are missing" in note for note in player.notes)


ODD = st.sampled_from([0.0, 1.0, -3.5, 1e300, np.nan, np.inf, -np.inf])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_numbers_are_shown(data: st.DataObject) -> None:
    n, d, a = data.draw(st.integers(1, 6)), data.draw(st.integers(0, 3)), data.draw(st.integers(1, 3))

    def table(*shape: int) -> Any:
        size = int(np.prod(shape))
        return np.array(data.draw(st.lists(ODD, min_size=size, max_size=size))).reshape(shape)

    told = episode(
        table(n),
        observations=table(n, d),
        values=table(n),
        action_values=table(n, a),
        probabilities=table(n, a),
        actions=data.draw(st.sampled_from([np.zeros(n, int), np.full(n, 99), table(n, 2)])),
        terms={"x": table(n)},
        infos={"y": table(n)},
        ending=data.draw(st.sampled_from(["terminated", "truncated", "unknown"])),
    )
    player = shown(recording(told, gamma=0.99, actions=tuple(map(str, range(a)))))
    assert all(0 <= moment.step < n for moment in player.plays[0].moments)
    assert all(len(values) == n for values in player.plays[0].values.values())
