"""Rules of agents that decide by known ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from dlviz_docs.insights.episode_rules import bounded, rule
from dlviz_docs.model import FloatArray, Insight
from dlviz_docs.model.episodes import Episode, Recording
from dlviz_docs.renderers.episodes._stages import tasks
from dlviz_docs.renderers.episodes.rules import rules
from dlviz_docs.view import Figure, Table

INF = float("inf")


def agent(
    name: str,
    decide: Callable[[FloatArray], NDArray[np.bool_]],
    *,
    episodes: int = 6,
    pays: float = 1.0,
    noise: float = 0.0,
    whole: bool = False,
    names: tuple[str, ...] = ("dust", "angle"),
) -> Recording:
    random = np.random.default_rng(1)
    made = []
    for turn in range(episodes):
        seen = random.integers(0, 9, (60, 2)).astype(float) if whole else random.normal(0, 1, (60, 2))
        actions = np.asarray(decide(seen), np.int64)
        other = random.random(60) < noise
        actions[other] = random.integers(0, 2, other.sum())
        made.append(Episode(str(turn), np.full(60, pays), actions=actions, observations=seen))
    return Recording(name, name, f"{name}.npz", tuple(made), step=50.0, actions=("left", "right"), observations=names)


def told(recordings: Sequence[Recording]) -> tuple[list[Insight], list[Figure]]:
    (task,) = tasks(recordings)
    found = list(rules(task, "Decisions"))
    return [i for i in found if isinstance(i, Insight)], [f for f in found if isinstance(f, Figure)]


def test_the_rule_that_an_agent_follows_is_found() -> None:
    (one,), (figure,) = told([agent("a", lambda seen: seen[:, 1] > 0.2)])
    assert one.text.startswith("Rule at 50 steps (fidelity 1.00 [1.00, 1.00] on held-out episodes; 0.")
    assert one.text.endswith("for always “left”): right if angle > 0.2; otherwise left.")
    assert one.figure == figure.id
    assert isinstance(figure.spec, Table)
    assert [cell.text for cell in figure.spec.rows[0][:3]] == [
        "a",
        "1.00 [1.00, 1.00]",
        "right if angle > 0.2; otherwise left",
    ]


def test_fidelity_is_that_of_steps_it_has_not_seen() -> None:
    (one,), _ = told([agent("a", lambda seen: seen[:, 1] > 0.2, noise=0.2, episodes=40)])
    assert one.values["fidelity"] == pytest.approx(0.9, abs=0.02)  # half of the random actions agree by chance


def test_of_several_agents_the_best_one_is_told_and_all_are_listed() -> None:
    (one,), (figure,) = told(
        [agent("bad", lambda seen: seen[:, 0] > 0.5), agent("good", lambda seen: seen[:, 1] <= 0, pays=2.0)]
    )
    assert "Rule of good" in one.text
    named = [agent(name, lambda seen: seen[:, 1] <= 0) for name in ("a-1", "b-2")]
    (one,), _ = told([replace(a, name=f"{a.name.upper()}, 50 steps") for a in named])
    assert "Rule of A-1" in one.text, "by its name, and not its slug"
    assert isinstance(figure.spec, Table)
    assert [row[0].text for row in figure.spec.rows] == ["bad", "good"]


def test_whole_numbers_have_no_bounds_between_them() -> None:
    (one,), _ = told([agent("a", lambda seen: seen[:, 0] >= 6, whole=True, names=("row", "column"))])
    assert one.text.endswith(": right if row ≥ 6; otherwise left.")


@pytest.mark.parametrize(
    "decide", [lambda seen: np.random.default_rng(0).random(len(seen)) > 0.5, lambda s: s[:, 0] > 9]
)
def test_chance_and_habit_have_no_rule(decide: Callable[[FloatArray], NDArray[np.bool_]]) -> None:
    assert told([agent("a", decide)]) == ([], [])


def test_of_one_episode_whole_parts_are_held_out() -> None:
    (one,), (figure,) = told([agent("a", lambda seen: seen[:, 1] > 0.2, episodes=2)])
    assert "[" not in one.text, "two episodes do not tell how sure it is"
    two = agent("a", lambda seen: seen[:, 1] > 0.2, episodes=2).episodes
    joined = Episode(
        "0",
        np.ones(120),
        actions=np.concatenate([e.actions for e in two if e.actions is not None]),
        observations=np.concatenate([e.observations for e in two if e.observations is not None]),
    )
    (one,), (figure,) = told([Recording("a", "a", "a.npz", (joined,), actions=("left", "right"))])
    assert "on held-out steps" in one.text
    assert "held-out steps" in figure.caption
    assert "right if number 1 > 0.2" in one.text


def test_missing_and_odd_steps_are_left_out() -> None:
    made = agent("a", lambda seen: seen[:, 1] > 0.2)
    for episode in made.episodes:
        assert episode.observations is not None
        assert episode.actions is not None
        episode.observations.flags.writeable = episode.actions.flags.writeable = True
        episode.observations[:5] = np.nan
        episode.actions[5:8] = 7
    (one,), _ = told([made])
    assert "right if angle > 0.2" in one.text
    assert one.values["steps"] == 6 * 52


def test_words_of_a_rule() -> None:
    cases = [(0, ["a"]), (1, ["b", "c"]), (0, ["d"]), (1, ["e"]), (0, ["f"])]
    assert rule(["stop", "go"], cases) == "go if b and c, or if e; otherwise stop"
    assert rule(["stop", "go"], [(1, [])]) == "always go"
    assert bounded("x", -INF, 0.1 + 0.2, whole=False) == "x ≤ 0.3"
    assert bounded("x", -1.0, 2.0, whole=False) == "−1 < x ≤ 2"
    assert bounded("row", 2.5, 3.5, whole=True) == "row is 3"
    assert bounded("row", 0.5, INF, whole=True) == "row ≥ 1"
