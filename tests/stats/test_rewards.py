"""What rewards come to."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dlviz_docs.stats.rewards import decay, first_reward, mean_over_phases, nonzero_share


def test_share_of_steps_that_pay() -> None:
    assert nonzero_share([np.array([0, 0, 1.0]), np.array([np.nan, -1.0])]) == 0.5
    assert math.isnan(nonzero_share([]))
    assert math.isnan(nonzero_share([np.array([np.nan])]))


def test_first_reward_counts_steps_and_signs() -> None:
    assert first_reward(np.array([0, 0, -2.0, 1.0])) == 3
    assert first_reward(np.array([np.nan, 0.0])) is None


def test_parts_of_episodes_of_any_length_count_alike() -> None:
    short, long = np.array([1.0, 3.0]), np.repeat([5.0, 9.0], 50)
    assert mean_over_phases([short, long], 2).tolist() == [3.0, 6.0]
    assert np.isnan(mean_over_phases([np.zeros(0)], 3)).all()
    missing = mean_over_phases([np.array([np.nan, 4.0])], 2)
    assert np.isnan(missing[0])
    assert missing[1] == 4


def test_decay_is_where_a_reward_counts_a_third() -> None:
    assert 0.99 ** decay(0.99) == pytest.approx(1 / math.e)
    assert decay(1.0) == math.inf
    assert decay(0.0) == 0
