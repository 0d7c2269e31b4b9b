"""Whatever arrays stand under the names of episodes, what is read is a recording that fits together, or a problem."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from files import found_in, save
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dlviz_docs.model import Episode
from dlviz_docs.readers.episodes import Limits, plan, read

NAMES = (
    *("rewards", "actions", "observations", "obs", "next_observations", "last_observations", "frames", "image"),
    *("frame_steps", "frame_episodes", "dones", "terminated", "truncated", "episode_starts", "lengths", "episode"),
    *("values", "q_values", "probs", "logits", "success", "seeds", "step", "environment", "gamma", "action_names"),
    *("observation_names", "episode_numbers", "reward_terms/a", "r_b", "infos/c", "is_first", "action", "grid", "q"),
    *("0/rewards", "0/actions", "1/rewards", "1/observations", "observations/x", "observations/y", "visits", "legend"),
)
DTYPES = st.sampled_from(["f8", "f4", "i8", "u1", "?", "c8", "U3", "S2", "i2", ">f8", "M8[s]", "f2"])
SIDES = st.sampled_from([0, 1, 2, 3, 4, 9, 16])


@st.composite
def filled(draw: st.DrawFn) -> np.ndarray:
    dtype = draw(DTYPES)
    shape = tuple(draw(st.lists(SIDES, max_size=4)))
    if math.prod(shape) > 20_000:
        shape = shape[:2]
    if draw(st.booleans()) and math.prod(shape) < 200:
        return draw(arrays(dtype, shape))
    return np.ones(shape, dtype)


def check(episode: Episode) -> None:
    steps = len(episode.rewards)
    assert steps > 0
    for row in (episode.actions, episode.observations, episode.values, episode.action_values, episode.probabilities):
        assert row is None or len(row) == steps
    assert all(row.shape == (steps,) for row in (*episode.terms.values(), *episode.infos.values()))
    assert episode.last is None or (
        episode.observations is not None and len(episode.last) == episode.observations.shape[1]
    )
    if episode.frames is not None:
        assert len(episode.frames.steps) == len(episode.frames.pixels)
        assert (np.diff(episode.frames.steps) > 0).all()
        assert episode.frames.pixels.shape[3:] == (3,)
        assert not len(episode.frames.steps) or (episode.frames.steps[0] >= 0 and episode.frames.steps[-1] < steps)


@example({"rewards": np.zeros((1, 0)), "actions": np.ones(3), "terminated": np.zeros((1, 0))}, ())
@example({"rewards": np.ones((1, 1, 9, 9))}, (4,))
@example({"lengths": np.array(1.0)}, (3, 4))
@example({"lengths": np.array(1.0, np.float16), "0/actions": np.array(1.0)}, ())
@example({"0/rewards": np.zeros((1, 0))}, (4,))
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.dictionaries(st.sampled_from(NAMES), filled(), max_size=8), st.sampled_from([(), (4,), (9, 1), (3, 4)]))
@pytest.mark.filterwarnings("error")
def test_any_arrays(tmp_path: Path, told: dict[str, np.ndarray], rewards: tuple[int, ...]) -> None:
    if rewards:
        told = {"rewards": np.ones(rewards), "actions": np.zeros(rewards, int), **told}
    save(tmp_path / "a.npz", told)
    found = found_in(tmp_path)
    episodes = read(found, plan(found), Limits(most_episodes=5))
    for recording in episodes.recordings:
        assert recording.episodes
        assert recording.seen >= len(recording.episodes)
        for episode in recording.episodes:
            check(episode)
            if episode.actions is not None and episode.actions.ndim == 1:
                assert episode.actions.max() < len(recording.actions)
            if episode.observations is not None:
                assert len(recording.observations) == episode.observations.shape[1]
    for one in episodes.maps:
        assert one.values.shape[:2] == (len(one.cells), len(one.cells[0]))
