"""The steps of an episode that are worth a look, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dlviz_docs.insights import episode_words as say
from dlviz_docs.model import FloatArray
from dlviz_docs.model.episodes import Episode
from dlviz_docs.renderers.episodes._signals import Signals, outcome
from dlviz_docs.stats.episodes import farthest, spread_out, worst_fall
from dlviz_docs.view import Moment

__all__ = ["moments"]

EACH = 3
"""Of one kind."""
FALL = 20
"""Steps within which an expectation that falls collapses."""
DEEP = 0.5
"""Share of the range of all expectations that it has to fall by."""
CLOSE = 0.05
"""Lead of the best action, as a share, below which it hesitates; of values, a share of the usual lead."""
UNLIKELY = 0.05


def moments(episode: Episode, found: Signals, actions: Sequence[str]) -> tuple[Moment, ...]:
    """In the order of steps; where two kinds fall on one step, both are told."""
    if not len(episode):
        return ()
    seeker = _Seeker(episode, found, actions, max(2, len(episode) // 50))
    told = [*seeker.surprises(), *seeker.critical(), *seeker.hesitations(), *seeker.unlikely()]
    told += [*seeker.rewards(), *seeker.falls()]
    last = len(episode) - 1
    said = say.goes_on(episode.total) if episode.ending == "unread" else ""
    ending = Moment(last, "end", said or say.ended(outcome(episode) or "how is not told", episode.total))
    return (*sorted(told, key=lambda moment: moment.step), ending)


@dataclass(frozen=True, slots=True, eq=False)
class _Seeker:
    episode: Episode
    found: Signals
    actions: Sequence[str]
    apart: int
    """Steps between two of one kind."""

    def surprises(self) -> Iterator[Moment]:
        worth, surprise = self.found.worth, self.found.surprise
        if worth is None or surprise is None:
            return
        for t in farthest(surprise, EACH, self.apart):
            end = t == len(self.episode) - 1
            yield Moment(t, "surprise", say.surprised(float(surprise[t]), float(worth[t]), end=end))

    def critical(self) -> Iterator[Moment]:
        values, important = self.episode.action_values, self.found.importance
        if values is None or important is None:
            return
        usual = float(np.nanmedian(important)) if np.isfinite(important).any() else 0.0
        for t in farthest(important, EACH, self.apart):
            if important[t] > usual:
                best = self._name(int(np.nanargmax(values[t])))
                yield Moment(t, "critical", say.critical(best, float(important[t])))

    def hesitations(self) -> Iterator[Moment]:
        lead, shares = self.found.lead, self.episode.probabilities
        scores = shares if shares is not None else self.episode.action_values
        if lead is None or scores is None or not np.isfinite(lead).any():
            return
        usual = float(np.nanmedian(lead))
        limit = CLOSE if shares is not None else CLOSE * usual
        # A policy that is undecided everywhere hesitates nowhere in particular.
        if usual <= 2 * limit:
            return
        places = [int(t) for t in np.argsort(np.where(np.isfinite(lead), lead, np.inf), kind="stable")]
        for t in spread_out([t for t in places if lead[t] < limit], EACH, self.apart):
            second, first = (int(i) for i in np.argsort(scores[t], kind="stable")[-2:])
            pair = [(self._name(i), float(scores[t, i])) for i in (first, second)]
            yield Moment(t, "close call", say.hesitated(pair[0], pair[1], shares=shares is not None))

    def unlikely(self) -> Iterator[Moment]:
        chosen = self._chosen(self.episode.probabilities)
        if chosen is None or self.episode.probabilities is None:
            return
        places = [int(t) for t in np.argsort(chosen, kind="stable") if chosen[t] < UNLIKELY]
        for t in spread_out(places, EACH, self.apart):
            best = self._name(int(np.argmax(self.episode.probabilities[t])))
            did = self._name(int(np.asarray(self.episode.actions)[t]))
            yield Moment(t, "unlikely action", say.unlikely(did, float(chosen[t]), best))

    def rewards(self) -> Iterator[Moment]:
        rewards = self.episode.rewards
        usual = float(np.nanmedian(rewards)) if np.isfinite(rewards).any() else float("nan")
        odd = farthest(rewards, EACH, self.apart)
        given = np.flatnonzero(np.isfinite(rewards) & (rewards != 0))
        # What rewards every step has no first one to speak of.
        first = int(given[0]) if usual == 0 and len(given) else -1
        for t in dict.fromkeys([*([first] if first >= 0 else []), *odd][:EACH]):
            terms = sorted(((n, float(v[t])) for n, v in self.episode.terms.items()), key=lambda one: -abs(one[1]))
            yield Moment(t, "reward", say.rewarded(float(rewards[t]), usual, first=t == first, terms=terms))

    def falls(self) -> Iterator[Moment]:
        worth = self.found.worth
        if worth is None or len(worth) < 3 or not np.isfinite(worth).any():
            return
        span = float(np.nanmax(worth) - np.nanmin(worth))
        found = worst_fall(worth, min(FALL, max(1, len(worth) // 5)))
        # An estimate that drifts over its small range does not collapse.
        large = span > 0.1 * float(np.nanmax(np.abs(worth)))
        if found and large and worth[found[0]] - worth[found[1]] >= DEEP * span:
            start, end = found
            yield Moment(start, "value falls", say.collapsed(float(worth[start]), float(worth[end]), end - start))

    def _chosen(self, scores: FloatArray | None) -> FloatArray | None:
        """The scores of the actions that were taken; None where actions are not discrete."""
        actions = self.episode.actions
        if scores is None or actions is None or actions.ndim != 1 or actions.dtype.kind not in "iu":
            return None
        if not len(actions) or actions.min() < 0 or actions.max() >= scores.shape[1]:
            return None
        return np.asarray(scores[np.arange(len(actions)), actions])

    def _name(self, action: int) -> str:
        return self.actions[action] if action < len(self.actions) else f"action {action}"
