"""What is drawn over the steps of episodes, and its numbers for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlviz_docs.model import FloatArray
from dlviz_docs.model.episodes import Episode, Recording
from dlviz_docs.renderers.episodes._signals import Signals
from dlviz_docs.view import Trace, Track

__all__ = ["Layout", "layout"]

MOST = 8
"""Lines of one track."""
MOST_ACTIONS = 10
"""That have a colour each; the others are one."""
ALMOST = 1e-6
"""Of the largest reward: what its terms may lack without being spoken of."""
REST = "other terms"


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The tracks of a player, and which of many numbers they show."""

    actions: tuple[str, ...]
    terms: tuple[str, ...]
    rest: bool
    """Whether terms do not add up to the reward."""
    shown: tuple[int, ...]
    """Actions with a curve of their own."""
    observed: tuple[tuple[int, str], ...]
    grounds: tuple[tuple[int, str], ...]
    """Numbers observed that actions rest on, the most."""
    infos: tuple[str, ...]
    moved: int
    """Numbers of a continuous action."""

    def values(self, episode: Episode, found: Signals) -> dict[str, FloatArray]:
        """Arrays of shape (T,), by the names of traces."""
        return dict(self._values(episode, found))

    def _values(self, episode: Episode, found: Signals) -> Iterator[tuple[str, FloatArray]]:
        yield "reward", episode.rewards
        yield "return", np.nancumsum(episode.rewards)
        yield from ((f"term:{i}", episode.terms[name]) for i, name in enumerate(self.terms) if name in episode.terms)
        if self.rest and episode.terms:
            yield "term:rest", episode.rewards - np.sum(list(episode.terms.values()), axis=0)
        told = {"worth": found.worth, "go": found.to_go, "td": found.surprise, "entropy": found.entropy}
        yield from ((name, one) for name, one in told.items() if one is not None)
        if episode.actions is not None:
            columns = episode.actions if episode.actions.ndim == 2 else episode.actions[:, None]
            names = ["action"] if episode.actions.ndim == 1 else [f"action:{i}" for i in range(columns.shape[1])]
            yield from ((name, columns[:, i].astype(np.float64)) for i, name in enumerate(names[:MOST]))
        if episode.probabilities is not None:
            yield from self._of_actions("p", episode.probabilities, joined=True)
        if episode.action_values is not None:
            yield from self._of_actions("q", episode.action_values, joined=False)
        if episode.grounds is not None:
            yield from ((f"g:{i}", episode.grounds[:, i]) for i, _ in self.grounds)
        if episode.observations is not None:
            yield from ((f"o:{i}", episode.observations[:, i]) for i, _ in self.observed)
        yield from ((f"i:{i}", episode.infos[name]) for i, name in enumerate(self.infos) if name in episode.infos)

    def _of_actions(self, letter: str, scores: FloatArray, *, joined: bool) -> Iterator[tuple[str, FloatArray]]:
        shown = [i for i in self.shown if i < scores.shape[1]]
        yield from ((f"{letter}:{i}", scores[:, i]) for i in shown)
        if joined and len(shown) < scores.shape[1]:
            yield f"{letter}:rest", scores.sum(axis=1) - scores[:, shown].sum(axis=1)

    def tracks(self, plays: Sequence[Mapping[str, FloatArray]]) -> tuple[Track, ...]:
        """In the order they are read; those of which some play has a curve."""
        known = {name for values in plays for name in values}
        found = []
        for track in self._all():
            traces = [trace for trace in track.traces if trace.name in known]
            if track.own_scale:
                traces = [
                    replace(one, ends=_ends([values[one.name] for values in plays if one.name in values]))
                    for one in traces
                ]
            if traces:
                found.append(replace(track, traces=tuple(traces)))
        return tuple(found)

    def _all(self) -> Iterator[Track]:
        terms = [Trace(f"term:{i}", name, i) for i, name in enumerate(self.terms)]
        terms += [Trace("term:rest", REST, 9)] if self.rest else []
        yield Track(
            "Reward", "bar", tuple(terms) or (Trace("reward", "reward", 2),), "Of each step; named terms stacked."
        )
        yield Track("Return so far", "line", (Trace("return", "return", 2),), "The sum of all rewards up to here.")
        yield Track(
            "Expected and what came",
            "line",
            (Trace("worth", "expected", 0), Trace("go", "came", 3, "dashed")),
            "The agent's own estimate of the discounted return to come (its value, or its best action value), beside "
            "the discounted return that did come in this episode.",
        )
        yield Track(
            "TD error",
            "bar",
            (Trace("td", "TD error", 1),),
            "Reward, plus what is expected after it, less what was expected: above zero it went better than expected.",
        )
        yield from self._actions()
        yield Track("Entropy", "line", (Trace("entropy", "entropy", 4),), "Of the policy, in nats: zero is certain.")
        grounds = tuple(Trace(f"g:{i}", name, place) for place, (i, name) in enumerate(self.grounds))
        yield Track(
            "What the choice rests on",
            "bar",
            grounds,
            "What each number observed adds to the score of the action that the network rates best, beside the mean "
            "observation (integrated gradients, Sundararajan et al. 2017).",
        )
        observed = tuple(Trace(f"o:{i}", name, place) for place, (i, name) in enumerate(self.observed))
        yield Track("Observed", "line", observed, "Each on its own scale; those that vary most.", own_scale=True)
        infos = tuple(Trace(f"i:{i}", name, i) for i, name in enumerate(self.infos))
        yield Track("Told by the environment", "line", infos, "Each on its own scale.", own_scale=True)

    def _actions(self) -> Iterator[Track]:
        moved = tuple(Trace(f"action:{i}", str(i), i) for i in range(min(self.moved, MOST)))
        if self.actions:
            yield Track("Action", "choice", (Trace("action", "action"),), "What it did.", self.actions)
        else:
            yield Track("Action", "line", (Trace("action", "action"), *moved), "What it did.")
        each = [(i, self.actions[i] if i < len(self.actions) else str(i)) for i in self.shown]
        shares = tuple(Trace(f"p:{i}", name, i) for i, name in each)
        rest = (Trace("p:rest", "all others", 9),) if len(self.shown) >= MOST_ACTIONS - 1 else ()
        yield Track("Action probabilities", "share", (*shares, *rest), "What its policy would do, and how often.")
        values = tuple(Trace(f"q:{i}", name, i) for i, name in each)
        yield Track("Action values", "line", values, "What it expects of each action.")


def layout(recordings: Sequence[Recording]) -> Layout:
    """For recordings of one task."""
    episodes = [episode for one in recordings for episode in one.episodes if len(episode)]
    terms = tuple(dict.fromkeys(name for episode in episodes for name in episode.terms))
    return Layout(
        actions=recordings[0].actions,
        terms=terms[:MOST],
        rest=len(terms) > MOST or any(_lacks(episode) for episode in episodes),
        shown=_shown(episodes),
        observed=_observed(recordings[0], episodes),
        grounds=_grounds(recordings[0], episodes),
        infos=_varied(
            {name: [e.infos[name] for e in episodes if name in e.infos] for e in episodes for name in e.infos}
        ),
        moved=max((e.actions.shape[1] for e in episodes if e.actions is not None and e.actions.ndim == 2), default=0),
    )


def _lacks(episode: Episode) -> bool:
    if not episode.terms:
        return False
    gap = np.abs(episode.rewards - np.sum(list(episode.terms.values()), axis=0))
    largest = np.nanmax(np.abs(episode.rewards), initial=0.0)
    return bool((gap > ALMOST * max(float(largest), 1e-12)).any())


def _shown(episodes: Sequence[Episode]) -> tuple[int, ...]:
    """All actions, or of many those that are most likely in the mean, or best."""
    scores = [one for e in episodes for one in (e.probabilities, e.action_values) if one is not None]
    if not scores:
        return ()
    most = max(one.shape[1] for one in scores)
    if most <= MOST_ACTIONS:
        return tuple(range(most))
    means = np.zeros(most)
    for one in scores:
        means[: one.shape[1]] += np.nan_to_num(one).mean(axis=0)
    return tuple(sorted(int(i) for i in np.argsort(-means, kind="stable")[: MOST_ACTIONS - 1]))


def _observed(recording: Recording, episodes: Sequence[Episode]) -> tuple[tuple[int, str], ...]:
    seen = [e.observations for e in episodes if e.observations is not None]
    if not seen:
        return ()
    names = recording.observations
    columns = {str(i): [one[:, i] for one in seen] for i in range(seen[0].shape[1])}
    kept = sorted(int(name) for name in _varied(columns))
    return tuple((i, names[i] if i < len(names) else f"number {i}") for i in kept)


def _grounds(recording: Recording, episodes: Sequence[Episode]) -> tuple[tuple[int, str], ...]:
    """Those that weigh most in the mean, in their order."""
    found = [e.grounds for e in episodes if e.grounds is not None]
    if not found:
        return ()
    weights = np.abs(np.concatenate(found)).mean(axis=0)
    kept = sorted(int(i) for i in np.argsort(-weights, kind="stable")[:MOST] if weights[i] > 0)
    names = recording.observations
    return tuple((i, names[i] if i < len(names) else f"number {i}") for i in kept)


def _varied(columns: Mapping[str, Sequence[FloatArray]]) -> tuple[str, ...]:
    """Names of the columns that vary most, in their order; those that never change are left out."""
    variances: dict[str, float] = {}
    for name, pieces in columns.items():
        values = np.concatenate(pieces)
        values = values[np.isfinite(values)]
        if len(values) and values.max() > values.min():
            variances[name] = float(np.var(values))
    kept = set(sorted(variances, key=lambda name: -variances[name])[:MOST])
    return tuple(name for name in columns if name in kept)


def _ends(pieces: Sequence[FloatArray]) -> tuple[float, float]:
    known = np.concatenate([piece[np.isfinite(piece)] for piece in pieces])
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)
