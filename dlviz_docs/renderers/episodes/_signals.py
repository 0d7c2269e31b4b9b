"""What can be drawn of the steps of an episode beside what its file has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dlviz_docs.model import FloatArray
from dlviz_docs.model.episodes import Episode
from dlviz_docs.stats.episodes import entropies, importance, lead, returns_to_go, td_errors

__all__ = ["Signals", "outcome", "signals"]


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """Of one episode, shape (T,) each; None where its file does not say enough."""

    worth: FloatArray | None
    """What the agent expects: its state value or, where it has action values alone, the best of them."""
    to_go: FloatArray | None
    """What it then got, discounted; None where nobody knows the discount."""
    surprise: FloatArray | None
    """Errors of temporal difference."""
    importance: FloatArray | None
    entropy: FloatArray | None
    lead: FloatArray | None
    """Of the best action over the second: of shares or, where there are none, of values."""

    @property
    def surprising(self) -> float:
        """How far expectations were off, in the mean of all steps; NaN where nobody knows."""
        if self.surprise is None or not np.isfinite(self.surprise).any():
            return float("nan")
        return float(np.nanmean(np.abs(self.surprise)))


def signals(episode: Episode, gamma: float | None) -> Signals:
    """All that follows from what was recorded."""
    worth = episode.values
    if worth is None and episode.action_values is not None:
        worth = episode.action_values.max(axis=1)
    after = 0.0 if episode.ending == "terminated" else float("nan")
    scores = episode.probabilities if episode.probabilities is not None else episode.action_values
    return Signals(
        worth=worth,
        to_go=None if gamma is None else returns_to_go(episode.rewards, gamma),
        surprise=None if worth is None or gamma is None else td_errors(episode.rewards, worth, gamma, after),
        importance=None if episode.action_values is None else importance(episode.action_values),
        entropy=None if episode.probabilities is None else entropies(episode.probabilities),
        lead=None if scores is None else lead(scores),
    )


def outcome(episode: Episode) -> str:
    """How it ended, in a word or two; "" where nothing tells."""
    how = {"terminated": "terminated", "truncated": "cut off", "unread": "read in part", "unknown": ""}[episode.ending]
    if episode.success is None:
        return how
    return "solved" if episode.success else f"not solved, {how}".removesuffix(", ")
