"""Which episodes are examples of something, and which steps of all mattered most."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dlviz_docs.insights import episode_words as say
from dlviz_docs.model.episodes import Episode
from dlviz_docs.renderers.episodes._signals import Signals
from dlviz_docs.view import Highlight

__all__ = ["Ranked", "highlights", "picked"]

CLIPS = 6
"""Of a reel."""
OF_ONE = 2
"""Clips of one episode."""
APART = 12
"""Steps between two clips of one episode, at least: a clip is about as long."""


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """An episode and the recording it is of."""

    recording: str
    episode: Episode
    found: Signals
    actions: tuple[str, ...] = ()


def picked(plays: Sequence[Ranked]) -> list[tuple[str, ...]]:
    """What each is an example of, among those of its recording: best, median and worst by return, most surprising.

    Where all returns are equal, there is no best."""
    names: list[list[str]] = [[] for _ in plays]
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for i, play in enumerate(plays):
        groups[play.recording].append(i)
    for members in groups.values():
        known = [i for i in members if np.isfinite(plays[i].episode.total)]
        ranked = sorted(known, key=lambda i: (plays[i].episode.total, -i))
        if ranked and plays[ranked[-1]].episode.total > plays[ranked[0]].episode.total:
            names[ranked[-1]].append("best")
            names[ranked[0]].append("worst")
        if ranked and len(ranked) != 2:
            names[ranked[len(ranked) // 2]].append("median")
        odd = [i for i in members if np.isfinite(plays[i].found.surprising)]
        if len(odd) > 1:
            names[max(odd, key=lambda i: plays[i].found.surprising)].append("most surprising")
    return [tuple(own) for own in names]


def highlights(plays: Sequence[Ranked], keys: Mapping[int, str], recording: str) -> Iterator[Highlight]:
    """The steps of a recording where most hung on the action, from several episodes (HIGHLIGHTS of Amir and Amir,
    2018); none where action values are not known."""
    found: list[tuple[float, int, int]] = []
    for i, play in enumerate(plays):
        important = play.found.importance
        if play.recording == recording and i in keys and important is not None:
            known = np.where(np.isfinite(important), important, -np.inf)
            found += [(float(known[t]), i, int(t)) for t in np.argsort(-known, kind="stable")[: 4 * CLIPS]]
    kept: list[tuple[int, int]] = []
    for worth, i, t in sorted(found, key=lambda one: (-one[0], one[1], one[2])):
        own = [step for other, step in kept if other == i]
        if len(kept) == CLIPS:
            break
        if np.isfinite(worth) and worth > 0 and len(own) < OF_ONE and all(abs(t - step) >= APART for step in own):
            kept.append((i, t))
            yield Highlight(keys[i], t, say.critical(_best(plays[i], t), worth))


def _best(play: Ranked, step: int) -> str:
    values = play.episode.action_values
    best = -1 if values is None else int(np.nanargmax(values[step]))
    return play.actions[best] if 0 <= best < len(play.actions) else f"action {best}"
