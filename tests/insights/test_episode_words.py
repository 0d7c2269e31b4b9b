"""Sentences about the steps of an episode."""

from __future__ import annotations

import math

from dlviz_docs.insights import episode_words as say


def test_a_surprise_has_a_direction() -> None:
    worse = say.surprised(-12.3456, 40.0, end=False)
    assert worse == "It expected 40; what followed was 12.3 worse (TD error −12.3)."
    assert say.surprised(2.0, 1.0, end=True).startswith("It expected 1; the episode ended, and that was 2 better")


def test_shares_and_values_are_told_apart() -> None:
    assert say.hesitated(("left", 0.512), ("right", 0.488), shares=True) == "It hesitates: left 51 %, right 49 %."
    assert say.hesitated(("left", 3.14159), ("up", 3.1), shares=False).endswith("left is worth 3.14, up 0.0416 less.")
    assert say.hesitated(("left", 52.9), ("up", 52.9), shares=False).endswith("left is worth 52.9, up as much.")
    assert say.hesitated(("left", 5.00004), ("up", 5.0), shares=False).endswith("left is worth 5, up 0.00004 less.")
    assert say.hesitated(("left", 4e-9), ("up", 0.0), shares=False).endswith("up 4e-9 less.")
    assert "under 1 %" in say.unlikely("left", 0.002, "right")
    assert "gives 0 %" in say.unlikely("left", 0.0, "right")


def test_rewards_are_told_beside_what_is_usual() -> None:
    assert say.rewarded(1.0, 0.0, first=True) == "The first reward: 1."
    told = say.rewarded(8.4, 0.5, first=False, terms=[("bonus", 8.0), ("effort", -0.1)])
    assert told == "A reward of 8.4, mostly bonus (8), where 0.5 is usual."


def test_the_rest() -> None:
    assert say.critical("right", 8.25) == (
        "Much hangs on this action: right is worth 8.25 more than the mean of all actions."
    )
    assert say.collapsed(42.0, 3.0, 6) == "What it expects falls from 42 to 3 within 6 steps."
    assert say.ended("terminated", 187.0) == "The episode ends (terminated), with a return of 187."
    assert say.ended("cut off", math.nan) == "The episode ends (cut off)."
