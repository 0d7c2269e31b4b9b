"""The page of episodes as a whole, of whatever numbers files hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlviz_docs.model import Episodes, Experiment
from dlviz_docs.model.episodes import Episode, Recording
from dlviz_docs.renderers.episodes import Episodes as Page
from dlviz_docs.view import Figure

NUMBERS = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 1e308, -1e308, 5e-324])


@st.composite
def played(draw: st.DrawFn) -> Episode:
    steps, wide, actions = draw(st.integers(1, 40)), draw(st.integers(1, 3)), draw(st.integers(2, 4))

    def rows(*shape: int) -> np.ndarray:
        some = np.array(draw(st.lists(NUMBERS, min_size=1, max_size=6)))
        return np.resize(some, shape)

    return Episode(
        str(draw(st.integers(0, 10**9))),
        rows(steps),
        np.arange(steps) % actions,
        rows(steps, 2),
        ending=draw(st.sampled_from(["terminated", "truncated", "unknown"])),
        success=draw(st.sampled_from([True, False, None])),
        values=draw(st.sampled_from([None, rows(steps)])),
        action_values=draw(st.sampled_from([None, rows(steps, actions)])),
        probabilities=draw(st.sampled_from([None, rows(steps, actions)])),
        terms={"a": rows(steps), "b": rows(steps)} if wide > 1 else {},
        infos={"x": rows(steps)} if wide > 2 else {},
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(played(), max_size=4), min_size=1, max_size=3), st.sampled_from([None, 0.0, 0.9, 1.0]))
def test_any_numbers_are_drawn(found: list[list[Episode]], gamma: float | None) -> None:
    recordings = tuple(
        Recording("", f"moment {n}", f"{n}.npz", tuple(own), float(n), "CartPole-v1", gamma, tuple("abcd"), ("x", "y"))
        for n, own in enumerate(found)
    )
    shown = list(Page()(Experiment("a", "A", "a", episodes=Episodes(recordings))))
    figures = [one.id for one in shown if isinstance(one, Figure)]
    assert "recordings" in figures
    assert len(set(figures)) == len(figures)


@pytest.mark.parametrize("reward", [1e308, np.inf])
def test_means_beyond_floats_are_left_out(reward: float) -> None:
    own = tuple(Episode(str(n), np.array([reward])) for n in range(4))
    recordings = (Recording("", "a", "a.npz", own),)
    shown = list(Page()(Experiment("a", "A", "a", episodes=Episodes(recordings))))
    assert [one.id for one in shown if isinstance(one, Figure)][-1] == "recordings"
