"""What actions rest on: the network of an agent, run on what the agent saw, where a file of it can be run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dlviz_docs import cache as caching
from dlviz_docs.cache import Cache, content_hash
from dlviz_docs.errors import DlvizError
from dlviz_docs.model import Checkpoint, Episodes, FloatArray, Models, Recording
from dlviz_docs.model.episodes import Episode
from dlviz_docs.scan import ExperimentFolder

__all__ = ["with_grounds"]

RUNNABLE = (".pt2", ".onnx")
MOST_STEPS = 4_000
"""Of a recording: the first episodes, as far as they fit."""
WIDEST = 64
"""Numbers of an observation, each of which is shuffled several times."""
LEAST = 0.9
"""Share of the steps in which a network has to rate best what the agent did: else it is another one, or is fed
otherwise, as with scaled observations."""


@dataclass(frozen=True, slots=True, eq=False)
class _Grounds:
    """Of the steps of a recording, in order."""

    values: FloatArray
    """Shape (steps, d)."""
    agreement: float
    """Share of the steps in which the network rates best what the agent did."""
    usual: float
    """Share of the steps in which the agent did what it mostly does."""

    @property
    def agrees(self) -> bool:
        """Whether that is the agent's own network: one that always says the same does not count."""
        return self.agreement >= LEAST and self.agreement - self.usual >= (1 - self.usual) / 2 > 0


def with_grounds(folder: ExperimentFolder, episodes: Episodes, cache: Cache) -> Episodes:
    """The same with what actions rest on, where a network that can be run acts as its agent did."""
    if not any(source.path.lower().endswith(RUNNABLE) for source in folder.models):
        return episodes
    if not any(_width(one) for one in episodes.recordings):
        return episodes
    from dlviz_docs.study.models import read_models

    _, models = read_models(folder, cache)
    recordings = tuple(_asked(one, models, Path(folder.path), cache) for one in episodes.recordings)
    return replace(episodes, recordings=recordings)


def _asked(recording: Recording, models: Models, root: Path, cache: Cache) -> Recording:
    """By the first network that agrees."""
    width = _width(recording)
    chosen = _chosen(recording)
    for checkpoint in _fitting(recording, models, width) if width and chosen else ():
        path = root / checkpoint.path
        found = _run(recording, chosen, path, root, cache) if path.exists() else None
        if found is not None and found.agrees:
            shared = tuple(_shared(recording.episodes, chosen, found.values))
            return replace(recording, episodes=shared, network=checkpoint.path, agreement=found.agreement)
    return recording


def _width(recording: Recording) -> int:
    """Of a vector that was observed; 0 where there are none, or actions have no number."""
    seen = [one.observations for one in recording.episodes if one.observations is not None]
    discrete = recording.actions and all(_acts(one) is not None for one in recording.episodes)
    return seen[0].shape[1] if seen and discrete and 1 < seen[0].shape[1] <= WIDEST else 0


def _acts(episode: Episode) -> FloatArray | None:
    """Which action the agent rated best at each step or, where it does not say, which it took; shape (T,)."""
    scores = episode.action_values if episode.action_values is not None else episode.probabilities
    if scores is not None:
        return np.asarray(scores.argmax(axis=1), np.float64)
    if episode.actions is None or episode.actions.ndim != 1:
        return None
    return np.asarray(episode.actions, np.float64)


def _chosen(recording: Recording) -> list[int]:
    """Places of the episodes that are asked about."""
    kept, steps = [], 0
    for place, one in enumerate(recording.episodes):
        if one.observations is None or not len(one) or not np.isfinite(one.observations).all():
            continue
        steps += len(one)
        if steps > MOST_STEPS:
            break
        kept.append(place)
    return kept


def _fitting(recording: Recording, models: Models, width: int) -> Iterator[Checkpoint]:
    """Files of its run whose network takes as many numbers, that of its moment before others."""
    found = [
        one
        for network in models.networks
        if len(network.inputs) == 1 and tuple(network.inputs[0].shape[1:]) == (width,)
        for one in network.checkpoints
        if one.path.lower().endswith(RUNNABLE) and one.run == recording.run
    ]
    yield from sorted(found, key=lambda one: one.step is None or one.step != recording.step)


def _run(recording: Recording, chosen: Sequence[int], path: Path, root: Path, cache: Cache) -> _Grounds | None:
    """Out of the cache, or computed; None where it cannot be run, which the page of models tells."""
    from dlviz_docs.probes import Job, TableInput, content_key, probe

    episodes = [recording.episodes[place] for place in chosen]
    rows = np.concatenate([one.observations for one in episodes if one.observations is not None])
    acts = np.concatenate([acts for one in episodes if (acts := _acts(one)) is not None])
    names = recording.observations or tuple(map(str, range(rows.shape[1])))
    job = Job(TableInput(rows.astype(np.float32), names), path, root, truth=acts, classes=recording.actions)
    key = caching.key("grounds", content_key(job, content_hash(str(path))))
    if (known := cache.get(key, _Grounds)) is not None:
        return known
    try:
        found = probe(job)
    except DlvizError:
        return None
    if found.columns is None or found.accuracy is None:
        return None
    usual = float(np.unique(acts, return_counts=True)[1].max()) / len(acts)
    made = _Grounds(found.columns.attributions, found.accuracy, usual)
    cache.put(key, made)
    return made


def _shared(episodes: Sequence[Episode], chosen: Sequence[int], values: FloatArray) -> Iterator[Episode]:
    """Each of the chosen with its own rows."""
    start = 0
    for place, one in enumerate(episodes):
        if place not in chosen:
            yield one
            continue
        yield replace(one, grounds=values[start : start + len(one)])
        start += len(one)
