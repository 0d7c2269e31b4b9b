"""Episodes of several environments in one order: against Stable-Baselines3's own rule, spelled out with a loop."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.stats.interleave import interleaved, steps_at

EPISODES = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=12)


@given(st.lists(EPISODES, min_size=1, max_size=4).filter(any))
def test_steps_are_those_of_all_environments_until_then(environments: list[list[tuple[int, int]]]) -> None:
    ends = [np.array([end for end, _ in episodes], float) for episodes in environments]
    lengths = [np.array([length for _, length in episodes], float) for episodes in environments]
    order, steps = interleaved(ends, lengths)
    every = [(end, length) for episodes in environments for end, length in episodes]
    taken, total = [], 0
    for place in order.tolist():
        total += every[place][1]
        taken.append(total)
    assert steps.tolist() == taken
    assert [every[place][0] for place in order.tolist()] == sorted(end for end, _ in every)


def test_an_episode_without_a_length_adds_no_step() -> None:
    assert steps_at(np.array([3.0, np.nan, -1.0, np.inf, 2.0])).tolist() == [3, 3, 3, 3, 5]
